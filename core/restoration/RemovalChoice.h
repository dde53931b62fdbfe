// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <vector>

namespace secateur {

/// R2: the numbers of attentions that a restoration of a plan of 2SSP may remove: that of the plan, a half, a quarter and none of it, each once, falling. None
/// is smaller than the number of forced layers or than what can reach the size of the plan.
std::vector<std::int64_t> removalCandidates(const ModelSpec &dense, const PruningPlan &plain);

/// The balance of the plan with another number of removals, at its size: K follows, and is lowered by the width multiple where rounding would leave more
/// parameters than the plan has. With the plan's own number its own balance.
SparsityBalance balanceAtSize(const ModelSpec &dense, const PruningPlan &plain, std::int64_t attentionsToRemove);

} // namespace secateur
