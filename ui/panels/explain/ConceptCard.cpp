// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/explain/ConceptCard.h"

#include "widgets/FormulaCard.h"
#include "widgets/Labels.h"

#include <QLabel>
#include <QStringList>
#include <QVBoxLayout>

namespace secateur::ui {

QString textOf(const Concept &of, const LiveNumbers &live)
{
    QStringList lines{of.title, of.what, of.reading};
    for (const ConceptSymbol &symbol : of.symbols)
        lines << ConceptCard::tr("%1: %2.", "symbol and its meaning").arg(symbol.symbol, symbol.meaning);
    if (!live.words.isEmpty())
        lines << ConceptCard::tr("With your numbers: %1").arg(live.words);
    lines << ConceptCard::tr("Why it matters: %1").arg(of.matters) << ConceptCard::tr("What it does not tell: %1").arg(of.limits);
    return lines.join(u'\n');
}

ConceptCard::ConceptCard(QWidget *parent)
    : QWidget(parent),
      m_title(headingLabel({})),
      m_what(bodyLabel({})),
      m_symbols(captionLabel({})),
      m_words(bodyLabel({})),
      m_matters(bodyLabel({})),
      m_limits(bodyLabel({})),
      m_formula(new FormulaCard),
      m_numbers(new FormulaCard)
{
    m_title->setWordWrap(true);
    m_symbols->setTextFormat(Qt::RichText);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 8, 12, 10);
    column->setSpacing(6);
    const auto add = [&](const QString &caption, std::initializer_list<QWidget *> parts) {
        column->addSpacing(4);
        column->addWidget(captionLabel(caption));
        for (QWidget *part : parts)
            column->addWidget(part);
    };
    column->addWidget(m_title);
    column->addWidget(m_what);
    add(tr("Formula"), {m_formula, m_symbols});
    add(tr("With your numbers"), {m_numbers, m_words});
    add(tr("Why it matters"), {m_matters});
    add(tr("What it does not tell"), {m_limits});
    column->addStretch(1);
}

void ConceptCard::showConcept(const Concept &shown, const LiveNumbers &live)
{
    m_shown = &shown;
    m_title->setText(shown.title);
    m_what->setText(shown.what);
    m_formula->setAccessibleName(tr("Formula: %1").arg(shown.title));
    m_formula->setFormula(shown.formula);
    m_formula->setAccessibleDescription(shown.reading); // instead of its signs
    QStringList symbols;
    for (const ConceptSymbol &symbol : shown.symbols)
        symbols << QStringLiteral("<b>%1</b>&nbsp; %2").arg(symbol.symbol.toHtmlEscaped(), symbol.meaning.toHtmlEscaped());
    m_symbols->setText(symbols.join(QStringLiteral("<br>")));
    m_matters->setText(shown.matters);
    m_limits->setText(shown.limits);
    showNumbers(live);
}

void ConceptCard::showNumbers(const LiveNumbers &live)
{
    m_live = live;
    m_numbers->setAccessibleName(tr("With your numbers"));
    m_numbers->setFormula(live.formula);
    m_numbers->setAccessibleDescription(live.words);
    m_numbers->setVisible(!live.formula.isEmpty());
    if (m_words->text() != live.words)
        m_words->setText(live.words);
    m_words->setVisible(!live.words.isEmpty());
    describe();
}

void ConceptCard::describe()
{
    setAccessibleName(m_shown->title);
    setAccessibleDescription(text());
}

QString ConceptCard::text() const
{
    return m_shown ? textOf(*m_shown, m_live) : QString();
}

} // namespace secateur::ui
