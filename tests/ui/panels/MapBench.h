// SPDX-License-Identifier: GPL-3.0-or-later
// A workbench with a session of any size, for tests of the panels that are always there: map, budget, strip, inspector, plans.
#pragma once

#include "FlowBench.h"

#include <QTest>

#include <limits>

namespace secateur::ui {

/// A bench whose model has as many layers as a test wants, with the other numbers of SmolLM2-135M.
struct MapBench : FlowBench {
    void openLayers(int layers, std::int64_t neurons = 1536)
    {
        ModelSummary summary;
        summary.folder = path(QStringLiteral("SmolLM2-135M")).toStdString();
        summary.spec.family = "llama";
        summary.spec.hiddenSize = 576;
        summary.spec.vocabularySize = 49152;
        summary.spec.contextLength = 8192;
        summary.spec.tiedEmbeddings = true;
        const AttentionSpec attention{.heads = 9, .kvHeads = 3, .headDim = 64, .qkvBias = false, .outputBias = false};
        summary.spec.layers.assign(std::size_t(layers),
                                   LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = neurons, .bias = false}});
        summary.storedDtype = DType::BFloat16;
        summary.files = 1;
        summary.tokenizerSize = 49152;
        summary.tensorBytes = 2 * modelParameters(summary.spec);
        session.begin(summary);
    }

    /// Scores that fall off with the neuron's index, a little differently in every layer.
    void score()
    {
        auto scores = std::make_shared<NeuronScores>();
        for (qint64 layer = 0; layer < session.layerCount(); ++layer) {
            std::vector<float> &of = scores->layers.emplace_back();
            for (qint64 i = 0; i < session.neurons(); ++i)
                of.push_back(float(std::exp(-double(i) / double(session.neurons()) * (3 + double(layer % 5)))));
        }
        scores->provenance.textFiles = {"grimm.txt"};
        scores->provenance.windows = 32;
        scores->provenance.length = 2048;
        editor.useCalibration(session.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }

    /// A search of the plan in hand that removed these layers. In step i the layer that goes has the loss 4 - i / 10, every other one `gap`
    /// more and a thousandth for each layer before it.
    void removeInOrder(const std::vector<std::int64_t> &order, double gap = 0.05)
    {
        SearchRecord record;
        record.settings = session.draft().search;
        record.initialLoss = 4.1;
        std::vector<bool> isGone(std::size_t(session.layerCount()));
        for (std::size_t step = 0; step < order.size(); ++step) {
            SearchStep now;
            const double loss = 4.0 - double(step) / 10;
            for (std::size_t layer = 0; layer < isGone.size(); ++layer)
                now.losses.push_back(isGone[layer] ? std::numeric_limits<double>::quiet_NaN() : loss + gap + double(layer) / 1000);
            now.losses[std::size_t(order[step])] = loss;
            now.removed = order[step];
            isGone[std::size_t(order[step])] = true;
            record.steps.push_back(std::move(now));
        }
        session.setSearch(searchKey(session.draft(), session.neuronsKept()), std::move(record));
    }

    Measurement denseOf(double perplexity) const
    {
        Measurement record = dense(perplexity);
        record.neuronsKept = session.neurons();
        return record;
    }
};

} // namespace secateur::ui
