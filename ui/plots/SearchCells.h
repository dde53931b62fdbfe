// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: what the views of stage 2 show of a search, as values and as words.
#pragma once

#include "plots/Plot.h"
#include "pruning/PruningPlan.h"

#include <QMargins>
#include <QString>
#include <cstdint>
#include <vector>

namespace secateur::ui {

/// One candidate of one step.
struct SearchCell {
    double loss;              ///< NaN where not evaluated
    double change;            ///< nats above the loss before the step; NaN where not evaluated
    double bound;             ///< below the loss of a candidate that was out before its loss was known; else NaN
    bool isScreened = false;  ///< the loss was computed in 16 bits, where the search decides by another type
    std::int64_t goneIn = -1; ///< the earlier step that removed this layer
    bool isWinner = false;
    bool isProtected = false;
};

/// One step of a search, for all layers.
struct SearchRow {
    double lossBefore; ///< NaN where not evaluated
    bool isForced = false;
    bool isFinished = false;
    std::vector<SearchCell> cells; ///< one a layer

    std::int64_t winner() const; ///< -1: none yet
};

/// A step of the record; one that was not begun has no losses.
SearchRow searchRow(const SearchRecord &record, std::int64_t step, std::int64_t layers);
/// The same before its decision, with what is known of its first candidates alone, in the order of the layers: for a replay.
void holdBack(SearchRow &row, std::int64_t candidates);

/// Where bars and colours end, so that a few huge changes do not flatten all others: four times the median of the magnitudes, or the
/// largest magnitude where that is not much more. Rounded up to two digits; above 0. Ignores NaN.
double changeLimit(std::vector<double> changes);

/// "+0.0801", "−0.0471".
QString natsText(double change);
/// A candidate in words, for tool tips and screen readers.
QString describe(const SearchRow &row, std::int64_t step, std::int64_t layer);

/// Margins of both views, so that their columns stand one above the other.
QMargins searchPlotMargins(const PlotStyle &style, int top, int bottom);

QStringList cellHeaders();
QStringList cellUnits(); ///< of the same columns
std::vector<QVariant> cellValues(const SearchRow &row, std::int64_t layer);

} // namespace secateur::ui
