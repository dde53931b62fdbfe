// SPDX-License-Identifier: GPL-3.0-or-later
// The whole job, as a newcomer does it: with the mouse and the keyboard, on the bundled sample.
#include "WindowBench.h"

#include "engine/Engine.h"
#include "panels/prune/PruneCard.h"
#include "pruning/PlanFile.h"
#include "widgets/BalanceSlider.h"
#include "window/Actions.h"

#include "plots/ScorePlots.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QProcess>
#include <QSignalSpy>
#include <QSpinBox>

#include <cmath>
#include <qcustomplot.h>

using namespace secateur;
using namespace secateur::ui;

class tst_MainFlow : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void newcomerPrunesTheSample();
    void sampleIsPrunedWithTwoClicks();

private:
    /// Types a number into a spin box, as people do.
    static void type(QSpinBox *box, int value)
    {
        QVERIFY(box);
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QString::number(value));
        QTest::keyClick(box, Qt::Key_Return);
        QCOMPARE(box->value(), value);
    }

    void calibrate(const WindowBench &hands);
    void dragK(const WindowBench &hands);
    void moveBalance(const WindowBench &hands);
    void searchCancelAndGoOn(const WindowBench &hands);
    void evaluate(const WindowBench &hands);
    void exportAndCompare(const WindowBench &hands);
};

void tst_MainFlow::newcomerPrunesTheSample()
{
    const WindowBench hands;
    hands.drop(hands.window.get(), WindowBench::sample().model());
    QVERIFY(hands.waitForJobs());
    QVERIFY(hands.bench().session.hasModel());
    QCOMPARE(hands.bench().session.layerCount(), 12);
    calibrate(hands);
    dragK(hands);
    moveBalance(hands);
    searchCancelAndGoOn(hands);
    evaluate(hands);
    exportAndCompare(hands);
}

void tst_MainFlow::calibrate(const WindowBench &hands)
{
    const SessionModel &session = hands.bench().session;
    hands.press(QStringLiteral("Calibrate…"));
    QVERIFY2(!hands.button(QStringLiteral("Calibrate"))->isEnabled(), "there is no text yet");
    hands.press(QStringLiteral("Bundled text"));
    QCOMPARE(session.session().calibrationText.files.size(), 1U);
    type(hands.named<QSpinBox>(QStringLiteral("Windows of the text")), 4);
    hands.press(QStringLiteral("Calibrate"));
    QVERIFY(hands.waitForJobs());
    QVERIFY(session.hasScores());
    QCOMPARE(session.scores()->provenance.windows, 4);
    QVERIFY(session.balance());
}

void tst_MainFlow::dragK(const WindowBench &hands)
{
    const Workbench &bench = hands.bench();
    hands.window->show(MainWindow::Tab::Importance);
    auto *plot = hands.window->findChild<SortedScores *>();
    QVERIFY(plot);
    auto *canvas = plot->findChild<QCustomPlot *>();
    QVERIFY(canvas && canvas->isVisible());
    const qint64 before = bench.session.neuronsKept();
    const int steps = bench.history.count();
    const auto at = [&](double kept) {
        return QPoint(int(std::lround(canvas->xAxis->coordToPixel(kept))), canvas->axisRect()->center().y());
    };
    QTest::mousePress(canvas, Qt::LeftButton, {}, at(double(before)));
    for (int move = 1; move <= 20; ++move)
        QTest::mouseMove(canvas, at(double(before) - 3 * move));
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, at(double(before) - 60));
    QVERIFY(std::abs(bench.session.neuronsKept() - (before - 60)) <= 2);
    QCOMPARE(bench.history.count(), steps + 1); // a drag is one step

    const qint64 dragged = bench.session.neuronsKept();
    canvas->setFocus();
    QTest::keyClick(canvas, Qt::Key_Right);
    QCOMPARE(bench.session.neuronsKept(), dragged + 1);
    QTest::keyClick(canvas, Qt::Key_Left, Qt::ShiftModifier);
    QCOMPARE(bench.session.neuronsKept(), dragged + 1 - 16);
    QTest::keyClick(canvas, Qt::Key_Home); // back to the rule
    QCOMPARE(bench.session.neuronsKept(), before);
    QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(bench.session.neuronsKept(), dragged + 1 - 16);
    QTest::keyClick(hands.window.get(), Qt::Key_Y, Qt::ControlModifier);
    if (bench.session.neuronsKept() != before) // the platform's redo may be Ctrl+Shift+Z
        QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(bench.session.neuronsKept(), before);
}

void tst_MainFlow::moveBalance(const WindowBench &hands)
{
    const SessionModel &session = hands.bench().session;
    hands.window->show(MainWindow::Tab::Balance);
    auto *slider = hands.window->findChild<BalanceSlider *>();
    QVERIFY(slider && slider->isVisible());
    const qint64 attentions = session.attentionsToRemove(), neurons = session.neuronsKept();
    slider->setFocus();
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(session.attentionsToRemove(), attentions + 1);
    QVERIFY(session.neuronsKept() > neurons); // what attentions give, FFNs keep
    QTest::keyClick(slider, Qt::Key_Left);
    QTest::keyClick(slider, Qt::Key_Right);
    QCOMPARE(session.attentionsToRemove(), attentions + 1);
}

void tst_MainFlow::searchCancelAndGoOn(const WindowBench &hands)
{
    const Workbench &bench = hands.bench();
    hands.window->show(MainWindow::Tab::Attention);
    QSignalSpy changes(&bench.session, &SessionModel::searchChanged);
    hands.press(QStringLiteral("Search"));
    QTRY_VERIFY_WITH_TIMEOUT(bench.session.search() && bench.session.search()->evaluations() > 0, 60000);
    QTest::keyClick(hands.window.get(), Qt::Key_Period, Qt::ControlModifier);
    QVERIFY(hands.waitForJobs());
    QCOMPARE(bench.runner.jobs().back().state, JobInfo::State::Cancelled);
    QCOMPARE(bench.session.searchState(), SearchState::Unfinished);
    const std::int64_t known = bench.session.search()->evaluations();
    QVERIFY(known > 0);

    hands.press(QStringLiteral("Resume"));
    QVERIFY(hands.waitForJobs());
    QCOMPARE(bench.session.searchState(), SearchState::Complete);
    QCOMPARE(qint64(bench.session.removalOrder().size()), bench.session.attentionsToRemove());
    QTRY_VERIFY(!bench.session.planHash().isEmpty());
}

void tst_MainFlow::evaluate(const WindowBench &hands)
{
    const SessionModel &session = hands.bench().session;
    hands.window->show(MainWindow::Tab::Evaluation);
    hands.press(QStringLiteral("Bundled text"));
    if (QAbstractButton *all = hands.button(QStringLiteral("Whole text")); all->isChecked())
        QTest::mouseClick(all, Qt::LeftButton, {}, QPoint(8, all->height() / 2));
    type(hands.named<QSpinBox>(QStringLiteral("Windows of the text")), 3);
    hands.press(QStringLiteral("Evaluate plan"));
    QVERIFY(hands.waitForJobs());
    QVERIFY(session.planEvaluation());
    QVERIFY(session.denseEvaluation());
    QVERIFY(session.planEvaluation()->result.perplexity > session.denseEvaluation()->result.perplexity);
    QCOMPARE(session.planEvaluation()->planHash, session.planHash().toStdString());

    // The command line that the window offers gives the same plan and the same numbers.
    const QTemporaryDir folder;
    QProcess shell;
    shell.setWorkingDirectory(folder.path());
    QString line = hands.bench().jobs.commandOf(JobKind::Evaluate);
    line.replace(QStringLiteral("secateur-cli "), QStringLiteral(SECATEUR_CLI " "));
    line += QStringLiteral(" --json");
    shell.start(QStringLiteral("sh"), {QStringLiteral("-c"), line});
    QVERIFY(shell.waitForFinished(300000));
    QVERIFY2(shell.exitCode() == 0, shell.readAllStandardError().constData());
    const QList<QByteArray> lines = shell.readAllStandardOutput().trimmed().split('\n');
    const QJsonObject result = QJsonDocument::fromJson(lines.last()).object();
    QCOMPARE(result.value(QStringLiteral("planHash")).toString(), session.planHash());
    QCOMPARE(result.value(QStringLiteral("perplexity")).toDouble(), session.planEvaluation()->result.perplexity);
}

void tst_MainFlow::exportAndCompare(const WindowBench &hands)
{
    const SessionModel &session = hands.bench().session;
    const QTemporaryDir folder;
    const QString output = folder.filePath(QStringLiteral("pruned"));
    hands.window->show(MainWindow::Tab::Export);
    auto *edit = hands.named<QLineEdit>(QStringLiteral("Folder to make"));
    QVERIFY(edit);
    edit->setFocus();
    edit->selectAll();
    QTest::keyClicks(edit, output);
    hands.press(QStringLiteral("Export and verify"));
    QVERIFY(hands.waitForJobs());
    QCOMPARE(session.session().exports.size(), 1U);
    QVERIFY(session.session().exports.front().verification.isPassed);
    QVERIFY(hands.bench().messages.current().empty() || hands.bench().messages.current().back().severity != Message::Severity::Error);

    // What was written opens again, is as large as the window said, and holds the plan.
    Engine engine({.device = "cpu", .dtype = "auto", .threads = 1});
    const auto written = engine.open(output.toStdString());
    for (const LayerSpec &layer : written->spec.layers)
        QCOMPARE(layer.neurons(), session.neuronsKept());
    const PruningPlan plan = loadPlan((output + QStringLiteral("/pruning_manifest.json")).toStdString());
    QCOMPARE(plan.hash(), session.planHash().toStdString());
    QCOMPARE(plan.removedAttentions, session.removalOrder());
    QCOMPARE(plan.balance.layerParameters, session.planFigures().layerParameters);
}

/// From an open model to a checkpoint; then a look at what was made, in the tabs.
void tst_MainFlow::sampleIsPrunedWithTwoClicks()
{
    const WindowBench hands;
    hands.press(QStringLiteral("Try the bundled sample"));
    QVERIFY(hands.waitForJobs());
    hands.press(QStringLiteral("Prune…"));
    QWidget *dialog = hands.window->findChild<PruneCard *>()->window();
    QVERIFY(dialog->isVisible());
    auto *folder = dialog->findChild<QLineEdit *>(QStringLiteral("folder"));
    QVERIFY(folder);
    folder->selectAll();
    QTest::keyClicks(folder, hands.state.filePath(QStringLiteral("pruned")));
    hands.press(QStringLiteral("Prune"));
    QVERIFY(hands.waitForJobs());
    QCOMPARE(hands.bench().session.session().exports.size(), 1U);

    hands.press(QStringLiteral("Copy as command")); // which makes the same plan
    QString command = QGuiApplication::clipboard()->text();
    QVERIFY2(command.contains(QStringLiteral("--evaluate ")), qPrintable(command));
    const QString output = hands.state.filePath(QStringLiteral("again"));
    command.replace(QStringLiteral("secateur-cli"), QStringLiteral(SECATEUR_CLI));
    command.replace(hands.state.filePath(QStringLiteral("pruned")), output);
    QCOMPARE(QProcess::execute(QStringLiteral("sh"), {QStringLiteral("-c"), command + QStringLiteral(" > /dev/null 2>&1")}), 0);
    QCOMPARE(loadPlan((output + QStringLiteral("/pruning_manifest.json")).toStdString()).hash(),
             hands.bench().session.planHash().toStdString());

    hands.press(QStringLiteral("Look closer"));
    QVERIFY(!dialog->isVisible());
    QCOMPARE(hands.window->findChild<QTabWidget *>()->currentIndex(), int(MainWindow::Tab::Balance));
    QCOMPARE(hands.bench().session.planExactness(), Exactness::Exact);
    QAction *again = hands.window->actionsOfWindow().prune; // its keys reach no window that the platform has not made active
    QCOMPARE(again->shortcut(), QKeySequence(QStringLiteral("Ctrl+P")));
    again->trigger();
    QVERIFY(dialog->isVisible());
}

QTEST_MAIN(tst_MainFlow)
#include "tst_MainFlow.moc"
