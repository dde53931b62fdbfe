// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

namespace secateur {

/// Gives the results of a session of format 1 the hashes that their plans have now: those of before told the order of the removals. What belongs to a
/// plan that the session does not hold keeps its hash.
void renewPlanHashes(Session &session);

} // namespace secateur
