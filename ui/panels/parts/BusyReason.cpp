// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/BusyReason.h"

#include "jobs/JobTable.h"

#include <utility>

namespace secateur::ui {

BusyReason::BusyReason(const JobRunner &runner, JobKind kind, const QString &running, QObject *parent)
    : QObject(parent),
      m_runner(runner),
      m_kind(kind),
      m_running(running)
{
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&runner, signal, this, &BusyReason::follow);
    follow();
}

void BusyReason::follow()
{
    QString text;
    for (const JobInfo &job : m_runner.jobs())
        if (job.kind == m_kind && !job.isOver()) {
            const QString paused = pausedText(job);
            text = paused.isEmpty() ? m_running : paused;
        }
    if (std::exchange(m_text, text) != text)
        emit changed();
}

} // namespace secateur::ui
