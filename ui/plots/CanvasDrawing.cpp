// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/CanvasDrawing.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {

CanvasDrawing::CanvasDrawing(QCustomPlot &plot, const QString &layer, std::function<void(QCPPainter &)> function)
    : QCPLayerable(&plot, layer),
      m_function(std::move(function))
{
}

void CanvasDrawing::applyDefaultAntialiasingHint(QCPPainter *painter) const
{
    painter->setAntialiasing(false);
}

void CanvasDrawing::draw(QCPPainter *painter)
{
    painter->setLayoutDirection(Qt::LeftToRight); // axes are not mirrored either
    m_function(*painter);
}

void addBufferedLayer(QCustomPlot &plot, const QString &name, const QString &above)
{
    plot.addLayer(name, plot.layer(above), QCustomPlot::limAbove);
    plot.layer(name)->setMode(QCPLayer::lmBuffered);
}

void coverMargins(QCustomPlot &plot, const PlotStyle &style)
{
    const QString layer = QStringLiteral("margins");
    plot.addLayer(layer, plot.layer(QStringLiteral("main")), QCustomPlot::limAbove);
    new CanvasDrawing(plot, layer, [&plot, &style](QCPPainter &painter) {
        if (!painter.modes().testFlag(QCPPainter::pmVectorized))
            return;
        const QRect all = plot.viewport(), inner = plot.axisRect()->rect();
        for (const QRect &margin : QRegion(all).subtracted(inner))
            painter.fillRect(margin, style.surface);
    });
}

void addHatching(QList<QLineF> &lines, const QRectF &rect)
{
    constexpr double kSpacing = 7;
    if (rect.isEmpty())
        return;
    // Every line has x + y = sum; it enters and leaves at the sides of the rectangle.
    const double last = rect.right() + rect.bottom();
    for (double sum = std::ceil((rect.left() + rect.top()) / kSpacing) * kSpacing; sum < last; sum += kSpacing) {
        const double top = std::max(rect.top(), sum - rect.right());
        const double bottom = std::min(rect.bottom(), sum - rect.left());
        lines.append(QLineF(sum - top, top, sum - bottom, bottom));
    }
}

void drawHatching(QCPPainter &painter, const QList<QLineF> &lines, const QColor &colour)
{
    painter.save();
    painter.setAntialiasing(true);
    painter.setPen(QPen(colour, 1));
    painter.drawLines(lines);
    painter.restore();
}

void drawHatching(QCPPainter &painter, const QRectF &rect, const QColor &colour)
{
    QList<QLineF> lines;
    addHatching(lines, rect);
    drawHatching(painter, lines, colour);
}

QRectF cellRect(const QCPAxisRect &axes, double firstX, double lastX, double firstY, double lastY)
{
    const QCPAxis *x = axes.axis(QCPAxis::atBottom), *y = axes.axis(QCPAxis::atLeft);
    const QPointF one(std::round(x->coordToPixel(firstX - 0.5)), std::round(y->coordToPixel(firstY - 0.5)));
    const QPointF other(std::round(x->coordToPixel(lastX + 0.5)), std::round(y->coordToPixel(lastY + 0.5)));
    return QRectF(one, other).normalized();
}

QRectF freestCorner(const QRectF &axes, QSizeF size, const QList<QPointF> &points, double air, const QList<QRectF> &boxes)
{
    constexpr double kInside = 10;
    const QRectF room = axes.adjusted(kInside, kInside, -kInside, -kInside);
    const QPointF far(room.right() - size.width(), room.bottom() - size.height());
    QRectF best;
    qsizetype leastCovered = -1;
    for (const QPointF &corner : {QPointF(far.x(), room.top()), room.topLeft(), QPointF(room.left(), far.y()), far}) {
        const QRectF place(corner, size), around = place.adjusted(-air, -air, air, air);
        const qsizetype covered = std::ranges::count_if(points, [&](QPointF point) { return around.contains(point); }) +
                                  std::ranges::count_if(boxes, [&](const QRectF &box) { return place.intersects(box); });
        if (leastCovered >= 0 && covered >= leastCovered)
            continue;
        best = place;
        leastCovered = covered;
    }
    return best;
}

QString perplexityLabel(double perplexity)
{
    if (perplexity >= 1e6)
        return QLocale().toString(perplexity, 'g', 3);
    return QLocale().toString(perplexity, 'f', perplexity < 10 ? 2 : perplexity < 1000 ? 1 : 0);
}

qint64 steppedBy(int key, Qt::Key back, Qt::Key forth, qint64 now, qint64 count)
{
    if (count <= 0 || (key != back && key != forth))
        return -1;
    if (now < 0 || now >= count)
        return key == forth ? 0 : count - 1;
    return std::clamp<qint64>(key == forth ? now + 1 : now - 1, 0, count - 1);
}

double lengthOf(const QCPAxis &axis)
{
    const QRect room = axis.parentPlot()->plotLayout()->rect();
    const QMargins margins = axis.axisRect()->margins();
    return axis.orientation() == Qt::Horizontal ? room.width() - margins.left() - margins.right()
                                                : room.height() - margins.top() - margins.bottom();
}

double IntegerTicker::getTickStep(const QCPRange &range)
{
    const double length = lengthOf(m_axis);
    const bool isHorizontal = m_axis.orientation() == Qt::Horizontal;
    const QFontMetricsF metrics(m_axis.tickLabelFont());
    const QString widest = QLocale().toString(qlonglong(std::max(std::abs(range.lower), std::abs(range.upper))));
    const double space = isHorizontal ? metrics.horizontalAdvance(widest) + 6 : metrics.height();
    const double unit = std::max(length, 1.0) / range.size();
    for (double decade = 1; decade < 1e9; decade *= 10)
        for (const double step : {decade, 2 * decade, 5 * decade})
            if (step * unit >= space)
                return step;
    return 1e9;
}

int IntegerTicker::getSubTickCount(double)
{
    return 0;
}

QString IntegerTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    return QLocale().toString(qlonglong(std::llround(tick)));
}

} // namespace secateur::ui
