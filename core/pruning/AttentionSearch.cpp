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
#include <string>
#include <utility>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN(), kNone = std::numeric_limits<double>::infinity();
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

} // namespace

AttentionSearch::AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, StateBudget stateBudget,
                                 std::shared_ptr<Ranks> ranks, LossesKnown losses, const Decoder *screen)
    : m_exact(BlockSweep(narrow, tokens, lossType, part(stateBudget, screen, false), screen ? kForksDecided : narrow.layerCount()),
              !screen && losses == LossesKnown::Deciding && lossType == LossType::Float32 && LossBounds::arePossible(narrow)),
      m_ranks(ranks ? std::move(ranks) : std::make_shared<Ranks>())
{
    if (screen)
        m_screen.emplace(BlockSweep(*screen, tokens, LossType::Float32, part(stateBudget, true, true), screen->layerCount()),
                         losses == LossesKnown::Deciding && LossBounds::arePossible(*screen));
}

Work AttentionSearch::work() const
{
    Work all = m_exact.sweep().work();
    if (m_screen)
        all += m_screen->sweep().work();
    return all;
}

void AttentionSearch::run(SearchRecord &record, std::int64_t removals, JobContext &context, const Listener &listener,
                          const std::function<void()> &stepFinished)
{
    const SearchSettings &settings = record.settings;
    for (const std::int64_t layer : record.removalOrder())
        remove(layer);
    std::int64_t left = m_exact.sweep().left(Part::Attention) - std::int64_t(settings.protectedLayers.size());
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
            record.steps.push_back(SearchStep::begun(m_exact.sweep().decoder().layerCount()));
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
    for (std::int64_t j = 0; j < m_exact.sweep().decoder().layerCount(); ++j)
        if (!m_exact.sweep().isRemoved({j}) && !contains(settings.protectedLayers, j))
            candidates.push_back(j);
    return candidates;
}

void AttentionSearch::remove(std::int64_t layer)
{
    m_exact.remove({layer});
    if (m_screen)
        m_screen->remove({layer});
}

double AttentionSearch::initialLoss(JobContext &context, const Listener &listener)
{
    BlockSweep &sweep = m_exact.sweep();
    const auto layers = double(sweep.decoder().layerCount());
    const double units = layers + sweep.headInPasses();
    const at::Tensor x = sweep.baseFromTheStart([&] { context.step(1.0 / units); });
    if (m_exact.isBounded())
        sweep.baseEnd().state = x;
    const double loss = sweep.lossSum(x, context).item<double>() / sweep.predictions();
    if (!std::isfinite(loss))
        sweep.reportNonFinite();
    if (listener)
        listener({.loss = loss});
    context.step(1.0 - layers / units);
    return loss;
}

std::vector<Block> AttentionSearch::owned(const std::vector<std::int64_t> &candidates) const
{
    std::vector<Block> result;
    for (const std::int64_t j : candidates)
        if (m_ranks->owns(j))
            result.push_back({j});
    return result;
}

void AttentionSearch::evaluate(Step &step, const std::vector<std::int64_t> &candidates)
{
    std::vector<std::int64_t> missing;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(missing), [&](std::int64_t j) {
        return std::isnan(step.entry.losses[std::size_t(j)]) && !(m_exact.isBounded() && std::isfinite(step.entry.bounds[std::size_t(j)]));
    });
    if (missing.empty())
        return;
    m_exact.evaluate({.candidates = owned(missing),
                      .best = lowestOf(step.entry.losses), // of a step that was stopped, or of none
                      .heard = [&](const Block &b, double loss) { know(step, b.layer, loss); },
                      .isOut = [&](const Block &b, double bound) { step.entry.bounds[std::size_t(b.layer)] = bound; }},
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
        m_screen->evaluate({.candidates = owned(missing),
                            .best = lowestOf(entry.screened),
                            .margin = Screening(step.record).width(),
                            .least = Screening(step.record).wanted(),
                            .share = kShare,
                            .heard = [&](const Block &b, double loss) { screened(step, b.layer, loss); },
                            .isOut = [&](const Block &b, double bound) { entry.bounds[std::size_t(b.layer)] = bound; }},
                           step.context);
        share(step, missing);
    }

    const auto screenedAt = [&](std::int64_t j) { // or a bound of it
        const double loss = entry.screened[std::size_t(j)];
        return std::isnan(loss) ? entry.bounds[std::size_t(j)] - LossBounds::rounding(m_screen->sweep().decoder().dtype()) : loss;
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
        m_exact.evaluate({.candidates = owned(undecided),
                          .share = 0,
                          .heard = [&](const Block &b, double loss) { know(step, b.layer, loss); },
                          .isOut = {}},
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
        m_exact.sweep().reportNonFinite({candidate});
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

} // namespace secateur
