// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/ModelSpec.h"

#include "model/Families.h"
#include "model/ModelTensors.h"

#include "checkpoint/Checkpoint.h"

#include <QTest>

using namespace secateur;

namespace {

ModelSpec specOf(const std::string &name)
{
    return specFromConfig(readConfig(SECATEUR_FIXTURES "/configs/" + name + ".json"), name);
}

ModelSpec smallSpec()
{
    ModelSpec spec;
    spec.family = "llama";
    spec.hiddenSize = 8;
    spec.vocabularySize = 100;
    const AttentionSpec attention{.heads = 4, .kvHeads = 2, .headDim = 6, .qkvBias = true, .outputBias = true};
    spec.layers = {{.attention = attention, .ffn = FfnSpec{.neurons = 20, .bias = true}}, {.attention = {}, .ffn = FfnSpec{.neurons = 5}}};
    return spec;
}

QStringList asText(const std::vector<ExpectedTensor> &tensors)
{
    QStringList lines;
    for (const ExpectedTensor &tensor : tensors)
        lines << QString::fromStdString(tensor.name + " " + toString(tensor.shape));
    return lines;
}

} // namespace

class TestModelSpec : public QObject {
    Q_OBJECT

private slots:
    void countsThePublishedParameters_data();
    void countsThePublishedParameters();
    void countsBiasesAndNarrowHeads();
    void prunedLayersCountLess();
    void listsTensorsInLayerOrder();
    void absentFfnsHaveNoTensorsAndNoParameters();
    void leavesOutTheHeadOfTiedModels();
    void listsWhatTheCountsCount();
    void takesTheCacheFromTheHeadsThatAreLeft();
    void countsTheFlopOfLinearProducts();
};

void TestModelSpec::countsThePublishedParameters_data()
{
    QTest::addColumn<QString>("config");
    QTest::addColumn<qint64>("attention"); // A of the method
    QTest::addColumn<qint64>("ffn");       // F
    QTest::addColumn<qint64>("layers");    // M
    QTest::addColumn<qint64>("model");     // as the models' authors publish it
    QTest::newRow("Llama-2-7B") << "llama-2-7b" << 67108864LL << 135266304LL << 6476267520LL << 6738415616LL;
    QTest::newRow("Llama-3-8B") << "llama-3-8b" << 41943040LL << 176160768LL << 6979584000LL << 8030261248LL;
    QTest::newRow("Llama-3.1-8B") << "llama-3.1-8b" << 41943040LL << 176160768LL << 6979584000LL << 8030261248LL;
    QTest::newRow("Mistral-7B-v0.3") << "mistral-7b-v0.3" << 41943040LL << 176160768LL << 6979584000LL << 7248023552LL;
    QTest::newRow("Qwen2.5-7B") << "qwen2.5-7b" << 29364736LL << 203685888LL << 6525618176LL << 7615616512LL;
    QTest::newRow("Phi-3-medium") << "phi-3-medium" << 65536000LL << 275251200LL << 13631897600LL << 13960238080LL;
}

void TestModelSpec::countsThePublishedParameters()
{
    QFETCH(QString, config);
    const ModelSpec spec = specOf(config.toStdString());
    QTEST(qint64(attentionParameters(*spec.layers[0].attention, spec.hiddenSize)), "attention");
    QTEST(qint64(ffnParameters(*spec.layers[0].ffn, spec.hiddenSize)), "ffn");
    QTEST(qint64(layerParameters(spec)), "layers");
    QTEST(qint64(modelParameters(spec)), "model");
}

void TestModelSpec::countsBiasesAndNarrowHeads()
{
    const ModelSpec spec = smallSpec();
    // q 24x8, k and v 12x8, o 8x24; biases 24 + 12 + 12 and 8
    QCOMPARE(attentionParameters(*spec.layers[0].attention, 8), std::int64_t(192 + 96 + 96 + 192 + 48 + 8));
    // gate and up 20x8, down 8x20; biases 20 + 20 + 8
    QCOMPARE(ffnParameters(*spec.layers[0].ffn, 8), std::int64_t(480 + 48));
}

void TestModelSpec::prunedLayersCountLess()
{
    const ModelSpec spec = smallSpec();
    QCOMPARE(layerParameters(spec), std::int64_t((632 + 8) + (528 + 8) + (120 + 8))); // the removed attention takes its norm with it
    QCOMPARE(modelParameters(spec), layerParameters(spec) + 8 + 2 * 800);
}

void TestModelSpec::listsTensorsInLayerOrder()
{
    const QStringList expected{"model.embed_tokens.weight [100, 8]",
                               "model.layers.0.input_layernorm.weight [8]",
                               "model.layers.0.self_attn.q_proj.weight [24, 8]",
                               "model.layers.0.self_attn.q_proj.bias [24]",
                               "model.layers.0.self_attn.k_proj.weight [12, 8]",
                               "model.layers.0.self_attn.k_proj.bias [12]",
                               "model.layers.0.self_attn.v_proj.weight [12, 8]",
                               "model.layers.0.self_attn.v_proj.bias [12]",
                               "model.layers.0.self_attn.o_proj.weight [8, 24]",
                               "model.layers.0.self_attn.o_proj.bias [8]",
                               "model.layers.0.post_attention_layernorm.weight [8]",
                               "model.layers.0.mlp.gate_proj.weight [20, 8]",
                               "model.layers.0.mlp.gate_proj.bias [20]",
                               "model.layers.0.mlp.up_proj.weight [20, 8]",
                               "model.layers.0.mlp.up_proj.bias [20]",
                               "model.layers.0.mlp.down_proj.weight [8, 20]",
                               "model.layers.0.mlp.down_proj.bias [8]",
                               "model.layers.1.post_attention_layernorm.weight [8]",
                               "model.layers.1.mlp.gate_proj.weight [5, 8]",
                               "model.layers.1.mlp.up_proj.weight [5, 8]",
                               "model.layers.1.mlp.down_proj.weight [8, 5]",
                               "model.norm.weight [8]",
                               "lm_head.weight [100, 8]"};
    QCOMPARE(asText(expectedTensors(smallSpec())), expected);
}

void TestModelSpec::absentFfnsHaveNoTensorsAndNoParameters()
{
    ModelSpec spec = smallSpec();
    QCOMPARE(spec.mostNeurons(), 20);
    spec.layers[0].ffn.reset();
    QCOMPARE(spec.mostNeurons(), 5);
    QCOMPARE(layersWithout(spec, Part::Ffn), std::vector<std::int64_t>{0});
    QCOMPARE(layersWithout(spec, Part::Attention), std::vector<std::int64_t>{1});
    QCOMPARE(firstUnlikeLayer(spec), 0);
    QCOMPARE(layerParameters(spec), std::int64_t((632 + 8) + (120 + 8))); // the removed FFN takes its norm with it
    QVERIFY(!asText(expectedTensors(spec)).join(' ').contains("layers.0.mlp"));
    QVERIFY(!asText(expectedTensors(spec)).contains("model.layers.0.post_attention_layernorm.weight [8]"));
    const std::int64_t flop = flopPerToken(spec);
    spec.layers[1].ffn.reset(); // neither part: nothing is left of it
    QCOMPARE(layerParameters(spec), std::int64_t(632 + 8));
    QCOMPARE(flop - flopPerToken(spec), std::int64_t(2 * 3 * 5 * 8));
    QVERIFY(!asText(expectedTensors(spec)).join(' ').contains("layers.1."));
    spec.hasOutputNorms = true; // both norms go with the part
    QVERIFY(!asText(expectedTensors(spec)).join(' ').contains("feedforward_layernorm"));
    QCOMPARE(layerParameters(spec), std::int64_t(632 + 16));
}

void TestModelSpec::leavesOutTheHeadOfTiedModels()
{
    ModelSpec spec = smallSpec();
    const auto untied = modelParameters(spec);
    spec.tiedEmbeddings = true;
    QVERIFY(!asText(expectedTensors(spec)).contains("lm_head.weight [100, 8]"));
    QCOMPARE(modelParameters(spec), untied - 800);
}

void TestModelSpec::listsWhatTheCountsCount()
{
    for (ModelSpec spec : {smallSpec(), specOf("llama-3-8b"), specOf("qwen2.5-7b")}) {
        for (const bool tied : {false, true}) {
            spec.tiedEmbeddings = tied;
            std::int64_t elements = 0;
            for (const ExpectedTensor &tensor : expectedTensors(spec))
                elements += elementCount(tensor.shape);
            QCOMPARE(elements, modelParameters(spec));
        }
    }
}

void TestModelSpec::takesTheCacheFromTheHeadsThatAreLeft()
{
    QCOMPARE(kvBytesPerToken(smallSpec(), DType::Float32), std::int64_t(2 * 2 * 6 * 4));   // one of two layers
    QCOMPARE(kvBytesPerToken(specOf("llama-2-7b"), DType::Float16), std::int64_t(524288)); // 2 * 32 layers * 4096 * 2 bytes
}

void TestModelSpec::countsTheFlopOfLinearProducts()
{
    QCOMPARE(flopPerToken(smallSpec()), std::int64_t(2 * (800 + 576 + 480 + 120))); // neither norms, biases nor the lookup
}

QTEST_GUILESS_MAIN(TestModelSpec)
#include "tst_ModelSpec.moc"
