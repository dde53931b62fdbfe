// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/KeptHandle.h"
#include "plots/ScorePlots.h"

#include <QLocale>

#include <algorithm>
#include <cmath>
#include <vector>

namespace secateur::ui {
namespace {

constexpr std::int64_t kMostPoints = 600; ///< ranks that are drawn of a curve; the table has no more

/// Ranks (0-based) that stand for all: every one where there are few.
std::vector<std::int64_t> sampledRanks(std::int64_t neurons)
{
    std::vector<std::int64_t> ranks;
    const std::int64_t count = std::min(neurons, kMostPoints);
    for (std::int64_t i = 0; i < count; ++i)
        ranks.push_back(count == 1 ? 0 : i * (neurons - 1) / (count - 1));
    return ranks;
}

} // namespace

struct SortedScores::State {
    QCPGraph *lowest = nullptr, *highest = nullptr, *layer = nullptr, *share = nullptr;
    KeptHandle *handle = nullptr;
    std::vector<std::int64_t> ranks;
    std::vector<double> low, high; ///< of all layers, at `ranks`
};

SortedScores::SortedScores(QWidget *parent) : ScorePlot(tr("Sorted scores"), parent), m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    plot.yAxis2->setVisible(true);
    m_state->lowest = plot.addGraph();
    m_state->highest = plot.addGraph();
    m_state->highest->setChannelFillGraph(m_state->lowest);
    m_state->layer = plot.addGraph();
    m_state->share = plot.addGraph(plot.xAxis, plot.yAxis2);
    m_state->handle = new KeptHandle(&plot, true);
    plot.xAxis->setLabel(tr("rank of the neuron in its layer"));
    plot.yAxis->setLabel(tr("score"));
    plot.yAxis2->setLabel(tr("share of score kept (dashed)"));
    plot.yAxis2->setRange(0, 1.02);
    plot.yAxis2->setTickLabels(true);
    plot.yAxis2->grid()->setVisible(false);
}

SortedScores::~SortedScores() = default;

void SortedScores::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    if (!scores())
        return;
    State &state = *m_state;
    const RankedScores &all = *scores();
    state.ranks = sampledRanks(all.neurons());
    state.low.assign(state.ranks.size(), std::numeric_limits<double>::infinity());
    state.high.assign(state.ranks.size(), 0);
    for (std::int64_t l = 0; l < all.layerCount(); ++l)
        for (std::size_t i = 0; i < state.ranks.size(); ++i) {
            const double score = all.sorted(l)[std::size_t(state.ranks[i])];
            state.low[i] = std::min(state.low[i], score);
            state.high[i] = std::max(state.high[i], score);
        }
    QVector<double> x, low(state.low.begin(), state.low.end()), high(state.high.begin(), state.high.end());
    for (const std::int64_t rank : state.ranks)
        x << double(rank) + 1;
    state.lowest->setData(x, low, true);
    state.highest->setData(x, high, true);
    canvas().xAxis->setRange(0, double(all.neurons()));
    showLayer();
    keptChanged();
    redraw();
}

/// The curve of the selected layer, or of the first.
void SortedScores::showLayer()
{
    State &state = *m_state;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0);
    const std::span<const float> sorted = scores()->sorted(layer);
    QVector<double> x, score, share;
    for (const std::int64_t rank : state.ranks) {
        x << double(rank) + 1;
        score << double(sorted[std::size_t(rank)]);
        share << scores()->shareKept(layer, rank + 1);
    }
    state.layer->setData(x, score, true);
    state.share->setData(x, share, true);
    // A few outliers must not flatten the curve: the axis ends a little above the layer's best percentile but one.
    const double top = *std::max_element(state.high.begin(), state.high.end());
    const double shown = std::max(double(sorted[sorted.size() / 100]), top / 20) * 1.3;
    canvas().yAxis->setRange(0, std::max(std::min(top * 1.05, shown), 1e-12));
    setTitle(tr("Sorted scores: layer %1 (line), all layers (band)").arg(layer));
}

void SortedScores::keptChanged()
{
    const QLocale locale;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0), neurons = scores()->neurons();
    m_state->handle->setKept(double(kept()));
    m_state->handle->setWords(
        {tr("K = %1 of %2 (%3 %)")
             .arg(locale.toString(qlonglong(kept())), locale.toString(qlonglong(neurons)),
                  locale.toString(100.0 * double(kept()) / double(neurons), 'f', 1)),
         tr("keeps %1 of the score (layer %2)").arg(locale.toString(scores()->shareKept(layer, kept()), 'f', 3)).arg(layer)});
    redrawLayer(KeptHandle::kLayer);
}

void SortedScores::selectionChanged()
{
    showLayer();
    keptChanged();
    redraw();
}

std::optional<double> SortedScores::rankAt(const QPointF &position) const
{
    const QRect frame = canvas().axisRect()->rect().adjusted(-10, -10, 10, 14); // with the grip
    if (!frame.contains(position.toPoint()) &&
        !QRect(frame.left(), frame.top(), frame.width(), frame.height()).contains(position.toPoint()))
        return std::clamp(canvas().xAxis->pixelToCoord(position.x()), 0.0, double(scores()->neurons()));
    return canvas().xAxis->pixelToCoord(position.x());
}

std::optional<double> SortedScores::xOfRank(double rank) const
{
    return canvas().xAxis->coordToPixel(rank);
}

void SortedScores::applyStyle(const PlotStyle &style)
{
    QCustomPlot &plot = canvas();
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis, plot.yAxis2})
        styleAxis(*axis, style);
    plot.yAxis2->setLabelColor(style.readable(style.ffn));
    plot.yAxis2->setTickLabelColor(style.readable(style.ffn));
    QColor band = style.outline;
    band.setAlphaF(0.25F);
    m_state->lowest->setPen(Qt::NoPen);
    m_state->highest->setPen(Qt::NoPen);
    m_state->highest->setBrush(band);
    m_state->layer->setPen(QPen(style.accent, 2));
    m_state->share->setPen(QPen(style.ffn, 2, Qt::DashLine));
    m_state->handle->setStyle(style);
}

PlotTable SortedScores::table() const
{
    PlotTable table;
    table.headers = {tr("rank"), tr("score"), tr("share of score kept"), tr("lowest of all layers"), tr("highest of all layers"),
                     tr("kept")};
    if (!scores())
        return table;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0);
    for (std::size_t i = 0; i < m_state->ranks.size(); ++i) {
        const std::int64_t rank = m_state->ranks[i];
        table.rows.push_back({qint64(rank + 1), double(scores()->sorted(layer)[std::size_t(rank)]), scores()->shareKept(layer, rank + 1),
                              m_state->low[i], m_state->high[i], rank < kept() ? tr("yes") : tr("no")});
    }
    return table;
}

} // namespace secateur::ui
