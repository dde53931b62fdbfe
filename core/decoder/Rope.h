// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "model/ModelSpec.h"

#include <ATen/core/Tensor.h>
#include <vector>

namespace secateur {

/// How many dimensions of a head are rotated.
std::int64_t rotaryDim(const RopeSpec &spec, std::int64_t headDim);
/// By how much Llama 3's scaling divides the plain frequency of each pair of dimensions: [headDim / 2].
std::vector<double> llama3Divisors(const RopeSpec &spec, std::int64_t headDim);
/// Factor of cos and sin that some scalings ask for (a temperature of the attention).
double ropeAttentionFactor(const RopeSpec &spec);

/// Rotary position embedding: cosines and sines of the positions 0 ... T-1, and their application to queries and keys, or to the first
/// dimensions of each head of them.
///
/// The frequencies are computed in fp32 as transformers computes them (`modeling_rope_utils.py`), so that logits agree.
class Rope {
public:
    /// Tables for up to `positions` positions; Dynamic and LongRope depend on whether that exceeds the context they were trained for.
    Rope(const RopeSpec &spec, std::int64_t headDim, std::int64_t contextLength, std::int64_t positions, at::Device device,
         c10::ScalarType dtype);

    std::int64_t positions() const { return m_cos.size(0); }
    /// Rotates x, shape [windows, heads, T, headDim], whose first token stands at position `offset`.
    at::Tensor rotate(const at::Tensor &x, std::int64_t offset = 0) const;
    /// The same of tokens that stand at these positions, [T] int64.
    at::Tensor rotate(const at::Tensor &x, const at::Tensor &positions) const;

private:
    at::Tensor m_cos, m_sin; ///< [positions, rotaryDim]
};

} // namespace secateur
