// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs does where a job is asked for while it runs, and where one goes on on another device.
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"

#include <algorithm>

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

/// It was asked for once more: one that is held tries again, and any other goes on as it is.
void SessionJobs::goOnWith(int number)
{
    const JobInfo job = *m_runner.job(number);
    if (job.isHeld())
        return m_runner.setPaused(number, false);
    Message message;
    message.topic = QStringLiteral("again");
    message.sentence = job.state == JobInfo::State::Paused    ? tr("%1 is paused: resume it in the job bar.").arg(job.title)
                       : job.state == JobInfo::State::Waiting ? tr("%1 already waits behind another job.").arg(job.title)
                                                              : tr("%1 is running already.").arg(job.title);
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
