// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/AttentionSweep.h"

#include "decoder/FiniteCheck.h"

#include <ATen/TensorOperators.h>
#include <algorithm>
#include <string>

namespace secateur {
namespace {

/// States kept at every `stride`th layer: at layer l there are l forks, or as many as there ever are, and the base.
std::int64_t statesKept(std::int64_t layers, std::int64_t mostForks, std::int64_t stride)
{
    std::int64_t states = 0;
    for (std::int64_t l = stride; l < layers; l += stride)
        states += std::min(l, mostForks) + 1;
    return states;
}

/// Smallest distance between kept states whose sum fits; 0 when none does.
std::int64_t chooseStride(std::int64_t layers, std::int64_t mostForks, std::int64_t bytesPerState, std::int64_t budget)
{
    for (std::int64_t stride = 1; stride < layers; ++stride)
        if (statesKept(layers, mostForks, stride) * bytesPerState <= budget)
            return stride;
    return 0;
}

} // namespace

AttentionSweep::AttentionSweep(const Decoder &decoder, at::Tensor tokens, LossType lossType, StateBudget budget, std::int64_t mostForks)
    : m_decoder(decoder),
      m_tokens(std::move(tokens)),
      m_lossType(lossType),
      m_isRemoved(std::size_t(decoder.layerCount())),
      m_base(std::size_t(decoder.layerCount())),
      m_forks(std::size_t(decoder.layerCount()), States(std::size_t(decoder.layerCount())))
{
    const std::int64_t layers = decoder.layerCount();
    m_base[0] = m_decoder.embed(m_tokens);
    m_stride = chooseStride(layers, mostForks, std::int64_t(m_base[0].nbytes()), budget.bytes);
    if (m_stride > 0)
        m_memory.emplace(m_base[0], statesKept(layers, mostForks, m_stride), budget.isOnHost);
    for (std::int64_t i = 0; i < layers; ++i)
        m_isRemoved[std::size_t(i)] = !decoder.spec().layers[std::size_t(i)].attention;
}

std::int64_t AttentionSweep::attentionsLeft() const
{
    return std::count(m_isRemoved.begin(), m_isRemoved.end(), false);
}

at::Tensor AttentionSweep::baseFromTheStart(const std::function<void()> &passed)
{
    at::Tensor x = m_base[0];
    for (std::int64_t l = 0; l < m_decoder.layerCount(); ++l) {
        x = passAndKeep(l, x, false, m_base);
        passed();
    }
    return x;
}

std::int64_t AttentionSweep::lastKnown(const States &states, std::int64_t from) const
{
    for (std::int64_t l = m_decoder.layerCount() - 1; l > from; --l)
        if (states[std::size_t(l)].defined())
            return l;
    return from;
}

at::Tensor AttentionSweep::known(const States &states, std::int64_t layer) const
{
    return m_memory ? m_memory->back(states[std::size_t(layer)]) : states[std::size_t(layer)];
}

std::int64_t AttentionSweep::passesNeeded(const std::vector<std::int64_t> &candidates) const
{
    std::int64_t passes = 0;
    for (const std::int64_t j : candidates)
        passes += m_decoder.layerCount() - lastKnown(m_forks[std::size_t(j)], j);
    return passes;
}

std::vector<at::Tensor> AttentionSweep::ends(const std::vector<std::int64_t> &candidates, bool withBase,
                                             const std::function<void(std::int64_t layer)> &passed)
{
    const std::int64_t layers = m_decoder.layerCount();
    std::vector<std::int64_t> starts; // the layer at which each fork's computation begins: its own, or that of its last state in the memo
    std::int64_t firstFresh = layers, lastFresh = -1;
    for (const std::int64_t j : candidates) {
        starts.push_back(lastKnown(m_forks[std::size_t(j)], j));
        if (starts.back() == j) {
            firstFresh = std::min(firstFresh, j);
            lastFresh = std::max(lastFresh, j);
        }
    }
    std::int64_t baseStart = std::min(firstFresh, layers - 1); // the base is only needed where forks leave it
    while (!m_base[std::size_t(baseStart)].defined())
        --baseStart;

    const std::int64_t baseStop = withBase && !m_baseEnd.state.defined() ? layers : lastFresh;

    std::vector<at::Tensor> ends(candidates.size());
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
            passed(l);
        }
        if (l < baseStart || l >= baseStop || (l + 1 < layers && m_base[std::size_t(l + 1)].defined()))
            continue;
        base = passAndKeep(l, base, false, m_base);
        if (l + 1 == layers)
            m_baseEnd.state = base;
    }
    return ends;
}

at::Tensor AttentionSweep::lossSum(const at::Tensor &end, const JobContext &context)
{
    countHeads(1);
    return secateur::lossSum(m_decoder, end, m_tokens, m_lossType, context);
}

void AttentionSweep::remove(std::int64_t layer, VariantEnd end)
{
    const auto w = std::size_t(layer);
    m_isRemoved[w] = true;
    for (std::size_t l = w + 1; l < m_base.size(); ++l)
        m_base[l] = std::move(m_forks[w][l]);
    for (std::size_t j = 0; j < m_forks.size(); ++j)
        for (std::size_t l = (j < w ? w : j) + 1; l < m_base.size(); ++l)
            m_forks[j][l].reset();
    m_baseEnd = std::move(end);
}

/// One layer of a branch, and keeps what comes out among the states where it is to be kept and there is room.
at::Tensor AttentionSweep::passAndKeep(std::int64_t layer, const at::Tensor &x, bool skipsAttention, States &states)
{
    const std::int64_t next = layer + 1;
    if (next == m_decoder.layerCount() || !keepsState(next) || !m_memory->hasRoom())
        return pass(layer, x, skipsAttention, {});
    const at::Tensor room = m_memory->room(), state = pass(layer, x, skipsAttention, room);
    states[std::size_t(next)] = state.is_same(room) ? state : room.defined() ? room.copy_(state) : m_memory->keep(state);
    return state;
}

/// One layer of a branch, into `room` where there is some.
at::Tensor AttentionSweep::pass(std::int64_t layer, const at::Tensor &x, bool skipsAttention, const at::Tensor &room)
{
    ++m_layerPasses;
    const bool isAbsent = skipsAttention || m_isRemoved[std::size_t(layer)];
    const ModelSpec &spec = m_decoder.spec();
    const LayerSpec &parts = spec.layers[std::size_t(layer)];
    const double windows = double(x.size(0));
    if (!isAbsent)
        m_work += attentionWork(*parts.attention, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    if (parts.ffn)
        m_work += ffnWork(*parts.ffn, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    return m_groups.of(x, [&](const at::Tensor &some) {
        const bool areAll = some.size(0) == x.size(0);
        return m_decoder.addFfn(layer, isAbsent ? some : m_decoder.addAttention(layer, some), areAll ? room : at::Tensor());
    });
}

double AttentionSweep::headInPasses() const
{
    const ModelSpec &spec = m_decoder.spec();
    return double(spec.vocabularySize) * double(spec.hiddenSize) * double(spec.layerCount()) / double(layerParameters(spec));
}

void AttentionSweep::countHeads(double heads)
{
    const ModelSpec &spec = m_decoder.spec();
    m_work += headWork(spec, m_tokens.size(0) * (m_tokens.size(1) - 1), std::int64_t(c10::elementSize(m_decoder.dtype()))) * heads;
}

void AttentionSweep::reportNonFinite(std::int64_t candidate) const
{
    throwNonFinite(
        m_decoder, m_tokens, [&](std::int64_t layer) { return layer == candidate || m_isRemoved[std::size_t(layer)]; },
        candidate < 0 ? "" : " without the attention of layer " + std::to_string(candidate));
}

} // namespace secateur
