// SPDX-License-Identifier: GPL-3.0-or-later
// BlockPruner by sweeps against the method as it is written, every candidate computed alone: the same bits, whatever is restarted, shared, cancelled
// or continued.
#include "RandomDecoder.h"
#include "TwoRanks.h"

#include "decoder/LanguageHead.h"
#include "foundation/Error.h"
#include "pruning/AttentionSearch.h"
#include "pruning/BlockSearch.h"
#include "pruning/BlockSweep.h"
#include "text/TokenWindows.h"

#include <ATen/ops/zeros_like.h>
#include <QtTest>
#include <algorithm>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <thread>

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct Removed {
    std::vector<bool> attentions, ffns; ///< by layer

    explicit Removed(const ModelSpec &spec)
    {
        for (const LayerSpec &layer : spec.layers) {
            attentions.push_back(!layer.attention);
            ffns.push_back(!layer.ffn);
        }
    }
    std::vector<bool> &of(Part part) { return part == Part::Attention ? attentions : ffns; }
};

double lossAlone(const Decoder &decoder, const Removed &removed, const at::Tensor &tokens)
{
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t l = 0; l < decoder.layerCount(); ++l) {
        if (!removed.attentions[std::size_t(l)])
            x = decoder.addAttention(l, x);
        if (!removed.ffns[std::size_t(l)])
            x = decoder.addFfn(l, x);
    }
    return lossSum(decoder, x, tokens, LossType::Float32, {}).item<double>() / double(tokens.size(0) * (tokens.size(1) - 1));
}

/// The method as it is written: every candidate of every step evaluated from the first layer.
std::vector<BlockStep> naiveSearch(const Decoder &decoder, const at::Tensor &tokens, BlockVariant variant, std::int64_t blocks)
{
    const std::int64_t layers = decoder.layerCount();
    Removed removed(decoder.spec());
    std::vector<BlockStep> steps;
    for (std::int64_t n = 0; n < 2 * blocks; ++n) {
        BlockStep step;
        double best = std::numeric_limits<double>::infinity();
        for (const Part part : {Part::Attention, Part::Ffn}) {
            if (variant == BlockVariant::Authors && part != (n % 2 == 0 ? Part::Attention : Part::Ffn))
                continue;
            for (std::int64_t j = 0; j < layers; ++j) {
                step.losses.push_back(kUnknown);
                if (removed.of(part)[std::size_t(j)])
                    continue;
                removed.of(part)[std::size_t(j)] = true;
                const double loss = step.losses.back() = lossAlone(decoder, removed, tokens);
                removed.of(part)[std::size_t(j)] = false;
                if (loss < best) {
                    best = loss;
                    step.part = part;
                    step.removed = j;
                }
            }
        }
        removed.of(step.part)[std::size_t(step.removed)] = true;
        steps.push_back(std::move(step));
    }
    return steps;
}

/// "" when the steps hold the same bits. `areSomeBounded`: `a` may lack losses that do not win.
QString difference(const std::vector<BlockStep> &a, const std::vector<BlockStep> &b, bool areSomeBounded = false)
{
    if (a.size() != b.size())
        return QString("%1 steps, %2").arg(a.size()).arg(b.size());
    for (std::size_t s = 0; s < a.size(); ++s) {
        if (a[s].part != b[s].part || a[s].removed != b[s].removed)
            return QString("step %1 removes %2 of layer %3, %4 of layer %5")
                .arg(s)
                .arg(int(a[s].part))
                .arg(a[s].removed)
                .arg(int(b[s].part))
                .arg(b[s].removed);
        if (a[s].losses.size() != b[s].losses.size())
            return QString("step %1: %2 losses, %3").arg(s).arg(a[s].losses.size()).arg(b[s].losses.size());
        for (std::size_t j = 0; j < a[s].losses.size(); ++j) {
            const double x = a[s].losses[j], y = b[s].losses[j];
            if (x != y && !(std::isnan(x) && (std::isnan(y) || areSomeBounded)))
                return QString("step %1, candidate %2: %3, %4").arg(s).arg(j).arg(x, 0, 'g', 17).arg(y, 0, 'g', 17);
        }
    }
    return {};
}

BlockRecord begun(BlockVariant variant)
{
    BlockRecord record;
    record.settings.method = PlanMethod::BlockPruner;
    record.settings.variant = variant;
    return record;
}

BlockRecord search(const Decoder &decoder, const at::Tensor &tokens, BlockVariant variant, std::int64_t blocks, std::int64_t stateBytes,
                   LossesKnown losses = LossesKnown::All)
{
    BlockRecord record = begun(variant);
    JobContext context;
    searchBlocks(decoder, tokens, stateBytes, {}, blocks, record, context, {}, losses);
    return record;
}

} // namespace

Q_DECLARE_METATYPE(secateur::BlockVariant)

class tst_BlockSearch : public QObject {
    Q_OBJECT

private slots:
    void init() { m_guard.emplace(); }
    void cleanup() { m_guard.reset(); }

    void searchEqualsNaiveEvaluation_data();
    void searchEqualsNaiveEvaluation();
    void searchEqualsNaiveOnEveryFamily();
    void searchEqualsNaiveWherePartsAreAbsent();
    void sampleIsPrunedAsByTheAuthorsCode();
    void firstStepIsTheImpactOfTheDenseModel();
    void sweepRestartsToTheSameBits();
    void boundsDecideAsLossesDo();
    void ranksShareTheCandidates();
    void cancelledSearchGoesOnToTheSameResult();
    void longerSearchExtendsAShorterOne();
    void evaluationsAreCounted();
    void tiesGoToAttentionsAndTheLowestLayer();
    void foreignRecordsAreRefused();
    void moreBlocksThanThereAreAreRefused();
    void nonFiniteLossNamesLayerAndPart();

private:
    std::optional<c10::InferenceMode> m_guard;
};

constexpr BlockVariant kVariants[] = {BlockVariant::Authors, BlockVariant::Original};

void tst_BlockSearch::searchEqualsNaiveEvaluation_data()
{
    QTest::addColumn<BlockVariant>("variant");
    QTest::addColumn<bool>("isBFloat16");
    QTest::addColumn<int>("windows");
    QTest::addColumn<int>("statesKept");
    for (const BlockVariant variant : kVariants)
        for (const bool isBFloat16 : {false, true})
            for (const int windows : {1, 3})
                for (const int states : {0, 1, 15, 1000})
                    QTest::addRow("%s, %s, %d windows, %d states", variant == BlockVariant::Authors ? "in turn" : "pool",
                                  isBFloat16 ? "bf16" : "fp32", windows, states)
                        << variant << isBFloat16 << windows << states;
}

void tst_BlockSearch::searchEqualsNaiveEvaluation()
{
    QFETCH(BlockVariant, variant);
    QFETCH(bool, isBFloat16);
    QFETCH(int, windows);
    QFETCH(int, statesKept);
    const Decoder decoder = randomDecoder(isBFloat16 ? c10::kBFloat16 : c10::kFloat);
    const at::Tensor tokens = randomTokens(windows);
    const std::int64_t stateBytes = windows * kTokens * 32 * (isBFloat16 ? 2 : 4);
    const std::int64_t blocks = kLayers - 1;
    QCOMPARE(
        difference(search(decoder, tokens, variant, blocks, statesKept * stateBytes).steps, naiveSearch(decoder, tokens, variant, blocks)),
        QString());
}

void tst_BlockSearch::searchEqualsNaiveOnEveryFamily()
{
    std::vector<std::string> names = tinyLlamas();
    names.insert(names.end(), tinyFamilies().begin(), tinyFamilies().end());
    for (const std::string &name : names) {
        const at::Tensor tokens = expectedOf(name)["input_ids"].to(at::kLong);
        const Decoder decoder = loadDecoder(tinyLlama(name), tokens.size(1));
        const std::int64_t blocks = decoder.layerCount() - 1;
        for (const BlockVariant variant : kVariants) {
            const QString other = difference(search(decoder, tokens, variant, blocks, 1 << 20, LossesKnown::Deciding).steps,
                                             naiveSearch(decoder, tokens, variant, blocks), true);
            QVERIFY2(other.isEmpty(), qPrintable(QString::fromStdString(name) + ": " + other));
        }
    }
}

void tst_BlockSearch::searchEqualsNaiveWherePartsAreAbsent()
{
    const Decoder whole = randomDecoder(c10::kFloat);
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : whole.spec().layers) {
        kept.emplace_back();
        for (std::int64_t j = 0; j < layer.neurons(); ++j)
            kept.back().push_back(j);
    }
    for (const std::size_t layer : {0, 3})
        kept[layer].clear();
    const Decoder decoder = pruned(whole, surgeryOf(kept, {3, 6}));
    const at::Tensor tokens = randomTokens(2);
    for (const BlockVariant variant : kVariants)
        for (const std::int64_t bytes : {std::int64_t(0), std::int64_t(1) << 20})
            QCOMPARE(difference(search(decoder, tokens, variant, 4, bytes).steps, naiveSearch(decoder, tokens, variant, 4)), QString());
}

/// tests/fixtures/authors-blockpruner.json: what their code decides for the sample at 50 %, and every loss.
void tst_BlockSearch::sampleIsPrunedAsByTheAuthorsCode()
{
    std::ifstream stream(SECATEUR_FIXTURES "/authors-blockpruner.json");
    const nlohmann::json theirs = nlohmann::json::parse(stream);
    const std::filesystem::path sample = SECATEUR_SOURCE_DIR "/resources/sample";
    const TokenWindows text = readWindows(Tokenizer::fromFile(sample / "model" / "tokenizer.json"),
                                          {.files = {sample / "text" / "grimm.txt"}, .windows = 1, .length = theirs["length"]});
    const Decoder decoder = loadDecoder(sample / "model", text.length);
    const at::Tensor tokens = tokenTensor(text.tokens, text.length, testDevice());
    const BlockRecord all = search(decoder, tokens, BlockVariant::Authors, theirs["blocks"], 1 << 24),
                      deciding = search(decoder, tokens, BlockVariant::Authors, theirs["blocks"], 0, LossesKnown::Deciding);
    std::vector<std::int64_t> attentions, ffns;
    for (std::size_t s = 0; s < all.steps.size(); ++s) {
        const BlockStep &step = all.steps[s];
        (step.part == Part::Attention ? attentions : ffns).push_back(step.removed);
        for (std::size_t j = 0; j < step.losses.size(); ++j) {
            const nlohmann::json &loss = theirs["losses"][s][j];
            QVERIFY(loss.is_null() == bool(std::isnan(step.losses[j])));
            QVERIFY2(loss.is_null() || std::abs(loss.get<double>() - step.losses[j]) < 5e-6,
                     qPrintable(QString("step %1, layer %2: %3").arg(s).arg(j).arg(step.losses[j], 0, 'g', 9)));
        }
    }
    QCOMPARE(attentions, theirs["attentions"].get<std::vector<std::int64_t>>());
    QCOMPARE(ffns, theirs["ffns"].get<std::vector<std::int64_t>>());
    QCOMPARE(difference(deciding.steps, all.steps, true), QString());
}

void tst_BlockSearch::firstStepIsTheImpactOfTheDenseModel()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    SearchRecord impact{.settings = {}, .provenance = {}, .initialLoss = kUnknown, .steps = {}};
    JobContext context;
    AttentionSearch(decoder, tokens, LossType::Float32, 1 << 20).run(impact, 1, context);
    const BlockRecord record = search(decoder, tokens, BlockVariant::Authors, 1, 1 << 20);
    QCOMPARE(record.steps.front().losses, impact.steps.front().losses);
    QCOMPARE(record.steps.front().removed, impact.steps.front().removed);
    // What was tried in turn was tried in the pool as well.
    const std::vector<double> pool = search(decoder, tokens, BlockVariant::Original, 1, 1 << 20).steps.front().losses;
    QCOMPARE(std::vector(pool.begin(), pool.begin() + kLayers), impact.steps.front().losses);
}

void tst_BlockSearch::sweepRestartsToTheSameBits()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(2);
    BlockSweep with(decoder, tokens, LossType::Float32, 1 << 24, kLayers, true),
        without(decoder, tokens, LossType::Float32, 0, kLayers, true);
    QCOMPARE(with.stateStride(), 1);
    QCOMPARE(without.stateStride(), 0);
    std::int64_t first = -1;
    for (const Block removed : {Block{4, Part::Ffn}, Block{4, Part::Attention}, Block{6, Part::Attention}, Block{1, Part::Ffn},
                                Block{0, Part::Attention}, Block{2, Part::Ffn}}) {
        std::vector<Block> candidates;
        for (const Part part : {Part::Ffn, Part::Attention})
            for (std::int64_t j = 0; j < kLayers; ++j)
                if (!with.isRemoved({j, part}))
                    candidates.push_back({j, part});
        const std::vector<at::Tensor> some = with.ends(candidates, false, [](std::int64_t) {}),
                                      all = without.ends(candidates, false, [](std::int64_t) {});
        for (std::size_t i = 0; i < candidates.size(); ++i)
            QVERIFY(some[i].equal(all[i]));
        if (first < 0) { // the base up to where the last forks leave it, and each fork from its layer on
            first = with.layerPasses();
            QCOMPARE(first, kLayers - 1 + kLayers * (kLayers + 1));
            QCOMPARE(without.layerPasses(), first);
        }
        with.remove(removed);
        without.remove(removed);
    }
    QCOMPARE_LT(with.layerPasses(), without.layerPasses());
}

void tst_BlockSearch::boundsDecideAsLossesDo()
{
    const Decoder decoder = randomDecoder(c10::kFloat, kLargeVocabulary);
    for (const int windows : {1, 2})
        for (const BlockVariant variant : kVariants) {
            const at::Tensor tokens = randomTokens(windows, kLargeVocabulary);
            const std::vector<BlockStep> all = search(decoder, tokens, variant, 3, 1 << 20).steps,
                                         bounded = search(decoder, tokens, variant, 3, 1 << 20, LossesKnown::Deciding).steps;
            QCOMPARE(difference(bounded, all, true), QString());
            const auto known = [](const std::vector<BlockStep> &steps) {
                std::int64_t count = 0;
                for (const BlockStep &step : steps)
                    count += std::ranges::count_if(step.losses, [](double loss) { return !std::isnan(loss); });
                return count;
            };
            QCOMPARE_LT(known(bounded), known(all));
        }
}

void tst_BlockSearch::ranksShareTheCandidates()
{
    for (const LossesKnown losses : {LossesKnown::All, LossesKnown::Deciding})
        for (const BlockVariant variant : kVariants) {
            const std::int64_t vocabulary = losses == LossesKnown::All ? kVocabulary : kLargeVocabulary;
            const Decoder decoder = randomDecoder(c10::kFloat, vocabulary);
            const at::Tensor tokens = randomTokens(1, vocabulary);
            Meeting meeting;
            BlockRecord records[] = {begun(variant), begun(variant)};
            double done[2] = {0, 0}, total[2] = {0, 0};
            const auto run = [&](int rank) {
                const c10::InferenceMode guard;
                JobContext context({}, [&, rank](const Progress &p) {
                    done[rank] = double(p.done);
                    total[rank] = double(p.total);
                });
                searchBlocks(decoder, tokens, 1 << 20, std::make_shared<OneOfTwo>(meeting, rank), 4, records[rank], context, {}, losses);
            };
            std::thread other([&] { run(1); });
            run(0);
            other.join();
            QCOMPARE(difference(records[0].steps, records[1].steps), QString());
            QCOMPARE(difference(records[0].steps, search(decoder, tokens, variant, 4, 0).steps, losses == LossesKnown::Deciding),
                     QString());
            for (const int rank : {0, 1}) {
                QCOMPARE(total[rank], double(blockEvaluations(variant, kLayers, 4)));
                QCOMPARE(done[rank], total[rank]);
            }
        }
}

void tst_BlockSearch::cancelledSearchGoesOnToTheSameResult()
{
    int cancels = 0, begunSteps = 0;
    for (const LossesKnown losses : {LossesKnown::All, LossesKnown::Deciding}) {
        const std::int64_t vocabulary = losses == LossesKnown::All ? kVocabulary : kLargeVocabulary;
        const Decoder decoder = randomDecoder(c10::kFloat, vocabulary);
        const at::Tensor tokens = randomTokens(1, vocabulary);
        for (const BlockVariant variant : kVariants) {
            const BlockRecord whole = search(decoder, tokens, variant, 3, 1 << 20);
            for (int units = 1; units < 250; units += 17) {
                BlockRecord record = begun(variant);
                std::stop_source stop;
                int left = units;
                JobContext context(stop.get_token(), [&](const Progress &p) {
                    if (p.seconds > 0 && --left == 0)
                        stop.request_stop();
                });
                try {
                    searchBlocks(decoder, tokens, 1 << 20, {}, 3, record, context, {}, losses);
                } catch (const Cancelled &) {
                    ++cancels;
                }
                if (!record.steps.empty() && record.steps.back().removed < 0)
                    begunSteps += std::ranges::any_of(record.steps.back().losses, [](double loss) { return !std::isnan(loss); }) ? 1 : 0;
                JobContext free;
                searchBlocks(decoder, tokens, 0, {}, 3, record, free, {}, losses);
                QCOMPARE(difference(record.steps, whole.steps, losses == LossesKnown::Deciding), QString());
                QCOMPARE(record.windowsForwarded, whole.windowsForwarded);
            }
        }
    }
    QCOMPARE_GE(cancels, 20);
    QVERIFY2(begunSteps >= 10, qPrintable(QString::number(begunSteps))); // of which some losses were known
}

void tst_BlockSearch::longerSearchExtendsAShorterOne()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const at::Tensor tokens = randomTokens(1);
    for (const BlockVariant variant : kVariants) {
        BlockRecord record = search(decoder, tokens, variant, 2, 0);
        double total = 0;
        JobContext context({}, [&](const Progress &p) { total = double(p.total); });
        std::vector<std::size_t> heard;
        searchBlocks(decoder, tokens, 1 << 20, {}, 5, record, context, [&](const BlockRecord &known) {
            QVERIFY(known.steps.back().removed >= 0);
            heard.push_back(known.steps.size());
        });
        QCOMPARE(heard, (std::vector<std::size_t>{5, 6, 7, 8, 9, 10})); // what is known is not computed again
        QCOMPARE(total, double(blockEvaluations(variant, kLayers, 5) - blockEvaluations(variant, kLayers, 2)));
        const BlockRecord whole = search(decoder, tokens, variant, 5, 0);
        QCOMPARE(difference(record.steps, whole.steps), QString());
        QCOMPARE(record.windowsForwarded, whole.windowsForwarded);
        searchBlocks(decoder, tokens, 0, {}, 3, record, context, [](const BlockRecord &) { QFAIL("a shorter search is a part of it"); });
    }
}

void tst_BlockSearch::evaluationsAreCounted()
{
    const auto inTurn = [](std::int64_t layers, std::int64_t blocks) { return blockEvaluations(BlockVariant::Authors, layers, blocks); };
    // 25, 37.5 and 50 % of Llama-2-7B, Qwen2.5-7B, Phi-3-medium and SmolLM2-135M, counted in the authors' code
    QCOMPARE((std::vector{inTurn(32, 8), inTurn(32, 12), inTurn(32, 16)}), (std::vector<std::int64_t>{456, 636, 784}));
    QCOMPARE((std::vector{inTurn(28, 7), inTurn(28, 11), inTurn(28, 14)}), (std::vector<std::int64_t>{350, 506, 602}));
    QCOMPARE((std::vector{inTurn(40, 10), inTurn(40, 15), inTurn(40, 20)}), (std::vector<std::int64_t>{710, 990, 1220}));
    QCOMPARE((std::vector{inTurn(30, 8), inTurn(30, 12), inTurn(30, 15)}), (std::vector<std::int64_t>{424, 588, 690}));
    for (const BlockVariant variant : kVariants) {
        double done = 0, total = 0;
        JobContext context({}, [&](const Progress &p) {
            done = double(p.done);
            total = double(p.total);
        });
        BlockRecord record = begun(variant);
        searchBlocks(randomDecoder(c10::kFloat), randomTokens(3), 0, {}, 3, record, context);
        std::int64_t losses = 0;
        for (const BlockStep &step : record.steps)
            losses += std::ranges::count_if(step.losses, [](double loss) { return !std::isnan(loss); });
        QCOMPARE(losses, variant == BlockVariant::Authors ? 2 * (7 + 6 + 5) : 14 + 13 + 12 + 11 + 10 + 9);
        QCOMPARE(blockEvaluations(variant, kLayers, 3), losses);
        QCOMPARE(record.windowsForwarded, 3 * losses);
        QCOMPARE(total, double(losses));
        QCOMPARE(done, total);
    }
}

void tst_BlockSearch::tiesGoToAttentionsAndTheLowestLayer()
{
    const Decoder random = randomDecoder(c10::kFloat);
    Weights weights = random.weights();
    for (LayerWeights &layer : weights.layers) { // nothing adds anything: all candidates are equal
        layer.attention->output.weight = at::zeros_like(layer.attention->output.weight);
        layer.ffn->down.weight = at::zeros_like(layer.ffn->down.weight);
    }
    const Decoder decoder(random.spec(), weights, kTokens);
    const auto order = [&](BlockVariant variant) {
        std::vector<std::int64_t> removed; // FFNs behind the attentions
        for (const BlockStep &step : search(decoder, randomTokens(1), variant, 4, 1 << 20).steps)
            removed.push_back(step.removed + (step.part == Part::Ffn ? kLayers : 0));
        return removed;
    };
    QCOMPARE(order(BlockVariant::Authors), (std::vector<std::int64_t>{0, 7, 1, 8, 2, 9, 3, 10}));
    QCOMPARE(order(BlockVariant::Original), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

void tst_BlockSearch::foreignRecordsAreRefused()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    const BlockRecord good = search(decoder, randomTokens(1), BlockVariant::Authors, 2, 0);
    const auto refuses = [&](const std::function<void(BlockRecord &)> &change) {
        BlockRecord record = good;
        change(record);
        JobContext context;
        try {
            searchBlocks(decoder, randomTokens(1), 0, {}, 3, record, context);
        } catch (const Error &problem) {
            return QString(problem.what()).startsWith("The search cannot go on from what was found");
        }
        return false;
    };
    QVERIFY(!refuses([](BlockRecord &) {}));
    QVERIFY(refuses([](BlockRecord &record) { record.steps[1].losses.pop_back(); }));
    QVERIFY(refuses([](BlockRecord &record) { record.steps[1].removed = kLayers; }));
    QVERIFY(refuses([](BlockRecord &record) { record.steps[2].removed = record.steps[0].removed; })); // twice
    QVERIFY(refuses([](BlockRecord &record) { record.steps[1].removed = -1; }));                      // unfinished, and not the last
    QVERIFY(refuses([](BlockRecord &record) { record.steps[1].part = Part::Attention; }));
    QVERIFY(refuses([](BlockRecord &record) { record.settings.variant = BlockVariant::Original; }));
}

void tst_BlockSearch::moreBlocksThanThereAreAreRefused()
{
    const Decoder decoder = randomDecoder(c10::kFloat);
    for (const BlockVariant variant : kVariants) {
        BlockRecord record = begun(variant);
        JobContext context;
        QVERIFY_EXCEPTION_THROWN(searchBlocks(decoder, randomTokens(1), 0, {}, kLayers + 1, record, context), Error);
        QVERIFY(record.steps.empty()); // at once
    }
}

void tst_BlockSearch::nonFiniteLossNamesLayerAndPart()
{
    const Decoder random = randomDecoder(c10::kFloat);
    Weights weights = random.weights();
    weights.layers[2].ffn->down.weight = weights.layers[2].ffn->down.weight * 1e38;
    const Decoder decoder(random.spec(), weights, kTokens);
    const auto problemOf = [&](BlockRecord record) {
        JobContext context;
        try {
            searchBlocks(decoder, randomTokens(1), 0, {}, 2, record, context);
        } catch (const Error &problem) {
            return QString(problem.what());
        }
        return QString();
    };
    BlockRecord record = begun(BlockVariant::Authors);
    QCOMPARE(problemOf(record), QString("The activations of layer 2 without the attention of layer 0 are not finite."));
    record.steps.push_back({.part = Part::Attention, .losses = std::vector<double>(kLayers, 1.0), .removed = 5});
    QCOMPARE(problemOf(record), QString("The activations of layer 2 without the FFN of layer 0 are not finite."));
    record.steps.push_back({.part = Part::Ffn, .losses = std::vector<double>(kLayers, 1.0), .removed = 2}); // the one that is too large
    QCOMPARE(problemOf(record), QString());
}

QTEST_GUILESS_MAIN(tst_BlockSearch)
#include "tst_BlockSearch.moc"
