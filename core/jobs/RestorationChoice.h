// SPDX-License-Identifier: GPL-3.0-or-later
// Which restorations can be: of which plans, by which steps.
#pragma once

#include "foundation/Error.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Steps as a list with commas: "r1,r2".
std::string stepsText(const std::vector<RestorationStep> &steps);
/// The steps that such a list names, in the order of the enumeration. Throws Error for a name without a step, one that is named twice, and a list without r1.
std::vector<RestorationStep> stepsOf(const std::string &list);

/// Whether an export target holds a width of its own for every layer, and nothing is added to make them equal. Throws Error for an unknown target.
bool holdsWidths(const std::string &format, const ModelSpec &dense);

/// The steps of "auto": r1, r2 and r4; r3 too where the export holds widths per layer. Without those that cannot be: r2 and r3 of a plan by hand, r4 of
/// families with norms behind their parts. `format`: of the export; empty: there is none.
std::vector<RestorationStep> usualSteps(PlanMethod method, const ModelSpec &dense, const std::string &format);

/// The steps of a restoration one after another: the same with the first of them, the first two, and so on to all. None of them is gated.
std::vector<RestorationSettings> variantsOf(const RestorationSettings &settings);

/// Why settings cannot be followed, whatever the plan; none: they can.
std::optional<Error> restorationProblem(const RestorationSettings &settings, const ModelSpec &dense);
/// The same of a restoration whose plan is written to an export target: it may not hold widths per layer.
std::optional<Error> restorationProblem(const RestorationSettings &settings, const ModelSpec &dense, const std::string &format);
/// Why a plan cannot be restored so; none: it can. It may be one whose search is not finished.
std::optional<Error> restorationProblem(const PruningPlan &plan, const RestorationSettings &settings, const ModelSpec &dense);

} // namespace secateur
