// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"

#include "theme/PlotStyle.h"

#include <qcustomplot.h>

namespace secateur::ui {

void styleAxis(QCPAxis &axis, const PlotStyle &style)
{
    axis.setBasePen(QPen(style.outline));
    axis.setTickPen(QPen(Qt::transparent)); // setTicks(false) would take the numbers too; Qt::NoPen leaves dots in SVG files
    axis.setSubTicks(false);
    axis.setTickLabelFont(style.font);
    axis.setTickLabelColor(style.mutedText);
    axis.setLabelFont(style.font);
    axis.setLabelColor(style.mutedText);
    axis.setTickLengthIn(0);
    axis.setTickLabelPadding(6);
    axis.setLabelPadding(4);
    QColor faint = style.line;
    faint.setAlphaF(0.6F);
    axis.grid()->setPen(QPen(faint));
    axis.grid()->setZeroLinePen(QPen(style.line));
    axis.grid()->setAntialiased(false);
}

} // namespace secateur::ui
