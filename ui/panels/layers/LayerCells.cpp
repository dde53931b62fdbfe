// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerCells.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

/// The part of a row that is drawn on: rows touch, bars do not.
QRectF bar(const QRect &cell, int left, int right)
{
    const int gap = cell.height() >= 16 ? 2 : 1;
    return QRectF(cell).adjusted(left + 0.5, gap + 0.5, -right - 0.5, -gap - 0.5);
}

/// What a plan takes away as a whole.
void paintRemoved(QPainter &painter, const PlotStyle &style, const QRectF &box)
{
    QPen dashes(style.warning, 1);
    dashes.setDashPattern({3, 2});
    painter.setPen(dashes);
    painter.drawRect(box);
}

} // namespace

QFont cellFont(const PlotStyle &style, int rowHeight)
{
    QFont font = style.font;
    if (QFontMetrics(font).height() > rowHeight)
        font.setPixelSize(std::max(8, rowHeight - 3));
    return font;
}

void paintAttentionCell(QPainter &painter, const PlotStyle &style, const QRect &cell, const LayerFacts &facts, int right)
{
    const QRectF box = bar(cell, 0, right);
    if (!facts.hasAttention) {
        painter.setPen(QPen(style.outline, 1, Qt::DotLine));
        painter.drawRect(box);
    } else if (facts.isRemoved()) {
        paintRemoved(painter, style, box);
        painter.setPen(style.text);
        if (facts.isOrdered)
            painter.drawText(box, Qt::AlignCenter, QString::number(facts.removal + 1));
    } else {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(style.accent);
        painter.drawRoundedRect(box.adjusted(-0.5, -0.5, 0.5, 0.5), 2, 2);
    }
}

void paintFfnCell(QPainter &painter, const PlotStyle &style, const QRect &cell, const LayerFacts &facts, qint64 widestFfn)
{
    QRectF box = bar(cell, 0, 6);
    if (!facts.hasFfn) {
        painter.setPen(QPen(style.outline, 1, Qt::DotLine));
        painter.drawRect(box);
        return;
    }
    if (widestFfn > 0)
        box.setWidth(std::max(2.0, std::round(box.width() * double(facts.neurons) / double(widestFfn))));
    if (facts.isFfnRemoved())
        return paintRemoved(painter, style, box);
    QRectF kept = box;
    if (facts.neurons > 0)
        kept.setWidth(std::round(box.width() * double(facts.kept) / double(facts.neurons)));
    if (facts.kept < facts.neurons) {
        const QRectF rest(kept.topRight(), box.bottomRight());
        painter.setBrushOrigin(QPointF(0, 0)); // one pattern for all rows
        painter.fillRect(rest, style.hatch());
        painter.setPen(QPen(style.hatching, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(box);
    }
    painter.fillRect(kept.adjusted(-0.5, -0.5, 0.5, 0.5), style.ffn);
}

} // namespace secateur::ui
