// SPDX-License-Identifier: GPL-3.0-or-later
// What ShortGPT and the window choose by: against the authors' code, against sums written from the papers, and over several ranks.
#include "../decoder/TinyLlamas.h"
#include "TwoRanks.h"

#include "engine/OpenModel.h"
#include "foundation/Error.h"
#include "pruning/BlockScores.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/randint.h>
#include <QtTest>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <thread>

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr const char *kTiny = SECATEUR_FIXTURES "/tiny-llamas/gqa";
constexpr const char *kSample = SECATEUR_SOURCE_DIR "/resources/sample/model";
constexpr const char *kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";

/// A model, open in fp32, and its decoder for windows of that length.
struct Opened {
    explicit Opened(const std::filesystem::path &folder, std::int64_t length, bool isStreamed = false)
        : model(folder, testDevice(), "float32")
    {
        model.setStreamed(isStreamed);
        decoder.emplace(model.decoder(nullptr, length, context));
    }
    JobContext context;
    OpenModel model;
    std::optional<Decoder> decoder;
};

at::Tensor randomTokens(const ModelSpec &spec, std::int64_t windows, std::int64_t length)
{
    at::manual_seed(7);
    return at::randint(spec.vocabularySize, {windows, length}, at::kLong).to(testDevice());
}

BlockScores scoresOf(Opened &opened, const at::Tensor &tokens, BlockVariant variant = BlockVariant::Authors, std::int64_t together = 1)
{
    const c10::InferenceMode guard;
    Ranks alone;
    return scoreBlocks(*opened.decoder, tokens, together, variant, opened.context, alone);
}

/// What leaves each layer of a window, in fp64: [T, d] each, what enters the first one before them.
std::vector<at::Tensor> statesOf(const Decoder &decoder, const at::Tensor &window)
{
    at::Tensor x = decoder.embed(window);
    std::vector<at::Tensor> states = {x.squeeze(0).to(at::kCPU, at::kDouble)};
    for (std::int64_t layer = 0; layer < decoder.layerCount(); ++layer) {
        x = decoder.layer(layer, x);
        states.push_back(x.squeeze(0).to(at::kCPU, at::kDouble));
    }
    return states;
}

double cosine(const at::Tensor &one, const at::Tensor &other)
{
    return ((one * other).sum() / (one.square().sum().sqrt() * other.square().sum().sqrt())).item<double>();
}

} // namespace

class tst_BlockScores : public QObject {
    Q_OBJECT

private slots:
    void theyAreMeansOfCosinesAtTheLastPositions();
    void thoseOfThePapersTakeAllPositionsAndAngles();
    void streamedGroupsGiveTheSameBits();
    void ranksGiveTheBitsOfOne();
    void cancelStopsWithinOneLayer();
    void theSampleIsChosenAsTheAuthorsCodeChooses();
};

void tst_BlockScores::theyAreMeansOfCosinesAtTheLastPositions()
{
    const c10::InferenceMode guard;
    Opened opened(kTiny, 24);
    const at::Tensor tokens = randomTokens(opened.model.spec(), 5, 24);
    const BlockScores scores = scoresOf(opened, tokens);
    const std::int64_t layers = opened.model.spec().layerCount();
    QCOMPARE(std::int64_t(scores.influence.size()), layers);
    QCOMPARE(std::int64_t(scores.similarities.size()), layers);
    QCOMPARE(scores.influence.front(), 1.0); // whatever it does
    for (std::int64_t i = 0; i < layers; ++i)
        for (std::int64_t j = 0; j < layers; ++j) {
            double sum = 0;
            for (std::int64_t w = 0; w < 5; ++w) {
                const std::vector<at::Tensor> states = statesOf(*opened.decoder, tokens.narrow(0, w, 1));
                sum += cosine(states[std::size_t(i + 1)][23], states[std::size_t(j + 1)][23]);
            }
            QVERIFY(std::abs(scores.similarities[std::size_t(i)][std::size_t(j)] - sum / 5) < 1e-6);
            if (j == i + 1)
                QVERIFY(std::abs(scores.influence[std::size_t(j)] - (1 - sum / 5)) < 1e-6);
        }
}

void tst_BlockScores::thoseOfThePapersTakeAllPositionsAndAngles()
{
    const c10::InferenceMode guard;
    Opened opened(kTiny, 24);
    const at::Tensor tokens = randomTokens(opened.model.spec(), 3, 24);
    const BlockScores scores = scoresOf(opened, tokens, BlockVariant::Original);
    const std::int64_t layers = opened.model.spec().layerCount();
    QCOMPARE(std::int64_t(scores.similarities.size()), layers + 1);
    std::vector<double> alike(static_cast<std::size_t>(layers));
    double nearest = 0; // the embedding and what leaves the last layer
    for (std::int64_t w = 0; w < 3; ++w) {
        const std::vector<at::Tensor> states = statesOf(*opened.decoder, tokens.narrow(0, w, 1));
        for (std::size_t i = 0; i < alike.size(); ++i)
            for (std::int64_t t = 0; t < 24; ++t)
                alike[i] += cosine(states[i][t], states[i + 1][t]) / (3 * 24);
        nearest += (1 - std::acos(cosine(states.front()[23], states.back()[23])) / std::numbers::pi) / 3;
    }
    for (std::size_t i = 0; i < alike.size(); ++i)
        QVERIFY(std::abs(scores.influence[i] - (1 - alike[i])) < 1e-6);
    QVERIFY(std::abs(scores.similarities.front().back() - nearest) < 1e-6);
    QVERIFY(std::abs(scores.similarities[1][1] - 1) < 1e-3); // a state is no angle away from itself
}

void tst_BlockScores::streamedGroupsGiveTheSameBits()
{
    Opened resident(kTiny, 24), streamed(kTiny, 24, /*isStreamed=*/true);
    const at::Tensor tokens = randomTokens(resident.model.spec(), 5, 24);
    const std::int64_t before = streamed.model.checkpoint().bytesRead();
    const BlockScores one = scoresOf(resident, tokens), other = scoresOf(streamed, tokens, BlockVariant::Authors, 5);
    QCOMPARE(other.influence, one.influence);
    QCOMPARE(other.similarities, one.similarities);
    const std::int64_t once = streamed.model.checkpoint().bytesRead() - before;
    scoresOf(streamed, tokens, BlockVariant::Authors, 2); // three groups
    QVERIFY(streamed.model.checkpoint().bytesRead() - before - once >= 2 * once);
}

void tst_BlockScores::ranksGiveTheBitsOfOne()
{
    Opened opened(kTiny, 24);
    const at::Tensor tokens = randomTokens(opened.model.spec(), 5, 24);
    const BlockScores alone = scoresOf(opened, tokens);
    Meeting meeting;
    std::vector<BlockScores> shared(2);
    {
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < 2; ++rank)
            threads.emplace_back([&, rank] {
                const c10::InferenceMode guard;
                OneOfTwo half(meeting, rank);
                JobContext context;
                shared[std::size_t(rank)] = scoreBlocks(*opened.decoder, tokens, 1, BlockVariant::Authors, context, half);
            });
    }
    for (const BlockScores &scores : shared) {
        QCOMPARE(scores.influence, alone.influence);
        QCOMPARE(scores.similarities, alone.similarities);
    }
}

void tst_BlockScores::cancelStopsWithinOneLayer()
{
    Opened opened(kTiny, 24);
    const at::Tensor tokens = randomTokens(opened.model.spec(), 5, 24);
    std::stop_source stop;
    stop.request_stop();
    opened.context = JobContext(stop.get_token());
    QVERIFY_THROWS_EXCEPTION(Cancelled, scoresOf(opened, tokens));
}

void tst_BlockScores::theSampleIsChosenAsTheAuthorsCodeChooses()
{
    // tests/fixtures/authors-states.json: made by tests/peers/competitors/states.py from the sample, 256 windows of 512 tokens of grimm.txt, in fp32
    std::ifstream stream(SECATEUR_FIXTURES "/authors-states.json");
    const nlohmann::json theirs = nlohmann::json::parse(stream);
    const std::int64_t windows = theirs.at("windows"), length = theirs.at("length");
    Opened opened(kSample, length);
    const TokenWindows text = opened.model.windows({.files = {kText}, .windows = windows, .length = length}, {}, opened.context);
    const BlockScores scores = scoresOf(opened, tokenTensor(text.tokens, length, testDevice()));
    for (std::size_t i = 0; i < scores.similarities.size(); ++i)
        for (std::size_t j = 0; j < scores.similarities.size(); ++j)
            QVERIFY(std::abs(scores.similarities[i][j] - theirs.at("similarities").at(i).at(j).get<double>()) < 1e-6);
    for (std::int64_t n = 1; n < 12; ++n) {
        BlockRecord record;
        record.blocks = n;
        record.influence = scores.influence;
        record.similarities = scores.similarities;
        for (const auto &[method, name] : {std::pair(PlanMethod::ShortGpt, "shortgpt"), std::pair(PlanMethod::Window, "window")}) {
            record.settings.method = method;
            std::vector<std::int64_t> removed = choiceOf(record).attentions;
            std::ranges::sort(removed);
            QCOMPARE(removed, theirs.at(name).at(std::size_t(n - 1)).get<std::vector<std::int64_t>>());
        }
    }
}

QTEST_GUILESS_MAIN(tst_BlockScores)
#include "tst_BlockScores.moc"
