// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/AttentionSearch.h"

#include "foundation/Error.h"
#include "model/FiniteCheck.h"
#include "pruning/LossBounds.h"

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kLeastBounded = 6; ///< candidates of a step that is worth the tangent, which costs two heads

/// States kept at every `stride`th layer: at layer l there are l forks and the base.
std::int64_t statesKept(std::int64_t layers, std::int64_t stride)
{
    std::int64_t states = 0;
    for (std::int64_t l = stride; l < layers; l += stride)
        states += l + 1;
    return states;
}

/// Smallest distance between kept states whose sum fits; 0 when none does.
std::int64_t chooseStride(std::int64_t layers, std::int64_t bytesPerState, std::int64_t budget)
{
    for (std::int64_t stride = 1; stride < layers; ++stride)
        if (statesKept(layers, stride) * bytesPerState <= budget)
            return stride;
    return 0;
}

/// Cost of one head in passes of one layer, by multiply-adds; for the progress only.
double headInPasses(const ModelSpec &spec)
{
    return double(spec.vocabularySize) * double(spec.hiddenSize) * double(spec.layerCount()) / double(layerParameters(spec));
}

bool contains(const std::vector<std::int64_t> &list, std::int64_t value)
{
    return std::find(list.begin(), list.end(), value) != list.end();
}

} // namespace

AttentionSearch::AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, StateBudget stateBudget,
                                 std::shared_ptr<Ranks> ranks, LossesKnown losses)
    : m_decoder(narrow),
      m_tokens(std::move(tokens)),
      m_lossType(lossType),
      m_ranks(ranks ? std::move(ranks) : std::make_shared<Ranks>()),
      m_isRemoved(std::size_t(narrow.layerCount())),
      m_base(std::size_t(narrow.layerCount())),
      m_forks(std::size_t(narrow.layerCount()), States(std::size_t(narrow.layerCount()))),
      m_isBounded(losses == LossesKnown::Deciding && lossType == LossType::Float32 && LossBounds::arePossible(narrow)),
      m_bestEnd(-1, End())
{
    m_base[0] = m_decoder.embed(m_tokens);
    m_stride = chooseStride(narrow.layerCount(), std::int64_t(m_base[0].nbytes()), stateBudget.bytes);
    if (m_stride > 0)
        m_memory.emplace(m_base[0], statesKept(narrow.layerCount(), m_stride), stateBudget.isOnHost);
    for (std::int64_t i = 0; i < narrow.layerCount(); ++i)
        m_isRemoved[std::size_t(i)] = !narrow.spec().layers[std::size_t(i)].attention;
}

void AttentionSearch::run(SearchRecord &record, std::int64_t removals, JobContext &context, const Listener &listener,
                          const std::function<void()> &stepFinished)
{
    const SearchSettings &settings = record.settings;
    for (const std::int64_t layer : record.removalOrder())
        remove(layer);
    const std::int64_t layers = m_decoder.layerCount();
    std::int64_t left = std::count(m_isRemoved.begin(), m_isRemoved.end(), false) - std::int64_t(settings.protectedLayers.size());
    std::int64_t evaluations = std::isnan(record.initialLoss) ? 1 : 0;
    for (auto n = std::int64_t(record.removalOrder().size()); n < removals; ++n)
        evaluations += n < std::int64_t(settings.forcedLayers.size()) ? (--left, 1) : left--;
    if (!record.steps.empty() && record.steps.back().removed < 0) // a step that was cancelled goes on where it stopped
        evaluations -= record.steps.back().evaluations();

    context.begin("search", evaluations, "evaluations");
    if (std::isnan(record.initialLoss))
        record.initialLoss = initialLoss(context, listener);
    while (std::int64_t(record.removalOrder().size()) < removals) {
        if (record.steps.empty() || record.steps.back().removed >= 0)
            record.steps.push_back(SearchStep::begun(layers));
        const auto index = std::int64_t(record.steps.size()) - 1;
        SearchStep &step = record.steps.back();
        std::vector<std::int64_t> candidates;
        if (index < std::int64_t(settings.forcedLayers.size())) {
            step.isForced = true;
            candidates = {settings.forcedLayers[std::size_t(index)]};
        } else {
            for (std::int64_t j = 0; j < layers; ++j)
                if (!m_isRemoved[std::size_t(j)] && !contains(settings.protectedLayers, j))
                    candidates.push_back(j);
        }
        if (candidates.empty())
            throw Error("There is no attention left that could be removed.", "Remove or protect fewer.");
        evaluate(step, index, candidates, context, listener);
        for (const std::int64_t j : candidates) // the first of equal losses wins: the lowest layer
            if (const double loss = step.losses[std::size_t(j)];
                !std::isnan(loss) && (step.removed < 0 || loss < step.losses[std::size_t(step.removed)]))
                step.removed = j;
        remove(step.removed);
        if (stepFinished)
            stepFinished();
    }
}

double AttentionSearch::initialLoss(JobContext &context, const Listener &listener)
{
    const std::int64_t layers = m_decoder.layerCount();
    const double units = double(layers) + headInPasses(m_decoder.spec());
    at::Tensor x = m_base[0];
    for (std::int64_t l = 0; l < layers; ++l) {
        x = passAndKeep(l, x, false, m_base);
        context.step(1.0 / units);
    }
    if (m_isBounded)
        m_baseEnd.state = x;
    const double loss = head(x, context).item<double>() / double(m_tokens.size(0) * (m_tokens.size(1) - 1));
    if (!std::isfinite(loss))
        reportNonFinite(-1);
    if (listener)
        listener(-1, -1, loss);
    context.step(1.0 - double(layers) / units);
    return loss;
}

void AttentionSearch::evaluate(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &candidates, JobContext &context,
                               const Listener &listener)
{
    step.bounds.resize(step.losses.size(), kUnknown);
    std::vector<std::int64_t> missing, wanted;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(missing), [&](std::int64_t j) {
        return std::isnan(step.losses[std::size_t(j)]) && !(m_isBounded && std::isfinite(step.bounds[std::size_t(j)]));
    });
    if (missing.empty())
        return;
    std::copy_if(missing.begin(), missing.end(), std::back_inserter(wanted), [&](std::int64_t j) { return m_ranks->owns(j); });
    evaluateOwn(step, stepIndex, wanted, context, listener);
    if (!m_ranks->isAlone())
        shareLosses(step, stepIndex, missing, context, listener);
}

/// Gives this rank's losses to the others, and takes theirs.
void AttentionSearch::shareLosses(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &candidates,
                                  JobContext &context, const Listener &listener)
{
    const std::size_t bytes = step.losses.size() * sizeof(double);
    std::string mine(2 * bytes, '\0');
    std::memcpy(mine.data(), step.losses.data(), bytes);
    std::memcpy(mine.data() + bytes, step.bounds.data(), bytes);
    const std::vector<std::string> all = m_ranks->exchange(std::move(mine), context);
    for (const std::int64_t j : candidates) {
        if (m_ranks->owns(j))
            continue;
        const std::string &theirs = all[std::size_t(m_ranks->ownerOf(j))];
        double loss = kUnknown, bound = kUnknown;
        if (theirs.size() == 2 * bytes) {
            std::memcpy(&loss, theirs.data() + std::size_t(j) * sizeof(double), sizeof(double));
            std::memcpy(&bound, theirs.data() + bytes + std::size_t(j) * sizeof(double), sizeof(double));
        }
        step.bounds[std::size_t(j)] = bound;
        if (std::isfinite(loss))
            know(step, stepIndex, j, loss, listener);
        else if (!std::isfinite(bound))
            throw Error("Rank " + std::to_string(m_ranks->ownerOf(j)) + " did not evaluate layer " + std::to_string(j) + ".",
                        "Start all ranks with the same command and the same files.");
        context.step();
    }
}

void AttentionSearch::know(SearchStep &step, std::int64_t stepIndex, std::int64_t candidate, double loss, const Listener &listener) const
{
    if (!std::isfinite(loss))
        reportNonFinite(candidate);
    step.losses[std::size_t(candidate)] = loss;
    if (listener)
        listener(stepIndex, candidate, loss);
}

void AttentionSearch::evaluateOwn(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &wanted, JobContext &context,
                                  const Listener &listener)
{
    if (wanted.empty())
        return;
    const double count = double(wanted.size()), headPasses = headInPasses(m_decoder.spec());
    const double perPass = count / (double(passesNeeded(wanted)) + count * headPasses);
    std::vector<at::Tensor> ends;
    sweep(wanted, ends, [&] { context.step(perPass); });

    if (m_isBounded && wanted.size() >= kLeastBounded) {
        findDeciding(step, stepIndex, wanted, ends, context, listener, [&](double heads) { context.step(perPass * headPasses * heads); });
        return;
    }
    const double tokens = double(m_tokens.size(0) * (m_tokens.size(1) - 1));
    std::vector<at::Tensor> sums;
    for (at::Tensor &end : ends) {
        sums.push_back(head(end, context));
        end.reset();
        if (sums.back().is_cpu())
            know(step, stepIndex, wanted[sums.size() - 1], sums.back().item<double>() / tokens, listener);
        context.step(perPass * headPasses);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) // reading waits for the device, so only when the step is over
        if (!sums[i].is_cpu())
            know(step, stepIndex, wanted[i], sums[i].item<double>() / tokens, listener);
}

/// Bounds all candidates' losses, and completes the lowest bounds to losses until no bound is below the best loss. `ends`: of the candidates
/// wanted; `passed` hears of every head or part of one.
void AttentionSearch::findDeciding(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &wanted,
                                   std::vector<at::Tensor> &ends, JobContext &context, const Listener &listener,
                                   const std::function<void(double heads)> &passed)
{
    const LossBounds bounds(m_decoder, m_tokens, m_baseEnd.state, m_baseEnd.partial, context);
    addHeadWork(bounds.headsOfBase());
    std::vector<LossBounds::Bounded> bounded;
    for (const at::Tensor &end : ends) {
        bounded.push_back(bounds.bound(end, context));
        addHeadWork(bounds.frontShare());
        passed(bounds.frontShare());
    }
    std::vector<std::size_t> order(wanted.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return bounded[a].bound < bounded[b].bound; });
    double best = std::numeric_limits<double>::infinity();
    for (const double loss : step.losses) // of a step that was stopped, or of none
        best = std::isnan(loss) ? best : std::min(best, loss);
    for (const std::size_t i : order) {
        const std::int64_t layer = wanted[i];
        if (bounded[i].bound > best + LossBounds::kRounding) {
            step.bounds[std::size_t(layer)] = bounded[i].bound;
        } else {
            const double loss = bounds.complete(ends[i], bounded[i].partial, context);
            addHeadWork(1 - bounds.frontShare());
            know(step, stepIndex, layer, loss, listener);
            if (loss < best) {
                best = loss;
                m_bestEnd = {layer, {.state = ends[i], .partial = bounded[i].partial}};
            }
        }
        ends[i].reset();
        passed(1 - bounds.frontShare());
    }
}

std::int64_t AttentionSearch::lastKnown(const States &states, std::int64_t from) const
{
    for (std::int64_t l = m_decoder.layerCount() - 1; l > from; --l)
        if (states[std::size_t(l)].defined())
            return l;
    return from;
}

at::Tensor AttentionSearch::known(const States &states, std::int64_t layer) const
{
    return m_memory ? m_memory->back(states[std::size_t(layer)]) : states[std::size_t(layer)];
}

std::int64_t AttentionSearch::passesNeeded(const std::vector<std::int64_t> &candidates) const
{
    const std::int64_t layers = m_decoder.layerCount();
    std::int64_t passes = 0;
    for (const std::int64_t j : candidates)
        passes += layers - lastKnown(m_forks[std::size_t(j)], j);
    return passes;
}

void AttentionSearch::sweep(const std::vector<std::int64_t> &candidates, std::vector<at::Tensor> &ends, const std::function<void()> &passed)
{
    const std::int64_t layers = m_decoder.layerCount();
    std::vector<std::int64_t> starts; // the layer at which each fork's computation begins: its own, or that of its last state in the memo
    std::int64_t firstFresh = layers, lastFresh = -1;
    for (const std::int64_t j : candidates) {
        starts.push_back(lastKnown(m_forks[std::size_t(j)], j));
        if (starts.back() == j) {
            firstFresh = std::min(firstFresh, j);
            lastFresh = j;
        }
    }
    std::int64_t baseStart = std::min(firstFresh, layers - 1); // the base is only needed where forks leave it
    while (!m_base[std::size_t(baseStart)].defined())
        --baseStart;

    const std::int64_t baseStop = m_isBounded && !m_baseEnd.state.defined() ? layers : lastFresh;

    ends.assign(candidates.size(), {});
    at::Tensor base;
    for (std::int64_t l = 0; l < layers; ++l) {
        if (m_base[std::size_t(l)].defined())
            base = known(m_base, l);
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const std::int64_t j = candidates[i];
            if (l < starts[i])
                continue;
            if (l == starts[i])
                ends[i] = l == j ? base : known(m_forks[std::size_t(j)], l);
            ends[i] = passAndKeep(l, ends[i], l == j, m_forks[std::size_t(j)]);
            passed();
        }
        if (l < baseStart || l >= baseStop || (l + 1 < layers && m_base[std::size_t(l + 1)].defined()))
            continue;
        base = passAndKeep(l, base, false, m_base);
        if (l + 1 == layers)
            m_baseEnd.state = base;
    }
}

void AttentionSearch::remove(std::int64_t layer)
{
    const auto w = std::size_t(layer);
    m_isRemoved[w] = true;
    for (std::size_t l = w + 1; l < m_base.size(); ++l)
        m_base[l] = std::move(m_forks[w][l]);
    for (std::size_t j = 0; j < m_forks.size(); ++j)
        for (std::size_t l = (j < w ? w : j) + 1; l < m_base.size(); ++l)
            m_forks[j][l].reset();
    m_baseEnd = m_bestEnd.first == layer ? std::move(m_bestEnd.second) : End();
    m_bestEnd = {-1, End()};
}

/// One layer of a stream, and keeps what comes out among the states where it is to be kept.
at::Tensor AttentionSearch::passAndKeep(std::int64_t layer, const at::Tensor &x, bool skipsAttention, States &states)
{
    const std::int64_t next = layer + 1;
    if (next == m_decoder.layerCount() || !keepsState(next))
        return pass(layer, x, skipsAttention, {});
    const at::Tensor room = m_memory->room(), state = pass(layer, x, skipsAttention, room);
    states[std::size_t(next)] = state.is_same(room) ? state : m_memory->keep(state);
    return state;
}

/// One layer of a stream, into `room` where there is some.
at::Tensor AttentionSearch::pass(std::int64_t layer, const at::Tensor &x, bool skipsAttention, const at::Tensor &room)
{
    ++m_layerPasses;
    const bool isAbsent = skipsAttention || m_isRemoved[std::size_t(layer)];
    const ModelSpec &spec = m_decoder.spec();
    const LayerSpec &parts = spec.layers[std::size_t(layer)];
    const double windows = double(x.size(0));
    if (!isAbsent)
        m_work += attentionWork(*parts.attention, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    m_work += ffnWork(parts.ffn, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    return m_groups.of(x, [&](const at::Tensor &some) {
        const bool areAll = some.size(0) == x.size(0);
        return m_decoder.addFfn(layer, isAbsent ? some : m_decoder.addAttention(layer, some), areAll ? room : at::Tensor());
    });
}

at::Tensor AttentionSearch::head(const at::Tensor &end, JobContext &context)
{
    addHeadWork(1);
    return lossSum(m_decoder, end, m_tokens, m_lossType, context);
}

void AttentionSearch::addHeadWork(double heads)
{
    const ModelSpec &spec = m_decoder.spec();
    m_work += headWork(spec, m_tokens.size(0) * (m_tokens.size(1) - 1), std::int64_t(c10::elementSize(m_decoder.dtype()))) * heads;
}

void AttentionSearch::reportNonFinite(std::int64_t candidate) const
{
    throwNonFinite(
        m_decoder, m_tokens, [&](std::int64_t layer) { return layer == candidate || m_isRemoved[std::size_t(layer)]; },
        candidate < 0 ? "" : " without the attention of layer " + std::to_string(candidate));
}

} // namespace secateur
