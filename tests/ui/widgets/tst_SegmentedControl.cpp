// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/SegmentedControl.h"

#include <QAbstractButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace secateur::ui;

class TestSegmentedControl : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support propagateSizeHints)"))); }

    void clickAndArrowsChoose()
    {
        SegmentedControl control(QStringLiteral("Size"));
        control.addChoice(QStringLiteral("small"));
        control.addChoice(QStringLiteral("large"));
        control.show();
        QVERIFY(QTest::qWaitForWindowActive(&control));
        QCOMPARE(control.current(), -1);
        QSignalSpy spy(&control, &SegmentedControl::chosen);
        const QList<QAbstractButton *> buttons = control.findChildren<QAbstractButton *>();
        QTest::mouseClick(buttons[1], Qt::LeftButton);
        QCOMPARE(control.current(), 1);
        QTest::keyClick(buttons[1], Qt::Key_Left);
        QCOMPARE(control.current(), 0);
        QCOMPARE(spy.count(), 2);
        QCOMPARE(spy.last().front().toInt(), 0);
    }

    void settingTellsNobody()
    {
        SegmentedControl control(QStringLiteral("Size"));
        control.addChoice(QStringLiteral("small"));
        control.addChoice(QStringLiteral("large"));
        QSignalSpy spy(&control, &SegmentedControl::chosen);
        control.setCurrent(1);
        QCOMPARE(control.current(), 1);
        control.setCurrent(-1);
        QCOMPARE(control.current(), -1);
        QCOMPARE(spy.count(), 0);
    }
};

QTEST_MAIN(TestSegmentedControl)
#include "tst_SegmentedControl.moc"
