// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "decoder/LanguageHead.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/CandidateLosses.h"
#include "pruning/PruningPlan.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace secateur {

/// Stage 2: the greedy removal of attentions (paper section 3.2). Each step evaluates all candidates in one sweep (BlockSweep), and removes
/// the one of the lowest loss.
///
/// Where only the deciding losses are wanted, the head is computed for the few candidates that can be the best (LossBounds).
///
/// Where there is the same model in 16 bits, it screens: all candidates are evaluated in it, and those that may be the best again in the model
/// itself, whose losses alone decide. A candidate is out when it would stay above the best even if its two losses differed by a
/// multiple of the largest difference that the search has met (Screening). That is a safe guess, not a proof: tst_AttentionSearch holds it against
/// the search without a screen.
///
/// Several ranks share the candidates of a step, each layer always the same rank's, so that its forks stay where their states are; all know all
/// losses at its end. A rank that did not compute the winner's fork computes the base behind it anew.
class AttentionSearch {
public:
    /// Hears of every loss as it is known; step and layer -1 before anything is removed. On a GPU the losses of a step arrive together at its
    /// end.
    using Listener = std::function<void(const CandidateLoss &)>;

    /// `narrow`: the model after stage 1. `tokens`: [windows, T] of the search, on its device. `stateBudget`: 0 = no restart. `ranks`: none =
    /// this process alone. `losses`: whether the record shall hold the losses of all candidates, or bounds of those that lost; the removals
    /// are the same. `screen`: `narrow` in 16 bits, or null. The decoders must outlive the search.
    AttentionSearch(const Decoder &narrow, at::Tensor tokens, LossType lossType, StateBudget stateBudget, std::shared_ptr<Ranks> ranks = {},
                    LossesKnown losses = LossesKnown::All, const Decoder *screen = nullptr);

    /// Goes on with `record` until `removals` attentions are removed; each finished step is added to it, and what a cancelled step has
    /// already evaluated stays in it. Losses that the record holds are not computed again. Throws Cancelled, and Error when a loss is not
    /// finite.
    void run(SearchRecord &record, std::int64_t removals, JobContext &context, const Listener &listener = {},
             const std::function<void()> &stepFinished = {});

    /// Layers between two states that the memo keeps; 0 = none. Exposed for the record of a run.
    std::int64_t stateStride() const { return m_exact.sweep().stateStride(); }
    /// Layer passes computed so far: (layer, branch) units. Exposed because tests count them.
    std::int64_t layerPasses() const { return m_exact.sweep().layerPasses() + (m_screen ? m_screen->sweep().layerPasses() : 0); }
    /// What was computed so far, by arithmetic: all passes and heads.
    Work work() const;

private:
    /// A step under way.
    struct Step {
        SearchRecord &record;
        SearchStep &entry; ///< the record's last
        std::int64_t index;
        JobContext &context;
        const Listener &listener;
    };

    double initialLoss(JobContext &context, const Listener &listener);
    std::vector<std::int64_t> candidatesOf(const Step &step) const;
    void evaluate(Step &step, const std::vector<std::int64_t> &candidates);
    void evaluateScreened(Step &step, const std::vector<std::int64_t> &candidates);
    void know(Step &step, std::int64_t candidate, double loss) const;
    void screened(Step &step, std::int64_t candidate, double loss) const;
    void share(Step &step, const std::vector<std::int64_t> &candidates);
    std::vector<Block> owned(const std::vector<std::int64_t> &candidates) const;
    void forgetScreening(SearchStep &entry) const;
    void remove(std::int64_t layer);

    CandidateLosses m_exact;
    std::optional<CandidateLosses> m_screen; ///< through which all candidates go first
    std::shared_ptr<Ranks> m_ranks;
};

} // namespace secateur
