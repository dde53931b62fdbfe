// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/TensorRole.h"
#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "model/Surgery.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// New values of a weight of a pruned model.
struct NewWeight {
    TensorRole role;   ///< its layer counted as in the dense model
    at::Tensor values; ///< on the CPU, in the type in which they will be used
};

/// New values as edits of a surgery, which hold them in memory (and hash them).
WeightEdits editsOf(std::vector<NewWeight> weights);

/// Why a model's family cannot be fitted layer by layer, a sentence; empty where it can. (Norms behind the products, as Gemma has, are not linear.)
std::string sequentialProblem(const ModelSpec &spec);

/// R4: goes through the layers with the dense stream and the pruned one side by side, and fits what each layer adds to the pruned stream so that it comes
/// back to the dense one: first the attention's output product where the attention is left, then the down product. The ridge is centred on the weights that
/// `start` has (R1's). A removed part needs nothing: what it gave is in the targets of those behind it.
///
/// `dense`: the dense decoder. `start`: what is left of it, with the edits of R1. `tokens`: [windows, T]. Returns all refitted weights, in the type of the
/// decoder. One unit of progress is one layer of one window ("restore"). Throws Error where a sum is not finite, and Cancelled.
std::vector<NewWeight> refitInSequence(const Decoder &dense, const Surgery &start, const at::Tensor &tokens, double ridge, JobContext &context);

} // namespace secateur
