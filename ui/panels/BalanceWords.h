// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace secateur::ui {

class SessionModel;

/// The balance rule (paper section 3.3) with the numbers of the plan in hand. The formulas are HTML with one line each.
struct BalanceWords {
    QString explanation; ///< plain text: what the rule does for this model
    QString depth;       ///< how N came about
    QString width;       ///< how K came about
};

/// Empty words for a model that the rule cannot split, and before one; an infeasible plan says why in `explanation`.
BalanceWords balanceWords(const SessionModel &session);

} // namespace secateur::ui
