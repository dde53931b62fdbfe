// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to the plots of plans: how methods are told apart. Each has a colour and a mark of its own, so that colours are not needed.
#pragma once

#include "theme/PlotStyle.h"

#include <QColor>
#include <QPointF>

class QCPPainter;

namespace secateur::ui {

constexpr double kSeriesMark = 5; ///< radius

/// Of a series from 0; below 0: of the original.
QColor seriesColour(const PlotStyle &style, int series);
void drawSeriesMark(QCPPainter &painter, const PlotStyle &style, QPointF place, int series);

} // namespace secateur::ui
