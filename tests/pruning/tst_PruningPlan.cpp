// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "model/Families.h"
#include "pruning/PlanFile.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

using namespace secateur;

namespace {

ModelSpec smallSpec()
{
    const std::string file = SECATEUR_FIXTURES "/tiny-llamas/mha/config.json"; // 3 layers, 48 neurons
    return specFromConfig(readConfig(file), file);
}

PruningPlan smallPlan()
{
    NeuronScores scores;
    for (int i = 0; i < 3; ++i) {
        scores.layers.emplace_back();
        for (int j = 0; j < 48; ++j)
            scores.layers.back().push_back(float((j * 7 + i) % 48));
    }
    scores.provenance.modelHash = "model";
    BalanceSettings settings;
    settings.sparsity = 0.5;
    settings.attentionsToRemove = 2;
    PruningPlan plan = planFromScores(smallSpec(), scores, settings);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    plan.search.initialLoss = 3.0;
    plan.search.provenance.windows = 1;
    plan.search.settings.forcedLayers = {1};
    plan.search.settings.protectedLayers = {0};
    plan.search.steps = {{.losses = {nan, 2.5, nan}, .removed = 1, .isForced = true},
                         {.losses = {nan, nan, 4.0 / 3}, .removed = 2, .isForced = false}};
    plan.removedAttentions = {1, 2};
    return plan;
}

QString complaint(const std::function<void()> &action)
{
    try {
        action();
    } catch (const Error &problem) {
        return QString(problem.what());
    }
    return {};
}

} // namespace

Q_DECLARE_METATYPE(std::function<void(SearchRecord &)>)

class tst_PruningPlan : public QObject {
    Q_OBJECT

private slots:
    void planKeepsTheBestNeurons();
    void savedPlanComesBackEqual();
    void screenedLossesComeBack();
    void neuronsByHandComeBackAndOlderPlansHaveNone();
    void plansOfFormat1AreRead();
    void hashDependsOnWhatDecidesTheWeights();
    void planInsideAManifestIsFound();
    void changedPlanIsRefused();
    void damagedFilesAreRefused_data();
    void damagedFilesAreRefused();
    void planOfAnotherModelIsRefused();
    void balanceIsThatOfTheNeurons();
    void damagedSearchIsRefused();
    void searchThatContradictsItselfIsRefused_data();
    void searchThatContradictsItselfIsRefused();
    void settingsOutOfRangeAreRefused();
    void refusedPlansNameTheirFile();
    void fewerRemovalsAreAPrefix();
    void scoresOfAnotherShapeAreRefused();
    void plansByHandAreCompleted();
    void plansByHandAreRefusedWithTheReason_data();
    void plansByHandAreRefusedWithTheReason();
    void searchesDoNotGoOnWithPlansByHand();
};

void tst_PruningPlan::planKeepsTheBestNeurons()
{
    const PruningPlan plan = smallPlan();
    for (std::size_t i = 0; i < 3; ++i) {
        QCOMPARE(std::int64_t(plan.keptNeurons[i].size()), plan.balance.neuronsKept);
        for (const std::int64_t j : plan.keptNeurons[i])
            QVERIFY((j * 7 + std::int64_t(i)) % 48 >= 48 - plan.balance.neuronsKept);
    }
}

void tst_PruningPlan::savedPlanComesBackEqual()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    const PruningPlan plan = smallPlan();
    savePlan(plan, file);
    const PruningPlan loaded = loadPlan(file);
    QCOMPARE(loaded.hash(), plan.hash());
    QCOMPARE(loaded.keptNeurons, plan.keptNeurons);
    QCOMPARE(loaded.removedAttentions, plan.removedAttentions);
    QVERIFY(loaded.settings == plan.settings);
    QVERIFY(loaded.balance == plan.balance);
    QVERIFY(loaded.search.settings == plan.search.settings);
    QCOMPARE(loaded.search.steps.size(), 2U);
    QVERIFY(std::isnan(loaded.search.steps[0].losses[0]));
    QCOMPARE(loaded.search.steps[1].losses[2], 4.0 / 3); // every bit
    QVERIFY(loaded.search.steps[0].isForced && !loaded.search.steps[1].isForced);
    QCOMPARE(toJson(loaded).dump(), toJson(plan).dump()); // as text: a NaN equals no NaN
}

void tst_PruningPlan::screenedLossesComeBack()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    PruningPlan plan = smallPlan();
    QVERIFY(!toJson(plan).at("search").contains("screenedIn"));
    plan.search.screenedIn = "bfloat16";
    plan.search.steps[0].screened = {2.0 / 3, 2.5, nan};
    plan.search.steps[0].bounds = {nan, nan, 3.25};
    savePlan(plan, file);
    const SearchRecord loaded = loadPlan(file).search;
    QCOMPARE(loaded.screenedIn, std::string("bfloat16"));
    QCOMPARE(loaded.steps[0].screened[0], 2.0 / 3);
    QVERIFY(std::isnan(loaded.steps[0].screened[2]));
    QCOMPARE(loaded.steps[0].bounds[2], 3.25);
    QVERIFY(loaded.steps[1].screened.empty());
    QVERIFY(loaded.steps[0].isKnown(0) && loaded.steps[0].isKnown(2));
    QCOMPARE(loaded.steps[0].evaluations(), 3);
    QCOMPARE(loaded.decided(), 2); // one in each step
}

void tst_PruningPlan::neuronsByHandComeBackAndOlderPlansHaveNone()
{
    PruningPlan plan = smallPlan();
    QVERIFY(toJson(plan).at("settings").at("keep").is_null());
    plan.settings.neuronsKept = 17;
    plan.balance.attentionsByRule = 3;
    nlohmann::json json = toJson(plan);
    QCOMPARE(json.at("settings").at("keep").get<int>(), 17);
    QVERIFY(planFromJson(json, "p.json").settings == plan.settings);
    QVERIFY(planFromJson(json, "p.json").balance == plan.balance);
    json.at("settings").erase("keep");
    json.at("balance").erase("ruleN");
    const PruningPlan older = planFromJson(json, "p.json");
    QVERIFY(!older.settings.neuronsKept);
    QCOMPARE(older.balance.attentionsByRule, plan.balance.attentionsToRemove);
}

/// Made by version 0.1.0 with the model of tests/fuzz/tiny_model.py.
void tst_PruningPlan::plansOfFormat1AreRead()
{
    const std::filesystem::path file = SECATEUR_FIXTURES "/plans/format-1.json";
    const PruningPlan plan = loadPlan(file);
    nlohmann::json stored = readJsonFile(file, 1 << 20, {});
    QCOMPARE(stored.at("format").get<int>(), 1);
    QVERIFY(plan.method == PlanMethod::TwoSsp);
    QCOMPARE(plan.removedAttentions, (std::vector<std::int64_t>{2, 1}));
    QCOMPARE(nlohmann::json(plan.keptNeurons), stored.at("keptNeurons"));
    QCOMPARE(plan.surgery().removedAttentions(), (std::vector<std::int64_t>{1, 2}));
    QCOMPARE(plan.search.steps.size(), 2U);
    const nlohmann::json now = toJson(plan);
    QCOMPARE(now.at("format").get<int>(), 2);
    QVERIFY(now.at("planHash") != stored.at("planHash"));
    QCOMPARE(planFromJson(now, "now").hash(), plan.hash());
    QCOMPARE(planFromJson(now, "now").removedAttentions, plan.removedAttentions);
    stored["removedAttentions"] = {1, 2}; // which its hash tells
    QVERIFY(complaint([&] { planFromJson(stored, "p.json"); }).contains("does not match its own hash"));
    stored["method"] = "manual";
    QVERIFY(complaint([&] { planFromJson(stored, "p.json"); }).contains("its format is 1"));
}

void tst_PruningPlan::hashDependsOnWhatDecidesTheWeights()
{
    const PruningPlan plan = smallPlan();
    PruningPlan other = plan;
    other.search.steps[0].losses[1] = 2.4; // how it was found does not change what it is
    QCOMPARE(other.hash(), plan.hash());
    other = plan;
    std::swap(other.removedAttentions[0], other.removedAttentions[1]); // nor does the order in which
    QCOMPARE(other.hash(), plan.hash());
    other.removedAttentions = {0, 2};
    QVERIFY(other.hash() != plan.hash());
    other = plan;
    other.keptNeurons[2].pop_back();
    QVERIFY(other.hash() != plan.hash());
    other = plan;
    other.calibration.modelHash = "another";
    QVERIFY(other.hash() != plan.hash());
}

void tst_PruningPlan::planInsideAManifestIsFound()
{
    QCOMPARE(planFromJson({{"kind", "secateur-manifest"}, {"plan", toJson(smallPlan())}}, "manifest").hash(), smallPlan().hash());
}

void tst_PruningPlan::changedPlanIsRefused()
{
    nlohmann::json json = toJson(smallPlan());
    json["removedAttentions"] = {2, 0};
    QVERIFY(complaint([&] { planFromJson(json, "p.json"); }).contains("does not match its own hash"));
}

void tst_PruningPlan::damagedFilesAreRefused_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("what");
    QTest::newRow("not JSON") << QByteArray("{") << "is not valid JSON";
    QTest::newRow("a kind that is no text") << QByteArray("{\"kind\": 5}") << "does not hold a plan";
    QTest::newRow("a format that is not a number") << QByteArray("{\"kind\": \"secateur-plan\", \"format\": \"x\"}") << "is damaged";
    QTest::newRow("something else") << QByteArray("{\"a\": 1}") << "does not hold a plan";
    QTest::newRow("a list") << QByteArray("[1]") << "must hold a JSON object";
    QTest::newRow("a newer format") << QByteArray("{\"kind\": \"secateur-plan\", \"format\": 99}")
                                    << "was saved by a newer Secateur (format 99)";
    QTest::newRow("incomplete") << QByteArray("{\"kind\": \"secateur-plan\", \"format\": 1}") << "is damaged";
}

void tst_PruningPlan::damagedFilesAreRefused()
{
    QFETCH(QByteArray, content);
    QFETCH(QString, what);
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    std::ofstream(file) << content.constData();
    const QString text = complaint([&] { loadPlan(file); });
    QVERIFY2(text.contains(what) && text.contains("plan.json"), qPrintable(text));
}

void tst_PruningPlan::planOfAnotherModelIsRefused()
{
    const ModelSpec spec = smallSpec();
    QCOMPARE(complaint([&] { checkPlan(smallPlan(), spec, "model"); }), QString());
    QVERIFY(complaint([&] { checkPlan(smallPlan(), spec, "other"); }).contains("made for another model"));
    PruningPlan plan = smallPlan();
    plan.keptNeurons[1].back() = 48;
    QVERIFY(complaint([&] { checkPlan(plan, spec, "model"); }).contains("layer 1"));
    plan = smallPlan();
    plan.removedAttentions = {1, 1};
    QVERIFY(complaint([&] { checkPlan(plan, spec, "model"); }).contains("removed attentions"));
}

void tst_PruningPlan::balanceIsThatOfTheNeurons()
{
    const auto refused = [](const std::function<void(SparsityBalance &)> &edit) {
        PruningPlan plan = smallPlan();
        edit(plan.balance);
        return complaint([&] { checkPlan(plan, smallSpec(), "model"); });
    };
    QCOMPARE(refused([](SparsityBalance &) {}), QString());
    QVERIFY(refused([](SparsityBalance &b) { b.neuronsKept = 0; }).contains("keeps 0 neurons in every layer by its balance (K)"));
    QVERIFY(refused([](SparsityBalance &b) { b.modelParameters = b.denseModelParameters = 0; }).contains("0 parameters in the original"));
    QVERIFY(refused([](SparsityBalance &b) { b.layerParameters += 1; }).contains("parameters in the layers that are left"));
    QVERIFY(refused([](SparsityBalance &b) { b.attentionsToRemove = -5; }).contains("to remove -5 attentions"));
    QVERIFY(refused([](SparsityBalance &b) { b.attentionsToRemove = 1'000'000; }).contains("to remove 1,000,000 attentions"));
}

void tst_PruningPlan::damagedSearchIsRefused()
{
    const auto refused = [](const std::function<void(PruningPlan &)> &damage) {
        PruningPlan plan = smallPlan();
        damage(plan);
        return complaint([&] { checkPlan(plan, smallSpec(), "model"); });
    };
    QCOMPARE(refused([](PruningPlan &) {}), QString());
    QVERIFY(refused([](PruningPlan &p) { p.search.steps[0].removed = 999999999; }).contains("Step 0"));
    QVERIFY(refused([](PruningPlan &p) { p.search.steps[1].losses.clear(); }).contains("Step 1"));
    QVERIFY(refused([](PruningPlan &p) { p.search.steps[1].screened = {1.5}; }).contains("Step 1"));
    QVERIFY(refused([](PruningPlan &p) { p.search.steps[0].bounds = {1.5}; }).contains("Step 0"));
    QVERIFY(refused([](PruningPlan &p) { p.search.steps[0].removed = -1; }).contains("Step 0")); // only the last may be unfinished
    QVERIFY(refused([](PruningPlan &p) { p.removedAttentions = {2, 1}; }).contains("not those of its search"));
}

using Damage = std::function<void(SearchRecord &)>;

void tst_PruningPlan::searchThatContradictsItselfIsRefused_data()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    QTest::addColumn<Damage>("damage"); // of a record that protects none and forces none
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const Damage &damage, const char *reason) { QTest::newRow(name) << damage << reason; };
    row(
        "as it was searched", [](SearchRecord &) {}, "");
    row(
        "forced", [](SearchRecord &r) { r.settings.forcedLayers = {1}, r.steps[0].isForced = true; }, "");
    row(
        "forced against its loss",
        [](SearchRecord &r) {
            r.settings.forcedLayers = {1}, r.steps[0].isForced = true, r.steps[0].losses = {2.25, 2.5, 3.5};
        },
        "");
    row(
        "a tie", [](SearchRecord &r) { r.steps[0].losses[2] = 2.5; }, "");
    row(
        "a bound below it",
        [nan](SearchRecord &r) {
            r.steps[0].losses[2] = nan, r.steps[0].bounds = {nan, nan, 2.25};
        },
        "");
    row(
        "screened below it",
        [nan](SearchRecord &r) {
            r.steps[0].losses[2] = nan, r.steps[0].screened = {2.75, 2.5, 2.25};
        },
        "");
    row(
        "unfinished", [](SearchRecord &r) { r.steps[1].removed = -1; }, "");
    row(
        "protected", [](SearchRecord &r) { r.settings.protectedLayers = {2}; },
        "Step 1 of the plan's search removes layer 2, which the search's settings protect.");
    row(
        "another forced", [](SearchRecord &r) { r.settings.forcedLayers = {2}, r.steps[0].isForced = true; },
        "removes layer 1, but the search's settings force layer 2 there");
    row(
        "forced later",
        [](SearchRecord &r) {
            r.settings.forcedLayers = {2, 1}, r.steps[0].isForced = r.steps[1].isForced = true;
        },
        "removes layer 1, but the search's settings force layer 2 there");
    row(
        "forced, and not said", [](SearchRecord &r) { r.settings.forcedLayers = {1}; }, "by its loss, but the search's settings force");
    row(
        "said to be forced", [](SearchRecord &r) { r.steps[1].isForced = true; },
        "Step 1 of the plan's search is forced, but the search's settings force 0 layers.");
    row(
        "not the lowest", [](SearchRecord &r) { r.steps[0].losses[2] = 2.25; },
        "Step 0 of the plan's search removes layer 1 at a loss of 2.5, but layer 2 goes before it at 2.25.");
    row(
        "a tie the other way", [](SearchRecord &r) { r.steps[0].losses[0] = 2.5; }, "but layer 0 goes before it at 2.5");
    row(
        "no loss of what went", [nan](SearchRecord &r) { r.steps[1].losses[2] = nan; }, "removes layer 2 and tells no loss without it");
    row(
        "a loss below 0", [](SearchRecord &r) { r.steps[0].losses[2] = -1; }, "a loss of -1 without layer 2");
    row(
        "a loss without end", [](SearchRecord &r) { r.steps[0].losses[2] = std::numeric_limits<double>::infinity(); }, "a loss of inf");
    row(
        "no first loss", [nan](SearchRecord &r) { r.initialLoss = nan; }, "no loss from before the first");
    row(
        "a first loss below 0", [](SearchRecord &r) { r.initialLoss = -3; }, "begins at a loss of -3");
    row(
        "no windows", [](SearchRecord &r) { r.settings.windows = 0; }, "with 0 windows by its settings, and its text gave 1");
    row(
        "more windows than its text", [](SearchRecord &r) { r.settings.windows = 2; },
        "with 2 windows by its settings, and its text gave 1");
}

void tst_PruningPlan::searchThatContradictsItselfIsRefused()
{
    QFETCH(Damage, damage);
    QFETCH(QString, reason);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    PruningPlan plan = smallPlan();
    plan.search.settings = {};
    plan.search.steps = {{.losses = {2.75, 2.5, 3.5}, .removed = 1, .isForced = false},
                         {.losses = {2.25, nan, 4.0 / 3}, .removed = 2, .isForced = false}};
    damage(plan.search);
    plan.removedAttentions = plan.search.removalOrder();
    plan.balance.attentionsToRemove = 2;
    const QString text = complaint([&] { checkPlan(plan, smallSpec(), "model"); });
    if (reason.isEmpty())
        QCOMPARE(text, QString());
    else
        QVERIFY2(text.contains(reason), qPrintable(text));
}

void tst_PruningPlan::settingsOutOfRangeAreRefused()
{
    const auto refused = [](const std::function<void(BalanceSettings &)> &edit) {
        PruningPlan plan = smallPlan();
        edit(plan.settings);
        return complaint([&] { checkPlan(plan, smallSpec(), "model"); });
    };
    for (const double sparsity : {-0.5, 0.0, 1.0, 7.0, std::numeric_limits<double>::quiet_NaN()})
        QVERIFY(refused([=](BalanceSettings &s) { s.sparsity = sparsity; }).contains("which is not between 0 and 1"));
    for (const double alpha : {-1.5, 0.0, std::numeric_limits<double>::infinity()})
        QVERIFY(refused([=](BalanceSettings &s) { s.alpha = alpha; }).contains("which is not above 0"));
    QVERIFY(refused([](BalanceSettings &s) { s.widthMultiple = 0; }).contains("a width multiple of 0"));
    QVERIFY(refused([](BalanceSettings &s) { s.neuronsKept = 1; }).contains("is to keep 1 neuron in every layer by its settings"));
    const std::int64_t kept = smallPlan().balance.neuronsKept;
    QCOMPARE(refused([kept](BalanceSettings &s) { s.neuronsKept = kept; }), QString());
}

void tst_PruningPlan::refusedPlansNameTheirFile()
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    PruningPlan plan = smallPlan();
    plan.search.steps[1].losses[2] = -1;
    savePlan(plan, file);
    const QString text = complaint([&] { loadPlan(file, smallSpec(), "model"); });
    QVERIFY2(text.startsWith("The plan in '" + QString::fromStdString(file.string()) + "': Step 1 of"), qPrintable(text));
    QVERIFY(complaint([&] { loadPlan(file, smallSpec(), "other"); }).contains("plan.json' was made for another model"));
}

void tst_PruningPlan::fewerRemovalsAreAPrefix()
{
    const PruningPlan shorter = withRemovals(smallPlan(), smallSpec(), 1);
    QCOMPARE(shorter.removedAttentions, std::vector<std::int64_t>{1});
    QVERIFY(shorter.isComplete());
    QVERIFY(shorter.balance.sparsityLayers() < smallPlan().balance.sparsityLayers());
    const PruningPlan longer = withRemovals(smallPlan(), smallSpec(), 3);
    QCOMPARE(longer.removedAttentions, (std::vector<std::int64_t>{1, 2}));
    QVERIFY(!longer.isComplete());
    QVERIFY(complaint([] { withRemovals(smallPlan(), smallSpec(), 4); }).contains("the model has 3"));
}

void tst_PruningPlan::scoresOfAnotherShapeAreRefused()
{
    NeuronScores scores;
    scores.layers = {{1, 2, 3}};
    const auto refusal = [&] { return complaint([&] { planFromScores(smallSpec(), scores, {}); }); };
    QCOMPARE(refusal(), QString("The scores are for 1 layer; the model has 3."));
    scores.layers.assign(3, std::vector<float>(48, 1));
    scores.layers[2].pop_back();
    QCOMPARE(refusal(), QString("The scores are for 47 neurons in layer 2; the model has 48 there."));
}

namespace {

PruningPlan loadedByHand(const nlohmann::json &plan)
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("hand.json").toStdString();
    std::ofstream(file) << plan;
    return loadPlan(file, smallSpec(), "model");
}

nlohmann::json byHand()
{
    return nlohmann::json::parse(R"({"kind": "secateur-plan", "format": 2, "method": "manual", "removedAttentions": [2],
                                     "keptNeurons": ["all", [3, 5, 40], []]})");
}

} // namespace

void tst_PruningPlan::plansByHandAreCompleted()
{
    const ModelSpec dense = smallSpec();
    const PruningPlan plan = loadedByHand(byHand());
    QVERIFY(plan.method == PlanMethod::Manual && plan.isComplete());
    QCOMPARE(plan.widths(), (std::vector<std::int64_t>{48, 3, 0}));
    QCOMPARE(plan.layersWithoutFfn(), std::vector<std::int64_t>{2});
    QCOMPARE(plan.calibration.modelHash, std::string("model"));
    QCOMPARE(plan.balance.attentionsToRemove, 1);
    QCOMPARE(plan.balance.neuronsKept, 0); // the widths differ
    const ModelSpec after = plan.surgery().specOf(dense);
    QVERIFY(after.layers[0] == dense.layers[0]);
    QVERIFY(after.layers[1].attention && after.layers[1].neurons() == 3);
    QVERIFY(!after.layers[2].attention && !after.layers[2].ffn);
    QCOMPARE(plan.balance.layerParameters, layerParameters(after));
    QCOMPARE(plan.balance.modelParameters, modelParameters(after));
    QVERIFY(complaint([] { planFromJson(byHand(), "p.json"); }).contains("keeps all neurons of layer 0, and only its model tells"));

    const nlohmann::json whole = toJson(plan); // without a model from here on
    QCOMPARE(whole.at("method").get<std::string>(), std::string("manual"));
    QVERIFY(!whole.contains("balance") && !whole.contains("search"));
    const PruningPlan again = planFromJson(whole, "p.json");
    QCOMPARE(again.hash(), plan.hash());
    QVERIFY(again.balance == plan.balance);
    QCOMPARE(toJson(again).dump(), whole.dump());
    QCOMPARE(complaint([&] { checkPlan(again, dense, "model"); }), QString());

    nlohmann::json even = byHand();
    even["keptNeurons"] = {{1, 2, 3}, {3, 5, 40}, nlohmann::json::array()};
    QCOMPARE(loadedByHand(even).balance.neuronsKept, 3);
    even.erase("removedAttentions"); // none
    QVERIFY(loadedByHand(even).removedAttentions.empty());
}

void tst_PruningPlan::plansByHandAreRefusedWithTheReason_data()
{
    QTest::addColumn<QString>("change"); // of byHand
    QTest::addColumn<QString>("reason");
    QTest::newRow("another model") << R"({"modelHash": "other"})"
                                   << "made for another model";
    QTest::newRow("too few layers") << R"({"keptNeurons": ["all", "all"], "removedAttentions": []})"
                                    << "has 2 layers, the model 3";
    QTest::newRow("one layer too many") << R"({"keptNeurons": ["all", "all", "all", "all"]})"
                                        << "has 4 layers, the model 3";
    QTest::newRow("a field that none has") << R"({"removedAttention": [1]})"
                                           << "has a field 'removedAttention'";
    QTest::newRow("all in a plan of 2SSP") << R"({"method": "2ssp"})"
                                           << "only plans by hand may say so";
    QTest::newRow("no list") << R"({"keptNeurons": null})"
                             << "its 'keptNeurons' is no list";
    QTest::newRow("no number") << R"({"keptNeurons": ["all", ["2"], []]})"
                               << "in 'keptNeurons' of layer 1 a field holds \"2\" where a whole number in range is expected";
    QTest::newRow("its name once") << R"({"keptNeurons": ["all", [48], []]})"
                                   << "hand.json': its kept neurons of layer 1";
    QTest::newRow("a layer that is none") << R"({"removedAttentions": [3]})"
                                          << "removes the attention of layer 3";
    QTest::newRow("a neuron that is none") << R"({"keptNeurons": ["all", [48], []]})"
                                           << "kept neurons of layer 1";
    QTest::newRow("not ascending") << R"({"keptNeurons": ["all", [5, 4], []]})"
                                   << "kept neurons of layer 1";
    QTest::newRow("another word") << R"({"keptNeurons": ["most", [5], []]})"
                                  << "is damaged";
    QTest::newRow("nothing left") << R"({"keptNeurons": [[], [], []], "removedAttentions": [0, 1, 2]})"
                                  << "leaves nothing";
    QTest::newRow("its hash") << R"({"planHash": "abc"})"
                              << "does not match its own hash";
    QTest::newRow("its parameters") << R"({"layerParameters": {"dense": 1, "pruned": 1}, "modelParameters": {"dense": 1, "pruned": 1}})"
                                    << "tells of 1 parameters in the layers of the original";
    QTest::newRow("a method of later") << R"({"method": "evolution"})"
                                       << "its method is 'evolution', and only '2ssp'";
    QTest::newRow("a later format") << R"({"format": 5})"
                                    << "was saved by a newer Secateur (format 5)";
    QTest::newRow("format 1") << R"({"format": 1})"
                              << "its format is 1";
}

void tst_PruningPlan::plansByHandAreRefusedWithTheReason()
{
    QFETCH(QString, change);
    QFETCH(QString, reason);
    nlohmann::json plan = byHand();
    plan.update(nlohmann::json::parse(change.toStdString()));
    const QString text = complaint([&] { loadedByHand(plan); });
    QVERIFY2(text.contains(reason), qPrintable(text));
}

void tst_PruningPlan::searchesDoNotGoOnWithPlansByHand()
{
    const PruningPlan plan = loadedByHand(byHand());
    QVERIFY(complaint([&] { checkSearchable(plan); }).contains("written by hand"));
    QVERIFY(complaint([&] { withRemovals(plan, smallSpec(), 2); }).contains("written by hand"));
    QCOMPARE(complaint([] { checkSearchable(smallPlan()); }), QString());
}

QTEST_GUILESS_MAIN(tst_PruningPlan)
#include "tst_PruningPlan.moc"
