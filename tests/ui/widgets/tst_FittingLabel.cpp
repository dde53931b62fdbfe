// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/FittingLabel.h"

#include <QHBoxLayout>
#include <QRegularExpression>
#include <QTest>

using namespace secateur::ui;

class TestFittingLabel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void longestTextThatFitsIsShown()
    {
        FittingLabel label;
        label.show(); // hidden widgets hear of their size late
        label.setTexts({"the removals are not searched yet", "estimate"});
        const int full = label.sizeHint().width();
        label.resize(full, 20);
        QCOMPARE(label.text(), "the removals are not searched yet");
        QVERIFY(label.toolTip().isEmpty());
        label.resize(full - 1, 20);
        QCOMPARE(label.text(), "estimate");
        QCOMPARE(label.toolTip(), "the removals are not searched yet");
        label.resize(full, 20);
        QVERIFY(label.toolTip().isEmpty());
        label.setToolTip("how it is counted"); // stays
        label.resize(full - 1, 20);
        QCOMPARE(label.toolTip(), "how it is counted");
        QCOMPARE(label.minimumSizeHint().width(), label.fontMetrics().horizontalAdvance("estimate"));
        QCOMPARE(label.accessibleName(), "the removals are not searched yet"); // whatever is seen
    }

    /// Beside it others keep what they need, and nothing stays empty while it is cut.
    void aStretchedLabelTakesWhatIsLeft()
    {
        QWidget row;
        auto *label = new FittingLabel;
        auto *other = new QLabel(QStringLiteral("others"));
        auto *layout = new QHBoxLayout(&row);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(0);
        layout->addWidget(other);
        layout->addStretch(1);
        label->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
        label->setLeastWidth(60);
        label->setTexts({QStringLiteral("a name of a plan that is far too long for the row that it stands in")});
        layout->addWidget(label, 1000);
        const int whole = label->sizeHint().width(), beside = other->sizeHint().width();
        QCOMPARE(label->minimumSizeHint().width(), 60);
        row.resize(beside + whole / 2, 20);
        row.show();
        QVERIFY(QTest::qWaitForWindowExposed(&row));
        QCOMPARE(other->width(), beside);
        QVERIFY2(label->width() >= whole / 2 - 2, qPrintable(QString::number(label->width())));
        QVERIFY(label->text().contains(QChar(0x2026)));
        row.resize(beside + whole + 100, 20);
        QCoreApplication::processEvents();
        QCOMPARE(label->width(), whole);
        QCOMPARE(label->text(), label->texts().constFirst());
    }

    void lastTextIsCutWhenNoneFits()
    {
        FittingLabel label;
        label.show(); // hidden widgets hear of their size late
        label.setTexts({"Parameters (layers)"});
        label.resize(60, 20);
        QVERIFY2(label.text().startsWith("Par") && label.text().contains(QChar(0x2026)) && label.text().endsWith(")"),
                 qPrintable(label.text()));
        QVERIFY(label.fontMetrics().horizontalAdvance(label.text()) <= 60);
        label.resize(400, 20);
        QCOMPARE(label.text(), "Parameters (layers)");
    }
};

QTEST_MAIN(TestFittingLabel)
#include "tst_FittingLabel.moc"
