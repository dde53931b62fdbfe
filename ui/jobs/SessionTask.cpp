// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionTask.h"

#include "engine/Engine.h"
#include "foundation/Failures.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/Measurements.h"

#include <algorithm>
#include <chrono>
#include <cmath>
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
    engine.hearTexts([task = *this, &port](const TextSettings &text, const TextReport &report) { // until the next job
        noteContent(task.m_findings->readTexts, text, report.tokenHash);
        task.deliver(port, [&model = task.m_model, text, report] { model.tellTextRead(text, report); });
    });
    return engine;
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

namespace {

/// What a search begins with.
void writeSteps(SessionJournal &journal, const std::string &key, const std::vector<SearchStep> &steps)
{
    for (std::size_t i = 0; i < steps.size(); ++i) {
        for (std::size_t layer = 0; layer < steps[i].losses.size(); ++layer)
            if (!std::isnan(steps[i].losses[layer]))
                journal.candidateEvaluated(key, std::int64_t(i), std::int64_t(layer), steps[i].losses[layer]);
        if (steps[i].removed >= 0)
            journal.attentionRemoved(key, std::int64_t(i), steps[i].removed, steps[i].isForced);
    }
}

} // namespace

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

void SessionTask::search(JobPort &port, PruningPlan &plan, const PlanDraft &draft) const
{
    const std::string key = searchKey(draft, plan.balance.neuronsKept);
    SessionModel &model = m_model;
    startAnewIfNeeded(port, plan);
    const bool isOfOthers =
        searchOfOthers(known(), draft, plan.balance.neuronsKept).has_value(); // so the journal knows less under this key
    const std::vector<SearchStep> taken = isOfOthers ? plan.search.steps : std::vector<SearchStep>();
    bool isTold = false;
    const auto tellBegin = [&] { // by then the plan's record says where its numbers come from
        if (std::exchange(isTold, true))
            return;
        deliver(port, [&model, key, record = plan.search] { model.setSearch(key, record); });
        write(port, [&](SessionJournal &j) {
            j.searchBegun(key, plan.search.settings, plan.search.provenance, plan.search.initialLoss);
            writeSteps(j, key, taken);
        });
    };
    const auto keep = [&] {
        if (plan.search.isBegun())
            m_findings->searches[key] = plan.search;
    };
    deliver(port, [&model, key] { model.setRunningSearch(key); });
    try {
        engine(port).search(
            plan, textSettingsOf(plan.calibration), draft.search, port.context(),
            [&](const CandidateLoss &heard) {
                tellBegin();
                if (!heard.isScreened) // those of a step under way are soon computed again
                    write(port, [&](SessionJournal &j) { j.candidateEvaluated(key, heard.step, heard.layer, heard.loss); });
                deliver(port, [&model, key, heard] { model.addCandidate(key, heard); });
            },
            [&](const PruningPlan &current) {
                const auto step = std::int64_t(current.removedAttentions.size()) - 1;
                const std::int64_t layer = current.removedAttentions.back();
                const bool isForced = current.search.steps[std::size_t(step)].isForced;
                write(port, [&](SessionJournal &j) { j.attentionRemoved(key, step, layer, isForced); });
                deliver(port, [&model, key, step, layer, isForced] { model.addRemoval(key, step, layer, isForced); });
            });
    } catch (...) { // cancelled, mostly: what was found counts
        keep();
        deliver(port, [&model] { model.setRunningSearch({}); });
        throw;
    }
    keep();
    deliver(port, [&model] { model.setRunningSearch({}); });
    deliver(port, [&model, key, record = plan.search] { model.setSearch(key, record); });
}

void SessionTask::measureImpact(JobPort &port) const
{
    SearchSettings settings = m_session->draft.search;
    settings.forcedLayers.clear(); // every layer is measured
    settings.protectedLayers.clear();
    SessionModel &model = m_model;
    SearchRecord empty;
    empty.settings = settings;
    empty.initialLoss = std::numeric_limits<double>::quiet_NaN();
    deliver(port, [&model, empty] { model.setSearch({}, empty); });
    write(port, [&](SessionJournal &j) { j.searchBegun({}, settings, {}, empty.initialLoss); }); // what was known before does not count
    const SearchRecord record = engine(port).impact(m_session->calibrationText, settings, port.context(), [&](const CandidateLoss &heard) {
        write(port, [&](SessionJournal &j) { j.candidateEvaluated({}, heard.step, heard.layer, heard.loss); });
        deliver(port, [&model, heard] { model.addCandidate({}, heard); });
    });
    deliver(port, [&model, record] { model.setSearch({}, record); });
    write(port, [&](SessionJournal &j) {
        j.searchBegun({}, record.settings, record.provenance, record.initialLoss);
        j.attentionRemoved({}, 0, record.steps.front().removed, false);
    });
}

Measurement SessionTask::evaluate(JobPort &port, const PruningPlan *plan, const PlanDraft &draft, bool isOrderBorrowed) const
{
    const auto start = std::chrono::steady_clock::now();
    Measurement record;
    record.text = m_session->evaluationText;
    record.result = engine(port).evaluate(plan, record.text, port.context());
    record.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    record.computed = engine(port).report().computed;
    record.neuronsKept = m_session->model->spec.mostNeurons();
    if (plan) {
        record.calibration = draft.calibration;
        record.neuronsKept = plan->balance.neuronsKept;
        record.removed = plan->removedAttentions;
        record.isOrderBorrowed = isOrderBorrowed;
        record.planHash = plan->hash();
        record.draft = draft;
    }
    if (!plan)
        m_findings->originals.push_back(record);
    write(port, [&](SessionJournal &j) { j.evaluated(record); });
    deliver(port, [&model = m_model, record, draft] {
        model.addMeasurement(record);
        if (!record.planHash.empty())
            model.setPlanHash(draft, record.removed, QString::fromStdString(record.planHash));
    });
    return record;
}

std::optional<Measurement> SessionTask::evaluateDenseOnce(JobPort &port) const
{
    return isMeasured(port, {}) ? std::nullopt : std::optional(evaluate(port, nullptr, {}, false));
}

bool SessionTask::isMeasured(JobPort &port, const std::string &planHash) const
{
    const Session session = known();
    const ComputeConditions now = engine(port).report().computed;
    return std::ranges::any_of(session.measurements, [&](const Measurement &m) {
        return m.what == Measured::Perplexity && m.planHash == planHash && isOn(m, session.evaluationText, session.readTexts) &&
               differenceOf(m.computed, now).isNone();
    });
}

} // namespace secateur::ui
