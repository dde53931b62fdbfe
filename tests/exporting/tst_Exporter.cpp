// SPDX-License-Identifier: GPL-3.0-or-later
// What the verification does when the written folder does not compute what it should. (Exports that succeed are tested with the engine.)
#include "../model/TinyLlamas.h"

#include "exporting/Exporter.h"
#include "foundation/Error.h"
#include "pruning/PruningPlan.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <numeric>

using namespace secateur;
using namespace secateur::test;

namespace {

PruningPlan planOf(const ModelSpec &spec, std::int64_t width)
{
    PruningPlan plan;
    plan.balance.neuronsKept = width;
    plan.keptNeurons.assign(std::size_t(spec.layerCount()), std::vector<std::int64_t>(std::size_t(width)));
    for (auto &kept : plan.keptNeurons)
        std::iota(kept.begin(), kept.end(), 0);
    return plan;
}

const std::vector<std::int32_t> kTokens = {1, 2, 3, 40, 50, 60, 7, 8};

} // namespace

class tst_Exporter : public QObject {
    Q_OBJECT

private slots:
    void wrongLogitsKeepTheFolderAsUnverified();
    void smallDeviationIsFound();
    void unevenWidthsAreRefused();
    void everyTargetHoldsThePlan_data();
    void everyTargetHoldsThePlan();
    void gemmaAsLlamaCppKnowsItGoesOutAsGguf_data();
    void gemmaAsLlamaCppKnowsItGoesOutAsGguf();
    void whatATargetCannotHoldIsRefusedWithTheReason();
};

void tst_Exporter::wrongLogitsKeepTheFolderAsUnverified()
{
    QTemporaryDir folder;
    const Checkpoint checkpoint = Checkpoint::open(tinyLlama("mha"));
    const Decoder dense = loadDecoder(tinyLlama("mha"), 8);
    const PruningPlan plan = planOf(dense.spec(), 30);
    JobContext context;
    const auto write = [&](const Decoder &expected) {
        writeExport({.checkpoint = checkpoint,
                     .dense = dense.spec(),
                     .plan = plan,
                     .pruned = expected,
                     .checkTokens = kTokens,
                     .evaluations = nlohmann::json::array()},
                    {.format = "hf-dropin",
                     .output = folder.filePath("out/").toStdString(),
                     .isOverwriteAllowed = false,
                     .dtype = {},
                     .command = {}},
                    context);
    };
    try {
        write(dense); // the dense model in the place of the plan's
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY2(QString(problem.what()).contains("does not compute what the plan computes"), problem.what());
        QVERIFY(QString::fromStdString(problem.hint()).contains("out.unverified"));
    }
    QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList("out.unverified"));
    QFile manifest(folder.filePath("out.unverified/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    QCOMPARE(nlohmann::json::parse(manifest.readAll().toStdString()).at("verification").at("passed").get<bool>(), false);
    write(pruned(dense, plan.keptNeurons, {})); // and the right one gets the name
    QVERIFY(QDir(folder.filePath("out")).exists());
}

void tst_Exporter::smallDeviationIsFound()
{
    QTemporaryDir folder;
    const Checkpoint checkpoint = Checkpoint::open(tinyLlama("gqa"));
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 8);
    const PruningPlan plan = planOf(dense.spec(), 30);
    const Decoder right = pruned(dense, plan.keptNeurons, {});
    Weights weights = right.weights();
    weights.layers[1].ffn.up.weight = weights.layers[1].ffn.up.weight * 1.001;
    JobContext context;
    const ExportSettings settings{
        .format = "hf-dropin", .output = folder.filePath("out").toStdString(), .isOverwriteAllowed = false, .dtype = {}, .command = {}};
    QVERIFY_THROWS_EXCEPTION(Error, writeExport({.checkpoint = checkpoint,
                                                 .dense = dense.spec(),
                                                 .plan = plan,
                                                 .pruned = Decoder(right.spec(), weights, 8),
                                                 .checkTokens = kTokens,
                                                 .evaluations = nlohmann::json::array()},
                                                settings, context));
}

void tst_Exporter::unevenWidthsAreRefused()
{
    const Decoder dense = loadDecoder(tinyLlama("mha"), 8);
    PruningPlan plan = planOf(dense.spec(), 30);
    plan.keptNeurons[1].pop_back();
    const ExportSettings settings{.format = "hf-dropin", .output = "/tmp/never", .isOverwriteAllowed = false, .dtype = {}, .command = {}};
    try {
        checkExport(settings, Checkpoint::open(tinyLlama("mha")), dense.spec(), plan.widths(), 0);
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY2(QString(problem.what()).contains("this plan's widths go from 29 to 30"), problem.what());
    }
}

void tst_Exporter::everyTargetHoldsThePlan_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("model");
    std::vector<std::string> models = tinyFamilies();
    for (const char *llama : {"gqa", "tied", "sharded", "all-biases", "wide-heads"})
        models.emplace_back(llama);
    for (const ExportTarget &target : exportTargets())
        for (const std::string &model : models)
            QTest::addRow("%s of %s", target.name.c_str(), model.c_str())
                << QString::fromStdString(target.name) << QString::fromStdString(model);
}

/// Written, loaded back by the exporter, and as large as was said; with what is exact in it, which the exporter checks on logits.
static void exportsOrRefuses(const QString &format, const std::filesystem::path &model)
{
    QTemporaryDir folder;
    const Checkpoint checkpoint = Checkpoint::open(model);
    const Decoder dense = loadDecoder(model, 24);
    PruningPlan plan = planOf(dense.spec(), 30);
    for (std::size_t i = 0; i < plan.keptNeurons.size(); ++i)
        for (std::int64_t &neuron : plan.keptNeurons[i])
            neuron += std::int64_t(i % 3) * 9; // not the first ones
    plan.removedAttentions = {dense.layerCount() - 1, 0};
    plan.balance.attentionsToRemove = 2;
    const ExportSettings settings{.format = format.toStdString(),
                                  .output = folder.filePath("out").toStdString(),
                                  .isOverwriteAllowed = false,
                                  .dtype = {},
                                  .command = {}};
    std::vector<std::int32_t> tokens(24);
    std::iota(tokens.begin(), tokens.end(), 20);
    JobContext context;
    const Decoder expected = pruned(dense, plan.keptNeurons, plan.removedAttentions);
    const ExportSource source{.checkpoint = checkpoint,
                              .dense = dense.spec(),
                              .plan = plan,
                              .pruned = expected,
                              .checkTokens = tokens,
                              .evaluations = nlohmann::json::array()};
    const std::string problem = exportProblem(settings.format, dense.spec(), plan.widths());
    if (!problem.empty()) {
        QVERIFY_THROWS_EXCEPTION(Error, writeExport(source, settings, context));
        QVERIFY(!QDir(folder.filePath("out")).exists());
        return;
    }
    const ExportResult result = writeExport(source, settings, context);
    QVERIFY(result.verification.isPassed);
    QCOMPARE(result.parameters, modelParameters(exportedSpec(settings.format, dense.spec(), plan.widths(), plan.removedAttentions)));
    QCOMPARE(result.bytes, bytesOfExport(settings, checkpoint, dense.spec(), plan.widths(), plan.removedAttentions));
}

void tst_Exporter::everyTargetHoldsThePlan()
{
    QFETCH(QString, format);
    QFETCH(QString, model);
    exportsOrRefuses(format, tinyLlama(model.toStdString()));
}

/// A copy of a tiny checkpoint with other fields in its config.json.
static std::filesystem::path variant(const QTemporaryDir &folder, const char *model, const nlohmann::json &fields)
{
    const std::filesystem::path copy = folder.filePath(model).toStdString();
    std::filesystem::copy(tinyLlama(model), copy);
    std::ifstream stream(copy / "config.json");
    nlohmann::json config = nlohmann::json::parse(stream);
    config.update(fields); // null is a value here
    std::ofstream(copy / "config.json") << config;
    return copy;
}

/// What llama.cpp has built in: the scale of the scores, the pattern of the windows, the local position embedding.
static const nlohmann::json kUsualGemma2 = {{"query_pre_attn_scalar", 16}, {"final_logit_softcapping", 30}};
static const nlohmann::json kUsualGemma3 = {{"query_pre_attn_scalar", 16}, {"sliding_window_pattern", 6}, {"rope_local_base_freq", 10000}};

void tst_Exporter::gemmaAsLlamaCppKnowsItGoesOutAsGguf_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("change"); ///< of the usual options
    QTest::addColumn<QString>("refusal");
    QTest::newRow("gemma2") << "gemma2"
                            << "{}"
                            << "";
    QTest::newRow("gemma2-bf16") << "gemma2-bf16"
                                 << "{}"
                                 << "";
    QTest::newRow("gemma3") << "gemma3"
                            << "{}"
                            << "";
    QTest::newRow("gemma3 without windows") << "gemma3"
                                            << R"({"sliding_window": null})"
                                            << "no sliding window in layer 0";
    QTest::newRow("another scale") << "gemma2"
                                   << R"({"query_pre_attn_scalar": 24})"
                                   << "query_pre_attn_scalar";
    QTest::newRow("no softcap") << "gemma2"
                                << R"({"final_logit_softcapping": null})"
                                << "logits without softcap";
    QTest::newRow("another pattern") << "gemma3"
                                     << R"({"sliding_window_pattern": 3})"
                                     << "no sliding window in layer 2";
    QTest::newRow("another local base") << "gemma3"
                                        << R"({"rope_local_base_freq": 1000})"
                                        << "rope_local_base_freq";
}

void tst_Exporter::gemmaAsLlamaCppKnowsItGoesOutAsGguf()
{
    QFETCH(QString, model);
    QFETCH(QString, change);
    QFETCH(QString, refusal);
    QTemporaryDir folder;
    nlohmann::json fields = model == "gemma3" ? kUsualGemma3 : kUsualGemma2;
    fields.update(nlohmann::json::parse(change.toStdString()));
    const std::filesystem::path copy = variant(folder, model.toStdString().c_str(), fields);
    const ModelSpec spec = loadDecoder(copy, 8).spec();
    const std::string problem = exportProblem("gguf-dropin", spec, std::vector<std::int64_t>(spec.layers.size(), 30));
    QCOMPARE(problem.empty(), refusal.isEmpty());
    QVERIFY2(QString::fromStdString(problem).contains(refusal), problem.c_str());
    exportsOrRefuses("gguf-dropin", copy);
}

void tst_Exporter::whatATargetCannotHoldIsRefusedWithTheReason()
{
    const auto problem = [](const char *format, const char *model) {
        const ModelSpec spec = loadDecoder(tinyLlama(model), 8).spec();
        return QString::fromStdString(exportProblem(format, spec, std::vector<std::int64_t>(spec.layers.size(), 30)));
    };
    QVERIFY(problem("hf-deci", "mistral").contains("a sliding window of 9 tokens"));
    QVERIFY(problem("hf-deci", "qwen3").contains("norms of the heads"));
    QVERIFY(problem("hf-deci", "gemma2").contains("another activation"));
    QVERIFY(problem("hf-deci", "smollm3").contains("without a position embedding"));
    QVERIFY(problem("hf-deci", "phi3-longrope").contains("long rotary factors"));
    QVERIFY(problem("gguf-dropin", "mistral").contains("a sliding window of 9 tokens"));
    QCOMPARE(problem("gguf-dropin", "smollm3"), QString());
    QCOMPARE(problem("hf-deci", "qwen2"), QString());
    QCOMPARE(problem("hf-compact", "gemma3"), QString());
    QVERIFY_THROWS_EXCEPTION(Error, exportProblem("onnx", ModelSpec(), {}));
}

QTEST_GUILESS_MAIN(tst_Exporter)
#include "tst_Exporter.moc"
