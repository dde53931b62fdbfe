// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
// Sums of symmetric products over windows: half of the arithmetic is left out, but for that of half a block.
#pragma once

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cstdint>

namespace secateur {

/// Columns of a Gram matrix of n that are computed together.
std::int64_t gramBlock(std::int64_t n);

/// Calls `of(first, count)` for each column of blocks.
template <typename Function>
void forGramBlocks(std::int64_t n, const Function &of)
{
    const std::int64_t block = gramBlock(n);
    for (std::int64_t first = 0; first < n; first += block)
        of(first, std::min(block, n - first));
}

/// A column of blocks, from its diagonal block down: [n - first, count].
at::Tensor gramColumn(const at::Tensor &sum, std::int64_t first, std::int64_t count);

/// Adds left right^T, of [n, T] both, which is symmetric, to the lower half of `sum`, [n, n]. Products are in the type of both, sums in that of `sum`.
void addToGram(const at::Tensor &sum, const at::Tensor &left, const at::Tensor &right);

/// Gives such a sum its upper half: it is symmetric to the bit then.
void mirrorGram(const at::Tensor &sum);

} // namespace secateur
