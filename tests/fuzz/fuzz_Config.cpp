// SPDX-License-Identifier: GPL-3.0-or-later
// A config.json, and what the program says of the model that it describes.
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/JsonFile.h"
#include "model/CheckpointSpec.h"
#include "model/Families.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const nlohmann::json config = readJsonFile(input.path(), size, "hint");
        (void)settledConfig(config, specFromConfig(config, "config.json"));
    });
    return 0;
}
