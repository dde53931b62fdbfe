// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/TableTexts.h"

#include <QCoreApplication>
#include <QLocale>

#include <cmath>

namespace secateur::ui {

namespace {

/// The number of a value in a locale; `precision` as QLocale::toString takes it. Texts stay as they are.
QString inLocale(const QVariant &value, const QLocale &locale, int precision)
{
    switch (value.typeId()) {
    case QMetaType::Double:
    case QMetaType::Float:
        return std::isnan(value.toDouble()) ? QString() : locale.toString(value.toDouble(), 'g', precision);
    case QMetaType::Int:
    case QMetaType::LongLong:
        return locale.toString(value.toLongLong());
    default:
        return value.toString();
    }
}

QString quoted(QString text)
{
    if (!text.contains(u',') && !text.contains(u'"') && !text.contains(u'\n') && !text.contains(u'\r'))
        return text;
    return u'"' + text.replace(QStringLiteral("\""), QStringLiteral("\"\"")) + u'"';
}

QString onOneLine(QString text)
{
    return text.replace(u'\t', u' ').replace(u'\n', u' ').replace(u'\r', u' ');
}

/// The table with `separator` between cells; `cell` turns a value into a text that is safe between separators.
template <typename Cell>
QString separated(const PlotTable &table, QChar separator, const Cell &cell)
{
    QString text;
    const auto addLine = [&text, separator](const QStringList &cells) { text += cells.join(separator) + u'\n'; };
    QStringList cells;
    for (qsizetype column = 0; column < table.headers.size(); ++column) {
        const QString unit = table.units.value(column);
        cells << cell(unit.isEmpty() ? table.headers[column] : table.headers[column] + QStringLiteral(" [") + unit + u']');
    }
    addLine(cells);
    for (const auto &row : table.rows) {
        cells.clear();
        for (const QVariant &value : row)
            cells << cell(value);
        addLine(cells);
    }
    return text;
}

} // namespace

QString displayText(const QVariant &value)
{
    if (value.typeId() == QMetaType::Bool)
        return value.toBool() ? QCoreApplication::translate("PlotTable", "yes") : QCoreApplication::translate("PlotTable", "no");
    return inLocale(value, QLocale(), 6);
}

QString commaSeparated(const PlotTable &table)
{
    return separated(table, u',',
                     [](const QVariant &value) { return quoted(inLocale(value, QLocale::c(), QLocale::FloatingPointShortest)); });
}

QString tabSeparated(const PlotTable &table)
{
    QLocale locale;
    locale.setNumberOptions(QLocale::OmitGroupSeparator);
    return separated(table, u'\t',
                     [locale](const QVariant &value) { return onOneLine(inLocale(value, locale, QLocale::FloatingPointShortest)); });
}

} // namespace secateur::ui
