// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <cstdint>

namespace secateur {

/// Parts of checkPlan: what a plan of 2SSP says of how it was found.

/// Throws Error when a setting is outside of its range, or is another than what the balance has.
void checkSettings(const PruningPlan &plan);

/// Throws Error when the record of the search contradicts itself, its settings, or the plan's removals. `layers`: of the model.
void checkRecord(const PruningPlan &plan, std::int64_t layers);

} // namespace secateur
