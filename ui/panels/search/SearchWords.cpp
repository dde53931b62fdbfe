// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/SearchWords.h"

#include "models/SessionModel.h"
#include "panels/layers/LayerFacts.h"
#include "panels/plan/ShelfWords.h"
#include "panels/search/RemovalOrderModel.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include <cmath>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::SearchWords)
};

} // namespace

QString searchStatusText(const SessionModel &session, const SearchRecord *record)
{
    if (session.isSettled())
        return Words::tr("%1: removes %2", "by what it is settled, and what it removes")
            .arg(settledByText(session), removedPartsText(session));
    const QString plan = Words::tr("<b>K = %1, N = %2</b>").arg(exactText(session.neuronsKept()), exactText(session.attentionsToRemove()));
    switch (session.searchState()) {
    case SearchState::Complete: {
        const qint64 count = session.attentionsToRemove();
        const QString steps = count == 1 ? Words::tr("one step") : Words::tr("%1 steps").arg(exactText(count));
        const double before = record ? std::exp(record->initialLoss) : 0;
        return Words::tr("%1: searched, %2; search perplexity %3 before, <b>%4</b> after")
            .arg(plan, steps, perplexityText(before), perplexityText(session.searchPerplexity().value_or(before)));
    }
    case SearchState::Unfinished:
        return Words::tr("%1: %2 of %3 removals found").arg(plan).arg(session.removalOrder().size()).arg(session.attentionsToRemove());
    case SearchState::NotBegun:
        return Words::tr("%1: not searched yet").arg(plan);
    default:
        return plan;
    }
}

QString nearTiesText(const std::vector<Removal> &removals)
{
    QStringList runs; // "2", "4 to 7"
    int count = 0;
    for (std::size_t i = 0; i < removals.size(); ++i) {
        if (!removals[i].isNearTie())
            continue;
        std::size_t last = i;
        while (last + 1 < removals.size() && removals[last + 1].isNearTie())
            ++last;
        runs << QString::number(i + 1);
        if (last == i + 1)
            runs << QString::number(last + 1);
        else if (last > i)
            runs.back() = Words::tr("%1 to %2").arg(i + 1).arg(last + 1);
        count += int(last - i) + 1;
        i = last;
    }
    if (runs.isEmpty())
        return {};
    const QString most = percentText(CandidateFacts::kNearTie, 0), latest = runs.takeLast();
    const QString steps = runs.isEmpty() ? latest : Words::tr("%1 and %2").arg(runs.join(QStringLiteral(", ")), latest);
    return (count == 1 ? Words::tr("Step %1 was a near tie (< %2). A different calibration sample may choose another layer.")
                       : Words::tr("Steps %1 were near ties (< %2). A different calibration sample may choose other layers."))
        .arg(steps, most);
}

QString shortSearchText(const SessionModel &session)
{
    constexpr std::int64_t kShort = 2; // removals
    const std::int64_t N = session.attentionsToRemove();
    if (!session.balance() || N < 1 || N > kShort || N != session.balance()->attentionsByRule)
        return {};
    const LayerSpec &layer = session.spec().layers.front();
    if (!layer.attention || !layer.ffn || layer.attention->kvHeads >= layer.attention->heads)
        return {};
    const double ratio = double(ffnParameters(*layer.ffn, session.spec().hiddenSize)) /
                         double(attentionParameters(*layer.attention, session.spec().hiddenSize));
    return Words::
        tr("A short search: with grouped queries an attention is small (its FFN is %1 times as large), so the rule removes only %2 here.")
            .arg(QLocale().toString(ratio, 'f', 1))
            .arg(N);
}

QString layersText(const std::vector<std::int64_t> &layers)
{
    QStringList names;
    for (const std::int64_t layer : layers)
        names << QString::number(layer);
    const QString list = names.join(QStringLiteral(", "));
    return layers.size() == 1 ? Words::tr("layer %1").arg(list) : Words::tr("layers %1").arg(list);
}

} // namespace secateur::ui
