// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include <qcustomplot.h>

namespace secateur::ui {

/// Ticks of a logarithmic axis at plain, round numbers: whole decades where the range is wide, down to even steps where it is narrow.
class LogTicker : public QCPAxisTicker {
protected:
    QVector<double> createTickVector(double tickStep, const QCPRange &range) override;
    int getSubTickCount(double tickStep) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar formatChar, int precision) override;
};

} // namespace secateur::ui
