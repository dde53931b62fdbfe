// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerFacts.h"

#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::LayerFacts)
};

} // namespace

double CandidateFacts::perplexityChange() const
{
    return std::expm1(change);
}

qint64 removalsShown(const SessionModel &session, const SelectionModel &selection)
{
    const auto known = qint64(session.removalOrder().size());
    return selection.step() < 0 ? known : std::min(known, selection.step() + (selection.isUndecided() ? 0 : 1));
}

LayerFacts layerFacts(const SessionModel &session, const SelectionModel &selection, qint64 layer)
{
    LayerFacts facts;
    const LayerSpec &spec = session.spec().layers[std::size_t(layer)];
    facts.hasAttention = spec.attention.has_value();
    facts.isProtected = session.isProtected(layer);
    facts.isForced = session.isForced(layer);
    facts.hasFfn = spec.ffn.has_value();
    facts.neurons = spec.neurons();
    facts.isOrdered = !session.isSettled();
    facts.kept = session.hasNeurons() ? session.planSpec().layers[std::size_t(layer)].neurons() : facts.neurons;
    if (const auto ranked = session.rankedScores(); ranked && facts.hasFfn)
        facts.shareKept = ranked->shareKept(layer, facts.kept);
    const std::vector<std::int64_t> order = session.removalOrder();
    const auto end = order.begin() + removalsShown(session, selection);
    if (const auto place = std::find(order.begin(), end, layer); place != end)
        facts.removal = place - order.begin();
    return facts;
}

std::optional<CandidateFacts> candidateFacts(const SearchRecord &record, qint64 step, qint64 layer)
{
    if (step < 0 || step >= qint64(record.steps.size()))
        return {};
    const SearchStep &now = record.steps[std::size_t(step)];
    double before = record.initialLoss;
    if (step > 0) {
        const SearchStep &previous = record.steps[std::size_t(step - 1)];
        if (previous.removed < 0)
            return {};
        before = previous.losses[std::size_t(previous.removed)];
    }
    const double loss = now.losses[std::size_t(layer)];
    if (!std::isfinite(before) || !std::isfinite(loss))
        return {};

    CandidateFacts facts{.step = step, .change = loss - before, .isForced = now.isForced};
    if (now.removed < 0)
        return facts;
    double best = 0;
    for (std::size_t i = 0; i < now.losses.size(); ++i)
        if (std::isfinite(now.losses[i]) && qint64(i) != now.removed && (facts.runnerUp < 0 || now.losses[i] < best)) {
            facts.runnerUp = qint64(i);
            best = now.losses[i];
        }
    const auto mayBeLess = [&](const std::vector<double> &values, std::size_t i) { return i < values.size() && values[i] < best; };
    bool isSecondKnown = true; // others may be less than it by what is known of them
    for (std::size_t i = 0; i < now.losses.size(); ++i)
        if (!std::isfinite(now.losses[i]) && (mayBeLess(now.bounds, i) || mayBeLess(now.screened, i)))
            isSecondKnown = false;
    if (!isSecondKnown)
        facts.runnerUp = -1;
    if (facts.runnerUp >= 0)
        facts.gap = std::expm1(best - now.losses[std::size_t(now.removed)]);
    return facts;
}

QString placeText(qint64 place)
{
    switch (place) {
    case 0:
        return Words::tr("first");
    case 1:
        return Words::tr("second");
    case 2:
        return Words::tr("third");
    default:
        return Words::tr("number %1").arg(place + 1);
    }
}

QString attentionText(const LayerFacts &facts)
{
    if (!facts.hasAttention)
        return Words::tr("none in this model");
    if (facts.isRemoved() && !facts.isOrdered)
        return Words::tr("removed");
    if (facts.isRemoved())
        return (facts.isForced ? Words::tr("removed, %1, by hand") : Words::tr("removed, %1")).arg(placeText(facts.removal));
    if (facts.isProtected)
        return Words::tr("present, protected");
    return facts.isForced ? Words::tr("present, set to go first") : Words::tr("present");
}

QString ffnText(const LayerFacts &facts)
{
    if (!facts.hasFfn)
        return Words::tr("none in this model");
    if (facts.isFfnRemoved())
        return Words::tr("removed");
    return Words::tr("%1 of %2 neurons kept").arg(exactText(facts.kept), exactText(facts.neurons));
}

QString protectProblem(const SessionModel &session, qint64 layer)
{
    if (const QString problem = session.removalsProblem(); !problem.isEmpty() || session.isProtected(layer))
        return problem;
    const qint64 free = session.layerCount() - qint64(session.draft().search.protectedLayers.size());
    if (free <= session.attentionsToRemove())
        return Words::tr("%1 attentions are to go and no more than %2 are free: protect fewer, or lower N.")
            .arg(session.attentionsToRemove())
            .arg(free);
    return {};
}

QString forceProblem(const SessionModel &session, qint64 layer)
{
    if (const QString problem = session.removalsProblem(); !problem.isEmpty() || session.isForced(layer))
        return problem;
    const qint64 N = session.attentionsToRemove(), forced = qint64(session.draft().search.forcedLayers.size());
    if (N == 0)
        return Words::tr("The plan removes no attention (N = 0): raise N first.");
    if (forced >= N)
        return Words::tr("All %1 removals of the plan are set already: raise N first.").arg(N);
    return {};
}

} // namespace secateur::ui
