// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"
#include "plots/CanvasDrawing.h"
#include "plots/HeatmapDrawing.h"
#include "plots/SearchCells.h"
#include "plots/SearchPlots.h"

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
constexpr int kTallestRow = 44;
constexpr int kLeastHeight = 96; ///< of the canvas, pixels
constexpr int kMostRows = 480;   ///< pixels that all rows together ask for: of more steps each has less

/// Around the cells.
QMargins marginsOf(const HeatmapDrawing &drawing)
{
    const int line = int(drawing.lineHeight());
    return searchPlotMargins(drawing.style, line + 6, line + HeatmapDrawing::kNumberGap + 2);
}

} // namespace

SearchHeatmap::SearchHeatmap(QWidget *parent)
    : Plot(tr("The search: step × layer; ring = removed in that step, hatched = already gone"), parent),
      m_state(std::make_unique<HeatmapDrawing>(canvas()))
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

void SearchHeatmap::showSearch(const SearchRecord &record, std::int64_t layers, std::int64_t steps, std::int64_t shownSteps,
                               std::int64_t shownCandidates)
{
    if (steps <= 0 || layers <= 0)
        return clear(tr("N = 0: no attention is to be removed, so there is nothing to search."));
    HeatmapDrawing &state = *m_state;
    SearchRecord shown;
    const SearchRecord *visible = &record;
    const auto begun = std::int64_t(record.steps.size());
    const bool isHeldBack = shownCandidates >= 0 && shownSteps > 0 && shownSteps <= begun;
    if (shownSteps >= 0 && (shownSteps < begun || isHeldBack)) {
        shown = record;
        shown.steps.resize(std::size_t(shownSteps));
        if (isHeldBack)
            shown.steps.back().removed = -1; // nor do the rows below know it
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
    if (isHeldBack && shownSteps <= steps)
        holdBack(state.rows[std::size_t(shownSteps - 1)], shownCandidates);
    canvas().xAxis->setRange(-0.5, double(layers) - 0.5); // before the plot is shown or resized, which may draw it at once
    canvas().yAxis->setRange(0.5, double(steps) + 0.5);
    if (!isSameShape)
        fitRows();
    if (wasEmpty)
        setEmptyText({});
    describeSelection();
    if (isSameShape && !isTableShown()) {
        redrawLayer(kCells);
        return redrawLayer(kWorking);
    }
    redraw();
}

void SearchHeatmap::clear(const QString &reason)
{
    m_state->layers = 0;
    m_state->rows.clear();
    m_state->workingStep = m_state->workingLayer = -1;
    fitRows();
    setEmptyText(reason);
    redraw();
}

/// The cell of the selected step and layer, for screen readers.
void SearchHeatmap::describeSelection()
{
    const HeatmapDrawing &state = *m_state;
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
    plot.xAxis->setTickLabelPadding(HeatmapDrawing::kNumberGap);
    fitRows(); // larger letters need higher ones
    fitMargins();
}

/// A few steps do not fill the height: cells would be towers.
void SearchHeatmap::fitMargins()
{
    QMargins margins = marginsOf(*m_state);
    const auto highest = std::max<std::int64_t>(1, std::int64_t(m_state->rows.size())) * kTallestRow;
    const std::int64_t height = canvas().plotLayout()->rect().height() - margins.top() - margins.bottom();
    margins.setBottom(margins.bottom() + int(std::max<std::int64_t>(0, height - highest)));
    canvas().axisRect()->setMargins(margins);
}

/// Many steps do not share a small height: each row has room for its ring and number, and what the plot lies in scrolls.
void SearchHeatmap::fitRows()
{
    const auto rows = std::int64_t(m_state->rows.size());
    const QMargins inset = canvas().plotLayout()->margins(), margins = marginsOf(*m_state);
    const std::int64_t height = rows == 0 ? 0 : std::min<std::int64_t>(rows * m_state->numberedRowHeight(), kMostRows);
    canvas().setMinimumHeight(std::max(kLeastHeight, int(height) + inset.top() + inset.bottom() + margins.top() + margins.bottom()));
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
        emit cellPressed(step, layer);
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
    HeatmapDrawing &state = *m_state;
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
    const HeatmapDrawing &state = *m_state;
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
