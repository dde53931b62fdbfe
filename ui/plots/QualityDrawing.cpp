// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/QualityDrawing.h"

#include "plots/CanvasDrawing.h"
#include "plots/PlotZoom.h"
#include "plots/SeriesMarks.h"

#include <QLocale>
#include <QStringList>
#include <algorithm>

namespace secateur::ui {
namespace {

constexpr double kMark = kSeriesMark, kRing = 9, kReach = 12; ///< radii; how near the mouse must come
constexpr double kPadding = 10;                               ///< inside the legend

} // namespace

QPointF QualityDrawing::pixel(const QualityPoint &point) const
{
    return {canvas.xAxis->coordToPixel(point.x), canvas.yAxis->coordToPixel(point.y)};
}

bool QualityDrawing::canBeDrawn(const QualityPoint &point) const
{
    return std::isfinite(point.x) && std::isfinite(point.y) && (point.y > 0 || !axes.isLogarithmic);
}

qint64 QualityDrawing::at(QPointF position) const
{
    qint64 nearest = -1;
    double distance = kReach;
    for (const qint64 index : order) {
        const QualityPoint &point = points[std::size_t(index)];
        const double length = QLineF(position, pixel(point)).length();
        if (!isShown(point) || length > distance)
            continue;
        nearest = index;
        distance = length;
    }
    return nearest;
}

QString QualityDrawing::describe(const QualityPoint &point) const
{
    const auto number = [](double value) { return QLocale().toString(value, 'g', 4); };
    QStringList words;
    if (!point.label.isEmpty())
        words << point.label;
    const QString y = axes.isLogarithmic ? perplexityLabel(point.y) : number(point.y);
    words << tr("%1: %2").arg(axes.y, point.error > 0 ? tr("%1 ± %2", "number and standard error").arg(y, number(point.error)) : y);
    words << tr("%1: %2").arg(axes.x, number(point.x));
    if (point.isCurrent)
        words << tr("Current plan");
    return words.join(u'\n');
}

void QualityDrawing::clip(QCPPainter &painter) const
{
    painter.setClipRect(zoom->isZoomed() ? QRectF(canvas.axisRect()->rect()) : QRectF(canvas.viewport())); // marks at the sides are whole
}

void QualityDrawing::drawPoints(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.save();
    clip(painter);
    drawLines(painter);
    for (const qint64 index : order) {
        const QualityPoint &point = points[std::size_t(index)];
        if (!isShown(point))
            continue;
        drawError(painter, point);
        drawSeriesMark(painter, style, pixel(point), point.series);
    }
    painter.restore();
}

void QualityDrawing::drawLines(QCPPainter &painter) const
{
    painter.setBrush(Qt::NoBrush);
    for (std::size_t i = 0; i < series.size(); ++i) {
        if (!series[i].isJoined)
            continue;
        QPolygonF through;
        for (const qint64 index : order)
            if (points[std::size_t(index)].series == int(i))
                through << pixel(points[std::size_t(index)]);
        painter.setPen(style.pen(seriesColour(style, int(i)), 1.2));
        painter.drawPolyline(through);
    }
}

void QualityDrawing::drawError(QCPPainter &painter, const QualityPoint &point) const
{
    if (point.error <= 0)
        return;
    const auto y = [this](double value) { return canvas.yAxis->coordToPixel(value); };
    const double x = pixel(point).x();
    painter.setPen(style.pen(seriesColour(style, point.series), 1.2));
    painter.drawLine(QLineF(x, y(point.y - point.error), x, y(point.y + point.error)));
}

void QualityDrawing::drawRing(QCPPainter &painter, QPointF place) const
{
    painter.setPen(style.pen(style.warning, 2.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(place, kRing, kRing);
}

void QualityDrawing::drawPlan(QCPPainter &painter) const
{
    painter.setFont(style.font);
    painter.setAntialiasing(true);
    painter.save();
    clip(painter);
    for (const qint64 index : order)
        if (const QualityPoint &point = points[std::size_t(index)]; point.isCurrent && isShown(point))
            drawRing(painter, pixel(point));
    painter.restore();
    drawLegend(painter);
}

void QualityDrawing::drawLegend(QCPPainter &painter) const
{
    struct Entry {
        int series;
        bool isRing;
        QString text;
    };
    std::vector<Entry> entries;
    const auto has = [this](const auto &isOne) {
        return std::ranges::any_of(order, [&](qint64 index) { return isOne(points[std::size_t(index)]); });
    };
    if (has([](const QualityPoint &point) { return point.series < 0; }))
        entries.push_back({-1, false, tr("original")});
    for (std::size_t i = 0; i < series.size(); ++i)
        if (has([&](const QualityPoint &point) { return point.series == int(i); }))
            entries.push_back({int(i), false, series[i].name});
    if (has([](const QualityPoint &point) { return point.isCurrent; }))
        entries.push_back({-1, true, axes.ring.isEmpty() ? tr("current plan") : axes.ring});
    if (entries.empty())
        return;
    double width = 0;
    QList<QPointF> places;
    for (const Entry &entry : entries)
        width = std::max(width, textWidth(entry.text));
    for (const qint64 index : order)
        places << pixel(points[std::size_t(index)]);
    const double row = std::max(std::ceil(QFontMetricsF(style.font).height()), 2 * kRing) + 4, symbols = 2 * kRing + 8;
    const QSizeF size(width + symbols + 2 * kPadding, row * double(entries.size()) + kPadding);
    const QRectF place = freestCorner(canvas.axisRect()->rect(), size, places, kRing, {});
    painter.setPen(QPen(style.line, 1));
    painter.setBrush(style.surface);
    painter.drawRoundedRect(place, 4, 4);
    QRectF line(place.left() + kPadding, place.top() + kPadding / 2, width + symbols, row);
    for (const Entry &entry : entries) {
        const QPointF middle(line.left() + kRing, line.center().y());
        if (entry.isRing)
            drawRing(painter, middle);
        else
            drawSeriesMark(painter, style, middle, entry.series);
        painter.setPen(QPen(style.mutedText));
        painter.drawText(line.adjusted(symbols, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextDontClip, entry.text);
        line.translate(0, row);
    }
}

void QualityDrawing::drawMarks(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(style.pen(style.text, 2));
    const auto circle = [&](qint64 index) {
        const QualityPoint &point = points[std::size_t(index)];
        if (canBeDrawn(point) && isShown(point))
            painter.drawEllipse(pixel(point), kMark + 2.5, kMark + 2.5);
    };
    for (const std::size_t index : selected)
        circle(qint64(index));
    for (const qint64 index : {hovered, canvas.hasFocus() ? chosen : -1})
        if (index >= 0)
            circle(index);
}

} // namespace secateur::ui
