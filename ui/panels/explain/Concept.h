// SPDX-License-Identifier: GPL-3.0-or-later
// The table of what is explained, as plain values.
#pragma once

#include "panels/parts/ConceptId.h"

#include <QString>
#include <vector>

namespace secateur::ui {

class SelectionModel;
class SessionModel;

/// What numbers are taken from.
struct ExplainContext {
    const SessionModel &session;
    const SelectionModel &selection;

    /// The layer that is pointed at, else the selected one; -1: none.
    qint64 layer() const;
};

/// A formula with the numbers of the moment.
struct LiveNumbers {
    QString formula; ///< HTML, lines by <br>, <b> for results; empty: there are none
    QString words;   ///< the same in plain words or, without numbers, why there are none
};

struct ConceptSymbol {
    QString symbol; ///< as it stands in the formula
    QString meaning;
};

/// One card. Texts are plain but for the formulas.
struct Concept {
    ConceptId id{};
    QString title;
    QString what;                       ///< two sentences
    QString formula;                    ///< HTML, lines by <br>
    std::vector<ConceptSymbol> symbols; ///< each of the formula, once
    QString reading;                    ///< the formula in plain words
    LiveNumbers (*live)(
        const ExplainContext &context); ///< reads what is known and adds up a layer's worth at most: nothing is computed here
    QString matters, limits;            ///< why it matters; what it does not tell
};

/// Every card, in the order of ConceptId, in the language of the moment.
std::vector<Concept> concepts();

// The groups that it is made of.
std::vector<Concept> qualityConcepts();
std::vector<Concept> sizeConcepts();
std::vector<Concept> searchConcepts();
std::vector<Concept> methodConcepts();
std::vector<Concept> restorationConcepts();

} // namespace secateur::ui
