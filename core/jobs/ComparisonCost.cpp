// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComparisonCost.h"

#include "foundation/Error.h"
#include "model/Arithmetic.h"

#include <algorithm>

namespace secateur {
namespace {

/// Work of a search beside one pass for every candidate: beginnings that candidates share are computed once.
constexpr double kSharedShare = 0.55;

} // namespace

double flopOfWindow(const ModelSpec &spec, std::int64_t tokens)
{
    Work work = headWork(spec, tokens, 1);
    for (const LayerSpec &layer : spec.layers) {
        if (layer.attention)
            work += attentionWork(*layer.attention, spec.hiddenSize, tokens, 1);
        if (layer.ffn)
            work += ffnWork(*layer.ffn, spec.hiddenSize, tokens, 1);
    }
    return work.flop;
}

double flopOfBlocks(const ModelSpec &dense, const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                    std::int64_t length)
{
    const std::int64_t layers = dense.layerCount();
    const double window = flopOfWindow(dense, length);
    double candidates = 0, evolved = 0; // windows that BlockPruner tries, tokens that EvoPress does
    for (const double sparsity : sparsities) {
        std::int64_t blocks = 0;
        try {
            blocks = blocksToRemove(sparsity, layers);
        } catch (const Error &) {
            continue;
        }
        candidates = std::max(candidates, double(blockEvaluations(settings.variant, layers, blocks))); // fewer are the beginning of more
        const double generations = double(generationsOf(settings, blocks, layers));
        const double left = 1 - double(blocks) / double(layers);
        evolved += left * (64 * double(settings.coarseTokens) +
                           generations * (32 * double(settings.coarseTokens) + 3 * double(settings.fineTokens)));
    }
    switch (settings.method) {
    case PlanMethod::BlockPruner:
        return kSharedShare * candidates * window * double(windows);
    case PlanMethod::EvoPress:
        return kSharedShare * evolved * window / double(length);
    default:
        return window * double(windows);
    }
}

double flopOfRestoration(const ModelSpec &dense, const RestorationSettings &settings, const SparsityBalance &split, std::int64_t windows,
                         std::int64_t length)
{
    const bool isByElimination = settings.has(RestorationStep::Widths) || settings.has(RestorationStep::Elimination);
    const auto d = double(dense.hiddenSize), tokens = double(windows) * double(length);
    const double window = flopOfWindow(dense, length);
    const double whole = double(std::max<std::int64_t>(1, layerParameters(dense)));
    const double left = double(split.layerParameters) / whole; // of a window's products
    double flop = double(windows) * window, solve = 0, path = 0, again = 0;
    for (const LayerSpec &layer : dense.layers) {
        const auto I = double(layer.neurons()), K = std::min(I, double(split.neuronsKept));
        flop += tokens * I * I * (isByElimination ? 2 : 1); // the symmetric half of each Gram matrix
        solve += K * K * K / 3 + 2 * K * K * d + 2 * K * I * d;
        path += I * I * I + 2.0 / 3 * (I * I * I - K * K * K) + 3 * d * I * I;
        again += K * K + d * d; // of a token
    }
    constexpr double kRemovalsTried = 4; // numbers of attentions that R2 compares
    const double measured = left * window * double(settings.gateWindows + (settings.second ? settings.second->windows.value_or(0) : 0));
    flop += solve + measured * double(1 + settings.steps.size());
    if (settings.has(RestorationStep::Order)) {
        const auto L = double(dense.layerCount()), N = double(split.attentionsToRemove);
        const double candidates = N * (L - (N - 1) / 2);
        flop += kSharedShare * candidates * left * window * double(settings.searchWindows) + kRemovalsTried * (solve + measured);
    }
    if (isByElimination)
        flop += path + solve;
    if (settings.has(RestorationStep::Sequential)) {
        const auto its = double(settings.sequentialWindows.value_or(windows));
        flop += its * (1 + left) * window + its * double(length) * again + solve;
    }
    return flop;
}

double flopOfTasks(const ModelSpec &spec, const std::vector<TaskSet> &tasks)
{
    constexpr double kLettersPerToken = 4;
    double letters = 0;
    for (const TaskSet &task : tasks)
        for (const TaskItem &item : task.items) {
            if (!item.choices.empty())
                letters += double(item.choices.front().context.size());
            for (const TaskChoice &choice : item.choices)
                letters += double(choice.continuation.size());
        }
    return letters / kLettersPerToken * double(flopPerToken(spec));
}

double flopOfThroughput(const ModelSpec &spec, const ThroughputSettings &given)
{
    const ThroughputSettings settings = settledThroughputSettings(given, spec.contextLength);
    constexpr double kAloneAsMany = 8;
    double flop = 0;
    for (const std::int64_t length : settings.promptLengths)
        for (const std::int64_t batch : settings.batchSizes)
            flop += double(batch) * (flopOfWindow(spec, length) + kAloneAsMany * double(settings.newTokens) * double(flopPerToken(spec)));
    return flop * double(settings.repetitions + 1);
}

} // namespace secateur
