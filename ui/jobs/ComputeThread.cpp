// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComputeThread.h"

#include "foundation/Failures.h"
#include "jobs/JobRunner.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace secateur::ui {

ComputeThread::ComputeThread(const EngineSettings &settings, std::function<void()> wake, TellMove tellMove)
    : m_settings(settings),
      m_wake(std::move(wake)),
      m_tellMove(std::move(tellMove)),
      m_thread([this](std::stop_token stop) { run(std::move(stop)); })
{
}

ComputeThread::~ComputeThread()
{
    m_thread.request_stop();
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.clear();
        for (const auto &job : {m_running, m_guest})
            if (job)
                job->stop.request_stop();
    }
    m_changed.notify_all();
}

void ComputeThread::push(int number, Work work, const std::filesystem::path &served)
{
    const auto job = std::make_shared<Job>();
    job->number = number;
    job->work = std::move(work);
    job->served = served;
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.push_back(job);
    }
    m_changed.notify_all();
}

void ComputeThread::requestStop(int number)
{
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &job : {m_running, m_guest})
            if (isNow(number, job))
                job->stop.request_stop();
        const auto waiting = std::find_if(m_waiting.begin(), m_waiting.end(), [&](const auto &job) { return job->number == number; });
        if (waiting != m_waiting.end()) {
            m_mail.push_back({.delivery = {}, .report = reportOf(**waiting, JobReport::State::Cancelled)});
            m_waiting.erase(waiting);
        }
    }
    m_changed.notify_all();
}

void ComputeThread::setPaused(int number, bool isPaused)
{
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &job : {m_running, m_guest})
            if (isNow(number, job))
                job->isPaused = isPaused;
        for (const auto &job : m_waiting)
            if (job->number == number)
                job->isPaused = isPaused;
        for (auto &[delivery, report] : m_mail) // what was not read yet must not contradict it
            if (!delivery && report.job == number &&
                (report.state == JobReport::State::Running || report.state == JobReport::State::Paused))
                report.state = isPaused ? JobReport::State::Paused : JobReport::State::Running;
    }
    m_changed.notify_all();
}

bool ComputeThread::moveToCpu(int number)
{
    const std::lock_guard lock(m_mutex);
    if (!m_running || m_running->number != number || !m_running->isHeld)
        return false;
    m_settings.device = "cpu";
    m_isMoved = true;
    return true;
}

std::vector<JobLetter> ComputeThread::takeMail()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_mail, {});
}

JobReport ComputeThread::reportOf(const Job &job, JobReport::State state) const
{
    JobReport report;
    report.job = job.number;
    report.state = state;
    if (job.start != std::chrono::steady_clock::time_point())
        report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - job.start - job.held).count();
    return report;
}

void ComputeThread::run(std::stop_token stop)
{
    while (true) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(m_mutex);
            if (!m_changed.wait(lock, stop, [&] { return !m_waiting.empty(); }))
                break;
            job = m_waiting.front();
            m_waiting.pop_front();
            m_running = job;
        }
        work(*job);
        {
            const std::lock_guard lock(m_mutex);
            m_running.reset();
        }
        m_wake();
    }
    m_engine.reset();
}

void ComputeThread::work(Job &job)
{
    {
        const std::lock_guard lock(m_mutex);
        job.start = std::chrono::steady_clock::now();
    }
    JobReport end;
    do
        end = attempt(job);
    while (!end.device.empty() && holdUntilRetried(job, end));
    const std::lock_guard lock(m_mutex);
    m_mail.push_back({.delivery = {}, .report = std::move(end)});
}

/// Calls the work once; how that ended. It is told that it begins: what was said of the call before holds no longer. The engine's peaks and who hears of its
/// texts are those of the job that runs, not of one that is served meanwhile.
JobReport ComputeThread::attempt(Job &job)
{
    const bool isGuest = &job == m_guest.get(); // which this thread alone changes
    {
        const std::lock_guard lock(m_mutex);
        m_mail.push_back({.delivery = {}, .report = reportOf(job, job.isPaused ? JobReport::State::Paused : JobReport::State::Running)});
    }
    m_wake();
    if (m_engine && !isGuest)
        m_engine->resetPeaks();
    JobReport::State state = JobReport::State::Done;
    std::string sentence, hint, device;
    bool isMachine = false;
    const auto fail = [&](const std::string &what, const std::string &remedy) {
        state = JobReport::State::Failed;
        sentence = what;
        hint = remedy;
    };
    try {
        JobPort port(*this, JobContext(job.stop.get_token(), [&](const Progress &progress) { hear(job, progress); }));
        job.work(port);
    } catch (const Cancelled &) {
        state = JobReport::State::Cancelled;
    } catch (const std::exception &problem) {
        const Error error = asError(problem);
        fail(error.what(), error.plainHint());
        isMachine = isOfMachine(problem);
        device = failedDevice(problem);
    } catch (...) {
        fail("The job ended with an error that does not say what it is.", "Please report this.");
    }
    if (m_engine && !isGuest)
        m_engine->hearTexts({}); // who listened is gone with the job
    JobReport end = reportOf(job, state);
    if (m_engine && !isGuest) {
        const EngineReport taken = m_engine->report();
        end.isPeakOfGpu = taken.peakDeviceMemoryBytes > 0;
        end.peakBytes = end.isPeakOfGpu ? taken.peakDeviceMemoryBytes : taken.peakMemoryBytes;
    }
    end.sentence = std::move(sentence);
    end.hint = std::move(hint);
    end.isOfMachine = isMachine;
    if (!isGuest) // else the job that waits will meet that too, and is held
        end.device = std::move(device);
    return end;
}

/// Its GPU gave out: the job waits here, paused, until it is to go on there or on the CPU. False when it is stopped instead, which is how it ends then.
bool ComputeThread::holdUntilRetried(Job &job, JobReport &end)
{
    const auto since = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(m_mutex);
        job.isPaused = true;
        job.isHeld = true;
        end.state = JobReport::State::Paused;
        m_mail.push_back({.delivery = {}, .report = end});
    }
    m_wake();
    std::unique_lock lock(m_mutex);
    const bool goesOn = m_changed.wait(lock, job.stop.get_token(), [&] { return !job.isPaused; });
    job.isHeld = false;
    job.held += std::chrono::steady_clock::now() - since;
    if (m_isMoved)
        m_engine.reset();
    if (!goesOn) {
        const JobReport before = std::exchange(end, reportOf(job, JobReport::State::Cancelled));
        end.peakBytes = before.peakBytes;
        end.isPeakOfGpu = before.isPeakOfGpu;
        return false;
    }
    return true;
}

/// Whether a job that waits can be served on the engine as it is.
bool ComputeThread::canServe(const Job &waiting) const
{
    return !waiting.served.empty() && m_engine && !m_isMoved && waiting.served == m_model;
}

/// Whether there is one to be served before the next unit of this one, which is not half-way through loading its weights and is not to end.
bool ComputeThread::hasToServe(const Job &job, const Progress &progress) const
{
    return job.served.empty() && progress.phase != "load" && !job.stop.stop_requested() &&
           std::ranges::any_of(m_waiting, [this](const auto &waiting) { return canServe(*waiting); });
}

/// Serves what can be, in the order in which it came. The mail is open meanwhile.
void ComputeThread::serve(Job &job, const Progress &progress, std::unique_lock<std::mutex> &lock)
{
    while (hasToServe(job, progress)) {
        const auto found = std::ranges::find_if(m_waiting, [this](const auto &waiting) { return canServe(*waiting); });
        const std::shared_ptr<Job> guest = *found;
        m_waiting.erase(found);
        m_guest = guest;
        JobReport waits = reportOf(job, job.isPaused ? JobReport::State::Paused : JobReport::State::Running);
        waits.progress = progress;
        waits.waitsFor = guest->number;
        m_mail.push_back({.delivery = {}, .report = std::move(waits)});
        lock.unlock();
        const auto since = std::chrono::steady_clock::now();
        work(*guest);
        lock.lock();
        job.held += std::chrono::steady_clock::now() - since;
        m_guest.reset();
        JobReport goesOn = reportOf(job, job.isPaused ? JobReport::State::Paused : JobReport::State::Running);
        goesOn.progress = progress;
        m_mail.push_back({.delivery = {}, .report = std::move(goesOn)});
        lock.unlock();
        m_wake();
        lock.lock();
    }
}

/// Notes the progress. Between two units of the job's work, which is here, jobs are served that need not wait for their turn; when the job is paused, it waits
/// here.
void ComputeThread::hear(Job &job, const Progress &progress)
{
    std::unique_lock lock(m_mutex);
    JobReport report = reportOf(job, job.isPaused ? JobReport::State::Paused : JobReport::State::Running);
    report.progress = progress;
    const auto latest = std::find_if(m_mail.rbegin(), m_mail.rend(),
                                     [&](const JobLetter &letter) { return !letter.delivery && letter.report.job == job.number; });
    if (latest != m_mail.rend())
        latest->report = std::move(report);
    else
        m_mail.push_back({.delivery = {}, .report = std::move(report)});
    serve(job, progress, lock);
    while (job.isPaused && !job.stop.stop_requested()) {
        const auto since = std::chrono::steady_clock::now();
        m_changed.wait(lock, job.stop.get_token(), [&] { return !job.isPaused || hasToServe(job, progress); });
        job.held += std::chrono::steady_clock::now() - since;
        serve(job, progress, lock);
    }
}

Engine &ComputeThread::engine(const std::filesystem::path &model)
{
    if (!m_engine || m_model != model)
        open(model);
    return *m_engine;
}

std::shared_ptr<const ModelSummary> ComputeThread::open(const std::filesystem::path &model)
{
    if (!m_engine)
        m_engine = std::make_unique<Engine>(m_settings);
    m_model.clear(); // stays so when opening throws
    std::shared_ptr<const ModelSummary> summary = m_engine->open(model);
    m_model = model;
    if (std::exchange(m_isMoved, false))
        deliver([tell = m_tellMove, report = m_engine->report(), basis = m_engine->forecastBasis()] { tell(report, basis); });
    return summary;
}

void ComputeThread::deliver(std::function<void()> function)
{
    const std::lock_guard lock(m_mutex);
    m_mail.push_back({.delivery = std::move(function), .report = {}});
}

} // namespace secateur::ui
