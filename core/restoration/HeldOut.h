// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/RestorationRecord.h"

#include <ATen/core/Tensor.h>

namespace secateur {

/// A text on which losses are held out.
struct HeldOutText {
    GateText told;
    at::Tensor tokens; ///< [windows, T], on the device of the model
};

/// The mean cross entropy of a model on it, nats a token. One unit of progress is one window ("evaluate"). Several ranks compute it alike, and take that
/// of the first, so that all decide alike. Throws Error as totalLoss().
double heldOutLoss(const Decoder &decoder, const HeldOutText &text, JobContext &context, Ranks &ranks);

} // namespace secateur
