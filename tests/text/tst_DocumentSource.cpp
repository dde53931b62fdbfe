// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "GzipFixtures.h"
#include "TextFixtures.h"
#include "foundation/Error.h"

#include <algorithm>
#include <numeric>

using namespace secateur;

namespace {

using Documents = std::vector<std::string>;

} // namespace

class tst_DocumentSource : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    Documents read(const std::string &name, const std::string &content)
    {
        const auto file = test::write(m_folder, name, content);
        return readDocuments(std::span(&file, 1));
    }
    std::string failure(const std::string &name, const std::string &content)
    {
        return test::messageOf<Error>([&] { read(name, content); });
    }

private slots:
    void plainTextIsOneDocumentOfTheSameBytes()
    {
        const std::string content("\xEF\xBB\xBF"
                                  "a\r\nb\n\n\0c\xFF\n",
                                  13);
        QCOMPARE(read("a.txt", content), Documents{content});
        QCOMPARE(read("noname", content), Documents{content});
    }

    void jsonLinesGiveTheirTexts_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"a.jsonl", "a.json", "A.JSONL", "a.json.gz", "a.jsonl.GZ"})
            QTest::newRow(name) << name;
    }

    void jsonLinesGiveTheirTexts()
    {
        QFETCH(QString, name);
        const std::string lines = "{\"text\": \"one\\n\", \"url\": 1}\r\n\n  \n{\"text\": \"\"}\n{\"text\": \"zwei \\u00fc\"}";
        QCOMPARE(read(name.toStdString(), lines), (Documents{"one\n", "", "zwei ü"}));
    }

    void anotherFieldCanBeNamed()
    {
        const auto file =
            test::write(m_folder, "a.jsonl", "{\"text\": \"no\", \"content\": \"yes\"}\n{\"content\": null}\n{\"content\": \"\"}");
        QCOMPARE(readDocuments(std::span(&file, 1), "content"), (Documents{"yes", ""}));
    }

    void linesMayBeLongerThanWhatIsReadAtOnce()
    {
        const std::string large(700'000, 'x'), other(300'000, 'y');
        const std::string lines = "{\"text\": \"" + large + "\"}\n{\"text\": \"" + other + "\"}\n{\"text\": \"z\"}";
        QCOMPARE(read("long.jsonl", lines), (Documents{large, other, "z"}));
        QCOMPARE(read("long.jsonl.gz", test::gzip(lines)), (Documents{large, other, "z"}));
    }

    void aReaderStopsWhereItIsLeft()
    {
        DocumentReader reader({test::write(m_folder, "good.jsonl", "{\"text\": \"a\"}\nnot JSON\n")});
        QCOMPARE(reader.next(), std::optional<std::string>("a"));
        QVERIFY(!test::messageOf<Error>([&] { reader.next(); }).empty());
        QVERIFY(!test::messageOf<Error>([&] { DocumentReader({test::write(m_folder, "a.txt", "a"), "/nowhere/b.txt"}); }).empty());
    }

    void compressedFilesAreKnownByTheirBytes()
    {
        const std::string large(3'000'000, 'x');
        QCOMPARE(read("plain.txt", test::gzip("hello")), Documents{"hello"});
        QCOMPARE(read("large.txt.gz", test::gzip(large)), Documents{large});
        QCOMPARE(read("lines.jsonl.gz", test::gzip("{\"text\": \"a\"}\n{\"text\": \"b\"}\n")), (Documents{"a", "b"}));
        QCOMPARE(read("not-compressed.txt.gz", "hello"), Documents{"hello"});
    }

    void allMembersOfACompressedFileAreRead()
    {
        QCOMPARE(read("two.txt.gz", test::gzip("one ") + test::gzip("") + test::gzip("two")), Documents{"one two"});
        QCOMPARE(read("padded.txt.gz", test::gzip("one") + std::string(512, '\0')), Documents{"one"});
    }

    void filesFollowOneAnother()
    {
        const std::vector<std::filesystem::path> files{test::write(m_folder, "2.txt", "two"),
                                                       test::write(m_folder, "1.jsonl", "{\"text\": \"one\"}")};
        QCOMPARE(readDocuments(files), (Documents{"two", "one"}));
    }

    void damagedFilesAreNamed_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("message");
        const QByteArray good = "{\"text\": \"a\"}\n\n";
        QTest::newRow("bad JSON") << "a.jsonl" << good + "{\"text\": \n"
                                  << "a.jsonl', line 3 is not well-formed JSON";
        QTest::newRow("bad UTF-8") << "a.jsonl" << good + "{\"text\": \"\xFF\"}"
                                   << "a.jsonl', line 3 is not well-formed JSON";
        QTest::newRow("no object") << "a.jsonl" << good + "[\"a\"]"
                                   << "a.jsonl', line 3 is not a JSON object";
        QTest::newRow("pretty JSON") << "a.json" << QByteArray("[\n{\"text\": \"a\"}\n]") << "a.json', line 1 is not well-formed JSON";
        QTest::newRow("no text") << "a.jsonl" << good + "{\"txt\": \"a\"}"
                                 << "a.jsonl', line 3 has no field \"text\"";
        QTest::newRow("text is no string") << "a.jsonl" << good + "{\"text\": 3}"
                                           << "a.jsonl', line 3: the field \"text\" is not a string";
        QTest::newRow("empty text") << "a.txt" << QByteArray() << "a.txt' is empty";
        QTest::newRow("no lines") << "a.jsonl" << QByteArray("\n\n") << "a.jsonl' is empty";
        const QByteArray compressed = QByteArray::fromStdString(test::gzip("hello, hello, hello"));
        QTest::newRow("cut off") << "a.gz" << compressed.left(20) << "a.gz' is not a sound gzip file: it ends too early";
        QTest::newRow("only the magic bytes") << "a.gz" << compressed.left(2) << "a.gz' is not a sound gzip file: it ends too early";
        QByteArray wrong = compressed;
        wrong[wrong.size() - 6] = char(wrong[wrong.size() - 6] ^ 1);
        QTest::newRow("wrong checksum") << "a.gz" << wrong << "a.gz' is not a sound gzip file: incorrect data check";
        QTest::newRow("garbage behind") << "a.gz" << compressed + "x"
                                        << "a.gz' is not a sound gzip file: other data follow it";
        QTest::newRow("Parquet") << "a.parquet" << QByteArray("PAR1....")
                                 << (SECATEUR_HAS_PARQUET ? "a.parquet' cannot be read as Parquet: "
                                                          : "a.parquet' is a Parquet file, and this build has no Parquet support");
        QTest::newRow("packed Parquet") << "a.parquet.gz" << QByteArray::fromStdString(test::gzip("PAR1...."))
                                        << "a.parquet.gz' is a Parquet file that was packed by gzip";
        QTest::newRow("other fields") << "a.jsonl" << QByteArray("{\"txt\": \"a\", \"id\": 3}")
                                      << "a.jsonl', line 1 has no field \"text\"; it has 'id', 'txt'.";
        QTest::newRow("no fields") << "a.jsonl" << QByteArray("{}") << "a.jsonl', line 1 has no field \"text\"; it has none.";
    }

    void damagedFilesAreNamed()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        QFETCH(QString, message);
        VERIFY_CONTAINS(failure(name.toStdString(), content.toStdString()), message.toStdString());
    }

    void missingFilesAndFoldersAreNamed()
    {
        const std::filesystem::path missing = "/nowhere/text.txt";
        VERIFY_CONTAINS(test::messageOf<Error>([&] { readDocuments(std::span(&missing, 1)); }),
                        std::string("'/nowhere/text.txt' cannot be read"));
        const std::filesystem::path folder = m_folder.path().toStdString();
        VERIFY_CONTAINS(test::messageOf<Error>([&] { readDocuments(std::span(&folder, 1)); }), std::string("cannot be read"));
    }

    void aSeedGivesTheSameOrderOnEveryMachine()
    {
        Documents documents{"a", "b", "c", "d", "e", "f", "g", "h"};
        shuffleDocuments(documents, 0);
        QCOMPARE(documents, (Documents{"a", "b", "c", "d", "e", "f", "g", "h"}));
        shuffleDocuments(documents, 1);
        QCOMPARE(documents, (Documents{"e", "d", "c", "h", "f", "g", "a", "b"}));
    }

    void shufflingIsFair()
    {
        std::array<std::array<int, 4>, 4> counts{}; // of document, at place
        for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
            Documents documents{"0", "1", "2", "3"};
            shuffleDocuments(documents, seed);
            for (std::size_t place = 0; place < 4; ++place)
                ++counts[std::size_t(documents[place][0] - '0')][place];
        }
        for (const auto &places : counts) {
            for (const int count : places)
                QVERIFY2(count > 900 && count < 1100, qPrintable(QString::number(count))); // 3.6 standard deviations of 27
        }
    }
};

QTEST_GUILESS_MAIN(tst_DocumentSource)
#include "tst_DocumentSource.moc"
