// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobRunner.h"

#include "engine/Engine.h"
#include "jobs/ComputeThread.h"

#include <QPointer>
#include <QTimer>

#include <algorithm>
#include <chrono>
#include <deque>
#include <thread>
#include <utility>

namespace secateur::ui {
namespace {

constexpr std::chrono::milliseconds kMailboxInterval(33); // 30 times a second

JobInfo::State stateOf(JobReport::State state)
{
    switch (state) {
    case JobReport::State::Running:
        return JobInfo::State::Running;
    case JobReport::State::Paused:
        return JobInfo::State::Paused;
    case JobReport::State::Done:
        return JobInfo::State::Done;
    case JobReport::State::Cancelled:
        return JobInfo::State::Cancelled;
    case JobReport::State::Failed:
        return JobInfo::State::Failed;
    }
    return JobInfo::State::Failed;
}

} // namespace

struct JobRunner::State {
    std::vector<std::function<void(const JobInfo &)>> finishers; ///< as m_jobs
    std::deque<JobLetter> mail;                                  ///< what was taken from the mailbox and is still to be read
    std::unique_ptr<ComputeThread> thread;
};

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

JobRunner::JobRunner(const EngineSettings &settings, QObject *parent)
    : QObject(parent),
      m_timer(new QTimer(this)),
      m_state(std::make_unique<State>())
{
    m_timer->setInterval(kMailboxInterval);
    m_timer->setTimerType(Qt::PreciseTimer);
    connect(m_timer, &QTimer::timeout, this, &JobRunner::readMailbox);
    m_state->thread = std::make_unique<ComputeThread>( // which ends before this object does
        settings, [this] { QMetaObject::invokeMethod(this, &JobRunner::readMailbox, Qt::QueuedConnection); },
        [this](const EngineReport &report, const ForecastBasis &basis) { emit engineMoved(report, basis); });
}

JobRunner::~JobRunner()
{
    m_state->thread.reset();
}

const EngineSettings &JobRunner::settings() const
{
    return m_state->thread->settings();
}

int JobRunner::computeThreads()
{
    return int(std::max(1U, std::thread::hardware_concurrency() - (std::thread::hardware_concurrency() > 1 ? 1U : 0U)));
}

int JobRunner::start(JobKind kind, const QString &title, const QString &command, Work work, std::function<void(const JobInfo &)> finished,
                     const std::optional<Forecast> &forecast, const std::filesystem::path &served)
{
    for (const JobInfo &job : std::vector<JobInfo>(m_jobs)) // the latest of a kind wins, and one that is held is given up
        if ((job.kind == kind || job.isHeld()) && !job.isOver())
            cancel(job.number);
    JobInfo job;
    job.number = int(m_jobs.size()) + 1;
    job.kind = kind;
    job.title = title;
    job.command = command;
    job.forecast = forecast;
    m_jobs.push_back(job);
    m_state->finishers.push_back(std::move(finished));
    m_state->thread->push(job.number, std::move(work), served);
    m_timer->start();
    emit jobAdded(job.number);
    return job.number;
}

void JobRunner::cancel(int number)
{
    JobInfo *job = find(number);
    if (!job || job->isOver() || job->state == JobInfo::State::Cancelling)
        return;
    const bool wasHeld = job->isHeld();
    job->state = JobInfo::State::Cancelling;
    m_state->thread->requestStop(number);
    QMetaObject::invokeMethod(this, &JobRunner::readMailbox, Qt::QueuedConnection); // one that waited is over already
    const QPointer<JobRunner> self(this);
    emit jobChanged(number);
    if (self && wasHeld)
        tellStarter(number);
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
    m_state->thread->setPaused(number, isPaused);
    const JobInfo::State state = isPaused ? JobInfo::State::Paused : JobInfo::State::Running;
    if (job->state == JobInfo::State::Waiting || job->state == state)
        return;
    const bool wasHeld = job->isHeld();
    job->state = state;
    if (wasHeld) { // what held it is over
        job->sentence.clear();
        job->hint.clear();
        job->failedDevice.clear();
        job->isOfMachine = false;
    }
    const QPointer<JobRunner> self(this);
    emit jobChanged(number);
    if (self && wasHeld)
        tellStarter(number);
}

void JobRunner::continueOnCpu(int number)
{
    const JobInfo *job = find(number);
    if (job && job->isHeld() && m_state->thread->moveToCpu(number))
        setPaused(number, false);
}

/// How a job is that was held or is now.
void JobRunner::tellStarter(int number)
{
    const JobInfo job = *find(number);
    if (const auto told = m_state->finishers[std::size_t(number - 1)])
        told(job);
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
    for (const JobInfo &job : m_jobs) // before the one that it waits for
        if (!job.isOver() && job.waitsFor != 0)
            return &job;
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
    for (JobLetter &letter : m_state->thread->takeMail())
        m_state->mail.push_back(std::move(letter));
    const QPointer<JobRunner> self(this);
    while (self && !m_state->mail.empty()) { // what is called may delete this, or run an event loop that reads on
        const JobLetter letter = std::move(m_state->mail.front());
        m_state->mail.pop_front();
        if (letter.delivery)
            letter.delivery();
        else
            follow(letter.report);
    }
    if (self && std::all_of(m_jobs.begin(), m_jobs.end(), [](const JobInfo &job) { return job.isOver(); }))
        m_timer->stop();
}

void JobRunner::follow(const JobReport &report)
{
    JobInfo *job = find(report.job);
    if (!job || job->isOver())
        return;
    const bool wasHeld = job->isHeld();
    if (report.progress)
        job->progress = *report.progress;
    const JobInfo::State state = stateOf(report.state);
    const bool isOver = state != JobInfo::State::Running && state != JobInfo::State::Paused;
    if (isOver || job->state != JobInfo::State::Cancelling) // a job that is to stop says so until it has
        job->state = state;
    job->sentence = QString::fromStdString(report.sentence);
    job->hint = QString::fromStdString(report.hint);
    job->isOfMachine = report.isOfMachine;
    job->failedDevice = QString::fromStdString(report.device);
    job->seconds = report.seconds;
    job->waitsFor = isOver ? 0 : report.waitsFor;
    job->peakBytes = report.peakBytes;
    job->isPeakOfGpu = report.isPeakOfGpu;
    const bool isNewlyHeld = job->isHeld() && !wasHeld;
    const QPointer<JobRunner> self(this);
    emit jobChanged(report.job);
    if (self && isNewlyHeld)
        tellStarter(report.job);
    if (self && isNewlyHeld)
        emit jobHeld(report.job);
    if (!self || !isOver)
        return;
    const JobInfo ended = *find(report.job);
    if (const auto finished = std::exchange(m_state->finishers[std::size_t(report.job - 1)], {}))
        finished(ended);
    if (self)
        emit jobFinished(report.job);
}

} // namespace secateur::ui
