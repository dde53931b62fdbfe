// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/ActivationGrams.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "restoration/GramSum.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr double kLeastSquare = 1e-6; ///< added to a state's mean square before its reciprocal is taken

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
    addToGram(m_sums.plain, columns, columns);
    if (!m_isWeighted)
        return;
    const at::Tensor weights = (state.to(at::kFloat).square().mean(1) + kLeastSquare).reciprocal_(); // [T]
    addToGram(m_sums.weighted, columns * weights, columns);
}

/// Mirrors a whole sum.
void ActivationGrams::finish(at::Tensor &sum) const
{
    forGramBlocks(m_neurons, [&](std::int64_t first, std::int64_t count) {
        if (!isFinite(gramColumn(sum, first, count)))
            throw Error("The Gram matrix of layer " + std::to_string(m_layer) + " is not finite.", remedyOfNonFinite(m_computed));
    });
    mirrorGram(sum);
}

void ActivationGrams::endLayer()
{
    if (m_add) {
        std::vector<at::Tensor> parts;
        for (const at::Tensor &sum : {m_sums.plain, m_sums.weighted})
            if (sum.defined())
                forGramBlocks(m_neurons, [&](std::int64_t first, std::int64_t count) { parts.push_back(gramColumn(sum, first, count)); });
        if (!m_add(parts))
            return;
    }
    finish(m_sums.plain);
    if (m_isWeighted)
        finish(m_sums.weighted);
    m_heard(m_layer, m_sums);
}

} // namespace secateur
