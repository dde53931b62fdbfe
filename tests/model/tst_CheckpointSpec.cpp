// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of checkpoints that are written in other ways than save_pretrained writes them. (That they compute what transformers computes is
// tested with the decoder, that their exports do with the exporter.)
#include "model/CheckpointSpec.h"

#include "../checkpoint/Complaint.h"
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "model/Families.h"
#include "model/ModelTensors.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cstring>
#include <map>

using namespace secateur;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

const fs::path kOdd = SECATEUR_FIXTURES "/tiny-odd";

QString notesOf(const Checkpoint &checkpoint)
{
    QStringList notes;
    for (const std::string &note : checkpoint.notes())
        notes << QString::fromStdString(note);
    return notes.join('\n');
}

} // namespace

class TestCheckpointSpec : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path folder() const { return m_folder->path().toStdString(); }

    /// A copy of a fixture with a changed configuration, without the tensors named and with others of the types given.
    void copy(const std::string &name, const json &fields, const QStringList &without,
              const std::map<std::string, std::string> &more = {}) const
    {
        json config = readConfig(kOdd / name / "config.json");
        config.update(fields);
        QFile file(m_folder->filePath("config.json"));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(QByteArray::fromStdString(config.dump())) > 0);
        const SafetensorsFile source(kOdd / name / "model.safetensors");
        std::vector<SafetensorsWriter::Declaration> tensors;
        for (const TensorView &tensor : source.tensors())
            if (!without.contains(QString::fromStdString(tensor.name)))
                tensors.push_back({tensor.name, tensor.dtype, tensor.shape});
        for (const auto &[added, type] : more)
            tensors.push_back({added, DType::Float32, {1}});
        SafetensorsWriter writer(folder() / "model.safetensors", tensors, {});
        for (const auto &tensor : tensors)
            writer.write(tensor.name, std::vector<std::byte>(std::size_t(elementCount(tensor.shape)) * bytesPerElement(tensor.dtype)));
        writer.finish();
        if (more.empty())
            return;
        QFile weights(m_folder->filePath("model.safetensors")); // types of the same size, written over F32
        QVERIFY(weights.open(QIODevice::ReadWrite));
        QByteArray bytes = weights.readAll();
        for (const auto &[added, type] : more) {
            const QByteArray entry = "\"" + QByteArray::fromStdString(added) + "\":{\"dtype\":\"";
            const qsizetype at = bytes.indexOf(entry) + entry.size();
            QVERIFY(at > entry.size() && type.size() == 3);
            bytes.replace(at, 3, QByteArray::fromStdString(type));
        }
        weights.seek(0);
        QVERIFY(weights.write(bytes) == bytes.size());
    }

    QString refusal() const
    {
        return complaint([this] {
            Checkpoint checkpoint = Checkpoint::open(folder());
            specOf(checkpoint);
        });
    }

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void keepsAHeadThatDiffers();
    void oneHeadIsOneHead_data();
    void oneHeadIsOneHead();
    void aMissingHeadIsCalledSo();
    void namesGetTheirPrefix();
    void saysWhatIsNotUsed();
    void refusesWhatMayMatter_data();
    void refusesWhatMayMatter();
    void takesTheTypeOfTheWeightsWhereNoneIsNamed_data();
    void takesTheTypeOfTheWeightsWhereNoneIsNamed();
    void widerNumbersAreRounded();
    void windowsThatReleasesReadDifferentlyAreSettled();
    void saysWhichFieldsHaveNoMeaning();
    void brokenLinksAreSaid();
};

void TestCheckpointSpec::keepsAHeadThatDiffers()
{
    Checkpoint checkpoint = Checkpoint::open(kOdd / "own-head");
    const ModelSpec spec = specOf(checkpoint);
    QVERIFY(!spec.tiedEmbeddings);
    QCOMPARE(modelParameters(spec) * 4, checkpoint.tensorBytes()); // both are counted
    QVERIFY2(notesOf(checkpoint).contains("'lm_head.weight' differs from the embedding"), qPrintable(notesOf(checkpoint)));
    const json settled = settledConfig(checkpoint.config(), spec);
    QVERIFY(settled.at("tie_word_embeddings") == json(false));
    QVERIFY(specFromConfig(settled, "x") == spec);
    json rest = settled;
    rest["tie_word_embeddings"] = true;
    QVERIFY(rest == checkpoint.config()); // and nothing else
}

void TestCheckpointSpec::oneHeadIsOneHead_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("stored twice") << "equal-head";
    QTest::newRow("stored as the head") << "head-alone";
}

void TestCheckpointSpec::oneHeadIsOneHead()
{
    QFETCH(QString, name);
    Checkpoint checkpoint = Checkpoint::open(kOdd / name.toStdString());
    const ModelSpec spec = specOf(checkpoint);
    QVERIFY(spec.tiedEmbeddings);
    QCOMPARE(checkpoint.tensor("model.embed_tokens.weight").shape, (Shape{64, 32}));
    QVERIFY(checkpoint.notes().empty());
    QVERIFY(settledConfig(checkpoint.config(), spec) == checkpoint.config());
}

void TestCheckpointSpec::aMissingHeadIsCalledSo()
{
    copy("own-head", {{"tie_word_embeddings", false}}, {"lm_head.weight"});
    QString fault = lacking(refusal(), {"holds no output product", "'lm_head.weight' is missing", "'tie_word_embeddings' is false.",
                                        "random numbers", "set tie_word_embeddings to true"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    copy("own-head", {{"tie_word_embeddings", nullptr}}, {"lm_head.weight", "model.norm.weight"}); // more than the head is missing
    fault = lacking(refusal(), {"2 tensors are missing", "'lm_head.weight'", "'model.norm.weight'"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpointSpec::namesGetTheirPrefix()
{
    for (const char *name : {"flat-names", "flat-names-own-head"}) {
        Checkpoint checkpoint = Checkpoint::open(kOdd / name);
        const ModelSpec spec = specOf(checkpoint);
        for (const ExpectedTensor &tensor : expectedTensors(spec))
            QVERIFY(checkpoint.contains(tensor.name));
        QVERIFY(!checkpoint.contains("norm.weight"));
        QVERIFY2(notesOf(checkpoint).contains("lack 'model.'"), qPrintable(notesOf(checkpoint)));
    }
}

void TestCheckpointSpec::saysWhatIsNotUsed()
{
    Checkpoint checkpoint = Checkpoint::open(kOdd / "extras");
    specOf(checkpoint);
    const QString notes = notesOf(checkpoint);
    const QString fault = lacking(notes, {"5 tensors are not used: buffers that are computed instead", "'model.layers.0.attn.masked_bias'",
                                          "3 tensors are not used: scales of a quantised KV cache", "3 tensors are not used: a head beside",
                                          "tensors are not used: layers beyond the 2 of the configuration"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpointSpec::refusesWhatMayMatter_data()
{
    QTest::addColumn<QString>("added");
    QTest::addColumn<QString>("type");
    QTest::addColumn<QStringList>("parts");
    const auto row = [](const char *name, const char *added, const char *type, const QStringList &parts) {
        QTest::newRow(name) << added << type << parts;
    };
    row("a bias", "model.layers.0.self_attn.q_proj.bias", "F32", {"1 tensor is not expected", "q_proj.bias"});
    row("a scale of a weight", "model.layers.0.self_attn.q_proj.weight_scale", "F32", {"not expected", "weight_scale"});
    row("an adapter", "model.layers.0.self_attn.q_proj.lora_A.weight", "F32", {"not expected", "lora_A"});
    row("another prefix", "transformer.layers.0.self_attn.q_proj.weight", "F32", {"not expected", "transformer."});
    row("integers", "model.layers.0.mlp.up_proj.qweight", "I32", {"qweight'", "type I32", "GPTQ and AWQ", "made from"});
    row("packed by MLX", "model.layers.0.mlp.other.weight", "U32", {"type U32", "MLX", "made from"});
    row("a head of integers", "lm_head.weight", "I32", {"'lm_head.weight'", "type I32"});
    row("no number", "model.layers.x.mlp.up_proj.weight", "F32", {"not expected"});
}

void TestCheckpointSpec::refusesWhatMayMatter()
{
    QFETCH(QString, added);
    QFETCH(QString, type);
    QFETCH(QStringList, parts);
    const bool isHead = added == "lm_head.weight";
    copy("own-head", {{"tie_word_embeddings", isHead}}, isHead ? QStringList{added} : QStringList{},
         {{added.toStdString(), type.toStdString()}});
    const QString fault = lacking(refusal(), parts);
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpointSpec::takesTheTypeOfTheWeightsWhereNoneIsNamed_data()
{
    QTest::addColumn<QByteArray>("dtype");
    for (const char *dtype : {"null", R"("auto")", R"("float64")", R"("torch.bfloat16")"})
        QTest::newRow(dtype) << QByteArray(dtype);
}

void TestCheckpointSpec::takesTheTypeOfTheWeightsWhereNoneIsNamed()
{
    QFETCH(QByteArray, dtype);
    copy("no-dtype", {{"torch_dtype", json::parse(dtype.toStdString())}}, {});
    Checkpoint checkpoint = Checkpoint::open(folder());
    const ModelSpec spec = specOf(checkpoint);
    QCOMPARE(spec.dtype, DType::BFloat16);
    // No release of transformers reads "auto" or "torch.bfloat16"; exports say what is stored.
    QVERIFY(settledConfig(checkpoint.config(), spec).at("torch_dtype") == json("bfloat16"));
    Checkpoint without = Checkpoint::open(kOdd / "no-dtype");
    QCOMPARE(specOf(without).dtype, DType::BFloat16);
    QVERIFY(settledConfig(without.config(), spec) == without.config());
}

void TestCheckpointSpec::widerNumbersAreRounded()
{
    const SafetensorsFile file(kOdd / "wide-numbers" / "model.safetensors");
    QVERIFY(file.metadata().empty()); // null in the file
    int wide = 0;
    for (std::size_t i = 0; i < file.tensors().size(); ++i) {
        const TensorView &stored = file.tensors()[i];
        QCOMPARE(stored.dtype, DType::Float32);
        const TensorData values = file.read(i);
        QCOMPARE(values.view.bytes.size(), std::size_t(elementCount(stored.shape)) * sizeof(float));
        if (stored.bytes.size() == values.view.bytes.size())
            continue;
        ++wide;
        for (std::size_t k = 0; k < values.view.bytes.size() / sizeof(float); ++k) {
            double exact = 0;
            float rounded = 0;
            std::memcpy(&exact, stored.bytes.data() + k * sizeof(double), sizeof(double));
            std::memcpy(&rounded, values.view.bytes.data() + k * sizeof(float), sizeof(float));
            QCOMPARE(rounded, float(exact));
        }
    }
    QCOMPARE(wide, 7);
}

void TestCheckpointSpec::windowsThatReleasesReadDifferentlyAreSettled()
{
    Checkpoint checkpoint = Checkpoint::open(kOdd / "mistral-full");
    const ModelSpec spec = specOf(checkpoint);
    QVERIFY(!spec.layers[0].attention->window);
    const json settled = settledConfig(checkpoint.config(), spec);
    QVERIFY(!settled.contains("layer_types"));
    QVERIFY(settled.at("sliding_window").is_null());
    QVERIFY(specFromConfig(settled, "x") == spec);
}

void TestCheckpointSpec::saysWhichFieldsHaveNoMeaning()
{
    Checkpoint unknown = Checkpoint::open(kOdd / "rope-unknown-fields");
    specOf(unknown);
    const QString fault =
        lacking(notesOf(unknown), {"'rope_scaling.alpha' (1.0) has no meaning", "'rope_scaling.mrope_section' ([1,2,1])"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    Checkpoint both = Checkpoint::open(kOdd / "rope-both");
    const ModelSpec spec = specOf(both);
    QVERIFY2(notesOf(both).contains("'rope_parameters' is not used"), qPrintable(notesOf(both)));
    QVERIFY(!settledConfig(both.config(), spec).contains("rope_parameters"));
    Checkpoint gemma = Checkpoint::open(kOdd / "gemma3-both");
    const ModelSpec merged = specOf(gemma);
    QVERIFY(!settledConfig(gemma.config(), merged).contains("rope_scaling"));
    QVERIFY(specFromConfig(settledConfig(gemma.config(), merged), "x") == merged);
    json agreed = both.config();
    agreed["rope_parameters"] = {{"rope_type", "linear"}, {"factor", 3.0}, {"rope_theta", 10000.0}}; // as exports have it
    std::vector<std::string> notes;
    specFromConfig(agreed, "x", &notes);
    QVERIFY(notes.empty());
}

void TestCheckpointSpec::brokenLinksAreSaid()
{
    copy("own-head", {{"tie_word_embeddings", false}}, {});
    fs::create_symlink("../../blobs/12ab", folder() / "generation_config.json");
    Checkpoint checkpoint = Checkpoint::open(folder());
    specOf(checkpoint);
    const QString fault = lacking(notesOf(checkpoint), {"'generation_config.json' (to '../../blobs/12ab')"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

QTEST_GUILESS_MAIN(TestCheckpointSpec)
#include "tst_CheckpointSpec.moc"
