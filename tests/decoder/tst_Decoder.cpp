// SPDX-License-Identifier: GPL-3.0-or-later
// The decoder against transformers, on tiny random checkpoints of every family.
#include "TinyLlamas.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Generator.h"
#include "decoder/LanguageHead.h"
#include "foundation/Error.h"

#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <QtTest>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace secateur;
using namespace secateur::test;

class tst_Decoder : public QObject {
    Q_OBJECT

private slots:
    void logitsEqualTransformers_data();
    void logitsEqualTransformers();
    void ggufFilesComputeTheSame_data();
    void ggufFilesComputeTheSame();
    void sixteenBitLogitsAreWithinTheRoundingOfTheType_data();
    void sixteenBitLogitsAreWithinTheRoundingOfTheType();
    void cachedGenerationEqualsTransformers_data();
    void cachedGenerationEqualsTransformers();
    void cachedGenerationEqualsRecomputation();
    void sequencesTogetherContinueAsEachAlone();
    void sampledTextRepeatsWithItsSeed();
    void lossEqualsCrossEntropyOfAllLogits();
    void referenceLossStaysInTheModelsType();
    void prunedModelLeavesOutNeuronsAndAttentions();
    void attentionsAndFfnsAreTheirHalves_data();
    void attentionsAndFfnsAreTheirHalves();
    void layersStandAlone_data();
    void layersStandAlone();
    void doublesComputeInFp64();
    void absentFfnsAddNothing_data();
    void absentFfnsAddNothing();
    void nonFiniteActivationsNameTheLayer();
    void streamedLayersComputeTheSame_data();
    void streamedLayersComputeTheSame();
};

namespace {

double largestDifference(const at::Tensor &a, const at::Tensor &b)
{
    return (a.to(at::kFloat) - b.to(at::kFloat)).abs().max().item<double>();
}

Decoder withHugeNeuron(const Decoder &decoder, std::size_t layer)
{
    Weights weights = decoder.weights();
    weights.layers[layer].ffn->down.weight = at::full_like(weights.layers[layer].ffn->down.weight, std::numeric_limits<float>::max());
    return Decoder(decoder.spec(), std::move(weights), decoder.positions());
}

} // namespace

void tst_Decoder::logitsEqualTransformers_data()
{
    QTest::addColumn<QString>("name");
    for (const std::string &name : tinyLlamas())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
    for (const std::string &name : tinyFamilies())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
    for (const std::string &name : tinyOdd())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
    QVERIFY(tinyLlamas().size() >= 14 && tinyFamilies().size() >= 15 && tinyOdd().size() >= 17);
}

void tst_Decoder::logitsEqualTransformers()
{
    QFETCH(QString, name);
    auto expected = expectedOf(name.toStdString());
    const Decoder decoder = loadDecoder(tinyLlama(name.toStdString()), 40);
    const at::Tensor logits = logitsOf(decoder, expected["input_ids"].to(at::kLong));
    QVERIFY(expected["logits"].abs().max().item<double>() > 0.5); // else a model of zeros would pass
    QCOMPARE_LE(largestDifference(logits, expected["logits"]), 1e-4);
}

void tst_Decoder::ggufFilesComputeTheSame_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"gqa", "tied", "wide-heads", "all-biases", "rope-linear", "rope-llama3", "rope-longrope", "rope-yarn"})
        QTest::newRow(name) << name;
}

/// Files as llama.cpp's converter writes them (tests/fixtures/make_gguf.py), against what transformers computes for their originals.
void tst_Decoder::ggufFilesComputeTheSame()
{
    QFETCH(QString, name);
    auto expected = expectedOf(name.toStdString());
    const Decoder decoder = loadDecoder(std::filesystem::path(SECATEUR_FIXTURES "/gguf") / (name.toStdString() + ".gguf"), 40);
    QCOMPARE_LE(largestDifference(logitsOf(decoder, expected["input_ids"].to(at::kLong)), expected["logits"]), 1e-4);
}

void tst_Decoder::sixteenBitLogitsAreWithinTheRoundingOfTheType_data()
{
    logitsEqualTransformers_data();
}

/// Whatever the type of the weights: each type is wrong by some of its roundings one upon the other, and not by none.
void tst_Decoder::sixteenBitLogitsAreWithinTheRoundingOfTheType()
{
    QFETCH(QString, name);
    auto expected = expectedOf(name.toStdString());
    const at::Tensor tokens = expected["input_ids"].to(at::kLong);
    for (const auto &[type, rounding] : {std::pair(c10::kBFloat16, 0x1p-8), std::pair(c10::kHalf, 0x1p-11)}) {
        const at::Tensor logits = logitsOf(loadDecoder(tinyLlama(name.toStdString()), 40, type), tokens).to(at::kFloat);
        const double difference = ((logits - expected["logits"]).norm() / expected["logits"].norm()).item<double>();
        QCOMPARE_LE(difference, 12 * rounding);
        QCOMPARE_GE(difference, rounding / 8);
    }
}

void tst_Decoder::cachedGenerationEqualsTransformers_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("mha") << "mha";
    for (const std::string &name : tinyFamilies())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void tst_Decoder::cachedGenerationEqualsTransformers()
{
    QFETCH(QString, name);
    const std::filesystem::path folder = tinyLlama(name.toStdString());
    std::ifstream stream(folder / "expected_decode.json");
    const nlohmann::json expected = nlohmann::json::parse(stream);
    const auto prompt = expected.at("prompt").get<std::vector<std::int32_t>>();
    const auto count = std::int64_t(expected.at("ids").size());
    const Decoder decoder =
        loadDecoder(folder, std::int64_t(prompt.size()) + count); // the length decides which of LongRoPE's factors count
    JobContext context;
    std::vector<std::int32_t> heard;
    const auto ids = Generator(decoder, {}).generate(prompt, count, {}, context, [&](std::int32_t id) { heard.push_back(id); });
    QCOMPARE(ids, expected.at("ids").get<std::vector<std::int32_t>>());
    QCOMPARE(heard, ids);
}

void tst_Decoder::cachedGenerationEqualsRecomputation()
{
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
    const Decoder decoder =
        pruned(dense, surgeryOf({{0, 3, 5, 9, 11, 20, 40}, {1, 2, 3}, {7, 40, 41, 47}}, {1})); // a layer without a cache in the middle
    const std::vector<std::int32_t> prompt = {5, 9, 33, 2};
    JobContext context;
    const auto ids = Generator(decoder, {}).generate(prompt, 12, {}, context);
    std::vector<std::int32_t> sequence = prompt;
    for (int i = 0; i < 12; ++i) {
        const at::Tensor logits = logitsOf(decoder, tokenTensor(sequence, std::int64_t(sequence.size()), c10::kCPU));
        sequence.push_back(std::int32_t(logits.select(0, 0).select(0, std::int64_t(sequence.size()) - 1).argmax().item<std::int64_t>()));
    }
    QCOMPARE(ids, std::vector<std::int32_t>(sequence.begin() + 4, sequence.end()));
}

void tst_Decoder::sequencesTogetherContinueAsEachAlone()
{
    for (const char *name : {"gqa", "gemma2", "qwen2-windows"}) {
        const Decoder decoder = loadDecoder(tinyLlama(name), 40);
        const at::Tensor prompts = expectedOf(name)["input_ids"].to(at::kLong).narrow(1, 0, 9);
        CachedSequences together(decoder, 2, 14);
        CachedSequences first(decoder, 1, 14), second(decoder, 1, 14);
        at::Tensor next = prompts;
        for (int i = 0; i < 5; ++i) {
            const at::Tensor logits = together.advance(next);
            QCOMPARE(logits.size(0), 2);
            QCOMPARE_LE(largestDifference(logits.narrow(0, 0, 1), first.advance(next.narrow(0, 0, 1))), 1e-5);
            QCOMPARE_LE(largestDifference(logits.narrow(0, 1, 1), second.advance(next.narrow(0, 1, 1))), 1e-5);
            next = logits.argmax(1, true);
        }
    }
}

void tst_Decoder::sampledTextRepeatsWithItsSeed()
{
    const Decoder decoder = loadDecoder(tinyLlama("mha"), 64);
    JobContext context;
    const auto write = [&](std::uint64_t seed, std::int64_t topK) {
        return Generator(decoder, {.temperature = 2.0, .topK = topK, .topP = 1, .seed = seed})
            .generate(std::vector<std::int32_t>{3, 4}, 30, {}, context);
    };
    QCOMPARE(write(1, 0), write(1, 0));
    QVERIFY(write(1, 0) != write(2, 0));
    QCOMPARE(write(1, 1), Generator(decoder, {}).generate(std::vector<std::int32_t>{3, 4}, 30, {}, context)); // the best of one is the best
    QVERIFY_THROWS_EXCEPTION(Error, Generator(decoder, {.temperature = 1, .topK = 0, .topP = 0}));
}

void tst_Decoder::lossEqualsCrossEntropyOfAllLogits()
{
    for (const char *name : {"mha", "tied"}) {
        const Decoder decoder = loadDecoder(tinyLlama(name), 40);
        const at::Tensor tokens = expectedOf(name)["input_ids"].to(at::kLong);
        at::Tensor x = decoder.embed(tokens);
        for (std::int64_t i = 0; i < decoder.layerCount(); ++i)
            x = decoder.layer(i, x);
        const at::Tensor logits = decoder.logits(decoder.finalNorm(x)).narrow(1, 0, 39).reshape({78, -1}).to(at::kDouble);
        const double expected = at::cross_entropy_loss(logits, tokens.narrow(1, 1, 39).reshape({-1})).item<double>() * 78;
        const double sum = lossSum(decoder, x, tokens, LossType::Float32, {}).item<double>();
        QVERIFY2(std::abs(sum - expected) < 1e-5 * expected, qPrintable(QString("%1 %2").arg(sum).arg(expected)));
    }
}

void tst_Decoder::referenceLossStaysInTheModelsType()
{
    const Decoder decoder = loadDecoder(tinyLlama("bf16"), 40, c10::kBFloat16);
    const at::Tensor tokens = expectedOf("bf16")["input_ids"].to(at::kLong).narrow(0, 0, 1);
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i)
        x = decoder.layer(i, x);
    const double mean = lossSum(decoder, x, tokens, LossType::Reference, {}).item<double>() / 39;
    QCOMPARE(double(float(c10::BFloat16(float(mean)))), double(float(mean))); // a value of the 16-bit type
    QCOMPARE_LE(std::abs(mean - lossSum(decoder, x, tokens, LossType::Float32, {}).item<double>() / 39), 0.02 * mean);
}

void tst_Decoder::prunedModelLeavesOutNeuronsAndAttentions()
{
    const Decoder dense = loadDecoder(tinyLlama("all-biases"), 40);
    const at::Tensor tokens = expectedOf("all-biases")["input_ids"].to(at::kLong);
    // Zeroing the columns of the other neurons, and the output product of an attention, must give the same.
    const std::vector<std::vector<std::int64_t>> kept = {{0, 2, 17, 30}, {5, 6, 46}};
    Weights zeroed = dense.weights();
    for (std::size_t i = 0; i < 2; ++i) {
        at::Tensor mask = at::zeros({48});
        for (const std::int64_t j : kept[i])
            mask[j] = 1;
        zeroed.layers[i].ffn->down.weight = zeroed.layers[i].ffn->down.weight * mask;
    }
    zeroed.layers[1].attention->output = {at::zeros_like(zeroed.layers[1].attention->output.weight), {}};
    const Decoder expected(dense.spec(), zeroed, 40);
    const Decoder decoder = pruned(dense, surgeryOf(kept, {1}));
    QVERIFY(!decoder.spec().layers[1].attention);
    QCOMPARE(decoder.spec().layers[1].neurons(), 3);
    QCOMPARE_LE(largestDifference(logitsOf(decoder, tokens), logitsOf(expected, tokens)), 1e-5);
}

void tst_Decoder::attentionsAndFfnsAreTheirHalves_data()
{
    logitsEqualTransformers_data();
}

/// What enters the last product of a part and what that gives: the same bits as the whole part, in every family and type.
void tst_Decoder::attentionsAndFfnsAreTheirHalves()
{
    QFETCH(QString, name);
    for (const auto type : {c10::kFloat, c10::kBFloat16}) {
        const Decoder decoder = loadDecoder(tinyLlama(name.toStdString()), 40, type);
        at::Tensor x = decoder.embed(expectedOf(name.toStdString())["input_ids"].to(at::kLong));
        for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
            const AttentionSpec &attention = *decoder.spec().layers[std::size_t(i)].attention;
            const at::Tensor mixed = decoder.attentionMixed(i, x), before = x;
            QCOMPARE(mixed.size(2), attention.heads * attention.headDim);
            x = decoder.addAttention(i, before);
            QVERIFY(x.equal(decoder.attentionOutput(i, mixed) + before));
            if (!decoder.spec().hasOutputNorms) {
                const LinearWeights &output = decoder.weights().layers[std::size_t(i)].attention->output;
                const at::Tensor plain = mixed.matmul(output.weight.t());
                QCOMPARE_LE(largestDifference(x, (output.bias.defined() ? plain + output.bias : plain) + before),
                            type == c10::kFloat ? 1e-4 : 0.25);
            }
            const at::Tensor between = x;
            x = decoder.addFfn(i, between);
            QVERIFY(x.equal(decoder.ffnDown(i, decoder.ffnActivation(i, between)) + between));
        }
    }
}

void tst_Decoder::layersStandAlone_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"gqa", "all-biases", "phi3-partial", "gemma3", "smollm3", "qwen2-windows"})
        QTest::newRow(name) << name;
}

/// A layer beside what is left of it, each as a decoder of its own, computes as it does in the whole models.
void tst_Decoder::layersStandAlone()
{
    QFETCH(QString, name);
    const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
    std::vector<std::vector<std::int64_t>> kept(std::size_t(dense.layerCount()), {0, 3, 4, 30, 47});
    kept[0].clear();
    const Surgery surgery = surgeryOf(kept, {1});
    const Decoder after = pruned(dense, surgery);
    at::Tensor x = dense.embed(expectedOf(name.toStdString())["input_ids"].to(at::kLong));
    for (std::int64_t i = 0; i < dense.layerCount(); ++i) {
        const LayerPair pair = layerPair(dense, surgery, i);
        QCOMPARE(pair.whole.layerCount(), 1);
        QVERIFY(pair.whole.layer(0, x).equal(dense.layer(i, x)));
        QVERIFY(pair.cut.layer(0, x).equal(after.layer(i, x)));
        x = dense.layer(i, x);
    }
}

/// All the way: what is compared with scripts in fp64 must not pass through fp32.
void tst_Decoder::doublesComputeInFp64()
{
    const Decoder narrow = loadDecoder(tinyLlama("gqa"), 40), wide = inType(narrow, at::kDouble);
    const at::Tensor tokens = expectedOf("gqa")["input_ids"].to(at::kLong), logits = logitsOf(wide, tokens);
    QVERIFY(logits.scalar_type() == at::kDouble);
    QCOMPARE_LE(largestDifference(logits, logitsOf(narrow, tokens)), 1e-4);
    const at::Tensor x = wide.embed(tokens), normed = wide.finalNorm(x);
    const at::Tensor exact = x / (x.square().mean(-1, true) + wide.spec().normEpsilon).sqrt() * wide.weights().finalNorm;
    QCOMPARE_LE((normed - exact).abs().max().item<double>(), 1e-13); // 1e-7 if it had been
    const at::Tensor head = wide.embed(tokens).narrow(-1, 0, 8).view({2, 1, 40, 8});
    const at::Tensor turned = Rope(wide.spec().rope, 8, 64, 40, testDevice(), at::kDouble).rotate(head);
    QCOMPARE_LE((turned.norm() / head.norm() - 1).abs().item<double>(), 1e-14); // cosines and sines of one angle
}

void tst_Decoder::absentFfnsAddNothing_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"gqa", "all-biases", "phi3-partial", "gemma2", "smollm3"})
        QTest::newRow(name) << name;
}

/// As a model whose products are zero there; in memory, streamed, and token after token with the cache.
void tst_Decoder::absentFfnsAddNothing()
{
    QFETCH(QString, name);
    const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
    const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : dense.spec().layers) {
        kept.emplace_back(std::size_t(layer.neurons()));
        std::iota(kept.back().begin(), kept.back().end(), 0);
    }
    kept[0].clear(); // an attention alone
    kept[1].clear(); // nothing at all
    const Surgery surgery = surgeryOf(kept, {1});
    Weights zeroed = dense.weights();
    const auto silence = [](LinearWeights &product) { product = {at::zeros_like(product.weight), {}}; };
    silence(zeroed.layers[0].ffn->down);
    silence(zeroed.layers[1].ffn->down);
    silence(zeroed.layers[1].attention->output);
    const at::Tensor expected = logitsOf(Decoder(dense.spec(), zeroed, 40), tokens);

    const Decoder decoder = pruned(dense, surgery);
    QVERIFY(decoder.spec() == surgery.specOf(dense.spec()));
    QVERIFY(!decoder.spec().layers[0].ffn && decoder.spec().layers[0].attention);
    QVERIFY(!decoder.spec().layers[1].ffn && !decoder.spec().layers[1].attention);
    QVERIFY(!decoder.weights().layers[0].ffn && !decoder.weights().layers[1].ffn);
    QCOMPARE_LE(largestDifference(logitsOf(decoder, tokens), expected), 1e-5);
    const at::Tensor x = dense.embed(tokens);
    QVERIFY(decoder.layer(1, x).equal(x));
    const at::Tensor room = at::zeros_like(x);
    QVERIFY(decoder.addFfn(0, x, room).is_same(room) && room.equal(x));

    Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
    const ModelSpec spec = specOf(checkpoint);
    JobContext context;
    const Decoder streamed = pruned(Decoder(spec, streamWeights(checkpoint, spec, testDevice(), c10::kFloat, context), 40), surgery);
    QVERIFY(logitsOf(streamed, tokens).equal(logitsOf(decoder, tokens)));

    const std::vector<std::int32_t> prompt = {5, 9, 33, 2};
    std::vector<std::int32_t> sequence = prompt;
    for (int i = 0; i < 8; ++i) {
        const at::Tensor logits = logitsOf(decoder, tokenTensor(sequence, std::int64_t(sequence.size()), testDevice()));
        sequence.push_back(std::int32_t(logits.select(0, 0).select(0, std::int64_t(sequence.size()) - 1).argmax().item<std::int64_t>()));
    }
    QCOMPARE(Generator(decoder, {}).generate(prompt, 8, {}, context), std::vector<std::int32_t>(sequence.begin() + 4, sequence.end()));
}

void tst_Decoder::nonFiniteActivationsNameTheLayer()
{
    const Decoder decoder = withHugeNeuron(loadDecoder(tinyLlama("mha"), 40), 1);
    const at::Tensor tokens = expectedOf("mha")["input_ids"].to(at::kLong);
    try {
        throwNonFinite(
            decoder, tokens, [](std::int64_t) { return false; }, "");
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QCOMPARE(QString(problem.what()), QString("The activations of layer 1 are not finite."));
    }
}

void tst_Decoder::streamedLayersComputeTheSame_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"own-head", "head-alone", "flat-names", "wide-numbers", "phi3-partial", "phi3-partial-wide"})
        QTest::newRow(name) << name;
}

void tst_Decoder::streamedLayersComputeTheSame()
{
    QFETCH(QString, name);
    auto expected = expectedOf(name.toStdString());
    Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
    const ModelSpec spec = specOf(checkpoint);
    JobContext context;
    const Decoder decoder(spec, streamWeights(checkpoint, spec, c10::kCPU, c10::kFloat, context), 40);
    QCOMPARE_LE(largestDifference(logitsOf(decoder, expected["input_ids"].to(at::kLong)), expected["logits"]), 1e-4);
}

QTEST_GUILESS_MAIN(tst_Decoder)
#include "tst_Decoder.moc"
