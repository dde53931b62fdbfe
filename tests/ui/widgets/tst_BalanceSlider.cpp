// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/BalanceSlider.h"

#include "theme/PlotStyle.h"

#include <QAccessible>
#include <QApplication>
#include <QImage>
#include <QRegularExpression>
#include <QTest>
#include <QWheelEvent>
#include <memory>
#include <utility>

using namespace secateur::ui;

namespace {

/// What the slider emitted, in order: "start", "drag 4", "finish", "step 5", "rule".
class Journal : public QObject {
public:
    explicit Journal(const BalanceSlider &slider)
    {
        connect(&slider, &BalanceSlider::dragStarted, this, [this] { lines << "start"; });
        connect(&slider, &BalanceSlider::valueDragged, this, [this](qint64 n) { lines << QString("drag %1").arg(n); });
        connect(&slider, &BalanceSlider::dragFinished, this, [this] { lines << "finish"; });
        connect(&slider, &BalanceSlider::valueStepped, this, [this](qint64 n) { lines << QString("step %1").arg(n); });
        connect(&slider, &BalanceSlider::ruleRequested, this, [this] { lines << "rule"; });
    }
    QStringList take() { return std::exchange(lines, {}); }
    QStringList lines;
};

} // namespace

class TestBalanceSlider : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_slider.reset(); }

    void dragMovesInUnitsOfN();
    void pressOnTheHandleWithoutMovingItSaysNothing();
    void pressOnTheTrackBringsTheHandle();
    void mouseCannotLeaveTheFeasibleRange();
    void keysStepByOneAndFour();
    void keysCannotLeaveTheFeasibleRange();
    void homeAndTheMarkAskForTheRule();
    void keyBringsAnInfeasibleValueBack();
    void gesturesDoNothingWhereNoValueIsFeasible();
    void settersEmitNothing();
    void wheelIsLeftToTheScrollArea();
    void disablingEndsADrag();
    void aProblemIsSaidBesideTheNumbers();
    void assistiveTechnologyReadsAndSetsTheValue();
    void infeasiblePartIsHatched();
    void followsThePalette();

private:
    /// The track's point of this N: its ends are found by the test's own knowledge of the margins.
    QPoint at(double n) const { return {int(std::lround(16 + (m_slider->width() - 32) * n / 30)), m_trackY}; }

    std::unique_ptr<BalanceSlider> m_slider;
    int m_trackY = 0;
};

void TestBalanceSlider::init()
{
    QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); // tool tips on the offscreen platform
    m_slider = std::make_unique<BalanceSlider>();
    m_slider->setRange(30);
    m_slider->setFeasible(2, 21, "too few", "does not fit");
    m_slider->setRule(4, "the rule: N = 4");
    m_slider->setValue(8);
    m_slider->resize(632, m_slider->sizeHint().height());
    m_slider->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_slider.get()));
    // The middle of the track: the middle of the column of accent colour left of the handle.
    const QImage picture = m_slider->grab().toImage();
    const QRgb accent = PlotStyle::of(m_slider->palette()).accent.rgb();
    int first = -1, last = -1;
    for (int y = 0; y < picture.height(); ++y) {
        if (picture.pixel(120, y) != accent)
            continue;
        first = first < 0 ? y : first;
        last = y;
    }
    QVERIFY(first > 0);
    m_trackY = (first + last) / 2;
}

void TestBalanceSlider::dragMovesInUnitsOfN()
{
    Journal journal(*m_slider);
    QTest::mousePress(m_slider.get(), Qt::LeftButton, {}, at(8));
    QTest::mouseMove(m_slider.get(), at(8.4));
    QTest::mouseMove(m_slider.get(), at(8.6));
    QTest::mouseMove(m_slider.get(), at(11.1));
    QTest::mouseRelease(m_slider.get(), Qt::LeftButton, {}, at(11.1));
    QCOMPARE(journal.take(), QStringList({"start", "drag 9", "drag 11", "finish"}));
    QTest::mouseMove(m_slider.get(), at(15));
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::pressOnTheHandleWithoutMovingItSaysNothing()
{
    Journal journal(*m_slider);
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(8) + QPoint(11, 0));
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::pressOnTheTrackBringsTheHandle()
{
    Journal journal(*m_slider);
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(17));
    QCOMPARE(journal.take(), QStringList({"start", "drag 17", "finish"}));
    QTest::mouseClick(m_slider.get(), Qt::RightButton, {}, at(5));
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::mouseCannotLeaveTheFeasibleRange()
{
    Journal journal(*m_slider);
    QTest::mousePress(m_slider.get(), Qt::LeftButton, {}, at(8));
    QTest::mouseMove(m_slider.get(), at(29));
    QTest::mouseMove(m_slider.get(), at(-3));
    QTest::mouseRelease(m_slider.get(), Qt::LeftButton, {}, at(-3));
    QCOMPARE(journal.take(), QStringList({"start", "drag 21", "drag 2", "finish"}));
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(27)); // in the hatching
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::keysStepByOneAndFour()
{
    Journal journal(*m_slider);
    for (const Qt::Key key : {Qt::Key_Right, Qt::Key_Up, Qt::Key_Left, Qt::Key_Down, Qt::Key_PageUp, Qt::Key_PageDown, Qt::Key_End})
        QTest::keyClick(m_slider.get(), key);
    QCOMPARE(journal.take(), QStringList({"step 9", "step 10", "step 9", "step 8", "step 12", "step 8", "step 21"}));
}

void TestBalanceSlider::keysCannotLeaveTheFeasibleRange()
{
    Journal journal(*m_slider);
    m_slider->setValue(3);
    QTest::keyClick(m_slider.get(), Qt::Key_PageDown);
    QTest::keyClick(m_slider.get(), Qt::Key_Left);
    m_slider->setValue(20);
    QTest::keyClick(m_slider.get(), Qt::Key_PageUp);
    QTest::keyClick(m_slider.get(), Qt::Key_Right);
    QTest::keyClick(m_slider.get(), Qt::Key_End);
    QCOMPARE(journal.take(), QStringList({"step 2", "step 21"}));
}

void TestBalanceSlider::homeAndTheMarkAskForTheRule()
{
    Journal journal(*m_slider);
    QTest::keyClick(m_slider.get(), Qt::Key_Home);
    QCOMPARE(journal.take(), QStringList({"rule"}));
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(4) - QPoint(0, 18));
    QCOMPARE(journal.take(), QStringList({"rule"}));
    m_slider->setRule(-1, {});
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(4) - QPoint(0, 18));
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::keyBringsAnInfeasibleValueBack()
{
    Journal journal(*m_slider);
    m_slider->setValue(26);
    QVERIFY(m_slider->accessibleDescription().startsWith("N = 26; does not reach"));
    QTest::keyClick(m_slider.get(), Qt::Key_Left);
    QCOMPARE(journal.take(), QStringList({"step 21"}));
    QVERIFY(m_slider->accessibleDescription().startsWith("N = 21; possible from 2 to 21"));
}

void TestBalanceSlider::gesturesDoNothingWhereNoValueIsFeasible()
{
    Journal journal(*m_slider);
    m_slider->setFeasible(5, 4, "too few", "does not fit");
    QTest::keyClick(m_slider.get(), Qt::Key_Right);
    QTest::keyClick(m_slider.get(), Qt::Key_End);
    QTest::mouseClick(m_slider.get(), Qt::LeftButton, {}, at(10));
    QTest::mousePress(m_slider.get(), Qt::LeftButton, {}, at(8));
    QTest::mouseMove(m_slider.get(), at(12));
    QTest::mouseRelease(m_slider.get(), Qt::LeftButton, {}, at(12));
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::aProblemIsSaidBesideTheNumbers()
{
    m_slider->setProblem("It is open read-only.");
    QVERIFY(!m_slider->isEnabled());
    QCOMPARE(m_slider->toolTip(), "It is open read-only.");
    m_slider->setRange(30); // as after every change of the plan
    m_slider->setValue(8);
    QVERIFY2(m_slider->accessibleDescription().startsWith("N = 8; possible from 0 to 30"), qPrintable(m_slider->accessibleDescription()));
    QVERIFY2(m_slider->accessibleDescription().endsWith("It is open read-only."), qPrintable(m_slider->accessibleDescription()));
    m_slider->setProblem({});
    QVERIFY(m_slider->isEnabled());
    QVERIFY(!m_slider->accessibleDescription().contains("read-only"));
}

void TestBalanceSlider::settersEmitNothing()
{
    Journal journal(*m_slider);
    m_slider->setValue(12);
    m_slider->setFeasible(14, 20, "too few", "does not fit");
    m_slider->setRule(15, "the rule");
    m_slider->setRange(4);
    QCOMPARE(journal.take(), QStringList());
    QCOMPARE(m_slider->maximum(), 4); // all of the new range is feasible again
    QTest::keyClick(m_slider.get(), Qt::Key_Left);
    QCOMPARE(journal.take(), QStringList({"step 3"}));
}

void TestBalanceSlider::wheelIsLeftToTheScrollArea()
{
    Journal journal(*m_slider);
    QWheelEvent wheel(at(8), m_slider->mapToGlobal(at(8)), {}, {0, 120}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(m_slider.get(), &wheel);
    QVERIFY(!wheel.isAccepted());
    QCOMPARE(journal.take(), QStringList());
}

void TestBalanceSlider::disablingEndsADrag()
{
    Journal journal(*m_slider);
    QTest::mousePress(m_slider.get(), Qt::LeftButton, {}, at(8));
    QTest::mouseMove(m_slider.get(), at(10));
    m_slider->setEnabled(false);
    QCOMPARE(journal.take(), QStringList({"start", "drag 10", "finish"}));
}

void TestBalanceSlider::assistiveTechnologyReadsAndSetsTheValue()
{
    Journal journal(*m_slider);
    QAccessibleInterface *accessible = QAccessible::queryAccessibleInterface(m_slider.get());
    QVERIFY(accessible);
    QCOMPARE(accessible->role(), QAccessible::Slider);
    QVERIFY(!accessible->text(QAccessible::Name).isEmpty());
    QVERIFY(accessible->text(QAccessible::Description).contains("the rule: N = 4"));
    QAccessibleValueInterface *value = accessible->valueInterface();
    QVERIFY(value);
    QCOMPARE(value->currentValue().toInt(), 8);
    QCOMPARE(value->minimumValue().toInt(), 2);
    QCOMPARE(value->maximumValue().toInt(), 21);
    value->setCurrentValue(11);
    value->setCurrentValue(40);
    QCOMPARE(journal.take(), QStringList({"step 11", "step 21"}));
}

void TestBalanceSlider::infeasiblePartIsHatched()
{
    const auto countHatching = [this](double from, double to) {
        const QImage picture = m_slider->grab().toImage();
        const QRgb hatching = PlotStyle::of(m_slider->palette()).hatching.rgb();
        int count = 0;
        for (int x = at(from).x(); x < at(to).x(); ++x)
            count += picture.pixel(x, m_trackY - 6) == hatching; // above the groove, inside the hatching
        return count;
    };
    QVERIFY(countHatching(22, 30) > 10);
    QVERIFY(countHatching(0, 1) > 1);
    QCOMPARE(countHatching(3, 21), 0);
    m_slider->setFeasible(0, 30, {}, {});
    QCOMPARE(countHatching(0, 30), 0);
}

void TestBalanceSlider::followsThePalette()
{
    QPalette dark = m_slider->palette();
    dark.setColor(QPalette::Window, Qt::black);
    dark.setColor(QPalette::WindowText, Qt::white);
    m_slider->setPalette(dark);
    const QImage picture = m_slider->grab().toImage();
    QCOMPARE(QColor(picture.pixel(120, m_trackY)), PlotStyle::of(dark).accent);
}

QTEST_MAIN(TestBalanceSlider)
#include "tst_BalanceSlider.moc"
