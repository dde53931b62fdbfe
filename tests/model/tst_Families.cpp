// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Families.h"

#include "../checkpoint/Complaint.h"
#include "checkpoint/Checkpoint.h"
#include "model/CheckpointSpec.h"
#include "model/ModelTensors.h"

#include <QTest>
#include <set>

using namespace secateur;
using nlohmann::json;

namespace {

const std::filesystem::path kFixtures = SECATEUR_FIXTURES;

/// The fields that have no default, and nothing else.
json smallest()
{
    return {{"model_type", "llama"}, {"hidden_size", 64}, {"intermediate_size", 100}, {"num_hidden_layers", 3}, {"num_attention_heads", 4}};
}

/// The smallest config with the fields of another object added; a field whose new value is the text "<remove>" is taken away.
json changed(const char *fields, json config = smallest())
{
    const json changes = json::parse(fields);
    for (const auto &[field, value] : changes.items()) {
        if (value == "<remove>")
            config.erase(field);
        else
            config[field] = value;
    }
    return config;
}

ModelSpec specOf(const char *fields, const json &config = smallest())
{
    return specFromConfig(changed(fields, config), "config.json");
}

} // namespace

class TestFamilies : public QObject {
    Q_OBJECT

private slots:
    void takesDefaults();
    void takesTheFamilysDefaults_data();
    void takesTheFamilysDefaults();
    void readsEveryField();
    void nullIsAbsent();
    void readsRealConfigs();
    void everyBiasHasItsPlace_data();
    void everyBiasHasItsPlace();
    void readsRope_data();
    void readsRope();
    void refusesWithAReason_data();
    void refusesWithAReason();
    void tellsAllProblemsAtOnce();
    void knowsWhichFamiliesCanBeOpened();
    void readsTheLayersOfPrunedCheckpoints();
    void readsWhichLayersSlide();
    void specificationsFitTheFilesOfTransformers();
    void survivesAnyDamagedByte();
};

void TestFamilies::takesDefaults()
{
    const ModelSpec spec = specOf("{}");
    QCOMPARE(spec.family, std::string("llama"));
    QCOMPARE(spec.vocabularySize, std::int64_t(32000));
    QCOMPARE(spec.contextLength, std::int64_t(2048));
    QCOMPARE(spec.normEpsilon, 1e-6);
    QCOMPARE(spec.tiedEmbeddings, false);
    QCOMPARE(spec.dtype, DType::Float32);
    QVERIFY(spec.rope == RopeSpec{});
    QCOMPARE(spec.rope.theta, 10000.0);
    QCOMPARE(spec.layerCount(), std::int64_t(3));
    for (const LayerSpec &layer : spec.layers)
        QVERIFY(layer == (LayerSpec{.attention = AttentionSpec{.heads = 4, .kvHeads = 4, .headDim = 16}, .ffn = FfnSpec{.neurons = 100}}));
}

void TestFamilies::takesTheFamilysDefaults_data()
{
    QTest::addColumn<QString>("family");
    QTest::addColumn<int>("vocabulary");
    QTest::addColumn<int>("context");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<double>("epsilon");
    QTest::newRow("llama") << "llama" << 32000 << 2048 << 64 << 1e-6;
    QTest::newRow("mistral") << "mistral" << 32000 << 131072 << 8 << 1e-6;
    QTest::newRow("qwen2") << "qwen2" << 151936 << 32768 << 32 << 1e-6;
    QTest::newRow("phi3") << "phi3" << 32064 << 4096 << 64 << 1e-5;
}

void TestFamilies::takesTheFamilysDefaults()
{
    QFETCH(QString, family);
    json config = changed(R"({"num_attention_heads":64,"hidden_size":1024})");
    config["model_type"] = family.toStdString();
    const ModelSpec spec = specFromConfig(config, "config.json");
    QTEST(int(spec.vocabularySize), "vocabulary");
    QTEST(int(spec.contextLength), "context");
    QTEST(int(spec.layers[0].attention->kvHeads), "kvHeads");
    QTEST(spec.normEpsilon, "epsilon");
    config["num_key_value_heads"] = nullptr; // null is "as many as heads" for every family
    QCOMPARE(specFromConfig(config, "config.json").layers[0].attention->kvHeads, std::int64_t(64));
}

void TestFamilies::readsEveryField()
{
    const ModelSpec spec = specOf(R"({"vocab_size":500,"max_position_embeddings":99,"rms_norm_eps":1e-5,"tie_word_embeddings":true,
        "torch_dtype":"float16","rope_theta":500000,"num_key_value_heads":2,"head_dim":10,"attention_bias":true,"mlp_bias":true,
        "hidden_act":"swish","pretraining_tp":2,"unknown":[1]})");
    QCOMPARE(spec.vocabularySize, std::int64_t(500));
    QCOMPARE(spec.contextLength, std::int64_t(99));
    QCOMPARE(spec.normEpsilon, 1e-5);
    QCOMPARE(spec.tiedEmbeddings, true);
    QCOMPARE(spec.dtype, DType::Float16);
    QCOMPARE(spec.rope.theta, 500000.0);
    const AttentionSpec attention{.heads = 4, .kvHeads = 2, .headDim = 10, .qkvBias = true, .outputBias = true};
    QVERIFY(spec.layers[2] == (LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = 100, .bias = true}}));
    QCOMPARE(specOf(R"({"dtype":"bfloat16","torch_dtype":"float16"})").dtype, DType::BFloat16); // the newer name goes first
}

void TestFamilies::nullIsAbsent()
{
    QVERIFY(specOf(R"({"num_key_value_heads":null,"head_dim":null,"rope_scaling":null,"rope_parameters":null,"torch_dtype":null,
        "quantization_config":null,"rope_theta":null,"hidden_act":null})") == specOf("{}"));
}

void TestFamilies::readsRealConfigs()
{
    for (const char *name : {"llama-2-7b", "llama-3-8b", "llama-3.1-8b", "mistral-7b-v0.3", "qwen2.5-7b", "phi-3-medium"}) {
        const ModelSpec spec = specFromConfig(readConfig(kFixtures / "configs" / (std::string(name) + ".json")), name);
        QVERIFY(spec.layerCount() >= 28);
        QCOMPARE(spec.layers[0].attention->headDim, std::int64_t(128));
        QCOMPARE(spec.rope.scaling == RopeSpec::Scaling::Llama3, QString(name) == "llama-3.1-8b");
    }
}

void TestFamilies::everyBiasHasItsPlace_data()
{
    QTest::addColumn<QString>("family");
    QTest::addColumn<bool>("configured");
    QTest::addColumn<QString>("biases");
    QTest::newRow("llama") << "llama" << false << "";
    QTest::newRow("llama, both set") << "llama" << true << "qkv o mlp";
    QTest::newRow("mistral") << "mistral" << true << "";
    QTest::newRow("qwen2") << "qwen2" << false << "qkv";
    QTest::newRow("qwen2, both set") << "qwen2" << true << "qkv";
    QTest::newRow("phi3") << "phi3" << true << "";
}

void TestFamilies::everyBiasHasItsPlace()
{
    QFETCH(QString, family);
    QFETCH(bool, configured);
    json config = changed(R"({"num_key_value_heads":2})");
    config["model_type"] = family.toStdString();
    config["attention_bias"] = config["mlp_bias"] = configured;
    const LayerSpec layer = specFromConfig(config, "config.json").layers[0];
    QStringList biases;
    if (layer.attention->qkvBias)
        biases << "qkv";
    if (layer.attention->outputBias)
        biases << "o";
    if (layer.ffn->bias)
        biases << "mlp";
    QTEST(biases.join(' '), "biases");
}

void TestFamilies::readsRope_data()
{
    using Scaling = RopeSpec::Scaling;
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<RopeSpec>("expected");
    const auto row = [](const char *name, const char *fields, const RopeSpec &expected) {
        QTest::newRow(name) << QByteArray(fields) << expected;
    };
    row("default", R"({"rope_scaling":{"type":"default"}})", {});
    row("linear", R"({"rope_scaling":{"type":"linear","factor":2.5}})", {.scaling = Scaling::Linear, .factor = 2.5});
    row("linear, whole factor", R"({"rope_scaling":{"rope_type":"linear","factor":4}})", {.scaling = Scaling::Linear, .factor = 4});
    row("both names of the type", R"({"rope_scaling":{"rope_type":"linear","type":"linear","factor":2}})",
        {.scaling = Scaling::Linear, .factor = 2});
    row("dynamic", R"({"rope_scaling":{"type":"dynamic","factor":3},"rope_theta":5e5})",
        {.scaling = Scaling::Dynamic, .theta = 5e5, .factor = 3});
    row("new form", R"({"rope_parameters":{"rope_type":"linear","rope_theta":5000.0,"factor":2}})",
        {.scaling = Scaling::Linear, .theta = 5000, .factor = 2});
    row("new form without a scaling", R"({"rope_parameters":{"rope_theta":7.0}})", {.theta = 7});
    row("new form with the base outside", R"({"rope_theta":9.0,"rope_parameters":{"rope_type":"default"}})", {.theta = 9});
    row("old form goes first",
        R"({"rope_parameters":{"rope_type":"default","rope_theta":3.0},"rope_scaling":{"type":"linear","factor":2}})",
        {.scaling = Scaling::Linear, .factor = 2});
    row("empty old form", R"({"rope_parameters":{"rope_type":"default","rope_theta":3.0},"rope_scaling":{}})", {.theta = 3});
    row("both empty", R"({"rope_parameters":{},"rope_scaling":{}})", {});
    row("a part of each head", R"({"model_type":"phi3","partial_rotary_factor":0.75})", {.rotaryDim = 12});
    row("a part of each head, inside",
        R"({"model_type":"phi3","partial_rotary_factor":0.75,"rope_parameters":{"partial_rotary_factor":0.5}})", {.rotaryDim = 8});
    row("unused fields", R"({"rope_scaling":{"type":"default","mrope_section":[1,2],"factor":7,"alpha":1.5}})", {});
    row("llama3", R"({"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.5,"high_freq_factor":4,
        "original_max_position_embeddings":8192}})",
        {.scaling = Scaling::Llama3, .factor = 8, .originalContext = 8192, .lowFrequencyFactor = 1.5, .highFrequencyFactor = 4});
    row("llama3, original context outside", R"({"original_max_position_embeddings":8192,"rope_scaling":{"rope_type":"llama3","factor":8.0,
        "low_freq_factor":1.5,"high_freq_factor":4}})",
        {.scaling = Scaling::Llama3, .factor = 8, .originalContext = 8192, .lowFrequencyFactor = 1.5, .highFrequencyFactor = 4});
    row("yarn", R"({"rope_scaling":{"type":"yarn","factor":4.0}})", {.scaling = Scaling::Yarn, .factor = 4, .originalContext = 2048});
    row("yarn, everything",
        R"({"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":512,"attention_factor":1.3,"beta_fast":16,
        "beta_slow":2,"truncate":false,"mscale":0.7,"mscale_all_dim":0.8,"finetuned":true}})",
        {.scaling = Scaling::Yarn,
         .factor = 4,
         .originalContext = 512,
         .betaFast = 16,
         .betaSlow = 2,
         .truncate = false,
         .attentionFactor = 1.3,
         .mscale = 0.7,
         .mscaleAllDim = 0.8});
    const std::vector<double> shorter{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7}, longer{2, 3, 4, 5, 6, 7, 8, 9};
    RopeSpec longRope{.scaling = Scaling::LongRope, .factor = 4, .originalContext = 512, .shortFactors = shorter, .longFactors = longer};
    row("longrope, original context inside", R"({"rope_scaling":{"type":"longrope","short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],
        "long_factor":[2,3,4,5,6,7,8,9],"original_max_position_embeddings":512}})",
        longRope);
    row("longrope, original context outside", R"({"original_max_position_embeddings":512,"rope_scaling":{"type":"longrope",
        "short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[2,3,4,5,6,7,8,9]}})",
        longRope);
    longRope.factor = 8;
    row("longrope, factor and original context", R"({"original_max_position_embeddings":512,"rope_scaling":{"type":"longrope","factor":8,
        "original_max_position_embeddings":512,"short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[2,3,4,5,6,7,8,9]}})",
        longRope);
    longRope.factor = 16;
    longRope.originalContext = 2048;
    longRope.attentionFactor = 1.2;
    row("longrope, factor alone", R"({"rope_scaling":{"type":"longrope","factor":16,"attention_factor":1.2,
        "short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[2,3,4,5,6,7,8,9]}})",
        longRope);
    longRope.factor = 0.5; // 2048 of the family's 4096
    longRope.originalContext = 4096;
    longRope.attentionFactor.reset();
    row("longrope by its older name", R"({"model_type":"phi3","max_position_embeddings":2048,"rope_scaling":{"type":"su",
        "short_factor":[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7],"long_factor":[2,3,4,5,6,7,8,9]}})",
        longRope);
}

void TestFamilies::readsRope()
{
    QFETCH(QByteArray, fields);
    QFETCH(RopeSpec, expected);
    QVERIFY(specOf(fields.constData()).rope == expected);
}

void TestFamilies::refusesWithAReason_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<QStringList>("parts");
    const auto row = [](const char *name, const char *fields, const QStringList &parts) {
        QTest::newRow(name) << QByteArray(fields) << parts;
    };
    row("no type", R"({"model_type":"<remove>"})", {"no 'model_type'", "supported: llama"});
    row("unknown type", R"({"model_type":"xyz"})",
        {"Models of type 'xyz' are not supported; supported: llama, mistral", "Open a model of one of these types", "'model_type'",
         "Nothing was changed."});
    row("several modalities", R"({"model_type":"llava","text_config":{"model_type":"llama"}})", {"type 'llava'", "supported: llama"});
    row("no hidden size", R"({"hidden_size":"<remove>"})", {"'hidden_size' is missing"});
    row("no neurons", R"({"intermediate_size":"<remove>"})", {"'intermediate_size' is missing"});
    row("no layers", R"({"num_hidden_layers":null})", {"'num_hidden_layers' is missing"});
    row("no heads", R"({"num_attention_heads":"<remove>"})", {"'num_attention_heads' is missing"});
    row("size as text", R"({"hidden_size":"64"})", {"'hidden_size' is \"64\"", "an integer from 1 to 2,147,483,647"});
    row("size as fraction", R"({"hidden_size":64.0})", {"'hidden_size' is 64.0", "an integer"});
    row("size as list", R"({"intermediate_size":[100,90,80]})", {"'intermediate_size' is [100,90,80]", "an integer"});
    row("zero", R"({"vocab_size":0})", {"'vocab_size' is 0", "from 1"});
    row("negative", R"({"num_hidden_layers":-1})", {"'num_hidden_layers' is -1", "from 1 to 10,000"});
    row("too many layers", R"({"num_hidden_layers":10001})", {"'num_hidden_layers' is 10001", "to 10,000"});
    row("too large", R"({"hidden_size":2147483648})", {"'hidden_size' is 2147483648", "to 2,147,483,647"});
    row("above 64 bits with a sign", R"({"hidden_size":18446744073709551615})", {"'hidden_size' is 18446744073709551615"});
    row("product too large", R"({"hidden_size":2147483646,"num_attention_heads":2,"head_dim":2,"vocab_size":2147483647})",
        {"more than 10^15 parameters", "'vocab_size' 2147483647"});
    row("heads and KV heads", R"({"num_key_value_heads":3})",
        {"'num_attention_heads' is 4", "multiple of 'num_key_value_heads', which is 3"});
    row("KV heads by default", R"({"model_type":"qwen2"})", {"'num_attention_heads' is 4", "which is 32 by default"});
    row("heads do not divide", R"({"num_attention_heads":5,"hidden_size":64})",
        {"'hidden_size' is 64", "'head_dim'", "'num_attention_heads', which is 5"});
    row("odd head", R"({"head_dim":15})", {"'head_dim'", "15", "even"});
    row("odd head by default", R"({"hidden_size":60})", {"'head_dim'", "15", "even"});
    row("epsilon", R"({"rms_norm_eps":"1e-5"})", {"'rms_norm_eps' is \"1e-5\"", "a number above 0"});
    row("negative epsilon", R"({"rms_norm_eps":-1e-5})", {"'rms_norm_eps' is -1e-05", "a number above 0"});
    row("flag as number", R"({"tie_word_embeddings":1})", {"'tie_word_embeddings' is 1", "true or false"});
    row("bias as text", R"({"attention_bias":"no"})", {"'attention_bias' is \"no\"", "true or false"});
    row("activation", R"({"hidden_act":"gelu"})", {"'hidden_act' is \"gelu\"", "silu"});
    row("activation as number", R"({"hidden_act":3})", {"'hidden_act' is 3", "a string"});
    row("dtype", R"({"torch_dtype":"int8"})", {"'torch_dtype' is \"int8\"", "float32, float16 or bfloat16"});
    row("dtype, new name", R"({"dtype":"float8_e4m3fn"})", {"'dtype' is \"float8_e4m3fn\"", "float32, float16 or bfloat16"});
    row("partial rotation", R"({"partial_rotary_factor":0.5})", {"'partial_rotary_factor' is 0.5", "not supported"});
    row("quantised", R"({"quantization_config":{"quant_method":"gptq","bits":4}})",
        {"quantised", "'quant_method' 'gptq'", "not supported"});
    row("quantised without a name", R"({"quantization_config":{"bits":4}})", {"quantised", "'quantization_config'"});
    row("rope is text", R"({"rope_scaling":"linear"})", {"'rope_scaling' is \"linear\"", "object"});
    row("unknown rope", R"({"rope_scaling":{"type":"xyz","factor":2}})",
        {"'rope_scaling.type' is \"xyz\"", "linear, dynamic, yarn, llama3, longrope", "'llama'"});
    row("unknown rope, new form", R"({"rope_parameters":{"rope_type":"xyz"}})", {"'rope_parameters.rope_type' is \"xyz\""});
    row("rope without a type", R"({"rope_scaling":{"factor":2}})", {"'rope_scaling.rope_type' is missing"});
    row("two rope types", R"({"rope_scaling":{"type":"linear","rope_type":"yarn","factor":2}})",
        {"'rope_scaling.type' is \"linear\"", "'yarn'"});
    row("rope by another name only", R"({"model_type":"mistral","num_key_value_heads":2,"rope_scaling":{"type":"su"}})",
        {"'rope_scaling.type' is \"su\"", "one of default, linear, dynamic, yarn, llama3, longrope for models of type 'mistral'"});
    row("bidirectional", R"({"is_causal":false})", {"'is_causal' is false", "only causal models"});
    row("quantised by MLX", R"({"quantization":{"group_size":64,"bits":4}})", {"quantised by MLX", "made from"});
    row("both kinds of layers", R"({"model_type":"mistral","num_key_value_heads":2,"layer_types":["full_attention","sliding_attention",
        "full_attention"]})",
        {"'layer_types' is", "the same for each of the layers"});
    row("odd part of a head", R"({"model_type":"phi3","partial_rotary_factor":0.7})",
        {"'partial_rotary_factor' is 0.7", "an even number of the 16 dimensions"});
    row("more than a head", R"({"model_type":"phi3","rope_parameters":{"rope_type":"default","partial_rotary_factor":1.5}})",
        {"'rope_parameters.partial_rotary_factor' is 1.5", "at most 1"});
    row("rope type is a number", R"({"rope_scaling":{"type":7}})", {"'rope_scaling.type' is 7", "a string"});
    row("rope per layer type", R"({"rope_parameters":{"full_attention":{"rope_type":"default"}}})",
        {"'rope_parameters.full_attention'", "not supported"});
    row("partial rotation, new form", R"({"rope_parameters":{"rope_type":"default","partial_rotary_factor":0.25}})",
        {"'rope_parameters.partial_rotary_factor' is 0.25"});
    row("negative base", R"({"rope_theta":-1})", {"'rope_theta' is -1"});
    row("linear without factor", R"({"rope_scaling":{"type":"linear"}})", {"'rope_scaling.factor' is missing"});
    row("dynamic with text", R"({"rope_scaling":{"type":"dynamic","factor":"2"}})", {"'rope_scaling.factor' is \"2\""});
    row("yarn without factor", R"({"rope_scaling":{"type":"yarn"}})", {"'rope_scaling.factor' is missing"});
    row("yarn betas", R"({"rope_scaling":{"type":"yarn","factor":2,"beta_fast":1,"beta_slow":2}})",
        {"'rope_scaling.beta_fast' is 1", "at least 'beta_slow'"});
    row("llama3 with gaps", R"({"rope_scaling":{"type":"llama3","factor":8}})",
        {"'rope_scaling.low_freq_factor' is missing", "'rope_scaling.high_freq_factor' is missing", "must be a number above 0"});
    row("llama3 bands",
        R"({"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4,"original_max_position_embeddings":9}})",
        {"'rope_scaling.high_freq_factor' is 4", "above 'low_freq_factor'"});
    row("longrope with gaps", R"({"rope_scaling":{"type":"longrope"}})",
        {"'rope_scaling.short_factor' is missing", "'rope_scaling.long_factor' is missing"});
    row("two original contexts",
        R"({"original_max_position_embeddings":512,"rope_scaling":{"type":"yarn","factor":2,"original_max_position_embeddings":1024}})",
        {"'rope_scaling.original_max_position_embeddings' is 1024", "the same as at the top level", "512"});
    row("longrope of another size",
        R"({"rope_scaling":{"type":"longrope","factor":2,"short_factor":[1,2],"long_factor":[1,2,3,4,5,6,7,"8"]}})",
        {"'rope_scaling.short_factor' is [1,2]", "a list of 8 numbers", "'rope_scaling.long_factor'"});
}

void TestFamilies::refusesWithAReason()
{
    QFETCH(QByteArray, fields);
    QFETCH(QStringList, parts);
    const QString text = complaint([&] { specFromConfig(changed(fields.constData()), "/models/a/config.json"); });
    const QString fault = lacking(text, parts << "/models/a/config.json");
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    QVERIFY(!text.endsWith("| "));
}

void TestFamilies::tellsAllProblemsAtOnce()
{
    const QString text =
        complaint([] { specOf(R"({"hidden_size":"<remove>","vocab_size":-5,"hidden_act":"relu","tie_word_embeddings":"x"})"); });
    const QString fault =
        lacking(text, {"'config.json' has 4 problems", "'hidden_size' is missing", "'vocab_size' is -5", "\"relu\"", "\"x\""});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestFamilies::knowsWhichFamiliesCanBeOpened()
{
    QCOMPARE(supportedFamilies(),
             (std::vector<std::string>{"llama", "mistral", "qwen2", "qwen3", "phi3", "smollm3", "gemma2", "gemma3_text", "nemotron-nas"}));
    const QString text = complaint([] { specOf(R"({"model_type":"gemma3"})"); });
    const QString fault = lacking(text, {"type 'gemma3' are not supported", "gemma3_text"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestFamilies::readsTheLayersOfPrunedCheckpoints()
{
    json config = changed(R"({"num_hidden_layers":2})");
    config["secateur_layers"] = json::parse(R"([{"intermediate_size":7,"attention":false},{"intermediate_size":9,"attention":true}])");
    const ModelSpec spec = specFromConfig(config, "config.json");
    QCOMPARE(spec.layers[0].neurons(), 7);
    QVERIFY(!spec.layers[0].attention && spec.layers[1].attention);
    QCOMPARE(spec.layers[1].neurons(), 9);
    config["secateur_layers"] = json::parse(R"([{"ffn":false,"attention":false},{"ffn":false,"attention":true}])");
    const ModelSpec without = specFromConfig(config, "config.json");
    QVERIFY(!without.layers[0].attention && !without.layers[0].ffn && without.layers[1].attention && !without.layers[1].ffn);
    config["secateur_layers"].erase(1);
    QVERIFY(complaint([&] { specFromConfig(config, "config.json"); }).contains("an object for each of the layers"));
    config["secateur_layers"] = json::parse(R"([{"intermediate_size":0},{"intermediate_size":9,"attention":1}])");
    const QString fault = lacking(complaint([&] { specFromConfig(config, "config.json"); }),
                                  {"'secateur_layers[0].intermediate_size' is 0", "'secateur_layers[1].attention' is 1"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestFamilies::readsWhichLayersSlide()
{
    const auto windowsOf = [](const json &config) {
        QStringList windows;
        for (const LayerSpec &layer : specFromConfig(config, "config.json").layers)
            windows << QString::number(layer.attention->window.value_or(0));
        return windows.join(' ');
    };
    json config = changed(R"({"num_hidden_layers":4,"num_key_value_heads":2})");
    config["model_type"] = "mistral";
    QCOMPARE(windowsOf(config), "4096 4096 4096 4096"); // its default
    config["sliding_window"] = nullptr;
    QCOMPARE(windowsOf(config), "0 0 0 0");
    config["sliding_window"] = 8;
    config["layer_types"] = json(std::size_t(4), "full_attention");
    QCOMPARE(windowsOf(config), "0 0 0 0"); // transformers 5 opens it as another type, which heeds the list
    config["layer_types"] = json(std::size_t(4), "sliding_attention");
    QCOMPARE(windowsOf(config), "8 8 8 8");
    config.erase("layer_types");
    config["model_type"] = "gemma2";
    config["head_dim"] = 16;
    QCOMPARE(windowsOf(config), "8 0 8 0");
    config["layer_types"] = {"full_attention", "full_attention", "sliding_attention", "sliding_attention"};
    QCOMPARE(windowsOf(config), "0 0 8 8");
    config["layer_types"] = {"full_attention", "chunked_attention", "full_attention", "full_attention"};
    QVERIFY(complaint([&] { windowsOf(config); }).contains("'layer_types' is"));
    config.erase("layer_types");
    config["model_type"] = "qwen2";
    QCOMPARE(windowsOf(config), "0 0 0 0"); // not switched on
    config["use_sliding_window"] = true;
    config["max_window_layers"] = 3;
    QCOMPARE(windowsOf(config), "0 0 0 8");
    config["model_type"] = "smollm3";
    config["use_sliding_window"] = false;
    config["layer_types"] = {"sliding_attention", "full_attention", "sliding_attention", "full_attention"};
    QCOMPARE(windowsOf(config), "8 0 8 0"); // transformers 5.24.0 masks by the list alone
}

void TestFamilies::specificationsFitTheFilesOfTransformers()
{
    int models = 0;
    for (const auto &entry : std::filesystem::directory_iterator(kFixtures / "tiny-llamas")) {
        Checkpoint checkpoint = Checkpoint::open(entry.path());
        const ModelSpec spec = secateur::specOf(checkpoint);
        QVERIFY(checkpoint.notes().empty());
        QCOMPARE(spec.dtype, checkpoint.dtype());
        QCOMPARE(modelParameters(spec) * std::int64_t(bytesPerElement(spec.dtype)), checkpoint.tensorBytes());
        ++models;
    }
    QVERIFY(models >= 10);
}

void TestFamilies::survivesAnyDamagedByte()
{
    const std::string valid =
        changed(R"({"rope_scaling":{"type":"longrope","factor":2,"short_factor":[1,2],"long_factor":[3,4]},"head_dim":4,
        "quantization_config":null,"torch_dtype":"float16","tie_word_embeddings":true})")
            .dump();
    QVERIFY(specFromConfig(json::parse(valid), "x").layerCount() == 3);
    int refused = 0;
    for (std::size_t i = 0; i < valid.size(); ++i) {
        for (const int value : {valid[i] ^ 1, valid[i] ^ 2, valid[i] ^ 16, int('9'), int('-'), int('"'), int('['), int('e'), int(' ')}) {
            std::string damaged = valid;
            damaged[i] = char(value);
            const json config = json::parse(damaged, nullptr, false);
            const QString text = complaint([&] { expectedTensors(specFromConfig(config, "x")); });
            refused += !text.isEmpty();
        }
    }
    QVERIFY(refused > int(valid.size()));
}

QTEST_GUILESS_MAIN(TestFamilies)
#include "tst_Families.moc"
