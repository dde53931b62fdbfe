// SPDX-License-Identifier: GPL-3.0-or-later
// What stands for ParquetTexts.cpp in a build without Arrow.
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/ParquetTexts.h"

namespace secateur {

struct ParquetTexts::State {};

ParquetTexts::ParquetTexts(const std::filesystem::path &file, const std::string &, const TextLimits &)
{
    throw Error(inQuotes(file.string()) + " is a Parquet file, and this build has no Parquet support.",
                "Build with Arrow (CMake's SECATEUR_PARQUET=ON), or convert the file to .jsonl.");
}

ParquetTexts::~ParquetTexts() = default;

std::optional<std::string> ParquetTexts::next()
{
    return {};
}

} // namespace secateur
