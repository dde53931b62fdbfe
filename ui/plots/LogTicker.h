// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include <qcustomplot.h>

#include <optional>

namespace secateur::ui {

/// Ticks of a logarithmic axis at plain, round numbers: whole decades where the range is wide, down to even steps where it is narrow.
class LogTicker : public QCPAxisTicker {
public:
    static QVector<double> ticks(const QCPRange &range);
    static QString label(double tick);

protected:
    QVector<double> createTickVector(double tickStep, const QCPRange &range) override;
    int getSubTickCount(double tickStep) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar formatChar, int precision) override;
};

/// The same for a horizontal axis whose numbers are the logarithms (base 10) of what it shows: the same ticks, as far as they have room.
class ExponentTicker : public LogTicker {
public:
    explicit ExponentTicker(QCPAxis &axis) : m_axis(axis) {}

    /// A place of its own for 0, which has no logarithm.
    void setZeroAt(std::optional<double> place) { m_zero = place; }

protected:
    QVector<double> createTickVector(double tickStep, const QCPRange &range) override;
    QString getTickLabel(double tick, const QLocale &locale, QChar formatChar, int precision) override;

private:
    QCPAxis &m_axis;
    std::optional<double> m_zero;
};

} // namespace secateur::ui
