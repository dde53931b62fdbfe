// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/ScrollToFocus.h"

#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QScrollBar>
#include <QTest>
#include <QVBoxLayout>

using namespace secateur::ui;

class TestScrollToFocus : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }

    void whatComesInFromOutsideIsScrolledTo()
    {
        QWidget window;
        auto *layout = new QVBoxLayout(&window);
        auto *area = new QScrollArea;
        area->setFocusPolicy(Qt::NoFocus);
        auto *content = new QWidget;
        content->setFixedSize(200, 2000);
        auto *top = new QPushButton(QStringLiteral("Top"), content), *foot = new QPushButton(QStringLiteral("Foot"), content);
        foot->move(0, 1900);
        area->setWidget(content);
        auto *outside = new QPushButton(QStringLiteral("Outside"));
        layout->addWidget(area);
        layout->addWidget(outside);
        window.resize(300, 300);
        const ScrollToFocus scroll(&window);
        window.show();
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));

        outside->setFocus();
        QCOMPARE(area->verticalScrollBar()->value(), 0);
        QTest::keyClick(outside, Qt::Key_Backtab, Qt::ShiftModifier);
        QVERIFY(foot->hasFocus());
        QVERIFY(!foot->visibleRegion().isEmpty());
        QCOMPARE(foot->visibleRegion().boundingRect(), foot->rect());
        QTest::keyClick(foot, Qt::Key_Backtab, Qt::ShiftModifier);
        QVERIFY(top->hasFocus());
        QCOMPARE(top->visibleRegion().boundingRect(), top->rect());

        foot->setFocus(Qt::MouseFocusReason); // what was clicked does not move
        QCOMPARE(top->visibleRegion().boundingRect(), top->rect());
    }
};

QTEST_MAIN(TestScrollToFocus)
#include "tst_ScrollToFocus.moc"
