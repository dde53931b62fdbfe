// SPDX-License-Identifier: GPL-3.0-or-later
// The bundled sample as values, without opening it, with scores and searches that were made up: for tests that compute nothing.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "model/Families.h"
#include "pruning/RankedScores.h"
#include "session/Session.h"
#include "session/SessionJson.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace secateur {

inline std::filesystem::path sampleFolder()
{
    return std::filesystem::path(SECATEUR_SOURCE_DIR) / "resources" / "sample";
}

/// 12 layers of 344 neurons.
inline ModelSummary sampleSummary()
{
    ModelSummary summary;
    summary.folder = sampleFolder() / "model";
    summary.config = readConfig(summary.folder / "config.json");
    summary.spec = specFromConfig(summary.config, "config.json");
    summary.storedDtype = DType::BFloat16;
    summary.tensorBytes = 2 * modelParameters(summary.spec);
    summary.files = 1;
    summary.tokenizerSize = 2048;
    return summary;
}

/// Positive scores in an order of their own; the seed stands in the provenance, so that two seeds are two calibrations.
inline std::shared_ptr<const NeuronScores> madeUpScores(const ModelSpec &spec, unsigned seed)
{
    auto scores = std::make_shared<NeuronScores>();
    std::mt19937 generator(seed);
    for (const LayerSpec &layer : spec.layers) {
        std::vector<float> values(std::size_t(layer.neurons()));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = 0.01F * float(i + 1);
        std::shuffle(values.begin(), values.end(), generator);
        scores->layers.push_back(std::move(values));
    }
    scores->provenance.modelHash = "model";
    scores->provenance.textFiles = {"grimm.txt"};
    scores->provenance.windows = 4;
    scores->provenance.length = 128;
    scores->provenance.seed = seed;
    scores->provenance.computed.threads = 1;
    return scores;
}

/// A search that removed these layers in this order; what went cost 0.1 nats each time.
inline SearchRecord madeUpSearch(std::int64_t layers, const std::vector<std::int64_t> &order)
{
    SearchRecord record;
    record.initialLoss = 3.0;
    std::vector<bool> isGone(std::size_t(layers), false);
    for (const std::int64_t removed : order) {
        SearchStep step{.losses = {}, .removed = removed, .isForced = false};
        const double before = record.initialLoss + 0.1 * double(record.steps.size());
        for (std::size_t layer = 0; layer < std::size_t(layers); ++layer)
            step.losses.push_back(isGone[layer] ? std::numeric_limits<double>::quiet_NaN() : before + 0.2);
        step.losses[std::size_t(removed)] = before + 0.1;
        isGone[std::size_t(removed)] = true;
        record.steps.push_back(std::move(step));
    }
    return record;
}

/// The same session file as a later version would save it: its format is 9.
inline void makeNewer(const std::filesystem::path &file)
{
    std::ifstream input(file, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(input), {}};
    input.close();
    const std::string before = "\\\"format\\\":";                                                  // within a text of the header
    bytes.at(bytes.find(before + std::to_string(secateur::kSessionFormat)) + before.size()) = '9'; // records of exports have a format, too
    std::ofstream(file, std::ios::binary) << bytes;
}

} // namespace secateur
