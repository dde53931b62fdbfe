// SPDX-License-Identifier: GPL-3.0-or-later
// The report and all figures, as people save them from the window.
#include "WindowBench.h"

#include "SampleSession.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/SessionStore.h"
#include "window/Actions.h"
#include "window/FiguresDialog.h"

#include <QDir>
#include <QFile>
#include <QListWidget>
#include <QPushButton>

#include <algorithm>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A session of the sample with scores and a search that is complete.
QString sessionFile(const WindowBench &hands)
{
    SessionModel model;
    model.begin(sampleSummary());
    const auto scores = madeUpScores(model.spec(), 1);
    PlanDraft draft = model.draft();
    draft.calibration = model.addCalibration(scores, std::make_shared<const RankedScores>(*scores));
    draft.balance.attentionsToRemove = 2;
    model.setDraftAndTexts(draft, model.session().calibrationText, model.session().evaluationText, model.session().norm);
    model.setSearch(searchKey(draft, model.neuronsKept()), madeUpSearch(12, {3, 4}));
    const QString file = hands.state.filePath("searched.secateur");
    saveSession(model.session(), file.toStdString());
    return file;
}

bool isTold(const WindowBench &hands, const QString &words)
{
    const std::vector<Message> shown = hands.bench().messages.current();
    return std::ranges::any_of(shown, [&](const Message &message) { return message.sentence.contains(words); });
}

} // namespace

class tst_WindowReport : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void aReportIsSavedAndTold();
    void allFiguresAreSavedAndThePageStays();
};

void tst_WindowReport::aReportIsSavedAndTold()
{
    WindowBench hands;
    const Actions &actions = hands.window->actionsOfWindow();
    QVERIFY(!actions.saveReport->isEnabled());
    hands.window->open(sessionFile(hands));
    QTRY_VERIFY(hands.bench().session.hasModel());
    QVERIFY(hands.waitForJobs());
    QTRY_VERIFY(actions.saveReport->isEnabled());
    actions.saveReport->trigger();
    auto *dialog = hands.window->findChild<QFileDialog *>();
    QVERIFY(dialog);
    dialog->selectFile(hands.state.filePath("mine"));
    QMetaObject::invokeMethod(dialog, "accept");
    const QString file = hands.state.filePath("mine.html"); // the suffix is added
    QTRY_VERIFY(isTold(hands, "mine.html"));
    QFile written(file);
    QVERIFY(written.open(QIODevice::ReadOnly));
    const QByteArray html = written.readAll();
    QVERIFY(html.startsWith("<!DOCTYPE html>"));
    QVERIFY(html.contains("<figure id=\"search-map\">"));
}

void tst_WindowReport::allFiguresAreSavedAndThePageStays()
{
    WindowBench hands;
    hands.window->open(sessionFile(hands));
    QTRY_VERIFY(hands.bench().session.hasModel());
    QVERIFY(hands.waitForJobs());
    hands.window->show(MainWindow::Tab::Model);
    settle();
    const auto *tabs = hands.window->findChild<QTabWidget *>();
    hands.window->actionsOfWindow().saveFigures->trigger();
    QCOMPARE(tabs->currentIndex(), int(MainWindow::Tab::Model));
    auto *dialog = hands.window->findChild<FiguresDialog *>();
    QVERIFY(dialog);
    const auto *list = dialog->findChild<QListWidget *>();
    QVERIFY(list && list->count() >= 6);
    const std::size_t chosen = dialog->wanted().figures.size();
    QVERIFY(chosen >= 4);                         // scores and search, of pages that were not looked at
    QVERIFY(chosen < std::size_t(list->count())); // nothing was measured

    QPushButton *save = nullptr;
    for (QPushButton *button : dialog->findChildren<QPushButton *>())
        if (button->text() == QStringLiteral("&Save"))
            save = button;
    QVERIFY(save);
    QLineEdit *folder = nullptr;
    for (QLineEdit *field : dialog->findChildren<QLineEdit *>())
        if (field->accessibleName() == QStringLiteral("Folder"))
            folder = field;
    QVERIFY(folder);
    folder->setText(hands.state.filePath("not there"));
    QVERIFY(!save->isEnabled());
    QCOMPARE(save->toolTip(), QString("The folder is not there."));
    QVERIFY(QDir(hands.state.path()).mkdir("figures"));
    folder->setText(hands.state.filePath("figures"));
    QVERIFY(save->isEnabled());
    const FiguresWanted wanted = dialog->wanted();
    QTest::mouseClick(save, Qt::LeftButton);
    QTRY_VERIFY(isTold(hands, "saved in"));
    const QStringList files = QDir(wanted.folder).entryList(QDir::Files);
    QCOMPARE(std::size_t(files.size()), wanted.figures.size() * std::size_t(wanted.formats.size()));
    QVERIFY(std::ranges::any_of(files, [](const QString &name) { return name.endsWith(".csv"); }));
}

QTEST_MAIN(tst_WindowReport)
#include "tst_WindowReport.moc"
