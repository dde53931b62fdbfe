// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "pruning/ActivationWatcher.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <vector>

namespace secateur {

/// The Gram matrices of one layer's activations A, [T, I] over all tokens: what least squares of its down product need.
struct LayerGrams {
    at::Tensor plain; ///< A^T A, [I, I], fp32
    /// A^T diag(w) A, w_t = 1 / (mean_j h_t[j]^2 + 1e-6) with the state h behind the layer; undefined where not wanted.
    at::Tensor weighted;
};

/// Sums them while stage 1 runs, in fp32 on the device of the activations, whose products are exact in it where they have 16 bits. The lower half is computed,
/// in blocks (GramSum.h), and mirrored at the end of a layer, so the matrices are symmetric to the bit. Neurons that never fire have zeros.
///
/// Several ranks share the windows: each sums its own, and these sums are added in the order of the ranks, so that the same ranks give the same bits.
class ActivationGrams : public ActivationWatcher {
public:
    using Listener = std::function<void(std::int64_t layer, const LayerGrams &grams)>;
    /// Adds up arrays over the ranks, in their order, in place. Returns whether this rank has the sums now; those of others count no more.
    using RankAddition = std::function<bool(const std::vector<at::Tensor> &parts)>;

    /// `heard` gets each layer's as it is done, in a rank that has the sums; who keeps the tensors may do so. `isWeighted`: whether the second one is wanted.
    /// `add`: none where there is one rank.
    ActivationGrams(bool isWeighted, Listener heard, RankAddition add = {});

    void beginLayer(std::int64_t layer, std::int64_t neurons) override;
    void window(const at::Tensor &activation, const at::Tensor &state) override;
    /// Throws Error that names the layer when a sum is not finite.
    void endLayer() override;

private:
    void finish(at::Tensor &sum) const;

    bool m_isWeighted;
    Listener m_heard;
    RankAddition m_add;
    std::int64_t m_layer = -1;
    c10::ScalarType m_computed = c10::kFloat; ///< the type of the activations
    std::int64_t m_neurons = 0;
    bool m_isBegun = false; ///< a window of the layer was seen, so the sums are its own
    LayerGrams m_sums;
};

} // namespace secateur
