// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/KeptHandle.h"
#include "plots/ScorePlots.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr std::int64_t kMostColumns = 400;
constexpr const char *kHover = "hover";

QCPColorGradient viridis()
{
    QCPColorGradient gradient;
    for (int i = 0; i <= 10; ++i)
        gradient.setColorStopAt(i / 10.0, PlotStyle::magnitude(i / 10.0));
    return gradient;
}

} // namespace

struct ScoreHeatmap::State {
    QCPColorMap *map = nullptr;
    QCPItemRect *selected = nullptr, *hovered = nullptr;
    KeptHandle *handle = nullptr;
    std::int64_t columns = 0;

    static void frame(QCPItemRect &item, std::int64_t layer, double neurons)
    {
        item.setVisible(layer >= 0);
        item.topLeft->setCoords(0, double(layer) - 0.5);
        item.bottomRight->setCoords(neurons, double(layer) + 0.5);
    }
};

ScoreHeatmap::ScoreHeatmap(QWidget *parent)
    : ScorePlot(tr("Layers × rank: score as a share of the layer's largest"), parent),
      m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    m_state->map = new QCPColorMap(plot.xAxis, plot.yAxis);
    m_state->map->setInterpolate(false);
    m_state->map->setTightBoundary(true);
    m_state->map->setGradient(viridis());
    m_state->map->setDataRange(QCPRange(0, 1));
    m_state->handle = new KeptHandle(&plot, false);
    plot.addLayer(QString::fromLatin1(kHover), plot.layer(QString::fromLatin1(KeptHandle::kLayer)), QCustomPlot::limBelow);
    plot.layer(QString::fromLatin1(kHover))->setMode(QCPLayer::lmBuffered);
    for (QCPItemRect **item : {&m_state->selected, &m_state->hovered}) {
        *item = new QCPItemRect(&plot);
        (*item)->setLayer(QString::fromLatin1(kHover));
        (*item)->setVisible(false);
    }
    plot.yAxis->setRangeReversed(true);
    plot.xAxis->setLabel(tr("rank of the neuron in its layer"));
    plot.yAxis->setLabel(tr("layer"));
    plot.xAxis->grid()->setVisible(false);
    plot.yAxis->grid()->setVisible(false);
    plot.axisRect()->setupFullAxesBox();
    for (QCPAxis *axis : {plot.xAxis2, plot.yAxis2})
        axis->setTickLabels(false);
}

ScoreHeatmap::~ScoreHeatmap() = default;

void ScoreHeatmap::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    if (!scores())
        return;
    const RankedScores &all = *scores();
    const std::int64_t layers = all.layerCount(), neurons = all.neurons();
    m_state->columns = std::min(neurons, kMostColumns);
    QCPColorMapData *cells = m_state->map->data();
    cells->setSize(int(m_state->columns), int(layers));
    const double half = double(neurons) / double(m_state->columns) / 2; // coordinates are those of the cells' centres
    cells->setRange(QCPRange(half, double(neurons) - half), QCPRange(0, double(layers - 1)));
    for (std::int64_t l = 0; l < layers; ++l) {
        const std::span<const float> sorted = all.sorted(l);
        const double largest = sorted.empty() || sorted.front() <= 0 ? 1 : double(sorted.front());
        for (std::int64_t c = 0; c < m_state->columns; ++c) {
            const std::int64_t first = c * neurons / m_state->columns, end = std::max(first + 1, (c + 1) * neurons / m_state->columns);
            double sum = 0;
            for (std::int64_t i = first; i < end; ++i)
                sum += double(sorted[std::size_t(i)]);
            cells->setCell(int(c), int(l), std::sqrt(sum / double(end - first) / largest)); // a root, or all but the best is black
        }
    }
    canvas().xAxis->setRange(0, double(neurons));
    canvas().yAxis->setRange(-0.5, double(layers) - 0.5);
    auto ticker = QSharedPointer<QCPAxisTickerFixed>::create();
    ticker->setTickStep(std::max(1.0, std::ceil(double(layers) / 10)));
    canvas().yAxis->setTicker(ticker);
    keptChanged();
    selectionChanged();
    redraw();
}

void ScoreHeatmap::keptChanged()
{
    m_state->handle->setKept(double(kept()));
    redrawLayer(KeptHandle::kLayer);
}

void ScoreHeatmap::selectionChanged()
{
    const double neurons = double(scores()->neurons());
    State::frame(*m_state->selected, selectedLayer(), neurons);
    State::frame(*m_state->hovered, hoveredLayer(), neurons);
    redrawLayer(kHover);
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

void ScoreHeatmap::applyStyle(const PlotStyle &style)
{
    QCustomPlot &plot = canvas();
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
        styleAxis(*axis, style);
        axis->setBasePen(QPen(style.outline));
    }
    m_state->selected->setPen(QPen(Qt::black, 1.5));
    m_state->hovered->setPen(QPen(Qt::black, 1, Qt::DashLine));
    m_state->handle->setStyle(style);
}

PlotTable ScoreHeatmap::table() const
{
    PlotTable table;
    table.headers = {tr("layer"), tr("first rank"), tr("last rank"), tr("mean score"), tr("share of the layer's largest")};
    if (!scores())
        return table;
    const std::int64_t neurons = scores()->neurons();
    for (std::int64_t l = 0; l < scores()->layerCount(); ++l) {
        const std::span<const float> sorted = scores()->sorted(l);
        for (std::int64_t c = 0; c < m_state->columns; ++c) {
            const std::int64_t first = c * neurons / m_state->columns, end = std::max(first + 1, (c + 1) * neurons / m_state->columns);
            double sum = 0;
            for (std::int64_t i = first; i < end; ++i)
                sum += double(sorted[std::size_t(i)]);
            const double mean = sum / double(end - first), largest = double(sorted.front());
            table.rows.push_back({qint64(l), qint64(first + 1), qint64(end), mean, largest > 0 ? mean / largest : 0.0});
        }
    }
    return table;
}

} // namespace secateur::ui
