// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/Checkpoint.h"
#include "comparison/ComparisonRows.h"
#include "model/Families.h"

#include <QtTest>

using namespace secateur;

namespace {

ModelSpec sampleSpec()
{
    const std::string file = SECATEUR_SOURCE_DIR "/resources/sample/model/config.json";
    return specFromConfig(readConfig(file), file);
}

TaskResult taskCalled(const std::string &name)
{
    TaskResult task;
    task.name = name;
    return task;
}

} // namespace

class tst_ComparisonRows : public QObject {
    Q_OBJECT

private slots:
    void rowOfDenseModelRemovesNothing();
    void rowOfPlanCountsWhatIsLeft();
    void textsOfOneNameGoByTheirPaths();
    void peopleSeeMmluInsteadOfItsSubjects();
    void rowsHaveNames();
    void rowOfARestoredPlanTellsItsSteps();
};

void tst_ComparisonRows::rowOfDenseModelRemovesNothing()
{
    const ModelSpec dense = sampleSpec();
    const ComparisonRow row = rowOf(dense, nullptr, DType::Float32);
    QVERIFY(!row.method);
    QVERIFY(row.planHash.empty());
    QCOMPARE(row.attentionsRemoved, 0);
    QCOMPARE(row.ffnsRemoved, 0);
    QCOMPARE(row.neuronsKept, dense.layers.front().ffn->neurons);
    QCOMPARE(row.modelParameters, modelParameters(dense));
    QCOMPARE(row.sparsityLayers, 0.0);
    // keys and values of every layer, 4 bytes each
    const AttentionSpec &attention = *dense.layers.front().attention;
    QCOMPARE(row.cacheBytes, dense.layerCount() * 2 * attention.kvHeads * attention.headDim * 4);
}

void tst_ComparisonRows::rowOfPlanCountsWhatIsLeft()
{
    const ModelSpec dense = sampleSpec();
    const std::int64_t layers = dense.layerCount();
    BlockRecord record;
    record.settings.method = PlanMethod::BlockPruner;
    record.settings.sparsity = 1.0 / double(layers);
    record.blocks = 1;
    record.seconds = 2.5;
    record.windowsForwarded = 2 * layers;
    for (const auto &[part, layer] : {std::pair(Part::Attention, 3), std::pair(Part::Ffn, 5)}) {
        BlockStep step{.part = part, .losses = std::vector<double>(std::size_t(layers), 4), .removed = layer};
        step.losses[std::size_t(layer)] = 3;
        record.steps.push_back(step);
    }
    const PruningPlan plan = planOfBlocks(dense, record);
    const ComparisonRow row = rowOf(dense, &plan, DType::BFloat16);
    QVERIFY(row.method == PlanMethod::BlockPruner);
    QCOMPARE(row.planHash, plan.hash());
    QCOMPARE(row.attentionsRemoved, 1);
    QCOMPARE(row.ffnsRemoved, 1);
    const LayerSpec &layer = dense.layers.front();
    const std::int64_t gone = attentionParameters(*layer.attention, dense.hiddenSize) + ffnParameters(*layer.ffn, dense.hiddenSize) +
                              2 * normsPerSublayer(dense) * dense.hiddenSize; // both parts are those of one layer
    QCOMPARE(row.layerParameters, layerParameters(dense) - gone);
    QCOMPARE(row.modelParameters, modelParameters(dense) - gone);
    QVERIFY(qAbs(row.sparsityLayers - 1.0 / double(layers)) < 1e-12);
    QCOMPARE(row.cacheBytes, (layers - 1) * 2 * layer.attention->kvHeads * layer.attention->headDim * 2);
    QVERIFY(row.flop < double(flopPerToken(dense)));
    QCOMPARE(row.pruningSeconds.value(), 2.5);
    QCOMPARE(row.windowsForwarded.value(), 2 * layers);
}

void tst_ComparisonRows::textsOfOneNameGoByTheirPaths()
{
    TextSettings one, other, third;
    one.files = {"/a/wiki.txt"};
    other.files = {"/b/wiki.txt"};
    third.files = {"/b/oz.txt"};
    QCOMPARE(evaluationNames({one, third}), (std::vector<std::string>{"wiki.txt", "oz.txt"}));
    QCOMPARE(evaluationNames({one, other, third}), (std::vector<std::string>{"/a/wiki.txt", "/b/wiki.txt", "oz.txt"}));
}

void tst_ComparisonRows::peopleSeeMmluInsteadOfItsSubjects()
{
    ComparisonRow dense, pruned;
    dense.tasks.emplace();
    dense.tasks->tasks = {taskCalled("piqa"), taskCalled("mmlu_anatomy"), taskCalled("mmlu_virology"), taskCalled("mmlu")};
    pruned.tasks.emplace();
    pruned.tasks->tasks = {taskCalled("arc_easy")};
    const std::vector<const ComparisonRow *> rows = {&dense, &pruned};
    QCOMPARE(taskNames(rows), (std::vector<std::string>{"piqa", "mmlu_anatomy", "mmlu_virology", "mmlu", "arc_easy"}));
    QCOMPARE(taskNamesForPeople(rows), (std::vector<std::string>{"piqa", "mmlu", "arc_easy"}));
    QVERIFY(taskOf(dense, "mmlu_anatomy") == &dense.tasks->tasks[1]);
    QVERIFY(!taskOf(pruned, "piqa"));
    dense.tasks->tasks.pop_back(); // without the mean over them, the subjects are what there is
    QCOMPARE(taskNamesForPeople(rows).size(), 4U);
}

void tst_ComparisonRows::rowsHaveNames()
{
    ComparisonRow row;
    QCOMPARE(nameOf(row), std::string("original"));
    row.method = PlanMethod::ShortGpt;
    row.sparsity = 0.375;
    QCOMPARE(nameOf(row), std::string("ShortGPT at 37.5 %"));
    row.method = PlanMethod::TwoSsp;
    QCOMPARE(methodLabel(row), std::string("2SSP"));
    row.method = PlanMethod::Restored;
    row.restored = {RestorationStep::Refit, RestorationStep::Order};
    QCOMPARE(methodLabel(row), std::string("2SSP + R1 + R2"));
    QCOMPARE(nameOf(row), std::string("2SSP + R1 + R2 at 37.5 %"));
    row.isGated = true;
    QCOMPARE(methodLabel(row), std::string("2SSP, restored (R1 + R2)"));
    row.restored.clear(); // the gate turned all of it down
    QCOMPARE(methodLabel(row), std::string("2SSP, restored (plain)"));
}

void tst_ComparisonRows::rowOfARestoredPlanTellsItsSteps()
{
    const ModelSpec dense = sampleSpec();
    PruningPlan plan;
    plan.method = PlanMethod::Restored;
    plan.settings.sparsity = 0.5;
    plan.keptNeurons.assign(dense.layers.size(), {0, 1, 2});
    plan.keptNeurons[3] = {0, 1, 2, 3};
    plan.balance.neuronsKept = 0;
    RestorationRecord record;
    record.settings.steps = {RestorationStep::Refit, RestorationStep::Widths};
    record.settings.isGated = false;
    RestorationVariant plain, refitted, widths;
    refitted.steps = {RestorationStep::Refit};
    widths.steps = record.settings.steps;
    record.variants = {plain, refitted, widths};
    plan.restoration = record;
    const ComparisonRow row = rowOf(dense, &plan, DType::Float32);
    QVERIFY(row.method == PlanMethod::Restored);
    QCOMPARE(row.sparsity, 0.5);
    QVERIFY(row.restored == record.settings.steps);
    QVERIFY(!row.isGated);
}

QTEST_GUILESS_MAIN(tst_ComparisonRows)
#include "tst_ComparisonRows.moc"
