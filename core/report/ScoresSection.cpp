// SPDX-License-Identifier: GPL-3.0-or-later
// Stage 1: how the scores of each layer's neurons are spread, and which of them stay.
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "report/SvgFigure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace secateur::html {
namespace {

constexpr int kBins = 48;

/// The logarithms of all scores but zeros.
struct Range {
    double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
    bool isEmpty() const { return !(high >= low); }
};

Range rangeOf(const NeuronScores &scores)
{
    Range range;
    for (const std::vector<float> &layer : scores.layers)
        for (const float score : layer)
            if (score > 0) {
                range.low = std::min(range.low, std::log10(double(score)));
                range.high = std::max(range.high, std::log10(double(score)));
            }
    if (!range.isEmpty() && range.high - range.low < 1e-3) {
        range.low -= 0.5;
        range.high += 0.5;
    }
    return range;
}

struct Histogram {
    std::vector<std::int64_t> all = std::vector<std::int64_t>(kBins), kept = std::vector<std::int64_t>(kBins);
    std::int64_t zeros = 0;
    double sum = 0, sumKept = 0;
    float least = std::numeric_limits<float>::infinity(); ///< of those kept

    Histogram(const std::vector<float> &scores, const std::vector<std::int64_t> &keptNeurons, const Range &range)
    {
        std::vector<bool> stays(scores.size(), false);
        for (const std::int64_t neuron : keptNeurons)
            if (neuron >= 0 && neuron < std::int64_t(scores.size()))
                stays[std::size_t(neuron)] = true;
        for (std::size_t j = 0; j < scores.size(); ++j) {
            const double score = scores[j];
            sum += score;
            if (stays[j]) {
                sumKept += score;
                least = std::min(least, scores[j]);
            }
            if (!(score > 0)) {
                ++zeros;
                continue;
            }
            const double part = (std::log10(score) - range.low) / (range.high - range.low);
            const auto bin = std::size_t(std::clamp(int(part * kBins), 0, kBins - 1));
            ++all[bin];
            if (stays[j])
                ++kept[bin];
        }
    }
};

/// The outline of bars, as a polygon on the line at `y`.
std::vector<std::pair<double, double>> outline(const std::vector<std::int64_t> &counts, double x, double y, double width, double height,
                                               std::int64_t most)
{
    std::vector<std::pair<double, double>> points{{x, y}};
    const double bin = width / kBins;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double top = y - height * double(counts[i]) / double(std::max<std::int64_t>(1, most));
        if (points.back().second != top) {
            points.emplace_back(x + bin * double(i), points.back().second);
            points.emplace_back(x + bin * double(i), top);
        }
    }
    points.emplace_back(x + width, points.back().second);
    points.emplace_back(x + width, y);
    return points;
}

} // namespace

std::string scoresSection(const ReportFacts &facts)
{
    if (!facts.scores || !facts.plan || facts.scores->layers.size() != facts.plan->keptNeurons.size())
        return {};
    const NeuronScores &scores = *facts.scores;
    const Range range = rangeOf(scores);
    if (range.isEmpty())
        return {};
    constexpr double kColumn = 185, kRow = 112, kPlot = 165, kHeight = 66, kTop = 18;
    constexpr std::size_t kColumns = 4;
    const std::size_t count = scores.layers.size(), rows = (count + kColumns - 1) / kColumns;
    SvgFigure figure("score-histograms", "Neuron scores of each layer",
                     "A histogram of the logarithm of the neuron scores for each of " + counted(std::int64_t(count), "layer") +
                         ", with the neurons that stay apart from those that go. The table has the numbers.",
                     kColumn * double(std::min(count, kColumns)), kRow * double(rows));
    Table table("Scores of each layer", {{"Layer", true},
                                         {"Neurons", true},
                                         {"kept", true},
                                         {"Share of the score kept", true},
                                         {"Lowest score kept", true},
                                         {"Largest score", true},
                                         {"Zeros", true}});
    for (std::size_t i = 0; i < count; ++i) {
        const std::vector<float> &layer = scores.layers[i];
        const std::vector<std::int64_t> &kept = facts.plan->keptNeurons[i];
        const Histogram histogram(layer, kept, range);
        const double x = 8 + kColumn * double(i % kColumns), y = kTop + kHeight + kRow * double(i / kColumns);
        const std::int64_t most = *std::ranges::max_element(histogram.all);
        figure.text(x, y - kHeight - 5, "layer " + std::to_string(i), "start", "strong");
        figure.polygon(outline(histogram.all, x, y, kPlot, kHeight, most), "cut",
                       "layer " + std::to_string(i) + ": " + whole(std::int64_t(layer.size()) - std::int64_t(kept.size())) + " neurons go");
        figure.polygon(outline(histogram.kept, x, y, kPlot, kHeight, most), "kept",
                       "layer " + std::to_string(i) + ": " + counted(std::int64_t(kept.size()), "neuron") + " stay");
        const Axis axis{.low = std::pow(10, range.low), .high = std::pow(10, range.high), .from = x, .to = x + kPlot, .isLog = true};
        figure.line(x, y, x + kPlot, y, "axis");
        for (const double tick : axis.ticks(4)) {
            figure.line(axis.at(tick), y, axis.at(tick), y + 3, "axis");
            figure.text(axis.at(tick), y + 15, tickText(tick), "middle");
        }
        const float largest = layer.empty() ? 0 : *std::ranges::max_element(layer);
        table.add({std::to_string(i), whole(std::int64_t(layer.size())), whole(std::int64_t(kept.size())),
                   histogram.sum > 0 ? share(histogram.sumKept / histogram.sum) : std::string(),
                   kept.empty() ? std::string() : scientific(histogram.least), scientific(largest), whole(histogram.zeros)});
    }
    return paragraph(
               "A score is the mean over the windows of the norm of a neuron's activation. Scores of one layer are compared with each "
               "other only.") +
           figure.html("Neurons by score, which runs from left to right on a logarithmic scale that all layers share. Filled: neurons that "
                       "stay. Outlined: those that go. Heights are relative to the highest bar of each layer.") +
           details("Every layer as a table", table.html());
}

} // namespace secateur::html
