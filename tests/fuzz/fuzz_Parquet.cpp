// SPDX-License-Identifier: GPL-3.0-or-later
// A Parquet file: the texts of a column.
#include "FuzzInput.h"
#include "text/ParquetTexts.h"

using namespace secateur;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    constexpr std::int64_t kMemory = 8 << 20;
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size); // what Arrow takes by its own pool is under the limit
    for (const char *column : {"text", "of dictionary"})
        fuzz::reading([&] {
            ParquetTexts texts(input.path(), column, {.bytes = kMemory});
            while (texts.next()) {
            }
        });
    return 0;
}
