// SPDX-License-Identifier: GPL-3.0-or-later
// What the window itself does: opening, failing, coming back, commands, looks.
#include "WindowBench.h"

#include "jobs/JobRunner.h"
#include "models/MessageLog.h"
#include "models/SelectionModel.h"
#include "panels/parts/EngineBox.h"
#include "panels/shell/WorkflowStrip.h"
#include "panels/start/StartPanel.h"
#include "session/SessionStore.h"
#include "widgets/EntryList.h"
#include "window/Actions.h"
#include "window/CommandPalette.h"
#include "window/EndSignals.h"

#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QUndoStack>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

class tst_MainWindow : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void droppedFolderThatIsNoModelSaysWhatIsMissing();
    void droppedTextBecomesTheCalibrationText();
    void everyStepThatIsNotPossibleSaysWhy();
    void paletteRunsWhatIsTyped();
    void paletteFindsLayersAndPlots();
    void paletteFindsTheButtonsOfPages();
    void keysOfWhatIsNotPossibleSayWhy();
    void focusLeavesTheButtonThatOpened();
    void everyActionThatIsNotPossibleSaysWhy();
    void oneKeyCancelsTheJobFromAnywhere();
    void titleSaysHowFarTheJobIs();
    void recentOnesThatAreGoneAreGreyed();
    void tabGoesFromThePageToTheSidesAndToTheJobLast();
    void undoWorksWhileANumberFieldHasTheFocus();
    void terminationClosesTheWindow();
    void interruptedSessionIsOfferedAndRestored();
    void savedSessionOpensAgain();
    void titleNamesTheSession();
    void fileThatIsNoSessionIsCalledNone();
    void sessionWithoutItsModelKeepsItsPlots();
    void movedModelIsLocated();
    void sessionWithAnNThatCannotBeReachedSaysBothBounds_data();
    void sessionWithAnNThatCannotBeReachedSaysBothBounds();
    void engineIsOneChoice();
    void themeSwitchesLive();
    void narrowWindowHidesTheInspector();
};

void tst_MainWindow::droppedFolderThatIsNoModelSaysWhatIsMissing()
{
    const WindowBench hands;
    const QTemporaryDir empty;
    hands.drop(hands.window.get(), empty.path());
    QVERIFY(hands.waitForJobs());
    QVERIFY(!hands.bench().session.hasModel());
    const std::vector<Message> messages = hands.bench().messages.current();
    QCOMPARE(messages.size(), 1U);
    QCOMPARE(messages.front().severity, Message::Severity::Error);
    QVERIFY2(messages.front().sentence.contains(QStringLiteral("config.json")), qPrintable(messages.front().sentence));
    QVERIFY(!messages.front().hint.isEmpty());
}

void tst_MainWindow::droppedTextBecomesTheCalibrationText()
{
    const WindowBench hands;
    hands.drop(hands.window.get(), WindowBench::sample().calibrationText());
    QVERIFY(hands.bench().messages.current().back().sentence.contains(QStringLiteral("no model is open")));
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.drop(hands.window.get(), WindowBench::sample().evaluationText());
    QCOMPARE(hands.bench().session.session().calibrationText.files.front().filename(), "oz.txt");
}

void tst_MainWindow::everyStepThatIsNotPossibleSaysWhy()
{
    const WindowBench hands;
    const Actions &actions = hands.window->actionsOfWindow();
    for (QAction *action :
         {actions.calibrate, actions.search, actions.evaluate, actions.measureImpact, actions.savePlan, actions.cancelJob}) {
        QVERIFY(!action->isEnabled());
        QVERIFY2(action->toolTip().endsWith(QLatin1Char('.')), qPrintable(action->toolTip()));
    }
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QVERIFY(actions.calibrate->isEnabled());
    QVERIFY(!actions.search->isEnabled());
    QVERIFY(actions.search->toolTip().contains(QStringLiteral("Calibrate first")));
}

void tst_MainWindow::paletteRunsWhatIsTyped()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QTest::keyClick(hands.window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    auto *palette = hands.window->findChild<CommandPalette *>();
    QVERIFY(palette && palette->isVisible());
    auto *input = palette->findChild<QLineEdit *>();
    QTest::keyClicks(input, QStringLiteral("25 sparsity"));
    QTest::keyClick(input, Qt::Key_Return);
    QVERIFY(!palette->isVisible());
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.25);
    QTest::keyClick(hands.window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    QTest::keyClicks(input, QStringLiteral("open file"));
    const auto *list = palette->findChild<QListWidget *>();
    const auto isListed = [&](const QString &name) { return !list->findItems(name, Qt::MatchContains).isEmpty(); };
    QVERIFY(isListed(QStringLiteral("Open plan or scores")));
    QVERIFY(isListed(QStringLiteral("Open GGUF file")));
    QTest::keyClick(input, Qt::Key_Escape);
    QVERIFY(!palette->isVisible());
}

void tst_MainWindow::paletteFindsTheButtonsOfPages()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->show(MainWindow::Tab::Model);
    hands.window->actionsOfWindow().palette->trigger();
    const auto *palette = hands.window->findChild<CommandPalette *>();
    QTest::keyClicks(palette->findChild<QLineEdit *>(), QStringLiteral("measure curve"));
    const auto *list = palette->findChild<QListWidget *>();
    QCOMPARE(list->count(), 1);
    QCOMPARE(list->item(0)->text(), QStringLiteral("Balance: Measure the curve…"));
    QTest::keyClick(palette->findChild<QLineEdit *>(), Qt::Key_Return);
    QCOMPARE(hands.window->findChild<QTabWidget *>()->currentIndex(), int(MainWindow::Tab::Balance));
}

void tst_MainWindow::keysOfWhatIsNotPossibleSayWhy()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const QAction *search = hands.window->actionsOfWindow().search;
    QVERIFY(!search->isEnabled());
    QTest::keyClick(hands.window.get(), Qt::Key_R, Qt::ControlModifier);
    const std::vector<Message> said = hands.bench().messages.current();
    QVERIFY(std::any_of(said.begin(), said.end(), [&](const Message &message) { return message.sentence == search->toolTip(); }));
}

void tst_MainWindow::focusLeavesTheButtonThatOpened()
{
    const WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    for (QPushButton *button : hands.window->findChildren<QPushButton *>())
        if (button->text() == QLatin1String("Try the bundled sample"))
            button->setFocus();
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    QVERIFY(hands.waitForJobs());
    const auto *next = qobject_cast<QPushButton *>(QApplication::focusWidget());
    QVERIFY(next);
    QCOMPARE(next->text(), QStringLiteral("Prune…"));
}

void tst_MainWindow::paletteFindsLayersAndPlots()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.bench().jobs.measureImpact(); // a plot to do something with
    QVERIFY(hands.waitForJobs());
    hands.window->show(MainWindow::Tab::Attention);
    const auto type = [&](const QString &words) {
        hands.window->actionsOfWindow().palette->trigger();
        auto *input = hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>();
        QTest::keyClicks(input, words);
        return hands.window->findChild<CommandPalette *>()->findChild<QListWidget *>();
    };
    const QListWidget *list = type(QStringLiteral("layer 1"));
    QCOMPARE(list->count(), 1); // and not 10, 11
    QTest::keyClick(hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>(), Qt::Key_Return);
    QCOMPARE(hands.bench().selection.selectedLayer(), 1);

    list = type(QStringLiteral("save figure"));
    QVERIFY(list->count() >= 1);
    QVERIFY(list->item(0)->flags().testFlag(Qt::ItemIsEnabled));
    QVERIFY(!list->findItems(QStringLiteral("Save figure"), Qt::MatchContains).isEmpty()); // "Save all figures…" has both words as well
    QTest::keyClick(hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>(), Qt::Key_Escape);

    list = type(QStringLiteral("pin")); // other words than the name has
    QStringList found;
    for (int row = 0; row < list->count(); ++row)
        found << list->item(row)->text();
    QVERIFY2(found.contains(QStringLiteral("Show Plans")), qPrintable(found.join(QStringLiteral(", "))));
    QTest::keyClick(hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>(), Qt::Key_Escape);

    list = type(QStringLiteral("xyzzy"));
    QCOMPARE(list->item(0)->text(), QStringLiteral("No command matches “xyzzy”."));
    QTest::keyClick(hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>(), Qt::Key_Return); // nothing to run
    QTest::keyClick(hands.window->findChild<CommandPalette *>()->findChild<QLineEdit *>(), Qt::Key_Escape);
}

void tst_MainWindow::everyActionThatIsNotPossibleSaysWhy()
{
    const WindowBench hands;
    const auto check = [&] {
        for (const QMenu *menu : hands.window->menuBar()->findChildren<QMenu *>()) {
            if (menu->title().isEmpty())
                continue; // Qt's own, for what a narrow menu bar does not show
            QVERIFY2(menu->toolTipsVisible(), qPrintable(menu->title()));
            for (const QAction *action : menu->actions())
                if (!action->isEnabled() && !action->isSeparator())
                    QVERIFY2(action->toolTip().endsWith(QLatin1Char('.')),
                             qPrintable(action->text() + QLatin1String(": ") + action->toolTip()));
        }
    };
    const Actions &actions = hands.window->actionsOfWindow();
    check();
    for (const QAction *action :
         {actions.undo, actions.redo, actions.saveSession, actions.pin, actions.sparsity25, actions.neuronsByRule, actions.goToExport})
        QVERIFY2(!action->isEnabled(), qPrintable(action->text()));
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    check();
    QVERIFY(actions.saveSession->isEnabled() && actions.pin->isEnabled() && actions.sparsity25->isEnabled() && actions.prune->isEnabled());
    QVERIFY(!actions.goToExport->isEnabled());
    QVERIFY(!actions.savePlan->isEnabled());
    QVERIFY(!actions.neuronsByRule->isEnabled()); // K follows it
    hands.bench().editor.setNeuronsKept(100);
    QVERIFY(actions.neuronsByRule->isEnabled());
    QVERIFY(actions.undo->isEnabled());
    QVERIFY(!actions.redo->isEnabled());
    check();
}

void tst_MainWindow::oneKeyCancelsTheJobFromAnywhere()
{
    const WindowBench hands;
    const auto forEver = [](JobPort &port) {
        for (;;) {
            port.context().check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    };
    const int number = hands.bench().runner.start(JobKind::Search, QStringLiteral("Search"), {}, forEver);
    QTRY_COMPARE(hands.bench().runner.job(number)->state, JobInfo::State::Running);
    QVERIFY(hands.window->actionsOfWindow().cancelJob->isEnabled());
    QCOMPARE(hands.window->actionsOfWindow().cancelJob->shortcutContext(), Qt::ApplicationShortcut);
    QWidget *field = hands.window->findChild<QTabWidget *>();
    field->setFocus();
    QTest::keyClick(field, Qt::Key_Period, Qt::ControlModifier);
    QTRY_COMPARE(hands.bench().runner.job(number)->state, JobInfo::State::Cancelled);
    QVERIFY(!hands.window->actionsOfWindow().cancelJob->isEnabled());
}

void tst_MainWindow::titleSaysHowFarTheJobIs()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QVERIFY2(hands.window->windowTitle().endsWith(QStringLiteral("[*] – Secateur")), qPrintable(hands.window->windowTitle()));
    const QString before = hands.window->windowTitle();
    std::atomic<bool> isLetGo = false;
    hands.bench().runner.start(JobKind::Search, QStringLiteral("Search"), {}, [&isLetGo](JobPort &port) {
        port.context().begin("search", 10, "evaluations");
        for (int i = 0; i < 10; ++i) {
            port.context().step();
            while (i == 3 && !isLetGo) {
                port.context().check();
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        }
    });
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("40\u00a0% – ") + before);
    isLetGo = true;
    QTRY_COMPARE(hands.window->windowTitle(), before);
}

void tst_MainWindow::recentOnesThatAreGoneAreGreyed()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window.reset();
    const QString gone = hands.state.filePath(QStringLiteral("gone"));
    QSettings settings(hands.state.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    const QString key = QStringLiteral("recent/opened");
    settings.setValue(key, QStringList(gone) + settings.value(key).toStringList());
    settings.sync();
    hands.start();
    auto *list = hands.named<EntryList>(QStringLiteral("Recently opened"));
    QVERIFY(list);
    QCOMPARE(list->count(), 2);
    QVERIFY(!list->item(0)->flags().testFlag(Qt::ItemIsEnabled));
    QVERIFY(list->item(0)->toolTip().contains(QLatin1String("not found")));
    QVERIFY(list->item(1)->flags().testFlag(Qt::ItemIsEnabled));
    hands.press(QStringLiteral("Clear"));
    QCOMPARE(list->count(), 0);
    QCOMPARE(list->emptyText(), QStringLiteral("Nothing opened recently."));
}

void tst_MainWindow::tabGoesFromThePageToTheSidesAndToTheJobLast()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->show(MainWindow::Tab::Balance);
    const QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
    const QWidget *map = hands.named<QWidget>(QStringLiteral("Map")), *inspector = hands.named<QWidget>(QStringLiteral("Inspector"));
    const QWidget *bar = hands.named<QWidget>(QStringLiteral("Current job")), *strip = hands.named<QWidget>(QStringLiteral("Workflow"));
    QVERIFY(map && inspector && bar && strip);
    QList<const QWidget *> places;
    const QWidget *first = hands.window->findChild<WorkflowStrip *>();
    for (const QWidget *widget = first->nextInFocusChain(); widget != first; widget = widget->nextInFocusChain()) {
        if (!widget->isVisible() || !widget->isEnabled() || !(widget->focusPolicy() & Qt::TabFocus))
            continue;
        QVERIFY2(!qobject_cast<const QScrollArea *>(widget), "a scroll area shows no focus");
        for (const QWidget *place : {strip, page, map, inspector, bar})
            if (place->isAncestorOf(widget) && (places.isEmpty() || places.last() != place))
                places << place;
    }
    QCOMPARE(places, QList<const QWidget *>({strip, page, map, inspector, bar}));
}

void tst_MainWindow::undoWorksWhileANumberFieldHasTheFocus()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const double before = hands.bench().session.draft().balance.sparsity;
    auto *field = hands.window->findChild<WorkflowStrip *>()->findChild<QDoubleSpinBox *>();
    QVERIFY(field);
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("44"));
    QTest::keyClick(field, Qt::Key_Z, Qt::ControlModifier); // the field's own undo
    QVERIFY(!field->text().contains(QStringLiteral("44")));
    QCOMPARE(hands.bench().session.draft().balance.sparsity, before);
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("44"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.44);
    QCoreApplication::processEvents();
    QTest::keyClick(field, Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, before);
    QTest::keySequence(field, QKeySequence::Redo);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.44);
}

void tst_MainWindow::terminationClosesTheWindow()
{
    WindowBench hands;
    const EndSignals endSignals;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QCOMPARE(::raise(SIGTERM), 0);
    QTRY_VERIFY(!hands.window->isVisible());
    hands.window.reset();
    hands.start();     // nothing was interrupted
    QTest::qWait(300); // sessions are looked for in the background, which tells nothing when there are none
    QVERIFY(hands.bench().messages.current().empty());
}

void tst_MainWindow::interruptedSessionIsOfferedAndRestored()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    Session left = hands.bench().session.session();
    left.draft.balance.sparsity = 0.42;
    left.pinned.push_back({.name = "kept", .draft = left.draft});
    hands.window.reset();
    {
        SessionJournal journal(std::filesystem::path(hands.state.path().toStdString()) / "sessions");
        journal.writeBase(journal.startBase(), left);
    } // without markClosed(): as a kill leaves it
    hands.start();
    QTRY_VERIFY(!hands.bench().messages.current().empty());
    QVERIFY(hands.bench().messages.current().front().sentence.contains(QStringLiteral("interrupted")));
    hands.press(QStringLiteral("Restore it"));
    QTRY_VERIFY(hands.bench().session.hasModel());
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.42);
    QCOMPARE(hands.bench().session.session().pinned.front().name, "kept");
    QTRY_VERIFY(hands.bench().session.isModelThere());
}

void tst_MainWindow::savedSessionOpensAgain()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.bench().editor.setSparsity(0.31);
    const QString file = hands.state.filePath(QStringLiteral("one.secateur"));
    QSignalSpy saved(&hands.window->keeper(), &SessionKeeper::saved);
    hands.window->keeper().save(file);
    QVERIFY(saved.wait(5000));
    QVERIFY(hands.window->keeper().isSaved());
    hands.bench().editor.setSparsity(0.5);
    QVERIFY(!hands.window->keeper().isSaved());
    hands.window->open(file);
    QTRY_COMPARE(hands.bench().session.draft().balance.sparsity, 0.31);
    QTRY_VERIFY(hands.bench().session.isModelThere());
    QCOMPARE(hands.window->keeper().file(), file);
}

void tst_MainWindow::titleNamesTheSession()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("sample[*] – Secateur"));
    hands.window->keeper().save(hands.state.filePath(QStringLiteral("study.secateur")));
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("study[*] – sample – Secateur"));
    hands.window->keeper().save(hands.state.filePath(QStringLiteral("sample.secateur")));
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("sample[*] – Secateur")); // once is enough
    hands.window->keeper().save(hands.state.filePath(QStringLiteral("study.secateur")));
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("study[*] – sample – Secateur"));
    hands.window->openSample(); // another session, which has no name yet
    QTRY_COMPARE(hands.window->windowTitle(), QStringLiteral("sample[*] – Secateur"));
    QVERIFY(hands.waitForJobs());
}

/// As "Open session…" on the start page has all files to choose from.
void tst_MainWindow::fileThatIsNoSessionIsCalledNone()
{
    const WindowBench hands;
    const QString file = hands.state.filePath(QStringLiteral("README.md"));
    {
        QFile readme(file);
        QVERIFY(readme.open(QIODevice::WriteOnly));
        readme.write("# A model\n\nHow it was trained.\n");
    }
    emit hands.window->findChild<StartPanel *>()->sessionRequested(file);
    QTRY_VERIFY(!hands.bench().messages.current().empty());
    const Message told = hands.bench().messages.current().front();
    QVERIFY2(told.sentence.contains(QStringLiteral("README.md' does not hold a session.")), qPrintable(told.sentence));
    QCOMPARE(told.hint, QStringLiteral("Choose a file that the window saved (.secateur)."));
    QVERIFY(!hands.bench().session.hasModel());
}

void tst_MainWindow::sessionWithoutItsModelKeepsItsPlots()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    Session session = hands.bench().session.session();
    session.model->folder = "/nowhere/model";
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : session.model->spec.layers)
        scores->layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    session.calibrations = {scores};
    session.draft.calibration = 0;
    const QString file = hands.state.filePath(QStringLiteral("moved.secateur"));
    saveSession(session, file.toStdString());
    hands.window->open(file);
    QTRY_VERIFY(hands.bench().session.hasScores());
    QVERIFY(hands.waitForJobs());
    QVERIFY(!hands.bench().session.isModelThere());
    QVERIFY(hands.bench().session.rankedScores());
    QVERIFY(hands.bench().messages.current().back().severity == Message::Severity::Error);
    QVERIFY(!hands.bench().jobs.canSearch());
}

/// By the button of its card, and the folder chosen in the dialog.
void tst_MainWindow::movedModelIsLocated()
{
    QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const std::filesystem::path here = hands.bench().session.session().model->folder;
    Session session = hands.bench().session.session();
    session.model->folder = "/nowhere/model";
    const QString file = hands.state.filePath(QStringLiteral("moved.secateur"));
    saveSession(session, file.toStdString());
    hands.window->open(file);
    QTRY_COMPARE(hands.bench().session.session().model->folder, std::filesystem::path("/nowhere/model"));
    QVERIFY(hands.waitForJobs());
    QTRY_VERIFY(hands.button(QStringLiteral("Locate…")));
    bool wasChosen = false;
    hands.answerFileDialog(QString::fromStdString(here.string()), wasChosen);
    hands.press(QStringLiteral("Locate…"));
    QVERIFY(wasChosen);
    QVERIFY(hands.waitForJobs());
    QTRY_VERIFY(hands.bench().session.isModelThere());
    QCOMPARE(hands.bench().session.session().model->folder, here);
    QVERIFY(hands.bench().messages.current().empty()); // nothing is left to complain about
    QVERIFY(!hands.button(QStringLiteral("Locate…")));
    QVERIFY(hands.bench().jobs.canCalibrate());
}

void tst_MainWindow::sessionWithAnNThatCannotBeReachedSaysBothBounds_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<qlonglong>("removals");
    QTest::newRow("too many") << 0.05 << qlonglong(12);
    QTest::newRow("more than there are") << 0.05 << qlonglong(99);
    QTest::newRow("too few") << 0.9 << qlonglong(0);
    QTest::newRow("fewer than none") << 0.25 << qlonglong(-1);
    QTest::newRow("more than a field holds") << 0.25 << qlonglong(4294967297);
}

void tst_MainWindow::sessionWithAnNThatCannotBeReachedSaysBothBounds()
{
    QFETCH(double, sparsity);
    QFETCH(qlonglong, removals);
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    Session session = hands.bench().session.session();
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : session.model->spec.layers)
        scores->layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    session.calibrations = {scores};
    session.draft.calibration = 0;
    session.draft.balance.sparsity = sparsity;
    session.draft.balance.attentionsToRemove = removals;
    const QString file = hands.state.filePath(QStringLiteral("infeasible.secateur"));
    saveSession(session, file.toStdString());
    hands.window->open(file);
    const SessionModel &model = hands.bench().session;
    QTRY_VERIFY(model.hasScores());
    QVERIFY(hands.waitForJobs());
    QVERIFY(model.draft().balance.attentionsToRemove == removals);
    QVERIFY(!model.balance());
    QVERIFY(model.bounds());
    const qint64 least = model.bounds()->leastAttentions, most = model.bounds()->mostAttentions;
    QVERIFY(least <= most);
    const QString both = QStringLiteral("Feasible: %1 to %2.").arg(least).arg(most);
    for (const QString &reason : {hands.bench().jobs.canSearch().reason, hands.bench().jobs.canExport().reason})
        QVERIFY2(reason.contains(both), qPrintable(reason));
    for (const auto tab : {MainWindow::Tab::Model, MainWindow::Tab::Calibration, MainWindow::Tab::Importance, MainWindow::Tab::Attention,
                           MainWindow::Tab::Evaluation, MainWindow::Tab::Export, MainWindow::Tab::Balance}) {
        hands.window->show(tab);
        QCoreApplication::processEvents();
        hands.window->grab(); // every page can be drawn
    }
    QStringList said;
    for (const QLabel *label : hands.window->findChildren<QLabel *>())
        if (label->isVisible() && label->text().contains(both))
            said << label->text();
    QVERIFY2(!said.isEmpty(), qPrintable(both));
    const QString asked = QStringLiteral("N = %1").arg(removals);
    QVERIFY2(std::any_of(said.begin(), said.end(), [&](const QString &text) { return text.contains(asked); }),
             qPrintable(said.join(u'\n')));

    auto *field = hands.named<QSpinBox>(QStringLiteral("N, attentions to remove")); // what is typed there becomes feasible
    QVERIFY(field);
    const auto isFeasible = [&] {
        return model.balance() && model.attentionsToRemove() >= least && model.attentionsToRemove() <= most &&
               field->value() == int(model.attentionsToRemove());
    };
    for (const char *typed : {"99", "0", "12"}) {
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, QLatin1String(typed));
        QTest::keyClick(field, Qt::Key_Return);
        QVERIFY2(isFeasible(), qPrintable(QStringLiteral("%1 gave %2").arg(QLatin1String(typed)).arg(model.attentionsToRemove())));
    }
    for (const Qt::Key key : {Qt::Key_Up, Qt::Key_PageUp, Qt::Key_Down, Qt::Key_PageDown}) {
        QTest::keyClick(field, key);
        QVERIFY2(isFeasible(), qPrintable(QString::number(model.attentionsToRemove())));
    }
    while (hands.bench().history.canUndo()) // and the way back is open
        hands.bench().history.undo();
    QVERIFY(model.draft().balance.attentionsToRemove == removals);
    hands.press(QStringLiteral("Use N = %1").arg(std::clamp<qint64>(removals, least, most)));
    QVERIFY(isFeasible());
}

/// For the export and for "Prune…", and at the next start.
void tst_MainWindow::engineIsOneChoice()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->show(MainWindow::Tab::Export);
    auto *box = hands.named<EngineBox>(QStringLiteral("The program that will run the model"));
    QVERIFY(box);
    box->setFocus();
    while (!box->currentText().startsWith(QStringLiteral("llama.cpp")))
        QTest::keyClick(box, Qt::Key_Down);
    const auto all = [&hands] { return hands.window->findChildren<EngineBox *>(); };
    QCOMPARE(all().size(), 2);
    for (const EngineBox *one : all())
        QCOMPARE(one->currentText(), box->currentText());
    const QString chosen = box->currentText();
    hands.window.reset();
    hands.start();
    for (const EngineBox *one : all())
        QCOMPARE(one->currentText(), chosen);
}

void tst_MainWindow::themeSwitchesLive()
{
    WindowBench hands;
    hands.theme.setMode(Theme::Mode::Light);
    settle();
    const QColor light = hands.window->grab().toImage().pixelColor(hands.window->width() / 2, hands.window->height() - 60);
    hands.theme.setMode(Theme::Mode::Dark);
    settle();
    const QColor dark = hands.window->grab().toImage().pixelColor(hands.window->width() / 2, hands.window->height() - 60);
    QVERIFY(light.lightness() > 200);
    QVERIFY(dark.lightness() < 80);
    hands.theme.setMode(Theme::Mode::Light);
}

void tst_MainWindow::narrowWindowHidesTheInspector()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    auto *layer = hands.named<QWidget>(QStringLiteral("Inspector"));
    QVERIFY(layer);
    hands.window->resize(1024, 700);
    QTRY_VERIFY(!layer->isVisible());
    QCOMPARE(hands.window->size(), QSize(1024, 700)); // it fits
    hands.window->resize(1440, 900);
    QTRY_VERIFY(layer->isVisible());
}

QTEST_MAIN(tst_MainWindow)
#include "tst_MainWindow.moc"
