// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/CurveDrawing.h"

#include "plots/CanvasDrawing.h"
#include "plots/PlotZoom.h"
#include "plots/SeriesMarks.h"

#include <QLocale>
#include <algorithm>

namespace secateur::ui {
namespace {

constexpr double kDot = 4.5, kRing = 8, kReach = 12; ///< radii; how near the mouse must come
constexpr double kPadding = 10;                      ///< inside the legend

} // namespace

bool canBeDrawn(const CurvePoint &point)
{
    return std::isfinite(point.x) && std::isfinite(point.perplexity) && point.perplexity > 0;
}

// ---- places

QPointF CurveDrawing::pixel(const CurvePoint &point) const
{
    return {canvas.xAxis->coordToPixel(point.x), canvas.yAxis->coordToPixel(point.perplexity)};
}

qint64 CurveDrawing::at(QPointF position) const
{
    qint64 nearest = -1;
    double distance = kReach;
    for (const qint64 index : order) {
        if (!isShown(points[std::size_t(index)]))
            continue;
        const double length = QLineF(position, pixel(points[std::size_t(index)])).length();
        if (length > distance)
            continue;
        nearest = index;
        distance = length;
    }
    return nearest;
}

const CurvePoint *CurveDrawing::currentPoint() const
{
    const auto found =
        std::find_if(points.begin(), points.end(), [](const CurvePoint &point) { return point.isCurrent && canBeDrawn(point); });
    return found == points.end() ? nullptr : &*found;
}

QString CurveDrawing::describe(const CurvePoint &point) const
{
    QStringList words;
    if (!point.label.isEmpty())
        words << point.label;
    words << tr("Perplexity %1").arg(perplexityLabel(point.perplexity));
    words << tr("%1: %2").arg(axis, QLocale().toString(point.x, 'g', 4));
    if (point.isBorrowedOrder)
        words << tr("Measured with the removal order of another K");
    if (point.isCurrent)
        words << tr("Current plan");
    return words.join(u'\n');
}

/// A place for a text right above the anchor, or left below it at the right edge: where a falling curve is not.
QRectF CurveDrawing::beside(QPointF anchor, const QString &text, double distance) const
{
    const QRectF axes(canvas.axisRect()->rect());
    const QSizeF size(textWidth(text), lineHeight());
    QRectF box(QPointF(anchor.x() + distance, anchor.y() - size.height()), size);
    if (box.right() > axes.right())
        box.moveTopLeft({anchor.x() - distance - size.width(), anchor.y() + 2});
    if (box.left() < axes.left())
        box.moveLeft(axes.left() + 4);
    box.moveTop(std::clamp(box.top(), axes.top(), axes.bottom() - size.height()));
    return box;
}

std::vector<CurveDrawing::Label> CurveDrawing::labels() const
{
    std::vector<Label> labels;
    const CurvePoint *now = currentPoint();
    for (const qint64 index : order) {
        const CurvePoint &point = points[std::size_t(index)];
        if (point.isDense && isShown(point))
            labels.push_back({tr("original"), beside(pixel(point), tr("original"), kDot + 5)});
    }
    if (now && isShown(*now)) {
        const QString text = now->isBorrowedOrder ? tr("current plan, borrowed order") : tr("current plan, measured");
        labels.push_back({text, beside(pixel(*now), text, kRing + 5)});
    } else if (!now && current && canvas.xAxis->range().contains(*current)) {
        const QString text = tr("current plan: not measured");
        labels.push_back({text, beside({canvas.xAxis->coordToPixel(*current), double(canvas.axisRect()->top())}, text, 6)});
    }
    return labels;
}

std::vector<CurveDrawing::Entry> CurveDrawing::entries() const
{
    const auto has = [this](bool isBorrowed) {
        return std::any_of(order.begin(), order.end(), [&](qint64 i) {
            const CurvePoint &point = points[std::size_t(i)];
            return point.series == 0 && point.isBorrowedOrder == isBorrowed;
        });
    };
    std::vector<Entry> entries;
    if (has(false))
        entries.push_back({tr("measured"), &CurveDrawing::drawMeasured});
    if (has(true))
        entries.push_back({tr("measured, borrowed order"), &CurveDrawing::drawBorrowed});
    const auto joins = [this](CurveLine::Along along) {
        return std::any_of(lines.begin(), lines.end(), [&](const CurveLine &line) { return line.along == along; });
    };
    if (joins(CurveLine::Along::Target))
        entries.push_back({tr("line: other targets, N by the rule"), &CurveDrawing::drawTargetLine});
    if (joins(CurveLine::Along::Depth))
        entries.push_back({tr("dots: other N, the same target"), &CurveDrawing::drawDepthLine});
    for (const auto &[series, method] : methods())
        entries.push_back({method, nullptr, series});
    if (currentPoint())
        entries.push_back({tr("current plan"), &CurveDrawing::drawRing});
    return entries;
}

std::map<int, QString> CurveDrawing::methods() const
{
    std::map<int, QString> methods;
    for (const qint64 index : order)
        if (const CurvePoint &point = points[std::size_t(index)]; point.series > 0)
            methods[point.series] = point.method;
    return methods;
}

QRectF CurveDrawing::legendPlace(QSizeF size, const std::vector<Label> &labels) const
{
    QList<QPointF> places;
    for (const qint64 index : order)
        places << pixel(points[std::size_t(index)]);
    QList<QRectF> boxes;
    for (const Label &label : labels)
        boxes << label.box;
    return freestCorner(canvas.axisRect()->rect(), size, places, kRing, boxes);
}

// ---- drawing

void CurveDrawing::clip(QCPPainter &painter) const
{
    painter.setClipRect(zoom->isZoomed() ? QRectF(canvas.axisRect()->rect()) : QRectF(canvas.viewport())); // marks at the sides are whole
}

void CurveDrawing::drawPoints(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.save();
    clip(painter);
    drawLines(painter);
    for (const qint64 index : order) {
        const CurvePoint &point = points[std::size_t(index)];
        if (!isShown(point))
            continue;
        if (point.series > 0)
            drawSeriesMark(painter, style, pixel(point), point.series);
        else
            point.isBorrowedOrder ? drawBorrowed(painter, pixel(point)) : drawMeasured(painter, pixel(point));
    }
    painter.restore();
}

void CurveDrawing::drawLines(QCPPainter &painter) const
{
    painter.setBrush(Qt::NoBrush);
    for (const CurveLine &line : lines) {
        QPolygonF through;
        for (const std::size_t index : line.points)
            if (canBeDrawn(points[index]))
                through << pixel(points[index]);
        painter.setPen(line.along == CurveLine::Along::Size ? style.pen(seriesColour(style, points[line.points.front()].series), 1.2)
                                                            : linePen(line.along));
        painter.drawPolyline(through);
    }
}

QPen CurveDrawing::linePen(CurveLine::Along along) const
{
    return {style.accent, 1.5, along == CurveLine::Along::Target ? Qt::SolidLine : Qt::DotLine};
}

/// What depends on the current plan: its line or ring, the labels, and the legend, which makes room for them.
void CurveDrawing::drawPlan(QCPPainter &painter) const
{
    painter.setFont(style.font);
    painter.setAntialiasing(true);
    drawCurrent(painter);
    if (const CurvePoint *now = currentPoint(); now && isShown(*now)) {
        painter.save();
        clip(painter);
        drawRing(painter, pixel(*now));
        painter.restore();
    }
    const std::vector<Label> labels = this->labels();
    for (const Label &label : labels) {
        painter.fillRect(label.box.adjusted(-2, 0, 2, 0), style.surface);
        painter.setPen(QPen(style.text));
        painter.drawText(label.box, Qt::AlignCenter | Qt::TextDontClip, label.text);
    }
    drawLegend(painter, labels);
}

void CurveDrawing::drawCurrent(QCPPainter &painter) const
{
    if (!current || !canvas.xAxis->range().contains(*current))
        return;
    const QRect axes = canvas.axisRect()->rect();
    const double x = std::round(canvas.xAxis->coordToPixel(*current));
    painter.setPen(style.pen(style.warning, 1, Qt::DashLine));
    painter.drawLine(QLineF(x, axes.top(), x, axes.bottom()));
}

void CurveDrawing::drawMeasured(QCPPainter &painter, QPointF place) const
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(style.accent);
    painter.drawEllipse(place, kDot, kDot);
}

void CurveDrawing::drawBorrowed(QCPPainter &painter, QPointF place) const
{
    painter.setPen(style.pen(style.accent, 1.8));
    painter.setBrush(style.surface);
    painter.drawEllipse(place, kDot, kDot);
}

void CurveDrawing::drawRing(QCPPainter &painter, QPointF place) const
{
    painter.setPen(style.pen(style.warning, 2.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(place, kRing, kRing);
}

void CurveDrawing::drawTargetLine(QCPPainter &painter, QPointF place) const
{
    painter.setPen(linePen(CurveLine::Along::Target));
    painter.drawLine(QLineF(place.x() - kRing, place.y(), place.x() + kRing, place.y()));
}

void CurveDrawing::drawDepthLine(QCPPainter &painter, QPointF place) const
{
    painter.setPen(linePen(CurveLine::Along::Depth));
    painter.drawLine(QLineF(place.x() - kRing, place.y(), place.x() + kRing, place.y()));
}

void CurveDrawing::drawLegend(QCPPainter &painter, const std::vector<Label> &labels) const
{
    const std::vector<Entry> entries = this->entries();
    if (entries.empty())
        return;
    double width = 0;
    for (const Entry &entry : entries)
        width = std::max(width, textWidth(entry.text));
    const double row = std::max(lineHeight(), 2 * kRing) + 4, symbols = 2 * kRing + 8;
    const QRectF place = legendPlace({width + symbols + 2 * kPadding, row * double(entries.size()) + kPadding}, labels);
    painter.setPen(QPen(style.line, 1));
    painter.setBrush(style.surface);
    painter.drawRoundedRect(place, 4, 4);
    QRectF line(place.left() + kPadding, place.top() + kPadding / 2, width + symbols, row);
    for (const Entry &entry : entries) {
        const QPointF middle(line.left() + kRing, line.center().y());
        if (entry.series > 0)
            drawSeriesMark(painter, style, middle, entry.series);
        else
            (this->*entry.symbol)(painter, middle);
        painter.setPen(QPen(style.mutedText));
        painter.drawText(line.adjusted(symbols, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextDontClip, entry.text);
        line.translate(0, row);
    }
}

void CurveDrawing::drawMarks(QCPPainter &painter) const
{
    painter.setAntialiasing(true);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(style.pen(style.text, 2));
    for (const qint64 index : {hovered, canvas.hasFocus() ? chosen : -1})
        if (index >= 0 && isShown(points[std::size_t(index)]))
            painter.drawEllipse(pixel(points[std::size_t(index)]), kDot + 2, kDot + 2);
}

} // namespace secateur::ui
