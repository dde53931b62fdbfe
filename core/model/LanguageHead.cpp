// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/LanguageHead.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/zeros.h>

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

/// log sum exp over the vocabulary of rows [R, d]: [R] in fp32.
at::Tensor logSumExp(const Decoder &decoder, const at::Tensor &rows, std::int64_t columns, const JobContext &context)
{
    const at::Tensor &head = decoder.weights().head;
    const std::int64_t vocabulary = head.size(0), blocks = (vocabulary + columns - 1) / columns;
    at::Tensor partial = at::empty({rows.size(0), blocks}, rows.options().dtype(at::kFloat));
    for (std::int64_t b = 0; b < blocks; ++b) {
        context.check();
        const at::Tensor block = head.narrow(0, b * columns, std::min(columns, vocabulary - b * columns));
        partial.select(1, b).copy_(at::logsumexp(decoder.capped(at::linear(rows, block)).to(at::kFloat), {1}));
    }
    return at::logsumexp(partial, {1});
}

at::Tensor exactLossSum(const Decoder &decoder, const at::Tensor &predicting, const at::Tensor &targets, const JobContext &context)
{
    const BlockShape shape = blockShape(predicting.device());
    const at::Tensor &head = decoder.weights().head;
    at::Tensor sum = at::zeros({}, predicting.options().dtype(at::kDouble));
    for (std::int64_t first = 0; first < predicting.size(0); first += shape.rows) {
        const std::int64_t count = std::min(shape.rows, predicting.size(0) - first);
        const at::Tensor rows = predicting.narrow(0, first, count);
        const at::Tensor targetLogits =
            decoder.capped((rows.to(at::kFloat) * head.index_select(0, targets.narrow(0, first, count)).to(at::kFloat)).sum(1));
        sum += (logSumExp(decoder, rows, shape.columns, context) - targetLogits).sum(at::kDouble);
    }
    return sum;
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

at::Tensor lossSum(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, LossType type, const JobContext &context)
{
    const at::Tensor normed = decoder.finalNorm(hidden);
    if (type == LossType::Reference)
        return referenceLossSum(decoder, normed, tokens, context);
    const std::int64_t predicted = tokens.size(1) - 1;
    return exactLossSum(decoder, normed.narrow(1, 0, predicted).reshape({-1, normed.size(2)}), tokens.narrow(1, 1, predicted).reshape({-1}),
                        context);
}

} // namespace secateur
