// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cstdint>

namespace secateur {

/// How many columns of a Gram matrix of n are computed together: of n beyond 4,096 a sixteenth, so that 17 / 32 of the products are.
inline std::int64_t gramBlock(std::int64_t n)
{
    return std::max<std::int64_t>(256, (n + 15) / 16);
}

/// Adds x^T x to `sum`, [n, n], of the rows x, [rows, n]: its upper triangle, in blocks. Products are in the type of x, sums in that of `sum`.
inline void addToGram(const at::Tensor &sum, const at::Tensor &x)
{
    const std::int64_t n = x.size(1), block = gramBlock(n);
    for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t width = std::min(block, n - first);
        sum.narrow(0, first, width).narrow(1, first, n - first).add_(x.narrow(1, first, width).t().mm(x.narrow(1, first, n - first)));
    }
}

/// Gives such a sum its lower triangle.
inline void mirrorGram(const at::Tensor &sum)
{
    const std::int64_t n = sum.size(1), block = gramBlock(n);
    for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t end = std::min(first + block, n);
        sum.narrow(0, end, n - end).narrow(1, first, end - first).copy_(sum.narrow(0, first, end - first).narrow(1, end, n - end).t());
    }
}

} // namespace secateur
