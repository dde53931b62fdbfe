// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerPainter.h"

#include "models/SelectionModel.h"
#include "panels/layers/LayerModel.h"
#include "theme/Icons.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

/// The application's font, smaller where the row asks for it.
QFont fontFor(const QFont &base, int rowHeight)
{
    QFont font = base;
    if (QFontMetrics(font).height() > rowHeight)
        font.setPixelSize(std::max(8, rowHeight - 3));
    return font;
}

/// The part of a row that is drawn on: rows touch, bars do not.
QRectF bar(const QRect &cell, int left, int right)
{
    const int gap = cell.height() >= 16 ? 2 : 1;
    return QRectF(cell).adjusted(left + 0.5, gap + 0.5, -right - 0.5, -gap - 0.5);
}

} // namespace

LayerPainter::LayerPainter(const LayerModel &model, const SelectionModel &selection, QObject *parent)
    : QStyledItemDelegate(parent),
      m_model(model),
      m_selection(selection),
      m_shield(icon(QStringLiteral("shield"))),
      m_force(icon(QStringLiteral("force")))
{
}

void LayerPainter::setPalette(const QPalette &palette)
{
    m_style = PlotStyle::of(palette);
}

void LayerPainter::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const QRect &cell = option.rect;
    const int row = index.row();
    if (row == m_selection.selectedLayer() || row == m_selection.hoveredLayer())
        painter->fillRect(cell, m_style.selected);
    painter->save();
    painter->setFont(fontFor(m_style.font, cell.height()));
    switch (index.column()) {
    case LayerModel::Layer:
        paintNumber(*painter, cell, row);
        break;
    case LayerModel::Attention:
        paintAttention(*painter, cell, row);
        break;
    default:
        paintFfn(*painter, cell, row);
        break;
    }
    painter->restore();
}

void LayerPainter::paintNumber(QPainter &painter, const QRect &cell, int row) const
{
    painter.setPen(row == m_selection.selectedLayer() ? m_style.text : m_style.mutedText);
    painter.drawText(cell.adjusted(0, 0, -8, 0), Qt::AlignRight | Qt::AlignVCenter, QString::number(row));
    if (!m_model.isCompared(row))
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_style.extra, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(QPointF(cell.right() - 3.5, cell.center().y() + 0.5), 2.5, 2.5);
}

/// What a plan takes away as a whole.
void LayerPainter::paintRemoved(QPainter &painter, const QRectF &box) const
{
    QPen dashes(m_style.warning, 1);
    dashes.setDashPattern({3, 2});
    painter.setPen(dashes);
    painter.drawRect(box);
}

void LayerPainter::paintAttention(QPainter &painter, const QRect &cell, int row) const
{
    const LayerFacts &facts = m_model.facts(row);
    const QRectF box = bar(cell, 0, kSign);
    if (!facts.hasAttention) {
        painter.setPen(QPen(m_style.outline, 1, Qt::DotLine));
        painter.drawRect(box);
    } else if (facts.isRemoved()) {
        paintRemoved(painter, box);
        painter.setPen(m_style.text);
        if (facts.isOrdered)
            painter.drawText(box, Qt::AlignCenter, QString::number(facts.removal + 1));
    } else {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_style.accent);
        painter.drawRoundedRect(box.adjusted(-0.5, -0.5, 0.5, 0.5), 2, 2);
    }
    if (facts.isProtected || facts.isForced) {
        const int size = std::min(kSign - 2, cell.height());
        const QRect sign(cell.right() - kSign + 2, cell.center().y() - size / 2 + 1, size, size);
        (facts.isProtected ? m_shield : m_force).paint(&painter, sign);
    }
}

void LayerPainter::paintFfn(QPainter &painter, const QRect &cell, int row) const
{
    const LayerFacts &facts = m_model.facts(row);
    QRectF box = bar(cell, 0, 6);
    if (!facts.hasFfn) {
        painter.setPen(QPen(m_style.outline, 1, Qt::DotLine));
        painter.drawRect(box);
        return;
    }
    if (m_model.widestFfn() > 0)
        box.setWidth(std::max(2.0, std::round(box.width() * double(facts.neurons) / double(m_model.widestFfn()))));
    if (facts.isFfnRemoved())
        return paintRemoved(painter, box);
    QRectF kept = box;
    if (facts.neurons > 0)
        kept.setWidth(std::round(box.width() * double(facts.kept) / double(facts.neurons)));
    if (facts.kept < facts.neurons) {
        const QRectF rest(kept.topRight(), box.bottomRight());
        painter.setBrushOrigin(QPointF(0, 0)); // one pattern for all rows
        painter.fillRect(rest, m_style.hatch());
        painter.setPen(QPen(m_style.hatching, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(box);
    }
    painter.fillRect(kept.adjusted(-0.5, -0.5, 0.5, 0.5), m_style.ffn);
}

} // namespace secateur::ui
