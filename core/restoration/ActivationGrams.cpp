// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/ActivationGrams.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Products.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr double kLeastSquare = 1e-6; ///< added to a state's mean square before its reciprocal is taken

/// Calls `of(first, count)` for each column of blocks.
template <typename Function>
void forBlocks(std::int64_t neurons, const Function &of)
{
    const std::int64_t block = gramBlock(neurons);
    for (std::int64_t first = 0; first < neurons; first += block)
        of(first, std::min(block, neurons - first));
}

/// From its diagonal block down: [I - first, count].
at::Tensor columnOf(const at::Tensor &matrix, std::int64_t first, std::int64_t count)
{
    return matrix.narrow(0, first, matrix.size(0) - first).narrow(1, first, count);
}

/// Adds left right^T, of [I, T] both, to the lower half.
void addProduct(at::Tensor &sum, const at::Tensor &left, const at::Tensor &right)
{
    const std::int64_t neurons = left.size(0);
    forBlocks(neurons, [&](std::int64_t first, std::int64_t count) {
        columnOf(sum, first, count).add_(product(left.narrow(0, first, neurons - first), right.narrow(0, first, count)));
    });
}

/// The lower half to the upper.
void mirror(at::Tensor &sum)
{
    forBlocks(sum.size(0), [&](std::int64_t first, std::int64_t count) {
        const at::Tensor diagonal = sum.narrow(0, first, count).narrow(1, first, count);
        diagonal.copy_(diagonal.tril() + diagonal.tril(-1).t());
        const std::int64_t behind = first + count, rest = sum.size(0) - behind;
        if (rest > 0)
            sum.narrow(0, first, count).narrow(1, behind, rest).copy_(sum.narrow(0, behind, rest).narrow(1, first, count).t());
    });
}

/// Zeros of that size on that device, in place of what there was where nobody else holds that.
void clear(at::Tensor &sum, std::int64_t neurons, at::Device device)
{
    if (sum.defined() && sum.use_count() == 1 && sum.size(0) == neurons && sum.device() == device) {
        sum.zero_();
        return;
    }
    sum.reset(); // before the next one is made
    sum = at::zeros({neurons, neurons}, at::TensorOptions(device).dtype(at::kFloat));
}

} // namespace

std::int64_t gramBlock(std::int64_t neurons)
{
    constexpr std::int64_t kBlock =
        128; // as fast as any for 344, 1536 and 4096 neurons; what is no multiple of 64 takes up to twice the time
    return std::min(neurons, kBlock);
}

ActivationGrams::ActivationGrams(bool isWeighted, Listener heard, RankAddition add)
    : m_isWeighted(isWeighted),
      m_heard(std::move(heard)),
      m_add(std::move(add))
{
}

void ActivationGrams::beginLayer(std::int64_t layer, std::int64_t neurons)
{
    m_isBegun = false;
    m_layer = layer;
    m_neurons = neurons;
}

void ActivationGrams::window(const at::Tensor &activation, const at::Tensor &state)
{
    if (!std::exchange(m_isBegun, true)) {
        m_computed = activation.scalar_type();
        clear(m_sums.plain, m_neurons, activation.device());
        if (m_isWeighted)
            clear(m_sums.weighted, m_neurons, activation.device());
    }
    const at::Tensor columns = activation.t().to(at::kFloat).contiguous(); // [I, T]
    addProduct(m_sums.plain, columns, columns);
    if (!m_isWeighted)
        return;
    const at::Tensor weights = (state.to(at::kFloat).square().mean(1) + kLeastSquare).reciprocal_(); // [T]
    addProduct(m_sums.weighted, columns * weights, columns);
}

/// Mirrors a whole sum.
void ActivationGrams::finish(at::Tensor &sum) const
{
    forBlocks(m_neurons, [&](std::int64_t first, std::int64_t count) {
        if (!isFinite(columnOf(sum, first, count)))
            throw Error("The Gram matrix of layer " + std::to_string(m_layer) + " is not finite.", remedyOfNonFinite(m_computed));
    });
    mirror(sum);
}

void ActivationGrams::endLayer()
{
    if (m_add) {
        std::vector<at::Tensor> parts;
        for (const at::Tensor &sum : {m_sums.plain, m_sums.weighted})
            if (sum.defined())
                forBlocks(m_neurons, [&](std::int64_t first, std::int64_t count) { parts.push_back(columnOf(sum, first, count)); });
        if (!m_add(parts))
            return;
    }
    finish(m_sums.plain);
    if (m_isWeighted)
        finish(m_sums.weighted);
    m_heard(m_layer, m_sums);
}

} // namespace secateur
