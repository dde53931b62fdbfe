// SPDX-License-Identifier: GPL-3.0-or-later
// Exports of plans that change weights, held against a decoder whose weights were changed by hand.
#include "../decoder/ChangedWeights.h"
#include "../decoder/TinyLlamas.h"
#include "../pruning/RestoredPlans.h"
#include "JsonSchema.h"

#include "exporting/ExportSize.h"
#include "exporting/Exporter.h"
#include "exporting/Origin.h"
#include "exporting/TensorForm.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"

#include <ATen/ops/full.h>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <iterator>
#include <numeric>

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr std::int64_t kPositions = 24;

nlohmann::json jsonOf(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

/// 30 neurons of every layer, but not the first ones; without the attention of layer 1.
PruningPlan planFor(const ModelSpec &dense)
{
    PruningPlan plan;
    plan.balance.neuronsKept = 30;
    plan.keptNeurons.assign(std::size_t(dense.layerCount()), std::vector<std::int64_t>(30));
    for (std::size_t i = 0; i < plan.keptNeurons.size(); ++i)
        std::iota(plan.keptNeurons[i].begin(), plan.keptNeurons[i].end(), std::int64_t(3 * i + 1));
    plan.removedAttentions = {1};
    const ModelSpec after = plan.surgery().specOf(dense);
    plan.balance.attentionsToRemove = 1;
    plan.balance.denseLayerParameters = layerParameters(dense);
    plan.balance.denseModelParameters = modelParameters(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    return plan;
}

std::string contentOf(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// What a restored plan leaves, its fitted weights put in by hand.
Decoder restoredByHand(const Decoder &dense, const PruningPlan &plan)
{
    Surgery cut = plan.surgery();
    cut.edits = {};
    const Decoder narrow = pruned(dense, cut);
    Weights weights = narrow.weights();
    for (const WeightEdit &edit : plan.edits.list) {
        at::Tensor &place = tensorOf(weights.layers[std::size_t(edit.role.layer)], edit.role);
        place = copyOf(plan.edits.valuesOf(edit).view).to(place.options());
    }
    return {narrow.spec(), weights, kPositions};
}

at::Tensor someTokens()
{
    std::vector<std::int32_t> tokens(kPositions);
    std::iota(tokens.begin(), tokens.end(), 20);
    return tokenTensor(tokens, kPositions, testDevice());
}

} // namespace

class tst_ExportedWeights : public QObject {
    Q_OBJECT

private slots:
    void everyTargetHoldsChangedWeights_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("model");
        for (const ExportTarget &target : exportTargets())
            for (const char *model :
                 {"gqa", "all-biases", "tied", "sharded", "bf16", "phi3", "phi3-bf16", "gemma2", "gemma3", "qwen2", "qwen3", "smollm3"})
                QTest::addRow("%s of %s", target.name.c_str(), model) << QString::fromStdString(target.name) << model;
    }

    void everyTargetHoldsChangedWeights()
    {
        QFETCH(QString, format);
        QFETCH(QString, model);
        QTemporaryDir folder;
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(model.toStdString()));
        specOf(checkpoint);
        const Decoder dense = loadDecoder(tinyLlama(model.toStdString()), kPositions);
        PruningPlan plan = planFor(dense.spec());
        const Decoder cut = pruned(dense, plan.surgery());
        const ChangedWeights changed = changedWeights(cut, folder.filePath("values.safetensors").toStdString());
        const Decoder expected(cut.spec(), changed.weights, kPositions);
        plan.edits = changed.edits;
        if (!exportProblem(format.toStdString(), dense.spec(), cut.spec()).empty())
            return; // refused with or without
        const std::filesystem::path out = folder.filePath("out").toStdString();
        std::vector<std::int32_t> tokens(kPositions);
        std::iota(tokens.begin(), tokens.end(), 20);
        JobContext context;
        const ExportResult result =
            writeExport({.checkpoint = checkpoint,
                         .dense = dense.spec(),
                         .plan = plan,
                         .pruned = expected, // so it is verified against weights that were changed by hand
                         .checkTokens = tokens,
                         .evaluations = nlohmann::json::array()},
                        {.format = format.toStdString(), .output = out, .isOverwriteAllowed = false, .dtype = {}, .command = {}}, context);
        QVERIFY(result.verification.isPassed);
        if (format == "hf-compact" && model == "bf16") // the changed weights are of float32
            QCOMPARE(result.bytes, bytesOfExport({.format = "hf-compact", .output = {}, .dtype = {}, .command = {}}, checkpoint,
                                                 dense.spec(), cut.spec()) +
                                       bytesOfEdits(plan.edits, checkpoint.dtype()));
        const at::Tensor given = logitsOf(loadDecoder(out, kPositions), someTokens());
        QVERIFY((given - logitsOf(cut, someTokens())).abs().max().item<double>() > 1e-3); // so the changes were seen

        const nlohmann::json manifest = jsonOf(out / "pruning_manifest.json");
        static const JsonSchema schema(jsonOf(SECATEUR_SOURCE_DIR "/resources/pruning_manifest.schema.json"));
        QCOMPARE(schema.breachIn(manifest), std::string());
        QCOMPARE(manifest.at("plan").at("edits").size(), plan.edits.list.size());
        const auto origin = originOf(Checkpoint::open(out));
        QVERIFY(origin && origin->problem.empty());
        QCOMPARE(origin->planHash, plan.hash());
    }

    void everyTargetHoldsRestoredPlans_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("model");
        QTest::addColumn<bool>("hasWidths"); // r3
        for (const ExportTarget &target : exportTargets())
            for (const char *model : {"gqa", "all-biases", "tied", "bf16", "phi3", "phi3-bf16", "gemma2", "qwen3"})
                for (const bool hasWidths : {false, true})
                    QTest::addRow("%s of %s, %s", target.name.c_str(), model, hasWidths ? "widths per layer" : "one width")
                        << QString::fromStdString(target.name) << model << hasWidths;
    }

    /// Their values are in memory, in the type of the model.
    void everyTargetHoldsRestoredPlans()
    {
        QFETCH(QString, format);
        QFETCH(QString, model);
        QFETCH(bool, hasWidths);
        QTemporaryDir folder;
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(model.toStdString()));
        specOf(checkpoint);
        const Decoder dense = loadDecoder(tinyLlama(model.toStdString()), kPositions);
        const PruningPlan plan = restoredPlan(dense.spec(), {.hasWidths = hasWidths, .dtype = checkpoint.dtype()});
        checkPlan(plan, dense.spec(), "model");
        const ModelSpec left = plan.surgery().specOf(dense.spec());
        const std::string problem = exportProblem(format.toStdString(), dense.spec(), left);
        const bool isOneWidthNeeded = format.contains("dropin");
        if (model == "gqa") // whose family every target can hold
            QCOMPARE(QString::fromStdString(problem).contains("needs the same width in every layer"), hasWidths && isOneWidthNeeded);
        QVERIFY(!problem.empty() || !hasWidths || !isOneWidthNeeded);
        if (!problem.empty())
            return;
        const std::filesystem::path out = folder.filePath("out").toStdString();
        std::vector<std::int32_t> tokens(kPositions);
        std::iota(tokens.begin(), tokens.end(), 20);
        JobContext context;
        const ExportSettings settings{
            .format = format.toStdString(), .output = out, .isOverwriteAllowed = false, .dtype = {}, .command = {}};
        const ExportResult result = writeExport({.checkpoint = checkpoint,
                                                 .dense = dense.spec(),
                                                 .plan = plan,
                                                 .pruned = restoredByHand(dense, plan), // so it is verified against that
                                                 .checkTokens = tokens,
                                                 .evaluations = nlohmann::json::array()},
                                                settings, context);
        QVERIFY(result.verification.isPassed);
        QCOMPARE(result.bytes, bytesOfExport(settings, checkpoint, dense.spec(), left)); // no byte more than the plain plan's

        const nlohmann::json manifest = jsonOf(out / "pruning_manifest.json");
        static const JsonSchema schema(jsonOf(SECATEUR_SOURCE_DIR "/resources/pruning_manifest.schema.json"));
        QCOMPARE(schema.breachIn(manifest), std::string());
        QVERIFY(manifest.at("plan").at("restoration") == toJson(*plan.restoration));
        QCOMPARE(*planFromJson(manifest, "manifest").restoration, *plan.restoration);
        const std::string card = contentOf(out / "README.md");
        for (const char *said : {"restored, not plain 2SSP", "Refit down products (r1)", "Refit layer by layer (r4)", "\n- restored\n",
                                 "| held-out loss on prose.txt | 5 plain, 4.25 restored, in nats a token (4 windows) |"})
            QVERIFY2(card.find(said) != std::string::npos, said);
        QCOMPARE(card.find("Widths per layer (r3)") != std::string::npos, hasWidths);
        const auto origin = originOf(Checkpoint::open(out));
        QVERIFY(origin && origin->problem.empty());
        QCOMPARE(origin->planHash, plan.hash());
        QCOMPARE(origin->widths, plan.widths());
    }

    void restoredValuesTakeTheTypeThatIsAskedFor()
    {
        Checkpoint checkpoint = Checkpoint::open(tinyLlama("bf16"));
        const ModelSpec spec = specOf(checkpoint);
        const PruningPlan plan = restoredPlan(spec, {.dtype = DType::BFloat16});
        for (const std::optional<DType> asked : {std::optional<DType>(), std::optional(DType::Float16), std::optional(DType::Float32)}) {
            const WrittenTensors tensors(checkpoint, spec, plan.surgery(), TensorForm{}, asked);
            for (const WrittenTensors::Entry &entry : tensors.entries()) {
                QVERIFY(entry.dtype == asked.value_or(DType::BFloat16));
                if (const WeightEdit *edit = plan.edits.find(entry.role))
                    QVERIFY(tensors.read(entry).to(at::kFloat).equal(copyOf(plan.edits.valuesOf(*edit).view).to(at::kFloat)));
            }
        }
    }

    /// The source has bfloat16, the values have float32.
    void valuesKeepTheirType()
    {
        QTemporaryDir folder;
        Checkpoint checkpoint = Checkpoint::open(tinyLlama("bf16"));
        const ModelSpec spec = specOf(checkpoint);
        const PruningPlan plan = planFor(spec);
        Surgery surgery = plan.surgery();
        surgery.edits = editsWith(folder.filePath("values.safetensors").toStdString(),
                                  {{{.layer = 0, .part = TensorPart::Down}, at::full({spec.hiddenSize, 30}, 1.0001, at::kFloat)}});
        for (const std::optional<DType> asked : {std::optional<DType>(), std::optional(DType::Float16)}) {
            const WrittenTensors tensors(checkpoint, spec, surgery, TensorForm{}, asked);
            for (const WrittenTensors::Entry &entry : tensors.entries()) {
                const bool isChanged = entry.role == TensorRole{.layer = 0, .part = TensorPart::Down};
                QVERIFY(entry.dtype == asked.value_or(isChanged ? DType::Float32 : DType::BFloat16));
                if (isChanged && !asked)
                    QVERIFY(tensors.read(entry).equal(at::full({spec.hiddenSize, 30}, 1.0001, at::kFloat)));
            }
        }
    }
};

QTEST_GUILESS_MAIN(tst_ExportedWeights)
#include "tst_ExportedWeights.moc"
