// SPDX-License-Identifier: GPL-3.0-or-later
// What a session knows of its plans, as rows of a table.
#include "SessionFixtures.h"

#include "session/PlanTable.h"
#include "session/Shelf.h"

#include <QtTest>

using namespace secateur;
using namespace secateur::test;

namespace {

/// A session with a current plan whose search is complete.
Session searchedSession()
{
    Session s;
    s.model = modelOf("tiny-llamas/mha/config.json");
    s.calibrations = {scoresFor(s.model->spec, 2)};
    s.draft.calibration = 0;
    s.draft.balance = {.sparsity = 0.4, .attentionsToRemove = 1, .neuronsKept = 20};
    SearchRecord search;
    search.settings = s.draft.search;
    search.provenance = provenanceOf("search");
    search.initialLoss = 3;
    search.steps = {{.losses = {3.5, 3.25, 3.75}, .removed = 1, .isForced = false}};
    s.searches[searchKey(s.draft, 20)] = search;
    return s;
}

PruningPlan blockPlan(const Session &session, PlanMethod method)
{
    const auto layers = std::size_t(session.model->spec.layerCount());
    BlockRecord record;
    record.settings.method = method;
    record.settings.sparsity = 0.25;
    record.blocks = blocksToRemove(record.settings.sparsity, std::int64_t(layers));
    record.provenance = provenanceOf("blocks");
    record.influence = {1, 0.5, 0.25};
    record.similarities.assign(layers, std::vector<double>(layers, 0.5));
    record.similarities[1][2] = record.similarities[2][1] = 0.75;
    record.windowsForwarded = 256;
    record.seconds = 1.5;
    return planOfBlocks(session.model->spec, record);
}

Measurement measured(Measured what, const std::string &planHash)
{
    Measurement record = evaluationOf(planHash, 3);
    record.what = what;
    return record;
}

Measurement accuracy(const std::string &planHash, const std::string &task, double acc, const std::string &textHash)
{
    Measurement record = measured(Measured::Tasks, planHash);
    TaskResult result;
    result.name = task;
    result.acc = acc;
    result.items = 10;
    result.textHash = textHash;
    record.tasks.emplace();
    record.tasks->tasks = {result};
    record.tasks->hash = task + textHash;
    return record;
}

} // namespace

class tst_PlanTable : public QObject {
    Q_OBJECT

private slots:
    void withoutAModelThereIsNone();
    void theOriginalComesFirst();
    void aPlanThatIsSeveralThingsIsOneRow();
    void methodsThatAgreeHaveARowEach();
    void anUnfinishedPlanHasTheSizesThatItIsToHave();
    void numbersOfOneContentAreCompared();
    void tasksAreThoseThatTheOriginalWasAsked();
    void plansOfWhichOnlyMeasurementsAreLeftAreListed();
    void whatPruningTookStandsBesideThePlan();
};

void tst_PlanTable::withoutAModelThereIsNone()
{
    QVERIFY(planTable({}).rows.empty());
}

void tst_PlanTable::theOriginalComesFirst()
{
    Session s;
    s.model = modelOf("tiny-llamas/mha/config.json");
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 1U);
    QVERIFY(!table.rows[0].row.method);
    QVERIFY(!table.rows[0].draft);
    QCOMPARE(table.rows[0].row.modelParameters, modelParameters(s.model->spec));
}

void tst_PlanTable::aPlanThatIsSeveralThingsIsOneRow()
{
    Session s = searchedSession();
    s.pinned = {{.name = "wide", .draft = s.draft}};
    const std::string hash = planOf(s, s.draft).hash();
    s.measurements = {evaluationOf("", 2), evaluationOf(hash, 3)};
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 2U);
    const PlanTableRow &row = table.rows[1];
    QVERIFY(row.isCurrent);
    QCOMPARE(row.name, std::string("wide"));
    QVERIFY(row.draft == s.draft);
    QCOMPARE(row.row.planHash, hash);
    QVERIFY(row.row.method == PlanMethod::TwoSsp);
    QCOMPARE(row.row.attentionsRemoved, 1);
    QCOMPARE(row.row.neuronsKept, 20);
    QCOMPARE(table.texts.size(), 1U);
    QCOMPARE(table.texts[0].name, std::string("oz.txt"));
    QCOMPARE(row.row.evaluations.at(0)->loss, 3.0);
    QCOMPARE(table.rows[0].row.evaluations.at(0)->loss, 2.0);
}

void tst_PlanTable::methodsThatAgreeHaveARowEach()
{
    Session s = searchedSession();
    const PruningPlan one = blockPlan(s, PlanMethod::ShortGpt), other = blockPlan(s, PlanMethod::Window);
    QCOMPARE(one.hash(), other.hash()); // both remove layer 2
    for (const PruningPlan &plan : {one, other})
        applyEvent(s, PlanOpened{shelfEntry(plan, {})});
    QCOMPARE(s.plans.size(), 2U);
    s.measurements = {evaluationOf(one.hash(), 3)};
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 4U);
    int rows = 0;
    for (const PlanTableRow &row : table.rows)
        if (row.row.planHash == one.hash()) {
            ++rows;
            QVERIFY(row.row.evaluations.at(0).has_value()); // what was measured of one holds for both
            QCOMPARE(row.row.pruningSeconds.value(), 1.5);
            QCOMPARE(row.row.windowsForwarded.value(), 256);
            QCOMPARE(row.row.sparsity, 0.25);
            QVERIFY(shelfPlanOf(s, *row.draft)->plan.method == *row.row.method);
        }
    QCOMPARE(rows, 2);
}

void tst_PlanTable::anUnfinishedPlanHasTheSizesThatItIsToHave()
{
    Session s = searchedSession();
    s.searches.clear();
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 2U);
    QVERIFY(table.rows[1].row.planHash.empty());
    QVERIFY(!table.rows[1].row.problem.empty());
    QCOMPARE(table.rows[1].row.modelParameters, balanceOf(s, s.draft).modelParameters);
}

void tst_PlanTable::numbersOfOneContentAreCompared()
{
    Session s = searchedSession();
    const std::string hash = planOf(s, s.draft).hash();
    Measurement otherwise = evaluationOf(hash, 4), alike = evaluationOf(hash, 5);
    otherwise.computed.dtype = "bfloat16";
    s.measurements = {evaluationOf("", 2), alike, otherwise};
    PlanTable table = planTable(s);
    QCOMPARE(table.rows[1].row.evaluations.at(0)->loss, 5.0); // as the original was computed, though it is not the latest
    QVERIFY(table.rows[1].differs.empty());
    s.measurements = {evaluationOf("", 2), otherwise};
    table = planTable(s);
    QCOMPARE(table.rows[1].row.evaluations.at(0)->loss, 4.0);
    QVERIFY(QString::fromStdString(table.rows[1].differs).contains("bfloat16"));
    s.measurements[1].result.tokenHash = "of another text";
    QCOMPARE(planTable(s).texts.size(), 2U);
}

void tst_PlanTable::tasksAreThoseThatTheOriginalWasAsked()
{
    Session s = searchedSession();
    const std::string hash = planOf(s, s.draft).hash();
    s.measurements = {accuracy("", "piqa", 0.7, "all"), accuracy("", "arc_easy", 0.5, "all"), accuracy(hash, "piqa", 0.6, "all"),
                      accuracy(hash, "piqa", 0.9, "the first ten"), accuracy(hash, "arc_easy", 0.4, "all")};
    const PlanTable table = planTable(s);
    QCOMPARE(table.tasks.size(), 2U);
    const auto acc = [&](std::size_t row, const std::string &name) {
        for (const TaskResult &task : table.rows[row].row.tasks->tasks)
            if (task.name == name)
                return task.acc;
        return -1.0;
    };
    QCOMPARE(acc(0, "piqa"), 0.7);
    QCOMPARE(acc(1, "piqa"), 0.6);
    QCOMPARE(acc(1, "arc_easy"), 0.4);
}

void tst_PlanTable::plansOfWhichOnlyMeasurementsAreLeftAreListed()
{
    Session s = searchedSession();
    Measurement left = evaluationOf("of a plan that is gone", 3);
    left.draft.reset();
    left.neuronsKept = 20;
    left.removed = {0, 2};
    s.measurements = {left};
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 3U);
    const PlanTableRow &row = table.rows[2];
    QVERIFY(!row.draft);
    QCOMPARE(row.row.planHash, left.planHash);
    QCOMPARE(row.row.attentionsRemoved, 2);
    QCOMPARE(row.row.modelParameters, modelParameters(prunedSpec(s.model->spec, {20, 20, 20}, {0, 2})));
    QCOMPARE(row.row.evaluations.at(0)->loss, 3.0);
}

void tst_PlanTable::whatPruningTookStandsBesideThePlan()
{
    Session s = searchedSession();
    Measurement took = measured(Measured::Pruning, planOf(s, s.draft).hash()), before = measured(Measured::Pruning, "before its search");
    took.seconds = 12;
    took.windowsForwarded = 44;
    s.measurements = {took, before};
    const PlanTable table = planTable(s);
    QCOMPARE(table.rows.size(), 2U); // what a search took so far is no plan
    QCOMPARE(table.rows[1].row.pruningSeconds.value(), 12.0);
    QCOMPARE(table.rows[1].row.windowsForwarded.value(), 44);
    QVERIFY(table.texts.empty());
}

QTEST_GUILESS_MAIN(tst_PlanTable)
#include "tst_PlanTable.moc"
