// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"

#include <QString>

namespace secateur::ui {

/// "90 evaluations, ~1 min 20 s, ~1.70 GB of memory"; what is not known is left out, of a search it is said. Where the job does not fit into
/// memory, why. How the numbers are estimated follows on a line of its own.
QString jobCostText(const JobCost &cost);
/// "Evaluates the original, once for this text, and the plan: ~3.4 s": all that evaluating the current plan does.
QString evaluationCostText(const SessionJobs &jobs);

} // namespace secateur::ui
