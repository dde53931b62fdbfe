// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/RidgeRows.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr double kFill = 0.86; ///< of a row's height that its tallest bar takes

} // namespace

RidgeRows::RidgeRows(QCustomPlot *plot) : QCPAbstractItem(plot)
{
    plot->addLayer(QString::fromLatin1(kLayer), plot->layer(QStringLiteral("main")));
    QCPLayer *own = plot->layer(QString::fromLatin1(kLayer));
    own->setMode(QCPLayer::lmBuffered);
    setLayer(own);
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
    const double height = rowHeight();
    const std::int64_t end = std::min(firstRow + visibleRows, scores->layerCount());
    for (std::int64_t layer = firstRow; layer < end; ++layer)
        drawRow(painter, layer, QRectF(frame.left(), frame.top() + double(layer - firstRow) * height, frame.width(), height));
}

void RidgeRows::drawRow(QCPPainter *painter, std::int64_t layer, const QRectF &row) const
{
    const QCPAxis *axis = mParentPlot->xAxis;
    if (layer == selected || layer == hovered)
        painter->fillRect(QRectF(0, row.top(), row.right(), row.height()), layer == selected ? style.selected : style.raised);
    painter->setPen(QPen(layer == selected ? style.text : style.mutedText));
    painter->drawText(QRectF(0, row.top(), row.left() - 8, row.height()), Qt::AlignRight | Qt::AlignVCenter, QString::number(layer));
    painter->setPen(QPen(style.line));
    painter->drawLine(QLineF(row.left(), row.bottom(), row.right(), row.bottom()));

    const RankedScores::Histogram &histogram = scores->histogram(layer);
    const std::int64_t tallest = std::max<std::int64_t>(1, *std::max_element(histogram.counts.begin(), histogram.counts.end()));
    const double scale = row.height() * kFill / double(std::max(tallest, histogram.zeros));
    const double width = (scores->highestLog() - scores->lowestLog()) / double(RankedScores::kBins);
    for (std::int64_t bin = 0; bin < RankedScores::kBins; ++bin) {
        const std::int64_t count = histogram.counts[std::size_t(bin)];
        if (count == 0)
            continue;
        const double left = scores->lowestLog() + double(bin) * width;
        drawBar(painter, axis->coordToPixel(left), axis->coordToPixel(left + width), row.bottom(), double(count) * scale,
                double(scores->keptInBin(layer, bin, kept)) / double(count));
    }
    if (histogram.zeros > 0)
        drawBar(painter, axis->coordToPixel(zeroLeft), axis->coordToPixel(zeroRight), row.bottom(), double(histogram.zeros) * scale,
                double(scores->keptZeros(layer, kept)) / double(histogram.zeros));

    if (const float cut = scores->cut(layer, kept); cut > 0) {
        const double x = axis->coordToPixel(std::log10(double(cut)));
        painter->setPen(QPen(style.warning, 2));
        painter->drawLine(QLineF(x, row.top() + 1, x, row.bottom()));
    }
}

/// Kept solid above, pruned hatched below, in an outline.
void RidgeRows::drawBar(QCPPainter *painter, double left, double right, double bottom, double height, double keptShare) const
{
    height = std::max(height, 1.0);
    const double gap = right - left > 4 ? 1 : 0;
    const double solid = height * keptShare;
    painter->setPen(Qt::NoPen);
    if (solid > 0)
        painter->fillRect(QRectF(left, bottom - height, right - left - gap, solid), style.accent);
    if (solid < height) {
        const QRectF pruned(left, bottom - height + solid, right - left - gap, height - solid);
        painter->fillRect(pruned, style.hatch());
        painter->setPen(QPen(style.hatching));
        painter->drawLine(QLineF(pruned.left(), pruned.top(), pruned.right(), pruned.top()));
    }
}

} // namespace secateur::ui
