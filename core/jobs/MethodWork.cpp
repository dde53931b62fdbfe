// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/MethodWork.h"

#include "jobs/KnownResults.h"

namespace secateur {

ShelfEntry findPlan(Engine &engine, const request::FindBlocks &asked, const Session &session, JobContext &context,
                    const EventListener &tell)
{
    const BlockSettings &settings = asked.settings;
    const TextReport report = engine.readBlocksText(settings.method, asked.text, context);
    const KnownResults known(session, engine.report().computed);
    const std::vector<PruningPlan> plans = engine.findBlocks(
        settings, {settings.sparsity}, asked.text, context, [&](const BlockRecord &record) { tell(BlocksKnown{record}); },
        known.begun(settings, report.tokenHash, engine.modelHash(context)));
    const ShelfEntry entry = shelfEntry(plans.front(), {});
    tell(PlanOpened{entry});
    return entry;
}

Measurement pruningMeasurement(const PruningPlan &plan, const std::optional<PlanDraft> &draft, double seconds)
{
    const bool isSearched = plan.search.isBegun();
    Measurement took;
    took.what = Measured::Pruning;
    took.planHash = plan.hash();
    if (!plan.restoration) // of which steps also compute without the model
        took.windowsForwarded = plan.calibration.windows;
    if (isSearched && took.windowsForwarded) // the model before any removal is evaluated, too
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
