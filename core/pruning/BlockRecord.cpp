// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/BlockRecord.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace secateur {
namespace {

std::vector<std::int64_t> layersFrom(std::int64_t first, std::int64_t count)
{
    std::vector<std::int64_t> layers(std::size_t(std::max<std::int64_t>(0, count)));
    std::iota(layers.begin(), layers.end(), first);
    return layers;
}

/// The n layers of the lowest influence, the lowest first, of equal ones the lower layer.
std::vector<std::int64_t> leastInfluential(const std::vector<double> &influence, std::int64_t n)
{
    std::vector<std::int64_t> layers = layersFrom(0, std::int64_t(influence.size()));
    std::ranges::stable_sort(layers, {}, [&](std::int64_t layer) { return influence[std::size_t(layer)]; });
    layers.resize(std::size_t(std::clamp<std::int64_t>(n, 0, std::int64_t(layers.size()))));
    return layers;
}

/// The n layers between the two states that are the most similar. In the authors' code states leave a layer, the later of equal pairs wins, and where no
/// similarity is 0 or more layer 1 alone goes; in the paper they enter one, and the earlier wins.
std::vector<std::int64_t> mostSimilarWindow(const BlockRecord &record, std::int64_t n)
{
    const bool isOriginal = record.settings.variant == BlockVariant::Original;
    const std::vector<std::vector<double>> &similarities = record.similarities;
    std::int64_t start = -1;
    double best = 0;
    for (std::int64_t state = 0; state + n < std::int64_t(similarities.size()); ++state) {
        const double similarity = similarities[std::size_t(state)][std::size_t(state + n)];
        if (isOriginal ? start < 0 || similarity > best : similarity >= best) {
            best = similarity;
            start = state;
        }
    }
    if (isOriginal)
        return layersFrom(start, n);
    return start < 0 ? std::vector<std::int64_t>{1} : layersFrom(start + 1, n);
}

} // namespace

std::int64_t blocksToRemove(double sparsity, std::int64_t layers)
{
    if (!(sparsity > 0 && sparsity < 1))
        throw Error("The sparsity is not between 0 and 1.", "Give a share such as 0.375.");
    const auto blocks = std::int64_t(std::ceil(sparsity * double(layers)));
    if (blocks >= layers)
        throw Error("Removing " + std::to_string(blocks) + " of " + counted(layers, "layer") + " leaves nothing of them.",
                    "Choose a lower sparsity.");
    return blocks;
}

std::int64_t usualWindows(PlanMethod method, std::int64_t length)
{
    constexpr std::int64_t kOfStates = 256, kOfLosses = 1, kSampleTokens = 131'072;
    if (method == PlanMethod::EvoPress)
        return std::max<std::int64_t>(1, kSampleTokens / std::max<std::int64_t>(1, length));
    return method == PlanMethod::BlockPruner ? kOfLosses : kOfStates;
}

std::int64_t generationsOf(const BlockSettings &settings, std::int64_t blocks, std::int64_t layers)
{
    return settings.generations.value_or(std::int64_t(double(blocks * (layers - blocks)) / 1.5));
}

bool canServe(BlockSettings settings, const BlockSettings &wanted)
{
    if (isByStates(settings.method) && isByStates(wanted.method))
        settings.method = wanted.method;
    if (settings.method != PlanMethod::EvoPress)
        settings.sparsity = wanted.sparsity;
    settings.generations = wanted.generations;
    return settings == wanted;
}

BlockChoice choiceOf(const BlockRecord &record)
{
    BlockChoice choice;
    switch (record.settings.method) {
    case PlanMethod::ShortGpt:
        choice.attentions = leastInfluential(record.influence, record.blocks);
        choice.ffns = choice.attentions;
        break;
    case PlanMethod::Window:
        if (!record.similarities.empty())
            choice.attentions = mostSimilarWindow(record, record.blocks);
        choice.ffns = choice.attentions;
        break;
    case PlanMethod::BlockPruner:
        for (const BlockStep &step : record.steps)
            if (step.removed >= 0)
                (step.part == Part::Attention ? choice.attentions : choice.ffns).push_back(step.removed);
        break;
    case PlanMethod::EvoPress:
        if (!record.evolution.empty())
            choice = {.attentions = record.evolution.back().attentions, .ffns = record.evolution.back().ffns};
        break;
    case PlanMethod::TwoSsp:
    case PlanMethod::Manual:
    case PlanMethod::Restored:
        break;
    }
    return choice;
}

bool isFinished(const BlockRecord &record, std::int64_t layers)
{
    const auto isDone = [](const BlockStep &step) { return step.removed >= 0; };
    switch (record.settings.method) {
    case PlanMethod::BlockPruner:
        return std::ranges::count_if(record.steps, isDone) == 2 * record.blocks;
    case PlanMethod::EvoPress:
        return std::int64_t(record.evolution.size()) == 1 + generationsOf(record.settings, record.blocks, layers);
    default:
        return !record.influence.empty() && !record.similarities.empty();
    }
}

} // namespace secateur
