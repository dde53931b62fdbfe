// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/JobContext.h"
#include "model/Decoder.h"

#include <ATen/core/Tensor.h>

namespace secateur {

/// In which type the loss of a search is taken.
enum class LossType {
    Float32,  ///< log-sum-exp in fp32 of the logits, mean in fp64
    Reference ///< as the authors' code does: logits and mean stay in the model's type (16 bits: steps of about 1.6 % and many ties)
};

/// Sum over the predicted tokens of the cross entropy of final hidden states, a scalar tensor in fp64 on the device.
///
/// `hidden`: [windows, T, d] as it leaves the last layer; `tokens`: [windows, T]. Position t predicts token t+1, so there are T-1 losses
/// a window. The logits are never held: rows and vocabulary are walked in blocks, and only each block's log-sum-exp is kept. Checks
/// `context` for a stop between the blocks.
at::Tensor lossSum(const Decoder &decoder, const at::Tensor &hidden, const at::Tensor &tokens, LossType type, const JobContext &context);

} // namespace secateur
