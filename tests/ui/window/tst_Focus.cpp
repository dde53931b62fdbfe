// SPDX-License-Identifier: GPL-3.0-or-later
// Tab through every page: each stop is on the screen, looks other than without the focus, and comes in reading order; none is a trap, and
// Shift+Tab goes the same way back.
#include "LayoutFaults.h"
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"

#include <QDockWidget>
#include <QImage>
#include <QMenuBar>
#include <QMetaEnum>
#include <QStatusBar>
#include <QTabWidget>

#include <algorithm>
#include <functional>
#include <initializer_list>

using namespace secateur;
using namespace secateur::ui;

namespace {

constexpr int kMost = 120; ///< stops of a window

/// The part of a widget that can be seen, in its own coordinates.
QRect seenPart(const QWidget &widget)
{
    return widget.visibleRegion().boundingRect();
}

QImage pictureOf(const QWidget &widget)
{
    constexpr int kAround = 3; // the focus may be shown around a part
    QWidget *window = widget.window();
    const QRect place(widget.mapTo(window, QPoint()), widget.size());
    return window->grab(place.adjusted(-kAround, -kAround, kAround, kAround).intersected(window->rect())).toImage();
}

const QWidget *commonAncestor(const QWidget *one, const QWidget *other)
{
    while (one && !one->isAncestorOf(other))
        one = one->parentWidget();
    return one;
}

/// Whether `next` is read after `last`: further down, further right in the same line, or up in a column further right.
bool isReadAfter(const QWidget &last, const QWidget &next)
{
    const QWidget *frame = commonAncestor(&last, &next);
    if (!frame || frame == &last || frame == &next)
        return true;
    const QRect a(last.mapTo(frame, QPoint()), last.size()), b(next.mapTo(frame, QPoint()), next.size());
    const int overlap = std::min(a.bottom(), b.bottom()) - std::max(a.top(), b.top());
    const bool isSameLine = overlap > std::min(a.height(), b.height()) / 2;
    if (isSameLine)
        return b.left() >= a.left();
    return b.top() > a.top() || b.left() >= a.right() - 1;
}

} // namespace

class tst_Focus : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void everyStopIsSeenAndInOrder_data();
    void everyStopIsSeenAndInOrder();
    void everyStopOfTheWindowIsInIt_data();
    void everyStopOfTheWindowIsInIt();
    void tabEndsWhereEveryStopIsOutside();

private:
    using Look = std::function<void(QWidget *)>;
    static QList<QWidget *> walk(
        QWidget *page, bool isForth, QWidget *from, const Look &look = [](QWidget *) {});
    static QString faultOf(QWidget *stop);
};

void tst_Focus::everyStopIsSeenAndInOrder_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("wide") << QSize(1440, 900);
    QTest::newRow("small") << QSize(1024, 700);
}

/// The stops of a page, from `from` on, with Tab or with Shift+Tab; takes a look at each while it has the focus.
QList<QWidget *> tst_Focus::walk(QWidget *page, bool isForth, QWidget *from, const Look &look)
{
    QList<QWidget *> stops{from};
    from->setFocus(isForth ? Qt::TabFocusReason : Qt::BacktabFocusReason);
    look(from);
    for (int i = 0; i < kMost; ++i) {
        QTest::keyClick(QApplication::focusWidget(), isForth ? Qt::Key_Tab : Qt::Key_Backtab, isForth ? Qt::NoModifier : Qt::ShiftModifier);
        QWidget *now = QApplication::focusWidget();
        if (!now || !page->isAncestorOf(now) || stops.contains(now))
            break;
        stops << now;
        look(now);
    }
    return stops;
}

/// Empty where the stop, which has the focus, is as it should be.
QString tst_Focus::faultOf(QWidget *stop)
{
    QCoreApplication::processEvents();
    const QRect part = seenPart(*stop);
    const QWidget *target = stop;
    if (!stop->isVisible() || part.isEmpty())
        return QStringLiteral("cannot be seen: ") + placeOf(target);
    constexpr int kEnough = 24;
    if (part.height() < std::min(stop->height(), kEnough) || part.width() < std::min(stop->width(), kEnough))
        return QStringLiteral("is not scrolled into view: ") + placeOf(target);
    if (stop->accessibleName().isEmpty() && !qobject_cast<QAbstractButton *>(stop) && !stop->inherits("QTabBar"))
        return QStringLiteral("has no name: ") + placeOf(target);
    const QImage with = pictureOf(*stop);
    stop->clearFocus();
    QCoreApplication::processEvents();
    const QImage without = pictureOf(*stop);
    stop->setFocus(Qt::TabFocusReason);
    QCoreApplication::processEvents();
    if (with == without)
        return QStringLiteral("looks the same without the focus: ") + placeOf(target);
    return {};
}

void tst_Focus::everyStopIsSeenAndInOrder()
{
    QFETCH(QSize, size);
    WindowBench hands(size);
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const Workbench &bench = hands.bench();
    const TextSettings text{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 2, .length = 64, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), text, text, ScoreNorm::L2);
    bench.jobs.calibrate();
    QVERIFY(hands.waitForJobs());
    bench.editor.setAttentionsToRemove(2);
    bench.jobs.evaluate();
    QVERIFY(hands.waitForJobs());

    QStringList faults;
    qsizetype stops = 0;
    auto *tabs = hands.window->findChild<QTabWidget *>();
    const QMetaEnum names = QMetaEnum::fromType<MainWindow::Tab>();
    for (int i = 0; i < names.keyCount(); ++i) {
        hands.window->show(MainWindow::Tab(names.value(i)));
        settle();
        QWidget *page = tabs->currentWidget();
        // The first stop: what comes first of the page in the window's chain from the tab bar on.
        QWidget *first = tabs->tabBar()->nextInFocusChain();
        const auto isStop = [](const QWidget *widget) {
            return widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) && !widget->focusProxy();
        };
        while (first != tabs->tabBar() && !(page->isAncestorOf(first) && isStop(first)))
            first = first->nextInFocusChain();
        if (first == tabs->tabBar()) {
            faults << QStringLiteral("%1: no stop").arg(QLatin1String(names.key(i)));
            continue;
        }
        const QWidget *last = nullptr;
        const QList<QWidget *> forth = walk(page, true, first, [&](QWidget *stop) {
            if (const QString fault = faultOf(stop); !fault.isEmpty())
                faults << QStringLiteral("%1: %2").arg(QLatin1String(names.key(i)), fault);
            if (last && !isReadAfter(*last, *stop))
                faults << QStringLiteral("%1: comes too late: %2, after %3").arg(QLatin1String(names.key(i)), placeOf(stop), placeOf(last));
            last = stop;
        });
        QVERIFY2(!page->isAncestorOf(QApplication::focusWidget()) || forth.size() < kMost, names.key(i));
        stops += forth.size();
        QList<QWidget *> back = walk(page, false, forth.last());
        std::reverse(back.begin(), back.end());
        if (forth != back)
            faults << QStringLiteral("%1: another way back: %2 stops forth, %3 back")
                          .arg(QLatin1String(names.key(i)))
                          .arg(forth.size())
                          .arg(back.size());
    }
    for (const QString &fault : faults)
        qInfo().noquote() << fault;
    QVERIFY2(faults.isEmpty(), "the lines above say what");
    QVERIFY2(stops > 40, qPrintable(QString::number(stops))); // or it walked nowhere
}

void tst_Focus::everyStopOfTheWindowIsInIt_data()
{
    QTest::addColumn<bool>("hasDocks");
    QTest::newRow("without docks") << false;
    QTest::newRow("with docks") << true;
}

/// Once around the whole window, not the pages alone: the job bar, the steps, and what Qt has made beside them.
void tst_Focus::everyStopOfTheWindowIsInIt()
{
    QFETCH(bool, hasDocks);
    WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>())
        dock->setVisible(hasDocks);
    settle();
    QWidget *tabs = hands.window->findChild<QTabWidget *>()->tabBar();
    QStringList faults;
    bool hasTabsOfDocks = false;
    const auto look = [&](QWidget *stop) {
        QCoreApplication::processEvents();
        if (!stop->isVisible() || seenPart(*stop).isEmpty())
            faults << QStringLiteral("cannot be seen: ") + placeOf(stop);
        hasTabsOfDocks = hasTabsOfDocks || (stop->inherits("QTabBar") && stop->parentWidget() == hands.window.get());
    };
    const QList<QWidget *> forth = walk(hands.window.get(), true, tabs, look), back = walk(hands.window.get(), false, tabs, look);
    for (const QString &fault : faults)
        qInfo().noquote() << fault;
    QVERIFY2(faults.isEmpty(), "the lines above say what");
    QVERIFY2(forth.size() > 20, qPrintable(QString::number(forth.size())));
    QCOMPARE(back.size(), forth.size());
    QCOMPARE(hasTabsOfDocks, hasDocks); // a stop as long as it is there
}

/// Nothing but a dock that lies outside the window can take the focus: Tab comes round once, and not for ever.
void tst_Focus::tabEndsWhereEveryStopIsOutside()
{
    WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    QDockWidget *log = nullptr;
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>()) {
        dock->setVisible(dock->objectName() == QStringLiteral("log"));
        if (dock->isVisible())
            log = dock;
    }
    QVERIFY(log);
    hands.bench().messages.note(QStringLiteral("Something to copy.")); // its buttons are stops as well
    settle();
    for (QWidget *part :
         std::initializer_list<QWidget *>{hands.window->centralWidget(), hands.window->menuBar(), hands.window->statusBar()})
        part->setEnabled(false);
    log->move(-3 * hands.window->width(), log->y());
    QVERIFY(!hands.window->rect().intersects(log->geometry()));
    QTest::keyClick(hands.window.get(), Qt::Key_Tab);
    QTest::keyClick(hands.window.get(), Qt::Key_Backtab, Qt::ShiftModifier);
    const QWidget *stop = hands.window->focusWidget();
    QVERIFY(stop && stop->isEnabled());
}

QTEST_MAIN(tst_Focus)
#include "tst_Focus.moc"
