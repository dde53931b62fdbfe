// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "theme/PlotStyle.h"

#include <functional>
#include <qcustomplot.h>

namespace secateur::ui {

/// What a function draws on a layer of a plot, in pixels; so it is in exported figures too. Owned by the plot.
class CanvasDrawing : public QCPLayerable {
    Q_OBJECT
public:
    CanvasDrawing(QCustomPlot &plot, const QString &layer, std::function<void(QCPPainter &)> function);

protected:
    void applyDefaultAntialiasingHint(QCPPainter *painter) const override;
    void draw(QCPPainter *painter) override;

private:
    std::function<void(QCPPainter &)> m_function;
};

/// Adds a layer that is redrawn by itself (Plot::redrawLayer), above the layer named.
void addBufferedLayer(QCustomPlot &plot, const QString &name, const QString &above);

/// SVG files cannot clip: in them, what the layer "main" draws beyond the axes is covered by the surface.
void coverMargins(QCustomPlot &plot, const PlotStyle &style);

/// Diagonal lines in a rectangle, as lines: SVG files have no pattern brushes. Neighbouring rectangles continue each other.
void drawHatching(QCPPainter &painter, const QRectF &rect, const QColor &colour);
/// The same for many rectangles: their lines are added, then drawn at once, which is several times faster.
void addHatching(QList<QLineF> &lines, const QRectF &rect);
void drawHatching(QCPPainter &painter, const QList<QLineF> &lines, const QColor &colour);

/// The rectangle around columns (x) or rows (y) `first` ... `last` of integers centred on their numbers, on whole pixels.
QRectF cellRect(const QCPAxisRect &axes, double firstX, double lastX, double firstY, double lastY);

/// Pixels of an axis as they will be once the plot is laid out, which is after ticks were asked for. Needs fixed margins.
double lengthOf(const QCPAxis &axis);

/// The corner of the axes, a little inside, where a rectangle of that size covers the fewest points (with so much air around them) and boxes; the first of
/// those that cover as few. For legends.
QRectF freestCorner(const QRectF &axes, QSizeF size, const QList<QPointF> &points, double air, const QList<QRectF> &boxes);

/// "84.1"; "2,204" above 1,000.
QString perplexityLabel(double perplexity);

/// Where a key leads from `now` (-1: nowhere yet) among `count`: -1 when it is none of the two.
qint64 steppedBy(int key, Qt::Key back, Qt::Key forth, qint64 now, qint64 count);

/// Ticks at whole numbers that are multiples of 1, 2, 5, 10, ... , as many as have room. Needs fixed margins.
class IntegerTicker : public QCPAxisTicker {
public:
    explicit IntegerTicker(QCPAxis &axis) : m_axis(axis) {}

protected:
    double getTickStep(const QCPRange &range) override;
    int getSubTickCount(double tickStep) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar formatChar, int precision) override;

private:
    QCPAxis &m_axis;
};

} // namespace secateur::ui
