// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Figure.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <string>

namespace secateur::ui {

class SessionModel;

// What the figures of a plot say of the model and the plan that their numbers belong to. Each is to be set together with the numbers.

/// Of the current plan: its scores, its search.
FigureSource sourceOfPlan(const SessionModel &session);
/// Of a search that was kept under `key` and made at K = `kept`, when that is not the current plan.
FigureSource sourceOfSearch(const SessionModel &session, const std::string &key, const SearchRecord &record, std::int64_t kept);
/// Of the model as it was opened.
FigureSource sourceOfOriginal(const SessionModel &session);
/// Of all that was measured on the evaluation text: every row names a plan of its own.
FigureSource sourceOfMeasurements(const SessionModel &session);
/// Of so many plans beside each other, of this session and others: every row names its own.
FigureSource sourceOfComparison(const SessionModel &session, std::size_t plans);

} // namespace secateur::ui
