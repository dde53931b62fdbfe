// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "plots/SearchCells.h"
#include "theme/PlotStyle.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPointF>
#include <QRectF>
#include <cmath>
#include <cstdint>
#include <qcustomplot.h>
#include <vector>

namespace secateur::ui {

/// What SearchHeatmap draws of its values, cell by cell.
/// The y axis counts steps from 1, as people do; everything else counts from 0.
struct HeatmapDrawing {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::HeatmapDrawing)

public:
    static constexpr int kNumberGap = 6; ///< between the cells and the numbers of the layers

    explicit HeatmapDrawing(QCustomPlot &plot) : canvas(plot) {}

    void draw(QCPPainter &painter) const;
    void drawColumn(QCPPainter &painter, std::int64_t layer) const;
    void drawKey(QCPPainter &painter) const;
    void drawBetter(QCPPainter &painter, const QRectF &cell, double change, double right) const;
    void drawWinner(QCPPainter &painter, std::int64_t step, std::int64_t layer) const;
    double numberedRadius(std::int64_t step) const;
    double ringRadius(std::int64_t step, const QRectF &cell, bool isBetter) const;
    int numberedRowHeight() const; ///< pixels that a row needs for the ring of any step with its number in it
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

} // namespace secateur::ui
