// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"

#include "foundation/Error.h"
#include "panels/export/ExportPanel.h"
#include "panels/export/ExportTable.h"
#include "panels/export/ExportTargetModel.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Quantity.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QTest>

#include <algorithm>

using namespace secateur;
using namespace secateur::ui;

namespace {

void show(QWidget &widget)
{
    showAndWait(widget, {800, 900});
}

QComboBox *combo(const ExportPanel &panel, const QString &accessibleName)
{
    for (QComboBox *candidate : panel.findChildren<QComboBox *>())
        if (candidate->accessibleName() == accessibleName)
            return candidate;
    return nullptr;
}

QTableView *targets(const ExportPanel &panel)
{
    for (QTableView *candidate : panel.findChildren<QTableView *>())
        if (candidate->accessibleName() == "Targets")
            return candidate;
    return nullptr;
}

/// A plan that removes no attention: nothing is left to search.
void planWithoutRemovals(FlowBench &bench)
{
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    bench.editor.setSparsity(0.25);
    bench.editor.setAttentionsToRemove(0);
}

void type(const ExportPanel &panel, const QString &path)
{
    auto *output = panel.findChild<QLineEdit *>();
    output->setFocus();
    output->selectAll();
    QTest::keyClicks(output, path);
}

} // namespace

class tst_ExportPanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void buttonSaysWhyItIsDisabled();
    void planThatWasNeverEvaluatedSaysSo();
    void refusalsAreSaidBeforeAnythingStarts_data();
    void refusalsAreSaidBeforeAnythingStarts();
    void existingExportMayBeReplaced();
    void nameFollowsThePlanUntilItIsWritten();
    void relativeFolderIsShownWhole();
    void typeDecidesTheSize();
    void targetsSayWhatTheyAre();
    void engineRecommendsATarget();
    void aPlanByHandStartsOnATargetThatHoldsIt();
    void tableKeepsTheRulesOfModels();
    void failedVerificationIsShownAsSuch();
    void failureIsToldInPlaceOrByAMessage();
    void exportOfAnotherPlanIsOnlyMentioned();
    void exportIsOfNoOtherPlanUntilTheHashIsKnown();
    void exportedCardCatchesUpWhenItIsShown();
    void folderThatCannotBeShownIsSaid();
    void verificationWithoutADifferenceSaysSo();
    void notesOfAnExportAreShown();
    void sampleIsExportedAndVerified();
};

void tst_ExportPanel::buttonSaysWhyItIsDisabled()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    QCOMPARE(button(panel, "Export and verify")->toolTip(), QString("Open a model first."));
    bench.open();
    QVERIFY(button(panel, "Export and verify")->toolTip().startsWith("Calibrate first"));
    bench.calibrate("a.txt");
    bench.editor.setSparsity(0.25);
    bench.editor.setAttentionsToRemove(2);
    QVERIFY(button(panel, "Export and verify")->toolTip().startsWith("Search first"));
    QVERIFY(words(panel).contains("Search first: 0 of 2 removals are known."));
    bench.search({1, 3});
    type(panel, bench.path("pruned"));
    QVERIFY2(button(panel, "Export and verify")->isEnabled(), qPrintable(button(panel, "Export and verify")->toolTip()));
}

void tst_ExportPanel::planThatWasNeverEvaluatedSaysSo()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    bench.open();
    const QString note = "This plan has not been evaluated, so its loss of quality is unknown.";
    QVERIFY(!words(panel).contains(note)); // there is more to do first
    planWithoutRemovals(bench);
    type(panel, bench.path("pruned"));
    QVERIFY2(words(panel).contains(note), qPrintable(words(panel)));
    QVERIFY(button(panel, "Export and verify")->isEnabled()); // it may be written all the same
    bench.session.addMeasurement(bench.measured(20));
    QVERIFY(!words(panel).contains(note));
    bench.editor.setNeuronsKept(50);
    QVERIFY(words(panel).contains(note));
    bench.history.undo();
    QVERIFY(!words(panel).contains(note));
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText,
                                   {.files = {"other.txt"}, .windows = {}, .length = 512, .seed = 0}, ScoreNorm::L2);
    QVERIFY(!words(panel).contains(note)); // on whatever text
}

void tst_ExportPanel::refusalsAreSaidBeforeAnythingStarts_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isReplaced");
    QTest::addColumn<QString>("refusal");
    QTest::newRow("nothing") << "new" << false << QString();
    QTest::newRow("a file") << "a.txt" << false << "'a.txt' is a file.";
    QTest::newRow("a folder") << "empty" << false << "The folder 'empty' already exists.";
    QTest::newRow("a folder of others") << "exists" << false << "was not exported by this program";
    QTest::newRow("no export") << "exists" << true << "was not exported by this program";
    QTest::newRow("the model") << "tiny" << true << "That folder holds the model itself.";
    QTest::newRow("around the model") << "." << true << "That folder holds the model itself.";
    QTest::newRow("no parent") << "no/where" << false << "does not exist.";
}

void tst_ExportPanel::refusalsAreSaidBeforeAnythingStarts()
{
    QFETCH(QString, name);
    QFETCH(bool, isReplaced);
    QFETCH(QString, refusal);
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    QDir(bench.folder.path()).mkdir("exists");
    QDir(bench.folder.path()).mkdir("empty");
    bench.write("exists/notes.txt");
    type(panel, bench.path(name));
    if (isReplaced)
        QTest::keyClick(panel.findChild<QCheckBox *>(), Qt::Key_Space);
    QCOMPARE(button(panel, "Export and verify")->isEnabled(), refusal.isEmpty());
    QVERIFY2(button(panel, "Export and verify")->toolTip().contains(refusal), qPrintable(button(panel, "Export and verify")->toolTip()));
    QVERIFY(words(panel).contains(refusal));
    if (!refusal.isEmpty())
        QCOMPARE(words(panel).count(refusal), 1); // once
}

void tst_ExportPanel::existingExportMayBeReplaced()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    QDir(bench.folder.path()).mkdir("old");
    bench.write("old/pruning_manifest.json");
    type(panel, bench.path("old"));
    QVERIFY(!button(panel, "Export and verify")->isEnabled());
    QVERIFY(words(panel).contains("The folder 'old' already contains a model."));
    QVERIFY(words(panel).contains("tick “Replace an existing export”"));
    QTest::keyClick(panel.findChild<QCheckBox *>(), Qt::Key_Space);
    QVERIFY(button(panel, "Export and verify")->isEnabled());
    QVERIFY(panel.settings().isOverwriteAllowed);
}

void tst_ExportPanel::nameFollowsThePlanUntilItIsWritten()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    const auto *output = panel.findChild<QLineEdit *>();
    const QString first = output->text();
    QVERIFY2(first.startsWith(QDir::homePath()) && first.contains("tiny-2ssp-25"), qPrintable(first));
    bench.editor.setSparsity(0.375); // what was asked for, although the widths come to a little more or less
    QVERIFY2(output->text().contains("tiny-2ssp-37.5"), qPrintable(output->text()));
    bench.editor.setNeuronsKept(77); // by hand: what that comes to
    QVERIFY2(output->text().contains("tiny-2ssp-" + QString::number(100 * bench.session.balance()->sparsityLayers(), 'g', 3)),
             qPrintable(output->text()));
    bench.editor.setNeuronsKept(std::nullopt);
    type(panel, bench.path("mine"));
    bench.editor.setSparsity(0.25);
    QCOMPARE(output->text(), bench.path("mine"));
    type(panel, "~/mine");
    QCOMPARE(QString::fromStdString(panel.settings().output.string()), QDir::home().filePath("mine"));
}

void tst_ExportPanel::relativeFolderIsShownWhole()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    auto *output = panel.findChild<QLineEdit *>();
    type(panel, "a-name-alone");
    QTest::keyClick(output, Qt::Key_Tab);
    QCOMPARE(output->text(), QDir::home().filePath("a-name-alone"));
    QCOMPARE(QString::fromStdString(panel.settings().output.string()), output->text());
    output->setFocus();
    output->selectAll();
    QTest::keyClick(output, Qt::Key_Delete);
    QVERIFY(!button(panel, "Export and verify")->isEnabled());
    QCOMPARE(button(panel, "Export and verify")->toolTip(), QString("Choose a folder."));
}

void tst_ExportPanel::typeDecidesTheSize()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    const qint64 parameters = bench.session.figuresOf(bench.session.neuronsKept(), 0).modelParameters;
    const qint64 beside = bytesBesideWeights(bench.session.session().model->folder, bench.session.spec(), bench.session.neuronsKept());
    QVERIFY(beside > 0);
    const QString small = bytesText(2 * parameters + beside) + " with all files",
                  large = bytesText(4 * parameters + beside) + " with all files";
    QVERIFY(words(panel).contains(QLocale().toString(parameters) + " of "));
    QVERIFY(words(panel).contains(" free"));
    QVERIFY(words(panel).contains(small)); // stored in bfloat16
    QVERIFY(!panel.settings().dtype);
    QComboBox *dtype = combo(panel, "Type of the weights written");
    dtype->setFocus();
    QTest::keyClick(dtype, Qt::Key_Down);
    QCOMPARE(panel.settings().dtype, std::optional(DType::Float32));
    QVERIFY(words(panel).contains(large));
    QTest::keyClick(dtype, Qt::Key_Down);
    QCOMPARE(panel.settings().dtype, std::optional(DType::BFloat16));
    QVERIFY(words(panel).contains(small));
}

void tst_ExportPanel::targetsSayWhatTheyAre()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    const QTableView *table = targets(panel);
    const auto text = [&](std::size_t row, int column) { return table->model()->index(int(row), column).data().toString(); };
    QCOMPARE(std::size_t(table->model()->rowCount()), exportTargets().size());
    QCOMPARE(QString::fromStdString(panel.settings().format), text(0, ExportTargetModel::kTarget));
    for (std::size_t i = 0; i < exportTargets().size(); ++i) {
        QCOMPARE(text(i, ExportTargetModel::kLoads), QString::fromStdString(exportTargets()[i].loads));
        QCOMPARE(text(i, ExportTargetModel::kSize), QString("–")); // there is no plan
    }
    QVERIFY(words(panel).contains(QString::fromStdString(exportTargets()[0].saves)));
    planWithoutRemovals(bench);
    const qint64 bytes = 2 * bench.session.figuresOf(bench.session.neuronsKept(), 0).modelParameters;
    QCOMPARE(text(1, ExportTargetModel::kSize), bytesText(bytes));
    QVERIFY(table->height() >= table->sizeHint().height()); // all rows are in sight
    bench.editor.setAttentionsToRemove(std::nullopt);
    PlanDraft impossible = bench.session.draft();
    impossible.balance.sparsity = 0.95;
    impossible.balance.attentionsToRemove = 0;
    bench.session.setDraftAndTexts(impossible, bench.session.session().calibrationText, bench.session.session().evaluationText,
                                   bench.session.session().norm);
    QVERIFY(!bench.session.balance());
    QVERIFY(text(0, ExportTargetModel::kLoads).contains(bench.session.balanceProblem()));
    QVERIFY(words(panel).contains(bench.session.balanceProblem()));
}

void tst_ExportPanel::engineRecommendsATarget()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    bench.editor.setSparsity(0.25);
    QVERIFY(bench.session.attentionsToRemove() > 0);
    QTableView *table = targets(panel);
    const auto row = [&](const std::string &name) {
        for (std::size_t i = 0; i < exportTargets().size(); ++i)
            if (exportTargets()[i].name == name)
                return int(i);
        return -1;
    };
    const auto sizeOf = [&](const std::string &name) {
        return table->model()->index(row(name), ExportTargetModel::kSize).data().toString();
    };
    QVERIFY(sizeOf("hf-dropin") != sizeOf("hf-compact")); // what fills up does not save
    QComboBox *engine = combo(panel, "The program that will run the model");
    QCOMPARE(engine->currentText(), QString("transformers")); // which loads files like the model's
    const auto mark = [&](const std::string &name) {
        return table->model()->index(row(name), ExportTargetModel::kRecommended).data().toString();
    };
    QCOMPARE(mark("hf-dropin"), QString("✓"));
    const int width = table->columnWidth(ExportTargetModel::kTarget), place = table->columnViewportPosition(ExportTargetModel::kLoads);
    engine->setFocus();
    while (!engine->currentText().startsWith("llama.cpp"))
        QTest::keyClick(engine, Qt::Key_Down);
    QCOMPARE(panel.settings().format, std::string("gguf-deci"));
    QCOMPARE(mark("gguf-deci"), QString("✓"));
    QVERIFY(mark("hf-dropin").isEmpty());
    QCOMPARE(table->columnWidth(ExportTargetModel::kTarget), width); // nothing moves
    QCOMPARE(table->columnViewportPosition(ExportTargetModel::kLoads), place);
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Down);
    QCOMPARE(panel.settings().format, std::string("gguf-dropin"));
    bench.editor.setSparsity(0.5); // what was chosen stays chosen
    QCOMPARE(panel.settings().format, std::string("gguf-dropin"));
}

/// Its layers differ, which none of the files holds that transformers loads as they are.
void tst_ExportPanel::aPlanByHandStartsOnATargetThatHoldsIt()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.openByHand();
    type(panel, bench.path("pruned"));
    QCOMPARE(combo(panel, "The program that will run the model")->currentText(), QString("transformers"));
    QCOMPARE(panel.settings().format, std::string("hf-compact"));
    QVERIFY2(button(panel, "Export and verify")->isEnabled(), qPrintable(words(panel)));
    QTableView *table = targets(panel);
    const QModelIndex mark = table->currentIndex().siblingAtColumn(ExportTargetModel::kRecommended);
    QCOMPARE(mark.data().toString(), QString("✓"));
    QCOMPARE(mark.data(Qt::ToolTipRole).toString(), QString("No target that transformers loads as it is can hold this plan. This one can."));
    table->selectRow(0);
    QCOMPARE(panel.settings().format, std::string("hf-dropin"));
    QVERIFY(!button(panel, "Export and verify")->isEnabled());
    QVERIFY2(!words(panel).contains("You can export it all the same"), qPrintable(words(panel)));
}

void tst_ExportPanel::tableKeepsTheRulesOfModels()
{
    FlowBench bench;
    ExportTable table(bench.session);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    bench.open();
    ExportRecord record;
    record.folder = "/models/pruned";
    record.format = "hf-dropin";
    record.parameters = 1234567;
    record.verification = {.tokens = 64, .largestDifference = 1e-6, .tolerance = 1e-4, .sameArgmax = 1, .isPassed = true};
    bench.session.addExport(record);
    record.verification.isPassed = false;
    bench.session.addExport(record);
    QCOMPARE(table.rowCount(), 2);
    QCOMPARE(table.index(0, ExportTable::kVerified).data().toString(), QString("= verified"));
    QCOMPARE(table.index(1, ExportTable::kVerified).data().toString(), QString("! not verified"));
    bench.open();
    QCOMPARE(table.rowCount(), 0);
}

void tst_ExportPanel::failedVerificationIsShownAsSuch()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    bench.runner.start(JobKind::Export, "Export", {}, [](JobPort &) {
        throw Error("The written checkpoint does not compute what the plan computes.", "The folder was kept as 'pruned.unverified'.");
    });
    QTRY_VERIFY(words(panel).contains("pruned.unverified"));
    QVERIFY(words(panel).contains("does not compute what the plan computes"));
    QVERIFY(!button(panel, "Open folder"));
    bench.editor.setSparsity(0.3); // it says nothing of this plan
    QVERIFY(!words(panel).contains("does not compute what the plan computes"));
}

void tst_ExportPanel::failureIsToldInPlaceOrByAMessage()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    planWithoutRemovals(bench);
    Message failure;
    failure.severity = Message::Severity::Error;
    failure.sentence = "The disk is full.";
    failure.topic = "export";
    bench.messages.post(failure); // the page is not in sight
    QCOMPARE(bench.messages.current().size(), 1U);
    bench.runner.start(JobKind::Export, "Export", {}, [](JobPort &) { throw Error("The disk is full.", "Free some space."); });
    QTRY_VERIFY(!bench.runner.current());
    show(panel);
    QVERIFY2(words(panel).contains("The disk is full."), qPrintable(words(panel)));
    QVERIFY(bench.messages.current().empty());
    bench.messages.post(failure);
    QVERIFY(bench.messages.current().empty());
}

void tst_ExportPanel::exportOfAnotherPlanIsOnlyMentioned()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    bench.session.setPlanHash(bench.session.draft(), {}, "0123456789abcdef0");
    ExportRecord record;
    record.planHash = bench.session.planHash().toStdString();
    record.folder = "/models/pruned";
    record.format = "hf-dropin";
    record.verification.isPassed = true;
    bench.session.addExport(record);
    QVERIFY2(words(panel).contains("Exported and verified."), qPrintable(words(panel)));
    const FactList *facts = panel.findChildren<FactList *>().back();
    QCOMPARE(facts->value("Plan"), QString("the current plan, 0123456789abcdef…"));
    bench.editor.setSparsity(0.375);
    QVERIFY(!words(panel).contains("Exported and verified."));
    QTRY_VERIFY2(words(panel).contains("Last export: pruned (hf-dropin, verified). It holds another plan than the current one."),
                 qPrintable(words(panel)));
    QVERIFY(!facts->isVisible());
    QVERIFY(button(panel, "Open folder") && button(panel, "Copy path"));
    bench.history.undo();
    QVERIFY(words(panel).contains("Exported and verified."));
    record.planHash = "another";
    bench.session.addExport(record);
    QVERIFY(words(panel).contains("Last export: pruned"));
}

/// As after opening a session: the hash of the current plan is computed in the background.
void tst_ExportPanel::exportIsOfNoOtherPlanUntilTheHashIsKnown()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    ExportRecord record;
    record.planHash = "0123456789abcdef0";
    record.folder = "/models/pruned";
    record.format = "hf-dropin";
    record.verification.isPassed = true;
    QVERIFY(bench.session.planHash().isEmpty());
    bench.session.addExport(record);
    QVERIFY2(words(panel).contains("Last export: pruned (hf-dropin, verified)."), qPrintable(words(panel)));
    QVERIFY2(!words(panel).contains("another plan"), qPrintable(words(panel)));
    bench.session.setPlanHash(bench.session.draft(), {}, "fedcba9876543210f");
    QVERIFY2(words(panel).contains("It holds another plan than the current one."), qPrintable(words(panel)));
    bench.session.setPlanHash(bench.session.draft(), {}, "0123456789abcdef0");
    QVERIFY2(words(panel).contains("Exported and verified."), qPrintable(words(panel)));
}

void tst_ExportPanel::exportedCardCatchesUpWhenItIsShown()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    bench.session.setPlanHash(bench.session.draft(), {}, "hash");
    ExportRecord record;
    record.planHash = "hash";
    record.folder = "/models/pruned";
    record.verification.isPassed = true;
    const auto *verdict = panel.findChild<InlineNote *>("verdict");
    panel.hide();
    bench.session.addExport(record);
    QVERIFY(!verdict->sentence().contains("Exported")); // nothing is built for a page that nobody sees
    show(panel);
    QVERIFY2(words(panel).contains("Exported and verified."), qPrintable(words(panel)));
}

void tst_ExportPanel::folderThatCannotBeShownIsSaid()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    QDir(bench.folder.path()).mkdir("pruned");
    ExportRecord record;
    record.folder = bench.path("pruned").toStdString();
    bench.session.addExport(record);
    QTest::mouseClick(button(panel, "Open folder"), Qt::LeftButton); // nothing shows folders on this platform
    QCOMPARE(bench.messages.current().size(), 1U);
    QVERIFY(bench.messages.current().front().sentence.contains(bench.path("pruned")));
    QCOMPARE(bench.messages.current().front().actionText, QString("Copy path"));
    bench.messages.current().front().action();
    QCOMPARE(QGuiApplication::clipboard()->text(), bench.path("pruned"));
    QDir(bench.path("pruned")).removeRecursively();
    QTest::mouseClick(button(panel, "Open folder"), Qt::LeftButton);
    QCOMPARE(bench.messages.current().size(), 1U); // the newer in the place of the older
    QVERIFY(bench.messages.current().front().sentence.endsWith("is not there any more."));
}

void tst_ExportPanel::verificationWithoutADifferenceSaysSo()
{
    Verification exact{.tokens = 64, .largestDifference = 0, .tolerance = 1e-4, .sameArgmax = 1, .isPassed = true};
    QCOMPARE(verificationText(exact), QString("Compared on 64 tokens: it computes exactly the same."));
    exact.largestDifference = 1e-6;
    QVERIFY(verificationText(exact).contains("logits differ by at most 1e-06"));
}

void tst_ExportPanel::notesOfAnExportAreShown()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    planWithoutRemovals(bench);
    bench.session.setPlanHash(bench.session.draft(), {}, "hash");
    ExportRecord record;
    record.planHash = "hash";
    record.folder = "/models/pruned";
    record.verification.isPassed = true;
    record.notes = {"'LICENSE' was left out: it is a link that leads out of the model's folder.", "Another note."};
    bench.session.addExport(record);
    QVERIFY(words(panel).contains("'LICENSE' was left out"));
    QVERIFY(words(panel).contains("Another note."));
    record.notes.clear();
    bench.session.addExport(record);
    QVERIFY(!words(panel).contains("was left out"));
}

void tst_ExportPanel::sampleIsExportedAndVerified()
{
    FlowBench bench;
    ExportPanel panel(bench.workbench());
    show(panel);
    panel.resize(800, 440);
    const std::filesystem::path sample = SECATEUR_SOURCE_DIR "/resources/sample";
    const TextSettings text{.files = {sample / "text" / "grimm.txt"}, .windows = 2, .length = 64, .seed = 0};
    bench.jobs.openModel(sample / "model", SampleTexts{.calibration = text, .evaluation = text});
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasModel(), 30'000);
    bench.jobs.calibrate();
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasScores(), 30'000);
    bench.editor.setAttentionsToRemove(0);
    type(panel, bench.path("pruned"));
    const qint64 parameters = bench.session.figuresOf(bench.session.neuronsKept(), 0).modelParameters;
    const QScrollBar *bar = panel.findChild<QScrollArea *>()->verticalScrollBar();
    QCOMPARE(bar->value(), 0);
    QVERIFY(bar->maximum() > 0);
    QVERIFY(!button(panel, "Export and verify")->visibleRegion().isEmpty()); // although the page is higher than the window
    QTest::mouseClick(button(panel, "Export and verify"), Qt::LeftButton);
    QVERIFY(!button(panel, "Export and verify")->isEnabled()); // one at a time
    QTRY_COMPARE_WITH_TIMEOUT(bench.session.session().exports.size(), 1U, 60'000);
    QTRY_VERIFY(!bench.runner.isBusy(JobKind::Export));
    QVERIFY(words(panel).contains("Exported and verified."));
    QVERIFY2(words(panel).contains("it computes exactly the same."), qPrintable(words(panel))); // the same operations on the same weights
    const auto facts = panel.findChildren<FactList *>();
    QCOMPARE(facts.back()->value("Parameters"), QLocale().toString(parameters));
    QTest::mouseClick(button(panel, "Copy path"), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), bench.path("pruned"));
    QVERIFY(QFile::exists(bench.path("pruned/model.safetensors")));
    QVERIFY(button(panel, "Export and verify")->isEnabled()); // under the next name: what was made is no complaint
    QVERIFY(!words(panel).contains("exists"));
    QTest::mouseClick(button(panel, "Copy as command"), Qt::LeftButton);
    QVERIFY2(QGuiApplication::clipboard()->text().contains("--output " + bench.path("pruned-2")),
             qPrintable(QGuiApplication::clipboard()->text()));
    // The page goes as far as the verdict, and stays there: the button is in sight as well.
    const auto *verdict = panel.findChild<InlineNote *>("verdict");
    QTRY_COMPARE(verdict->visibleRegion().boundingRect(), verdict->rect());
    QVERIFY(!button(panel, "Export and verify")->visibleRegion().isEmpty());

    type(panel, bench.path("pruned")); // once more in its place: that was allowed for this one
    auto *replace = panel.findChild<QCheckBox *>();
    replace->setChecked(true);
    QTest::mouseClick(button(panel, "Export and verify"), Qt::LeftButton);
    QVERIFY(bench.runner.isBusy(JobKind::Export));
    QTRY_VERIFY_WITH_TIMEOUT(!bench.runner.isBusy(JobKind::Export), 60'000);
    QVERIFY(bench.runner.jobs().back().state == JobInfo::State::Done);
    QCOMPARE(bench.session.session().exports.size(), 1U); // the same checkpoint in the same place
    QVERIFY(!replace->isChecked());
    QVERIFY(button(panel, "Export and verify")->isEnabled());
    const int place = bar->value();
    QVERIFY(place > 0);
    bench.editor.setSparsity(0.3);
    QCoreApplication::processEvents();
    QCOMPARE(bar->value(), std::min(place, bar->maximum())); // there is less to say now, so the page may be shorter
    QVERIFY2(words(panel).contains("Last export: pruned ("), qPrintable(words(panel))); // it is not of the plan that is shown now
}

QTEST_MAIN(tst_ExportPanel)
#include "tst_ExportPanel.moc"
