// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/SparsityBalance.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

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

void checkLayersAreAlike(const ModelSpec &dense)
{
    if (const std::string problem = layersProblem(dense); !problem.empty())
        throw Error(problem, kOpenOriginal);
}

/// The counts of the rule, with the paper's names: parameters of one attention, of one FFN, of all layers.
struct Counts {
    double L, A, F, M;

    explicit Counts(const ModelSpec &dense)
        : L(double(dense.layerCount())),
          A(double(attentionParameters(*dense.layers.front().attention, dense.hiddenSize))),
          F(double(ffnParameters(*dense.layers.front().ffn, dense.hiddenSize))),
          M(double(layerParameters(dense)))
    {
    }
};

std::int64_t nearestMultiple(std::int64_t value, std::int64_t multiple, std::int64_t largest)
{
    if (multiple > largest)
        return largest;
    const std::int64_t rounded = roundHalfEven(double(value) / double(multiple)) * multiple;
    return std::clamp(rounded, multiple, largest / multiple * multiple);
}

} // namespace

std::string layersProblem(const ModelSpec &dense)
{
    const std::int64_t i = firstUnlikeLayer(dense);
    if (i < 0)
        return {};
    for (const Part part : {Part::Attention, Part::Ffn})
        if (const std::size_t without = layersWithout(dense, part).size(); without > 0)
            return "This model was already pruned: " + std::to_string(without) + " of its " + std::to_string(dense.layerCount()) +
                   (without == 1 ? " layers has no " : " layers have no ") + (part == Part::Attention ? "attention." : "FFN.");
    const std::int64_t kept = dense.layers[std::size_t(i)].neurons(), first = dense.layers.front().neurons();
    if (kept != first)
        return "This model was already pruned: layer " + std::to_string(i) + " has " + counted(kept, "neuron") + ", layer 0 has " +
               std::to_string(first) + ".";
    return "Layer " + std::to_string(i) + " differs from layer 0: the balance rule needs a model whose layers are all alike.";
}

BalanceBounds boundsOf(const ModelSpec &dense, double sparsity, double alpha)
{
    if (!(sparsity > 0.0 && sparsity < 1.0))
        throw Error("The sparsity " + number(sparsity) + " is out of range.",
                    "Give the share of the layers' parameters to remove, between 0 and 1, such as 0.375.");
    if (!(alpha > 0.0) || !std::isfinite(alpha))
        throw Error("Alpha " + number(alpha) + " is out of range.", "Alpha must be above 0; the paper uses 1.5.");
    checkLayersAreAlike(dense);
    const auto [L, A, F, M] = Counts(dense);
    const std::int64_t layers = dense.layerCount();
    const double s = sparsity;

    // Feasible: N A <= s M (not more attention than is to go) and N A + L F >= s M (the FFNs hold the rest). Compared as shares of M, as
    // the authors do.
    BalanceBounds bounds;
    bounds.leastAttentions = std::clamp<std::int64_t>(std::int64_t(std::ceil((s * M - L * F) / A)), 0, layers + 1);
    while (bounds.leastAttentions <= layers && (double(bounds.leastAttentions) * A + L * F) / M < s)
        ++bounds.leastAttentions;
    bounds.mostAttentions = std::min(layers, std::int64_t(std::floor(s * M / A)) + 1);
    while (bounds.mostAttentions >= 0 && double(bounds.mostAttentions) * A / M > s)
        --bounds.mostAttentions;
    bounds.attentionsByRule = roundHalfEven(L * std::pow(s, (F / A) / alpha));
    return bounds;
}

namespace {

/// N and K when K follows from the sparsity.
void splitBySparsity(SparsityBalance &result, const ModelSpec &dense, const BalanceSettings &settings)
{
    const double s = settings.sparsity;
    const std::int64_t least = result.leastAttentions, most = result.mostAttentions;
    if (least > most)
        throw Error("No number of removed attentions reaches a sparsity of " + number(s) + " of the layers: at least " +
                        std::to_string(least) + " are needed, but at most " + std::to_string(most) + " are possible.",
                    "Choose a lower sparsity: norm weights cannot be removed.");
    const std::int64_t N = result.attentionsToRemove;
    if (N < least || N > most)
        throw Error("Removing " + counted(N, "attention") + " cannot give a sparsity of " + number(s) + ": that is too " +
                        (N > most ? "many, as they hold more than that"
                         : N < 0  ? "few, as there cannot be fewer than none"
                                  : "few, as pruning every neuron would not reach it") +
                        ". Feasible: " + std::to_string(least) + " to " + std::to_string(most) + ".",
                    settings.attentionsToRemove ? "Choose N in that range, or another sparsity."
                                                : "Set N by hand (--remove), or choose another alpha.");
    const auto [L, A, F, M] = Counts(dense);
    const std::int64_t neurons = dense.layers.front().neurons();
    const double T = double(roundHalfEven(s * M));
    const double P = double(roundHalfEven((T - double(N) * A) / L));
    const std::int64_t K = roundHalfEven(double(neurons) * (1 - P / F));
    result.neuronsKept = nearestMultiple(std::max<std::int64_t>(K, 1), settings.widthMultiple, neurons);
}

/// N and K when K is given.
void splitByHand(SparsityBalance &result, const ModelSpec &dense, std::int64_t neuronsKept)
{
    const std::int64_t neurons = dense.layers.front().neurons(), N = result.attentionsToRemove;
    result.leastAttentions = 0;
    result.mostAttentions = dense.layerCount();
    if (neuronsKept < 1 || neuronsKept > neurons)
        throw Error("Keeping " + counted(neuronsKept, "neuron") + " in a layer is not possible: each has " + std::to_string(neurons) + ".",
                    "Give a number from 1 to " + std::to_string(neurons) + ".");
    if (N < 0 || N > result.mostAttentions)
        throw Error("Removing " + counted(N, "attention") + " is not possible: the model has " + std::to_string(dense.layerCount()) + ".",
                    "Give a number from 0 to " + std::to_string(dense.layerCount()) + ".");
    result.neuronsKept = neuronsKept;
}

} // namespace

SparsityBalance balance(const ModelSpec &dense, const BalanceSettings &settings)
{
    if (settings.widthMultiple < 1)
        throw Error("The width multiple " + std::to_string(settings.widthMultiple) + " is out of range.", "It must be 1 or more.");
    const BalanceBounds bounds = boundsOf(dense, settings.sparsity, settings.alpha);
    SparsityBalance result;
    result.attentionsToRemove = settings.attentionsToRemove.value_or(bounds.attentionsByRule);
    result.leastAttentions = bounds.leastAttentions;
    result.mostAttentions = bounds.mostAttentions;
    result.denseLayerParameters = layerParameters(dense);
    result.denseModelParameters = modelParameters(dense);
    result.attentionsByRule = bounds.attentionsByRule;
    if (settings.neuronsKept)
        splitByHand(result, dense, *settings.neuronsKept);
    else
        splitBySparsity(result, dense, settings);

    std::vector<std::int64_t> removed;
    for (std::int64_t i = 0; i < result.attentionsToRemove; ++i) // any N of them: the layers are alike
        removed.push_back(i);
    const ModelSpec after = prunedSpec(dense, std::vector<std::int64_t>(dense.layers.size(), result.neuronsKept), removed);
    result.layerParameters = layerParameters(after);
    result.modelParameters = modelParameters(after);
    return result;
}

} // namespace secateur
