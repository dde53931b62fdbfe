// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs says without computing: what is possible, what it would cost, which command line does the same.
#include "jobs/SessionJobs.h"

#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "jobs/CommandLines.h"
#include "models/SessionModel.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

/// Why no job of the session can run, whatever it does. Empty when one can.
QString jobProblem(const SessionModel &model)
{
    if (const QString problem = model.changeProblem(); !problem.isEmpty())
        return problem;
    return model.isModelThere()
               ? QString()
               : SessionJobs::tr("The model of this session is not there: its plots can be seen, but nothing computed or exported.");
}

} // namespace

// ---- what is possible --------------------------------------------------------------------------------------------------------

Possibility SessionJobs::canEvaluateDense() const
{
    if (const QString problem = jobProblem(m_model); !problem.isEmpty())
        return {problem};
    if (!m_model.tokenizerProblem().isEmpty())
        return {m_model.tokenizerProblem()};
    if (m_model.session().evaluationText.files.empty())
        return {tr("Choose a text to evaluate on first.")};
    return {};
}

Possibility SessionJobs::canMeasureImpact() const
{
    if (const QString problem = jobProblem(m_model); !problem.isEmpty())
        return {problem};
    if (!m_model.tokenizerProblem().isEmpty())
        return {m_model.tokenizerProblem()};
    if (!m_model.pruningProblem().isEmpty())
        return {m_model.pruningProblem()};
    if (m_model.session().calibrationText.files.empty())
        return {tr("Choose a calibration text first.")};
    return {};
}

Possibility SessionJobs::canCalibrate() const
{
    return canMeasureImpact();
}

Possibility SessionJobs::canSearch() const
{
    if (const Possibility possible = canMeasureImpact(); !possible && !m_model.hasScores())
        return possible;
    if (const QString problem = jobProblem(m_model); !problem.isEmpty())
        return {problem};
    if (!m_model.hasScores())
        return {tr("Calibrate first: the search runs on the narrowed model.")};
    if (!m_model.balance())
        return {m_model.balanceProblem()};
    try {
        PruningPlan plan;
        plan.balance = *m_model.balance();
        checkSearchSettings(m_model.draft().search, plan, m_model.spec());
    } catch (const Error &problem) {
        return {QString::fromStdString(problem.what())};
    }
    if (m_model.searchState() == SearchState::NotNeeded)
        return {tr("N = 0: the plan removes no attention, so there is nothing to search.")};
    if (m_model.searchState() == SearchState::Complete)
        return {tr("The search of this plan is complete.")};
    return {};
}

Possibility SessionJobs::canEvaluate() const
{
    if (const Possibility possible = canEvaluateDense(); !possible)
        return possible;
    const Possibility search = canSearch();
    const SearchState state = m_model.searchState();
    return state == SearchState::Complete || state == SearchState::NotNeeded ? Possibility() : search;
}

Possibility SessionJobs::canExport() const
{
    const SearchState state = m_model.searchState();
    if (const QString problem = jobProblem(m_model); !problem.isEmpty())
        return {problem};
    if (!m_model.hasScores())
        return {tr("Calibrate first: no neurons are chosen yet.")};
    if (!m_model.balance())
        return {m_model.balanceProblem()};
    if (state != SearchState::Complete && state != SearchState::NotNeeded)
        return {tr("Search first: %1 of %2 removals are known.").arg(m_model.removalOrder().size()).arg(m_model.attentionsToRemove())};
    return {};
}

// ---- costs -------------------------------------------------------------------------------------------------------------------

/// N of a draft; 0 when it is infeasible.
std::int64_t SessionJobs::plannedRemovals(const PlanDraft &draft) const
{
    try {
        return balance(m_model.spec(), draft.balance).attentionsToRemove;
    } catch (const Error &) {
        return 0;
    }
}

/// What is known of the search of a draft; none when nothing is, or when it is infeasible.
std::optional<SearchRecord> SessionJobs::searchOf(const PlanDraft &draft) const
{
    try {
        return secateur::searchOf(m_model.session(), draft, balance(m_model.spec(), draft.balance).neuronsKept);
    } catch (const Error &) {
        return {};
    }
}

/// The basis as it is now: what the window has taken since the model was opened is there as well. Once a job has loaded the weights that cannot be told from
/// them any more, and what was there before is taken.
ForecastBasis SessionJobs::basisNow() const
{
    ForecastBasis basis = *m_basis;
    if (m_hasLoaded)
        return basis;
    basis.residentNow = std::max(basis.residentNow, residentBytes());
    basis.hasComputed = basis.flopPerSecond > 0; // the rate was measured
    return basis;
}

JobCost SessionJobs::costOf(const JobSize &job) const
{
    JobCost cost;
    if (!m_basis || !m_model.hasModel())
        return cost;
    try {
        cost.forecast = forecast(m_model.spec(), job, basisNow());
        cost.seconds = cost.forecast->seconds;
    } catch (const Error &problem) {
        cost.problem = QString::fromStdString(problem.what());
    }
    return cost;
}

/// The same for a job that evaluates candidates of the search: the rate of an earlier one is better known than a forecast's.
JobCost SessionJobs::costOf(JobSize job, std::int64_t evaluations) const
{
    if (evaluations == 0)
        return {};
    job.length = m_model.session().calibrationText.length;
    if (const NeuronScores *scores = m_model.scores())
        job.length = scores->provenance.length;
    JobCost cost = costOf(job);
    cost.evaluations = evaluations;
    if (m_secondsPerEvaluation) {
        cost.seconds = double(evaluations * std::max<std::int64_t>(1, job.searchWindows)) * *m_secondsPerEvaluation;
        if (cost.forecast)
            cost.forecast->seconds = *cost.seconds;
    }
    return cost;
}

JobCost SessionJobs::calibrationCost() const
{
    const TextSettings &text = m_model.session().calibrationText;
    if (!text.windows && text.files.empty())
        return {};
    const std::int64_t windows = m_model.roughWindows(text);
    JobCost cost = costOf({.windows = windows, .length = text.length});
    if (m_calibrationRate && m_calibrationRate->length == text.length && cost.seconds) {
        cost.seconds = double(windows) * m_calibrationRate->seconds;
        if (cost.forecast)
            cost.forecast->seconds = *cost.seconds;
    }
    return cost;
}

JobCost SessionJobs::onePassCost() const
{
    constexpr std::int64_t kUsualLength = 2048;
    return m_model.hasModel() ? costOf({.windows = 1, .length = std::min(kUsualLength, m_model.spec().contextLength)}) : JobCost();
}

JobCost SessionJobs::searchCost(const PlanDraft &draft) const
{
    if (!m_model.hasModel())
        return {};
    const std::int64_t N = plannedRemovals(draft);
    const std::optional<SearchRecord> record = searchOf(draft);
    const auto done = record ? std::int64_t(record->removalOrder().size()) : 0;
    if (done >= N)
        return {};
    const auto isKnown = [](double loss) { return !std::isnan(loss); };
    std::int64_t evaluations = record && isKnown(record->initialLoss) ? 0 : 1;
    const auto forced = std::int64_t(draft.search.forcedLayers.size()), kept = std::int64_t(draft.search.protectedLayers.size());
    for (std::int64_t n = done; n < N; ++n)
        evaluations += n < forced ? 1 : m_model.layerCount() - n - kept;
    if (record && std::int64_t(record->steps.size()) > done)
        evaluations -=
            std::count_if(record->steps[std::size_t(done)].losses.begin(), record->steps[std::size_t(done)].losses.end(), isKnown);
    return costOf({.windows = 0,
                   .length = 0,
                   .searchWindows = draft.search.windows,
                   .removals = N - done,
                   .neuronsKept = balance(m_model.spec(), draft.balance).neuronsKept},
                  evaluations);
}

JobCost SessionJobs::impactCost() const
{
    if (!m_model.hasModel())
        return {};
    const SearchRecord *record = m_model.denseImpact();
    const std::int64_t known = record ? record->evaluations() + (std::isnan(record->initialLoss) ? 0 : 1) : 0;
    return costOf(
        {.windows = 0, .length = 0, .searchWindows = m_model.draft().search.windows, .removals = 1, .neuronsKept = m_model.neurons()},
        m_model.layerCount() + 1 - known); // the model as it is comes first
}

JobCost SessionJobs::originalEvaluationCost() const
{
    JobCost cost;
    const bool isPossible = m_model.hasModel() && !m_model.session().evaluationText.files.empty();
    if (const double seconds = isPossible ? evaluationSeconds() : 0; seconds > 0)
        cost.seconds = seconds;
    return cost;
}

double SessionJobs::workShare() const
{
    return double(m_model.planFigures().flopPerToken) / double(std::max<std::int64_t>(1, m_model.denseFigures().flopPerToken));
}

JobCost SessionJobs::evaluationCost() const
{
    const JobCost original = originalEvaluationCost();
    JobCost cost = m_model.hasModel() ? searchCost(m_model.draft()) : JobCost();
    const bool isKnown = original.seconds && (cost.evaluations == 0 || cost.seconds);
    if (!isKnown) {
        cost.seconds.reset();
        return cost;
    }
    cost.seconds = cost.seconds.value_or(0) + *original.seconds * (workShare() + (m_model.denseEvaluation() ? 0 : 1));
    if (cost.forecast)
        cost.forecast->seconds = *cost.seconds;
    return cost;
}

JobCost SessionJobs::curveCost(const CurveRequest &request) const
{
    JobCost cost;
    std::optional<double> perPoint; // of an evaluation on the evaluation text, if one was measured
    for (const Measurement &e : m_model.session().measurements)
        if (e.text == m_model.session().evaluationText)
            perPoint = e.seconds;
    double seconds = m_model.denseEvaluation() ? 0 : perPoint.value_or(0);
    bool isKnown = perPoint.has_value();
    for (const PlanDraft &draft : request.drafts) {
        const JobCost search = request.isOrderBorrowed ? JobCost() : searchCost(draft);
        cost.evaluations += search.evaluations;
        isKnown = isKnown && (search.evaluations == 0 || search.seconds);
        seconds += search.seconds.value_or(0) + perPoint.value_or(0);
    }
    if (isKnown)
        cost.seconds = seconds;
    return cost;
}

std::int64_t SessionJobs::memoryNeeded() const
{
    if (!m_model.hasModel())
        return 0;
    const ModelSummary &model = *m_model.session().model;
    DType dtype = DType::Float32; // what auto means on the CPU
    if (m_report)
        dtype = dtypeFromConfigName(m_report->computed.dtype);
    return weightBytes(model, dtype);
}

std::int64_t SessionJobs::memoryFree() const
{
    return availableMemoryBytes();
}

std::int64_t SessionJobs::textMemory() const
{
    return m_basis ? secateur::textMemory(*m_basis) : secateur::textMemory({}); // the least
}

// ---- command lines -----------------------------------------------------------------------------------------------------------

/// The drafts as a command line can make their plans: a borrowed order is one that is forced.
std::vector<PlanDraft> SessionJobs::searchableDrafts(const CurveRequest &request) const
{
    std::vector<PlanDraft> drafts = request.drafts;
    const std::vector<std::int64_t> order = m_model.removalOrder();
    for (PlanDraft &draft : drafts) {
        const auto N = std::size_t(plannedRemovals(draft));
        const std::optional<SearchRecord> own = searchOf(draft);
        if (!request.isOrderBorrowed || (own && own->removalOrder().size() >= N))
            continue;
        draft.search.protectedLayers.clear();
        draft.search.forcedLayers = order;
        draft.search.forcedLayers.resize(std::min(N, order.size()));
    }
    return drafts;
}

EngineSettings SessionJobs::commandSettings() const
{
    EngineSettings settings = m_runner.settings();
    if (settings.dtype == "fastest" && m_report) // what was found here, for another machine
        settings.dtype = m_report->computed.dtype;
    return settings;
}

CommandLines SessionJobs::commandLines() const
{
    return {m_model.session(), commandSettings()};
}

QString SessionJobs::commandOf(JobKind kind) const
{
    if (!m_model.hasModel() || !m_model.readOnlyReason().isEmpty()) // a plan that is known in part is another plan
        return {};
    const CommandLines lines = commandLines();
    switch (kind) {
    case JobKind::Open:
        return CommandLines::inspect(m_model.session().model->folder);
    case JobKind::Calibrate:
        return canCalibrate() ? lines.calibrate() : QString();
    case JobKind::Impact:
        return canMeasureImpact() ? lines.impact() : QString();
    case JobKind::Search:
        return m_model.hasScores() ? lines.plan(m_model.draft()) : QString();
    case JobKind::Evaluate:
    case JobKind::Curve:
        if (!canEvaluateDense())
            return {};
        return m_model.hasScores() ? lines.evaluate(m_model.draft(), m_model.session().evaluationText)
                                   : lines.evaluateDense(m_model.session().evaluationText);
    case JobKind::Export:
        return m_model.hasScores() ? lines.exportPlan(m_model.draft(), {}) : QString();
    case JobKind::Prune: // asks for more than the session holds: pruneCommand()
        return {};
    }
    return {};
}

QString SessionJobs::exportCommand(const ExportSettings &settings) const
{
    return m_model.hasScores() && m_model.readOnlyReason().isEmpty() ? commandLines().exportPlan(m_model.draft(), settings) : QString();
}

} // namespace secateur::ui
