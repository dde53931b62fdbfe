// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "decoder/LanguageHead.h"
#include "decoder/WindowGroups.h"
#include "foundation/JobContext.h"
#include "model/Arithmetic.h"
#include "pruning/StateMemory.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace secateur {

/// A variant of the model as its computing ends: the state as it leaves the last layer, [windows, T, d], and its log-sum-exp by blocks of the
/// vocabulary (addLogSumExp); undefined where not known.
struct VariantEnd {
    at::Tensor state, partial;
};

/// Computes what a step of stage 2 asks for, in one pass over the layers that shares work: the model without what was removed so far (the
/// base), and without one more attention each (the candidates). It decides nothing.
///
/// A *branch* is the hidden state of one variant: the base's, and for each candidate j a fork that equals the base up to layer j. States at
/// the entrance of layers are kept in a memo within a budget. A removal of layer w makes those behind w stale and no others, so the next
/// pass computes only what is missing: it restarts by itself. The new base behind w is the winner's fork.
///
/// Branches are computed one after another in one shape, so every end is bit-identical to computing that variant alone.
class AttentionSweep {
public:
    /// `decoder`: the model after stage 1; must outlive the sweep. `tokens`: [windows, T], on its device. `mostForks`: of which a step is
    /// expected to ask, for the sake of the budget.
    AttentionSweep(const Decoder &decoder, at::Tensor tokens, LossType lossType, StateBudget budget,
                   std::int64_t mostForks = std::numeric_limits<std::int64_t>::max());

    const Decoder &decoder() const { return m_decoder; }
    const at::Tensor &tokens() const { return m_tokens; }
    bool isRemoved(std::int64_t layer) const { return m_isRemoved[std::size_t(layer)]; }
    /// Layers whose attention can still be removed.
    std::int64_t attentionsLeft() const;

    /// The base as it ends. `passed` hears of every layer.
    at::Tensor baseFromTheStart(const std::function<void()> &passed);
    /// The candidates as they end, in their order; the base's end too where `withBase` asks for it and it is not known. `passed` hears of
    /// every layer that a candidate has passed.
    std::vector<at::Tensor> ends(const std::vector<std::int64_t> &candidates, bool withBase,
                                 const std::function<void(std::int64_t layer)> &passed);
    /// How many layers of candidates that will pass.
    std::int64_t passesNeeded(const std::vector<std::int64_t> &candidates) const;
    /// The loss of an end, summed over the tokens predicted, on the device: reading it waits for that.
    at::Tensor lossSum(const at::Tensor &end, const JobContext &context);
    /// Tokens predicted.
    double predictions() const { return double(m_tokens.size(0) * (m_tokens.size(1) - 1)); }
    /// Removes an attention for good. `end`: of that variant, as far as it is known.
    void remove(std::int64_t layer, VariantEnd end = {});
    /// The base's end, as far as it is known.
    VariantEnd &baseEnd() { return m_baseEnd; }

    /// Cost of one head in passes of one layer, by multiply-adds; for the progress only.
    double headInPasses() const;
    void countHeads(double heads);
    std::int64_t stateStride() const { return m_stride; }
    std::int64_t layerPasses() const { return m_layerPasses; }
    const Work &work() const { return m_work; }

    /// Throws Error that names where it began: this variant's loss is not finite. -1: the base.
    [[noreturn]] void reportNonFinite(std::int64_t candidate) const;

private:
    /// States of one branch at the entrances of layers 0 ... L (L = the end); undefined where not known.
    using States = std::vector<at::Tensor>;

    at::Tensor pass(std::int64_t layer, const at::Tensor &x, bool skipsAttention, const at::Tensor &room);
    at::Tensor passAndKeep(std::int64_t layer, const at::Tensor &x, bool skipsAttention, States &states);
    bool keepsState(std::int64_t layer) const { return m_stride > 0 && layer % m_stride == 0; }
    at::Tensor known(const States &states, std::int64_t layer) const;
    std::int64_t lastKnown(const States &states, std::int64_t from) const;

    const Decoder &m_decoder;
    at::Tensor m_tokens;
    LossType m_lossType;
    std::int64_t m_stride = 0; ///< layers between two states that the memo keeps; 0 = none
    std::optional<StateMemory> m_memory;
    WindowGroups m_groups;
    std::int64_t m_layerPasses = 0;
    Work m_work;
    std::vector<bool> m_isRemoved;
    States m_base;
    std::vector<States> m_forks;
    VariantEnd m_baseEnd;
};

} // namespace secateur
