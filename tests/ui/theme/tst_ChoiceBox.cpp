// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/ChoiceBox.h"
#include "theme/Icons.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QScrollBar>
#include <QTest>

using namespace secateur::ui;

class tst_ChoiceBox : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void listShowsWholeRows_data();
    void listShowsWholeRows();
};

void tst_ChoiceBox::listShowsWholeRows_data()
{
    QTest::addColumn<int>("choices");
    QTest::addColumn<int>("shown");
    QTest::newRow("one") << 1 << 1;
    QTest::newRow("four") << 4 << 4;
    QTest::newRow("as many as are shown") << 10 << 10;
}

void tst_ChoiceBox::listShowsWholeRows()
{
    QFETCH(int, choices);
    QFETCH(int, shown);
    const auto restored = qScopeGuard([palette = QApplication::palette()] {
        qApp->setStyleSheet(QString());
        QApplication::setPalette(palette);
    });
    [[maybe_unused]] const QIcon first = icon(QStringLiteral("check")); // registers what the style sheet draws
    SessionBus nowhere{QString()};
    Theme theme(nowhere); // whose padding makes the rows higher
    ChoiceBox box;
    for (int i = 0; i < choices; ++i)
        box.addItem(QStringLiteral("choice %1").arg(i));
    box.show();
    QVERIFY(QTest::qWaitForWindowExposed(&box));
    QTest::mouseClick(&box, Qt::LeftButton);
    QAbstractItemView *list = box.view();
    QTRY_VERIFY(list->isVisible());
    QTRY_VERIFY2(
        list->visualRect(box.model()->index(shown - 1, 0)).bottom() < list->viewport()->height(),
        qPrintable(
            QStringLiteral("%1, %2").arg(list->visualRect(box.model()->index(shown - 1, 0)).bottom()).arg(list->viewport()->height())));
    QVERIFY(!list->verticalScrollBar()->isVisible());
    box.hidePopup();
    box.addItem(QStringLiteral("another")); // later choices count as well
    if (box.count() > box.maxVisibleItems())
        return;
    QTest::mouseClick(&box, Qt::LeftButton);
    QTRY_VERIFY(list->isVisible());
    QTRY_VERIFY(list->visualRect(box.model()->index(choices, 0)).bottom() < list->viewport()->height());
    box.hidePopup();
}

QTEST_MAIN(tst_ChoiceBox)
#include "tst_ChoiceBox.moc"
