// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "model/Surgery.h"
#include "restoration/HeldWeights.h"
#include "restoration/SequentialRidge.h"

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// How R4 is done, beside its ridge.
struct SequentialOptions {
    /// In which the new weights are given and, brought to the decoder's type, gone on with: what an export will hold. None: the decoder's type.
    std::optional<c10::ScalarType> stored{};
    /// Memory beside what is needed, in bytes: what enters a product is computed once instead of twice for as much of it as fits. It changes no bit.
    std::int64_t spareBytes = 0;
    /// Hears what had to be done otherwise than asked, as sentences.
    std::function<void(const std::string &sentence)> told{};
};

/// Why a model's family cannot be fitted layer by layer, a sentence; empty where it can. (Norms behind the products, as Gemma has, are not linear.)
std::string sequentialProblem(const ModelSpec &spec);

/// R4: goes through the layers with the dense stream and the pruned one side by side, and fits what each layer adds to the pruned stream so that it comes
/// back to the dense one: first the attention's output product where the attention is left, then the down product. Either way
///
///     (X^T X + r 1) W'^T = X^T (h - g - b) + r W^T,  r = ridge * mean(diag X^T X)
///
/// with the product's inputs X on the pruned stream, the dense stream h behind the part, the pruned one g before it, the product's bias b, which stays,
/// and the weights W that `start` has (R1's). The ridge is raised tenfold while max|W'| exceeds 10 max|W|. The pruned stream goes on with W' as it will be
/// stored. A removed part needs nothing: what it gave is in the targets of those behind it.
///
/// `dense`: the dense decoder; streamed layers are made once. `start`: what is left of it, with the edits of R1, none outside of layers. `tokens`: [windows,
/// T], on the device. Returns all refitted weights, ascending by role. One unit of progress is one layer of one window
/// ("restore"). Throws Error where a sum is not finite, where a new weight does not fit into the type, and for a family with a sequentialProblem(); and
/// Cancelled.
///
/// Products of a window are fp32 (fp64 of a decoder in fp64); windows are added, and systems solved, in fp64, on the device. Holds two streams, one layer
/// with its cut form, and of one product at a time with n inputs 3 n^2 + 4 n d numbers in fp64.
std::vector<NewWeight> refitInSequence(const Decoder &dense, const Surgery &start, const at::Tensor &tokens, double ridge,
                                       JobContext &context, const SequentialOptions &options = {});

} // namespace secateur
