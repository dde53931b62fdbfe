// SPDX-License-Identifier: GPL-3.0-or-later
// What makes up for the losses of pruning without training.
#include "models/SessionModel.h"
#include "panels/explain/LiveParts.h"
#include "panels/layers/RefitWords.h"
#include "widgets/Quantity.h"

#include <algorithm>
#include <optional>

namespace secateur::ui {
namespace {

using Words = CardWords;

const PruningPlan *restoredPlan(const SessionModel &session)
{
    const ShelfPlan *shelf = session.shelfPlan();
    return shelf && shelf->plan.restoration ? &shelf->plan : nullptr;
}

LiveNumbers notRestored(const SessionModel &session)
{
    return noNumbers(session.hasModel() ? Words::tr("The current plan is not restored, so there are no numbers of it.") : noModelText());
}

bool isKept(const RestorationRecord &record, RestorationStep step)
{
    const std::vector<RestorationStep> kept = record.kept();
    return std::find(kept.begin(), kept.end(), step) != kept.end();
}

/// Whether the step is part of the plan, in words.
QString outcome(const RestorationRecord &record, RestorationStep step)
{
    return isKept(record, step)        ? Words::tr("The plan keeps this step.")
           : record.settings.has(step) ? Words::tr("The step was tried, and turned down: it made a text worse.")
                                       : Words::tr("The plan was made without this step.");
}

/// "plain", "r1", "r1 + r2".
QString stepsText(const std::vector<RestorationStep> &steps)
{
    QStringList names;
    for (const RestorationStep step : steps)
        names << QString::fromLatin1(nameOf(step)).toUpper();
    return names.isEmpty() ? Words::tr("plain") : names.join(QStringLiteral(" + "));
}

LiveNumbers liveRestoration(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    const std::optional<RestorationRecord> &running = context.session.restorationInProgress();
    const RestorationRecord *record = running ? &*running : plan ? &*plan->restoration : nullptr;
    if (!record || record->variants.empty())
        return notRestored(context.session);
    QStringList lines, words;
    for (const RestorationVariant &variant : record->variants) {
        QStringList losses;
        for (const double loss : variant.losses)
            losses << fixedText(loss, 4);
        const QString all = losses.join(QStringLiteral(" / "));
        lines << QStringLiteral("%1: loss = %2").arg(stepsText(variant.steps), variant.isKept ? bold(all) : all);
        words << (variant.isKept ? Words::tr("%1: %2, kept.", "steps and their losses")
                                 : Words::tr("%1: %2, turned down.", "steps and their losses"))
                     .arg(stepsText(variant.steps), all);
    }
    return {.formula = formulaLines(lines), .words = words.join(u' ')};
}

Concept restoration()
{
    return {
        .id = ConceptId::Restoration,
        .title = Words::tr("Restoration"),
        .what = Words::tr("Makes up for part of what pruning loses, without training: weights that stay are fitted so that they give what "
                          "the original gave. "
                          "It is an option, and a restored plan is not plain 2SSP."),
        .formula = QStringLiteral("max (loss(x, t) − loss(b, t)) ≤ 0"),
        .symbols = {{QStringLiteral("loss"), Words::tr("mean cross entropy on windows that no fit and no search has seen, nats a token")},
                    {QStringLiteral("x"), Words::tr("the plan with one step more (R1 to R5)")},
                    {QStringLiteral("b"), Words::tr("the best plan before it")},
                    {QStringLiteral("t"), Words::tr("a text that is asked: the calibration's own and, if given, a second one")}},
        .reading = Words::tr("A step stays only when the loss with it is not above the loss before it on any of the texts."),
        .live = liveRestoration,
        .matters = Words::tr(
            "At the same size a restored plan often loses much less, because the columns that stay take over the work of those that went."),
        .limits = Words::tr("It was tried on models of 2.6 and 135 million parameters, not on large ones. Fitted weights remember the "
                            "calibration text: judge "
                            "them on another."),
    };
}

LiveNumbers liveRefit(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    if (!plan)
        return notRestored(context.session);
    const qint64 layer = std::max<qint64>(0, context.layer());
    const RefitWords words = refitWords(context.session, layer);
    const QString of = words.explanation.isEmpty()
                           ? QString()
                           : Words::tr("Layer %1: %2", "a layer, and what was done in it").arg(layer).arg(words.explanation) + u' ';
    return {.formula = words.formula, .words = of + outcome(*plan->restoration, RestorationStep::Refit)};
}

Concept refit()
{
    return {
        .id = ConceptId::Refit,
        .title = Words::tr("R1: refit of the down products"),
        .what = Words::tr("The last product of each FFN is computed anew, by least squares: from the neurons that stay it shall give what "
                          "all neurons gave. "
                          "Its shape stays the same, so every export can hold it."),
        .formula = QStringLiteral("W′ = argmin |A_S·Xᵀ − A·Wᵀ|² + r·|X|² over X"),
        .symbols = {{QStringLiteral("W′"), Words::tr("the new weights of the down product")},
                    {QStringLiteral("A"), Words::tr("activations of all neurons, a row for each calibration token")},
                    {QStringLiteral("S"), Words::tr("the neurons that stay; of A, their columns")},
                    {QStringLiteral("X"), Words::tr("any weights for them, over which the least is sought")},
                    {QStringLiteral("W"), Words::tr("the original weights")},
                    {QStringLiteral("r"), Words::tr("ridge that keeps weights small: a share of the neurons' mean square")}},
        .reading = Words::tr("Choose the new weights so that the squared difference between their output and that of the original FFN, "
                             "plus a small penalty on "
                             "their size, is as small as it can be."),
        .live = liveRefit,
        .matters = Words::tr(
            "Neurons that fire together can stand in for each other. The refit moves the share of those that went onto those that stay."),
        .limits = Words::tr("The fit knows the original's inputs, not those that the pruned layers before it will give; R4 sees to that."),
    };
}

LiveNumbers liveOrder(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    if (!plan)
        return notRestored(context.session);
    const RestorationRecord &record = *plan->restoration;
    QStringList lines;
    for (const RemovalsTried &tried : record.removals)
        lines << QStringLiteral("N = %1, K = %2: loss = %3")
                     .arg(exactText(tried.attentionsRemoved), exactText(tried.neuronsKept),
                          tried.attentionsRemoved == qint64(plan->removedAttentions.size()) ? bold(fixedText(tried.loss, 4))
                                                                                            : fixedText(tried.loss, 4));
    const QString removed = Words::tr("The plan removes %1 attentions.").arg(exactText(qint64(plan->removedAttentions.size())));
    return {.formula = formulaLines(lines), .words = removed + u' ' + outcome(record, RestorationStep::Order)};
}

Concept refittedOrder()
{
    return {
        .id = ConceptId::RefittedOrder,
        .title = Words::tr("R2: search after the refit"),
        .what = Words::tr("Attentions are searched again, on the refitted model and on windows that no fit has seen. Then N is chosen by "
                          "the loss on other "
                          "windows, instead of by the rule alone; K follows from it."),
        .formula = QStringLiteral("N = argmin loss(n)"),
        .symbols = {{QStringLiteral("N"), Words::tr("attentions to remove")},
                    {QStringLiteral("n"), Words::tr("a number that is tried: none, and shares of the rule's")},
                    {QStringLiteral("loss"),
                     Words::tr("held-out loss of the plan with that many removals, refitted for the K that the size then asks for")}},
        .reading = Words::tr("N is the number of removals, of those tried, whose plan has the lowest held-out loss."),
        .live = liveOrder,
        .matters = Words::tr(
            "In a model that the cut has damaged, attentions look free that are not. After the refit the search sees which are needed."),
        .limits = Words::tr("Without R1 this order is worse than the plain one. The differences between neighbouring N may be chance."),
    };
}

LiveNumbers liveWidths(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    if (!plan)
        return notRestored(context.session);
    const std::vector<std::int64_t> widths = plan->widths();
    if (widths.empty())
        return noNumbers(outcome(*plan->restoration, RestorationStep::Widths));
    const auto [least, most] = std::ranges::minmax(widths);
    std::int64_t sum = 0;
    for (const std::int64_t width : widths)
        sum += width;
    QStringList lines{QStringLiteral("Σ K(l) = %1").arg(bold(exactText(sum))),
                      QStringLiteral("K(l) = %1 … %2").arg(bold(exactText(least)), bold(exactText(most)))};
    if (plan->restoration->widthShare)
        lines << QStringLiteral("h = %1").arg(bold(briefText(*plan->restoration->widthShare)));
    return {.formula = formulaLines(lines),
            .words =
                Words::tr("The layers keep between %1 and %2 neurons, %3 in all.").arg(exactText(least), exactText(most), exactText(sum)) +
                u' ' + outcome(*plan->restoration, RestorationStep::Widths)};
}

Concept layerWidths()
{
    return {
        .id = ConceptId::LayerWidths,
        .title = Words::tr("R3: widths per layer"),
        .what = Words::tr("Layers that lose much by a cut get more neurons, and others fewer, at the same number of parameters. What a cut "
                          "loses is measured "
                          "relative to the state that the next norm sees."),
        .formula = QStringLiteral("Σ K(l) = L · K<br>K(l) = K + h · (k(l) − K)"),
        .symbols = {symbolOf("K"),
                    symbolOf("L"),
                    {QStringLiteral("l"), Words::tr("layer; of K(l), its own width")},
                    {QStringLiteral("k"), Words::tr("the width that the losses alone would give the layer")},
                    {QStringLiteral("h"), Words::tr("how far to go there: half-way or all the way, by held-out loss")}},
        .reading = Words::tr(
            "The widths of all layers add up to L times K. Each lies part of the way from K to the width that the losses ask for."),
        .live = liveWidths,
        .matters = Words::tr("Where the same cut costs one layer ten times what it costs another, one width for all wastes neurons."),
        .limits = Words::tr("Exports that hold a single K cannot store it. At 25 % it gained nothing where it was tried."),
    };
}

LiveNumbers liveSequential(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    if (!plan)
        return notRestored(context.session);
    const RestorationRecord &record = *plan->restoration;
    const std::vector<std::int64_t> widths = plan->widths();
    const std::int64_t widest = widths.empty() ? 0 : *std::ranges::max_element(widths);
    if (record.sequentialTokens == 0 || widest == 0)
        return noNumbers(outcome(record, RestorationStep::Sequential));
    const QString ratio = fixedText(double(record.sequentialTokens) / double(widest), 1);
    return {.formula = formulaLines(
                {QStringLiteral("ρ = %1").arg(briefText(record.settings.sequentialRidge)),
                 QStringLiteral("T / K = %1 / %2 = %3").arg(exactText(record.sequentialTokens), exactText(widest), bold(ratio))}),
            .words = Words::tr("It was fitted on %1 tokens, %2 for each neuron of the widest layer.")
                         .arg(exactText(record.sequentialTokens), ratio) +
                     u' ' + outcome(record, RestorationStep::Sequential)};
}

Concept sequentialRefit()
{
    return {
        .id = ConceptId::SequentialRefit,
        .title = Words::tr("R4: refit layer by layer"),
        .what = Words::tr("Layer after layer, the output products are fitted once more on what the pruned layers before them really give. "
                          "The target is the "
                          "state of the original, so each layer also mends what those before it have left."),
        .formula = QStringLiteral("min ‖c·W′ − (h − g)‖² + ρ·‖W′ − W‖²"),
        .symbols = {{QStringLiteral("c"), Words::tr("what enters the product, in the pruned model")},
                    {QStringLiteral("W′"), Words::tr("its new weights")},
                    {QStringLiteral("h"), Words::tr("state of the original behind the part")},
                    {QStringLiteral("g"), Words::tr("state of the pruned model before the part")},
                    {QStringLiteral("ρ"), Words::tr("ridge that holds the weights near W")},
                    {QStringLiteral("W"), Words::tr("its weights before: those of R1, or the original's")}},
        .reading = Words::tr("Choose the new weights so that the pruned state with their output comes as near to the original's as it can, "
                             "without straying far "
                             "from the weights before."),
        .live = liveSequential,
        .matters = Words::tr("Errors add up from layer to layer; this is the only step that looks at the sum."),
        .limits = Words::tr("It takes many tokens: it was tried with 28 and more for each neuron that stays. With fewer a fit can make "
                            "other texts worse while "
                            "the calibration text does not show it."),
    };
}

LiveNumbers liveElimination(const ExplainContext &context)
{
    const PruningPlan *plan = restoredPlan(context.session);
    return plan ? noNumbers(outcome(*plan->restoration, RestorationStep::Elimination)) : notRestored(context.session);
}

Concept elimination()
{
    return {
        .id = ConceptId::Elimination,
        .title = Words::tr("R5: neurons by elimination"),
        .what = Words::tr("Neurons go in the order of what their loss costs after a refit, instead of by their scores. A neuron that "
                          "others can stand in for "
                          "goes early, however strongly it fires."),
        .formula = QStringLiteral("e(j) = |x(j)|² / H(j, j)"),
        .symbols = {{QStringLiteral("e"), Words::tr("error that remains when the neuron goes and the others are refitted")},
                    {QStringLiteral("j"), Words::tr("neuron")},
                    {QStringLiteral("x"), Words::tr("its refitted weights in the down product")},
                    {QStringLiteral("H"), Words::tr("inverse of the Gram matrix of the neurons that are still there, with its ridge")}},
        .reading = Words::tr("The error of leaving out neuron j is the squared length of its refitted weights over its entry on the "
                             "diagonal of the inverse Gram "
                             "matrix."),
        .live = liveElimination,
        .matters = Words::tr(
            "Two neurons that always fire together have high scores both, and one of them is not needed: only this order sees it."),
        .limits = Words::tr("It was better on the sample and not on SmolLM2, so it is an option and off unless asked for."),
    };
}

} // namespace

std::vector<Concept> restorationConcepts()
{
    return {restoration(), refit(), refittedOrder(), layerWidths(), sequentialRefit(), elimination()};
}

} // namespace secateur::ui
