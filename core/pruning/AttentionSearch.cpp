// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/AttentionSearch.h"

#include "foundation/Error.h"
#include "pruning/LossBounds.h"
#include "pruning/Screening.h"

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN(), kNone = std::numeric_limits<double>::infinity();
constexpr std::size_t kLeastBounded = 6;  ///< candidates of a step that is worth the tangent, which costs two heads
constexpr std::size_t kLeastScreened = 4; ///< candidates of a step that is worth screening
constexpr std::int64_t kForksDecided = 6; ///< of which a screened step is expected to evaluate no more again

bool contains(const std::vector<std::int64_t> &list, std::int64_t value)
{
    return std::find(list.begin(), list.end(), value) != list.end();
}

/// Of what a screened search may keep, the share of the model that decides: few of its forks are computed.
StateBudget part(StateBudget budget, bool isScreened, bool isOfScreen)
{
    constexpr std::int64_t kParts = 3;
    if (isScreened)
        budget.bytes = isOfScreen ? budget.bytes - budget.bytes / kParts : budget.bytes / kParts;
    return budget;
}

double lowestOf(const std::vector<double> &losses)
{
    double lowest = kNone;
    for (const double loss : losses)
        lowest = std::isfinite(loss) ? std::min(lowest, loss) : lowest;
    return lowest;
}

} // namespace

AttentionSearch::AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, StateBudget stateBudget,
                                 std::shared_ptr<Ranks> ranks, LossesKnown losses, const Decoder *screen)
    : m_exact(narrow, tokens, lossType, part(stateBudget, screen, false), screen ? kForksDecided : narrow.layerCount()),
      m_ranks(ranks ? std::move(ranks) : std::make_shared<Ranks>())
{
    if (screen)
        m_screen.emplace(*screen, tokens, LossType::Float32, part(stateBudget, true, true), screen->layerCount());
    m_isBounded =
        losses == LossesKnown::Deciding && (screen || lossType == LossType::Float32) && LossBounds::arePossible(first().decoder());
}

Work AttentionSearch::work() const
{
    Work all = m_exact.work();
    if (m_screen)
        all += m_screen->work();
    return all;
}

void AttentionSearch::run(SearchRecord &record, std::int64_t removals, JobContext &context, const Listener &listener,
                          const std::function<void()> &stepFinished)
{
    const SearchSettings &settings = record.settings;
    for (const std::int64_t layer : record.removalOrder())
        remove(layer);
    std::int64_t left = m_exact.attentionsLeft() - std::int64_t(settings.protectedLayers.size());
    std::int64_t evaluations = std::isnan(record.initialLoss) ? 1 : 0;
    for (auto n = std::int64_t(record.removalOrder().size()); n < removals; ++n)
        evaluations += n < std::int64_t(settings.forcedLayers.size()) ? (--left, 1) : left--;
    if (!record.steps.empty() && record.steps.back().removed < 0) { // a step that was cancelled goes on where it stopped
        forgetScreening(record.steps.back());
        evaluations -= record.steps.back().evaluations();
    }

    context.begin("search", evaluations, "evaluations");
    if (std::isnan(record.initialLoss))
        record.initialLoss = initialLoss(context, listener);
    while (std::int64_t(record.removalOrder().size()) < removals) {
        if (record.steps.empty() || record.steps.back().removed >= 0)
            record.steps.push_back(SearchStep::begun(m_exact.decoder().layerCount()));
        const auto index = std::int64_t(record.steps.size()) - 1;
        Step step{.record = record, .entry = record.steps.back(), .index = index, .context = context, .listener = listener};
        context.atStep(index, removals);
        const std::vector<std::int64_t> candidates = candidatesOf(step);
        if (candidates.empty())
            throw Error("There is no attention left that could be removed.", "Remove or protect fewer.");
        for (std::vector<double> *values : {&step.entry.bounds, &step.entry.screened})
            values->resize(step.entry.losses.size(), kUnknown);
        if (m_screen && candidates.size() >= kLeastScreened)
            evaluateScreened(step, candidates);
        else
            evaluate(step, candidates);
        for (const std::int64_t j : candidates) // the first of equal losses wins: the lowest layer
            if (const double loss = step.entry.losses[std::size_t(j)];
                !std::isnan(loss) && (step.entry.removed < 0 || loss < step.entry.losses[std::size_t(step.entry.removed)]))
                step.entry.removed = j;
        remove(step.entry.removed);
        if (stepFinished)
            stepFinished();
    }
}

/// Of a step that was screened when it was stopped, where nothing screens any more: what is known of losses that do not decide.
void AttentionSearch::forgetScreening(SearchStep &entry) const
{
    const auto isKnown = [](double loss) { return !std::isnan(loss); };
    if (m_screen || std::none_of(entry.screened.begin(), entry.screened.end(), isKnown))
        return;
    entry.screened.clear();
    entry.bounds.clear();
}

std::vector<std::int64_t> AttentionSearch::candidatesOf(const Step &step) const
{
    const SearchSettings &settings = step.record.settings;
    step.entry.isForced = step.index < std::int64_t(settings.forcedLayers.size());
    if (step.entry.isForced)
        return {settings.forcedLayers[std::size_t(step.index)]};
    std::vector<std::int64_t> candidates;
    for (std::int64_t j = 0; j < m_exact.decoder().layerCount(); ++j)
        if (!m_exact.isRemoved(j) && !contains(settings.protectedLayers, j))
            candidates.push_back(j);
    return candidates;
}

void AttentionSearch::remove(std::int64_t layer)
{
    VariantEnd end = m_bestEnd.first == layer ? std::move(m_bestEnd.second) : VariantEnd();
    m_bestEnd = {-1, VariantEnd()};
    if (m_screen)
        m_exact.remove(layer);
    first().remove(layer, std::move(end));
}

double AttentionSearch::initialLoss(JobContext &context, const Listener &listener)
{
    const auto layers = double(m_exact.decoder().layerCount());
    const double units = layers + m_exact.headInPasses();
    const at::Tensor x = m_exact.baseFromTheStart([&] { context.step(1.0 / units); });
    if (m_isBounded && !m_screen)
        m_exact.baseEnd().state = x;
    const double loss = m_exact.lossSum(x, context).item<double>() / m_exact.predictions();
    if (!std::isfinite(loss))
        m_exact.reportNonFinite(-1);
    if (listener)
        listener({.loss = loss});
    context.step(1.0 - layers / units);
    return loss;
}

std::vector<std::int64_t> AttentionSearch::owned(const std::vector<std::int64_t> &candidates) const
{
    std::vector<std::int64_t> result;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(result), [&](std::int64_t j) { return m_ranks->owns(j); });
    return result;
}

void AttentionSearch::evaluate(Step &step, const std::vector<std::int64_t> &candidates)
{
    std::vector<std::int64_t> missing;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(missing), [&](std::int64_t j) {
        return std::isnan(step.entry.losses[std::size_t(j)]) && !(m_isBounded && std::isfinite(step.entry.bounds[std::size_t(j)]));
    });
    if (missing.empty())
        return;
    evaluateOwn(m_exact,
                {.candidates = owned(missing),
                 .best = lowestOf(step.entry.losses), // of a step that was stopped, or of none
                 .heard = [&](std::int64_t j, double loss) { know(step, j, loss); },
                 .isOut = [&](std::int64_t j, double bound) { step.entry.bounds[std::size_t(j)] = bound; }},
                step.context);
    share(step, missing);
    if (!m_ranks->isAlone())
        step.context.step(double(missing.size() - owned(missing).size()));
}

void AttentionSearch::evaluateScreened(Step &step, const std::vector<std::int64_t> &candidates)
{
    constexpr double kShare = 0.8; // of the progress: deciding takes the rest, measured
    SearchStep &entry = step.entry;
    std::vector<std::int64_t> missing;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(missing), [&](std::int64_t j) { return !entry.isKnown(j); });
    if (!missing.empty()) {
        evaluateOwn(*m_screen,
                    {.candidates = owned(missing),
                     .best = lowestOf(entry.screened),
                     .margin = Screening(step.record).width(),
                     .least = Screening(step.record).wanted(),
                     .share = kShare,
                     .heard = [&](std::int64_t j, double loss) { screened(step, j, loss); },
                     .isOut = [&](std::int64_t j, double bound) { entry.bounds[std::size_t(j)] = bound; }},
                    step.context);
        share(step, missing);
    }

    const auto screenedAt = [&](std::int64_t j) { // or a bound of it
        const double loss = entry.screened[std::size_t(j)];
        return std::isnan(loss) ? entry.bounds[std::size_t(j)] - LossBounds::rounding(m_screen->decoder().dtype()) : loss;
    };
    for (;;) {
        const Screening screening(step.record);
        const double best = lowestOf(entry.losses);
        std::vector<std::int64_t> undecided;
        for (const std::int64_t j : candidates)
            if (std::isnan(entry.losses[std::size_t(j)]) && (best == kNone || screening.leastLoss(screenedAt(j)) <= best))
                undecided.push_back(j);
        if (undecided.empty())
            break;
        std::stable_sort(undecided.begin(), undecided.end(), [&](auto a, auto b) { return screenedAt(a) < screenedAt(b); });
        const auto atOnce = std::size_t(std::max<std::int64_t>(1, screening.wanted())); // each that is known may rule out others
        undecided.resize(std::min(undecided.size(), atOnce));
        std::sort(undecided.begin(), undecided.end());
        evaluateOwn(
            m_exact,
            {.candidates = owned(undecided), .share = 0, .heard = [&](std::int64_t j, double loss) { know(step, j, loss); }, .isOut = {}},
            step.context);
        share(step, undecided);
    }
    for (std::size_t j = 0; j < entry.losses.size(); ++j) // a loss says more
        if (!std::isnan(entry.losses[j]))
            entry.bounds[j] = kUnknown;
    step.context.step(double(missing.size()) - kShare * double(owned(missing).size()));
}

/// Gives this rank's values to the others, and takes theirs.
void AttentionSearch::share(Step &step, const std::vector<std::int64_t> &candidates)
{
    if (m_ranks->isAlone())
        return;
    SearchStep &entry = step.entry;
    const std::size_t count = entry.losses.size(), bytes = count * sizeof(double);
    std::string mine;
    for (const std::vector<double> *values : {&entry.losses, &entry.bounds, &entry.screened})
        mine.append(reinterpret_cast<const char *>(values->data()), bytes);
    const std::vector<std::string> all = m_ranks->exchange(std::move(mine), step.context);
    for (const std::int64_t j : candidates) {
        if (m_ranks->owns(j))
            continue;
        const std::string &theirs = all[std::size_t(m_ranks->ownerOf(j))];
        const auto valueOf = [&](std::size_t which) {
            double value = kUnknown;
            if (theirs.size() == 3 * bytes)
                std::memcpy(&value, theirs.data() + which * bytes + std::size_t(j) * sizeof(double), sizeof(double));
            return value;
        };
        const double loss = valueOf(0), screenedLoss = valueOf(2);
        entry.bounds[std::size_t(j)] = valueOf(1);
        if (!std::isnan(screenedLoss) && std::isnan(entry.screened[std::size_t(j)]))
            screened(step, j, screenedLoss);
        if (!std::isnan(loss) && std::isnan(entry.losses[std::size_t(j)]))
            know(step, j, loss);
        if (!entry.isKnown(j))
            throw Error("Rank " + std::to_string(m_ranks->ownerOf(j)) + " did not evaluate layer " + std::to_string(j) + ".",
                        "Start all ranks with the same command and the same files.");
    }
}

void AttentionSearch::know(Step &step, std::int64_t candidate, double loss) const
{
    if (!std::isfinite(loss))
        m_exact.reportNonFinite(candidate);
    step.entry.losses[std::size_t(candidate)] = loss;
    if (step.listener)
        step.listener({.step = step.index, .layer = candidate, .loss = loss});
}

/// A loss that 16 bits cannot hold is no loss that is too high: the other type has to say.
void AttentionSearch::screened(Step &step, std::int64_t candidate, double loss) const
{
    step.entry.screened[std::size_t(candidate)] = std::isfinite(loss) ? loss : -kNone;
    if (step.listener && std::isfinite(loss))
        step.listener({.step = step.index, .layer = candidate, .loss = loss, .isScreened = true});
}

void AttentionSearch::evaluateOwn(AttentionSweep &sweep, const Evaluating &what, JobContext &context)
{
    const std::vector<std::int64_t> &wanted = what.candidates;
    if (wanted.empty())
        return;
    const bool isBounded = m_isBounded && &sweep == &first();
    const double count = what.share * double(wanted.size()), headPasses = sweep.headInPasses();
    const double perPass = count / (double(sweep.passesNeeded(wanted)) + double(wanted.size()) * headPasses);
    std::vector<at::Tensor> ends = sweep.ends(wanted, isBounded, [&](std::int64_t layer) {
        context.atLayer(layer);
        context.step(perPass);
    });

    if (isBounded && wanted.size() >= kLeastBounded) {
        findDeciding(sweep, what, ends, context, [&](double heads) { context.step(perPass * headPasses * heads); });
        return;
    }
    std::vector<at::Tensor> sums;
    for (at::Tensor &end : ends) {
        sums.push_back(sweep.lossSum(end, context));
        end.reset();
        if (sums.back().is_cpu())
            what.heard(wanted[sums.size() - 1], sums.back().item<double>() / sweep.predictions());
        context.step(perPass * headPasses);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) // reading waits for the device, so only when the step is over
        if (!sums[i].is_cpu())
            what.heard(wanted[i], sums[i].item<double>() / sweep.predictions());
}

/// Bounds all candidates' losses, and completes the lowest bounds to losses until no bound is near the best loss. `ends`: of the candidates;
/// `passed` hears of every head or part of one.
void AttentionSearch::findDeciding(AttentionSweep &sweep, const Evaluating &what, std::vector<at::Tensor> &ends, JobContext &context,
                                   const std::function<void(double heads)> &passed)
{
    const LossBounds bounds(sweep.decoder(), sweep.tokens(), sweep.baseEnd().state, sweep.baseEnd().partial, context);
    sweep.countHeads(bounds.headsOfBase());
    std::vector<LossBounds::Bounded> bounded;
    for (const at::Tensor &end : ends) {
        bounded.push_back(bounds.bound(end, context));
        if (!std::isfinite(bounded.back().bound)) // 16 bits cannot hold it: nothing is known
            bounded.back().bound = -kNone;
        sweep.countHeads(bounds.frontShare());
        passed(bounds.frontShare());
    }
    std::vector<std::size_t> order(ends.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return bounded[a].bound < bounded[b].bound; });
    double best = what.best;
    std::int64_t completed = 0;
    for (const std::size_t i : order) {
        const std::int64_t layer = what.candidates[i];
        if (completed >= what.least && bounded[i].bound > best + LossBounds::rounding(sweep.decoder().dtype()) + what.margin) {
            what.isOut(layer, bounded[i].bound);
        } else {
            const double loss = bounds.complete(ends[i], bounded[i].partial, context);
            sweep.countHeads(1 - bounds.frontShare());
            ++completed;
            what.heard(layer, loss);
            if (loss < best) {
                best = loss;
                m_bestEnd = {layer, {.state = ends[i], .partial = bounded[i].partial}};
            }
        }
        ends[i].reset();
        passed(1 - bounds.frontShare());
    }
}

} // namespace secateur
