// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr QChar kNoBreak(0x00a0), kMinus(0x2212), kPlusMinus(0x00b1), kEstimate(u'~');

QString scaled(qint64 amount, const QString &unit, const std::array<const char *, 5> &prefixes)
{
    const QLocale locale;
    auto value = double(amount);
    std::size_t i = 0;
    for (; i + 1 < prefixes.size() && value >= 1000; ++i)
        value /= 1000;
    const QString number = i == 0 ? locale.toString(qlonglong(amount)) : locale.toString(value, 'f', value < 10 ? 2 : 1);
    const QString suffix = QLatin1String(prefixes[i]) + unit;
    return suffix.isEmpty() ? number : number + kNoBreak + suffix;
}

} // namespace

QString countText(qint64 count)
{
    return scaled(count, {}, {"", "k", "M", "G", "T"});
}

QString bytesText(qint64 bytes)
{
    return scaled(bytes, QStringLiteral("B"), {"", "k", "M", "G", "T"});
}

QString exactText(qint64 count)
{
    return QLocale().toString(qlonglong(count));
}

QString percentText(double share, int decimals)
{
    return QLocale().toString(share * 100, 'f', decimals) + kNoBreak + QLatin1Char('%');
}

QString targetText(double share)
{
    return QLocale().toString(share * 100, 'g', 4) + kNoBreak + QLatin1Char('%');
}

QString changeText(double before, double after)
{
    const double percent = std::abs(after - before) / before * 100;
    if (percent == 0)
        return kPlusMinus + QLocale().toString(0) + kNoBreak + QLatin1Char('%');
    const int decimals = percent >= 100 ? 0 : percent < 0.1 ? 2 : 1;
    return (after < before ? QString(kMinus) : QStringLiteral("+")) + QLocale().toString(percent, 'f', decimals) + kNoBreak +
           QLatin1Char('%');
}

QString signedText(double value, int decimals)
{
    return (value < 0 ? QString(kMinus) : QStringLiteral("+")) + QLocale().toString(std::abs(value), 'f', decimals);
}

QString perplexityText(double perplexity)
{
    return QLocale().toString(perplexity, 'f', perplexity >= 1000 ? 0 : perplexity < 10 ? 2 : 1);
}

QString estimated(QString number)
{
    return kEstimate + number.replace(QLatin1Char(' '), kNoBreak);
}

QString spoken(QString text)
{
    static const QRegularExpression estimate(QStringLiteral("~(?=\\d)"), QRegularExpression::UseUnicodePropertiesOption);
    if (!text.contains(estimate))
        return text;
    return text.replace(estimate, QCoreApplication::translate("Quantity", "about", "before a number that is estimated") + QLatin1Char(' '))
        .replace(kNoBreak, QLatin1Char(' '));
}

} // namespace secateur::ui
