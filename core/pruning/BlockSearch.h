// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/BlockRecord.h"
#include "pruning/PruningPlan.h"
#include "pruning/StateMemory.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <memory>

namespace secateur {

/// BlockPruner (arXiv 2406.10594): a greedy removal of attentions and FFNs, each step by one sweep (BlockSweep). Goes on from `record.steps` until
/// `blocks` attentions and as many FFNs are gone: an attention, an FFN, an attention, ... (BlockVariant::Authors), or that many in all, each
/// time the best of both (BlockVariant::Original, where an attention wins a tie). Otherwise the lowest layer wins. A shorter search is a prefix of a
/// longer one.
///
/// `tokens`: [windows, T], on the decoder's device. `budget`: of the states that both kinds of candidates keep. `ranks`: none = this process alone;
/// several share a step's candidates. `losses`: Deciding = candidates that lose by a bound (LossBounds) get no loss; the removals are the same. The
/// steps of `record` grow, and `windowsForwarded` follows them; `seconds` and all else is the caller's. `listener` hears of the record after each
/// removal.
///
/// Throws Cancelled, after which what the unfinished step has evaluated stays in it; Error when a loss is not finite, when too few blocks are there,
/// when the record is of another model.
void searchBlocks(const Decoder &dense, const at::Tensor &tokens, StateBudget budget, std::shared_ptr<Ranks> ranks, std::int64_t blocks,
                  BlockRecord &record, JobContext &context, const std::function<void(const BlockRecord &)> &listener = {},
                  LossesKnown losses = LossesKnown::All);

} // namespace secateur
