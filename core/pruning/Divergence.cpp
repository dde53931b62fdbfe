// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/Divergence.h"

#include "decoder/LanguageHead.h"
#include "decoder/Products.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <array>

namespace secateur {
namespace {

/// Rows whose logits of a block of the vocabulary are held at once.
constexpr std::int64_t kRows = 1024;

/// The positions of a sample that predict a token of it, as rows: [T - 1, d], normed.
at::Tensor normedRowsOf(const Decoder &dense, const at::Tensor &hidden)
{
    return dense.finalNorm(hidden.narrow(1, 0, hidden.size(1) - 1)).reshape({-1, hidden.size(2)});
}

/// Calls `call` with rows and a block of the vocabulary, of each of both.
template <typename Call>
void forEachPiece(const Decoder &dense, std::int64_t rows, const JobContext &context, const Call &call)
{
    for (std::int64_t first = 0; first < rows; first += kRows)
        for (std::int64_t block = 0; block < vocabularyBlocks(dense); ++block) {
            context.check();
            call(first, std::min(kRows, rows - first), block);
        }
}

at::Tensor logitsOf(const Decoder &dense, const at::Tensor &rows, std::int64_t block)
{
    return dense.capped(product(rows, headOfBlock(dense, block))).to(at::kFloat);
}

at::Tensor logSumExpOf(const Decoder &dense, const at::Tensor &rows, const JobContext &context)
{
    at::Tensor partial = at::empty({rows.size(0), vocabularyBlocks(dense)}, rows.options().dtype(at::kFloat));
    for (std::int64_t block = 0; block < partial.size(1); ++block)
        addLogSumExp(dense, rows, std::array{block}, partial, context);
    return at::logsumexp(partial, {1});
}

/// Sum over the vocabulary of the dense model's p times the candidate's logits, [R] in fp32.
at::Tensor crossTerm(const Decoder &dense, const DensePredictions &predictions, const at::Tensor &rows, const JobContext &context)
{
    if (predictions.meanHead.defined())
        return (predictions.meanHead * rows.to(at::kFloat)).sum(1);
    at::Tensor sum = at::zeros({rows.size(0)}, rows.options().dtype(at::kFloat));
    forEachPiece(dense, rows.size(0), context, [&](std::int64_t first, std::int64_t count, std::int64_t block) {
        const at::Tensor logits = logitsOf(dense, predictions.states.narrow(0, first, count), block);
        const at::Tensor p = (logits - predictions.logSumExp.narrow(0, first, count).unsqueeze(1)).exp_();
        sum.narrow(0, first, count).add_(p.mul_(logitsOf(dense, rows.narrow(0, first, count), block)).sum(1));
    });
    return sum;
}

} // namespace

DensePredictions DensePredictions::first(std::int64_t rows) const
{
    const auto part = [rows](const at::Tensor &tensor) { return tensor.defined() ? tensor.narrow(0, 0, rows) : tensor; };
    return {.negentropy = part(negentropy), .meanHead = part(meanHead), .states = part(states), .logSumExp = part(logSumExp)};
}

DensePredictions densePredictions(const Decoder &dense, const at::Tensor &hidden, const JobContext &context)
{
    const at::Tensor rows = normedRowsOf(dense, hidden);
    const at::TensorOptions wide = rows.options().dtype(at::kFloat);
    const at::Tensor logSumExp = logSumExpOf(dense, rows, context);
    const bool isCapped = dense.spec().logitSoftcap.has_value();
    DensePredictions result{.negentropy = at::zeros({rows.size(0)}, wide), .meanHead = {}, .states = {}, .logSumExp = {}};
    if (isCapped) {
        result.states = rows;
        result.logSumExp = logSumExp;
    } else {
        result.meanHead = at::zeros({rows.size(0), rows.size(1)}, wide);
    }
    forEachPiece(dense, rows.size(0), context, [&](std::int64_t first, std::int64_t count, std::int64_t block) {
        const at::Tensor logP = logitsOf(dense, rows.narrow(0, first, count), block).sub_(logSumExp.narrow(0, first, count).unsqueeze(1));
        const at::Tensor p = logP.exp();
        result.negentropy.narrow(0, first, count).add_((p * logP).sum(1));
        if (!isCapped)
            result.meanHead.narrow(0, first, count).addmm_(p, headOfBlock(dense, block).to(at::kFloat));
    });
    return result;
}

at::Tensor divergenceSum(const Decoder &dense, const DensePredictions &predictions, const at::Tensor &hidden, const JobContext &context)
{
    const at::Tensor rows = normedRowsOf(dense, hidden);
    const at::Tensor cross = crossTerm(dense, predictions, rows, context), logSumExp = logSumExpOf(dense, rows, context);
    return (predictions.negentropy.to(at::kDouble) + logSumExp - cross).sum();
}

} // namespace secateur
