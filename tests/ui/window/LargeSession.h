// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions as large as they get, made by hand: for tests of answer times.
#pragma once

#include "model/Families.h"
#include "session/Session.h"

#include <QRandomGenerator>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace secateur {

constexpr int kLayers = 80, kNeurons = 28672; ///< the shape of a 70B model

/// Without weights.
inline ModelSummary largeModel()
{
    ModelSummary summary;
    summary.folder = "large";
    summary.config = nlohmann::json{
        {"model_type", "llama"},     {"hidden_size", 8192},      {"intermediate_size", kNeurons}, {"num_hidden_layers", kLayers},
        {"num_attention_heads", 64}, {"num_key_value_heads", 8}, {"vocab_size", 128256},          {"max_position_embeddings", 8192},
        {"rms_norm_eps", 1e-5},      {"rope_theta", 500000.0},   {"hidden_act", "silu"},          {"tie_word_embeddings", false},
        {"torch_dtype", "bfloat16"}};
    summary.storedDtype = DType::BFloat16;
    summary.spec = specFromConfig(summary.config, "the test");
    return summary;
}

inline std::shared_ptr<const NeuronScores> largeScores()
{
    auto scores = std::make_shared<NeuronScores>();
    QRandomGenerator random(1);
    for (int l = 0; l < kLayers; ++l) {
        std::vector<float> &layer = scores->layers.emplace_back(kNeurons);
        for (float &score : layer)
            score = float(std::exp(2 * (random.generateDouble() + random.generateDouble() + random.generateDouble() - 1.5) + l / 40.0));
    }
    return scores;
}

/// A search that removes every attention, one a step.
inline SearchRecord largeSearch()
{
    SearchRecord record;
    record.initialLoss = 2;
    QRandomGenerator random(2);
    std::vector<bool> isRemoved(kLayers);
    for (double before = record.initialLoss; int(record.steps.size()) < kLayers;) {
        SearchStep step = SearchStep::begun(kLayers);
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t layer = 0; layer < kLayers; ++layer) {
            if (isRemoved[layer])
                continue;
            step.losses[layer] = before + 0.05 * random.generateDouble() - 0.005;
            if (step.losses[layer] < least) {
                least = step.losses[layer];
                step.removed = std::int64_t(layer);
            }
        }
        isRemoved[std::size_t(step.removed)] = true;
        before = least;
        record.steps.push_back(std::move(step));
    }
    return record;
}

/// Of a plan that removes all attentions, with its search.
inline Session largeSession()
{
    Session session;
    session.model = largeModel();
    session.calibrations = {largeScores()};
    session.draft.calibration = 0;
    session.draft.balance.attentionsToRemove = kLayers;
    session.searches[searchKey(session.draft, balance(session.model->spec, session.draft.balance).neuronsKept)] = largeSearch();
    return session;
}

/// So many evaluations of many plans, and of the original, on two texts.
inline std::vector<Measurement> evaluationsOf(const Session &session, int count)
{
    const std::vector<std::int64_t> order = session.searches.begin()->second.removalOrder();
    std::vector<Measurement> all;
    QRandomGenerator random(3);
    for (int i = 0; i < count; ++i) {
        Measurement record;
        record.text = session.evaluationText;
        if (i % 4 == 3)
            record.text.files = {"another.txt"};
        const bool isOriginal = i % 100 == 0 || i % 100 == 3;
        record.neuronsKept = isOriginal ? kNeurons : 8000 + 20 * i;
        if (!isOriginal) {
            record.calibration = 0;
            record.removed.assign(order.begin(), order.begin() + i % kLayers);
            record.planHash = "hash of plan " + std::to_string(i);
            record.isOrderBorrowed = i % 5 == 0;
        }
        // Of the layers' parameters; perplexity rises as they go, and scatters.
        const double kept = 0.82 * double(record.neuronsKept) / kNeurons + 0.18 * (1 - double(record.removed.size()) / kLayers);
        const double perplexity = 5 * std::exp(2.5 * (1 - kept)) * (1 + 0.2 * random.generateDouble());
        record.result = {.loss = std::log(perplexity),
                         .perplexity = perplexity,
                         .tokens = 141'353,
                         .windows = 69,
                         .length = 2048,
                         .tokenHash = i % 4 == 3 ? std::string(64, 'b') : std::string(64, 'a')};
        all.push_back(record);
    }
    return all;
}

} // namespace secateur
