// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/ColourBar.h"
#include "plots/KeptHandle.h"
#include "plots/PlotZoom.h"
#include "plots/ScorePlots.h"

#include <QImage>
#include <QLocale>

#include <algorithm>
#include <cmath>
#include <vector>

namespace secateur::ui {
namespace {

constexpr std::int64_t kMostColumns = 400;
constexpr double kDarkest = 1e-4; ///< share of a layer's largest score below which all is dark
constexpr double kSeparated = 7;  ///< pixels of a row from which on rows are set apart by a line
constexpr int kLayerNumbers = 46; ///< pixels left of the cells
constexpr int kShades = 96;       ///< of a figure's cells: more are not told apart, and fewer rectangles make a smaller file
constexpr const char *kFrames = "frames";

/// The ranks of one column: [first, end).
struct Column {
    std::int64_t first, end;

    Column(std::int64_t index, std::int64_t columns, std::int64_t neurons)
        : first(index * neurons / columns),
          end((index + 1) * neurons / columns)
    {
    }
};

/// 0 where a narrower layer has no such ranks.
double meanOf(std::span<const float> sorted, const Column &column)
{
    double sum = 0;
    for (std::int64_t rank = column.first; rank < std::min(column.end, std::int64_t(sorted.size())); ++rank)
        sum += double(sorted[std::size_t(rank)]);
    return sum / double(column.end - column.first);
}

double shareOfLargest(double score, std::span<const float> sorted)
{
    return !sorted.empty() && sorted.front() > 0 ? score / double(sorted.front()) : 0;
}

} // namespace

struct ScoreHeatmap::State {
    QImage cells;                   ///< one pixel each
    std::vector<double> magnitudes; ///< of the cells, row by row, 0 to 1; in a row they fall
    ColourBar *bar = nullptr;
    KeptHandle *handle = nullptr;
    PlotZoom *zoom = nullptr;
    PlotStyle style;
    std::int64_t columns = 0;
};

ScoreHeatmap::ScoreHeatmap(QWidget *parent)
    : ScorePlot(tr("Layers × rank: score as a share of the layer's largest"), parent),
      m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    m_state->bar = new ColourBar(plot);
    m_state->bar->setLabel(tr("share of the largest"));
    m_state->handle = new KeptHandle(&plot, false);
    new CanvasDrawing(plot, QStringLiteral("main"), [this](QCPPainter &painter) { drawCells(painter); });
    addBufferedLayer(plot, QString::fromLatin1(kFrames), QStringLiteral("legend"));
    new CanvasDrawing(plot, QString::fromLatin1(kFrames), [this](QCPPainter &painter) { drawFrames(painter); });
    plot.yAxis->setRangeReversed(true);
    plot.xAxis->setLabel(tr("rank of the neuron in its layer"));
    plot.yAxis->setLabel(tr("layer"));
    plot.xAxis->setTicker(QSharedPointer<IntegerTicker>::create(*plot.xAxis));
    plot.yAxis->setTicker(QSharedPointer<IntegerTicker>::create(*plot.yAxis));
    plot.axisRect()->setAutoMargins(QCP::msTop | QCP::msRight | QCP::msBottom);
    plot.axisRect()->setMargins(QMargins(kLayerNumbers, 0, 0, 0));
    plot.xAxis->grid()->setVisible(false);
    plot.yAxis->grid()->setVisible(false);
    plot.axisRect()->setupFullAxesBox();
    for (QCPAxis *axis : {plot.xAxis2, plot.yAxis2})
        axis->setTickLabels(false);
    m_state->zoom = &makeZoomable({plot.xAxis});
}

ScoreHeatmap::~ScoreHeatmap() = default;

void ScoreHeatmap::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    if (!scores())
        return;
    const RankedScores &all = *scores();
    const std::int64_t layers = all.layerCount(), neurons = all.neurons();
    State &state = *m_state;
    state.columns = std::min(neurons, kMostColumns);
    std::vector<double> shares;
    double darkest = 0.5;
    for (std::int64_t l = 0; l < layers; ++l)
        for (std::int64_t c = 0; c < state.columns; ++c) {
            shares.push_back(shareOfLargest(meanOf(all.sorted(l), Column(c, state.columns, neurons)), all.sorted(l)));
            if (shares.back() >= kDarkest)
                darkest = std::min(darkest, shares.back());
        }
    state.bar->setRange(darkest, 1);
    state.cells = QImage(int(state.columns), int(layers), QImage::Format_RGB32);
    state.magnitudes.clear();
    for (std::size_t i = 0; i < shares.size(); ++i) {
        state.magnitudes.push_back(1 - std::log(std::max(shares[i], darkest)) / std::log(darkest)); // zero has no logarithm
        state.cells.setPixelColor(int(i) % int(state.columns), int(i) / int(state.columns), PlotStyle::magnitude(state.magnitudes.back()));
    }
    state.zoom->setWhole(*canvas().xAxis, {0, double(neurons)});
    canvas().yAxis->setRange(-0.5, double(layers) - 0.5);
    keptChanged();
    redraw();
}

void ScoreHeatmap::keptChanged()
{
    m_state->handle->setKept(double(kept()));
    redrawLayer(KeptHandle::kLayer);
}

void ScoreHeatmap::selectionChanged()
{
    redrawLayer(kFrames);
}

QRectF ScoreHeatmap::rowOf(std::int64_t layer) const
{
    const QRect frame = canvas().axisRect()->rect();
    const double top = canvas().yAxis->coordToPixel(double(layer) - 0.5), bottom = canvas().yAxis->coordToPixel(double(layer) + 0.5);
    return {QPointF(frame.left(), std::round(top)), QPointF(frame.right() + 1, std::round(bottom))};
}

/// The cells, and lines between rows where there is room, so that dark rows can be told from each other.
void ScoreHeatmap::drawCells(QCPPainter &painter) const
{
    if (!scores())
        return;
    const QRect frame = canvas().axisRect()->rect();
    if (painter.modes().testFlag(QCPPainter::pmVectorized)) {
        drawRectangles(painter);
    } else {
        const QCPRange shown = canvas().xAxis->range();
        const double columns = double(m_state->columns) / double(scores()->neurons()); // a rank
        painter.drawImage(QRectF(frame), m_state->cells, QRectF(shown.lower * columns, 0, shown.size() * columns, m_state->cells.height()));
    }
    if (rowOf(0).height() < kSeparated)
        return;
    painter.setPen(QPen(m_state->style.surface, 1));
    for (std::int64_t layer = 1; layer < scores()->layerCount(); ++layer)
        painter.drawLine(QLineF(rowOf(layer).topLeft(), rowOf(layer).topRight()));
}

/// The cells for figures of lines and letters. Magnitudes fall in a row, so from the lightest shade to the darkest each cell can reach to
/// the end of its row: the darker ones cover it, no light shows between them, and neighbours of one shade are one rectangle.
void ScoreHeatmap::drawRectangles(QCPPainter &painter) const
{
    const QRectF frame(canvas().axisRect()->rect());
    std::vector<QList<QRectF>> shades(kShades);
    for (std::int64_t layer = 0; layer < scores()->layerCount(); ++layer) {
        const QRectF row = rowOf(layer);
        int before = -1;
        for (std::int64_t c = 0; c < m_state->columns; ++c) {
            const double magnitude = m_state->magnitudes[std::size_t(layer * m_state->columns + c)];
            const int shade = std::clamp(int(magnitude * kShades), 0, kShades - 1);
            if (shade == before)
                continue;
            before = shade;
            const Column column(c, m_state->columns, scores()->neurons());
            const double left = std::max(canvas().xAxis->coordToPixel(double(column.first)), frame.left());
            if (left < frame.right())
                shades[std::size_t(shade)].append(QRectF(QPointF(left, row.top()), QPointF(frame.right(), row.bottom())));
        }
    }
    painter.setPen(Qt::NoPen);
    for (int shade = kShades - 1; shade >= 0; --shade) {
        painter.setBrush(PlotStyle::magnitude((shade + 0.5) / kShades));
        if (const QList<QRectF> &cells = shades[std::size_t(shade)]; !cells.isEmpty())
            painter.drawRects(cells);
    }
}

/// Selected row: a frame in two tones, to be seen on every colour. Hovered row: dashed.
void ScoreHeatmap::drawFrames(QCPPainter &painter) const
{
    if (!scores())
        return;
    painter.setBrush(Qt::NoBrush);
    if (selectedLayer() >= 0) {
        painter.setPen(QPen(Qt::black, 3));
        painter.drawRect(rowOf(selectedLayer()));
        painter.setPen(QPen(Qt::white, 1));
        painter.drawRect(rowOf(selectedLayer()));
    }
    if (hoveredLayer() >= 0 && hoveredLayer() != selectedLayer()) {
        painter.setPen(QPen(Qt::black, 1));
        painter.drawRect(rowOf(hoveredLayer()));
        painter.setPen(QPen(Qt::white, 1, Qt::DashLine));
        painter.drawRect(rowOf(hoveredLayer()));
    }
}

std::int64_t ScoreHeatmap::layerAt(const QPointF &position) const
{
    if (!canvas().axisRect()->rect().contains(position.toPoint()))
        return -1;
    const auto layer = std::int64_t(std::llround(canvas().yAxis->pixelToCoord(position.y())));
    return layer >= 0 && layer < scores()->layerCount() ? layer : -1;
}

std::optional<double> ScoreHeatmap::rankAt(const QPointF &position) const
{
    return std::clamp(canvas().xAxis->pixelToCoord(position.x()), 0.0, double(scores()->neurons()));
}

std::optional<double> ScoreHeatmap::xOfRank(double rank) const
{
    return canvas().xAxis->coordToPixel(rank);
}

QString ScoreHeatmap::toolTipAt(const QPointF &position) const
{
    const std::int64_t layer = layerAt(position);
    if (layer < 0)
        return {};
    const QLocale locale;
    const auto rank = std::clamp<std::int64_t>(std::int64_t(std::ceil(*rankAt(position))), 1, scores()->neurons());
    const std::span<const float> sorted = scores()->sorted(layer);
    if (rank > std::int64_t(sorted.size()))
        return {};
    const double score = double(sorted[std::size_t(rank - 1)]);
    return ScorePlot::toolTipAt(position) + u'\n' +
           tr("Rank %1: score %2, %3 % of the layer's largest")
               .arg(locale.toString(qlonglong(rank)), locale.toString(score, 'g', 4),
                    locale.toString(100 * shareOfLargest(score, sorted), 'g', 3));
}

void ScoreHeatmap::applyStyle(const PlotStyle &style)
{
    QCustomPlot &plot = canvas();
    m_state->style = style;
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
        styleAxis(*axis, style);
        axis->setBasePen(QPen(style.outline));
    }
    m_state->bar->setStyle(style);
    m_state->handle->setStyle(style);
}

PlotTable ScoreHeatmap::table() const
{
    PlotTable table;
    table.headers = {tr("layer"), tr("first rank"), tr("last rank"), tr("mean score"), tr("share of the layer's largest")};
    if (!scores())
        return table;
    table.units = {QString(), QString(), QString(), scoreUnit(), QStringLiteral("1")};
    for (std::int64_t l = 0; l < scores()->layerCount(); ++l)
        for (std::int64_t c = 0; c < m_state->columns; ++c) {
            const Column column(c, m_state->columns, scores()->neurons());
            const double mean = meanOf(scores()->sorted(l), column);
            table.rows.push_back(
                {qint64(l), qint64(column.first + 1), qint64(column.end), mean, shareOfLargest(mean, scores()->sorted(l))});
        }
    return table;
}

} // namespace secateur::ui
