// SPDX-License-Identifier: GPL-3.0-or-later
// How 2SSP decides which attentions go.
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/explain/LiveParts.h"
#include "panels/layers/LayerFacts.h"
#include "panels/search/RemovalOrderModel.h"
#include "panels/search/SearchWords.h"
#include "widgets/Quantity.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

using Words = CardWords;

/// A step that was decided, as far as its removal may be told.
struct StepInHand {
    const SearchRecord *record = nullptr;
    qint64 step = -1; ///< -1: none
    QString problem;  ///< why there is none
};

/// The step that is looked at; else the one that removed the layer in hand; else the last.
StepInHand stepInHand(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return {.problem = noModelText()};
    const SearchRecord *record = recordedSearch(session);
    if (!record)
        return {.problem = Words::tr("There is no search to look at yet.")};
    const std::vector<std::int64_t> order = record->removalOrder();
    if (context.selection.isUndecided())
        return {.problem = Words::tr("Step %1 is not decided yet: which one would you remove?").arg(context.selection.step() + 1)};
    if (order.empty())
        return {.problem = Words::tr("No step of the search is finished yet.")};
    const auto last = qint64(order.size()) - 1;
    if (const qint64 step = context.selection.step(); step >= 0)
        return {.record = record, .step = std::min(step, last), .problem = {}};
    const auto place = std::find(order.begin(), order.end(), context.layer());
    return {.record = record, .step = place == order.end() ? last : qint64(place - order.begin()), .problem = {}};
}

double lossBefore(const SearchRecord &record, qint64 step)
{
    if (step == 0)
        return record.initialLoss;
    const SearchStep &before = record.steps[std::size_t(step - 1)];
    return before.losses[std::size_t(before.removed)];
}

LiveNumbers liveStep(const ExplainContext &context)
{
    const StepInHand hand = stepInHand(context);
    if (hand.step < 0)
        return noNumbers(hand.problem);
    const SearchStep &step = hand.record->steps[std::size_t(hand.step)];
    const double loss = step.losses[std::size_t(step.removed)], before = lossBefore(*hand.record, hand.step);
    QStringList lines{Words::tr("step %1: w = %2").arg(hand.step + 1).arg(bold(QString::number(step.removed)))};
    if (!std::isfinite(loss))
        return {.formula = formulaLines(lines), .words = Words::tr("Its loss is not known.")};
    lines << QStringLiteral("loss(%1) = %2").arg(step.removed).arg(bold(fixedText(loss, 4)));
    if (std::isfinite(before))
        lines << QStringLiteral("Δ = %1 − %2 = %3").arg(fixedText(loss, 4), fixedText(before, 4), signedText(loss - before, 4));
    if (step.isForced)
        return {.formula = formulaLines(lines),
                .words = Words::tr("Layer %1 went because it was asked for, so nothing was compared.").arg(step.removed)};
    const auto facts = candidateFacts(*hand.record, hand.step, step.removed);
    const qint64 candidates = step.evaluations();
    if (!facts || facts->runnerUp < 0) {
        const QString alone =
            candidates > 1 ? Words::tr("The others were ruled out by a bound or in 16 bits, so which of them was second is not known.")
                           : Words::tr("There was no other candidate.");
        return {.formula = formulaLines(lines),
                .words = Words::tr("Layer %1 went in step %2: without it the loss is the lowest of %3 candidates.")
                             .arg(step.removed)
                             .arg(hand.step + 1)
                             .arg(candidates) +
                         u' ' + alone};
    }
    const double second = step.losses[std::size_t(facts->runnerUp)];
    lines << QStringLiteral("loss(%1) = %2").arg(facts->runnerUp).arg(fixedText(second, 4))
          << QStringLiteral("gap = exp(%1 − %2) − 1 = %3").arg(fixedText(second, 4), fixedText(loss, 4), bold(percentText(facts->gap, 2)));
    return {.formula = formulaLines(lines),
            .words =
                Words::tr("Layer %1 went in step %2: without it the loss is the lowest of %3 candidates. The runner-up was layer %4, whose "
                          "perplexity would have been %5 higher.")
                    .arg(step.removed)
                    .arg(hand.step + 1)
                    .arg(candidates)
                    .arg(facts->runnerUp)
                    .arg(percentText(facts->gap, 2))};
}

Concept greedyStep()
{
    return {
        .id = ConceptId::GreedyStep,
        .title = Words::tr("A greedy step: why this one?"),
        .what = Words::tr(
            "Each step leaves out every attention that is still there, one at a time, and measures the loss on the search windows. The "
            "one without which the loss is the lowest goes for good, and the next step begins."),
        .formula = QStringLiteral("w = argmin loss(l)<br>Δ = loss(w) − loss<br>gap = exp(loss(u) − loss(w)) − 1"),
        .symbols = {{QStringLiteral("l"), Words::tr("a layer that still has its attention, unless it is protected")},
                    {QStringLiteral("loss"),
                     Words::tr("mean cross entropy on the search windows, with that attention left out too; alone: before the step")},
                    {QStringLiteral("w"), Words::tr("the layer that goes; of equal losses the lower one")},
                    {QStringLiteral("Δ"), Words::tr("what its removal costs, nats a token; below 0: the model gets better")},
                    {QStringLiteral("u"), Words::tr("the runner-up, whose loss is the second lowest")},
                    {QStringLiteral("gap"), Words::tr("by how much the runner-up's perplexity would have been higher, as a share")}},
        .reading = Words::tr(
            "The layer that goes is the one without whose attention the loss is the lowest. The change is that loss less the loss before "
            "the step. The gap is e to the power of the difference between the runner-up's loss and the winner's, less one."),
        .live = liveStep,
        .matters = Words::tr("It measures instead of guessing: what an attention is worth depends on those that are already gone."),
        .limits =
            Words::tr("Greedy never takes a step back, so two removals that are harmless only together are not found. And it knows its few "
                      "windows of text alone."),
    };
}

LiveNumbers liveTie(const ExplainContext &context)
{
    const StepInHand hand = stepInHand(context);
    if (hand.step < 0)
        return noNumbers(hand.problem);
    const SearchStep &step = hand.record->steps[std::size_t(hand.step)];
    const bool isAll = context.selection.step() < 0;
    QString all = isAll ? nearTiesText(removalsOf(*hand.record, std::int64_t(hand.record->steps.size()))) : QString();
    if (isAll && all.isEmpty())
        all = Words::tr("No step of this search was a near tie.");
    const auto facts = candidateFacts(*hand.record, hand.step, step.removed);
    if (!facts || facts->runnerUp < 0 || step.isForced)
        return noNumbers(Words::tr("Step %1 has no runner-up that is known.").arg(hand.step + 1) + u' ' + all);
    const double first = std::exp(step.losses[std::size_t(step.removed)]), second = std::exp(step.losses[std::size_t(facts->runnerUp)]);
    const QString gap = percentText(facts->gap, 2);
    const QString verdict = facts->isNearTie() ? Words::tr("Step %1 was a near tie: layer %2 could as well have gone instead of layer %3.")
                                               : Words::tr("Step %1 was clear: layer %2 would have cost more than layer %3.");
    return {.formula = formulaLines({Words::tr("step %1: w = %2, u = %3").arg(hand.step + 1).arg(step.removed).arg(facts->runnerUp),
                                     QStringLiteral("gap = %1 / %2 − 1 = %3").arg(fixedText(second, 2), fixedText(first, 2), bold(gap))}),
            .words = verdict.arg(hand.step + 1).arg(facts->runnerUp).arg(step.removed) + u' ' + all};
}

Concept nearTie()
{
    return {
        .id = ConceptId::NearTie,
        .title = Words::tr("Near ties"),
        .what = Words::tr(
            "A step is a near tie when the runner-up's search perplexity is less than 1 % higher. Another calibration text could well "
            "have decided otherwise."),
        .formula = QStringLiteral("gap = PPL(u) / PPL(w) − 1 &lt; 1 %"),
        .symbols = {{QStringLiteral("gap"), Words::tr("by how much the runner-up is worse, as a share")},
                    {QStringLiteral("PPL"), Words::tr("search perplexity without that attention")},
                    {QStringLiteral("u"), Words::tr("the runner-up")},
                    {QStringLiteral("w"), Words::tr("the layer that went")}},
        .reading =
            Words::tr("A near tie: the perplexity without the runner-up over that without the winner, less one, is below one percent."),
        .live = liveTie,
        .matters = Words::tr(
            "Who reports which attentions a model does not need must know which of them were chosen by a hair. On the sample another "
            "window of text turned four of ten such pairs round."),
        .limits = Words::tr("A clear step is clear on these windows. It may still be wrong on other text."),
    };
}

LiveNumbers liveOrder(const ExplainContext &context)
{
    const SessionModel &session = context.session;
    if (!session.hasModel())
        return noNumbers(noModelText());
    if (session.isSettled() || !session.balance())
        return noNumbers(session.isSettled() ? Words::tr("The current plan is settled: no search will change it.")
                                             : session.balanceProblem());
    const SearchSettings &settings = session.draft().search;
    const qint64 N = session.attentionsToRemove(), L = session.layerCount(), isProtected = qint64(settings.protectedLayers.size()),
                 forced = std::min(N, qint64(settings.forcedLayers.size()));
    const qint64 searched = N == 0 ? 0 : 1 + forced + (N - forced) * (L - isProtected) - (N * (N - 1) - forced * (forced - 1)) / 2;
    QStringList lines;
    if (N == 0)
        lines << QStringLiteral("N = 0: n = ") + bold(exactText(0));
    else if (forced == 0 && isProtected == 0)
        lines << QStringLiteral("n = 1 + %1·%2 − %1·%3/2").arg(N).arg(L).arg(N - 1)
              << onward(QStringLiteral("= ") + bold(exactText(searched)));
    else
        lines << Words::tr("n = %1, with %2 protected and %3 removed first").arg(bold(exactText(searched))).arg(isProtected).arg(forced);
    const double share = double(session.figuresOf(session.neuronsKept(), 0).flopPerToken) / double(session.denseFigures().flopPerToken);
    return {
        .formula = formulaLines(lines),
        .words =
            Words::tr(
                "The search of this plan takes %1 evaluations. Because width comes first, each of them costs %2 of what it would cost in "
                "the original, by the products for a token.")
                .arg(exactText(searched), percentText(share, 0))};
}

Concept widthFirst()
{
    return {
        .id = ConceptId::WidthFirst,
        .title = Words::tr("Why width comes first"),
        .what = Words::tr(
            "2SSP first narrows every FFN by scores of the original model, then searches attentions in the narrowed one. So one pass "
            "serves every K, and the search sees the model that its removals will meet."),
        .formula = QStringLiteral("n = 1 + N·L − N·(N − 1)/2"),
        .symbols = {{QStringLiteral("n"), Words::tr("evaluations of the search, when no layer is protected or removed first")},
                    symbolOf("N"),
                    symbolOf("L")},
        .reading = Words::tr(
            "The search takes one evaluation before anything is removed, and in each of N steps one for every attention that is still "
            "there: L in the first step, one fewer in each that follows."),
        .live = liveOrder,
        .matters = Words::tr(
            "Stage 1 is one pass; stage 2 is many, and cheaper in a narrower model. Turned round, each K would need a search of its own "
            "in the full model."),
        .limits = Words::tr(
            "Scores of the original do not know that attentions will go. In a model that the cut has damaged much, attentions may look "
            "free that are not; restoration searches again after a refit for that reason."),
    };
}

} // namespace

std::vector<Concept> searchConcepts()
{
    return {widthFirst(), greedyStep(), nearTie()};
}

} // namespace secateur::ui
