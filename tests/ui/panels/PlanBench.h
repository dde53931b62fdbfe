// SPDX-License-Identifier: GPL-3.0-or-later
// A workbench with scores and searches made by rule, for tests of the panels that show a plan.
#pragma once

#include "FlowBench.h"

#include <QRegularExpression>
#include <QWidget>

#include <algorithm>
#include <limits>

namespace secateur::ui {

/// The losses of the searches here follow a rule: removing layer l costs c(l) = -0.02 + 0.006 r + 0.0005 r^2 nats, where the rank
/// r = 7 l mod L makes an order out of the layers (7 must not divide L). So the removals come in the order of their ranks, the first ones as
/// near ties (0.65 %, 0.75 %, 0.85 %, 0.95 %), those from the fifth on by 1 % and more.
struct PlanBench : FlowBench {
    static double cost(std::int64_t layer, std::int64_t layers)
    {
        const auto rank = double(7 * layer % layers);
        return -0.02 + 0.006 * rank + 0.0005 * rank * rank;
    }

    static std::int64_t layerOfRank(std::int64_t rank, std::int64_t layers)
    {
        for (std::int64_t layer = 0; layer < layers; ++layer)
            if (7 * layer % layers == rank)
                return layer;
        return -1;
    }

    /// `steps` finished steps on a model whose loss is `initialLoss`.
    static SearchRecord record(std::int64_t layers, std::int64_t steps, double initialLoss = 5.0)
    {
        SearchRecord result;
        result.initialLoss = initialLoss;
        std::vector<bool> isGone(std::size_t(layers), false);
        double before = initialLoss;
        for (std::int64_t step = 0; step < steps; ++step) {
            SearchStep next{.losses = std::vector<double>(std::size_t(layers), std::numeric_limits<double>::quiet_NaN()),
                            .removed = -1,
                            .isForced = false};
            for (std::int64_t layer = 0; layer < layers; ++layer)
                if (!isGone[std::size_t(layer)])
                    next.losses[std::size_t(layer)] = before + cost(layer, layers);
            next.removed = layerOfRank(step, layers);
            isGone[std::size_t(next.removed)] = true;
            before = next.losses[std::size_t(next.removed)];
            result.steps.push_back(next);
        }
        return result;
    }

    /// A model of `layers` layers with `neurons` neurons each: SmolLM2-135M's shape with 30 and 1536.
    ModelSummary deepSummary(std::int64_t layers, std::int64_t neurons) const
    {
        ModelSummary deep = summary();
        deep.spec.hiddenSize = 576;
        deep.spec.vocabularySize = 49152;
        deep.spec.tiedEmbeddings = true;
        const AttentionSpec attention{.heads = 9, .kvHeads = 3, .headDim = 64, .qkvBias = false, .outputBias = false};
        deep.spec.layers.assign(std::size_t(layers), LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = neurons, .bias = false}});
        deep.tensorBytes = 2 * modelParameters(deep.spec);
        return deep;
    }

    void openDeep(std::int64_t layers = 30, std::int64_t neurons = 1536) { session.begin(deepSummary(layers, neurons)); }

    /// Scores that fall with the rank like a log-normal, in an order that differs from layer to layer; a few are 0.
    void calibrateDeep()
    {
        const std::int64_t layers = session.layerCount(), neurons = session.neurons();
        auto scores = std::make_shared<NeuronScores>();
        scores->layers.assign(std::size_t(layers), std::vector<float>(std::size_t(neurons)));
        for (std::int64_t layer = 0; layer < layers; ++layer)
            for (std::int64_t i = 0; i < neurons; ++i) {
                const double place = (double((i * 331 + layer * 17) % neurons) + 0.5) / double(neurons); // 331 is prime
                const double normal = 4.91 * (std::pow(place, 0.14) - std::pow(1 - place, 0.14)); // Tukey's lambda, close to the normal
                const double spread = 0.7 + 0.25 * std::sin(0.7 * double(layer));
                scores->layers[std::size_t(layer)][std::size_t(i)] = place < 0.01 ? 0.0F : float(0.4 * std::exp(spread * normal));
            }
        scores->provenance.textFiles = {path(QStringLiteral("c4.txt")).toStdString()};
        scores->provenance.windows = 32;
        scores->provenance.length = 512;
        scores->provenance.computed.device = "cpu";
        scores->provenance.computed.dtype = "float32";
        editor.useCalibration(session.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }

    /// The rule then wants all 30 attentions, of which 6 fit.
    void makeInfeasible()
    {
        editor.setAlpha(1000);
        editor.setSparsity(0.05);
    }

    std::string key() const { return searchKey(session.draft(), session.neuronsKept()); }

    void searchByRule(std::int64_t steps)
    {
        SearchRecord made = record(session.layerCount(), steps);
        made.settings = session.draft().search;
        session.setSearch(key(), made);
    }
};

/// Every warning but the offscreen platform's own about windows with a least size.
inline QRegularExpression anyWarning()
{
    return QRegularExpression(QStringLiteral("^(?!This plugin does not support)"));
}

/// The part of a plot that hears the mouse and the keys.
inline QWidget *canvasOf(const QWidget &plot)
{
    for (QWidget *candidate : plot.findChildren<QWidget *>())
        if (candidate->inherits("QCustomPlot"))
            return candidate;
    return nullptr;
}

} // namespace secateur::ui
