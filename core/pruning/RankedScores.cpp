// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/RankedScores.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace secateur {
namespace {

std::int64_t within(std::int64_t kept, std::size_t size)
{
    return std::clamp<std::int64_t>(kept, 0, std::int64_t(size));
}

} // namespace

RankedScores::RankedScores(const NeuronScores &scores) : m_sorted(scores.layers)
{
    for (std::vector<float> &layer : m_sorted) {
        std::sort(layer.begin(), layer.end(), std::greater<>());
        std::vector<double> &sums = m_cumulative.emplace_back(layer.size());
        double sum = 0;
        for (std::size_t rank = 0; rank < layer.size(); ++rank)
            sums[rank] = sum += double(layer[rank]);
    }
    findRange();
    for (const std::vector<float> &layer : m_sorted)
        countBins(layer);
}

RankedScores RankedScores::in(ScoreScale scale) const
{
    RankedScores scaled = *this;
    scaled.m_scale = scale;
    if (scale == ScoreScale::Raw)
        return scaled;
    for (std::size_t l = 0; l < m_sorted.size(); ++l) {
        std::vector<float> &layer = scaled.m_sorted[l];
        if (layer.empty() || layer.front() == 0)
            continue;
        const double mean = m_cumulative[l].back() / double(layer.size());
        const double factor = 1 / (scale == ScoreScale::LayerMean ? mean : double(layer.front()));
        std::transform(layer.begin(), layer.end(), layer.begin(), [factor](float score) { return float(double(score) * factor); });
        std::vector<double> &sums = scaled.m_cumulative[l];
        std::transform(sums.begin(), sums.end(), sums.begin(), [factor](double sum) { return sum * factor; });
    }
    scaled.m_histograms.clear();
    scaled.m_firstRanks.clear();
    scaled.findRange();
    for (const std::vector<float> &layer : scaled.m_sorted)
        scaled.countBins(layer);
    return scaled;
}

/// The range of the bins: from the smallest positive score to the largest.
void RankedScores::findRange()
{
    float smallest = 0, largest = 0;
    for (const std::vector<float> &layer : m_sorted) {
        const auto zeros = std::lower_bound(layer.begin(), layer.end(), 0.0F, std::greater<>());
        if (zeros == layer.begin())
            continue;
        smallest = smallest > 0 ? std::min(smallest, zeros[-1]) : zeros[-1];
        largest = std::max(largest, layer.front());
    }
    m_low = 0;
    m_high = 1;
    if (largest > 0) {
        m_low = std::log10(double(smallest));
        m_high = std::log10(double(largest));
        if (m_low == m_high) { // one value only: it gets the middle of a range of one power of ten
            m_low -= 0.5;
            m_high += 0.5;
        }
    }
}

void RankedScores::countBins(const std::vector<float> &layer)
{
    Histogram histogram{.counts = std::vector<std::int64_t>(std::size_t(kBins)), .zeros = 0};
    const double binsPerLog = double(kBins) / (m_high - m_low);
    std::int64_t bin = kBins - 1;
    for (const float score : layer) {
        if (score > 0) {
            // Scores fall, so bins never rise: ranks of a bin stay together even where the logarithm is not monotonic in its last bit.
            bin = std::clamp<std::int64_t>(std::int64_t((std::log10(double(score)) - m_low) * binsPerLog), 0, bin);
            ++histogram.counts[std::size_t(bin)];
        } else {
            ++histogram.zeros;
        }
    }
    std::vector<std::int64_t> &first = m_firstRanks.emplace_back(std::size_t(kBins));
    for (std::size_t b = std::size_t(kBins) - 1; b > 0; --b)
        first[b - 1] = first[b] + histogram.counts[b];
    m_histograms.push_back(std::move(histogram));
}

double RankedScores::shareKept(std::int64_t layer, std::int64_t kept) const
{
    const std::vector<double> &sums = m_cumulative[std::size_t(layer)];
    if (sums.empty() || sums.back() == 0)
        return 1;
    const std::int64_t count = within(kept, sums.size());
    return count == 0 ? 0 : sums[std::size_t(count - 1)] / sums.back();
}

float RankedScores::cut(std::int64_t layer, std::int64_t kept) const
{
    const std::vector<float> &sorted = m_sorted[std::size_t(layer)];
    const std::int64_t count = within(kept, sorted.size());
    return count == 0 ? 0 : sorted[std::size_t(count - 1)];
}

std::int64_t RankedScores::keptInBin(std::int64_t layer, std::int64_t bin, std::int64_t kept) const
{
    const std::int64_t count = m_histograms[std::size_t(layer)].counts[std::size_t(bin)];
    return std::clamp<std::int64_t>(kept - m_firstRanks[std::size_t(layer)][std::size_t(bin)], 0, count);
}

std::int64_t RankedScores::keptZeros(std::int64_t layer, std::int64_t kept) const
{
    const std::int64_t zeros = m_histograms[std::size_t(layer)].zeros;
    return std::clamp<std::int64_t>(kept - (std::int64_t(m_sorted[std::size_t(layer)].size()) - zeros), 0, zeros);
}

} // namespace secateur
