// SPDX-License-Identifier: GPL-3.0-or-later
// Stage 1 against hooks on transformers' own layers; the choice of neurons; the file of scores.
#include "../decoder/TinyLlamas.h"

#include "foundation/Error.h"
#include "pruning/NeuronScores.h"
#include "pruning/NeuronScoring.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros_like.h>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

using namespace secateur;
using namespace secateur::test;

namespace {

at::Tensor wide(const at::Tensor &tensor)
{
    return tensor.to(at::kDouble);
}

at::Tensor product(const at::Tensor &x, const LinearWeights &linear)
{
    const at::Tensor y = x.matmul(wide(linear.weight).t());
    return linear.bias.defined() ? y + wide(linear.bias) : y;
}

/// [T, heads * D] to [heads, T, D], each head turned by its position: pairs (i, i + D / 2) by t / theta^(2 i / D).
at::Tensor headsOf(const at::Tensor &x, std::int64_t heads, std::int64_t headDim, double theta, bool isTurned)
{
    const std::int64_t length = x.size(0), half = headDim / 2;
    const at::Tensor byHead = x.reshape({length, heads, headDim}).transpose(0, 1);
    if (!isTurned)
        return byHead;
    const at::Tensor place = at::arange(length, at::kDouble).unsqueeze(1);
    const at::Tensor angle = place * at::exp(at::arange(half, at::kDouble) * (-2 * std::log(theta) / double(headDim)));
    const at::Tensor first = byHead.narrow(2, 0, half), second = byHead.narrow(2, half, half);
    return at::cat({first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()}, 2);
}

/// Stage 1 in float64, written from the papers with nothing of the decoder's: the mean over the windows of each neuron's L2 norm over the tokens.
/// For models of the family llama without scaled positions.
std::vector<std::vector<double>> scoresInDouble(const ModelSpec &spec, const Weights &weights, const at::Tensor &tokens)
{
    const auto norm = [&](const at::Tensor &x, const at::Tensor &weight) {
        return x / (x.square().mean(-1, true) + spec.normEpsilon).sqrt() * wide(weight);
    };
    const std::int64_t windows = tokens.size(0), length = tokens.size(1);
    const at::Tensor isLater = at::ones({length, length}, at::kBool).triu(1);
    std::vector<std::vector<double>> scores(spec.layers.size());
    for (std::int64_t w = 0; w < windows; ++w) {
        at::Tensor x = wide(weights.embedding).index_select(0, tokens[w]);
        for (std::size_t i = 0; i < spec.layers.size(); ++i) {
            const AttentionSpec &a = *spec.layers[i].attention;
            const AttentionWeights &attention = *weights.layers[i].attention;
            const at::Tensor normed = norm(x, attention.norm);
            const auto heads = [&](const LinearWeights &linear, std::int64_t count, bool isTurned) {
                return headsOf(product(normed, linear), count, a.headDim, spec.rope.theta, isTurned).repeat_interleave(a.heads / count, 0);
            };
            const at::Tensor query = heads(attention.query, a.heads, true), key = heads(attention.key, a.kvHeads, true);
            const at::Tensor seen = (query.matmul(key.transpose(1, 2)) / std::sqrt(double(a.headDim)))
                                        .masked_fill(isLater, -std::numeric_limits<double>::infinity());
            const at::Tensor mixed =
                seen.softmax(-1).matmul(heads(attention.value, a.kvHeads, false)).transpose(0, 1).reshape({length, -1});
            x = x + product(mixed, attention.output);
            const FfnWeights &ffn = *weights.layers[i].ffn;
            const at::Tensor between = norm(x, ffn.norm), gate = product(between, ffn.gate);
            const at::Tensor activation = gate * gate.sigmoid() * product(between, ffn.up);
            x = x + product(activation, ffn.down);
            const at::Tensor norms = activation.square().sum(0).sqrt().contiguous();
            scores[i].resize(std::size_t(norms.numel()));
            for (std::size_t j = 0; j < scores[i].size(); ++j)
                scores[i][j] += norms.const_data_ptr<double>()[j] / double(windows);
        }
    }
    return scores;
}

/// As a calibration leaves it.
Provenance smallProvenance()
{
    Provenance provenance;
    provenance.windows = 2;
    provenance.length = 16;
    provenance.computed.dtype = "float32";
    return provenance;
}

} // namespace

class tst_NeuronScores : public QObject {
    Q_OBJECT

private slots:
    void scoresEqualHooksOnTransformers_data();
    void scoresEqualHooksOnTransformers();
    void scoresEqualAReferenceInFloat64_data();
    void scoresEqualAReferenceInFloat64();
    void layersReadMeanwhileGiveTheSameScores_data();
    void layersReadMeanwhileGiveTheSameScores();
    void l1IsTheMeanOfWindowSums();
    void bestAreTheLargestAndTiesGoToTheLowerIndex();
    void cancelStopsWithinOneLayerOfOneWindow();
    void nonFiniteActivationsNameTheLayer();
    void layersWithoutFfnHaveNone();
    void savedScoresComeBackEqual();
    void scoresThatNoCalibrationGivesAreRefused();
    void otherFilesAreRefused();
};

void tst_NeuronScores::scoresEqualHooksOnTransformers_data()
{
    QTest::addColumn<QString>("name");
    for (const std::string &name : tinyFamilies())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
    for (const std::string &name : tinyLlamas())
        QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void tst_NeuronScores::scoresEqualHooksOnTransformers()
{
    QFETCH(QString, name);
    auto expected = expectedOf(name.toStdString());
    const Decoder decoder = loadDecoder(tinyLlama(name.toStdString()), 40);
    JobContext context;
    NeuronScores scores;
    scores.layers = scoreNeurons(decoder, expected["input_ids"].to(at::kLong), ScoreNorm::L2, context);
    QCOMPARE(std::int64_t(scores.layers.size()), decoder.layerCount());
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
        const at::Tensor row = expected["scores"].select(0, i);
        for (std::int64_t j = 0; j < row.size(0); ++j) {
            const double ours = double(scores.layers[std::size_t(i)][std::size_t(j)]), theirs = row[j].item<double>();
            QVERIFY2(std::abs(ours - theirs) <= 1e-5 * theirs,
                     qPrintable(QString("layer %1 neuron %2: %3, %4").arg(i).arg(j).arg(ours).arg(theirs)));
        }
        for (const std::int64_t count : {1, 13, 24, 47, 48}) { // the sets that torch.topk keeps, as the authors do
            const at::Tensor top = std::get<0>(std::get<1>(at::topk(row, count)).sort());
            const std::vector<std::int64_t> kept(top.const_data_ptr<std::int64_t>(), top.const_data_ptr<std::int64_t>() + count);
            QCOMPARE(scores.best(i, count), kept);
        }
    }
}

void tst_NeuronScores::scoresEqualAReferenceInFloat64_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"sample", "mha", "gqa", "mqa", "tied", "attention-bias", "all-biases", "wide-heads"})
        QTest::newRow(name) << name;
}

void tst_NeuronScores::scoresEqualAReferenceInFloat64()
{
    QFETCH(QString, name);
    const bool isSample = name == "sample";
    const std::int64_t length = isSample ? 96 : 40;
    const Decoder decoder = loadDecoder(
        isSample ? std::filesystem::path(SECATEUR_SOURCE_DIR "/resources/sample/model") : tinyLlama(name.toStdString()), length);
    const at::Tensor tokens = isSample
                                  ? at::arange(2 * length, at::kLong).mul_(7919).remainder_(decoder.spec().vocabularySize).view({2, length})
                                  : expectedOf(name.toStdString())["input_ids"].to(at::kCPU, at::kLong);
    const auto reference = scoresInDouble(decoder.spec(), decoder.weights(), tokens);
    JobContext context;
    NeuronScores scores;
    scores.layers = scoreNeurons(decoder, tokens, ScoreNorm::L2, context);
    QCOMPARE(scores.layers.size(), reference.size());
    double worst = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        const std::vector<double> &exact = reference[i];
        const auto neurons = std::int64_t(exact.size());
        QCOMPARE(scores.layers[i].size(), exact.size());
        for (std::size_t j = 0; j < exact.size(); ++j)
            worst = std::max(worst, std::abs(double(scores.layers[i][j]) - exact[j]) / exact[j]);
        std::vector<std::int64_t> order(exact.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::int64_t a, std::int64_t b) { return exact[std::size_t(a)] > exact[std::size_t(b)]; });
        for (const std::int64_t count : {std::int64_t(1), neurons / 4, neurons / 2, 3 * neurons / 4, neurons}) {
            std::vector<std::int64_t> kept(order.begin(), order.begin() + count);
            std::sort(kept.begin(), kept.end());
            QCOMPARE(scores.best(std::int64_t(i), count), kept);
        }
    }
    QVERIFY2(worst <= 1e-4, qPrintable(QString::number(worst)));
}

void tst_NeuronScores::layersReadMeanwhileGiveTheSameScores_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"mha", "tied", "all-biases"})
        QTest::newRow(name) << name;
}

void tst_NeuronScores::layersReadMeanwhileGiveTheSameScores()
{
    QFETCH(QString, name);
    const std::filesystem::path folder = tinyLlama(name.toStdString());
    const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
    JobContext context;
    const Decoder resident = loadDecoder(folder, 40);
    const auto expected = scoreNeurons(resident, tokens, ScoreNorm::L2, context);

    const Checkpoint checkpoint = Checkpoint::open(folder);
    for (const auto load : {loadMeanwhile, streamWeights}) {
        const Weights weights = load(checkpoint, resident.spec(), c10::kCPU, c10::kFloat, context);
        QVERIFY(weights.stream && weights.layers.empty());
        QCOMPARE(scoreNeurons(Decoder(resident.spec(), weights, 40), tokens, ScoreNorm::L2, context), expected);
        const std::int64_t bytesRead = checkpoint.bytesRead();
        const Weights all = settled(weights);
        QVERIFY(!all.stream);
        QCOMPARE(all.bytes(), resident.weights().bytes());
        QCOMPARE(checkpoint.bytesRead() == bytesRead, load == loadMeanwhile); // which had kept all layers
        QCOMPARE(scoreNeurons(Decoder(resident.spec(), all, 40), tokens, ScoreNorm::L2, context), expected);
    }
}

void tst_NeuronScores::l1IsTheMeanOfWindowSums()
{
    const Decoder decoder = loadDecoder(tinyLlama("mha"), 40);
    const at::Tensor tokens = expectedOf("mha")["input_ids"].to(at::kLong);
    JobContext context;
    const auto scores = scoreNeurons(decoder, tokens, ScoreNorm::L1, context);
    const at::Tensor activation = decoder.ffnActivation(0, decoder.addAttention(0, decoder.embed(tokens))); // [2, 40, I]
    const at::Tensor expected = activation.abs().sum(1).mean(0);
    for (std::size_t j = 0; j < scores[0].size(); ++j)
        QVERIFY(std::abs(double(scores[0][j]) - expected[std::int64_t(j)].item<double>()) < 1e-4 * double(scores[0][j]));
}

void tst_NeuronScores::bestAreTheLargestAndTiesGoToTheLowerIndex()
{
    NeuronScores scores;
    scores.layers = {{2, 5, 5, 1, 5, 0, 7}};
    QCOMPARE(scores.best(0, 3), (std::vector<std::int64_t>{1, 2, 6}));
    QCOMPARE(scores.best(0, 5), (std::vector<std::int64_t>{0, 1, 2, 4, 6}));
    QCOMPARE(scores.best(0, 99).size(), 7U);
}

void tst_NeuronScores::cancelStopsWithinOneLayerOfOneWindow()
{
    const Decoder decoder = loadDecoder(tinyLlama("mha"), 40);
    std::stop_source stop;
    int units = 0;
    JobContext context(stop.get_token(), [&](const Progress &p) {
        QCOMPARE(p.total, 6); // 3 layers x 2 windows
        if (p.done == 2)
            stop.request_stop();
        units = int(p.done);
    });
    QVERIFY_THROWS_EXCEPTION(Cancelled, scoreNeurons(decoder, expectedOf("mha")["input_ids"].to(at::kLong), ScoreNorm::L2, context));
    QCOMPARE(units, 2);
}

void tst_NeuronScores::nonFiniteActivationsNameTheLayer()
{
    const Decoder finite = loadDecoder(tinyLlama("mha"), 40);
    Weights weights = finite.weights();
    weights.layers[1].ffn->gate.weight = weights.layers[1].ffn->gate.weight * 1e38;
    JobContext context;
    try {
        scoreNeurons(Decoder(finite.spec(), weights, 40), expectedOf("mha")["input_ids"].to(at::kLong), ScoreNorm::L2, context);
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QCOMPARE(QString(problem.what()), QString("The activations of layer 1 are not finite."));
        QCOMPARE(QString::fromStdString(problem.hint()), QString("The checkpoint is damaged: download it again."));
    }
}

void tst_NeuronScores::layersWithoutFfnHaveNone()
{
    const Decoder dense = loadDecoder(tinyLlama("mha"), 40);
    std::vector<std::vector<std::int64_t>> kept(3, std::vector<std::int64_t>(48));
    for (auto &neurons : kept)
        std::iota(neurons.begin(), neurons.end(), 0);
    kept[1].clear();
    Weights weights = dense.weights();
    weights.layers[1].ffn->down.weight = at::zeros_like(weights.layers[1].ffn->down.weight);
    const at::Tensor tokens = expectedOf("mha")["input_ids"].to(at::kLong);
    JobContext context;
    NeuronScores scores;
    scores.layers = scoreNeurons(pruned(dense, surgeryOf(kept, {})), tokens, ScoreNorm::L2, context);
    const auto silent = scoreNeurons(Decoder(dense.spec(), weights, 40), tokens, ScoreNorm::L2, context);
    QVERIFY(scores.layers[1].empty());
    QVERIFY(scores.layers[0] == silent[0] && scores.layers[2] == silent[2]);
    QVERIFY(scores.best(1, 5).empty());
    scores.provenance = smallProvenance();
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("scores").toStdString();
    saveScores(scores, file);
    QVERIFY(loadScores(file).layers == scores.layers);
}

void tst_NeuronScores::savedScoresComeBackEqual()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("scores.safetensors").toStdString();
    NeuronScores scores;
    scores.layers = {{1.5F, 0.F}, {3.25F, 1e-30F}};
    scores.norm = ScoreNorm::L1;
    scores.provenance = smallProvenance();
    scores.provenance.modelHash = "abc";
    scores.provenance.textFiles = {"a \"quoted\" name.txt"};
    scores.provenance.seed = 18446744073709551615U;
    saveScores(scores, file);
    const NeuronScores loaded = loadScores(file);
    QCOMPARE(loaded.layers, scores.layers);
    QVERIFY(loaded.norm == scores.norm);
    QVERIFY(loaded.provenance == scores.provenance);
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden), QStringList("scores.safetensors"));
}

void tst_NeuronScores::scoresThatNoCalibrationGivesAreRefused()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("scores.safetensors").toStdString();
    const auto refused = [&](const std::function<void(NeuronScores &)> &damage) {
        NeuronScores scores;
        scores.layers = {{0.F, 0.F}, {0.F, 2.F}}; // a layer may be silent
        scores.provenance = smallProvenance();
        damage(scores);
        saveScores(scores, file);
        try {
            loadScores(file);
        } catch (const Error &problem) {
            return QString(problem.what());
        }
        return QString();
    };
    QCOMPARE(refused([](NeuronScores &) {}), QString());
    QVERIFY(refused([](NeuronScores &s) { s.provenance.windows = 0; }).contains("it tells of 0 windows"));
    QVERIFY(refused([](NeuronScores &s) { s.provenance.windows = -4; }).contains("it tells of -4 windows"));
    QVERIFY(refused([](NeuronScores &s) { s.provenance.length = 1; }).contains("its windows have 1 token"));
    QVERIFY(refused([](NeuronScores &s) { s.provenance.computed.dtype = "float5"; }).contains("'float5', which is no known type"));
    const QString silent = refused([](NeuronScores &s) { s.layers[1][1] = 0; });
    QVERIFY2(silent.startsWith("The file of scores '") && silent.contains("scores.safetensors' is damaged: none of its scores is above 0"),
             qPrintable(silent));
}

void tst_NeuronScores::otherFilesAreRefused()
{
    try {
        loadScores(tinyLlama("mha") / "model.safetensors");
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY(QString(problem.what()).contains("does not hold neuron scores"));
    }
}

QTEST_GUILESS_MAIN(tst_NeuronScores)
#include "tst_NeuronScores.moc"
