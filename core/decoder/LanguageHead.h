// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>

namespace secateur {

/// In which type the loss of a search is taken.
enum class LossType {
    Float32,  ///< log-sum-exp in fp32 of the logits, mean in fp64
    Reference ///< as the authors' code does: logits and mean stay in the model's type (16 bits: steps of about 1.6 % and many ties)
};

/// The positions of windows that predict a token, as rows.
struct PredictingRows {
    at::Tensor states;  ///< [R, d], normed
    at::Tensor targets; ///< [R], the tokens that come next
};

/// `hidden`: [windows, T, d] as it leaves the last layer; `tokens`: [windows, T]. Position t predicts token t+1: R = windows * (T-1).
PredictingRows predictingRows(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens);

/// The vocabulary is walked in blocks of so many tokens, the last one shorter.
std::int64_t vocabularyBlock(const Decoder &decoder);
std::int64_t vocabularyBlocks(const Decoder &decoder);
/// The head's rows of one block.
at::Tensor headOfBlock(const Decoder &decoder, std::int64_t block);

/// Computes the log-sum-exp of the rows' logits over each of the blocks named, into that block's column of `partial`, [R, blocks] in fp32.
/// The logits are never held: rows are walked in pieces, and each piece's logits of one block are all that there is. The bits of a column do
/// not depend on which others are computed. Checks `context` for a stop between the products.
void addLogSumExp(const Decoder &decoder, const at::Tensor &states, std::span<const std::int64_t> blocks, at::Tensor &partial,
                  const JobContext &context);
/// The log-sum-exp of the rows' logits over the whole vocabulary, [R] in fp32.
at::Tensor logSumExp(const Decoder &decoder, const at::Tensor &states, const JobContext &context);
/// The rows' logits of their targets, [R] in fp32.
at::Tensor targetLogits(const Decoder &decoder, const PredictingRows &rows);
/// Sum of the rows' cross entropies, a scalar in fp64, when all blocks are computed.
at::Tensor crossEntropySum(const at::Tensor &partial, const at::Tensor &targetLogits);

/// Sum over the predicted tokens of the cross entropy of final hidden states, a scalar tensor in fp64 on the device. Shapes as in
/// predictingRows. Checks `context` for a stop between the products.
at::Tensor lossSum(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, LossType type, const JobContext &context);

} // namespace secateur
