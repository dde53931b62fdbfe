// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/TokenRows.h"
#include "decoder/VectorKernels.h"

#include <ATen/core/Tensor.h>

namespace secateur {

/// True when mixCausally can do these: fp32, bf16 or fp16 on a processor that has VectorKernels, as many queries as keys, a width of a head that is
/// a small multiple of 16, and windows short enough for a block's scores to stay in the cache. Shapes [windows, heads, T, headDim].
bool canMixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value);

/// True where attention is made of products of pairs or tiles of bf16 numbers, because they are fast here.
bool isAttentionFastInBFloat16();

/// softmax(scale * query key^T, causal) value, as scaled_dot_product_attention computes it, to rounding, in about two thirds of its time.
///
/// A block of queries at a time: all its scores, whose rows stay in the cache; their softmax; their products with the values. Nothing is
/// computed that the mask would hide, but for the rest of the last block of keys. `query`: [windows, heads, T, headDim]; `key` and `value`:
/// [windows, kvHeads, T, headDim]; the last dimension contiguous. Returns [windows, heads, T, headDim], laid out as [windows, T, heads,
/// headDim]. Scores and sums are fp32; in bf16, where products of pairs or tiles are used, the weights are rounded before they meet the values.
/// `scale` is positive. A window with values that are not finite gives results that are not.
at::Tensor mixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double scale);

/// True when mixRows can do these, under the same conditions. Shapes [1, heads, R, headDim].
bool canMixRows(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::vector<TokenRun> &runs);

/// The same of sequences that share rows: each row sees those on the way from its root to it (see TokenRows). Shapes [1, heads, R, headDim].
at::Tensor mixRows(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::vector<TokenRun> &runs,
                   double scale);

/// Causally by these kernels, of the tensors' type: for tests of those that are not the best here.
template <typename Number>
at::Tensor mixCausallyBy(const VectorKernels<Number> &kernels, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                         double scale);

} // namespace secateur
