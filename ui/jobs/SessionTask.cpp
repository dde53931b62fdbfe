// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionTask.h"

#include "engine/Engine.h"
#include "engine/EngineChecks.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "jobs/CompareWork.h"
#include "jobs/JobWork.h"
#include "jobs/MeasuringWork.h"
#include "jobs/MethodWork.h"
#include "jobs/RestoreWork.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/Measurements.h"
#include "session/PlanFolder.h"
#include "tasks/TaskScoring.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <utility>

namespace secateur::ui {

SessionTask::SessionTask(SessionModel &model, MessageLog &messages, std::shared_ptr<SessionJournal> journal,
                         std::shared_ptr<Findings> findings, std::function<bool()> isCurrent)
    : m_model(model),
      m_messages(messages),
      m_journal(std::move(journal)),
      m_findings(std::move(findings)),
      m_isCurrent(std::move(isCurrent)),
      m_session(std::make_shared<const Session>(model.session()))
{
}

Engine &SessionTask::engine(JobPort &port) const
{
    Engine &engine = port.engine(m_session->model->folder);
    engine.hearTexts([task = *this, tell = listener(port)](const TextSettings &text, const TextReport &report) { // until the next job
        noteContent(task.m_findings->readTexts, text, report.tokenHash);
        tell(TextRead{.text = text, .report = report});
    });
    return engine;
}

EventListener SessionTask::listener(JobPort &port) const
{
    return [task = *this, &port](const JobEvent &told) {
        JobEvent event = told;
        if (auto *scored = std::get_if<Scored>(&event); scored && !scored->ranked) // here, where it holds nobody up
            scored->ranked = std::make_shared<const RankedScores>(*scored->scores);
        if (task.m_journal) {
            try {
                task.m_journal->add(event);
            } catch (const std::exception &problem) { // a full disk must not stop the computation, but be said
                task.tellJournalProblem(port, problem);
            }
        }
        task.deliver(port, [&model = task.m_model, event] { model.apply(event); });
    };
}

void SessionTask::deliver(JobPort &port, std::function<void()> function) const
{
    port.deliver([isCurrent = m_isCurrent, function = std::move(function)] {
        if (isCurrent())
            function();
    });
}

void SessionTask::deliverAndWait(JobPort &port, std::function<void()> function) const
{
    constexpr std::chrono::milliseconds kBetweenLooks(20);
    const auto isDone = std::make_shared<std::promise<void>>();
    const std::future<void> done = isDone->get_future();
    deliver(port, [isDone, function = std::move(function)] {
        function();
        isDone->set_value();
    });
    while (done.wait_for(kBetweenLooks) != std::future_status::ready)
        port.context().check();
}

SessionTask SessionTask::with(Session session) const
{
    SessionTask task = *this;
    task.m_session = std::make_shared<const Session>(std::move(session));
    return task;
}

void SessionTask::tell(JobPort &port, const Message &message) const
{
    deliver(port, [&messages = m_messages, message] { messages.post(message); });
}

void SessionTask::tellJournalProblem(JobPort &port, const std::exception &problem) const
{
    const Error error = asError(problem);
    tell(port, {.severity = Message::Severity::Warning,
                .sentence = MessageLog::tr("The session could not be saved: %1").arg(QString::fromStdString(error.what())),
                .hint = QString::fromStdString(error.plainHint()),
                .topic = QStringLiteral("journal"),
                .actionText = {},
                .action = {},
                .time = {}});
}

/// The session with what its jobs have found since.
Session SessionTask::known() const
{
    Session session = *m_session;
    for (const auto &[key, record] : m_findings->searches)
        session.searches[key] = record;
    for (const Measurement &original : m_findings->originals)
        addMeasurement(session.measurements, original);
    for (const ReadText &read : m_findings->readTexts)
        noteContent(session.readTexts, read.text, read.tokenHash);
    return session;
}

void SessionTask::shelve(JobPort &port, const ShelfEntry &entry) const
{
    Session session = known();
    const std::string key = searchKey(secateur::shelve(session, entry), entry.plan->plan.balance.neuronsKept);
    if (const auto search = session.searches.find(key); search != session.searches.end())
        m_findings->searches[key] = search->second;
    listener(port)(PlanOpened{entry});
}

PruningPlan SessionTask::planOf(const PlanDraft &draft) const
{
    return secateur::planOf(known(), draft);
}

void SessionTask::startAnewIfNeeded(JobPort &port, PruningPlan &plan) const
{
    if (!plan.search.isBegun())
        return;
    const ComputeConditions &before = plan.search.provenance.computed;
    const auto tellOfSearch = [&](const QString &sentence) {
        tell(port, {.severity = Message::Severity::Info,
                    .sentence = sentence,
                    .hint = {},
                    .topic = QStringLiteral("search"),
                    .actionText = {},
                    .action = {},
                    .time = {}});
    };
    const ConditionDifference found = differenceOf(before, engine(port).report().computed);
    if (found.isNone()) {
        if (const std::string unknown = unknownOf(before); !unknown.empty())
            tellOfSearch(MessageLog::tr("The session does not say %1 the search of this plan was computed. What is added may differ from "
                                        "it in the last bits.")
                             .arg(QString::fromStdString(unknown)));
        return;
    }
    tellOfSearch(
        MessageLog::tr("The search of this plan starts anew: it was computed %1, and is now computed %2. Such losses cannot be compared.")
            .arg(QString::fromStdString(found.one), QString::fromStdString(found.other)));
    plan.removedAttentions.clear();
    plan.search.steps.clear();
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
}

namespace {

/// Throws Error that names a text of a plan of a file that is not there: it may lie elsewhere on this machine.
void checkAreThere(const TextSettings &text)
{
    for (const std::filesystem::path &file : text.files)
        if (!doesExist(file))
            throw Error("The text " + inQuotes(file.string()) + ", on which this plan is searched, is not there.",
                        "Choose it where it is now as the calibration text, or put it back.");
}

/// The restored plan that those settings made of a plan before, computed as it would be now; none where its file is gone.
std::optional<ShelfEntry> restoredBefore(const Session &session, const PruningPlan &plain, const RestorationSettings &settings,
                                         const ComputeConditions &now)
{
    const std::string hash = plain.hash();
    for (const auto &[key, shelf] : session.plans) {
        const std::optional<RestorationRecord> &record = shelf->plan.restoration;
        if (record && record->plainHash == hash && record->settings == settings && doesExist(shelf->file) &&
            differenceOf(shelf->plan.calibration.computed, now).isNone())
            return shelfEntry(shelf->plan, shelf->file);
    }
    return {};
}

Evaluated evaluated(const PruningPlan *plan, const PlanDraft &draft, bool isOrderBorrowed)
{
    return plan ? Evaluated{.plan = plan, .draft = draft, .isOrderBorrowed = isOrderBorrowed} : Evaluated();
}

} // namespace

void SessionTask::noteCalibration(std::int64_t calibration, double seconds) const
{
    m_findings->calibrationSeconds[calibration] = seconds;
}

PruningPlan SessionTask::searched(JobPort &port, const PlanDraft &draft, const std::optional<TextSettings> &ofShelf) const
{
    PruningPlan plan = planOf(draft);
    if (!plan.isComplete())
        search(port, plan, draft, ofShelf);
    return plan;
}

void SessionTask::search(JobPort &port, PruningPlan &plan, const PlanDraft &draft, const std::optional<TextSettings> &ofShelf) const
{
    const std::string key = searchKey(draft, plan.balance.neuronsKept);
    SessionModel &model = m_model;
    const bool isOfFile = !draft.plan.empty();
    const TextSettings text = isOfFile ? ofShelf.value_or(m_session->calibrationText) : textSettingsOf(plan.calibration);
    if (isOfFile)
        checkAreThere(text);
    startAnewIfNeeded(port, plan);
    const auto calibrated = m_findings->calibrationSeconds.find(draft.calibration);
    const bool isAllHere = calibrated != m_findings->calibrationSeconds.end() && !plan.search.isBegun();
    const auto end = [&] { // also when it is cancelled: what was found counts
        if (plan.search.isBegun())
            m_findings->searches[key] = plan.search;
        deliver(port, [&model] { model.setRunningSearch({}); });
    };
    deliver(port, [&model, key] { model.setRunningSearch(key); });
    try {
        secateur::search(engine(port), plan, key, text, draft.search, port.context(), listener(port));
    } catch (...) {
        end();
        throw;
    }
    end();
    if (isAllHere)
        listener(port)(MeasurementMade{pruningMeasurement(plan, draft, calibrated->second + port.context().phaseSeconds())});
}

void SessionTask::measureImpact(JobPort &port, const request::Impact &asked) const
{
    secateur::measureImpact(engine(port), asked.text, asked.search, port.context(), listener(port));
}

/// The session as it is now, with all that the jobs before this one found. `then` is called with it, on the interface's thread.
std::shared_ptr<const Session> SessionTask::latest(JobPort &port, const std::function<void()> &then) const
{
    const auto session = std::make_shared<Session>();
    deliverAndWait(port, [&model = m_model, session, then] {
        *session = model.session();
        if (then)
            then();
    });
    return session;
}

ShelfEntry SessionTask::findBlocks(JobPort &port, const request::FindBlocks &asked) const
{
    const auto end = [&] { deliver(port, [&model = m_model] { model.endBlocks(); }); };
    try {
        ShelfEntry found = findPlan(engine(port), asked, *latest(port), port.context(), listener(port));
        end();
        return found;
    } catch (...) {
        end();
        throw;
    }
}

ShelfEntry SessionTask::restore(JobPort &port, const request::Restore &asked, const GramStore &grams,
                                const std::filesystem::path &plans) const
{
    const PruningPlan plain = searched(port, asked.draft, asked.searchText);
    noteHash(port, plain, asked.draft);                  // whoever shows the plan finds what became of it
    const bool isOfText = plain.calibration.windows > 0; // not so of a plan by hand
    return restore(port, plain, isOfText ? restorationTextOf(plain) : asked.searchText.value_or(m_session->calibrationText), asked.settings,
                   grams, plans);
}

ShelfEntry SessionTask::restore(JobPort &port, const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                                const GramStore &grams, const std::filesystem::path &plans) const
{
    const ModelSpec &dense = m_session->model->spec;
    const std::shared_ptr<const Session> session = latest(port); // with what is known of it, should the work be called again
    const ComputeConditions now = engine(port).report().computed;
    if (std::optional<ShelfEntry> known = restoredBefore(*session, plain, settings, now))
        return *std::move(known);
    const RestorationTask task{.text = text,
                               .settings = settings,
                               .grams = grams.find(plain.calibration),
                               .before = begunRestoration(*session, plain, settings, now)};
    const auto end = [&] { deliver(port, [&model = m_model] { model.endRestoration(); }); };
    try {
        PruningPlan plan = runRestoration(engine(port), dense, plain, task, port.context(), listener(port));
        const ShelfPlan kept = keptPlan(std::move(plan), plans); // its weights need no memory any more
        ShelfEntry entry = shelfEntry(kept.plan, kept.file);
        shelve(port, entry);
        end();
        return entry;
    } catch (...) {
        end();
        throw;
    }
}

void SessionTask::compare(JobPort &port, const ComparisonSettings &settings, const std::filesystem::path &plans) const
{
    Session session = *latest(port, [&model = m_model] { model.beginComparison(); });
    const auto end = [&] { // also when it is cancelled: what was found counts
        for (const auto &[key, record] : session.searches)
            m_findings->searches[key] = record;
        for (const Measurement &measured : session.measurements)
            if (measured.planHash.empty())
                addMeasurement(m_findings->originals, measured);
        deliver(port, [&model = m_model] {
            model.endBlocks();
            model.endRestoration();
            model.endTasks();
        });
    };
    try {
        secateur::compare(engine(port), session, settings, port.context(), listener(port), {}, plans);
    } catch (...) {
        end();
        throw;
    }
    end();
}

void SessionTask::measureTasks(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, const std::vector<TaskSet> &tasks,
                               const TaskSettings &settings) const
{
    const ModelSpec &dense = m_session->model->spec;
    const ComputeConditions now = engine(port).report().computed;
    const std::shared_ptr<const Session> session = latest(port); // with the items that were scored, should the work be called again
    const TaskSettings settled = settledTaskSettings(settings, dense);
    const std::string asked = askedHash(tasks, settled.bos, *settled.longest), planHash = plan ? plan->hash() : std::string();
    if (taskMeasurementOf(*session, asked, planHash, now))
        return;
    const auto end = [&] { deliver(port, [&model = m_model] { model.endTasks(); }); };
    try {
        const Measurement record = secateur::measureTasks(engine(port), dense, evaluated(plan, draft, false), tasks, settings,
                                                          port.context(), listener(port), begunScoresOf(*session, asked, planHash, now));
        if (!plan)
            m_findings->originals.push_back(record);
    } catch (...) {
        end();
        throw;
    }
    end();
    if (plan)
        noteHash(port, *plan, draft);
}

void SessionTask::measureThroughput(JobPort &port, const PruningPlan *plan, const PlanDraft &draft,
                                    const ThroughputSettings &settings) const
{
    secateur::measureThroughput(engine(port), m_session->model->spec, evaluated(plan, draft, false), settings, port.context(),
                                listener(port));
    if (plan)
        noteHash(port, *plan, draft);
}

/// Whoever shows the plan knows its hash from here on.
void SessionTask::noteHash(JobPort &port, const PruningPlan &plan, const PlanDraft &draft) const
{
    deliver(port, [&model = m_model, draft, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
        model.setPlanHash(draft, removed, hash);
    });
}

Measurement SessionTask::evaluate(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, bool isOrderBorrowed) const
{
    const Evaluated what = evaluated(plan, draft, isOrderBorrowed);
    const TextSettings &text = m_session->evaluationText;
    const Measurement record = secateur::evaluate(engine(port), m_session->model->spec, what, text, port.context(), listener(port));
    if (!plan)
        m_findings->originals.push_back(record);
    else
        deliver(port,
                [&model = m_model, record, draft] { model.setPlanHash(draft, record.removed, QString::fromStdString(record.planHash)); });
    return record;
}

std::optional<Measurement> SessionTask::evaluateDenseOnce(JobPort &port) const
{
    return isMeasured(port, {}) ? std::nullopt : std::optional(evaluate(port, nullptr, {}, false));
}

bool SessionTask::isMeasured(JobPort &port, const std::string &planHash) const
{
    return secateur::isMeasured(known(), Measured::Perplexity, planHash, engine(port).report().computed);
}

} // namespace secateur::ui
