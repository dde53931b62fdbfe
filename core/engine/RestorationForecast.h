// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Forecast.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// On what a restoration will be made, in numbers.
struct RestorationText {
    std::int64_t windows = 0;      ///< of the calibration
    std::int64_t length = 0;       ///< tokens of one
    std::int64_t second = 0;       ///< windows of another text that the gate asks; 0 = none
    std::int64_t secondLength = 0; ///< tokens of one
    bool hasGrams = false;         ///< false: a pass has to make them first
};

/// A phase of a restoration, as its progress names it.
struct RestorationPhase {
    std::string phase;
    JobSize size;                ///< that it needs memory for
    double seconds = 0;          ///< 0 = not known
    std::int64_t gramBytes = 0;  ///< of `size.keptBytes`: Gram matrices
    std::int64_t solveBytes = 0; ///< of `size.keptBytes`: what is solved in fp64
    std::int64_t heldBytes = 0;  ///< fitted weights, in the host's memory: on the CPU a part of `size.keptBytes`
};

/// A plan as far as forecasts ask: its size. `widths`: neurons that it keeps of each layer.
PruningPlan outlineOf(const BalanceSettings &settings, const SparsityBalance &balance, const std::vector<std::int64_t> &widths);

/// The phases in their order, as they come when no step is turned down.
std::vector<RestorationPhase> phasesOfRestoration(const ModelSpec &dense, const PruningPlan &plain, const RestorationSettings &settings,
                                                  const RestorationText &text, const ForecastBasis &basis);
/// All of them together. Throws Error as forecast().
Forecast forecastRestoration(const ModelSpec &dense, const PruningPlan &plain, const RestorationSettings &settings,
                             const RestorationText &text, const ForecastBasis &basis);

} // namespace secateur
