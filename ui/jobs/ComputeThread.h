// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "engine/Engine.h"
#include "foundation/JobContext.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace secateur::ui {

class JobPort;

/// How a job is or how it ended.
struct JobReport {
    enum class State { Running, Paused, Done, Cancelled, Failed };
    int job = 0;
    State state = State::Running;
    int waitsFor = 0; ///< of one that runs: the job that is served before its next unit; 0 = none
    std::optional<Progress> progress;
    std::string sentence, hint; ///< of a failure
    bool isOfMachine = false;   ///< of a failure: memory or a device gave out
    std::string device;         ///< that gave out, where it is a GPU: the job is held for it
    double seconds = 0;         ///< that it ran so far, without its pauses
    std::int64_t peakBytes = 0; ///< of one that ended: most memory that was taken meanwhile
    bool isPeakOfGpu = false;   ///< and not of the process
};

/// One thing to read: a function to call, or a report where there is none.
struct JobLetter {
    std::function<void()> delivery;
    JobReport report;
};

/// The one thread that computes, and the mailbox through which it speaks to the interface's thread.
///
/// Torch's modes and streams belong to a thread, so the engine is made, used and destroyed on this one. No Qt in here.
class ComputeThread {
public:
    using Work = std::function<void(JobPort &)>;

    /// What there is to tell when the engine has moved to the CPU: what computes there, and what a forecast is made from.
    using TellMove = std::function<void(const EngineReport &, const ForecastBasis &)>;

    /// `wake` is called (on this thread) when a job ended: the mailbox should be read soon. `tellMove` is a letter like what jobs deliver.
    ComputeThread(const EngineSettings &settings, std::function<void()> wake, TellMove tellMove);
    /// Stops what runs, forgets what waits.
    ~ComputeThread();

    /// `served`: the model of a job that need not wait for its turn: where it is open and computed with, the job is served between two units of the one that
    /// runs, which waits meanwhile. Such a job must leave the engine with the same model, and hear of no texts. Empty: it waits for its turn.
    void push(int job, Work work, const std::filesystem::path &served = {});
    void requestStop(int job);              ///< of one that waits or runs
    void setPaused(int job, bool isPaused); ///< one that is held tries again
    /// Before one that is held tries again: it and all after it are computed there. False, and nothing changes, when it is not held (any more).
    bool moveToCpu(int job);
    /// For the thread that asks for moves.
    const EngineSettings &settings() const { return m_settings; }
    /// What came since the last time, in order; of the progress of a job only the latest.
    std::vector<JobLetter> takeMail();

    // For the job in progress, on this thread.
    Engine &engine(const std::filesystem::path &model);
    std::shared_ptr<const ModelSummary> open(const std::filesystem::path &model);
    void deliver(std::function<void()> function);

private:
    struct Job {
        int number = 0;
        Work work;
        std::filesystem::path served; ///< as of push()
        std::stop_source stop;
        bool isPaused = false;
        bool isHeld = false; ///< waits for a retry
        std::chrono::steady_clock::time_point start;
        std::chrono::steady_clock::duration held{}; ///< in pauses
    };

    void run(std::stop_token stop);
    void work(Job &job);
    JobReport attempt(Job &job);
    bool holdUntilRetried(Job &job, JobReport &end);
    void hear(Job &job, const Progress &progress);
    bool canServe(const Job &waiting) const;
    bool hasToServe(const Job &job, const Progress &progress) const;
    void serve(Job &job, const Progress &progress, std::unique_lock<std::mutex> &lock);
    bool isNow(int number, const std::shared_ptr<Job> &job) const { return job && job->number == number; }
    JobReport reportOf(const Job &job, JobReport::State state) const;

    EngineSettings m_settings; ///< changes, by moveToCpu(), only while a job is held
    std::function<void()> m_wake;
    TellMove m_tellMove;
    std::mutex m_mutex;
    std::condition_variable_any m_changed;
    std::deque<std::shared_ptr<Job>> m_waiting;
    std::shared_ptr<Job> m_running;
    std::shared_ptr<Job> m_guest; ///< that is served before the next unit of m_running
    std::vector<JobLetter> m_mail;
    std::unique_ptr<Engine> m_engine;
    std::filesystem::path m_model;
    bool m_isMoved = false; ///< to the CPU, where the model is still to be opened; set as m_settings
    std::jthread m_thread;  ///< last: it uses all of the above
};

} // namespace secateur::ui
