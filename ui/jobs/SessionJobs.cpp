// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionJobs.h"

#include "commands/PlanEditor.h"
#include "engine/ProcessMemory.h"
#include "foundation/Error.h"
#include "jobs/CommandLines.h"
#include "jobs/SessionTask.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/SessionStore.h"

#include <QLocale>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace secateur::ui {
namespace {

constexpr std::chrono::milliseconds kSettled(150); ///< after the last edit the hash of the plan is wanted

/// What was measured for a plan, as the manifest of an export holds it.
nlohmann::json evaluationsOf(const Session &session, const std::string &planHash)
{
    nlohmann::json list = nlohmann::json::array();
    for (const EvaluationRecord &pruned : session.evaluations) {
        if (pruned.planHash != planHash)
            continue;
        nlohmann::json entry = {{"text", textName(pruned.text)},
                                {"tokens", pruned.result.tokens},
                                {"length", pruned.result.length},
                                {"tokenHash", pruned.result.tokenHash},
                                {"prunedPerplexity", pruned.result.perplexity}};
        for (const EvaluationRecord &dense : session.evaluations)
            if (dense.planHash.empty() && dense.result.tokenHash == pruned.result.tokenHash)
                entry["densePerplexity"] = dense.result.perplexity;
        if (entry.contains("densePerplexity")) // the manifest compares
            list.push_back(entry);
    }
    return list;
}

} // namespace

SessionJobs::SessionJobs(SessionModel &model, PlanEditor &editor, JobRunner &runner, MessageLog &messages, QObject *parent)
    : QObject(parent),
      m_model(model),
      m_editor(editor),
      m_runner(runner),
      m_messages(messages),
      m_findings(std::make_shared<Findings>())
{
    m_pool.setMaxThreadCount(1);
    m_hashTimer.setSingleShot(true);
    m_hashTimer.setInterval(kSettled);
    connect(&m_hashTimer, &QTimer::timeout, this, &SessionJobs::keepHash);
    connect(&m_model, &SessionModel::draftChanged, &m_hashTimer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::searchChanged, &m_hashTimer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::modelChanged, this, [this] {
        ++m_generation;
        ++m_hashRequest; // one that is being computed is of the session before
        m_findings = std::make_shared<Findings>();
        for (const JobInfo &job : std::vector<JobInfo>(m_runner.jobs()))
            if (job.kind != JobKind::Open)
                m_runner.cancel(job.number);
        m_hashTimer.start();
    });
}

SessionJobs::~SessionJobs()
{
    m_pool.waitForDone();
}

// ---- what is possible --------------------------------------------------------------------------------------------------------

Possibility SessionJobs::canEvaluateDense() const
{
    if (!m_model.hasModel())
        return {tr("Open a model first.")};
    if (!m_model.isModelThere())
        return {tr("The model of this session is not there: its plots can be seen, but nothing computed.")};
    if (!m_model.session().model->tokenizerSize)
        return {tr("The model has no usable tokenizer: %1").arg(QString::fromStdString(m_model.session().model->tokenizerProblem))};
    if (m_model.session().evaluationText.files.empty())
        return {tr("Choose a text to evaluate on first.")};
    return {};
}

Possibility SessionJobs::canMeasureImpact() const
{
    if (!m_model.hasModel())
        return {tr("Open a model first.")};
    if (!m_model.isModelThere())
        return {tr("The model of this session is not there: its plots can be seen, but nothing computed.")};
    if (!m_model.session().model->tokenizerSize)
        return {tr("The model has no usable tokenizer: %1").arg(QString::fromStdString(m_model.session().model->tokenizerProblem))};
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
    if (!m_model.isModelThere())
        return {tr("The model of this session is not there: its plots can be seen, but nothing computed.")};
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
    if (!m_model.hasModel())
        return {tr("Open a model first.")};
    if (!m_model.isModelThere())
        return {tr("The model of this session is not there: its plots can be seen, but nothing written.")};
    if (!m_model.hasScores())
        return {tr("Calibrate first: no neurons are chosen yet.")};
    if (!m_model.balance())
        return {m_model.balanceProblem()};
    if (state != SearchState::Complete && state != SearchState::NotNeeded)
        return {tr("Search first: %1 of %2 removals are known.").arg(m_model.removalOrder().size()).arg(m_model.attentionsToRemove())};
    return {};
}

// ---- jobs --------------------------------------------------------------------------------------------------------------------

/// What is told at the end of a job: failures always, and whatever `done` adds.
std::function<void(const JobInfo &)> SessionJobs::whenFinished(const QString &topic, std::function<void(const JobInfo &)> done)
{
    m_messages.resolve(topic);
    return [this, topic, done = std::move(done)](const JobInfo &job) {
        if (job.state == JobInfo::State::Failed)
            m_messages.post({.severity = Message::Severity::Error,
                             .sentence = job.sentence,
                             .hint = job.hint,
                             .topic = topic,
                             .actionText = {},
                             .action = {},
                             .time = {}});
        if (done)
            done(job);
    };
}

void SessionJobs::openModel(const std::filesystem::path &path, const std::optional<SampleTexts> &texts)
{
    std::error_code error;
    std::filesystem::path model = std::filesystem::absolute(path, error).lexically_normal();
    if (std::filesystem::is_regular_file(model, error) || !model.has_filename()) // a file in it, a slash at the end
        model = model.parent_path();
    m_runner.start(
        JobKind::Open, tr("Open %1").arg(QString::fromStdString(model.filename().string())), CommandLines::inspect(model),
        [this, model, texts, request = ++m_openRequest](JobPort &port) {
            const std::shared_ptr<const ModelSummary> summary = port.open(model);
            const EngineReport report = port.engine(model).report();
            port.context().check();
            port.deliver([this, summary, report, texts, request] {
                if (request != m_openRequest)
                    return; // another one was asked for meanwhile
                m_report = report;
                emit engineReportChanged();
                m_model.begin(*summary);
                if (texts)
                    m_model.setTexts(texts->calibration, texts->evaluation, ScoreNorm::L2);
                emit modelOpened();
            });
        },
        whenFinished(QStringLiteral("open")));
}

void SessionJobs::start(JobKind kind, const QString &title, const QString &command, const QString &topic,
                        std::function<void(const SessionTask &, JobPort &)> work, std::function<void(const JobInfo &)> done)
{
    const SessionTask task(m_model, m_messages, m_journal, m_findings,
                           [this, generation = m_generation] { return generation == m_generation; });
    m_runner.start(
        kind, title, command, [task, work = std::move(work)](JobPort &port) { work(task, port); }, whenFinished(topic, std::move(done)));
}

void SessionJobs::reopenModel()
{
    if (!m_model.hasModel())
        return;
    ++m_openRequest; // what is being opened now is not wanted any more
    start(JobKind::Open, tr("Open %1").arg(m_model.modelName()), commandOf(JobKind::Open), QStringLiteral("open"),
          [this](const SessionTask &task, JobPort &port) {
              const ModelSummary &before = *task.session().model;
              const std::shared_ptr<const ModelSummary> summary = port.open(before.folder);
              if (!(summary->spec == before.spec))
                  throw Error("The folder '" + before.folder.string() + "' holds another model than that of the session.",
                              "Put the session's model back, or begin a new session with this one.");
              const EngineReport report = task.engine(port).report();
              task.deliver(port, [this, report] {
                  m_report = report;
                  emit engineReportChanged();
                  m_model.setModelThere(true);
              });
          });
}

void SessionJobs::calibrate()
{
    if (!canCalibrate())
        return;
    const QString text = QString::fromStdString(textName(m_model.session().calibrationText));
    start(JobKind::Calibrate, tr("Calibrate on %1").arg(text), commandOf(JobKind::Calibrate), QStringLiteral("calibrate"),
          [this](const SessionTask &task, JobPort &port) {
              const auto scores = task.engine(port).score(task.session().calibrationText, task.session().norm, port.context());
              const auto ranked = std::make_shared<const RankedScores>(*scores);
              task.deliver(port, [this, scores, ranked] { m_editor.useCalibration(m_model.addCalibration(scores, ranked)); });
          });
}

void SessionJobs::measureImpact()
{
    if (!canMeasureImpact())
        return;
    start(
        JobKind::Impact, tr("Impact of each attention on the original"), commandOf(JobKind::Impact), QStringLiteral("impact"),
        [](const SessionTask &task, JobPort &port) { task.measureImpact(port); }, [this](const JobInfo &job) { keepRate(job); });
}

void SessionJobs::search()
{
    if (!canSearch())
        return;
    start(
        JobKind::Search, tr("Search for K = %1").arg(QLocale().toString(m_model.neuronsKept())), commandOf(JobKind::Search),
        QStringLiteral("search"),
        [this](const SessionTask &task, JobPort &port) {
            const PlanDraft &draft = task.session().draft;
            PruningPlan plan = task.planOf(draft);
            task.search(port, plan, draft);
            task.deliver(port, [this, draft, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
                m_model.setPlanHash(draft, removed, hash);
            });
        },
        [this](const JobInfo &job) { keepRate(job); });
}

/// Seconds of one evaluation of the search, for the cost of the next.
void SessionJobs::keepRate(const JobInfo &job)
{
    if (job.progress.phase == "search" && job.progress.done > 0 && job.progress.seconds > 0)
        m_secondsPerEvaluation = job.progress.seconds / double(job.progress.done);
}

void SessionJobs::evaluate()
{
    if (!canEvaluate())
        return;
    start(JobKind::Evaluate, tr("Evaluate on %1").arg(QString::fromStdString(textName(m_model.session().evaluationText))),
          commandOf(JobKind::Evaluate), QStringLiteral("evaluate"), [](const SessionTask &task, JobPort &port) {
              const PlanDraft &draft = task.session().draft;
              PruningPlan plan = task.planOf(draft);
              if (!plan.isComplete())
                  task.search(port, plan, draft);
              task.evaluateDenseOnce(port);
              task.evaluate(port, &plan, draft, false);
          });
}

void SessionJobs::evaluateDense()
{
    if (!canEvaluateDense())
        return;
    const TextSettings &text = m_model.session().evaluationText;
    start(JobKind::Evaluate, tr("Evaluate the original on %1").arg(QString::fromStdString(textName(text))),
          CommandLines(m_model.session(), m_runner.settings()).evaluateDense(text), QStringLiteral("evaluate"),
          [](const SessionTask &task, JobPort &port) { task.evaluate(port, nullptr, {}, false); });
}

/// The drafts as a command line can make their plans: a borrowed order is one that is forced.
std::vector<PlanDraft> SessionJobs::searchableDrafts(const CurveRequest &request) const
{
    std::vector<PlanDraft> drafts = request.drafts;
    const std::vector<std::int64_t> order = m_model.removalOrder();
    for (PlanDraft &draft : drafts) {
        const auto N = std::size_t(plannedRemovals(draft));
        const SearchRecord *own = searchOf(draft);
        if (!request.isOrderBorrowed || (own && own->removalOrder().size() >= N))
            continue;
        draft.search.protectedLayers.clear();
        draft.search.forcedLayers = order;
        draft.search.forcedLayers.resize(std::min(N, order.size()));
    }
    return drafts;
}

void SessionJobs::measureCurve(const CurveRequest &request)
{
    if (!canEvaluateDense() || request.drafts.empty())
        return;
    const std::vector<std::int64_t> order = m_model.removalOrder();
    const QString command =
        CommandLines(m_model.session(), m_runner.settings()).curve(searchableDrafts(request), m_model.session().evaluationText);
    start(JobKind::Curve, tr("Measure the curve, %n points", nullptr, int(request.drafts.size())), command, QStringLiteral("curve"),
          [request, order](const SessionTask &task, JobPort &port) {
              task.evaluateDenseOnce(port);
              for (const PlanDraft &draft : request.drafts) {
                  PruningPlan plan = task.planOf(draft);
                  const std::int64_t N = plan.balance.attentionsToRemove;
                  const bool isBorrowed = request.isOrderBorrowed && !plan.isComplete();
                  if (isBorrowed) {
                      if (std::int64_t(order.size()) < N)
                          throw Error("The plan in hand has " + std::to_string(order.size()) + " removals to lend, a point needs " +
                                          std::to_string(N) + ".",
                                      "Search further, or have each point searched.");
                      plan.removedAttentions.assign(order.begin(), order.begin() + std::ptrdiff_t(N));
                      plan.search = {};
                      plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
                  } else if (!plan.isComplete()) {
                      task.search(port, plan, draft);
                  }
                  task.evaluate(port, &plan, draft, isBorrowed);
              }
          });
}

void SessionJobs::exportPlan(ExportSettings settings)
{
    if (!canExport())
        return;
    const QString command = exportCommand(settings);
    for (const QString &word : CommandLines(m_model.session(), m_runner.settings()).exportWords(m_model.draft(), settings))
        settings.command.push_back(word.toStdString());
    const std::filesystem::path output = settings.output.has_filename() ? settings.output : settings.output.parent_path();
    const QString name = QString::fromStdString(output.filename().string());
    start(JobKind::Export, tr("Export %1").arg(name), command, QStringLiteral("export"),
          [this, settings](const SessionTask &task, JobPort &port) {
              const PruningPlan plan = task.planOf(task.session().draft);
              const std::string hash = plan.hash();
              const ExportResult result = task.engine(port).exportPlan(plan, settings, evaluationsOf(task.session(), hash), port.context());
              const ExportRecord record{.planHash = hash,
                                        .format = settings.format,
                                        .folder = result.folder,
                                        .parameters = result.parameters,
                                        .bytes = result.bytes,
                                        .verification = result.verification};
              task.write(port, [&](SessionJournal &j) { j.exported(record); });
              task.deliver(port, [this, record] {
                  m_model.addExport(record);
                  emit exported(QString::fromStdString(record.folder.string()), record.verification.isPassed);
              });
          });
}

void SessionJobs::savePlan(const std::filesystem::path &file)
{
    m_messages.resolve(QStringLiteral("plan"));
    m_pool.start([this, file, session = m_model.session()] {
        Message message{.severity = Message::Severity::Success,
                        .sentence = {},
                        .hint = {},
                        .topic = QStringLiteral("plan"),
                        .actionText = {},
                        .action = {},
                        .time = {}};
        try {
            secateur::savePlan(planOf(session, session.draft), file);
            message.sentence = tr("The plan is in '%1'.").arg(QString::fromStdString(file.string()));
        } catch (const std::exception &problem) {
            const auto *known = dynamic_cast<const Error *>(&problem);
            message.severity = Message::Severity::Error;
            message.sentence = QString::fromStdString(problem.what());
            message.hint = known ? QString::fromStdString(known->hint()) : QString();
        }
        QMetaObject::invokeMethod(
            this, [this, message] { m_messages.post(message); }, Qt::QueuedConnection);
    });
}

/// The hash of the plan in hand sorts scores and writes them out: not on this thread.
void SessionJobs::keepHash()
{
    const SearchState state = m_model.searchState();
    if ((state != SearchState::Complete && state != SearchState::NotNeeded) || !m_model.planHash().isEmpty())
        return;
    const int request = ++m_hashRequest;
    m_pool.start([this, request, session = m_model.session()] {
        try {
            const PruningPlan plan = planOf(session, session.draft);
            const QString hash = QString::fromStdString(plan.hash());
            QMetaObject::invokeMethod(
                this,
                [this, request, draft = session.draft, removed = plan.removedAttentions, hash] {
                    if (request == m_hashRequest)
                        m_model.setPlanHash(draft, removed, hash);
                },
                Qt::QueuedConnection);
        } catch (const std::exception &) { // the draft has no plan: said where the balance is shown
        }
    });
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

/// What is known of the search of a draft; null when nothing is, or when it is infeasible.
const SearchRecord *SessionJobs::searchOf(const PlanDraft &draft) const
{
    try {
        const auto &searches = m_model.session().searches;
        const auto found = searches.find(searchKey(draft, balance(m_model.spec(), draft.balance).neuronsKept));
        return found == searches.end() ? nullptr : &found->second;
    } catch (const Error &) {
        return nullptr;
    }
}

JobCost SessionJobs::searchCost(const PlanDraft &draft) const
{
    JobCost cost;
    if (!m_model.hasModel())
        return cost;
    const std::int64_t N = plannedRemovals(draft);
    const SearchRecord *record = searchOf(draft);
    const auto done = record ? std::int64_t(record->removalOrder().size()) : 0;
    const auto isKnown = [](double loss) { return !std::isnan(loss); };
    if (done < N) {
        if (!record || !isKnown(record->initialLoss))
            ++cost.evaluations;
        const auto forced = std::int64_t(draft.search.forcedLayers.size()), kept = std::int64_t(draft.search.protectedLayers.size());
        for (std::int64_t n = done; n < N; ++n)
            cost.evaluations += n < forced ? 1 : m_model.layerCount() - n - kept;
        if (record && std::int64_t(record->steps.size()) > done)
            cost.evaluations -=
                std::count_if(record->steps[std::size_t(done)].losses.begin(), record->steps[std::size_t(done)].losses.end(), isKnown);
    }
    if (m_secondsPerEvaluation)
        cost.seconds = double(cost.evaluations) * *m_secondsPerEvaluation;
    return cost;
}

JobCost SessionJobs::curveCost(const CurveRequest &request) const
{
    JobCost cost;
    std::optional<double> perPoint; // of an evaluation on the evaluation text, if one was measured
    for (const EvaluationRecord &e : m_model.session().evaluations)
        if (isSameText(e.text, m_model.session().evaluationText))
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
        dtype = dtypeFromConfigName(m_report->dtype);
    return weightBytes(model, dtype);
}

std::int64_t SessionJobs::memoryFree() const
{
    return availableMemoryBytes();
}

// ---- command lines -----------------------------------------------------------------------------------------------------------

QString SessionJobs::commandOf(JobKind kind) const
{
    if (!m_model.hasModel())
        return {};
    const CommandLines lines(m_model.session(), m_runner.settings());
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
    }
    return {};
}

QString SessionJobs::exportCommand(const ExportSettings &settings) const
{
    return m_model.hasScores() ? CommandLines(m_model.session(), m_runner.settings()).exportPlan(m_model.draft(), settings) : QString();
}

} // namespace secateur::ui
