// SPDX-License-Identifier: GPL-3.0-or-later
// What the verification does when the written folder does not compute what it should. (Exports that succeed are tested with the engine.)
#include "../decoder/TinyLlamas.h"
#include "JsonSchema.h"

#include "exporting/Exporter.h"
#include "exporting/Origin.h"
#include "foundation/Error.h"
#include "pruning/PlanFile.h"
#include "tokenizer/GgufTokenizer.h"

#include "tokenizer/TokenizerFiles.h"

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
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
    const ModelSpec after = prunedSpec(spec, plan.widths(), {});
    plan.balance.denseLayerParameters = layerParameters(spec);
    plan.balance.denseModelParameters = modelParameters(spec);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    return plan;
}

/// Every FFN with so many neurons.
ModelSpec narrowed(const ModelSpec &spec, std::int64_t width)
{
    return prunedSpec(spec, std::vector<std::int64_t>(spec.layers.size(), width), {});
}

const std::vector<std::int32_t> kTokens = {1, 2, 3, 40, 50, 60, 7, 8};

nlohmann::json jsonOf(const std::filesystem::path &file)
{
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

/// What every manifest keeps to.
const JsonSchema &manifestSchema()
{
    static const JsonSchema schema(jsonOf(SECATEUR_SOURCE_DIR "/resources/pruning_manifest.schema.json"));
    return schema;
}

} // namespace

class tst_Exporter : public QObject {
    Q_OBJECT

private slots:
    void schemaFindsWhatIsWrong_data();
    void schemaFindsWhatIsWrong();
    void wrongLogitsKeepTheFolderAsUnverified();
    void whatStandsBesideTheWeightsIsForetold();
    void smallDeviationIsFound();
    void unevenWidthsAreRefused();
    void everyTargetHoldsThePlan_data();
    void everyTargetHoldsThePlan();
    void everyTargetHoldsPlansByHand_data();
    void everyTargetHoldsPlansByHand();
    void layersThatAreLeftOutTakeTheirNumbersAlong();
    void removedFfnsAreWrittenAsEachTargetHoldsThem();
    void layersThatLlamaCppCountsAreNotRenumbered();
    void gemmaAsLlamaCppKnowsItGoesOutAsGguf_data();
    void gemmaAsLlamaCppKnowsItGoesOutAsGguf();
    void whatATargetCannotHoldIsRefusedWithTheReason();
    void codeOfOthersStaysBehind_data();
    void codeOfOthersStaysBehind();
    void documentsWithoutCodeStayAsTheyAre();
    void tokenizersOfRelease5AreReadByOlderOnes();
    void ropeIsWrittenInBothForms_data();
    void ropeIsWrittenInBothForms();
    void layerKindsAreWrittenInBothForms();
    void numbersThatMayBeLeftOutAreWritten();
    void infiniteNumbersStayWhatTheyAre();
    void exportsOfExportsHaveTheirOwnFamilyAgain();
    void theHubsNameIsUsed();
    void namesThatAreNoneOfTheHubsAreNoBaseModel();
    void linksOutOfTheModelAreLeftOut_data();
    void linksOutOfTheModelAreLeftOut();
    void aLinkedTemplateDoesNotGetIntoGguf();
    void aFolderThatMovesGivesItsOwnFiles();
    void whatCannotBeCarriedIsSaidBeforeTheWork_data();
    void whatCannotBeCarriedIsSaidBeforeTheWork();
    void tokenIdsAreComparedToo_data();
    void tokenIdsAreComparedToo();
    void tokenizerThatGgufCannotHoldIsRefusedBeforeTheWork();
};

void tst_Exporter::schemaFindsWhatIsWrong_data()
{
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("value"); // JSON; nothing takes the field away
    QTest::addColumn<QString>("breach");
    QTest::newRow("nothing") << "/version"
                             << "\"1\""
                             << "";
    QTest::newRow("missing") << "/plan/planHash"
                             << ""
                             << "$.plan: there is no 'planHash'";
    QTest::newRow("another field") << "/export/colour"
                                   << "1"
                                   << "$.export: 'colour' is not in the schema";
    QTest::newRow("another type") << "/command"
                                  << "\"secateur-cli\""
                                  << "$.command: \"secateur-cli\" breaks type \"array\"";
    QTest::newRow("in a list") << "/plan/keptNeurons/1/2"
                               << "-1"
                               << "$.plan.keptNeurons[1][2]: -1 breaks minimum 0";
    QTest::newRow("a fraction") << "/plan/balance/N"
                                << "0.5"
                                << "$.plan.balance.N: 0.5 breaks type \"integer\"";
    QTest::newRow("a hash") << "/export/files/model.safetensors"
                            << "\"abc\""
                            << "$.export.files.model.safetensors: \"abc\" breaks pattern";
    QTest::newRow("a word") << "/plan/norm"
                            << "\"l3\""
                            << "$.plan.norm: \"l3\" breaks enum";
}

void tst_Exporter::schemaFindsWhatIsWrong()
{
    QFETCH(QString, pointer);
    QFETCH(QString, value);
    QFETCH(QString, breach);
    QTemporaryDir folder;
    const Decoder dense = loadDecoder(tinyLlama("mha"), 8);
    const PruningPlan plan = planOf(dense.spec(), 30);
    JobContext context;
    writeExport({.checkpoint = Checkpoint::open(tinyLlama("mha")),
                 .dense = dense.spec(),
                 .plan = plan,
                 .pruned = pruned(dense, plan.surgery()),
                 .checkTokens = kTokens,
                 .evaluations = nlohmann::json::array({{{"text", "a.txt"},
                                                        {"tokens", 10},
                                                        {"length", 5},
                                                        {"tokenHash", "abc"},
                                                        {"densePerplexity", 10.5},
                                                        {"prunedPerplexity", 12.5}}})},
                {.format = "hf-dropin",
                 .output = folder.filePath("out").toStdString(),
                 .isOverwriteAllowed = false,
                 .dtype = DType::Float16,
                 .command = {"secateur-cli", "prune"}},
                context);
    nlohmann::json manifest = jsonOf(folder.filePath("out/pruning_manifest.json").toStdString());
    QCOMPARE(manifestSchema().breachIn(manifest), std::string());
    const nlohmann::json::json_pointer place(pointer.toStdString());
    if (value.isEmpty())
        manifest.at(place.parent_pointer()).erase(place.back());
    else
        manifest[place] = nlohmann::json::parse(value.toStdString());
    const QString found = QString::fromStdString(manifestSchema().breachIn(manifest));
    QVERIFY2(breach.isEmpty() ? found.isEmpty() : found.startsWith(breach), qPrintable(found));
}

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
        QVERIFY2(QString(problem.what()).contains("does not reproduce the plan"), problem.what());
        QVERIFY(QString::fromStdString(problem.hint()).contains("out.unverified"));
    }
    QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList("out.unverified"));
    QFile manifest(folder.filePath("out.unverified/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const nlohmann::json told = nlohmann::json::parse(manifest.readAll().toStdString());
    QCOMPARE(told.at("verification").at("passed").get<bool>(), false);
    QCOMPARE(manifestSchema().breachIn(told), std::string());
    QVERIFY_THROWS_EXCEPTION(Error, write(dense)); // another one is kept beside the first
    QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
             QStringList({"out.unverified", "out.unverified-2"}));
    write(pruned(dense, plan.surgery())); // and the right one gets the name
    QVERIFY(QDir(folder.filePath("out")).exists());
}

void tst_Exporter::whatStandsBesideTheWeightsIsForetold()
{
    QTemporaryDir folder;
    const std::filesystem::path model = SECATEUR_SOURCE_DIR "/resources/sample/model", out = folder.filePath("out").toStdString();
    const Checkpoint checkpoint = Checkpoint::open(model);
    const Decoder dense = loadDecoder(model, 8);
    const PruningPlan plan = planOf(dense.spec(), 200);
    JobContext context;
    writeExport({.checkpoint = checkpoint,
                 .dense = dense.spec(),
                 .plan = plan,
                 .pruned = pruned(dense, plan.surgery()),
                 .checkTokens = kTokens,
                 .evaluations = nlohmann::json::array()},
                {.format = "hf-dropin", .output = out, .isOverwriteAllowed = false, .dtype = {}, .command = {}}, context);
    std::int64_t written = 0;
    for (const auto &file : std::filesystem::recursive_directory_iterator(out))
        if (file.is_regular_file() && file.path().extension() != ".safetensors")
            written += std::int64_t(file.file_size());
    const std::int64_t foretold = bytesBesideWeights(model, dense.spec(), 200);
    QVERIFY2(foretold >= written && foretold < written + 100'000, qPrintable(QString("%1, %2").arg(foretold).arg(written)));
}

void tst_Exporter::smallDeviationIsFound()
{
    QTemporaryDir folder;
    const Checkpoint checkpoint = Checkpoint::open(tinyLlama("gqa"));
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 8);
    const PruningPlan plan = planOf(dense.spec(), 30);
    const Decoder right = pruned(dense, plan.surgery());
    Weights weights = right.weights();
    weights.layers[1].ffn->up.weight = weights.layers[1].ffn->up.weight * 1.001;
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
        checkExport(settings, Checkpoint::open(tinyLlama("mha")), dense.spec(), plan.surgery().specOf(dense.spec()), 0);
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
    for (const std::string &odd : tinyOdd())
        models.push_back(odd);
    for (const ExportTarget &target : exportTargets())
        for (const std::string &model : models)
            QTest::addRow("%s of %s", target.name.c_str(), model.c_str())
                << QString::fromStdString(target.name) << QString::fromStdString(model);
}

/// Written, loaded back by the exporter, and as large as was said; with what is exact in it, which the exporter checks on logits.
static void exportsOrRefuses(const QString &format, const std::filesystem::path &model,
                             const std::function<void(PruningPlan &)> &change = {})
{
    QTemporaryDir folder;
    Checkpoint checkpoint = Checkpoint::open(model);
    specOf(checkpoint);
    const Decoder dense = loadDecoder(model, 24);
    PruningPlan plan = planOf(dense.spec(), 30);
    for (std::size_t i = 0; i < plan.keptNeurons.size(); ++i)
        for (std::int64_t &neuron : plan.keptNeurons[i])
            neuron += std::int64_t(i % 3) * 9; // not the first ones
    plan.removedAttentions = {dense.layerCount() - 1, 0};
    plan.balance.attentionsToRemove = 2;
    if (change)
        change(plan);
    const ExportSettings settings{.format = format.toStdString(),
                                  .output = folder.filePath("out").toStdString(),
                                  .isOverwriteAllowed = false,
                                  .dtype = {},
                                  .command = {}};
    std::vector<std::int32_t> tokens(24);
    std::iota(tokens.begin(), tokens.end(), 20);
    JobContext context;
    const Decoder expected = pruned(dense, plan.surgery());
    const ExportSource source{.checkpoint = checkpoint,
                              .dense = dense.spec(),
                              .plan = plan,
                              .pruned = expected,
                              .checkTokens = tokens,
                              .evaluations = nlohmann::json::array()};
    const ModelSpec after = plan.surgery().specOf(dense.spec());
    const std::string problem = exportProblem(settings.format, dense.spec(), after);
    if (!problem.empty()) {
        QVERIFY_THROWS_EXCEPTION(Error, writeExport(source, settings, context));
        QVERIFY(!QDir(folder.filePath("out")).exists());
        return;
    }
    const ExportResult result = writeExport(source, settings, context);
    QVERIFY(result.verification.isPassed);
    QCOMPARE(result.parameters, modelParameters(exportedSpec(settings.format, dense.spec(), after)));
    QCOMPARE(result.bytes, bytesOfExport(settings, checkpoint, dense.spec(), after));
    const std::string breach = manifestSchema().breachIn(jsonOf(folder.filePath("out/pruning_manifest.json").toStdString()));
    QVERIFY2(breach.empty(), breach.c_str());
    // Opened again it says the same: the plan, and what is left of the model.
    const std::filesystem::path out = folder.filePath("out").toStdString();
    const auto origin = originOf(Checkpoint::open(out));
    QVERIFY(origin && origin->problem.empty());
    QCOMPARE(origin->planHash, plan.hash());
    QCOMPARE(origin->widths, plan.widths());
    const ModelSpec reopened = loadDecoder(out, 24).spec();
    ModelSpec left = exportedSpec(settings.format, dense.spec(), after);
    if (format == "gguf-deci") { // what stands for absent parts is told from parts
        left = after;
        std::erase_if(left.layers, [](const LayerSpec &layer) { return !layer.attention && !layer.ffn; });
    }
    QCOMPARE(reopened.layerCount(), left.layerCount());
    for (std::size_t i = 0; i < left.layers.size(); ++i) {
        QCOMPARE(reopened.layers[i].has(Part::Attention), left.layers[i].has(Part::Attention));
        QCOMPARE(reopened.layers[i].neurons(), left.layers[i].neurons());
    }
    if (!format.startsWith("gguf"))
        QCOMPARE(jsonOf(out / "config.json").at("num_hidden_layers").get<std::int64_t>(), left.layerCount());
}

/// FFNs removed here, a whole layer there. `cut`: which.
static PruningPlan cutByHand(PruningPlan plan, const ModelSpec &dense, const QString &cut)
{
    const bool isUneven = cut == "own widths";
    const auto layers = std::size_t(dense.layerCount());
    plan.method = PlanMethod::Manual;
    for (std::size_t i = 0; isUneven && i < layers; ++i)
        plan.keptNeurons[i].resize(30 - 7 * (i % 3));
    plan.removedAttentions.clear();
    if (cut == "first layer") {
        plan.keptNeurons[0].clear();
        plan.removedAttentions = {1, 0}; // and the attention of the one that becomes the first
    } else if (layers == 2) {
        plan.keptNeurons[0].clear();
        plan.removedAttentions = {1};
    } else { // an attention alone, nothing, an FFN alone in the last
        plan.keptNeurons[0].clear();
        plan.keptNeurons[1].clear();
        plan.removedAttentions = {1};
        if (layers > 3)
            plan.removedAttentions.push_back(std::int64_t(layers) - 1);
    }
    const ModelSpec after = plan.surgery().specOf(dense);
    plan.balance.attentionsToRemove = std::int64_t(plan.removedAttentions.size());
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    return plan;
}

void tst_Exporter::everyTargetHoldsThePlan()
{
    QFETCH(QString, format);
    QFETCH(QString, model);
    exportsOrRefuses(format, tinyLlama(model.toStdString()));
}

void tst_Exporter::everyTargetHoldsPlansByHand_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("cut");
    std::vector<std::string> models = tinyFamilies();
    for (const char *other : {"gqa", "sharded", "all-biases", "tied", "gemma2-pattern"})
        models.emplace_back(other);
    for (const ExportTarget &target : exportTargets())
        for (const std::string &model : models)
            for (const char *cut : {"one width", "own widths", "first layer"})
                QTest::addRow("%s of %s, %s", target.name.c_str(), model.c_str(), cut)
                    << QString::fromStdString(target.name) << QString::fromStdString(model) << cut;
}

void tst_Exporter::everyTargetHoldsPlansByHand()
{
    QFETCH(QString, format);
    QFETCH(QString, model);
    QFETCH(QString, cut);
    const std::filesystem::path folder = tinyLlama(model.toStdString());
    const ModelSpec dense = loadDecoder(folder, 8).spec();
    exportsOrRefuses(format, folder, [&](PruningPlan &plan) { plan = cutByHand(plan, dense, cut); });
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

namespace {

/// The folder of an export of the model as a plan by hand leaves it.
nlohmann::json configAfter(const QTemporaryDir &folder, const std::filesystem::path &model, const char *format,
                           const std::vector<std::int64_t> &layersLeftOut, std::vector<std::string> *notes = nullptr)
{
    Checkpoint checkpoint = Checkpoint::open(model);
    specOf(checkpoint);
    const Decoder dense = loadDecoder(model, 24);
    PruningPlan plan = planOf(dense.spec(), 30);
    plan.method = PlanMethod::Manual;
    plan.removedAttentions = layersLeftOut;
    plan.balance.attentionsToRemove = std::int64_t(layersLeftOut.size());
    for (const std::int64_t layer : layersLeftOut)
        plan.keptNeurons[std::size_t(layer)].clear();
    std::vector<std::int32_t> tokens(24);
    std::iota(tokens.begin(), tokens.end(), 20);
    const std::filesystem::path out = folder.filePath("out-" + QString(format)).toStdString();
    JobContext context;
    const ExportResult result =
        writeExport({.checkpoint = checkpoint,
                     .dense = dense.spec(),
                     .plan = plan,
                     .pruned = pruned(dense, plan.surgery()),
                     .checkTokens = tokens,
                     .evaluations = nlohmann::json::array()},
                    {.format = format, .output = out, .isOverwriteAllowed = false, .dtype = {}, .command = {}}, context);
    if (notes)
        *notes = result.notes;
    return jsonOf(out / "config.json");
}

} // namespace

void tst_Exporter::layersThatAreLeftOutTakeTheirNumbersAlong()
{
    using nlohmann::json;
    QTemporaryDir folder;
    json config = configAfter(folder, tinyLlama("smollm3"), "hf-dropin", {1}); // the fourth has no position embedding
    QCOMPARE(config.at("num_hidden_layers").get<int>(), 3);
    QCOMPARE(config.at("no_rope_layers"), (json{1, 1, 0}));
    QTemporaryDir windows;
    config = configAfter(windows, tinyLlama("qwen2-windows"), "hf-compact", {0}); // sliding from layer 1 on
    QCOMPARE(config.at("max_window_layers").get<int>(), 0);
    QCOMPARE(config.at("layer_types"), json(std::size_t(2), "sliding_attention"));
    QCOMPARE(config.at("secateur_layers").size(), 2U);
    QTemporaryDir pattern;
    std::vector<std::string> notes;
    config = configAfter(pattern, tinyLlama("gemma2"), "hf-dropin", {0}, &notes); // every second sees everything: full, sliding, full
    QCOMPARE(config.at("layer_types"), (json{"full_attention", "sliding_attention", "full_attention"}));
    QVERIFY(!config.contains("sliding_window_pattern"));
    QVERIFY(notes.size() == 1 && notes.front().find("'layer_types'") != std::string::npos);
    QTemporaryDir pairs;
    config = configAfter(pairs, tinyLlama("gemma2"), "hf-dropin", {0, 1}, &notes); // a whole period: nothing moves
    QCOMPARE(config.at("layer_types"), (json{"sliding_attention", "full_attention"}));
    QVERIFY(notes.empty());
}

void tst_Exporter::removedFfnsAreWrittenAsEachTargetHoldsThem()
{
    ModelSpec dense = loadDecoder(tinyLlama("gqa"), 8).spec();
    const auto written = [&](const char *format, const std::vector<std::int64_t> &widths) {
        return exportedSpec(format, dense, prunedSpec(dense, widths, {}));
    };
    QCOMPARE(written("hf-dropin", {30, 0, 30}).layers[1].neurons(), 30);
    QVERIFY(!written("hf-compact", {30, 0, 30}).layers[1].ffn);
    QVERIFY(!written("hf-deci", {30, 0, 30}).layers[1].ffn);
    QCOMPARE(written("gguf-deci", {30, 0, 30}).layers[1].neurons(), 32);
    QCOMPARE(written("hf-dropin", {0, 0, 0}).layers[1].neurons(), 48); // no other width to take
    for (LayerSpec &layer : dense.layers)
        layer.ffn->neurons = 1024;
    QCOMPARE(written("gguf-deci", {512, 0, 1024}).layers[1].neurons(), 256); // a K-quant can hold it as it holds the others
    QCOMPARE(written("gguf-deci", {512, 0, 1000}).layers[1].neurons(), 32);
}

void tst_Exporter::layersThatLlamaCppCountsAreNotRenumbered()
{
    const auto problem = [](const ModelSpec &dense, std::int64_t leftOut) {
        std::vector<std::int64_t> widths(dense.layers.size(), 30);
        widths[std::size_t(leftOut)] = 0;
        return QString::fromStdString(exportProblem("gguf-dropin", dense, prunedSpec(dense, widths, {leftOut})));
    };
    const ModelSpec dense = loadDecoder(tinyLlama("smollm3"), 8).spec(); // of four layers, the last has no position embedding
    QVERIFY(problem(dense, 1).contains("once the plan's layers are left out: another choice of layers without a position embedding"));
    QCOMPARE(problem(dense, 3), QString()); // the numbers of the others stay
    QTemporaryDir folder;
    const ModelSpec gemma = loadDecoder(variant(folder, "gemma2", kUsualGemma2), 8).spec();
    QVERIFY(problem(gemma, 0).contains("sliding window"));
    QCOMPARE(problem(gemma, 3), QString());
}

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
    const std::string problem = exportProblem("gguf-dropin", spec, narrowed(spec, 30));
    QCOMPARE(problem.empty(), refusal.isEmpty());
    QVERIFY2(QString::fromStdString(problem).contains(refusal), problem.c_str());
    exportsOrRefuses("gguf-dropin", copy);
}

void tst_Exporter::whatATargetCannotHoldIsRefusedWithTheReason()
{
    const auto problem = [](const char *format, const char *model) {
        const ModelSpec spec = loadDecoder(tinyLlama(model), 8).spec();
        return QString::fromStdString(exportProblem(format, spec, narrowed(spec, 30)));
    };
    ModelSpec pruned = loadDecoder(tinyLlama("gqa"), 8).spec();
    pruned.layers[1].ffn.reset();
    for (const char *format : {"hf-dropin", "gguf-dropin"})
        QVERIFY(QString::fromStdString(exportProblem(format, pruned, prunedSpec(pruned, {30, 0, 30}, {})))
                    .contains("needs an FFN in every layer; the model that is read has none in layer 1"));
    QVERIFY(problem("hf-deci", "mistral").contains("a sliding window of 9 tokens"));
    QVERIFY(problem("hf-deci", "qwen3").contains("norms per head of q and k"));
    QVERIFY(problem("hf-deci", "gemma2").contains("another activation"));
    QVERIFY(problem("hf-deci", "smollm3").contains("without a position embedding"));
    QVERIFY(problem("hf-deci", "phi3-longrope").contains("long rotary factors"));
    QVERIFY(problem("gguf-dropin", "mistral").contains("a sliding window of 9 tokens"));
    QCOMPARE(problem("gguf-dropin", "smollm3"), QString());
    QCOMPARE(problem("hf-deci", "qwen2"), QString());
    QCOMPARE(problem("hf-compact", "gemma3"), QString());
    QVERIFY_THROWS_EXCEPTION(Error, exportProblem("onnx", ModelSpec(), {}));
}

namespace {

std::string textOf(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const std::filesystem::path &file, const std::string &content)
{
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

ExportSettings settingsOf(const std::string &format, const std::filesystem::path &output)
{
    return {.format = format, .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}};
}

/// Exports a model of which every FFN keeps 30 neurons. `before`: what happens between opening and exporting.
ExportResult exported(const std::filesystem::path &model, const std::string &format, const std::filesystem::path &output,
                      const std::function<void()> &before = {})
{
    const Checkpoint checkpoint = Checkpoint::open(model);
    const Decoder dense = loadDecoder(model, 8);
    if (before)
        before();
    const PruningPlan plan = planOf(dense.spec(), 30);
    const Decoder expected = pruned(dense, plan.surgery());
    JobContext context;
    return writeExport({.checkpoint = checkpoint,
                        .dense = dense.spec(),
                        .plan = plan,
                        .pruned = expected,
                        .checkTokens = kTokens,
                        .evaluations = nlohmann::json::array()},
                       settingsOf(format, output), context);
}

bool says(const ExportResult &result, const QString &part)
{
    return std::any_of(result.notes.begin(), result.notes.end(),
                       [&](const std::string &note) { return QString::fromStdString(note).contains(part); });
}

/// All texts of an export in one string.
std::string allTexts(const std::filesystem::path &folder)
{
    std::string all;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && entry.path().extension() != ".safetensors")
            all += textOf(entry.path());
    return all;
}

} // namespace

void tst_Exporter::codeOfOthersStaysBehind_data()
{
    QTest::addColumn<QString>("format");
    for (const ExportTarget &target : exportTargets())
        QTest::newRow(target.name.c_str()) << QString::fromStdString(target.name);
}

void tst_Exporter::codeOfOthersStaysBehind()
{
    QFETCH(QString, format);
    QTemporaryDir folder;
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const std::filesystem::path model =
        variant(folder, "gqa",
                {{"architectures", {"EvilForCausalLM"}},
                 {"auto_map",
                  {{"AutoConfig", "configuration_evil.EvilConfig"}, {"AutoModelForCausalLM", "evil/repo--modeling_evil.EvilForCausalLM"}}},
                 {"custom_pipelines", {{"text-generation", {{"impl", "evil_pipeline.Evil"}}}}},
                 {"trust_remote_code", true},
                 {"attn_implementation", "evil/kernel"},
                 {"_attn_implementation", "sdpa"},
                 {"text_config", {{"auto_map", {{"AutoConfig", "evil.Config"}}}}},
                 {"tokenizer_class", "EvilTokenizer"},
                 {"_name_or_path", "/home/evil/secret"}});
    write(model / "modeling_evil.py", "evil");
    const QStringList evil{"LICENSE.py", "LICENSE.PY", "NOTICE.exe", "license.Safetensors", "COPYING.tar.gz"};
    for (const QString &name : evil)
        write(model / name.toStdString(), "evil");
    write(model / "LICENSE", "a licence");
    write(model / "chat_template.jinja", "{{ messages }}");
    write(model / "tokenizer_config.json",
          R"({"auto_map": {"AutoTokenizer": ["evil/repo--tok.EvilTokenizer", null]}, "tokenizer_class": "EvilTokenizer",
              "name_or_path": "/home/evil", "chat_template": "{% if trust_remote_code %}", "eos_token": "</s>"})");
    write(model / "generation_config.json", R"({"custom_generate": "evil/repo", "temperature": 0.5})");
    const ExportResult result = exported(model, format.toStdString(), output);
    QVERIFY(result.verification.isPassed);
    const std::string all = allTexts(output);
    QVERIFY(all.find("evil/") == std::string::npos);
    QVERIFY(all.find("/home") == std::string::npos);
    QVERIFY(!std::filesystem::exists(output / "modeling_evil.py"));
    for (const QString &name : evil)
        QVERIFY2(!std::filesystem::exists(output / name.toStdString()), qPrintable(name));
    QCOMPARE(textOf(output / "LICENSE"), std::string("a licence"));
    if (format.startsWith("gguf"))
        return;
    const nlohmann::json config = jsonOf(output / "config.json"), tokenizer = jsonOf(output / "tokenizer_config.json");
    for (const char *field : {"custom_pipelines", "trust_remote_code", "attn_implementation", "_attn_implementation", "_name_or_path"})
        QVERIFY2(!config.contains(field), field);
    QCOMPARE(config.at("text_config").size(), 0U);
    QCOMPARE(config.at("tokenizer_class"), "PreTrainedTokenizerFast");
    QCOMPARE(tokenizer.at("tokenizer_class"), "PreTrainedTokenizerFast");
    QCOMPARE(tokenizer.at("chat_template"), "{% if trust_remote_code %}"); // a template is data
    QVERIFY(!tokenizer.contains("auto_map"));
    QCOMPARE(jsonOf(output / "generation_config.json"), nlohmann::json::parse(R"({"temperature": 0.5})"));
    QCOMPARE(textOf(output / "chat_template.jinja"), std::string("{{ messages }}"));
    if (format == "hf-dropin") {
        QVERIFY(!config.contains("auto_map"));
        QCOMPARE(config.at("architectures"), nlohmann::json::array({"LlamaForCausalLM"}));
    } else {
        for (const auto &[name, place] : config.at("auto_map").items()) // of files that are there
            QVERIFY(std::filesystem::exists(output / (place.get<std::string>().substr(0, place.get<std::string>().find('.')) + ".py")));
    }
    const std::string card = textOf(output / "README.md");
    for (const char *what : {"'auto_map'", "'custom_pipelines'", "'trust_remote_code'", "'attn_implementation'", "'custom_generate'",
                             "'text_config.auto_map'", "EvilTokenizer", "LlamaForCausalLM"}) {
        QVERIFY2(says(result, what), what);
        QVERIFY2(card.find(what) != std::string::npos, what);
    }
    QVERIFY(!says(result, "'_attn_implementation'")); // sdpa is a part of the engine
    QCOMPARE(jsonOf(output / "pruning_manifest.json").at("export").at("notes"), nlohmann::json(result.notes));
}

void tst_Exporter::documentsWithoutCodeStayAsTheyAre()
{
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object());
    const std::string tokenizer = "{\"tokenizer_class\":\"LlamaTokenizer\",\n  \"b\": 1e3,\"a\":NaN}";
    write(model / "tokenizer_config.json", tokenizer);
    write(model / "additional_chat_templates" / "rag.jinja", "{{ documents }}");
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const ExportResult result = exported(model, "hf-compact", output);
    QCOMPARE(textOf(output / "tokenizer_config.json"), tokenizer);
    QCOMPARE(textOf(output / "additional_chat_templates" / "rag.jinja"), std::string("{{ documents }}"));
    QCOMPARE(result.notes, std::vector<std::string>());
    QVERIFY(textOf(output / "README.md").find("differs from the base model") == std::string::npos);
}

void tst_Exporter::tokenizersOfRelease5AreReadByOlderOnes()
{
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object());
    write(model / "tokenizer_config.json",
          R"({"tokenizer_class": "TokenizersBackend", "extra_special_tokens": ["<a>"], "eos_token": "</s>"})");
    const std::filesystem::path output = folder.filePath("out").toStdString();
    exported(model, "hf-dropin", output);
    QCOMPARE(jsonOf(output / "tokenizer_config.json"),
             nlohmann::json::parse(
                 R"({"tokenizer_class": "PreTrainedTokenizerFast", "additional_special_tokens": ["<a>"], "eos_token": "</s>"})"));
}

void tst_Exporter::ropeIsWrittenInBothForms_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("older"); ///< rope_theta, rope_scaling, ... ; null: absent
    QTest::addColumn<QString>("newer"); ///< rope_parameters
    QTest::newRow("llama") << "gqa"
                           << R"({"rope_theta": 500000.0, "rope_scaling": null})"
                           << R"({"rope_type": "default", "rope_theta": 500000.0})";
    QTest::newRow("linear") << "gqa"
                            << R"({"rope_theta": 500000.0, "rope_scaling": {"rope_type": "linear", "factor": 2.0}})"
                            << R"({"rope_type": "linear", "factor": 2.0, "rope_theta": 500000.0})";
    QTest::newRow("llama3") << "gqa"
                            << R"({"rope_theta": 20000.0, "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0,
                                 "high_freq_factor": 4.0, "original_max_position_embeddings": 16}})"
                            << R"({"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                 "original_max_position_embeddings": 16, "rope_theta": 20000.0})";
    QTest::newRow("gemma3")
        << "gemma3"
        << R"({"rope_theta": 300000.0, "rope_scaling": {"rope_type": "linear", "factor": 8.0}, "rope_local_base_freq": 7000.0})"
        << R"({"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 300000.0},
                                 "sliding_attention": {"rope_type": "default", "rope_theta": 7000.0}})";
    QTest::newRow("qwen3") << "qwen3"
                           << R"({"rope_theta": 70000.0, "rope_scaling": null})"
                           << R"({"rope_type": "default", "rope_theta": 70000.0})";
}

/// Each form alone gives both; what transformers computes of either is held against ours in tests/peers.
void tst_Exporter::ropeIsWrittenInBothForms()
{
    QFETCH(QString, model);
    QFETCH(QString, older);
    QFETCH(QString, newer);
    const nlohmann::json old = nlohmann::json::parse(older.toStdString()), parameters = nlohmann::json::parse(newer.toStdString());
    for (const bool isNew : {true, false}) {
        QTemporaryDir folder;
        const std::filesystem::path source = variant(folder, model.toStdString().c_str(), nlohmann::json::object());
        nlohmann::json config = jsonOf(source / "config.json");
        for (const char *field :
             {"rope_theta", "rope_scaling", "rope_local_base_freq", "rope_parameters", "original_max_position_embeddings"})
            config.erase(field);
        config.update(isNew ? nlohmann::json{{"rope_parameters", parameters}} : old);
        write(source / "config.json", config.dump());
        for (const char *format : {"hf-dropin", "hf-compact"}) {
            const std::filesystem::path output = folder.filePath(format).toStdString();
            exported(source, format, output);
            const nlohmann::json written = jsonOf(output / "config.json");
            QCOMPARE(QString::fromStdString(written.at("rope_parameters").dump()), QString::fromStdString(parameters.dump()));
            for (const auto &[field, value] : old.items())
                QCOMPARE(QString::fromStdString(written.at(field).dump()), QString::fromStdString(value.dump()));
            QCOMPARE(written.at("dtype"), written.at("torch_dtype"));
        }
    }
}

void tst_Exporter::layerKindsAreWrittenInBothForms()
{
    QTemporaryDir folder;
    const auto written = [&](const char *model, const nlohmann::json &fields, const std::vector<const char *> &without) {
        std::filesystem::remove_all(folder.filePath(model).toStdString());
        std::filesystem::remove_all(folder.filePath("out").toStdString());
        const std::filesystem::path source = variant(folder, model, fields);
        nlohmann::json config = jsonOf(source / "config.json");
        for (const char *field : without)
            config.erase(field);
        write(source / "config.json", config.dump());
        exported(source, "hf-dropin", folder.filePath("out").toStdString());
        return jsonOf(folder.filePath("out").toStdString() + "/config.json");
    };
    const nlohmann::json gemma = jsonOf(tinyLlama("gemma3") / "config.json");
    const std::size_t layers = gemma.at("num_hidden_layers");
    nlohmann::json types = nlohmann::json::array();
    for (std::size_t i = 0; i < layers; ++i)
        types.push_back((i + 1) % 2 != 0 ? "sliding_attention" : "full_attention");
    QCOMPARE(written("gemma3", {{"layer_types", types}}, {"sliding_window_pattern"}).at("sliding_window_pattern"), 2);
    QCOMPARE(written("gemma3", {{"sliding_window_pattern", 2}}, {"layer_types"}).at("layer_types"), types);
    const nlohmann::json qwen = written("qwen2-windows", nlohmann::json::object(), {});
    const std::size_t first = qwen.at("max_window_layers");
    for (std::size_t i = 0; i < qwen.at("layer_types").size(); ++i)
        QCOMPARE(qwen.at("layer_types")[i], i >= first ? "sliding_attention" : "full_attention");
    nlohmann::json both = qwen.at("layer_types");
    QCOMPARE(written("qwen2-windows", {{"layer_types", both}}, {"max_window_layers"}).at("max_window_layers"),
             qwen.at("max_window_layers"));
}

void tst_Exporter::numbersThatMayBeLeftOutAreWritten()
{
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "mha", {{"num_key_value_heads", nullptr}, {"head_dim", nullptr}});
    const nlohmann::json given = jsonOf(model / "config.json");
    for (const char *format : {"hf-dropin", "hf-compact", "hf-deci"}) {
        const std::filesystem::path output = folder.filePath(format).toStdString();
        exported(model, format, output);
        const nlohmann::json config = jsonOf(output / "config.json");
        QCOMPARE(config.at("num_key_value_heads"), given.at("num_attention_heads"));
        QCOMPARE(config.at("head_dim").get<int>(), given.at("hidden_size").get<int>() / given.at("num_attention_heads").get<int>());
    }
}

void tst_Exporter::infiniteNumbersStayWhatTheyAre()
{
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object());
    std::string config = jsonOf(model / "config.json").dump();
    config.back() = ',';
    write(model / "config.json", config + R"("limit": [0.0, Infinity, -Infinity], "coefficient": NaN})");
    const std::filesystem::path output = folder.filePath("out").toStdString();
    exported(model, "hf-dropin", output);
    const std::string written = textOf(output / "config.json");
    QVERIFY(written.find("\"coefficient\": NaN") != std::string::npos);
    const std::size_t finite = written.find(" Infinity"), negative = written.find(" -Infinity");
    QVERIFY(finite != std::string::npos && negative != std::string::npos);
}

void tst_Exporter::exportsOfExportsHaveTheirOwnFamilyAgain()
{
    for (const char *format : {"hf-compact", "hf-deci"}) {
        QTemporaryDir folder;
        const std::filesystem::path first = folder.filePath("first").toStdString();
        exported(tinyLlama("gqa"), format, first);
        const ModelSpec spec = loadDecoder(first, 8).spec();
        for (const ExportTarget &target : exportTargets()) {
            if (!exportProblem(target.name, spec, narrowed(spec, 30)).empty())
                continue;
            const std::filesystem::path second = folder.filePath(QString::fromStdString(target.name)).toStdString();
            const ExportResult result = exported(first, target.name, second);
            QVERIFY(result.verification.isPassed);
            QCOMPARE(result.notes, std::vector<std::string>()); // the code was ours
            if (target.name != "hf-dropin")
                continue;
            const nlohmann::json config = jsonOf(second / "config.json");
            QCOMPARE(config.at("model_type"), "llama");
            QCOMPARE(config.at("architectures"), nlohmann::json::array({"LlamaForCausalLM"}));
            QVERIFY(!config.contains("auto_map") && !config.contains("secateur_layers") && !config.contains("block_configs"));
        }
    }
    ModelSpec spec = loadDecoder(tinyLlama("gqa"), 8).spec();
    spec.layers[0].attention.reset();
    QVERIFY(QString::fromStdString(exportProblem("hf-dropin", spec, narrowed(spec, 30))).contains("has none in layer 0"));
}

void tst_Exporter::theHubsNameIsUsed()
{
    QTemporaryDir folder;
    const std::filesystem::path snapshot = folder.filePath("models--Owner--Name-1B/snapshots/0123abcd").toStdString();
    std::filesystem::create_directories(snapshot);
    for (const auto &entry : std::filesystem::directory_iterator(tinyLlama("gqa")))
        std::filesystem::copy(entry.path(), snapshot / entry.path().filename());
    const std::filesystem::path output = folder.filePath("out").toStdString();
    exported(snapshot, "hf-dropin", output);
    const std::string card = textOf(output / "README.md");
    QVERIFY2(card.starts_with("---\nbase_model: \"Owner/Name-1B\"\n"), card.c_str());
    QVERIFY(card.find("# Owner/Name-1B, pruned") != std::string::npos);
    QCOMPARE(jsonOf(output / "pruning_manifest.json").at("baseModel").at("name"), "Owner/Name-1B");
    QCOMPARE(originOf(Checkpoint::open(output))->baseModel, std::string("Owner/Name-1B"));
    QVERIFY(allTexts(output).find("0123abcd") == std::string::npos);
    exported(snapshot, "gguf-dropin", folder.filePath("gguf").toStdString());
    const Checkpoint gguf = Checkpoint::open(folder.filePath("gguf").toStdString());
    QCOMPARE(gguf.ggufMetadata()->at("general.name"), "Name-1B, pruned");
}

void tst_Exporter::namesThatAreNoneOfTheHubsAreNoBaseModel()
{
    QTemporaryDir folder;
    const std::filesystem::path model = folder.filePath("a: #b\n\"[c](d)").toStdString();
    std::filesystem::copy(tinyLlama("gqa"), model);
    const std::filesystem::path output = folder.filePath("out").toStdString();
    exported(model, "hf-dropin", output);
    const std::string card = textOf(output / "README.md");
    QVERIFY2(card.starts_with("---\ntags:\n- pruned\n- 2ssp\n---\n\n# a: #b?\"\\[c\\](d), pruned\n"), card.c_str());
    QCOMPARE(jsonOf(output / "pruning_manifest.json").at("baseModel").at("name"), "a: #b?\"[c](d)");
}

void tst_Exporter::linksOutOfTheModelAreLeftOut_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"LICENSE", "license.md", "NOTICE.txt", "USE_POLICY.md", "tokenizer_config.json", "generation_config.json",
                             "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json", "tokenizer.model",
                             "chat_template.jinja", "chat_template.json", "additional_chat_templates/a.jinja"})
        QTest::newRow(name) << name;
}

void tst_Exporter::linksOutOfTheModelAreLeftOut()
{
    QFETCH(QString, name);
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object());
    write(folder.filePath("secret").toStdString(), "{\"secret\": \"TOP SECRET\"}");
    const std::filesystem::path link = model / name.toStdString();
    std::filesystem::create_directories(link.parent_path());
    std::filesystem::create_symlink(folder.filePath("secret").toStdString(), link);
    for (const char *format : {"hf-compact", "gguf-dropin"}) {
        const std::filesystem::path output = folder.filePath(format).toStdString();
        const ExportResult result = exported(model, format, output);
        for (const auto &entry : std::filesystem::recursive_directory_iterator(output))
            QVERIFY2(!entry.is_regular_file() || textOf(entry.path()).find("SECRET") == std::string::npos, entry.path().c_str());
        QVERIFY(!std::filesystem::exists(output / name.toStdString()));
        if (QString(format) == "hf-compact")
            QVERIFY(says(result, "'" + name + "' was left out: it is a link that leads out of the model's folder."));
        QVERIFY(allTexts(output).find(folder.path().toStdString()) == std::string::npos); // nor where it leads
    }
}

void tst_Exporter::aLinkedTemplateDoesNotGetIntoGguf()
{
    QTemporaryDir folder;
    const std::filesystem::path model = folder.filePath("model").toStdString();
    std::filesystem::copy(SECATEUR_SOURCE_DIR "/resources/sample/model", model);
    std::filesystem::remove(model / "chat_template.jinja");
    write(folder.filePath("secret").toStdString(), "TOP SECRET");
    const auto hasSecret = [&] { return chatTemplateOf(Checkpoint::open(model)).find("SECRET") != std::string::npos; };
    write(model / "chat_template.jinja", "not a SECRET");
    QVERIFY(hasSecret());
    std::filesystem::remove(model / "chat_template.jinja");
    std::filesystem::create_symlink("../secret", model / "chat_template.jinja");
    QVERIFY(!hasSecret());
    std::filesystem::remove(model / "chat_template.jinja");
    std::filesystem::remove(model / "tokenizer_config.json");
    write(folder.filePath("settings").toStdString(), R"({"chat_template": "TOP SECRET"})");
    std::filesystem::create_symlink("../settings", model / "tokenizer_config.json");
    QVERIFY(!hasSecret());
}

void tst_Exporter::aFolderThatMovesGivesItsOwnFiles()
{
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object()), output = folder.filePath("out").toStdString();
    write(model / "LICENSE", "the licence of the model that was opened");
    write(model / "generation_config.json", R"({"temperature": 0.5})");
    exported(model, "hf-dropin", output, [&] {
        std::filesystem::rename(model, folder.filePath("moved").toStdString());
        std::filesystem::copy(tinyLlama("mha"), model);
        write(model / "LICENSE", "another model's");
        write(model / "NOTICE", "another model's");
        write(model / "generation_config.json", R"({"temperature": 2})");
    });
    QCOMPARE(textOf(output / "LICENSE"), std::string("the licence of the model that was opened"));
    QVERIFY(!std::filesystem::exists(output / "NOTICE"));
    QCOMPARE(jsonOf(output / "generation_config.json").at("temperature"), 0.5);
}

void tst_Exporter::whatCannotBeCarriedIsSaidBeforeTheWork_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("content"); ///< LINK name: a link to it
    QTest::addColumn<QString>("reason");
    QTest::newRow("malformed") << "generation_config.json"
                               << "{\"a\": }"
                               << "generation_config.json' is not valid JSON";
    QTest::newRow("no object") << "tokenizer_config.json"
                               << "[1]"
                               << "must hold a JSON object";
    QTest::newRow("nested") << "generation_config.json"
                            << "{\"a\":" + QString(100'000, '[') << "nested too deeply";
    QTest::newRow("Git LFS") << "tokenizer.model"
                             << "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
                             << "Git LFS pointer";
    QTest::newRow("broken link") << "generation_config.json"
                                 << "LINK absent"
                                 << "is a link to a file that does not exist";
    QTest::newRow("broken link of a licence") << "LICENSE"
                                              << "LINK absent"
                                              << "is a link to a file that does not exist";
    QTest::newRow("no tokenizer") << "tokenizer.json"
                                  << "LINK ../secret.json"
                                  << "is a link to something that is not a tokenizer";
    QTest::newRow("no JSON") << "tokenizer.json"
                             << "LINK ../secret"
                             << "is not valid JSON";
}

void tst_Exporter::whatCannotBeCarriedIsSaidBeforeTheWork()
{
    QFETCH(QString, name);
    QFETCH(QString, content);
    QFETCH(QString, reason);
    QTemporaryDir folder;
    const std::filesystem::path model = variant(folder, "gqa", nlohmann::json::object());
    write(folder.filePath("secret").toStdString(), "TOP SECRET");
    write(folder.filePath("secret.json").toStdString(), R"({"secret": "TOP SECRET"})");
    if (content.startsWith("LINK "))
        std::filesystem::create_symlink(content.mid(5).toStdString(), model / name.toStdString());
    else
        write(model / name.toStdString(), content.toStdString());
    const Checkpoint checkpoint = Checkpoint::open(model);
    const ModelSpec spec = loadDecoder(model, 8).spec();
    try {
        checkExport(settingsOf("hf-compact", folder.filePath("out").toStdString()), checkpoint, spec, narrowed(spec, 30), 0);
        QFAIL("nothing was thrown");
    } catch (const Error &problem) {
        QVERIFY2(QString(problem.what()).contains(reason), problem.what());
        QVERIFY(!problem.hint().empty());
    }
}

/// The sample with another tokenizer.json.
static std::filesystem::path withTokenizer(const QTemporaryDir &folder, const std::function<void(nlohmann::json &)> &change)
{
    const std::filesystem::path copy = folder.filePath("model").toStdString();
    std::filesystem::copy(SECATEUR_SOURCE_DIR "/resources/sample/model", copy);
    std::ifstream stream(copy / "tokenizer.json");
    nlohmann::json tokenizer = nlohmann::json::parse(stream);
    change(tokenizer);
    std::filesystem::remove(copy / "tokenizer.json");
    std::ofstream(copy / "tokenizer.json") << tokenizer;
    return copy;
}

static ExportResult written(const std::filesystem::path &model, const QTemporaryDir &folder, const std::string &format)
{
    const Checkpoint checkpoint = Checkpoint::open(model);
    const Decoder dense = loadDecoder(model, 8);
    const PruningPlan plan = planOf(dense.spec(), 30);
    const Decoder expected = pruned(dense, plan.surgery());
    JobContext context;
    return writeExport(
        {.checkpoint = checkpoint,
         .dense = dense.spec(),
         .plan = plan,
         .pruned = expected,
         .checkTokens = kTokens,
         .evaluations = nlohmann::json::array()},
        {.format = format, .output = folder.filePath("out").toStdString(), .isOverwriteAllowed = false, .dtype = {}, .command = {}},
        context);
}

void tst_Exporter::tokenIdsAreComparedToo_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<bool>("composes");
    QTest::newRow("hf") << "hf-dropin" << false;
    QTest::newRow("hf, NFC") << "hf-dropin" << true;
    QTest::newRow("gguf") << "gguf-dropin" << false;
    QTest::newRow("gguf, NFC") << "gguf-dropin" << true;
}

void tst_Exporter::tokenIdsAreComparedToo()
{
    QFETCH(QString, format);
    QFETCH(bool, composes);
    QTemporaryDir folder;
    const auto model = withTokenizer(folder, [&](nlohmann::json &tokenizer) {
        if (composes)
            tokenizer["normalizer"] = {{"type", "NFC"}};
    });
    const Verification v = written(model, folder, format.toStdString()).verification;
    QVERIFY(v.isPassed);
    QVERIFY(v.ids > 100);
    // llama.cpp leaves NFC out, which is told; it is no failure.
    const bool isTold = composes && format.startsWith("gguf");
    QCOMPARE(v.idsNote.find("not in Unicode's form NFC") != std::string::npos, isTold);
    QCOMPARE(v.idsDiffering > 0, isTold);
    QFile manifest(folder.filePath("out/pruning_manifest.json"));
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const auto told = nlohmann::json::parse(manifest.readAll().toStdString()).at("verification");
    QCOMPARE(told.at("tokenIds").get<std::int64_t>(), v.ids);
    QCOMPARE(told.at("tokenIdsNote").get<std::string>(), v.idsNote);
}

void tst_Exporter::tokenizerThatGgufCannotHoldIsRefusedBeforeTheWork()
{
    const auto refusal = [](const std::string &format, const std::function<void(nlohmann::json &)> &change) {
        QTemporaryDir folder;
        const auto model = withTokenizer(folder, change);
        const Checkpoint checkpoint = Checkpoint::open(model);
        const ModelSpec spec = loadDecoder(model, 8).spec();
        try {
            checkExport(
                {.format = format, .output = folder.filePath("out").toStdString(), .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                checkpoint, spec, narrowed(spec, 30), 0);
        } catch (const Error &problem) {
            return QString(problem.what());
        }
        return QString();
    };
    const auto collapses = [](nlohmann::json &t) {
        t["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", "  "}}}, {"content", " "}};
    };
    const auto marksWord = [](nlohmann::json &t) { t["added_tokens"][0]["single_word"] = true; };
    const auto ignoresMerges = [](nlohmann::json &t) { // which llama.cpp does in no tokenizer that cuts so: no merge makes a word
        const std::string word = "\u0120there";
        nlohmann::json &merges = t["model"]["merges"], kept = nlohmann::json::array();
        for (const auto &merge : merges) {
            const std::string left = merge.is_array() ? merge[0].get<std::string>()
                                                      : merge.get<std::string>().substr(0, merge.get<std::string>().find(' ')),
                              right = merge.is_array() ? merge[1].get<std::string>()
                                                       : merge.get<std::string>().substr(merge.get<std::string>().find(' ') + 1);
            if (left != word && right != word && left + right != word)
                kept.push_back(merge);
        }
        QVERIFY(t["model"]["vocab"].contains(word) && kept.size() < merges.size());
        merges = kept;
        t["model"]["ignore_merges"] = true;
    };
    QVERIFY(refusal("gguf-dropin", collapses).contains("the normalizer 'Replace'"));
    QVERIFY(refusal("gguf-deci", collapses).contains("the normalizer 'Replace'"));
    QVERIFY(refusal("gguf-dropin", marksWord).contains("'single_word'"));
    QVERIFY2(refusal("gguf-dropin", ignoresMerges).contains("llama.cpp would give other ids"),
             qPrintable(refusal("gguf-dropin", ignoresMerges)));
    for (const auto &change : std::vector<std::function<void(nlohmann::json &)>>{collapses, marksWord, ignoresMerges})
        QCOMPARE(refusal("hf-dropin", change), QString());
    QCOMPARE(refusal("gguf-dropin", [](nlohmann::json &) {}), QString());
}

QTEST_GUILESS_MAIN(tst_Exporter)
#include "tst_Exporter.moc"
