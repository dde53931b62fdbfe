// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobWork.h"

#include <chrono>
#include <limits>
#include <utility>

namespace secateur {

void search(Engine &engine, PruningPlan &plan, const std::string &key, const TextSettings &text, const SearchSettings &settings,
            JobContext &context, const EventListener &tell, const std::function<void(const PruningPlan &)> &finished)
{
    bool isBegun = false;
    const auto begin = [&] { // by then the plan's record says where its numbers come from
        if (!std::exchange(isBegun, true))
            tell(SearchKnown{.key = key, .record = plan.search});
    };
    engine.search(
        plan, text, settings, context,
        [&](const CandidateLoss &heard) {
            begin();
            tell(LossKnown{.key = key, .candidate = heard});
        },
        [&](const PruningPlan &current) {
            begin();
            if (finished)
                finished(current);
            const auto step = std::int64_t(current.removedAttentions.size()) - 1;
            tell(AttentionRemoved{.key = key,
                                  .step = step,
                                  .layer = current.removedAttentions.back(),
                                  .isForced = current.search.steps[std::size_t(step)].isForced});
        });
    tell(SearchKnown{.key = key, .record = plan.search});
}

SearchRecord measureImpact(Engine &engine, const TextSettings &text, SearchSettings settings, JobContext &context,
                           const EventListener &tell)
{
    settings.forcedLayers.clear();
    settings.protectedLayers.clear();
    SearchRecord record;
    record.settings = settings;
    record.initialLoss = std::numeric_limits<double>::quiet_NaN();
    tell(SearchKnown{.key = {}, .record = record}); // what was known before does not count
    record = engine.impact(text, settings, context, [&](const CandidateLoss &heard) { tell(LossKnown{.key = {}, .candidate = heard}); });
    tell(SearchKnown{.key = {}, .record = record});
    return record;
}

Measurement evaluate(Engine &engine, const ModelSpec &dense, const Evaluated &what, const TextSettings &text, JobContext &context,
                     const EventListener &tell)
{
    const auto start = std::chrono::steady_clock::now();
    const Evaluation result = engine.evaluate(what.plan, text, context);
    Measurement record = measurementOf(engine, dense, what, std::chrono::steady_clock::now() - start);
    record.text = text;
    record.result = result;
    tell(MeasurementMade{record});
    return record;
}

Measurement measurementOf(const Engine &engine, const ModelSpec &dense, const Evaluated &what, std::chrono::duration<double> taken)
{
    Measurement record;
    record.seconds = taken.count();
    record.computed = engine.report().computed;
    record.neuronsKept = dense.mostNeurons();
    if (what.plan) {
        record.calibration = what.draft ? what.draft->calibration : -1;
        record.neuronsKept = what.plan->balance.neuronsKept;
        record.removed = what.plan->removedAttentions;
        record.isOrderBorrowed = what.isOrderBorrowed;
        record.planHash = what.plan->hash();
        record.draft = what.draft;
    }
    return record;
}

std::vector<Generation> generateBeside(Engine &engine, const std::vector<const PruningPlan *> &plans, const GenerationSettings &settings,
                                       JobContext &context, const EventListener &tell)
{
    std::vector<Generation> texts =
        engine.generateBeside(plans, settings, context, [&](const WrittenToken &token) { tell(TokenWritten{token}); });
    tell(TextsGenerated{texts});
    return texts;
}

ScoredText scoreText(Engine &engine, const std::vector<const PruningPlan *> &plans, const std::string &text, JobContext &context,
                     const EventListener &tell)
{
    ScoredText scored = engine.scoreText(plans, text, context);
    tell(TextScored{scored});
    return scored;
}

ExportRecord exportPlan(Engine &engine, const PruningPlan &plan, const ExportSettings &settings, const nlohmann::json &evaluations,
                        JobContext &context, const EventListener &tell)
{
    const ExportResult result = engine.exportPlan(plan, settings, evaluations, context);
    const ExportRecord record{.planHash = plan.hash(),
                              .format = settings.format,
                              .folder = result.folder,
                              .parameters = result.parameters,
                              .bytes = result.bytes,
                              .verification = result.verification,
                              .notes = result.notes};
    tell(Exported{record});
    return record;
}

} // namespace secateur
