// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/Divergence.h"
#include "pruning/EvolutionDraws.h"
#include "pruning/EvolutionSamples.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// How far candidates of an evolution are from the dense model: what is kept of that, and the computing of a selection.
///
/// Candidates that lack the same parts up to some layer are one stream of states up to there, and each stream is computed as if it were alone: the bits
/// are those of one candidate after another. All go through a layer together, so that one that is streamed is read once.
class EvolutionFitness {
public:
    /// All must outlive it.
    EvolutionFitness(const Decoder &dense, const EvolutionSamples &samples, Ranks &ranks, JobContext &context);

    /// Runs the dense model over all samples. Throws Error when its predictions are not finite. `share`: of the progress, in its units.
    void keepPredictions(double share);
    /// KL(dense || candidate) of each in nats, the mean over the positions of the minibatch (all but the last of each part). Ranks share the candidates.
    /// `share`: as above.
    std::vector<double> of(const std::vector<Genome> &genomes, const std::vector<SamplePart> &minibatch, double share);

    /// Parts of layers computed for candidates so far, each of one stream and one part of a minibatch. Exposed because tests count them.
    std::int64_t passes() const { return m_passes; }

private:
    /// Candidates that have been alike so far, and the states that they share: one of each part of the minibatch, [1, T, d].
    struct Branch {
        std::vector<std::size_t> candidates;
        std::vector<at::Tensor> states;
    };

    at::Tensor tokensOf(const SamplePart &part) const;
    DensePredictions kept(const DensePredictions &one);
    double headInPasses() const;
    std::vector<Branch> past(Part part, std::int64_t layer, std::vector<Branch> branches, const std::vector<Genome> &genomes);
    at::Tensor sumOf(std::vector<at::Tensor> states, const std::vector<SamplePart> &parts) const;
    void exchange(std::vector<double> &values) const;

    const Decoder &m_dense;
    const EvolutionSamples &m_samples;
    Ranks &m_ranks;
    JobContext &m_context;
    DensePredictions m_kept;                     ///< of all samples, one behind the other
    std::vector<DensePredictions> m_predictions; ///< of each sample, parts of these
    std::int64_t m_passes = 0;
};

} // namespace secateur
