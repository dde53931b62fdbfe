// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionJobs.h"

#include "checkpoint/Checkpoint.h"
#include "checkpoint/ModelName.h"
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "jobs/FailureWords.h"
#include "jobs/SessionTask.h"
#include "model/CheckpointSpec.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"

#include <QLocale>

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace secateur::ui {

SessionJobs::SessionJobs(SessionModel &model, PlanEditor &editor, JobRunner &runner, MessageLog &messages, QObject *parent)
    : QObject(parent),
      m_model(model),
      m_editor(editor),
      m_runner(runner),
      m_messages(messages),
      m_findings(std::make_shared<Findings>()),
      m_hasher(model)
{
    m_pool.setMaxThreadCount(1);
    connect(&m_runner, &JobRunner::engineMoved, this, &SessionJobs::followMove);
    connect(&m_runner, &JobRunner::jobFinished, this, &SessionJobs::openNextFile);
    connect(&m_model, &SessionModel::modelChanged, this, [this] {
        ++m_generation;
        m_findings = std::make_shared<Findings>();
        m_secondsPerEvaluation.reset(); // may be of another model
        m_calibrationRate.reset();
        cancelJobsOfSession();
        for (const char *topic :
             {"calibrate", "calibrated", "impact", "search", "evaluate", "curve", "export", "prune", "findBlocks", "measureTasks",
              "measureThroughput", "compare", "restore", "restored", "widths", "generate", "scoreText", "again"})
            m_messages.resolve(QLatin1String(topic)); // of the session before
    });
    connect(&m_model, &SessionModel::resultRefused, this, [this](const QString &why) {
        m_messages.post({.severity = Message::Severity::Warning,
                         .sentence = tr("A result was left out of the session: %1.").arg(why),
                         .hint = tr("Run the job again to have it."),
                         .topic = QStringLiteral("journal"),
                         .actionText = {},
                         .action = {},
                         .time = {}});
    });
    connect(&m_model, &SessionModel::draftChanged, this, &SessionJobs::resolveUnused);
    for (const auto signal : {&SessionModel::draftChanged, &SessionModel::textsChanged})
        connect(&m_model, signal, this, &SessionJobs::resolveFailures);
}

SessionJobs::~SessionJobs()
{
    m_pool.waitForDone();
}

void SessionJobs::cancelJobsOfSession()
{
    for (const JobInfo &job : std::vector<JobInfo>(m_runner.jobs()))
        if (job.kind != JobKind::Open)
            m_runner.cancel(job.number);
}

// ---- jobs --------------------------------------------------------------------------------------------------------------------

/// What is told of a job that ends or is held: failures always, and at its end whatever `done` adds.
std::function<void(const JobInfo &)> SessionJobs::whenFinished(const QString &topic, std::function<void(const JobInfo &)> done)
{
    m_messages.resolve(topic);
    m_failures.erase(topic);
    return [this, topic, done = std::move(done)](const JobInfo &job) {
        if (job.state == JobInfo::State::Failed || job.isHeld()) {
            Message message = failureOf(topic);
            describe(message, job);
            m_messages.post(message);
            if (job.isOver() && job.kind != JobKind::Open)
                m_failures.insert(topic);
        } else if (!job.isOver()) { // it is held no longer
            m_messages.resolve(topic);
        }
        if (done && job.isOver())
            done(job);
    };
}

void SessionJobs::openModel(const std::filesystem::path &path, const std::optional<SampleTexts> &texts)
{
    m_filesToOpen.clear(); // they were for the session in hand
    beginOpening(path, texts);
}

void SessionJobs::beginOpening(const std::filesystem::path &path, const std::optional<SampleTexts> &texts)
{
    std::error_code error;
    std::filesystem::path model = std::filesystem::absolute(path, error).lexically_normal();
    const bool isFileOfFolder = std::filesystem::is_regular_file(model, error) && // config.json, an index, weights
                                (model.extension() == ".json" || model.extension() == ".safetensors");
    if (isFileOfFolder || !model.has_filename()) // a file in it, a slash at the end
        model = model.parent_path();
    const int request = ++m_openRequest;
    const auto &jobs = m_runner.jobs();
    if (std::all_of(jobs.begin(), jobs.end(), [](const JobInfo &job) { return job.isOver() || job.kind == JobKind::Open; }))
        return startOpening(model, texts, request);
    // The jobs of the session in hand end with it, which may take them hours otherwise; but not for a folder that cannot be opened.
    m_messages.resolve(QStringLiteral("open"));
    m_pool.start([this, model, texts, request] {
        Message problem = failureOf(QStringLiteral("open"));
        try {
            Checkpoint checkpoint = Checkpoint::open(model);
            specOf(checkpoint);
        } catch (const std::exception &thrown) {
            describe(problem, thrown);
        }
        QMetaObject::invokeMethod(
            this,
            [this, model, texts, request, problem] {
                if (request != m_openRequest)
                    return;
                if (!problem.sentence.isEmpty()) {
                    m_filesToOpen.clear();
                    return m_messages.post(problem);
                }
                stopFor(model, [this, model, texts, request] { startOpening(model, texts, request); });
            },
            Qt::QueuedConnection);
    });
}

void SessionJobs::startOpening(const std::filesystem::path &model, const std::optional<SampleTexts> &texts, int request)
{
    const JobRequest opening = request::Open{model};
    m_runner.start(
        JobKind::Open, titleOf(opening), lineOf(opening),
        [this, model, texts, request](JobPort &port) {
            const std::shared_ptr<const ModelSummary> summary = port.open(model);
            const EngineReport report = port.engine(model).report();
            const ForecastBasis basis = port.engine(model).forecastBasis();
            port.context().check();
            port.deliver([this, summary, report, basis, texts, request] {
                if (request != m_openRequest)
                    return; // another one was asked for meanwhile
                keepEngine(report, basis);
                m_model.apply(Opened{*summary});
                if (texts)
                    m_model.setDraftAndTexts(m_model.draft(), texts->calibration, texts->evaluation, ScoreNorm::L2);
                emit modelOpened();
                openWaiting();
            });
        },
        whenFinished(QStringLiteral("open"), [this, request](const JobInfo &job) {
            if (request == m_openRequest && job.state != JobInfo::State::Done) // the files were for this model
                m_filesToOpen.clear();
        }));
}

int SessionJobs::start(const JobRequest &request, Work work, Ended done, const JobCost &cost, Consent consent)
{
    const JobKind kind = kindOf(request);
    const bool isOpening = kind == JobKind::Open;
    if (const int same = isOpening ? 0 : runningRequest(request); same > 0) {
        goOnWith(same);
        return same;
    }
    if (!isOpening && consent == Consent::Ask &&
        asksFirst(request, [this, request, work, done, cost] { start(request, work, done, cost, Consent::Given); }))
        return 0;
    const SessionTask task(m_model, m_messages, m_journal, m_findings,
                           [this, generation = m_generation] { return generation == m_generation; });
    if (!isOpening && m_basis) {
        m_basis = basisNow();
        m_hasLoaded = true;
    }
    const int number = m_runner.start(
        kind, titleOf(request), lineOf(request), [task, work = std::move(work)](JobPort &port) { work(task, port); },
        whenFinished(QString::fromLatin1(typeOf(kind).name),
                     [this, generation = m_generation, done = std::move(done)](const JobInfo &job) {
                         if (generation != m_generation) // it is of a session before
                             return;
                         if (job.number == m_answered)
                             m_messages.resolve(QStringLiteral("again"));
                         if (done)
                             done(job);
                     }),
        cost.forecast, servedModel(request));
    m_requests.insert_or_assign(number, request);
    return number;
}

void SessionJobs::reopenModel(const std::filesystem::path &now)
{
    if (!m_model.hasModel())
        return;
    const std::filesystem::path folder = now.empty() ? m_model.session().model->folder : now;
    ++m_openRequest; // what is being opened now is not wanted any more
    m_filesToOpen.clear();
    if (!m_model.readOnlyReason().isEmpty())
        return; // nothing will be computed
    start(request::Open{folder}, [this, folder](const SessionTask &task, JobPort &port) {
        const ModelSummary &before = *task.session().model;
        const std::shared_ptr<const ModelSummary> summary = port.open(folder);
        if (!(summary->spec == before.spec))
            throw Error("The folder '" + folder.string() + "' holds another model than that of the session.",
                        "Put the session's model back, or begin a new session with this one.");
        const EngineReport report = port.engine(folder).report();
        const ForecastBasis basis = port.engine(folder).forecastBasis();
        task.deliver(port, [this, folder, report, basis] {
            keepEngine(report, basis);
            m_model.setModelFolder(folder);
            m_model.setModelThere(true);
            openWaiting();
        });
    });
}

void SessionJobs::keepEngine(const EngineReport &report, const ForecastBasis &basis)
{
    m_report = report;
    m_basis = basis;
    m_hasLoaded = false;
    emit engineReportChanged();
}

/// What failed, and what was not started, was asked for with other texts or another plan than there are now: it is over, and in the log.
void SessionJobs::resolveFailures()
{
    m_messages.resolve(QStringLiteral("again"));
    for (const QString &topic : std::exchange(m_failures, {}))
        m_messages.resolve(topic);
}

void SessionJobs::measureImpact()
{
    if (!canMeasureImpact())
        return;
    const JobCost cost = impactCost();
    const request::Impact asked = impactRequest();
    start(
        asked,
        [cost, asked](const SessionTask &task, JobPort &port) {
            port.context().expect({{"search", cost.seconds.value_or(0)}});
            task.measureImpact(port, asked);
        },
        [this, windows = m_model.draft().search.windows](const JobInfo &job) { keepRate(job, windows); }, cost);
}

void SessionJobs::search()
{
    if (!canSearch())
        return;
    const JobCost cost = searchCost(m_model.draft());
    start(
        searchRequest(m_model.draft()),
        [this, cost, asked = searchRequest(m_model.draft())](const SessionTask &task, JobPort &port) {
            port.context().expect({{"search", cost.seconds.value_or(0)}});
            const PlanDraft &draft = asked.draft;
            PruningPlan plan = task.planOf(draft);
            task.search(port, plan, draft, asked.searchText);
            task.deliver(port, [this, draft, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
                m_model.setPlanHash(draft, removed, hash);
            });
        },
        [this, windows = m_model.draft().search.windows](const JobInfo &job) { keepRate(job, windows); }, cost);
}

/// Seconds of one evaluation of the search, for the cost of the next.
void SessionJobs::keepRate(const JobInfo &job, std::int64_t windows)
{
    if (job.progress.phase == "search" && job.progress.done > 0 && job.progress.seconds > 0)
        m_secondsPerEvaluation = job.progress.seconds / double(job.progress.done * windows);
}

void SessionJobs::evaluate()
{
    if (!canEvaluate())
        return;
    std::vector<ExpectedPhase> phases;
    if (const JobCost search = searchCost(m_model.draft()); search.evaluations > 0)
        phases.push_back({"search", search.seconds.value_or(0)});
    if (!isOriginalMeasured())
        phases.push_back({"evaluate", evaluationSeconds()});
    phases.push_back({"evaluate", evaluationSeconds() * workShare()});
    const request::Evaluate asked = evaluateRequest(m_model.draft());
    start(
        asked,
        [phases, asked](const SessionTask &task, JobPort &port) {
            task.engine(port).checkText(asked.text, port.context()); // what is in it now decides what is known of it
            port.context().expect(phases);
            const PruningPlan plan = task.searched(port, *asked.draft, asked.searchText);
            task.evaluateDenseOnce(port);
            task.evaluate(port, &plan, *asked.draft, false);
        },
        {}, evaluationCost());
}

void SessionJobs::evaluateDense()
{
    if (!canEvaluateDense())
        return;
    start(evaluateRequest({}), [seconds = evaluationSeconds()](const SessionTask &task, JobPort &port) {
        port.context().expect({{"evaluate", seconds}});
        task.evaluate(port, nullptr, {}, false);
    });
}

void SessionJobs::measureCurve(const CurveRequest &request)
{
    if (!canEvaluateDense() || request.drafts.empty())
        return;
    const std::vector<std::int64_t> order = m_model.removalOrder();
    std::vector<ExpectedPhase> phases;
    if (!isOriginalMeasured())
        phases.push_back({"evaluate", evaluationSeconds()});
    for (const PlanDraft &draft : request.drafts) {
        if (const JobCost search = searchCost(draft); search.evaluations > 0 && !request.isOrderBorrowed)
            phases.push_back({"search", search.seconds.value_or(0)});
        phases.push_back({"evaluate", evaluationSeconds()});
    }
    start(curveRequest(request), [request, order, phases, searchText = curveRequest(request).searchText,
                                  measured = std::make_shared<std::size_t>(0)](const SessionTask &task, JobPort &port) {
        task.engine(port).checkText(task.session().evaluationText, port.context()); // as in evaluate()
        port.context().expect(phases);
        task.evaluateDenseOnce(port);
        for (; *measured < request.drafts.size(); ++*measured) {
            const PlanDraft &draft = request.drafts[*measured];
            PruningPlan plan = task.planOf(draft);
            const std::int64_t N = plan.balance.attentionsToRemove;
            const bool isBorrowed = request.isOrderBorrowed && !plan.isComplete();
            if (isBorrowed) {
                if (std::int64_t(order.size()) < N)
                    throw Error("The current plan has " + std::to_string(order.size()) + " removals to lend, a point needs " +
                                    std::to_string(N) + ".",
                                "Search further, or have each point searched.");
                plan.removedAttentions.assign(order.begin(), order.begin() + std::ptrdiff_t(N));
                plan.search = {};
                plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
            } else if (!plan.isComplete()) {
                task.search(port, plan, draft, searchText);
            }
            task.evaluate(port, &plan, draft, isBorrowed);
        }
    });
}

} // namespace secateur::ui
