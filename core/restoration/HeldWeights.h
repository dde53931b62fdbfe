// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/TensorRole.h"
#include "model/WeightEdits.h"

#include <ATen/core/Tensor.h>
#include <vector>

namespace secateur {

/// New values of a weight of a pruned model.
struct NewWeight {
    TensorRole role;   ///< its layer counted as in the dense model
    at::Tensor values; ///< on the CPU, in the type in which they will be used
};

/// New values as edits of a surgery, which hold them in memory until they are saved with a plan. The values are shared: nobody may write them afterwards.
/// Throws Error for values that are not finite or of a type that no checkpoint stores, and std::invalid_argument for two of one weight.
WeightEdits editsOf(std::vector<NewWeight> weights);

} // namespace secateur
