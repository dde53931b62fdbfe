// SPDX-License-Identifier: GPL-3.0-or-later
// A session that a newer version saved: all of it that is known is shown, and nothing of it can be changed.
#include "SampleSession.h"
#include "WindowBench.h"

#include "jobs/JobRunner.h"
#include "models/MessageLog.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/shell/WorkflowStrip.h"
#include "plots/Plot.h"
#include "session/SessionStore.h"
#include "widgets/BalanceSlider.h"
#include "widgets/EntryList.h"
#include "widgets/InlineNote.h"
#include "window/Actions.h"
#include "window/StatusLine.h"

#include <QAbstractItemModel>
#include <QAbstractSpinBox>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QTableView>

#include <algorithm>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A session of the sample with something of everything, as format 9.
QString newerSession(const WindowBench &hands)
{
    SessionModel model;
    model.begin(sampleSummary());
    const auto scores = madeUpScores(model.spec(), 1);
    PlanDraft draft = model.draft();
    draft.calibration = model.addCalibration(scores, std::make_shared<const RankedScores>(*scores));
    draft.balance.attentionsToRemove = 2;
    model.setDraftAndTexts(draft, model.session().calibrationText, model.session().evaluationText, model.session().norm);
    model.setSearch(searchKey(draft, model.neuronsKept()), madeUpSearch(12, {3, 4}));
    SearchRecord impact = madeUpSearch(12, {3});
    impact.steps.front().removed = -1;
    model.setSearch({}, impact);
    Measurement evaluation;
    evaluation.text = model.session().evaluationText;
    evaluation.neuronsKept = model.neurons();
    evaluation.result = {.loss = 3, .perplexity = 20, .tokens = 384, .windows = 3, .length = 128, .tokenHash = "text"};
    model.addMeasurement(evaluation);
    evaluation.planHash = "plan";
    evaluation.calibration = 0;
    evaluation.neuronsKept = model.neuronsKept();
    evaluation.removed = {3, 4};
    evaluation.result.perplexity = 25;
    model.addMeasurement(evaluation);
    ExportRecord written;
    written.planHash = "plan";
    written.format = "hf-compact";
    written.folder = "/nowhere/written";
    model.addExport(written);
    const QString file = hands.state.filePath(QStringLiteral("newer.secateur"));
    saveSession(model.session(), file.toStdString());
    makeNewer(file.toStdString());
    return file;
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// The line under the steps that says what such a session is; empty when there is none.
QString notice(const WindowBench &hands)
{
    for (const InlineNote *note : hands.window->centralWidget()->findChildren<InlineNote *>(QString(), Qt::FindDirectChildrenOnly))
        if (note->isVisible())
            return note->accessibleName();
    return {};
}

} // namespace

class tst_ReadOnly : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        failOnOwnWarnings();
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    }

    void everyWayInOpensIt_data();
    void everyWayInOpensIt();
    void everythingIsShown();
    void nothingCanBeChanged();
    void whatIsNotUnderstoodIsRefused();
    void anotherSessionIsAnOrdinaryOne();
};

void tst_ReadOnly::everyWayInOpensIt_data()
{
    QTest::addColumn<QString>("way");
    for (const char *way : {"argument", "dropped", "dialog", "recent"})
        QTest::newRow(way) << QString::fromLatin1(way);
}

void tst_ReadOnly::everyWayInOpensIt()
{
    QFETCH(QString, way);
    WindowBench hands;
    const QString file = newerSession(hands);
    const SessionModel &session = hands.bench().session;
    if (way == QLatin1String("argument") || way == QLatin1String("recent")) {
        hands.window->open(file); // as main() does
    } else if (way == QLatin1String("dropped")) {
        hands.drop(hands.window.get(), file);
    } else {
        bool wasChosen = false;
        hands.answerFileDialog(file, wasChosen);
        hands.window->actionsOfWindow().openSession->trigger();
        QVERIFY(wasChosen);
    }
    QTRY_VERIFY(session.hasModel());
    if (way == QLatin1String("recent")) {
        hands.window.reset();
        hands.start();
        auto *recent = hands.named<EntryList>(QStringLiteral("Recently opened"));
        QVERIFY(recent);
        QCOMPARE(recent->count(), 1);
        QTest::mouseClick(recent->viewport(), Qt::LeftButton, {}, recent->visualItemRect(recent->item(0)).center());
        QTRY_VERIFY(hands.bench().session.hasModel());
    }
    const QString said = notice(hands), title = hands.window->windowTitle();
    const QString reason = hands.bench().session.readOnlyReason();
    QVERIFY2(said.contains(reason), qPrintable(said));
    QCOMPARE(reason, QStringLiteral(
                         "This session was saved by a newer Secateur (format 9), so it is open read-only: what this version does not know "
                         "is missing. Update the program to change or save it."));
    QVERIFY2(title.contains(QStringLiteral("(read-only)")), qPrintable(title));
    QCOMPARE(hands.window->keeper().file(), file);
    QVERIFY(!hands.window->isWindowModified());
    QVERIFY(hands.bench().messages.current().empty());
}

void tst_ReadOnly::everythingIsShown()
{
    const WindowBench hands;
    hands.window->open(newerSession(hands));
    const SessionModel &session = hands.bench().session;
    QTRY_VERIFY(session.hasModel());
    QVERIFY(hands.named<QWidget>(QStringLiteral("Map")));
    QVERIFY(session.rankedScores());
    QCOMPARE(session.searchState(), SearchState::Complete);
    QVERIFY(session.denseImpact());
    QVERIFY(session.planEvaluation());
    const auto pages = {MainWindow::Tab::Importance, MainWindow::Tab::Attention, MainWindow::Tab::Balance};
    for (const MainWindow::Tab tab : pages) {
        hands.window->show(tab);
        settle();
        QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
        const QList<Plot *> plots = page->findChildren<Plot *>();
        const auto shown = std::find_if(plots.begin(), plots.end(), [](const Plot *plot) { return plot->isVisible(); });
        QVERIFY2(shown != plots.end(), qPrintable(QString::number(int(tab))));
        QVERIFY(!(*shown)->table().rows.empty());
        const QString figure = hands.state.filePath(QStringLiteral("figure%1.svg").arg(int(tab)));
        (*shown)->save(figure);
        QVERIFY(QFileInfo(figure).size() > 0);
    }
    hands.window->show(MainWindow::Tab::Evaluation);
    settle();
    const auto *table = hands.window->findChild<QTabWidget *>()->currentWidget()->findChild<QTableView *>();
    QVERIFY(table);
    QCOMPARE(table->model()->rowCount(), 2);
    hands.bench().selection.setSelectedLayer(5);
    QCOMPARE(hands.bench().selection.selectedLayer(), 5);
    QVERIFY(!notice(hands).isEmpty()); // it does not go
}

void tst_ReadOnly::nothingCanBeChanged()
{
    WindowBench hands;
    const QString file = newerSession(hands);
    const QByteArray before = contentOf(file);
    QVERIFY(!before.isEmpty());
    hands.window->open(file);
    const SessionModel &session = hands.bench().session;
    QTRY_VERIFY(session.hasModel());
    QVERIFY(hands.waitForJobs());
    const QString reason = session.readOnlyReason();
    const Actions &actions = hands.window->actionsOfWindow();
    for (const QAction *action : {actions.saveSession, actions.saveSessionAs, actions.savePlan, actions.saveReport, actions.copyCommand, actions.pin,
                                  actions.prune, actions.calibrate, actions.measureImpact, actions.search, actions.evaluate,
                                  actions.evaluateDense, actions.goToExport, actions.sparsity25, actions.attentionsByRule}) {
        QVERIFY2(!action->isEnabled(), qPrintable(action->text()));
        QCOMPARE(action->toolTip(), reason);
    }
    QVERIFY(actions.openModel->isEnabled() && actions.openSession->isEnabled());

    // The fields of the plan, wherever they are.
    hands.window->show(MainWindow::Tab::Balance);
    settle();
    QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
    int fields = 0;
    for (const QWidget *place : {page, static_cast<QWidget *>(hands.window->findChild<WorkflowStrip *>())})
        for (const QAbstractSpinBox *field : place->findChildren<QAbstractSpinBox *>())
            if (field->isVisible()) {
                QVERIFY2(!field->isEnabled(), qPrintable(field->accessibleName()));
                QCOMPARE(field->toolTip(), reason);
                ++fields;
            }
    QVERIFY(fields >= 5);
    QVERIFY(!page->findChild<BalanceSlider *>()->isEnabled());
    const QAbstractButton *curve = hands.button(QStringLiteral("Measure the curve…"));
    QVERIFY(curve && !curve->isEnabled());
    QCOMPARE(curve->toolTip(), reason);

    // What has no field of its own says the same in words, once.
    const PlanDraft draft = session.draft();
    hands.bench().editor.setNeuronsKept(7);
    hands.bench().editor.setNeuronsKept(8);
    QCOMPARE(hands.bench().messages.current().size(), 1U);
    QCOMPARE(hands.bench().messages.current().front().sentence, reason);
    hands.window->keeper().save(file); // which says it as well
    QCOMPARE(hands.bench().messages.current().size(), 1U);
    QCOMPARE(hands.bench().messages.current().front().sentence, reason);
    QVERIFY(session.draft() == draft);
    const TextSettings text = session.session().calibrationText;
    hands.drop(hands.window.get(), WindowBench::sample().evaluationText());
    QVERIFY(session.session().calibrationText == text);

    QVERIFY(hands.bench().runner.jobs().empty());
    QVERIFY(hands.window->keeper().isSaved());
    QVERIFY(!QDir(hands.state.path()).exists(QStringLiteral("sessions")) ||
            QDir(hands.state.filePath(QStringLiteral("sessions"))).entryList(QDir::Dirs | QDir::NoDotAndDotDot).isEmpty());
    QStringList texts;
    for (const QLabel *label : hands.window->findChild<StatusLine *>()->findChildren<QLabel *>())
        texts << label->text();
    QVERIFY2(texts.join(QLatin1Char('\n')).contains(QStringLiteral("read-only")), qPrintable(texts.join(QLatin1Char('\n'))));
    hands.window->close();
    hands.window.reset(); // whatever is to be written is by now
    QVERIFY(contentOf(file) == before);
}

void tst_ReadOnly::whatIsNotUnderstoodIsRefused()
{
    const WindowBench hands;
    const QString file = newerSession(hands);
    QFile stored(file);
    QVERIFY(stored.open(QIODevice::ReadWrite));
    QByteArray bytes = stored.readAll();
    bytes.replace("\\\"draft\\\":", "\\\"drift\\\":"); // of the session and of its pinned plans
    stored.seek(0);
    stored.write(bytes);
    stored.close();
    hands.window->open(file);
    QTRY_VERIFY(!hands.bench().messages.current().empty());
    const Message told = hands.bench().messages.current().front();
    QVERIFY2(told.sentence.contains(QStringLiteral("was saved by a newer Secateur (format 9).")), qPrintable(told.sentence));
    QCOMPARE(told.hint, QStringLiteral("Update the program to open it."));
    QVERIFY(!hands.bench().session.hasModel());
    QVERIFY(notice(hands).isEmpty());
}

void tst_ReadOnly::anotherSessionIsAnOrdinaryOne()
{
    const WindowBench hands;
    hands.window->open(newerSession(hands));
    QTRY_VERIFY(hands.bench().session.hasModel());
    hands.window->show(MainWindow::Tab::Balance);
    settle();
    hands.bench().editor.setSparsity(0.3); // what was said of it goes with it
    QCOMPARE(hands.bench().messages.current().size(), 1U);
    hands.window->openSample();
    QTRY_VERIFY(hands.bench().session.isModelThere());
    QVERIFY(hands.waitForJobs());
    settle();
    QVERIFY(notice(hands).isEmpty());
    QVERIFY(!hands.window->windowTitle().contains(QStringLiteral("read-only")));
    const Actions &actions = hands.window->actionsOfWindow();
    QVERIFY(actions.saveSession->isEnabled() && actions.pin->isEnabled() && actions.calibrate->isEnabled());
    hands.window->show(MainWindow::Tab::Balance);
    settle();
    const QWidget *page = hands.window->findChild<QTabWidget *>()->currentWidget();
    QVERIFY(page->findChild<BalanceSlider *>()->isEnabled());
    for (const QAbstractSpinBox *field : page->findChildren<QAbstractSpinBox *>())
        QVERIFY2(!field->toolTip().contains(QStringLiteral("read-only")), qPrintable(field->toolTip()));
    for (const Message &message : hands.bench().messages.current())
        QVERIFY2(!message.sentence.contains(QStringLiteral("read-only")), qPrintable(message.sentence));
    hands.bench().editor.setSparsity(0.3);
    QCOMPARE(hands.bench().session.draft().balance.sparsity, 0.3);
}

QTEST_MAIN(tst_ReadOnly)
#include "tst_ReadOnly.moc"
