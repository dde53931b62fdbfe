// SPDX-License-Identifier: GPL-3.0-or-later
// What the window finds again: the look of a session with the session, its own layout from one start to the next.
#include "WindowBench.h"

#include "models/SelectionModel.h"
#include "panels/calibrate/ImportancePanel.h"
#include "panels/layers/LayerView.h"
#include "panels/search/AttentionPanel.h"
#include "plots/Plot.h"
#include "plots/ScorePlots.h"
#include "session/SessionStore.h"
#include "widgets/EntryList.h"
#include "window/Actions.h"
#include "window/AffectedTabs.h"
#include "window/ViewState.h"

#include <QAbstractButton>
#include <QContextMenuEvent>
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QLabel>
#include <QMenuBar>
#include <QPointer>
#include <QScreen>
#include <QSettings>
#include <QSignalSpy>
#include <QSplitter>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <qcustomplot.h>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

class tst_WindowMemory : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void sessionComesBackAsItLooked();
    void scoresThatAreNotUsedTurnNoPage();
    void sessionWithoutALookIsShownWhereItsWorkIs();
    void leftSessionComesBackAsItLooked();
    void sessionLeftForAnotherComesBackAsItLooked_data();
    void sessionLeftForAnotherComesBackAsItLooked();
    void splittersAndDocksStay();
    void layoutThatCannotBeReadIsTheDefaultOne_data();
    void layoutThatCannotBeReadIsTheDefaultOne();
    void floatingDockIsBroughtOntoTheScreen();
    void undockedDockStepsAside();
    void undoShowsWhatItChanges();
    void undoShowsTheTextThatItChanges();
    void undoOfAPlanStaysWithThePlan();
    void unsavedChangesOfAFileAreOfferedWithIt();
    void closingNotesTheJobThatItStops();
    void undoWaitsWhileAMenuIsOpen();
    void undoWaitsForTheEndOfADrag();
    void everyChangeOfAPlanHasItsTabs();
    void recentListBeginsWithTheLast();

private:
    static QSplitter *mainSplitter(const WindowBench &hands)
    {
        return hands.window->centralWidget()->findChild<QSplitter *>({}, Qt::FindDirectChildrenOnly);
    }
    static QDockWidget *dock(const WindowBench &hands, const char *name)
    {
        return hands.window->findChild<QDockWidget *>(QLatin1String(name));
    }
    static MainWindow::Tab tab(const WindowBench &hands)
    {
        return MainWindow::Tab(hands.window->findChild<QTabWidget *>()->currentIndex());
    }
    /// A session with scores, without computing.
    static void calibrate(const WindowBench &hands)
    {
        hands.window->openSample();
        QVERIFY(hands.waitForJobs());
        auto scores = std::make_shared<NeuronScores>();
        for (const LayerSpec &layer : hands.bench().session.spec().layers)
            scores->layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
        const TextSettings &text = hands.bench().session.session().calibrationText;
        scores->provenance.textFiles = {text.files.front().string()};
        scores->provenance.windows = text.windows.value();
        scores->provenance.length = text.length;
        hands.bench().editor.useCalibration(hands.bench().session.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }
    /// By keys and menu, as people do; without the dialog for a name.
    static bool save(const WindowBench &hands, const QString &file)
    {
        QSignalSpy saved(&hands.window->keeper(), &SessionKeeper::saved);
        hands.window->keeper().save(file);
        if (!saved.wait(10'000))
            return false;
        saved.clear();
        hands.window->actionsOfWindow().saveSession->trigger();
        return saved.wait(10'000);
    }
};

void tst_WindowMemory::sessionComesBackAsItLooked()
{
    WindowBench hands;
    calibrate(hands);
    hands.window->show(MainWindow::Tab::Attention);
    hands.window->findChild<AttentionPanel *>()->setView(AttentionPanel::View::Impact);
    hands.bench().selection.setSelectedLayer(5);
    hands.bench().selection.setComparedLayers({4, 1});
    hands.window->findChild<ImportancePanel *>()->setScale(ImportancePanel::Scale::LayerMaximum);
    QList<Plot *> plots = hands.window->findChildren<Plot *>();
    QVERIFY(plots.size() > 3);
    plots.at(1)->setTableShown(true);
    hands.bench().editor.pin(QStringLiteral("Best"));
    const QString file = hands.state.filePath(QStringLiteral("one.secateur"));
    QVERIFY(save(hands, file));

    hands.window.reset();
    hands.start();
    hands.window->open(file);
    QTRY_VERIFY(hands.bench().session.hasScores());
    QCOMPARE(tab(hands), MainWindow::Tab::Attention);
    QCOMPARE(hands.window->findChild<AttentionPanel *>()->view(), AttentionPanel::View::Impact);
    QCOMPARE(hands.bench().selection.selectedLayer(), 5);
    QVERIFY((hands.bench().selection.comparedLayers() == std::vector<std::int64_t>{4, 1}));
    QCOMPARE(hands.window->findChild<ImportancePanel *>()->scale(), ImportancePanel::Scale::LayerMaximum);
    QCOMPARE(hands.bench().session.session().pinned.front().name, "Best");
    plots = hands.window->findChildren<Plot *>();
    for (qsizetype i = 0; i < plots.size(); ++i)
        QCOMPARE(plots.at(i)->isTableShown(), i == 1);
    QVERIFY(hands.waitForJobs());
}

/// They were calibrated with settings that were changed meanwhile.
void tst_WindowMemory::scoresThatAreNotUsedTurnNoPage()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const Workbench &bench = hands.bench();
    const Session &session = bench.session.session();
    hands.window->show(MainWindow::Tab::Calibration);
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : bench.session.spec().layers)
        scores->layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    const TextSettings text = session.calibrationText;
    scores->provenance.textFiles = {text.files.front().string()};
    scores->provenance.windows = text.windows.value();
    scores->provenance.length = text.length;
    scores->provenance.seed = 7;
    bench.session.addCalibration(scores, std::make_shared<const RankedScores>(*scores));
    QCOMPARE(tab(hands), MainWindow::Tab::Calibration);
    auto wanted = std::make_shared<NeuronScores>(*scores);
    wanted->provenance.seed = text.seed;
    bench.session.addCalibration(wanted, std::make_shared<const RankedScores>(*wanted));
    QCOMPARE(tab(hands), MainWindow::Tab::Importance);
}

void tst_WindowMemory::sessionWithoutALookIsShownWhereItsWorkIs()
{
    WindowBench hands;
    calibrate(hands);
    const QString file = hands.state.filePath(QStringLiteral("one.secateur"));
    Session session = hands.bench().session.session();
    session.view = {{"tab", "Moon"}, {"layer", "999"}, {"step", "x"}, {"compared", "y,,-1,999,2"}, {"importance.scale", "Large"}};
    saveSession(session, file.toStdString());
    hands.window->open(file);
    QTRY_COMPARE(tab(hands), MainWindow::Tab::Importance);
    QCOMPARE(hands.bench().selection.selectedLayer(), 0);
    QVERIFY((hands.bench().selection.comparedLayers() == std::vector<std::int64_t>{2}));
    QCOMPARE(hands.window->findChild<ImportancePanel *>()->scale(), ImportancePanel::Scale::Raw);
    QVERIFY(hands.waitForJobs());
    for (const char *plan : {"one", "other"}) { // as the command compare leaves one
        Measurement measured;
        measured.planHash = plan;
        measured.text = session.evaluationText;
        measured.result = {.loss = 2, .perplexity = 7.4, .tokens = 127, .windows = 1, .length = 128, .tokenHash = "text"};
        session.measurements.push_back(measured);
    }
    session.view.clear();
    const QString compared = hands.state.filePath(QStringLiteral("compared.secateur"));
    saveSession(session, compared.toStdString());
    hands.window->open(compared);
    QTRY_COMPARE(tab(hands), MainWindow::Tab::Compare);
    QVERIFY(hands.waitForJobs());
}

void tst_WindowMemory::leftSessionComesBackAsItLooked()
{
    WindowBench hands;
    calibrate(hands);
    hands.window->show(MainWindow::Tab::Balance);
    hands.bench().selection.setSelectedLayer(3);
    hands.window->close();
    hands.window.reset();
    hands.start();
    QTRY_VERIFY(hands.button(QStringLiteral("Restore")));
    hands.press(QStringLiteral("Restore"));
    QTRY_VERIFY(hands.bench().session.hasScores());
    QCOMPARE(tab(hands), MainWindow::Tab::Balance);
    QCOMPARE(hands.bench().selection.selectedLayer(), 3);
    QVERIFY(hands.waitForJobs());
}

void tst_WindowMemory::sessionLeftForAnotherComesBackAsItLooked_data()
{
    QTest::addColumn<bool>("isFile");
    QTest::newRow("for a model") << false;
    QTest::newRow("for a session file") << true;
}

void tst_WindowMemory::sessionLeftForAnotherComesBackAsItLooked()
{
    QFETCH(bool, isFile);
    WindowBench hands;
    calibrate(hands);
    const QString file = hands.state.filePath(QStringLiteral("other.secateur"));
    saveSession(hands.bench().session.session(), file.toStdString());
    hands.bench().editor.pin(QStringLiteral("Left"));
    hands.window->show(MainWindow::Tab::Balance);
    hands.bench().selection.setSelectedLayer(3);
    if (isFile)
        hands.window->open(file);
    else
        hands.window->openSample();
    QTRY_VERIFY(hands.bench().session.session().pinned.empty());
    QVERIFY(hands.waitForJobs());
    const auto left = [&] {
        for (const Message &shown : hands.bench().messages.current())
            if (shown.topic == QLatin1String("left session"))
                return shown;
        return Message();
    };
    QTRY_VERIFY(left().action);
    left().action(); // "Go back to it"
    QTRY_VERIFY(!hands.bench().session.session().pinned.empty());
    QCOMPARE(tab(hands), MainWindow::Tab::Balance);
    QCOMPARE(hands.bench().selection.selectedLayer(), 3);
    QVERIFY(hands.waitForJobs());
}

void tst_WindowMemory::splittersAndDocksStay()
{
    WindowBench hands;
    calibrate(hands);
    hands.window->show(MainWindow::Tab::Importance);
    QList<int> sizes = mainSplitter(hands)->sizes();
    sizes[0] += 60;
    sizes[1] -= 60;
    mainSplitter(hands)->setSizes(sizes);
    sizes = mainSplitter(hands)->sizes();
    dock(hands, "history")->show();
    hands.window->close();
    hands.window.reset();
    hands.start();
    QVERIFY(dock(hands, "history")->isVisible());
    QVERIFY(!dock(hands, "jobs")->isVisible());
    QCOMPARE(hands.bench().messages.rowCount(), 0); // nothing to say about it
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    QTRY_COMPARE(mainSplitter(hands)->sizes().constFirst(), sizes.constFirst());
}

void tst_WindowMemory::layoutThatCannotBeReadIsTheDefaultOne_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QByteArray>("state");
    QTest::newRow("docks, rubbish") << "docks" << QByteArray("once upon a time");
    QTest::newRow("docks, cut") << "docks" << QByteArray();
    QTest::newRow("splitters, rubbish") << "splitters" << QByteArray("once upon a time");
}

void tst_WindowMemory::layoutThatCannotBeReadIsTheDefaultOne()
{
    QFETCH(QString, key);
    QFETCH(QByteArray, state);
    WindowBench hands;
    dock(hands, "history")->show();
    if (state.isEmpty())
        state = hands.window->saveState().left(20);
    hands.window.reset();
    QSettings(hands.state.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat).setValue(key, state);
    hands.start();
    for (const QDockWidget *each : hands.window->findChildren<QDockWidget *>())
        QVERIFY(!each->isVisible());
    const MessageLog &log = hands.bench().messages;
    QCOMPARE(log.rowCount(), 1);
    QVERIFY(log.index(0, 2).data().toString().contains(QStringLiteral("layout")));
    QVERIFY(log.current().empty()); // no news for anybody
}

void tst_WindowMemory::floatingDockIsBroughtOntoTheScreen()
{
    WindowBench hands;
    QDockWidget *log = dock(hands, "log");
    log->setFloating(true);
    log->move(20'000, 20'000); // where there was a screen once
    log->show();
    const QRect screen = log->screen()->availableGeometry();
    QTRY_VERIFY2(screen.contains(log->frameGeometry().topLeft()), qPrintable(QStringLiteral("%1, %2").arg(log->x()).arg(log->y())));
    QWidget plain;
    plain.setGeometry(screen.right() - 100, 50, 300, 200); // can be taken hold of
    bringOnScreen(plain);
    QCOMPARE(plain.x(), screen.right() - 100);
    plain.move(screen.right() - 10, 50);
    bringOnScreen(plain);
    QVERIFY(plain.geometry().right() <= screen.right());
}

void tst_WindowMemory::undockedDockStepsAside()
{
    WindowBench hands;
    QDockWidget *log = dock(hands, "log");
    log->show();
    QCoreApplication::processEvents();
    const QPoint before = log->mapToGlobal(QPoint());
    auto *undock = log->findChild<QAbstractButton *>(QStringLiteral("qt_dockwidget_floatbutton"));
    QVERIFY(undock);
    undock->click();
    QVERIFY(log->isFloating());
    QTRY_VERIFY((log->pos() - before).manhattanLength() > 60);
    QVERIFY(log->screen()->availableGeometry().contains(log->frameGeometry()));
    undock->click();
    QVERIFY(!log->isFloating());
}

void tst_WindowMemory::undoShowsWhatItChanges()
{
    WindowBench hands;
    calibrate(hands);
    Actions &actions = hands.window->actionsOfWindow();
    hands.bench().editor.toggleProtected(2);
    hands.window->show(MainWindow::Tab::Export);
    actions.undo->trigger();
    QCOMPARE(tab(hands), MainWindow::Tab::Attention);
    hands.bench().editor.setSparsity(0.25);
    hands.window->show(MainWindow::Tab::Importance); // where it can be seen as well
    actions.undo->trigger();
    QCOMPARE(tab(hands), MainWindow::Tab::Importance);
    hands.window->show(MainWindow::Tab::Model);
    actions.redo->trigger();
    QCOMPARE(tab(hands), MainWindow::Tab::Balance);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.25);

    hands.bench().editor.beginDrag();
    hands.bench().editor.setNeuronsKept(100);
    actions.undo->trigger(); // not within a drag
    QCOMPARE(hands.bench().session.draft().balance.neuronsKept, 100);
    hands.bench().editor.endDrag();
    actions.undo->trigger();
    QVERIFY(!hands.bench().session.draft().balance.neuronsKept);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.25);
}

void tst_WindowMemory::undoShowsTheTextThatItChanges()
{
    WindowBench hands;
    calibrate(hands);
    Actions &actions = hands.window->actionsOfWindow();
    const Session &session = hands.bench().session.session();
    const TextSettings calibration = session.calibrationText, evaluation = session.evaluationText;
    const ScoreNorm norm = session.norm;
    TextSettings changed = calibration;
    changed.seed = 7;
    hands.bench().editor.setTexts(changed, evaluation, norm);
    changed = evaluation;
    changed.length = 256;
    hands.bench().editor.setTexts(session.calibrationText, changed, norm);
    hands.bench().editor.setTexts(session.calibrationText, session.evaluationText, ScoreNorm::L1);

    hands.window->show(MainWindow::Tab::Export);
    actions.undo->trigger(); // the norm, which is chosen beside the calibration text
    QCOMPARE(session.norm, norm);
    QCOMPARE(tab(hands), MainWindow::Tab::Calibration);
    actions.undo->trigger();
    QVERIFY(session.evaluationText == evaluation);
    QCOMPARE(tab(hands), MainWindow::Tab::Evaluation);
    actions.undo->trigger();
    QVERIFY(session.calibrationText == calibration);
    QCOMPARE(tab(hands), MainWindow::Tab::Calibration);
    hands.window->show(MainWindow::Tab::Balance);
    actions.redo->trigger();
    QCOMPARE(session.calibrationText.seed, 7U);
    QCOMPARE(tab(hands), MainWindow::Tab::Calibration);
    actions.redo->trigger();
    QCOMPARE(tab(hands), MainWindow::Tab::Evaluation);
}

/// Although the settings of the calibration go with the scores of a plan.
void tst_WindowMemory::undoOfAPlanStaysWithThePlan()
{
    WindowBench hands;
    calibrate(hands);
    Actions &actions = hands.window->actionsOfWindow();
    const SessionModel &session = hands.bench().session;
    const PlanDraft plan = session.draft();
    TextSettings other = session.session().calibrationText;
    other.seed = 7;
    hands.bench().editor.setTexts(other, session.session().evaluationText, session.session().norm);
    QVERIFY(!session.hasScores());
    hands.bench().editor.useDraft(plan, QStringLiteral("Use Plan A"));
    QVERIFY(session.hasScores());
    QVERIFY(!(session.session().calibrationText == other));
    hands.window->show(MainWindow::Tab::Importance);
    actions.undo->trigger();
    QVERIFY(session.session().calibrationText == other);
    QCOMPARE(tab(hands), MainWindow::Tab::Importance);
    hands.window->show(MainWindow::Tab::Export);
    actions.redo->trigger();
    QVERIFY(session.hasScores());
    QCOMPARE(tab(hands), MainWindow::Tab::Importance);
}

void tst_WindowMemory::undoWaitsWhileAMenuIsOpen()
{
    WindowBench hands;
    calibrate(hands);
    hands.bench().editor.toggleProtected(2);
    const PlanDraft edited = hands.bench().session.draft();
    hands.window->show(MainWindow::Tab::Importance);
    auto *map = hands.window->findChild<LayerView *>();
    auto *plot = hands.window->findChild<SortedScores *>()->findChild<QCustomPlot *>();
    for (QWidget *place : {map->viewport(), static_cast<QWidget *>(plot)}) {
        const QPoint at(place->width() / 2, 40); // a layer of the map
        QContextMenuEvent event(QContextMenuEvent::Mouse, at, place->mapToGlobal(at));
        QApplication::sendEvent(place, &event);
        QPointer<QMenu> menu = qobject_cast<QMenu *>(QApplication::activePopupWidget());
        QVERIFY(menu);
        QTest::keyClick(menu, Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(menu && menu->isVisible());
        QCOMPARE(hands.bench().session.draft(), edited);
        QCOMPARE(tab(hands), MainWindow::Tab::Importance);
        QTest::keyClick(menu, Qt::Key_Escape);
        QTRY_VERIFY(!QApplication::activePopupWidget());
    }
    QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(!hands.bench().session.isProtected(2));
    QCOMPARE(tab(hands), MainWindow::Tab::Attention); // where it can be seen
}

void tst_WindowMemory::undoWaitsForTheEndOfADrag()
{
    WindowBench hands;
    calibrate(hands);
    const SessionModel &session = hands.bench().session;
    hands.bench().editor.setSparsity(0.25);
    const qint64 before = session.neuronsKept();
    hands.window->show(MainWindow::Tab::Importance);
    auto *canvas = hands.window->findChild<SortedScores *>()->findChild<QCustomPlot *>();
    QTRY_VERIFY(canvas->isVisible());
    settle(); // it is drawn
    const auto at = [&](qint64 kept) {
        return QPoint(int(std::lround(canvas->xAxis->coordToPixel(double(kept)))), canvas->axisRect()->center().y());
    };
    QTest::mousePress(canvas, Qt::LeftButton, {}, at(before));
    QTest::mouseMove(canvas, at(before - 40));
    const qint64 dragged = session.neuronsKept();
    QVERIFY(dragged < before);
    QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session.neuronsKept(), dragged);
    QCOMPARE(session.draft().balance.sparsity, 0.25);
    QTest::mouseMove(canvas, at(before - 60)); // the drag goes on
    QVERIFY(session.neuronsKept() < dragged);
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, at(before - 60));
    hands.window->show(MainWindow::Tab::Export);
    QTest::keyClick(hands.window.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session.neuronsKept(), before);
    QCOMPARE(session.draft().balance.sparsity, 0.25);
    QCOMPARE(tab(hands), MainWindow::Tab::Importance);
}

void tst_WindowMemory::everyChangeOfAPlanHasItsTabs()
{
    using Tab = MainWindow::Tab;
    const PlanDraft before;
    const auto first = [&](const std::function<void(PlanDraft &)> &change) {
        PlanDraft after = before;
        change(after);
        const std::vector<Tab> tabs = affectedTabs(before, after);
        if (std::ranges::find(tabs, Tab::Compare) == tabs.end()) // where every plan is a row, nobody is led away
            return Tab::Compare;
        return tabs.empty() ? Tab::Model : tabs.front();
    };
    QVERIFY(affectedTabs(before, before).empty());
    QCOMPARE(first([](PlanDraft &d) { d.balance.alpha = 3; }), Tab::Balance);
    QCOMPARE(first([](PlanDraft &d) { d.balance.attentionsToRemove = 3; }), Tab::Balance);
    QCOMPARE(first([](PlanDraft &d) { d.balance.neuronsKept = 3; }), Tab::Importance);
    QCOMPARE(first([](PlanDraft &d) { d.calibration = 1; }), Tab::Importance);
    QCOMPARE(first([](PlanDraft &d) { d.search.forcedLayers = {1}; }), Tab::Attention);
    QCOMPARE(first([](PlanDraft &d) { d.search.windows = 3; }), Tab::Attention);
}

/// On the start page and in the menu; after a restart too.
void tst_WindowMemory::recentListBeginsWithTheLast()
{
    WindowBench hands;
    const QString sample = QDir::cleanPath(WindowBench::sample().model()), other = hands.state.filePath(QStringLiteral("other"));
    QVERIFY(QDir().mkpath(other));
    for (const QFileInfo &file : QDir(sample).entryInfoList(QDir::Files))
        QVERIFY(QFile::copy(file.filePath(), other + QLatin1Char('/') + file.fileName()));
    const auto openModel = [&](const QString &folder) {
        hands.window->open(folder);
        QVERIFY(hands.waitForJobs());
        QCOMPARE(QDir::cleanPath(QString::fromStdString(hands.bench().session.session().model->folder.string())), folder);
    };
    QMenu *menu = nullptr;
    const auto listed = [&] { // in the menu, as far as it can be chosen
        for (QMenu *candidate : hands.window->menuBar()->findChildren<QMenu *>())
            menu = candidate->title() == QLatin1String("Open &recent") ? candidate : menu;
        emit menu->aboutToShow();
        QStringList names;
        for (const QAction *action : menu->actions())
            if (action->isEnabled() && action->text().contains(QLatin1Char('/')))
                names << QDir::cleanPath(action->text());
        return names;
    };
    const auto entries = [&] {
        for (EntryList *list : hands.window->findChildren<EntryList *>())
            if (list->accessibleName() == QLatin1String("Recently opened"))
                return list;
        return static_cast<EntryList *>(nullptr);
    };
    const auto firstEntry = [&] { return entries()->item(0)->text() + QLatin1Char(' ') + entries()->item(0)->toolTip(); };
    QVERIFY(entries());
    openModel(sample);
    QCOMPARE(listed(), QStringList(sample));
    openModel(other);
    QCOMPARE(listed(), QStringList({other, sample}));
    QVERIFY2(firstEntry().contains(QLatin1String("other")), qPrintable(firstEntry()));
    openModel(sample);
    QCOMPARE(listed(), QStringList({sample, other})); // each once

    hands.window.reset();
    hands.start();
    QCOMPARE(listed(), QStringList({sample, other}));
    QVERIFY2(!firstEntry().contains(QLatin1String("other")), qPrintable(firstEntry()));
    QVERIFY(QDir(other).removeRecursively());
    QCOMPARE(listed(), QStringList(sample));
    const QAction *gone = nullptr;
    for (const QAction *action : menu->actions())
        gone = action->text().endsWith(QLatin1String("other")) ? action : gone;
    QVERIFY(gone && !gone->isEnabled());
    QVERIFY(gone->toolTip().contains(QLatin1String("not there any more")));

    for (QAction *action : menu->actions())
        if (action->text() == QLatin1String("&Clear"))
            action->trigger();
    QCOMPARE(entries()->count(), 0);
    QVERIFY(listed().isEmpty());
    hands.window.reset();
    hands.start();
    QVERIFY(listed().isEmpty());
}

/// Changes of a session that has a file and that were not saved are called by its name, and offered when the file is opened.
void tst_WindowMemory::unsavedChangesOfAFileAreOfferedWithIt()
{
    WindowBench hands;
    const QString file = hands.state.filePath(QStringLiteral("mine.secateur"));
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.bench().editor.setSparsity(0.3);
    hands.window->keeper().save(file);
    QTRY_VERIFY(hands.window->keeper().isSaved());
    QTest::qWait(20); // the times of files are coarser than those of lines
    hands.bench().editor.setSparsity(0.6);
    hands.window->close();
    hands.window.reset();
    hands.start();
    QTRY_VERIFY(hands.named<QAbstractButton>(QStringLiteral("Restore the session of mine.secateur")));
    hands.window->open(file);
    QVERIFY(hands.waitForJobs());
    QTRY_VERIFY(!hands.bench().messages.current().empty());
    const Message offer = hands.bench().messages.current().back();
    QVERIFY2(offer.sentence.contains(QStringLiteral("newer changes to mine.secateur")), qPrintable(offer.sentence));
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.3);
    offer.action();
    QTRY_COMPARE(hands.bench().session.draft().balance.sparsity, 0.6);
    QCOMPARE(hands.window->keeper().file(), file); // and are not offered once more
    const std::vector<Message> shown = hands.bench().messages.current();
    QVERIFY(std::none_of(shown.begin(), shown.end(), [](const Message &message) { return message.topic == QLatin1String("recovery"); }));
    QVERIFY(hands.window->isWindowModified());
    hands.window->actionsOfWindow().saveSession->trigger();
    QTRY_VERIFY(hands.window->keeper().isSaved());
    QCOMPARE(loadSession(file.toStdString()).draft.balance.sparsity, 0.6);
}

/// Who closes the window during a job is told at the next start what did not end.
void tst_WindowMemory::closingNotesTheJobThatItStops()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.bench().editor.setSparsity(0.3);
    hands.bench().runner.start(JobKind::Impact, QStringLiteral("A long job"), {}, [](JobPort &port) {
        for (;;) {
            port.context().check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    hands.window->close();
    hands.window.reset();
    hands.start();
    const auto said = [&hands] {
        QStringList texts;
        for (const QLabel *label : hands.window->findChildren<QLabel *>())
            texts << label->text();
        return texts.join(QLatin1Char('\n'));
    };
    QTRY_VERIFY2(said().contains(QLatin1String("stopped: A long job")), qPrintable(said()));
}

QTEST_MAIN(tst_WindowMemory)
#include "tst_WindowMemory.moc"
