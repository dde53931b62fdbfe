// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs says without computing: what is possible, what it would cost, which command line does the same.
#include "jobs/SessionJobs.h"

#include "checkpoint/ModelName.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "jobs/SearchesOfRequests.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "session/Measurements.h"

#include <QLocale>

#include <algorithm>
#include <variant>

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

Possibility SessionJobs::possibilityOf(const JobRequest &request) const
{
    if (const QString problem = jobProblem(m_model); !problem.isEmpty())
        return {problem};
    const JobKind kind = kindOf(request);
    const bool isOfText = kind != JobKind::Export && kind != JobKind::Search && kind != JobKind::MeasureThroughput;
    if (isOfText && !m_model.tokenizerProblem().isEmpty())
        return {m_model.tokenizerProblem()}; // says what can be done all the same
    const std::optional<Error> problem = problemOf(request, m_model.session());
    return {problem ? QString::fromStdString(problem->what()) : QString()};
}

Possibility SessionJobs::canEvaluateDense() const
{
    return possibilityOf(evaluateRequest({}));
}

Possibility SessionJobs::canMeasureImpact() const
{
    return possibilityOf(impactRequest());
}

Possibility SessionJobs::canCalibrate() const
{
    return possibilityOf(calibrateRequest());
}

Possibility SessionJobs::canSearch() const
{
    if (!m_model.draft().hasNeurons() && !m_model.tokenizerProblem().isEmpty())
        return canCalibrate();
    return possibilityOf(searchRequest(m_model.draft()));
}

Possibility SessionJobs::canEvaluate() const
{
    return possibilityOf(evaluateRequest(m_model.draft()));
}

Possibility SessionJobs::canExport() const
{
    return possibilityOf(request::Export{.draft = m_model.draft(), .settings = {}});
}

// ---- what is asked for -------------------------------------------------------------------------------------------------------

request::Calibrate SessionJobs::calibrateRequest() const
{
    return {.text = m_model.session().calibrationText, .norm = m_model.session().norm, .keepsGrams = m_keepsGrams && m_grams.isThere()};
}

request::Impact SessionJobs::impactRequest() const
{
    request::Impact impact{.text = m_model.session().calibrationText, .search = m_model.draft().search};
    impact.search.forcedLayers.clear(); // every layer is measured, whatever the plan forces or keeps
    impact.search.protectedLayers.clear();
    return impact;
}

/// The text that a plan of the shelf is searched on; none for another one, which is searched on that of its scores.
std::optional<TextSettings> SessionJobs::searchTextOf(const PlanDraft &draft) const
{
    return draft.plan.empty() ? std::nullopt : std::optional(m_model.session().calibrationText);
}

request::Search SessionJobs::searchRequest(const PlanDraft &draft) const
{
    return {.draft = draft, .searchText = searchTextOf(draft)};
}

request::Evaluate SessionJobs::evaluateRequest(const std::optional<PlanDraft> &draft) const
{
    return {.draft = draft,
            .text = m_model.session().evaluationText,
            .searchText = draft ? searchTextOf(*draft) : std::optional<TextSettings>()};
}

request::Curve SessionJobs::curveRequest(const CurveRequest &curve) const
{
    return {.drafts = curve.drafts,
            .text = m_model.session().evaluationText,
            .lentOrder = curve.isOrderBorrowed ? std::optional(m_model.removalOrder()) : std::nullopt,
            .searchText = searchTextOf(m_model.draft())};
}

QString SessionJobs::titleOf(const JobRequest &request) const
{
    if (const auto *open = std::get_if<request::Open>(&request)) {
        const std::filesystem::path &file = open->plan.empty() ? open->scores : open->plan;
        return tr("Open %1").arg(QString::fromStdString(file.empty() ? modelName(open->model).brief : file.filename().string()));
    }
    if (const auto *calibrate = std::get_if<request::Calibrate>(&request))
        return tr("Calibrate on %1").arg(textFilesName(calibrate->text));
    if (std::holds_alternative<request::Impact>(request))
        return tr("Impact of each attention on the original");
    if (std::holds_alternative<request::Search>(request))
        return tr("Search for K = %1, N = %2")
            .arg(QLocale().toString(m_model.neuronsKept()), QLocale().toString(m_model.attentionsToRemove()));
    if (const auto *evaluate = std::get_if<request::Evaluate>(&request))
        return (evaluate->draft ? tr("Evaluate on %1") : tr("Evaluate the original on %1")).arg(textFilesName(evaluate->text));
    if (const auto *curve = std::get_if<request::Curve>(&request))
        return tr("Measure the curve (points: %1)").arg(curve->drafts.size());
    if (const auto *written = std::get_if<request::Export>(&request)) {
        const std::filesystem::path &output = written->settings.output;
        const std::filesystem::path named = output.has_filename() ? output : output.parent_path();
        return tr("Export %1").arg(QString::fromStdString(named.filename().string()));
    }
    if (const auto *prune = std::get_if<request::Prune>(&request))
        return (prune->restoration ? tr("Prune by %1 % and restore") : tr("Prune by %1 %"))
            .arg(QLocale().toString(100 * prune->draft.balance.sparsity, 'g', 3));
    if (const auto *blocks = std::get_if<request::FindBlocks>(&request))
        return tr("Find a plan by %1, %2 %")
            .arg(QLatin1String(secateur::titleOf(blocks->settings.method)), QLocale().toString(100 * blocks->settings.sparsity, 'g', 3));
    if (const auto *tasks = std::get_if<request::MeasureTasks>(&request))
        return tasks->draft ? tr("Measure tasks") : tr("Measure tasks of the original");
    if (std::holds_alternative<request::MeasureThroughput>(request))
        return tr("Measure the speed");
    if (std::holds_alternative<request::Restore>(request) && m_model.shelfPlan() && m_model.shelfPlan()->plan.method == PlanMethod::Manual)
        return isSetByHand(*m_model.shelfPlan()) ? tr("Restore the plan by hand")
                                                 : tr("Restore the plan '%1'").arg(shelfName(*m_model.shelfPlan()));
    if (std::holds_alternative<request::Restore>(request))
        return tr("Restore the plan with K = %1, N = %2")
            .arg(QLocale().toString(m_model.neuronsKept()), QLocale().toString(m_model.attentionsToRemove()));
    if (const auto *compare = std::get_if<request::Compare>(&request))
        return tr("Compare methods (plans: %1)").arg(compare->settings.methods.size() * compare->settings.sparsities.size());
    if (std::holds_alternative<request::ScoreText>(request))
        return tr("Score a text");
    return tr("Generate a text");
}

QString SessionJobs::lineOf(const JobRequest &request) const
{
    return QString::fromStdString(commandLineOf(request, m_model.session(), commandSettings()));
}

// ---- costs -------------------------------------------------------------------------------------------------------------------

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
JobCost SessionJobs::costOf(const JobAmount &amount) const
{
    if (amount.evaluations == 0)
        return {};
    JobCost cost = costOf(amount.size);
    cost.evaluations = amount.evaluations;
    if (m_secondsPerEvaluation) {
        cost.seconds = double(amount.evaluations * std::max<std::int64_t>(1, amount.size.searchWindows)) * *m_secondsPerEvaluation;
        if (cost.forecast)
            cost.forecast->seconds = *cost.seconds;
    }
    return cost;
}

JobCost SessionJobs::calibrationCost() const
{
    request::Calibrate asked = calibrateRequest();
    if (!asked.text.windows && asked.text.files.empty())
        return {};
    asked.text.windows = m_model.roughWindows(asked.text); // the sizes of the files were asked for before
    const JobSize size = amountOf(asked, m_model.session()).size;
    JobCost cost = costOf(size);
    if (m_calibrationRate && m_calibrationRate->length == size.length && cost.seconds) {
        cost.seconds = double(size.windows) * m_calibrationRate->seconds;
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
    const Session &session = m_model.session();
    const std::optional<FreshSearch> fresh = m_report ? freshSearch(session, draft, m_report->computed) : std::nullopt;
    JobCost cost =
        costOf(fresh ? amountOf(request::Search{draft}, withoutSearch(session, draft)) : amountOf(request::Search{draft}, session));
    if (fresh)
        cost.anew = tr("starts anew: what is known was computed %1").arg(QString::fromStdString(fresh->difference.one));
    return cost;
}

JobCost SessionJobs::impactCost() const
{
    return m_model.hasModel() ? costOf(amountOf(impactRequest(), m_model.session())) : JobCost();
}

bool SessionJobs::isOriginalMeasured() const
{
    return m_report ? isMeasured(m_model.session(), Measured::Perplexity, {}, m_report->computed) : m_model.denseEvaluation() != nullptr;
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
    cost.seconds = cost.seconds.value_or(0) + *original.seconds * (workShare() + (isOriginalMeasured() ? 0 : 1));
    if (cost.forecast)
        cost.forecast->seconds = *cost.seconds;
    return cost;
}

JobCost SessionJobs::curveCost(const CurveRequest &request) const
{
    JobCost cost;
    std::optional<double> perPoint; // of an evaluation on the evaluation text, if one was measured
    for (const Measurement &e : m_model.session().measurements)
        if (isOn(e, m_model.session().evaluationText, m_model.session().readTexts))
            perPoint = e.seconds;
    double seconds = isOriginalMeasured() ? 0 : perPoint.value_or(0);
    bool isKnown = perPoint.has_value();
    for (const PlanDraft &draft : request.drafts) {
        const JobCost search = request.isOrderBorrowed ? JobCost() : searchCost(draft);
        cost.evaluations += search.evaluations;
        if (!search.anew.isEmpty())
            cost.anew = search.anew;
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

EngineSettings SessionJobs::commandSettings() const
{
    EngineSettings settings = m_runner.settings();
    if (settings.dtype == "fastest" && m_report) // what was found here, for another machine
        settings.dtype = m_report->computed.dtype;
    return settings;
}

QString SessionJobs::commandOf(JobKind kind) const
{
    if (!m_model.hasModel() || !m_model.readOnlyReason().isEmpty()) // a plan that is known in part is another plan
        return {};
    const std::optional<PlanDraft> draft = m_model.draft().hasNeurons() ? std::optional(m_model.draft()) : std::nullopt;
    switch (kind) {
    case JobKind::Open:
        return lineOf(request::Open{m_model.session().model->folder});
    case JobKind::Calibrate:
        return canCalibrate() ? lineOf(calibrateRequest()) : QString();
    case JobKind::Impact:
        return canMeasureImpact() ? lineOf(impactRequest()) : QString();
    case JobKind::Search:
        return draft ? lineOf(searchRequest(*draft)) : QString();
    case JobKind::Evaluate:
    case JobKind::Curve:
        return canEvaluateDense() ? lineOf(evaluateRequest(draft)) : QString();
    case JobKind::Export:
        return exportCommand({});
    case JobKind::MeasureTasks:
        return tasksCommand(m_model.session().tasks);
    case JobKind::Prune: // these ask for more than the session holds: pruneCommand(), blocksCommand(), ...
    case JobKind::FindBlocks:
    case JobKind::MeasureThroughput:
    case JobKind::Compare:
    case JobKind::Restore:
    case JobKind::Generate:
    case JobKind::ScoreText:
        return {};
    }
    return {};
}

QString SessionJobs::exportCommand(const ExportSettings &settings) const
{
    if (!m_model.draft().hasNeurons() || !m_model.readOnlyReason().isEmpty())
        return {};
    return lineOf(request::Export{.draft = m_model.draft(), .settings = settings});
}

} // namespace secateur::ui
