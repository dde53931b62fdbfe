// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/ScorePlots.h"

#include "plots/KeptHandle.h"
#include "pruning/NeuronScores.h"
#include "theme/Theme.h"

#include <QAction>
#include <QApplication>
#include <QMenu>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>

#include <qcustomplot.h>

#include <cmath>
#include <tuple>

using namespace secateur;
using namespace secateur::ui;

namespace {

std::shared_ptr<const RankedScores> ranked(std::vector<std::vector<float>> layers)
{
    NeuronScores scores;
    scores.layers = std::move(layers);
    return std::make_shared<const RankedScores>(scores);
}

/// `layers` times the scores 1 ... `neurons`, a little larger from layer to layer.
std::shared_ptr<const RankedScores> ramps(int layers, int neurons)
{
    std::vector<std::vector<float>> all;
    for (int layer = 0; layer < layers; ++layer) {
        all.emplace_back();
        for (int i = 0; i < neurons; ++i)
            all.back().push_back(float(i + 1) * (1 + 0.1F * float(layer)));
    }
    return ranked(all);
}

QCustomPlot &canvasOf(const ScorePlot &plot)
{
    return *plot.findChild<QCustomPlot *>();
}

/// A plot on the screen, laid out; its own wishes for K are granted, as a panel does.
template <typename SomePlot>
struct Shown {
    SomePlot plot;
    QCustomPlot &canvas = canvasOf(plot);

    explicit Shown(std::shared_ptr<const RankedScores> scores, std::int64_t kept = 20, QSize size = {700, 420})
    {
        plot.showScores(std::move(scores));
        plot.setKept(kept);
        plot.resize(size);
        QObject::connect(&plot, &ScorePlot::keptDragged, &plot, &ScorePlot::setKept);
        QSignalSpy drawn(&canvas, &QCustomPlot::afterReplot);
        plot.show();
        if (QTest::qWaitForWindowActive(&plot) && drawn.isEmpty())
            drawn.wait();
    }

    QPoint at(double rank, double share = 0.5) const
    {
        const QRect frame = canvas.axisRect()->rect();
        return {int(std::lround(canvas.xAxis->coordToPixel(rank))), frame.top() + int(share * frame.height())};
    }
    /// Middle of a row when `rows` of them fill the plot.
    QPoint inRow(int row, int rows) const { return at(canvas.xAxis->range().center(), (row + 0.5) / rows); }
};

template <typename SomePlot>
void dragsTheHandle()
{
    Shown<SomePlot> shown(ramps(3, 40));
    QSignalSpy started(&shown.plot, &ScorePlot::keptDragStarted), dragged(&shown.plot, &ScorePlot::keptDragged),
        finished(&shown.plot, &ScorePlot::keptDragFinished);
    QTest::mousePress(&shown.canvas, Qt::LeftButton, {}, shown.at(20, 0.2));
    QCOMPARE(started.count(), 1);
    QCOMPARE(dragged.count(), 0);
    QTest::mouseMove(&shown.canvas, shown.at(30, 0.8));
    QCOMPARE(dragged.last().front().toLongLong(), 30);
    QTest::mouseMove(&shown.canvas, shown.at(10) - QPoint(0, 1000)); // the pointer may leave the plot
    QCOMPARE(dragged.last().front().toLongLong(), 10);
    QTest::mouseMove(&shown.canvas, shown.at(-20));
    QCOMPARE(dragged.last().front().toLongLong(), 1); // at least one is kept
    QTest::mouseMove(&shown.canvas, shown.at(70));
    QCOMPARE(dragged.last().front().toLongLong(), 40);
    QCOMPARE(finished.count(), 0);
    QTest::mouseRelease(&shown.canvas, Qt::LeftButton, {}, shown.at(70));
    QCOMPARE(finished.count(), 1);
    QCOMPARE(started.count(), 1);
    const qsizetype before = dragged.count();
    QTest::mouseMove(&shown.canvas, shown.at(35));
    QCOMPARE(dragged.count(), before);

    QTest::mousePress(&shown.canvas, Qt::LeftButton, {}, shown.at(40) - QPoint(6, 0)); // beside the line: it does not jump
    QTest::mouseMove(&shown.canvas, shown.at(25) - QPoint(6, 0));
    QTest::mouseRelease(&shown.canvas, Qt::LeftButton, {}, shown.at(25) - QPoint(6, 0));
    QCOMPARE(dragged.last().front().toLongLong(), 25);
}

template <typename SomePlot>
void hoversAndClicks()
{
    Shown<SomePlot> shown(ramps(4, 40), 38);
    QSignalSpy hovered(&shown.plot, &ScorePlot::layerHovered), clicked(&shown.plot, &ScorePlot::layerClicked);
    QObject::connect(&shown.plot, &ScorePlot::layerHovered, &shown.plot, &ScorePlot::setHoveredLayer);
    for (const int row : {2, 0, 3}) {
        QTest::mouseMove(&shown.canvas, shown.inRow(row, 4));
        QCOMPARE(hovered.last().front().toLongLong(), row);
        QTest::mouseClick(&shown.canvas, Qt::LeftButton, {}, shown.inRow(row, 4));
        QCOMPARE(clicked.last().front().toLongLong(), row);
    }
    QCOMPARE(clicked.count(), 3);
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(&shown.canvas, &leave);
    QCOMPARE(hovered.last().front().toLongLong(), -1);
}

qsizetype pixelsOf(const QImage &image, const QColor &colour)
{
    qsizetype count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            count += image.pixelColor(x, y).rgb() == colour.rgb() ? 1 : 0;
    return count;
}

QString number(double value)
{
    return QLocale::c().toString(value, 'g', QLocale::FloatingPointShortest);
}

} // namespace

class TestScorePlots : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }
    void cleanup() { QApplication::setPalette(Theme::palette(false)); }

    void sortedScoresDragTheHandle() { dragsTheHandle<SortedScores>(); }
    void heatmapDragsTheHandle() { dragsTheHandle<ScoreHeatmap>(); }

    void aDragEndsWithItsScores()
    {
        Shown<SortedScores> shown(ramps(3, 40));
        QSignalSpy finished(&shown.plot, &ScorePlot::keptDragFinished);
        QTest::mousePress(&shown.canvas, Qt::LeftButton, {}, shown.at(20));
        shown.plot.showScores(nullptr); // such as another model was opened
        QCOMPARE(finished.count(), 1);
        QTest::mouseRelease(&shown.canvas, Qt::LeftButton, {}, shown.at(20));
        QCOMPARE(finished.count(), 1);
    }

    void keysMoveTheHandle_data()
    {
        QTest::addColumn<int>("key");
        QTest::addColumn<bool>("isShifted");
        QTest::addColumn<qint64>("before");
        QTest::addColumn<qint64>("after"); // -1: nothing
        QTest::newRow("left") << int(Qt::Key_Left) << false << qint64(20) << qint64(19);
        QTest::newRow("right") << int(Qt::Key_Right) << false << qint64(20) << qint64(21);
        QTest::newRow("far left") << int(Qt::Key_Left) << true << qint64(20) << qint64(4);
        QTest::newRow("far right") << int(Qt::Key_Right) << true << qint64(20) << qint64(36);
        QTest::newRow("a tenth more") << int(Qt::Key_PageUp) << false << qint64(20) << qint64(24);
        QTest::newRow("a tenth less") << int(Qt::Key_PageDown) << false << qint64(20) << qint64(16);
        QTest::newRow("not below one") << int(Qt::Key_Left) << true << qint64(5) << qint64(1);
        QTest::newRow("not above all") << int(Qt::Key_Right) << true << qint64(39) << qint64(40);
        QTest::newRow("nothing below one") << int(Qt::Key_Left) << false << qint64(1) << qint64(-1);
        QTest::newRow("nothing above all") << int(Qt::Key_Right) << false << qint64(40) << qint64(-1);
    }

    void keysMoveTheHandle()
    {
        QFETCH(int, key);
        QFETCH(bool, isShifted);
        QFETCH(qint64, before);
        QFETCH(qint64, after);
        Shown<SortedScores> sorted(ramps(3, 40), before);
        Shown<ScoreHeatmap> heatmap(ramps(3, 40), before);
        Shown<ScoreHistograms> histograms(ramps(3, 40), before);
        for (ScorePlot *plot : {static_cast<ScorePlot *>(&sorted.plot), static_cast<ScorePlot *>(&heatmap.plot),
                                static_cast<ScorePlot *>(&histograms.plot)}) {
            QSignalSpy stepped(plot, &ScorePlot::keptStepped);
            QTest::keyClick(&canvasOf(*plot), Qt::Key(key), isShifted ? Qt::ShiftModifier : Qt::NoModifier);
            QCOMPARE(stepped.count(), after < 0 ? 0 : 1);
            if (after >= 0)
                QCOMPARE(stepped.front().front().toLongLong(), after);
        }
    }

    void homeGoesBackToTheRuleAndUpAndDownChooseLayers()
    {
        Shown<SortedScores> shown(ramps(3, 40));
        QSignalSpy reset(&shown.plot, &ScorePlot::keptResetRequested), clicked(&shown.plot, &ScorePlot::layerClicked);
        QTest::keyClick(&shown.canvas, Qt::Key_Home);
        QCOMPARE(reset.count(), 1);
        QTest::keyClick(&shown.canvas, Qt::Key_Down);
        QCOMPARE(clicked.last().front().toLongLong(), 0); // none was chosen
        shown.plot.setSelectedLayer(1);
        QTest::keyClick(&shown.canvas, Qt::Key_Down);
        QCOMPARE(clicked.last().front().toLongLong(), 2);
        QTest::keyClick(&shown.canvas, Qt::Key_Up);
        QCOMPARE(clicked.last().front().toLongLong(), 0);
    }

    void histogramsHoverAndClick() { hoversAndClicks<ScoreHistograms>(); }
    void heatmapHoversAndClicks() { hoversAndClicks<ScoreHeatmap>(); }

    void histogramsScroll()
    {
        Shown<ScoreHistograms> shown(ramps(80, 40), 20, {500, 320});
        auto *bar = shown.canvas.findChild<QScrollBar *>();
        QTRY_VERIFY(bar->isVisible());
        const QPoint top(200, shown.canvas.axisRect()->top() + 4);
        QSignalSpy clicked(&shown.plot, &ScorePlot::layerClicked);
        QTest::mouseClick(&shown.canvas, Qt::LeftButton, {}, top);
        QCOMPARE(clicked.last().front().toLongLong(), 0);

        QWheelEvent wheel(top, shown.canvas.mapToGlobal(top), {}, {0, -120}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(&shown.canvas, &wheel);
        QTest::mouseClick(&shown.canvas, Qt::LeftButton, {}, top);
        QCOMPARE(clicked.last().front().toLongLong(), 3);
        QTest::keyClick(&shown.canvas, Qt::Key_PageDown);
        QTest::mouseClick(&shown.canvas, Qt::LeftButton, {}, top);
        QCOMPARE(clicked.last().front().toLongLong(), 3 + bar->pageStep());

        shown.plot.setSelectedLayer(79); // comes into view
        QCOMPARE(bar->value(), bar->maximum());
        shown.plot.setSelectedLayer(0);
        QCOMPARE(bar->value(), 0);
    }

    void savedHistogramsHaveAllLayers()
    {
        Shown<ScoreHistograms> shown(ramps(80, 40), 20, {500, 320});
        auto *bar = shown.canvas.findChild<QScrollBar *>();
        bar->setValue(30);
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("all.png"));
        shown.plot.save(file);
        const QImage image(file);
        QVERIFY(image.height() > 2 * 80 * 18);
        const QImage last = image.copy(0, image.height() - 2 * 120, image.width(), 2 * 60);
        QVERIFY(pixelsOf(last, PlotStyle::of(shown.plot.palette()).accent) > 500);
        QTest::qWait(20);
        QCOMPARE(bar->value(), 30);
        QSignalSpy clicked(&shown.plot, &ScorePlot::layerClicked);
        QTest::mouseClick(&shown.canvas, Qt::LeftButton, {}, {200, shown.canvas.axisRect()->top() + 4});
        QCOMPARE(clicked.last().front().toLongLong(), 30); // the screen shows what it showed
    }

    void histogramNumbersAreThose()
    {
        ScoreHistograms plot;
        plot.showScores(ranked({{5, 3, 2, 1}, {1, 0, 0, 10}})); // log10 from 0 to 1 in 48 bars
        plot.setKept(3);
        const QStringList lines = plot.csv().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(lines[0], QStringLiteral("layer,score from [activation norm],score to [activation norm],neurons,kept"));
        QCOMPARE(lines.size(), 1 + 34 + 1 + 48); // up to the bar of 5, the zeros, and up to that of 10: no empty bars around them
        QMap<QString, QString> filled;
        for (const QString &line : lines.mid(1))
            if (const QStringList cells = line.split(u','); cells[3] != u"0")
                filled[cells[0] + u'/' +
                       (cells[1] == u"0" ? QStringLiteral("zeros") : QString::number(std::lround(48 * std::log10(cells[1].toDouble()))))] =
                    cells[3] + u'/' + cells[4];
        const QString zeros = filled.take(QStringLiteral("1/zeros"));
        QCOMPARE(zeros, QStringLiteral("2/1"));                                                    // K = 3 reaches into the zeros
        const QMap<QString, QString> expected = {{QStringLiteral("0/0"), QStringLiteral("1/0")},   // 1
                                                 {QStringLiteral("0/14"), QStringLiteral("1/1")},  // 2
                                                 {QStringLiteral("0/22"), QStringLiteral("1/1")},  // 3
                                                 {QStringLiteral("0/33"), QStringLiteral("1/1")},  // 5
                                                 {QStringLiteral("1/0"), QStringLiteral("1/1")},   // 1
                                                 {QStringLiteral("1/47"), QStringLiteral("1/1")}}; // 10
        QCOMPARE(filled, expected);
    }

    void sortedNumbersAreThose()
    {
        SortedScores plot;
        plot.showScores(ranked({{5, 3, 2, 1}, {1, 0, 0, 10}}));
        QCOMPARE(plot.csv(), QStringLiteral("rank,score in layer 0 [activation norm],share of score kept in layer 0 [1],"
                                            "lowest of all layers [activation norm],highest of all layers [activation norm]\n"
                                            "1,5,%1,5,10\n2,3,%2,1,3\n3,2,%3,0,2\n4,1,1,0,1\n")
                                 .arg(number(5.0 / 11), number(8.0 / 11), number(10.0 / 11)));
        plot.setSelectedLayer(1);
        QVERIFY(plot.csv().contains(QStringLiteral("1,10,%1,5,10\n").arg(number(10.0 / 11))));
    }

    void heatmapNumbersAreThose()
    {
        ScoreHeatmap plot;
        plot.showScores(ranked({{5, 3, 2, 1}, {1, 0, 0, 10}}));
        QCOMPARE(plot.csv(), QStringLiteral("layer,first rank,last rank,mean score [activation norm],share of the layer's largest [1]\n"
                                            "0,1,1,5,1\n0,2,2,3,0.6\n0,3,3,2,0.4\n0,4,4,1,0.2\n"
                                            "1,1,1,10,1\n1,2,2,1,0.1\n1,3,3,0,0\n1,4,4,0,0\n"));
    }

    void heatmapColumnsAreMeans()
    {
        ScoreHeatmap plot;
        plot.showScores(ramps(1, 800)); // 400 columns of two ranks
        const QStringList lines = plot.csv().split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 401);
        QCOMPARE(lines[1], QStringLiteral("0,1,2,799.5,%1").arg(number(799.5 / 800)));
        QCOMPARE(lines[400], QStringLiteral("0,799,800,1.5,%1").arg(number(1.5 / 800)));
    }

    void heatmapColoursAreTheirShares()
    {
        Shown<ScoreHeatmap> shown(ranked({std::vector<float>(40, 1), std::vector<float>(40, 0)}), 39);
        const QImage image = shown.canvas.grab().toImage();
        QCOMPARE(image.pixelColor(shown.at(10, 0.25)).rgb(), PlotStyle::magnitude(1).rgb());
        QCOMPARE(image.pixelColor(shown.at(10, 0.75)).rgb(), PlotStyle::magnitude(0).rgb()); // all scores of the layer are zero
    }

    void prunedBarsShowNothingOfTheKept()
    {
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("rows.png"));
        for (int height = 400; height < 410; ++height) { // rows begin and end between pixels
            Shown<ScoreHistograms> shown(ramps(7, 400), 1, {700, height});
            shown.plot.save(file);
            const qsizetype drawn = pixelsOf(QImage(file), PlotStyle::of(shown.plot.palette()).accent);
            QVERIFY2(drawn > 0 && drawn < 4 * 7 * 20 * 2, qPrintable(QString::number(drawn))); // one neuron of 400 a row
        }
    }

    void tableTwinFollowsTheHandle()
    {
        Shown<ScoreHistograms> shown(ranked({{5, 3, 2, 1}, {1, 0, 0, 10}}), 4);
        shown.plot.setTableShown(true);
        const QAbstractItemModel *model = shown.plot.findChild<QTableView *>()->model();
        const auto keptInAll = [model] {
            int sum = 0;
            for (int row = 0; row < model->rowCount(); ++row)
                sum += model->index(row, 4).data().toInt();
            return sum;
        };
        QCOMPARE(keptInAll(), 8);
        shown.plot.setKept(1);
        QTRY_COMPARE(keptInAll(), 2);
    }

    void followThePalette()
    {
        Shown<ScoreHistograms> histograms(ramps(4, 400), 100);
        Shown<SortedScores> sorted(ramps(4, 400), 100);
        Shown<ScoreHeatmap> heatmap(ramps(4, 400), 100);
        for (const bool isDark : {false, true, false}) {
            QApplication::setPalette(Theme::palette(isDark));
            const PlotStyle now = PlotStyle::of(Theme::palette(isDark)), other = PlotStyle::of(Theme::palette(!isDark));
            for (const QWidget *plot :
                 {static_cast<QWidget *>(&histograms.plot), static_cast<QWidget *>(&sorted.plot), static_cast<QWidget *>(&heatmap.plot)}) {
                QTRY_VERIFY(pixelsOf(const_cast<QWidget *>(plot)->grab().toImage(), now.warning) > 50);
                QCOMPARE(pixelsOf(const_cast<QWidget *>(plot)->grab().toImage(), other.warning), 0);
            }
            QVERIFY(pixelsOf(histograms.plot.grab().toImage(), now.accent) > 1000);
            QVERIFY(pixelsOf(sorted.plot.grab().toImage(), now.accent) > 100);
        }
    }

    void movingTheHandleDrawsNothingElse()
    {
        Shown<SortedScores> sorted(ramps(4, 400), 100);
        Shown<ScoreHeatmap> heatmap(ramps(4, 400), 100);
        Shown<ScoreHistograms> histograms(ramps(4, 400), 100);
        QTest::qWait(20);
        for (ScorePlot *plot : {static_cast<ScorePlot *>(&sorted.plot), static_cast<ScorePlot *>(&heatmap.plot),
                                static_cast<ScorePlot *>(&histograms.plot)}) {
            QSignalSpy drawn(&canvasOf(*plot), &QCustomPlot::afterReplot);
            const QImage before = plot->grab().toImage();
            for (int kept = 150; kept <= 200; ++kept)
                plot->setKept(kept);
            QTRY_VERIFY(plot->grab().toImage() != before);
            QCOMPARE(drawn.count(), 0);
        }
    }

    void unusualScoresDraw_data()
    {
        QTest::addColumn<std::vector<std::vector<float>>>("layers");
        using Layers = std::vector<std::vector<float>>;
        QTest::newRow("one neuron") << Layers{{1}};
        QTest::newRow("all zero") << Layers{{0, 0, 0}, {0, 0, 0}};
        QTest::newRow("all alike") << Layers{{2, 2, 2}, {2, 2, 2}};
        QTest::newRow("tiny and huge") << Layers{{1e-30F, 1e30F, 1}, {1, 2, 3}};
        QTest::newRow("of different widths") << Layers{{1, 2, 3, 4}, {1, 2}};
    }

    void unusualScoresDraw()
    {
        QFETCH(std::vector<std::vector<float>>, layers);
        Shown<SortedScores> sorted(ranked(layers), 1);
        Shown<ScoreHeatmap> heatmap(ranked(layers), 1);
        Shown<ScoreHistograms> histograms(ranked(layers), 1);
        for (ScorePlot *plot : {static_cast<ScorePlot *>(&sorted.plot), static_cast<ScorePlot *>(&heatmap.plot),
                                static_cast<ScorePlot *>(&histograms.plot)}) {
            plot->setSelectedLayer(std::int64_t(layers.size()) - 1);
            QVERIFY(!plot->grab().isNull());
            QVERIFY(!plot->csv().isEmpty());
            const QRect frame = canvasOf(*plot).axisRect()->rect();
            for (int x = frame.left(); x < frame.right(); x += 40)
                QTest::mouseMove(&canvasOf(*plot), {x, frame.center().y()});
        }
    }

    void ctrlClickAndSpaceAskToCompare()
    {
        Shown<ScoreHistograms> histograms(ramps(4, 40), 38);
        QSignalSpy compared(&histograms.plot, &ScorePlot::layerCompareRequested), clicked(&histograms.plot, &ScorePlot::layerClicked);
        QTest::mouseClick(&histograms.canvas, Qt::LeftButton, Qt::ControlModifier, histograms.inRow(2, 4));
        QCOMPARE(compared.takeFirst().front().toLongLong(), 2);
        QCOMPARE(clicked.count(), 0); // the selection stays
        histograms.plot.setSelectedLayer(3);
        QTest::keyClick(&histograms.canvas, Qt::Key_Space);
        QCOMPARE(compared.takeFirst().front().toLongLong(), 3);

        histograms.plot.setComparedLayers({3});
        QMenu &menu = *histograms.plot.menu();
        emit menu.aboutToShow();
        QAction *compare = nullptr, *none = nullptr;
        for (QAction *action : menu.actions())
            if (action->text().startsWith(QStringLiteral("Compare layer 3")))
                compare = action;
            else if (action->text() == u"Stop comparing")
                none = action;
        QVERIFY(compare && compare->isChecked() && none && none->isEnabled());
        compare->trigger();
        QCOMPARE(compared.takeFirst().front().toLongLong(), 3);
        QSignalSpy emptied(&histograms.plot, &ScorePlot::compareNoneRequested);
        none->trigger();
        QCOMPARE(emptied.count(), 1);
    }

    void comparedLayersHaveCurvesNamesAndColumns()
    {
        Shown<SortedScores> shown(ramps(6, 400), 100);
        shown.plot.setSelectedLayer(1);
        QTest::qWait(20);
        const int height = shown.canvas.axisRect()->height();
        QCOMPARE(shown.canvas.legend->itemCount(), 0);
        const QImage alone = shown.plot.grab().toImage();
        shown.plot.setComparedLayers({4, 1, 5}); // the selected one is there already
        QTRY_VERIFY(shown.plot.grab().toImage() != alone);
        QStringList names, dashes;
        for (int i = 0; i < shown.canvas.legend->itemCount(); ++i) {
            auto *item = qobject_cast<QCPPlottableLegendItem *>(shown.canvas.legend->item(i));
            if (!item) // the last row is not full
                continue;
            names << item->plottable()->name();
            dashes << QString::number(int(item->plottable()->pen().style()));
        }
        QCOMPARE(names, (QStringList{QStringLiteral("layer 1, selected"), QStringLiteral("layer 4"), QStringLiteral("layer 5"),
                                     QStringLiteral("share kept, layer 1"), QStringLiteral("all layers")}));
        QCOMPARE(QSet<QString>(dashes.begin(), dashes.begin() + 3).size(), 3); // told apart without colours
        QTRY_VERIFY(shown.canvas.axisRect()->height() < height);               // the legend lies above, on no curve
        QVERIFY(shown.plot.title().contains(QStringLiteral("layer 1 against 4, 5")));
        const QStringList lines = shown.plot.csv().split(u'\n');
        QVERIFY(lines[0].contains(QStringLiteral("score in layer 4 [activation norm],share of score kept in layer 4 [1]")));
        QVERIFY(!lines[0].contains(QStringLiteral("layer 1 [1],score in layer 1")));
        QVERIFY(lines[1].startsWith(QStringLiteral("1,%1,").arg(number(double(400 * 1.1F)))));
        shown.plot.setComparedLayers({});
        QTRY_COMPARE(shown.plot.grab().toImage(), alone);
    }

    /// A third of a window of 1024 x 700, and letters half as large again.
    void titlesOfAxesAreNeverCut()
    {
        const auto check = [](QCustomPlot &canvas, bool isBroken) {
            const QRect seen = canvas.plotLayout()->rect();
            bool hasLines = false;
            for (const QCPAxisRect *rect : canvas.axisRects())
                for (const QCPAxis *axis : rect->axes()) {
                    const bool isAcross = axis->orientation() == Qt::Horizontal;
                    const QPoint middle = axis->axisRect()->rect().center();
                    const int room = isAcross ? 2 * std::min(middle.x() - seen.left(), seen.right() - middle.x())
                                              : 2 * std::min(middle.y() - seen.top(), seen.bottom() - middle.y());
                    for (const QString &line : axis->label().split(u'\n'))
                        QVERIFY2(QFontMetrics(axis->labelFont()).horizontalAdvance(line) <= room, qPrintable(line));
                    hasLines = hasLines || axis->label().contains(u'\n');
                }
            QCOMPARE(hasLines, isBroken);
        };
        Shown<SortedScores> large(ramps(3, 40), 20, {900, 600});
        check(large.canvas, false);
        Shown<SortedScores> sorted(ramps(3, 40), 20, {330, 230});
        check(sorted.canvas, true);
        QFont letters = sorted.plot.font();
        letters.setPixelSize(int(1.5 * QFontInfo(letters).pixelSize()));
        sorted.plot.setFont(letters);
        sorted.plot.resize(331, 231);
        QCoreApplication::processEvents();
        check(sorted.canvas, true);
        sorted.plot.resize(900, 600); // and back into one line
        sorted.plot.setFont(large.plot.font());
        QCoreApplication::processEvents();
        check(sorted.canvas, false);
        Shown<ScoreHeatmap> heatmap(ramps(3, 40), 20, {330, 230});
        Shown<ScoreHistograms> histograms(ramps(3, 40), 20, {180, 230});
        check(histograms.canvas, true);
        for (const QCPAxisRect *rect : heatmap.canvas.axisRects())
            QVERIFY(rect->height() > 60); // the titles leave room for what they name
    }

    void scalesAreToldByTheAxes()
    {
        const auto raw = ramps(3, 40);
        const std::vector<std::tuple<ScoreScale, const char *, const char *>> scales = {
            {ScoreScale::Raw, "neuron score (mean activation norm)", "[activation norm]"},
            {ScoreScale::LayerMean, "neuron score over the mean of its layer", "[layer mean]"},
            {ScoreScale::LayerMaximum, "neuron score over the largest of its layer", "[layer maximum]"}};
        for (const auto &[scale, words, unit] : scales) {
            Shown<SortedScores> sorted(std::make_shared<const RankedScores>(raw->in(scale)));
            Shown<ScoreHistograms> histograms(std::make_shared<const RankedScores>(raw->in(scale)));
            QCOMPARE(sorted.canvas.yAxis->label().replace(u'\n', u' '), QString::fromLatin1(words));
            QCOMPARE(histograms.canvas.xAxis->label().replace(u'\n', u' '), QString::fromLatin1(words));
            QVERIFY(sorted.plot.csv().contains(QString::fromLatin1(unit)));
            QVERIFY(histograms.plot.csv().contains(QString::fromLatin1(unit)));
        }
        Shown<ScoreHistograms> outlier(std::make_shared<const RankedScores>(
            ranked({{1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}, {1e6F, 2e6F, 3e6F, 4e6F, 5e6F}})->in(ScoreScale::LayerMean)));
        QVERIFY(outlier.canvas.xAxis->range().size() < 1); // decades: layers of other scales lie above each other
    }

    void oneQuantityHasOneWayOfTicks()
    {
        Shown<SortedScores> sorted(ramps(3, 4000), 200, {900, 600});
        Shown<ScoreHistograms> histograms(ramps(3, 4000), 200, {900, 600});
        const QVector<QString> down = sorted.canvas.yAxis->tickVectorLabels(), across = histograms.canvas.xAxis->tickVectorLabels();
        QVERIFY(across.size() >= 3);
        for (const QString &label : across)
            QVERIFY2(down.contains(label) || label.toDouble() < sorted.canvas.yAxis->range().lower, qPrintable(label));
        QVERIFY(!across.join(u' ').contains(u'⁰'));
    }

    void labelsStandInsideTheFocusFrame()
    {
        Shown<SortedScores> sorted(ramps(3, 400), 100);
        Shown<ScoreHeatmap> heatmap(ramps(12, 400), 100);
        Shown<ScoreHistograms> histograms(ramps(12, 400), 100);
        for (ScorePlot *plot : {static_cast<ScorePlot *>(&sorted.plot), static_cast<ScorePlot *>(&heatmap.plot),
                                static_cast<ScorePlot *>(&histograms.plot)}) {
            const QImage image = canvasOf(*plot).grab().toImage();
            const QColor surface = PlotStyle::of(plot->palette()).surface;
            const QRect inner = image.rect().adjusted(3, 3, -3, -3); // the frame takes the pixels outside
            for (int y = 0; y < image.height(); ++y)
                for (int x = 0; x < image.width(); ++x)
                    if (!inner.contains(x, y))
                        QCOMPARE(image.pixelColor(x, y), surface);
        }
    }

    void wordsOfTheHandleLieOnNoCurve()
    {
        std::vector<std::vector<float>> layers(2);
        for (int i = 0; i < 2000; ++i) {
            layers[0].push_back(std::exp(-0.002F * float(i)));
            layers[1].push_back(2 * std::exp(-0.003F * float(i)));
        }
        Shown<SortedScores> shown(ranked(layers), 100, {640, 420});
        shown.plot.setComparedLayers({1});
        KeptHandle *handle = nullptr;
        for (int i = 0; i < shown.canvas.itemCount(); ++i)
            if (auto *item = qobject_cast<KeptHandle *>(shown.canvas.item(i)))
                handle = item;
        QVERIFY(handle);
        for (const int kept : {60, 300, 700, 1000, 1400, 1900}) {
            shown.plot.setKept(kept);
            QTest::qWait(5);
            shown.plot.grab();
            const QRectF words = handle->wordsPlace();
            QVERIFY(!words.isEmpty());
            QVERIFY(shown.canvas.axisRect()->rect().contains(words.toAlignedRect()));
            for (int g = 0; g < shown.canvas.graphCount(); ++g) {
                const QCPGraph &graph = *shown.canvas.graph(g);
                if (graph.pen().style() == Qt::NoPen) // the sides of the band
                    continue;
                for (const QCPGraphData &point : *graph.data())
                    QVERIFY2(!words.contains(graph.keyAxis()->coordToPixel(point.key), graph.valueAxis()->coordToPixel(point.value)),
                             qPrintable(QStringLiteral("K = %1, graph %2, rank %3").arg(kept).arg(g).arg(point.key)));
            }
        }
    }

    void keptAndPrunedDifferWithoutColours()
    {
        for (const bool isDark : {false, true}) {
            QApplication::setPalette(Theme::palette(isDark));
            Shown<ScoreHistograms> shown(ramps(1, 4000), 2000, {900, 420});
            QTest::qWait(20);
            const QImage grey = shown.canvas.grab().toImage().convertToFormat(QImage::Format_Grayscale8);
            const QRect frame = shown.canvas.axisRect()->rect();
            const int surface = qGray(PlotStyle::of(Theme::palette(isDark)).surface.rgb());
            const auto difference = [&](double score) { // from the surface, on average, at the foot of the bar of a score
                const int x = int(shown.canvas.xAxis->coordToPixel(std::log10(score)));
                int sum = 0, pixels = 0;
                for (int y = frame.bottom() - 40; y < frame.bottom() - 2; ++y)
                    for (int at = x - 4; at <= x + 4; ++at, ++pixels)
                        sum += std::abs(qGray(grey.pixel(at, y)) - surface);
                return double(sum) / pixels;
            };
            const double kept = difference(3200), pruned = difference(1000);
            QVERIFY2(kept > 60, qPrintable(QString::number(kept)));
            QVERIFY2(pruned > 2 && pruned < kept / 2, qPrintable(QString::number(pruned)));
        }
    }

    void withoutScoresNothingHappens()
    {
        SortedScores sorted;
        ScoreHeatmap heatmap;
        ScoreHistograms histograms;
        for (ScorePlot *plot :
             {static_cast<ScorePlot *>(&sorted), static_cast<ScorePlot *>(&heatmap), static_cast<ScorePlot *>(&histograms)}) {
            plot->setKept(3);
            plot->setSelectedLayer(2);
            plot->setHoveredLayer(1);
            plot->show();
            QTest::keyClick(&canvasOf(*plot), Qt::Key_Right);
            QVERIFY(!canvasOf(*plot).isVisible()); // the text says why
            QVERIFY(!plot->grab().isNull());
            QVERIFY(plot->table().rows.empty());
        }
    }
};

int main(int argc, char *argv[])
{
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale::c());
    QApplication::setPalette(Theme::palette(false));
    TestScorePlots test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_ScorePlots.moc"
