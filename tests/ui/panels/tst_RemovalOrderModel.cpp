// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/search/RemovalOrderModel.h"
#include "panels/search/SearchWords.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

class TestRemovalOrderModel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void gapIsThatOfTheRunnerUp()
    {
        const std::vector<Removal> removals = removalsOf(PlanBench::record(30, 6), 6);
        QCOMPARE(removals.size(), 6U);
        QCOMPARE(removals[0].layer, PlanBench::layerOfRank(0, 30));
        QCOMPARE(removals[0].runnerUp, PlanBench::layerOfRank(1, 30));
        QVERIFY(std::abs(removals[0].perplexity - std::exp(5.0 - 0.02)) < 1e-9);
        QVERIFY(std::abs(*removals[0].gap - std::expm1(0.0065)) < 1e-9);
        QVERIFY(removals[0].isNearTie());
        QVERIFY(std::abs(*removals[5].gap - std::expm1(0.0115)) < 1e-9);
        QVERIFY(!removals[5].isNearTie());
    }

    void noMoreThanThePlanWants() { QCOMPARE(removalsOf(PlanBench::record(30, 6), 2).size(), 2U); }

    void unfinishedStepsAreNoRemovals()
    {
        SearchRecord record = PlanBench::record(30, 3);
        record.steps.back().removed = -1;
        QCOMPARE(removalsOf(record, 3).size(), 2U);
    }

    void forcedOnesAreNotCalledTies()
    {
        SearchRecord record = PlanBench::record(30, 1);
        record.steps[0].isForced = true;
        RemovalOrderModel model;
        model.setRemovals(removalsOf(record, 1));
        QVERIFY(model.index(0).data().toString().endsWith(QStringLiteral("\nset to go first")));
        QVERIFY(!model.index(0).data(RemovalOrderModel::IsNearTieRole).toBool());
    }

    void nearTiesAreNamedAsPeopleDo()
    {
        const auto stepsOf = [](std::initializer_list<std::size_t> ties) {
            std::vector<Removal> removals(10, Removal{.layer = 0, .runnerUp = 1, .gap = 0.5});
            for (const std::size_t step : ties)
                removals[step - 1].gap = 0.001;
            return nearTiesText(removals).section(QStringLiteral(" ("), 0, 0);
        };
        QCOMPARE(nearTiesText({}), QString());
        QCOMPARE(stepsOf({3}), QStringLiteral("Step 3 was a near tie"));
        QCOMPARE(stepsOf({1, 4}), QStringLiteral("Steps 1 and 4 were near ties"));
        QCOMPARE(stepsOf({4, 5}), QStringLiteral("Steps 4 and 5 were near ties"));
        QCOMPARE(stepsOf({1, 4, 5, 6}), QStringLiteral("Steps 1 and 4 to 6 were near ties"));
        QCOMPARE(stepsOf({1, 3, 5, 6, 7, 8, 10}), QStringLiteral("Steps 1, 3, 5 to 8 and 10 were near ties"));
    }

    void chipsSayLayerPerplexityAndGap()
    {
        RemovalOrderModel model;
        model.setRemovals(removalsOf(PlanBench::record(30, 6), 6));
        QCOMPARE(model.index(0).data().toString(), QStringLiteral("1. layer 0\nperplexity 145.5\nnear tie, 0.65 %"));
        QCOMPARE(model.index(5).data().toString(), QStringLiteral("6. layer 5\nperplexity 148.0\ngap 1.2 %"));
        QVERIFY(model.index(0).data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("layer 0")));
        QVERIFY(model.index(0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("layer 13")));
    }

    void aLongerOrderOnlyInsertsRows()
    {
        RemovalOrderModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const SearchRecord record = PlanBench::record(30, 6);
        model.setRemovals(removalsOf(record, 2));
        QSignalSpy resets(&model, &QAbstractItemModel::modelReset), inserts(&model, &QAbstractItemModel::rowsInserted);
        model.setRemovals(removalsOf(record, 2));
        QCOMPARE(inserts.count(), 0);
        model.setRemovals(removalsOf(record, 5));
        QCOMPARE(inserts.count(), 1);
        QCOMPARE(resets.count(), 0);
        model.setRemovals(removalsOf(record, 1));
        QCOMPARE(resets.count(), 1);
        QCOMPARE(model.rowCount(), 1);
    }
};

QTEST_MAIN(TestRemovalOrderModel)
#include "tst_RemovalOrderModel.moc"
