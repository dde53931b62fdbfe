// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "model/Arithmetic.h"
#include "model/Decoder.h"
#include "model/LanguageHead.h"
#include "model/WindowGroups.h"
#include "pruning/PruningPlan.h"
#include "pruning/StateMemory.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace secateur {

/// Stage 2: the greedy removal of attentions (paper section 3.2) by a sweep that shares work.
///
/// All candidates of a step are evaluated in one pass over the layers. A *stream* is the hidden state of one variant of the model: the
/// base (what was removed so far) and, for each candidate j, the fork that leaves out attention j too; fork j equals the base up to layer
/// j. States at the entrance of layers are kept in a memo within a budget. A removal of layer w makes those behind w stale and no
/// others, so the next pass computes only what is missing: it restarts by itself. The new base behind w is the winner's fork.
///
/// Streams are computed one after another in one shape, so every loss is bit-identical to evaluating that variant alone.
///
/// Where only the deciding losses are wanted, the head is computed for the few candidates that can be the best (LossBounds).
///
/// Several ranks share the candidates of a step, each layer always the same rank's, so that its forks stay where their states are; all know all
/// losses at its end. A rank that did not compute the winner's fork computes the base behind it anew.
class AttentionSearch {
public:
    /// Hears of every loss as it is known: (step, layer, loss); step and layer -1 before anything is removed. On a GPU the losses of a step
    /// arrive together at its end.
    using Listener = std::function<void(std::int64_t step, std::int64_t layer, double loss)>;

    /// `narrow`: the model after stage 1. `tokens`: [windows, T] of the search, on its device. `stateBudget`: 0 = no restart. `ranks`: none =
    /// this process alone. `losses`: whether the record shall hold the losses of all candidates, or bounds of those that lost; the removals
    /// are the same.
    AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, StateBudget stateBudget, std::shared_ptr<Ranks> ranks = {},
                    LossesKnown losses = LossesKnown::All);

    /// Goes on with `record` until `removals` attentions are removed; each finished step is added to it, and what a cancelled step has
    /// already evaluated stays in it. Losses that the record holds are not computed again. Throws Cancelled, and Error when a loss is not
    /// finite.
    void run(SearchRecord &record, std::int64_t removals, JobContext &context, const Listener &listener = {},
             const std::function<void()> &stepFinished = {});

    /// Layers between two states that the memo keeps; 0 = none. Exposed for the record of a run.
    std::int64_t stateStride() const { return m_stride; }
    /// Layer passes computed so far: (layer, stream) units. Exposed because tests count them.
    std::int64_t layerPasses() const { return m_layerPasses; }
    /// What was computed so far, by arithmetic: all passes and heads.
    const Work &work() const { return m_work; }

private:
    /// States of one stream at the entrances of layers 0 ... L (L = the end); undefined where not known.
    using States = std::vector<at::Tensor>;

    double initialLoss(JobContext &context, const Listener &listener);
    void evaluate(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &candidates, JobContext &context,
                  const Listener &listener);
    void sweep(const std::vector<std::int64_t> &candidates, std::vector<at::Tensor> &ends, const std::function<void()> &passed);
    std::int64_t passesNeeded(const std::vector<std::int64_t> &candidates) const;
    void remove(std::int64_t layer);
    at::Tensor pass(std::int64_t layer, const at::Tensor &x, bool skipsAttention, const at::Tensor &room);
    at::Tensor passAndKeep(std::int64_t layer, const at::Tensor &x, bool skipsAttention, States &states);
    at::Tensor head(const at::Tensor &end, JobContext &context);
    void addHeadWork(double heads);
    bool keepsState(std::int64_t layer) const { return m_stride > 0 && layer % m_stride == 0; }
    at::Tensor known(const States &states, std::int64_t layer) const;
    std::int64_t lastKnown(const States &states, std::int64_t from) const;
    void evaluateOwn(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &wanted, JobContext &context,
                     const Listener &listener);
    void findDeciding(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &wanted, std::vector<at::Tensor> &ends,
                      JobContext &context, const Listener &listener, const std::function<void(double heads)> &passed);
    void know(SearchStep &step, std::int64_t stepIndex, std::int64_t candidate, double loss, const Listener &listener) const;
    void shareLosses(SearchStep &step, std::int64_t stepIndex, const std::vector<std::int64_t> &candidates, JobContext &context,
                     const Listener &listener);
    [[noreturn]] void reportNonFinite(std::int64_t candidate) const;

    const Decoder &m_decoder;
    at::Tensor m_tokens;
    LossType m_lossType;
    std::shared_ptr<Ranks> m_ranks;
    std::int64_t m_stride = 0;
    std::optional<StateMemory> m_memory;
    WindowGroups m_groups;
    std::int64_t m_layerPasses = 0;
    Work m_work;
    std::vector<bool> m_isRemoved;
    States m_base;
    std::vector<States> m_forks;

    /// The state of a variant as it leaves the last layer, and its log-sum-exp by blocks; undefined where not known.
    struct End {
        at::Tensor state, partial;
    };
    bool m_isBounded;
    End m_baseEnd;
    std::pair<std::int64_t, End> m_bestEnd; ///< the best candidate of the step under way: its layer and end
};

} // namespace secateur
