// SPDX-License-Identifier: GPL-3.0-or-later
// A pruned model beside the dense one, from its weights, against the model that is cut.
#include "ChangedWeights.h"
#include "TinyLlamas.h"

#include "decoder/GenerationBeside.h"
#include "decoder/LayerStream.h"
#include "foundation/Error.h"

#include <QTemporaryDir>
#include <QtTest>
#include <set>

using namespace secateur;
using namespace secateur::test;

namespace {

/// Some neurons of every layer but the last, which keeps all; the attention of layer 1 goes.
Surgery someSurgery(const ModelSpec &spec)
{
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : spec.layers) {
        kept.emplace_back();
        for (std::int64_t i = 0; i < layer.neurons(); ++i)
            if (kept.size() == spec.layers.size() || (i * 7 + std::int64_t(kept.size())) % 3 == 0)
                kept.back().push_back(i);
    }
    return surgeryOf(kept, {1});
}

/// Another one: the FFN of layer 0 goes whole.
Surgery otherSurgery(const ModelSpec &spec)
{
    Surgery surgery = someSurgery(spec);
    surgery.layers[0].keptNeurons.clear();
    surgery.layers[1].hasAttention = true;
    return surgery;
}

double largestDifference(const at::Tensor &one, const at::Tensor &other)
{
    return (one - other).abs().max().item<double>();
}

/// Bytes of the tensors that the one has and the other has not, each memory once.
std::int64_t bytesBeside(const Weights &one, const Weights &other)
{
    std::set<const void *> known;
    forEachTensor(other, [&](const at::Tensor &tensor) { known.insert(tensor.storage().data()); });
    std::int64_t bytes = 0;
    forEachTensor(one, [&](const at::Tensor &tensor) {
        if (known.insert(tensor.storage().data()).second)
            bytes += std::int64_t(tensor.storage().nbytes());
    });
    return bytes;
}

Decoder streamedOf(Checkpoint &checkpoint)
{
    JobContext context;
    const ModelSpec spec = specOf(checkpoint);
    return Decoder(spec, streamWeights(checkpoint, spec, testDevice(), c10::kFloat, context), 40);
}

} // namespace

class tst_MaskedDecoder : public QObject {
    Q_OBJECT

private slots:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"gqa", "all-biases", "tied", "phi3-partial", "gemma2", "smollm3"})
            QTest::newRow(name) << name;
    }

    /// To rounding: sums have zeros more.
    void itComputesWhatTheCutModelComputes()
    {
        QFETCH_GLOBAL(QString, name);
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
        for (const Surgery &surgery : {someSurgery(dense.spec()), otherSurgery(dense.spec())}) {
            const Decoder beside = masked(dense, surgery), cut = pruned(dense, surgery);
            QVERIFY(beside.spec() == cut.spec());
            QCOMPARE_LE(largestDifference(logitsOf(beside, tokens), logitsOf(cut, tokens)), 1e-5);
            QVERIFY(largestDifference(logitsOf(beside, tokens), logitsOf(dense, tokens)) > 1e-4);
            QCOMPARE(bytesBeside(beside.weights(), dense.weights()), 0);
        }
    }

    /// A neuron that would overflow does no harm once it is masked: a cut model has no such number.
    void maskedNeuronsAreNotMultiplied()
    {
        QFETCH_GLOBAL(QString, name);
        const Decoder plain = loadDecoder(tinyLlama(name.toStdString()), 40);
        const Surgery surgery = someSurgery(plain.spec());
        Weights weights = plain.weights();
        at::Tensor huge = weights.layers[0].ffn->up.weight.clone();
        std::int64_t gone = 0;
        while (std::ranges::find(surgery.layers[0].keptNeurons, gone) != surgery.layers[0].keptNeurons.end())
            ++gone;
        huge.select(0, gone).fill_(std::numeric_limits<float>::infinity());
        weights.layers[0].ffn->up.weight = huge;
        const Decoder dense(plain.spec(), weights, 40);
        const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
        QCOMPARE_LE(largestDifference(logitsOf(masked(dense, surgery), tokens), logitsOf(pruned(plain, surgery), tokens)), 1e-4);
    }

    void valuesOfAPlanTakeTheirPlaces()
    {
        QFETCH_GLOBAL(QString, name);
        QTemporaryDir folder;
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        Surgery surgery = someSurgery(dense.spec());
        surgery.edits = changedWeights(pruned(dense, surgery), folder.filePath("values.safetensors").toStdString()).edits;
        const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
        const at::Tensor expected = logitsOf(pruned(dense, surgery), tokens);
        QCOMPARE_LE(largestDifference(logitsOf(masked(dense, surgery), tokens), expected), 1e-4);

        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const Decoder streamed = streamedOf(checkpoint);
        QCOMPARE_LE(largestDifference(logitsOf(masked(streamed, surgery), tokens), expected), 1e-4);
        QVERIFY(logitsOf(streamed, tokens).equal(logitsOf(dense, tokens))); // which it left as it is
    }

    /// A restored plan has down products of its own, as narrow as what is kept; nothing else comes beside.
    void onlyWhatAPlanChangesIsBeside()
    {
        QFETCH_GLOBAL(QString, name);
        QTemporaryDir folder;
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        Surgery surgery = someSurgery(dense.spec());
        std::map<TensorRole, at::Tensor> downs;
        const Decoder cut = pruned(dense, surgery);
        for (std::int64_t i = 0; i + 1 < dense.layerCount(); ++i)
            downs[{.layer = i, .part = TensorPart::Down, .kind = TensorKind::Weight}] =
                cut.weights().layers[std::size_t(i)].ffn->down.weight * 1.5;
        surgery.edits = editsWith(folder.filePath("downs.safetensors").toStdString(), downs);
        const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
        const Decoder beside = masked(dense, surgery);
        QCOMPARE_LE(largestDifference(logitsOf(beside, tokens), logitsOf(pruned(dense, surgery), tokens)), 1e-4);
        QCOMPARE(bytesBeside(beside.weights(), dense.weights()), surgery.edits.elements() * 4);
    }

    /// Token by token in turn; each as if it were alone, greedy and sampled.
    void severalWriteWhatEachWritesAlone()
    {
        QFETCH_GLOBAL(QString, name);
        JobContext context;
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        const std::vector<Decoder> models = {dense, masked(dense, someSurgery(dense.spec())), masked(dense, otherSurgery(dense.spec()))};
        const std::vector<std::int32_t> prompt = {5, 9, 33, 2};
        for (const SamplingSettings &sampling :
             {SamplingSettings(), SamplingSettings{.temperature = 2.0, .topK = 0, .topP = 1, .seed = 3}}) {
            std::vector<std::vector<std::int32_t>> heard(models.size());
            std::size_t last = models.size() - 1;
            const std::vector<WrittenBeside> written =
                generateBeside(models, sampling, prompt, 12, {}, context, [&](std::size_t model, std::int32_t id) {
                    QCOMPARE(model, (last + 1) % models.size());
                    last = model;
                    heard[model].push_back(id);
                });
            for (std::size_t i = 0; i < models.size(); ++i) {
                QCOMPARE(written[i].ids, Generator(models[i], sampling).generate(prompt, 12, {}, context));
                QCOMPARE(written[i].ids, heard[i]);
                QVERIFY(written[i].seconds > 0);
            }
        }
        // One that stops lets the others go on.
        const std::vector<std::int32_t> alone = Generator(models[1], {}).generate(prompt, 12, {}, context);
        const std::vector<std::int32_t> stops = {alone[2]};
        const std::vector<WrittenBeside> stopped = generateBeside(models, {}, prompt, 12, stops, context);
        for (std::size_t i = 0; i < models.size(); ++i)
            QCOMPARE(stopped[i].ids, Generator(models[i], {}).generate(prompt, 12, stops, context));
        QVERIFY(stopped[1].ids.size() <= 3);
    }

    /// Streamed, a layer is read once for all models and a token.
    void streamedLayersAreReadOnceForAll()
    {
        QFETCH_GLOBAL(QString, name);
        JobContext context;
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const Decoder streamed = streamedOf(checkpoint), dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        const Surgery one = someSurgery(dense.spec()), other = otherSurgery(dense.spec());
        const std::vector<std::int32_t> prompt = {5, 9, 33, 2};
        const auto written = generateBeside({streamed, masked(streamed, one), masked(streamed, other)}, {}, prompt, 6, {}, context);
        QCOMPARE(streamed.weights().stream->made(), 6 * dense.layerCount());
        const auto resident = generateBeside({dense, masked(dense, one), masked(dense, other)}, {}, prompt, 6, {}, context);
        for (std::size_t i = 0; i < written.size(); ++i)
            QCOMPARE(written[i].ids, resident[i].ids);
    }

    void aStopIsHeardWithinAToken()
    {
        QFETCH_GLOBAL(QString, name);
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        std::stop_source stop;
        JobContext context(stop.get_token());
        std::size_t heard = 0;
        const std::vector<Decoder> models = {dense, dense};
        const std::vector<std::int32_t> prompt = {5, 9};
        const auto write = [&] {
            generateBeside(models, {}, prompt, 12, {}, context, [&](std::size_t, std::int32_t) {
                if (++heard == 3)
                    stop.request_stop(); // the second model's token of this round is not chosen any more
            });
        };
        QVERIFY_THROWS_EXCEPTION(Cancelled, write());
        QCOMPARE(heard, 3U);
    }
};

QTEST_GUILESS_MAIN(tst_MaskedDecoder)
#include "tst_MaskedDecoder.moc"
