// SPDX-License-Identifier: GPL-3.0-or-later
// What a screen reader learns of the plots, and what it can do.
#include "SearchBench.h"
#include "plots/PerplexityCurve.h"
#include "plots/ScorePlots.h"
#include "plots/SearchPlots.h"
#include "pruning/NeuronScores.h"

#include <QAccessible>
#include <QSignalSpy>

#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

std::shared_ptr<const RankedScores> ramp(int layers, int neurons)
{
    NeuronScores scores;
    for (int layer = 0; layer < layers; ++layer) {
        scores.layers.emplace_back();
        for (int i = 0; i < neurons; ++i)
            scores.layers.back().push_back(float(i + 1));
    }
    return std::make_shared<const RankedScores>(scores);
}

QAccessibleInterface *interfaceOf(const Plot &plot)
{
    return QAccessible::queryAccessibleInterface(&canvasOf(plot));
}

template <class SomePlot>
void isSliderOfK()
{
    SomePlot plot;
    QAccessibleInterface *interface = interfaceOf(plot);
    QVERIFY(interface);
    QCOMPARE(interface->role(), QAccessible::Chart); // nothing was calibrated
    QVERIFY(!interface->valueInterface());

    plot.showScores(ramp(3, 40));
    plot.setKept(20);
    plot.setSelectedLayer(1);
    show(plot);
    QCOMPARE(interface->role(), QAccessible::Slider);
    QCOMPARE(interface->text(QAccessible::Name), plot.title());
    QCOMPARE(interface->text(QAccessible::Value), QStringLiteral("K = 20 of 40"));
    QVERIFY(interface->text(QAccessible::Description).startsWith(QStringLiteral("Layer 1: 20 of 40 neurons kept")));
    QVERIFY(interface->text(QAccessible::Help).contains(QStringLiteral("Left and Right")));
    QVERIFY(interface->state().focusable);

    QAccessibleValueInterface *value = interface->valueInterface();
    QVERIFY(value);
    QCOMPARE(value->currentValue().toLongLong(), 20);
    QCOMPARE(value->minimumValue().toLongLong(), 1);
    QCOMPARE(value->maximumValue().toLongLong(), 40);
    QCOMPARE(value->minimumStepSize().toLongLong(), 1);
    QSignalSpy stepped(&plot, &ScorePlot::keptStepped);
    value->setCurrentValue(33);
    QCOMPARE(stepped.takeFirst().front().toLongLong(), 33);
    value->setCurrentValue(-5); // as far as it goes
    QCOMPARE(stepped.takeFirst().front().toLongLong(), 1);
    value->setCurrentValue(1e12);
    QCOMPARE(stepped.takeFirst().front().toLongLong(), 40);
    value->setCurrentValue(QStringLiteral("many"));
    value->setCurrentValue(20); // it is there
    QVERIFY(stepped.isEmpty());
    plot.setKept(5);
    QCOMPARE(value->currentValue().toLongLong(), 5);
}

} // namespace

class TestPlotAccessible : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnWarnings(); }

    void scorePlotsAreSlidersOfK()
    {
        isSliderOfK<SortedScores>();
        isSliderOfK<ScoreHeatmap>();
        isSliderOfK<ScoreHistograms>();
    }

    void otherPlotsTellWhatIsSelected()
    {
        SearchHeatmap heatmap;
        heatmap.showSearch(threeSteps(), 4, 4);
        show(heatmap);
        QAccessibleInterface *interface = interfaceOf(heatmap);
        QVERIFY(interface);
        QCOMPARE(interface->role(), QAccessible::Chart);
        QCOMPARE(interface->text(QAccessible::Name), heatmap.title());
        QVERIFY(!interface->valueInterface());
        QVERIFY(interface->text(QAccessible::Value).isEmpty());
        heatmap.setSelectedStep(0);
        heatmap.setSelectedLayer(1);
        QVERIFY2(interface->text(QAccessible::Value).startsWith(QStringLiteral("Layer 1, step 1: +4.0000 nats")),
                 qPrintable(interface->text(QAccessible::Value)));
        QCOMPARE(interface->text(QAccessible::Description), interface->text(QAccessible::Value));

        CandidateBars bars;
        bars.showStep(threeSteps(), 0, 4);
        bars.setSelectedLayer(3);
        show(bars);
        QCOMPARE(interfaceOf(bars)->role(), QAccessible::Chart);
        QVERIFY(interfaceOf(bars)->text(QAccessible::Value).startsWith(QStringLiteral("Layer 3")));
    }

    void aPlotIsAGroupOfThatName()
    {
        PerplexityCurve curve;
        show(curve);
        QAccessibleInterface *group = QAccessible::queryAccessibleInterface(&curve);
        QVERIFY(group);
        QCOMPARE(group->role(), QAccessible::Grouping);
        QCOMPARE(group->text(QAccessible::Name), curve.title());
    }
};

QTEST_MAIN(TestPlotAccessible)
#include "tst_PlotAccessible.moc"
