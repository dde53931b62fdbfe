// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/NeuronScores.h"

#include <cstdint>
#include <span>
#include <vector>

namespace secateur {

/// What every score of a layer is divided by, so that layers of other scales can be compared. Changes no rank, so no plan.
enum class ScoreScale { Raw, LayerMean, LayerMaximum };

/// Neuron scores in the order of their rank, with what plots ask of them: all answers for a K cost O(1) a layer, or O(bins).
///
/// Rank 0 is the best neuron of a layer. Immutable once made (sorting 80 x 28,672 scores takes a fraction of a second: off the interface's thread).
class RankedScores {
public:
    static constexpr std::int64_t kBins = 96; ///< of a histogram

    /// Score counts over log10 score. The bins are the same for all layers, so that histograms can be compared; zeros are apart.
    struct Histogram {
        std::vector<std::int64_t> counts; ///< [kBins], from low to high scores
        std::int64_t zeros = 0;           ///< scores that are 0, which have no logarithm
    };

    explicit RankedScores(const NeuronScores &scores);
    /// The same in another scale, from scores as they were measured (ScoreScale::Raw). A layer whose scores are all 0 stays as it is.
    /// Sorts nothing: a tenth of a second for 80 x 28,672 scores.
    RankedScores in(ScoreScale scale) const;

    ScoreScale scale() const { return m_scale; }
    std::int64_t layerCount() const { return std::int64_t(m_sorted.size()); }
    std::int64_t neurons() const { return m_sorted.empty() ? 0 : std::int64_t(m_sorted.front().size()); } ///< of the first layer
    /// Scores of a layer from best to worst.
    std::span<const float> sorted(std::int64_t layer) const { return m_sorted[std::size_t(layer)]; }
    /// Share of the layer's sum of scores that its best `kept` neurons hold, 0 to 1; 1 where all scores are 0.
    double shareKept(std::int64_t layer, std::int64_t kept) const;
    /// The smallest score kept, 0 when none is.
    float cut(std::int64_t layer, std::int64_t kept) const;

    /// log10 of the smallest positive and of the largest score of all layers: the range of the bins. low < high always.
    double lowestLog() const { return m_low; }
    double highestLog() const { return m_high; }
    const Histogram &histogram(std::int64_t layer) const { return m_histograms[std::size_t(layer)]; }
    /// How many of a bin's neurons are among the best `kept`.
    std::int64_t keptInBin(std::int64_t layer, std::int64_t bin, std::int64_t kept) const;
    std::int64_t keptZeros(std::int64_t layer, std::int64_t kept) const;

private:
    void findRange();
    void countBins(const std::vector<float> &layer);

    ScoreScale m_scale = ScoreScale::Raw;
    std::vector<std::vector<float>> m_sorted;      ///< [L][I] descending
    std::vector<std::vector<double>> m_cumulative; ///< [L][I] sums of the best 1 ... I
    std::vector<Histogram> m_histograms;
    std::vector<std::vector<std::int64_t>> m_firstRanks; ///< [L][kBins] rank of the best score of a bin
    double m_low = 0, m_high = 1;
};

} // namespace secateur
