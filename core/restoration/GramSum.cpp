// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/GramSum.h"

#include "decoder/Products.h"

#include <ATen/TensorOperators.h>

namespace secateur {

std::int64_t gramBlock(std::int64_t n)
{
    constexpr std::int64_t kBlock = 128; // as fast as any for 344, 1536 and 4096; what is no multiple of 64 takes up to twice the time
    return std::min(n, kBlock);
}

at::Tensor gramColumn(const at::Tensor &sum, std::int64_t first, std::int64_t count)
{
    return sum.narrow(0, first, sum.size(0) - first).narrow(1, first, count);
}

void addToGram(const at::Tensor &sum, const at::Tensor &left, const at::Tensor &right)
{
    const std::int64_t n = left.size(0);
    forGramBlocks(n, [&](std::int64_t first, std::int64_t count) {
        gramColumn(sum, first, count).add_(product(left.narrow(0, first, n - first), right.narrow(0, first, count)));
    });
}

void mirrorGram(const at::Tensor &sum)
{
    forGramBlocks(sum.size(0), [&](std::int64_t first, std::int64_t count) {
        const at::Tensor diagonal = sum.narrow(0, first, count).narrow(1, first, count);
        diagonal.copy_(diagonal.tril() + diagonal.tril(-1).t());
        const std::int64_t behind = first + count, rest = sum.size(0) - behind;
        if (rest > 0)
            sum.narrow(0, first, count).narrow(1, behind, rest).copy_(sum.narrow(0, behind, rest).narrow(1, first, count).t());
    });
}

} // namespace secateur
