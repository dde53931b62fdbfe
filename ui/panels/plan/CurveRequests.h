// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <QStringList>
#include <span>
#include <vector>

namespace secateur::ui {

class SessionModel;

/// The plans that a curve is to go through.
struct CurvePlans {
    std::vector<PlanDraft> drafts;
    QStringList omissions; ///< points that cannot be measured, each with its reason
};

/// N and K by the rule at each sparsity, everything else as in the current plan.
CurvePlans plansAlongSparsity(const SessionModel &session, std::span<const double> sparsities);
/// From the widest to the deepest at the sparsity of the current plan: `count` values of N, evenly spread over those that are feasible
/// (fewer when there are fewer).
CurvePlans plansAlongDepth(const SessionModel &session, qint64 count);
/// Leaves out the plans that need more removals than the search of the current plan has found.
CurvePlans withOrderOfPlan(const SessionModel &session, CurvePlans plans);

} // namespace secateur::ui
