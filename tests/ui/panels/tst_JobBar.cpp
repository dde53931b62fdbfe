// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "foundation/Error.h"
#include "panels/shell/JobBar.h"
#include "widgets/FittingLabel.h"

#include <QClipboard>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include <atomic>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

struct ShownBar {
    MapBench bench;
    JobBar bar{bench.workbench()};

    ShownBar() { bar.resize(1000, 40); }

    /// A job of ten units that stops after the fourth until it is let go on.
    int start(std::atomic<bool> &isLetGo)
    {
        return bench.runner.start(JobKind::Search, "Search for K = 193", "secateur-cli prune tiny", [&isLetGo](JobPort &port) {
            port.context().begin("search", 10, "evaluations");
            for (int i = 0; i < 10; ++i) {
                port.context().step();
                while (i == 3 && !isLetGo) {
                    port.context().check();
                    std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
            }
        });
    }

    QString words() const
    {
        QString all;
        for (const FittingLabel *label : bar.findChildren<FittingLabel *>())
            if (label->isVisibleTo(&bar))
                all += label->texts().value(0) + '\n';
        return all;
    }
};

} // namespace

class TestJobBar : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void isThereFromTheFirstJobAndSaysHowItEnded();
    void forgetsTheJobsOfAnotherSession();
    void pausesAndGoesOn();
    void escapeCancels();
    void failureIsSaid();
    void heldJobSaysWhyAndCanGoOn();
    void copiesTheCommand();
    void narrowBarKeepsStepLayerAndTimeLeft();
};

void TestJobBar::isThereFromTheFirstJobAndSaysHowItEnded()
{
    ShownBar s;
    QVERIFY(!s.bar.isVisible());
    std::atomic<bool> isLetGo = false;
    s.start(isLetGo);
    QTRY_VERIFY(s.bar.isVisible());
    auto *progress = s.bar.findChild<QProgressBar *>();
    QTRY_VERIFY(s.words().contains("4 of 10 evaluations"));
    QCOMPARE(progress->value(), progress->maximum() * 4 / 10);
    QVERIFY(progress->maximum() > 0);
    isLetGo = true;
    QTRY_VERIFY(s.words().contains("Search for K = 193: done in"));
    QVERIFY(!progress->isVisible());
    QVERIFY(s.bar.isVisible()); // it stays: what is above it must not move under the mouse
}

void TestJobBar::forgetsTheJobsOfAnotherSession()
{
    ShownBar s;
    std::atomic<bool> isLetGo = true;
    s.start(isLetGo);
    QTRY_VERIFY(s.words().contains("Search for K = 193: done in"));
    s.bench.openLayers(4);
    QVERIFY(!s.bar.isVisible());
    isLetGo = false;
    s.start(isLetGo); // still at work when yet another session begins
    QTRY_VERIFY(s.bar.isVisible());
    s.bench.openLayers(5);
    isLetGo = true;
    QTRY_VERIFY(!s.bench.runner.current());
    QTRY_VERIFY(!s.bar.isVisible());
    s.start(isLetGo); // of this session
    QTRY_VERIFY(s.words().contains("Search for K = 193: done in"));
    QVERIFY(s.bar.isVisible());
}

void TestJobBar::pausesAndGoesOn()
{
    ShownBar s;
    std::atomic<bool> isLetGo = false;
    const int number = s.start(isLetGo);
    QTRY_VERIFY(button(s.bar, "Pause"));
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Running);
    QTest::mouseClick(button(s.bar, "Pause"), Qt::LeftButton);
    isLetGo = true;
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Paused);
    QTRY_VERIFY(button(s.bar, "Resume"));
    QTest::keyClick(button(s.bar, "Resume"), Qt::Key_Space);
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Done);
}

void TestJobBar::escapeCancels()
{
    ShownBar s;
    std::atomic<bool> isLetGo = false;
    const int number = s.start(isLetGo);
    QTRY_VERIFY(button(s.bar, "Pause"));
    QPushButton *pause = button(s.bar, "Pause");
    pause->setFocus();
    QTest::keyClick(pause, Qt::Key_Escape);
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Cancelled);
    QTRY_VERIFY2(s.words().contains("Search for K = 193: cancelled after "), qPrintable(s.words()));
    QVERIFY2(s.words().contains(" s, what was measured is kept"), qPrintable(s.words()));
}

void TestJobBar::failureIsSaid()
{
    ShownBar s;
    s.bench.runner.start(JobKind::Calibrate, "Calibrate", {}, [](JobPort &) { throw Error("The disk is full.", "Free some space."); });
    QTRY_VERIFY2(s.words().contains("Calibrate: failed"), qPrintable(s.words()));
    QVERIFY(!s.words().contains("The disk is full.")); // that is told by a message, or where it happened
}

void TestJobBar::heldJobSaysWhyAndCanGoOn()
{
    ShownBar s;
    std::atomic<bool> isLost = true;
    std::atomic<bool> isLetGo = false;
    const int number = s.bench.runner.start(JobKind::Search, "Search for K = 193", {}, [&isLost, &isLetGo](JobPort &port) {
        while (!isLetGo)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        port.context().begin("search", 10, "evaluations");
        port.context().step(4);
        if (isLost)
            throw MachineFailure("The device cuda:0 failed: device lost.", "Start the program again (--device cpu).", "cuda:0");
    });
    const int next = s.bench.runner.start(JobKind::Evaluate, "Evaluate", {}, [](JobPort &) {});
    isLetGo = true;
    QTRY_VERIFY(s.bench.runner.job(number)->isHeld());
    QCOMPARE(s.bench.runner.job(next)->state, JobInfo::State::Waiting); // it was asked for before
    QVERIFY2(s.words().contains(" What was finished is kept. · 1 more to come"), qPrintable(s.words()));
    QVERIFY2(s.words().contains("Search for K = 193 (paused)"), qPrintable(s.words()));
    QVERIFY2(s.words().contains("The device cuda:0 failed: device lost. What was finished is kept."), qPrintable(s.words()));
    QVERIFY(!s.bar.findChild<QProgressBar *>()->isVisible());
    bool isDescribed = false; // by why it is held, no longer by how far it was
    for (const FittingLabel *label : s.bar.findChildren<FittingLabel *>()) {
        QVERIFY2(!label->accessibleDescription().contains("of 10"), qPrintable(label->accessibleDescription()));
        isDescribed = isDescribed || label->accessibleDescription().contains("The device cuda:0 failed: device lost.");
    }
    QVERIFY(isDescribed);
    QPushButton *cpu = button(s.bar, "Continue on the CPU"), *retry = button(s.bar, "Retry");
    QVERIFY(cpu && cpu->isVisible() && cpu->focusPolicy() & Qt::TabFocus);
    QCOMPARE(cpu->accessibleName(), "Continue the current job on the CPU");
    QVERIFY(retry && retry->isVisible());
    QCOMPARE(retry->accessibleName(), "Retry the current job on cuda:0");

    QSignalSpy held(&s.bench.runner, &JobRunner::jobHeld);
    QTest::keyClick(retry, Qt::Key_Space);
    QTRY_COMPARE(held.count(), 1); // and fails once more
    QVERIFY(cpu->isVisible());
    isLost = false;
    QTest::keyClick(cpu, Qt::Key_Space);
    QTRY_COMPARE(s.bench.runner.job(next)->state, JobInfo::State::Done);
    QCOMPARE(s.bench.runner.job(number)->state, JobInfo::State::Done);
    QCOMPARE(s.bench.runner.settings().device, std::string("cpu"));
    QTRY_VERIFY(!cpu->isVisible());

    isLost = true; // Esc ends one that is held
    const int other = s.bench.runner.start(JobKind::Search, "Search for K = 193", {}, [](JobPort &) {
        throw MachineFailure("The memory of cuda:0 is not enough.", "Use fewer windows.", "cuda:0");
    });
    QTRY_VERIFY(cpu->isVisible());
    cpu->setFocus();
    QTest::keyClick(cpu, Qt::Key_Escape);
    QTRY_COMPARE(s.bench.runner.job(other)->state, JobInfo::State::Cancelled);
    QTRY_VERIFY(!cpu->isVisible());
}

void TestJobBar::copiesTheCommand()
{
    ShownBar s;
    std::atomic<bool> isLetGo = true;
    s.start(isLetGo);
    QTRY_VERIFY(s.words().contains("done in"));
    QTest::mouseClick(button(s.bar, "Copy as command"), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), "secateur-cli prune tiny");
}

void TestJobBar::narrowBarKeepsStepLayerAndTimeLeft()
{
    ShownBar s;
    s.bar.resize(1024, 40);
    std::atomic<bool> isLetGo = false;
    s.bench.runner.start(JobKind::Search, "Search for K = 193 with a rather long name of it", "secateur-cli prune tiny",
                         [&isLetGo](JobPort &port) {
                             port.context().begin("search", 115, "evaluations");
                             port.context().atStep(0, 24);
                             port.context().atLayer(15);
                             for (int i = 0; i < 115; ++i) {
                                 port.context().step();
                                 while (i == 60 && !isLetGo) {
                                     port.context().check();
                                     std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                 }
                                 if (i < 60)
                                     std::this_thread::sleep_for(std::chrono::milliseconds(40)); // a time left is told of what has lasted
                             }
                         });
    const auto shown = [&] {
        QString all;
        for (const FittingLabel *label : s.bar.findChildren<FittingLabel *>())
            all += label->text() + '\n';
        return all;
    };
    QTRY_VERIFY2_WITH_TIMEOUT(shown().contains("left"), qPrintable(shown()), 10'000);
    QVERIFY2(shown().contains("step 1 of 24, layer 15"), qPrintable(shown()));
    QCOMPARE(s.bar.width(), 1024);
    QVERIFY(button(s.bar, "Cancel  Ctrl+.")->toolTip().startsWith("Ctrl+. cancels it from anywhere"));
    isLetGo = true;
    QTRY_VERIFY(!s.bench.runner.current());
}

QTEST_MAIN(TestJobBar)
#include "tst_JobBar.moc"
