// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "theme/PlotStyle.h"
#include "theme/Theme.h"
#include "widgets/TokenView.h"

#include <QAccessible>
#include <QClipboard>
#include <QGuiApplication>
#include <QImage>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSignalSpy>

#include <memory>

using namespace secateur::ui;

namespace {

std::unique_ptr<TokenView> shown(int tokens = 0)
{
    auto view = std::make_unique<TokenView>(QStringLiteral("Text by: Original"));
    view->resize(300, 200);
    for (int i = 0; i < tokens; ++i)
        view->append({.text = QStringLiteral(" tree%1").arg(i)});
    view->show();
    if (!QTest::qWaitForWindowExposed(view.get()))
        return {};
    return view;
}

int pixelsOf(const QImage &picture, const QRect &place, const QColor &colour)
{
    int count = 0;
    for (int y = place.top(); y <= place.bottom(); ++y)
        for (int x = place.left(); x <= place.right(); ++x)
            count += picture.pixel(x, y) == colour.rgb();
    return count;
}

} // namespace

class tst_TokenView : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void oneMoreTokenCostsTheLastLinesOnly();
    void appendedTextIsLaidOutAsIfItWereSet();
    void keysGoFromTokenToToken();
    void aTokenIsWhereItIsSeen();
    void linesOfTheTextAreKept();
    void changesAreSeenWithoutColours();
    void theMarkHasASign();
    void theLookFollowsTheTheme();
    void screenReadersGetTheTextAndTheToken();
};

void tst_TokenView::oneMoreTokenCostsTheLastLinesOnly()
{
    const auto view = shown(50);
    QVERIFY(view);
    const qint64 before = view->laidOut();
    for (int i = 0; i < 50; ++i)
        view->append({.text = QStringLiteral(" word")});
    const qint64 early = view->laidOut() - before;
    for (int i = 0; i < 5000; ++i)
        view->append({.text = QStringLiteral(" word")});
    const qint64 between = view->laidOut();
    for (int i = 0; i < 50; ++i)
        view->append({.text = QStringLiteral(" word")});
    const qint64 late = view->laidOut() - between;
    QVERIFY2(late < 2 * early + 500, qPrintable(QStringLiteral("%1 letters, %2 after 5,000 tokens").arg(early).arg(late)));
    QCOMPARE(view->verticalScrollBar()->value(), view->verticalScrollBar()->maximum()); // it follows the end
}

void tst_TokenView::appendedTextIsLaidOutAsIfItWereSet()
{
    const auto view = shown(400), other = shown();
    QVERIFY(view && other);
    std::vector<TokenView::Token> tokens;
    for (int i = 0; i < view->count(); ++i)
        tokens.push_back(view->token(i));
    other->setTokens(tokens);
    QCOMPARE(view->text(), other->text());
    view->verticalScrollBar()->setValue(0);
    for (int i = 0; i < view->count(); i += 7)
        QCOMPARE(view->rectOf(i), other->rectOf(i));
}

void tst_TokenView::keysGoFromTokenToToken()
{
    const auto view = shown(60);
    QVERIFY(view);
    view->setFocus();
    QSignalSpy moved(view.get(), &TokenView::currentChanged);
    QTest::keyClick(view.get(), Qt::Key_Right);
    QCOMPARE(view->current(), 0);
    QTest::keyClick(view.get(), Qt::Key_Right);
    QCOMPARE(view->current(), 1);
    QTest::keyClick(view.get(), Qt::Key_Down);
    QVERIFY(view->current() > 2);
    QVERIFY(view->rectOf(view->current()).top() > view->rectOf(1).top());
    QTest::keyClick(view.get(), Qt::Key_Up);
    QVERIFY(view->current() <= 2);
    QTest::keyClick(view.get(), Qt::Key_End);
    QCOMPARE(view->current(), 59);
    QVERIFY(view->viewport()->rect().contains(view->rectOf(59))); // it came into sight
    QTest::keyClick(view.get(), Qt::Key_Home);
    QTest::keyClick(view.get(), Qt::Key_Left);
    QCOMPARE(view->current(), 0);
    QVERIFY(moved.size() >= 6);
    QTest::keySequence(view.get(), QKeySequence(QKeySequence::Copy));
    QCOMPARE(QGuiApplication::clipboard()->text(), view->text());
}

void tst_TokenView::aTokenIsWhereItIsSeen()
{
    const auto view = shown(40);
    QVERIFY(view);
    view->verticalScrollBar()->setValue(0);
    for (const int token : {0, 7, 20}) {
        QCOMPARE(view->tokenAt(view->rectOf(token).center()), token);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, Qt::NoModifier, view->rectOf(token).center());
        QCOMPARE(view->current(), token);
    }
}

void tst_TokenView::linesOfTheTextAreKept()
{
    const auto view = shown();
    QVERIFY(view);
    view->setTokens({{.text = QStringLiteral("one\n")}, {.text = QStringLiteral("two")}});
    QVERIFY(view->rectOf(1).top() > view->rectOf(0).top());
    QCOMPARE(view->text(), QStringLiteral("one\ntwo"));
}

void tst_TokenView::changesAreSeenWithoutColours()
{
    const auto view = shown();
    QVERIFY(view);
    view->setTokens({{.text = QStringLiteral("worse"), .change = 1},
                     {.text = QStringLiteral(" better"), .change = -1},
                     {.text = QStringLiteral(" none")},
                     {.text = QStringLiteral(" beyond"), .isOutside = true}});
    const QImage picture = view->viewport()->grab().toImage();
    const PlotStyle style = PlotStyle::of(view->palette());
    QVERIFY(pixelsOf(picture, view->rectOf(0), style.change(1)) > 50);
    QVERIFY(pixelsOf(picture, view->rectOf(1), style.change(-1)) > 50);
    QVERIFY(pixelsOf(picture, view->rectOf(2), style.surface) > 50);
    QVERIFY(pixelsOf(picture, view->rectOf(3), style.disabled) > 3);
    // The line below "worse" is whole, that below "better" has gaps.
    const auto longestRun = [&](const QRect &place, const QColor &ground) {
        int longest = 0;
        for (int y = place.top(); y <= place.bottom() && y < picture.height(); ++y)
            for (int x = place.left(), run = 0; x <= place.right(); ++x) {
                run = picture.pixel(x, y) == ground.rgb() ? 0 : run + 1;
                longest = std::max(longest, run);
            }
        return longest;
    };
    QVERIFY(longestRun(view->rectOf(0), style.change(1)) > view->rectOf(0).width() / 2);
    QVERIFY(longestRun(view->rectOf(1), style.change(-1)) < view->rectOf(1).width() / 2);
}

void tst_TokenView::theMarkHasASign()
{
    const auto view = shown(10);
    QVERIFY(view);
    const QColor ground = PlotStyle::of(view->palette()).surface; // the sign's own pixels may all be blended with it
    const QRect words = view->rectOf(0);
    const QRect margin(2, words.top(), words.left() - 3, view->viewport()->height() - words.top() - 3); // inside the frame
    const int empty = pixelsOf(view->viewport()->grab().toImage(), margin, ground);
    view->setMark(4);
    QCOMPARE(view->mark(), 4);
    QVERIFY(pixelsOf(view->viewport()->grab().toImage(), margin, ground) < empty);
}

void tst_TokenView::theLookFollowsTheTheme()
{
    const auto view = shown(10);
    QVERIFY(view);
    for (const bool isDark : {true, false}) {
        view->setPalette(Theme::palette(isDark));
        const QColor surface = PlotStyle::of(isDark, false).surface;
        QVERIFY(pixelsOf(view->viewport()->grab().toImage(), view->viewport()->rect(), surface) > 1000);
    }
}

void tst_TokenView::screenReadersGetTheTextAndTheToken()
{
    const auto view = shown(3);
    QVERIFY(view);
    view->setDescriber([](int token) { return QStringLiteral("Token %1").arg(token + 1); });
    QAccessibleInterface *told = QAccessible::queryAccessibleInterface(view.get());
    QVERIFY(told);
    QCOMPARE(told->text(QAccessible::Name), QStringLiteral("Text by: Original"));
    QCOMPARE(told->text(QAccessible::Value), QStringLiteral(" tree0 tree1 tree2"));
    view->setCurrent(1);
    QCOMPARE(told->text(QAccessible::Description), QStringLiteral("Token 2"));
}

QTEST_MAIN(tst_TokenView)
#include "tst_TokenView.moc"
