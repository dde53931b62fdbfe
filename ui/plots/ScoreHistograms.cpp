// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/LogTicker.h"
#include "plots/PlotZoom.h"
#include "plots/RidgeRows.h"
#include "plots/ScorePlots.h"

#include <QKeyEvent>
#include <QLocale>
#include <QScrollBar>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kLeastRow = 18; ///< pixels
constexpr int kNumbers = 34;     ///< pixels for the layers' numbers
constexpr double kZeroGap = 1.5; ///< bins between the zeros and the smallest score
constexpr int kScrollBar = 12;   ///< pixels wide
constexpr int kAxis = 48;        ///< pixels, at least, for the axis below the rows
constexpr int kWheelStep = 120;  ///< of one notch
constexpr int kNotch = 3;        ///< rows

} // namespace

struct ScoreHistograms::State {
    RidgeRows *rows = nullptr;
    QScrollBar *scroll = nullptr;
    QSharedPointer<ExponentTicker> ticker;
    PlotZoom *zoom = nullptr;
    int wheeled = 0; ///< what is left of the wheel's turns, in eighths of a degree times rows
};

ScoreHistograms::ScoreHistograms(QWidget *parent)
    : ScorePlot(tr("Scores of the FFN neurons; hatched = pruned"), parent),
      m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    m_state->rows = new RidgeRows(&plot);
    m_state->scroll = new QScrollBar(Qt::Vertical, &plot);
    m_state->scroll->setAccessibleName(tr("Layers"));
    m_state->scroll->hide();
    connect(m_state->scroll, &QScrollBar::valueChanged, this, [this](int value) {
        m_state->rows->firstRow = value;
        redrawLayer(RidgeRows::kLayer);
    });
    connect(&plot, &QCustomPlot::afterLayout, this, &ScoreHistograms::layOutRows);
    plot.yAxis->setVisible(false);
    plot.axisRect()->setAutoMargins(QCP::msBottom);
    plot.axisRect()->setMargins(QMargins(kNumbers, 4, 16, 0));
    m_state->ticker = QSharedPointer<ExponentTicker>::create(*plot.xAxis);
    plot.xAxis->setTicker(m_state->ticker);
    m_state->zoom = &makeZoomable({plot.xAxis});
}

ScoreHistograms::~ScoreHistograms() = default;

void ScoreHistograms::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    RidgeRows &rows = *m_state->rows;
    rows.scores = scores();
    rows.kept = kept();
    rows.selected = selectedLayer();
    rows.compared = comparedLayers();
    rows.hovered = -1;
    if (!scores())
        return;
    const double low = scores()->lowestLog(), high = scores()->highestLog(), bin = (high - low) / double(RankedScores::kBins);
    bool hasZeros = false;
    for (std::int64_t l = 0; l < scores()->layerCount(); ++l)
        hasZeros = hasZeros || scores()->histogram(l).zeros > 0;
    rows.zeroRight = low - kZeroGap * bin;
    rows.zeroLeft = hasZeros ? rows.zeroRight - 1.5 * bin : rows.zeroRight;
    m_state->ticker->setZeroAt(hasZeros ? std::optional((rows.zeroLeft + rows.zeroRight) / 2) : std::nullopt);
    canvas().xAxis->setLabel(scoreAxis());
    m_state->zoom->setWhole(*canvas().xAxis, {hasZeros ? rows.zeroLeft - bin : low - bin, high + bin});
    redraw();
}

/// How many rows fit, now that the size of the axis rectangle is known.
void ScoreHistograms::layOutRows()
{
    RidgeRows &rows = *m_state->rows;
    if (!rows.scores)
        return;
    const QRect frame = canvas().axisRect()->rect();
    const std::int64_t layers = rows.scores->layerCount();
    rows.visibleRows = std::clamp<std::int64_t>(std::int64_t(double(frame.height()) / kLeastRow), 1, layers);
    if (canvas().viewport().size() != canvas().size()) { // a figure is drawn: all rows have room
        rows.firstRow = 0;
        return;
    }
    const int last = int(layers - rows.visibleRows);
    QScrollBar &scroll = *m_state->scroll;
    scroll.setRange(0, last);
    scroll.setPageStep(int(rows.visibleRows));
    scroll.setVisible(last > 0);
    scroll.setGeometry(frame.right() + 4, frame.top(), kScrollBar, frame.height());
    rows.firstRow = scroll.value();
}

QSize ScoreHistograms::figureCanvas(const QSize &shown) const
{
    if (!scores())
        return shown;
    const int axis = canvas().height() - canvas().axisRect()->height(); // what is not rows
    return shown.expandedTo(QSize(0, int(std::ceil(kLeastRow * double(scores()->layerCount()))) + std::max(axis, kAxis)));
}

void ScoreHistograms::keptChanged()
{
    m_state->rows->kept = kept();
    redrawLayer(RidgeRows::kLayer);
    refreshTable();
}

void ScoreHistograms::selectionChanged()
{
    RidgeRows &rows = *m_state->rows;
    const bool isNewlySelected = rows.selected != selectedLayer();
    rows.selected = selectedLayer();
    rows.hovered = hoveredLayer();
    if (isNewlySelected && rows.selected >= 0) { // into view
        QScrollBar &scroll = *m_state->scroll;
        if (rows.selected < rows.firstRow)
            scroll.setValue(int(rows.selected));
        else if (rows.selected >= rows.firstRow + rows.visibleRows)
            scroll.setValue(int(rows.selected - rows.visibleRows + 1));
    }
    redrawLayer(RidgeRows::kLayer);
}

void ScoreHistograms::comparisonChanged()
{
    m_state->rows->compared = comparedLayers();
    redrawLayer(RidgeRows::kLayer);
}

std::int64_t ScoreHistograms::layerAt(const QPointF &position) const
{
    const QRect frame = canvas().axisRect()->rect();
    if (position.x() > frame.right() || position.y() < frame.top() || position.y() >= frame.bottom())
        return -1;
    const std::int64_t layer = m_state->rows->firstRow + std::int64_t((position.y() - frame.top()) / m_state->rows->rowHeight());
    return layer < scores()->layerCount() ? layer : -1;
}

bool ScoreHistograms::scrolls(QEvent &event)
{
    QScrollBar &scroll = *m_state->scroll;
    if (event.type() == QEvent::Wheel) {
        m_state->wheeled += static_cast<QWheelEvent &>(event).angleDelta().y() * kNotch;
        const int rows = m_state->wheeled / kWheelStep; // touch pads send parts of a notch
        m_state->wheeled -= rows * kWheelStep;
        scroll.setValue(scroll.value() - rows);
        return true;
    }
    if (event.type() != QEvent::KeyPress)
        return false;
    const int key = static_cast<QKeyEvent &>(event).key();
    if (key != Qt::Key_PageUp && key != Qt::Key_PageDown)
        return false;
    scroll.triggerAction(key == Qt::Key_PageUp ? QAbstractSlider::SliderPageStepSub : QAbstractSlider::SliderPageStepAdd);
    return true;
}

bool ScoreHistograms::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == &canvas() && scores() && m_state->scroll->isVisible() && scrolls(*event))
        return true;
    return ScorePlot::eventFilter(watched, event);
}

void ScoreHistograms::applyStyle(const PlotStyle &style)
{
    styleAxis(*canvas().xAxis, style);
    m_state->rows->style = style;
}

/// Without the empty bins before and after those of a layer: all layers have the same bins, of which most reach only some.
PlotTable ScoreHistograms::table() const
{
    PlotTable table;
    table.headers = {tr("layer"), tr("score from"), tr("score to"), tr("neurons"), tr("kept")};
    if (!scores())
        return table;
    table.units = {QString(), scoreUnit(), scoreUnit()};
    const auto isFilled = [](const RankedBar &bar) { return bar.count > 0; };
    for (std::int64_t layer = 0; layer < scores()->layerCount(); ++layer) {
        const std::vector<RankedBar> bars = barsOf(*scores(), layer, kept());
        auto bar = bars.begin();
        if (bar->isZeros) {
            table.rows.push_back({qint64(layer), 0.0, 0.0, qint64(bar->count), qint64(bar->kept)});
            ++bar;
        }
        const auto end = std::find_if(bars.rbegin(), bars.rend(), isFilled).base();
        for (bar = std::find_if(bar, bars.end(), isFilled); bar < end; ++bar)
            table.rows.push_back({qint64(layer), std::pow(10, bar->low), std::pow(10, bar->high), qint64(bar->count), qint64(bar->kept)});
    }
    return table;
}

} // namespace secateur::ui
