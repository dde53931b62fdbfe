// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/ComputeThread.h"

#include "foundation/Error.h"
#include "jobs/JobRunner.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>

namespace secateur::ui {

ComputeThread::ComputeThread(const EngineSettings &settings, std::function<void()> wake)
    : m_settings(settings),
      m_wake(std::move(wake)),
      m_thread([this](std::stop_token stop) { run(std::move(stop)); })
{
}

ComputeThread::~ComputeThread()
{
    m_thread.request_stop();
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.clear();
        if (m_running)
            m_running->stop.request_stop();
    }
    m_changed.notify_all();
}

void ComputeThread::push(int job, Work work)
{
    {
        const std::lock_guard lock(m_mutex);
        m_waiting.push_back(std::make_shared<Job>(Job{.number = job, .work = std::move(work), .stop = {}, .isPaused = false}));
    }
    m_changed.notify_all();
}

void ComputeThread::requestStop(int job)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_running && m_running->number == job)
            m_running->stop.request_stop();
        if (std::erase_if(m_waiting, [&](const auto &waiting) { return waiting->number == job; }) > 0)
            m_mail.reports.push_back({.job = job, .state = Report::State::Cancelled, .progress = {}, .sentence = {}, .hint = {}});
    }
    m_changed.notify_all();
}

void ComputeThread::setPaused(int job, bool isPaused)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_running && m_running->number == job)
            m_running->isPaused = isPaused;
        for (const auto &waiting : m_waiting)
            if (waiting->number == job)
                waiting->isPaused = isPaused;
    }
    m_changed.notify_all();
}

ComputeThread::Mail ComputeThread::takeMail()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_mail, {});
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
    const auto start = std::chrono::steady_clock::now();
    Report end{.job = job.number, .state = Report::State::Running, .progress = {}, .sentence = {}, .hint = {}};
    report(end);
    m_wake();
    try {
        JobPort port(*this, JobContext(job.stop.get_token(), [&](const Progress &progress) { hear(job, progress); }));
        job.work(port);
        end.state = Report::State::Done;
    } catch (const Cancelled &) {
        end.state = Report::State::Cancelled;
    } catch (const Error &problem) {
        end.state = Report::State::Failed;
        end.sentence = problem.what();
        end.hint = problem.hint();
    } catch (const std::bad_alloc &) {
        end.state = Report::State::Failed;
        end.sentence = "There was not enough memory for this job.";
        end.hint = "Close other programs, or use fewer or shorter windows.";
    } catch (const std::exception &problem) {
        end.state = Report::State::Failed;
        end.sentence = std::string("Unexpected: ") + problem.what();
        end.hint = "Please report this.";
    }
    end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    report(end);
}

/// Notes the progress and, when the job is paused, waits here: between two units of its work.
void ComputeThread::hear(Job &job, const Progress &progress)
{
    std::unique_lock lock(m_mutex);
    auto &reports = m_mail.reports;
    const auto latest = std::find_if(reports.rbegin(), reports.rend(), [&](const Report &r) { return r.job == job.number; });
    if (latest != reports.rend())
        latest->progress = progress; // only the latest is ever read
    else
        reports.push_back({.job = job.number, .state = Report::State::Running, .progress = progress, .sentence = {}, .hint = {}});
    if (!job.isPaused)
        return;
    reports.push_back({.job = job.number, .state = Report::State::Paused, .progress = progress, .sentence = {}, .hint = {}});
    m_changed.wait(lock, job.stop.get_token(), [&] { return !job.isPaused; });
    reports.push_back({.job = job.number, .state = Report::State::Running, .progress = progress, .sentence = {}, .hint = {}});
}

void ComputeThread::report(Report report)
{
    const std::lock_guard lock(m_mutex);
    m_mail.reports.push_back(std::move(report));
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
    return summary;
}

void ComputeThread::deliver(std::function<void()> function)
{
    const std::lock_guard lock(m_mutex);
    m_mail.deliveries.emplace_back(m_running ? m_running->number : 0, std::move(function));
}

} // namespace secateur::ui
