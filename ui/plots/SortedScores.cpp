// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/KeptHandle.h"
#include "plots/LogTicker.h"
#include "plots/PlotZoom.h"
#include "plots/ScorePlots.h"

#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace secateur::ui {
namespace {

constexpr std::int64_t kMostPoints = 1024; ///< ranks that are drawn of a curve, which falls: nothing hides between them
constexpr double kTail = 0.995;            ///< share of the ranks that the axis must show
constexpr const char *kHover = "hover";
constexpr int kMarks = 8, kMarkSize = 7; ///< of a curve that is compared; pixels
constexpr int kLegendColumns = 2;        ///< more do not fit in a column of a paper
constexpr double kLegendDistance = 4;    ///< pixels between curves and words

/// How compared layers are told apart without colours: by dashes and marks.
struct Line {
    Qt::PenStyle dashes;
    QCPScatterStyle::ScatterShape mark;
};
constexpr std::array<Line, ScorePlot::kMostCompared> kLines = {{{Qt::DashLine, QCPScatterStyle::ssSquare},
                                                                {Qt::DotLine, QCPScatterStyle::ssTriangle},
                                                                {Qt::DashDotLine, QCPScatterStyle::ssDiamond},
                                                                {Qt::DashDotDotLine, QCPScatterStyle::ssCross}}};

/// Ranks (0-based) that stand for all: every one where there are few.
std::vector<std::int64_t> sampledRanks(std::int64_t neurons)
{
    std::vector<std::int64_t> ranks;
    const std::int64_t count = std::min(neurons, kMostPoints);
    for (std::int64_t i = 0; i < count; ++i)
        ranks.push_back(count == 1 ? 0 : i * (neurons - 1) / (count - 1));
    return ranks;
}

/// Lowest and highest score of all layers at every rank.
struct Band {
    std::vector<float> low, high;

    explicit Band(const RankedScores &scores)
        : low(std::size_t(scores.neurons()), std::numeric_limits<float>::infinity()),
          high(std::size_t(scores.neurons()), 0)
    {
        for (std::int64_t layer = 0; layer < scores.layerCount(); ++layer) {
            const std::span<const float> sorted = scores.sorted(layer);
            for (std::size_t rank = 0; rank < std::min(sorted.size(), low.size()); ++rank) {
                low[rank] = std::min(low[rank], sorted[rank]);
                high[rank] = std::max(high[rank], sorted[rank]);
            }
        }
    }
};

} // namespace

struct SortedScores::State {
    QCPGraph *lowest = nullptr, *highest = nullptr, *layer = nullptr, *share = nullptr, *hovered = nullptr;
    std::array<QCPGraph *, kMostCompared> compared{};
    KeptHandle *handle = nullptr;
    PlotZoom *zoom = nullptr;
    PlotStyle style;
    std::vector<std::int64_t> ranks; ///< drawn
    std::optional<Band> band;
    std::int64_t shownLayer = -1, shownHover = -1;

    void setCurve(QCPGraph &graph, std::span<const float> sorted) const
    {
        QVector<QCPGraphData> points;
        for (const std::int64_t rank : ranks)
            if (rank < std::int64_t(sorted.size())) // layers need not be equally wide
                points.push_back({double(rank) + 1, double(sorted[std::size_t(rank)])});
        graph.data()->set(points, true);
    }
};

SortedScores::SortedScores(QWidget *parent) : ScorePlot(tr("Sorted scores"), parent), m_state(std::make_unique<State>())
{
    QCustomPlot &plot = canvas();
    coverMargins(plot, m_state->style);
    plot.setAutoAddPlottableToLegend(false);
    m_state->lowest = plot.addGraph();
    m_state->highest = plot.addGraph();
    m_state->highest->setChannelFillGraph(m_state->lowest);
    for (QCPGraph *&graph : m_state->compared)
        graph = plot.addGraph();
    m_state->layer = plot.addGraph();
    m_state->share = plot.addGraph(plot.xAxis, plot.yAxis2);
    m_state->handle = new KeptHandle(&plot, true);
    m_state->handle->setFreePlaces([this](const QRectF &place) { return isFree(place); });
    addBufferedLayer(plot, QString::fromLatin1(kHover), QStringLiteral("legend"));
    m_state->hovered = plot.addGraph();
    m_state->hovered->setLayer(QString::fromLatin1(kHover));
    plot.xAxis->setLabel(tr("rank of the neuron in its layer"));
    plot.xAxis->setTicker(QSharedPointer<IntegerTicker>::create(*plot.xAxis));
    plot.yAxis->setScaleType(QCPAxis::stLogarithmic);
    plot.yAxis->setTicker(QSharedPointer<LogTicker>::create());
    plot.yAxis2->setVisible(true);
    plot.yAxis2->setLabel(tr("share of score kept (dashed)"));
    plot.yAxis2->setRange(0, 1.02);
    plot.yAxis2->grid()->setVisible(false);
    // The legend has a row of its own above the curves; without entries it has no height.
    plot.axisRect()->insetLayout()->take(plot.legend);
    plot.plotLayout()->insertRow(0);
    plot.plotLayout()->addElement(0, 0, plot.legend);
    plot.plotLayout()->setRowStretchFactor(0, 0.001);
    plot.legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
    plot.legend->setWrap(kLegendColumns);
    plot.legend->setIconSize(26, 14);
    plot.legend->setMargins({});
    plot.legend->setMaximumSize(QWIDGETSIZE_MAX - 1, QWIDGETSIZE_MAX - 1); // else, without entries, it would narrow its column to nothing
    plot.legend->setVisible(true);
    m_state->zoom = &makeZoomable({plot.xAxis, plot.yAxis});
}

SortedScores::~SortedScores() = default;

void SortedScores::showScores(std::shared_ptr<const RankedScores> ranked)
{
    ScorePlot::showScores(std::move(ranked));
    m_state->shownLayer = m_state->shownHover = -1;
    m_state->hovered->data()->clear();
    if (!scores())
        return;
    showBand();
    for (QCPGraph *graph : m_state->compared)
        graph->setScatterSkip(int(m_state->ranks.size()) / kMarks);
    showLayer();
    keptChanged();
}

void SortedScores::showBand()
{
    State &state = *m_state;
    const RankedScores &all = *scores();
    state.ranks = sampledRanks(all.neurons());
    state.band.emplace(all);
    state.setCurve(*state.lowest, state.band->low);
    state.setCurve(*state.highest, state.band->high);
    canvas().yAxis->setLabel(scoreAxis());
    m_state->zoom->setWhole(*canvas().xAxis, {0, double(all.neurons())});

    // A few all but dead neurons must not squeeze the rest: the axis goes down to what nearly all ranks reach.
    const double tail = state.band->low[std::size_t(double(all.neurons() - 1) * kTail)];
    const double low = tail > 0 ? tail : std::pow(10, all.lowestLog()), high = std::pow(10, all.highestLog());
    const double margin = std::pow(std::max(high / low, 1.1), 0.03);
    m_state->zoom->setWhole(*canvas().yAxis, {low / margin, high * margin});
}

/// The curve of the selected layer, or of the first.
void SortedScores::showLayer()
{
    State &state = *m_state;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0);
    if (layer == state.shownLayer)
        return;
    state.shownLayer = layer;
    state.setCurve(*state.layer, scores()->sorted(layer));
    QVector<QCPGraphData> shares{{0, 0}};
    for (const std::int64_t rank : state.ranks)
        shares.push_back({double(rank) + 1, scores()->shareKept(layer, rank + 1)});
    state.share->data()->set(shares, true);
    showCompared();
}

/// The curves of the layers that are compared with the one shown, and the legend that names them all.
void SortedScores::showCompared()
{
    State &state = *m_state;
    QCPLegend &legend = *canvas().legend;
    legend.clearItems();
    const auto name = [](QCPGraph &graph, const QString &text) {
        graph.setName(text);
        graph.addToLegend();
    };
    QStringList others;
    for (std::size_t i = 0; i < state.compared.size(); ++i) {
        QCPGraph &graph = *state.compared[i];
        const std::int64_t layer = i < comparedLayers().size() ? comparedLayers()[i] : -1;
        if (layer < 0 || layer == state.shownLayer) {
            graph.data()->clear();
            continue;
        }
        state.setCurve(graph, scores()->sorted(layer));
        if (others.isEmpty())
            name(*state.layer, tr("layer %1, selected").arg(state.shownLayer));
        name(graph, tr("layer %1").arg(layer));
        others << QString::number(layer);
    }
    if (!others.isEmpty()) {
        name(*state.share, tr("share kept, layer %1").arg(state.shownLayer));
        name(*state.highest, tr("all layers"));
    }
    setTitle(
        others.isEmpty()
            ? tr("Sorted scores: layer %1 (line) and all layers (band)").arg(state.shownLayer)
            : tr("Sorted scores: layer %1 against %2, and all layers (band)").arg(state.shownLayer).arg(others.join(QStringLiteral(", "))));
    redraw();
}

void SortedScores::comparisonChanged()
{
    showCompared();
}

/// Whether a place has no curve in it.
bool SortedScores::isFree(const QRectF &place) const
{
    const QRectF room = place.adjusted(-kLegendDistance, -kLegendDistance, kLegendDistance, kLegendDistance);
    const double first = canvas().xAxis->pixelToCoord(room.left()), last = canvas().xAxis->pixelToCoord(room.right());
    const auto crosses = [&](const QCPGraph &graph) {
        double before = std::numeric_limits<double>::quiet_NaN();
        const auto end = graph.data()->findEnd(last);
        for (auto point = graph.data()->findBegin(first); point != end; ++point) {
            const double y = graph.valueAxis()->coordToPixel(point->value);
            if (std::min(y, std::isnan(before) ? y : before) <= room.bottom() && std::max(y, std::isnan(before) ? y : before) >= room.top())
                return true;
            before = y;
        }
        return false;
    };
    const State &state = *m_state;
    return !crosses(*state.layer) && !crosses(*state.share) &&
           std::none_of(state.compared.begin(), state.compared.end(), [&](const QCPGraph *graph) { return crosses(*graph); });
}

void SortedScores::keptChanged()
{
    const QLocale locale;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0), neurons = scores()->neurons();
    const QString count = locale.toString(qlonglong(kept())), percent = locale.toString(100.0 * double(kept()) / double(neurons), 'f', 1);
    const QString share = locale.toString(scores()->shareKept(layer, kept()), 'f', 3);
    m_state->handle->setKept(double(kept()));
    m_state->handle->setWords({tr("K = %1 of %2 (%3 %)").arg(count, locale.toString(qlonglong(neurons)), percent),
                               tr("keeps %1 of the score (layer %2)").arg(share).arg(layer)},
                              {tr("K = %1 (%2 %)").arg(count, percent), tr("keeps %1").arg(share)});
    redrawLayer(KeptHandle::kLayer);
}

void SortedScores::selectionChanged()
{
    if (m_state->shownLayer != std::max<std::int64_t>(selectedLayer(), 0)) {
        showLayer();
        keptChanged();
    }
    const std::int64_t hovered = hoveredLayer() == m_state->shownLayer ? -1 : hoveredLayer();
    if (std::exchange(m_state->shownHover, hovered) == hovered)
        return;
    if (hovered >= 0)
        m_state->setCurve(*m_state->hovered, scores()->sorted(hovered));
    else
        m_state->hovered->data()->clear();
    redrawLayer(kHover);
}

std::optional<double> SortedScores::rankAt(const QPointF &position) const
{
    return std::clamp(canvas().xAxis->pixelToCoord(position.x()), 0.0, double(scores()->neurons()));
}

std::optional<double> SortedScores::xOfRank(double rank) const
{
    return canvas().xAxis->coordToPixel(rank);
}

QString SortedScores::toolTipAt(const QPointF &position) const
{
    if (!canvas().axisRect()->rect().contains(position.toPoint()))
        return {};
    const QLocale locale;
    const std::span<const float> sorted = scores()->sorted(m_state->shownLayer);
    const auto rank = std::max<std::int64_t>(std::int64_t(std::ceil(*rankAt(position))), 1);
    if (rank > std::min<std::int64_t>(scores()->neurons(), std::int64_t(sorted.size())))
        return {};
    const auto at = std::size_t(rank - 1);
    const auto number = [&locale](double value) { return locale.toString(value, 'g', 4); };
    return tr("Rank %1: score %2 in layer %3, %4 to %5 in all layers.\nThe best %1 hold %6 of the layer's score.")
        .arg(locale.toString(qlonglong(rank)), number(double(sorted[at])))
        .arg(m_state->shownLayer)
        .arg(number(double(m_state->band->low[at])), number(double(m_state->band->high[at])),
             locale.toString(scores()->shareKept(m_state->shownLayer, rank), 'f', 3));
}

void SortedScores::applyStyle(const PlotStyle &style)
{
    QCustomPlot &plot = canvas();
    m_state->style = style;
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis, plot.yAxis2})
        styleAxis(*axis, style);
    plot.yAxis2->setLabelColor(style.readable(style.ffn));
    plot.yAxis2->setTickLabelColor(style.readable(style.ffn));
    QColor band = style.outline;
    band.setAlphaF(0.25F);
    for (QCPGraph *edge : {m_state->lowest, m_state->highest}) // the band alone is too pale
        edge->setPen(QPen(style.hatching, 1));
    m_state->highest->setBrush(band);
    const std::array<QColor, kMostCompared> colours = {style.readable(style.extra), style.text, style.readable(QColor(0xe69f00)),
                                                       style.outline};
    for (std::size_t i = 0; i < kLines.size(); ++i) {
        m_state->compared[i]->setPen(style.pen(colours[i], 1.5, kLines[i].dashes));
        m_state->compared[i]->setScatterStyle(
            QCPScatterStyle(kLines[i].mark, style.pen(colours[i], 1.5), QBrush(style.surface), kMarkSize));
    }
    plot.legend->setFont(style.font);
    plot.legend->setTextColor(style.text);
    plot.legend->setBorderPen(Qt::NoPen);
    plot.legend->setBrush(Qt::NoBrush);
    m_state->layer->setPen(style.pen(style.accent, 2));
    m_state->share->setPen(style.pen(style.ffn, 2, Qt::DashLine));
    m_state->hovered->setPen(QPen(style.outline, 1));
    m_state->handle->setStyle(style);
}

PlotTable SortedScores::table() const
{
    PlotTable table;
    if (!scores())
        return table;
    const std::int64_t layer = std::max<std::int64_t>(selectedLayer(), 0);
    const QString unit = scoreUnit(), share = QStringLiteral("1");
    std::vector<std::int64_t> layers{layer};
    for (const std::int64_t other : comparedLayers())
        if (other != layer)
            layers.push_back(other);
    table.headers << tr("rank");
    table.units << QString();
    for (const std::int64_t shown : layers) {
        table.headers << tr("score in layer %1").arg(shown) << tr("share of score kept in layer %1").arg(shown);
        table.units << unit << share;
    }
    table.headers << tr("lowest of all layers") << tr("highest of all layers");
    table.units << unit << unit;
    for (std::size_t rank = 0; rank < m_state->band->low.size(); ++rank) {
        auto &row = table.rows.emplace_back();
        row.push_back(qint64(rank + 1));
        for (const std::int64_t shown : layers) {
            const std::span<const float> sorted = scores()->sorted(shown);
            const bool isThere = rank < sorted.size(); // layers need not be equally wide
            row.push_back(isThere ? QVariant(double(sorted[rank])) : QVariant());
            row.push_back(isThere ? QVariant(scores()->shareKept(shown, std::int64_t(rank) + 1)) : QVariant());
        }
        row.push_back(double(m_state->band->low[rank]));
        row.push_back(double(m_state->band->high[rank]));
    }
    return table;
}

} // namespace secateur::ui
