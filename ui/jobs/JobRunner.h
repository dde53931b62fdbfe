// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "engine/ModelSummary.h"
#include "foundation/JobContext.h"
#include "jobs/JobRequest.h"

#include <QObject>
#include <QString>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

class QTimer;

namespace secateur {
class Engine;
}

namespace secateur::ui {

/// What is known of a job, for the interface's thread.
struct JobInfo {
    enum class State { Waiting, Running, Paused, Cancelling, Done, Cancelled, Failed };
    int number = 0; ///< from 1, rising
    JobKind kind = JobKind::Open;
    QString title;   ///< "Search for K = 193"
    QString command; ///< a command line that does the same
    State state = State::Waiting;
    int waitsFor = 0; ///< of one that runs or is paused: the job that is served before it goes on; 0 = none
    Progress progress;
    QString sentence, hint;           ///< of a failure
    bool isOfMachine = false;         ///< of a failure: memory or a device gave out
    QString failedDevice;             ///< of one that is held: the GPU that gave out
    double seconds = 0;               ///< how long it ran so far, without its pauses
    std::optional<Forecast> forecast; ///< told before it started
    std::int64_t peakBytes = 0;       ///< of one that ended: most memory of the device (on a GPU) or the process meanwhile
    bool isPeakOfGpu = false;         ///< which of them

    /// It is paused because its GPU gave out, which its sentence says: it can go on on the CPU, or try again where it was.
    bool isHeld() const { return state == State::Paused && !failedDevice.isEmpty(); }
    bool isOver() const { return state == State::Done || state == State::Cancelled || state == State::Failed; }
};

/// What a job gets on the compute thread.
class JobPort {
public:
    /// The engine with this model open (opened now if another one is). Throws Error.
    Engine &engine(const std::filesystem::path &model);
    /// Opens a model anew. Throws Error.
    std::shared_ptr<const ModelSummary> open(const std::filesystem::path &model);
    JobContext &context() { return m_context; }
    /// Has a function called on the interface's thread, in order, within about 33 ms; not at all once the runner is gone.
    void deliver(std::function<void()> function);

private:
    friend class ComputeThread;
    explicit JobPort(class ComputeThread &thread, JobContext context);
    class ComputeThread &m_thread;
    JobContext m_context;
};

/// Runs jobs one after another on one compute thread, for the life of the window.
///
/// A job takes its inputs by value in a closure, works with the engine and delivers results. Progress goes through a mailbox that is
/// read 30 times a second. A newer job of a kind stops the older one. Cancelling is acknowledged at once (state Cancelling) and takes effect
/// within one unit of work; pausing holds the job between two units (one that waits, as soon as it has begun). Torch gets all cores but one
/// (see computeThreads()).
///
/// A job that is asked for while another one computes with its model, and that leaves the engine as it is, need not wait for its turn: it is served between
/// two units of the other one, which waits for it (JobInfo::waitsFor), paused or not, and then goes on as if nothing had been.
///
/// A job whose GPU gives out is held: its work is called again, from the beginning, when somebody has it go on, and takes up what it has kept
/// of the call before. Whoever asks for another job meanwhile gives it up: it is cancelled. Jobs that waited already when it was held go on
/// waiting, as behind one that is paused; they may need what it finds.
///
/// Whatever is called from here (deliveries, `finished`, the signals) may start and cancel jobs, and may delete the runner.
class JobRunner : public QObject {
    Q_OBJECT
public:
    using Work = std::function<void(JobPort &)>;

    explicit JobRunner(const EngineSettings &settings, QObject *parent = nullptr);
    /// Cancels everything and waits for the unit in progress.
    ~JobRunner() override;

    /// Returns the job's number. `finished` is called on the interface's thread after all that the job delivered, with how it ended. It is
    /// called before, too, when the job is held (see JobInfo::isHeld), and when one that was held goes on or is cancelled.
    /// `served`: its model, where it can be served between two units of a job that computes with that; empty: it waits for its turn.
    int start(JobKind kind, const QString &title, const QString &command, Work work, std::function<void(const JobInfo &)> finished = {},
              const std::optional<Forecast> &forecast = {}, const std::filesystem::path &served = {});
    void cancel(int number);
    void cancelAll();
    /// One that is held tries again on the device that it had when it is no longer to be paused.
    void setPaused(int number, bool isPaused);
    /// Has one that is held go on on the CPU, and everything after it.
    void continueOnCpu(int number);

    /// All jobs of this run, oldest first.
    const std::vector<JobInfo> &jobs() const { return m_jobs; }
    const JobInfo *job(int number) const;
    const JobInfo *current() const;  ///< the one that runs (paused and cancelling too), else the next to run; null when all are over
    bool isBusy(JobKind kind) const; ///< one of that kind waits or runs

    const EngineSettings &settings() const;
    /// Threads for Torch: all cores but one, at least one.
    static int computeThreads();

signals:
    void jobAdded(int number);
    void jobChanged(int number); ///< state or progress
    void jobHeld(int number);
    void jobFinished(int number);
    /// The engine has moved to the CPU, and has opened the model there.
    void engineMoved(const secateur::EngineReport &report, const secateur::ForecastBasis &basis);

private:
    struct State;

    void readMailbox();
    void follow(const struct JobReport &report);
    void tellStarter(int number);
    JobInfo *find(int number);

    std::vector<JobInfo> m_jobs;
    QTimer *m_timer = nullptr;
    std::unique_ptr<State> m_state;
};

} // namespace secateur::ui
