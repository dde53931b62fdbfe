// SPDX-License-Identifier: GPL-3.0-or-later
// What Python's str makes of texts (as Python 3.11 gives it), and what becomes of them in prompts.
#include <QtTest>

#include "foundation/Utf8.h"
#include "tasks/PythonStrings.h"
#include "tasks/TaskPrompts.h"

#include <algorithm>
#include <array>

using namespace secateur;

class tst_TaskPrompts : public QObject {
    Q_OBJECT

private slots:
    void whiteSpaceIsPythons()
    {
        constexpr std::array<char32_t, 29> kSpaces = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,   0x1D,   0x1E,   0x1F,   0x20,
                                                      0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
                                                      0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
        for (char32_t point = 1; point < 0x110000; ++point) {
            if (point >= 0xD800 && point < 0xE000)
                continue;
            std::string character, text = "x";
            appendUtf8(character, point);
            text += character;
            const bool isSpace = std::ranges::find(kSpaces, point) != kSpaces.end();
            if (stripped(character).empty() != isSpace || (lengthWithoutSpaceBehind(text) == 1) != isSpace)
                QFAIL(qPrintable(QString::number(uint(point), 16)));
        }
        QCOMPARE(stripped("\u3000 a \u2003 b\n"), std::string_view("a \u2003 b"));
    }

    void capitalsArePythons_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("capitalised");
        const auto row = [](const char *text, const char *capitalised) {
            QTest::newRow(text) << QString::fromUtf8(text) << QString::fromUtf8(capitalised);
        };
        row("", "");
        row("he sits. AND", "He sits. and");
        row("éLÈVE ΑΣ dort", "Élève ας dort"); // a sigma at the end of a word
        row("ǆUNGLA ß", "ǅungla ß");           // title case is not upper case
        row("ßx", "Ssx");
        row("ŉA", "ʼNa");
        row("ﬁX", "Fix");
        row("İA", "İa");
        row("Σ", "Σ");
        row("aΣ", "Aς");
        row("aΣa", "Aσa");
        row("ᾳΑ", "ᾼα");
        row("1ABC", "1abc");
        row(" ABC", " abc"); // the first character, not the first letter
        row("'TIS", "'tis");
    }

    void capitalsArePythons()
    {
        QFETCH(QString, text);
        QFETCH(QString, capitalised);
        QCOMPARE(QString::fromStdString(secateur::capitalised(text.toStdString())), capitalised);
    }

    void tagsOfHellaSwagAreCutOut()
    {
        QCOMPARE(withoutTags("[substeps] Sweep."), std::string(" Sweep.")); // ends are stripped before
        QCOMPARE(withoutTags(" a [title] b "), std::string("a. b"));
        QCOMPARE(withoutTags("a   b"), std::string("a  b")); // one pass
        QCOMPARE(withoutTags("a [b [c] d] e"), std::string("a d] e"));
        QCOMPARE(withoutTags("[open\n] x [y"), std::string("[open\n] x [y")); // not across lines
    }

    void charactersAreCodePoints()
    {
        const std::vector<TaskChoice> choices = arcChoices("q", {"H₂O", "日本", "", " x"});
        QCOMPARE(choices[0].characters, 3);
        QCOMPARE(choices[1].characters, 2);
        QCOMPARE(choices[2].characters, 0);
        QCOMPARE(choices[3].characters, 2);
        QCOMPARE(choices[3].continuation, std::string("  x"));
        QCOMPARE(hellaSwagChoices("A", "b.", "", {"[x] y", "z"})[0].characters, 2); // of the prepared ending
    }

    void aSentenceNeedsABlank()
    {
        QVERIFY(!winoGrandeChoices(std::string("no blank"), {"a", "b"}));
        const auto choices = winoGrandeChoices(std::string("x _'s y _ "), {"a", "b"});
        QCOMPARE((*choices)[1].context, std::string("x b"));
        QCOMPARE((*choices)[1].continuation, std::string(" 's y _"));
    }
};

QTEST_GUILESS_MAIN(tst_TaskPrompts)
#include "tst_TaskPrompts.moc"
