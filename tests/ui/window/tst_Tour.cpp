// SPDX-License-Identifier: GPL-3.0-or-later
// The tour of newcomers: its stations point at controls that are there, it goes on by its button and by what people do, and it can be left and resumed.
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/start/StartPanel.h"
#include "widgets/Callout.h"
#include "window/Actions.h"
#include "window/Tour.h"
#include "window/TourStations.h"

#include <QAccessible>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Tab = MainWindow::Tab;
constexpr int kPatience = 5000; ///< milliseconds until the next station comes by itself

} // namespace

class tst_Tour : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void stationsArePlainValues();
    void newcomerGoesThroughIt();
    void buttonLeadsThroughItWithoutDoingAnything();
    void itGoesOnWhereItWasLeft();
    void itIsOfferedOnce();
    void cardCoversNothingAndBlocksNothing();
    void itCanBeUsedByKeysAndIsSaid();
    void whatIsDoneAlreadyIsSaid();

private:
    static QString station(const WindowBench &hands) { return QLatin1String(tourStations()[hands.window->tour().station()].id); }
    /// Texts so short that jobs take no time.
    static void shorten(const WindowBench &hands)
    {
        const TextSettings text{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 2, .length = 64, .seed = 0};
        hands.bench().session.setDraftAndTexts(hands.bench().session.draft(), text, text, ScoreNorm::L2);
    }
};

void tst_Tour::stationsArePlainValues()
{
    QStringList ids;
    for (const TourStation &station : tourStations()) {
        ids << QLatin1String(station.id);
        QVERIFY(!station.translatedTitle().isEmpty());
        QVERIFY2(station.translatedText().size() > 80 && station.translatedText().size() < 400, station.id);
        QVERIFY2(station.translatedUnavailable().endsWith(u'.'), station.id);
    }
    QCOMPARE(ids, (QStringList{QStringLiteral("open"), QStringLiteral("calibrate"), QStringLiteral("kept"), QStringLiteral("search"),
                               QStringLiteral("export")}));
}

/// Does what each station asks for, and presses nothing of the tour.
void tst_Tour::newcomerGoesThroughIt()
{
    const WindowBench hands;
    const Workbench &bench = hands.bench();
    const Callout &callout = hands.window->tour().callout();
    hands.window->actionsOfWindow().tour->trigger();
    settle();
    QCOMPARE(station(hands), QStringLiteral("open"));
    QCOMPARE(callout.target(), static_cast<QWidget *>(hands.window->findChild<QPushButton *>(QStringLiteral("openSample"))));

    hands.press(QStringLiteral("Try the bundled sample"));
    QVERIFY(hands.waitForJobs());
    shorten(hands);
    QTRY_COMPARE_WITH_TIMEOUT(station(hands), QStringLiteral("calibrate"), kPatience);
    settle();
    QCOMPARE(callout.target()->objectName(), QStringLiteral("calibrate"));
    QTest::mouseClick(callout.target(), Qt::LeftButton);
    QVERIFY(hands.waitForJobs());
    QVERIFY(bench.session.hasScores());

    QTRY_COMPARE_WITH_TIMEOUT(station(hands), QStringLiteral("kept"), kPatience);
    settle();
    QCOMPARE(callout.target()->objectName(), QStringLiteral("sortedScores"));
    bench.editor.setAttentionsToRemove(1);
    QCOMPARE(station(hands), QStringLiteral("kept"));
    bench.editor.setNeuronsKept(200);

    QTRY_COMPARE_WITH_TIMEOUT(station(hands), QStringLiteral("search"), kPatience);
    settle();
    QCOMPARE(callout.target()->objectName(), QStringLiteral("searchHeader"));
    bench.jobs.search();
    QVERIFY(hands.waitForJobs());

    QTRY_COMPARE_WITH_TIMEOUT(station(hands), QStringLiteral("export"), kPatience);
    settle();
    QCOMPARE(callout.target()->objectName(), QStringLiteral("exportButton"));
    QCOMPARE(callout.next()->text(), QStringLiteral("Finish"));
    bench.jobs.exportPlan({.format = "hf-compact",
                           .output = hands.state.filePath(QStringLiteral("out")).toStdString(),
                           .isOverwriteAllowed = false,
                           .dtype = {},
                           .command = {}});
    QVERIFY(hands.waitForJobs());
    QTRY_VERIFY_WITH_TIMEOUT(!hands.window->tour().isRunning(), kPatience);
    QVERIFY(!callout.isVisible());
    hands.window->actionsOfWindow().tour->trigger(); // again, from the start
    QCOMPARE(station(hands), QStringLiteral("open"));
}

/// Where a control is not there yet, the tour points at the tab and says what comes first.
void tst_Tour::buttonLeadsThroughItWithoutDoingAnything()
{
    const WindowBench hands;
    const Tour &tour = hands.window->tour();
    hands.window->actionsOfWindow().tour->trigger();
    auto *tabs = hands.window->findChild<QTabWidget *>();
    for (std::size_t i = 0; i < tourStations().size(); ++i) {
        settle();
        QVERIFY(tour.isRunning());
        QCOMPARE(tour.station(), i);
        QCOMPARE(tabs->currentIndex(), int(tourStations()[i].tab));
        const QWidget *target = tour.callout().target();
        QVERIFY(target && target->isVisible());
        if (target == tabs->tabBar())
            QCOMPARE(tour.callout().accessibleDescription(), tourStations()[i].translatedUnavailable());
        tour.callout().next()->click();
    }
    QVERIFY(!tour.isRunning());
}

void tst_Tour::itGoesOnWhereItWasLeft()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->actionsOfWindow().tour->trigger();
    hands.window->tour().callout().next()->click();
    hands.window->tour().callout().next()->click();
    QCOMPARE(station(hands), QStringLiteral("kept"));
    hands.window->tour().callout().later()->click();
    QVERIFY(!hands.window->tour().callout().isVisible());
    hands.window->show(Tab::Model);
    hands.window->actionsOfWindow().tour->trigger();
    QCOMPARE(station(hands), QStringLiteral("kept"));
    hands.window->close();
    hands.window.reset();
    hands.start();
    QVERIFY(!hands.window->tour().isRunning()); // never by itself
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->actionsOfWindow().tour->trigger();
    QCOMPARE(station(hands), QStringLiteral("kept"));
    hands.window->tour().leave();
    hands.window->close();
    hands.window.reset();
    hands.start();
    hands.window->actionsOfWindow().tour->trigger(); // nothing is open: what it points at would not be there
    QCOMPARE(station(hands), QStringLiteral("open"));
}

void tst_Tour::itIsOfferedOnce()
{
    WindowBench hands;
    settle();
    const auto *start = hands.window->findChild<StartPanel *>();
    QVERIFY(start->isTourOffered());
    QVERIFY(!hands.window->tour().isRunning());
    hands.press(QStringLiteral("No, thanks"));
    QVERIFY(!start->isTourOffered());
    hands.window->close();
    hands.window.reset();
    hands.start();
    settle();
    QVERIFY(!hands.window->findChild<StartPanel *>()->isTourOffered());
    QVERIFY(hands.window->actionsOfWindow().tour->isEnabled()); // it stays in the menu

    WindowBench other;
    settle();
    other.press(QStringLiteral("Start the tour"));
    QVERIFY(other.window->tour().isRunning());
    QVERIFY(!other.window->findChild<StartPanel *>()->isTourOffered());

    WindowBench third;
    settle();
    third.window->openSample(); // those who know what to do are not asked any more
    QVERIFY(third.waitForJobs());
    QVERIFY(!third.window->findChild<StartPanel *>()->isTourOffered());
}

void tst_Tour::cardCoversNothingAndBlocksNothing()
{
    for (const QSize &size : {QSize(1440, 900), QSize(1024, 700)}) {
        const WindowBench hands(size);
        hands.window->actionsOfWindow().tour->trigger();
        settle();
        const Callout &callout = hands.window->tour().callout();
        const QWidget *target = callout.target();
        const QRect place(target->mapTo(hands.window.get(), QPoint()), target->size());
        QVERIFY(!callout.geometry().intersects(place));
        QVERIFY(hands.window->rect().contains(callout.geometry()));
        QCOMPARE(hands.window->childAt(place.center()), target);
        hands.window->resize(size - QSize(40, 30));
        settle();
        QVERIFY(hands.window->rect().contains(callout.geometry()));
    }
}

void tst_Tour::itCanBeUsedByKeysAndIsSaid()
{
    const WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    hands.window->actionsOfWindow().tour->trigger();
    settle();
    const Callout &callout = hands.window->tour().callout();
    QCOMPARE(QApplication::focusWidget(), static_cast<QWidget *>(callout.next()));
    const QAccessibleInterface *said = QAccessible::queryAccessibleInterface(const_cast<Callout *>(&callout));
    QVERIFY(said);
    QCOMPARE(said->text(QAccessible::Name), tourStations()[0].translatedTitle());
    QCOMPARE(said->text(QAccessible::Description), tourStations()[0].translatedText());
    QVERIFY(callout.next()->accessibleName().contains(tourStations()[0].translatedTitle()));
    QTest::keyClick(callout.next(), Qt::Key_Return);
    QCOMPARE(station(hands), QStringLiteral("calibrate"));
    QCOMPARE(QApplication::focusWidget(), static_cast<QWidget *>(callout.next()));
    QTest::keyClick(callout.next(), Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), static_cast<QWidget *>(callout.later()));
    QTest::keyClick(callout.later(), Qt::Key_Escape);
    QVERIFY(!hands.window->tour().isRunning());
}

void tst_Tour::whatIsDoneAlreadyIsSaid()
{
    const WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    hands.window->actionsOfWindow().tour->trigger();
    settle();
    QCOMPARE(station(hands), QStringLiteral("open"));
    QVERIFY2(hands.window->tour().callout().accessibleDescription().startsWith(QStringLiteral("This is done already.")),
             qPrintable(hands.window->tour().callout().accessibleDescription()));
    QTest::qWait(1500);
    QCOMPARE(station(hands), QStringLiteral("open")); // it waits for the button then
}

QTEST_MAIN(tst_Tour)
#include "tst_Tour.moc"
