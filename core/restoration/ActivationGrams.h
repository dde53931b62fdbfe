// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "pruning/ActivationWatcher.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>

namespace secateur {

/// The Gram matrices of one layer's activations A, [T, I] over all tokens: what least squares of its down product need.
struct LayerGrams {
    at::Tensor plain;    ///< A^T A, [I, I], fp32
    at::Tensor weighted; ///< A^T diag(w) A, w_t = 1 / (mean_j h_t[j]^2 + 1e-6) with the state h behind the layer; undefined where not wanted
};

/// Sums them while stage 1 runs, in fp32 on the device of the activations; the symmetric half is computed, and mirrored at the end of a layer. The windows
/// of all ranks are added in the order of the ranks (RankSums), so that the same ranks give the same bits.
class ActivationGrams : public ActivationWatcher {
public:
    using Listener = std::function<void(std::int64_t layer, LayerGrams grams)>;

    /// `heard` gets each layer's as it is done. `isWeighted`: whether the second one is wanted.
    ActivationGrams(bool isWeighted, Listener heard);

    void beginLayer(std::int64_t layer, std::int64_t neurons) override;
    void window(const at::Tensor &activation, const at::Tensor &state) override;
    void endLayer() override;

private:
    bool m_isWeighted;
    Listener m_heard;
    std::int64_t m_layer = -1;
    LayerGrams m_sums;
};

} // namespace secateur
