// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at a part of a plot, by mouse, keys and menu, beside what the mouse does otherwise.
#include "SearchBench.h"
#include "plots/PerplexityCurve.h"
#include "plots/ScorePlots.h"
#include "pruning/NeuronScores.h"

#include <QMenu>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QToolButton>
#include <QWheelEvent>
#include <cmath>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

std::shared_ptr<const RankedScores> someScores(int layers = 3, int neurons = 400)
{
    NeuronScores scores;
    for (int layer = 0; layer < layers; ++layer) {
        scores.layers.emplace_back();
        for (int i = 0; i < neurons; ++i)
            scores.layers.back().push_back(std::exp(0.01F * float(i) + 0.1F * float(layer)));
    }
    return std::make_shared<const RankedScores>(scores);
}

void wheel(QCustomPlot &canvas, QPoint place, int turns, Qt::KeyboardModifiers modifiers = Qt::ControlModifier)
{
    QWheelEvent event(place, canvas.mapToGlobal(place), {}, {0, 120 * turns}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&canvas, &event);
}

QToolButton *showAllOf(const Plot &plot)
{
    for (QToolButton *button : plot.findChildren<QToolButton *>())
        if (button->text() == u"Show all")
            return button;
    return nullptr;
}

} // namespace

class TestPlotZoom : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        failOnWarnings();
        m_plot = std::make_unique<SortedScores>();
        m_plot->showScores(someScores());
        m_plot->setKept(200);
        show(*m_plot);
        pictureOf(*m_plot);
    }
    void cleanup() { m_plot.reset(); }

    void wheelWithCtrlZoomsAtThePointer()
    {
        const QCPRange x = range(), y = canvas().yAxis->range();
        const QPoint pointer = canvas().axisRect()->center() + QPoint(60, 30);
        const double rank = canvas().xAxis->pixelToCoord(pointer.x()), score = canvas().yAxis->pixelToCoord(pointer.y());
        wheel(canvas(), pointer, 1, Qt::NoModifier); // is for what the plot lies in
        QCOMPARE(range(), x);
        wheel(canvas(), pointer, 3);
        QVERIFY(range().size() < 0.6 * x.size());
        QVERIFY(canvas().yAxis->range().size() < y.size());
        const double now = canvas().xAxis->pixelToCoord(pointer.x());
        QVERIFY2(std::abs(now - rank) < 0.5, qPrintable(QStringLiteral("%1 became %2").arg(rank).arg(now)));
        QVERIFY(std::abs(canvas().yAxis->pixelToCoord(pointer.y()) / score - 1) < 0.01); // the axis is logarithmic
        wheel(canvas(), pointer, -20);
        QVERIFY(std::abs(range().lower - x.lower) + std::abs(range().upper - x.upper) < 1e-6); // not beyond what there is
    }

    void dragWithShiftPansWithinWhatThereIs()
    {
        const QPoint middle = canvas().axisRect()->center();
        wheel(canvas(), middle, 4);
        const QCPRange before = range();
        const double held = canvas().xAxis->pixelToCoord(middle.x());
        QTest::mousePress(&canvas(), Qt::LeftButton, Qt::ShiftModifier, middle);
        QTest::mouseMove(&canvas(), middle + QPoint(20, 0));
        QTest::mouseMove(&canvas(), middle + QPoint(40, 0));
        QVERIFY(std::abs(canvas().xAxis->pixelToCoord(middle.x() + 40) - held) < 1);
        QTest::mouseMove(&canvas(), middle + QPoint(4000, 0));
        QVERIFY(std::abs(range().lower) < 1e-9); // the left end
        QTest::mouseRelease(&canvas(), Qt::LeftButton, Qt::ShiftModifier, middle);
        QVERIFY(std::abs(range().size() - before.size()) < 1e-6);
        const QCPRange after = range();
        QTest::mouseMove(&canvas(), middle - QPoint(80, 0));
        QCOMPARE(range(), after); // it was let go
    }

    void keysAndMenuDoTheSame()
    {
        const QCPRange whole = range();
        QTest::keyClick(&canvas(), Qt::Key_Plus);
        const QCPRange zoomed = range();
        QVERIFY(zoomed.size() < whole.size());
        QTest::keyClick(&canvas(), Qt::Key_Right, Qt::ControlModifier);
        QVERIFY(range().lower > zoomed.lower);
        QTest::keyClick(&canvas(), Qt::Key_Minus);
        QTest::keyClick(&canvas(), Qt::Key_Plus);
        QTest::keyClick(&canvas(), Qt::Key_0);
        QVERIFY(std::abs(range().size() - whole.size()) < 1e-6);
        action(QStringLiteral("Zoom in"))->trigger();
        QVERIFY(std::abs(range().size() - zoomed.size()) < 1e-6);
        action(QStringLiteral("Show all"))->trigger();
        QVERIFY(std::abs(range().size() - whole.size()) < 1e-6);
    }

    void doubleClickAndButtonShowAllAgain()
    {
        const QCPRange whole = range();
        QToolButton *all = showAllOf(*m_plot);
        QVERIFY(all && !all->isVisible());
        for (const bool isByButton : {false, true}) {
            QTest::keyClick(&canvas(), Qt::Key_Plus);
            QVERIFY(all->isVisible());
            if (isByButton)
                QTest::mouseClick(all, Qt::LeftButton);
            else
                QTest::mouseDClick(&canvas(), Qt::LeftButton, {}, canvas().axisRect()->center() + QPoint(70, -40));
            QVERIFY(std::abs(range().size() - whole.size()) < 1e-6);
            QVERIFY(!all->isVisible());
        }
    }

    void theHandleIsDraggedWhereItIsSeen()
    {
        QObject::connect(m_plot.get(), &ScorePlot::keptDragged, m_plot.get(), &ScorePlot::setKept);
        QSignalSpy dragged(m_plot.get(), &ScorePlot::keptDragged), started(m_plot.get(), &ScorePlot::keptDragStarted);
        const QPoint middle = canvas().axisRect()->center();
        wheel(canvas(), {int(canvas().xAxis->coordToPixel(200)), middle.y()}, 4);
        pictureOf(*m_plot);
        const auto at = [this, middle](double rank) { return QPoint(int(std::lround(canvas().xAxis->coordToPixel(rank))), middle.y()); };
        QTest::mousePress(&canvas(), Qt::LeftButton, {}, at(200));
        QTest::mouseMove(&canvas(), at(230));
        QTest::mouseRelease(&canvas(), Qt::LeftButton, {}, at(230));
        QVERIFY(std::abs(dragged.last().front().toLongLong() - 230) <= 1);
        m_plot->setKept(2); // beyond what is shown
        started.clear();
        QTest::mouseClick(&canvas(), Qt::LeftButton, {}, {canvas().axisRect()->left() - 2, middle.y()});
        QCOMPARE(started.count(), 0);
    }

    void otherScoresAreShownWhole()
    {
        QTest::keyClick(&canvas(), Qt::Key_Plus);
        m_plot->showScores(someScores(3, 1000));
        QCOMPARE(range(), QCPRange(0, 1000));
        QVERIFY(!showAllOf(*m_plot)->isVisible());
        QTest::keyClick(&canvas(), Qt::Key_Plus);
        const QCPRange zoomed = range();
        m_plot->setSelectedLayer(2); // another curve in the same ranges
        m_plot->setKept(300);
        QCOMPARE(range(), zoomed);
    }

    void heatmapAndHistogramsZoomTheirScores()
    {
        ScoreHeatmap heatmap;
        ScoreHistograms histograms;
        for (ScorePlot *plot : {static_cast<ScorePlot *>(&heatmap), static_cast<ScorePlot *>(&histograms)}) {
            plot->showScores(someScores());
            plot->setKept(200);
            show(*plot);
            const QImage before = pictureOf(*plot);
            const QCPRange whole = canvasOf(*plot).xAxis->range();
            wheel(canvasOf(*plot), canvasOf(*plot).axisRect()->center(), 4);
            QVERIFY(canvasOf(*plot).xAxis->range().size() < 0.5 * whole.size());
            QVERIFY(pictureOf(*plot) != before);
            QTest::keyClick(&canvasOf(*plot), Qt::Key_0);
            QCOMPARE(pictureOf(*plot), before);
        }
    }

    void figuresOfAPartEndAtTheAxes()
    {
        wheel(canvas(), canvas().axisRect()->center(), 8);
        pictureOf(*m_plot);
        QTemporaryDir folder;
        for (const char *format : {"svg", "png"})
            m_plot->save(folder.filePath(QStringLiteral("part.%1").arg(QLatin1String(format))), {.scale = 1});
        const QImage pixels(folder.filePath(QStringLiteral("part.png")));
        QImage drawn(pixels.size(), QImage::Format_RGB32);
        drawn.fill(Qt::white);
        QPainter painter(&drawn);
        QSvgRenderer(folder.filePath(QStringLiteral("part.svg"))).render(&painter);
        painter.end();
        const QColor accent = PlotStyle::of(false, false).accent; // figures are light
        const int left = canvas().axisRect()->left() + 6; // in the figure, whose margin is 8 pixels
        QCOMPARE(count(pixels, QRect(0, 0, left, pixels.height()), accent), 0);
        QCOMPARE(count(drawn, QRect(0, 0, left, drawn.height()), accent), 0);
        QVERIFY(count(drawn, drawn.rect(), accent) > 20);
    }

    void pointsBeyondThePartAreNeitherSeenNorHit()
    {
        PerplexityCurve curve;
        curve.showPoints(
            QStringLiteral("kept, %"),
            {{.x = 50, .perplexity = 80, .label = {}}, {.x = 75, .perplexity = 40, .label = {}}, {.x = 100, .perplexity = 20, .label = {}}},
            {});
        show(curve);
        pictureOf(curve);
        wheel(canvasOf(curve), place(curve, 75, 40), 6);
        const QColor accent = PlotStyle::of(curve.palette()).accent;
        QCOMPARE(QColor(pictureOf(curve).pixel(place(curve, 75, 40))), accent);
        QSignalSpy clicked(&curve, &PerplexityCurve::pointClicked);
        QTest::keyClick(&canvasOf(curve), Qt::Key_Right); // the first point: all is shown again
        QVERIFY(canvasOf(curve).xAxis->range().contains(50));
        QTest::keyClick(&canvasOf(curve), Qt::Key_Space);
        QCOMPARE(clicked.takeFirst()[0].toLongLong(), 0);
    }

private:
    QCustomPlot &canvas() const { return canvasOf(*m_plot); }
    QCPRange range() const { return canvas().xAxis->range(); }
    QAction *action(const QString &text) const
    {
        for (QAction *action : m_plot->menu()->actions())
            if (action->text().startsWith(text))
                return action;
        return nullptr;
    }

    std::unique_ptr<SortedScores> m_plot;
};

QTEST_MAIN(TestPlotZoom)
#include "tst_PlotZoom.moc"
