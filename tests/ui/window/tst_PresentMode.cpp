// SPDX-License-Identifier: GPL-3.0-or-later
// Presentations: large letters and nothing around the page, and afterwards all that was there, to the pixel. Larger and smaller letters at any time.
#include "LayoutFaults.h"
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/search/TransportBar.h"
#include "plots/Plot.h"
#include "theme/PlotStyle.h"
#include "widgets/Spotlight.h"
#include "window/Actions.h"
#include "window/PresentMode.h"
#include "window/TypeSize.h"

#include <QDockWidget>
#include <QFontInfo>
#include <QLabel>
#include <QMenuBar>
#include <QMetaEnum>
#include <QSplitter>
#include <QStatusBar>
#include <QTabBar>
#include <QTabWidget>
#include <QWindow>
#include <qcustomplot.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Tab = MainWindow::Tab;

constexpr QSize kProjector(1920, 1080);

/// Where everything is that can be seen.
std::map<const QWidget *, QRect> placesOf(const QWidget &window)
{
    std::map<const QWidget *, QRect> places;
    for (const QWidget *widget : window.findChildren<QWidget *>())
        if (widget->isVisible() && !widget->isWindow() && !widget->inherits("QScrollBar") &&
            !(widget->inherits("QTabBar") && widget->parentWidget() == &window)) // of docks: Qt takes any of those that it has
            places[widget] = QRect(widget->mapTo(&window, QPoint()), widget->size());
    return places;
}

bool hasWords(const QWidget &widget)
{
    if (const auto *label = qobject_cast<const QLabel *>(&widget))
        return !label->text().isEmpty();
    if (const auto *button = qobject_cast<const QAbstractButton *>(&widget))
        return !button->text().isEmpty();
    return widget.inherits("QAbstractItemView") || widget.inherits("QHeaderView") || widget.inherits("QLineEdit") ||
           widget.inherits("QComboBox") || widget.inherits("secateur::ui::TitleLine") || qobject_cast<const Plot *>(&widget);
}

/// Letters of what can be seen, in pixels, with where they are.
std::vector<std::pair<int, QString>> lettersOf(const QWidget &window)
{
    std::vector<std::pair<int, QString>> letters;
    const auto add = [&](const QFont &font, const QString &where) { letters.emplace_back(QFontInfo(font).pixelSize(), where); };
    for (const QWidget *widget : window.findChildren<QWidget *>())
        if (widget->isVisible() && !widget->visibleRegion().isEmpty() && hasWords(*widget))
            add(widget->font(), placeOf(widget));
    for (const QCustomPlot *canvas : window.findChildren<QCustomPlot *>()) {
        if (!canvas->isVisible())
            continue;
        for (QCPAxisRect *rect : canvas->axisRects())
            for (const QCPAxis *axis : rect->axes()) {
                if (!axis->visible())
                    continue;
                add(axis->tickLabelFont(), QStringLiteral("numbers of an axis: ") + placeOf(canvas));
                add(axis->labelFont(), QStringLiteral("title of an axis: ") + placeOf(canvas));
            }
        if (canvas->legend && canvas->legend->visible())
            add(canvas->legend->font(), QStringLiteral("legend: ") + placeOf(canvas));
    }
    return letters;
}

} // namespace

class tst_PresentMode : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void everythingIsWhereItWas_data();
    void everythingIsWhereItWas();
    void onlyThePageIsThere();
    void noLetterIsSmallerThan18Pixels_data();
    void noLetterIsSmallerThan18Pixels();
    void escapeEndsFirstWhatItEndsElsewhere();
    void pagesChangeByTheirKeys();
    void themeChangesMeanwhile();
    void ringFollowsThePointer();
    void closingKeepsTheLayoutOfPeople();
    void lettersGrowAndShrink();
    void sizeOfLettersIsRemembered();
    void largerLettersFitWhileTheWindowIsOpen();
    void stepsGoFrom75To200Percent();

private:
    static void work(const WindowBench &hands);
    static void present(const WindowBench &hands);
    static void leave(const WindowBench &hands);
};

/// With a plan that was searched, so that every page has something to show.
void tst_PresentMode::work(const WindowBench &hands)
{
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
    QVERIFY(bench.session.planEvaluation());
    settle();
}

/// On a projector: the screen of the offscreen platform is smaller.
void tst_PresentMode::present(const WindowBench &hands)
{
    QTest::keyClick(hands.window.get(), Qt::Key_F5);
    QVERIFY(hands.window->presentMode().isOn());
    QVERIFY(hands.window->isFullScreen());
    hands.window->resize(kProjector);
    settle();
}

void tst_PresentMode::leave(const WindowBench &hands)
{
    QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : hands.window.get(), Qt::Key_Escape);
    QVERIFY(!hands.window->presentMode().isOn());
    settle();
}

void tst_PresentMode::everythingIsWhereItWas_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("wide") << QSize(1440, 900);
    QTest::newRow("small") << QSize(1024, 700); // narrower than where the inspector is shown by itself
}

void tst_PresentMode::everythingIsWhereItWas()
{
    QFETCH(QSize, size);
    const WindowBench hands(size);
    work(hands);
    MainWindow &window = *hands.window;
    for (QDockWidget *dock : window.findChildren<QDockWidget *>())
        if (dock->objectName() == QLatin1String("history"))
            dock->show();
    window.show(Tab::Importance);
    settle();
    for (auto *splitter : window.findChildren<QSplitter *>()) { // sizes that nobody has by default
        if (!splitter->isVisible() || splitter->count() < 2)
            continue;
        QList<int> sizes = splitter->sizes();
        sizes[0] += 17;
        sizes[1] -= 17;
        splitter->setSizes(sizes);
    }
    auto *tabs = window.findChild<QTabWidget *>();
    tabs->tabBar()->setFocus(Qt::TabFocusReason);
    settle();

    const QRect geometry = window.geometry();
    const std::map<const QWidget *, QRect> before = placesOf(window);
    const QFont font = QApplication::font();
    present(hands);
    QVERIFY(QFontInfo(QApplication::font()).pixelSize() > QFontInfo(font).pixelSize());
    leave(hands);

    QCOMPARE(window.geometry(), geometry);
    QCOMPARE(QApplication::font(), font);
    QCOMPARE(QApplication::focusWidget(), static_cast<QWidget *>(tabs->tabBar()));
    const std::map<const QWidget *, QRect> after = placesOf(window);
    for (const auto &[widget, place] : before) {
        const QString name = placeOf(widget);
        QVERIFY2(after.contains(widget), qPrintable(QStringLiteral("is gone: ") + name));
        const QRect now = after.at(widget);
        QVERIFY2(now == place, qPrintable(QStringLiteral("%1: %2,%3 %4x%5 instead of %6,%7 %8x%9")
                                              .arg(name)
                                              .arg(now.x())
                                              .arg(now.y())
                                              .arg(now.width())
                                              .arg(now.height())
                                              .arg(place.x())
                                              .arg(place.y())
                                              .arg(place.width())
                                              .arg(place.height())));
    }
    for (const auto &[widget, place] : after)
        QVERIFY2(before.contains(widget), qPrintable(QStringLiteral("was not there: ") + placeOf(widget)));
}

void tst_PresentMode::onlyThePageIsThere()
{
    const WindowBench hands;
    work(hands);
    MainWindow &window = *hands.window;
    for (QDockWidget *dock : window.findChildren<QDockWidget *>())
        dock->show();
    window.show(Tab::Attention);
    settle();
    present(hands);
    auto *tabs = window.findChild<QTabWidget *>();
    for (const QDockWidget *dock : window.findChildren<QDockWidget *>())
        QVERIFY2(!dock->isVisible(), qPrintable(dock->objectName()));
    for (const QWidget *around : {static_cast<const QWidget *>(window.menuBar()), static_cast<const QWidget *>(window.statusBar()),
                                  static_cast<const QWidget *>(tabs->tabBar())})
        QVERIFY2(!around->isVisible(), around->metaObject()->className());
    const auto *transport = window.findChild<TransportBar *>();
    QVERIFY(transport->isVisible());
    QCOMPARE(tabs->currentWidget()->width(), kProjector.width());
    QVERIFY2(tabs->currentWidget()->height() >= kProjector.height() - 2, qPrintable(QString::number(tabs->currentWidget()->height())));
    QVERIFY(PlotStyle::of(window.palette()).stroke > 1);
    // Another model, or F7, brings nothing back.
    QTest::keyClick(&window, Qt::Key_F7);
    QTest::keyClick(&window, Qt::Key_F7);
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    settle();
    QCOMPARE(tabs->currentWidget()->width(), kProjector.width());
    leave(hands);
    QCOMPARE(PlotStyle::of(window.palette()).stroke, 1.0);
    QVERIFY(tabs->tabBar()->isVisible());
}

void tst_PresentMode::noLetterIsSmallerThan18Pixels_data()
{
    QTest::addColumn<int>("tab");
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i)
        QTest::newRow(tabs.key(i)) << tabs.value(i);
}

void tst_PresentMode::noLetterIsSmallerThan18Pixels()
{
    QFETCH(int, tab);
    const WindowBench hands;
    work(hands);
    hands.window->show(Tab(tab));
    settle();
    present(hands);
    const std::vector<std::pair<int, QString>> letters = lettersOf(*hands.window);
    QVERIFY2(letters.size() > 5, qPrintable(QString::number(letters.size())));
    for (const auto &[pixels, where] : letters)
        QVERIFY2(pixels >= PresentMode::kSmallestLetters, qPrintable(QStringLiteral("%1 pixels: %2").arg(pixels).arg(where)));
    leave(hands);
}

/// A number that is typed, and a K that is dragged, go back; the presentation stays.
void tst_PresentMode::escapeEndsFirstWhatItEndsElsewhere()
{
    const WindowBench hands;
    work(hands);
    MainWindow &window = *hands.window;
    window.show(Tab::Importance);
    settle();
    present(hands);
    const auto *model = &hands.bench().session;
    const std::int64_t kept = model->balance()->neuronsKept;
    auto *plot = window.findChild<Plot *>(QStringLiteral("sortedScores"));
    auto *canvas = plot->findChild<QCustomPlot *>();
    const double x = canvas->xAxis->coordToPixel(double(model->balance()->neuronsKept));
    const QPoint handle(int(x), canvas->axisRect()->rect().center().y());
    canvas->setFocus(Qt::OtherFocusReason);
    QTest::mousePress(canvas, Qt::LeftButton, {}, handle);
    QMouseEvent drag(QEvent::MouseMove, QPointF(handle - QPoint(60, 0)), QPointF(canvas->mapToGlobal(handle - QPoint(60, 0))), Qt::NoButton,
                     Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(canvas, &drag);
    QVERIFY(model->balance()->neuronsKept != kept);
    QTest::keyClick(canvas, Qt::Key_Escape);
    QVERIFY(window.presentMode().isOn());
    QCOMPARE(model->balance()->neuronsKept, kept);
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, handle);
    QTest::keyClick(canvas, Qt::Key_Escape);
    QVERIFY(!window.presentMode().isOn());
}

void tst_PresentMode::pagesChangeByTheirKeys()
{
    const WindowBench hands;
    work(hands);
    MainWindow &window = *hands.window;
    window.show(Tab::Importance);
    present(hands);
    auto *tabs = window.findChild<QTabWidget *>();
    QTest::keyClick(&window, Qt::Key_4, Qt::ControlModifier);
    QCOMPARE(tabs->currentIndex(), 3);
    QTest::keyClick(&window, Qt::Key_3, Qt::ControlModifier);
    QCOMPARE(tabs->currentIndex(), 2);
    auto *hint = window.findChild<QLabel *>(QStringLiteral("presentHint"));
    QVERIFY(hint->isVisible());
    for (const char *key : {"Esc", "Ctrl+1", "Ctrl+L"})
        QVERIFY2(hint->text().contains(QLatin1String(key)), qPrintable(hint->text()));
    QTest::keyClick(&window, Qt::Key_F5); // the same key ends it
    QVERIFY(!window.presentMode().isOn());
    QVERIFY(!hint->isVisible());
    QCOMPARE(tabs->currentIndex(), 2);
}

void tst_PresentMode::themeChangesMeanwhile()
{
    WindowBench hands;
    work(hands);
    present(hands);
    const int pixels = QFontInfo(QApplication::font()).pixelSize();
    hands.theme.setMode(Theme::Mode::Dark);
    settle();
    QVERIFY(PlotStyle::of(hands.window->palette()).isDark);
    QCOMPARE(QFontInfo(QApplication::font()).pixelSize(), pixels);
    QVERIFY(PlotStyle::of(hands.window->palette()).stroke > 1);
    leave(hands);
    QVERIFY(hands.theme.isDark());
    hands.theme.setMode(Theme::Mode::Light);
}

void tst_PresentMode::ringFollowsThePointer()
{
    const WindowBench hands;
    work(hands);
    MainWindow &window = *hands.window;
    QAction *action = window.actionsOfWindow().spotlight;
    QVERIFY(!action->isEnabled());
    QVERIFY(action->toolTip().contains(QStringLiteral("F5")));
    present(hands);
    QVERIFY(action->isEnabled());
    QTest::keyClick(&window, Qt::Key_L, Qt::ControlModifier);
    const Spotlight &ring = window.presentMode().spotlight();
    QVERIFY(ring.isVisible());
    QCOMPARE(ring.size(), window.size());
    QVERIFY(ring.radius() >= 30);
    for (const QPoint &place : {QPoint(400, 300), QPoint(900, 610)}) {
        QTest::mouseMove(window.windowHandle(), place);
        QTRY_COMPARE(ring.centre(), place);
    }
    // It is seen on the page, and lets clicks through to it.
    const QPoint onRing = ring.centre() + QPoint(ring.radius(), 0);
    const QColor seen = window.grab(QRect(onRing, QSize(1, 1))).toImage().pixelColor(0, 0);
    QVERIFY2(PlotStyle::contrast(seen, PlotStyle::of(window.palette()).surface) >= 3, qPrintable(seen.name()));
    QVERIFY(window.childAt(ring.centre()) != &ring);
    QTest::keyClick(&window, Qt::Key_L, Qt::ControlModifier);
    QVERIFY(!ring.isVisible());
    QTest::keyClick(&window, Qt::Key_L, Qt::ControlModifier);
    leave(hands);
    QVERIFY(!ring.isVisible());
    QVERIFY(!action->isChecked());
}

/// What the next start restores is not the presentation.
void tst_PresentMode::closingKeepsTheLayoutOfPeople()
{
    WindowBench hands;
    work(hands);
    present(hands);
    hands.window->close();
    hands.window.reset();
    hands.start();
    QVERIFY(!hands.window->isFullScreen());
    QVERIFY(hands.window->menuBar()->isVisible());
    QVERIFY(hands.window->findChild<QTabWidget *>()->tabBar()->isVisible());
}

void tst_PresentMode::lettersGrowAndShrink()
{
    WindowBench hands;
    work(hands);
    MainWindow &window = *hands.window;
    window.show(Tab::Importance);
    settle();
    const double usual = hands.theme.usualFont().pointSizeF();
    auto *canvas = window.findChild<Plot *>(QStringLiteral("sortedScores"))->findChild<QCustomPlot *>();
    window.show(Tab::Calibration);
    settle();
    QTest::keyClick(&window, Qt::Key_Plus, Qt::ControlModifier);
    QTest::keyClick(&window, Qt::Key_Plus, Qt::ControlModifier);
    settle();
    QCOMPARE(hands.theme.size().type, 1.25);
    for (const QLabel *label : window.findChildren<QLabel *>()) // headings as well, whose letters are larger than others
        if (label->isVisible() && !label->text().isEmpty() && label->objectName() != QLatin1String("presentHint"))
            QVERIFY2(label->font().pointSizeF() >= 1.25 * usual - 0.01, qPrintable(placeOf(label)));
    QCOMPARE(canvas->xAxis->tickLabelFont().pointSizeF(), 0.9 * 1.25 * usual);
    QTest::keyClick(&window, Qt::Key_Minus, Qt::ControlModifier);
    QCOMPARE(hands.theme.size().type, 1.1);
    QTest::keyClick(&window, Qt::Key_0, Qt::ControlModifier);
    QCOMPARE(hands.theme.size().type, 1.0);
    QCOMPARE(QApplication::font().pointSizeF(), usual);
    for (int i = 0; i < 20; ++i)
        window.actionsOfWindow().largerType->trigger();
    QCOMPARE(hands.theme.size().type, kLargestType);
    QVERIFY(!window.actionsOfWindow().largerType->isEnabled());
    QVERIFY2(window.actionsOfWindow().largerType->toolTip().contains(QStringLiteral("200")),
             qPrintable(window.actionsOfWindow().largerType->toolTip()));
    window.actionsOfWindow().usualType->trigger();
}

void tst_PresentMode::sizeOfLettersIsRemembered()
{
    WindowBench hands;
    hands.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(hands.window.get()));
    hands.window->actionsOfWindow().largerType->trigger();
    QCOMPARE(hands.theme.size().type, 1.1);
    // A presentation has a size of its own, which is forgotten.
    QTest::keyClick(hands.window.get(), Qt::Key_F5);
    const double presented = hands.theme.size().type;
    hands.window->actionsOfWindow().largerType->trigger();
    QVERIFY(hands.theme.size().type > presented || presented >= kLargestType);
    QTest::keyClick(hands.window.get(), Qt::Key_Escape);
    QCOMPARE(hands.theme.size().type, 1.1);
    hands.window->close();
    hands.window.reset();
    hands.theme.setSize({});
    hands.start();
    QCOMPARE(hands.theme.size().type, 1.1);
    hands.window->actionsOfWindow().usualType->trigger();
}

/// As tst_Names does for letters that were large from the start.
void tst_PresentMode::largerLettersFitWhileTheWindowIsOpen()
{
    constexpr QSize kSmall(1024, 700);
    WindowBench hands(kSmall);
    work(hands);
    while (hands.theme.size().type < 1.5)
        hands.window->actionsOfWindow().largerType->trigger();
    QStringList faults;
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        hands.window->show(Tab(tabs.value(i)));
        settle();
        for (const QString &fault : layoutFaults(*hands.window))
            if (!fault.contains(QStringLiteral("scrolls sideways")))
                faults << QLatin1String(tabs.key(i)) + QStringLiteral(": ") + fault;
    }
    hands.window->actionsOfWindow().usualType->trigger();
    for (const QString &fault : faults)
        qInfo().noquote() << fault;
    QVERIFY2(faults.isEmpty(), "it does not fit: the lines above say what");
    QCOMPARE(hands.window->size(), kSmall);
}

void tst_PresentMode::stepsGoFrom75To200Percent()
{
    std::vector<double> steps{kSmallestType};
    while (largerType(steps.back()) > steps.back())
        steps.push_back(largerType(steps.back()));
    QCOMPARE(steps.back(), kLargestType);
    for (std::size_t i = 1; i < steps.size(); ++i) {
        QCOMPARE(smallerType(steps[i]), steps[i - 1]);
        QVERIFY(steps[i] / steps[i - 1] < 1.26);
    }
    QCOMPARE(smallerType(kSmallestType), kSmallestType);
    QCOMPARE(typeOf("1.5"), 1.5);
    for (const char *nonsense : {"", "huge", "0", "-1", "17", "nan"})
        QCOMPARE(typeOf(nonsense), 1.0);
    // Letters of a projector: at 1080 pixels the smallest, which are 0.9 of the others, have 18; large letters of people stay.
    QFont usual;
    usual.setPixelSize(13);
    QVERIFY(0.9 * 13 * PresentMode::typeFor(1080, 1, usual) >= PresentMode::kSmallestLetters);
    QVERIFY(PresentMode::typeFor(2160, 1, usual) > 1.9 * PresentMode::typeFor(1080, 1, usual));
    QCOMPARE(PresentMode::typeFor(1080, 3, usual), 3.0);
}

QTEST_MAIN(tst_PresentMode)
#include "tst_PresentMode.moc"
