// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to the cards: how they write formulas with numbers, and the symbols that several share.
#pragma once

#include "panels/explain/Concept.h"
#include "pruning/PruningPlan.h"

#include <QCoreApplication>
#include <QStringList>

namespace secateur::ui {

/// The context of all texts of the cards.
struct CardWords {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::Concept)
};

/// HTML with a line each.
QString formulaLines(const QStringList &lines);
QString bold(const QString &text);
/// A line that goes on from the one above.
QString onward(const QString &text);
QString fixedText(double value, int decimals);
/// Four digits at most, none that are 0.
QString briefText(double value);
/// No numbers, and why.
LiveNumbers noNumbers(const QString &why);
QString noModelText();

/// The symbols that the method's paper has names for (L, d, I, A, F, M, s, N, K, α).
ConceptSymbol symbolOf(const char *symbol);

/// The search that can be looked at: of the current plan or, of one that is settled, the search that it was found by. Null: none.
const SearchRecord *recordedSearch(const SessionModel &session);

} // namespace secateur::ui
