// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Quantity.h"

#include <QLocale>
#include <QRegularExpression>
#include <QTest>

using namespace secateur::ui;

class TestQuantity : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression(".*")); }

    void shortNumbers_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        QTest::newRow("small count") << countText(978) << "978";
        QTest::newRow("thousands") << countText(5285) << "5.29 k";
        QTest::newRow("millions") << countText(66'442'560) << "66.4 M";
        QTest::newRow("billions") << countText(8'030'261'248) << "8.03 G";
        QTest::newRow("bytes") << bytesText(512) << "512 B";
        QTest::newRow("kilobytes") << bytesText(19'968) << "20.0 kB";
        QTest::newRow("megabytes") << bytesText(189'400'000) << "189.4 MB";
        QTest::newRow("exact") << exactText(66'442'560) << "66,442,560";
        QTest::newRow("share") << percentText(0.6367) << "63.7 %";
        QTest::newRow("less") << changeText(106.2, 66.4) << "−37.5 %";
        QTest::newRow("more") << changeText(18.9, 84.1) << "+345 %";
        QTest::newRow("same") << changeText(23'040, 23'040) << "±0 %";
        QTest::newRow("hardly more") << changeText(1, 1.0004) << "+0.04 %";
        QTest::newRow("loss") << signedText(-0.13571, 4) << "−0.1357";
        QTest::newRow("low perplexity") << perplexityText(8.4149) << "8.41";
        QTest::newRow("perplexity") << perplexityText(84.125) << "84.1";
        QTest::newRow("high perplexity") << perplexityText(2204.4) << "2,204";
    }

    void shortNumbers()
    {
        QFETCH(QString, text);
        QFETCH(QString, expected);
        QCOMPARE(text.replace(QChar(0xa0), ' '), expected); // units do not break away from their numbers
    }

    void estimatesAreMarkedAndSaidInWords()
    {
        QCOMPARE(estimated("1 min 10 s"), QString("~1 min 10 s").replace(' ', QChar(0xa0)));
        QCOMPARE(spoken(estimated("1 min 10 s") + ", " + estimated(bytesText(1'700'000'000)) + " of memory"),
                 "about 1 min 10 s, about 1.70 GB of memory");
        QCOMPARE(spoken("Kept in ~/texts, " + percentText(0.5)), "Kept in ~/texts, " + percentText(0.5)); // no estimate: as it is
    }
};

QTEST_MAIN(TestQuantity)
#include "tst_Quantity.moc"
