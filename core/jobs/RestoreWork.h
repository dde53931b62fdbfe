// SPDX-License-Identifier: GPL-3.0-or-later
// Restoring a plan, as a function of the engine that tells what it finds, as in JobWork.h.
#pragma once

#include "engine/Engine.h"
#include "jobs/JobRequest.h"
#include "session/JobEvent.h"
#include "session/Session.h"
#include "session/Shelf.h"

#include <filesystem>
#include <optional>

namespace secateur {

/// How a plan is restored, and where that goes.
struct RestorationTask {
    TextSettings text; ///< that its neurons were scored on; held-out windows follow those that it names
    RestorationSettings settings;
    std::filesystem::path grams{};               ///< Gram matrices of the pass that scored its neurons; empty: they are summed first
    std::optional<RestorationProgress> before{}; ///< of the same plan, settings and text, to go on from
    std::filesystem::path file{};                ///< that gets the plan with its weights; empty: these stay in memory
};

/// The text that a plan was calibrated on, as settings with its windows.
TextSettings restorationTextOf(const PruningPlan &plain);

/// The same of a draft; of a plan by hand, which names none, the text that is chosen.
TextSettings restorationTextOf(const request::Restore &asked, const Session &session);

/// What a session knows of that restoration of a plan, computed as it would be now: of itself where it was begun, else of one with the first of its steps and
/// all else alike, begun or done; none: nothing.
std::optional<RestorationProgress> begunRestoration(const Session &session, const PruningPlan &plain, const RestorationSettings &settings,
                                                    const ComputeConditions &now);

/// The restored plan of a plan that is complete: tells the restoration as it goes (RestorationKnown). Throws Error too where the plan cannot be restored so
/// (restorationProblem).
PruningPlan runRestoration(Engine &engine, const ModelSpec &dense, const PruningPlan &plain, const RestorationTask &task,
                           JobContext &context, const EventListener &tell);

/// The same, saved where the task says, and told at the end (PlanOpened): the plan of the entry has its weights, from the file where there is one.
ShelfEntry restorePlan(Engine &engine, const ModelSpec &dense, const PruningPlan &plain, const RestorationTask &task, JobContext &context,
                       const EventListener &tell);

/// What a restoration took, measuring included, without the plan before it.
double secondsOf(const RestorationRecord &record);

} // namespace secateur
