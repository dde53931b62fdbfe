// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/RefitWords.h"

#include "models/SessionModel.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <vector>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::RefitWords)
};

QString ridgeText(double ridge)
{
    return QLocale().toString(ridge, 'g', 3);
}

/// One sentence for each number, in plain words.
QStringList sentencesOf(const RestoredLayer &layer, qint64 kept, qint64 neurons, bool isFittedAgain)
{
    QStringList all;
    all << Words::tr("%1 of %2 neurons stay. Their weights are chosen anew so that together they give what all of them gave, as nearly as "
                     "they can.")
               .arg(exactText(kept), exactText(neurons));
    all << Words::tr("Cutting alone loses %1 of what the FFN gives on the calibration text; after the refit it is %2.")
               .arg(percentText(layer.errorBefore), percentText(layer.errorAfter));
    all << (layer.raised == 0
                ? Words::tr("A ridge of %1 keeps weights small where the text says little.").arg(ridgeText(layer.ridge))
                : Words::tr("The ridge was raised to %1, as neurons resemble each other too much here.").arg(ridgeText(layer.ridge)));
    all << Words::tr("The largest weight is %1 times what it was.").arg(QLocale().toString(layer.growth, 'f', 2));
    if (isFittedAgain)
        all << Words::tr(
            "All this is the first fit (R1). R4 then fitted layer by layer: these weights again, and what an attention puts out, "
            "to make up for the layers before as well.");
    return all;
}

} // namespace

RefitWords refitWords(const SessionModel &session, qint64 layer)
{
    const ShelfPlan *shelf = session.hasModel() ? session.shelfPlan() : nullptr;
    if (!shelf || !shelf->plan.restoration || layer < 0 || layer >= session.layerCount())
        return {};
    const RestorationRecord &record = *shelf->plan.restoration;
    const auto at = std::size_t(layer);
    const qint64 neurons = session.spec().layers[at].neurons(), kept = qint64(shelf->plan.keptNeurons[at].size());
    if (neurons == 0)
        return {};
    if (record.kept().empty() || at >= record.layers.size() || kept == 0)
        return {.explanation = Words::tr("Restoring changed nothing in this layer."), .formula = {}};
    const RestoredLayer &told = record.layers[at];
    const std::vector<RestorationStep> steps = record.kept();
    const bool isFittedAgain = std::ranges::find(steps, RestorationStep::Sequential) != steps.end();
    const QStringList lines = {
        QStringLiteral("W′ = argmin |A_S·Xᵀ − A·Wᵀ|²"),
        QStringLiteral("&nbsp;&nbsp;+ r·|X|² over X"),
        Words::tr("A: activations of %1 tokens").arg(exactText(record.tokens)),
        Words::tr("S: the %1 neurons that stay").arg(exactText(kept)),
        QStringLiteral("r = %1 · mean(|a|²), a in S").arg(ridgeText(told.ridge)),
        Words::tr("error: %1 → <b>%2</b>").arg(percentText(told.errorBefore, 2), percentText(told.errorAfter, 2)),
    };
    return {.explanation = sentencesOf(told, kept, neurons, isFittedAgain).join(QLatin1Char(' ')),
            .formula = lines.join(QStringLiteral("<br>"))};
}

} // namespace secateur::ui
