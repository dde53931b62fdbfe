// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Utf8.h"

#include <QtTest>

using namespace secateur;

class tst_Utf8 : public QObject {
    Q_OBJECT

private slots:
    void codePointsComeBack()
    {
        for (char32_t point = 0; point <= 0x10FFFF; point += point < 0x11000 ? 1 : 97) {
            if (point >= 0xD800 && point < 0xE000)
                continue;
            std::string text;
            appendUtf8(text, point);
            QCOMPARE(firstIllFormed(text), text.size());
            QCOMPARE(nextCodePoint(text, 0), text.size());
            QCOMPARE(codePointAt(text, 0), point);
            for (std::size_t length = 1; length < text.size(); ++length)
                QVERIFY(isCutOff(text.substr(0, length), 0));
            QVERIFY(!isCutOff(text, 0));
        }
        for (const char *bad : {"\xC0", "\xE0\x80", "\xED\xA0", "\xF4\x90", "\xFF", "\x80"})
            QVERIFY(!isCutOff(bad, 0));
    }

    void illFormedTextIsReplacedByMaximalSubparts_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("replaced");
        const QByteArray r = "\xEF\xBF\xBD";
        QTest::newRow("empty") << QByteArray() << QByteArray();
        QTest::newRow("well-formed") << QByteArray("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99z")
                                     << QByteArray("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99z");
        QTest::newRow("stray continuation") << QByteArray("a\x80\x80z") << QByteArray("a" + r + r + "z");
        QTest::newRow("cut off at the end") << QByteArray("a\xF0\x9F\xA6") << QByteArray("a" + r);
        QTest::newRow("cut off by a letter") << QByteArray("\xE2\x82z") << QByteArray(r + "z");
        QTest::newRow("overlong") << QByteArray("\xC0\xAF\xE0\x80\x80") << QByteArray(r + r + r + r + r);
        QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << QByteArray(r + r + r);
        QTest::newRow("above U+10FFFF") << QByteArray("\xF4\x90\x80\x80\xF5") << QByteArray(r + r + r + r + r);
        // Table 3-8 of the Unicode standard.
        QTest::newRow("table 3-8") << QByteArray("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                                                 "A")
                                   << QByteArray(r + r + r + r + "A");
        QTest::newRow("after eight ASCII bytes") << QByteArray("12345678\xFF"
                                                               "12345678")
                                                 << QByteArray("12345678" + r + "12345678");
    }

    void illFormedTextIsReplacedByMaximalSubparts()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QByteArray, replaced);
        QCOMPARE(QByteArray::fromStdString(replaceIllFormed(bytes.toStdString())), replaced);
        QCOMPARE(firstIllFormed(bytes.toStdString()) == std::size_t(bytes.size()), bytes == replaced);
        QCOMPARE(firstIllFormed(replaced.toStdString()), std::size_t(replaced.size()));
    }

    void codePointsAreReadForwardsAndBackwards()
    {
        const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99";
        const std::vector<char32_t> expected{U'a', U'\u00E9', U'\u20AC', U'\U0001F999'};
        std::vector<char32_t> forwards;
        for (std::size_t i = 0; i < text.size(); i = nextCodePoint(text, i))
            forwards.push_back(codePointAt(text, i));
        QCOMPARE(forwards, expected);
        std::vector<char32_t> backwards;
        for (std::size_t i = text.size(); i > 0;) {
            i = previousCodePoint(text, i);
            backwards.insert(backwards.begin(), codePointAt(text, i));
        }
        QCOMPARE(backwards, expected);
    }
};

QTEST_GUILESS_MAIN(tst_Utf8)
#include "tst_Utf8.moc"
