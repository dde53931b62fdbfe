// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/WeightEdits.h"

#include "../checkpoint/Complaint.h"
#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/Failures.h"
#include "foundation/Sha256.h"
#include "model/Families.h"
#include "model/Surgery.h"

#include <QTemporaryDir>
#include <QtTest>
#include <bit>
#include <fstream>
#include <limits>

using namespace secateur;

namespace {

/// 3 layers, 48 neurons; of 30 neurons each, without the attention of layer 1.
ModelSpec prunedSpecOf(const char *family = "tiny-llamas/mha")
{
    const std::string file = std::string(SECATEUR_FIXTURES "/") + family + "/config.json";
    const ModelSpec dense = specFromConfig(readConfig(file), file);
    return prunedSpec(dense, std::vector<std::int64_t>(dense.layers.size(), 30), {1});
}

struct Stored {
    std::string name;
    Shape shape;
    std::vector<float> values; ///< the first ones; the rest is 1
};

class Files {
public:
    WeightEdits edits(const std::vector<Stored> &tensors)
    {
        const std::filesystem::path file = m_folder.filePath(QString("%1.safetensors").arg(m_count++)).toStdString();
        std::vector<SafetensorsWriter::Declaration> declarations;
        for (const Stored &tensor : tensors)
            declarations.push_back({tensor.name, DType::Float32, tensor.shape});
        SafetensorsWriter writer(file, declarations, {});
        for (const Stored &tensor : tensors) {
            std::vector<float> values(std::size_t(elementCount(tensor.shape)), 1);
            std::copy(tensor.values.begin(), tensor.values.end(), values.begin());
            writer.write(tensor.name, std::as_bytes(std::span(values)));
        }
        writer.finish();
        return editsIn(std::make_shared<const SafetensorsFile>(file));
    }

private:
    QTemporaryDir m_folder;
    int m_count = 0;
};

} // namespace

class tst_WeightEdits : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }

    void fileIsListedByRole()
    {
        Files files;
        const std::int64_t d = prunedSpecOf().hiddenSize;
        const WeightEdits edits = files.edits({{"norm.weight", {d}, {}},
                                               {"layers.2.ffn.gate.weight", {30, d}, {}},
                                               {"layers.0.ffn.down.weight", {d, 30}, {2, 3}},
                                               {"layers.2.attention.query.weight", {d, d}, {}}});
        QStringList names;
        for (const WeightEdit &edit : edits.list)
            names << QString::fromStdString(ownTensorName(edit.role));
        QCOMPARE(names,
                 QStringList({"norm.weight", "layers.0.ffn.down.weight", "layers.2.attention.query.weight", "layers.2.ffn.gate.weight"}));
        std::vector<float> values(std::size_t(d * 30), 1);
        values[0] = 2;
        values[1] = 3;
        QCOMPARE(edits.list[1].sha256, Sha256().add(std::as_bytes(std::span(values))).hex());
        QCOMPARE(edits.list[1].shape, (Shape{d, 30}));
        QVERIFY(edits.list[1].dtype == DType::Float32);
        QVERIFY(edits.find({.layer = 2, .part = TensorPart::Gate}) == &edits.list[3]);
        QVERIFY(!edits.find({.layer = 2, .part = TensorPart::Up}) &&
                !edits.find({.layer = 2, .part = TensorPart::Gate, .kind = TensorKind::Bias}));
        checkEdits(edits, prunedSpecOf());
        checkValues(edits);
    }

    void whatDoesNotFitIsRefused_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::addColumn<QString>("reason");
        const int d = int(prunedSpecOf().hiddenSize);
        const QString absent = "which is not in the model that it leaves";
        QTest::newRow("dense shape") << "layers.0.ffn.down.weight" << d << 48
                                     << QString("of shape [%1, 48]; in the model that it leaves it has the shape [%1, 30]").arg(d);
        QTest::newRow("removed attention") << "layers.1.attention.query.weight" << d << d << absent;
        QTest::newRow("layer beyond the last") << "layers.3.ffn.down.weight" << d << 30 << absent;
        QTest::newRow("fused product") << "layers.0.ffn.gateUp.weight" << 60 << d << absent;
        QTest::newRow("norm of Gemma") << "layers.0.ffn.outputNorm.weight" << d << 1 << absent;
        QTest::newRow("name of a file") << "model.layers.0.mlp.down_proj.weight" << d << 30 << "is none that a plan can change";
    }

    void whatDoesNotFitIsRefused()
    {
        QFETCH(QString, name);
        QFETCH(int, rows);
        QFETCH(int, columns);
        QFETCH(QString, reason);
        Files files;
        const QString said = complaint([&] { checkEdits(files.edits({{name.toStdString(), {rows, columns}, {}}}), prunedSpecOf()); });
        QCOMPARE(lacking(said, {name, reason}), QString());
    }

    void piecesOfFusedProductsCanBeChanged()
    {
        Files files;
        const ModelSpec phi = prunedSpecOf("tiny-families/phi3");
        QVERIFY(phi.hasFusedProducts);
        checkEdits(files.edits({{"layers.0.ffn.up.weight", {30, phi.hiddenSize}, {}}}), phi);
    }

    void otherValuesAreRefused()
    {
        Files files;
        const std::int64_t d = prunedSpecOf().hiddenSize;
        WeightEdits edits = files.edits({{"layers.0.ffn.down.weight", {d, 30}, {}}});
        edits.list[0].sha256[5] = edits.list[0].sha256[5] == '0' ? '1' : '0';
        QCOMPARE(lacking(complaint([&] { checkValues(edits); }), {"layers.0.ffn.down.weight", "changed or damaged"}), QString());
        for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
            QCOMPARE(lacking(complaint([&] {
                                 checkValues(files.edits({{"norm.weight", {d}, {1, value}}}));
                             }),
                             {"norm.weight", "NaN or infinite"}),
                     QString());
        checkValues(
            files.edits({{"norm.weight", {d}, {std::numeric_limits<float>::max(), -0.F, std::numeric_limits<float>::denorm_min()}}}));
    }

    void valuesOfAnotherTypeOrShapeAreRefused()
    {
        Files files;
        const std::int64_t d = prunedSpecOf().hiddenSize;
        WeightEdits edits = files.edits({{"layers.0.ffn.down.weight", {d, 30}, {}}});
        edits.list[0].dtype = DType::BFloat16;
        QCOMPARE(lacking(complaint([&] { checkEdits(edits, prunedSpecOf()); }), {"bfloat16", "its file holds", "float32"}), QString());
        edits.values = files.edits({{"norm.weight", {d}, {}}}).values;
        QCOMPARE(lacking(complaint([&] { checkEdits(edits, prunedSpecOf()); }), {"does not hold its values"}), QString());
        edits.values.reset();
        QCOMPARE(lacking(complaint([&] { checkEdits(edits, prunedSpecOf()); }), {"changes 1 weight", "not at hand"}), QString());
    }

    void listComesBack()
    {
        Files files;
        const std::int64_t d = prunedSpecOf().hiddenSize;
        const WeightEdits edits = files.edits({{"layers.0.ffn.down.weight", {d, 30}, {}}, {"norm.weight", {d}, {}}});
        const WeightEdits again = weightEditsFromJson(toJson(edits));
        QVERIFY(again == edits && !again.values);
    }

    void damagedListsAreRefused_data()
    {
        QTest::addColumn<QString>("list");
        const auto row = [](const char *name, const char *tensor, const char *rest) {
            QTest::newRow(name) << QString(R"([{"tensor": "norm.weight", "shape": [8], "dtype": "float32", "sha256": "%1"},
                                                {"tensor": "%2", %3}])")
                                       .arg(QString(64, 'a'), tensor, QString(rest).arg(QString(64, 'b')));
        };
        const char *whole = R"("shape": [8], "dtype": "float32", "sha256": "%1")";
        row("no such role", "layers.0.ffn.middle.weight", whole);
        row("twice", "norm.weight", whole);
        row("another order", "embedding.weight", whole);
        row("no shape", "layers.0.ffn.norm.weight", R"("dtype": "float32", "sha256": "%1")");
        row("shape of halves", "layers.0.ffn.norm.weight", R"("shape": [8.5], "dtype": "float32", "sha256": "%1")");
        row("unknown type", "layers.0.ffn.norm.weight", R"("shape": [8], "dtype": "int8", "sha256": "%1")");
        row("no hash", "layers.0.ffn.norm.weight", R"("shape": [8], "dtype": "float32", "sha256": "%1c")");
        QTest::newRow("no list") << "7";
        QTest::newRow("words") << "[\"norm.weight\"]";
    }

    void damagedListsAreRefused()
    {
        QFETCH(QString, list);
        QVERIFY_THROWS_EXCEPTION(std::exception, weightEditsFromJson(nlohmann::json::parse(list.toStdString())));
    }

    void surgeriesWithOtherValuesAreOthers()
    {
        Files files;
        const std::int64_t d = prunedSpecOf().hiddenSize;
        const Surgery plain{.modelHash = "model", .layers = std::vector<LayerCut>(3)};
        Surgery one = plain, other = plain;
        one.edits = files.edits({{"norm.weight", {d}, {2}}});
        other.edits = files.edits({{"norm.weight", {d}, {3}}});
        QVERIFY(one.hash() != plain.hash() && one.hash() != other.hash());
        QVERIFY(one != plain && one != other);
        other.edits = files.edits({{"norm.weight", {d}, {2}}}); // in another file
        QCOMPARE(one.hash(), other.hash());
        QVERIFY(one == other);
        QCOMPARE(one.ofFfns().hash(), plain.hash());
        // Without changes the hash is that of before they were known.
        QCOMPARE(plain.hash(), Sha256::ofText(R"({"layers":[{"attention":true,"neurons":[]},{"attention":true,"neurons":[]},)"
                                              R"({"attention":true,"neurons":[]}],"model":"model"})"));
    }
};

QTEST_GUILESS_MAIN(tst_WeightEdits)
#include "tst_WeightEdits.moc"
