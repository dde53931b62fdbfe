// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PlanMethod.h"

#include <QString>
#include <array>

namespace secateur::ui {

/// The methods that plans can be made by in the window, in the order in which they are offered. Restoring is asked for on a plan that is there (RestoreCard).
inline constexpr std::array kOfferedMethods = {PlanMethod::TwoSsp, PlanMethod::ShortGpt, PlanMethod::Window, PlanMethod::BlockPruner,
                                               PlanMethod::EvoPress};
/// What such a method does, in a sentence or two.
QString methodSentence(PlanMethod method);

} // namespace secateur::ui
