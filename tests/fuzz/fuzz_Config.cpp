// SPDX-License-Identifier: GPL-3.0-or-later
// A config.json, and what the program says of the model that it describes.
#include "FuzzInput.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "model/CheckpointSpec.h"
#include "model/Families.h"

using namespace secateur;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    try {
        const nlohmann::json config = readJsonFile(input.path(), size, "hint");
        (void)settledConfig(config, specFromConfig(config, "config.json"));
    } catch (const Error &) {
    }
    return 0;
}
