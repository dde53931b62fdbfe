// SPDX-License-Identifier: GPL-3.0-or-later
// EvoPress by shared streams and one head against the method as it is written: every candidate computed alone, by the logits of two heads.
#include "RandomDecoder.h"
#include "TwoRanks.h"

#include "decoder/LayerStream.h"
#include "foundation/Error.h"
#include "pruning/Divergence.h"
#include "pruning/Evolution.h"
#include "pruning/EvolutionDraws.h"
#include "pruning/EvolutionFitness.h"

#include <ATen/ops/full_like.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>
#include <QtTest>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <optional>
#include <stop_token>
#include <thread>

#include "../text/TextFixtures.h" // of Qt, and so behind Torch

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr std::int64_t kSamples = 6, kBlocks = 3;

EvolutionSamples randomSamples(std::int64_t vocabulary = kVocabulary)
{
    const at::Tensor tokens = randomTokens(kSamples, vocabulary).cpu();
    EvolutionSamples samples;
    samples.length = kTokens;
    for (const std::int64_t id : at::ArrayRef<std::int64_t>(tokens.const_data_ptr<std::int64_t>(), std::size_t(tokens.numel())))
        samples.tokens.push_back(TokenId(id));
    return samples;
}

at::Tensor tensorOf(const EvolutionSamples &samples, const SamplePart &part)
{
    const auto ids = samples.window(part.sample).first(std::size_t(part.tokens));
    return at::tensor(at::ArrayRef<TokenId>(ids.data(), ids.size()), at::kLong).unsqueeze(0).to(testDevice());
}

/// As it leaves the last layer.
at::Tensor endOf(const Decoder &decoder, const Genome &genome, const at::Tensor &tokens)
{
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t l = 0; l < decoder.layerCount(); ++l) {
        if (!genome.lacks(Part::Attention, l))
            x = decoder.addAttention(l, x);
        if (!genome.lacks(Part::Ffn, l))
            x = decoder.addFfn(l, x);
    }
    return x;
}

Genome wholeGenome(std::int64_t layers)
{
    return {.attentions = std::vector<bool>(std::size_t(layers)), .ffns = std::vector<bool>(std::size_t(layers))};
}

/// Log-probabilities of all positions but the last, in fp64.
at::Tensor logProbabilities(const Decoder &decoder, const at::Tensor &end)
{
    const at::Tensor logits = decoder.logits(decoder.finalNorm(end)).to(at::kDouble);
    return at::log_softmax(logits.narrow(1, 0, logits.size(1) - 1).reshape({-1, logits.size(2)}), 1);
}

/// KL by two heads and LibTorch's own kl_div, summed over the positions.
double twoHeads(const Decoder &decoder, const at::Tensor &dense, const at::Tensor &candidate)
{
    return at::kl_div(logProbabilities(decoder, candidate), logProbabilities(decoder, dense), at::Reduction::Sum, true).item<double>();
}

double naiveFitness(const Decoder &decoder, const EvolutionSamples &samples, const Genome &genome, const std::vector<SamplePart> &minibatch)
{
    double sum = 0, positions = 0;
    for (const SamplePart &part : minibatch) {
        const at::Tensor tokens = tensorOf(samples, part);
        sum += twoHeads(decoder, endOf(decoder, wholeGenome(decoder.layerCount()), tokens), endOf(decoder, genome, tokens));
        positions += double(part.tokens - 1);
    }
    return sum / positions;
}

/// The candidates from the best to the worst.
std::vector<std::size_t> ranking(const Decoder &decoder, const EvolutionSamples &samples, const std::vector<Genome> &genomes,
                                 const std::vector<SamplePart> &minibatch, std::vector<double> &values)
{
    values.clear();
    std::vector<std::size_t> order;
    for (const Genome &genome : genomes) {
        order.push_back(order.size());
        values.push_back(naiveFitness(decoder, samples, genome, minibatch));
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    return order;
}

BlockRecord begun(std::optional<std::int64_t> generations = 4)
{
    BlockRecord record;
    record.settings = {
        .method = PlanMethod::EvoPress, .seed = 5, .generations = generations, .coarseTokens = 50, .fineTokens = 4 * kTokens + 1};
    return record;
}

BlockRecord evolved(const Decoder &decoder, BlockRecord record = begun())
{
    JobContext context;
    evolveBlocks(decoder, randomSamples(decoder.spec().vocabularySize), kBlocks, record, {}, context);
    return record;
}

std::string failureOf(const Decoder &decoder, const BlockRecord &record)
{
    return messageOf<Error>([&] { evolved(decoder, record); });
}

/// The same model with layers that come from a stream.
Decoder streamed(const Decoder &decoder)
{
    Weights weights = decoder.weights();
    weights.stream = std::make_shared<LayerStream>([layers = weights.layers](std::int64_t l) { return layers[std::size_t(l)]; },
                                                   decoder.layerCount(), decoder.device(), LayersKept::Two);
    weights.layers.clear();
    return Decoder(decoder.spec(), std::move(weights), decoder.positions());
}

} // namespace

class tst_Evolution : public QObject {
    Q_OBJECT

private slots:
    void init() { m_guard.emplace(); }
    void cleanup() { m_guard.reset(); }

    void divergenceIsThatOfTwoHeads();
    void divergenceIsThatOfTwoHeadsInEveryFamily();
    void denseModelDoesNotDivergeFromItself();
    void sharedStreamsGiveTheBitsOfOneByOne_data();
    void sharedStreamsGiveTheBitsOfOneByOne();
    void partsOfOneTokenDoNotCount();
    void survivorsAreThoseOfTheMethodAsItIsWritten();
    void generationsAreThoseOfTheAuthors();
    void workIsCounted();
    void recordIsGoneOnWithToTheSameResult();
    void cancelledEvolutionKeepsItsSurvivors();
    void ranksShareTheCandidates();
    void streamedLayersAreReadOnceASelection();
    void progressIsByGenerations();
    void foreignRecordsAreRefused();
    void whatDoesNotFitIsRefused();
    void nonFinitePredictionsAreAnError();

private:
    std::optional<c10::InferenceMode> m_guard;
};

void tst_Evolution::divergenceIsThatOfTwoHeads()
{
    for (const std::int64_t vocabulary : {kVocabulary, kLargeVocabulary}) { // in one block, and in several
        const Decoder decoder = randomDecoder(c10::kFloat, vocabulary);
        const at::Tensor tokens = randomTokens(1, vocabulary), dense = endOf(decoder, wholeGenome(kLayers), tokens);
        const DensePredictions predictions = densePredictions(decoder, dense, {});
        QVERIFY(predictions.meanHead.defined());
        EvolutionDraws draws(2, kLayers, kBlocks);
        for (const Genome &genome : draws.beginning()) {
            const at::Tensor end = endOf(decoder, genome, tokens);
            const double ours = divergenceSum(decoder, predictions, end, {}).item<double>() / double(kTokens - 1);
            const double expected = twoHeads(decoder, dense, end) / double(kTokens - 1);
            QVERIFY2(expected > 0.01 && std::abs(ours - expected) < 5e-6, qPrintable(QString("%1, %2").arg(ours).arg(expected)));
        }
    }
}

void tst_Evolution::divergenceIsThatOfTwoHeadsInEveryFamily()
{
    int capped = 0;
    std::vector<std::string> names = tinyLlamas();
    names.insert(names.end(), tinyFamilies().begin(), tinyFamilies().end());
    for (const std::string &name : names) {
        const at::Tensor tokens = expectedOf(name).at("input_ids").to(at::kLong).narrow(0, 0, 1);
        const Decoder decoder = loadDecoder(tinyLlama(name), tokens.size(1));
        Genome genome = wholeGenome(decoder.layerCount());
        genome.attentions.front() = genome.ffns.back() = true;
        const at::Tensor dense = endOf(decoder, wholeGenome(decoder.layerCount()), tokens), end = endOf(decoder, genome, tokens);
        const DensePredictions predictions = densePredictions(decoder, dense, {});
        capped += predictions.states.defined();
        const double ours = divergenceSum(decoder, predictions, end, {}).item<double>() / double(tokens.size(1) - 1);
        const double expected = twoHeads(decoder, dense, end) / double(tokens.size(1) - 1);
        QVERIFY2(expected > 0 && std::abs(ours - expected) < 5e-6,
                 qPrintable(QString("%1: %2, %3").arg(QString::fromStdString(name)).arg(ours).arg(expected)));
    }
    QVERIFY(capped > 0); // a family that caps is among them
}

void tst_Evolution::denseModelDoesNotDivergeFromItself()
{
    for (const auto dtype : {c10::kFloat, c10::kBFloat16}) {
        const Decoder decoder = randomDecoder(dtype);
        const at::Tensor dense = endOf(decoder, wholeGenome(kLayers), randomTokens(1));
        const double divergence =
            divergenceSum(decoder, densePredictions(decoder, dense, {}), dense, {}).item<double>() / double(kTokens - 1);
        QVERIFY2(std::abs(divergence) < (dtype == c10::kFloat ? 1e-6 : 1e-2), qPrintable(QString::number(divergence)));
    }
}

void tst_Evolution::sharedStreamsGiveTheBitsOfOneByOne_data()
{
    QTest::addColumn<int>("type");
    QTest::newRow("float32") << int(c10::kFloat);
    QTest::newRow("bfloat16") << int(c10::kBFloat16);
}
void tst_Evolution::sharedStreamsGiveTheBitsOfOneByOne()
{
    QFETCH(int, type);
    const Decoder decoder = randomDecoder(c10::ScalarType(type), kLargeVocabulary);
    const EvolutionSamples samples = randomSamples(kLargeVocabulary);
    JobContext context;
    Ranks alone;
    EvolutionFitness shared(decoder, samples, alone, context), single(decoder, samples, alone, context);
    shared.keepPredictions(1);
    single.keepPredictions(1);
    EvolutionDraws draws(1, kLayers, kBlocks);
    std::vector<Genome> genomes = draws.offspringOf(draws.beginning().front());
    const std::vector<SamplePart> minibatch = draws.minibatch(kSamples, kTokens, 80); // the last of three is cut
    const std::vector<double> values = shared.of(genomes, minibatch, 1);
    for (std::size_t i = 0; i < genomes.size(); ++i)
        QCOMPARE(values[i], single.of({genomes[i]}, minibatch, 1).front());
    QCOMPARE(single.passes(), std::int64_t(minibatch.size()) * kOffspring * 2 * (kLayers - kBlocks));
    QVERIFY2(shared.passes() < single.passes() * 4 / 5, qPrintable(QString("%1 of %2").arg(shared.passes()).arg(single.passes())));
}

void tst_Evolution::partsOfOneTokenDoNotCount()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const EvolutionSamples samples = randomSamples();
    JobContext context;
    Ranks alone;
    EvolutionFitness fitness(decoder, samples, alone, context);
    fitness.keepPredictions(1);
    const std::vector<Genome> genomes = EvolutionDraws(1, kLayers, kBlocks).beginning();
    QCOMPARE(fitness.of(genomes, {{2, kTokens}, {4, 1}}, 1), fitness.of(genomes, {{2, kTokens}}, 1));
}

void tst_Evolution::survivorsAreThoseOfTheMethodAsItIsWritten()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const EvolutionSamples samples = randomSamples();
    const BlockRecord record = evolved(decoder);
    QCOMPARE(record.evolution.size(), std::size_t(5));

    const BlockSettings &settings = record.settings;
    EvolutionDraws draws(settings.seed, kLayers, kBlocks);
    const auto minibatch = [&](std::int64_t tokens) { return draws.minibatch(kSamples, kTokens, tokens); };
    std::vector<double> values;
    std::vector<Genome> genomes = draws.beginning();
    std::size_t best = ranking(decoder, samples, genomes, minibatch(settings.coarseTokens), values).front();
    Genome parent = genomes[best];
    for (std::size_t g = 0;; ++g) {
        QVERIFY(genomeOf(record.evolution[g], kLayers) == parent);
        QVERIFY2(std::abs(record.evolution[g].divergence - values[best]) < 5e-6,
                 qPrintable(QString("%1, %2").arg(record.evolution[g].divergence).arg(values[best])));
        if (g + 1 == record.evolution.size())
            break;
        const std::vector<Genome> offspring = draws.offspringOf(parent);
        const auto order = ranking(decoder, samples, offspring, minibatch(settings.coarseTokens), values);
        genomes = {offspring[order[0]], offspring[order[1]], parent};
        best = ranking(decoder, samples, genomes, minibatch(settings.fineTokens), values).front();
        parent = genomes[best];
    }
}

void tst_Evolution::generationsAreThoseOfTheAuthors()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    QCOMPARE(evolved(decoder, begun({})).evolution.size(), std::size_t(1 + 8)); // 3 (7 - 3) / 1.5
    QCOMPARE(evolved(decoder, begun(0)).evolution.size(), std::size_t(1));
}

void tst_Evolution::workIsCounted()
{
    const BlockSettings settings; // windows of 2048 of a model of 32 layers at 25, 37.5 and 50 %, with 131,072 tokens of samples
    for (const auto &[generations, windows] : {std::pair(128, 10368), {160, 12928}, {170, 13728}})
        QCOMPARE(evolutionTokens(settings, kEvolutionTokens, generations), std::int64_t(windows) * 2048);
    const BlockRecord record = evolved(randomDecoder(c10::kFloat));
    QCOMPARE(record.windowsForwarded, (kSamples * kTokens + 64 * 50 + 4 * (32 * 50 + 3 * (4 * kTokens + 1))) / 2048);
}

void tst_Evolution::recordIsGoneOnWithToTheSameResult()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const BlockRecord whole = evolved(decoder);
    for (const std::size_t known : {1, 3, 5}) {
        BlockRecord record = whole;
        record.evolution.resize(known);
        record.windowsForwarded = 0; // follows
        record = evolved(decoder, record);
        QCOMPARE(record.evolution, whole.evolution);
        QCOMPARE(record.windowsForwarded, whole.windowsForwarded);
    }
    QCOMPARE(evolved(decoder, evolved(decoder, begun(2))).evolution.size(), std::size_t(3)); // as many as it asks for
}

void tst_Evolution::cancelledEvolutionKeepsItsSurvivors()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    BlockRecord record = begun();
    std::stop_source stop;
    JobContext context(stop.get_token());
    QVERIFY_THROWS_EXCEPTION(Cancelled, evolveBlocks(decoder, randomSamples(), kBlocks, record, {}, context, [&](const BlockRecord &known) {
                                 if (known.evolution.size() == 2)
                                     stop.request_stop();
                             }));
    QCOMPARE(record.evolution.size(), std::size_t(2));
    QCOMPARE(evolved(decoder, record).evolution, evolved(decoder).evolution);
}

void tst_Evolution::ranksShareTheCandidates()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    Meeting meeting;
    const auto run = [&](int rank, BlockRecord &record) {
        const c10::InferenceMode guard;
        JobContext context;
        evolveBlocks(decoder, randomSamples(), kBlocks, record, std::make_shared<OneOfTwo>(meeting, rank), context);
    };
    BlockRecord one = begun(), other = begun();
    std::thread thread([&] { run(1, other); });
    run(0, one);
    thread.join();
    QCOMPARE(one.evolution, evolved(decoder).evolution);
    QCOMPARE(other.evolution, one.evolution);
}

void tst_Evolution::streamedLayersAreReadOnceASelection()
{
    const Decoder decoder = randomDecoder(c10::kFloat), stream = streamed(decoder);
    const EvolutionSamples samples = randomSamples();
    JobContext context;
    Ranks alone;
    EvolutionFitness fitness(stream, samples, alone, context);
    fitness.keepPredictions(1);
    QCOMPARE(stream.weights().stream->made(), kLayers);
    fitness.of(EvolutionDraws(1, kLayers, kBlocks).beginning(), {{0, kTokens}, {3, 20}}, 1);
    QCOMPARE(stream.weights().stream->made(), 2 * kLayers);
    QCOMPARE(evolved(stream).evolution, evolved(decoder).evolution);
}

void tst_Evolution::progressIsByGenerations()
{
    std::vector<Progress> heard;
    JobContext context({}, [&](const Progress &progress) { heard.push_back(progress); });
    BlockRecord record = begun();
    evolveBlocks(randomDecoder(c10::kFloat), randomSamples(), kBlocks, record, {}, context);
    QCOMPARE(heard.front().phase, std::string("search"));
    QCOMPARE(heard.front().step, -1);
    QCOMPARE(heard.back().total, 5); // what comes before them is one more
    QCOMPARE(heard.back().done, 5);
    QCOMPARE(heard.back().step, 3);
    QCOMPARE(heard.back().steps, 4);
    record.evolution.resize(3);
    context.begin("", 1, "");
    evolveBlocks(randomDecoder(c10::kFloat), randomSamples(), kBlocks, record, {}, context);
    QCOMPARE(heard.back().total, 3);
    QCOMPARE(heard.back().done, 3);
}

void tst_Evolution::foreignRecordsAreRefused()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    BlockRecord record = evolved(decoder);
    record.evolution.resize(2);
    record.settings.seed = 6;
    VERIFY_CONTAINS(failureOf(decoder, record), "was not drawn from seed 6");
}

void tst_Evolution::whatDoesNotFitIsRefused()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    BlockRecord record = begun();
    record.settings.fineTokens = kSamples * kTokens + 1;
    VERIFY_CONTAINS(failureOf(decoder, record), "the text gives 198");
    record.settings.fineTokens = kSamples * kTokens;
    record.settings.coarseTokens = 1;
    VERIFY_CONTAINS(failureOf(decoder, record), "at least 2");
    VERIFY_CONTAINS(failureOf(decoder, begun(-1)), "-1 generations");
}

void tst_Evolution::nonFinitePredictionsAreAnError()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    Weights weights = decoder.weights();
    weights.layers[4].ffn->down.weight = at::full_like(weights.layers[4].ffn->down.weight, NAN);
    const std::string failure = failureOf(Decoder(decoder.spec(), std::move(weights), kTokens), begun());
    VERIFY_CONTAINS(failure, "layer 4");
}

QTEST_GUILESS_MAIN(tst_Evolution)
#include "tst_Evolution.moc"
