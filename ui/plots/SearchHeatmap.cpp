// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/SearchCells.h"
#include "plots/SearchPlots.h"

#include <QFontMetricsF>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <qcustomplot.h>
#include <utility>

namespace secateur::ui {
namespace {

constexpr const char *kCells = "cells", *kWorking = "working", *kSelection = "selection", *kHover = "hover";
constexpr int kNumberGap = 6; ///< between the cells and the numbers of the layers
constexpr int kTallestRow = 44;
constexpr double kKeyWidth = 72, kKeyHeight = 9; ///< of the strip of colours that explains them

} // namespace

/// The y axis counts steps from 1, as people do; everything else counts from 0.
struct SearchHeatmap::State {
    explicit State(QCustomPlot &plot) : canvas(plot) {}

    void draw(QCPPainter &painter) const;
    void drawColumn(QCPPainter &painter, std::int64_t layer) const;
    void drawKey(QCPPainter &painter) const;
    void drawBetter(QCPPainter &painter, const QRectF &cell, double change) const;
    void drawWinner(QCPPainter &painter, const QRectF &cell) const;
    void drawWorking(QCPPainter &painter) const;
    void drawSelection(QCPPainter &painter) const;
    void drawHover(QCPPainter &painter) const;

    QRectF cell(std::int64_t step, std::int64_t layer) const;
    double lineHeight() const { return std::ceil(QFontMetricsF(style.font).height()); }
    bool isStep(std::int64_t step) const { return step >= 0 && step < std::int64_t(rows.size()); }
    bool isLayer(std::int64_t layer) const { return layer >= 0 && layer < layers; }
    std::int64_t stepAt(QPointF position) const;
    std::int64_t layerAt(QPointF position) const;

    QCustomPlot &canvas;
    PlotStyle style;
    std::vector<SearchRow> rows;
    std::int64_t layers = 0;
    double limit = 1;
    bool isCutBelow = false, isCutAbove = false;      ///< some changes are beyond the limit
    std::int64_t workingStep = -1, workingLayer = -1; ///< -1: nothing runs
    std::int64_t selectedStep = -1, selectedLayer = -1, hoveredLayer = -1;
    std::int64_t pointedStep = -1, pointedLayer = -1; ///< the cell under the mouse
};

// ---- drawing

QRectF SearchHeatmap::State::cell(std::int64_t step, std::int64_t layer) const
{
    return cellRect(*canvas.axisRect(), double(layer), double(layer), double(step + 1), double(step + 1));
}

std::int64_t SearchHeatmap::State::stepAt(QPointF position) const
{
    const auto step = std::llround(canvas.yAxis->pixelToCoord(position.y())) - 1;
    return canvas.axisRect()->rect().contains(position.toPoint()) && isStep(step) ? step : -1;
}

std::int64_t SearchHeatmap::State::layerAt(QPointF position) const
{
    const auto layer = std::llround(canvas.xAxis->pixelToCoord(position.x()));
    return canvas.axisRect()->rect().contains(position.toPoint()) && isLayer(layer) ? layer : -1;
}

void SearchHeatmap::State::draw(QCPPainter &painter) const
{
    if (rows.empty())
        return;
    painter.setFont(style.font);
    drawKey(painter);
    for (std::int64_t layer = 0; layer < layers; ++layer)
        drawColumn(painter, layer);
    for (std::int64_t step = 0; step < std::int64_t(rows.size()); ++step)
        if (const std::int64_t winner = rows[std::size_t(step)].winner(); winner >= 0)
            drawWinner(painter, cell(step, winner));
}

void SearchHeatmap::State::drawColumn(QCPPainter &painter, std::int64_t layer) const
{
    for (std::int64_t step = 0; step < std::int64_t(rows.size()); ++step) {
        const SearchRow &row = rows[std::size_t(step)];
        const SearchCell &value = row.cells[std::size_t(layer)];
        const QRectF whole = cell(step, layer);
        const double gap = std::min(whole.width(), whole.height()) > 4 ? 1 : 0;
        const QRectF inner = whole.adjusted(0, 0, -gap, -gap);
        if (value.goneIn >= 0) { // and so in all steps that follow
            drawHatching(painter, inner.united(cell(std::int64_t(rows.size()) - 1, layer).adjusted(0, 0, -gap, 0)), style.hatching);
            return;
        }
        if (std::isfinite(value.change)) {
            painter.fillRect(inner, style.change(value.change / limit));
            drawBetter(painter, inner, value.change);
            continue;
        }
        painter.setBrush(Qt::NoBrush);
        if (std::isfinite(value.bound)) { // out before its loss was known: a frame in the colour of the least that it may be
            painter.setPen(QPen(style.change((value.bound - row.lossBefore) / limit), 2));
            painter.drawRect(inner.adjusted(1, 1, -1, -1));
            continue;
        }
        painter.setPen(QPen(style.hatching, 1));
        if (row.isFinished || value.isProtected) { // no candidate: a dash
            painter.setPen(QPen(style.outline, 1));
            const double half = std::min(4.0, inner.width() / 4), y = std::floor(inner.center().y()) + 0.5;
            painter.drawLine(QLineF(inner.center().x() - half, y, inner.center().x() + half, y));
        } else if (gap > 0) {
            painter.drawRect(inner.adjusted(0, 0, -1, -1));
        }
    }
}

/// A minus in a cell whose loss falls: without colours, better would look like worse.
void SearchHeatmap::State::drawBetter(QCPPainter &painter, const QRectF &cell, double change) const
{
    if (change >= 0 || std::min(cell.width(), cell.height()) < 6)
        return;
    const double half = std::min(4.0, cell.width() / 4), y = std::floor(cell.center().y()) + 0.5;
    const QColor ground = style.change(change / limit);
    const bool isText = PlotStyle::contrast(style.text, ground) >= PlotStyle::contrast(style.surface, ground);
    painter.setPen(QPen(isText ? style.text : style.surface, 2));
    painter.drawLine(QLineF(cell.center().x() - half, y, cell.center().x() + half, y));
}

void SearchHeatmap::State::drawWinner(QCPPainter &painter, const QRectF &cell) const
{
    const double radius = std::clamp(std::min(cell.width(), cell.height()) / 2 - 2, 2.5, 9.0);
    painter.save();
    painter.setAntialiasing(true);
    painter.setBrush(Qt::NoBrush);
    for (const QPen &pen : {QPen(style.surface, 3.5), QPen(style.text, 1.8)}) {
        painter.setPen(pen);
        painter.drawEllipse(cell.center() - QPointF(0.5, 0.5), radius, radius);
    }
    painter.restore();
}

/// At the top right: the strip of colours between the limits.
void SearchHeatmap::State::drawKey(QCPPainter &painter) const
{
    const QRect axes = canvas.axisRect()->rect();
    const QFontMetricsF metrics(style.font);
    const QString number = QLocale().toString(limit, 'g', 2);
    const QString below = (isCutBelow ? tr("≤ −%1") : tr("−%1")).arg(number);
    const QString above = (isCutAbove ? tr("≥ +%1 nats") : tr("+%1 nats")).arg(number);
    const double top = axes.top() - lineHeight() - 4;
    double right = axes.right() + 1;
    const auto drawRight = [&](const QString &text) {
        const double width = metrics.horizontalAdvance(text);
        painter.setPen(QPen(style.mutedText));
        painter.drawText(QRectF(right - width, top, width, lineHeight()), Qt::AlignCenter | Qt::TextDontClip, text);
        right -= width + 6;
    };
    drawRight(above);
    const double left = std::round(right - kKeyWidth), middle = std::round(top + (lineHeight() - kKeyHeight) / 2);
    QLinearGradient colours(left, 0, left + kKeyWidth, 0);
    for (const double share : {-1.0, 0.0, 1.0})
        colours.setColorAt((share + 1) / 2, style.change(share));
    painter.fillRect(QRectF(left, middle, kKeyWidth, kKeyHeight), colours);
    right = left - 6;
    drawRight(below);
    painter.setPen(QPen(style.mutedText));
    const int side = canvas.plotLayout()->rect().left();
    const QRectF margin(side, 0, axes.left() - 6 - side, lineHeight());
    painter.drawText(margin.translated(0, top), Qt::AlignRight | Qt::AlignVCenter, tr("step"));
    painter.drawText(margin.translated(0, axes.bottom() + kNumberGap), Qt::AlignRight | Qt::AlignVCenter, tr("layer"));
}

/// A bar along the foot of each cell that is under way, as long as the part of the layers behind its own that its stream has passed.
void SearchHeatmap::State::drawWorking(QCPPainter &painter) const
{
    if (!isStep(workingStep))
        return;
    for (std::int64_t layer = 0; layer <= std::min(workingLayer, layers - 1); ++layer) {
        const SearchCell &value = rows[std::size_t(workingStep)].cells[std::size_t(layer)];
        if (value.goneIn >= 0 || value.isProtected || std::isfinite(value.change) || std::isfinite(value.bound))
            continue;
        const QRectF whole = cell(workingStep, layer).adjusted(1, 1, -2, -2);
        const double height = std::clamp(whole.height() / 5, 2.0, 5.0), share = double(workingLayer - layer + 1) / double(layers - layer);
        painter.fillRect(QRectF(whole.left(), whole.bottom() - height, whole.width() * share, height), style.accent);
    }
}

void SearchHeatmap::State::drawSelection(QCPPainter &painter) const
{
    const auto frame = [&](const QRectF &rect, double width) {
        painter.setPen(QPen(style.surface, width + 2));
        painter.drawRect(rect);
        painter.setPen(QPen(style.accent, width));
        painter.drawRect(rect);
    };
    painter.setBrush(Qt::NoBrush);
    const auto last = std::int64_t(rows.size()) - 1;
    const bool hasStep = isStep(selectedStep), hasLayer = isLayer(selectedLayer);
    if (hasLayer)
        frame(cell(0, selectedLayer).united(cell(last, selectedLayer)).adjusted(-1, -1, 0, 0), 2);
    if (hasStep)
        frame(cell(selectedStep, 0).united(cell(selectedStep, layers - 1)).adjusted(-1, -1, 0, 0), 2);
}

void SearchHeatmap::State::drawHover(QCPPainter &painter) const
{
    if (!isLayer(hoveredLayer))
        return;
    painter.setPen(QPen(style.outline, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(cell(0, hoveredLayer).united(cell(std::int64_t(rows.size()) - 1, hoveredLayer)).adjusted(-1, -1, -1, -1));
    if (isStep(pointedStep) && pointedLayer == hoveredLayer) {
        painter.setPen(QPen(style.text, 2));
        painter.drawRect(cell(pointedStep, pointedLayer).adjusted(0, 0, -1, -1));
    }
}

// ---- the plot

SearchHeatmap::SearchHeatmap(QWidget *parent)
    : Plot(tr("The search: step × layer; ring = removed in that step, hatched = already gone"), parent),
      m_state(std::make_unique<State>(canvas()))
{
    QCustomPlot &plot = canvas();
    addBufferedLayer(plot, kCells, "main");
    addBufferedLayer(plot, kWorking, kCells);
    addBufferedLayer(plot, kSelection, "legend");
    addBufferedLayer(plot, kHover, kSelection);
    new CanvasDrawing(plot, kCells, [this](QCPPainter &painter) { m_state->draw(painter); });
    new CanvasDrawing(plot, kWorking, [this](QCPPainter &painter) { m_state->drawWorking(painter); });
    new CanvasDrawing(plot, kSelection, [this](QCPPainter &painter) { m_state->drawSelection(painter); });
    new CanvasDrawing(plot, kHover, [this](QCPPainter &painter) { m_state->drawHover(painter); });
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis}) {
        axis->setTicker(QSharedPointer<IntegerTicker>::create(*axis));
        axis->grid()->setVisible(false);
    }
    plot.yAxis->setRangeReversed(true);
    plot.axisRect()->setAutoMargins(QCP::msNone);
    connect(&plot, &QCustomPlot::beforeReplot, this, &SearchHeatmap::fitMargins);
    plot.setMouseTracking(true);
    plot.installEventFilter(this);
    applyStyle(style());
    clear(tr("There is no search to show."));
}

SearchHeatmap::~SearchHeatmap() = default;

void SearchHeatmap::showSearch(const SearchRecord &record, std::int64_t layers, std::int64_t steps, std::int64_t shownSteps)
{
    if (steps <= 0 || layers <= 0)
        return clear(tr("N = 0: no attention is to be removed, so there is nothing to search."));
    State &state = *m_state;
    SearchRecord shown;
    const SearchRecord *visible = &record;
    if (shownSteps >= 0 && shownSteps < std::int64_t(record.steps.size())) {
        shown = record;
        shown.steps.resize(std::size_t(shownSteps));
        visible = &shown;
    }
    // Colours are those of the whole search, so that they stay what they are during a replay.
    std::vector<double> changes;
    for (std::int64_t step = 0; step < std::min(steps, std::int64_t(record.steps.size())); ++step)
        for (const SearchCell &cell : searchRow(record, step, layers).cells)
            changes.push_back(cell.goneIn < 0 ? cell.change : NAN);
    state.limit = changeLimit(changes);
    state.isCutAbove = std::any_of(changes.begin(), changes.end(), [&](double change) { return change > state.limit; });
    state.isCutBelow = std::any_of(changes.begin(), changes.end(), [&](double change) { return change < -state.limit; });

    const bool isSameShape = state.layers == layers && std::int64_t(state.rows.size()) == steps;
    const bool wasEmpty = state.rows.empty();
    state.layers = layers;
    state.rows.clear();
    for (std::int64_t step = 0; step < steps; ++step)
        state.rows.push_back(searchRow(*visible, step, layers));
    if (wasEmpty)
        setEmptyText({});
    describeSelection();
    if (isSameShape && !isTableShown()) {
        redrawLayer(kCells);
        return redrawLayer(kWorking);
    }
    canvas().xAxis->setRange(-0.5, double(layers) - 0.5);
    canvas().yAxis->setRange(0.5, double(steps) + 0.5);
    redraw();
}

void SearchHeatmap::clear(const QString &reason)
{
    m_state->layers = 0;
    m_state->rows.clear();
    m_state->workingStep = m_state->workingLayer = -1;
    setEmptyText(reason);
    redraw();
}

/// The cell of the selected step and layer, for screen readers.
void SearchHeatmap::describeSelection()
{
    const State &state = *m_state;
    const bool isCell = state.isStep(state.selectedStep) && state.isLayer(state.selectedLayer);
    canvas().setAccessibleDescription(
        isCell ? describe(state.rows[std::size_t(state.selectedStep)], state.selectedStep, state.selectedLayer) : QString());
}

void SearchHeatmap::setWorking(std::int64_t step, std::int64_t layer)
{
    const bool isOther = std::exchange(m_state->workingStep, step) != step,
               isFurther = std::exchange(m_state->workingLayer, layer) != layer;
    if (isOther || isFurther)
        redrawLayer(kWorking);
}

void SearchHeatmap::setSelectedStep(std::int64_t step)
{
    if (std::exchange(m_state->selectedStep, step) != step)
        redrawLayer(kSelection);
    describeSelection();
}

void SearchHeatmap::setSelectedLayer(std::int64_t layer)
{
    if (std::exchange(m_state->selectedLayer, layer) != layer)
        redrawLayer(kSelection);
    describeSelection();
}

void SearchHeatmap::setHoveredLayer(std::int64_t layer)
{
    if (std::exchange(m_state->hoveredLayer, layer) != layer)
        redrawLayer(kHover);
}

PlotTable SearchHeatmap::table() const
{
    PlotTable table{QStringList(tr("step")) + cellHeaders(), {}, QStringList(QString()) + cellUnits()};
    for (std::int64_t step = 0; step < std::int64_t(m_state->rows.size()); ++step) {
        for (std::int64_t layer = 0; layer < m_state->layers; ++layer) {
            std::vector<QVariant> values = cellValues(m_state->rows[std::size_t(step)], layer);
            values.insert(values.begin(), qlonglong(step + 1));
            table.rows.push_back(std::move(values));
        }
    }
    return table;
}

void SearchHeatmap::applyStyle(const PlotStyle &style)
{
    m_state->style = style;
    QCustomPlot &plot = canvas();
    for (QCPAxis *axis : {plot.xAxis, plot.yAxis}) {
        styleAxis(*axis, style);
        axis->setBasePen(Qt::NoPen);
    }
    plot.xAxis->setTickLabelPadding(kNumberGap);
    fitMargins();
}

/// A few steps do not fill the height: cells would be towers.
void SearchHeatmap::fitMargins()
{
    const int line = int(m_state->lineHeight());
    QMargins margins = searchPlotMargins(m_state->style, line + 6, line + kNumberGap + 2);
    const auto highest = std::max<std::int64_t>(1, std::int64_t(m_state->rows.size())) * kTallestRow;
    const std::int64_t height = canvas().plotLayout()->rect().height() - margins.top() - margins.bottom();
    margins.setBottom(margins.bottom() + int(std::max<std::int64_t>(0, height - highest)));
    canvas().axisRect()->setMargins(margins);
}

bool SearchHeatmap::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &canvas())
        return Plot::eventFilter(watched, event);
    switch (event->type()) {
    case QEvent::MouseMove:
        pointAt(static_cast<QMouseEvent &>(*event));
        break;
    case QEvent::Leave:
        m_state->pointedStep = -1;
        if (std::exchange(m_state->pointedLayer, -1) >= 0)
            emit layerHovered(-1);
        break;
    case QEvent::MouseButtonPress: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        const std::int64_t layer = m_state->layerAt(mouse->position()), step = m_state->stepAt(mouse->position());
        if (layer < 0 || step < 0 || mouse->button() != Qt::LeftButton)
            break;
        emit stepClicked(step);
        emit layerClicked(layer);
        break;
    }
    case QEvent::KeyPress:
        if (walk(static_cast<QKeyEvent *>(event)->key()))
            return true;
        break;
    default:
        break;
    }
    return Plot::eventFilter(watched, event);
}

void SearchHeatmap::pointAt(const QMouseEvent &mouse)
{
    State &state = *m_state;
    const std::int64_t layer = state.layerAt(mouse.position()), step = layer < 0 ? -1 : state.stepAt(mouse.position());
    const std::int64_t lastStep = std::exchange(state.pointedStep, step), lastLayer = std::exchange(state.pointedLayer, layer);
    if (layer == lastLayer && step == lastStep)
        return;
    redrawLayer(kHover);
    if (layer != lastLayer)
        emit layerHovered(layer);
    const QString text = step < 0 ? QString() : describe(state.rows[std::size_t(step)], step, layer);
    QToolTip::showText(mouse.globalPosition().toPoint(), text, &canvas());
}

bool SearchHeatmap::walk(int key)
{
    const State &state = *m_state;
    const auto steps = std::int64_t(state.rows.size());
    if (const std::int64_t layer = steppedBy(key, Qt::Key_Left, Qt::Key_Right, state.selectedLayer, state.layers); layer >= 0) {
        if (layer != state.selectedLayer)
            emit layerClicked(layer);
        return true;
    }
    const std::int64_t next = steppedBy(key, Qt::Key_Up, Qt::Key_Down, state.selectedStep, steps);
    if (next >= 0 && next != state.selectedStep)
        emit stepClicked(next);
    return next >= 0;
}

} // namespace secateur::ui
