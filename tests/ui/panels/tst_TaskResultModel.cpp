// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "FlowBench.h"
#include "panels/evaluate/TaskResultModel.h"

#include <QAbstractItemModelTester>
#include <QRegularExpression>
#include <QSignalSpy>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Model = TaskResultModel;

/// What was reached in one task, asked of the first `limit` items.
Measurement measured(const std::string &planHash, const std::string &task, double acc, std::optional<std::int64_t> limit = {})
{
    TaskResult result;
    result.name = task;
    result.acc = acc;
    result.accStderr = 0.014;
    if (task != "winogrande") {
        result.accNorm = acc + 0.02;
        result.accNormStderr = 0.013;
    }
    result.items = limit.value_or(1838);
    result.skipped = 2;
    result.textHash = "items of " + task + std::to_string(result.items);
    Measurement record;
    record.what = Measured::Tasks;
    record.planHash = planHash;
    record.tasks = TaskResults();
    record.tasks->tasks = {result};
    record.tasks->limit = limit;
    record.tasks->longest = 512;
    record.tasks->hash = "hash of " + result.textHash;
    record.computed.device = "cpu";
    record.computed.dtype = "float32";
    return record;
}

/// A plan whose hash is "plan".
void makePlan(FlowBench &bench)
{
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    bench.editor.setAttentionsToRemove(0);
    bench.session.setPlanHash(bench.session.draft(), {}, "plan");
    QCOMPARE(bench.session.planHash(), QString("plan"));
}

QString at(const Model &model, int row, Model::Column column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class tst_TaskResultModel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void planAndOriginalStandBesideEachOther();
    void whatWasMeasuredEarlierStays();
    void whatWasAskedOtherwiseIsARowOfItsOwn();
    void otherPlansAreNotShown();
    void theOriginalIsTheOneComputedAsThePlan();
    void tasksWithoutLengthsHaveNoNormalisedAccuracy();
    void subjectsAreCounted();
    void theSameAgainResetsNothing();
    void copiesHaveEveryDigit();
};

void tst_TaskResultModel::planAndOriginalStandBesideEachOther()
{
    FlowBench bench;
    Model model(bench.session);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    makePlan(bench);
    bench.session.addMeasurement(measured({}, "piqa", 0.64));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(at(model, 0, Model::kTask), QString("piqa"));
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QStringLiteral("64.0 ± 1.4\u00a0%"));
    QCOMPARE(at(model, 0, Model::kPlanAcc), QString("not measured"));
    bench.session.addMeasurement(measured("plan", "piqa", 0.5));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(at(model, 0, Model::kPlanAcc), QStringLiteral("50.0 ± 1.4\u00a0%"));
    QCOMPARE(at(model, 0, Model::kPlanNorm), QStringLiteral("52.0 ± 1.3\u00a0%"));
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QStringLiteral("64.0 ± 1.4\u00a0%"));
    QCOMPARE(at(model, 0, Model::kItems), QString("1,838"));
    QCOMPARE(at(model, 0, Model::kSkipped), QString("2"));
    bench.open();
    QCOMPARE(model.rowCount(), 0);
}

/// A task that is chosen again is known and not measured anew, so that its numbers have to be there.
void tst_TaskResultModel::whatWasMeasuredEarlierStays()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("plan", "piqa", 0.5));
    bench.session.addMeasurement(measured({}, "hellaswag", 0.3));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(at(model, 0, Model::kTask), QString("piqa")); // the current plan's come first
    QCOMPARE(at(model, 1, Model::kTask), QString("hellaswag"));
    QCOMPARE(model.howAsked(), QString("all items, no BOS token"));
}

void tst_TaskResultModel::whatWasAskedOtherwiseIsARowOfItsOwn()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("plan", "piqa", 0.5, 1200));
    QCOMPARE(model.howAsked(), QString("first 1,200 items, no BOS token"));
    Measurement drawn = measured({}, "piqa", 0.6, 1200);
    drawn.tasks->seed = 7;
    drawn.tasks->bos = BosUse::Always;
    drawn.tasks->hash = "drawn";
    bench.session.addMeasurement(drawn);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QString("not measured"));
    QCOMPARE(at(model, 1, Model::kPlanAcc), QString("not measured"));
    QCOMPARE(model.howAsked(), QString());
    QCOMPARE(at(model, 0, Model::kAsked), QString("first 1,200 items, no BOS token"));
    QCOMPARE(at(model, 1, Model::kAsked), QString("1,200 items, seed 7, always a BOS token"));
}

void tst_TaskResultModel::otherPlansAreNotShown()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("another", "piqa", 0.5));
    QCOMPARE(model.rowCount(), 0);
    bench.session.addMeasurement(measured("plan", "piqa", 0.55));
    bench.session.addMeasurement(measured({}, "piqa", 0.64));
    QCOMPARE(at(model, 0, Model::kPlanAcc), QStringLiteral("55.0 ± 1.4\u00a0%"));
    bench.editor.setSparsity(0.25); // a plan of which nothing is known
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(at(model, 0, Model::kPlanAcc), QString("not measured"));
    bench.history.undo();
    QCOMPARE(at(model, 0, Model::kPlanAcc), QStringLiteral("55.0 ± 1.4\u00a0%"));
}

void tst_TaskResultModel::theOriginalIsTheOneComputedAsThePlan()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("plan", "piqa", 0.5));
    Measurement inBf16 = measured({}, "piqa", 0.61);
    inBf16.computed.dtype = "bfloat16";
    bench.session.addMeasurement(inBf16);
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QStringLiteral("~ 61.0 ± 1.4\u00a0%"));
    const QString told = model.index(0, Model::kOriginalAcc).data(Qt::ToolTipRole).toString();
    QVERIFY2(told.contains("bfloat16"), qPrintable(told));
    bench.session.addMeasurement(measured({}, "piqa", 0.64));
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QStringLiteral("64.0 ± 1.4\u00a0%"));
    inBf16.tasks->tasks[0].acc = 0.62;
    bench.session.addMeasurement(inBf16); // the latest, but not as the plan
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QStringLiteral("64.0 ± 1.4\u00a0%"));
    QVERIFY(model.index(0, Model::kOriginalAcc).data(Qt::ToolTipRole).toString().isEmpty());
}

void tst_TaskResultModel::tasksWithoutLengthsHaveNoNormalisedAccuracy()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("plan", "winogrande", 0.5));
    QCOMPARE(at(model, 0, Model::kPlanNorm), QString());
    QCOMPARE(at(model, 0, Model::kOriginalNorm), QString());
    QCOMPARE(at(model, 0, Model::kOriginalAcc), QString("not measured"));
}

void tst_TaskResultModel::subjectsAreCounted()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    Measurement mmlu = measured({}, "mmlu", 0.25);
    mmlu.tasks->tasks[0].subjects = 12;
    bench.session.addMeasurement(mmlu);
    QCOMPARE(at(model, 0, Model::kTask), QString("mmlu (12 of 57 subjects)"));
}

void tst_TaskResultModel::theSameAgainResetsNothing()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured({}, "piqa", 0.64));
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    bench.editor.setSparsity(0.3);
    bench.editor.setSparsity(0.4);
    QCOMPARE(resets.count(), 0); // who reads a row keeps it while the plan is dragged
    bench.session.addMeasurement(measured({}, "hellaswag", 0.3));
    QCOMPARE(resets.count(), 1);
}

void tst_TaskResultModel::copiesHaveEveryDigit()
{
    FlowBench bench;
    Model model(bench.session);
    makePlan(bench);
    bench.session.addMeasurement(measured("plan", "winogrande", 0.512345678, 1200));
    bench.session.addMeasurement(measured({}, "winogrande", 0.625, 1200));
    const QStringList lines = model.separated().split(u'\n');
    QCOMPARE(lines.size(), 4); // the last one ends, too
    QCOMPARE(lines[0], QString("task\tmodel\tacc\tacc_stderr\tacc_norm\tacc_norm_stderr\titems\tskipped\tlimit\tseed\tbos"));
    QCOMPARE(lines[1], QString("winogrande\tplan\t0.512345678\t0.014\t\t\t1200\t2\t1200\t0\tnever"));
    QCOMPARE(lines[2], QString("winogrande\toriginal\t0.625\t0.014\t\t\t1200\t2\t1200\t0\tnever"));
    QVERIFY(lines[3].isEmpty());
}

QTEST_MAIN(tst_TaskResultModel)
#include "tst_TaskResultModel.moc"
