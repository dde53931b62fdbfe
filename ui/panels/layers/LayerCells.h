// SPDX-License-Identifier: GPL-3.0-or-later
// How a layer of a plan looks, wherever it is drawn.
#pragma once

#include "panels/layers/LayerFacts.h"
#include "theme/PlotStyle.h"

class QPainter;
class QRect;

namespace secateur::ui {

/// The attention: filled, dashed with the number of its removal, or dotted where the model has none. `right`: pixels that stay free at the right.
void paintAttentionCell(QPainter &painter, const PlotStyle &style, const QRect &cell, const LayerFacts &facts, int right);
/// The FFN: the kept part over the outline of the original, as wide as its share of the widest FFN; the rest hatched.
void paintFfnCell(QPainter &painter, const PlotStyle &style, const QRect &cell, const LayerFacts &facts, qint64 widestFfn);
/// The style's font, smaller where a row of that height asks for it.
QFont cellFont(const PlotStyle &style, int rowHeight);

} // namespace secateur::ui
