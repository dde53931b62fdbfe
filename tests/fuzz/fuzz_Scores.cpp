// SPDX-License-Identifier: GPL-3.0-or-later
// Neuron scores, and the plan that follows from them for a small model.
#include "FuzzInput.h"
#include "Mutators.h"
#include "SmallModel.h"
#include "pruning/PruningPlan.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedSafetensors);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const ModelSpec model = fuzz::smallModel();
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(size);
    fuzz::reading([&] {
        const NeuronScores scores = loadScores(input.path());
        (void)toJson(scores.provenance);
        BalanceSettings settings;
        settings.sparsity = 0.3;
        const PruningPlan plan = planFromScores(model, scores, settings);
        checkPlan(plan, model, scores.provenance.modelHash);
    });
    return 0;
}
