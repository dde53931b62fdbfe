// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs does where a job is asked for that would stop another or replace what is known, and where one goes on on another device.
#include "checkpoint/ModelName.h"
#include "jobs/SearchesOfRequests.h"
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"

#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

const QString kAgain = QStringLiteral("again"); ///< topic of what is said of a job that was asked for and not started

} // namespace

/// The number of the job that was asked for in the same way and is not over; 0 without one.
int SessionJobs::runningRequest(const JobRequest &request) const
{
    const auto &jobs = m_runner.jobs();
    const auto same = std::find_if(jobs.begin(), jobs.end(), [&](const JobInfo &job) {
        const auto asked = m_requests.find(job.number);
        return !job.isOver() && job.state != JobInfo::State::Cancelling && asked != m_requests.end() && asked->second == request;
    });
    return same == jobs.end() ? 0 : same->number;
}

/// One of that kind that is not over and not about to be; null without one. One that is held waits for people, and gives way.
const JobInfo *SessionJobs::underWay(JobKind kind) const
{
    const auto &jobs = m_runner.jobs();
    const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const JobInfo &job) {
        return job.kind == kind && !job.isOver() && job.state != JobInfo::State::Cancelling && !job.isHeld();
    });
    return found == jobs.end() ? nullptr : &*found;
}

/// It was asked for once more: one that is held tries again, and any other goes on as it is.
void SessionJobs::goOnWith(int number, const QString &hint)
{
    const JobInfo job = *m_runner.job(number);
    if (job.isHeld())
        return m_runner.setPaused(number, false);
    m_answered = number;
    Message message;
    message.topic = kAgain;
    message.sentence = job.state == JobInfo::State::Paused    ? tr("%1 is paused: resume it in the job bar.").arg(job.title)
                       : job.state == JobInfo::State::Waiting ? tr("%1 already waits behind another job.").arg(job.title)
                                                              : tr("%1 is running already.").arg(job.title);
    message.hint = hint;
    m_messages.post(message);
}

/// Nothing is stopped or replaced before people agree. The question is over with the job that it is about, if any.
void SessionJobs::ask(Message question, const JobInfo *about, std::function<void()> agreed)
{
    m_answered = about ? about->number : 0;
    question.topic = kAgain;
    question.action = [this, generation = m_generation, agreed = std::move(agreed)] {
        m_messages.resolve(kAgain);
        if (generation == m_generation) // else it was asked of a session before
            agreed();
    };
    m_messages.post(question);
}

/// Whether a job waits for people to agree: it would take the place of another of its kind, or a search of it would replace what is known.
bool SessionJobs::asksFirst(const JobRequest &wanted, std::function<void()> startWanted)
{
    const JobInfo *other = underWay(kindOf(wanted));
    if (const auto running = m_requests.find(other ? other->number : 0);
        running != m_requests.end() && isIncluded(m_model.session(), wanted, running->second)) {
        goOnWith(other->number, tr("It includes this: %1.").arg(titleOf(wanted)));
        return true;
    }
    const std::optional<FreshSearch> fresh = m_report ? freshSearch(m_model.session(), wanted, m_report->computed) : std::nullopt;
    if (!other && !fresh)
        return false;
    Message question;
    QStringList hints;
    if (other) {
        question.sentence = (other->state == JobInfo::State::Paused    ? tr("%1 is paused, so this was not started: %2.")
                             : other->state == JobInfo::State::Waiting ? tr("%1 waits behind another job, so this was not started: %2.")
                                                                       : tr("%1 is running, so this was not started: %2."))
                                .arg(other->title, titleOf(wanted));
        question.actionText = tr("Stop it and start this one");
        hints += tr("What it has finished is kept if you stop it.");
    }
    if (fresh) {
        if (!other) {
            question.sentence = tr("The search of this plan would start anew, so this was not started: %1.").arg(titleOf(wanted));
            question.actionText = tr("Search anew");
        }
        question.severity = Message::Severity::Warning; // it stays until people answer
        hints += tr("What is known was computed %1, and a search would now be computed %2: such losses cannot be compared. Removals "
                    "searched so far: %3. A new search takes their place, with %4 evaluations.")
                     .arg(QString::fromStdString(fresh->difference.one), QString::fromStdString(fresh->difference.other),
                          QLocale().toString(qint64(fresh->removals)), QLocale().toString(qint64(fresh->evaluations)));
    }
    question.hint = hints.join(QLatin1Char(' '));
    ask(question, other, std::move(startWanted));
    return true;
}

/// Opening a model ends the session in hand with its jobs, which may have taken hours. One that is held waits for people, and gives way.
void SessionJobs::stopFor(const std::filesystem::path &model, std::function<void()> opening)
{
    const auto stopAndOpen = [this, request = m_openRequest, opening = std::move(opening)] {
        if (request != m_openRequest)
            return; // something else was asked for meanwhile
        cancelJobsOfSession();
        opening();
    };
    const auto &jobs = m_runner.jobs();
    const auto running = std::find_if(jobs.begin(), jobs.end(), [](const JobInfo &job) {
        return job.kind != JobKind::Open && !job.isOver() && job.state != JobInfo::State::Cancelling && !job.isHeld();
    });
    if (running == jobs.end())
        return stopAndOpen();
    const QString name = QString::fromStdString(modelName(model).brief);
    Message question;
    question.severity = Message::Severity::Warning; // it stays until people answer
    question.sentence = tr("%1 is not over, so %2 was not opened.").arg(running->title, name);
    question.hint = tr("Another model ends this session. The job cannot go on after that.");
    question.actionText = tr("Stop it and open %1").arg(name);
    ask(question, &*running, [this, stopAndOpen, files = std::exchange(m_filesToOpen, {})] { // they are for that model
        m_filesToOpen = files;
        stopAndOpen();
    });
}

/// What computes from here on is no longer what the model was opened with.
void SessionJobs::followMove(const EngineReport &report, const ForecastBasis &basis)
{
    keepEngine(report, basis);
    m_hasLoaded = true;             // by the job that goes on
    m_secondsPerEvaluation.reset(); // was that of the other device
    m_calibrationRate.reset();
}

} // namespace secateur::ui
