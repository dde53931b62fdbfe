// SPDX-License-Identifier: GPL-3.0-or-later
// A pruning_manifest.json beside weights: what it says of their origin, and the plan in it.
#include "FuzzInput.h"
#include "Mutators.h"
#include "checkpoint/Checkpoint.h"
#include "exporting/Origin.h"
#include "foundation/Error.h"
#include "pruning/PlanFile.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

namespace {

/// A folder with weights, beside which the manifest lies.
Checkpoint opened(const fuzz::InputFolder &folder)
{
    const std::string header = R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}  )", config = "{}";
    const std::string weights = std::string(1, char(header.size())) + std::string(7, '\0') + header + std::string(4, '\0');
    const auto put = [&](const char *name, const std::string &text) {
        folder.put(name, {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()});
    };
    put("config.json", config);
    put("model.safetensors", weights);
    return Checkpoint::open(folder.path());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::InputFolder folder;
    static const Checkpoint checkpoint = opened(folder);
    folder.put("pruning_manifest.json", {data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const std::optional<PruningOrigin> origin = originOf(checkpoint);
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
