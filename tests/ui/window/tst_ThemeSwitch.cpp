// SPDX-License-Identifier: GPL-3.0-or-later
// Light, dark and high contrast while the window is open: after each switch no page, dock or dialog keeps a ground of the look before.
#include "LinkedBench.h"

#include "panels/prune/PruneCard.h"
#include "theme/PlotStyle.h"
#include "window/Actions.h"

#include <QDockWidget>
#include <QMetaEnum>

#include <algorithm>
#include <array>
#include <vector>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Tab = MainWindow::Tab;

struct Look {
    const char *name;
    bool isDark, isHighContrast;

    PlotStyle style() const { return PlotStyle::of(isDark, isHighContrast); }
};

constexpr std::array<Look, 4> kLooks{
    {{"light", false, false}, {"dark", true, false}, {"light, high contrast", false, true}, {"dark, high contrast", true, true}}};

/// The looks of the row of data; afterwards everything is light again.
struct Change {
    Look from = lookOf("before"), to = lookOf("after");

    ~Change()
    {
        SessionBus nowhere{QString()};
        Theme(nowhere).setMode(Theme::Mode::Light);
    }

    static const Look &lookOf(const char *column)
    {
        return kLooks[std::size_t(*static_cast<const int *>(QTest::qData(column, qMetaTypeId<int>())))];
    }
};

std::array<QColor, 3> groundsOf(const PlotStyle &style)
{
    return {style.surface, style.raised, style.selected};
}

bool isColourOf(const PlotStyle &style, const QColor &colour)
{
    for (const QColor &own : {style.surface, style.raised, style.selected, style.text, style.mutedText, style.disabled, style.line,
                              style.hatching, style.outline, style.accent, style.onAccent, style.ffn, style.warning, style.extra})
        if (own == colour)
            return true;
    return false;
}

/// Where a square of one colour is, as large as no letter and no line; none where there is none.
QPoint squareOf(const QImage &picture, QRgb colour, int side)
{
    std::vector<int> run(std::size_t(picture.width()), 0); // squares that end in this row, by dynamic programming
    for (int y = 0; y < picture.height(); ++y) {
        int before = 0;
        for (int x = 0; x < picture.width(); ++x) {
            const int above = run[std::size_t(x)], left = x > 0 ? run[std::size_t(x - 1)] : 0;
            run[std::size_t(x)] = (picture.pixel(x, y) | 0xff000000) == colour ? 1 + std::min({above, left, before}) : 0;
            before = above;
            if (run[std::size_t(x)] >= side)
                return {x, y};
        }
    }
    return {-1, -1};
}

} // namespace

class tst_ThemeSwitch : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void noGroundOfTheOtherLookStays_data();
    void noGroundOfTheOtherLookStays();
    void noGroundStaysWithoutAModel_data() { noGroundOfTheOtherLookStays_data(); }
    void noGroundStaysWithoutAModel();

private:
    static void wear(WindowBench &hands, const Look &look)
    {
        hands.theme.setMode(look.isDark ? Theme::Mode::Dark : Theme::Mode::Light);
        hands.theme.setHighContrast(look.isHighContrast);
        settle(); // some colours are given once the style sheet is through
    }
    static void scan(QWidget &widget, const Look &now, const Look &before, const QString &what);
    static void scanPages(const WindowBench &hands, const Look &now, const Look &before, const QString &when);
};

void tst_ThemeSwitch::noGroundOfTheOtherLookStays_data()
{
    QTest::addColumn<int>("before");
    QTest::addColumn<int>("after");
    QTest::newRow("light to dark") << 0 << 1;
    QTest::newRow("dark to light") << 1 << 0;
    QTest::newRow("dark to high contrast") << 1 << 3;
    QTest::newRow("high contrast, light to dark") << 2 << 3;
}

void tst_ThemeSwitch::scan(QWidget &widget, const Look &now, const Look &before, const QString &what)
{
    constexpr int kGround = 8; ///< pixels: wider than any stroke of a letter
    constexpr int kCorner = 2; ///< a single one may be the mixture at a rounded corner
    QCoreApplication::processEvents();
    const QImage picture = widget.grab().toImage();
    const PlotStyle style = now.style();
    QVERIFY2(squareOf(picture, style.surface.rgb(), kGround).x() >= 0, qPrintable(what)); // it does wear the new look
    for (const QColor &ground : groundsOf(before.style())) {
        const std::array<QColor, 3> own = groundsOf(style);
        if (std::find(own.begin(), own.end(), ground) != own.end())
            continue;                                                                   // a ground of both
        const bool mayBeInk = isColourOf(style, ground) || ground.hsvSaturation() == 0; // of words, or the grey of their edges
        const QPoint found = squareOf(picture, ground.rgb(), mayBeInk ? kGround : kCorner);
        const QWidget *there = widget.childAt(found);
        QVERIFY2(found.x() < 0,
                 qPrintable(QStringLiteral("%1: %2 of '%3' at %4, %5 in %6")
                                .arg(what, ground.name(), QLatin1String(before.name))
                                .arg(found.x())
                                .arg(found.y())
                                .arg(there ? QLatin1String(there->metaObject()->className()) : QLatin1String("the window"))));
    }
}

void tst_ThemeSwitch::scanPages(const WindowBench &hands, const Look &now, const Look &before, const QString &when)
{
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        hands.window->show(Tab(tabs.value(i)));
        settle();
        scan(*hands.window, now, before, QLatin1String(tabs.key(i)) + when);
    }
}

/// A page that is shown while it happens, and those that are shown later.
void tst_ThemeSwitch::noGroundOfTheOtherLookStays()
{
    const Change change;
    const Look &from = change.from, &to = change.to;
    LinkedBench hands;
    const QMetaEnum tabs = QMetaEnum::fromType<Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        wear(hands, from);
        hands.go(Tab(tabs.value(i)));
        scan(*hands.window, from, to, QLatin1String(tabs.key(i)) + QStringLiteral(", before"));
        wear(hands, to);
        scan(*hands.window, to, from, QLatin1String(tabs.key(i)));
    }
    wear(hands, from);
    scanPages(hands, from, to, QStringLiteral(", all in one look"));
    wear(hands, to);
    scanPages(hands, to, from, QStringLiteral(", shown later"));
    hands.go(Tab::Attention, AttentionPanel::View::Impact);
    scan(*hands.window, to, from, QStringLiteral("Impact"));

    wear(hands, from);
    hands.window->actionsOfWindow().prune->trigger();
    QWidget *dialog = hands.window->findChild<PruneCard *>()->window();
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>()) {
        dock->show();
        dock->raise();
        settle();
        wear(hands, from);
        wear(hands, to);
        scan(*hands.window, to, from, dock->windowTitle());
        dock->hide();
    }
    scan(*dialog, to, from, QStringLiteral("Prune"));
}

void tst_ThemeSwitch::noGroundStaysWithoutAModel()
{
    const Change change;
    const Look &from = change.from, &to = change.to;
    WindowBench hands;
    wear(hands, from);
    scanPages(hands, from, to, QStringLiteral(", before"));
    wear(hands, to);
    scanPages(hands, to, from, {});
}

QTEST_MAIN(tst_ThemeSwitch)
#include "tst_ThemeSwitch.moc"
