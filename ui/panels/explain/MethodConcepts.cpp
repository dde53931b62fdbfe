// SPDX-License-Identifier: GPL-3.0-or-later
// The methods that 2SSP is compared with.
#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "panels/explain/LiveParts.h"
#include "panels/parts/MethodWords.h"
#include "widgets/Quantity.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace secateur::ui {
namespace {

using Words = CardWords;

/// A choice of blocks by a method: of the current plan, or the one that a job is at.
struct ChoiceInHand {
    const BlockRecord *record = nullptr;                   ///< null: none by this method
    const std::vector<std::int64_t> *attentions = nullptr; ///< that go, as far as they are settled
};

ChoiceInHand choiceInHand(const SessionModel &session, PlanMethod method)
{
    const std::optional<BlockRecord> &running = session.blocksInProgress();
    if (running && running->settings.method == method)
        return {.record = &*running, .attentions = nullptr};
    const ShelfPlan *shelf = session.shelfPlan();
    if (shelf && shelf->plan.blocks && shelf->plan.blocks->settings.method == method)
        return {.record = &*shelf->plan.blocks, .attentions = &shelf->plan.removedAttentions};
    return {};
}

QString layerList(const std::vector<std::int64_t> &layers)
{
    QStringList names;
    for (const std::int64_t layer : layers)
        names << QString::number(layer);
    return names.join(QStringLiteral(", "));
}

/// What the method would remove at the target, where nothing by it is in hand.
LiveNumbers atTarget(const SessionModel &session, PlanMethod method)
{
    const QString title = QLatin1String(titleOf(method));
    const double s = session.draft().balance.sparsity;
    try {
        const std::int64_t n = blocksToRemove(s, session.layerCount());
        return {.formula = QStringLiteral("n = ceil(%1 · %2) = %3").arg(briefText(s)).arg(session.layerCount()).arg(bold(exactText(n))),
                .words = Words::tr("No choice by %1 is in hand. At a target of %2 it would remove %3 attentions and %3 FFNs of %4 layers.")
                             .arg(title, targetText(s), exactText(n), exactText(session.layerCount()))};
    } catch (const Error &problem) {
        return noNumbers(QString::fromStdString(problem.what()));
    }
}

/// The line for n of a record, and the words around it.
QString blocksLine(const BlockRecord &record, qint64 layers)
{
    return QStringLiteral("n = ceil(%1 · %2) = %3")
        .arg(briefText(record.settings.sparsity))
        .arg(layers)
        .arg(bold(exactText(record.blocks)));
}

LiveNumbers liveShortGpt(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ChoiceInHand hand = choiceInHand(session, PlanMethod::ShortGpt);
    if (!hand.record || !hand.attentions || hand.attentions->empty() || hand.record->influence.empty())
        return atTarget(session, PlanMethod::ShortGpt);
    const auto of = [&](std::int64_t layer) { return briefText(hand.record->influence[std::size_t(layer)]); };
    const std::int64_t first = hand.attentions->front(), last = hand.attentions->back();
    return {.formula =
                formulaLines({blocksLine(*hand.record, session.layerCount()), QStringLiteral("BI(%1) = %2").arg(first).arg(bold(of(first))),
                              QStringLiteral("BI(%1) = %2").arg(last).arg(bold(of(last)))}),
            .words = Words::tr("Layers %1 go. Of them layer %2 changes its input least, by %3, and layer %4 most, by %5.")
                         .arg(layerList(*hand.attentions))
                         .arg(first)
                         .arg(of(first))
                         .arg(last)
                         .arg(of(last))};
}

ConceptSymbol blocksSymbol()
{
    return {QStringLiteral("n"), Words::tr("so many attentions and as many FFNs go; the next integer up")};
}

Concept shortGpt()
{
    return {
        .id = ConceptId::ShortGpt,
        .title = Words::tr("ShortGPT"),
        .what = methodSentence(PlanMethod::ShortGpt) + u' ' +
                Words::tr("How much a layer changes its input is measured by the angle between what enters and what leaves it."),
        .formula = QStringLiteral("BI(l) = 1 − mean cos(x(l), y(l))<br>n = ceil(s · L)"),
        .symbols = {{QStringLiteral("BI"), Words::tr("block influence: 0 where a layer only stretches its input")},
                    {QStringLiteral("l"), Words::tr("layer")},
                    {QStringLiteral("x"), Words::tr("what enters the layer, a token's hidden state")},
                    {QStringLiteral("y"), Words::tr("what leaves it")},
                    blocksSymbol(),
                    symbolOf("s"),
                    symbolOf("L")},
        .reading = Words::tr(
            "The influence of a layer is one less the mean cosine of what enters and what leaves it. The n layers with the lowest "
            "influence go, n being the target times the number of layers, rounded up."),
        .live = liveShortGpt,
        .matters =
            Words::tr("The simplest of all: one pass over the text decides for every size, and whole layers save time on any machine."),
        .limits = Words::tr(
            "A small angle is not a small loss: a layer may say little and the model need it. And all layers are judged while the others "
            "are still there."),
    };
}

LiveNumbers liveWindow(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ChoiceInHand hand = choiceInHand(session, PlanMethod::Window);
    if (!hand.record || !hand.attentions || hand.attentions->empty() || hand.record->similarities.empty())
        return atTarget(session, PlanMethod::Window);
    const std::int64_t first = hand.attentions->front(), last = hand.attentions->back(), n = hand.record->blocks;
    const bool isOriginal = hand.record->settings.variant == BlockVariant::Original;
    const std::int64_t state = isOriginal ? first : first - 1; // the paper counts states that enter a layer
    const auto &all = hand.record->similarities;
    QStringList lines{blocksLine(*hand.record, session.layerCount()), QStringLiteral("a = %1").arg(bold(QString::number(first)))};
    QString similarity;
    if (state >= 0 && state + n < std::int64_t(all.size())) {
        similarity = briefText(all[std::size_t(state)][std::size_t(state + n)]);
        lines << QStringLiteral("sim(%1, %2) = %3").arg(first).arg(first + n).arg(bold(similarity));
    }
    return {.formula = formulaLines(lines),
            .words =
                Words::tr("Layers %1 to %2 go.").arg(first).arg(last) +
                (similarity.isEmpty() ? QString()
                                      : u' ' + Words::tr("The states before and behind them are the most similar: %1.").arg(similarity))};
}

Concept slidingWindow()
{
    return {
        .id = ConceptId::Window,
        .title = Words::tr("Sliding window"),
        .what = methodSentence(PlanMethod::Window) + u' ' +
                Words::tr("The idea: what hardly turns the hidden state on its way can be skipped as a whole."),
        .formula = QStringLiteral("a = argmax sim(l, l + n)<br>sim = mean cos(x(l), x(l + n))<br>n = ceil(s · L)"),
        .symbols = {{QStringLiteral("a"), Words::tr("the first layer that goes; n layers go from there")},
                    {QStringLiteral("sim"), Words::tr("similarity of two states (in the method's own paper 1 less their angle)")},
                    {QStringLiteral("l"), Words::tr("layer")},
                    {QStringLiteral("x"), Words::tr("what enters a layer, at the last token of a window")},
                    blocksSymbol(),
                    symbolOf("s"),
                    symbolOf("L")},
        .reading = Words::tr(
            "Of all runs of n consecutive layers the one goes whose first input is the most similar to what enters the layer behind it."),
        .live = liveWindow,
        .matters =
            Words::tr("One pass for every size, and the layers that stay still follow each other as they were trained, but for one seam."),
        .limits = Words::tr("The seam can be hard. Its authors heal the model by training afterwards, which is not done here."),
    };
}

LiveNumbers liveBlockPruner(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ChoiceInHand hand = choiceInHand(session, PlanMethod::BlockPruner);
    if (!hand.record)
        return atTarget(session, PlanMethod::BlockPruner);
    const BlockRecord &record = *hand.record;
    const std::int64_t L = session.layerCount();
    QStringList lines{blocksLine(record, L),
                      QStringLiteral("E = %1").arg(bold(exactText(blockEvaluations(record.settings.variant, L, record.blocks))))};
    QString words = Words::tr("%1 candidates are evaluated until %2 attentions and %2 FFNs are gone.")
                        .arg(exactText(blockEvaluations(record.settings.variant, L, record.blocks)), exactText(record.blocks));
    const auto last = std::find_if(record.steps.rbegin(), record.steps.rend(), [](const BlockStep &step) { return step.removed >= 0; });
    if (last != record.steps.rend()) {
        const bool isFfn = last->part == Part::Ffn;
        const auto place = std::size_t(last->removed) + (isFfn && std::int64_t(last->losses.size()) > L ? std::size_t(L) : 0);
        const QString loss = place < last->losses.size() ? fixedText(last->losses[place], 4) : QString();
        lines << (isFfn ? Words::tr("step %1: w = FFN of layer %2") : Words::tr("step %1: w = attention of layer %2"))
                     .arg(record.steps.rend() - last)
                     .arg(bold(QString::number(last->removed)));
        if (!loss.isEmpty())
            lines << QStringLiteral("loss(w) = %1").arg(bold(loss));
        words += u' ' + Words::tr("Step %1 is the latest, with a loss of %2.").arg(record.steps.rend() - last).arg(loss);
    }
    return {.formula = formulaLines(lines), .words = words};
}

Concept blockPruner()
{
    return {
        .id = ConceptId::BlockPruner,
        .title = Words::tr("BlockPruner"),
        .what =
            methodSentence(PlanMethod::BlockPruner) + u' ' + Words::tr("It searches as 2SSP's second stage does, but FFNs go as a whole."),
        .formula = QStringLiteral("w = argmin loss(b)<br>E = n · (2·L − n + 1)<br>n = ceil(s · L)"),
        .symbols = {{QStringLiteral("w"), Words::tr("the part that goes in a step")},
                    {QStringLiteral("b"), Words::tr("an attention or an FFN that is still there, in turn")},
                    {QStringLiteral("loss"), Words::tr("mean cross entropy on the text with that part left out too")},
                    {QStringLiteral("E"), Words::tr("evaluations in all (as its own paper does it, n · (4·L − 2·n + 1))")},
                    blocksSymbol(),
                    symbolOf("L"),
                    symbolOf("s")},
        .reading = Words::tr("In each step the part goes without which the loss is the lowest. Until n attentions and n FFNs are gone that "
                             "takes n times two "
                             "L less n plus one evaluations."),
        .live = liveBlockPruner,
        .matters = Words::tr("It measures losses, as 2SSP does, so it shows what finer cuts in width are worth."),
        .limits = Words::tr("A whole FFN is a large piece: few sizes can be reached, and nothing of it survives."),
    };
}

LiveNumbers liveEvoPress(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    const ChoiceInHand hand = choiceInHand(session, PlanMethod::EvoPress);
    if (!hand.record)
        return atTarget(session, PlanMethod::EvoPress);
    const BlockRecord &record = *hand.record;
    const std::int64_t generations = generationsOf(record.settings, record.blocks, session.layerCount());
    QStringList lines{blocksLine(record, session.layerCount()), QStringLiteral("G = %1").arg(bold(exactText(generations)))};
    QString words =
        Words::tr("Sets of %1 attentions and %1 FFNs evolve over %2 generations.").arg(exactText(record.blocks), exactText(generations));
    if (!record.evolution.empty()) {
        const QString divergence = fixedText(record.evolution.back().divergence, 4);
        lines << QStringLiteral("D = %1").arg(bold(divergence));
        words += u' ' + Words::tr("The survivor of generation %1 differs from the original by %2 nats a token.")
                            .arg(exactText(qint64(record.evolution.size()) - 1), divergence);
    }
    return {.formula = formulaLines(lines), .words = words};
}

Concept evoPress()
{
    return {
        .id = ConceptId::EvoPress,
        .title = Words::tr("EvoPress"),
        .what = methodSentence(PlanMethod::EvoPress) + u' ' +
                Words::tr("Each generation swaps a few parts of the survivor at random, and the best of the offspring lives on."),
        .formula = QStringLiteral("D = mean KL(q, p)<br>G = n · (L − n) / 1.5<br>n = ceil(s · L)"),
        .symbols = {{QStringLiteral("D"), Words::tr("divergence from the original, nats a token: the lowest survives")},
                    {QStringLiteral("q"), Words::tr("what the original predicts for the next token")},
                    {QStringLiteral("p"), Words::tr("what the pruned model predicts")},
                    {QStringLiteral("G"), Words::tr("generations, rounded down, unless a number is set")},
                    blocksSymbol(),
                    symbolOf("L"),
                    symbolOf("s")},
        .reading = Words::tr("The divergence is the mean, over the tokens, of the Kullback-Leibler divergence of the pruned model's "
                             "predictions from those of "
                             "the original. There are n times L less n over 1.5 generations."),
        .live = liveEvoPress,
        .matters = Words::tr("It is not greedy: parts that are harmless only together can be found, and a part that went may come back."),
        .limits = Words::tr("Chance draws the offspring: another seed may end elsewhere. And it takes the longest of all."),
    };
}

} // namespace

std::vector<Concept> methodConcepts()
{
    return {shortGpt(), slidingWindow(), blockPruner(), evoPress()};
}

} // namespace secateur::ui
