// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "jobs/JobTable.h"
#include "panels/shell/JobsPanel.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QRegularExpression>
#include <QTableView>
#include <QTest>

#include <thread>

using namespace secateur;
using namespace secateur::ui;

class TestJobsPanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void selectedJobIsPausedCancelledAndCopied();
    void selectionStaysWithItsJob();
};

namespace {

/// Runs until it is cancelled.
int startEndless(JobRunner &runner, JobKind kind, const QString &title)
{
    return runner.start(kind, title, "secateur-cli " + title, [](JobPort &port) {
        port.context().begin("wait", 1000000, "turns");
        for (int i = 0; i < 1000000; ++i) {
            port.context().step();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
}

} // namespace

void TestJobsPanel::selectedJobIsPausedCancelledAndCopied()
{
    MapBench bench;
    JobsPanel panel(bench.workbench());
    QAbstractItemModelTester tester(panel.findChild<JobTable *>(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    showAndWait(panel, {700, 300});
    QVERIFY(!button(panel, "Cancel")->isEnabled());
    const int number = startEndless(bench.runner, JobKind::Search, "search");
    QTRY_VERIFY(button(panel, "Pause")->isEnabled());
    QTest::mouseClick(button(panel, "Pause"), Qt::LeftButton);
    QTRY_COMPARE(bench.runner.job(number)->state, JobInfo::State::Paused);
    QTRY_VERIFY(button(panel, "Resume"));
    QTest::mouseClick(button(panel, "Copy as command"), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), "secateur-cli search");
    auto *view = panel.findChild<QTableView *>();
    view->setFocus();
    QTest::keyClick(view, Qt::Key_Escape);
    QTRY_COMPARE(bench.runner.job(number)->state, JobInfo::State::Cancelled);
    QTRY_VERIFY(!button(panel, "Cancel")->isEnabled());
}

void TestJobsPanel::selectionStaysWithItsJob()
{
    MapBench bench;
    JobsPanel panel(bench.workbench());
    showAndWait(panel, {700, 300});
    auto *view = panel.findChild<QTableView *>();
    const int first = startEndless(bench.runner, JobKind::Search, "first");
    startEndless(bench.runner, JobKind::Evaluate, "second");
    QCOMPARE(view->currentIndex().row(), 0); // the newest
    QTest::keyClick(view, Qt::Key_Down);
    QCOMPARE(view->currentIndex().row(), 1);
    startEndless(bench.runner, JobKind::Export, "third");
    QCOMPARE(view->currentIndex().row(), 2);
    QTest::mouseClick(button(panel, "Cancel"), Qt::LeftButton);
    QTRY_COMPARE(bench.runner.job(first)->state, JobInfo::State::Cancelled);
    bench.runner.cancelAll();
}

QTEST_MAIN(TestJobsPanel)
#include "tst_JobsPanel.moc"
