// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/RegularExpression.h"

#include "../text/TextFixtures.h"
#include "foundation/Error.h"

using namespace secateur;

class tst_RegularExpression : public QObject {
    Q_OBJECT

private slots:
    void patternsMeanWhatOnigurumaMeans_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("begin"); // in bytes; -1 = no match
        QTest::addColumn<int>("end");
        QTest::newRow("white space") << R"(\s+)" << QString::fromUtf8("a\u0085\u2028\u3000b") << 1 << 9;
        QTest::newRow("U+180E is no white space") << R"(\s)" << QString::fromUtf8("a\u180Eb") << -1 << -1;
        QTest::newRow("not white space in brackets") << R"([^\s]+)" << QString::fromUtf8(" \u180E ") << 1 << 4;
        QTest::newRow("word characters have marks") << R"(\w+)" << QString::fromUtf8("-e\u0301\u203F²") << 1 << 9;
        QTest::newRow("no word character") << R"(\W)" << QString::fromUtf8("aé-") << 3 << 4;
        QTest::newRow("hexadecimal digit") << R"(\h+)" << QString::fromUtf8("\tg1aF") << 2 << 5;
        QTest::newRow("script, not its extensions") << R"(\p{Han}+)" << QString::fromUtf8("。名") << 3 << 6;
        QTest::newRow("not a script") << R"(\p{^Han})" << QString::fromUtf8("名。") << 3 << 6;
        QTest::newRow("at most") << R"(b[0-9]{,2}c)" << QStringLiteral("ab12c") << 1 << 5; // Oniguruma: {0,2}
        QTest::newRow("posix brackets") << R"([[:punct:]x]+)" << QString::fromUtf8("a+x¬") << 1 << 5;
        QTest::newRow("line ends") << R"(^b$)" << QString::fromUtf8("a\nb\nc") << 2 << 3;
        QTest::newRow("a dot stops at line feeds only") << R"(.+)" << QString::fromUtf8("\na\r\nb") << 1 << 3;
        QTest::newRow("bracket that comes first") << R"([]a]+)" << QString::fromUtf8("b]a") << 1 << 3;
        QTest::newRow("caseless with long s") << R"((?i:'s))" << QString::fromUtf8("'ſ") << 0 << 3;
        QTest::newRow("look-ahead ends with the text") << R"(\s+(?!\S))" << QString::fromUtf8("a  ") << 1 << 3;
    }

    void patternsMeanWhatOnigurumaMeans()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(int, begin);
        QFETCH(int, end);
        const auto match = RegularExpression(pattern.toStdString()).find(text.toStdString(), 0);
        QCOMPARE(match ? int(match->begin) : -1, begin);
        QCOMPARE(match ? int(match->end) : -1, end);
    }

    void aLiteralHasNoSyntax()
    {
        const auto match = RegularExpression::literal("a+[").find("aa+[", 0);
        QVERIFY(match);
        QCOMPARE(match->begin, std::size_t(1));
    }

    void unsupportedSyntaxIsRefusedByName_data()
    {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("what");
        QTest::newRow("intersection") << "[a&&b]"
                                      << "&&";
        QTest::newRow("nested brackets") << "[a[b]]"
                                         << "brackets inside brackets";
        QTest::newRow("flag m") << "(?m:.)"
                                << "(?m)";
        QTest::newRow("negated class in brackets") << R"([\W])"
                                                   << R"(\W)";
        QTest::newRow("posix bracket") << "[[:cntrl:]]"
                                       << "[:cntrl:]";
        QTest::newRow("keep out") << R"(a\Kb)"
                                  << R"(\K)";
        QTest::newRow("malformed") << "(a"
                                   << "(a";
        QTest::newRow("unknown property") << R"(\p{Nonsense})"
                                          << "Nonsense";
    }

    void unsupportedSyntaxIsRefusedByName()
    {
        QFETCH(QString, pattern);
        QFETCH(QString, what);
        VERIFY_CONTAINS(test::messageOf<Error>([&] { RegularExpression(pattern.toStdString()); }), what.toStdString());
    }

    void aLongMatchDoesNotExhaustTheStack()
    {
        const std::string text(1 << 20, 'a');
        const auto match = RegularExpression("(?:a|b)+(?!x)").find(text, 0);
        QVERIFY(match);
        QCOMPARE(match->end, text.size());
    }
};

QTEST_GUILESS_MAIN(tst_RegularExpression)
#include "tst_RegularExpression.moc"
