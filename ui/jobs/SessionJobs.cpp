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
      m_messages(messages)
{
    m_pool.setMaxThreadCount(1);
    m_hashTimer.setSingleShot(true);
    m_hashTimer.setInterval(kSettled);
    connect(&m_hashTimer, &QTimer::timeout, this, &SessionJobs::keepHash);
    connect(&m_model, &SessionModel::draftChanged, &m_hashTimer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::searchChanged, &m_hashTimer, qOverload<>(&QTimer::start));
    connect(&m_model, &SessionModel::modelChanged, this, [this] {
        ++m_generation;
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
    const std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
    const std::filesystem::path model = std::filesystem::is_regular_file(absolute, error) ? absolute.parent_path() : absolute;
    const QString name = QString::fromStdString((model.has_filename() ? model : model.parent_path()).filename().string());
    m_runner.start(
        JobKind::Open, tr("Open %1").arg(name), QStringLiteral("secateur-cli inspect '%1'").arg(QString::fromStdString(model.string())),
        [this, model, texts](JobPort &port) {
            const std::shared_ptr<const ModelSummary> summary = port.open(model);
            const EngineReport report = port.engine(model).report();
            port.deliver([this, summary, report, texts] {
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

void SessionJobs::start(JobKind kind, const QString &title, const QString &topic, std::function<void(const SessionTask &, JobPort &)> work,
                        std::function<void(const JobInfo &)> done)
{
    const SessionTask task(m_model, m_messages, m_journal, [this, generation = m_generation] { return generation == m_generation; });
    m_runner.start(
        kind, title, commandOf(kind), [task, work = std::move(work)](JobPort &port) { work(task, port); },
        whenFinished(topic, std::move(done)));
}

void SessionJobs::reopenModel()
{
    start(JobKind::Open, tr("Open %1").arg(m_model.modelName()), QStringLiteral("open"), [this](const SessionTask &task, JobPort &port) {
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
    start(JobKind::Calibrate, tr("Calibrate on %1").arg(text), QStringLiteral("calibrate"), [this](const SessionTask &task, JobPort &port) {
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
        JobKind::Impact, tr("Impact of each attention on the original"), QStringLiteral("impact"),
        [](const SessionTask &task, JobPort &port) { task.measureImpact(port); }, [this](const JobInfo &job) { keepRate(job); });
}

void SessionJobs::search()
{
    if (!canSearch())
        return;
    start(
        JobKind::Search, tr("Search for K = %1").arg(QLocale().toString(m_model.neuronsKept())), QStringLiteral("search"),
        [this](const SessionTask &task, JobPort &port) {
            const PlanDraft &draft = task.session().draft;
            PruningPlan plan = planOf(task.session(), draft);
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
          QStringLiteral("evaluate"), [](const SessionTask &task, JobPort &port) {
              const PlanDraft &draft = task.session().draft;
              PruningPlan plan = planOf(task.session(), draft);
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
    start(JobKind::Evaluate, tr("Evaluate the original on %1").arg(QString::fromStdString(textName(m_model.session().evaluationText))),
          QStringLiteral("evaluate"), [](const SessionTask &task, JobPort &port) { task.evaluate(port, nullptr, {}, false); });
}

void SessionJobs::measureCurve(const CurveRequest &request)
{
    if (!canEvaluateDense() || request.drafts.empty())
        return;
    const std::vector<std::int64_t> order = m_model.removalOrder();
    start(JobKind::Curve, tr("Measure the curve, %n points", nullptr, int(request.drafts.size())), QStringLiteral("curve"),
          [request, order](const SessionTask &task, JobPort &port) {
              task.evaluateDenseOnce(port);
              for (const PlanDraft &draft : request.drafts) {
                  PruningPlan plan = planOf(task.session(), draft);
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
    for (const QString &word : CommandLines(m_model.session(), m_runner.settings()).exportWords(m_model.draft(), settings))
        settings.command.push_back(word.toStdString());
    const QString name = QString::fromStdString(settings.output.filename().string());
    start(JobKind::Export, tr("Export %1").arg(name), QStringLiteral("export"), [this, settings](const SessionTask &task, JobPort &port) {
        const PruningPlan plan = planOf(task.session(), task.session().draft);
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
        } catch (const Error &problem) {
            message.severity = Message::Severity::Error;
            message.sentence = QString::fromStdString(problem.what());
            message.hint = QString::fromStdString(problem.hint());
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
        } catch (const Error &) { // the draft has no plan: said where the balance is shown
        }
    });
}

// ---- costs -------------------------------------------------------------------------------------------------------------------

JobCost SessionJobs::searchCost(const PlanDraft &draft) const
{
    JobCost cost;
    if (!m_model.hasModel())
        return cost;
    std::int64_t N = 0, K = 0;
    try {
        const SparsityBalance b = balance(m_model.spec(), draft.balance);
        N = b.attentionsToRemove;
        K = b.neuronsKept;
    } catch (const Error &) {
        return cost;
    }
    const auto found = m_model.session().searches.find(searchKey(draft, K));
    const SearchRecord *record = found == m_model.session().searches.end() ? nullptr : &found->second;
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
        if (e.text.files == m_model.session().evaluationText.files && e.text.length == m_model.session().evaluationText.length)
            perPoint = e.seconds;
    double seconds = 0;
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
        return lines.inspect();
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
