// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/PlanDifference.h"

#include "foundation/Error.h"

#include <numeric>

namespace secateur {
namespace {

/// How many numbers two ascending lists share.
std::int64_t sharedOf(const std::vector<std::int64_t> &one, const std::vector<std::int64_t> &other)
{
    std::int64_t shared = 0;
    for (auto a = one.begin(), b = other.begin(); a != one.end() && b != other.end();) {
        if (*a == *b)
            ++shared;
        const bool isFirstBehind = *a <= *b, isSecondBehind = *b <= *a;
        a += isFirstBehind ? 1 : 0;
        b += isSecondBehind ? 1 : 0;
    }
    return shared;
}

std::optional<double> jaccardOf(std::int64_t first, std::int64_t second, std::int64_t shared)
{
    const std::int64_t either = first + second - shared;
    return either > 0 ? std::optional(double(shared) / double(either)) : std::nullopt;
}

} // namespace

std::optional<double> LayerDifference::jaccard() const
{
    return jaccardOf(firstKept, secondKept, sharedKept);
}

std::int64_t PlanDifference::attentionsApart() const
{
    std::int64_t count = 0;
    for (const LayerDifference &layer : layers)
        count += layer.firstHasAttention != layer.secondHasAttention ? 1 : 0;
    return count;
}

std::int64_t PlanDifference::neuronsApart() const
{
    return std::accumulate(layers.begin(), layers.end(), std::int64_t(0),
                           [](std::int64_t sum, const LayerDifference &layer) { return sum + layer.apart(); });
}

std::optional<double> PlanDifference::jaccard() const
{
    std::int64_t first = 0, second = 0, shared = 0;
    for (const LayerDifference &layer : layers) {
        first += layer.firstKept;
        second += layer.secondKept;
        shared += layer.sharedKept;
    }
    return jaccardOf(first, second, shared);
}

PlanDifference planDifference(const Surgery &first, const Surgery &second)
{
    if (first.layers.size() != second.layers.size() || first.modelHash != second.modelHash)
        throw Error("These plans are of different models, so their layers cannot be compared.", "Choose two plans of one model.");
    PlanDifference difference;
    for (std::size_t i = 0; i < first.layers.size(); ++i) {
        const LayerCut &a = first.layers[i], &b = second.layers[i];
        difference.layers.push_back({.firstHasAttention = a.hasAttention,
                                     .secondHasAttention = b.hasAttention,
                                     .firstKept = std::int64_t(a.keptNeurons.size()),
                                     .secondKept = std::int64_t(b.keptNeurons.size()),
                                     .sharedKept = sharedOf(a.keptNeurons, b.keptNeurons)});
    }
    return difference;
}

Surgery untouched(const ModelSpec &dense, const std::string &modelHash)
{
    Surgery surgery{.modelHash = modelHash, .layers = std::vector<LayerCut>(dense.layers.size())};
    for (std::size_t i = 0; i < dense.layers.size(); ++i) {
        std::vector<std::int64_t> &kept = surgery.layers[i].keptNeurons;
        kept.resize(std::size_t(dense.layers[i].neurons()));
        std::iota(kept.begin(), kept.end(), 0);
    }
    return surgery;
}

} // namespace secateur
