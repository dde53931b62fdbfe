// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "engine/Engine.h"
#include "foundation/JobContext.h"
#include "session/JobEvent.h"
#include "session/Session.h"

#include <filesystem>
#include <functional>
#include <vector>

namespace secateur {

/// Hears which phases a job still has, with the seconds that each may take, before the first of them begins; 0 = not known.
using ForecastListener = std::function<void(const std::vector<ExpectedPhase> &)>;

/// The table of methods and sizes: the dense model, then a plan of each method at each sparsity, and what is to be measured of them.
///
/// `state` is a session of the engine's model. Plans and measurements that it has, of the same content and computed in the same way, are taken from there;
/// whatever is found comes into it before it is told. So a comparison that was stopped goes on, called again with the same. Told are Scored, SearchKnown,
/// LossKnown, AttentionRemoved, BlocksKnown, PlanOpened, MeasurementMade, and a RowCompared for a row whenever there is more of it.
///
/// A plan that cannot be made, or a number that cannot be had, is a problem of its row. Throws Cancelled, MachineFailure where a GPU gives out, and Error for
/// settings that nothing can be made of, and for texts and tasks that cannot be read, before anything is computed.
///
/// `plans`: a folder, made where it is not there, for the restored plans, whose weights no session holds (keptPlan()). Empty: they are measured and not kept, so that they
/// are made again where a number of theirs is missing.
Comparison compare(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context, const EventListener &tell,
                   const ForecastListener &foretold = {}, const std::filesystem::path &plans = {});

} // namespace secateur
