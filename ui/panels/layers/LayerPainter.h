// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "theme/PlotStyle.h"

#include <QIcon>
#include <QStyledItemDelegate>

namespace secateur::ui {

class LayerModel;
class SelectionModel;

/// Paints the cells of the map: the layer's number, its attention (filled, or dashed with the number of its removal, with a sign when it is
/// protected or forced), its FFN (the kept part over the original outline, the rest hatched).
class LayerPainter : public QStyledItemDelegate {
    Q_OBJECT
public:
    LayerPainter(const LayerModel &model, const SelectionModel &selection, QObject *parent = nullptr);

    void setPalette(const QPalette &palette);
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

    static constexpr int kSign = 14; ///< width of the place for the sign beside an attention

private:
    void paintNumber(QPainter &painter, const QRect &cell, int row) const;
    void paintAttention(QPainter &painter, const QRect &cell, int row) const;

    const LayerModel &m_model;
    const SelectionModel &m_selection;
    PlotStyle m_style;
    QIcon m_shield, m_force;
};

} // namespace secateur::ui
