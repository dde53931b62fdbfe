// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/PerplexityCurve.h"
#include "session/Session.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace secateur::ui {

/// The series among measured plans: such as differ in one setting alone and were computed in the same way. Calibration, search settings and width multiple are the same; along
/// the target so is alpha, and N and K are those of the rule; along N so is the target, and K is what it asks for. What was set by hand
/// otherwise, borrowed its removal order, or does not tell its settings (older sessions) belongs to none. A series has two plans at least;
/// those along the target begin with the original where that was measured. Plans that another method found are joined by what they remove.
///
/// `records`: of each point of the curve, its index in Session::measurements. All are of one text.
std::vector<CurveLine> curveLines(const Session &session, const std::vector<std::size_t> &records);
/// The method of blocks by which the plan was found that was measured; none for 2SSP and plans by hand.
std::optional<PlanMethod> otherMethodOf(const Session &session, const Measurement &record);

} // namespace secateur::ui
