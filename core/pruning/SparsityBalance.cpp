// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/SparsityBalance.h"

#include "foundation/Error.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

namespace secateur {
namespace {

/// Half to even, as Python's `round` does.
std::int64_t roundHalfEven(double value)
{
    return std::int64_t(std::nearbyint(value));
}

std::string number(double value)
{
    std::ostringstream text;
    text << value;
    return text.str();
}

void checkSettings(const ModelSpec &dense, const BalanceSettings &settings)
{
    if (!(settings.sparsity > 0.0 && settings.sparsity < 1.0))
        throw Error("The sparsity " + number(settings.sparsity) + " is out of range.",
                    "Give the share of the layers' parameters to remove, between 0 and 1, such as 0.375.");
    if (!(settings.alpha > 0.0) || !std::isfinite(settings.alpha))
        throw Error("Alpha " + number(settings.alpha) + " is out of range.", "Alpha must be above 0; the paper uses 1.5.");
    if (settings.widthMultiple < 1)
        throw Error("The width multiple " + std::to_string(settings.widthMultiple) + " is out of range.", "It must be 1 or more.");
    for (std::int64_t i = 0; i < dense.layerCount(); ++i)
        if (!dense.layers[std::size_t(i)].attention || !(dense.layers[std::size_t(i)] == dense.layers.front()))
            throw Error("Layer " + std::to_string(i) + " differs from layer 0: the balance rule needs a model whose layers are all alike.",
                        "Prune the dense model that this one was made from.");
}

std::int64_t nearestMultiple(std::int64_t value, std::int64_t multiple, std::int64_t largest)
{
    if (multiple > largest)
        return largest;
    const std::int64_t rounded = roundHalfEven(double(value) / double(multiple)) * multiple;
    return std::clamp(rounded, multiple, largest / multiple * multiple);
}

} // namespace

SparsityBalance balance(const ModelSpec &dense, const BalanceSettings &settings)
{
    checkSettings(dense, settings);
    const std::int64_t layers = dense.layerCount();
    const LayerSpec &layer = dense.layers.front();
    const double L = double(layers), s = settings.sparsity;
    const double A = double(attentionParameters(*layer.attention, dense.hiddenSize));
    const double F = double(ffnParameters(layer.ffn, dense.hiddenSize));
    const double M = double(layerParameters(dense));

    SparsityBalance result;
    result.denseLayerParameters = layerParameters(dense);
    result.denseModelParameters = modelParameters(dense);
    // Feasible: N A <= s M (not more attention than is to go) and N A + L F >= s M (the FFNs hold the rest). Compared as shares of M, as
    // the authors do.
    const auto isFeasible = [&](std::int64_t n) { return double(n) * A / M <= s && (double(n) * A + L * F) / M >= s; };
    result.leastAttentions = std::clamp<std::int64_t>(std::int64_t(std::ceil((s * M - L * F) / A)), 0, layers + 1);
    while (result.leastAttentions <= layers && (double(result.leastAttentions) * A + L * F) / M < s)
        ++result.leastAttentions;
    result.mostAttentions = std::min(layers, std::int64_t(std::floor(s * M / A)) + 1);
    while (result.mostAttentions >= 0 && double(result.mostAttentions) * A / M > s)
        --result.mostAttentions;
    if (result.leastAttentions > result.mostAttentions)
        throw Error("No number of removed attentions reaches a sparsity of " + number(s) + " of the layers: at least " +
                        std::to_string(result.leastAttentions) + " would be needed and at most " + std::to_string(result.mostAttentions) +
                        " fit.",
                    "Choose a lower sparsity: norm weights cannot be removed.");

    const std::int64_t byRule = roundHalfEven(L * std::pow(s, (F / A) / settings.alpha));
    const std::int64_t N = settings.attentionsToRemove.value_or(byRule);
    if (N < 0 || N > layers || !isFeasible(N)) {
        const bool isTooMany = N > result.mostAttentions;
        throw Error("Removing " + std::to_string(N) + " attentions cannot give a sparsity of " + number(s) + ": that is too " +
                        (isTooMany ? "many, they hold more than is to be removed" : "few, the FFNs do not hold the rest") +
                        ". Feasible: " + std::to_string(result.leastAttentions) + " to " + std::to_string(result.mostAttentions) + ".",
                    settings.attentionsToRemove ? "Choose N in that range, or another sparsity."
                                                : "Set N by hand (--remove), or choose another alpha.");
    }

    const double T = double(roundHalfEven(s * M));
    const double P = double(roundHalfEven((T - double(N) * A) / L));
    const std::int64_t K = roundHalfEven(double(layer.ffn.neurons) * (1 - P / F));
    result.attentionsToRemove = N;
    result.neuronsKept = nearestMultiple(std::max<std::int64_t>(K, 1), settings.widthMultiple, layer.ffn.neurons);

    std::vector<std::int64_t> removed;
    for (std::int64_t i = 0; i < N; ++i) // any N of them: the layers are alike
        removed.push_back(i);
    const ModelSpec after = prunedSpec(dense, std::vector<std::int64_t>(std::size_t(layers), result.neuronsKept), removed);
    result.layerParameters = layerParameters(after);
    result.modelParameters = modelParameters(after);
    return result;
}

ModelSpec prunedSpec(const ModelSpec &dense, const std::vector<std::int64_t> &neuronsKept,
                     const std::vector<std::int64_t> &removedAttentions)
{
    ModelSpec spec = dense;
    for (std::size_t i = 0; i < spec.layers.size(); ++i)
        spec.layers[i].ffn.neurons = neuronsKept[i];
    for (const std::int64_t layer : removedAttentions)
        spec.layers[std::size_t(layer)].attention.reset();
    return spec;
}

} // namespace secateur
