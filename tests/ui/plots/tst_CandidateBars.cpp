// SPDX-License-Identifier: GPL-3.0-or-later
#include "SearchBench.h"
#include "plots/SearchPlots.h"

#include <QSignalSpy>
#include <QToolTip>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

class TestCandidateBars : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_bars.reset(); }

    void csvHasTheNumbersOfTheStep();
    void csvOfAnUnfinishedStepHasEmptyCells();
    void stepThatWasNotBegunHasNoNumbers();
    void unknownInitialLossLeavesChangesEmpty();
    void improvementsHangAndTheWinnerIsMarked();
    void hugeChangeIsCutOffWithAnArrow();
    void nothingIsCutWhereChangesAreAlike();
    void goneLayersAreHatched();
    void protectedLayersCarryASign();
    void hoverTellsLayerAndNumbers();
    void clickNamesTheLayer();
    void arrowKeysWalkTheLayers();
    void selectionAndHoverAreDrawnWithoutTheRest();
    void titleNamesStepAndPerplexity();
    void reasonStandsInPlaceOfThePlot();
    void followsThePalette();

private:
    QWidget *canvas() const { return &canvasOf(*m_bars); }
    PlotStyle style() const { return PlotStyle::of(m_bars->palette()); }

    std::unique_ptr<CandidateBars> m_bars;
};

void TestCandidateBars::init()
{
    failOnWarnings();
    m_bars = std::make_unique<CandidateBars>();
    show(*m_bars);
    m_bars->showStep(threeSteps(), 0, 4);
}

void TestCandidateBars::csvHasTheNumbersOfTheStep()
{
    QCOMPARE(m_bars->csv(), QString("layer,search loss [nats],change [nats],search perplexity,state\n"
                                    "0,2.5,0.5,12.182493960703473,evaluated\n"
                                    "1,6,4,403.4287934927351,evaluated\n"
                                    "2,1.75,-0.25,5.754602676005731,removed in this step\n"
                                    "3,2.25,0.25,9.487735836358526,evaluated\n"));
    m_bars->showStep(threeSteps(), 1, 4); // from the loss of the winner before: 1.75
    QCOMPARE(m_bars->csv(), QString("layer,search loss [nats],change [nats],search perplexity,state\n"
                                    "0,2,0.25,7.38905609893065,evaluated\n"
                                    "1,5.75,4,314.1906602856942,evaluated\n"
                                    "2,,,,removed in step 1\n"
                                    "3,1.875,0.125,6.5208191203301125,removed in this step\n"));
}

void TestCandidateBars::csvOfAnUnfinishedStepHasEmptyCells()
{
    SearchRecord record = threeSteps();
    record.settings.protectedLayers = {1};
    m_bars->showStep(record, 2, 4);
    QCOMPARE(m_bars->csv(), QString("layer,search loss [nats],change [nats],search perplexity,state\n"
                                    "0,2.125,0.25,8.372897488127265,evaluated\n"
                                    "1,,,,protected\n"
                                    "2,,,,removed in step 1\n"
                                    "3,,,,removed in step 2\n"));
}

void TestCandidateBars::stepThatWasNotBegunHasNoNumbers()
{
    SearchRecord record = threeSteps();
    record.steps.resize(2);
    m_bars->showStep(record, 2, 4);
    const PlotTable table = m_bars->table();
    QCOMPARE(table.rows.size(), std::size_t(4));
    QVERIFY(!table.rows[0][1].isValid());
    QCOMPARE(table.rows[0][4].toString(), QString("not evaluated yet"));
    QCOMPARE(table.rows[3][4].toString(), QString("removed in step 2"));
}

void TestCandidateBars::unknownInitialLossLeavesChangesEmpty()
{
    SearchRecord record = threeSteps();
    record.initialLoss = kUnknown;
    m_bars->showStep(record, 0, 4);
    QCOMPARE(m_bars->table().rows[0][1].toDouble(), 2.5);
    QVERIFY(!m_bars->table().rows[0][2].isValid());
    QCOMPARE(count(pictureOf(*m_bars), canvas()->rect(), style().accent), 0);
}

void TestCandidateBars::improvementsHangAndTheWinnerIsMarked()
{
    const QImage picture = pictureOf(*m_bars);
    QCOMPARE(QColor(picture.pixel(place(*m_bars, 2, -0.12))), style().warning);
    QCOMPARE(count(picture, {place(*m_bars, 1.6, 0.9), place(*m_bars, 2.4, 0.05)}, style().warning), 0);
    QCOMPARE(QColor(picture.pixel(place(*m_bars, 0, 0.2))), style().accent);
    QVERIFY(QColor(picture.pixel(place(*m_bars, 0, 0.6))) != style().accent); // the bar ends at 0.5
    QCOMPARE(count(picture, {place(*m_bars, -0.4, -0.05), place(*m_bars, 0.4, -0.24)}, style().accent), 0);
    // Below the axis, an arrow and a word under layer 2, and nothing under layer 0.
    const int below = canvasOf(*m_bars).axisRect()->bottom() + 2;
    const auto marked = [&](double layer) {
        const int x = place(*m_bars, layer, 0).x();
        return count(picture, QRect(x - 20, below, 40, 30), style().warning);
    };
    QVERIFY(marked(2) > 5);
    QCOMPARE(marked(0), 0);
}

void TestCandidateBars::hugeChangeIsCutOffWithAnArrow()
{
    const QImage picture = pictureOf(*m_bars);
    const int top = canvasOf(*m_bars).axisRect()->top();
    const auto arrow = [&](double layer) {
        return count(picture, QRect(place(*m_bars, layer, 0).x() - 10, 0, 20, top - 1), style().accent);
    };
    QVERIFY(arrow(1) > 5); // 4 nats, where the others have 0.5 at most
    QCOMPARE(arrow(0), 0);
    QVERIFY(canvasOf(*m_bars).yAxis->range().upper <= 1.001); // four times the median
}

void TestCandidateBars::nothingIsCutWhereChangesAreAlike()
{
    SearchRecord record = threeSteps();
    record.steps[0].losses = {2.5, 2.75, 2.25, 2.25};
    m_bars->showStep(record, 0, 4);
    QVERIFY(canvasOf(*m_bars).yAxis->range().upper >= 0.75);
    const int top = canvasOf(*m_bars).axisRect()->top();
    QCOMPARE(count(pictureOf(*m_bars), QRect(0, 0, canvas()->width(), top - 1), style().accent), 0);
}

void TestCandidateBars::goneLayersAreHatched()
{
    const auto inkOfLayer2 = [this] {
        const QRect column(place(*m_bars, 1.7, 0.2), place(*m_bars, 2.3, 0.05));
        return column.width() * column.height() - count(pictureOf(*m_bars), column, style().surface);
    };
    QCOMPARE(inkOfLayer2(), 0);
    m_bars->showStep(threeSteps(), 1, 4);
    QVERIFY(inkOfLayer2() > 50);
}

void TestCandidateBars::protectedLayersCarryASign()
{
    SearchRecord record = threeSteps();
    record.steps[0].losses[3] = kUnknown;
    m_bars->showStep(record, 0, 4);
    const auto ink = [this] {
        const QRect column(place(*m_bars, 2.6, 0.9), place(*m_bars, 3.4, 0.02));
        return column.width() * column.height() - count(pictureOf(*m_bars), column, style().surface);
    };
    const int gridLines = ink();
    record.settings.protectedLayers = {3};
    m_bars->showStep(record, 0, 4);
    QVERIFY(ink() > gridLines + 20);
}

void TestCandidateBars::hoverTellsLayerAndNumbers()
{
    QSignalSpy hovered(m_bars.get(), &CandidateBars::layerHovered);
    QTest::mouseMove(canvas(), place(*m_bars, 1, 0.1));
    QTest::mouseMove(canvas(), place(*m_bars, 1.2, 0.2)); // the same layer
    QTest::mouseMove(canvas(), place(*m_bars, 2, 0.1));
    leave(*m_bars);
    QCOMPARE(hovered.size(), 3);
    QCOMPARE(hovered[0][0].toLongLong(), 1);
    QCOMPARE(hovered[1][0].toLongLong(), 2);
    QCOMPARE(hovered[2][0].toLongLong(), -1);
    QTest::mouseMove(canvas(), place(*m_bars, 1, 0.1));
    QCOMPARE(QToolTip::text(), QString("Layer 1, step 1: +4.0000 nats\nPerplexity 403.4 without its attention, 7.39 before"));
    QTest::mouseMove(canvas(), place(*m_bars, 2, 0.1));
    QCOMPARE(QToolTip::text(), QString::fromUtf8("Layer 2, step 1: −0.2500 nats\nPerplexity 5.75 without its attention, 7.39 before\n"
                                                 "Removed in this step"));
}

void TestCandidateBars::clickNamesTheLayer()
{
    QSignalSpy clicked(m_bars.get(), &CandidateBars::layerClicked);
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_bars, 3, 0.7)); // above the bar counts as well
    QTest::mouseClick(canvas(), Qt::RightButton, {}, place(*m_bars, 3, 0.7));
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, QPoint(3, 100)); // left of the axis
    QCOMPARE(clicked.size(), 1);
    QCOMPARE(clicked[0][0].toLongLong(), 3);
}

void TestCandidateBars::arrowKeysWalkTheLayers()
{
    QSignalSpy clicked(m_bars.get(), &CandidateBars::layerClicked);
    connect(m_bars.get(), &CandidateBars::layerClicked, m_bars.get(), &CandidateBars::setSelectedLayer);
    for (const Qt::Key key : {Qt::Key_Right, Qt::Key_Right, Qt::Key_Left, Qt::Key_Left}) // the last one is at the end
        QTest::keyClick(canvas(), key);
    QCOMPARE(clicked.size(), 3);
    QCOMPARE(clicked[0][0].toLongLong(), 0);
    QCOMPARE(clicked[1][0].toLongLong(), 1);
    QCOMPARE(clicked[2][0].toLongLong(), 0);
    QVERIFY(canvas()->accessibleDescription().startsWith("Layer 0, step 1: +0.5000 nats"));
}

void TestCandidateBars::selectionAndHoverAreDrawnWithoutTheRest()
{
    pictureOf(*m_bars);
    QSignalSpy replots(&canvasOf(*m_bars), &QCustomPlot::afterReplot);
    const QPoint beside = place(*m_bars, 3, 0.9);
    const QColor before(pictureOf(*m_bars).pixel(beside));
    m_bars->setSelectedLayer(3);
    QCOMPARE(QColor(pictureOf(*m_bars).pixel(beside)), style().selected);
    QVERIFY(before != style().selected);
    m_bars->setHoveredLayer(0);
    const QRect edge(place(*m_bars, -0.5, 0.9) - QPoint(2, 0), place(*m_bars, -0.5, 0.7) + QPoint(2, 0));
    QVERIFY(count(pictureOf(*m_bars), edge, style().outline) > 10);
    QCOMPARE(replots.size(), 0);
}

void TestCandidateBars::titleNamesStepAndPerplexity()
{
    m_bars->showStep(threeSteps(), 1, 4);
    QVERIFY(m_bars->title().startsWith("Step 2: "));
    QVERIFY(m_bars->title().contains("perplexity 5.75 before"));
}

void TestCandidateBars::reasonStandsInPlaceOfThePlot()
{
    QCOMPARE(emptyTextOf(*m_bars), QString());
    m_bars->clear("No candidate is evaluated yet.");
    QCOMPARE(emptyTextOf(*m_bars), QString("No candidate is evaluated yet."));
    QVERIFY(m_bars->table().rows.empty());
    QCOMPARE(m_bars->title(), QString("Change of the search loss when one more attention is removed")); // of no step
    m_bars->showStep(threeSteps(), 0, 4);
    QVERIFY(m_bars->title().startsWith("Step 1: "));
    QCOMPARE(emptyTextOf(*m_bars), QString());
}

void TestCandidateBars::followsThePalette()
{
    QPalette dark = m_bars->palette();
    dark.setColor(QPalette::Window, Qt::black);
    dark.setColor(QPalette::WindowText, Qt::white);
    m_bars->setPalette(dark);
    QVERIFY(PlotStyle::of(dark).isDark);
    QCOMPARE(QColor(pictureOf(*m_bars).pixel(place(*m_bars, 0, 0.2))), PlotStyle::of(dark).accent);
}

QTEST_MAIN(TestCandidateBars)
#include "tst_CandidateBars.moc"
