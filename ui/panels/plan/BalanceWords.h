// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace secateur::ui {

class SessionModel;

/// The balance rule (paper section 3.3) with the numbers of the current plan. The formulas are HTML with one line each.
struct BalanceWords {
    QString explanation; ///< plain text: what the rule does for this model
    QString depth;       ///< how N came about
    QString width;       ///< how K came about
};

/// "N = 3 attentions removed, K = 193 of 344 neurons kept, reaches 37.6 % of the layers, ...". Needs a balance.
QString planSentence(const SessionModel &session);
/// Why N cannot reach the target, with both bounds. Needs bounds that leave something feasible.
QString infeasibleText(const SessionModel &session);

/// Empty words for a model that the rule cannot split, and before one; an infeasible plan says why in `explanation`.
BalanceWords balanceWords(const SessionModel &session);

} // namespace secateur::ui
