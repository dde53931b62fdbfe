// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/RestoreWork.h"

#include "jobs/RestorationChoice.h"
#include "pruning/PlanFile.h"
#include "restoration/Restorable.h"

#include <algorithm>

namespace secateur {
namespace {

/// How many steps a restoration takes like another: all of its own, where the other begins with them and all else is alike; else 0.
std::size_t sharedSteps(const RestorationSettings &one, const RestorationSettings &other)
{
    RestorationSettings shorter = other;
    shorter.steps.resize(std::min(one.steps.size(), other.steps.size()));
    return shorter == one ? shorter.steps.size() : 0;
}

/// How far the restoration was that led to a plan.
RestorationProgress progressOf(const PruningPlan &restored)
{
    RestorationProgress progress{.record = *restored.restoration};
    const std::vector<RestorationStep> kept = progress.record.kept();
    if (std::ranges::find(kept, RestorationStep::Order) != kept.end())
        progress.search = restored.search;
    else
        progress.search.provenance.computed = restored.calibration.computed;
    return progress;
}

} // namespace

TextSettings restorationTextOf(const PruningPlan &plain)
{
    return textSettingsOf(plain.calibration);
}

TextSettings restorationTextOf(const request::Restore &asked, const Session &session)
{
    if (const ShelfPlan *shelf = shelfPlanOf(session, asked.draft); shelf && shelf->plan.calibration.windows > 0)
        return restorationTextOf(shelf->plan);
    if (asked.draft.plan.empty() && asked.draft.calibration >= 0)
        return textSettingsOf(session.calibrations[std::size_t(asked.draft.calibration)]->provenance);
    return asked.searchText.value_or(session.calibrationText);
}

std::optional<RestorationProgress> begunRestoration(const Session &session, const PruningPlan &plain, const RestorationSettings &settings,
                                                    const ComputeConditions &now)
{
    const std::string hash = plain.hash();
    const SearchSettings search = searchSettingsOf(plain, settings);
    std::optional<RestorationProgress> found;
    std::size_t shared = 0; // steps of it
    const auto consider = [&](const RestorationProgress &progress) {
        const std::size_t steps = sharedSteps(progress.record.settings, settings);
        if (steps <= shared || progress.record.plainHash != hash || !differenceOf(progress.search.provenance.computed, now).isNone())
            return;
        if (progress.search.isBegun() && !(progress.search.settings == search)) // other layers are protected
            return;
        shared = steps;
        found = progress;
    };
    for (const RestorationProgress &progress : session.restorations)
        consider(progress);
    for (const auto &[key, shelf] : session.plans)
        if (shelf->plan.restoration)
            consider(progressOf(shelf->plan));
    if (found)
        found->record.settings = settings;
    return found;
}

PruningPlan runRestoration(Engine &engine, const ModelSpec &dense, const PruningPlan &plain, const RestorationTask &task,
                           JobContext &context, const EventListener &tell)
{
    if (const std::optional<Error> problem = restorationProblem(plain, task.settings, dense))
        throw *problem;
    return engine.restore(
        plain, task.text, task.settings, task.grams, context,
        [&](const RestorationProgress &progress) { tell(RestorationKnown{progress}); }, task.before ? &*task.before : nullptr);
}

ShelfEntry restorePlan(Engine &engine, const ModelSpec &dense, const PruningPlan &plain, const RestorationTask &task, JobContext &context,
                       const EventListener &tell)
{
    PruningPlan plan = runRestoration(engine, dense, plain, task, context, tell);
    if (!task.file.empty()) {
        savePlan(plan, task.file);
        plan = loadPlan(task.file, dense, plan.calibration.modelHash); // its weights need no memory any more
    }
    ShelfEntry entry = shelfEntry(std::move(plan), task.file);
    tell(PlanOpened{entry});
    return entry;
}

double secondsOf(const RestorationRecord &record)
{
    double seconds = 0;
    for (const RestorationVariant &variant : record.variants)
        seconds += variant.seconds;
    return seconds;
}

} // namespace secateur
