// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

class QCPAxis;

namespace secateur::ui {

struct PlotStyle;

/// The calm look of every axis: muted labels, faint grid, no tick marks.
void styleAxis(QCPAxis &axis, const PlotStyle &style);

} // namespace secateur::ui
