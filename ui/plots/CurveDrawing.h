// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "plots/PerplexityCurve.h"
#include "theme/PlotStyle.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPen>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <cmath>
#include <map>
#include <optional>
#include <qcustomplot.h>
#include <vector>

namespace secateur::ui {

class PlotZoom;

/// What PerplexityCurve draws: points, lines, the mark of the current plan, labels and a legend that keep out of the way of the points.
struct CurveDrawing {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::CurveDrawing)

public:
    explicit CurveDrawing(QCustomPlot &plot) : canvas(plot) {}

    struct Entry {
        QString text;
        void (CurveDrawing::*symbol)(QCPPainter &, QPointF) const;
        int series = 0; ///< of another method, which has a mark instead
    };
    struct Label {
        QString text;
        QRectF box;
    };

    QPointF pixel(const CurvePoint &point) const;
    bool isShown(const CurvePoint &point) const { return canvas.axisRect()->rect().contains(pixel(point).toPoint()); } ///< zoomed to
    qint64 at(QPointF position) const; ///< index of the point there; -1: none
    const CurvePoint *currentPoint() const;
    QString describe(const CurvePoint &point) const;
    QRectF beside(QPointF anchor, const QString &text, double distance) const;
    std::vector<Label> labels() const;
    std::vector<Entry> entries() const;
    QRectF legendPlace(QSizeF size, const std::vector<Label> &labels) const;
    double textWidth(const QString &text) const { return std::ceil(QFontMetricsF(style.font).horizontalAdvance(text)); }
    double lineHeight() const { return std::ceil(QFontMetricsF(style.font).height()); }

    void clip(QCPPainter &painter) const;
    void drawPoints(QCPPainter &painter) const;
    void drawLines(QCPPainter &painter) const;
    void drawPlan(QCPPainter &painter) const;
    void drawCurrent(QCPPainter &painter) const;
    void drawLegend(QCPPainter &painter, const std::vector<Label> &labels) const;
    void drawMarks(QCPPainter &painter) const;
    void drawMeasured(QCPPainter &painter, QPointF place) const;
    void drawBorrowed(QCPPainter &painter, QPointF place) const;
    void drawRing(QCPPainter &painter, QPointF place) const;
    void drawTargetLine(QCPPainter &painter, QPointF place) const;
    void drawDepthLine(QCPPainter &painter, QPointF place) const;
    QPen linePen(CurveLine::Along along) const;
    std::map<int, QString> methods() const; ///< other ones that have a point, by their series

    QCustomPlot &canvas;
    PlotZoom *zoom = nullptr;
    PlotStyle style;
    QString axis;
    std::vector<CurvePoint> points;
    std::vector<CurveLine> lines;
    std::vector<qint64> order; ///< of the points that can be drawn, by x
    std::optional<double> current;
    qint64 hovered = -1, chosen = -1; ///< points, by mouse and by keyboard
};

/// Whether a point has a place on the axes.
bool canBeDrawn(const CurvePoint &point);

} // namespace secateur::ui
