// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/explain/LiveParts.h"

#include "models/SelectionModel.h"
#include "models/SessionModel.h"

#include <QLocale>

#include <iterator>

namespace secateur::ui {

qint64 ExplainContext::layer() const
{
    const qint64 layer = selection.hoveredLayer() >= 0 ? selection.hoveredLayer() : selection.selectedLayer();
    return layer < session.layerCount() ? layer : -1;
}

std::vector<Concept> concepts()
{
    std::vector<Concept> all;
    for (const auto group : {qualityConcepts, sizeConcepts, searchConcepts, methodConcepts, restorationConcepts})
        for (Concept &card : group())
            all.push_back(std::move(card));
    return all;
}

QString formulaLines(const QStringList &lines)
{
    return lines.join(QStringLiteral("<br>"));
}

QString bold(const QString &text)
{
    return QStringLiteral("<b>%1</b>").arg(text);
}

QString onward(const QString &text)
{
    return QStringLiteral("&nbsp;&nbsp;") + text;
}

QString fixedText(double value, int decimals)
{
    return QLocale().toString(value, 'f', decimals);
}

QString briefText(double value)
{
    return QLocale().toString(value, 'g', 4);
}

LiveNumbers noNumbers(const QString &why)
{
    return {.formula = {}, .words = why};
}

QString noModelText()
{
    return CardWords::tr("Open a model to see its numbers here.");
}

ConceptSymbol symbolOf(const char *symbol)
{
    const QString name = QString::fromUtf8(symbol);
    const std::pair<QString, QString> meanings[] = {
        {QStringLiteral("L"), CardWords::tr("decoder layers of the original")},
        {QStringLiteral("d"), CardWords::tr("hidden size: numbers that stand for a token between the layers")},
        {QStringLiteral("I"), CardWords::tr("neurons of an FFN of the original")},
        {QStringLiteral("A"), CardWords::tr("parameters of one attention")},
        {QStringLiteral("F"), CardWords::tr("parameters of one FFN")},
        {QStringLiteral("M"), CardWords::tr("parameters of all decoder layers, their norms included; not embeddings and head")},
        {QStringLiteral("s"), CardWords::tr("target: the share of M to remove")},
        {QStringLiteral("N"), CardWords::tr("attentions to remove")},
        {QStringLiteral("K"), CardWords::tr("neurons kept in every FFN")},
        {QStringLiteral("α"), CardWords::tr("how the rule leans: more of it removes more attentions (1.5 in the paper)")},
    };
    for (const auto &[known, meaning] : meanings)
        if (known == name)
            return {.symbol = known, .meaning = meaning};
    Q_UNREACHABLE();
}

const SearchRecord *recordedSearch(const SessionModel &session)
{
    if (!session.isSettled())
        return session.search();
    const SearchRecord &record = session.shelfPlan()->plan.search;
    return record.isBegun() ? &record : nullptr;
}

} // namespace secateur::ui
