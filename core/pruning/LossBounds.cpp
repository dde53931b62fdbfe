// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/LossBounds.h"

#include "decoder/Products.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

constexpr std::int64_t kLeastBlocks = 4;     ///< of a vocabulary that is worth being bounded
constexpr std::int64_t kBlocksPerFront = 12; ///< one block in so many belongs to the front

at::Tensor columns(const at::Tensor &partial, const std::vector<std::int64_t> &blocks)
{
    return partial.index_select(1, at::tensor(blocks, at::kLong).to(partial.device()));
}

} // namespace

bool LossBounds::arePossible(const Decoder &decoder)
{
    return !decoder.spec().logitSoftcap && vocabularyBlocks(decoder) >= kLeastBlocks;
}

LossBounds::LossBounds(const Decoder &decoder, at::Tensor tokens, const at::Tensor &baseEnd, at::Tensor basePartial,
                       const JobContext &context)
    : m_decoder(decoder),
      m_tokens(std::move(tokens)),
      m_states(predictingRows(decoder, baseEnd, m_tokens).states)
{
    const std::int64_t count = vocabularyBlocks(decoder);
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    if (!basePartial.defined()) {
        basePartial = at::full({m_states.size(0), count}, 0.0, m_states.options().dtype(at::kFloat));
        addLogSumExp(decoder, m_states, all, basePartial, context);
        m_headsOfBase += 1;
    }
    const at::Tensor shares = (basePartial - at::logsumexp(basePartial, {1}, true)).exp().sum(0).to(at::kCPU); // of probability, by block
    const float *share = shares.const_data_ptr<float>();
    std::stable_sort(all.begin(), all.end(), [&](std::int64_t a, std::int64_t b) { return share[a] > share[b]; });
    const std::int64_t front = (count + kBlocksPerFront - 1) / kBlocksPerFront;
    m_front.assign(all.begin(), all.begin() + front);
    m_back.assign(all.begin() + front, all.end());
    std::sort(m_front.begin(), m_front.end());
    std::sort(m_back.begin(), m_back.end());
    m_backLogSumExp = at::logsumexp(columns(basePartial, m_back), {1});
    takeTangent(m_states, context);
}

/// The gradient, in pieces of rows: the back's probabilities under the base times the back's rows of the head.
void LossBounds::takeTangent(const at::Tensor &states, const JobContext &context)
{
    m_gradient = at::zeros_like(states, states.options().dtype(at::kFloat));
    constexpr std::int64_t kPiece = 1024;
    for (std::int64_t first = 0; first < states.size(0); first += kPiece) {
        const std::int64_t count = std::min(kPiece, states.size(0) - first);
        at::Tensor gradient = m_gradient.narrow(0, first, count);
        const at::Tensor total = m_backLogSumExp.narrow(0, first, count).unsqueeze(1);
        for (const std::int64_t block : m_back) {
            context.check();
            const at::Tensor head = headOfBlock(m_decoder, block);
            const at::Tensor logits = product(states.narrow(0, first, count), head);
            const at::Tensor probabilities = logits.to(at::kFloat).sub_(total).exp_();
            if (head.scalar_type() == at::kFloat)
                gradient.addmm_(probabilities, head);
            else
                gradient.add_(probabilities.to(head.scalar_type()).mm(head)); // sums of blocks are fp32
        }
    }
    m_headsOfBase += 2 * (1 - frontShare());
}

LossBounds::Bounded LossBounds::bound(const at::Tensor &end, const JobContext &context) const
{
    const PredictingRows rows = predictingRows(m_decoder, end, m_tokens);
    Bounded result;
    result.partial = at::full({rows.states.size(0), std::int64_t(m_front.size() + m_back.size())}, -std::numeric_limits<double>::infinity(),
                              m_backLogSumExp.options());
    addLogSumExp(m_decoder, rows.states, m_front, result.partial, context);
    const at::Tensor back = m_backLogSumExp + (m_gradient * (rows.states.to(at::kFloat) - m_states.to(at::kFloat))).sum(1);
    const at::Tensor losses = at::logaddexp(at::logsumexp(columns(result.partial, m_front), {1}), back) - targetLogits(m_decoder, rows);
    result.bound = losses.clamp_min(0).mean(at::kDouble).item<double>(); // no cross entropy is below 0
    return result;
}

double LossBounds::complete(const at::Tensor &end, at::Tensor &partial, const JobContext &context) const
{
    const PredictingRows rows = predictingRows(m_decoder, end, m_tokens);
    addLogSumExp(m_decoder, rows.states, m_back, partial, context);
    return crossEntropySum(partial, targetLogits(m_decoder, rows)).item<double>() / double(rows.states.size(0));
}

} // namespace secateur
