// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerPainter.h"

#include "models/SelectionModel.h"
#include "panels/layers/LayerCells.h"
#include "panels/layers/LayerModel.h"
#include "theme/Icons.h"

#include <QPainter>

#include <algorithm>

namespace secateur::ui {

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
    painter->setFont(cellFont(m_style, cell.height()));
    switch (index.column()) {
    case LayerModel::Layer:
        paintNumber(*painter, cell, row);
        break;
    case LayerModel::Attention:
        paintAttention(*painter, cell, row);
        break;
    default:
        paintFfnCell(*painter, m_style, cell, m_model.facts(row), m_model.widestFfn());
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

void LayerPainter::paintAttention(QPainter &painter, const QRect &cell, int row) const
{
    const LayerFacts &facts = m_model.facts(row);
    paintAttentionCell(painter, m_style, cell, facts, kSign);
    if (facts.isProtected || facts.isForced) {
        const int size = std::min(kSign - 2, cell.height());
        const QRect sign(cell.right() - kSign + 2, cell.center().y() - size / 2 + 1, size, size);
        (facts.isProtected ? m_shield : m_force).paint(&painter, sign);
    }
}

} // namespace secateur::ui
