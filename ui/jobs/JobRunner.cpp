// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobRunner.h"

#include "jobs/ComputeThread.h"

#include <QPointer>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <thread>

namespace secateur::ui {
namespace {

constexpr std::chrono::milliseconds kMailboxInterval(33); // 30 times a second

JobInfo::State stateOf(ComputeThread::Report::State state)
{
    switch (state) {
    case ComputeThread::Report::State::Running:
        return JobInfo::State::Running;
    case ComputeThread::Report::State::Paused:
        return JobInfo::State::Paused;
    case ComputeThread::Report::State::Done:
        return JobInfo::State::Done;
    case ComputeThread::Report::State::Cancelled:
        return JobInfo::State::Cancelled;
    case ComputeThread::Report::State::Failed:
        return JobInfo::State::Failed;
    }
    return JobInfo::State::Failed;
}

} // namespace

JobPort::JobPort(ComputeThread &thread, JobContext context) : m_thread(thread), m_context(std::move(context)) {}

Engine &JobPort::engine(const std::filesystem::path &model)
{
    return m_thread.engine(model);
}

std::shared_ptr<const ModelSummary> JobPort::open(const std::filesystem::path &model)
{
    return m_thread.open(model);
}

void JobPort::deliver(std::function<void()> function)
{
    m_thread.deliver(std::move(function));
}

JobRunner::JobRunner(const EngineSettings &settings, QObject *parent) : QObject(parent), m_settings(settings), m_timer(new QTimer(this))
{
    m_timer->setInterval(kMailboxInterval);
    m_timer->setTimerType(Qt::PreciseTimer);
    connect(m_timer, &QTimer::timeout, this, &JobRunner::readMailbox);
    m_thread = std::make_unique<ComputeThread>(settings, [this] { // the thread ends before this object does
        QMetaObject::invokeMethod(this, &JobRunner::readMailbox, Qt::QueuedConnection);
    });
}

JobRunner::~JobRunner()
{
    m_thread.reset();
}

int JobRunner::computeThreads()
{
    return int(std::max(1U, std::thread::hardware_concurrency() - (std::thread::hardware_concurrency() > 1 ? 1U : 0U)));
}

int JobRunner::start(JobKind kind, const QString &title, const QString &command, Work work, std::function<void(const JobInfo &)> finished)
{
    for (const JobInfo &job : std::vector<JobInfo>(m_jobs)) // the latest of a kind wins
        if (job.kind == kind && !job.isOver())
            cancel(job.number);
    JobInfo job;
    job.number = int(m_jobs.size()) + 1;
    job.kind = kind;
    job.title = title;
    job.command = command;
    m_jobs.push_back(job);
    m_finishers.emplace_back(job.number, std::move(finished));
    emit jobAdded(job.number);
    m_thread->push(job.number, std::move(work));
    m_timer->start();
    return job.number;
}

void JobRunner::cancel(int number)
{
    JobInfo *job = find(number);
    if (!job || job->isOver() || job->state == JobInfo::State::Cancelling)
        return;
    job->state = JobInfo::State::Cancelling;
    m_thread->requestStop(number);
    emit jobChanged(number);
    QMetaObject::invokeMethod(this, &JobRunner::readMailbox, Qt::QueuedConnection); // one that waited is over already
}

void JobRunner::cancelAll()
{
    for (const JobInfo &job : std::vector<JobInfo>(m_jobs))
        cancel(job.number);
}

void JobRunner::setPaused(int number, bool isPaused)
{
    JobInfo *job = find(number);
    if (!job || job->isOver() || job->state == JobInfo::State::Cancelling)
        return;
    m_thread->setPaused(number, isPaused);
    if (job->state != JobInfo::State::Waiting) {
        job->state = isPaused ? JobInfo::State::Paused : JobInfo::State::Running;
        emit jobChanged(number);
    }
}

const JobInfo *JobRunner::job(int number) const
{
    return number >= 1 && number <= int(m_jobs.size()) ? &m_jobs[std::size_t(number - 1)] : nullptr;
}

JobInfo *JobRunner::find(int number)
{
    return number >= 1 && number <= int(m_jobs.size()) ? &m_jobs[std::size_t(number - 1)] : nullptr;
}

const JobInfo *JobRunner::current() const
{
    const JobInfo *waiting = nullptr;
    for (const JobInfo &job : m_jobs) {
        if (!job.isOver() && job.state != JobInfo::State::Waiting)
            return &job;
        if (!job.isOver() && !waiting)
            waiting = &job;
    }
    return waiting;
}

bool JobRunner::isBusy(JobKind kind) const
{
    return std::any_of(m_jobs.begin(), m_jobs.end(), [&](const JobInfo &job) { return job.kind == kind && !job.isOver(); });
}

void JobRunner::readMailbox()
{
    const ComputeThread::Mail mail = m_thread->takeMail();
    const QPointer<JobRunner> self(this); // what is called may close the window
    for (const auto &[job, function] : mail.deliveries) {
        function();
        if (!self)
            return;
    }
    for (const ComputeThread::Report &report : mail.reports) {
        JobInfo *job = find(report.job);
        if (!job || job->isOver())
            continue;
        if (report.progress)
            job->progress = *report.progress;
        const JobInfo::State state = stateOf(report.state);
        const bool isOver = state != JobInfo::State::Running && state != JobInfo::State::Paused;
        if (isOver || job->state != JobInfo::State::Cancelling) // a job that is to stop says so until it has
            job->state = state;
        job->sentence = QString::fromStdString(report.sentence);
        job->hint = QString::fromStdString(report.hint);
        job->seconds = isOver ? report.seconds : job->progress.seconds;
        emit jobChanged(report.job);
        if (!self || !isOver)
            continue;
        const JobInfo ended = *find(report.job);
        const auto finisher =
            std::find_if(m_finishers.begin(), m_finishers.end(), [&](const auto &entry) { return entry.first == report.job; });
        const auto finished = finisher == m_finishers.end() ? std::function<void(const JobInfo &)>() : std::move(finisher->second);
        if (finisher != m_finishers.end())
            m_finishers.erase(finisher);
        if (finished)
            finished(ended);
        if (!self)
            return;
        emit jobFinished(report.job);
    }
    if (std::all_of(m_jobs.begin(), m_jobs.end(), [](const JobInfo &job) { return job.isOver(); }))
        m_timer->stop();
}

} // namespace secateur::ui
