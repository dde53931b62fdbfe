// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/LanguageHead.h"

#include "decoder/Products.h"
#include "decoder/RowKernels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <algorithm>
#include <numeric>
#include <vector>

namespace secateur {
namespace {

/// Rows and columns of one block of logits. On the CPU a block should stay in the cache; a GPU wants large products.
struct BlockShape {
    std::int64_t rows, columns;
};

BlockShape blockShape(const at::Device &device)
{
    return device.is_cpu() ? BlockShape{1024, 2048} : BlockShape{4096, 32768};
}

/// The authors' arithmetic: one window at a time, logits and mean in the model's type, a running mean over the windows.
at::Tensor referenceLossSum(const Decoder &decoder, const at::Tensor &normed, const at::Tensor &tokens, const JobContext &context)
{
    at::Tensor running;
    for (std::int64_t w = 0; w < tokens.size(0); ++w) {
        context.check();
        const std::int64_t predicted = tokens.size(1) - 1;
        const at::Tensor logits = decoder.logits(normed.select(0, w)).narrow(0, 0, predicted);
        const at::Tensor loss = at::cross_entropy_loss(logits, tokens.select(0, w).narrow(0, 1, predicted));
        running = w == 0 ? loss : loss * (1.0 / double(w + 1)) + running * (double(w) / double(w + 1));
    }
    return running.to(at::kDouble) * double(tokens.size(0) * (tokens.size(1) - 1));
}

} // namespace

PredictingRows predictingRows(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens)
{
    const std::int64_t predicted = tokens.size(1) - 1;
    return {.states = decoder.finalNorm(hidden.narrow(1, 0, predicted)).reshape({-1, hidden.size(2)}),
            .targets = tokens.narrow(1, 1, predicted).reshape({-1})};
}

std::int64_t vocabularyBlock(const Decoder &decoder)
{
    return blockShape(decoder.device()).columns;
}

std::int64_t vocabularyBlocks(const Decoder &decoder)
{
    const std::int64_t columns = vocabularyBlock(decoder);
    return (decoder.weights().head.size(0) + columns - 1) / columns;
}

at::Tensor headOfBlock(const Decoder &decoder, std::int64_t block)
{
    const at::Tensor &head = decoder.weights().head;
    const std::int64_t columns = vocabularyBlock(decoder), first = block * columns;
    return head.narrow(0, first, std::min(columns, head.size(0) - first));
}

void addLogSumExp(const Decoder &decoder, const at::Tensor &states, std::span<const std::int64_t> blocks, at::Tensor &partial,
                  const JobContext &context)
{
    const std::int64_t piece = blockShape(states.device()).rows;
    for (std::int64_t first = 0; first < states.size(0); first += piece) {
        const std::int64_t count = std::min(piece, states.size(0) - first);
        const at::Tensor rows = states.narrow(0, first, count);
        for (const std::int64_t block : blocks) {
            context.check();
            const at::Tensor logits = decoder.capped(product(rows, headOfBlock(decoder, block)));
            partial.narrow(0, first, count)
                .select(1, block)
                .copy_(canTakeRows(logits) ? logSumExpRows(logits) : at::logsumexp(logits.to(at::kFloat), {1}));
        }
    }
}

at::Tensor logSumExp(const Decoder &decoder, const at::Tensor &states, const JobContext &context)
{
    std::vector<std::int64_t> blocks(std::size_t(vocabularyBlocks(decoder)));
    std::iota(blocks.begin(), blocks.end(), 0);
    at::Tensor partial = at::empty({states.size(0), std::int64_t(blocks.size())}, states.options().dtype(at::kFloat));
    addLogSumExp(decoder, states, blocks, partial, context);
    return at::logsumexp(partial, {1});
}

at::Tensor targetLogits(const Decoder &decoder, const PredictingRows &rows)
{
    const std::int64_t piece = blockShape(rows.states.device()).rows, all = rows.states.size(0);
    at::Tensor logits = at::empty({all}, rows.states.options().dtype(at::kFloat));
    for (std::int64_t first = 0; first < all; first += piece) { // in pieces, because the targets' rows of the head are copied
        const std::int64_t count = std::min(piece, all - first);
        const at::Tensor heads = decoder.weights().head.index_select(0, rows.targets.narrow(0, first, count)).to(at::kFloat);
        logits.narrow(0, first, count).copy_((rows.states.narrow(0, first, count).to(at::kFloat) * heads).sum(1));
    }
    return decoder.capped(logits);
}

at::Tensor crossEntropySum(const at::Tensor &partial, const at::Tensor &targetLogits)
{
    return (at::logsumexp(partial, {1}) - targetLogits).sum(at::kDouble);
}

at::Tensor lossSum(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, LossType type, const JobContext &context)
{
    if (type == LossType::Reference)
        return referenceLossSum(decoder, decoder.finalNorm(hidden), tokens, context);
    const PredictingRows rows = predictingRows(decoder, hidden, tokens);
    return (logSumExp(decoder, rows.states, context) - targetLogits(decoder, rows)).sum(at::kDouble);
}

} // namespace secateur
