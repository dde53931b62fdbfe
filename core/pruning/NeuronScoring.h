// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/ActivationWatcher.h"
#include "pruning/NeuronScores.h"

#include <ATen/core/Tensor.h>
#include <vector>

namespace secateur {

/// Stage 1: one pass of the dense model over the windows, layer outside, window inside, so that each layer's weights are read once.
///
/// `tokens`: [windows, T], int64, on the decoder's device. Returns [L][I]; none of a layer without an FFN. Neither the head nor, unless somebody watches, the
/// last layer's down product is computed.
/// Throws Error that names the layer whose activations are not finite. One unit of progress is one layer of one window.
///
/// Several ranks share the windows; the norms are added in the order of the windows, so the scores are those of one rank, bit for bit. `watcher` sees the
/// windows of this rank; the scores are the same with it.
std::vector<std::vector<float>> scoreNeurons(const Decoder &decoder, const at::Tensor &tokens, ScoreNorm norm, JobContext &context,
                                             Ranks &ranks, ActivationWatcher *watcher = nullptr);
/// One layer of it, on the device of the decoder, where nothing is read: takes the windows' states, [1, T, d] each, through the layer, and returns
/// the norms of its neurons for each window, [I] in fp32; nothing of a layer without an FFN. `watcher` sees the layer begin, and its windows; it is for the
/// caller to end the layer.
std::vector<at::Tensor> normsOfLayer(const Decoder &decoder, std::int64_t layer, std::vector<at::Tensor> &states, ScoreNorm norm,
                                     JobContext &context, ActivationWatcher *watcher = nullptr);
std::vector<std::vector<float>> scoreNeurons(const Decoder &decoder, const at::Tensor &tokens, ScoreNorm norm, JobContext &context);

} // namespace secateur
