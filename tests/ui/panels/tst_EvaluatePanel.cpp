// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"
#include "panels/evaluate/EvaluatePanel.h"
#include "panels/evaluate/EvaluationModel.h"
#include "panels/evaluate/TasksCard.h"
#include "panels/plan/DraftOfRecord.h"
#include "session/JobEvent.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTableView>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

void show(QWidget &widget)
{
    showAndWait(widget, {900, 800});
}

/// Two plans and the original, measured: 25 % with N = 1 (100), 50 % with N = 0 (9.5), original (50).
void measureThree(FlowBench &bench)
{
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    TextSettings text = bench.session.session().calibrationText;
    text.files = {bench.write("held-out.txt").toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    bench.editor.setSparsity(0.25);
    bench.editor.setAttentionsToRemove(1);
    bench.search({2});
    bench.session.addMeasurement(bench.measured(100));
    bench.editor.setSparsity(0.5);
    bench.editor.setAttentionsToRemove(0);
    bench.session.addMeasurement(bench.measured(9.5));
    bench.session.addMeasurement(bench.dense(50));
}

/// A plan of a file, without the scores that chose its neurons: N = 1, calibrated on a.txt of the folder of the bench.
void openPlan(FlowBench &bench)
{
    FlowBench elsewhere;
    elsewhere.open();
    elsewhere.calibrate(bench.write("a.txt"));
    BalanceSettings settings;
    settings.sparsity = 0.25;
    settings.attentionsToRemove = 1;
    const PruningPlan plan = planFromScores(elsewhere.session.spec(), *elsewhere.session.scores(), settings);
    bench.open();
    const ShelfEntry entry = shelfEntry(plan, "plan.json");
    bench.session.apply(PlanOpened{entry});
    bench.editor.useDraft(draftOf(bench.session.session(), entry), "Open plan.json");
}

QStringList column(const QAbstractItemModel &model, int column)
{
    QStringList texts;
    for (int row = 0; row < model.rowCount(); ++row)
        texts << model.index(row, column).data().toString();
    return texts;
}

} // namespace

class tst_EvaluatePanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void buttonsSayWhyTheyAreDisabled();
    void aReasonIsSaidOnceAndInOneLine();
    void settingsGoIntoTheSession();
    void evaluatingSaysAllThatItDoes();
    void aTextThatTheCalibrationReadIsNoFairOne();
    void aTextByWhichAnOpenedPlanWasChosenIsNoFairOne();
    void aCopyOfTheCalibrationsTextIsNoFairOneEither();
    void theTableTakesTheRoomThatIsLeft();
    void aNarrowTableScrollsAndCutsNoName();
    void choosingARowStretchesNoButton();
    void tableKeepsTheRulesOfModels();
    void ratioNeedsTheOriginalOnTheSameTokens();
    void whatWasComputedDifferentlyIsMarked();
    void perplexitiesSortAsNumbers();
    void figuresSayWhereTheyComeFrom();
    void doubleClickTakesThePlanIntoHand();
    void planThatCannotBeRebuiltSaysWhy();
    void draftTakesTheRuleWhereItLeadsThere();
    void draftFindsTheSearchThatGaveThePlan();
    void aPlanOfAFileIsFoundWithItsSearchOnly();
    void aPlanByHandHasNoSearchedOrder();
    void tableIsCopiedAndSaved();
    void failedSavingIsSaidInPlace();
};

void tst_EvaluatePanel::buttonsSayWhyTheyAreDisabled()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    QCOMPARE(button(panel, "Evaluate plan")->toolTip(), QString("Open a model first."));
    bench.open();
    QCOMPARE(button(panel, "Evaluate original")->toolTip(), QString("Choose a text to evaluate on first."));
    TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = {}, .length = 64, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), {}, text, ScoreNorm::L2);
    QVERIFY(button(panel, "Evaluate original")->isEnabled());
    QVERIFY(!button(panel, "Evaluate plan")->isEnabled());
    QVERIFY(!button(panel, "Evaluate plan")->toolTip().isEmpty());
    QVERIFY(words(panel).contains(button(panel, "Evaluate plan")->toolTip()));
    bench.calibrate("a.txt");
    QVERIFY(button(panel, "Evaluate plan")->isEnabled());
    text.files = {bench.path("gone.txt").toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), {}, text, ScoreNorm::L2);
    QCOMPARE(button(panel, "Evaluate plan")->toolTip(), QString("gone.txt was not found."));
    QVERIFY(!button(panel, "Use this plan")->isEnabled());
    QCOMPARE(button(panel, "Use this plan")->toolTip(),
             QString("Nothing measured yet. Evaluate the plan or the original: each result is a row here."));
}

/// One full line below the buttons: beside them it would be a narrow column of many lines, or the same reason twice.
void tst_EvaluatePanel::aReasonIsSaidOnceAndInOneLine()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.makeReadOnly();
    const QString reason = button(panel, "Evaluate plan")->toolTip();
    QCOMPARE(button(panel, "Evaluate original")->toolTip(), reason);
    QList<const QLabel *> saying;
    for (const QLabel *label : panel.findChildren<QLabel *>())
        if (label->isVisible() && label->text().contains(reason) && !panel.findChild<TasksCard *>()->isAncestorOf(label))
            saying << label;
    QCOMPARE(saying.size(), 1);
    QVERIFY(saying.front()->width() > panel.viewport()->width() * 3 / 4);
    const QWidget *plan = button(panel, "Evaluate plan");
    QVERIFY(saying.front()->mapTo(&panel, QPoint()).y() >= plan->mapTo(&panel, QPoint(0, plan->height())).y());
}

void tst_EvaluatePanel::settingsGoIntoTheSession()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    bench.open();
    panel.setSampleText(bench.write("oz.txt"));
    QTest::mouseClick(button(panel, "Bundled text"), Qt::LeftButton);
    QCOMPARE(bench.session.session().evaluationText.files.size(), 1U);
    QVERIFY(!bench.session.session().evaluationText.windows); // all of it
    QVERIFY(bench.session.session().calibrationText.files.empty());
    bench.history.undo(); // a text is a choice that can be taken back
    QVERIFY(bench.session.session().evaluationText.files.empty());
    bench.history.redo();
    QCOMPARE(bench.session.session().evaluationText.files.size(), 1U);
}

void tst_EvaluatePanel::evaluatingSaysAllThatItDoes()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    const auto note = [&] { return button(panel, "Evaluate plan")->accessibleDescription(); };
    QCOMPARE(note(), QString("Evaluates the plan"));
    TextSettings text = bench.session.session().evaluationText;
    text.length = 64; // the original was not measured on this one
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    QCOMPARE(note(), QString("Evaluates the original, once for this text, and the plan"));
    bench.editor.setAttentionsToRemove(2);
    const std::int64_t evaluations = bench.jobs.evaluationCost().evaluations;
    QVERIFY(evaluations > 0);
    QVERIFY2(note().startsWith(
                 QString("Searches, then evaluates the original, once for this text, and the plan: %1 evaluations").arg(evaluations)),
             qPrintable(note()));
    QVERIFY(words(panel).contains(note())); // beside the button, not in the tooltip alone
}

void tst_EvaluatePanel::aTextThatTheCalibrationReadIsNoFairOne()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    const QString warning = "The calibration has read this text";
    QVERIFY(!words(panel).contains(warning));
    TextSettings text = bench.session.session().evaluationText;
    text.files.assign(bench.session.scores()->provenance.textFiles.begin(), bench.session.scores()->provenance.textFiles.end());
    QVERIFY(!text.files.empty());
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    QVERIFY(words(panel).contains(warning));
}

void tst_EvaluatePanel::aTextByWhichAnOpenedPlanWasChosenIsNoFairOne()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    openPlan(bench);
    QVERIFY(!bench.session.scores());
    const QString warning = "The calibration has read this text";
    TextSettings text{.files = {bench.write("held-out.txt").toStdString()}, .windows = {}, .length = 64, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    QVERIFY(!words(panel).contains(warning));
    text.files = {bench.path("a.txt").toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    QVERIFY(words(panel).contains(warning));
}

void tst_EvaluatePanel::aCopyOfTheCalibrationsTextIsNoFairOneEither()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    const QString warning = "The calibration has read this text";
    TextReport report;
    report.tokenHash = std::string(64, 'b');
    bench.session.tellTextRead(bench.session.session().evaluationText, report);
    QVERIFY(!words(panel).contains(warning));
    report.tokenHash = bench.session.scores()->provenance.tokenHash;
    bench.session.tellTextRead(bench.session.session().evaluationText, report);
    QVERIFY(words(panel).contains(warning));
}

void tst_EvaluatePanel::theTableTakesTheRoomThatIsLeft()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    panel.resize(1100, 800);
    panel.show();
    QVERIFY(QTest::qWaitForWindowExposed(&panel));
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    const int before = table->height();
    panel.resize(1100, 1200);
    QTRY_VERIFY2(table->height() >= before + 350, qPrintable(QString("%1, %2").arg(before).arg(table->height())));
    QCOMPARE(table->horizontalHeader()->length(), table->viewport()->width()); // the header goes to the frame
    QVERIFY(!table->horizontalScrollBar()->isVisible());
}

void tst_EvaluatePanel::aNarrowTableScrollsAndCutsNoName()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    table->setFixedWidth(300);
    QTRY_VERIFY(table->horizontalScrollBar()->maximum() > 0);
    QVERIFY2(table->columnWidth(EvaluationModel::kText) >= table->fontMetrics().horizontalAdvance("held-out.txt"),
             qPrintable(QString::number(table->columnWidth(EvaluationModel::kText))));
}

void tst_EvaluatePanel::choosingARowStretchesNoButton()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    const int use = button(panel, "Use this plan")->width(), save = button(panel, "Save as CSV…")->width();
    for (int row = 0; row < 3; ++row) {
        table->setCurrentIndex(table->model()->index(row, 0));
        QCoreApplication::processEvents();
        QCOMPARE(button(panel, "Use this plan")->width(), use);
        QCOMPARE(button(panel, "Save as CSV…")->width(), save);
    }
}

void tst_EvaluatePanel::tableKeepsTheRulesOfModels()
{
    FlowBench bench;
    EvaluationModel model(bench.session);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    measureThree(bench);
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(column(model, EvaluationModel::kPerplexity), QStringList({"100.0", "9.50", "50.0"}));
    QVERIFY(model.isOfPlan(1));
    QVERIFY(model.index(1, 0).data().toString().endsWith("(current)"));
    bench.history.undo();
    QVERIFY(!model.isOfPlan(1));
    QCOMPARE(model.index(2, 0).data().toString(), QString("original"));
    bench.open();
    QCOMPARE(model.rowCount(), 0);
}

void tst_EvaluatePanel::ratioNeedsTheOriginalOnTheSameTokens()
{
    FlowBench bench;
    EvaluationModel model(bench.session);
    measureThree(bench);
    QCOMPARE(column(model, EvaluationModel::kAgainstOriginal), QStringList({"×2.00", "×0.19", "×1.00"}));
    Measurement other = bench.measured(30);
    other.text.length = 64;
    other.result.tokenHash = "another";
    bench.session.addMeasurement(other);
    QCOMPARE(model.index(3, EvaluationModel::kAgainstOriginal).data().toString(), QString("not measured"));
}

void tst_EvaluatePanel::whatWasComputedDifferentlyIsMarked()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    const EvaluationModel model(bench.session);
    const auto in = [](Measurement record, const std::string &dtype) {
        record.computed.device = "cpu";
        record.computed.dtype = dtype;
        record.computed.threads = 2;
        return record;
    };
    QVERIFY(table->isColumnHidden(EvaluationModel::kComputed)); // all are alike: nobody knows how
    QCOMPARE(column(model, EvaluationModel::kComputed), QStringList({"not recorded", "not recorded", "not recorded"}));
    bench.session.addMeasurement(in(bench.measured(10), "bfloat16"));
    QVERIFY(!table->isColumnHidden(EvaluationModel::kComputed));
    QCOMPARE(model.index(3, EvaluationModel::kComputed).data().toString(), QString("cpu, bfloat16, 2 threads"));
    QCOMPARE(model.index(3, EvaluationModel::kAgainstOriginal).data().toString(), QString("~ ×0.20"));
    const QString told = model.index(3, EvaluationModel::kAgainstOriginal).data(Qt::ToolTipRole).toString();
    QVERIFY2(told.contains("the original in a way that was not recorded, the plan in bfloat16"), qPrintable(told));
    QVERIFY2(words(panel).contains("~ ×0.20"), qPrintable(words(panel)));
    QVERIFY(words(panel).contains("computed differently"));
    bench.session.addMeasurement(in(bench.dense(40), "bfloat16"));
    QCOMPARE(model.index(3, EvaluationModel::kAgainstOriginal).data().toString(), QString("×0.25"));
    QVERIFY2(words(panel).contains("= ×0.25"), qPrintable(words(panel)));
    QVERIFY(model.separated(',').contains(",cpu,bfloat16,2,"));
}

void tst_EvaluatePanel::perplexitiesSortAsNumbers()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    panel.ensureWidgetVisible(table);
    QCOMPARE(column(*table->model(), EvaluationModel::kPerplexity), QStringList({"100.0", "9.50", "50.0"})); // as measured
    QHeaderView *header = table->horizontalHeader();
    const QPoint place(header->sectionViewportPosition(EvaluationModel::kPerplexity) + 10, header->height() / 2);
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    const QStringList first = column(*table->model(), EvaluationModel::kPerplexity);
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    const QStringList second = column(*table->model(), EvaluationModel::kPerplexity);
    const QStringList rising = {"9.50", "50.0", "100.0"}, falling = {"100.0", "50.0", "9.50"};
    QVERIFY((first == rising && second == falling) || (first == falling && second == rising));
}

void tst_EvaluatePanel::figuresSayWhereTheyComeFrom()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    QVERIFY(words(panel).contains("not measured on this text"));
    measureThree(bench);
    QVERIFY2(words(panel).contains("= 9.50\nmeasured for the current plan"), qPrintable(words(panel)));
    QVERIFY(words(panel).contains("= 50.0"));
    QVERIFY(words(panel).contains("= ×0.19"));
    bench.editor.setSparsity(0.375);
    QVERIFY2(words(panel).contains("–\nNot measured. Last: 9.50, for "), qPrintable(words(panel)));
    bench.history.undo();
    QVERIFY(words(panel).contains("= 9.50\nmeasured for the current plan"));
    Measurement borrowed = bench.measured(12);
    borrowed.isOrderBorrowed = true;
    bench.session.addMeasurement(borrowed);
    QVERIFY(words(panel).contains("~ 12.0\nmeasured with a borrowed removal order"));
}

void tst_EvaluatePanel::doubleClickTakesThePlanIntoHand()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    auto *table = panel.findChild<QTableView *>();
    panel.ensureWidgetVisible(table);
    const QPoint place = table->visualRect(table->model()->index(0, 0)).center();
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, place);
    QVERIFY(button(panel, "Use this plan")->isEnabled());
    QTest::mouseDClick(table->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(bench.session.attentionsToRemove(), 1);
    QCOMPARE(bench.session.draft().balance.sparsity, 0.25);
    QCOMPARE(bench.session.removalOrder(), std::vector<std::int64_t>{2});
    QVERIFY(bench.session.planEvaluation());
    QCOMPARE(bench.session.planEvaluation()->result.perplexity, 100.0);
    QVERIFY(!button(panel, "Use this plan")->isEnabled()); // it is in hand now
    bench.history.undo();
    QCOMPARE(bench.session.attentionsToRemove(), 0);
}

void tst_EvaluatePanel::planThatCannotBeRebuiltSaysWhy()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    Measurement borrowed = bench.measured(70);
    borrowed.isOrderBorrowed = true;
    borrowed.neuronsKept = 40;
    borrowed.removed = {1, 3};
    borrowed.planHash = "borrowed";
    bench.session.addMeasurement(borrowed);
    auto *table = panel.findChild<QTableView *>();
    panel.ensureWidgetVisible(table);
    const QModelIndex order = table->model()->index(3, EvaluationModel::kOrder);
    QCOMPARE(order.data().toString(), QString("~ borrowed")); // the sign of an estimate, and what makes it one
    QVERIFY2(order.data(Qt::ToolTipRole).toString().contains("searched at another K"), qPrintable(order.data(Qt::ToolTipRole).toString()));
    const PlanDraft before = bench.session.draft();
    const QPoint place = table->visualRect(table->model()->index(3, 0)).center();
    QTRY_VERIFY(table->viewport()->rect().contains(place)); // the table has grown
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, place);
    QVERIFY(!button(panel, "Use this plan")->isEnabled());
    QVERIFY(words(panel).contains("was borrowed from another K"));
    QTest::mouseDClick(table->viewport(), Qt::LeftButton, {}, place);
    QVERIFY(bench.session.draft() == before);
}

void tst_EvaluatePanel::draftTakesTheRuleWhereItLeadsThere()
{
    FlowBench bench;
    bench.open();
    bench.calibrate("a.txt");
    bench.editor.setSparsity(0.5);
    const std::int64_t N = bench.session.attentionsToRemove();
    bench.search(N == 0 ? std::vector<std::int64_t>{} : std::vector<std::int64_t>{3, 1, 0, 2});
    const Measurement record = bench.measured(20);
    PlanDraft other = bench.session.draft();
    other.balance.sparsity = 0.3;
    const DraftOfRecord found = draftOfRecord(bench.session.session(), record, other);
    QVERIFY2(found.draft, qPrintable(found.reason));
    QCOMPARE(found.draft->balance.sparsity, 0.5);
    QVERIFY(!found.draft->balance.attentionsToRemove);
    QVERIFY(!found.draft->balance.neuronsKept);
}

void tst_EvaluatePanel::draftFindsTheSearchThatGaveThePlan()
{
    FlowBench bench;
    bench.open();
    bench.calibrate("a.txt");
    bench.editor.setSparsity(0.25);
    bench.editor.setAttentionsToRemove(2);
    bench.editor.toggleProtected(0);
    bench.search({1, 3});
    const Measurement record = bench.measured(20);
    bench.editor.toggleProtected(0);
    const DraftOfRecord found = draftOfRecord(bench.session.session(), record, bench.session.draft());
    QVERIFY2(found.draft, qPrintable(found.reason));
    QCOMPARE(found.draft->search.protectedLayers, std::vector<std::int64_t>{0});
    Measurement strange = record;
    strange.removed = {3, 1}; // another order is another plan
    QVERIFY(!draftOfRecord(bench.session.session(), strange, bench.session.draft()).draft);
    QVERIFY(!draftOfRecord(bench.session.session(), strange, bench.session.draft()).reason.isEmpty());
}

/// Its search may have started anew since, and have removed others.
void tst_EvaluatePanel::aPlanOfAFileIsFoundWithItsSearchOnly()
{
    FlowBench bench;
    openPlan(bench);
    bench.search({1});
    Measurement record = bench.measured(20);
    record.draft = bench.session.draft();
    QVERIFY(draftOfRecord(bench.session.session(), record, {}).draft == record.draft);
    bench.search({2});
    const DraftOfRecord found = draftOfRecord(bench.session.session(), record, {});
    QVERIFY(!found.draft);
    QCOMPARE(found.reason, QString("The search that gave this plan is not in the session."));
}

void tst_EvaluatePanel::tableIsCopiedAndSaved()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    QTest::mouseClick(button(panel, "Copy table"), Qt::LeftButton);
    const QStringList copied = QGuiApplication::clipboard()->text().split('\n', Qt::SkipEmptyParts);
    QCOMPARE(copied.size(), 4);
    QCOMPARE(copied[0].count('\t'), copied[1].count('\t'));
    panel.saveCsv(bench.path("table.csv"));
    QFile file(bench.path("table.csv"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString csv = QString::fromUtf8(file.readAll());
    QCOMPARE(csv.count('\n'), 4);
    QVERIFY(csv.startsWith("plan,sparsity,"));
    QVERIFY2(csv.contains(",9.5,0.19,"), qPrintable(csv));
    QVERIFY(words(panel).contains("Saved as"));
}

void tst_EvaluatePanel::aPlanByHandHasNoSearchedOrder()
{
    FlowBench bench;
    bench.open();
    bench.openByHand();
    Measurement record = bench.measured(20);
    record.draft = bench.session.draft();
    bench.session.addMeasurement(record);
    EvaluationModel model(bench.session);
    QCOMPARE(model.index(0, EvaluationModel::kOrder).data().toString(), QString("by hand"));
    QVERIFY2(model.separated(QLatin1Char(',')).contains(",by hand,"), qPrintable(model.separated(QLatin1Char(','))));
}

void tst_EvaluatePanel::failedSavingIsSaidInPlace()
{
    FlowBench bench;
    EvaluatePanel panel(bench.workbench());
    show(panel);
    measureThree(bench);
    panel.saveCsv(bench.path("nowhere/table.csv"));
    QVERIFY2(words(panel).contains("does not exist"), qPrintable(words(panel)));
}

QTEST_MAIN(tst_EvaluatePanel)
#include "tst_EvaluatePanel.moc"
