// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionTask.h"

#include "engine/Engine.h"
#include "foundation/Failures.h"
#include "jobs/JobWork.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"

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
    engine.hearTexts([tell = listener(port)](const TextSettings &text, const TextReport &report) { // until the next job
        tell(TextRead{.text = text, .report = report});
    });
    return engine;
}

EventListener SessionTask::listener(JobPort &port) const
{
    return [task = *this, &port](const JobEvent &event) {
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
                .sentence = MessageLog::tr("The session could not be written down: %1").arg(QString::fromStdString(error.what())),
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
    return session;
}

PruningPlan SessionTask::planOf(const PlanDraft &draft) const
{
    return secateur::planOf(known(), draft);
}

void SessionTask::startAnewIfNeeded(JobPort &port, PruningPlan &plan) const
{
    const Provenance &before = plan.search.provenance;
    const EngineReport report = engine(port).report();
    Provenance now;
    now.device = report.device;
    now.dtype = report.dtype;
    now.threads = report.threads;
    now.torchVersion = report.torchVersion;
    if (!plan.search.isBegun() || areComparable(before, now))
        return;
    tell(port,
         {.severity = Message::Severity::Info,
          .sentence = MessageLog::tr("The search of this plan starts anew: what was known of it was computed in another way (%1 on %2, "
                                     "%3, LibTorch %4), and such losses cannot be compared.")
                          .arg(QString::fromStdString(before.dtype), QString::fromStdString(before.device),
                               before.threads == 1 ? MessageLog::tr("1 thread") : MessageLog::tr("%1 threads").arg(before.threads),
                               QString::fromStdString(before.torchVersion)),
          .hint = {},
          .topic = QStringLiteral("search"),
          .actionText = {},
          .action = {},
          .time = {}});
    plan.removedAttentions.clear();
    plan.search.steps.clear();
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
}

void SessionTask::search(JobPort &port, PruningPlan &plan, const PlanDraft &draft) const
{
    const std::string key = searchKey(draft, plan.balance.neuronsKept);
    SessionModel &model = m_model;
    startAnewIfNeeded(port, plan);
    const auto end = [&] { // also when it is cancelled: what was found counts
        if (plan.search.isBegun())
            m_findings->searches[key] = plan.search;
        deliver(port, [&model] { model.setRunningSearch({}); });
    };
    deliver(port, [&model, key] { model.setRunningSearch(key); });
    try {
        secateur::search(engine(port), plan, key, textSettingsOf(plan.calibration), draft.search, port.context(), listener(port));
    } catch (...) {
        end();
        throw;
    }
    end();
}

void SessionTask::measureImpact(JobPort &port) const
{
    secateur::measureImpact(engine(port), m_session->calibrationText, m_session->draft.search, port.context(), listener(port));
}

EvaluationRecord SessionTask::evaluate(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, bool isOrderBorrowed) const
{
    Evaluated what;
    if (plan)
        what = {.plan = plan, .draft = draft, .isOrderBorrowed = isOrderBorrowed};
    const TextSettings &text = m_session->evaluationText;
    const EvaluationRecord record = secateur::evaluate(engine(port), m_session->model->spec, what, text, port.context(), listener(port));
    if (!plan)
        m_findings->denseTexts.push_back(text);
    else
        deliver(port,
                [&model = m_model, record, draft] { model.setPlanHash(draft, record.removed, QString::fromStdString(record.planHash)); });
    return record;
}

std::optional<EvaluationRecord> SessionTask::evaluateDenseOnce(JobPort &port) const
{
    const TextSettings &text = m_session->evaluationText;
    const bool isKnown = std::any_of(m_session->evaluations.begin(), m_session->evaluations.end(),
                                     [&](const EvaluationRecord &e) { return e.planHash.empty() && e.text == text; }) ||
                         std::find(m_findings->denseTexts.begin(), m_findings->denseTexts.end(), text) != m_findings->denseTexts.end();
    return isKnown ? std::nullopt : std::optional(evaluate(port, nullptr, {}, false));
}

} // namespace secateur::ui
