// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/CandidateLosses.h"

#include "pruning/LossBounds.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr std::size_t kLeastBounded = 6; ///< candidates of a step that is worth the tangent, which costs two heads

} // namespace

double lowestOf(const std::vector<double> &losses)
{
    double lowest = kNone;
    for (const double loss : losses)
        lowest = std::isfinite(loss) ? std::min(lowest, loss) : lowest;
    return lowest;
}

void CandidateLosses::remove(const Block &block)
{
    VariantEnd end = m_best == block ? std::move(m_bestEnd) : VariantEnd();
    m_best = {};
    m_bestEnd = {};
    m_sweep.remove(block, std::move(end));
}

void CandidateLosses::evaluate(const Evaluating &what, JobContext &context)
{
    const std::vector<Block> &wanted = what.candidates;
    if (wanted.empty())
        return;
    const double count = what.share * double(wanted.size()), headPasses = m_sweep.headInPasses();
    const double perPass = count / (double(m_sweep.passesNeeded(wanted)) + double(wanted.size()) * headPasses);
    std::vector<at::Tensor> ends = m_sweep.ends(wanted, m_isBounded, [&](std::int64_t layer) {
        context.atLayer(layer);
        context.step(perPass);
    });

    if (m_isBounded && wanted.size() >= kLeastBounded) {
        findDeciding(what, ends, context, [&](double heads) { context.step(perPass * headPasses * heads); });
        return;
    }
    std::vector<at::Tensor> sums;
    for (at::Tensor &end : ends) {
        sums.push_back(m_sweep.lossSum(end, context));
        end.reset();
        if (sums.back().is_cpu())
            what.heard(wanted[sums.size() - 1], sums.back().item<double>() / m_sweep.predictions());
        context.step(perPass * headPasses);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) // reading waits for the device, so only when the step is over
        if (!sums[i].is_cpu())
            what.heard(wanted[i], sums[i].item<double>() / m_sweep.predictions());
}

/// Bounds all candidates' losses, and completes the lowest bounds to losses until no bound is near the best loss. `ends`: of the candidates;
/// `passed` hears of every head or part of one.
void CandidateLosses::findDeciding(const Evaluating &what, std::vector<at::Tensor> &ends, JobContext &context,
                                   const std::function<void(double heads)> &passed)
{
    const LossBounds bounds(m_sweep.decoder(), m_sweep.tokens(), m_sweep.baseEnd().state, m_sweep.baseEnd().partial, context);
    m_sweep.countHeads(bounds.headsOfBase());
    std::vector<LossBounds::Bounded> bounded;
    for (const at::Tensor &end : ends) {
        bounded.push_back(bounds.bound(end, context));
        if (!std::isfinite(bounded.back().bound)) // 16 bits cannot hold it: nothing is known
            bounded.back().bound = -kNone;
        m_sweep.countHeads(bounds.frontShare());
        passed(bounds.frontShare());
    }
    std::vector<std::size_t> order(ends.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return bounded[a].bound < bounded[b].bound; });
    double best = what.best;
    std::int64_t completed = 0;
    for (const std::size_t i : order) {
        const Block &candidate = what.candidates[i];
        if (completed >= what.least && bounded[i].bound > best + LossBounds::rounding(m_sweep.decoder().dtype()) + what.margin) {
            what.isOut(candidate, bounded[i].bound);
        } else {
            const double loss = bounds.complete(ends[i], bounded[i].partial, context);
            m_sweep.countHeads(1 - bounds.frontShare());
            ++completed;
            what.heard(candidate, loss);
            if (loss < best) {
                best = loss;
                m_best = candidate;
                m_bestEnd = {.state = ends[i], .partial = bounded[i].partial};
            }
        }
        ends[i].reset();
        passed(1 - bounds.frontShare());
    }
}

} // namespace secateur
