// SPDX-License-Identifier: GPL-3.0-or-later
// A file of Gram matrices of a small model, and all of its layers. Replayed with the project alone: its reader makes tensors of LibTorch.
#include "FuzzInput.h"
#include "Mutators.h"
#include "SmallModel.h"
#include "checkpoint/SafetensorsFile.h"
#include "restoration/GramFile.h"

using namespace secateur;

namespace {

/// Of which model the file says that it is, so that the rest of it is read.
std::string modelHashIn(const std::filesystem::path &file)
{
    try {
        const SafetensorsFile stored(file);
        return nlohmann::json::parse(stored.metadata().at("provenance")).at("modelHash").get<std::string>();
    } catch (const std::exception &) { // the reader says what is wrong
        return {};
    }
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedSafetensors);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const ModelSpec model = fuzz::smallModel();
    const fuzz::InputFile input({data, size});
    const std::string hash = modelHashIn(input.path());
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const GramFile grams(input.path(), model, hash);
        for (std::int64_t layer = 0; layer < model.layerCount(); ++layer)
            grams.layer(layer);
    });
    return 0;
}
