// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"
#include "model/Surgery.h"

#include <cstdint>
#include <optional>
#include <string>

namespace secateur {

/// What the user wants of a pruning.
struct BalanceSettings {
    double sparsity = 0.375;                        ///< share of the decoder layers' parameters to remove, in (0, 1)
    double alpha = 1.5;                             ///< of the rule for N; above 0
    std::optional<std::int64_t> attentionsToRemove; ///< N by hand instead of by the rule
    std::int64_t widthMultiple = 1;                 ///< K is rounded to the nearest multiple; 1 = the paper
    std::optional<std::int64_t> neuronsKept = {};   ///< K by hand instead of what the sparsity asks for; then every N is feasible
    bool operator==(const BalanceSettings &) const = default;
};

/// How a target sparsity splits into width and depth (paper section 3.3, Eq. 5), with what it reaches.
struct SparsityBalance {
    std::int64_t attentionsToRemove = 0; ///< N
    std::int64_t neuronsKept = 0;        ///< K, the same in every layer; 0 of a plan whose layers differ, which no rule made
    std::int64_t leastAttentions = 0;    ///< smallest and largest N that can reach the sparsity
    std::int64_t mostAttentions = 0;
    std::int64_t denseLayerParameters = 0, denseModelParameters = 0; ///< before
    std::int64_t layerParameters = 0, modelParameters = 0;           ///< after
    std::int64_t attentionsByRule = 0;                               ///< N of the rule, even when N is by hand
    bool operator==(const SparsityBalance &) const = default;

    /// Share removed of the decoder layers, and of the whole model. Both are shown always: `sparsity` means the first.
    double sparsityLayers() const { return 1.0 - double(layerParameters) / double(denseLayerParameters); }
    double sparsityModel() const { return 1.0 - double(modelParameters) / double(denseModelParameters); }
};

/// Which N can reach a sparsity, and which one the rule takes.
struct BalanceBounds {
    std::int64_t leastAttentions = 0, mostAttentions = 0; ///< none is feasible when least > most
    std::int64_t attentionsByRule = 0;                    ///< may lie outside
    bool operator==(const BalanceBounds &) const = default;
};

/// Why the rule cannot be applied to a model, a sentence: its layers are not all alike, mostly because it was pruned already. Empty when they
/// are.
std::string layersProblem(const ModelSpec &dense);
/// What to do then.
inline constexpr const char *kOpenOriginal = "Open the original model to prune it.";

/// Throws Error when a number is out of its range or the layers are not alike, but not when nothing is feasible.
BalanceBounds boundsOf(const ModelSpec &dense, double sparsity, double alpha);

/// Applies the rule. Throws Error when a setting is out of its range, when the layers are not alike (the rule is for uniform models), or
/// when N cannot reach the sparsity (names the bound and the feasible range). With K by hand every N from 0 to the number of layers is
/// feasible, and the sparsity reached follows from both.
SparsityBalance balance(const ModelSpec &dense, const BalanceSettings &settings);

} // namespace secateur
