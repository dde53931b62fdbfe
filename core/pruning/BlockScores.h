// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/BlockRecord.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// What ShortGPT and the window choose by, whatever the number of blocks (BlockRecord has the shapes).
struct BlockScores {
    std::vector<double> influence;
    std::vector<std::vector<double>> similarities;
};

/// One pass of the dense model over the windows, without a head. Cosines are taken in fp32, of norms that are 1e-8 or more, and their means in fp64.
///
/// `tokens`: [windows, T], int64, on the decoder's device. `together`: windows that go through a layer before the next one is asked for, whose states
/// are kept meanwhile: 1 where layers are resident, more where they are streamed. Throws Error that names the layer whose output is not finite. One unit
/// of progress is one layer of one window.
///
/// Several ranks share the windows; sums are taken in the order of the windows, so the numbers are those of one rank, bit for bit.
BlockScores scoreBlocks(const Decoder &dense, const at::Tensor &tokens, std::int64_t together, BlockVariant variant, JobContext &context,
                        Ranks &ranks);

} // namespace secateur
