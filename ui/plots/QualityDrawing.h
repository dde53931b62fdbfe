// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "plots/QualityChart.h"
#include "theme/PlotStyle.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <cmath>
#include <qcustomplot.h>
#include <vector>

namespace secateur::ui {

class PlotZoom;

/// What QualityChart draws: lines, points with their errors, the mark of the current plan, and a legend.
struct QualityDrawing {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::QualityDrawing)

public:
    explicit QualityDrawing(QCustomPlot &plot) : canvas(plot) {}

    QPointF pixel(const QualityPoint &point) const;
    bool isShown(const QualityPoint &point) const { return canvas.axisRect()->rect().contains(pixel(point).toPoint()); } ///< zoomed to
    bool canBeDrawn(const QualityPoint &point) const; ///< it has a place on the axes
    qint64 at(QPointF position) const;                ///< index of the point there; -1: none
    QString describe(const QualityPoint &point) const;
    double textWidth(const QString &text) const { return std::ceil(QFontMetricsF(style.font).horizontalAdvance(text)); }

    void clip(QCPPainter &painter) const;
    void drawPoints(QCPPainter &painter) const;
    void drawLines(QCPPainter &painter) const;
    void drawError(QCPPainter &painter, const QualityPoint &point) const;
    void drawRing(QCPPainter &painter, QPointF place) const;
    void drawPlan(QCPPainter &painter) const;
    void drawLegend(QCPPainter &painter) const;
    void drawMarks(QCPPainter &painter) const;

    QCustomPlot &canvas;
    PlotZoom *zoom = nullptr;
    PlotStyle style;
    QualityAxes axes;
    std::vector<QualitySeries> series;
    std::vector<QualityPoint> points;
    std::vector<qint64> order; ///< of the points that can be drawn, by x
    std::vector<std::size_t> selected;
    qint64 hovered = -1, chosen = -1; ///< points, by mouse and by keyboard
};

} // namespace secateur::ui
