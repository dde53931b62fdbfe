// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/PruningPlan.h"
#include "pruning/StateMemory.h"
#include "restoration/GramFile.h"
#include "restoration/HeldOut.h"
#include "restoration/RestoredWeights.h"
#include "restoration/SequentialRidge.h"

#include <ATen/core/Tensor.h>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace secateur {

/// What a restoration works on. All tokens are [windows, T] on the device of the model, and no two of them the same windows.
struct Restoring {
    const Decoder &dense;
    const PruningPlan &plain;
    const GramFile &grams;
    DType stored = DType::Float32; ///< of the checkpoint: the type of all new values
    RestorationSettings settings;
    at::Tensor searchTokens; ///< of R2; undefined without
    Provenance searchProvenance;
    at::Tensor sequentialTokens;    ///< of R4; undefined without
    std::vector<HeldOutText> texts; ///< of the gate, at least one; the first one chooses numbers
    StateBudget states{0};          ///< of the search
    std::int64_t spareBytes = 0;    ///< that R4 may keep instead of computing it twice
    LossesKnown losses = LossesKnown::Deciding;
    std::shared_ptr<Ranks> ranks; ///< share the search; all else every rank computes alike
};

/// The order of the steps, and the gate. Plain 2SSP is measured first; then each step is taken on what the steps before it left: R1, R2, R3, R5, R4. It stays
/// when no text gets worse by it (RestorationSettings::isGated).
///
/// What is found is told as it is found. Weights are not: they are made again from the same choices, to the same bits.
class Restorer {
public:
    using Listener = std::function<void(const RestorationProgress &)>;

    Restorer(Restoring what, JobContext &context, Listener heard);

    /// `before`: of the same plan, settings, text and conditions, which whoever calls has made sure of; or null. Throws Error when R1 is turned down, as nothing
    /// helps then, and what the steps throw; Cancelled.
    PruningPlan restore(const RestorationProgress *before);

private:
    using Clock = std::chrono::steady_clock;

    void measurePlain();
    void take(RestorationStep step);
    std::string problemOf(RestorationStep step) const;
    SequentialRidge sequentialRidge() const;
    RestoredChoice with(RestorationStep step);
    RestoredChoice withOrder();
    RestoredChoice withRemovals(std::int64_t n) const;
    RestoredChoice withWidths();
    RestoredChoice withShare(double share);
    RestoredChoice withElimination();
    void searchOrder();
    double tried(std::int64_t n);
    double lossOf(const RestoredChoice &choice, const HeldOutText &text);
    std::vector<double> lossesOf(const RestoredChoice &choice);
    bool staysWith(const std::vector<double> &losses) const;
    const RestorationVariant *known(const std::vector<RestorationStep> &steps) const;
    [[noreturn]] void refuseRefit() const;
    void noteFits();
    PruningPlan finished();
    void tell() const;

    Restoring m_what;
    JobContext &m_context;
    Listener m_heard;
    RestoredWeights m_weights;
    RestorationProgress m_before; ///< of which nothing is computed again
    RestorationProgress m_progress;
    RestoredChoice m_kept; ///< by the steps that stayed
    std::vector<RestorationStep> m_steps;
    std::vector<double> m_losses; ///< of m_kept, on each text
};

} // namespace secateur
