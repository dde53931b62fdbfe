// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/RestoreWork.h"

#include "jobs/RestorationChoice.h"
#include "pruning/PlanFile.h"

#include <algorithm>

namespace secateur {

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

std::optional<RestorationProgress> begunRestoration(const Session &session, const PruningPlan &plain, const RestorationSettings &settings)
{
    const std::string hash = plain.hash();
    const auto found = std::find_if(session.restorations.rbegin(), session.restorations.rend(), [&](const RestorationProgress &begun) {
        return begun.record.plainHash == hash && begun.record.settings == settings;
    });
    return found != session.restorations.rend() ? std::optional(*found) : std::nullopt;
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
