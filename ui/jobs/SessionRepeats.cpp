// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs does where a job is asked for while it runs, and where one goes on on another device.
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"

#include <algorithm>
#include <utility>

namespace secateur::ui {

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
void SessionJobs::goOnWith(int number)
{
    const JobInfo job = *m_runner.job(number);
    if (job.isHeld())
        return m_runner.setPaused(number, false);
    m_answered = number;
    Message message;
    message.topic = QStringLiteral("again");
    message.sentence = job.state == JobInfo::State::Paused    ? tr("%1 is paused: resume it in the job bar.").arg(job.title)
                       : job.state == JobInfo::State::Waiting ? tr("%1 already waits behind another job.").arg(job.title)
                                                              : tr("%1 is running already.").arg(job.title);
    m_messages.post(message);
}

/// Another of its kind was asked for, which would take its place.
void SessionJobs::askToStop(const JobInfo &other, const QString &wanted, std::function<void()> startWanted)
{
    m_answered = other.number;
    Message message;
    message.topic = QStringLiteral("again");
    message.sentence = (other.state == JobInfo::State::Paused    ? tr("%1 is paused, so this was not started: %2.")
                        : other.state == JobInfo::State::Waiting ? tr("%1 waits behind another job, so this was not started: %2.")
                                                                 : tr("%1 is running, so this was not started: %2."))
                           .arg(other.title, wanted);
    message.hint = tr("What it has finished is kept if you stop it.");
    message.actionText = tr("Stop it and start this one");
    message.action = [this, generation = m_generation, startWanted = std::move(startWanted)] {
        m_messages.resolve(QStringLiteral("again"));
        if (generation == m_generation) // else it was asked of a session before
            startWanted();
    };
    m_messages.post(message);
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
