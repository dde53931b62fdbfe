// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/AttentionSearch.h"

#include "foundation/Error.h"
#include "model/FiniteCheck.h"

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Smallest distance between kept states whose sum fits: at layer l there are l forks and the base.
std::int64_t chooseStride(std::int64_t layers, std::int64_t bytesPerState, std::int64_t budget)
{
    for (std::int64_t stride = 1; stride < layers; ++stride) {
        std::int64_t states = 0;
        for (std::int64_t l = stride; l < layers; l += stride)
            states += l + 1;
        if (states * bytesPerState <= budget)
            return stride;
    }
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

AttentionSearch::AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, std::int64_t stateBytes,
                                 std::shared_ptr<Ranks> ranks)
    : m_decoder(narrow),
      m_tokens(std::move(tokens)),
      m_lossType(lossType),
      m_ranks(ranks ? std::move(ranks) : std::make_shared<Ranks>()),
      m_isRemoved(std::size_t(narrow.layerCount())),
      m_base(std::size_t(narrow.layerCount())),
      m_forks(std::size_t(narrow.layerCount()), States(std::size_t(narrow.layerCount())))
{
    m_base[0] = m_decoder.embed(m_tokens);
    m_stride = chooseStride(narrow.layerCount(), std::int64_t(m_base[0].nbytes()), stateBytes);
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
        evaluations -=
            std::count_if(record.steps.back().losses.begin(), record.steps.back().losses.end(), [](double l) { return !std::isnan(l); });

    context.begin("search", evaluations, "evaluations");
    if (std::isnan(record.initialLoss))
        record.initialLoss = initialLoss(context, listener);
    while (std::int64_t(record.removalOrder().size()) < removals) {
        if (record.steps.empty() || record.steps.back().removed >= 0)
            record.steps.push_back({.losses = std::vector<double>(std::size_t(layers), kUnknown), .removed = -1, .isForced = false});
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
        evaluate(step, index, candidates, context, listener);
        // min_element takes the first of equal losses: the lowest layer
        step.removed = *std::min_element(candidates.begin(), candidates.end(), [&](std::int64_t a, std::int64_t b) {
            return step.losses[std::size_t(a)] < step.losses[std::size_t(b)];
        });
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
        x = pass(l, x, false);
        if (l + 1 < layers && keepsState(l + 1))
            m_base[std::size_t(l + 1)] = x;
        context.step(1.0 / units);
    }
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
    std::vector<std::int64_t> missing, wanted;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(missing),
                 [&](std::int64_t j) { return std::isnan(step.losses[std::size_t(j)]); });
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
    std::string mine(reinterpret_cast<const char *>(step.losses.data()), step.losses.size() * sizeof(double));
    const std::vector<std::string> all = m_ranks->exchange(std::move(mine), context);
    for (const std::int64_t j : candidates) {
        if (m_ranks->owns(j))
            continue;
        const std::string &theirs = all[std::size_t(m_ranks->ownerOf(j))];
        double loss = kUnknown;
        if (theirs.size() == step.losses.size() * sizeof(double))
            std::memcpy(&loss, theirs.data() + std::size_t(j) * sizeof(double), sizeof(double));
        if (!std::isfinite(loss))
            throw Error("Rank " + std::to_string(m_ranks->ownerOf(j)) + " did not evaluate layer " + std::to_string(j) + ".",
                        "Start all ranks with the same command and the same files.");
        step.losses[std::size_t(j)] = loss;
        if (listener)
            listener(stepIndex, j, loss);
        context.step();
    }
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

    const double tokens = double(m_tokens.size(0) * (m_tokens.size(1) - 1));
    const auto record = [&](std::size_t i, const at::Tensor &sum) {
        const double loss = sum.item<double>() / tokens;
        if (!std::isfinite(loss))
            reportNonFinite(wanted[i]);
        step.losses[std::size_t(wanted[i])] = loss;
        if (listener)
            listener(stepIndex, wanted[i], loss);
    };
    std::vector<at::Tensor> sums;
    for (at::Tensor &end : ends) {
        sums.push_back(head(end, context));
        end.reset();
        if (sums.back().is_cpu())
            record(sums.size() - 1, sums.back());
        context.step(perPass * headPasses);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) // reading waits for the device, so only when the step is over
        if (!sums[i].is_cpu())
            record(i, sums[i]);
}

std::int64_t AttentionSearch::lastKnown(const States &states, std::int64_t from) const
{
    for (std::int64_t l = m_decoder.layerCount() - 1; l > from; --l)
        if (states[std::size_t(l)].defined())
            return l;
    return from;
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

    ends.assign(candidates.size(), {});
    at::Tensor base;
    for (std::int64_t l = 0; l < layers; ++l) {
        if (m_base[std::size_t(l)].defined())
            base = m_base[std::size_t(l)];
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const std::int64_t j = candidates[i];
            if (l < starts[i])
                continue;
            if (l == starts[i])
                ends[i] = l == j ? base : m_forks[std::size_t(j)][std::size_t(l)];
            ends[i] = pass(l, ends[i], l == j);
            if (l + 1 < layers && keepsState(l + 1))
                m_forks[std::size_t(j)][std::size_t(l + 1)] = ends[i];
            passed();
        }
        if (l >= baseStart && l < lastFresh && !m_base[std::size_t(l + 1)].defined()) {
            base = pass(l, base, false);
            if (keepsState(l + 1))
                m_base[std::size_t(l + 1)] = base;
        }
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
}

at::Tensor AttentionSearch::pass(std::int64_t layer, const at::Tensor &x, bool skipsAttention)
{
    ++m_layerPasses;
    const bool isAbsent = skipsAttention || m_isRemoved[std::size_t(layer)];
    const ModelSpec &spec = m_decoder.spec();
    const LayerSpec &parts = spec.layers[std::size_t(layer)];
    const double windows = double(x.size(0));
    if (!isAbsent)
        m_work += attentionWork(*parts.attention, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    m_work += ffnWork(parts.ffn, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    return m_decoder.addFfn(layer, isAbsent ? x : m_decoder.addAttention(layer, x));
}

at::Tensor AttentionSearch::head(const at::Tensor &end, JobContext &context)
{
    m_work += headWork(m_decoder.spec(), end.size(0) * (end.size(1) - 1), end.element_size());
    return lossSum(m_decoder, end, m_tokens, m_lossType, context);
}

void AttentionSearch::reportNonFinite(std::int64_t candidate) const
{
    throwNonFinite(
        m_decoder, m_tokens, [&](std::int64_t layer) { return layer == candidate || m_isRemoved[std::size_t(layer)]; },
        candidate < 0 ? "" : " without the attention of layer " + std::to_string(candidate));
}

} // namespace secateur
