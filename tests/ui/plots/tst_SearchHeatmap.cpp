// SPDX-License-Identifier: GPL-3.0-or-later
#include "SearchBench.h"
#include "plots/SearchPlots.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolTip>
#include <QWheelEvent>
#include <QXmlStreamReader>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

class TestSearchHeatmap : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_heatmap.reset(); }

    void csvHasEveryCell();
    void coloursAreTheChangesAndHugeOnesDoNotFlattenTheRest();
    void cellsOfGoneLayersAreHatched();
    void winnersAreRinged();
    void ringsHaveTheNumbersOfTheirSteps();
    void cellThatIsNotEvaluatedIsNotTakenForNoChange();
    void candidateThatWasOutEarlyShowsTheLeastItMayBe();
    void candidateThatWasScreenedShowsSo();
    void theCellsAtWorkAreMarked();
    void rowsThatAreNotBegunLookUnfinished();
    void fillingOneMoreCellRedrawsNoAxes();
    void replayHidesTheStepsThatFollow();
    void replayKeepsTheColours();
    void shorterPlanShowsTheBeginning();
    void hoverTellsTheCell();
    void clickNamesStepAndLayer();
    void arrowKeysWalkStepsAndLayers();
    void selectionIsFramed();
    void emptyStatesSayWhy();
    void eightyLayersAndFortyStepsFit();
    void everyRowHasRoomForItsNumber();

private:
    /// Somewhere in a cell where neither a ring nor a frame is drawn.
    QPoint in(int step, double layer) const { return place(*m_heatmap, layer - 0.35, step + 1); }
    QColor colourAt(int step, int layer) const { return QColor(pictureOf(*m_heatmap).pixel(in(step, layer))); }
    QRect cell(int step, int layer) const
    {
        return QRect(place(*m_heatmap, layer - 0.5, step + 0.5), place(*m_heatmap, layer + 0.5, step + 1.5)).adjusted(2, 2, -3, -3);
    }
    /// Pixels of a cell that are not of the surface.
    int inkIn(int step, int layer) const
    {
        const QRect rect = cell(step, layer);
        return rect.width() * rect.height() - count(pictureOf(*m_heatmap), rect, style().surface);
    }
    QWidget *canvas() const { return &canvasOf(*m_heatmap); }
    PlotStyle style() const { return PlotStyle::of(m_heatmap->palette()); }

    std::unique_ptr<SearchHeatmap> m_heatmap;
};

void TestSearchHeatmap::init()
{
    failOnWarnings();
    m_heatmap = std::make_unique<SearchHeatmap>();
    show(*m_heatmap);
    m_heatmap->showSearch(threeSteps(), 4, 4);
    pictureOf(*m_heatmap);
}

void TestSearchHeatmap::csvHasEveryCell()
{
    QCOMPARE(m_heatmap->csv(), QString("step,layer,search loss [nats],change [nats],search perplexity,state\n"
                                       "1,0,2.5,0.5,12.182493960703473,evaluated\n"
                                       "1,1,6,4,403.4287934927351,evaluated\n"
                                       "1,2,1.75,-0.25,5.754602676005731,removed in this step\n"
                                       "1,3,2.25,0.25,9.487735836358526,evaluated\n"
                                       "2,0,2,0.25,7.38905609893065,evaluated\n"
                                       "2,1,5.75,4,314.1906602856942,evaluated\n"
                                       "2,2,,,,removed in step 1\n"
                                       "2,3,1.875,0.125,6.5208191203301125,removed in this step\n"
                                       "3,0,2.125,0.25,8.372897488127265,evaluated\n"
                                       "3,1,,,,not evaluated yet\n"
                                       "3,2,,,,removed in step 1\n"
                                       "3,3,,,,removed in step 2\n"
                                       "4,0,,,,not evaluated yet\n"
                                       "4,1,,,,not evaluated yet\n"
                                       "4,2,,,,removed in step 1\n"
                                       "4,3,,,,removed in step 2\n"));
}

void TestSearchHeatmap::coloursAreTheChangesAndHugeOnesDoNotFlattenTheRest()
{
    // The median of the magnitudes is 0.25, so colours end at 1 nat.
    QCOMPARE(colourAt(0, 0), style().change(0.5));
    QCOMPARE(colourAt(0, 1), style().change(1));
    QCOMPARE(colourAt(0, 2), style().change(-0.25));
    QCOMPARE(colourAt(1, 3), style().change(0.125));
    SearchRecord half = threeSteps();
    half.steps.resize(1);
    half.steps[0].losses = {2.25, 4, 1.875, 2.125};
    m_heatmap->showSearch(half, 4, 4); // here they end at 0.5 nats
    QCOMPARE(colourAt(0, 0), style().change(0.5));
    QCOMPARE(colourAt(0, 2), style().change(-0.25));
}

void TestSearchHeatmap::cellsOfGoneLayersAreHatched()
{
    for (const int step : {1, 2, 3}) {
        QVERIFY(inkIn(step, 2) > 30);
        QCOMPARE(count(pictureOf(*m_heatmap), cell(step, 2), style().change(-0.25)), 0);
    }
    QVERIFY(inkIn(2, 3) > 30);
}

void TestSearchHeatmap::winnersAreRinged()
{
    const auto ring = [this](int step, int layer) { return count(pictureOf(*m_heatmap), cell(step, layer), style().text); };
    QVERIFY(ring(0, 2) > 5);
    QVERIFY(ring(1, 3) > 5);
    QCOMPARE(ring(0, 0), 0);
    QCOMPARE(ring(2, 0), 0); // the step is not finished
}

void TestSearchHeatmap::ringsHaveTheNumbersOfTheirSteps()
{
    const auto inside = [this](int step, int layer) {
        const QPoint middle = place(*m_heatmap, layer, step + 1);
        return QRect(middle - QPoint(5, 5), middle + QPoint(4, 4));
    };
    const auto inkInside = [&](int step, int layer) {
        const QRect rect = inside(step, layer);
        return rect.width() * rect.height() - count(pictureOf(*m_heatmap), rect, style().surface);
    };
    QVERIFY(inkInside(0, 2) > 5);
    QVERIFY(inkInside(1, 3) > 5);
    QVERIFY(inkInside(0, 2) < 60); // on a ground of their own, whatever the colour of the cell
    QCOMPARE(count(pictureOf(*m_heatmap), inside(0, 2), style().change(-0.25)), 0);
    QVERIFY(pictureOf(*m_heatmap).copy(inside(0, 2)) != pictureOf(*m_heatmap).copy(inside(1, 3)));

    QTemporaryDir folder;
    const auto twosIn = [&] { // in a figure of lines: those of the axes, and that of the second ring
        const QString file = folder.filePath(QStringLiteral("figure.svg"));
        m_heatmap->save(file);
        QFile figure(file);
        int twos = 0;
        if (figure.open(QIODevice::ReadOnly))
            for (QXmlStreamReader reader(&figure); !reader.atEnd();)
                if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == u"text")
                    twos += reader.readElementText(QXmlStreamReader::IncludeChildElements).trimmed() == u"2";
        return twos;
    };
    SearchRecord oneFewer = threeSteps();
    oneFewer.steps[1].removed = -1;
    const int numbered = twosIn();
    m_heatmap->showSearch(oneFewer, 4, 4);
    QCOMPARE(numbered, twosIn() + 1);

    SearchRecord large; // cells too small for letters: the ring alone
    large.initialLoss = 2;
    for (int step = 0; step < 40; ++step)
        large.steps.push_back({.losses = std::vector<double>(80, 2.5), .removed = step, .isForced = false});
    m_heatmap->showSearch(large, 80, 40);
    const int small = twosIn();
    large.steps[1].removed = -1;
    m_heatmap->showSearch(large, 80, 40);
    QCOMPARE(twosIn(), small);
}

void TestSearchHeatmap::cellThatIsNotEvaluatedIsNotTakenForNoChange()
{
    QCOMPARE(colourAt(2, 1), style().surface);
    QVERIFY(style().surface != style().change(0));
    SearchRecord record = threeSteps();
    record.steps[2].losses[1] = 1.875;
    m_heatmap->showSearch(record, 4, 4);
    QCOMPARE(colourAt(2, 1), style().change(0));
}

void TestSearchHeatmap::candidateThatWasOutEarlyShowsTheLeastItMayBe()
{
    SearchRecord record = threeSteps();
    record.steps[0].losses[0] = kUnknown;
    record.steps[0].bounds = {2.5, kUnknown, kUnknown, kUnknown};
    m_heatmap->showSearch(record, 4, 4);
    QCOMPARE(m_heatmap->table().rows[0][5].toString(), QString("out, with a search perplexity of at least 12.2"));
    QCOMPARE(colourAt(0, 0), style().surface); // not filled: its loss is not known
    const QRect whole(place(*m_heatmap, -0.5, 0.5), place(*m_heatmap, 0.5, 1.5));
    QVERIFY(count(pictureOf(*m_heatmap), whole, style().change(0.5)) > 30); // framed in the colour of the bound
}

void TestSearchHeatmap::candidateThatWasScreenedShowsSo()
{
    SearchRecord record = threeSteps();
    const double loss = record.steps[0].losses[0];
    record.steps[0].losses[0] = kUnknown;
    record.steps[0].screened = {loss, kUnknown, kUnknown, kUnknown};
    m_heatmap->showSearch(record, 4, 4);
    QCOMPARE(m_heatmap->table().rows[0][5].toString(), QString("evaluated in 16 bits"));
    QCOMPARE(m_heatmap->table().rows[0][2].toDouble(), loss);
    record.steps[0].losses[0] = loss; // what decides says more
    m_heatmap->showSearch(record, 4, 4);
    QCOMPARE(m_heatmap->table().rows[0][5].toString(), QString("evaluated"));
}

/// A bar at the foot of each candidate that is under way, as long as its part of the model that is done.
void TestSearchHeatmap::theCellsAtWorkAreMarked()
{
    const auto barIn = [this](int step, int layer) { return count(pictureOf(*m_heatmap), cell(step, layer), style().accent); };
    const auto bars = [&] {
        int all = 0;
        for (int step = 0; step < 4; ++step)
            for (int layer = 0; layer < 4; ++layer)
                all += barIn(step, layer);
        return all;
    };
    QCOMPARE(bars(), 0);
    m_heatmap->setWorking(2, 1); // layer 0 of that step is evaluated, 2 and 3 are gone
    const int first = barIn(2, 1);
    QVERIFY(first > 0);
    QCOMPARE(bars(), first);
    m_heatmap->setWorking(2, 3); // at the end of the model
    const int last = barIn(2, 1);
    QVERIFY2(last > 2.5 * first, qPrintable(QStringLiteral("%1 then %2").arg(first).arg(last)));
    QCOMPARE(bars(), last);
    m_heatmap->setWorking(3, 0); // a candidate of the next step, while nothing of it is known
    QVERIFY(barIn(3, 0) > 0);
    QCOMPARE(barIn(2, 1), 0);
    m_heatmap->setWorking(-1, -1);
    QCOMPARE(bars(), 0);
}

/// A frame with nothing in it, where a finished row is full.
void TestSearchHeatmap::rowsThatAreNotBegunLookUnfinished()
{
    const QImage picture = pictureOf(*m_heatmap);
    for (int layer : {0, 1}) {
        const QRect inside = cell(3, layer).adjusted(2, 2, -2, -2);
        QCOMPARE(count(picture, inside, style().surface), inside.width() * inside.height());
        QVERIFY(count(picture, cell(3, layer).adjusted(-3, -3, 4, 4), style().hatching) > inside.width());
        const QRect done = cell(0, layer).adjusted(2, 2, -2, -2);
        QVERIFY(count(picture, done, style().surface) < done.width() * done.height() / 10);
    }
}

void TestSearchHeatmap::fillingOneMoreCellRedrawsNoAxes()
{
    QSignalSpy replots(&canvasOf(*m_heatmap), &QCustomPlot::afterReplot);
    SearchRecord record = threeSteps();
    record.steps[2].losses[1] = 2.375;
    m_heatmap->showSearch(record, 4, 4);
    QCOMPARE(colourAt(2, 1), style().change(0.5));
    QCOMPARE(replots.size(), 0);
    m_heatmap->showSearch(record, 4, 3); // another shape
    pictureOf(*m_heatmap);
    QCOMPARE(replots.size(), 1);
}

void TestSearchHeatmap::replayHidesTheStepsThatFollow()
{
    m_heatmap->showSearch(threeSteps(), 4, 4, 1);
    const PlotTable table = m_heatmap->table();
    QCOMPARE(table.rows.size(), std::size_t(16));
    QCOMPARE(table.rows[3][5].toString(), QString("evaluated"));
    QVERIFY(!table.rows[4][2].isValid());
    QCOMPARE(table.rows[4][5].toString(), QString("not evaluated yet"));
    QCOMPARE(table.rows[6][5].toString(), QString("removed in step 1"));
    QCOMPARE(table.rows[11][5].toString(), QString("not evaluated yet")); // layer 3 goes in a step that is hidden
    QCOMPARE(colourAt(1, 0), style().surface);
    m_heatmap->showSearch(threeSteps(), 4, 4, 0);
    QCOMPARE(colourAt(0, 0), style().surface);
}

void TestSearchHeatmap::replayKeepsTheColours()
{
    SearchRecord record = threeSteps();
    record.steps[1].losses = {1.75 + 2, 1.75 + 2, kUnknown, 1.75 + 1}; // larger changes than those of the first step
    m_heatmap->showSearch(record, 4, 2, -1);
    const QColor whole = colourAt(0, 0);
    m_heatmap->showSearch(record, 4, 2, 1);
    QCOMPARE(colourAt(0, 0), whole);
}

void TestSearchHeatmap::shorterPlanShowsTheBeginning()
{
    m_heatmap->showSearch(threeSteps(), 4, 1);
    QCOMPARE(m_heatmap->table().rows.size(), std::size_t(4));
}

void TestSearchHeatmap::hoverTellsTheCell()
{
    QSignalSpy hovered(m_heatmap.get(), &SearchHeatmap::layerHovered);
    QTest::mouseMove(canvas(), in(0, 1));
    QCOMPARE(QToolTip::text(), QString("Layer 1, step 1: +4.0000 nats\nPerplexity 403.4 without its attention, 7.39 before"));
    QTest::mouseMove(canvas(), in(1, 1)); // another step of the same layer
    QCOMPARE(QToolTip::text(), QString("Layer 1, step 2: +4.0000 nats\nPerplexity 314.2 without its attention, 5.75 before"));
    QTest::mouseMove(canvas(), in(1, 2));
    QCOMPARE(QToolTip::text(), QString("Layer 2, step 2: removed in step 1"));
    leave(*m_heatmap);
    QCOMPARE(hovered.size(), 3);
    QCOMPARE(hovered[0][0].toLongLong(), 1);
    QCOMPARE(hovered[1][0].toLongLong(), 2);
    QCOMPARE(hovered[2][0].toLongLong(), -1);
}

void TestSearchHeatmap::clickNamesStepAndLayer()
{
    QSignalSpy steps(m_heatmap.get(), &SearchHeatmap::stepClicked), layers(m_heatmap.get(), &SearchHeatmap::layerClicked);
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, in(1, 3));
    QTest::mouseClick(canvas(), Qt::RightButton, {}, in(0, 0));
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, QPoint(3, 60)); // beside the cells
    QCOMPARE(steps.size(), 1);
    QCOMPARE(layers.size(), 1);
    QCOMPARE(steps[0][0].toLongLong(), 1);
    QCOMPARE(layers[0][0].toLongLong(), 3);
}

void TestSearchHeatmap::arrowKeysWalkStepsAndLayers()
{
    QSignalSpy steps(m_heatmap.get(), &SearchHeatmap::stepClicked), layers(m_heatmap.get(), &SearchHeatmap::layerClicked);
    connect(m_heatmap.get(), &SearchHeatmap::stepClicked, m_heatmap.get(), &SearchHeatmap::setSelectedStep);
    connect(m_heatmap.get(), &SearchHeatmap::layerClicked, m_heatmap.get(), &SearchHeatmap::setSelectedLayer);
    for (const Qt::Key key : {Qt::Key_Down, Qt::Key_Down, Qt::Key_Up, Qt::Key_Up, Qt::Key_Right, Qt::Key_Right, Qt::Key_Left})
        QTest::keyClick(canvas(), key);
    QCOMPARE(steps.size(), 3); // the second Up is at the end
    QCOMPARE(steps[0][0].toLongLong(), 0);
    QCOMPARE(steps[1][0].toLongLong(), 1);
    QCOMPARE(steps[2][0].toLongLong(), 0);
    QCOMPARE(layers.size(), 3);
    QCOMPARE(layers[1][0].toLongLong(), 1);
    QCOMPARE(layers[2][0].toLongLong(), 0);
    QVERIFY(canvas()->accessibleDescription().startsWith("Layer 0, step 1: +0.5000 nats"));
}

void TestSearchHeatmap::selectionIsFramed()
{
    const auto frames = [this] { return count(pictureOf(*m_heatmap), canvas()->rect(), style().accent); };
    const int none = frames();
    m_heatmap->setSelectedStep(1);
    const int row = frames();
    QVERIFY(row > none + 400);
    m_heatmap->setSelectedStep(-1);
    m_heatmap->setSelectedLayer(2);
    QVERIFY(frames() > none + 100);
    m_heatmap->setSelectedLayer(-1);
    QCOMPARE(frames(), none);
    m_heatmap->setHoveredLayer(3);
    QVERIFY(count(pictureOf(*m_heatmap), canvas()->rect(), style().outline) > 100);
}

void TestSearchHeatmap::emptyStatesSayWhy()
{
    m_heatmap->clear("Search first.");
    QCOMPARE(emptyTextOf(*m_heatmap), QString("Search first."));
    QVERIFY(m_heatmap->table().rows.empty());
    m_heatmap->showSearch(threeSteps(), 4, 4);
    QCOMPARE(emptyTextOf(*m_heatmap), QString());
    m_heatmap->showSearch(threeSteps(), 4, 0);
    QVERIFY(emptyTextOf(*m_heatmap).startsWith("N = 0"));
    m_heatmap->showSearch(SearchRecord(), 4, 2); // nothing is evaluated yet: the cells are there to be filled
    QCOMPARE(emptyTextOf(*m_heatmap), QString());
    QCOMPARE(m_heatmap->table().rows.size(), std::size_t(8));
}

void TestSearchHeatmap::eightyLayersAndFortyStepsFit()
{
    SearchRecord record;
    record.initialLoss = 2;
    for (int step = 0; step < 40; ++step)
        record.steps.push_back({.losses = std::vector<double>(80, 2.5), .removed = step, .isForced = false});
    m_heatmap->showSearch(record, 80, 40);
    pictureOf(*m_heatmap);
    const QCPAxisRect &axes = *canvasOf(*m_heatmap).axisRect();
    QVERIFY(canvas()->rect().contains(axes.rect()));
    QVERIFY(axes.height() > 200);
    QVERIFY(std::abs(place(*m_heatmap, 79.5, 40.5).y() - axes.bottom()) <= 1);
    QSignalSpy clicked(m_heatmap.get(), &SearchHeatmap::layerClicked);
    QTest::mouseClick(canvas(), Qt::LeftButton, {}, place(*m_heatmap, 79, 40));
    QCOMPARE(clicked[0][0].toLongLong(), 79);
}

void TestSearchHeatmap::everyRowHasRoomForItsNumber()
{
    const auto stepsOf = [](int count) {
        SearchRecord record;
        record.initialLoss = 2;
        for (int step = 0; step < count; ++step)
            record.steps.push_back({.losses = std::vector<double>(12, 2.5), .removed = step % 12, .isForced = false});
        return record;
    };
    const auto rowHeight = [this] { return place(*m_heatmap, 0, 2).y() - place(*m_heatmap, 0, 1).y(); };
    m_heatmap->resize(600, 160);
    m_heatmap->showSearch(stepsOf(9), 12, 9);
    pictureOf(*m_heatmap);
    QTRY_VERIFY2(rowHeight() >= 20, qPrintable(QString::number(rowHeight())));
    const QPoint middle = place(*m_heatmap, 8, 9); // the last step: a number on a ground of its own
    const QRect ring(middle - QPoint(4, 4), middle + QPoint(3, 3));
    QVERIFY(count(pictureOf(*m_heatmap), ring, style().surface) > 10);

    QWheelEvent wheel(middle, canvas()->mapToGlobal(middle), {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QApplication::sendEvent(canvas(), &wheel);
    QVERIFY(!wheel.isAccepted()); // the page around the plot scrolls

    m_heatmap->showSearch(stepsOf(9), 12, 40); // rows wanted count, also those that are not done
    const int most = canvas()->minimumHeight();
    m_heatmap->showSearch(stepsOf(9), 12, 400); // so many share what twenty-odd have
    QVERIFY(canvas()->minimumHeight() < most + 50);
    m_heatmap->clear("Search first.");
    QVERIFY(canvas()->minimumHeight() < 160);
}

QTEST_MAIN(TestSearchHeatmap)
#include "tst_SearchHeatmap.moc"
