// SPDX-License-Identifier: GPL-3.0-or-later
// Session files: what comes back, what is refused, and what survives a kill or a full disk.
#include "../pruning/RestoredPlans.h"
#include "SessionFixtures.h"

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "pruning/PlanFile.h"
#include "session/Shelf.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace secateur;
using namespace secateur::test;

namespace {

using Tensor = std::pair<SafetensorsWriter::Declaration, std::vector<std::byte>>;

/// Writes the file again after its parts were changed.
void damage(const std::filesystem::path &file, const std::function<void(nlohmann::json &)> &description,
            const std::function<void(std::vector<Tensor> &)> &tensors = {})
{
    std::vector<Tensor> parts;
    nlohmann::json json;
    {
        const SafetensorsFile stored(file);
        for (const TensorView &t : stored.tensors())
            parts.push_back({{t.name, t.dtype, t.shape}, {t.bytes.begin(), t.bytes.end()}});
        json = nlohmann::json::parse(stored.metadata().at("session"));
    }
    if (description)
        description(json);
    if (tensors)
        tensors(parts);
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const Tensor &part : parts)
        declarations.push_back(part.first);
    SafetensorsWriter writer(file, declarations, {{"session", json.dump()}});
    for (const Tensor &part : parts)
        writer.write(part.first.name, part.second);
    writer.finish();
}

using Description = std::function<void(nlohmann::json &)>;
using Tensors = std::function<void(std::vector<Tensor> &)>;

std::size_t refusedSize = 0; ///< of allocations; 0: none

} // namespace

void *operator new(std::size_t size)
{
    if (size == refusedSize && size != 0)
        throw std::bad_alloc();
    if (void *memory = std::malloc(std::max<std::size_t>(size, 1)))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void *memory) noexcept
{
    std::free(memory);
}
void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}

Q_DECLARE_METATYPE(Description)
Q_DECLARE_METATYPE(Tensors)

class tst_SessionFile : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void savedSessionComesBackEqual();
    void emptySessionComesBackEqual();
    void whatMethodsTasksAndSpeedGaveComesBack();
    void resultsOfFormat1GetTheHashesOfNow();
    void tooLittleMemorySaysNothingOfTheFile_data();
    void tooLittleMemorySaysNothingOfTheFile();
    void aLookThatIsNotUnderstoodIsNoDamage();
    void aNewerFormatIsReadAsFarAsItIsKnown();
    void filesAreOrdinarySafetensors();
    void planOfADraftHasTheSearchThatBelongsToIt();
    void searchKeysTellWhatDecidesTheNumbers();
    void searchesWithOtherProtectedLayersCount();
    void damagedFilesAreRefused_data();
    void damagedFilesAreRefused();
    void otherFilesAreRefused();
    void truncatedFilesAreRefused();
    void killedSaveLeavesTheOldFileWhole();
    void fullDiskLeavesTheOldFileWhole();
    void folderThatIsNotThereIsNamed();

private:
    std::filesystem::path path(const char *name) const { return m_folder->filePath(name).toStdString(); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void tst_SessionFile::savedSessionComesBackEqual()
{
    const Session session = fullSession();
    saveSession(session, path("s.secateur"));
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString());
    Session other = session;
    other.draft.balance.alpha += 1e-15;
    saveSession(other, path("s.secateur")); // over the first
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString("draft"));
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList("s.secateur"));
}

void tst_SessionFile::emptySessionComesBackEqual()
{
    saveSession({}, path("s.secateur"));
    QCOMPARE(difference(loadSession(path("s.secateur")), {}), QString());
}

void tst_SessionFile::whatMethodsTasksAndSpeedGaveComesBack()
{
    Session session = fullSession();
    session.tasks.paths = {"/tasks/arc", "hellaswag"};
    session.tasks.only = {"arc_easy", "mmlu"};
    session.tasks.limit = 200;
    session.tasks.seed = 18'446'744'073'709'551'615U;
    session.tasks.bos = BosUse::Always;
    const PruningPlan found = foundPlan(session);
    session.draft = shelve(session, shelfEntry(found, {}));
    BlockRecord begun;
    begun.settings.method = PlanMethod::BlockPruner;
    begun.settings.sparsity = 0.3;
    begun.blocks = 1;
    begun.provenance = provenanceOf("of a search");
    begun.steps = {{.part = Part::Attention, .losses = {3.5, 1e-300, 4.5}, .removed = 1}};
    session.choices = {begun};
    RestorationProgress restoration;
    restoration.record = *restoredPlan(session.model->spec).restoration;
    restoration.search = restoredPlan(session.model->spec).search;
    restoration.search.steps.back().removed = -1;
    session.restorations = {restoration, {.record = restoration.record}};
    session.restorations[1].record.settings.ridge = 1.0 / 3;
    const ItemScore score{.task = "mmlu_anatomy", .index = 12, .logLikelihoods = {-1.0 / 3, -800, -2, -3.5}};
    session.begunTasks = BegunTasks{.planHash = "p1",
                                    .asked = "asked",
                                    .computed = otherMeasurements("p1")[0].computed,
                                    .scores = {{{score.task, score.index}, score}}};
    for (const std::string &hash : {std::string(), found.hash()})
        for (const Measurement &measured : otherMeasurements(hash))
            session.measurements.push_back(measured);
    saveSession(session, path("s.secateur"));
    const Session read = loadSession(path("s.secateur"));
    QCOMPARE(difference(read, session), QString());
    QCOMPARE(planOf(read, read.draft).hash(), found.hash());
    QVERIFY(read.plans.at(read.draft.plan)->file.empty());
    const ModelSpec left = specOf(read, read.draft);
    QVERIFY(!left.layers[1].attention && !left.layers[1].ffn && left.layers[2].attention);
    damage(path("s.secateur"), [](nlohmann::json &json) { json["evaluations"].back()["windowsForwarded"] = -1; });
    QVERIFY(complaint([&] { loadSession(path("s.secateur")); }).contains("cannot be measured so"));
    damage(path("s.secateur"), [](nlohmann::json &json) { json["evaluations"].back().erase("windowsForwarded"); });
    QVERIFY(!loadSession(path("s.secateur")).measurements.back().windowsForwarded); // of a restored plan nobody counts them
    damage(path("s.secateur"), [](nlohmann::json &json) {
        json["evaluations"].back()["windowsForwarded"] = 1;
        json["restorations"][0]["record"]["settings"]["gateWindows"] = 0;
    });
    QVERIFY(complaint([&] { loadSession(path("s.secateur")); }).contains("0 windows to hold losses out on"));
    damage(path("s.secateur"), [](nlohmann::json &json) { // as before there were any
        json["format"] = 4;
        json.erase("restorations");
    });
    session.restorations.clear();
    session.measurements.back().windowsForwarded = 1;
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString());
}

void tst_SessionFile::resultsOfFormat1GetTheHashesOfNow()
{
    Session session = fullSession();
    PruningPlan plan; // of the evaluation
    plan.calibration = session.calibrations[0]->provenance;
    plan.removedAttentions = {2, 1};
    for (std::int64_t i = 0; i < 3; ++i)
        plan.keptNeurons.push_back(session.calibrations[0]->best(i, 20));
    session.measurements[1].removed = plan.removedAttentions;
    session.measurements[1].planHash = session.exports[0].planHash = hashOfFormat1(plan);
    const PruningPlan current = planOf(session, session.draft); // was exported, but not evaluated
    session.exports[1].planHash = hashOfFormat1(current);
    session.exports.push_back(exportOf("/out/c")); // of a plan that is gone
    saveSession(session, path("s.secateur"));
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString());
    damage(path("s.secateur"), [](nlohmann::json &json) { json["format"] = 1; });
    const Session now = loadSession(path("s.secateur"));
    QVERIFY(plan.hash() != hashOfFormat1(plan));
    QCOMPARE(now.measurements[1].planHash, plan.hash());
    QCOMPARE(now.measurements[0].planHash, std::string());
    QCOMPARE(now.exports[0].planHash, plan.hash());
    QCOMPARE(now.exports[1].planHash, current.hash());
    QCOMPARE(now.exports[2].planHash, std::string("p1"));
}

void tst_SessionFile::tooLittleMemorySaysNothingOfTheFile_data()
{
    QTest::addColumn<int>("format");
    for (const int format : {2, 9})
        QTest::addRow("format %d", format) << format;
}

void tst_SessionFile::tooLittleMemorySaysNothingOfTheFile()
{
    QFETCH(int, format);
    Session session;
    session.model = modelOf("tiny-llamas/mha/config.json");
    session.model->config["intermediate_size"] = 5001;
    session.model->spec = specFromConfig(session.model->config, "the configuration");
    session.calibrations = {scoresFor(session.model->spec, 1)};
    saveSession(session, path("s.secateur"));
    damage(path("s.secateur"), [&](nlohmann::json &json) { json["format"] = format; });
    QString told;
    refusedSize = 5001 * sizeof(float); // the scores of a layer, and nothing else
    try {
        (void)loadSession(path("s.secateur"));
    } catch (const std::bad_alloc &) {
        told = "too little memory";
    } catch (const std::exception &problem) {
        told = problem.what();
    }
    refusedSize = 0;
    QCOMPARE(told, QString("too little memory"));
    QCOMPARE(loadSession(path("s.secateur")).calibrations.size(), 1U);
}

void tst_SessionFile::aLookThatIsNotUnderstoodIsNoDamage()
{
    Session session = fullSession();
    session.view = {{"tab", "Balance"}, {"layer", "2"}};
    saveSession(session, path("s.secateur"));
    QCOMPARE(loadSession(path("s.secateur")).view, session.view);
    damage(path("s.secateur"), [](nlohmann::json &json) { json["view"]["layer"] = {1, 2}; });
    QCOMPARE(loadSession(path("s.secateur")).view, (std::map<std::string, std::string>{{"tab", "Balance"}}));
    damage(path("s.secateur"), [](nlohmann::json &json) { json["view"] = 5; });
    QVERIFY(loadSession(path("s.secateur")).view.empty());
    damage(path("s.secateur"), [](nlohmann::json &json) { json.erase("view"); }); // an older session
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString());
}

void tst_SessionFile::aNewerFormatIsReadAsFarAsItIsKnown()
{
    const Session session = fullSession();
    saveSession(session, path("s.secateur"));
    QVERIFY(!loadSession(path("s.secateur")).newerFormat);
    damage(
        path("s.secateur"),
        [](nlohmann::json &json) {
            json["format"] = 9;
            json["quality"] = {{"tasks", {1, 2, 3}}};
            json["draft"]["balance"]["rule"] = "another";
            json["evaluations"][0]["bits"] = 4;
        },
        [](std::vector<Tensor> &tensors) {
            tensors.push_back({{"0.variances.0", DType::Float32, {1}}, std::vector<std::byte>(4)});
        });
    const Session read = loadSession(path("s.secateur"));
    QCOMPARE(read.newerFormat.value_or(0), 9);
    QCOMPARE(difference(read, session), QString());
    // What was not understood must not get lost.
    const QString text = complaint([&] { saveSession(read, path("s.secateur")); });
    QVERIFY2(text.contains("newer Secateur (format 9)") && text.endsWith("Update the program to save it."), qPrintable(text));
    QCOMPARE(loadSession(path("s.secateur")).newerFormat.value_or(0), 9);
    QVERIFY(!complaint([&] { saveSession(read, path("other.secateur")); }).isEmpty());
    QVERIFY(!std::filesystem::exists(path("other.secateur")));
}

void tst_SessionFile::filesAreOrdinarySafetensors()
{
    const Session session = fullSession();
    saveSession(session, path("s.secateur"));
    const SafetensorsFile stored(path("s.secateur"));
    QCOMPARE(stored.tensors().size(), 6U);
    for (const TensorView &t : stored.tensors())
        if (t.name == "1.scores.2") {
            QCOMPARE(t.shape, Shape{48});
            QVERIFY(std::memcmp(t.bytes.data(), session.calibrations[1]->layers[2].data(), t.bytes.size()) == 0);
            return;
        }
    QFAIL("there is no tensor 1.scores.2");
}

void tst_SessionFile::planOfADraftHasTheSearchThatBelongsToIt()
{
    const Session session = fullSession();
    const PruningPlan plan = planOf(session, session.draft);
    QCOMPARE(plan.balance.neuronsKept, 20);
    QCOMPARE(plan.keptNeurons[0], session.calibrations[1]->best(0, 20));
    QCOMPARE(plan.removedAttentions, std::vector<std::int64_t>{1});
    QCOMPARE(plan.search.steps.size(), 2U);
    PlanDraft shorter = session.draft;
    shorter.balance.attentionsToRemove = 1; // the beginning of the same search
    QCOMPARE(planOf(session, shorter).search.steps.size(), 1U);
    QVERIFY(planOf(session, shorter).isComplete());
    PlanDraft other = session.draft;
    other.balance.neuronsKept = 21;
    QVERIFY(!planOf(session, other).search.isBegun());
    QCOMPARE(planOf(session, other).search.settings, other.search);
    QVERIFY(complaint([&] { planOf(session, {}); }).contains("Calibrate the model first."));
    QVERIFY(complaint([&] { planOf({}, session.draft); }).contains("Open a model first."));
}

void tst_SessionFile::searchesWithOtherProtectedLayersCount()
{
    Session session = fullSession();
    PlanDraft draft = session.draft;
    draft.search = {.windows = 2, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {}};
    SearchRecord search;
    search.settings = draft.search;
    search.provenance = provenanceOf("search");
    search.initialLoss = 3;
    search.steps = {{.losses = {3.5, 3.25, 3.75}, .removed = 1, .isForced = false}};
    session.searches[searchKey(draft, 20)] = search;
    draft.balance.attentionsToRemove = 1;

    PlanDraft other = draft;
    other.search.protectedLayers = {2}; // never the choice
    QVERIFY(planOf(session, other).isComplete());
    QCOMPARE(planOf(session, other).hash(), planOf(session, draft).hash());
    QCOMPARE(planOf(session, other).search.settings, other.search);
    QVERIFY(std::isnan(searchOf(session, other, 20)->steps[0].losses[2]));
    QVERIFY(!session.searches.contains(searchKey(other, 20))); // nothing is written down for it

    other.search.protectedLayers = {1}; // it was: the next best goes
    QCOMPARE(planOf(session, other).removedAttentions, std::vector<std::int64_t>{0});
    QVERIFY(planOf(session, other).hash() != planOf(session, draft).hash());

    other.search = draft.search; // what decides more than that is another search
    other.search.windows = 3;
    QVERIFY(!searchOf(session, other, 20));
    other.search = draft.search;
    other.search.forcedLayers = {1};
    QVERIFY(!searchOf(session, other, 20));
    QVERIFY(!searchOf(session, draft, 21));

    other.search = draft.search; // the other way round: the loss of the layer that may go again is not known
    other.search.protectedLayers = {0};
    session.searches.clear();
    search.settings = other.search;
    search.steps[0].losses[0] = kUnknown;
    session.searches[searchKey(other, 20)] = search;
    const PruningPlan begun = planOf(session, draft);
    QVERIFY(!begun.isComplete() && begun.removedAttentions.empty());
    QCOMPARE(begun.search.evaluations(), 2);
    QCOMPARE(begun.search.initialLoss, 3.0);

    SearchRecord own = search; // of its own, computed elsewhere: numbers of two machines are not mixed
    own.settings = draft.search;
    own.provenance.computed.threads = 7;
    own.steps.clear();
    session.searches[searchKey(draft, 20)] = own;
    QCOMPARE(planOf(session, draft).search.evaluations(), 0);
}

void tst_SessionFile::searchKeysTellWhatDecidesTheNumbers()
{
    const PlanDraft draft = fullSession().draft;
    QCOMPARE(searchKey({}, 20), std::string());
    std::set<std::string> keys = {searchKey(draft, 20), searchKey(draft, 21)};
    PlanDraft other = draft;
    other.balance.attentionsToRemove = 3; // how far it goes decides nothing
    other.balance.sparsity = 0.5;
    keys.insert(searchKey(other, 20));
    QCOMPARE(keys.size(), 2U);
    for (const auto &change : std::vector<std::function<void(PlanDraft &)>>{
             [](PlanDraft &d) { d.calibration = 0; }, [](PlanDraft &d) { d.search.windows = 3; },
             [](PlanDraft &d) { d.search.referenceLoss = false; }, [](PlanDraft &d) { d.search.forcedLayers = {}; },
             [](PlanDraft &d) {
                 d.search.protectedLayers = {0, 2};
             }}) {
        other = draft;
        change(other);
        keys.insert(searchKey(other, 20));
    }
    QCOMPARE(keys.size(), 7U);
}

void tst_SessionFile::damagedFilesAreRefused_data()
{
    QTest::addColumn<Description>("description");
    QTest::addColumn<Tensors>("tensors");
    QTest::addColumn<QString>("what");
    using Json = nlohmann::json;
    const auto row = [](const char *name, const Description &description, const char *what) {
        QTest::newRow(name) << description << Tensors() << QString(what);
    };
    const auto tensorRow = [](const char *name, const Tensors &tensors, const char *what) {
        QTest::newRow(name) << Description() << tensors << QString(what);
    };
    const auto search = [](Json &json) -> Json & { return json["searches"].begin().value(); }; // of calibration 0
    const auto lastSearch = [](Json &json) -> Json & { return std::prev(json["searches"].end()).value(); };
    row(
        "nothing", [](Json &) {}, "");
    row(
        "another kind", [](Json &j) { j["kind"] = "secateur-plan"; }, "it is not a session");
    const char *newer = "was saved by a newer Secateur (format 99). Update the program to open it.";
    const auto newerRow = [=](const char *name, const Description &description) { // the number alone is no reason to refuse it
        const auto all = [description](Json &j) {
            j["format"] = 99;
            description(j);
        };
        row(name, all, newer);
    };
    newerRow("a newer format without a part", [](Json &j) { j.erase("draft"); });
    newerRow("a newer format with a part of another shape", [](Json &j) { j["evaluations"] = 5; });
    newerRow("a newer format of an unknown model", [](Json &j) { j["model"]["config"]["model_type"] = "t5"; });
    newerRow("a newer format without a tensor", [](Json &j) { j["model"]["config"]["num_hidden_layers"] = 4; });
    newerRow("a newer format that does not fit together", [](Json &j) { j["draft"]["calibration"] = 2; });
    row(
        "a format of nobody", [](Json &j) { j["format"] = 0; }, "it has format 0");
    for (const char *key : {"model", "draft", "searches", "evaluations", "calibrationText", "norm", "pinned", "calibrations", "exports"})
        row(
            qPrintable(QString("no %1").arg(key)), [key](Json &j) { j.erase(key); }, key);
    row(
        "a text for a number", [](Json &j) { j["draft"]["balance"]["alpha"] = "x"; }, "is damaged");
    row(
        "no number", [](Json &j) { j["draft"]["balance"]["sparsity"] = nullptr; }, "is damaged");
    row(
        "a list for an object",
        [](Json &j) {
            j["searches"] = {1, 2};
        },
        "is damaged");
    row(
        "another model type", [](Json &j) { j["model"]["config"]["model_type"] = "t5"; }, "t5");
    row(
        "another width", [](Json &j) { j["model"]["config"]["intermediate_size"] = 47; }, "0.scores.0 does not fit the model");
    row(
        "more layers", [](Json &j) { j["model"]["config"]["num_hidden_layers"] = 4; }, "there is no tensor 0.scores.3");
    row(
        "no model", [](Json &j) { j["model"] = nullptr; }, "there is no model");
    row(
        "calibration out of range", [](Json &j) { j["draft"]["calibration"] = 2; }, "the plan names calibration 2, and there are 2");
    row(
        "negative calibration", [](Json &j) { j["draft"]["calibration"] = -2; }, "the plan names calibration -2");
    row(
        "pin out of range", [](Json &j) { j["pinned"][0]["draft"]["calibration"] = 9; }, "names calibration 9");
    row(
        "layer out of range", [](Json &j) { j["draft"]["search"]["force"] = {3}; }, "names layer 3, which does not exist");
    row(
        "negative layer", [](Json &j) { j["draft"]["search"]["protect"] = {-1}; }, "names layer -1");
    row(
        "layer twice",
        [](Json &j) {
            j["draft"]["search"]["protect"] = {1, 1};
        },
        "names a layer twice");
    row(
        "no windows", [](Json &j) { j["draft"]["search"]["windows"] = 0; }, "has 0 windows");
    row(
        "text of nothing", [](Json &j) { j["calibrationText"]["length"] = -5; }, "windows of -5 tokens");
    row(
        "search of another session", [=](Json &j) { j["searches"]["calibration 5, K 3"] = search(j); }, "does not belong to the session");
    row(
        "search under another key", [=](Json &j) { search(j)["windows"] = 3; }, "does not belong to the session");
    row(
        "step too short",
        [=](Json &j) {
            lastSearch(j)["steps"][0]["losses"] = {1, 2};
        },
        "step 0 of the search");
    row(
        "step that removes nothing", [=](Json &j) { lastSearch(j)["steps"][0]["removed"] = -1; }, "step 0 of the search");
    row(
        "step that removes what is not there", [=](Json &j) { lastSearch(j)["steps"][1]["removed"] = 3; }, "names layer 3");
    row(
        "step that removes again", [=](Json &j) { lastSearch(j)["steps"][1]["removed"] = 1; }, "names a layer twice");
    row(
        "impact of two steps", [](Json &j) { j["denseImpact"]["steps"].push_back(j["denseImpact"]["steps"][0]); }, "has 2 steps");
    row(
        "evaluation of no calibration", [](Json &j) { j["evaluations"][0]["calibration"] = 7; }, "an evaluation names calibration 7");
    row(
        "evaluation of no layer", [](Json &j) { j["evaluations"][0]["removed"] = {99}; }, "an evaluation names layer 99");
    row(
        "evaluation of no width", [](Json &j) { j["evaluations"][0]["K"] = 49; }, "an evaluation keeps 49 neurons");
    row(
        "too deep",
        [](Json &j) {
            for (int i = 0; i < 200; ++i)
                j["norm"] = Json::array({j["norm"]});
        },
        "is nested too deeply");

    const auto first = [](std::vector<Tensor> &tensors) -> Tensor & { return tensors.front(); };
    const auto with = [=](float value) {
        return [=](std::vector<Tensor> &t) { std::memcpy(first(t).second.data() + 40, &value, sizeof value); };
    };
    tensorRow("NaN score", with(std::numeric_limits<float>::quiet_NaN()), "the scores of calibration");
    tensorRow("infinite score", with(std::numeric_limits<float>::infinity()), "the scores of calibration");
    tensorRow("negative score", with(-1), "the scores of calibration");
    tensorRow(
        "no tensor", [](std::vector<Tensor> &t) { t.pop_back(); }, "there is no tensor");
    tensorRow(
        "another shape",
        [=](std::vector<Tensor> &t) {
            first(t).first.shape = {6, 8};
        },
        "does not fit the model");
    tensorRow(
        "another type",
        [=](std::vector<Tensor> &t) {
            first(t).first.dtype = DType::Float16;
            first(t).second.resize(96);
        },
        "does not fit the model");
}

void tst_SessionFile::damagedFilesAreRefused()
{
    QFETCH(Description, description);
    QFETCH(Tensors, tensors);
    QFETCH(QString, what);
    saveSession(fullSession(), path("s.secateur"));
    damage(path("s.secateur"), description, tensors);
    const QString text = complaint([&] { loadSession(path("s.secateur")); });
    if (what.isEmpty())
        QCOMPARE(text, QString()); // what damages a file is the change, not the writing again
    else
        QVERIFY2(text.contains(what) && text.contains("s.secateur"), qPrintable(text));
}

void tst_SessionFile::otherFilesAreRefused()
{
    NeuronScores scores;
    scores.layers = {{1, 2}};
    saveScores(scores, path("scores.safetensors"));
    QVERIFY(complaint([&] { loadSession(path("scores.safetensors")); }).contains("does not hold a session"));
    writeFileAtomically(path("text.secateur"), "Once upon a time there was a text.");
    QVERIFY(complaint([&] { loadSession(path("text.secateur")); }).contains("text.secateur' does not hold a session. Choose a file that"));
    QVERIFY(complaint([&] { loadSession(path("absent.secateur")); }).contains("absent.secateur"));
}

void tst_SessionFile::truncatedFilesAreRefused()
{
    saveSession(fullSession(), path("s.secateur"));
    const auto size = std::filesystem::file_size(path("s.secateur"));
    for (std::uintmax_t left = 0; left < size; left += 97) {
        std::filesystem::copy_file(path("s.secateur"), path("cut.secateur"), std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(path("cut.secateur"), left);
        QVERIFY(complaint([&] { loadSession(path("cut.secateur")); }).contains("cut.secateur"));
    }
}

void tst_SessionFile::killedSaveLeavesTheOldFileWhole()
{
    Session session;
    session.model = modelOf("configs/llama-2-7b.json"); // 1.4 MB of scores, so that writing takes a while
    session.calibrations = {scoresFor(session.model->spec, 1)};
    session.draft.calibration = 0;
    session.draft.balance.alpha = 1;
    const std::filesystem::path file = path("s.secateur");
    saveSession(session, file);
    auto *saved = static_cast<std::atomic<int> *>(
        ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    QVERIFY(saved != MAP_FAILED);
    for (int moment = 0; moment < 16; ++moment) {
        *saved = 0;
        const pid_t child = ::fork();
        if (child == 0) {
            for (int i = 1;; ++i) {
                session.draft.balance.alpha = i;
                saveSession(session, file);
                *saved = i;
            }
        }
        while (*saved < 1)
            ::usleep(200);
        ::usleep(useconds_t(moment) * 1700);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const double alpha = loadSession(file).draft.balance.alpha;
        QVERIFY2(alpha == *saved || alpha == *saved + 1, qPrintable(QString("%1, %2 saved").arg(alpha).arg(*saved)));
    }
    ::munmap(saved, sizeof(std::atomic<int>));
}

void tst_SessionFile::fullDiskLeavesTheOldFileWhole()
{
    const Session session = fullSession();
    saveSession(session, path("s.secateur"));
    Session larger = session;
    larger.model = modelOf("configs/llama-2-7b.json");
    larger.calibrations = {scoresFor(larger.model->spec, 1)};
    signal(SIGXFSZ, SIG_IGN); // a limit on the file size stands for a full disk
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const QString what = complaint([&] { saveSession(larger, path("s.secateur")); });
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY2(what.contains("s.secateur"), qPrintable(what));
    QCOMPARE(difference(loadSession(path("s.secateur")), session), QString());
    QCOMPARE(QDir(m_folder->path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList("s.secateur"));
}

void tst_SessionFile::folderThatIsNotThereIsNamed()
{
    QVERIFY(complaint([] { saveSession(fullSession(), "/no/such/folder/s.secateur"); }).contains("'/no/such/folder' does not exist"));
}

QTEST_GUILESS_MAIN(tst_SessionFile)
#include "tst_SessionFile.moc"
