// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/LogTicker.h"

#include <cmath>

namespace secateur::ui {
namespace {

constexpr int kEnough = 4; ///< ticks

QVector<double> roundNumbers(const std::vector<double> &mantissas, const QCPRange &range)
{
    QVector<double> ticks;
    for (double decade = std::pow(10, std::floor(std::log10(range.lower))); decade <= range.upper; decade *= 10)
        for (const double mantissa : mantissas)
            if (const double tick = mantissa * decade; tick >= range.lower && tick <= range.upper)
                ticks.push_back(tick);
    return ticks;
}

QVector<double> evenSteps(const QCPRange &range)
{
    const double decade = std::pow(10, std::floor(std::log10(range.size() / kEnough)));
    double step = decade;
    for (const double mantissa : {1.0, 2.0, 5.0})
        if (mantissa * decade * kEnough <= range.size())
            step = mantissa * decade;
    QVector<double> ticks;
    for (double n = std::ceil(range.lower / step); n * step <= range.upper; ++n)
        ticks.push_back(n * step);
    return ticks;
}

} // namespace

QVector<double> LogTicker::createTickVector(double, const QCPRange &range)
{
    if (!(range.lower > 0) || range.size() <= 0)
        return {};
    for (const std::vector<double> &mantissas : {std::vector<double>{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}})
        if (const QVector<double> ticks = roundNumbers(mantissas, range); ticks.size() >= kEnough)
            return ticks;
    return evenSteps(range);
}

int LogTicker::getSubTickCount(double)
{
    return 0;
}

QString LogTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    // Not the plot's locale: QCustomPlot takes the group separators out of it.
    return QLocale().toString(tick, 'g', tick < 1e6 ? 6 : tick < 1e9 ? 9 : 3);
}

} // namespace secateur::ui
