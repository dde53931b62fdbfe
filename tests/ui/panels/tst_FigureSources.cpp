// SPDX-License-Identifier: GPL-3.0-or-later
// What figures say of the plan that their numbers belong to.
#include "PlanBench.h"
#include "panels/parts/FigureSources.h"
#include "panels/search/SearchView.h"
#include "plots/SearchPlots.h"

#include <QTest>

using namespace secateur;
using namespace secateur::ui;

class TestFigureSources : public QObject {
    Q_OBJECT

    static QString withK(qint64 kept) { return QStringLiteral("K = %1").arg(kept); }

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void withoutAModelNothingIsSaid()
    {
        PlanBench bench;
        QVERIFY(sourceOfPlan(bench.session) == FigureSource());
        QVERIFY(sourceOfOriginal(bench.session) == FigureSource());
        QVERIFY(sourceOfMeasurements(bench.session) == FigureSource());
    }

    void aStaleSearchIsNamedAsThePlanThatItBelongsTo()
    {
        PlanBench bench;
        bench.openDeep(12, 400);
        bench.calibrateDeep();
        SessionModel &session = bench.session;
        bench.searchByRule(session.attentionsToRemove());
        session.setPlanHash(session.draft(), session.removalOrder(), QStringLiteral("beef"));
        SearchView view(bench.workbench());
        view.resize(800, 700);
        view.show();
        auto *bars = view.findChild<CandidateBars *>();
        auto *heatmap = view.findChild<SearchHeatmap *>();
        const qint64 searched = session.neuronsKept();
        QTRY_COMPARE(bars->source().planHash, QStringLiteral("beef"));
        QVERIFY(heatmap->source() == bars->source());

        session.addMeasurement(bench.measured(30)); // by which the hash of that plan stays known
        const QString hash = QString::fromStdString(bench.measured(30).planHash);
        bench.editor.setNeuronsKept(searched - 10);
        QTRY_VERIFY(bars->source().note.contains(QStringLiteral("not the current plan")));
        QVERIFY(bars->source().plan.contains(withK(searched)));
        QVERIFY(!bars->source().plan.contains(withK(searched - 10)));
        QCOMPARE(bars->source().planHash, hash);
        QVERIFY(heatmap->csv().section(u'\n', 1, 1).contains(hash));

        bench.editor.setNeuronsKept(searched - 20);
        session.setPlanHash(session.draft(), {}, QStringLiteral("dead"));
        QTRY_VERIFY(bars->source().plan.contains(withK(searched)));
        QVERIFY(bars->source().planHash != QStringLiteral("dead"));
    }

    void measurementsNameTheirTextAndThePlanInHand()
    {
        PlanBench bench;
        bench.openDeep(12, 400);
        bench.calibrateDeep();
        SessionModel &session = bench.session;
        session.setDraftAndTexts(session.draft(), session.session().calibrationText, {.files = {"wiki.txt"}, .windows = {}, .length = 512},
                                 ScoreNorm::L2);
        bench.searchByRule(session.attentionsToRemove());
        session.addMeasurement(bench.dense(20));
        session.addMeasurement(bench.measured(30));
        QCOMPARE(sourceOfMeasurements(session).note, QStringLiteral("1 plan measured on wiki.txt"));
        QCOMPARE(sourceOfMeasurements(session).plan, QString()); // every row names its own
        session.setPlanHash(session.draft(), session.removalOrder(), QStringLiteral("0123456789abcdef"));
        QVERIFY(sourceOfMeasurements(session).note.contains(withK(session.neuronsKept())));
        QVERIFY(sourceOfMeasurements(session).note.endsWith(QStringLiteral("hash 0123456789ab")));
    }

    void theImpactIsOfTheOriginal()
    {
        PlanBench bench;
        bench.openDeep(12, 400);
        QCOMPARE(sourceOfOriginal(bench.session).plan, QStringLiteral("none, the original"));
        QCOMPARE(sourceOfOriginal(bench.session).planHash, QString());
    }
};

QTEST_MAIN(TestFigureSources)
#include "tst_FigureSources.moc"
