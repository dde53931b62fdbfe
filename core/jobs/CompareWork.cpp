// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/CompareWork.h"

#include "checkpoint/ModelName.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "jobs/ComparisonOutline.h"
#include "jobs/JobWork.h"
#include "jobs/MeasuringWork.h"
#include "jobs/MethodWork.h"
#include "jobs/RestoreWork.h"
#include "session/PlanFolder.h"
#include "session/Shelf.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <utility>

namespace secateur {
namespace {

class Comparing {
public:
    Comparing(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context, const EventListener &tell,
              std::filesystem::path plans)
        : m_engine(engine),
          m_state(state),
          m_settings(settings),
          m_context(context),
          m_tell(tell),
          m_plans(std::move(plans)),
          m_outline(engine, state, settings, context)
    {
    }

    Comparison run(const ForecastListener &foretold)
    {
        const auto start = std::chrono::steady_clock::now();
        const std::vector<ExpectedPhase> phases = m_outline.expectedPhases();
        m_context.expect(phases);
        if (foretold)
            foretold(phases);
        measure(m_outline.entries().front());
        for (const PlanMethod method : m_settings.methods)
            if (method == PlanMethod::TwoSsp)
                compare2ssp();
            else
                compareBlocks(method);
        Comparison result{.settings = m_settings,
                          .modelHash = m_engine.modelHash(m_context),
                          .modelName = modelName(m_state.model->folder).brief,
                          .computed = m_outline.now(),
                          .rows = {},
                          .seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
        for (const ComparisonEntry &entry : m_outline.entries())
            result.rows.push_back(entry.row);
        return result;
    }

private:
    /// The only way in for what is found.
    void found(const JobEvent &event)
    {
        applyEvent(m_state, event);
        tell(event);
    }

    /// What goes wrong with keeping what is found is no row's problem: nothing behind it would be kept, either.
    void tell(const JobEvent &event)
    {
        m_isTelling = true;
        m_tell(event);
        m_isTelling = false;
    }

    /// Does a part of the work of rows. What goes wrong with it is their problem alone.
    template <class Part>
    void attempt(const std::vector<ComparisonEntry *> &entries, const Part &part)
    {
        try {
            part();
        } catch (const Error &problem) {
            const auto *failure = dynamic_cast<const MachineFailure *>(&problem);
            const bool isDeviceGone = failure && !failure->device().empty();
            if (m_isTelling || isDeviceGone) // nothing would work any more
                throw;
            for (ComparisonEntry *entry : entries)
                noteProblem(entry->row, problem);
        }
    }

    // ---- 2SSP ------------------------------------------------------------------------------------------------------------------

    void compare2ssp()
    {
        const std::vector<ComparisonEntry *> entries = m_outline.entriesOf2ssp();
        std::vector<ComparisonEntry *> missing, unrestored;
        for (ComparisonEntry *entry : entries)
            if (entry->isMissing())
                (entry->restoration ? unrestored : missing).push_back(entry);
        if (!missing.empty() && m_outline.knownCalibration() < 0)
            attempt(missing, [&] { calibrate(missing); });
        if (!unrestored.empty())
            attempt(unrestored, [&] { sumGrams(); });
        for (ComparisonEntry *entry : entries) {
            if (entry->isMissing())
                attempt({entry}, [&] { entry->restoration ? restore(*entry) : search(*entry); });
            measure(*entry);
            if (entry->restoration && entry->plan && m_plans.empty())
                entry->plan->edits.values.reset(); // its memory is for the next
        }
    }

    void calibrate(const std::vector<ComparisonEntry *> &missing)
    {
        const std::shared_ptr<const NeuronScores> scores = m_engine.score(m_outline.textOf(PlanMethod::TwoSsp), ScoreNorm::L2, m_context);
        const double seconds = m_calibrationSeconds = m_context.phaseSeconds();
        std::vector<JobEvent> events = {Scored{.scores = scores}};
        applyEvent(m_state, events.front());
        for (const ComparisonEntry *entry : missing) {
            const PlanDraft draft = m_outline.draftOf(entry->row.sparsity, m_outline.knownCalibration());
            events.emplace_back(MeasurementMade{pruningOf(beforeItsSearch(planOf(m_state, draft)), draft, seconds)});
            applyEvent(m_state, events.back());
        }
        for (const JobEvent &event : events) // scores are never kept without their time
            tell(event);
    }

    /// What it took to find a plan; the time of a search that is under way is noted for the plan before it.
    Measurement pruningOf(const PruningPlan &plan, const PlanDraft &draft, double seconds) const
    {
        Measurement took = pruningMeasurement(plan, draft, seconds);
        took.computed = m_outline.now();
        return took;
    }
    void notePruning(const PruningPlan &plan, const PlanDraft &draft, double seconds)
    {
        found(MeasurementMade{pruningOf(plan, draft, seconds)});
    }

    void search(ComparisonEntry &entry)
    {
        const PlanDraft draft = m_outline.draftOf(entry.row.sparsity, m_outline.knownCalibration());
        PruningPlan plan = planOf(m_state, draft);
        const PruningPlan before = beforeItsSearch(plan);
        if (plan.search.isBegun() && !m_outline.known().isAsNow(plan.search.provenance.computed)) // it cannot be gone on with
            plan = before;
        const Measurement *took = m_outline.known().pruning(before.hash());
        const std::optional<double> soFar = took ? std::optional(took->seconds) : std::nullopt; // none: scores of elsewhere
        secateur::search(m_engine, plan, searchKey(draft, plan.balance.neuronsKept), m_outline.textOf(PlanMethod::TwoSsp), draft.search,
                         m_context, [&](const JobEvent &event) {
                             found(event);
                             if (soFar && std::holds_alternative<AttentionRemoved>(event))
                                 notePruning(before, draft, *soFar + m_context.phaseSeconds());
                         });
        if (soFar)
            notePruning(plan, draft, *soFar + m_context.phaseSeconds());
        m_outline.take(entry, plan, draft);
    }

    // ---- restored ones -----------------------------------------------------------------------------------------------------------

    /// One more pass over the calibration, for all that is restored: that of the plain plans is not to be charged with it.
    void sumGrams()
    {
        std::error_code error;
        if (!m_plans.empty())
            std::filesystem::create_directories(m_plans, error); // what is wrong is told by the next line
        m_grams.reset(
            new AtomicPath(AtomicPath::forFolder((m_plans.empty() ? std::filesystem::temp_directory_path() : m_plans) / "grams")));
        m_engine.score(m_outline.textOf(PlanMethod::TwoSsp), ScoreNorm::L2, m_context, gramFile());
        m_gramSeconds = std::max(0.0, m_context.phaseSeconds() - m_calibrationSeconds);
    }
    std::filesystem::path gramFile() const { return m_grams->temporary() / "grams.safetensors"; }

    /// Does what has phases of its own, which come up under the names of others, as one phase.
    template <class Part>
    auto inOnePhase(const char *phase, const Part &part)
    {
        constexpr std::int64_t kUnits = 100;
        double done = 0;
        m_context.begin(phase, kUnits, "percent");
        const auto reach = [&](double share) {
            m_context.step(double(kUnits) * std::max(0.0, share - done));
            done = std::max(done, share);
        };
        JobContext inner(m_context.stopToken(), [&](const Progress &progress) { reach(progress.whole.value_or(0)); });
        auto result = part(inner);
        reach(1);
        return result;
    }

    void restore(ComparisonEntry &entry)
    {
        const ComparisonEntry &plain = m_outline.plainOf(entry);
        if (!plain.plan)
            throw Error("There is no plan of 2SSP of this size to restore.");
        const RestorationTask task{.text = m_outline.textOf(PlanMethod::TwoSsp),
                                   .settings = *entry.restoration,
                                   .grams = gramFile(),
                                   .before = begunRestoration(m_state, *plain.plan, *entry.restoration, m_outline.now())};
        PruningPlan plan = inOnePhase("restore", [&](JobContext &context) {
            return runRestoration(m_engine, m_outline.dense(), *plain.plan, task, context, keep());
        });
        std::optional<double> seconds = plain.row.pruningSeconds; // none: its scores are of elsewhere
        if (seconds)
            *seconds += m_gramSeconds + secondsOf(*plan.restoration);
        std::optional<PlanDraft> draft;
        if (!m_plans.empty()) {
            const ShelfPlan stored = keptPlan(std::move(plan), m_plans); // its weights need no memory any more
            plan = stored.plan;
            const ShelfEntry shelved = shelfEntry(plan, stored.file);
            found(PlanOpened{shelved});
            draft = shelved.draft;
            if (seconds && plan.hash() != plain.row.planHash) // the gate may have kept the plain one
                notePruning(plan, *draft, *seconds);
        }
        m_outline.takeRestored(entry, plan, draft);
        entry.row.pruningSeconds = seconds;
    }

    // ---- methods of blocks -----------------------------------------------------------------------------------------------------

    /// One pass or one search serves all sizes; of EvoPress each has an evolution of its own, which is kept before the next begins.
    void compareBlocks(PlanMethod method)
    {
        const std::vector<ComparisonEntry *> entries = m_outline.entriesOf(method);
        std::vector<std::vector<ComparisonEntry *>> together;
        for (ComparisonEntry *entry : entries)
            if (entry->isMissing() && (together.empty() || method == PlanMethod::EvoPress))
                together.push_back({entry});
            else if (entry->isMissing())
                together.back().push_back(entry);
        for (const std::vector<ComparisonEntry *> &missing : together)
            attempt(missing, [&] { findBlocks(method, missing); });
        for (ComparisonEntry *entry : entries)
            measure(*entry);
    }

    void findBlocks(PlanMethod method, const std::vector<ComparisonEntry *> &missing)
    {
        std::vector<double> sparsities;
        for (const ComparisonEntry *entry : missing)
            sparsities.push_back(entry->row.sparsity);
        const BlockSettings settings = m_outline.blockSettings(method, sparsities.front());
        const BlockRecord *known = m_outline.known().begun(settings, m_outline.contentOf(method), m_engine.modelHash(m_context));
        const std::optional<BlockRecord> before = known ? std::optional(*known) : std::nullopt; // the session's changes meanwhile
        const std::vector<PruningPlan> plans = m_engine.findBlocks(
            settings, sparsities, m_outline.textOf(method), m_context, [&](const BlockRecord &record) { found(BlocksKnown{record}); },
            before ? &*before : nullptr);
        for (std::size_t i = 0; i < missing.size(); ++i) {
            const ShelfEntry entry = shelfEntry(plans.at(i), {});
            found(PlanOpened{entry});
            m_outline.take(*missing[i], plans[i], entry.draft);
        }
    }

    // ---- measuring -------------------------------------------------------------------------------------------------------------

    void measure(ComparisonEntry &entry)
    {
        tell(RowCompared{entry.row});
        if (entry.row.method && !entry.plan)
            return;
        entry.row.evaluations.resize(m_settings.evaluations.size());
        const auto add = [&](const auto &part) {
            attempt({&entry}, part);
            tell(RowCompared{entry.row});
        };
        for (std::size_t i = 0; i < m_settings.evaluations.size(); ++i)
            add([&] {
                const TextSettings &text = m_settings.evaluations[i];
                const Measurement *known = m_outline.knownPerplexity(entry, text);
                entry.row.evaluations[i] = known ? known->result : perplexity(entry, text);
            });
        if (!m_outline.tasks().empty())
            add([&] {
                const Measurement *known = m_outline.knownTasks(entry);
                entry.row.tasks = known ? known->tasks : accuracies(entry);
            });
        if (m_settings.throughput)
            add([&] {
                const Measurement *known = m_outline.knownThroughput(entry);
                entry.row.throughput = known ? known->throughput : throughput(entry);
            });
    }

    static Evaluated modelOf(const ComparisonEntry &entry) { return {.plan = entry.plan ? &*entry.plan : nullptr, .draft = entry.draft}; }
    EventListener keep()
    {
        return [this](const JobEvent &event) { found(event); };
    }

    Evaluation perplexity(const ComparisonEntry &entry, const TextSettings &text)
    {
        return evaluate(m_engine, m_outline.dense(), modelOf(entry), text, m_context, keep()).result;
    }
    std::optional<TaskResults> accuracies(const ComparisonEntry &entry)
    {
        return measureTasks(m_engine, m_outline.dense(), modelOf(entry), m_outline.tasks(), m_settings.tasks, m_context, keep(),
                            m_outline.knownScores(entry))
            .tasks;
    }
    std::vector<Throughput> throughput(const ComparisonEntry &entry)
    {
        return measureThroughput(m_engine, m_outline.dense(), modelOf(entry), *m_settings.throughput, m_context, keep()).throughput;
    }

    Engine &m_engine;
    Session &m_state;
    const ComparisonSettings &m_settings;
    JobContext &m_context;
    const EventListener &m_tell;
    const std::filesystem::path m_plans;
    std::unique_ptr<AtomicPath> m_grams; ///< a folder that goes away
    double m_calibrationSeconds = 0;     ///< of this run; 0: the scores were there
    double m_gramSeconds = 0;            ///< that Gram matrices took beside the scores
    bool m_isTelling = false;            ///< still so where telling failed
    ComparisonOutline m_outline;
};

} // namespace

Comparison compare(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context, const EventListener &tell,
                   const ForecastListener &foretold, const std::filesystem::path &plans)
{
    return Comparing(engine, state, settings, context, tell, plans).run(foretold);
}

} // namespace secateur
