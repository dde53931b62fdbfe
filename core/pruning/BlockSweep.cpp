// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/BlockSweep.h"

#include "decoder/FiniteCheck.h"

#include <ATen/TensorOperators.h>
#include <algorithm>
#include <string>
#include <utility>

namespace secateur {
namespace {

/// States kept at every `stride`th layer: at layer l there are l forks of a kind, or as many as there ever are, and the base.
std::int64_t statesKept(std::int64_t layers, std::int64_t mostForks, std::int64_t kinds, std::int64_t stride)
{
    std::int64_t states = 0;
    for (std::int64_t l = stride; l < layers; l += stride)
        states += kinds * std::min(l, mostForks) + 1;
    return states;
}

/// Smallest distance between kept states whose sum fits; 0 when none does.
std::int64_t chooseStride(std::int64_t layers, std::int64_t mostForks, std::int64_t kinds, std::int64_t bytesPerState, std::int64_t budget)
{
    for (std::int64_t stride = 1; stride < layers; ++stride)
        if (statesKept(layers, mostForks, kinds, stride) * bytesPerState <= budget)
            return stride;
    return 0;
}

} // namespace

BlockSweep::BlockSweep(const Decoder &decoder, at::Tensor tokens, LossType lossType, StateBudget budget, std::int64_t mostForks,
                       bool withFfns)
    : m_decoder(decoder),
      m_tokens(std::move(tokens)),
      m_lossType(lossType),
      m_base(std::size_t(decoder.layerCount()))
{
    const std::int64_t layers = decoder.layerCount(), kinds = withFfns ? 2 : 1;
    m_base[0] = m_decoder.embed(m_tokens);
    m_stride = chooseStride(layers, mostForks, kinds, std::int64_t(m_base[0].nbytes()), budget.bytes);
    if (m_stride > 0)
        m_memory.emplace(m_base[0], statesKept(layers, mostForks, kinds, m_stride), budget.isOnHost);
    for (const Part part : {Part::Attention, Part::Ffn}) {
        m_forks[std::size_t(part)].assign(std::size_t(layers), States(std::size_t(layers)));
        for (const LayerSpec &layer : decoder.spec().layers)
            m_isRemoved[std::size_t(part)].push_back(!layer.has(part));
    }
}

std::int64_t BlockSweep::left(Part part) const
{
    const std::vector<bool> &isRemoved = m_isRemoved[std::size_t(part)];
    return std::count(isRemoved.begin(), isRemoved.end(), false);
}

at::Tensor BlockSweep::baseFromTheStart(const std::function<void()> &passed)
{
    at::Tensor x = m_base[0];
    for (std::int64_t l = 0; l < m_decoder.layerCount(); ++l) {
        x = passAndKeep(l, x, {}, m_base);
        passed();
    }
    return x;
}

std::int64_t BlockSweep::lastKnown(const States &states, std::int64_t from) const
{
    for (std::int64_t l = m_decoder.layerCount() - 1; l > from; --l)
        if (states[std::size_t(l)].defined())
            return l;
    return from;
}

at::Tensor BlockSweep::known(const States &states, std::int64_t layer) const
{
    return m_memory ? m_memory->back(states[std::size_t(layer)]) : states[std::size_t(layer)];
}

std::int64_t BlockSweep::passesNeeded(const std::vector<Block> &candidates) const
{
    std::int64_t passes = 0;
    for (const Block &candidate : candidates)
        passes += m_decoder.layerCount() - lastKnown(fork(candidate), candidate.layer);
    return passes;
}

std::vector<at::Tensor> BlockSweep::ends(const std::vector<Block> &candidates, bool withBase,
                                         const std::function<void(std::int64_t layer)> &passed)
{
    const std::int64_t layers = m_decoder.layerCount();
    std::vector<std::int64_t> starts; // the layer at which each fork's computation begins: its own, or that of its last state in the memo
    std::int64_t firstFresh = layers, lastFresh = -1;
    for (const Block &candidate : candidates) {
        starts.push_back(lastKnown(fork(candidate), candidate.layer));
        if (starts.back() == candidate.layer) {
            firstFresh = std::min(firstFresh, candidate.layer);
            lastFresh = std::max(lastFresh, candidate.layer);
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
        at::Tensor between; // the base between attention and FFN of this layer, where a fork leaves it there
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const Block &candidate = candidates[i];
            States &states = fork(candidate);
            if (l < starts[i])
                continue;
            if (l > candidate.layer) {
                ends[i] = passAndKeep(l, l == starts[i] ? known(states, l) : ends[i], {}, states);
            } else if (candidate.part == Part::Attention) {
                ends[i] = passAndKeep(l, base, {.attention = false}, states);
            } else {
                if (!between.defined())
                    between = pass(l, base, {.ffn = false}, {});
                ends[i] = passAndKeep(l, between, {.attention = false, .ffn = false}, states);
            }
            passed(l);
        }
        if (l < baseStart || l >= baseStop || (l + 1 < layers && m_base[std::size_t(l + 1)].defined()))
            continue;
        base = between.defined() ? passAndKeep(l, between, {.attention = false}, m_base) : passAndKeep(l, base, {}, m_base);
        if (l + 1 == layers)
            m_baseEnd.state = base;
    }
    return ends;
}

at::Tensor BlockSweep::lossSum(const at::Tensor &end, const JobContext &context)
{
    countHeads(1);
    return secateur::lossSum(m_decoder, end, m_tokens, m_lossType, context);
}

void BlockSweep::remove(const Block &block, VariantEnd end)
{
    const auto w = std::size_t(block.layer);
    m_isRemoved[std::size_t(block.part)][w] = true;
    for (std::size_t l = w + 1; l < m_base.size(); ++l)
        m_base[l] = std::move(fork(block)[l]);
    for (std::vector<States> &forks : m_forks)
        for (std::size_t j = 0; j < forks.size(); ++j)
            for (std::size_t l = (j < w ? w : j) + 1; l < m_base.size(); ++l)
                forks[j][l].reset();
    m_baseEnd = std::move(end);
}

/// One layer of a branch, and keeps what comes out among the states where it is to be kept and there is room.
at::Tensor BlockSweep::passAndKeep(std::int64_t layer, const at::Tensor &x, Parts parts, States &states)
{
    ++m_layerPasses;
    const std::int64_t next = layer + 1;
    if (next == m_decoder.layerCount() || !keepsState(next) || !m_memory->hasRoom())
        return pass(layer, x, parts, {});
    const at::Tensor room = m_memory->room(), state = pass(layer, x, parts, room);
    states[std::size_t(next)] = state.is_same(room) ? state : room.defined() ? room.copy_(state) : m_memory->keep(state);
    return state;
}

/// What a branch computes of one layer, into `room` where there is some and an FFN is a part of it.
at::Tensor BlockSweep::pass(std::int64_t layer, const at::Tensor &x, Parts parts, const at::Tensor &room)
{
    const bool hasAttention = parts.attention && !isRemoved({layer, Part::Attention}), hasFfn = parts.ffn && !isRemoved({layer, Part::Ffn});
    if (!hasAttention && !hasFfn)
        return x;
    const ModelSpec &spec = m_decoder.spec();
    const LayerSpec &all = spec.layers[std::size_t(layer)];
    const double windows = double(x.size(0));
    if (hasAttention)
        m_work += attentionWork(*all.attention, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    if (hasFfn)
        m_work += ffnWork(*all.ffn, spec.hiddenSize, x.size(1), x.element_size()) * windows;
    return m_groups.of(x, [&](const at::Tensor &some) {
        const bool areAll = some.size(0) == x.size(0);
        const at::Tensor attended = hasAttention ? m_decoder.addAttention(layer, some) : some;
        return hasFfn ? m_decoder.addFfn(layer, attended, areAll ? room : at::Tensor()) : attended;
    });
}

double BlockSweep::headInPasses() const
{
    const ModelSpec &spec = m_decoder.spec();
    return double(spec.vocabularySize) * double(spec.hiddenSize) * double(spec.layerCount()) / double(layerParameters(spec));
}

void BlockSweep::countHeads(double heads)
{
    const ModelSpec &spec = m_decoder.spec();
    m_work += headWork(spec, m_tokens.size(0) * (m_tokens.size(1) - 1), std::int64_t(c10::elementSize(m_decoder.dtype()))) * heads;
}

void BlockSweep::reportNonFinite(const Block &candidate) const
{
    const auto skips = [&](Part part) {
        return [this, candidate, part](std::int64_t layer) { return candidate == Block{layer, part} || isRemoved({layer, part}); };
    };
    const char *what = candidate.part == Part::Attention ? " without the attention of layer " : " without the FFN of layer ";
    throwNonFinite(m_decoder, m_tokens, skips(Part::Attention), candidate.layer < 0 ? "" : what + std::to_string(candidate.layer),
                   skips(Part::Ffn));
}

} // namespace secateur
