// SPDX-License-Identifier: GPL-3.0-or-later
// A pruning_manifest.json beside weights: what it says of their origin, and the plan in it.
#include "FuzzInput.h"
#include "Mutators.h"
#include "exporting/Origin.h"
#include "foundation/Error.h"
#include "pruning/PruningPlan.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::InputFolder folder;
    const std::vector<std::filesystem::path> weights = {folder.path() / "model.safetensors"};
    folder.put("pruning_manifest.json", {data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const std::optional<PruningOrigin> origin = originOf(weights);
        if (!origin)
            return;
        if (!origin->problem.empty())
            fuzz::reading([&] { throw Error(origin->problem); }); // it is shown
        if (!(originFromJson(toJson(*origin)) == *origin))
            fuzz::fail("an origin changes on its way through JSON");
    });
    fuzz::reading([&] { (void)loadPlan(folder.path() / "pruning_manifest.json"); });
    return 0;
}
