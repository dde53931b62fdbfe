// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

class QCPAxis;
class QCustomPlot;

namespace secateur::ui {

struct PlotStyle;

/// The calm look of every axis: muted labels, faint grid, no tick marks.
void styleAxis(QCPAxis &axis, const PlotStyle &style);

/// From now on the titles of all axes take as many lines as they need: none is cut, however small the plot and however large the letters.
void keepTitlesWhole(QCustomPlot &plot);

} // namespace secateur::ui
