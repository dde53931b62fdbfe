// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/ShelfWords.h"

#include "exporting/Export.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <vector>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::ShelfWords)
};

/// "the FFN of layer 0", "the FFNs of layers 0, 3".
QString partsText(const std::vector<std::int64_t> &layers, const QString &one, const QString &many)
{
    QStringList names;
    for (const std::int64_t layer : layers)
        names << QString::number(layer);
    const QString list = names.join(QStringLiteral(", "));
    return layers.size() == 1 ? Words::tr("the %1 of layer %2").arg(one, list) : Words::tr("the %1 of layers %2").arg(many, list);
}

/// "The plan 'plan.json' was found by ShortGPT", or without the name where it has none.
QString foundText(const SessionModel &session)
{
    const ShelfPlan &shelf = *session.shelfPlan();
    const QString method = QLatin1String(titleOf(shelf.plan.method));
    return isFoundHere(shelf) ? Words::tr("This plan was found by %1").arg(method)
                              : Words::tr("The plan '%1' was found by %2").arg(shelfName(shelf), method);
}

/// "The plan 'plan.json'", or "This plan" of one that has no name but its method's.
QString subjectOf(const SessionModel &session)
{
    const ShelfPlan &shelf = *session.shelfPlan();
    return isFoundHere(shelf) ? Words::tr("This plan") : Words::tr("The plan '%1'").arg(shelfName(shelf));
}

} // namespace

QString shelfFileName(const SessionModel &session)
{
    return shelfName(*session.shelfPlan());
}

QString settledByText(const SessionModel &session)
{
    const PlanMethod method = session.shelfPlan()->plan.method;
    if (method == PlanMethod::Restored)
        return Words::tr("Restored, not plain 2SSP");
    if (method == PlanMethod::Manual && isFoundHere(*session.shelfPlan()))
        return Words::tr("Widths by hand, not 2SSP");
    return isOfBlocks(method) ? Words::tr("Found by %1").arg(QLatin1String(titleOf(method))) : Words::tr("Settled by its file");
}

QString nothingToSearchText(const SessionModel &session)
{
    if (isOfBlocks(session.shelfPlan()->plan.method))
        return Words::tr("%1, which removes %2. No search of attentions can continue it.")
            .arg(foundText(session), removedPartsText(session));
    if (session.shelfPlan()->plan.restoration)
        return Words::tr("%1 is restored for exactly what it keeps: it removes %2, and no search can continue it.")
            .arg(subjectOf(session), removedPartsText(session));
    if (isFoundHere(*session.shelfPlan()))
        return Words::tr("The widths of this plan were set by hand. It removes %1, and no search can continue it.")
            .arg(removedPartsText(session));
    return Words::tr("The plan '%1' is settled by its file: it removes %2, and no search can continue it.")
        .arg(shelfFileName(session), removedPartsText(session));
}

QString keptNeuronsText(const SessionModel &session)
{
    const PruningPlan &plan = session.shelfPlan()->plan;
    std::vector<std::int64_t> widths = plan.widths();
    const bool areAllThere = std::erase(widths, 0) == 0;
    if (widths.empty())
        return Words::tr("no FFN stays");
    const auto [least, most] = std::ranges::minmax(widths);
    const QString of = exactText(session.neurons());
    if (least == most)
        return (areAllThere ? Words::tr("%1 of %2 neurons kept in every layer") : Words::tr("%1 of %2 neurons kept in the FFNs that stay"))
            .arg(exactText(least), of);
    return (areAllThere ? Words::tr("%1 to %2 of %3 neurons kept in a layer")
                        : Words::tr("%1 to %2 of %3 neurons kept in the FFNs that stay"))
        .arg(exactText(least), exactText(most), of);
}

QString removedPartsText(const SessionModel &session)
{
    const PruningPlan &plan = session.shelfPlan()->plan;
    std::vector<std::int64_t> attentions = plan.removedAttentions;
    std::sort(attentions.begin(), attentions.end());
    QStringList parts;
    if (!attentions.empty())
        parts << partsText(attentions, Words::tr("attention"), Words::tr("attentions"));
    if (const std::vector<std::int64_t> ffns = plan.layersWithoutFfn(); !ffns.empty())
        parts << partsText(ffns, Words::tr("FFN"), Words::tr("FFNs"));
    return parts.isEmpty() ? Words::tr("nothing") : parts.join(Words::tr(" and "));
}

QString shelfPlanText(const SessionModel &session)
{
    const PruningPlan &plan = session.shelfPlan()->plan;
    if (plan.restoration)
        return Words::tr("Restored, not plain 2SSP: %1 has fitted weights (tensors: %2). It removes %3; %4. %5")
            .arg(isFoundHere(*session.shelfPlan()) ? Words::tr("this plan") : Words::tr("'%1'").arg(shelfFileName(session)),
                 exactText(qint64(plan.edits.list.size())), removedPartsText(session), keptNeuronsText(session),
                 remainingTargetsText(session.spec(), session.planSpec()));
    if (const WeightEdits &edits = plan.edits; !edits.isEmpty())
        return Words::tr(
                   "The plan '%1' changes weights (tensors: %2). It removes %3; %4. Evaluate and export it as it is: sparsity, N and K "
                   "are settled.")
            .arg(shelfFileName(session), exactText(qint64(edits.list.size())), removedPartsText(session), keptNeuronsText(session));
    if (isOfBlocks(session.shelfPlan()->plan.method))
        return Words::tr("%1. It removes %2. Evaluate and export it as it is: sparsity, N and K are settled.")
            .arg(foundText(session), removedPartsText(session));
    if (session.isSettled() && isFoundHere(*session.shelfPlan()))
        return Words::tr("The widths of this plan were set by hand: it is not 2SSP. It removes %1; %2. %3")
            .arg(removedPartsText(session), keptNeuronsText(session), remainingTargetsText(session.spec(), session.planSpec()));
    if (session.isSettled())
        return Words::tr(
                   "The plan '%1' was written by hand. It removes %2; %3. Evaluate and export it as it is: sparsity, N and K are settled.")
            .arg(shelfFileName(session), removedPartsText(session), keptNeuronsText(session));
    return Words::tr("The neurons of '%1' are already chosen: %2. You can change N; the search continues from the plan.")
        .arg(shelfFileName(session), keptNeuronsText(session));
}

QString noScoresText(const SessionModel &session)
{
    if (session.shelfPlan()->plan.method == PlanMethod::Manual && isFoundHere(*session.shelfPlan()))
        return Words::tr(
                   "The widths of this plan were set by hand, and its scores are not noted with it: %1. Go back to 2SSP to see scores.")
            .arg(keptNeuronsText(session));
    if (session.shelfPlan()->plan.method == PlanMethod::Manual)
        return Words::tr("The plan '%1' was written by hand, and no scores chose its neurons: %2.")
            .arg(shelfFileName(session), keptNeuronsText(session));
    const PruningPlan &plan = session.shelfPlan()->plan;
    if (isOfBlocks(plan.method))
        return Words::tr("%1, which removes whole FFNs: no scores chose its neurons.").arg(foundText(session));
    if (plan.restoration)
        return Words::tr("%1 was restored, and the scores that its neurons were chosen by are not in this session: %2. Calibrate as it was "
                         "calibrated to see them: on %3, %4 windows of %5 tokens.")
            .arg(subjectOf(session), keptNeuronsText(session), textFilesName(plan.calibration), exactText(plan.calibration.windows),
                 exactText(plan.calibration.length));
    return Words::tr(
               "The plan '%1' says which neurons stay (%2), and not their scores. Open the scores that it was made from, or calibrate as "
               "it was calibrated: on %3, %4 windows of %5 tokens, norm %6. Other scores make another plan.")
        .arg(shelfFileName(session), keptNeuronsText(session), textFilesName(plan.calibration), exactText(plan.calibration.windows),
             exactText(plan.calibration.length), plan.norm == ScoreNorm::L1 ? QStringLiteral("L1") : QStringLiteral("L2"));
}

QString remainingTargetsText(const ModelSpec &dense, const ModelSpec &pruned)
{
    QStringList fitting, others;
    for (const ExportTarget &target : exportTargets()) {
        const QString name = QString::fromStdString(target.name);
        if (exportProblem(target.name, dense, pruned).empty())
            fitting << name;
        else
            others << name;
    }
    if (fitting.isEmpty())
        return Words::tr("No export target can hold it.");
    if (others.isEmpty())
        return Words::tr("Every export target can hold it.");
    return Words::tr("Export targets that can hold it: %1; not %2.")
        .arg(fitting.join(QStringLiteral(", ")), others.join(QStringLiteral(", ")));
}

} // namespace secateur::ui
