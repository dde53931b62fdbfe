// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"

#include <ATen/core/Tensor.h>
#include <cstdint>

namespace secateur {

/// Sum of the cross entropy over all predicted tokens of the windows, in fp64 (T-1 a window), one window after another.
///
/// `tokens`: [windows, T], int64, on the decoder's device. One unit of progress is one window. Throws Error that names the layer where the
/// activations are not finite.
double totalLoss(const Decoder &decoder, const at::Tensor &tokens, JobContext &context);

} // namespace secateur
