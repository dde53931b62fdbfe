// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/LogTicker.h"

#include "plots/CanvasDrawing.h"

#include <QFontMetricsF>

#include <cmath>
#include <limits>

namespace secateur::ui {
namespace {

constexpr int kEnough = 4;    ///< ticks
constexpr double kApart = 10; ///< pixels between labels

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

/// Without what a logarithm and its inverse left in the last digits.
double rounded(double number)
{
    return QString::number(number, 'g', 9).toDouble();
}

} // namespace

QVector<double> LogTicker::ticks(const QCPRange &range)
{
    if (!(range.lower > 0) || range.size() <= 0)
        return {};
    for (const std::vector<double> &mantissas : {std::vector<double>{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}})
        if (const QVector<double> ticks = roundNumbers(mantissas, range); ticks.size() >= kEnough)
            return ticks;
    return evenSteps(range);
}

QString LogTicker::label(double tick)
{
    // Not the plot's locale: QCustomPlot takes the group separators out of it.
    return QLocale().toString(tick, 'g', tick < 1e6 ? 6 : tick < 1e9 ? 9 : 3);
}

QVector<double> LogTicker::createTickVector(double, const QCPRange &range)
{
    return ticks(range);
}

int LogTicker::getSubTickCount(double)
{
    return 0;
}

QString LogTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    return label(tick);
}

QVector<double> ExponentTicker::createTickVector(double, const QCPRange &range)
{
    const QFontMetricsF metrics(m_axis.tickLabelFont());
    const double length = lengthOf(m_axis);
    QVector<double> places;
    double end = -std::numeric_limits<double>::infinity(); // in pixels, of the label before
    const auto add = [&](double place, const QString &text) {
        const double middle = (place - range.lower) / range.size() * length, half = metrics.horizontalAdvance(text) / 2;
        if (middle - half < end)
            return;
        places.push_back(place);
        end = middle + half + kApart;
    };
    if (m_zero && range.contains(*m_zero))
        add(*m_zero, label(0));
    for (const double tick : ticks({std::pow(10, range.lower), std::pow(10, range.upper)}))
        if (const double place = std::log10(tick); !m_zero || place > *m_zero)
            add(place, label(tick));
    return places;
}

QString ExponentTicker::getTickLabel(double tick, const QLocale &, QChar, int)
{
    return m_zero && tick == *m_zero ? label(0) : label(rounded(std::pow(10, tick)));
}

} // namespace secateur::ui
