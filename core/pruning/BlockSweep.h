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
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace secateur {

/// A part of a layer that can be removed.
struct Block {
    std::int64_t layer = -1; ///< -1: none
    Part part = Part::Attention;
    bool operator==(const Block &) const = default;
};

/// A variant of the model as its computing ends: the state as it leaves the last layer, [windows, T, d], and its log-sum-exp by blocks of the
/// vocabulary (addLogSumExp); undefined where not known.
struct VariantEnd {
    at::Tensor state, partial;
};

/// Computes what a step of a greedy search asks for, in one pass over the layers that shares work: the model without what was removed so far (the
/// base), and without one more attention or FFN each (the candidates). It decides nothing.
///
/// A *branch* is the hidden state of one variant: the base's, and for each candidate of layer j a fork that equals the base up to layer j; up to
/// what lies between its attention and its FFN where the FFN is what it lacks. States at the entrance of layers are kept in a memo within a budget. A
/// removal in layer w makes those behind w stale and no others, so the next pass computes only what is missing: it restarts by itself. The new
/// base behind w is the winner's fork.
///
/// Branches are computed one after another in one shape, so every end is bit-identical to computing that variant alone.
class BlockSweep {
public:
    /// `decoder`: the model before anything is removed; must outlive the sweep. `tokens`: [windows, T], on its device. `mostForks`: of which a
    /// step is expected to ask, for the sake of the budget, which FFNs have a half of where they are `withFfns` to be removed.
    BlockSweep(const Decoder &decoder, at::Tensor tokens, LossType lossType, StateBudget budget,
               std::int64_t mostForks = std::numeric_limits<std::int64_t>::max(), bool withFfns = false);

    const Decoder &decoder() const { return m_decoder; }
    const at::Tensor &tokens() const { return m_tokens; }
    /// Or never there.
    bool isRemoved(const Block &block) const { return m_isRemoved[std::size_t(block.part)][std::size_t(block.layer)]; }
    /// Layers that still have that part.
    std::int64_t left(Part part) const;

    /// The base as it ends. `passed` hears of every layer.
    at::Tensor baseFromTheStart(const std::function<void()> &passed);
    /// The candidates as they end, in their order; the base's end too where `withBase` asks for it and it is not known. `passed` hears of
    /// every layer that a candidate has passed.
    std::vector<at::Tensor> ends(const std::vector<Block> &candidates, bool withBase,
                                 const std::function<void(std::int64_t layer)> &passed);
    /// How many layers of candidates that will pass.
    std::int64_t passesNeeded(const std::vector<Block> &candidates) const;
    /// The loss of an end, summed over the tokens predicted, on the device: reading it waits for that.
    at::Tensor lossSum(const at::Tensor &end, const JobContext &context);
    /// Tokens predicted.
    double predictions() const { return double(m_tokens.size(0) * (m_tokens.size(1) - 1)); }
    /// Removes one for good. `end`: of that variant, as far as it is known.
    void remove(const Block &block, VariantEnd end = {});
    /// The base's end, as far as it is known.
    VariantEnd &baseEnd() { return m_baseEnd; }

    /// Cost of one head in passes of one layer, by multiply-adds; for the progress only.
    double headInPasses() const;
    void countHeads(double heads);
    std::int64_t stateStride() const { return m_stride; }
    std::int64_t layerPasses() const { return m_layerPasses; }
    const Work &work() const { return m_work; }

    /// Throws Error that names where it began: this variant's loss is not finite. None: the base.
    [[noreturn]] void reportNonFinite(const Block &candidate = {}) const;

private:
    /// States of one branch at the entrances of layers 0 ... L (L = the end); undefined where not known.
    using States = std::vector<at::Tensor>;

    /// What a branch computes of a layer, as far as it is there.
    struct Parts {
        bool attention = true, ffn = true;
    };

    at::Tensor pass(std::int64_t layer, const at::Tensor &x, Parts parts, const at::Tensor &room);
    at::Tensor passAndKeep(std::int64_t layer, const at::Tensor &x, Parts parts, States &states);
    States &fork(const Block &block) { return m_forks[std::size_t(block.part)][std::size_t(block.layer)]; }
    const States &fork(const Block &block) const { return m_forks[std::size_t(block.part)][std::size_t(block.layer)]; }
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
    std::array<std::vector<bool>, 2> m_isRemoved; ///< by part and layer
    States m_base;
    std::array<std::vector<States>, 2> m_forks; ///< by part and layer
    VariantEnd m_baseEnd;
};

} // namespace secateur
