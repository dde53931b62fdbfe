// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/CompareWork.h"

#include "checkpoint/ModelName.h"
#include "comparison/ComparisonRows.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "jobs/ComparisonCost.h"
#include "jobs/JobWork.h"
#include "jobs/KnownResults.h"
#include "jobs/MeasuringWork.h"
#include "jobs/MethodWork.h"
#include "session/Measurements.h"
#include "session/Shelf.h"
#include "tasks/TaskScoring.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace secateur {
namespace {

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A row in the making.
struct Entry {
    std::optional<PlanMethod> method; ///< none: the dense model
    double sparsity = 0;              ///< as asked for
    std::optional<PruningPlan> plan;
    std::optional<PlanDraft> draft; ///< that the plan is of the session
    ComparisonRow row;

    bool isMeasurable() const { return !method || plan; }
    std::string hash() const { return row.planHash; }
};

class Work {
public:
    Work(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context, const EventListener &tell)
        : m_engine(engine),
          m_state(state),
          m_settings(settings),
          m_context(context),
          m_tell(tell),
          m_dense(state.model->spec),
          m_now(engine.report().computed),
          m_cacheType(dtypeFromConfigName(m_now.dtype)),
          m_known(state, m_now)
    {
    }

    Comparison run(const ForecastListener &foretold)
    {
        const auto start = std::chrono::steady_clock::now();
        check();
        readAll();
        m_entries.push_back({.method = {}, .sparsity = 0, .plan = {}, .draft = {}, .row = rowOf(m_dense, nullptr, m_cacheType)});
        for (const PlanMethod method : m_settings.methods)
            for (const double sparsity : m_settings.sparsities) {
                Entry &entry = m_entries.emplace_back(Entry{.method = method, .sparsity = sparsity, .plan = {}, .draft = {}, .row = {}});
                entry.row.method = method;
                entry.row.sparsity = sparsity;
                attempt(entry, [&] { takeKnown(entry); });
            }
        const std::vector<ExpectedPhase> phases = expectedPhases();
        m_context.expect(phases);
        if (foretold)
            foretold(phases);
        measure(m_entries.front());
        for (const PlanMethod method : m_settings.methods) {
            if (isOfBlocks(method))
                findBlocks(method);
            for (Entry *entry : entriesOf(method)) {
                if (method == PlanMethod::TwoSsp && !entry->plan && entry->row.problem.empty())
                    attempt(*entry, [&] { find2ssp(*entry); });
                measure(*entry);
            }
        }
        Comparison result{.settings = m_settings,
                          .modelHash = m_engine.modelHash(m_context),
                          .modelName = modelName(m_state.model->folder).brief,
                          .computed = m_now,
                          .rows = {},
                          .seconds = secondsSince(start)};
        for (Entry &entry : m_entries)
            result.rows.push_back(std::move(entry.row));
        return result;
    }

private:
    // ---- what it is about ------------------------------------------------------------------------------------------------------

    void check() const
    {
        std::set<PlanMethod> methods;
        for (const PlanMethod method : m_settings.methods)
            if (method == PlanMethod::Manual)
                throw Error("Plans by hand are not found by a method.", "Compare with 2ssp, shortgpt, window, blockpruner or evopress.");
            else if (!methods.insert(method).second)
                throw Error(std::string("The method ") + nameOf(method) + " is named twice.", "Name each once (--methods).");
        std::set<double> sparsities;
        for (const double sparsity : m_settings.sparsities)
            if (!(sparsity > 0 && sparsity < 1))
                throw Error("A sparsity of " + std::to_string(sparsity) + " is out of range.", "Give shares between 0 and 1 (--sparsity).");
            else if (!sparsities.insert(sparsity).second)
                throw Error("The sparsity " + shareText(sparsity) + " is named twice.", "Name each once (--sparsity).");
        if (!methods.empty() && sparsities.empty())
            throw Error("There is no size to compare the methods at.", "Give one or more sparsities (--sparsity).");
        if (m_settings.evaluations.empty() && m_settings.tasks.paths.empty() && !m_settings.throughput)
            throw Error("There is nothing to measure.", "Name a text, tasks or the throughput (--evaluate, --tasks, --throughput).");
    }

    /// Reads what will be needed, so that what is wrong with it is told before anything is computed, and that its content is known.
    void readAll()
    {
        for (const TextSettings &text : m_settings.evaluations)
            read(text);
        for (const PlanMethod method : m_settings.methods)
            m_texts[method] = textOf(method);
        if (!m_settings.tasks.paths.empty()) {
            m_tasks = m_engine.readTasks(m_settings.tasks, m_context);
            const bool isAlwaysBegun = m_dense.family.starts_with("gemma"); // as the authors have it
            m_asked = askedHash(m_tasks, isAlwaysBegun ? BosUse::Always : m_settings.tasks.bos,
                                m_settings.tasks.longest.value_or(m_dense.contextLength));
        }
    }

    /// How many windows the text has; what is in it is noted.
    std::int64_t read(const TextSettings &text)
    {
        const TextReport report = m_engine.readText(text, m_context);
        noteContent(m_state.readTexts, text, report.tokenHash);
        m_windows.emplace_back(text, report.windows);
        return report.windows;
    }

    /// The text that a method chooses by: as many windows as the authors take where no number is asked for, as far as there are so many.
    TextSettings textOf(PlanMethod method)
    {
        TextSettings text = m_settings.text;
        const bool isNumberAsked = text.windows.has_value();
        if (!isNumberAsked)
            text.windows = authorsWindows(method);
        if (!text.windows) // samples of its own
            return text;
        try {
            read(text);
        } catch (const ShortText &tooShort) {
            if (isNumberAsked || tooShort.windows() < 1)
                throw;
            text.windows = tooShort.windows();
            read(text);
        }
        return text;
    }

    std::vector<Entry *> entriesOf(PlanMethod method)
    {
        std::vector<Entry *> entries;
        for (Entry &entry : m_entries)
            if (entry.method == method)
                entries.push_back(&entry);
        return entries;
    }

    // ---- what the session knows ------------------------------------------------------------------------------------------------

    BlockSettings blockSettings(PlanMethod method, double sparsity) const
    {
        BlockSettings settings = m_settings.blocks;
        settings.method = method;
        settings.sparsity = sparsity;
        return settings;
    }

    void takeKnown(Entry &entry)
    {
        if (isOfBlocks(*entry.method)) {
            blocksToRemove(entry.sparsity, m_dense.layerCount()); // throws where that is nothing or all
            const TextSettings &text = m_texts.at(*entry.method);
            if (const ShelfPlan *known = m_known.blocks(blockSettings(*entry.method, entry.sparsity), text, m_engine.modelHash(m_context)))
                take(entry, known->plan, shelfEntry(known->plan, known->file).draft);
            return;
        }
        const PlanDraft draft = draft2ssp(entry.sparsity, m_known.calibration(m_texts.at(PlanMethod::TwoSsp)));
        balanceOf(m_state, draft); // throws where it is infeasible
        if (draft.calibration < 0)
            return;
        const PruningPlan plan = planOf(m_state, draft);
        if (plan.isComplete() && (!plan.search.isBegun() || m_known.isAsNow(plan.search.provenance.computed)))
            take(entry, plan, draft);
    }

    PlanDraft draft2ssp(double sparsity, std::int64_t calibration) const
    {
        PlanDraft draft;
        draft.calibration = calibration;
        draft.balance.sparsity = sparsity;
        if (m_settings.isEqualSize) { // the models that the methods of blocks leave are all of one size
            const std::int64_t kept = m_dense.layerCount() - blocksToRemove(sparsity, m_dense.layerCount());
            ModelSpec left = m_dense;
            for (std::int64_t i = kept; i < m_dense.layerCount(); ++i)
                left.layers[std::size_t(i)] = {};
            draft.balance.sparsity = 1 - double(layerParameters(left)) / double(layerParameters(m_dense));
        }
        return draft;
    }

    /// The plan of a row is there.
    void take(Entry &entry, const PruningPlan &plan, const PlanDraft &draft)
    {
        entry.plan = plan;
        entry.draft = draft;
        entry.row = rowOf(m_dense, &plan, m_cacheType);
        entry.row.sparsity = entry.sparsity;
        if (plan.method == PlanMethod::TwoSsp)
            takePruning(entry);
    }

    void takePruning(Entry &entry)
    {
        if (const Measurement *took = m_known.pruning(entry.hash())) {
            entry.row.pruningSeconds = took->seconds;
            entry.row.windowsForwarded = took->windowsForwarded;
        }
    }

    // ---- finding plans ---------------------------------------------------------------------------------------------------------

    void found(const JobEvent &event)
    {
        applyEvent(m_state, event);
        m_tell(event);
    }

    /// What it takes to find a plan, by now; of one whose search goes on under the plan before it.
    void notePruning(const PruningPlan &plan, const PlanDraft &draft, double seconds)
    {
        Measurement took = pruningMeasurement(plan, draft, seconds);
        took.computed = m_now;
        found(MeasurementMade{took});
    }

    std::int64_t calibration()
    {
        if (const std::int64_t known = m_known.calibration(m_texts.at(PlanMethod::TwoSsp)); known >= 0)
            return known;
        const TextSettings text = m_texts.at(PlanMethod::TwoSsp);
        const auto start = std::chrono::steady_clock::now();
        const std::shared_ptr<const NeuronScores> scores = m_engine.score(text, ScoreNorm::L2, m_context);
        const double seconds = secondsSince(start);
        found(Scored{.scores = scores});
        const std::int64_t calibration = m_known.calibration(m_texts.at(PlanMethod::TwoSsp));
        for (const Entry *entry : entriesOf(PlanMethod::TwoSsp))
            if (entry->row.problem.empty()) {
                const PlanDraft draft = draft2ssp(entry->sparsity, calibration);
                notePruning(beforeItsSearch(planOf(m_state, draft)), draft, seconds);
            }
        return calibration;
    }

    void find2ssp(Entry &entry)
    {
        const PlanDraft draft = draft2ssp(entry.sparsity, calibration());
        PruningPlan plan = planOf(m_state, draft);
        if (plan.search.isBegun() && !m_known.isAsNow(plan.search.provenance.computed)) // it cannot go on
            plan = beforeItsSearch(std::move(plan));
        plan.search.settings = draft.search;
        const PruningPlan before = beforeItsSearch(plan);
        std::optional<double> soFar; // not known where the scores or the beginning of the search came from elsewhere
        if (const Measurement *took = m_known.pruning(before.hash()))
            soFar = took->seconds;
        const auto start = std::chrono::steady_clock::now();
        search(m_engine, plan, searchKey(draft, plan.balance.neuronsKept), m_settings.text, draft.search, m_context,
               [&](const JobEvent &event) {
                   found(event);
                   if (soFar && std::holds_alternative<AttentionRemoved>(event))
                       notePruning(before, draft, *soFar + secondsSince(start));
               });
        if (soFar)
            notePruning(plan, draft, *soFar + secondsSince(start));
        take(entry, plan, draft);
    }

    /// All sizes of a method that are not known yet.
    void findBlocks(PlanMethod method)
    {
        std::vector<Entry *> missing;
        std::vector<double> sparsities;
        for (Entry *entry : entriesOf(method))
            if (!entry->plan && entry->row.problem.empty()) {
                missing.push_back(entry);
                sparsities.push_back(entry->sparsity);
            }
        if (missing.empty())
            return;
        std::vector<PruningPlan> plans;
        const bool isFound = attempt(*missing.front(), [&] {
            plans = m_engine.findBlocks(blockSettings(method, sparsities.front()), sparsities, m_texts.at(method), m_context,
                                        [&](const BlockRecord &record) { found(BlocksKnown{record}); });
        });
        for (std::size_t i = 0; i < missing.size(); ++i) {
            if (!isFound) {
                missing[i]->row.problem = missing.front()->row.problem;
                continue;
            }
            const ShelfEntry entry = shelfEntry(plans.at(i), {});
            found(PlanOpened{entry});
            take(*missing[i], plans[i], entry.draft);
        }
    }

    // ---- measuring -------------------------------------------------------------------------------------------------------------

    /// Does a part of a row's work. What goes wrong with it is the row's problem alone.
    template <class Part>
    bool attempt(Entry &entry, const Part &part)
    {
        const auto note = [&](const Error &problem) {
            std::string &all = entry.row.problem;
            const std::string hint = problem.plainHint();
            all += (all.empty() ? "" : " ") + std::string(problem.what()) + (hint.empty() ? "" : " " + hint);
            return false;
        };
        try {
            part();
            return true;
        } catch (const MachineFailure &failure) {
            if (!failure.device().empty()) // nothing would work any more
                throw;
            return note(failure);
        } catch (const Error &problem) {
            return note(problem);
        }
    }

    void measure(Entry &entry)
    {
        m_tell(RowCompared{entry.row});
        if (!entry.isMeasurable())
            return;
        const Evaluated what{.plan = entry.plan ? &*entry.plan : nullptr, .draft = entry.draft};
        const EventListener keep = [this](const JobEvent &event) { found(event); };
        entry.row.evaluations.resize(m_settings.evaluations.size());
        for (std::size_t i = 0; i < m_settings.evaluations.size(); ++i)
            attempt(entry, [&] {
                const TextSettings &text = m_settings.evaluations[i];
                const Measurement *known = m_known.perplexity(entry.hash(), text);
                entry.row.evaluations[i] = known ? known->result : evaluate(m_engine, m_dense, what, text, m_context, keep).result;
                m_tell(RowCompared{entry.row});
            });
        if (!m_tasks.empty())
            attempt(entry, [&] {
                const Measurement *known = m_known.tasks(entry.hash(), m_asked);
                entry.row.tasks =
                    known ? known->tasks : measureTasks(m_engine, m_dense, what, m_tasks, m_settings.tasks, m_context, keep).tasks;
                m_tell(RowCompared{entry.row});
            });
        if (m_settings.throughput)
            attempt(entry, [&] {
                const Measurement *known = m_known.throughput(entry.hash(), *m_settings.throughput);
                entry.row.throughput = known
                                           ? known->throughput
                                           : measureThroughput(m_engine, m_dense, what, *m_settings.throughput, m_context, keep).throughput;
                m_tell(RowCompared{entry.row});
            });
    }

    // ---- how long it takes -----------------------------------------------------------------------------------------------------

    std::vector<ExpectedPhase> expectedPhases()
    {
        m_flopPerSecond = m_engine.forecastBasis().flopPerSecond;
        std::vector<ExpectedPhase> phases;
        expectMeasuring(phases, m_entries.front(), m_dense);
        for (const PlanMethod method : m_settings.methods)
            expectMethod(phases, method);
        return phases;
    }

    double seconds(double flop) const { return m_flopPerSecond > 0 ? flop / m_flopPerSecond : 0; }
    double seconds(const JobSize &size)
    {
        try {
            return m_engine.forecast(size).seconds;
        } catch (const Error &) { // what does not fit is told when it is tried
            return 0;
        }
    }
    std::int64_t windowsOf(const TextSettings &text) const
    {
        const auto read = std::ranges::find(m_windows, text, &std::pair<TextSettings, std::int64_t>::first);
        return read != m_windows.end() ? read->second : 0;
    }

    void expectMeasuring(std::vector<ExpectedPhase> &phases, const Entry &entry, const ModelSpec &left)
    {
        const bool isMade = entry.isMeasurable();
        for (const TextSettings &text : m_settings.evaluations)
            if (!isMade || !m_known.perplexity(entry.hash(), text))
                phases.push_back({"evaluate", kSecondsToBegin + seconds(double(windowsOf(text)) * flopOfWindow(left, text.length))});
        if (!m_tasks.empty() && (!isMade || !m_known.tasks(entry.hash(), m_asked)))
            phases.push_back({"tasks", seconds(flopOfTasks(left, m_tasks))});
        if (m_settings.throughput && (!isMade || !m_known.throughput(entry.hash(), *m_settings.throughput)))
            phases.push_back({"throughput", seconds(flopOfThroughput(left, *m_settings.throughput))});
    }

    void expectMethod(std::vector<ExpectedPhase> &phases, PlanMethod method)
    {
        const TextSettings &text = m_texts.at(method);
        std::vector<double> missing;
        for (const Entry *entry : entriesOf(method))
            if (!entry->plan && entry->row.problem.empty())
                missing.push_back(entry->sparsity);
        if (method == PlanMethod::TwoSsp && !missing.empty() && m_known.calibration(m_texts.at(PlanMethod::TwoSsp)) < 0)
            phases.push_back({"calibrate", seconds(JobSize{.windows = text.windows.value_or(0), .length = text.length})});
        if (isOfBlocks(method) && !missing.empty())
            phases.push_back(
                {nameOf(method), seconds(flopOfBlocks(m_dense, m_settings.blocks, missing, text.windows.value_or(0), text.length))});
        for (const Entry *entry : entriesOf(method)) {
            if (!entry->row.problem.empty())
                continue;
            const SparsityBalance split =
                method == PlanMethod::TwoSsp ? balanceOf(m_state, draft2ssp(entry->sparsity, -1)) : SparsityBalance();
            if (method == PlanMethod::TwoSsp && !entry->plan)
                phases.push_back({"search", seconds(JobSize{.windows = 0,
                                                            .length = text.length,
                                                            .searchWindows = SearchSettings().windows,
                                                            .removals = split.attentionsToRemove,
                                                            .neuronsKept = split.neuronsKept})});
            ModelSpec left = m_dense; // about: the layers are alike
            left.layers.resize(std::size_t(double(left.layers.size()) * (1 - entry->sparsity)));
            expectMeasuring(phases, *entry, left);
        }
    }

    Engine &m_engine;
    Session &m_state;
    const ComparisonSettings &m_settings;
    JobContext &m_context;
    const EventListener &m_tell;
    const ModelSpec m_dense;
    const ComputeConditions m_now;
    const DType m_cacheType;
    const KnownResults m_known;
    std::vector<Entry> m_entries;
    std::map<PlanMethod, TextSettings> m_texts;                   ///< that methods choose by
    std::vector<std::pair<TextSettings, std::int64_t>> m_windows; ///< of texts that were read
    std::vector<TaskSet> m_tasks;
    std::string m_asked; ///< TaskResults::hash
    double m_flopPerSecond = 0;
};

} // namespace

Comparison compare(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context, const EventListener &tell,
                   const ForecastListener &foretold)
{
    return Work(engine, state, settings, context, tell).run(foretold);
}

} // namespace secateur
