// SPDX-License-Identifier: GPL-3.0-or-later
// Files that pyarrow wrote (tests/fixtures/make_parquet.py).
#include "text/ParquetTexts.h"

#include "TextFixtures.h"
#include "foundation/Error.h"
#include "text/DocumentSource.h"

#include <dlfcn.h>

using namespace secateur;

namespace {

using Documents = std::vector<std::string>;

const std::filesystem::path kFolder = SECATEUR_FIXTURES "/parquet";

Documents read(const std::filesystem::path &file, const std::string &column = "text")
{
    return readDocuments(std::span(&file, 1), column);
}

/// What is in most of the files.
Documents expected()
{
    Documents documents;
    std::ifstream lines(kFolder / "documents.jsonl");
    for (std::string line; std::getline(lines, line);)
        documents.push_back(nlohmann::json::parse(line)["text"]);
    return documents;
}

std::string failure(const std::filesystem::path &file, const std::string &column = "text")
{
    return test::messageOf<Error>([&] { read(file, column); });
}

} // namespace

class tst_ParquetTexts : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

private slots:
    void rowsAreDocumentsInTheirOrder_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4", "dictionary-encoded", "dictionary",
                                 "large-string", "string-view", "row-groups", "checksums", "pages-v2"})
            QTest::newRow(name) << name + QString(".parquet");
    }

    void rowsAreDocumentsInTheirOrder()
    {
        QFETCH(QString, name);
        QCOMPARE(expected().size(), 17U);
        QCOMPARE(read(kFolder / name.toStdString()), expected());
    }

    void aFileIsKnownByItsBytes()
    {
        const auto copy = test::write(m_folder, "train-00000", test::contentOf(kFolder / "snappy.parquet"));
        QCOMPARE(read(copy), expected());
    }

    void rowsThatAreNullArePassedOver()
    {
        QCOMPARE(read(kFolder / "nulls.parquet"), expected());
        QCOMPARE(read(kFolder / "nulls.parquet", "of dictionary"), expected());
        VERIFY_CONTAINS(failure(kFolder / "only-nulls.parquet"), std::string("only-nulls.parquet' holds no text"));
        VERIFY_CONTAINS(failure(kFolder / "no-rows.parquet"), std::string("no-rows.parquet' holds no text"));
    }

    void aColumnCanBeNamed()
    {
        QCOMPARE(read(kFolder / "other-name.parquet", "content"), expected());
        QCOMPARE(read(kFolder / "snappy.parquet", "title").at(7), std::string("title 7"));
    }

    void columnsWithoutTextsAreRefusedByName_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("column");
        QTest::addColumn<QString>("message");
        QTest::newRow("missing") << "other-name.parquet"
                                 << "text"
                                 << "other-name.parquet' has no column 'text'; it has 'id', 'content', 'title'.";
        QTest::newRow("of a struct") << "kinds.parquet"
                                     << "meta.text"
                                     << "has no column 'meta.text'; it has 'meta', 'tags', 'number', 'raw', 'numbers in a dictionary'.";
        QTest::newRow("struct") << "kinds.parquet"
                                << "meta"
                                << "The column 'meta' of '" + QString::fromStdString((kFolder / "kinds.parquet").string()) +
                                       "' is nested (struct)";
        QTest::newRow("list") << "kinds.parquet"
                              << "tags"
                              << "is nested (list)";
        QTest::newRow("number") << "kinds.parquet"
                                << "number"
                                << "holds no texts (int64)";
        QTest::newRow("bytes") << "kinds.parquet"
                               << "raw"
                               << "holds no texts (binary)";
        QTest::newRow("dictionary") << "kinds.parquet"
                                    << "numbers in a dictionary"
                                    << "holds no texts (int64";
        QTest::newRow("twice") << "twice.parquet"
                               << "text"
                               << "twice.parquet' has 2 columns of the name 'text'";
    }

    void columnsWithoutTextsAreRefusedByName()
    {
        QFETCH(QString, file);
        QFETCH(QString, column);
        QFETCH(QString, message);
        VERIFY_CONTAINS(failure(kFolder / file.toStdString(), column.toStdString()), message.toStdString());
    }

    void bytesThatAreNoUtf8AreAnError()
    {
        VERIFY_CONTAINS(failure(kFolder / "bad-utf8.parquet"), std::string("bad-utf8.parquet' cannot be read as Parquet: "));
    }

    void cutFilesAreNamed_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"checksums.parquet", "snappy.parquet", "row-groups.parquet", "dictionary.parquet"})
            QTest::newRow(name) << name;
    }

    void cutFilesAreNamed()
    {
        QFETCH(QString, name);
        const std::string content = test::contentOf(kFolder / name.toStdString());
        for (std::size_t length = 4; length < content.size(); length += 13) {
            const auto file = test::write(m_folder, "cut.parquet", content.substr(0, length));
            VERIFY_CONTAINS(failure(file), std::string("cut.parquet' cannot be read as Parquet: "));
        }
    }

    void changedFilesGiveAnErrorOrDocuments_data() { cutFilesAreNamed_data(); }

    void changedFilesGiveAnErrorOrDocuments()
    {
        QFETCH(QString, name);
        const std::string content = test::contentOf(kFolder / name.toStdString());
        int errors = 0;
        for (std::size_t place = 4; place < content.size(); ++place) {
            std::string changed = content;
            changed[place] = char(changed[place] ^ (place % 2 == 0 ? 0xFF : 0x01));
            const auto file = test::write(m_folder, "changed.parquet", changed);
            const std::string message = failure(file);
            QVERIFY2(message.empty() || message.find("changed.parquet'") != std::string::npos, qPrintable(QString::fromStdString(message)));
            errors += message.empty() ? 0 : 1;
        }
        QVERIFY(errors > 0);
    }

    void changedTextsAreFoundByTheirChecksum()
    {
        std::string content = test::contentOf(kFolder / "checksums.parquet");
        const std::size_t place = content.find("There was once");
        QVERIFY(place != std::string::npos);
        content[place] = 'W';
        VERIFY_CONTAINS(failure(test::write(m_folder, "checksum.parquet", content)),
                        std::string("checksum.parquet' cannot be read as Parquet: "));
    }

    void rowsStayUnderTheLimitOfMemory()
    {
        const auto file = kFolder / "many-groups.parquet";
        QVERIFY(!readDocuments(std::span(&file, 1), "text", {.bytes = 64 << 20}).empty());
        VERIFY_CONTAINS(test::messageOf<Error>([&] { readDocuments(std::span(&file, 1), "text", {.bytes = 40'000}); }),
                        std::string("many-groups.parquet' needs more memory to be read than the 20.0 kB"));
    }

    void otherFilesOfThatNameAreRefused()
    {
        VERIFY_CONTAINS(failure(test::write(m_folder, "pointer.parquet", "version https://git-lfs.github.com/spec/v1\n")),
                        std::string("pointer.parquet' is a Git LFS pointer"));
        VERIFY_CONTAINS(failure(test::write(m_folder, "secret.parquet", "PARE....PARE")), std::string("is an encrypted Parquet file"));
    }

    void theProgramsOwnHashesStayWithTheSystemsOpenSsl()
    {
        // libparquet shows an OpenSSL of its own, which must not come before that of the system.
        Dl_info info{};
        QVERIFY(dladdr(dlsym(RTLD_DEFAULT, "EVP_DigestInit_ex"), &info) != 0);
        VERIFY_CONTAINS(std::string(info.dli_fname), std::string("libcrypto.so"));
    }
};

QTEST_GUILESS_MAIN(tst_ParquetTexts)
#include "tst_ParquetTexts.moc"
