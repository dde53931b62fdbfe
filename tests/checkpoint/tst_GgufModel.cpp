// SPDX-License-Identifier: GPL-3.0-or-later
// What a GGUF file says of its model, as a configuration: read as llama.cpp reads it (src/llama-model.cpp), or refused by name.
#include "checkpoint/GgufModel.h"

#include "checkpoint/Checkpoint.h"
#include "model/CheckpointSpec.h"

#include "Complaint.h"
#include "checkpoint/GgufWriter.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace secateur;
using nlohmann::json;

namespace {

const std::string kFixtures = SECATEUR_FIXTURES "/gguf/";

/// A copy of a fixture with other metadata: `set` replaces or adds, `without` removes.
std::filesystem::path variant(const QTemporaryDir &folder, const std::string &fixture, const GgufMetadata &set,
                              const std::vector<std::string> &without = {})
{
    const GgufFile source(kFixtures + fixture);
    const auto isChanged = [&](std::string_view key) {
        return std::any_of(set.begin(), set.end(), [key](const auto &entry) { return entry.first == key; }) ||
               std::find(without.begin(), without.end(), key) != without.end();
    };
    GgufMetadata metadata;
    for (const auto &[key, value] : source.content().metadata)
        if (!isChanged(key) && key != "general.alignment")
            metadata.emplace_back(std::string(key), value);
    metadata.insert(metadata.end(), set.begin(), set.end());
    std::vector<GgufWriter::Declaration> tensors;
    for (const GgufTensor &tensor : source.content().tensors)
        tensors.push_back({.name = std::string(tensor.name), .dtype = *plainType(tensor.type), .shape = tensor.shape});
    const std::filesystem::path file = folder.filePath("x.gguf").toStdString();
    GgufWriter writer(file, metadata, tensors);
    for (const GgufTensor &tensor : source.content().tensors)
        writer.write(tensor.name, tensor.bytes);
    writer.finish();
    return file;
}

json configOf(const std::string &fixture, const GgufMetadata &set, const std::vector<std::string> &without = {})
{
    const QTemporaryDir folder;
    return GgufModel(variant(folder, fixture, set, without)).config();
}

QString complaintWith(const GgufMetadata &set, const std::string &fixture = "gqa.gguf")
{
    const QTemporaryDir folder;
    const std::filesystem::path file = variant(folder, fixture, set);
    return complaint([&] { GgufModel model(file); });
}

const std::vector<std::string> kNoScaling{"llama.rope.scaling.type", "llama.rope.scaling.factor"};

} // namespace

class TestGgufModel : public QObject {
    Q_OBJECT

private slots:
    void scalingWithoutATypeIsLinear();
    void yarnsKeysAreRead();
    void scalingsThatCannotBeTakenTogetherAreRefused();
    void numbersThatAreNoneAreRefused();
    void headsOfKeysAreOptional();
    void problemsNameTheKeysOfTheFile();
    void lessThanAHeadIsRotated();
    void unknownKeysAreRefusedByName_data();
    void unknownKeysAreRefusedByName();
    void harmlessKeysAreNot_data();
    void harmlessKeysAreNot();
};

void TestGgufModel::scalingWithoutATypeIsLinear()
{
    const json wanted = GgufModel(kFixtures + "rope-linear.gguf").config()["rope_scaling"];
    const auto factor = float(wanted["factor"].get<double>());
    QCOMPARE(wanted["rope_type"].get<std::string>(), std::string("linear"));
    QVERIFY(configOf("rope-linear.gguf", {{"llama.rope.scale_linear", factor}}, kNoScaling)["rope_scaling"] == wanted);
    QVERIFY(configOf("rope-linear.gguf", {}, {"llama.rope.scaling.type"})["rope_scaling"] == wanted);
    QVERIFY(!configOf("rope-linear.gguf", {{"llama.rope.scaling.type", std::string("none")}}).contains("rope_scaling"));
    QVERIFY(!configOf("rope-linear.gguf", {{"llama.rope.scaling.factor", 0.0F}}).contains("rope_scaling"));
    // The newer key counts.
    QVERIFY(configOf("rope-linear.gguf", {{"llama.rope.scale_linear", 3.0F}})["rope_scaling"] == wanted);
}

void TestGgufModel::yarnsKeysAreRead()
{
    const json plain = GgufModel(kFixtures + "rope-yarn.gguf").config()["rope_scaling"];
    QVERIFY(!plain.contains("beta_fast") && !plain.contains("attention_factor"));
    const json scaling = configOf("rope-yarn.gguf", {{"llama.rope.scaling.yarn_beta_fast", 16.0F},
                                                     {"llama.rope.scaling.yarn_beta_slow", 2.0F},
                                                     {"llama.rope.scaling.attn_factor", 0.5F}})["rope_scaling"];
    QCOMPARE(scaling["beta_fast"].get<double>(), 16.0);
    QCOMPARE(scaling["beta_slow"].get<double>(), 2.0);
    QCOMPARE(scaling["attention_factor"].get<double>(), 0.5 * (0.1 * std::log(plain["factor"].get<double>()) + 1));
    QVERIFY(configOf("rope-yarn.gguf", {{"llama.rope.scaling.yarn_ext_factor", -1.0F}})["rope_scaling"] == plain);
    QVERIFY(configOf("rope-yarn.gguf", {{"llama.rope.scaling.finetuned", true}})["rope_scaling"] == plain);
    QVERIFY(complaintWith({{"llama.rope.scaling.yarn_ext_factor", 0.5F}}, "rope-yarn.gguf").contains("yarn_ext_factor"));
    QVERIFY(complaintWith({{"llama.rope.scaling.yarn_log_multiplier", 0.1F}}, "rope-yarn.gguf").contains("yarn_log_multiplier"));
}

void TestGgufModel::scalingsThatCannotBeTakenTogetherAreRefused()
{
    QVERIFY(complaintWith({{"llama.rope.scaling.factor", 2.0F}}, "rope-llama3.gguf").contains("twice"));
    QVERIFY(complaintWith({{"llama.rope.scaling.factor", 2.0F}}, "rope-longrope.gguf").contains("twice"));
    QVERIFY(complaintWith({{"llama.rope.scaling.attn_factor", 2.0F}}, "rope-linear.gguf").contains("attn_factor"));
    QVERIFY(complaintWith({{"llama.rope.scaling.type", std::string("dynamic")}}).contains("\"dynamic\""));
}

void TestGgufModel::numbersThatAreNoneAreRefused()
{
    for (const char *key :
         {"llama.rope.freq_base", "llama.rope.scaling.factor", "llama.rope.scaling.attn_factor", "llama.attention.layer_norm_rms_epsilon"})
        QVERIFY2(complaintWith({{key, std::string("4.0")}}).contains(QString(key) + "' is"), key);
    QVERIFY(complaintWith({{"llama.rope.freq_base", NAN}}).contains("not a finite number"));
    const QTemporaryDir folder;
    const auto file = variant(folder, "gqa.gguf", {}, {"llama.attention.layer_norm_rms_epsilon"});
    QVERIFY(complaint([&] { GgufModel model(file); }).contains("has no key 'llama.attention.layer_norm_rms_epsilon'"));
}

void TestGgufModel::headsOfKeysAreOptional()
{
    const json config = configOf("deci.gguf", {});
    QVERIFY(config["num_key_value_heads"] != config["num_attention_heads"]); // so the key counts where it is
    const json without = configOf("tied.gguf", {}, {"llama.attention.head_count_kv"});
    QVERIFY(without["num_key_value_heads"] == without["num_attention_heads"]);
}

void TestGgufModel::lessThanAHeadIsRotated()
{
    QVERIFY(complaintWith({{"llama.rope.dimension_count", std::uint32_t(2)}}).contains("'llama.rope.dimension_count'"));
    QVERIFY(complaintWith({{"llama.rope.dimension_count", std::uint32_t(2)}}).contains("rotates 2 of the"));
}

void TestGgufModel::unknownKeysAreRefusedByName_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<int>("value"); ///< -1: false, -2: 0.5, -3: a text
    for (const char *key :
         {"attention.scale", "logit_scale", "embedding_scale", "residual_scale", "attention.clamp_kqv", "attention.max_alibi_bias",
          "rope.scaling.alpha", "rope.scaling.yarn_attn_factor", "attn_logit_softcapping", "a_new_option"})
        QTest::newRow(key) << QString(key) << -2;
    for (const char *key : {"expert_count", "pooling_type", "use_parallel_residual", "nextn_predict_layers",
                            "attention.sliding_window_pattern", "attention.value_length", "vocab_size"})
        QTest::newRow(key) << QString(key) << 3;
    QTest::newRow("attention.causal") << "attention.causal" << -1;
    QTest::newRow("hidden_activation") << "hidden_activation" << -3;
}

void TestGgufModel::unknownKeysAreRefusedByName()
{
    QFETCH(QString, key);
    QFETCH(int, value);
    const std::string name = "llama." + key.toStdString();
    GgufWriter::Value held = std::uint32_t(value);
    if (value == -1)
        held = false;
    else if (value == -2)
        held = 0.5F;
    else if (value == -3)
        held = std::string("gelu");
    const QString text = complaintWith({{name, held}});
    QVERIFY2(text.contains("'" + QString::fromStdString(name) + "'") && text.contains("x.gguf"), qPrintable(text));
}

void TestGgufModel::harmlessKeysAreNot_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<int>("value"); ///< -1: true, -2: 1.0
    for (const char *key : {"expert_count", "expert_used_count", "pooling_type", "use_parallel_residual", "attention.clamp_kqv"})
        QTest::newRow(key) << QString(key) << 0;
    for (const char *key : {"logit_scale", "rope.scaling.alpha", "rope.scaling.attn_factor"})
        QTest::newRow(key) << QString(key) << -2;
    QTest::newRow("attention.causal") << "attention.causal" << -1;
    QTest::newRow("rope.scaling.finetuned") << "rope.scaling.finetuned" << -1;
}

void TestGgufModel::harmlessKeysAreNot()
{
    QFETCH(QString, key);
    QFETCH(int, value);
    GgufWriter::Value held = std::uint32_t(value);
    if (value == -1)
        held = true;
    else if (value == -2)
        held = 1.0F;
    QVERIFY(configOf("gqa.gguf", {{"llama." + key.toStdString(), held}}) == GgufModel(kFixtures + "gqa.gguf").config());
    QCOMPARE(complaintWith({{"somebody.else", std::uint32_t(1)}}), QString());
}

/// Not the fields of config.json that they are turned into.
void TestGgufModel::problemsNameTheKeysOfTheFile()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = variant(folder, "gqa.gguf", {{"llama.context_length", std::uint32_t(0)}});
    const QString what = complaint([&] {
        Checkpoint checkpoint = Checkpoint::open(file);
        specOf(checkpoint);
    });
    QVERIFY2(what.contains("'llama.context_length' is 0; it must be"), qPrintable(what));
    QVERIFY2(!what.contains("max_position_embeddings"), qPrintable(what));
}

QTEST_GUILESS_MAIN(TestGgufModel)
#include "tst_GgufModel.moc"
