// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "decoder/LanguageHead.h"
#include "foundation/JobContext.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// Lower bounds of the losses of a step's candidates, for a part of what the losses cost: the product with the vocabulary is a large share of
/// an evaluation in small models, and most candidates are not even close to the best.
///
/// A row's loss is lse(W h) - w_target h. Over the front of the vocabulary, the blocks in which the base has most of its probability, the
/// log-sum-exp is computed. Over the rest it is bounded by its tangent at the base's state h0, which lies below it because log-sum-exp is
/// convex: lse(W h) >= lse(W h0) + g (h - h0), where g, its gradient, is the mean of the rest's rows of W under the base's probabilities.
/// Completing a bound to the loss computes the blocks that are missing, so the loss has the bits that it has without bounds.
class LossBounds {
public:
    /// How far rounding can lift a bound above its loss, with room to spare: nats a token. In 16 bits logits are rounded, each by 2^-9 of itself or
    /// less; over the tokens of a window little of that is left (tst_AttentionSearch measures it).
    static double rounding(c10::ScalarType type) { return type == c10::kFloat ? 1e-4 : 5e-3; }

    /// Bounds hold where they are worth their cost; capped logits are not convex in the state.
    static bool arePossible(const Decoder &decoder);

    /// `tokens`: [windows, T]; `baseEnd`: [windows, T, d], the base's state as it leaves the last layer; `basePartial`: its log-sum-exp by
    /// blocks (addLogSumExp), or undefined when it is not known.
    LossBounds(const Decoder &decoder, at::Tensor tokens, const at::Tensor &baseEnd, at::Tensor basePartial, const JobContext &context);

    /// A candidate whose loss is known from below.
    struct Bounded {
        at::Tensor partial; ///< log-sum-exp of the front's blocks, [R, blocks]
        double bound = 0;   ///< nats a token
    };
    Bounded bound(const at::Tensor &end, const JobContext &context) const;
    /// The loss itself, nats a token; fills the rest of `partial`.
    double complete(const at::Tensor &end, at::Tensor &partial, const JobContext &context) const;

    /// Share of the vocabulary that a bound computes.
    double frontShare() const { return double(m_front.size()) / double(m_front.size() + m_back.size()); }
    /// Passes over the whole vocabulary that the constructor took.
    double headsOfBase() const { return m_headsOfBase; }

private:
    void takeTangent(const at::Tensor &states, const JobContext &context);

    const Decoder &m_decoder;
    at::Tensor m_tokens;
    std::vector<std::int64_t> m_front, m_back; ///< blocks of the vocabulary, ascending
    at::Tensor m_states;                       ///< [R, d], of the base
    at::Tensor m_backLogSumExp;                ///< [R], of the base
    at::Tensor m_gradient;                     ///< [R, d], of the log-sum-exp over the back
    double m_headsOfBase = 0;
};

} // namespace secateur
