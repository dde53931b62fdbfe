// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/plan/CurveData.h"
#include "panels/plan/CurveLines.h"
#include "panels/plan/CurveRequests.h"

#include <QTest>

#include <array>

using namespace secateur;
using namespace secateur::ui;

class TestCurveRequests : public QObject {
    Q_OBJECT

    /// What the job of a curve leaves: each plan with the settings that gave it.
    static void measure(PlanBench &bench, const std::vector<PlanDraft> &drafts)
    {
        for (const PlanDraft &draft : drafts) {
            const SparsityBalance reached = balance(bench.session.spec(), draft.balance);
            Measurement record = bench.dense(40);
            record.calibration = draft.calibration;
            record.neuronsKept = reached.neuronsKept;
            for (std::int64_t layer = 0; layer < reached.attentionsToRemove; ++layer)
                record.removed.push_back(layer);
            record.planHash = "plan-" + std::to_string(record.neuronsKept) + "-" + std::to_string(record.removed.size());
            record.draft = draft;
            bench.session.addMeasurement(record);
        }
    }

    static std::vector<CurveLine> linesOf(const PlanBench &bench)
    {
        return curveLines(bench.session.session(), curveData(bench.session, CurveAxis::LayerParameters, true).records);
    }

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void alongTheSparsityByTheRule()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        bench.editor.setWidthMultiple(64);
        bench.editor.setNeuronsKept(777);
        const CurvePlans plans = plansAlongSparsity(bench.session, std::array{0.25, 0.5});
        QCOMPARE(plans.drafts.size(), 2U);
        QVERIFY(plans.omissions.isEmpty());
        QCOMPARE(plans.drafts[0].balance.sparsity, 0.25);
        QCOMPARE(plans.drafts[1].balance.sparsity, 0.5);
        for (const PlanDraft &draft : plans.drafts) {
            QVERIFY(!draft.balance.neuronsKept && !draft.balance.attentionsToRemove); // the rule's
            QCOMPARE(draft.balance.widthMultiple, 64);                                // but the rest is this plan's
            QCOMPARE(draft.calibration, bench.session.draft().calibration);
        }
    }

    void whatIsNotFeasibleIsLeftOutWithItsReason()
    {
        PlanBench bench;
        bench.openDeep();
        const CurvePlans plans = plansAlongSparsity(bench.session, std::array{0.25, 0.9999});
        QCOMPARE(plans.drafts.size(), 1U);
        QCOMPARE(plans.omissions.size(), 1);
        QVERIFY(plans.omissions.front().startsWith(QStringLiteral("99.99\u00a0%: ")));
    }

    void protectedLayersLimitTheDepth()
    {
        PlanBench bench;
        bench.openDeep();
        for (int layer = 0; layer < 20; ++layer)
            bench.editor.toggleProtected(layer);
        const CurvePlans plans = plansAlongDepth(bench.session, 3);
        QCOMPARE(plans.drafts.size(), 1U); // 22 go beyond the ten that are free, and so does the middle
        QCOMPARE(plans.omissions.size(), 2);
    }

    void fromWideToDeepEvenly()
    {
        PlanBench bench;
        bench.openDeep();
        const BalanceBounds bounds = *bench.session.bounds();
        const CurvePlans plans = plansAlongDepth(bench.session, 3);
        QCOMPARE(plans.drafts.size(), 3U);
        QCOMPARE(*plans.drafts[0].balance.attentionsToRemove, bounds.leastAttentions);
        QCOMPARE(*plans.drafts[2].balance.attentionsToRemove, bounds.mostAttentions);
        for (const PlanDraft &draft : plans.drafts)
            QCOMPARE(draft.balance.sparsity, 0.375);
        const auto all = std::size_t(bounds.mostAttentions - bounds.leastAttentions + 1);
        QCOMPARE(plansAlongDepth(bench.session, 99).drafts.size(), all); // none twice
    }

    void anOrderIsLentAsFarAsItGoes()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        bench.searchByRule(bench.session.attentionsToRemove());
        const CurvePlans plans = withOrderOfPlan(bench.session, plansAlongDepth(bench.session, 30));
        QVERIFY(!plans.drafts.empty());
        for (const PlanDraft &draft : plans.drafts)
            QVERIFY(*draft.balance.attentionsToRemove <= bench.session.attentionsToRemove());
        QVERIFY(!plans.omissions.isEmpty());
    }

    void theCurveShowsWhatWasMeasuredOnThisText()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        bench.searchByRule(bench.session.attentionsToRemove());
        Measurement dense = bench.dense(20), plan = bench.measured(40), other = bench.measured(50);
        dense.neuronsKept = 1536;
        other.planHash = "other";
        other.text.seed = 7;
        bench.session.addMeasurement(dense);
        bench.session.addMeasurement(plan);
        bench.session.addMeasurement(other);

        const CurveData relative = curveData(bench.session, CurveAxis::LayerParameters, true);
        QCOMPARE(relative.points.size(), 2U);
        QVERIFY(relative.points[0].isDense);
        QCOMPARE(relative.points[0].x, 100.0);
        QVERIFY(relative.points[1].isCurrent);
        QVERIFY(std::abs(relative.points[1].x - 62.5) < 0.05);
        QCOMPARE(relative.points[1].perplexity, 40.0);
        QCOMPARE(relative.current, std::optional(relative.points[1].x));

        const CurveData absolute = curveData(bench.session, CurveAxis::Bytes, false);
        QCOMPARE(absolute.axis, QStringLiteral("Size of the weights, MB"));
        QCOMPARE(absolute.points[0].x, double(bench.session.denseFigures().bytes) / 1e6);
    }

    void lineAlongTheTargetBeginsWithTheOriginal()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        Measurement dense = bench.dense(20);
        dense.neuronsKept = 1536;
        measure(bench, plansAlongSparsity(bench.session, std::array{0.5, 0.25, 0.375}).drafts);
        bench.session.addMeasurement(dense);
        const std::vector<CurveLine> lines = linesOf(bench);
        QCOMPARE(lines.size(), std::size_t(1));
        QVERIFY(lines[0].along == CurveLine::Along::Target);
        QVERIFY((lines[0].points == std::vector<std::size_t>{3, 1, 2, 0})); // by their targets, not as they were measured
    }

    /// A line would compare them without a word.
    void whatWasComputedDifferentlyIsNotJoined()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        measure(bench, plansAlongSparsity(bench.session, std::array{0.5, 0.25}).drafts);
        QCOMPARE(linesOf(bench).size(), std::size_t(1));
        QVERIFY(!curveData(bench.session, CurveAxis::Bytes, false).points[0].label.contains("computed"));
        Session other = bench.session.session();
        other.measurements[0].computed.device = "cpu";
        other.measurements[0].computed.dtype = "bfloat16";
        QVERIFY(curveLines(other, {0, 1}).empty());
        bench.session.addMeasurement(other.measurements[0]);
        const CurveData data = curveData(bench.session, CurveAxis::Bytes, false);
        QVERIFY2(data.points[2].label.contains("computed: cpu, bfloat16"), qPrintable(data.points[2].label));
        QVERIFY2(data.points[0].label.contains("computed: not recorded"), qPrintable(data.points[0].label));
    }

    void lineAlongNKeepsTheTarget()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        const CurvePlans plans = plansAlongDepth(bench.session, 4);
        measure(bench, plans.drafts);
        const std::vector<CurveLine> lines = linesOf(bench);
        QCOMPARE(lines.size(), std::size_t(1));
        QVERIFY(lines[0].along == CurveLine::Along::Depth);
        QVERIFY((lines[0].points == std::vector<std::size_t>{0, 1, 2, 3}));
    }

    void whatIsOfNoSeriesStandsAlone()
    {
        PlanBench bench;
        bench.openDeep();
        bench.calibrateDeep();
        std::vector<PlanDraft> drafts = plansAlongSparsity(bench.session, std::array{0.25, 0.375}).drafts;
        drafts[1].balance.alpha = 3; // another rule
        measure(bench, drafts);
        QVERIFY(linesOf(bench).empty());
        drafts[1].balance.alpha = drafts[0].balance.alpha;
        drafts[1].search.windows = 2; // another search
        measure(bench, drafts);
        QVERIFY(linesOf(bench).empty());

        PlanDraft byHand = drafts[0];
        byHand.balance.neuronsKept = 777;
        byHand.balance.attentionsToRemove = 1;
        measure(bench, {byHand});
        QVERIFY(linesOf(bench).empty());
        measure(bench, plansAlongSparsity(bench.session, std::array{0.25, 0.5}).drafts);
        QCOMPARE(linesOf(bench).size(), std::size_t(1));
        Session older = bench.session.session(); // which kept no settings
        for (Measurement &record : older.measurements)
            record.draft.reset();
        QVERIFY(curveLines(older, {0, 1, 2}).empty());
        for (Measurement &record : older.measurements) {
            record.draft = drafts[0];
            record.isOrderBorrowed = true;
        }
        QVERIFY(curveLines(older, {0, 1, 2}).empty());
    }

    void plansOfAnotherMethodAreJoinedBySize()
    {
        PlanBench bench;
        bench.openDeep();
        Session session = bench.session.session();
        const auto add = [&](PlanMethod method, std::int64_t removed) {
            auto shelf = std::make_shared<ShelfPlan>();
            shelf->plan.method = method;
            Measurement record = bench.dense(40);
            record.planHash = nameOf(method) + std::to_string(removed);
            record.draft = PlanDraft();
            record.draft->plan = record.planHash;
            for (std::int64_t layer = 0; layer < removed; ++layer)
                record.removed.push_back(layer);
            session.plans[record.planHash] = shelf;
            session.measurements.push_back(record);
        };
        add(PlanMethod::ShortGpt, 5);
        add(PlanMethod::BlockPruner, 3);
        add(PlanMethod::ShortGpt, 3);
        add(PlanMethod::Manual, 3);
        add(PlanMethod::Manual, 5);
        const std::vector<CurveLine> lines = curveLines(session, {0, 1, 2, 3, 4});
        QCOMPARE(lines.size(), std::size_t(1)); // one point makes no line, and plans by hand have no method
        QVERIFY(lines[0].along == CurveLine::Along::Size);
        QVERIFY((lines[0].points == std::vector<std::size_t>{2, 0}));
        QVERIFY(otherMethodOf(session, session.measurements[1]) == PlanMethod::BlockPruner);
        QVERIFY(!otherMethodOf(session, session.measurements[3]));
    }

    void anInfeasiblePlanHasNoPlaceOnTheAxis()
    {
        PlanBench bench;
        bench.openDeep();
        bench.makeInfeasible();
        QVERIFY(!bench.session.balance());
        QVERIFY(!curveData(bench.session, CurveAxis::LayerParameters, true).current);
    }
};

QTEST_MAIN(TestCurveRequests)
#include "tst_CurveRequests.moc"
