// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComparisonOutline.h"

#include "comparison/ComparisonRows.h"
#include "engine/EngineChecks.h"
#include "foundation/Error.h"
#include "jobs/ComparisonCost.h"
#include "jobs/MethodWork.h"
#include "session/Measurements.h"
#include "session/Shelf.h"
#include "tasks/TaskScoring.h"

#include <algorithm>
#include <set>

namespace secateur {

void noteProblem(ComparisonRow &row, const Error &problem)
{
    const std::string hint = problem.plainHint();
    row.problem += (row.problem.empty() ? "" : " ") + std::string(problem.what()) + (hint.empty() ? "" : " " + hint);
}

ComparisonOutline::ComparisonOutline(Engine &engine, Session &state, const ComparisonSettings &settings, JobContext &context)
    : m_engine(engine),
      m_state(state),
      m_settings(settings),
      m_context(context),
      m_dense(state.model->spec),
      m_now(engine.report().computed),
      m_cacheType(dtypeFromConfigName(m_now.dtype)),
      m_known(state, m_now)
{
    check();
    readAll();
    m_entries.push_back({.row = rowOf(m_dense, nullptr, m_cacheType)});
    for (const PlanMethod method : m_settings.methods)
        for (const double sparsity : m_settings.sparsities) {
            ComparisonEntry &entry = m_entries.emplace_back();
            entry.row.method = method;
            entry.row.sparsity = sparsity;
            try {
                takeKnown(entry);
            } catch (const Error &problem) { // there is no such plan
                noteProblem(entry.row, problem);
            }
        }
}

void ComparisonOutline::check() const
{
    std::set<PlanMethod> methods;
    for (const PlanMethod method : m_settings.methods)
        if (method == PlanMethod::Manual)
            throw Error("Plans by hand are not found by a method.", "Compare with 2ssp, shortgpt, window, blockpruner or evopress.");
        else if (!methods.insert(method).second)
            throw Error(std::string("The method ") + titleOf(method) + " is named twice.", "Name each once (--methods).");
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
    if (m_settings.throughput)
        checkThroughputSettings(settledThroughputSettings(*m_settings.throughput, m_dense.contextLength), m_dense.contextLength);
}

/// What is wrong with a text or a task is told before anything is computed, and what is in them is known from here on.
void ComparisonOutline::readAll()
{
    for (std::size_t i = 0; i < m_settings.evaluations.size(); ++i)
        m_windows[i] = read(m_settings.evaluations[i]).windows;
    for (const PlanMethod method : m_settings.methods)
        readTextOf(method);
    if (m_settings.tasks.paths.empty())
        return;
    m_tasks = m_engine.readTasks(m_settings.tasks, m_context);
    const TaskSettings settled = settledTaskSettings(m_settings.tasks, m_dense);
    m_asked = askedHash(m_tasks, settled.bos, *settled.longest);
}

TextReport ComparisonOutline::read(const TextSettings &text)
{
    TextReport report = m_engine.readText(text, m_context);
    noteContent(m_state.readTexts, text, report.tokenHash);
    return report;
}

/// As many windows as are asked for, or as the authors take, as far as the text has so many.
void ComparisonOutline::readTextOf(PlanMethod method)
{
    constexpr std::int64_t kUsualCalibration = 32; // the authors'
    TextSettings &text = m_texts[method] = m_settings.text;
    TextReport report;
    if (isOfBlocks(method)) { // not noted: samples of an evolution are no windows of the text
        report = m_engine.readBlocksText(method, text, m_context);
    } else {
        const bool isNumberAsked = text.windows.has_value();
        text.windows = text.windows.value_or(kUsualCalibration);
        try {
            report = read(text);
        } catch (const ShortText &tooShort) {
            if (isNumberAsked || tooShort.windows() < 1)
                throw;
            text.windows = tooShort.windows();
            report = read(text);
        }
    }
    text.windows = report.windows;
    m_contents[method] = report.tokenHash;
}

std::vector<ComparisonEntry *> ComparisonOutline::entriesOf(PlanMethod method)
{
    std::vector<ComparisonEntry *> entries;
    for (ComparisonEntry &entry : m_entries)
        if (entry.row.method == method)
            entries.push_back(&entry);
    return entries;
}

BlockSettings ComparisonOutline::blockSettings(PlanMethod method, double sparsity) const
{
    BlockSettings settings; // what is of other methods stays as usual, so that equal choices have equal settings
    if (method == PlanMethod::EvoPress)
        settings = m_settings.blocks;
    settings.variant = method == PlanMethod::EvoPress ? BlockVariant::Authors : m_settings.blocks.variant;
    settings.method = method;
    settings.sparsity = sparsity;
    return settings;
}

PlanDraft ComparisonOutline::draftOf(double sparsity, std::int64_t calibration) const
{
    PlanDraft draft;
    draft.calibration = calibration;
    draft.balance.sparsity = sparsity;
    if (m_settings.isEqualSize) { // all methods of blocks remove as many parameters, as the layers are alike
        ModelSpec left = m_dense;
        const auto kept = std::size_t(m_dense.layerCount() - blocksToRemove(sparsity, m_dense.layerCount()));
        left.layers.resize(kept);
        draft.balance.sparsity = 1 - double(layerParameters(left)) / double(layerParameters(m_dense));
    }
    return draft;
}

void ComparisonOutline::take(ComparisonEntry &entry, const PruningPlan &plan, const PlanDraft &draft) const
{
    const double asked = entry.row.sparsity;
    entry.plan = plan;
    entry.draft = draft;
    entry.row = rowOf(m_dense, &plan, m_cacheType);
    entry.row.sparsity = asked;
    if (plan.method != PlanMethod::TwoSsp)
        return;
    entry.row.windowsForwarded = pruningMeasurement(plan, draft, 0).windowsForwarded;
    const Measurement *took = m_known.pruning(entry.row.planHash);
    if (!took) // it was killed before the last note: that of the removal before
        took = m_known.pruning(beforeItsSearch(plan).hash());
    if (took) // none: scores of elsewhere
        entry.row.pruningSeconds = took->seconds;
}

/// Throws Error where the method has no plan of that size.
void ComparisonOutline::takeKnown(ComparisonEntry &entry)
{
    const PlanMethod method = *entry.row.method;
    if (isOfBlocks(method)) {
        blocksToRemove(entry.row.sparsity, m_dense.layerCount());
        if (const ShelfPlan *known =
                m_known.blocks(blockSettings(method, entry.row.sparsity), m_contents.at(method), m_engine.modelHash(m_context)))
            take(entry, known->plan, shelfEntry(known->plan, known->file).draft);
        return;
    }
    const PlanDraft draft = draftOf(entry.row.sparsity, knownCalibration());
    balance(m_dense, draft.balance);
    if (draft.calibration < 0)
        return;
    const PruningPlan plan = planOf(m_state, draft);
    if (plan.isComplete() && (!plan.search.isBegun() || m_known.isAsNow(plan.search.provenance.computed)))
        take(entry, plan, draft);
}

const Measurement *ComparisonOutline::knownPerplexity(const ComparisonEntry &entry, const TextSettings &text) const
{
    return m_known.perplexity(entry.row.planHash, text);
}

const Measurement *ComparisonOutline::knownTasks(const ComparisonEntry &entry) const
{
    return m_known.tasks(entry.row.planHash, m_asked);
}

const Measurement *ComparisonOutline::knownThroughput(const ComparisonEntry &entry) const
{
    return m_known.throughput(entry.row.planHash, settledThroughputSettings(*m_settings.throughput, m_dense.contextLength));
}

std::vector<ExpectedPhase> ComparisonOutline::expectedPhases()
{
    m_flopPerSecond = m_engine.forecastBasis().flopPerSecond;
    std::vector<ExpectedPhase> phases;
    expectMeasuring(phases, m_entries.front(), m_dense);
    for (const PlanMethod method : m_settings.methods)
        expectMethod(phases, method);
    return phases;
}

double ComparisonOutline::seconds(const JobSize &size) const
{
    try {
        return m_engine.forecast(size).seconds;
    } catch (const Error &) { // what does not fit is told when it is tried
        return 0;
    }
}

void ComparisonOutline::expectMeasuring(std::vector<ExpectedPhase> &phases, const ComparisonEntry &entry, const ModelSpec &left) const
{
    const bool isPlanned = !entry.row.method || entry.plan;
    for (std::size_t i = 0; i < m_settings.evaluations.size(); ++i)
        if (const TextSettings &text = m_settings.evaluations[i]; !isPlanned || !knownPerplexity(entry, text))
            phases.push_back({"evaluate", kSecondsToBegin + seconds(double(m_windows.at(i)) * flopOfWindow(left, text.length))});
    if (!m_tasks.empty() && (!isPlanned || !knownTasks(entry)))
        phases.push_back({"tasks", seconds(flopOfTasks(left, m_tasks))});
    if (m_settings.throughput && (!isPlanned || !knownThroughput(entry)))
        phases.push_back({"throughput", seconds(flopOfThroughput(left, *m_settings.throughput))});
}

void ComparisonOutline::expectMethod(std::vector<ExpectedPhase> &phases, PlanMethod method)
{
    const TextSettings &text = m_texts.at(method);
    const std::vector<ComparisonEntry *> entries = entriesOf(method);
    std::vector<double> missing;
    for (const ComparisonEntry *entry : entries)
        if (entry->isMissing())
            missing.push_back(entry->row.sparsity);
    if (method == PlanMethod::TwoSsp && !missing.empty() && knownCalibration() < 0)
        phases.push_back({"calibrate", seconds(JobSize{.windows = *text.windows, .length = text.length})});
    std::vector<std::vector<double>> together; // one search serves all sizes, but for an evolution
    if (method == PlanMethod::EvoPress)
        for (const double sparsity : missing)
            together.push_back({sparsity});
    else if (isOfBlocks(method) && !missing.empty())
        together.push_back(missing);
    for (const std::vector<double> &sparsities : together)
        phases.push_back({"search", seconds(flopOfBlocks(m_dense, blockSettings(method, 0), sparsities, *text.windows, text.length))});
    for (const ComparisonEntry *entry : entries) {
        if (!entry->isPossible())
            continue;
        if (method == PlanMethod::TwoSsp && entry->isMissing()) {
            const SparsityBalance split = balance(m_dense, draftOf(entry->row.sparsity, -1).balance);
            phases.push_back({"search", seconds(JobSize{.windows = 0,
                                                        .length = text.length,
                                                        .searchWindows = SearchSettings().windows,
                                                        .removals = split.attentionsToRemove,
                                                        .neuronsKept = split.neuronsKept})});
        }
        ModelSpec left = m_dense; // about: the layers are alike
        left.layers.resize(std::size_t(double(left.layers.size()) * (1 - entry->row.sparsity)));
        expectMeasuring(phases, *entry, left);
    }
}

} // namespace secateur
