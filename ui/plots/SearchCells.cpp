// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/SearchCells.h"

#include "plots/CanvasDrawing.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QLocale>
#include <algorithm>
#include <cmath>
#include <limits>

namespace secateur::ui {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr QChar kMinus(0x2212);

QString tr(const char *text)
{
    return QCoreApplication::translate("SearchCells", text);
}

QVariant orEmpty(double value)
{
    return std::isnan(value) ? QVariant() : QVariant(value);
}

QString number(std::int64_t value)
{
    return QLocale().toString(qlonglong(value));
}

QString stateText(const SearchRow &row, const SearchCell &cell)
{
    if (cell.isWinner)
        return row.isForced ? tr("removed in this step, as asked") : tr("removed in this step");
    if (cell.goneIn >= 0)
        return tr("removed in step %1").arg(number(cell.goneIn + 1));
    if (!std::isnan(cell.loss))
        return cell.isScreened ? tr("evaluated in 16 bits") : tr("evaluated");
    if (!std::isnan(cell.bound))
        return tr("out, with a search perplexity of at least %1").arg(perplexityLabel(std::exp(cell.bound)));
    return cell.isProtected ? tr("protected") : row.isFinished ? tr("not evaluated") : tr("not evaluated yet");
}

/// Loss of the model before the step: the winner's of the step before.
double lossBefore(const SearchRecord &record, std::int64_t step)
{
    if (step == 0)
        return record.initialLoss;
    if (step > std::int64_t(record.steps.size()))
        return kUnknown;
    const SearchStep &before = record.steps[std::size_t(step - 1)];
    return before.removed >= 0 && before.removed < std::int64_t(before.losses.size()) ? before.losses[std::size_t(before.removed)]
                                                                                      : kUnknown;
}

} // namespace

std::int64_t SearchRow::winner() const
{
    const auto found = std::find_if(cells.begin(), cells.end(), [](const SearchCell &cell) { return cell.isWinner; });
    return found == cells.end() ? -1 : found - cells.begin();
}

SearchRow searchRow(const SearchRecord &record, std::int64_t step, std::int64_t layers)
{
    SearchRow row{.lossBefore = lossBefore(record, step), .cells = {}};
    row.cells.assign(std::size_t(layers), {.loss = kUnknown, .change = kUnknown, .bound = kUnknown});
    const auto cellOf = [&](std::int64_t layer) { return layer >= 0 && layer < layers ? &row.cells[std::size_t(layer)] : nullptr; };
    for (const std::int64_t layer : record.settings.protectedLayers)
        if (SearchCell *cell = cellOf(layer))
            cell->isProtected = true;
    const auto begun = std::int64_t(record.steps.size());
    for (std::int64_t i = 0; i < std::min(step, begun); ++i)
        if (SearchCell *cell = cellOf(record.steps[std::size_t(i)].removed))
            cell->goneIn = i;
    if (step >= begun)
        return row;
    const SearchStep &shown = record.steps[std::size_t(step)];
    row.isForced = shown.isForced;
    row.isFinished = shown.removed >= 0;
    if (SearchCell *cell = cellOf(shown.removed))
        cell->isWinner = true;
    for (std::size_t layer = 0; layer < std::min(shown.losses.size(), row.cells.size()); ++layer) {
        SearchCell &cell = row.cells[layer];
        cell.loss = shown.losses[layer];
        if (std::isnan(cell.loss) && layer < shown.screened.size() && std::isfinite(shown.screened[layer])) {
            cell.loss = shown.screened[layer];
            cell.isScreened = true;
        }
        cell.change = cell.loss - row.lossBefore;
    }
    for (std::size_t layer = 0; layer < std::min(shown.bounds.size(), row.cells.size()); ++layer)
        row.cells[layer].bound = shown.bounds[layer];
    return row;
}

void holdBack(SearchRow &row, std::int64_t candidates)
{
    row.isFinished = false;
    std::int64_t shown = 0;
    for (SearchCell &cell : row.cells) {
        cell.isWinner = false;
        if (cell.goneIn >= 0 || (std::isnan(cell.loss) && std::isnan(cell.bound)) || shown++ < candidates)
            continue;
        cell.loss = cell.change = cell.bound = kUnknown;
        cell.isScreened = false;
    }
}

double changeLimit(std::vector<double> changes)
{
    std::erase_if(changes, [](double change) { return !std::isfinite(change); });
    std::transform(changes.begin(), changes.end(), changes.begin(), [](double change) { return std::abs(change); });
    std::sort(changes.begin(), changes.end());
    if (changes.empty() || changes.back() == 0)
        return 1;
    const double usual = 4 * changes[(changes.size() - 1) / 2];
    const double limit = usual > 0 && changes.back() > 1.5 * usual ? usual : changes.back();
    const double digit = std::pow(10, std::floor(std::log10(limit)) - 1);
    return std::ceil(limit / digit - 1e-9) * digit;
}

QString natsText(double change)
{
    return (change < 0 ? QString(kMinus) : QStringLiteral("+")) + QLocale().toString(std::abs(change), 'f', 4);
}

QString describe(const SearchRow &row, std::int64_t step, std::int64_t layer)
{
    const SearchCell &cell = row.cells[std::size_t(layer)];
    const QString place = tr("Layer %1, step %2: %3").arg(number(layer), number(step + 1));
    if (std::isnan(cell.loss))
        return place.arg(stateText(row, cell));
    QStringList lines;
    if (std::isnan(cell.change)) {
        lines << place.arg(tr("search perplexity %1 without its attention").arg(perplexityLabel(std::exp(cell.loss))));
    } else {
        lines << place.arg(tr("%1 nats").arg(natsText(cell.change)));
        lines << tr("Perplexity %1 without its attention, %2 before")
                     .arg(perplexityLabel(std::exp(cell.loss)), perplexityLabel(std::exp(row.lossBefore)));
    }
    if (cell.isScreened)
        lines << (row.isFinished ? tr("Ruled out by its loss in 16 bits") : tr("Evaluated in 16 bits"));
    if (cell.isWinner)
        lines << (row.isForced ? tr("Removed in this step, as asked") : tr("Removed in this step"));
    if (cell.isProtected)
        lines << tr("Protected");
    return lines.join(u'\n');
}

QMargins searchPlotMargins(const PlotStyle &style, int top, int bottom)
{
    const QFontMetrics metrics(style.font);
    return {metrics.horizontalAdvance(QStringLiteral("-0.0005")) + 8, top, 12, bottom};
}

QStringList cellHeaders()
{
    return {tr("layer"), tr("search loss"), tr("change"), tr("search perplexity"), tr("state")};
}

QStringList cellUnits()
{
    return {QString(), QStringLiteral("nats"), QStringLiteral("nats"), QString(), QString()};
}

std::vector<QVariant> cellValues(const SearchRow &row, std::int64_t layer)
{
    const SearchCell &cell = row.cells[std::size_t(layer)];
    return {qlonglong(layer), orEmpty(cell.loss), orEmpty(cell.change), orEmpty(std::exp(cell.loss)), stateText(row, cell)};
}

} // namespace secateur::ui
