// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/MethodWork.h"

#include "session/Shelf.h"

namespace secateur {

PruningPlan findPlan(Engine &engine, const request::FindBlocks &asked, JobContext &context, const EventListener &tell,
                     const BlockRecord *before)
{
    const std::vector<PruningPlan> plans = engine.findBlocks(
        asked.settings, {asked.settings.sparsity}, asked.text, context, [&](const BlockRecord &record) { tell(BlocksKnown{record}); },
        before);
    tell(PlanOpened{shelfEntry(plans.front(), {})});
    return plans.front();
}

Measurement pruningMeasurement(const PruningPlan &plan, const std::optional<PlanDraft> &draft, double seconds)
{
    const bool isSearched = plan.search.isBegun();
    Measurement took;
    took.what = Measured::Pruning;
    took.planHash = plan.hash();
    took.windowsForwarded = plan.calibration.windows;
    if (isSearched) // the model before any removal is evaluated, too
        *took.windowsForwarded += (plan.search.evaluations() + 1) * plan.search.settings.windows;
    took.computed = isSearched ? plan.search.provenance.computed : plan.calibration.computed;
    took.seconds = seconds;
    took.calibration = draft ? draft->calibration : -1;
    took.neuronsKept = plan.balance.neuronsKept;
    took.removed = plan.removedAttentions;
    took.draft = draft;
    return took;
}

} // namespace secateur
