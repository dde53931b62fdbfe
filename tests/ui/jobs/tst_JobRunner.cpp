// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobRunner.h"

#include "engine/Engine.h"
#include "foundation/Error.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTimer>
#include <QtTest>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

using namespace secateur;
using namespace secateur::ui;
using namespace std::chrono_literals;

namespace {

using State = JobInfo::State;

EngineSettings settings()
{
    return {.device = "cpu", .dtype = "float32", .threads = 1};
}

/// Work whose units are let through one by one.
class Gate {
public:
    void open(int units = 1) { m_units.release(units); }
    /// Units that were begun.
    int begun() const { return m_begun; }
    JobRunner::Work work(int units)
    {
        return [this, units](JobPort &port) {
            port.context().begin("test", units, "units");
            for (int i = 0; i < units; ++i) {
                ++m_begun;
                while (!m_units.try_acquire_for(1ms))
                    port.context().check(); // so that a test that fails does not hang
                port.context().step();
            }
        };
    }

private:
    std::counting_semaphore<> m_units{0};
    std::atomic<int> m_begun = 0;
};

/// Units of 20 ms without end.
JobRunner::Work slowWork(std::atomic<int> *done = nullptr)
{
    return [done](JobPort &port) {
        port.context().begin("test", 1'000'000, "units");
        while (true) {
            std::this_thread::sleep_for(20ms);
            if (done)
                ++*done;
            port.context().step();
        }
    };
}

/// The states that a job was told to have, without repetitions.
class States {
public:
    States(const JobRunner &runner, int job)
    {
        QObject::connect(&runner, &JobRunner::jobChanged, &m_context, [this, &runner, job](int number) {
            if (number == job && (m_states.empty() || m_states.back() != runner.job(job)->state))
                m_states.push_back(runner.job(job)->state);
        });
    }
    const std::vector<State> &list() const { return m_states; }

private:
    QObject m_context;
    std::vector<State> m_states;
};

[[noreturn]] void loseGpu()
{
    throw MachineFailure("The device cuda:7 failed: device lost.", "Start the program again (--device cpu).", "cuda:7");
}

bool isOver(const JobRunner &runner, int job)
{
    return runner.job(job)->isOver();
}

} // namespace

class TestJobRunner : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void jobsRunOneAfterAnotherInOrder();
    void theLatestOfAKindWins();
    void progressIsToldThirtyTimesASecondAtMost();
    void deliveriesComeInOrderAndBeforeTheEnd();
    void deliveriesOfTwoJobsComeInTheOrderOfTheirWork();
    void anEventLoopInADeliveryKeepsTheOrder();
    void cancelIsAcknowledgedAtOnce_data();
    void cancelIsAcknowledgedAtOnce();
    void cancelTakesEffectWithinAUnit();
    void cancelOfAJobThatIsOverDoesNothing();
    void aJobIsCancelledByWhoHearsOfItFirst();
    void pauseHoldsBetweenTwoUnitsAndResumeGoesOn();
    void aPauseIsNotContradictedByOldMail();
    void aWaitingJobIsHeldWhenItBegins();
    void timeDoesNotCountPauses();
    void failuresCarryTheirWords_data();
    void failuresCarryTheirWords();
    void aJobWhoseGpuFailsIsHeldUntilItGoesOn();
    void aJobThatTriesAgainIsPausedLikeAnyOther();
    void aJobThatGoesOnBeforeItsHoldWasReadIsNotHeld();
    void aJobThatIsHeldEndsWithACancelOrANewerJob();
    void whatEndsWithoutARequestCanBeCancelledToo();
    void destructionStopsWhatRuns_data();
    void destructionStopsWhatRuns();
    void afterDestructionNothingIsCalled();
    void aFinisherMayStartTheNextJob();
    void theRunnerMayBeDeletedByWhatItCalls_data();
    void theRunnerMayBeDeletedByWhatItCalls();
    void currentIsWhatRunsOrComesNext();
    void theEngineOpensTheModelAsked();
    void aFolderWithoutAModelSaysSo();
    void nothingIsLostUnderStress_data();
    void nothingIsLostUnderStress();
};

void TestJobRunner::jobsRunOneAfterAnotherInOrder()
{
    JobRunner runner(settings());
    QSignalSpy added(&runner, &JobRunner::jobAdded), ended(&runner, &JobRunner::jobFinished);
    std::vector<int> ran, finished; // `ran` belongs to the compute thread until all is over
    std::atomic<int> atOnce = 0, most = 0;
    std::vector<int> numbers;
    for (const JobKind kind : {JobKind::Open, JobKind::Calibrate, JobKind::Search})
        numbers.push_back(runner.start(
            kind, QStringLiteral("Title"), QStringLiteral("command"),
            [&, kind](JobPort &) {
                most = std::max<int>(most, ++atOnce);
                ran.push_back(int(kind));
                --atOnce;
            },
            [&](const JobInfo &job) {
                QVERIFY(job.state == State::Done);
                finished.push_back(job.number);
            }));
    QCOMPARE(numbers, std::vector<int>({1, 2, 3}));
    QVERIFY(runner.job(1)->state == State::Waiting);
    QCOMPARE(runner.job(1)->title, QStringLiteral("Title"));
    QCOMPARE(runner.job(1)->command, QStringLiteral("command"));
    QTRY_COMPARE(ended.size(), 3);
    QCOMPARE(finished, numbers);
    QCOMPARE(ran, std::vector<int>({int(JobKind::Open), int(JobKind::Calibrate), int(JobKind::Search)}));
    QCOMPARE(most, 1);
    QCOMPARE(added.size(), 3);
    QVERIFY(!runner.job(0) && !runner.job(4));
}

void TestJobRunner::theLatestOfAKindWins()
{
    JobRunner runner(settings());
    Gate gate;
    std::vector<std::pair<int, State>> ends;
    const auto note = [&](const JobInfo &job) { ends.emplace_back(job.number, job.state); };
    std::atomic<bool> hasSecondRun = false, hasThirdRun = false, hasOtherRun = false;
    runner.start(JobKind::Search, {}, {}, gate.work(100), note);
    QTRY_COMPARE(gate.begun(), 1);
    runner.start(
        JobKind::Evaluate, {}, {}, [&](JobPort &) { hasOtherRun = true; }, note);
    runner.start(
        JobKind::Search, {}, {}, [&](JobPort &) { hasSecondRun = true; }, note);
    QVERIFY(runner.job(1)->state == State::Cancelling);
    runner.start(
        JobKind::Search, {}, {}, [&](JobPort &) { hasThirdRun = true; }, note);
    QVERIFY(runner.job(3)->state == State::Cancelling);
    QTRY_VERIFY(isOver(runner, 4));
    QVERIFY(!hasSecondRun); // it waited when the third came
    QVERIFY(hasThirdRun);
    QVERIFY(hasOtherRun); // of another kind
    QVERIFY(runner.job(1)->state == State::Cancelled);
    QVERIFY(runner.job(2)->state == State::Done);
    QVERIFY(runner.job(3)->state == State::Cancelled);
    QVERIFY(runner.job(4)->state == State::Done);
    QCOMPARE(ends.size(), 4U);
}

void TestJobRunner::progressIsToldThirtyTimesASecondAtMost()
{
    JobRunner runner(settings());
    QSignalSpy changed(&runner, &JobRunner::jobChanged);
    std::vector<std::int64_t> seen;
    connect(&runner, &JobRunner::jobChanged, &runner, [&](int number) { seen.push_back(runner.job(number)->progress.done); });
    QElapsedTimer timer;
    timer.start();
    std::atomic<std::int64_t> steps = 0;
    runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
        const auto end = std::chrono::steady_clock::now() + 700ms;
        port.context().begin("test", 1'000'000'000, "units");
        while (std::chrono::steady_clock::now() < end) {
            port.context().step();
            ++steps;
        }
    });
    QTRY_VERIFY(isOver(runner, 1));
    const double seconds = double(timer.elapsed()) / 1000;
    QVERIFY2(steps > 5000, qPrintable(QString::number(steps)));
    QVERIFY2(changed.size() >= 5, qPrintable(QString::number(changed.size())));
    QVERIFY2(changed.size() <= 31 * seconds + 4, qPrintable(QStringLiteral("%1 in %2 s").arg(changed.size()).arg(seconds)));
    QVERIFY(std::is_sorted(seen.begin(), seen.end()));
    QCOMPARE(runner.job(1)->progress.done, steps); // the last is not lost
    QCOMPARE(runner.job(1)->progress.phase, std::string("test"));
}

void TestJobRunner::deliveriesComeInOrderAndBeforeTheEnd()
{
    JobRunner runner(settings());
    std::vector<int> heard;
    bool isFinished = false;
    runner.start(
        JobKind::Search, {}, {},
        [&](JobPort &port) {
            port.context().begin("test", 1000, "units");
            for (int i = 0; i < 1000; ++i) {
                port.deliver([&heard, &isFinished, &runner, i] {
                    QVERIFY(!isFinished);
                    QVERIFY(QThread::currentThread() == QCoreApplication::instance()->thread());
                    QVERIFY(!isOver(runner, 1));
                    heard.push_back(i);
                });
                port.context().step();
                if (i % 100 == 0)
                    std::this_thread::sleep_for(10ms); // over several readings of the mailbox
            }
        },
        [&](const JobInfo &) { isFinished = true; });
    QTRY_VERIFY(isFinished);
    QCOMPARE(heard.size(), 1000U);
    QVERIFY(std::is_sorted(heard.begin(), heard.end()));
}

void TestJobRunner::deliveriesOfTwoJobsComeInTheOrderOfTheirWork()
{
    JobRunner runner(settings());
    QStringList heard;
    for (const JobKind kind : {JobKind::Calibrate, JobKind::Search, JobKind::Evaluate}) {
        const int number = int(runner.jobs().size()) + 1;
        runner.start(
            kind, {}, {}, [&, number](JobPort &port) { port.deliver([&, number] { heard << QStringLiteral("delivery %1").arg(number); }); },
            [&, number](const JobInfo &) { heard << QStringLiteral("end %1").arg(number); });
    }
    std::this_thread::sleep_for(50ms); // all of it waits in the mailbox
    QTRY_COMPARE(heard, QStringList({"delivery 1", "end 1", "delivery 2", "end 2", "delivery 3", "end 3"}));
}

void TestJobRunner::anEventLoopInADeliveryKeepsTheOrder()
{
    JobRunner runner(settings());
    QStringList heard;
    runner.start(
        JobKind::Search, {}, {},
        [&](JobPort &port) {
            port.deliver([&] {
                heard << QStringLiteral("begin");
                QEventLoop loop; // as a file dialog has
                QTimer::singleShot(150, &loop, &QEventLoop::quit);
                loop.exec();
                heard << QStringLiteral("loop left");
            });
            for (const char *what : {"a", "b", "c"})
                port.deliver([&heard, what] { heard << QLatin1String(what); });
        },
        [&](const JobInfo &) { heard << QStringLiteral("end"); });
    QTRY_COMPARE(heard, QStringList({"begin", "a", "b", "c", "end", "loop left"}));
}

void TestJobRunner::cancelIsAcknowledgedAtOnce_data()
{
    QTest::addColumn<QString>("which");
    for (const char *which : {"running", "waiting", "paused"})
        QTest::newRow(which) << QString::fromLatin1(which);
}

void TestJobRunner::cancelIsAcknowledgedAtOnce()
{
    QFETCH(QString, which);
    JobRunner runner(settings());
    std::atomic<int> done = 0;
    std::atomic<bool> hasRun = false;
    const int running = runner.start(JobKind::Search, {}, {}, slowWork(&done));
    const int waiting = runner.start(JobKind::Evaluate, {}, {}, [&](JobPort &) { hasRun = true; });
    QTRY_VERIFY(done > 0);
    if (which == QLatin1String("paused")) {
        runner.setPaused(running, true);
        QTest::qWait(60); // it holds
    }
    const int job = which == QLatin1String("waiting") ? waiting : running;
    QSignalSpy changed(&runner, &JobRunner::jobChanged), ended(&runner, &JobRunner::jobFinished);
    QElapsedTimer timer;
    timer.start();
    runner.cancel(job);
    QVERIFY(runner.job(job)->state == State::Cancelling); // in this very call
    QCOMPARE(changed.size(), 1);
    QCOMPARE(changed.at(0).at(0).toInt(), job);
    QVERIFY2(timer.elapsed() < 100, qPrintable(QString::number(timer.elapsed())));
    QTRY_VERIFY(runner.job(job)->state == State::Cancelled);
    QCOMPARE(ended.at(0).at(0).toInt(), job);
    if (job == running) {
        QTRY_VERIFY(runner.job(waiting)->state == State::Done); // the next one is not held up
    } else {
        QVERIFY(runner.job(running)->state == State::Running);
        runner.cancel(running);
        QTRY_VERIFY(isOver(runner, running));
        QVERIFY(!hasRun);
        QCOMPARE(runner.job(waiting)->seconds, 0.0);
    }
}

void TestJobRunner::cancelTakesEffectWithinAUnit()
{
    JobRunner runner(settings());
    std::vector<qint64> times;
    for (int i = 0; i < 7; ++i) {
        std::atomic<int> done = 0;
        const int job = runner.start(JobKind::Search, {}, {}, slowWork(&done));
        QTRY_VERIFY(done > 0);
        QElapsedTimer timer;
        timer.start();
        const int before = done;
        runner.cancel(job);
        while (!isOver(runner, job) && timer.elapsed() < 5000)
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 5);
        times.push_back(timer.elapsed());
        QVERIFY(runner.job(job)->state == State::Cancelled);
        QVERIFY(done <= before + 1);
    }
    std::sort(times.begin(), times.end());
    QVERIFY2(times[3] < 100, qPrintable(QString::number(times[3]))); // the median: other programs use this machine too
}

void TestJobRunner::cancelOfAJobThatIsOverDoesNothing()
{
    JobRunner runner(settings());
    int finished = 0;
    const int job = runner.start(
        JobKind::Search, {}, {}, [](JobPort &) {}, [&](const JobInfo &) { ++finished; });
    QTRY_VERIFY(isOver(runner, job));
    QSignalSpy changed(&runner, &JobRunner::jobChanged);
    runner.cancel(job);
    runner.setPaused(job, true);
    runner.cancel(0);
    runner.cancel(99);
    runner.setPaused(99, true);
    runner.cancelAll();
    QTest::qWait(50);
    QVERIFY(runner.job(job)->state == State::Done);
    QCOMPARE(changed.size(), 0);
    QCOMPARE(finished, 1);
}

void TestJobRunner::aJobIsCancelledByWhoHearsOfItFirst()
{
    JobRunner runner(settings());
    connect(&runner, &JobRunner::jobAdded, &runner, &JobRunner::cancel);
    int finished = 0;
    const int job = runner.start(JobKind::Search, {}, {}, slowWork(), [&](const JobInfo &) { ++finished; });
    QTRY_COMPARE(finished, 1);
    QVERIFY(runner.job(job)->state == State::Cancelled);
}

void TestJobRunner::pauseHoldsBetweenTwoUnitsAndResumeGoesOn()
{
    JobRunner runner(settings());
    Gate gate;
    const int job = runner.start(JobKind::Search, {}, {}, gate.work(5));
    States states(runner, job);
    gate.open();
    QTRY_COMPARE(gate.begun(), 2);
    QTRY_VERIFY(runner.job(job)->state == State::Running); // the runner has heard of it
    runner.setPaused(job, true);
    QVERIFY(runner.job(job)->state == State::Paused);
    gate.open(4);                                    // all the units that there are
    QTRY_COMPARE(runner.job(job)->progress.done, 2); // the one in progress is finished
    QTest::qWait(120);
    QCOMPARE(gate.begun(), 2); // and no other begun
    QVERIFY(runner.job(job)->state == State::Paused);
    runner.setPaused(job, true); // again: nothing new
    runner.setPaused(job, false);
    QVERIFY(runner.job(job)->state == State::Running);
    QTRY_VERIFY(isOver(runner, job));
    QCOMPARE(gate.begun(), 5);
    QVERIFY(states.list() == std::vector<State>({State::Running, State::Paused, State::Running, State::Done}));
}

void TestJobRunner::aPauseIsNotContradictedByOldMail()
{
    JobRunner runner(settings());
    std::atomic<int> done = 0;
    const int job = runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
        port.context().begin("test", 1'000'000, "units");
        while (true) {
            std::this_thread::sleep_for(1ms); // there is mail all the time
            ++done;
            port.context().step();
        }
    });
    QTRY_VERIFY(done > 3);
    QTRY_VERIFY(runner.job(job)->state == State::Running);
    States states(runner, job);
    std::vector<State> expected;
    for (int i = 0; i < 15; ++i) {
        std::this_thread::sleep_for(3ms);
        runner.setPaused(job, i % 2 == 0);
        expected.push_back(i % 2 == 0 ? State::Paused : State::Running);
        QTest::qWait(i % 3 * 20);
        QVERIFY(runner.job(job)->state == expected.back());
    }
    QTest::qWait(80);
    QVERIFY(states.list() == expected);
}

void TestJobRunner::aWaitingJobIsHeldWhenItBegins()
{
    JobRunner runner(settings());
    Gate first, second;
    runner.start(JobKind::Search, {}, {}, first.work(1));
    const int job = runner.start(JobKind::Evaluate, {}, {}, second.work(2));
    runner.setPaused(job, true);
    QVERIFY(runner.job(job)->state == State::Waiting); // still
    first.open();
    second.open(2);
    QTRY_VERIFY(runner.job(job)->state == State::Paused);
    QTest::qWait(60);
    QCOMPARE(second.begun(), 0);
    runner.setPaused(job, false);
    QTRY_VERIFY(runner.job(job)->state == State::Done);
}

void TestJobRunner::timeDoesNotCountPauses()
{
    JobRunner runner(settings());
    Gate gate;
    const int job = runner.start(JobKind::Search, {}, {}, gate.work(3));
    gate.open();
    QTRY_COMPARE(gate.begun(), 2);
    runner.setPaused(job, true);
    gate.open(2);
    QTRY_COMPARE(runner.job(job)->progress.done, 2);
    QElapsedTimer timer;
    timer.start();
    QTest::qWait(600);
    const double held = double(timer.elapsed()) / 1000;
    runner.setPaused(job, false);
    QTRY_VERIFY(isOver(runner, job));
    const double seconds = runner.job(job)->seconds;
    QVERIFY2(seconds > 0 && seconds < held, qPrintable(QString::number(seconds)));
}

void TestJobRunner::failuresCarryTheirWords_data()
{
    QTest::addColumn<int>("what");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<bool>("hasHint");
    QTest::newRow("error") << 0 << "The text is too short." << true;
    QTest::newRow("error without hint") << 1 << "There is nothing." << false;
    QTest::newRow("no memory") << 2 << "The memory is not enough." << true;
    QTest::newRow("other exception") << 3 << "This should not happen: index 7." << true;
    QTest::newRow("anything") << 4 << "The job ended with an error that does not say what it is." << true;
}

void TestJobRunner::failuresCarryTheirWords()
{
    QFETCH(int, what);
    QFETCH(QString, sentence);
    QFETCH(bool, hasHint);
    JobRunner runner(settings());
    JobInfo end;
    runner.start(
        JobKind::Calibrate, {}, {},
        [what](JobPort &port) {
            port.context().begin("test", 10, "units");
            port.context().step(3);
            switch (what) {
            case 0:
                throw Error("The text is too short.", "Take a longer one.");
            case 1:
                throw Error("There is nothing.");
            case 2:
                throw std::bad_alloc();
            case 3:
                throw std::out_of_range("index 7");
            default:
                throw 42;
            }
        },
        [&](const JobInfo &job) { end = job; });
    QTRY_VERIFY(end.number == 1);
    QVERIFY(end.state == State::Failed);
    QCOMPARE(end.sentence, sentence);
    QCOMPARE(!end.hint.isEmpty(), hasHint);
    QCOMPARE(end.progress.done, 3); // how far it got
    QCOMPARE(end.isOfMachine, what == 2);
    bool isNextDone = false;
    runner.start(
        JobKind::Search, {}, {}, [](JobPort &) {}, [&](const JobInfo &) { isNextDone = true; });
    QTRY_VERIFY(isNextDone); // the thread lives on
}

void TestJobRunner::aJobWhoseGpuFailsIsHeldUntilItGoesOn()
{
    EngineSettings onGpu = settings();
    onGpu.device = "cuda:7"; // no machine has it: the engine can be made on the CPU alone
    JobRunner runner(onGpu);
    QSignalSpy held(&runner, &JobRunner::jobHeld);
    std::vector<State> told;
    std::atomic<int> calls = 0;
    std::string device; // of the engine; read when the job is over
    QStringList moves;  // told to the interface
    connect(&runner, &JobRunner::engineMoved, &runner,
            [&](const EngineReport &report, const ForecastBasis &) { moves << QString::fromStdString(report.computed.device); });
    const int number = runner.start(
        JobKind::Search, QStringLiteral("Search"), {},
        [&](JobPort &port) {
            port.context().begin("test", 10, "units");
            port.context().step(3);
            if (++calls < 3)
                loseGpu();
            device = port.engine(SECATEUR_FIXTURES "/tiny-llamas/gqa").report().computed.device;
        },
        [&](const JobInfo &job) { told.push_back(job.state); });
    int after = 0;
    runner.start(
        JobKind::Evaluate, {}, {}, [](JobPort &) {}, [&](const JobInfo &) { ++after; });
    QTRY_COMPARE(held.count(), 1);
    const JobInfo job = *runner.job(number);
    QVERIFY(job.isHeld() && !job.isOver() && job.isOfMachine);
    QCOMPARE(job.failedDevice, QStringLiteral("cuda:7"));
    QCOMPARE(job.sentence, QStringLiteral("The device cuda:7 failed: device lost."));
    QCOMPARE(job.hint, QStringLiteral("Start the program again."));
    QCOMPARE(job.progress.done, 3);
    QCOMPARE(runner.current()->number, number);
    QTest::qWait(80);
    QVERIFY(runner.job(2)->state == State::Waiting); // as behind any that is paused

    runner.setPaused(number, false); // again where it was
    QTRY_COMPARE(held.count(), 2);
    QCOMPARE(calls, 2);
    QVERIFY(runner.job(number)->isHeld());
    QCOMPARE(runner.settings().device, std::string("cuda:7"));
    QTest::qWait(80);
    QCOMPARE(calls, 2); // it tries when it is asked to

    runner.continueOnCpu(number);
    QVERIFY(!runner.job(number)->isHeld());
    QTRY_VERIFY(isOver(runner, number));
    QVERIFY(runner.job(number)->state == State::Done);
    QCOMPARE(device, std::string("cpu"));
    QCOMPARE(runner.settings().device, std::string("cpu"));
    QCOMPARE(moves, QStringList("cpu"));
    QVERIFY(told == std::vector<State>({State::Paused, State::Running, State::Paused, State::Running, State::Done}));
    QTRY_COMPARE(after, 1);

    const int own = runner.start(JobKind::Search, {}, {}, [](JobPort &) { throw MachineFailure("The memory is not enough."); });
    QTRY_VERIFY(isOver(runner, own)); // of the machine itself: there is no other
    QVERIFY(runner.job(own)->state == State::Failed);
    QCOMPARE(held.count(), 2);
}

void TestJobRunner::aJobThatTriesAgainIsPausedLikeAnyOther()
{
    EngineSettings onGpu = settings();
    onGpu.device = "cuda:7";
    JobRunner runner(onGpu);
    std::atomic<int> calls = 0;
    std::atomic<bool> isLoaded = false;
    const int number = runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
        if (++calls == 1)
            loseGpu();
        while (!isLoaded) { // a large model takes long, and there is no progress so far
            port.context().check();
            std::this_thread::sleep_for(1ms);
        }
        port.context().begin("test", 1, "units");
        port.context().step();
    });
    QTRY_VERIFY(runner.job(number)->isHeld());
    runner.setPaused(number, false);
    QTRY_COMPARE(calls, 2);
    runner.setPaused(number, true);
    for (int i = 0; i < 2; ++i) { // before the mail is read, and after
        const JobInfo job = *runner.job(number);
        QVERIFY(job.state == State::Paused && !job.isHeld());
        QVERIFY(job.failedDevice.isEmpty() && job.sentence.isEmpty() && job.hint.isEmpty() && !job.isOfMachine);
        QTest::qWait(80);
    }
    runner.continueOnCpu(number); // it is not held
    QVERIFY(runner.job(number)->state == State::Paused);
    QCOMPARE(runner.settings().device, std::string("cuda:7"));
    const int other = runner.start(JobKind::Evaluate, {}, {}, [](JobPort &) {});
    QTest::qWait(80);
    QVERIFY(runner.job(number)->state == State::Paused); // and so is not given up
    QVERIFY(runner.job(other)->state == State::Waiting);
    isLoaded = true;
    runner.setPaused(number, false);
    QTRY_VERIFY(runner.job(other)->state == State::Done);
    QVERIFY(runner.job(number)->state == State::Done);
    QCOMPARE(calls, 2);
}

void TestJobRunner::aJobThatGoesOnBeforeItsHoldWasReadIsNotHeld()
{
    JobRunner runner(settings());
    std::atomic<int> calls = 0;
    std::atomic<bool> isToFail = false, isLoaded = false;
    const int number = runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
        ++calls;
        const std::atomic<bool> &gate = calls == 1 ? isToFail : isLoaded;
        while (!gate) {
            port.context().check();
            std::this_thread::sleep_for(1ms);
        }
        if (calls == 1)
            loseGpu();
    });
    QTRY_VERIFY(calls == 1 && runner.job(number)->state == State::Running);
    runner.setPaused(number, true);
    isToFail = true;
    std::this_thread::sleep_for(100ms); // it is held, and nobody here has heard of it
    QVERIFY(!runner.job(number)->isHeld());
    runner.setPaused(number, false);
    QTRY_COMPARE(calls, 2);
    QTest::qWait(80);
    QVERIFY(runner.job(number)->state == State::Running);
    QCOMPARE(runner.job(number)->failedDevice, QString());
    isLoaded = true;
    QTRY_VERIFY(runner.job(number)->state == State::Done);
}

void TestJobRunner::aJobThatIsHeldEndsWithACancelOrANewerJob()
{
    auto runner = std::make_unique<JobRunner>(settings());
    std::vector<State> told;
    const auto startLosing = [&] {
        const int number = runner->start(
            JobKind::Search, {}, {}, [](JobPort &) { loseGpu(); }, [&](const JobInfo &job) { told.push_back(job.state); });
        return QTest::qWaitFor([&] { return runner->job(number)->isHeld(); }) ? number : 0;
    };
    const int first = startLosing();
    QVERIFY(first > 0);
    runner->cancel(first);
    QTRY_VERIFY(runner->job(first)->state == State::Cancelled);
    QVERIFY(runner->job(first)->sentence.isEmpty());
    QVERIFY(told == std::vector<State>({State::Paused, State::Cancelling, State::Cancelled}));

    const int second = startLosing();
    QVERIFY(second > 0);
    const int other = runner->start(JobKind::Calibrate, {}, {}, [](JobPort &) {}); // of another kind: it need not wait
    QTRY_VERIFY(runner->job(other)->state == State::Done);
    QVERIFY(runner->job(second)->state == State::Cancelled);

    QVERIFY(startLosing() > 0);
    QElapsedTimer timer;
    timer.start();
    runner.reset(); // as when the window is closed
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
}

void TestJobRunner::whatEndsWithoutARequestCanBeCancelledToo()
{
    JobRunner runner(settings());
    runner.start(JobKind::Search, {}, {}, [](JobPort &) { throw Cancelled(); });
    QTRY_VERIFY(runner.job(1)->state == State::Cancelled);
    QVERIFY(runner.job(1)->sentence.isEmpty());
}

void TestJobRunner::destructionStopsWhatRuns_data()
{
    QTest::addColumn<bool>("isPaused");
    QTest::addColumn<bool>("isCancelling");
    QTest::newRow("running") << false << false;
    QTest::newRow("paused") << true << false;
    QTest::newRow("cancelling") << false << true;
}

void TestJobRunner::destructionStopsWhatRuns()
{
    QFETCH(bool, isPaused);
    QFETCH(bool, isCancelling);
    QElapsedTimer timer;
    std::atomic<int> done = 0;
    std::atomic<bool> hasNextRun = false;
    int finished = 0;
    auto destroyed = std::make_shared<int>(0);
    const std::weak_ptr<int> captured = destroyed;
    {
        JobRunner runner(settings());
        runner.start(JobKind::Search, {}, {}, slowWork(&done), [&, destroyed](const JobInfo &) { ++finished; });
        runner.start(
            JobKind::Evaluate, {}, {}, [&, destroyed](JobPort &) { hasNextRun = true; }, [&](const JobInfo &) { ++finished; });
        destroyed.reset();
        QTRY_VERIFY(done > 0);
        if (isPaused) {
            runner.setPaused(1, true);
            QTest::qWait(60);
        }
        if (isCancelling)
            runner.cancel(1);
        timer.start();
    }
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    QVERIFY(!hasNextRun);
    QCOMPARE(finished, 0);
    QVERIFY(captured.expired()); // nothing that a job held is left
}

void TestJobRunner::afterDestructionNothingIsCalled()
{
    bool isDelivered = false;
    std::atomic<bool> isSent = false;
    {
        JobRunner runner(settings());
        runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
            port.deliver([&] { isDelivered = true; });
            isSent = true;
        });
        while (!isSent)
            std::this_thread::sleep_for(1ms);
    }
    QTest::qWait(80);
    QVERIFY(!isDelivered);
}

void TestJobRunner::aFinisherMayStartTheNextJob()
{
    JobRunner runner(settings());
    std::vector<int> order;
    std::function<void(const JobInfo &)> next = [&](const JobInfo &job) {
        order.push_back(job.number);
        if (job.number < 40) // the list of jobs grows while it is gone through
            runner.start(
                JobKind::Evaluate, {}, {}, [](JobPort &) {}, next);
    };
    QSignalSpy ended(&runner, &JobRunner::jobFinished);
    runner.start(
        JobKind::Evaluate, {}, {}, [](JobPort &) {}, next);
    QTRY_COMPARE(ended.size(), 40);
    QCOMPARE(order.size(), 40U);
    QVERIFY(std::is_sorted(order.begin(), order.end()));
    QVERIFY(std::all_of(runner.jobs().begin(), runner.jobs().end(), [](const JobInfo &job) { return job.state == State::Done; }));
}

void TestJobRunner::theRunnerMayBeDeletedByWhatItCalls_data()
{
    QTest::addColumn<QString>("by");
    for (const char *by : {"delivery", "finisher", "jobChanged at the end", "jobChanged at the start", "jobFinished"})
        QTest::newRow(by) << QString::fromLatin1(by);
}

void TestJobRunner::theRunnerMayBeDeletedByWhatItCalls()
{
    QFETCH(QString, by);
    auto *runner = new JobRunner(settings());
    QPointer<JobRunner> guard(runner);
    int deliveries = 0;
    connect(runner, &JobRunner::jobChanged, this, [&](int number) {
        const bool isEnd = guard->job(number)->isOver();
        if (by == (isEnd ? QLatin1String("jobChanged at the end") : QLatin1String("jobChanged at the start")))
            delete runner;
    });
    connect(runner, &JobRunner::jobFinished, this, [&](int) {
        if (by == QLatin1String("jobFinished"))
            delete runner;
    });
    runner->start(
        JobKind::Search, {}, {},
        [&](JobPort &port) {
            for (int i = 0; i < 3; ++i)
                port.deliver([&] {
                    ++deliveries;
                    if (by == QLatin1String("delivery"))
                        delete runner;
                });
        },
        [&](const JobInfo &) {
            if (by == QLatin1String("finisher"))
                delete runner;
        });
    runner->start(JobKind::Evaluate, {}, {}, slowWork());
    QTRY_VERIFY(!guard);
    QTest::qWait(60);
    QCOMPARE(deliveries, by == QLatin1String("delivery") ? 1 : by == QLatin1String("jobChanged at the start") ? 0 : 3);
}

void TestJobRunner::currentIsWhatRunsOrComesNext()
{
    JobRunner runner(settings());
    QVERIFY(!runner.current());
    QVERIFY(!runner.isBusy(JobKind::Search));
    Gate first, second;
    runner.start(JobKind::Search, {}, {}, first.work(1));
    runner.start(JobKind::Evaluate, {}, {}, second.work(1));
    QCOMPARE(runner.current()->number, 1); // before the thread took it
    QTRY_VERIFY(runner.current()->state == State::Running);
    QVERIFY(runner.isBusy(JobKind::Search));
    QVERIFY(runner.isBusy(JobKind::Evaluate));
    QVERIFY(!runner.isBusy(JobKind::Export));
    runner.setPaused(1, true);
    QCOMPARE(runner.current()->number, 1);
    runner.setPaused(1, false);
    first.open();
    QTRY_COMPARE(runner.current()->number, 2);
    QVERIFY(!runner.isBusy(JobKind::Search));
    runner.cancel(2);
    QCOMPARE(runner.current()->number, 2);
    QTRY_VERIFY(!runner.current());
    QVERIFY(JobRunner::computeThreads() >= 1);
    QVERIFY(JobRunner::computeThreads() <= std::max(1, int(std::thread::hardware_concurrency()) - 1));
}

void TestJobRunner::theEngineOpensTheModelAsked()
{
    const std::filesystem::path model = std::filesystem::path(SECATEUR_SOURCE_DIR) / "resources" / "sample" / "model";
    JobRunner runner(settings());
    std::int64_t layers = 0;
    const Engine *first = nullptr, *second = nullptr;
    EngineReport report;
    runner.start(JobKind::Open, {}, {}, [&](JobPort &port) {
        layers = port.open(model)->spec.layerCount();
        first = &port.engine(model);
    });
    runner.start(JobKind::Search, {}, {}, [&](JobPort &port) {
        second = &port.engine(model);
        report = second->report();
    });
    QTRY_VERIFY(runner.jobs().size() == 2 && isOver(runner, 2));
    QVERIFY2(runner.job(2)->state == State::Done, qPrintable(runner.job(2)->sentence));
    QCOMPARE(layers, 12);
    QVERIFY(first == second);
    QCOMPARE(report.computed.device, std::string("cpu"));
    QCOMPARE(report.computed.threads, 1);
}

void TestJobRunner::aFolderWithoutAModelSaysSo()
{
    JobRunner runner(settings());
    for (int i = 0; i < 2; ++i) { // the second time too: a failed opening leaves nothing open
        runner.start(JobKind::Open, {}, {}, [](JobPort &port) { port.engine("/no/such/model"); });
        QTRY_VERIFY(isOver(runner, i + 1));
        QVERIFY(runner.job(i + 1)->state == State::Failed);
        QVERIFY2(runner.job(i + 1)->sentence.contains(QLatin1String("/no/such/model")), qPrintable(runner.job(i + 1)->sentence));
        QVERIFY(!runner.job(i + 1)->hint.isEmpty());
    }
}

void TestJobRunner::nothingIsLostUnderStress_data()
{
    QTest::addColumn<quint32>("seed");
    for (quint32 seed = 1; seed <= 8; ++seed)
        QTest::addRow("seed %u", seed) << seed;
}

void TestJobRunner::nothingIsLostUnderStress()
{
    QFETCH(quint32, seed);
    QRandomGenerator random(seed);
    std::map<int, int> finished;
    std::map<int, State> ends;
    std::atomic<int> atOnce = 0;
    std::atomic<bool> wasCrowded = false;
    int deliveries = 0;
    std::atomic<int> sent = 0;
    {
        JobRunner runner(settings());
        for (int i = 0; i < 200; ++i) {
            const int units = random.bounded(1, 30), micros = random.bounded(0, 400);
            switch (random.bounded(6)) {
            case 0:
            case 1:
                runner.start(
                    JobKind(random.bounded(7)), {}, {},
                    [&, units, micros](JobPort &port) {
                        if (++atOnce > 1)
                            wasCrowded = true;
                        struct Leave {
                            std::atomic<int> &count;
                            ~Leave() { --count; }
                        } leave{atOnce};
                        port.context().begin("test", units, "units");
                        for (int unit = 0; unit < units; ++unit) {
                            std::this_thread::sleep_for(std::chrono::microseconds(micros));
                            ++sent;
                            port.deliver([&] { ++deliveries; });
                            port.context().step();
                        }
                    },
                    [&](const JobInfo &job) {
                        ++finished[job.number];
                        ends[job.number] = job.state;
                    });
                break;
            case 2:
                runner.cancel(random.bounded(int(runner.jobs().size()) + 2));
                break;
            case 3:
                runner.setPaused(random.bounded(int(runner.jobs().size()) + 2), true);
                break;
            case 4:
                for (const JobInfo &job : std::vector<JobInfo>(runner.jobs()))
                    runner.setPaused(job.number, false);
                break;
            default:
                QTest::qWait(random.bounded(4));
            }
        }
        for (const JobInfo &job : std::vector<JobInfo>(runner.jobs()))
            runner.setPaused(job.number, false);
        QTRY_VERIFY(!runner.current());
        QCOMPARE(finished.size(), runner.jobs().size());
        for (const JobInfo &job : runner.jobs()) {
            QCOMPARE(finished[job.number], 1);
            QVERIFY(ends[job.number] == job.state);
            QVERIFY(job.state == State::Done || job.state == State::Cancelled);
        }
        QCOMPARE(deliveries, sent); // of cancelled jobs too: what was found is kept
        runner.start(JobKind::Search, {}, {}, slowWork());
        runner.start(JobKind::Evaluate, {}, {}, slowWork());
        if (seed % 2 == 0)
            runner.setPaused(int(runner.jobs().size()) - 1, true);
        QTest::qWait(random.bounded(40));
    }
    QVERIFY(!wasCrowded);
}

QTEST_GUILESS_MAIN(TestJobRunner)
#include "tst_JobRunner.moc"
