// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "theme/PlotStyle.h"

#include <qcustomplot.h>

namespace secateur::ui {

/// The legend of a heatmap of magnitudes, at its right: a bar of PlotStyle::magnitude with a logarithmic axis. Drawn as rectangles, so that
/// figures of lines and letters hold no picture.
class ColourBar : public QCPAxisRect {
    Q_OBJECT
public:
    explicit ColourBar(QCustomPlot &plot);

    void setStyle(const PlotStyle &style);
    void setRange(double lowest, double highest);
    void setLabel(const QString &label);

protected:
    void draw(QCPPainter *painter) override;

private:
    QCPAxis *m_axis;
};

} // namespace secateur::ui
