// SPDX-License-Identifier: GPL-3.0-or-later
// Every colour of every look, on everything that it may lie on: text 4.5:1 (7:1 with high contrast), what is drawn with a meaning 3:1, and
// told apart by people who see colours otherwise. Colours and rules are read from the source and from the style sheet, so none is forgotten.
#include "ColourVision.h"
#include "theme/PlotStyle.h"
#include "theme/StyleSheet.h"
#include "theme/Theme.h"

#include <QDir>
#include <QFile>
#include <QMetaEnum>
#include <QRegularExpression>
#include <QTest>

#include <map>
#include <vector>

using namespace secateur::ui;

namespace {

enum class Role { Ground, Words, Disabled, Graphics, Decoration, OnAccent };

struct ThemeColour {
    const char *name;
    QColor PlotStyle::*colour;
    Role role;
};

/// What each colour of PlotStyle is for.
const std::vector<ThemeColour> kColours = {
    {"surface", &PlotStyle::surface, Role::Ground},     {"raised", &PlotStyle::raised, Role::Ground},
    {"selected", &PlotStyle::selected, Role::Ground},   {"text", &PlotStyle::text, Role::Words},
    {"mutedText", &PlotStyle::mutedText, Role::Words},  {"disabled", &PlotStyle::disabled, Role::Disabled},
    {"line", &PlotStyle::line, Role::Decoration},       {"hatching", &PlotStyle::hatching, Role::Graphics},
    {"outline", &PlotStyle::outline, Role::Graphics},   {"accent", &PlotStyle::accent, Role::Graphics},
    {"onAccent", &PlotStyle::onAccent, Role::OnAccent}, {"ffn", &PlotStyle::ffn, Role::Graphics},
    {"warning", &PlotStyle::warning, Role::Graphics},   {"extra", &PlotStyle::extra, Role::Graphics},
};

/// Rules whose borders are drawn with `line`: they part what its place parts already, or belong to what is not possible.
const QStringList kDecorated = {QStringLiteral("QMenuBar"),
                                QStringLiteral("QTabWidget::pane"),
                                QStringLiteral("QTabBar::tab:selected"),
                                QStringLiteral("QAbstractItemView"),
                                QStringLiteral("QHeaderView::section"),
                                QStringLiteral("QDockWidget::title"),
                                QStringLiteral("QFrame[card=\"true\"]")};

struct Rule {
    QString selector;
    std::map<QString, QString> declarations;

    bool isDisabled() const { return selector.contains(QStringLiteral(":disabled")); }
    QColor colour(const QString &property) const
    {
        static const QRegularExpression hex(QStringLiteral("#[0-9a-f]{6}"));
        const auto found = declarations.find(property);
        return found == declarations.end() ? QColor() : QColor(hex.match(found->second).captured());
    }
};

std::vector<Rule> rulesOf(const QString &sheet)
{
    static const QRegularExpression rule(QStringLiteral("([^{}]+)\\{([^{}]*)\\}"));
    std::vector<Rule> rules;
    for (auto match = rule.globalMatch(sheet); match.hasNext();) {
        const QRegularExpressionMatch found = match.next();
        Rule &added = rules.emplace_back(Rule{found.captured(1).simplified(), {}});
        for (const QString &declaration : found.captured(2).split(u';', Qt::SkipEmptyParts))
            added.declarations[declaration.section(u':', 0, 0).simplified()] = declaration.section(u':', 1).simplified();
    }
    return rules;
}

struct Pair {
    const char *what;
    QColor one, other;
    const char *mark; ///< what tells them apart besides the colour
};

/// Pairs of colours that say different things.
std::vector<Pair> pairsOf(const PlotStyle &style)
{
    return {
        {"neurons kept and pruned, in a histogram", style.accent, style.hatching, "hatching"},
        {"neurons kept and pruned, on the map", style.ffn, style.hatching, "hatching"},
        {"attention kept and removed, on the map", style.accent, style.warning, "a dashed box with its number"},
        {"candidate and the one removed", style.accent, style.warning, "an arrow and a word"},
        {"measured plan and the current one", style.accent, style.warning, "a ring"},
        {"exact and stale", style.readable(style.ffn), style.readable(style.warning), "= and !"},
        {"N that is possible and one that is not", style.accent, style.warning, "!"},
        {"attention and FFN, on the map", style.accent, style.ffn, "columns of their own"},
        {"score and share of score kept", style.accent, style.ffn, "dashes"},
        {"better and worse", style.change(-1), style.change(1), "a dash in what is better"},
        {"worse and unchanged", style.change(1), style.change(0), ""},
        {"better and unchanged", style.change(-1), style.change(0), ""},
    };
}

} // namespace

class TestContrast : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }

    void everyColourHasARole();
    void coloursSuffice_data() { looks(); }
    void coloursSuffice();
    void paletteSuffices_data() { looks(); }
    void paletteSuffices();
    void styleSheetSuffices_data() { looks(); }
    void styleSheetSuffices();
    void iconsOfTheStyleSheetSuffice();
    void pairsAreToldApart_data() { looks(); }
    void pairsAreToldApart();
    void simulationKeepsGreysAndMixesRedWithGreen();

private:
    static void looks()
    {
        QTest::addColumn<bool>("isDark");
        QTest::addColumn<bool>("isHighContrast");
        for (const bool isHighContrast : {false, true})
            for (const bool isDark : {false, true})
                QTest::addRow("%s%s", isDark ? "dark" : "light", isHighContrast ? ", high contrast" : "") << isDark << isHighContrast;
    }

    /// `least`:1 is what the two must have.
    static void check(const QString &what, const QColor &colour, const QString &on, const QColor &ground, double least)
    {
        const double contrast = PlotStyle::contrast(colour, ground);
        QVERIFY2(contrast >= least, qPrintable(QStringLiteral("%1 %2 on %3 %4: %5:1, not %6:1")
                                                   .arg(what, colour.name(), on, ground.name())
                                                   .arg(contrast, 0, 'f', 2)
                                                   .arg(least)));
    }
};

/// The header is the list: a colour that is added there and not above fails.
void TestContrast::everyColourHasARole()
{
    QFile header(QStringLiteral(SECATEUR_SOURCE_DIR "/ui/theme/PlotStyle.h"));
    QVERIFY(header.open(QIODevice::ReadOnly));
    const QString text = QString::fromUtf8(header.readAll());
    static const QRegularExpression field(QStringLiteral("^ +QColor (\\w+);"), QRegularExpression::MultilineOption);
    QStringList there, known;
    for (auto match = field.globalMatch(text); match.hasNext();)
        there << match.next().captured(1);
    for (const ThemeColour &colour : kColours)
        known << QString::fromLatin1(colour.name);
    there.sort();
    known.sort();
    QCOMPARE(known, there);
}

void TestContrast::coloursSuffice()
{
    QFETCH(bool, isDark);
    QFETCH(bool, isHighContrast);
    const PlotStyle style = PlotStyle::of(isDark, isHighContrast);
    const double words = isHighContrast ? 7 : 4.5;
    for (const ThemeColour &colour : kColours) {
        const QString name = QString::fromLatin1(colour.name);
        for (const ThemeColour &ground : kColours) {
            if (ground.role != Role::Ground)
                continue;
            const QString on = QString::fromLatin1(ground.name);
            const auto suffices = [&](double least) { check(name, style.*colour.colour, on, style.*ground.colour, least); };
            switch (colour.role) {
            case Role::Words:
                suffices(words);
                break;
            case Role::Graphics:
                suffices(3);
                check(QStringLiteral("readable ") + name, style.readable(style.*colour.colour), on, style.*ground.colour, words);
                break;
            case Role::Disabled:
                if (ground.colour != &PlotStyle::selected)
                    suffices(isHighContrast ? 4.5 : 3);
                break;
            case Role::Decoration:
                if (isHighContrast)
                    suffices(3);
                break;
            case Role::Ground:
            case Role::OnAccent:
                break;
            }
        }
    }
    check(QStringLiteral("onAccent"), style.onAccent, QStringLiteral("accent"), style.accent, words);
    if (!isHighContrast) // the filled part of a bar, and its groove
        check(QStringLiteral("accent"), style.accent, QStringLiteral("line"), style.line, 3);
    for (const double end : {-1.0, 1.0}) // of the map of changes: beside what is unchanged, and beside what is not known
        for (const QColor &ground : {style.change(0), style.surface})
            check(QStringLiteral("change"), style.change(end), QStringLiteral("ground"), ground, 3);
}

void TestContrast::paletteSuffices()
{
    QFETCH(bool, isDark);
    QFETCH(bool, isHighContrast);
    const QPalette palette = Theme::palette(isDark, isHighContrast);
    QCOMPARE(PlotStyle::of(palette).isDark, isDark);
    QCOMPARE(PlotStyle::of(palette).isHighContrast, isHighContrast);
    using P = QPalette;
    const std::pair<P::ColorRole, P::ColorRole> pairs[] = {{P::WindowText, P::Window},
                                                           {P::Text, P::Base},
                                                           {P::Text, P::AlternateBase},
                                                           {P::ButtonText, P::Button},
                                                           {P::ToolTipText, P::ToolTipBase},
                                                           {P::PlaceholderText, P::Base},
                                                           {P::HighlightedText, P::Highlight},
                                                           {P::Link, P::Base},
                                                           {P::LinkVisited, P::Base},
                                                           {P::BrightText, P::Window},
                                                           {P::Text, P::Midlight}};
    const QMetaEnum roles = QMetaEnum::fromType<P::ColorRole>();
    for (const P::ColorGroup group : {P::Active, P::Inactive, P::Disabled})
        for (const auto &[words, ground] : pairs) {
            const double least = group == P::Disabled ? 3 : isHighContrast ? 7 : 4.5;
            check(QString::fromLatin1(roles.valueToKey(words)), palette.color(group, words), QString::fromLatin1(roles.valueToKey(ground)),
                  palette.color(group, ground), least);
        }
}

void TestContrast::styleSheetSuffices()
{
    QFETCH(bool, isDark);
    QFETCH(bool, isHighContrast);
    const PlotStyle style = PlotStyle::of(isDark, isHighContrast);
    const std::vector<Rule> rules = rulesOf(styleSheet(style));
    QVERIFY(rules.size() > 60);
    QStringList decorated;
    for (const Rule &rule : rules) {
        QColor own = rule.colour(QStringLiteral("background"));
        std::vector<QColor> grounds{style.surface, style.raised};
        if (!rule.isDisabled())
            grounds.push_back(style.selected);
        if (own.isValid())
            grounds = {own};
        if (const QColor words = rule.colour(QStringLiteral("color")); words.isValid())
            for (const QColor &ground : grounds)
                check(rule.selector, words, QStringLiteral("ground"), ground,
                      rule.isDisabled() ? (isHighContrast ? 4.5 : 3) : (isHighContrast ? 7 : 4.5));
        if (const QColor chosen = rule.colour(QStringLiteral("selection-color")); chosen.isValid())
            check(rule.selector, chosen, QStringLiteral("selection"), rule.colour(QStringLiteral("selection-background-color")),
                  isHighContrast ? 7 : 4.5);

        // Borders tell where a control is, what has the focus, and what is chosen; some parts are nothing but a filled area.
        static const QRegularExpression area(QStringLiteral("::(chunk|indicator:checked)|QScrollBar::handle"));
        for (const auto &[property, value] : rule.declarations) {
            const bool isBorder = property.startsWith(QStringLiteral("border")) && !property.endsWith(QStringLiteral("radius"));
            const bool isArea = property == u"background" && rule.selector.contains(area);
            const QColor colour = rule.colour(property);
            if (!colour.isValid() || rule.isDisabled() || !(isBorder || isArea))
                continue;
            if (colour == style.line && kDecorated.contains(rule.selector)) {
                decorated << rule.selector;
                continue;
            }
            for (const QColor &ground : {style.surface, style.raised})
                check(rule.selector + QStringLiteral(" ") + property, colour, QStringLiteral("ground"), ground, 3);
        }
    }
    decorated.removeDuplicates();
    QCOMPARE(decorated.size(), kDecorated.size()); // no exception outlives its rule
}

/// They are files of one colour for all looks.
void TestContrast::iconsOfTheStyleSheetSuffice()
{
    static const QRegularExpression file(QStringLiteral("url\\(:/icons/([a-z-]+)\\.svg\\)")),
        stroke(QStringLiteral("stroke=\"(#[0-9a-f]{6})\""));
    int count = 0;
    for (const bool isHighContrast : {false, true}) {
        for (const bool isDark : {false, true}) {
            const PlotStyle style = PlotStyle::of(isDark, isHighContrast);
            const QString sheet = styleSheet(style);
            for (auto match = file.globalMatch(sheet); match.hasNext(); ++count) {
                const QString name = match.next().captured(1);
                QFile svg(QStringLiteral(SECATEUR_SOURCE_DIR "/resources/icons/%1.svg").arg(name));
                QVERIFY2(svg.open(QIODevice::ReadOnly), qPrintable(name));
                const QColor colour(stroke.match(QString::fromUtf8(svg.readAll())).captured(1));
                QVERIFY2(colour.isValid(), qPrintable(name));
                const bool isTick = name.startsWith(QStringLiteral("tick"));
                for (const QColor &ground : isTick ? std::vector{style.accent, style.disabled} : std::vector{style.surface, style.raised})
                    check(name, colour, QStringLiteral("ground"), ground, 3);
            }
        }
    }
    QVERIFY(count > 20);
}

/// Either the colours are far apart to everybody, or something else tells the two apart; to people with one of the three deficiencies the
/// colours say something in any case.
void TestContrast::pairsAreToldApart()
{
    constexpr double kFar = 20, kThreefold = 3 * 2.3; // of what can just be told apart
    QFETCH(bool, isDark);
    QFETCH(bool, isHighContrast);
    for (const Pair &pair : pairsOf(PlotStyle::of(isDark, isHighContrast))) {
        for (const Vision vision : {Vision::Usual, Vision::Protanopia, Vision::Deuteranopia, Vision::Tritanopia, Vision::Greyscale}) {
            const double apart = distance(seen(pair.one, vision), seen(pair.other, vision));
            const QString what = QStringLiteral("%1: %2 apart in vision %3").arg(QLatin1String(pair.what)).arg(apart).arg(int(vision));
            QVERIFY2(apart >= kFar || *pair.mark, qPrintable(what));
            QVERIFY2(apart >= kThreefold || vision == Vision::Greyscale, qPrintable(what));
        }
    }
}

void TestContrast::simulationKeepsGreysAndMixesRedWithGreen()
{
    for (const Vision vision : {Vision::Protanopia, Vision::Deuteranopia, Vision::Tritanopia, Vision::Greyscale})
        for (const int grey : {0, 90, 200, 255})
            QVERIFY(distance(seen(QColor(grey, grey, grey), vision), QColor(grey, grey, grey)) < 1);
    const QColor red(200, 60, 40), green(80, 120, 30);
    QVERIFY(distance(seen(red, Vision::Deuteranopia), seen(green, Vision::Deuteranopia)) < distance(red, green) / 2);
    const QColor grey = seen(red, Vision::Greyscale);
    QVERIFY(grey.red() == grey.green() && grey.green() == grey.blue());
    QVERIFY(std::abs(PlotStyle::contrast(grey, Qt::black) - PlotStyle::contrast(red, Qt::black)) < 0.1);
}

QTEST_MAIN(TestContrast)
#include "tst_Contrast.moc"
