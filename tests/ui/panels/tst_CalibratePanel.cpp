// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"
#include "panels/calibrate/CalibratePanel.h"
#include "panels/calibrate/CalibrationTable.h"
#include "panels/shell/WorkflowStrip.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Quantity.h"
#include "widgets/StepButton.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

#include <atomic>
#include <chrono>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

void show(QWidget &widget)
{
    showAndWait(widget, {800, 900});
}

} // namespace

class tst_CalibratePanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void buttonSaysWhyItIsDisabled();
    void pausedCalibrationIsNotCalledRunning();
    void missingTokenizerIsSaidWithItsRemedy();
    void whatIsWrongWithTheTextIsSaidOnce();
    void settingsGoIntoTheSession();
    void settingsFollowTheSession();
    void textsMayBeDroppedAnywhere();
    void otherSettingsPutTheScoresAside();
    void scoresOfTheSettingsAreOfferedWhereUndoPutThemAside();
    void oneCalibrationCanBeUsedAgainWhenNoneIsInUse();
    void anotherSeedKeepsTheOldScoresUnderTheirName();
    void earlierCalibrationsCanBeUsedAgain();
    void tableKeepsTheRulesOfModels();
    void tokenHashIsCopied();
    void whatRestoringNeedsIsKeptWhereThatIsAskedFor();
    void sampleIsCalibrated();
};

void tst_CalibratePanel::buttonSaysWhyItIsDisabled()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    QVERIFY(!button(panel, "Calibrate")->isEnabled());
    QCOMPARE(button(panel, "Calibrate")->toolTip(), QString("Open a model first."));
    QVERIFY(words(panel).contains("Open a model first."));
    bench.open();
    QCOMPARE(button(panel, "Calibrate")->toolTip(), QString("Choose a calibration text first."));
    bench.session.setDraftAndTexts(
        bench.session.draft(), {.files = {bench.path("gone.txt").toStdString()}, .windows = 1, .length = 64, .seed = 0}, {}, ScoreNorm::L2);
    QCOMPARE(button(panel, "Calibrate")->toolTip(), QString("gone.txt was not found."));
    bench.session.setDraftAndTexts(
        bench.session.draft(), {.files = {bench.write("a.txt").toStdString()}, .windows = 1, .length = 64, .seed = 0}, {}, ScoreNorm::L2);
    QVERIFY(button(panel, "Calibrate")->isEnabled());
    QVERIFY(button(panel, "Calibrate")->property("primary").toBool());
}

void tst_CalibratePanel::pausedCalibrationIsNotCalledRunning()
{
    std::atomic<bool> isLetGo = false;
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.session.setDraftAndTexts(
        bench.session.draft(), {.files = {bench.write("a.txt").toStdString()}, .windows = 1, .length = 64, .seed = 0}, {}, ScoreNorm::L2);
    const int job = bench.runner.start(JobKind::Calibrate, "Calibrate on a.txt", {}, [&isLetGo](JobPort &port) {
        while (!isLetGo) {
            port.context().check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    const auto reason = [&] { return button(panel, "Calibrate")->toolTip(); };
    QTRY_COMPARE(reason(), QString("A calibration is running."));
    bench.runner.setPaused(job, true);
    QTRY_COMPARE(reason(), QString("'Calibrate on a.txt' is paused: resume or cancel it in the job bar."));
    bench.runner.setPaused(job, false);
    QTRY_COMPARE(reason(), QString("A calibration is running."));
    isLetGo = true;
    QTRY_VERIFY(button(panel, "Calibrate")->isEnabled());
}

void tst_CalibratePanel::missingTokenizerIsSaidWithItsRemedy()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    ModelSummary mute = bench.summary();
    mute.tokenizerSize.reset();
    mute.tokenizerProblem = "'tiny' holds no tokenizer.json.";
    mute.tokenizerHint = "Put the model's tokenizer.json into the folder.";
    bench.session.begin(mute);
    const QString said = words(panel);
    QVERIFY2(said.contains(
                 "No tokenizer: 'tiny' holds no tokenizer.json. You can look at the model, but calibration, search and evaluation need it. "
                 "Put the model's tokenizer.json into the folder."),
             qPrintable(said));
    QCOMPARE(said.count("No tokenizer"), 1);
    QVERIFY(!button(panel, "Calibrate")->isEnabled());
    QVERIFY(button(panel, "Calibrate")->toolTip().contains("tokenizer"));
    bench.open();
    QVERIFY(!words(panel).contains("No tokenizer"));
}

void tst_CalibratePanel::whatIsWrongWithTheTextIsSaidOnce()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    QVERIFY(words(panel).contains("Choose a calibration text first.")); // beside the button: nowhere else
    bench.session.setDraftAndTexts(
        bench.session.draft(), {.files = {bench.path("gone.txt").toStdString()}, .windows = 1, .length = 64, .seed = 0}, {}, ScoreNorm::L2);
    const QString problem = button(panel, "Calibrate")->toolTip();
    QVERIFY(!button(panel, "Calibrate")->isEnabled() && problem.contains("gone.txt"));
    QCOMPARE(words(panel).count(problem), 1);
}

void tst_CalibratePanel::settingsGoIntoTheSession()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    panel.setSampleText(bench.write("grimm.txt"));
    QTest::mouseClick(button(panel, "Bundled text"), Qt::LeftButton);
    QCOMPARE(bench.session.session().calibrationText.files.size(), 1U);
    QCOMPARE(bench.session.session().calibrationText.length, 512); // the context, which is below 2,048
    auto *norm = panel.findChild<QComboBox *>();
    norm->setFocus();
    QTest::keyClick(norm, Qt::Key_Down);
    QCOMPARE(bench.session.session().norm, ScoreNorm::L1);
    QVERIFY(bench.session.session().evaluationText.files.empty()); // another panel's
}

void tst_CalibratePanel::settingsFollowTheSession()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    QSignalSpy written(&bench.session, &SessionModel::textsChanged);
    bench.session.setDraftAndTexts(
        bench.session.draft(), {.files = {bench.write("a.txt").toStdString()}, .windows = 5, .length = 64, .seed = 3}, {}, ScoreNorm::L1);
    QCOMPARE(written.count(), 1); // what is shown does not echo
    QCOMPARE(panel.findChild<QComboBox *>()->currentIndex(), 1);
}

void tst_CalibratePanel::textsMayBeDroppedAnywhere()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    QVERIFY(!drop(*panel.viewport(), {bench.folder.path()}));
    QVERIFY(drop(*panel.viewport(), {bench.write("a.txt")}));
    QCOMPARE(bench.session.session().calibrationText.files.size(), 1U);
}

void tst_CalibratePanel::otherSettingsPutTheScoresAside()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    const QString text = bench.write("a.txt"), note = "No scores are in use: the model was not calibrated with the settings above.";
    bench.calibrate(text);
    const TextSettings settings = bench.session.session().calibrationText;
    QVERIFY(settings == (TextSettings{.files = {text.toStdString()}, .windows = 32, .length = 512, .seed = 0}));
    QVERIFY(!words(panel).contains(note));
    QVERIFY(button(panel, "Calibrate again"));
    TextSettings other = settings;
    other.windows = 8;
    bench.editor.setTexts(other, {}, ScoreNorm::L2);
    QVERIFY(!bench.session.hasScores());
    QVERIFY2(words(panel).contains(note), qPrintable(words(panel)));
    QVERIFY(button(panel, "Calibrate"));
    bench.editor.setTexts(settings, {}, ScoreNorm::L1);
    QVERIFY(!bench.session.hasScores());
    bench.editor.setTexts(settings, {}, ScoreNorm::L2); // what is known is found again
    QCOMPARE(bench.session.draft().calibration, 0);
    QVERIFY(!words(panel).contains(note));
    other.windows.reset(); // of all windows nobody knows how many those were
    bench.editor.setTexts(other, {}, ScoreNorm::L2);
    QVERIFY(!bench.session.hasScores());
    QCOMPARE(bench.session.session().calibrations.size(), 1U);
}

void tst_CalibratePanel::scoresOfTheSettingsAreOfferedWhereUndoPutThemAside()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    const QString text = bench.write("a.txt"), note = "Scores of these settings are in the list below, but not in use.";
    bench.editor.setTexts({.files = {text.toStdString()}, .windows = 32, .length = 512, .seed = 0}, {}, ScoreNorm::L2);
    bench.calibrate(text);
    QVERIFY(!button(panel, "Use them"));
    bench.history.undo(); // of the use, not of the settings
    QVERIFY(!bench.session.hasScores());
    QVERIFY2(words(panel).contains(note), qPrintable(words(panel)));
    QVERIFY(!words(panel).contains("was not calibrated"));
    QTest::mouseClick(button(panel, "Use them"), Qt::LeftButton);
    QCOMPARE(bench.session.draft().calibration, 0);
    QVERIFY(!words(panel).contains(note));
    QVERIFY(!button(panel, "Use them"));
    bench.history.undo();
    TextSettings all = bench.session.session().calibrationText;
    all.windows.reset(); // whether those of the list are all of its windows is not known
    bench.editor.setTexts(all, {}, ScoreNorm::L2);
    QVERIFY(words(panel).contains("No scores are in use.") && !words(panel).contains("was not calibrated"));
}

void tst_CalibratePanel::oneCalibrationCanBeUsedAgainWhenNoneIsInUse()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    const TextSettings settings = bench.session.session().calibrationText;
    auto *list = panel.findChild<QTableView *>();
    QVERIFY(!list->isVisible());
    TextSettings other = settings;
    other.length = 64;
    bench.editor.setTexts(other, {}, ScoreNorm::L1);
    QVERIFY(list->isVisible());
    panel.ensureWidgetVisible(list);
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
    QTest::mouseClick(button(panel, "Use these scores"), Qt::LeftButton);
    QCOMPARE(bench.session.draft().calibration, 0);
    QVERIFY(bench.session.session().calibrationText == settings); // they come with the scores
    QVERIFY(bench.session.session().norm == ScoreNorm::L2);
    bench.history.undo();
    QVERIFY(!bench.session.hasScores());
    QVERIFY(bench.session.session().calibrationText == other);
    QVERIFY(bench.session.session().norm == ScoreNorm::L1);
}

/// The whole way on the sample: another order of the documents, by the seed alone.
void tst_CalibratePanel::anotherSeedKeepsTheOldScoresUnderTheirName()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    WorkflowStrip strip(bench.workbench());
    const QString rows = bench.write("rows.jsonl", QByteArray("{\"text\": \"Once upon a time there was a miller.\"}\n"
                                                              "{\"text\": \"He had three sons, a mill, an ass and a cat.\"}\n"
                                                              "{\"text\": \"The king lived in a castle by the sea.\"}\n"
                                                              "{\"text\": \"In the deep wood stood a house of bread.\"}\n"
                                                              "{\"text\": \"The wolf knocked at the door and said: let me in.\"}\n"));
    const TextSettings text{.files = {rows.toStdString()}, .windows = 2, .length = 16, .seed = 0};
    bench.jobs.openModel(std::filesystem::path(SECATEUR_SOURCE_DIR "/resources/sample") / "model",
                         SampleTexts{.calibration = text, .evaluation = {}});
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasModel(), 30'000);
    QTest::mouseClick(button(panel, "Calibrate"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasScores(), 30'000);
    QTRY_VERIFY(!bench.runner.isBusy(JobKind::Calibrate));
    bench.editor.setAttentionsToRemove(0); // nothing to search
    const auto isCalibrated = [&strip] {
        for (const StepButton *step : strip.findChildren<StepButton *>())
            if (step->text() == "Calibrate")
                return step->isDone();
        return false;
    };
    QVERIFY(isCalibrated());
    QVERIFY(bench.jobs.canExport());

    QCheckBox *shuffle = nullptr;
    for (QCheckBox *box : panel.findChildren<QCheckBox *>())
        if (box->text() == "Shuffle, seed")
            shuffle = box;
    QVERIFY(shuffle && shuffle->isVisible());
    auto *seed = shuffle->parentWidget()->findChildren<QSpinBox *>().last();
    QCOMPARE(seed->accessibleName(), QString("Seed of the shuffle"));
    shuffle->setFocus();
    QTest::keyClick(shuffle, Qt::Key_Space);
    seed->setFocus();
    seed->selectAll();
    QTest::keyClicks(seed, "7");
    QTest::keyClick(seed, Qt::Key_Return);
    QCOMPARE(bench.session.session().calibrationText.seed, 7U);
    QVERIFY(!bench.session.hasScores()); // they were not of this order
    QVERIFY(!isCalibrated());
    QVERIFY(bench.jobs.canExport().reason.startsWith("Calibrate first"));
    QVERIFY(bench.jobs.canSearch().reason.startsWith("Calibrate first"));
    const std::vector<std::vector<float>> before = bench.session.session().calibrations.front()->layers;
    QTest::mouseClick(button(panel, "Calibrate"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(bench.session.session().calibrations.size(), 2U, 30'000);
    QTRY_VERIFY(!bench.runner.isBusy(JobKind::Calibrate));
    QVERIFY(isCalibrated());
    QCOMPARE(bench.session.scores()->provenance.seed, 7U);
    QVERIFY(bench.session.scores()->layers != before);
    const QAbstractItemModel &list = *panel.findChild<QTableView *>()->model();
    const auto windows = [&list](int row) { return list.index(row, CalibrationTable::kWindows).data().toString(); };
    QCOMPARE(windows(0), QString("2 × 16")); // each under a name of its own
    QCOMPARE(windows(1), QString("2 × 16, seed 7"));
    bench.editor.useCalibration(0);
    QCOMPARE(bench.session.scores()->layers, before);
    QVERIFY(bench.session.session().calibrationText == text);
    QVERIFY(bench.jobs.canExport());
    bench.editor.useCalibration(1);
    QCOMPARE(bench.session.session().calibrationText.seed, 7U);
    bench.editor.setTexts(text, {}, ScoreNorm::L2); // back by the settings
    QCOMPARE(bench.session.draft().calibration, 0);
    QCOMPARE(bench.session.session().calibrations.size(), 2U);
}

void tst_CalibratePanel::earlierCalibrationsCanBeUsedAgain()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    QVERIFY(!panel.findChild<QTableView *>()->isVisible()); // one is no choice
    bench.calibrate(bench.write("b.txt"));
    auto *list = panel.findChild<QTableView *>();
    QVERIFY(list->isVisible());
    QCOMPARE(list->model()->rowCount(), 2);
    QVERIFY(list->model()->index(1, 0).data().toString().contains("in use"));
    QVERIFY(!button(panel, "Use these scores")->isEnabled());
    panel.ensureWidgetVisible(list);
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
    QVERIFY(button(panel, "Use these scores")->isEnabled());
    QTest::mouseClick(button(panel, "Use these scores"), Qt::LeftButton);
    QCOMPARE(bench.session.draft().calibration, 0);
    QVERIFY(list->model()->index(0, 0).data().toString().contains("in use"));
    bench.history.undo();
    QCOMPARE(bench.session.draft().calibration, 1);
}

void tst_CalibratePanel::tableKeepsTheRulesOfModels()
{
    FlowBench bench;
    CalibrationTable table(bench.session);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    bench.open();
    bench.calibrate("a.txt");
    bench.calibrate("b.txt", ScoreNorm::L1);
    QCOMPARE(table.rowCount(), 2);
    QCOMPARE(table.index(1, CalibrationTable::kNorm).data().toString(), QString("L1"));
    bench.open();
    QCOMPARE(table.rowCount(), 0);
}

void tst_CalibratePanel::whatRestoringNeedsIsKeptWhereThatIsAskedFor()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    QCheckBox *keep = nullptr;
    for (QCheckBox *box : panel.findChildren<QCheckBox *>())
        if (box->text().startsWith("Keep what restoring needs ("))
            keep = box;
    QVERIFY(keep && !keep->isChecked());
    const qint64 bytes = bench.jobs.gramBytes();
    QVERIFY2(bytes >= qint64(2 * 4 * 4 * 100 * 100), qPrintable(QString::number(bytes))); // two matrices of fp32 for each of four layers
    QVERIFY(keep->text().contains(bytesText(bytes)));
    QVERIFY(!button(panel, "Delete (1.00 kB)"));
    QDir(bench.folder.path()).mkdir("restoring");
    bench.write("restoring/kept.safetensors", QByteArray(1000, 'x'));
    bench.jobs.setDataFolder(bench.folder.path().toStdString());
    QTRY_COMPARE(bench.jobs.keptGramBytes(), 1000);
    const QString label = "Delete (" + bytesText(1000) + ")";
    QVERIFY(button(panel, label) && button(panel, label)->isEnabled());
    QTest::mouseClick(button(panel, label), Qt::LeftButton);
    QTRY_COMPARE(bench.jobs.keptGramBytes(), 0);
    QVERIFY(!QFile::exists(bench.path("restoring/kept.safetensors")));
    QVERIFY(!button(panel, label));
    keep->click();
    QVERIFY(bench.jobs.keepsGrams());
    QCOMPARE(bench.history.count(), 0); // it changes no result
}

void tst_CalibratePanel::tokenHashIsCopied()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    bench.open();
    bench.calibrate("a.txt");
    QTest::mouseClick(button(panel, "Copy token hash"), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), QString(64, 'a'));
    QVERIFY(button(panel, "Copied"));
    QTRY_VERIFY(button(panel, "Copy token hash"));
}

void tst_CalibratePanel::sampleIsCalibrated()
{
    FlowBench bench;
    CalibratePanel panel(bench.workbench());
    show(panel);
    const std::filesystem::path sample = SECATEUR_SOURCE_DIR "/resources/sample";
    const TextSettings text{.files = {sample / "text" / "grimm.txt"}, .windows = 2, .length = 64, .seed = 0};
    bench.jobs.openModel(sample / "model", SampleTexts{.calibration = text, .evaluation = {}});
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasModel(), 30'000);
    const QString cost = button(panel, "Calibrate")->toolTip(); // its numbers are estimates, and how they are made is said
    QVERIFY2(cost.startsWith("~") && cost.contains("of memory\nEstimates. Time: ") && cost.contains("÷ the rate measured"),
             qPrintable(cost));
    QVERIFY(words(panel).contains(cost.section('\n', 0, 0)) && !words(panel).contains("Estimates."));
    const QString said = button(panel, "Calibrate")->accessibleDescription(); // a screen reader would say "tilde"
    QVERIFY2(said.startsWith("about ") && said.contains(", about ") && !said.contains('~'), qPrintable(said));
    TextSettings whole = text; // of all of a text, by the size of its file
    whole.windows.reset();
    bench.session.setDraftAndTexts(bench.session.draft(), whole, {}, ScoreNorm::L2);
    QVERIFY2(button(panel, "Calibrate")->toolTip().startsWith("~"), qPrintable(button(panel, "Calibrate")->toolTip()));
    bench.session.setDraftAndTexts(bench.session.draft(), text, {}, ScoreNorm::L2);
    QTest::mouseClick(button(panel, "Calibrate"), Qt::LeftButton);
    QVERIFY(!button(panel, "Calibrate") || !button(panel, "Calibrate")->isEnabled()); // one at a time
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.hasScores(), 30'000);
    QTRY_VERIFY(!bench.runner.isBusy(JobKind::Calibrate));
    const auto *facts = panel.findChild<FactList *>();
    QCOMPARE(facts->value("Tokens used"), QString("128"));
    QCOMPARE(facts->value("Text"), QString("grimm.txt"));
    QVERIFY(facts->value("Computed on").startsWith("cpu, float32, 1 thread"));
    QVERIFY(!facts->value("Time").contains("earlier"));
}

QTEST_MAIN(tst_CalibratePanel)
#include "tst_CalibratePanel.moc"
