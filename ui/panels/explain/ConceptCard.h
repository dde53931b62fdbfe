// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/explain/Concept.h"

#include <QWidget>

class QLabel;

namespace secateur::ui {

class FormulaCard;

/// One concept with its formula, the same with live numbers, and what to think of it. A screen reader is told all of it in plain words.
class ConceptCard : public QWidget {
    Q_OBJECT
public:
    explicit ConceptCard(QWidget *parent = nullptr);

    /// Both outlive the card, or the next call.
    void showConcept(const Concept &shown, const LiveNumbers &live);
    /// New numbers of the same concept: no layout unless they need other lines.
    void showNumbers(const LiveNumbers &live);
    /// All that it says, as plain text.
    QString text() const;

private:
    void describe();

    const Concept *m_shown = nullptr;
    LiveNumbers m_live;
    QLabel *m_title, *m_what, *m_symbols, *m_words, *m_matters, *m_limits;
    FormulaCard *m_formula, *m_numbers;
};

/// A concept as plain text: what it is, its formula in words and its symbols, the live numbers, why it matters, what it does not tell.
QString textOf(const Concept &of, const LiveNumbers &live);

} // namespace secateur::ui
