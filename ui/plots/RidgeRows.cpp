// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/RidgeRows.h"

#include "plots/CanvasDrawing.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kFill = 0.86;           ///< of a row's height that its tallest bar takes
constexpr double kMark = 3;              ///< pixels of the mark of a compared layer
constexpr double kGapped = 4;            ///< pixels of a bar's width from which on it is set apart from the next
constexpr std::int64_t kFineFrom = 1024; ///< neurons of a layer from which on every bin has a bar of its own; below, two share one

} // namespace

std::vector<RankedBar> barsOf(const RankedScores &scores, std::int64_t layer, std::int64_t kept)
{
    const RankedScores::Histogram &histogram = scores.histogram(layer);
    std::vector<RankedBar> bars;
    if (histogram.zeros > 0)
        bars.push_back({.isZeros = true, .count = histogram.zeros, .kept = scores.keptZeros(layer, kept)});
    const double width = (scores.highestLog() - scores.lowestLog()) / double(RankedScores::kBins);
    const std::int64_t step = scores.neurons() < kFineFrom ? 2 : 1;
    for (std::int64_t first = 0; first < RankedScores::kBins; first += step) {
        const std::int64_t end = std::min(first + step, RankedScores::kBins);
        RankedBar bar{.low = scores.lowestLog() + double(first) * width, .high = scores.lowestLog() + double(end) * width};
        for (std::int64_t bin = first; bin < end; ++bin) {
            bar.count += histogram.counts[std::size_t(bin)];
            bar.kept += scores.keptInBin(layer, bin, kept);
        }
        bars.push_back(bar);
    }
    return bars;
}

RidgeRows::RidgeRows(QCustomPlot *plot) : QCPAbstractItem(plot)
{
    addBufferedLayer(*plot, QString::fromLatin1(kLayer), QStringLiteral("legend"));
    setLayer(QString::fromLatin1(kLayer));
    setClipToAxisRect(false); // the layers' numbers stand outside
    setSelectable(false);
}

double RidgeRows::rowHeight() const
{
    return double(mParentPlot->axisRect()->height()) / double(std::max<std::int64_t>(visibleRows, 1));
}

void RidgeRows::draw(QCPPainter *painter)
{
    if (!scores)
        return;
    painter->setAntialiasing(false);
    painter->setFont(style.font);
    const QRect frame = mParentPlot->axisRect()->rect();
    painter->setLayoutDirection(Qt::LeftToRight); // axes are not mirrored either
    const double height = rowHeight();
    const std::int64_t end = std::min(firstRow + visibleRows, scores->layerCount());
    for (std::int64_t layer = firstRow; layer < end; ++layer)
        drawRow(painter, layer, QRectF(frame.left(), frame.top() + double(layer - firstRow) * height, frame.width(), height));
}

void RidgeRows::drawRow(QCPPainter *painter, std::int64_t layer, const QRectF &row) const
{
    const QCPAxis *axis = mParentPlot->xAxis;
    const double side = mParentPlot->plotLayout()->rect().left();
    if (layer == selected || layer == hovered)
        painter->fillRect(QRectF(side, row.top(), row.right() - side, row.height()), layer == selected ? style.selected : style.raised);
    if (std::find(compared.begin(), compared.end(), layer) != compared.end())
        painter->fillRect(QRectF(side, row.top() + 3, kMark, row.height() - 6), style.text);
    painter->setPen(QPen(layer == selected ? style.text : style.mutedText));
    painter->drawText(QRectF(side, row.top(), row.left() - 8 - side, row.height()), Qt::AlignRight | Qt::AlignVCenter,
                      QLocale().toString(qlonglong(layer)));
    painter->setPen(QPen(style.line));
    painter->drawLine(QLineF(row.left(), row.bottom(), row.right(), row.bottom()));

    const std::vector<RankedBar> bars = barsOf(*scores, layer, kept);
    std::int64_t tallest = 1;
    for (const RankedBar &bar : bars)
        tallest = std::max(tallest, bar.count);
    const double scale = row.height() * kFill / double(tallest);
    QList<QLineF> hatching;
    for (const RankedBar &bar : bars) {
        // Where the plot is zoomed, bars end at its sides.
        const double left = std::max(axis->coordToPixel(bar.isZeros ? zeroLeft : bar.low), row.left());
        const double right = std::min(axis->coordToPixel(bar.isZeros ? zeroRight : bar.high), row.right());
        if (bar.count > 0 && left < right)
            drawBar(painter, hatching, left, right, row.bottom(), double(bar.count) * scale, double(bar.kept) / double(bar.count));
    }
    drawHatching(*painter, hatching, style.hatching);

    if (const float cut = scores->cut(layer, kept); cut > 0) {
        const double x = axis->coordToPixel(std::log10(double(cut)));
        painter->setPen(style.pen(style.warning, 2));
        if (x >= row.left() && x <= row.right())
            painter->drawLine(QLineF(x, row.top() + 1, x, row.bottom()));
    }
}

/// Kept solid below, pruned above, as high as they are many; what hatches the pruned is added to `hatching`.
void RidgeRows::drawBar(QCPPainter *painter, QList<QLineF> &hatching, double left, double right, double bottom, double height,
                        double keptShare) const
{
    left = std::round(left);
    bottom = std::round(bottom); // on whole pixels, or a sliver of the one shows under the other
    const double width = std::max(1.0, std::round(right) - left - (right - left > kGapped ? 1 : 0));
    const double top = std::round(bottom - std::max(height, 1.0)), middle = std::round(bottom - std::max(height, 1.0) * keptShare);
    if (middle < bottom)
        painter->fillRect(QRectF(left, middle, width, bottom - middle), style.accent);
    if (top < middle) {
        addHatching(hatching, QRectF(left, top, width, middle - top));
        painter->fillRect(QRectF(left, top, width, 1), style.hatching);
    }
}

} // namespace secateur::ui
