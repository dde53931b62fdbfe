// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"

#include <ATen/core/Tensor.h>
#include <cstdint>

namespace secateur {

/// What the dense model predicts at R positions, p over the vocabulary, as far as divergences from it need it. Its head W, [V, d], is that of all
/// candidates, and KL(p || q) = sum_v p_v log p_v - sum_v p_v (W h)_v + log sum_v exp (W h)_v of a candidate's normed states h: so the second sum is
/// g h with g = sum_v p_v W_v, and a candidate costs one product with the head. Where the logits are capped, it costs two.
struct DensePredictions {
    at::Tensor negentropy;        ///< [R] sum_v p_v log p_v in fp32, nats
    at::Tensor meanHead;          ///< [R, d] g in fp32; undefined where logits are capped
    at::Tensor states, logSumExp; ///< [R, d] normed, and [R] in fp32, of the dense model: where logits are capped

    /// Of the first positions.
    DensePredictions first(std::int64_t rows) const;
};

/// `hidden`: [1, T, d] as it leaves the last layer; of all positions but the last, R = T - 1. Checks `context` between the products.
DensePredictions densePredictions(const Decoder &dense, const at::Tensor &hidden, const JobContext &context);

/// Sum over the positions of KL(dense || candidate) in nats, a scalar in fp64 on the device. `hidden`: of the candidate, [1, T, d] as it leaves the last
/// layer. Checks `context` between the products.
at::Tensor divergenceSum(const Decoder &dense, const DensePredictions &predictions, const at::Tensor &hidden, const JobContext &context);

} // namespace secateur
