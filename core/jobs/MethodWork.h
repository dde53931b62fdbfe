// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs of methods as functions of the engine that tell what they find, as in JobWork.h.
#pragma once

#include "engine/Engine.h"
#include "jobs/JobRequest.h"
#include "session/JobEvent.h"
#include "session/Shelf.h"

#include <optional>

namespace secateur {

/// A plan by a method of blocks: tells the choice as it goes (BlocksKnown), and at the end the plan, without a file (PlanOpened). A choice that `session`
/// knows, begun or at another size, is gone on with where it can be.
ShelfEntry findPlan(Engine &engine, const request::FindBlocks &asked, const Session &session, JobContext &context,
                    const EventListener &tell);

/// What finding a plan of 2SSP took (Measured::Pruning), as far as its search is. `seconds`: of stage 1 and of the search.
Measurement pruningMeasurement(const PruningPlan &plan, const std::optional<PlanDraft> &draft, double seconds);

} // namespace secateur
