// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "pruning/PruningPlan.h"
#include "restoration/Elimination.h"
#include "restoration/GramFile.h"
#include "restoration/HeldWeights.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a variant keeps, and how its weights are made. It decides them: equal choices give equal bits.
struct RestoredChoice {
    SparsityBalance balance;
    std::vector<std::vector<std::int64_t>> keptNeurons; ///< per layer, ascending; empty: without an FFN
    std::vector<std::int64_t> removedAttentions;
    bool isRefitted = false;                 ///< R1
    std::optional<double> sequentialRidge{}; ///< of R4; none: without

    std::vector<std::int64_t> widths() const;
};

/// Makes the weights of variants. Those of the last two sets of kept neurons are kept: variants that share them cost no new solve.
class RestoredWeights {
public:
    /// `stored`: the type of the checkpoint, in which values are given, so that what is measured is what an export holds. `sequentialTokens`: [windows, T] of
    /// R4, undefined without; it may keep `spareBytes` of what it would compute twice. All must outlive it.
    RestoredWeights(const Decoder &dense, const GramFile &grams, std::string modelHash, DType stored, const RestorationSettings &settings,
                    at::Tensor sequentialTokens, std::int64_t spareBytes);

    /// What becomes of the model by that choice. Throws Error that names a layer whose fit failed, and Cancelled.
    Surgery surgery(const RestoredChoice &choice, JobContext &context);
    /// How the fits of R1 went that a choice has, one for each layer.
    const std::vector<RestoredLayer> &layers(const RestoredChoice &choice, JobContext &context);
    /// What R4 had to do otherwise than asked, where it was done the last, as sentences.
    const std::vector<std::string> &sequentialNotes() const { return m_sequentialNotes; }
    /// The order in which the neurons of every layer go, by the weighted Gram matrices. Throws Error where the file has none.
    const std::vector<EliminationPath> &paths(JobContext &context);

private:
    /// R1's weights of a set of kept neurons.
    struct Refit {
        std::vector<std::vector<std::int64_t>> keptNeurons;
        std::vector<NewWeight> weights;
        std::vector<RestoredLayer> layers;
    };

    const Refit &refit(const std::vector<std::vector<std::int64_t>> &keptNeurons, JobContext &context);
    at::Tensor downOf(std::int64_t layer) const;
    NewWeight stored(NewWeight weight) const;

    const Decoder &m_dense;
    const GramFile &m_grams;
    std::string m_modelHash;
    DType m_stored;
    const RestorationSettings &m_settings;
    at::Tensor m_sequentialTokens;
    std::int64_t m_spareBytes;
    std::list<Refit> m_refits; ///< the last used first
    RestoredChoice m_sequentialOf;
    std::vector<NewWeight> m_sequential; ///< R4's weights of the last choice that had some
    std::vector<std::string> m_sequentialNotes;
    std::vector<EliminationPath> m_paths;
};

} // namespace secateur
