// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

namespace secateur {

/// Throws Error when a plan cannot be restored in that way: it is not finished, changes weights already, was found by another method, or is by hand and the
/// steps choose what goes; and when the settings are out of their ranges.
void checkRestorable(const PruningPlan &plain, const RestorationSettings &settings);

/// How R2 searches: what is protected and forced in the plan stays so.
SearchSettings searchSettingsOf(const PruningPlan &plain, const RestorationSettings &settings);

} // namespace secateur
