// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/TensorRole.h"
#include "decoder/Tensors.h"
#include "model/ModelSpec.h"
#include "model/Surgery.h"

#include <ATen/core/Tensor.h>

namespace secateur {

/// One tensor of what a surgery leaves of a model. The one place where weights are cut and changed: decoders in memory, streamed layers and exports are
/// made of what it gives.
///
/// `source` gives the tensors of the whole model (`dense`), fused where its specification says so; it is asked at most once. The role may be of a piece
/// of what the source has fused, or of the fused product itself; its layer is counted as in the dense model. Where nothing is cut or changed, the result
/// is the source's tensor or a part of it, not a copy. Values that the surgery brings come on the CPU, in their own type. Throws Error when those are not
/// at hand.
at::Tensor prunedTensor(const TensorRole &role, const ModelSpec &dense, const Surgery &surgery, const TensorSource &source);

} // namespace secateur
