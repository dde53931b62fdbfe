// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"

#include <QString>

namespace secateur::ui {

/// "90 evaluations, about 1 min 20 s"; without a rate "90 evaluations, time not known before the first search".
QString jobCostText(const JobCost &cost);

} // namespace secateur::ui
