// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <cstdint>
#include <string>

namespace secateur {

/// Throws Error when a plan cannot be restored in that way: it is not finished, changes weights already, was found by another method, or is by hand and the
/// steps choose what goes; and when the settings are out of their ranges.
void checkRestorable(const PruningPlan &plain, const RestorationSettings &settings);

/// What the windows of the calibration's text are for, one after another: fits, search, held-out losses.
struct RestorationWindows {
    std::int64_t calibration = 0;         ///< of the Gram matrices
    std::int64_t fitted = 0;              ///< of all fits: those, and what R4 has beyond them
    std::int64_t search = 0, heldOut = 0; ///< of R2, and of the gate
    std::int64_t total() const { return fitted + search + heldOut; }
};
/// The same windows are held out whatever the steps are, so that losses can be compared. `calibration`: windows of the plan's calibration.
RestorationWindows restorationWindows(PlanMethod method, const RestorationSettings &settings, std::int64_t calibration);
/// "32 of the calibration, 2 for the search, and 4 for held-out losses".
std::string inWords(const RestorationWindows &windows);

/// How R2 searches: what is protected and forced in the plan stays so.
SearchSettings searchSettingsOf(const PruningPlan &plain, const RestorationSettings &settings);

} // namespace secateur
