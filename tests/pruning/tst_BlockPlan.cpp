// SPDX-License-Identifier: GPL-3.0-or-later
// Plans of methods that remove whole blocks: what their numbers choose, their files, and what is refused of them.
#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "model/Families.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanFile.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

using namespace secateur;

namespace {

using Layers = std::vector<std::int64_t>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

ModelSpec smallSpec()
{
    const std::string file = SECATEUR_FIXTURES "/tiny-llamas/mha/config.json"; // 3 layers, 48 neurons
    return specFromConfig(readConfig(file), file);
}

BlockRecord recordOf(PlanMethod method, std::int64_t blocks, double sparsity = 0.3)
{
    BlockRecord record;
    record.settings.method = method;
    record.settings.sparsity = sparsity;
    record.blocks = blocks;
    Provenance &from = record.provenance;
    from.modelHash = "model";
    from.textFiles = {"text.txt"};
    from.windows = 2;
    from.length = 16;
    from.tokenHash = "tokens";
    record.windowsForwarded = 10;
    record.seconds = 0.5;
    return record;
}

/// A record of each method for the small model, of one block.
BlockRecord smallRecord(PlanMethod method)
{
    BlockRecord record = recordOf(method, 1);
    if (method == PlanMethod::ShortGpt || method == PlanMethod::Window) {
        record.influence = {1, 0.25, 1.0 / 3};
        record.similarities = {{1, 0.75, 0.5}, {0.75, 1, 2.0 / 3}, {0.5, 2.0 / 3, 1}};
    } else if (method == PlanMethod::BlockPruner) {
        record.steps = {{.part = Part::Attention, .losses = {3, 2.5, kNone}, .removed = 1},
                        {.part = Part::Ffn, .losses = {4, 4.0 / 3, 4.0 / 3}, .removed = 1}};
    } else {
        record.settings.generations = 1;
        record.evolution = {{.attentions = {0}, .ffns = {2}, .divergence = 0.75}, {.attentions = {2}, .ffns = {1}, .divergence = 0.5}};
    }
    return record;
}

QString complaint(const std::function<void()> &action)
{
    try {
        action();
    } catch (const std::exception &problem) {
        return QString(problem.what());
    }
    return {};
}

nlohmann::json saved(const PruningPlan &plan)
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    savePlan(plan, file);
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

PruningPlan loaded(const nlohmann::json &plan)
{
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("plan.json").toStdString();
    std::ofstream(file) << plan.dump();
    return loadPlan(file, smallSpec(), "model");
}

void addMethods()
{
    QTest::addColumn<int>("method");
    for (const PlanMethodRow &row : kPlanMethods)
        if (isOfBlocks(row.method))
            QTest::newRow(row.name) << int(row.method);
}

} // namespace

class tst_BlockPlan : public QObject {
    Q_OBJECT

private slots:
    void sparsitiesBecomeBlocksAsInTheAuthorsCode_data();
    void sparsitiesBecomeBlocksAsInTheAuthorsCode();
    void sparsitiesThatLeaveNothingAreRefused();
    void influenceChoosesTheLeastAndTheLowerOfEqualLayers();
    void theWindowLiesBetweenTheMostSimilarStates();
    void plansComeBackFromTheirFiles_data() { addMethods(); }
    void plansComeBackFromTheirFiles();
    void plansAreCheckedAgainstTheirNumbers_data();
    void plansAreCheckedAgainstTheirNumbers();
    void unfinishedPlansSaySo();
    void theHashIsThatOfWhatIsLeft();
    void searchesOf2SspDoNotGoOnWithThem();
    void earlierFormatsKnowNoSuchMethod();
    void namesOfMethodsAreKnown();
};

void tst_BlockPlan::sparsitiesBecomeBlocksAsInTheAuthorsCode_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<qint64>("layers");
    QTest::addColumn<qint64>("blocks");
    QTest::newRow("whole") << 0.25 << qint64(32) << qint64(8);
    QTest::newRow("next one up, 28") << 0.375 << qint64(28) << qint64(11);
    QTest::newRow("next one up, 30") << 0.25 << qint64(30) << qint64(8);
    QTest::newRow("12 layers") << 0.375 << qint64(12) << qint64(5);
    QTest::newRow("a product that misses its integer") << 0.28 << qint64(25) << qint64(8);
}

void tst_BlockPlan::sparsitiesBecomeBlocksAsInTheAuthorsCode()
{
    QFETCH(double, sparsity);
    QFETCH(qint64, layers);
    QTEST(qint64(blocksToRemove(sparsity, layers)), "blocks");
}

void tst_BlockPlan::sparsitiesThatLeaveNothingAreRefused()
{
    QVERIFY(complaint([] { blocksToRemove(0.95, 12); }).contains("leaves nothing"));
    for (const double sparsity : {0.0, 1.0, -0.5, kNone})
        QVERIFY(complaint([&] { blocksToRemove(sparsity, 12); }).contains("not between 0 and 1"));
}

void tst_BlockPlan::influenceChoosesTheLeastAndTheLowerOfEqualLayers()
{
    BlockRecord record = recordOf(PlanMethod::ShortGpt, 3);
    record.influence = {1, 0.5, 0.25, 0.5, 0.125};
    QCOMPARE(choiceOf(record).attentions, Layers({4, 2, 1}));
    QCOMPARE(choiceOf(record).ffns, Layers({4, 2, 1}));
}

void tst_BlockPlan::theWindowLiesBetweenTheMostSimilarStates()
{
    BlockRecord record = recordOf(PlanMethod::Window, 2);
    record.similarities = {{1, 0.5, 0.25, 0.5}, {0.5, 1, 0.5, 0.25}, {0.25, 0.5, 1, 0.5}, {0.5, 0.25, 0.5, 1}};
    QCOMPARE(choiceOf(record).attentions, Layers({2, 3})); // the later of equal ones
    record.similarities[0][2] = 0.75;
    QCOMPARE(choiceOf(record).attentions, Layers({1, 2}));
    record.similarities[0][2] = record.similarities[1][3] = -0.5;
    QCOMPARE(choiceOf(record).attentions, Layers({1})); // as their code does where nothing is alike
    record.settings.variant = BlockVariant::Original;   // the embedding is the first state, the earlier wins
    record.similarities[0][2] = record.similarities[1][3] = 0.5;
    QCOMPARE(choiceOf(record).attentions, Layers({0, 1}));
}

void tst_BlockPlan::plansComeBackFromTheirFiles()
{
    QFETCH(int, method);
    const BlockRecord record = smallRecord(PlanMethod(method));
    const PruningPlan plan = planOfBlocks(smallSpec(), record);
    checkPlan(plan, smallSpec(), "model");
    const nlohmann::json stored = saved(plan);
    QCOMPARE(stored.at("format").get<int>(), 3);
    QCOMPARE(stored.at("method").get<std::string>(), std::string(nameOf(PlanMethod(method))));
    const PruningPlan back = loaded(stored);
    QCOMPARE(back.method, plan.method);
    QCOMPARE(back.removedAttentions, plan.removedAttentions);
    QCOMPARE(back.keptNeurons, plan.keptNeurons);
    QCOMPARE(back.hash(), plan.hash());
    QVERIFY(back.isComplete());
    QCOMPARE(toJson(*back.blocks).dump(), toJson(record).dump()); // where NaN is equal to itself
    QCOMPARE(back.balance.attentionsToRemove, 1);
    QCOMPARE(back.balance.neuronsKept, 48);
    QCOMPARE(back.balance.layerParameters, layerParameters(plan.surgery().specOf(smallSpec())));
    QVERIFY(back.balance.sparsityLayers() > 0.25);
}

void tst_BlockPlan::plansAreCheckedAgainstTheirNumbers_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("path"); // of the plan's JSON
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const char *method, const char *path, const char *value, const char *reason) {
        QTest::newRow(name) << method << path << value << reason;
    };
    row("another number of blocks", "shortgpt", "/record/blocks", "2", "is to remove 2 blocks");
    row("another sparsity", "shortgpt", "/record/settings/sparsity", "0.5", "makes 2");
    row("no share", "shortgpt", "/record/settings/sparsity", "1.5", "not between 0 and 1");
    row("another method's record", "shortgpt", "/record/settings/method", "\"window\"", "do not belong together");
    row("a method that has none", "shortgpt", "/record/settings/method", "\"2ssp\"", "removes no whole blocks");
    row("a variant of later", "shortgpt", "/record/settings/variant", "\"theirs\"", "only 'authors' and 'original'");
    row("another influence", "shortgpt", "/record/influence/2", "0.125", "not those that its numbers choose");
    row("an influence too few", "shortgpt", "/record/influence", "[1, 0.25]", "influence of each of 3 layers");
    row("an influence that is none", "shortgpt", "/record/influence/0", "null", "influence of each of 3 layers");
    row("another similarity", "window", "/record/similarities/1/2", "0.875", "not those that its numbers choose");
    row("states of the other variant", "window", "/record/settings/variant", "\"original\"", "every two of 4 states");
    row("negative seconds", "window", "/record/seconds", "-1", "both are 0 or more");
    row("steps of another method", "window", "/record/steps", "[]", "");
    row("a lower loss", "blockpruner", "/record/steps/0/losses/0", "2", "goes before it at 2");
    row("an equal loss before it", "blockpruner", "/record/steps/0/losses/0", "2.5", "goes before it at 2.5");
    row("another removal", "blockpruner", "/record/steps/1/removed", "2", "goes before it");
    row("a loss that is none", "blockpruner", "/record/steps/0/losses/1", "null", "tells no loss without it");
    row("a negative loss", "blockpruner", "/record/steps/0/losses/0", "-1", "a loss is 0 or more");
    row("the turn of another part", "blockpruner", "/record/steps/0/part", "\"ffn\"", "whose turn it is not");
    row("a part that is none", "blockpruner", "/record/steps/0/part", "\"norm\"", "only 'attention' and 'ffn'");
    row("a step too early", "blockpruner", "/record/steps/0/removed", "-1", "removes nothing");
    row("a layer that is none", "blockpruner", "/record/steps/0/removed", "3", "is damaged");
    row("another survivor", "evopress", "/record/evolution/1/attentions/0", "1", "not those that its numbers choose");
    row("a survivor that lacks less", "evopress", "/record/evolution/0/ffns", "[]", "does not lack 1 attentions");
    row("more generations than can be", "evopress", "/record/settings/generations", "9223372036854775807", "out of range");
    row("more tokens than can be", "evopress", "/record/settings/coarseTokens", "4611686018427387904", "out of range");
    row("a survivor too many", "evopress", "/record/settings/generations", "0", "its settings make 1");
    row("no divergence", "evopress", "/record/evolution/0/divergence", "null", "has no divergence");
    row("other neurons", "shortgpt", "/keptNeurons/0", "[0, 1]", "match its own hash");
    row("its hash", "shortgpt", "/planHash", "\"abc\"", "match its own hash");
    row("no record", "shortgpt", "/record", "null", "is damaged");
    row("its parameters", "shortgpt", "/layerParameters/pruned", "1", "tells of 1 parameters");
}

void tst_BlockPlan::plansAreCheckedAgainstTheirNumbers()
{
    QFETCH(QString, method);
    QFETCH(QString, path);
    QFETCH(QString, value);
    QFETCH(QString, reason);
    nlohmann::json stored = toJson(planOfBlocks(smallSpec(), smallRecord(planMethodOf(method.toStdString()))));
    stored[nlohmann::json::json_pointer(path.toStdString())] = nlohmann::json::parse(value.toStdString());
    const QString text = complaint([&] { loaded(stored); });
    QVERIFY2(reason.isEmpty() ? text.isEmpty() : text.contains(reason), qPrintable(text));
}

void tst_BlockPlan::unfinishedPlansSaySo()
{
    BlockRecord record = smallRecord(PlanMethod::BlockPruner);
    record.steps[1].removed = -1; // its losses stay
    const PruningPlan pruned = loaded(toJson(planOfBlocks(smallSpec(), record)));
    QVERIFY(!pruned.isComplete());
    QCOMPARE(pruned.removedAttentions, Layers({1}));
    QVERIFY(pruned.layersWithoutFfn().empty());
    QCOMPARE(pruned.blocks->steps.back().losses, record.steps.back().losses);

    record = smallRecord(PlanMethod::EvoPress);
    record.settings.generations = 2;
    const PruningPlan evolved = loaded(toJson(planOfBlocks(smallSpec(), record)));
    QVERIFY(!evolved.isComplete());
    QCOMPARE(evolved.removedAttentions, Layers({2})); // the survivor so far
}

void tst_BlockPlan::theHashIsThatOfWhatIsLeft()
{
    PruningPlan byHand = planOfBlocks(smallSpec(), smallRecord(PlanMethod::ShortGpt));
    const std::string hash = byHand.hash();
    byHand.method = PlanMethod::Manual;
    byHand.blocks.reset();
    checkPlan(byHand, smallSpec(), "model");
    QCOMPARE(byHand.hash(), hash);
    QCOMPARE(saved(byHand).at("format").get<int>(), 2);
}

void tst_BlockPlan::searchesOf2SspDoNotGoOnWithThem()
{
    const PruningPlan plan = planOfBlocks(smallSpec(), smallRecord(PlanMethod::BlockPruner));
    QVERIFY(!isSearchable(plan));
    QVERIFY(complaint([&] { checkSearchable(plan); }).contains("found by BlockPruner"));
}

void tst_BlockPlan::earlierFormatsKnowNoSuchMethod()
{
    nlohmann::json stored = toJson(planOfBlocks(smallSpec(), smallRecord(PlanMethod::ShortGpt)));
    stored["format"] = 2;
    QVERIFY(complaint([&] { loaded(stored); }).contains("its format is 2"));
    stored["format"] = 5;
    QVERIFY(complaint([&] { loaded(stored); }).contains("newer Secateur (format 5)"));
}

void tst_BlockPlan::namesOfMethodsAreKnown()
{
    for (const PlanMethodRow &row : kPlanMethods) {
        QCOMPARE(planMethodOf(row.name), row.method);
        QCOMPARE(nameOf(row.method), row.name);
    }
    QVERIFY(complaint([] { planMethodOf("slicegpt"); }).contains("'shortgpt'"));
}

QTEST_GUILESS_MAIN(tst_BlockPlan)
#include "tst_BlockPlan.moc"
