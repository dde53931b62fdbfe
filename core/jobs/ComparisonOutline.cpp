// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComparisonOutline.h"

#include "comparison/ComparisonRows.h"
#include "engine/EngineChecks.h"
#include "engine/RestorationForecast.h"
#include "foundation/Error.h"
#include "jobs/ComparisonCost.h"
#include "jobs/MethodWork.h"
#include "jobs/RestorationChoice.h"
#include "session/Measurements.h"
#include "session/Shelf.h"
#include "tasks/TaskScoring.h"

#include <algorithm>
#include <set>

namespace secateur {
namespace {

/// Whether the weights that a plan changes are at hand.
bool hasValues(const PruningPlan &plan)
{
    if (plan.edits.isEmpty())
        return true;
    if (!plan.edits.values)
        return false;
    try {
        return !plan.edits.values->tensors().empty();
    } catch (const Error &) { // its file is gone, or another one
        return false;
    }
}

} // namespace

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
            if (method == PlanMethod::TwoSsp)
                addRestored(sparsity);
        }
}

/// The restored plans of the plan that was added last.
void ComparisonOutline::addRestored(double sparsity)
{
    const std::string problem = m_entries.back().row.problem;
    for (const RestorationSettings &settings : m_settings.restorations) {
        ComparisonEntry &entry = m_entries.emplace_back();
        entry.row.method = PlanMethod::Restored;
        entry.row.sparsity = sparsity;
        entry.row.restored = settings.steps;
        entry.row.isGated = settings.isGated;
        entry.row.problem = problem; // without a plan there is none to restore
        entry.restoration = settings;
        if (problem.empty())
            takeKnownRestored(entry);
    }
}

void ComparisonOutline::check() const
{
    std::set<PlanMethod> methods;
    for (const PlanMethod method : m_settings.methods)
        if (method == PlanMethod::Manual)
            throw Error("Plans by hand are not found by a method.", "Compare with 2ssp, shortgpt, window, blockpruner or evopress.");
        else if (method == PlanMethod::Restored)
            throw Error("Restored plans are made from those of 2SSP.", "Name 2ssp among the methods, and how to restore (--restore).");
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
    if (!m_settings.restorations.empty() && !methods.contains(PlanMethod::TwoSsp))
        throw Error("There is nothing to restore: 2SSP is not among the methods.", "Name it (--methods 2ssp), or restore nothing.");
    for (const RestorationSettings &restoration : m_settings.restorations) {
        if (const std::optional<Error> problem = restorationProblem(restoration, m_dense))
            throw *problem;
        if (std::ranges::count(m_settings.restorations, restoration) > 1)
            throw Error("A restoration is named twice: " + stepsText(restoration.steps) + ".", "Name each once (--restore).");
    }
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
    for (const RestorationSettings &restoration : m_settings.restorations)
        if (restoration.second)
            read(*restoration.second);
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

std::vector<ComparisonEntry *> ComparisonOutline::entriesOf2ssp()
{
    std::vector<ComparisonEntry *> entries;
    for (ComparisonEntry &entry : m_entries)
        if (entry.row.method == PlanMethod::TwoSsp || entry.restoration)
            entries.push_back(&entry);
    return entries;
}

ComparisonEntry &ComparisonOutline::plainOf(const ComparisonEntry &restored)
{
    return *std::ranges::find_if(m_entries, [&](const ComparisonEntry &entry) {
        return entry.row.method == PlanMethod::TwoSsp && entry.row.sparsity == restored.row.sparsity;
    });
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

void ComparisonOutline::takeRestored(ComparisonEntry &entry, const PruningPlan &plan, const std::optional<PlanDraft> &draft) const
{
    const double asked = entry.row.sparsity;
    entry.plan = plan;
    entry.draft = draft;
    entry.row = rowOf(m_dense, &plan, m_cacheType);
    entry.row.sparsity = asked;
    const RestorationSettings &settings = *entry.restoration;
    if (!settings.isGated && entry.row.restored != settings.steps) { // too few tokens for r4, for instance
        entry.row.problem = "Of " + stepsLabel(settings.steps) + " a step could not be done.";
        for (const std::string &note : plan.restoration->notes)
            entry.row.problem += " " + note;
    }
    if (const Measurement *took = m_known.pruning(entry.row.planHash))
        entry.row.pruningSeconds = took->seconds;
}

void ComparisonOutline::takeKnownRestored(ComparisonEntry &entry)
{
    const ComparisonEntry &plain = plainOf(entry);
    if (!plain.plan)
        return;
    const ShelfPlan *known = m_known.restored(*entry.restoration, plain.row.planHash);
    if (known && hasValues(known->plan))
        takeRestored(entry, known->plan, shelfEntry(known->plan, known->file).draft);
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

void ComparisonOutline::expectMeasuringAt(std::vector<ExpectedPhase> &phases, const ComparisonEntry &entry) const
{
    ModelSpec left = m_dense; // about: the layers are alike
    left.layers.resize(std::size_t(double(left.layers.size()) * (1 - entry.row.sparsity)));
    expectMeasuring(phases, entry, left);
}

void ComparisonOutline::expect2ssp(std::vector<ExpectedPhase> &phases)
{
    const TextSettings &text = m_texts.at(PlanMethod::TwoSsp);
    const std::vector<ComparisonEntry *> entries = entriesOf2ssp();
    const auto areMissing = [&](bool isRestored) {
        return std::ranges::any_of(
            entries, [&](const ComparisonEntry *entry) { return entry->isMissing() && entry->restoration.has_value() == isRestored; });
    };
    const double calibration = seconds(JobSize{.windows = *text.windows, .length = text.length});
    if (areMissing(false) && knownCalibration() < 0)
        phases.push_back({"calibrate", calibration});
    if (areMissing(true))
        phases.push_back({"calibrate", calibration}); // again, with what least squares need
    for (const ComparisonEntry *entry : entries) {
        if (!entry->isPossible())
            continue;
        if (entry->isMissing()) {
            const BalanceSettings asked = draftOf(entry->row.sparsity, -1).balance;
            const SparsityBalance split = balance(m_dense, asked);
            const PruningPlan outline = outlineOf(asked, split, std::vector(m_dense.layers.size(), split.neuronsKept));
            if (entry->restoration)
                phases.push_back(
                    {"restore", seconds(flopOfRestoration(m_dense, *entry->restoration, outline, *text.windows, text.length))});
            else
                phases.push_back({"search", seconds(JobSize{.windows = 0,
                                                            .length = text.length,
                                                            .searchWindows = SearchSettings().windows,
                                                            .removals = split.attentionsToRemove,
                                                            .neuronsKept = split.neuronsKept})});
        }
        expectMeasuringAt(phases, *entry);
    }
}

void ComparisonOutline::expectMethod(std::vector<ExpectedPhase> &phases, PlanMethod method)
{
    if (method == PlanMethod::TwoSsp) {
        expect2ssp(phases);
        return;
    }
    const TextSettings &text = m_texts.at(method);
    const std::vector<ComparisonEntry *> entries = entriesOf(method);
    std::vector<double> missing;
    for (const ComparisonEntry *entry : entries)
        if (entry->isMissing())
            missing.push_back(entry->row.sparsity);
    std::vector<std::vector<double>> together; // one search serves all sizes, but for an evolution
    if (method == PlanMethod::EvoPress)
        for (const double sparsity : missing)
            together.push_back({sparsity});
    else if (!missing.empty())
        together.push_back(missing);
    for (const std::vector<double> &sparsities : together)
        phases.push_back({"search", seconds(flopOfBlocks(m_dense, blockSettings(method, 0), sparsities, *text.windows, text.length))});
    for (const ComparisonEntry *entry : entries) {
        if (!entry->isPossible())
            continue;
        expectMeasuringAt(phases, *entry);
    }
}

} // namespace secateur
