// SPDX-License-Identifier: GPL-3.0-or-later
// A plan, and whether it fits a small model and can go on.
#include "FuzzInput.h"
#include "Mutators.h"
#include "SmallModel.h"
#include "pruning/PlanFile.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    const bool isJson = size > 0 && data[0] == '{'; // one that changes weights is a safetensors file
    return fuzz::mutate(data, size, most, seed, isJson ? fuzz::changedJson : fuzz::changedSafetensors);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const ModelSpec model = fuzz::smallModel();
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] { (void)loadPlan(input.path(), model, "model"); });
    fuzz::reading([&] {
        const PruningPlan plan = loadPlan(input.path());
        (void)toJson(plan).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        fuzz::reading([&] { checkPlan(plan, model, plan.calibration.modelHash); });
        fuzz::reading([&] { checkSearchSettings(plan.search.settings, plan, model); });
        fuzz::reading([&] { checkContinuation(plan.search, plan.search.settings, plan.calibration); });
        fuzz::reading([&] {
            checkPlan(plan, model, plan.calibration.modelHash);
            for (std::int64_t removals = 0; removals <= model.layerCount(); ++removals)
                fuzz::reading([&] { (void)withRemovals(plan, model, removals); });
        });
    });
    return 0;
}
