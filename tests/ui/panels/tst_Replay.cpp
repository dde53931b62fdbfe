// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/search/PredictionRow.h"
#include "panels/search/Replay.h"

#include <QTest>

using namespace secateur;
using namespace secateur::ui;

class TestReplay : public QObject {
    Q_OBJECT

    static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

    /// From the first step to the end.
    static std::vector<ReplayPosition> walk(const ReplaySteps &steps, ReplayDepth depth)
    {
        std::vector<ReplayPosition> all;
        for (ReplayPosition at = beginningOf(steps, 0, depth); at.step >= 0 && all.size() < 100; at = after(steps, at, depth))
            all.push_back(at);
        return all;
    }

private slots:
    void nothingIsReplayedOfNoSearch()
    {
        QVERIFY(replaySteps({}, 0).empty());
        QVERIFY(replaySteps({}, 3).empty());
        for (const ReplayDepth depth : {ReplayDepth::Steps, ReplayDepth::Candidates, ReplayDepth::Predict}) {
            QVERIFY(walk({}, depth).empty());
            QCOMPARE(before({}, {}, depth).step, -1);
            QCOMPARE(stepBefore({}, {}, depth).step, -1);
        }
    }

    void whatIsKnownOfACandidateCounts()
    {
        SearchRecord record;
        record.initialLoss = 4;
        SearchStep step = SearchStep::begun(4);
        step.losses = {3.9, kUnknown, kUnknown, kUnknown};
        step.bounds = {kUnknown, 4.1, kUnknown, kUnknown};
        step.screened = {kUnknown, kUnknown, 4.2, kUnknown};
        step.removed = 0;
        record.steps = {step};
        QCOMPARE(replaySteps(record, 5).front().candidates, 3); // a loss, a bound, and a loss in 16 bits
        QVERIFY(replaySteps(record, 5).front().isQuestion());
    }

    void aStepThatIsNotFinishedHasNoAnswer()
    {
        SearchRecord record = PlanBench::record(4, 2);
        record.steps[1].removed = -1;
        const ReplaySteps steps = replaySteps(record, 3);
        QVERIFY(!steps[1].isDecided && !steps[1].isQuestion());
        QCOMPARE(walk(steps, ReplayDepth::Predict), (std::vector<ReplayPosition>{{0, 4}, {0, -1}, {1, -1}}));
        QCOMPARE(walk(steps, ReplayDepth::Candidates).back(), (ReplayPosition{1, 3})); // and no decision
        QVERIFY(outcomeText(record, 1, {}).contains(QStringLiteral("not finished")));
        record.steps.push_back(SearchStep::begun(4));
        QCOMPARE(replaySteps(record, 3).size(), 2U); // nothing is known of it
    }

    void forcedStepsAreNotAsked()
    {
        SearchRecord record = PlanBench::record(4, 2);
        record.steps[0].isForced = true;
        const ReplaySteps steps = replaySteps(record, 2);
        QCOMPARE(beginningOf(steps, 0, ReplayDepth::Predict), (ReplayPosition{0, -1}));
        QCOMPARE(beginningOf(steps, 1, ReplayDepth::Predict), (ReplayPosition{1, 3}));
        QVERIFY(outcomeText(record, 0, {}).contains(QStringLiteral("asked for")));
    }

    void everyWayForthIsTheWayBack()
    {
        SearchRecord record = PlanBench::record(5, 3);
        record.steps[1].isForced = true;
        const ReplaySteps steps = replaySteps(record, 3);
        for (const ReplayDepth depth : {ReplayDepth::Candidates, ReplayDepth::Predict}) {
            const std::vector<ReplayPosition> forth = walk(steps, depth);
            std::vector<ReplayPosition> back{{2, -1}};
            while (before(steps, back.back(), depth) != back.back())
                back.push_back(before(steps, back.back(), depth));
            std::reverse(back.begin(), back.end());
            QCOMPARE(back, forth);
        }
    }

    void backspaceGoesToTheBeginningOfTheStepThenToTheOneBefore()
    {
        const ReplaySteps steps = replaySteps(PlanBench::record(5, 3), 3);
        QCOMPARE(stepBefore(steps, {1, -1}, ReplayDepth::Candidates), (ReplayPosition{1, 0}));
        QCOMPARE(stepBefore(steps, {1, 0}, ReplayDepth::Candidates), (ReplayPosition{0, 0}));
        QCOMPARE(stepBefore(steps, {0, 0}, ReplayDepth::Candidates), (ReplayPosition{0, 0}));
        QCOMPARE(stepBefore(steps, {2, -1}, ReplayDepth::Predict), (ReplayPosition{2, 3}));
        QCOMPARE(stepBefore(steps, {2, -1}, ReplayDepth::Steps), (ReplayPosition{1, -1}));
    }

    void theFirstAnswerCounts()
    {
        const SearchRecord record = PlanBench::record(30, 3);
        Predictions predictions;
        QVERIFY(predictions.add(0, record.steps[0].removed));
        QVERIFY(predictions.add(1, record.steps[2].removed));
        QVERIFY(!predictions.add(1, record.steps[1].removed)); // the answer is known by now
        QCOMPARE(predictions.asked(), 2);
        QCOMPARE(predictions.hits(record), 1);
        QCOMPARE(predictions.at(1), std::optional<qint64>(record.steps[2].removed));
        predictions.clear();
        QCOMPARE(predictions.asked(), 0);
    }

    void anAnswerIsToldWithHowClearItWas()
    {
        const SearchRecord record = PlanBench::record(30, 6);
        const qint64 first = record.steps[0].removed;
        QVERIFY(outcomeText(record, 0, first).startsWith(QStringLiteral("Right")));
        QVERIFY(outcomeText(record, 0, first).contains(QStringLiteral("near tie with layer %1").arg(PlanBench::layerOfRank(1, 30))));
        const QString wrong = outcomeText(record, 5, first);
        QVERIFY2(wrong.contains(QStringLiteral("You said layer %1, and layer %2 went.").arg(first).arg(record.steps[5].removed)),
                 qPrintable(wrong));
        QVERIFY2(wrong.contains(QStringLiteral("runner-up")), qPrintable(wrong));
    }
};

QTEST_MAIN(TestReplay)
#include "tst_Replay.moc"
