// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/PastedText.h"

#include "TextFixtures.h"
#include "foundation/Error.h"

using namespace secateur;

class tst_PastedText : public QObject {
    Q_OBJECT

private slots:
    void namesTellTheFirstWords_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("words");
        QTest::newRow("words") << "Once upon a time"
                               << "Once upon a time";
        QTest::newRow("blank lines in front") << "\n\n  Once\tupon\nA second line"
                                              << "Once upon";
        QTest::newRow("signs") << "\"Well,\" he said -- no?"
                               << "Well he said no";
        QTest::newRow("a path") << "../../etc/passwd"
                                << "etc passwd";
        QTest::newRow("other scripts") << "Grüße aus Köln, 你好"
                                       << "Grüße aus Köln 你好";
        QTest::newRow("typographic") << "“Once…” — said"
                                     << "Once said";
        QTest::newRow("signs alone") << "+++ !!"
                                     << "text";
        QTest::newRow("long") << QString("word ").repeated(40) << "word word word word word word word word";
        QTest::newRow("long, without spaces") << QString(100, QChar(0x4F60)) << QString(13, QChar(0x4F60)); // whole characters
    }

    void namesTellTheFirstWords()
    {
        QFETCH(QString, text);
        QFETCH(QString, words);
        QTemporaryDir folder;
        const std::filesystem::path place = std::filesystem::path(folder.path().toStdString()) / "state" / "texts"; // made when needed
        const std::filesystem::path file = keepPastedText(text.toStdString(), place);
        QCOMPARE(file.parent_path(), place);
        QCOMPARE(test::contentOf(file), text.toStdString());
        QCOMPARE(QString::fromStdString(pastedWords(file).value_or("none")), words);
    }

    void theSameTextIsTheSameFile()
    {
        QTemporaryDir folder;
        const std::filesystem::path place = folder.path().toStdString();
        const auto one = keepPastedText("Once upon a time", place), other = keepPastedText("Once upon a time.", place);
        QVERIFY(one != other);
        const auto time = std::filesystem::last_write_time(one);
        QCOMPARE(keepPastedText("Once upon a time", place), one);
        QVERIFY(std::filesystem::last_write_time(one) == time); // nothing to write
        test::write(folder, one.filename().string(), "cut");    // by somebody else
        QCOMPARE(keepPastedText("Once upon a time", place), one);
        QCOMPARE(test::contentOf(one), std::string("Once upon a time"));
    }

    void otherFilesHaveNoWords()
    {
        for (const char *name : {"grimm.txt", "pasted-.txt", "pasted-1f0c99ab.txt", "pasted-a-1f0c99ab.md", "pasted-a_1f0c99ab.txt", ""})
            QVERIFY2(!pastedWords(name), name);
        QCOMPARE(pastedWords("/x/pasted-a-b-1f0c99ab.txt").value_or(""), std::string("a b"));
    }

    void problemsAreNamed()
    {
        QTemporaryDir folder;
        const std::filesystem::path place = folder.path().toStdString();
        VERIFY_CONTAINS(test::messageOf<Error>([&] { keepPastedText(" \n\t", place); }), std::string("is blank"));
        QVERIFY(std::filesystem::is_empty(place));
        const auto file = test::write(folder, "file", "x");
        VERIFY_CONTAINS(test::messageOf<Error>([&] { keepPastedText("a", file / "texts"); }), std::string("cannot be made"));
    }
};

QTEST_GUILESS_MAIN(tst_PastedText)
#include "tst_PastedText.moc"
