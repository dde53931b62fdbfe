// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs on the bundled sample, as a front end asks for them.
#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "engine/Engine.h"
#include "engine/ProcessMemory.h"
#include "exporting/Manifest.h"
#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "model/Families.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <sys/resource.h>

using namespace secateur;

namespace {

const std::string kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";
const std::string kText = SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt";
const std::string kHeldOut = SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt";

TextSettings text(const std::string &file, std::optional<std::int64_t> windows, std::int64_t length = 128)
{
    return {.files = {file}, .windows = windows, .length = length, .seed = 0};
}

BalanceSettings sparsity(double value)
{
    BalanceSettings settings;
    settings.sparsity = value;
    return settings;
}

QString complaint(const std::function<void()> &action)
{
    try {
        action();
    } catch (const Error &problem) {
        return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
    }
    return {};
}

/// SHA-256 of every file of a folder.
std::map<std::string, std::string> hashes(const std::filesystem::path &folder)
{
    std::map<std::string, std::string> found;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
        found[entry.path().filename().string()] = Sha256::ofFile(entry.path());
    return found;
}

/// A copy of the sample whose tensor `name` holds `value` in its first element.
void copyWithValue(const QString &folder, const std::string &name, std::uint16_t bfloat16)
{
    std::filesystem::copy(kModel, folder.toStdString());
    const Checkpoint checkpoint = Checkpoint::open(kModel);
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const TensorView &view : checkpoint.files()[0]->tensors())
        declarations.push_back({view.name, view.dtype, view.shape});
    std::filesystem::remove(folder.toStdString() + "/model.safetensors");
    SafetensorsWriter writer(folder.toStdString() + "/model.safetensors", declarations, {});
    for (const TensorView &view : checkpoint.files()[0]->tensors()) {
        std::vector<std::byte> bytes(view.bytes.begin(), view.bytes.end());
        if (view.name == name)
            std::memcpy(bytes.data(), &bfloat16, sizeof bfloat16);
        writer.write(view.name, bytes);
    }
    writer.finish();
}

} // namespace

class tst_Engine : public QObject {
    Q_OBJECT

private slots:
    void onlyTextsThatHoldTokensWithoutARowAreRefused();
    void promptsBeginAsTheTemplateSays();
    void initTestCase();
    void openTellsWhatTheModelIs();
    void decisionsOfTheSampleAreThoseOfTheAuthorsCode();
    void twoRunsGiveTheSameBits();
    void exportedFolderComputesWhatThePlanComputes();
    void everyTargetOpensAgainWithItsTokenizer_data();
    void everyTargetOpensAgainWithItsTokenizer();
    void countsAreThoseOfTheWrittenFiles();
    void exportedFolderOpensAndIsPrunedAgain();
    void exportOpensAgainWithItsPlan_data();
    void exportOpensAgainWithItsPlan();
    void shardsStayShards();
    void changedWeightsAreComputedOnceTheyAreRight();
    void exportTypeCanBeChosen();
    void existingOutputIsKept();
    void modelThatIsReadIsNeverReplaced();
    void outputThatCannotBeWrittenIsNamed();
    void fullDiskLeavesNothing();
    void cancelledExportLeavesNothing();
    void unfinishedPlanIsNotExported();
    void searchGoesOnOnlyWithTheSameSettings();
    void impactIsTheFirstStepOfASearchThatKeepsAllNeurons();
    void memoryIsKnownBeforeLoading();
    void protectedAndForcedLayersAreKept();
    void impossibleSettingsAreRefused_data();
    void impossibleSettingsAreRefused();
    void windowsLongerThanTheContextAreRefused();
    void shortTextTellsHaveAndNeed();
    void missingTokenizerStopsOnlyWhatNeedsIt();
    void nonFiniteWeightsAreNamed();
    void overflowingActivationsNameTheLayer();
    void unknownDevicesAndTypesAreRefused();
    void generationWritesOn();

private:
    PruningPlan plan(double s, std::optional<std::int64_t> remove = {});

    JobContext m_context;
    std::unique_ptr<Engine> m_engine;
    std::shared_ptr<const NeuronScores> m_scores;
};

void tst_Engine::initTestCase()
{
    m_engine = std::make_unique<Engine>(EngineSettings{.device = "cpu", .dtype = "float32", .threads = 0});
    m_engine->open(kModel);
    m_scores = m_engine->score(text(kText, 4), ScoreNorm::L2, m_context);
}

/// A finished plan of the sample: calibrated on four short windows.
PruningPlan tst_Engine::plan(double s, std::optional<std::int64_t> remove)
{
    BalanceSettings settings = sparsity(s);
    settings.attentionsToRemove = remove;
    PruningPlan made = planFromScores(m_engine->open(kModel)->spec, *m_scores, settings);
    m_engine->search(made, text(kText, {}), {}, m_context);
    return made;
}

void tst_Engine::openTellsWhatTheModelIs()
{
    const auto summary = m_engine->open(kModel);
    QCOMPARE(summary->spec.layerCount(), 12);
    QCOMPARE(modelParameters(summary->spec), 2'636'928);
    QCOMPARE(summary->tensorBytes, 2 * 2'636'928);
    QVERIFY(summary->storedDtype == DType::BFloat16);
    QCOMPARE(summary->tokenizerSize.value_or(0), 2048);
}

void tst_Engine::decisionsOfTheSampleAreThoseOfTheAuthorsCode()
{
    // tests/fixtures/authors-sample.json: what their code decides for the sample, 32 windows of 512, made by tests/peers/authors_2ssp.py.
    std::ifstream stream(SECATEUR_FIXTURES "/authors-sample.json");
    const nlohmann::json expected = nlohmann::json::parse(stream);
    const auto scores = m_engine->score(text(kText, 32, 512), ScoreNorm::L2, m_context);
    for (const nlohmann::json &run : expected.at("runs")) {
        PruningPlan made = planFromScores(m_engine->open(kModel)->spec, *scores, sparsity(run.at("sparsity")));
        m_engine->search(made, text(kText, {}, 512), {}, m_context);
        QCOMPARE(made.balance.attentionsToRemove, run.at("N").get<std::int64_t>());
        QCOMPARE(made.balance.neuronsKept, run.at("K").get<std::int64_t>());
        QCOMPARE(made.keptNeurons, run.at("keptNeurons").get<std::vector<std::vector<std::int64_t>>>());
        QCOMPARE(made.removedAttentions, run.at("removalOrder").get<std::vector<std::int64_t>>());
        std::size_t next = 0; // their perplexities, candidate by candidate
        for (const SearchStep &step : made.search.steps)
            for (std::size_t j = 0; j < step.losses.size(); ++j)
                if (!std::isnan(step.losses[j])) {
                    const double theirs = run.at("perplexities").at(next).at(1);
                    QCOMPARE(run.at("perplexities").at(next++).at(0).get<std::size_t>(), j);
                    QVERIFY(std::abs(std::exp(step.losses[j]) - theirs) < 1e-5 * theirs);
                }
        QCOMPARE(next, run.at("perplexities").size());
    }
}

void tst_Engine::twoRunsGiveTheSameBits()
{
    QTemporaryDir folder;
    std::vector<std::map<std::string, std::string>> runs;
    for (const char *name : {"a", "b"}) {
        Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
        const auto summary = engine.open(kModel);
        const auto scores = engine.score(text(kText, 4), ScoreNorm::L2, m_context);
        PruningPlan made = planFromScores(summary->spec, *scores, sparsity(0.375));
        engine.search(made, text(kText, {}), {}, m_context);
        const std::filesystem::path output = folder.filePath(name).toStdString();
        engine.exportPlan(made, {.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                          nlohmann::json::array(), m_context);
        runs.push_back(hashes(output));
    }
    QCOMPARE(runs[0], runs[1]);
    QVERIFY(runs[0].contains("pruning_manifest.json"));
}

void tst_Engine::exportedFolderComputesWhatThePlanComputes()
{
    QTemporaryDir folder;
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const PruningPlan made = plan(0.5);
    const ExportResult result =
        m_engine->exportPlan(made, {.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                             nlohmann::json::array(), m_context);
    QVERIFY(result.verification.isPassed);
    QCOMPARE(result.verification.tokens, 128);
    const std::vector<std::int32_t> tokens = {1, 5, 77, 1023, 2047, 300, 42};
    const std::vector<float> ours = m_engine->logits(&made, tokens, m_context);
    const std::vector<float> dense = m_engine->logits(nullptr, tokens, m_context);
    Engine other({.device = "cpu", .dtype = "float32", .threads = 0});
    other.open(output);
    const std::vector<float> theirs = other.logits(nullptr, tokens, m_context);
    float difference = 0, change = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
        difference = std::max(difference, std::abs(ours[i] - theirs[i]));
        change = std::max(change, std::abs(ours[i] - dense[i]));
    }
    QVERIFY2(difference < 1e-4F, qPrintable(QString::number(double(difference))));
    QVERIFY(change > 0.1F);
    const Evaluation inMemory = m_engine->evaluate(&made, text(kHeldOut, 3), m_context),
                     written = other.evaluate(nullptr, text(kHeldOut, 3), m_context);
    QVERIFY(std::abs(inMemory.loss - written.loss) < 1e-6);
    QCOMPARE(inMemory.tokens, 3 * 127);
}

void tst_Engine::everyTargetOpensAgainWithItsTokenizer_data()
{
    QTest::addColumn<QString>("format");
    for (const ExportTarget &target : exportTargets())
        QTest::newRow(target.name.c_str()) << QString::fromStdString(target.name);
}

/// Perplexity on a text needs weights, configuration and tokenizer of the export.
void tst_Engine::everyTargetOpensAgainWithItsTokenizer()
{
    QFETCH(QString, format);
    QTemporaryDir folder;
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const PruningPlan made = plan(0.375);
    m_engine->exportPlan(made, {.format = format.toStdString(), .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                         nlohmann::json::array(), m_context);
    Engine other({.device = "cpu", .dtype = "float32", .threads = 0});
    const auto summary = other.open(output);
    QCOMPARE(summary->tokenizerSize, m_engine->open(kModel)->tokenizerSize);
    const Evaluation inMemory = m_engine->evaluate(&made, text(kHeldOut, 3), m_context),
                     written = other.evaluate(nullptr, text(kHeldOut, 3), m_context);
    QVERIFY2(std::abs(inMemory.loss - written.loss) < 1e-6, qPrintable(QString::number(inMemory.loss - written.loss)));
}

void tst_Engine::countsAreThoseOfTheWrittenFiles()
{
    QTemporaryDir folder;
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const PruningPlan made = plan(0.375);
    const ExportResult result =
        m_engine->exportPlan(made, {.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                             nlohmann::json::array(), m_context);
    std::int64_t parameters = 0, bytes = 0;
    const SafetensorsFile file(output / "model.safetensors");
    for (const TensorView &view : file.tensors()) {
        parameters += elementCount(view.shape);
        bytes += std::int64_t(view.bytes.size());
    }
    QCOMPARE(result.parameters, parameters);
    QCOMPARE(result.bytes, bytes);
    // The plan leaves out each removed attention and its norm; this format keeps them.
    QCOMPARE(parameters, made.balance.modelParameters + made.balance.attentionsToRemove * (4 * 128 * 128 + 128));
}

void tst_Engine::exportedFolderOpensAndIsPrunedAgain()
{
    QTemporaryDir folder;
    const std::filesystem::path first = folder.filePath("first").toStdString(), second = folder.filePath("second").toStdString();
    m_engine->exportPlan(plan(0.25), {.format = "hf-dropin", .output = first, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                         nlohmann::json::array(), m_context);
    Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
    const auto summary = engine.open(first);
    const auto scores = engine.score(text(kText, 2), ScoreNorm::L2, m_context);
    PruningPlan again = planFromScores(summary->spec, *scores, sparsity(0.25));
    engine.search(again, text(kText, {}), {}, m_context);
    QVERIFY(engine
                .exportPlan(again, {.format = "hf-dropin", .output = second, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                            nlohmann::json::array(), m_context)
                .verification.isPassed);
}

void tst_Engine::exportOpensAgainWithItsPlan_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("opened"); ///< within the export
    for (const ExportTarget &target : exportTargets()) {
        const QString format = QString::fromStdString(target.name);
        QTest::addRow("%s", target.name.c_str()) << format << "";
        if (format.startsWith("gguf"))
            QTest::addRow("%s, the file", target.name.c_str()) << format << "model.gguf";
    }
}

void tst_Engine::exportOpensAgainWithItsPlan()
{
    QFETCH(QString, format);
    QFETCH(QString, opened);
    QTemporaryDir folder;
    const std::filesystem::path output = folder.filePath("out").toStdString();
    const PruningPlan made = plan(0.375);
    m_engine->exportPlan(made, {.format = format.toStdString(), .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                         nlohmann::json::array(), m_context);
    const std::filesystem::path path = opened.isEmpty() ? output : output / opened.toStdString();
    Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
    const std::optional<PruningOrigin> origin = engine.open(path)->origin;
    QVERIFY(origin);
    QCOMPARE(origin->problem, std::string());
    QCOMPARE(origin->baseModel, std::string("sample"));
    QCOMPARE(origin->format, format.toStdString());
    QCOMPARE(origin->planHash, made.hash());
    QCOMPARE(origin->removedAttentions, made.removedAttentions);
    QCOMPARE(origin->widths, made.widths());
    QVERIFY(originFromJson(toJson(*origin)) == *origin);

    std::ofstream(output / kManifestFile, std::ios::app) << "damaged";
    const auto damaged = Engine({.device = "cpu", .dtype = "float32", .threads = 0}).open(path)->origin; // the weights are still whole
    QVERIFY(damaged && damaged->problem.find("pruning_manifest.json") != std::string::npos);
    std::filesystem::remove(output / kManifestFile);
    QVERIFY(!Engine({.device = "cpu", .dtype = "float32", .threads = 0}).open(path)->origin);
}

void tst_Engine::changedWeightsAreComputedOnceTheyAreRight()
{
    QTemporaryDir folder;
    Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
    const auto summary = engine.open(SECATEUR_FIXTURES "/tiny-llamas/sharded");
    NeuronScores scores;
    for (const LayerSpec &layer : summary->spec.layers)
        scores.layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    scores.provenance.modelHash = engine.modelHash(m_context);
    BalanceSettings settings = sparsity(0.2);
    settings.attentionsToRemove = 0;
    PruningPlan made = planFromScores(summary->spec, scores, settings);
    const std::vector<float> before = engine.logits(&made, {1, 2, 3}, m_context);

    const std::filesystem::path file = folder.filePath("values.safetensors").toStdString();
    const std::vector<float> values(std::size_t(summary->spec.hiddenSize), 2.0F);
    SafetensorsWriter writer(file, {{"norm.weight", DType::Float32, {summary->spec.hiddenSize}}}, {});
    writer.write("norm.weight", std::as_bytes(std::span(values)));
    writer.finish();
    made.edits = editsIn(std::make_shared<const SafetensorsFile>(file));
    QVERIFY(engine.logits(&made, {1, 2, 3}, m_context) != before);
    made.edits.list.front().sha256 = std::string(64, '0'); // as where the file was changed since the plan was read
    QVERIFY_THROWS_EXCEPTION(Error, engine.logits(&made, {1, 2, 3}, m_context));
}

void tst_Engine::shardsStayShards()
{
    QTemporaryDir folder;
    Engine engine({.device = "cpu", .dtype = "float32", .threads = 0});
    const std::filesystem::path source = SECATEUR_FIXTURES "/tiny-llamas/sharded", output = folder.filePath("out").toStdString();
    const auto summary = engine.open(source);
    NeuronScores scores;
    for (const LayerSpec &layer : summary->spec.layers)
        scores.layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    scores.provenance.modelHash = engine.modelHash(m_context);
    BalanceSettings settings = sparsity(0.2);
    settings.attentionsToRemove = 0;
    const PruningPlan made = planFromScores(summary->spec, scores, settings);
    const ExportResult result =
        engine.exportPlan(made, {.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}},
                          nlohmann::json::array(), m_context);
    QVERIFY(result.verification.isPassed);
    std::ifstream stream(output / "model.safetensors.index.json");
    const nlohmann::json index = nlohmann::json::parse(stream);
    QCOMPARE(index.at("metadata").at("total_size").get<std::int64_t>(), result.bytes);
    QCOMPARE_GE(Checkpoint::open(output).files().size(), 2U);
}

void tst_Engine::exportTypeCanBeChosen()
{
    QTemporaryDir folder;
    const PruningPlan made = plan(0.375);
    for (const DType dtype : {DType::Float32, DType::Float16}) {
        const std::filesystem::path output = folder.filePath(QString::fromStdString(std::string(configName(dtype)))).toStdString();
        const ExportResult result = m_engine->exportPlan(
            made, {.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = dtype, .command = {}},
            nlohmann::json::array(), m_context);
        QVERIFY(result.verification.isPassed);
        QVERIFY(Checkpoint::open(output).dtype() == dtype);
        QCOMPARE(Checkpoint::open(output).config().at("torch_dtype").get<std::string>(), std::string(configName(dtype)));
    }
}

void tst_Engine::existingOutputIsKept()
{
    QTemporaryDir folder;
    const std::string output = folder.filePath("out").toStdString();
    std::filesystem::create_directory(output);
    std::ofstream(output + "/precious.txt") << "precious";
    ExportSettings settings{.format = "hf-dropin", .output = output, .isOverwriteAllowed = false, .dtype = {}, .command = {}};
    const auto refused = [&] { return complaint([&] { m_engine->exportPlan(plan(0.25), settings, nlohmann::json::array(), m_context); }); };
    for (const bool isOverwriteAllowed : {false, true}) { // no advice that would not help
        settings.isOverwriteAllowed = isOverwriteAllowed;
        QVERIFY(refused().contains("was not exported by this program, so it is not replaced"));
    }
    std::ofstream(folder.filePath("file").toStdString()) << "a file";
    settings.output = folder.filePath("file/../out").toStdString(); // the system finds nothing there, the name leads to it
    settings.isOverwriteAllowed = false;
    QVERIFY(!refused().isEmpty());
    settings.output = output;
    settings.isOverwriteAllowed = true;
    QVERIFY(std::filesystem::exists(output + "/precious.txt"));
    std::filesystem::remove(output + "/precious.txt");
    QCOMPARE(refused(), QString());
    const auto first = std::filesystem::last_write_time(output + "/config.json");
    QCOMPARE(refused(), QString()); // an export of ours is replaced
    QVERIFY(std::filesystem::last_write_time(output + "/config.json") > first);
    settings.format = "onnx";
    QVERIFY(complaint([&] {
                m_engine->checkExportSettings(settings, 100);
            }).contains("There is no export format 'onnx'. Formats: hf-dropin, hf-compact, hf-deci"));
}

void tst_Engine::modelThatIsReadIsNeverReplaced()
{
    QTemporaryDir folder;
    const std::filesystem::path parent = folder.filePath("models").toStdString();
    std::filesystem::create_directory(parent);
    std::filesystem::copy(kModel, parent / "sample");
    std::ofstream(parent / "sample/pruning_manifest.json") << "{}"; // as if it were an export of ours
    Engine engine({.device = "cpu", .dtype = "auto", .threads = 0});
    engine.open(parent / "sample");
    for (const std::filesystem::path &output : {parent / "sample", parent / "sample/", parent / "sample/../sample", parent}) {
        const ExportSettings settings{.format = "hf-dropin", .output = output, .isOverwriteAllowed = true, .dtype = {}, .command = {}};
        const QString what = complaint([&] { engine.checkExportSettings(settings, 100); });
        QVERIFY2(what.contains("holds the model itself"), qPrintable(what));
    }
}

void tst_Engine::outputThatCannotBeWrittenIsNamed()
{
    ExportSettings settings{.format = "hf-dropin",
                            .output = "/proc/secateur-out",
                            .isOverwriteAllowed = false,
                            .dtype = {},
                            .command = {}}; // a folder where even root cannot write
    QVERIFY(complaint([&] { m_engine->exportPlan(plan(0.25), settings, nlohmann::json::array(), m_context); }).contains("/proc"));
    settings.output = "/no/such/folder/out";
    QVERIFY(complaint([&] { m_engine->checkExportSettings(settings, 100); }).contains("The folder '/no/such/folder' does not exist."));
}

void tst_Engine::fullDiskLeavesNothing()
{
    QTemporaryDir folder;
    const PruningPlan made = plan(0.25);
    signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{.rlim_cur = 1'000'000, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const QString what = complaint([&] {
        m_engine->exportPlan(made,
                             {.format = "hf-dropin",
                              .output = folder.filePath("out").toStdString(),
                              .isOverwriteAllowed = false,
                              .dtype = {},
                              .command = {}},
                             nlohmann::json::array(), m_context);
    });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(what.contains("model.safetensors"), qPrintable(what));
    const QRegularExpression remedy(
        "[\\d.]+ [kM]B of about [\\d.]+ MB was written. Nothing was left behind: the partial files were removed. "
        "Raise the limit, or choose a folder on another disk.$");
    QVERIFY2(what.contains(remedy), qPrintable(what));
    QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
}

void tst_Engine::cancelledExportLeavesNothing()
{
    const PruningPlan made = plan(0.25);
    for (const char *phase : {"export", "load", "verify"}) {
        QTemporaryDir folder;
        std::stop_source stop;
        JobContext context(stop.get_token(), [&](const Progress &p) {
            if (p.phase == phase && p.done >= p.total / 2)
                stop.request_stop();
        });
        const ExportSettings settings{
            .format = "hf-dropin", .output = folder.filePath("out").toStdString(), .isOverwriteAllowed = false, .dtype = {}, .command = {}};
        QVERIFY_THROWS_EXCEPTION(Cancelled, m_engine->exportPlan(made, settings, nlohmann::json::array(), context));
        QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
    }
}

void tst_Engine::unfinishedPlanIsNotExported()
{
    QTemporaryDir folder;
    const PruningPlan made = planFromScores(m_engine->open(kModel)->spec, *m_scores, sparsity(0.5));
    QVERIFY(complaint([&] {
                m_engine->exportPlan(made,
                                     {.format = "hf-dropin",
                                      .output = folder.filePath("out").toStdString(),
                                      .isOverwriteAllowed = false,
                                      .dtype = {},
                                      .command = {}},
                                     nlohmann::json::array(), m_context);
            }).contains("removes 0 of 5 attentions: its search is not finished"));
}

void tst_Engine::searchGoesOnOnlyWithTheSameSettings()
{
    const PruningPlan three = plan(0.375);
    const ModelSpec spec = m_engine->open(kModel)->spec;
    PruningPlan longer = withRemovals(three, spec, 5);
    m_engine->search(longer, text(kText, {}), {}, m_context);
    QCOMPARE(longer.removedAttentions.size(), 5U);
    QVERIFY(std::equal(three.removedAttentions.begin(), three.removedAttentions.end(), longer.removedAttentions.begin()));
    PruningPlan other = withRemovals(three, spec, 5);
    QVERIFY(complaint([&] {
                m_engine->search(other, text(kHeldOut, {}), {}, m_context);
            }).contains("cannot be resumed: it was made with another text"));
    QVERIFY(complaint([&] {
                m_engine->search(other, text(kText, {}), {.windows = 1, .referenceLoss = true, .forcedLayers = {}, .protectedLayers = {}},
                                 m_context);
            }).contains("other settings"));
}

void tst_Engine::impactIsTheFirstStepOfASearchThatKeepsAllNeurons()
{
    const ModelSpec spec = m_engine->open(kModel)->spec;
    const SearchSettings settings{.windows = 2, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {}};
    double initial = 0;
    std::vector<double> heard(12);
    const SearchRecord record = m_engine->impact(text(kText, {}), settings, m_context, [&](const CandidateLoss &known) {
        (known.step < 0 ? initial : heard[std::size_t(known.layer)]) = known.loss;
    });
    BalanceSettings all;
    all.neuronsKept = spec.mostNeurons();
    all.attentionsToRemove = 1;
    PruningPlan searched = planFromScores(spec, *m_scores, all);
    m_engine->search(searched, text(kText, {}), settings, m_context);
    QCOMPARE(record.steps.size(), 1U);
    QCOMPARE(record.initialLoss, searched.search.initialLoss);
    QVERIFY(record.steps[0].losses == searched.search.steps[0].losses); // every bit
    QCOMPARE(record.steps[0].removed, searched.removedAttentions.front());
    QVERIFY(record.provenance == searched.search.provenance);
    QVERIFY(record.settings == settings);
    QCOMPARE(initial, record.initialLoss);
    QVERIFY(heard == record.steps[0].losses);
    // The same by evaluating the dense model and each variant alone.
    QVERIFY(std::abs(m_engine->evaluate(nullptr, text(kText, 2), m_context).loss - record.initialLoss) < 1e-6);
    for (std::int64_t layer = 0; layer < 12; ++layer) {
        PruningPlan variant = searched;
        variant.removedAttentions = {layer};
        variant.search = {};
        variant.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
        const double alone = m_engine->evaluate(&variant, text(kText, 2), m_context).loss;
        QVERIFY(std::abs(alone - record.steps[0].losses[std::size_t(layer)]) < 1e-6);
    }
}

void tst_Engine::memoryIsKnownBeforeLoading()
{
    const auto summary = m_engine->open(kModel);
    QCOMPARE(weightBytes(*summary, DType::Float32), 4 * 2'636'928);
    QCOMPARE(weightBytes(*summary, DType::BFloat16), summary->tensorBytes); // as it is stored
    QVERIFY(availableMemoryBytes() > 10'000'000);
    QVERIFY(specFromConfig(summary->config, "config.json") == summary->spec);
}

void tst_Engine::protectedAndForcedLayersAreKept()
{
    PruningPlan made = planFromScores(m_engine->open(kModel)->spec, *m_scores, sparsity(0.375));
    m_engine->search(made, text(kText, {}), {.windows = 2, .referenceLoss = false, .forcedLayers = {11}, .protectedLayers = {0, 1, 2, 3}},
                     m_context);
    QCOMPARE(made.removedAttentions.front(), 11);
    for (const std::int64_t layer : made.removedAttentions)
        QVERIFY(layer > 3);
    QVERIFY(made.search.steps[0].isForced);
    QCOMPARE(made.search.provenance.windows, 2);
}

void tst_Engine::impossibleSettingsAreRefused_data()
{
    QTest::addColumn<std::vector<std::int64_t>>("forced");
    QTest::addColumn<std::vector<std::int64_t>>("isProtected");
    QTest::addColumn<QString>("what");
    using Layers = std::vector<std::int64_t>;
    QTest::newRow("no such layer") << Layers{12} << Layers{} << "There is no layer 12 to force.";
    QTest::newRow("negative") << Layers{} << Layers{-1} << "There is no layer -1 to protect.";
    QTest::newRow("twice") << Layers{1, 1} << Layers{} << "Layer 1 is named twice among the layers to force.";
    QTest::newRow("both") << Layers{4} << Layers{4} << "Layer 4 is both forced and protected.";
    QTest::newRow("too many forced") << Layers{1, 2, 3, 4} << Layers{} << "4 removals are forced, but the plan removes 3";
    QTest::newRow("too many protected") << Layers{} << Layers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} << "10 of 12 are protected";
}

void tst_Engine::impossibleSettingsAreRefused()
{
    QFETCH(std::vector<std::int64_t>, forced);
    QFETCH(std::vector<std::int64_t>, isProtected);
    QFETCH(QString, what);
    PruningPlan made = planFromScores(m_engine->open(kModel)->spec, *m_scores, sparsity(0.375));
    const QString text1 = complaint([&] {
        m_engine->search(made, text(kText, {}),
                         {.windows = 1, .referenceLoss = false, .forcedLayers = forced, .protectedLayers = isProtected}, m_context);
    });
    QVERIFY2(text1.contains(what), qPrintable(text1));
}

void tst_Engine::windowsLongerThanTheContextAreRefused()
{
    QVERIFY(complaint([&] {
                m_engine->evaluate(nullptr, text(kText, 1, 1024), m_context);
            }).contains("Windows of 1024 tokens are longer than the model's context of 512."));
}

void tst_Engine::shortTextTellsHaveAndNeed()
{
    QTemporaryDir folder;
    const std::string file = folder.filePath("short.txt").toStdString();
    std::ofstream(file) << "Once upon a time.";
    const QString what = complaint([&] { m_engine->score(text(file, 32, 512), ScoreNorm::L2, m_context); });
    QVERIFY2(what.contains("16,384") && what.contains("tokens"), qPrintable(what));
}

void tst_Engine::missingTokenizerStopsOnlyWhatNeedsIt()
{
    Engine engine({.device = "cpu", .dtype = "auto", .threads = 0});
    const auto summary = engine.open(SECATEUR_FIXTURES "/tiny-llamas/mha");
    QVERIFY(!summary->tokenizerSize);
    QCOMPARE(engine.logits(nullptr, {1, 2, 3}, m_context).size(), 3U * 64U);
    QVERIFY(complaint([&] { engine.score(text(kText, 2, 32), ScoreNorm::L2, m_context); }).contains("no usable tokenizer"));
}

void tst_Engine::nonFiniteWeightsAreNamed()
{
    for (const std::uint16_t value : {std::uint16_t(0x7FC0), std::uint16_t(0xFF80)}) { // NaN, minus infinity
        QTemporaryDir folder;
        const QString broken = folder.filePath("model");
        copyWithValue(broken, "model.layers.4.mlp.up_proj.weight", value);
        Engine engine({.device = "cpu", .dtype = "auto", .threads = 0});
        engine.open(broken.toStdString());
        const QString what = complaint([&] { engine.score(text(kText, 2, 32), ScoreNorm::L2, m_context); });
        QVERIFY2(what.contains("'model.layers.4.mlp.up_proj.weight' holds NaN or infinite values"), qPrintable(what));
    }
}

void tst_Engine::overflowingActivationsNameTheLayer()
{
    QTemporaryDir folder;
    const QString broken = folder.filePath("model");
    copyWithValue(broken, "model.layers.5.post_attention_layernorm.weight", 0x7F7F); // the largest finite number
    Engine engine({.device = "cpu", .dtype = "auto", .threads = 0});
    engine.open(broken.toStdString());
    const QString scored = complaint([&] { engine.score(text(kText, 2, 32), ScoreNorm::L2, m_context); });
    QVERIFY2(scored.contains("The activations of layer 5 are not finite."), qPrintable(scored));
    const QString evaluated = complaint([&] { engine.evaluate(nullptr, text(kText, 2, 32), m_context); });
    QVERIFY2(evaluated.contains("The activations of layer 5 are not finite."), qPrintable(evaluated));
    for (const QString &what : {scored, evaluated}) // float32 cannot hold it either
        QVERIFY2(what.endsWith("The checkpoint is damaged: download it again."), qPrintable(what));
    Engine narrow({.device = "cpu", .dtype = "bfloat16", .threads = 0});
    narrow.open(broken.toStdString());
    const QString rounded = complaint([&] { narrow.score(text(kText, 2, 32), ScoreNorm::L2, m_context); });
    QVERIFY2(rounded.contains("The activations of layer 5 are not finite.") && rounded.endsWith("try float32 (--dtype float32)."),
             qPrintable(rounded));
}

void tst_Engine::unknownDevicesAndTypesAreRefused()
{
    QVERIFY(complaint([] {
                Engine engine({.device = "gpu", .dtype = "auto", .threads = 0});
            }).contains("There is no device 'gpu'. Devices: auto, cpu, cuda, cuda:N."));
    for (const char *name : {"cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cudas", ""})
        QVERIFY2(complaint([&] { Engine engine({.device = name, .dtype = "auto", .threads = 0}); }).contains("There is no device"), name);
    QVERIFY(complaint([] { Engine engine({.device = "cuda:99", .dtype = "auto", .threads = 0}); }).contains("'cuda:99'"));
    QVERIFY(complaint([] { Engine engine({.device = "cpu", .dtype = "int8", .threads = 0}); }).contains("int8"));
}

void tst_Engine::generationWritesOn()
{
    QString heard;
    const GenerationSettings settings{.prompt = "Once upon a time", .tokens = 20, .temperature = 0, .topK = 0, .topP = 1, .seed = 0};
    const Generation g =
        m_engine->generate(nullptr, settings, m_context, [&](const WrittenToken &token) { heard += QString::fromStdString(token.piece); });
    QCOMPARE(g.ids.size(), 20U);
    QCOMPARE(heard.toStdString(), g.text);
    const PruningPlan made = plan(0.5);
    QVERIFY(m_engine->generate(&made, settings, m_context).ids != g.ids);
}

/// A copy of the sample with another tokenizer.json.
static void copyWithTokenizer(const QString &folder, const std::function<void(nlohmann::json &)> &change)
{
    std::filesystem::copy(kModel, folder.toStdString());
    const std::filesystem::path file = folder.toStdString() + "/tokenizer.json";
    std::ifstream stream(file);
    nlohmann::json tokenizer = nlohmann::json::parse(stream);
    change(tokenizer);
    std::filesystem::remove(file);
    std::ofstream(file) << tokenizer;
}

void tst_Engine::onlyTextsThatHoldTokensWithoutARowAreRefused()
{
    QTemporaryDir folder;
    const QString copy = folder.filePath("model");
    copyWithTokenizer(copy, [](nlohmann::json &tokenizer) {
        tokenizer["added_tokens"].push_back({{"id", 2048}, {"content", "<|pad|>"}, {"special", true}});
    });
    Engine engine({});
    QCOMPARE(engine.open(copy.toStdString())->tokenizerSize, std::optional<std::int64_t>(2049));
    QCOMPARE(engine.evaluate(nullptr, text(kHeldOut, 2), m_context).perplexity,
             m_engine->evaluate(nullptr, text(kHeldOut, 2), m_context).perplexity);
    const std::string padded = folder.filePath("padded.txt").toStdString();
    std::ifstream stream(kHeldOut);
    std::ofstream(padded) << "A <|pad|> here. " << stream.rdbuf();
    const QString text1 = complaint([&] { engine.evaluate(nullptr, text(padded, 2), m_context); });
    QVERIFY2(text1.contains("the token '<|pad|>' (id 2048)") && text1.contains("2,048 rows"), qPrintable(text1));
    GenerationSettings settings;
    settings.prompt = "a <|pad|>";
    QVERIFY(complaint([&] { engine.generate(nullptr, settings, m_context); }).contains("<|pad|>"));
}

void tst_Engine::promptsBeginAsTheTemplateSays()
{
    QTemporaryDir folder;
    const QString copy = folder.filePath("model");
    copyWithTokenizer(copy, [](nlohmann::json &tokenizer) {
        tokenizer["post_processor"] = {
            {"type", "TemplateProcessing"},
            {"single", {{{"SpecialToken", {{"id", "<|endoftext|>"}, {"type_id", 0}}}}, {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
            {"pair", nlohmann::json::array()},
            {"special_tokens", {{"<|endoftext|>", {{"id", "<|endoftext|>"}, {"ids", {0}}, {"tokens", {"<|endoftext|>"}}}}}}};
    });
    Engine engine({});
    (void)engine.open(copy.toStdString());
    GenerationSettings settings;
    settings.prompt = "Once upon a time";
    settings.tokens = 4;
    std::vector<std::int32_t> plain = m_engine->generate(nullptr, settings, m_context).promptIds;
    plain.insert(plain.begin(), 0);
    QCOMPARE(engine.generate(nullptr, settings, m_context).promptIds, plain);
    // The method's texts have no such token.
    QCOMPARE(engine.evaluate(nullptr, text(kHeldOut, 2), m_context).tokenHash,
             m_engine->evaluate(nullptr, text(kHeldOut, 2), m_context).tokenHash);
}

QTEST_GUILESS_MAIN(tst_Engine)
#include "tst_Engine.moc"
