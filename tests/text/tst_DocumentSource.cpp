// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "TextFixtures.h"
#include "foundation/Error.h"

#include <algorithm>
#include <numeric>
#include <zlib.h>

using namespace secateur;

namespace {

using Documents = std::vector<std::string>;

std::string gzip(const std::string &content)
{
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    std::string result(deflateBound(&stream, uLong(content.size())), '\0');
    stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(content.data()));
    stream.avail_in = uInt(content.size());
    stream.next_out = reinterpret_cast<Bytef *>(result.data());
    stream.avail_out = uInt(result.size());
    deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

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

    void compressedFilesAreKnownByTheirBytes()
    {
        const std::string large(3'000'000, 'x');
        QCOMPARE(read("plain.txt", gzip("hello")), Documents{"hello"});
        QCOMPARE(read("large.txt.gz", gzip(large)), Documents{large});
        QCOMPARE(read("lines.jsonl.gz", gzip("{\"text\": \"a\"}\n{\"text\": \"b\"}\n")), (Documents{"a", "b"}));
        QCOMPARE(read("not-compressed.txt.gz", "hello"), Documents{"hello"});
    }

    void allMembersOfACompressedFileAreRead()
    {
        QCOMPARE(read("two.txt.gz", gzip("one ") + gzip("") + gzip("two")), Documents{"one two"});
        QCOMPARE(read("padded.txt.gz", gzip("one") + std::string(512, '\0')), Documents{"one"});
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
        const QByteArray compressed = QByteArray::fromStdString(gzip("hello, hello, hello"));
        QTest::newRow("cut off") << "a.gz" << compressed.left(20) << "a.gz' is not a sound gzip file: it ends too early";
        QTest::newRow("only the magic bytes") << "a.gz" << compressed.left(2) << "a.gz' is not a sound gzip file: it ends too early";
        QByteArray wrong = compressed;
        wrong[wrong.size() - 6] = char(wrong[wrong.size() - 6] ^ 1);
        QTest::newRow("wrong checksum") << "a.gz" << wrong << "a.gz' is not a sound gzip file: incorrect data check";
        QTest::newRow("garbage behind") << "a.gz" << compressed + "x"
                                        << "a.gz' is not a sound gzip file: other data follow it";
        QTest::newRow("Parquet") << "a.parquet" << QByteArray("PAR1....") << "a.parquet' is a Parquet file";
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
