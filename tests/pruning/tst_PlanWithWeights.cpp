// SPDX-License-Identifier: GPL-3.0-or-later
// Plans that change weights, as files.
#include "../checkpoint/Complaint.h"
#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "model/Families.h"
#include "pruning/PlanFile.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <fstream>
#include <limits>

using namespace secateur;

namespace {

ModelSpec smallSpec()
{
    const std::string file = SECATEUR_FIXTURES "/tiny-llamas/mha/config.json"; // 3 layers, 48 neurons
    return specFromConfig(readConfig(file), file);
}

nlohmann::json byHand()
{
    return nlohmann::json::parse(R"({"kind": "secateur-plan", "format": 2, "method": "manual", "removedAttentions": [2],
                                     "keptNeurons": ["all", [3, 5, 40], []]})");
}

constexpr const char *kDown = "layers.1.ffn.down.weight";

} // namespace

class tst_PlanWithWeights : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }

    /// As PLANS.md says that people may write it.
    void planByHandNeedsNoList()
    {
        const PruningPlan plan = loaded(byHand(), {2, 3});
        QCOMPARE(plan.edits.list.size(), 1U);
        QCOMPARE(ownTensorName(plan.edits.list[0].role), std::string(kDown));
        QVERIFY(plan.hash() != loadedWithout(byHand()).hash());
        QCOMPARE(plan.widths(), (std::vector<std::int64_t>{48, 3, 0}));
    }

    void savedPlanComesBackWithItsValues()
    {
        const PruningPlan plan = loaded(byHand(), {2, 3});
        savePlan(plan, file("again")); // whatever it is called
        const PruningPlan again = loadPlan(file("again"), smallSpec(), "model");
        QVERIFY(again.surgery() == plan.surgery());
        QCOMPARE(again.hash(), plan.hash());
        const auto bytes = again.edits.valuesOf(again.edits.list[0]).view.bytes;
        QCOMPARE(bytes.size(), std::size_t(smallSpec().hiddenSize * 3) * sizeof(float));
        float first = 0;
        std::memcpy(&first, bytes.data(), sizeof(float));
        QCOMPARE(first, 2.F);
        savePlan(again, file("again")); // over itself
        QCOMPARE(loadPlan(file("again")).hash(), plan.hash());
        QCOMPARE(toJson(loadPlan(file("again"))).dump(), toJson(plan).dump());
    }

    void planWithoutChangesStaysJson()
    {
        savePlan(loadedWithout(byHand()), file("plain"));
        std::ifstream stream(file("plain"));
        const nlohmann::json json = nlohmann::json::parse(stream);
        QVERIFY(!json.contains("edits"));
    }

    void manifestTellsOfTheChangesAndCannotStandForTheFile()
    {
        const PruningPlan plan = loaded(byHand(), {2, 3});
        const nlohmann::json manifest = {{"kind", "secateur-manifest"}, {"plan", toJson(plan)}};
        QCOMPARE(planFromJson(manifest, "manifest").hash(), plan.hash());
        std::ofstream(file("manifest.json")) << manifest;
        QCOMPARE(lacking(complaint([&] { loadPlan(file("manifest.json"), smallSpec(), "model"); }),
                         {"manifest.json", "changes 1 weight", "not at hand", "a manifest names the changes only"}),
                 QString());
    }

    void noSearchGoesOn()
    {
        PruningPlan plan = loaded(byHand(), {2, 3});
        plan.method = PlanMethod::TwoSsp;
        QCOMPARE(lacking(complaint([&] { checkSearchable(plan); }), {"The plan changes 1 weight", "would keep less"}), QString());
    }

    void damagedFilesAreRefused_data()
    {
        QTest::addColumn<QString>("change"); // of byHand
        QTest::addColumn<float>("value");
        QTest::addColumn<QString>("reason");
        const QString hash(64, 'a'),
            edit = QString(R"({"edits": [{"tensor": "%1", "shape": [%2, 3], "dtype": "float32", "sha256": "%3"}]})");
        const qlonglong d = smallSpec().hiddenSize;
        QTest::newRow("other values") << edit.arg(kDown).arg(d).arg(hash) << 2.F << "are not those that the plan tells";
        QTest::newRow("another tensor") << edit.arg("layers.1.ffn.gate.weight").arg(d).arg(hash) << 2.F << "it has the shape";
        QTest::newRow("none told") << R"({"edits": []})" << 2.F << "it changes 0 weights, and its file holds 1 tensor";
        QTest::newRow("another hash") << QString(R"({"planHash": "%1"})").arg(hash) << 2.F << "does not match its own hash";
        QTest::newRow("not finite") << "{}" << std::numeric_limits<float>::infinity() << "NaN or infinite";
        QTest::newRow("FFN that is removed") << R"({"keptNeurons": ["all", [], []]})" << 2.F << "which is not in the model that it leaves";
        QTest::newRow("another width") << R"({"keptNeurons": ["all", [3, 5], []]})" << 2.F
                                       << "in the model that it leaves it has the shape";
        QTest::newRow("its remedy") << R"({"keptNeurons": ["all", [48], []]})" << 2.F << "Correct the file.";
        QTest::newRow("no plan in it") << R"({"kind": "secateur-session"})" << 2.F << "does not hold a plan";
        QTest::newRow("inside another") << R"({"plan": {"kind": "secateur-plan"}})" << 2.F << "inside another document";
    }

    void damagedFilesAreRefused()
    {
        QFETCH(QString, change);
        QFETCH(float, value);
        QFETCH(QString, reason);
        nlohmann::json plan = byHand();
        plan.update(nlohmann::json::parse(change.toStdString()));
        QCOMPARE(lacking(complaint([&] { loaded(plan, {value}); }), {reason, "plan.safetensors"}), QString());
    }

    void otherSafetensorsFilesHoldNoPlan()
    {
        const std::filesystem::path model = SECATEUR_FIXTURES "/tiny-llamas/mha/model.safetensors";
        QCOMPARE(lacking(complaint([&] { loadPlan(model); }), {"model.safetensors", "does not hold a plan"}), QString());
        std::filesystem::copy_file(model, file("cut.safetensors"));
        std::filesystem::resize_file(file("cut.safetensors"), 100);
        QCOMPARE(lacking(complaint([&] { loadPlan(file("cut.safetensors")); }), {"cut.safetensors", "is truncated"}), QString());
    }

    void tensorsOfOtherTypesAreRefused()
    {
        for (const char *type : {"I8", "F64"}) {
            const int size = std::strcmp(type, "I8") == 0 ? 1 : 8;
            const std::string header = nlohmann::json{{"__metadata__", {{"kind", "secateur-plan"}, {"plan", byHand().dump()}}},
                                                      {kDown, {{"dtype", type}, {"shape", {1}}, {"data_offsets", {0, size}}}}}
                                           .dump();
            const std::uint64_t length = std::uint64_t(header.size());
            std::ofstream stream(file("typed.safetensors"), std::ios::binary);
            stream.write(reinterpret_cast<const char *>(&length), sizeof(length)).write(header.data(), std::streamsize(header.size()));
            stream.write("\0\0\0\0\0\0\0\0", size);
            stream.close();
            QCOMPARE(lacking(complaint([&] { loadPlan(file("typed.safetensors")); }),
                             {kDown, QString("of the type %1").arg(type), "F32, F16 or BF16"}),
                     QString());
        }
    }

private:
    std::filesystem::path file(const char *name) const { return m_folder.filePath(name).toStdString(); }

    static PruningPlan loadedWithout(const nlohmann::json &plan)
    {
        QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("plan.json").toStdString();
        std::ofstream(file) << plan;
        return loadPlan(file, smallSpec(), "model");
    }

    /// With one changed weight, which begins with those values and is 1 then.
    PruningPlan loaded(const nlohmann::json &plan, const std::vector<float> &beginning)
    {
        const std::filesystem::path path = m_folder.filePath(QString("%1-plan.safetensors").arg(m_count++)).toStdString();
        std::vector<float> values(std::size_t(smallSpec().hiddenSize * 3), 1);
        std::copy(beginning.begin(), beginning.end(), values.begin());
        SafetensorsWriter writer(path, {{kDown, DType::Float32, {smallSpec().hiddenSize, 3}}},
                                 {{"kind", "secateur-plan"}, {"plan", plan.dump()}});
        writer.write(kDown, std::as_bytes(std::span(values)));
        writer.finish();
        return loadPlan(path, smallSpec(), "model");
    }

    int m_count = 0;
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(tst_PlanWithWeights)
#include "tst_PlanWithWeights.moc"
