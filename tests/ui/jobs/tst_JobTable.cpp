// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobTable.h"

#include "foundation/Error.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

#include <chrono>
#include <limits>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

EngineSettings settings()
{
    return {.device = "cpu", .dtype = "float32", .threads = 1};
}

QStringList row(const JobTable &table, int row)
{
    QStringList cells;
    for (int column = 0; column < table.columnCount(); ++column)
        cells << table.index(row, column).data().toString();
    return cells;
}

void workWithoutEnd(JobPort &port)
{
    port.context().begin("test", 1000, "evaluations");
    while (true) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        port.context().step();
    }
}

} // namespace

class TestJobTable : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void theNewestJobIsTheFirstRow();
    void jobsFromBeforeAreThere();
    void jobsAreInsertedNotReset();
    void failuresAreToldInTheRow();
    void everyStateHasAWord();
    void progressHasCountsRateAndRest_data();
    void progressHasCountsRateAndRest();
    void progressOfSeveralPartsIsOfAllOfThem();
    void durationsAreShort_data();
    void durationsAreShort();
};

void TestJobTable::theNewestJobIsTheFirstRow()
{
    JobRunner runner(settings());
    JobTable table(runner);
    const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(table.rowCount(), 0);
    runner.start(JobKind::Search, QStringLiteral("Search"), QStringLiteral("secateur-cli prune"), workWithoutEnd);
    runner.start(JobKind::Evaluate, QStringLiteral("Evaluate"), {}, workWithoutEnd);
    QCOMPARE(table.rowCount(), 2);
    QCOMPARE(table.jobNumber(0), 2);
    QCOMPARE(table.jobNumber(1), 1);
    QCOMPARE(row(table, 0), QStringList({"2", "Evaluate", "Waiting", "", ""}));
    QTRY_COMPARE(table.index(1, 2).data().toString(), QStringLiteral("Running"));
    QTRY_VERIFY(table.index(1, 3).data().toString().contains(QLatin1String(" of 1,000 evaluations")));
    QTRY_VERIFY(!table.index(1, 4).data().toString().isEmpty());
    QCOMPARE(table.index(1, 1).data(Qt::ToolTipRole).toString(), QStringLiteral("secateur-cli prune"));
    runner.setPaused(1, true);
    QCOMPARE(table.index(1, 2).data().toString(), QStringLiteral("Paused"));
    runner.cancelAll();
    QCOMPARE(table.index(1, 2).data().toString(), QStringLiteral("Cancelling"));
    QTRY_COMPARE(table.index(1, 2).data().toString(), QStringLiteral("Cancelled"));
    QTRY_COMPARE(row(table, 0), QStringList({"2", "Evaluate", "Cancelled", "", ""}));
    QCOMPARE(table.index(1, 3).data().toString(), QString());
    for (int column = 0; column < table.columnCount(); ++column)
        QVERIFY(!table.headerData(column, Qt::Horizontal).toString().isEmpty());
    QCOMPARE(table.rowCount(table.index(0, 0)), 0);
}

void TestJobTable::jobsFromBeforeAreThere()
{
    JobRunner runner(settings());
    runner.start(JobKind::Open, QStringLiteral("Open"), {}, [](JobPort &) {});
    QTRY_VERIFY(runner.job(1)->isOver());
    const JobTable table(runner);
    QCOMPARE(table.rowCount(), 1);
    QCOMPARE(table.index(0, 1).data().toString(), QStringLiteral("Open"));
    QCOMPARE(table.index(0, 2).data().toString(), QStringLiteral("Done"));
}

void TestJobTable::jobsAreInsertedNotReset()
{
    JobRunner runner(settings());
    int nested = 0; // somebody starts a job as soon as he hears of one: the table hears of the second first
    connect(&runner, &JobRunner::jobAdded, &runner, [&](int) {
        if (nested++ == 0)
            runner.start(JobKind::Evaluate, QStringLiteral("Second"), {}, [](JobPort &) {});
    });
    JobTable table(runner);
    const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QSignalSpy inserted(&table, &QAbstractItemModel::rowsInserted), reset(&table, &QAbstractItemModel::modelReset);
    runner.start(JobKind::Search, QStringLiteral("First"), {}, [](JobPort &) {});
    QCOMPARE(table.rowCount(), 2);
    QCOMPARE(table.index(0, 1).data().toString(), QStringLiteral("Second"));
    QCOMPARE(table.index(1, 1).data().toString(), QStringLiteral("First"));
    const QPersistentModelIndex selected = table.index(0, 1);
    runner.start(JobKind::Export, QStringLiteral("Third"), {}, [](JobPort &) {});
    QCOMPARE(selected.row(), 1);
    QCOMPARE(selected.data().toString(), QStringLiteral("Second"));
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(reset.size(), 0);
    QTRY_VERIFY(!runner.current());
}

void TestJobTable::failuresAreToldInTheRow()
{
    JobRunner runner(settings());
    JobTable table(runner);
    runner.start(JobKind::Open, QStringLiteral("Open"), {}, [](JobPort &) { throw Error("There is no model.", "Choose another folder."); });
    QTRY_COMPARE(table.index(0, 2).data().toString(), QStringLiteral("Failed"));
    QCOMPARE(table.index(0, 3).data().toString(), QStringLiteral("There is no model."));
    QCOMPARE(table.index(0, 0).data(Qt::ToolTipRole).toString(), QStringLiteral("There is no model.\nChoose another folder."));
    runner.start(JobKind::Open, QStringLiteral("Open"), {}, [](JobPort &) { throw Error("There is no model."); });
    QTRY_COMPARE(table.index(0, 2).data().toString(), QStringLiteral("Failed"));
    QCOMPARE(table.index(0, 0).data(Qt::ToolTipRole).toString(), QStringLiteral("There is no model."));
}

void TestJobTable::everyStateHasAWord()
{
    QStringList words;
    for (const JobInfo::State state : {JobInfo::State::Waiting, JobInfo::State::Running, JobInfo::State::Paused, JobInfo::State::Cancelling,
                                       JobInfo::State::Done, JobInfo::State::Cancelled, JobInfo::State::Failed})
        words << jobStateText(state);
    QVERIFY(!words.contains(QString()));
    QCOMPARE(words.removeDuplicates(), 0);
}

void TestJobTable::progressHasCountsRateAndRest_data()
{
    QTest::addColumn<qint64>("done");
    QTest::addColumn<qint64>("total");
    QTest::addColumn<double>("seconds");
    QTest::addColumn<double>("eta");
    QTest::addColumn<QString>("text");
    QTest::newRow("unknown") << qint64(0) << qint64(0) << 0.0 << -1.0 << "";
    QTest::newRow("begun") << qint64(0) << qint64(114) << 0.0 << -1.0 << "0 of 114 evaluations";
    QTest::newRow("too early for a rate") << qint64(3) << qint64(114) << 0.9 << -1.0 << "3 of 114 evaluations";
    QTest::newRow("slow") << qint64(70) << qint64(114) << 50.0 << 31.4 << "70 of 114 evaluations · 1.4 per second · ~31 s left";
    QTest::newRow("fast") << qint64(5000) << qint64(12000) << 10.0 << 14.0 << "5,000 of 12,000 evaluations · 500 per second · ~14 s left";
    QTest::newRow("nothing in a long time") << qint64(0) << qint64(9) << 60.0 << -1.0 << "0 of 9 evaluations";
}

void TestJobTable::progressHasCountsRateAndRest()
{
    QFETCH(qint64, done);
    QFETCH(qint64, total);
    QFETCH(double, seconds);
    QFETCH(double, eta);
    QFETCH(QString, text);
    Progress progress;
    progress.phase = "search";
    progress.done = done;
    progress.total = total;
    progress.unit = "evaluations";
    progress.seconds = seconds;
    if (eta >= 0)
        progress.eta = eta;
    QCOMPARE(progressText(progress).replace(QChar::Nbsp, QLatin1Char(' ')), text); // an estimate stays on one line
    const bool isEstimated = text.contains(QLatin1Char('~'));
    QCOMPARE(progressDetails(progress), isEstimated ? progressText(progress) + '\n' + timeLeftFormula() : progressText(progress));
}

void TestJobTable::progressOfSeveralPartsIsOfAllOfThem()
{
    Progress progress;
    progress.phase = "search";
    progress.done = 12;
    progress.total = 48;
    progress.unit = "evaluations";
    progress.step = 1;
    progress.steps = 4;
    progress.layer = 15;
    QCOMPARE(progressText(progress), QStringLiteral("step 2 of 4, layer 15 · 12 of 48 evaluations"));
    QCOMPARE(*shareDone(progress), 0.25);
    progress.part = 2;
    progress.parts = 5;
    progress.eta = 7;
    const auto shown = [&progress] { return progressText(progress).replace(QChar::Nbsp, QLatin1Char(' ')); };
    QCOMPARE(shown(), QStringLiteral("Searching (2 of 5): step 2 of 4, layer 15 · 12 of 48 evaluations · ~7.0 s left"));
    progress.whole = 0.4;
    progress.wholeEta = 70;
    QCOMPARE(shown(), QStringLiteral("Searching (2 of 5): step 2 of 4, layer 15 · 12 of 48 evaluations · ~1 min 10 s left"));
    QCOMPARE(*shareDone(progress), 0.4);
}

void TestJobTable::durationsAreShort_data()
{
    QTest::addColumn<double>("seconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << 0.0 << "0.0 s";
    QTest::newRow("parts") << 4.46 << "4.5 s";
    QTest::newRow("below ten") << 9.94 << "9.9 s";
    QTest::newRow("ten") << 9.96 << "10 s";
    QTest::newRow("below a minute") << 59.4 << "59 s";
    QTest::newRow("a minute") << 59.6 << "1 min 0 s";
    QTest::newRow("minutes") << 130.0 << "2 min 10 s";
    QTest::newRow("below an hour") << 3599.4 << "59 min 59 s";
    QTest::newRow("an hour") << 3599.6 << "1 h 0 min";
    QTest::newRow("hours") << 11100.0 << "3 h 5 min";
}

void TestJobTable::durationsAreShort()
{
    QFETCH(double, seconds);
    QFETCH(QString, text);
    QCOMPARE(durationText(seconds), text);
}

QTEST_GUILESS_MAIN(TestJobTable)
#include "tst_JobTable.moc"
