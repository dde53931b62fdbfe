// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/HeatmapDrawing.h"

#include "plots/CanvasDrawing.h"

#include <QLocale>
#include <algorithm>

namespace secateur::ui {
namespace {

constexpr double kKeyWidth = 72, kKeyHeight = 9;      ///< of the strip of colours that explains them
constexpr double kSmallestRing = 2.5, kUsualRing = 9; ///< radii
constexpr double kSign = 4;                           ///< least length of the minus beside a number
constexpr double kAroundRing = 2;                     ///< pixels between a ring with a number and the edges of its cell

} // namespace

QRectF HeatmapDrawing::cell(std::int64_t step, std::int64_t layer) const
{
    return cellRect(*canvas.axisRect(), double(layer), double(layer), double(step + 1), double(step + 1));
}

std::int64_t HeatmapDrawing::stepAt(QPointF position) const
{
    const auto step = std::llround(canvas.yAxis->pixelToCoord(position.y())) - 1;
    return canvas.axisRect()->rect().contains(position.toPoint()) && isStep(step) ? step : -1;
}

std::int64_t HeatmapDrawing::layerAt(QPointF position) const
{
    const auto layer = std::llround(canvas.xAxis->pixelToCoord(position.x()));
    return canvas.axisRect()->rect().contains(position.toPoint()) && isLayer(layer) ? layer : -1;
}

void HeatmapDrawing::draw(QCPPainter &painter) const
{
    if (rows.empty())
        return;
    painter.setFont(style.font);
    drawKey(painter);
    for (std::int64_t layer = 0; layer < layers; ++layer)
        drawColumn(painter, layer);
    for (std::int64_t step = 0; step < std::int64_t(rows.size()); ++step)
        if (const std::int64_t winner = rows[std::size_t(step)].winner(); winner >= 0)
            drawWinner(painter, step, winner);
}

void HeatmapDrawing::drawColumn(QCPPainter &painter, std::int64_t layer) const
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
            const double ring = value.isWinner ? ringRadius(step, whole, value.change < 0) : 0;
            drawBetter(painter, inner, value.change, ring > 0 ? whole.center().x() - ring - 2 : inner.right());
            continue;
        }
        painter.setBrush(Qt::NoBrush);
        if (std::isfinite(value.bound)) { // out before its loss was known: a frame in the colour of the least that it may be
            painter.setPen(style.pen(style.change((value.bound - row.lossBefore) / limit), 2));
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

/// A minus in a cell whose loss falls: without colours, better would look like worse. In the middle of what is left of `right`.
void HeatmapDrawing::drawBetter(QCPPainter &painter, const QRectF &cell, double change, double right) const
{
    if (change >= 0 || std::min(cell.width(), cell.height()) < 6)
        return;
    const double half = std::min(4.0, cell.width() / 4), y = std::floor(cell.center().y()) + 0.5;
    const double middle = (cell.left() + right) / 2, length = std::min(half, (right - cell.left()) / 2 - 1);
    const QColor ground = style.change(change / limit);
    const bool isText = PlotStyle::contrast(style.text, ground) >= PlotStyle::contrast(style.surface, ground);
    painter.setPen(style.pen(isText ? style.text : style.surface, 2));
    painter.drawLine(QLineF(middle - length, y, middle + length, y));
}

/// Radius of a ring that has the number of its step in it.
double HeatmapDrawing::numberedRadius(std::int64_t step) const
{
    const QFontMetricsF metrics(style.font);
    const double width = metrics.horizontalAdvance(QLocale().toString(qlonglong(step + 1)));
    return std::max(kUsualRing, std::hypot(width, metrics.capHeight()) / 2 + 2.5);
}

/// The same beside the minus of a loss that falls; 0 where the cell is too small for that.
double HeatmapDrawing::ringRadius(std::int64_t step, const QRectF &cell, bool isBetter) const
{
    if (std::min(cell.width(), cell.height()) < 2 * kUsualRing + kAroundRing) // no number is measured where none has room
        return 0;
    const double radius = numberedRadius(step), beside = isBetter ? kSign + 2 : 0;
    return 2 * (radius + beside) + kAroundRing <= cell.width() && 2 * radius + kAroundRing <= cell.height() ? radius : 0;
}

int HeatmapDrawing::numberedRowHeight() const
{
    return int(std::ceil(2 * numberedRadius(std::int64_t(rows.size()) - 1) + kAroundRing));
}

/// A ring, and in it the number of the step: on a ground of its own, so that it can be read on every colour.
void HeatmapDrawing::drawWinner(QCPPainter &painter, std::int64_t step, std::int64_t layer) const
{
    const QRectF cell = this->cell(step, layer);
    const double numbered = ringRadius(step, cell, rows[std::size_t(step)].cells[std::size_t(layer)].change < 0);
    const double radius = numbered > 0 ? numbered : std::clamp(std::min(cell.width(), cell.height()) / 2 - 2, kSmallestRing, kUsualRing);
    const QPointF middle = cell.center() - QPointF(0.5, 0.5);
    painter.save();
    painter.setAntialiasing(true);
    painter.setBrush(numbered > 0 ? QBrush(style.surface) : QBrush(Qt::NoBrush));
    for (const QPen &pen : {style.pen(style.surface, 3.5), style.pen(style.text, 1.8)}) {
        painter.setPen(pen);
        painter.drawEllipse(middle, radius, radius);
    }
    painter.restore();
    if (numbered <= 0)
        return;
    painter.setPen(QPen(style.text));
    painter.drawText(QRectF(middle.x() - radius, middle.y() - lineHeight() / 2, 2 * radius, lineHeight()),
                     Qt::AlignCenter | Qt::TextDontClip, QLocale().toString(qlonglong(step + 1)));
}

/// At the top right: the strip of colours between the limits.
void HeatmapDrawing::drawKey(QCPPainter &painter) const
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
void HeatmapDrawing::drawWorking(QCPPainter &painter) const
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

void HeatmapDrawing::drawSelection(QCPPainter &painter) const
{
    const auto frame = [&](const QRectF &rect, double width) {
        painter.setPen(style.pen(style.surface, width + 2));
        painter.drawRect(rect);
        painter.setPen(style.pen(style.accent, width));
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

void HeatmapDrawing::drawHover(QCPPainter &painter) const
{
    if (!isLayer(hoveredLayer))
        return;
    painter.setPen(QPen(style.outline, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(cell(0, hoveredLayer).united(cell(std::int64_t(rows.size()) - 1, hoveredLayer)).adjusted(-1, -1, -1, -1));
    if (isStep(pointedStep) && pointedLayer == hoveredLayer) {
        painter.setPen(style.pen(style.text, 2));
        painter.drawRect(cell(pointedStep, pointedLayer).adjusted(0, 0, -1, -1));
    }
}

} // namespace secateur::ui
