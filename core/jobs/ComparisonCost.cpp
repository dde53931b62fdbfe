// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComparisonCost.h"

#include "engine/RestorationForecast.h"
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

double flopOfRestoration(const ModelSpec &dense, const RestorationSettings &settings, const PruningPlan &outline, std::int64_t windows,
                         std::int64_t length)
{
    RestorationText text{.windows = windows, .length = length};
    if (settings.second) {
        text.second = settings.second->windows.value_or(settings.gateWindows);
        text.secondLength = settings.second->length;
    }
    double flop = 0;
    for (const RestorationPhase &phase : phasesOfRestoration(dense, outline, settings, text, {.limits = {}, .flopPerSecond = 1}))
        flop += phase.seconds;
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
