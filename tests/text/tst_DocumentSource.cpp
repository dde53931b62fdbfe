// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "GzipFixtures.h"
#include "TextFixtures.h"
#include "foundation/Error.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <sstream>

using namespace secateur;

namespace {

using Documents = std::vector<std::string>;

const std::filesystem::path kTexts = SECATEUR_FIXTURES "/texts"; // by make_texts.py

Documents readFixture(const std::string &name)
{
    const auto file = kTexts / name;
    return readDocuments(std::span(&file, 1));
}

/// What the packed files hold, in order.
Documents packed()
{
    Documents documents;
    std::istringstream lines(test::contentOf(kTexts / "documents.jsonl"));
    for (std::string line; std::getline(lines, line);)
        documents.push_back(nlohmann::json::parse(line)["text"]);
    return documents;
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
    void noMoreOfEachFileThanAreWanted()
    {
        const auto lines = test::write(m_folder, "three.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n");
        const auto whole = test::write(m_folder, "whole.txt", "d");
        DocumentReader reader({lines, whole, lines}, "text", {}, 2);
        for (const char *expected : {"a", "b", "d", "a", "b"})
            QCOMPARE(reader.next(), std::optional<std::string>(expected));
        QCOMPARE(reader.next(), std::optional<std::string>());
    }

    void plainTextIsOneDocumentOfTheSameBytes()
    {
        const std::string content = "a\r\nb\n\n\x01\x7F\u00fc\U0001f9d9\r\n \n";
        QCOMPARE(read("a.txt", content), Documents{content});
        QCOMPARE(read("noname", content), Documents{content});
        QCOMPARE(read("marked.txt", "\xEF\xBB\xBF" + content), Documents{content}); // a byte order mark is no part of the text
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

    void nullsAreCounted()
    {
        DocumentReader reader(
            {test::write(m_folder, "a.jsonl", "{\"text\": null}\n{\"text\": \"one\"}\n{\"text\": \"\"}\n{\"text\": null}\n"),
             test::write(m_folder, "b.json", "[null, \"two\", {\"text\": null}, null]")});
        while (reader.next())
            continue;
        const auto &reports = reader.reports();
        QCOMPARE(reports.size(), 2U);
        QCOMPARE(reports[0].documents, 2);
        QCOMPARE(reports[0].nulls, 2);
        QCOMPARE(reports[1].documents, 1);
        QCOMPARE(reports[1].nulls, 3);
        QCOMPARE(
            linesOf({.files = {reports[0]}, .tokens = 9, .windows = 1, .length = 8}),
            std::vector<std::string>{"a.jsonl (JSON lines, UTF-8): \"one\", 2 documents without text (null) left out, 1 window of 8 tokens "
                                     "(9 tokens read)"});
        VERIFY_CONTAINS(failure("c.jsonl", "{\"text\": null}\n"), std::string("c.jsonl' holds no text; what it has is null: 1 document."));
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
                                  << "a.jsonl' is not valid JSON: there is a mistake at line 3, column 10";
        QTest::newRow("bad UTF-8") << "a.jsonl" << good + "{\"text\": \"\xFF\"}"
                                   << "a.jsonl' is not valid UTF-8: byte 0xFF at offset 25; it may be";
        QTest::newRow("no object") << "a.jsonl" << good + "[\"a\"]"
                                   << "a.jsonl', line 3 is not a JSON object";
        QTest::newRow("no text") << "a.jsonl" << good + "{\"txt\": \"a\"}"
                                 << "a.jsonl', line 3 has no field \"text\"";
        QTest::newRow("text is no string") << "a.jsonl" << good + "{\"text\": 3}"
                                           << "a.jsonl', line 3: the field \"text\" is not a string";
        QTest::newRow("empty text") << "a.txt" << QByteArray() << "a.txt' holds no text";
        QTest::newRow("only empty documents") << "a.jsonl" << QByteArray("{\"text\": \"\"}\n{\"text\": \"\"}\n")
                                              << "a.jsonl' holds no text";
        QTest::newRow("a table") << "a.csv" << QByteArray("text,label\n\"a\",b\n") << "a.csv' is a table (CSV), which is not read";
        QTest::newRow("a packed table") << "a.CSV.gz" << QByteArray::fromStdString(test::gzip("text,label\n\"a\",b\n"))
                                        << "a.CSV.gz' is a table (CSV), which is not read";
        QTest::newRow("blank text") << "a.txt" << QByteArray(" \n\n\t\r\n") << "a.txt' holds no text";
        QTest::newRow("only blank documents") << "a.jsonl" << QByteArray("{\"text\": \" \"}\n{\"text\": \"\\n\"}\n")
                                              << "a.jsonl' holds no text";
        QTest::newRow("pasted") << "pasted-Once-upon-1f0c99ab.txt" << QByteArray("{\"text\": \"a\"}\n{\"txt\": \"a\"}\n")
                                << "The pasted text, line 2 has no field";
        QTest::newRow("no lines") << "a.jsonl" << QByteArray("\n\n") << "a.jsonl' holds no text";
        const QByteArray compressed = QByteArray::fromStdString(test::gzip("hello, hello, hello"));
        QTest::newRow("cut off") << "a.gz" << compressed.left(20) << "a.gz' is not a sound gzip file: it ends too early";
        QTest::newRow("only the magic bytes") << "a.gz" << compressed.left(2) << "a.gz' is not a sound gzip file: it ends too early";
        QByteArray wrong = compressed;
        wrong[wrong.size() - 6] = char(wrong[wrong.size() - 6] ^ 1);
        QTest::newRow("wrong checksum") << "a.gz" << wrong << "a.gz' is not a sound gzip file: its checksum is wrong";
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
                        std::string("'/nowhere/text.txt' cannot be read: "));
        const std::filesystem::path folder = m_folder.path().toStdString();
        VERIFY_CONTAINS(test::messageOf<Error>([&] { readDocuments(std::span(&folder, 1)); }), std::string("is a folder, not a file"));
    }

    void packedFilesGiveWhatPythonPacked_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"documents.jsonl", "documents.jsonl.gz", "documents.jsonl.zst", "frames.jsonl.zst", "documents.jsonl.xz",
                                 "streams.jsonl.xz", "documents.jsonl.bz2", "streams.jsonl.bz2", "utf-16-le.jsonl.gz"})
            QTest::newRow(name) << name;
    }

    void packedFilesGiveWhatPythonPacked()
    {
        QFETCH(QString, name);
        const Documents documents = readFixture(name.toStdString());
        QCOMPARE(documents.size(), 51U);
        QCOMPARE(documents, packed());
        const auto unnamed = test::write(m_folder, "unnamed", test::contentOf(kTexts / name.toStdString()));
        QCOMPARE(readDocuments(std::span(&unnamed, 1)), documents); // what it is, its bytes say
    }

    void packedFilesThatAreDamagedAreNamed()
    {
        for (const std::string name : {"documents.jsonl.gz", "documents.jsonl.zst", "documents.jsonl.xz", "documents.jsonl.bz2"}) {
            const bool isGzip = name.ends_with(".gz"); // of two members: it may end between them
            const std::string good = isGzip ? test::gzip(test::contentOf(kTexts / "documents.jsonl")) : test::contentOf(kTexts / name);
            for (std::size_t length = 14; length < good.size(); length += 7)
                VERIFY_CONTAINS(failure(name, good.substr(0, length)), std::string("ends too early"));
            VERIFY_CONTAINS(failure(name, good + "x"), std::string("other data follow it"));
            for (std::size_t at = 40; at < good.size(); at += 7) { // as good as always found by a checksum; read without harm in any case
                std::string wrong = good;
                wrong[at] = char(~wrong[at]);
                QVERIFY(!failure(name, wrong).empty());
            }
        }
    }

    void encodedTextsGiveWhatPythonEncoded_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"text", "utf-8-mark", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
            QTest::newRow(name) << name;
    }

    void encodedTextsGiveWhatPythonEncoded()
    {
        QFETCH(QString, name);
        QCOMPARE(readFixture(name.toStdString() + ".txt"), Documents{test::contentOf(kTexts / "text.txt")});
    }

    void charactersMayBeCutAnywhere()
    {
        // Blocks are 256 KiB: whatever stands at their border, in every encoding.
        constexpr std::size_t kBlock = std::size_t(1) << 18;
        const std::string text = test::contentOf(kTexts / "text.txt");
        for (std::size_t shift = 0; shift < 24; ++shift) {
            const std::string large = std::string(kBlock - shift, 'x') + text + std::string(kBlock - text.size(), 'y') + text;
            QCOMPARE(read("cut.txt", large), Documents{large});
        }
        for (const std::string name : {"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"}) {
            const std::size_t width = name.starts_with("utf-16") ? 2 : 4;
            const bool isLittle = name.ends_with("le");
            const std::string encoded = test::contentOf(kTexts / (name + ".txt"));
            std::string x(width, '\0');
            x[isLittle ? 0 : width - 1] = 'x';
            for (std::size_t shift = 0; shift < 12; ++shift) {
                const std::size_t count = kBlock / width - shift - 1;
                std::string large = encoded.substr(0, width);
                for (std::size_t i = 0; i < count; ++i)
                    large += x;
                QCOMPARE(read("cut.txt", large + encoded.substr(width)), Documents{std::string(count, 'x') + text});
            }
        }
    }

    void whatIsNoTextIsNamed()
    {
        const auto expected = test::jsonOf(kTexts / "other" / "expected.json");
        QVERIFY(expected.size() >= 20);
        for (const auto &[name, words] : expected.items()) {
            const auto file = kTexts / "other" / name;
            const std::string message = test::messageOf<Error>([&] { readDocuments(std::span(&file, 1), "text", {.bytes = 300'000'000}); });
            for (const std::string word : words)
                VERIFY_CONTAINS(message, word);
            VERIFY_CONTAINS(message, "'" + file.string() + "' ");
        }
    }

    void binaryFilesAreNamed_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("name");
        const QByteArray nul(1, '\0');
        QTest::newRow("PDF") << QByteArray("%PDF-1.7\n%\xE2\xE3") << "a PDF document";
        QTest::newRow("Arrow") << "ARROW1" + QByteArray(2, '\0') << "an Arrow (Feather) file";
        QTest::newRow("Arrow stream") << QByteArray("\xFF\xFF\xFF\xFF\x10") << "a stream of Arrow";
        QTest::newRow("HDF5") << QByteArray("\x89HDF\r\n\x1A\n") << "an HDF5 file";
        QTest::newRow("7z") << QByteArray("7z\xBC\xAF\x27\x1C") << "a 7z archive";
        QTest::newRow("rar") << QByteArray("Rar!\x1A\x07\x01") << "a rar archive";
        QTest::newRow("LZ4") << QByteArray("\x04\x22\x4D\x18") << "packed by LZ4";
        QTest::newRow("safetensors") << QByteArray("\x40\0\0\0\0\0\0\0{\"__metadata__\":{}}", 26) << "a safetensors file";
        QTest::newRow("GGUF") << QByteArray("GGUF\x03\0\0\0\x01\0\0\0", 12) << "a GGUF model";
        QTest::newRow("PNG") << QByteArray("\x89PNG\r\n\x1A\n") << "a PNG image";
        QTest::newRow("JPEG") << QByteArray("\xFF\xD8\xFF\xE0") << "a JPEG image";
        QTest::newRow("ELF") << QByteArray("\x7F"
                                           "ELF\x02\x01")
                             << "a program (ELF)";
        QTest::newRow("Windows") << "MZ\x90" + QByteArray(20, '\0') << "a program (Windows)";
        QTest::newRow("old Office") << QByteArray("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") << "an Office document";
        QTest::newRow("RTF") << QByteArray("{\\rtf1\\ansi}") << "an RTF document";
        QTest::newRow("LFS") << QByteArray("version https://git-lfs.github.com/spec/v1\noid sha256:1\n") << "a Git LFS pointer";
        QTest::newRow("NUL") << "some words" + nul + "and others"
                             << "is not text: byte 0x00 at offset 10";
        QTest::newRow("late NUL") << QByteArray(300'000, 'a') + nul << "is not text: byte 0x00 at offset 300,000";
        QTest::newRow("numbers") << QByteArray("\x01\x02\x03\x04\xFF\x05") << "is not text: byte 0xFF at offset 4";
        QTest::newRow("cut off") << QByteArray("na\xC3") << "byte 0xC3 at offset 2 begins a character that is cut off";
        QTest::newRow("damaged") << QByteArray("na\xC3\xAFve caf\xE9!") << "byte 0xE9 at offset 10, though UTF-8 is before it";
        QTest::newRow("overlong") << QByteArray("a\xC0\x80") << "at offset 1 0xC0 0x80 is a NUL as Java's modified UTF-8";
        QTest::newRow("surrogates in UTF-8") << QByteArray("a\xED\xA0\x80") << "at offset 1 0xED 0xA0 0x80 is half of a surrogate pair";
        QTest::newRow("half a pair") << QByteArray("\xFF\xFE"
                                                   "a\0\x3D\xD8 \0",
                                                   8)
                                     << "half of a surrogate pair (0x3D 0xD8) at offset 4";
        QTest::newRow("half a pair at the end") << QByteArray("\xFE\xFF\xD8\x3D") << "half of a surrogate pair (0xD8 0x3D) at offset 2";
        QTest::newRow("other half") << QByteArray("\xFF\xFE\x3D\xDC") << "half of a surrogate pair (0x3D 0xDC) at offset 2";
        QTest::newRow("half a unit") << QByteArray("\xFF\xFE"
                                                   "a\0b",
                                                   5)
                                     << "the beginning of a character (0x62) at offset 4";
        QTest::newRow("NUL in UTF-16") << QByteArray("\xFF\xFE"
                                                     "a\0\0\0",
                                                     6)
                                       << "a NUL (0x00 0x00) at offset 4";
        QTest::newRow("beyond Unicode") << QByteArray("\0\0\xFE\xFF\0\x11\0\0", 8) << "what is no character (0x00 0x11 0x00 0x00)";
    }

    void binaryFilesAreNamed()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, name);
        VERIFY_CONTAINS(failure("some.txt", content.toStdString()), name.toStdString());
    }

    void placesInPackedFilesAreOfWhatWasUnpacked()
    {
        VERIFY_CONTAINS(failure("a.txt.gz", test::gzip("caf\xE9 au lait")), std::string("byte 0xE9 at offset 3 of what was unpacked"));
    }

    void ordinaryTextsArePlain_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("C") << QByteArray("{\n    int x;\n}\n");
        QTest::newRow("template") << QByteArray("{{ title }}\n{% if x %}\n");
        QTest::newRow("template of JSON") << QByteArray("{\"name\": {{ name }}}\nand so on\n");
        QTest::newRow("JSON in front") << QByteArray("{\"title\": \"A tale\"}\nOnce upon a time.\n");
        QTest::newRow("illustration") << QByteArray("[Illustration]\n\nALICE");
        QTest::newRow("footnote") << QByteArray("[1] As it is written.\n[2] Ibidem.\n");
        QTest::newRow("array in front") << QByteArray("[1, 2 and 3]\n");
        QTest::newRow("link") << QByteArray("[a link](https://example.org)\n");
        QTest::newRow("INI") << QByteArray("[section]\nkey=1\n");
        QTest::newRow("quoted") << QByteArray("[\"Hello,\" he said.]\n");
        QTest::newRow("YAML") << QByteArray("- a: 1\n  b: [1, 2]\n");
        QTest::newRow("CSV") << QByteArray("id,text\r\n1,\"a, b\"\r\n");
        QTest::newRow("TSV") << QByteArray("id\ttext\n1\ta\n");
        QTest::newRow("a piece of HTML") << QByteArray("<p>a</p>\n<p>b</p>\n"); // a whole page is refused: other/page.txt
        QTest::newRow("Markdown") << QByteArray("# Title \xF0\x9F\xA7\x99\n\n* a\n");
        QTest::newRow("colours of a terminal") << QByteArray("\x1B[31mred\x1B(B\x1B[m\n");
        QTest::newRow("old Mac") << QByteArray("a\rb\r");
        QTest::newRow("initials of binary files") << QByteArray("BMW, MZ and PKZIP\n");
        QTest::newRow("only a bracket") << QByteArray("[");
        QTest::newRow("only a brace") << QByteArray("{");
    }

    void ordinaryTextsArePlain()
    {
        QFETCH(QByteArray, content);
        QCOMPARE(read("some.txt", content.toStdString()), Documents{content.toStdString()});
    }

    void jsonIsKnownByItsContent_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"a.ndjson", "a.jsonlines", "a.jl", "a.txt", "a", "a.json.bak", "train"})
            QTest::newRow(name) << name;
    }

    void jsonIsKnownByItsContent()
    {
        QFETCH(QString, name);
        const std::string file = name.toStdString();
        QCOMPARE(read(file, "\n {\"text\": \"one\"}\n\n{\"text\": \"two\"}\n"), (Documents{"one", "two"}));
        QCOMPARE(read(file, "{\"text\": \"one\"}\r{\"text\": \"two\"}\r"), (Documents{"one", "two"})); // of an old Mac
        QCOMPARE(read(file, "{\"text\": \"one\"}"), Documents{"one"});
        QCOMPARE(read(file, "[{\"text\": \"one\"}, {\"text\": null}, {\"text\": \"two\"}]"), (Documents{"one", "two"}));
        QCOMPARE(read(file, "[\n  {\n    \"text\": \"a, ]}\\\"[\"\n  }\n]\n"), Documents{"a, ]}\"["});
        QCOMPARE(read(file, "[\"one\",\n\"two\", null]"), (Documents{"one", "two"}));
        VERIFY_CONTAINS(failure(file, "{\"text\": \"one\"}\n{\"text\": two}\n"), std::string("mistake at line 2, column 11"));
        VERIFY_CONTAINS(failure(file, "{\"text\": one}\n{\"text\": \"two\"}\n"), std::string("mistake at line 1, column 10"));
        VERIFY_CONTAINS(failure(file, "{\"text\": \"one\"}\n{\"messages\": []}\n"), std::string("it has 'messages'"));
        VERIFY_CONTAINS(failure(file, "{\n  \"text\": \"one\"\n}\n"), std::string("objects go over several lines"));
        VERIFY_CONTAINS(failure(file, "{\"data\": [\n{\"text\": \"one\"}]\n}\n"), std::string("its field 'data' holds a list of objects"));
        VERIFY_CONTAINS(failure(file, "[1, 2, 3]\n"), std::string("element 1 (line 1) is a number"));
        VERIFY_CONTAINS(failure(file, "[[\"a\"], [\"b\"]]"), std::string("element 1 (line 1) is a list"));
        VERIFY_CONTAINS(failure(file, "[\"a\",\n\"b\", 3]"), std::string("element 3 (line 2) is a number"));
        VERIFY_CONTAINS(failure(file, "[{\"text\": \"a\"},\n{\"txt\": \"b\"}]"),
                        std::string("element 2 (line 2) has no field \"text\"; it has 'txt'"));
        VERIFY_CONTAINS(failure(file, "[{\"text\": \"a\"},\n {\"text\": \"b\"}, {\"text\": b}]"),
                        std::string("mistake at line 2, column 26"));
        VERIFY_CONTAINS(failure(file, "[{\"text\": \"a\"}, {\"text\": \"b\"} {}]"), std::string("no comma behind element 2 (line 1)"));
        VERIFY_CONTAINS(failure(file, "[{\"text\": \"a\"}, {\"text\": \"b\"},"),
                        std::string("ends in the middle of its JSON array, behind element 2"));
        VERIFY_CONTAINS(failure(file, "[{\"text\": \"a\"}, {\"text\": \"b\"}, {\"te"), std::string("ends in the middle of element 3"));
        VERIFY_CONTAINS(failure(file, "[\"a\", \"b\"]\n[\"c\"]"), std::string("something follows the JSON array, on line 2"));
        VERIFY_CONTAINS(failure(file, "[]"), std::string("holds no text"));
    }

    void jsonMayHoldWhatPythonWrites()
    {
        QCOMPARE(read("a.jsonl", "{\"score\": NaN, \"text\": \"a\"}\n{\"text\": \"b\", \"n\": [-Infinity, Infinity]}"),
                 (Documents{"a", "b"}));
        QCOMPARE(read("a.jsonl", "{\"text\": \"cut \\ud83d off\"}"), Documents{"cut \uFFFD off"});
        QCOMPARE(read("a.jsonl", "{\"text\": \"\\ud83e\\uddd9\", \"n\": 1e999}"), Documents{"\U0001f9d9"});
    }

    void valuesThatAreTooDeepAreRefused()
    {
        for (const int levels : {513, 200'000}) { // as many as end the program where it recurses
            const std::string deep = std::string(std::size_t(levels), '[') + std::string(std::size_t(levels), ']');
            const std::string document = "{\"text\": \"a\", \"n\": " + deep + "}";
            VERIFY_CONTAINS(failure("a.jsonl", document), std::string("is nested too deeply"));
            VERIFY_CONTAINS(failure("a.json", "[" + document + "]"), std::string("is nested too deeply"));
            VERIFY_CONTAINS(failure("a.json", "[{\"text\": \"a\"}, " + deep + "]"), std::string("is nested too deeply"));
            if (levels > 1000)
                QCOMPARE(read("a.txt", deep), Documents{deep});
        }
        const std::string flat = "{\"text\": \"a\", \"n\": [" + std::string(1000, ' ') + "[], [], []]}";
        std::string many = "{\"text\": \"a\", \"n\": [[]";
        for (int i = 0; i < 1000; ++i)
            many += ", []"; // many brackets are not deep
        QCOMPARE(read("a.jsonl", flat + "\n" + many + "]}"), (Documents{"a", "a"}));
    }

    void largeArraysAreReadElementByElement()
    {
        std::string array = "[";
        for (int i = 0; i < 5000; ++i)
            array += (i == 0 ? "" : ",\n ") + nlohmann::json{{"text", std::to_string(i) + std::string(200, 'x')}}.dump();
        const TextLimits limits{.bytes = 1 << 20}; // 128 KiB a document; the array has a megabyte
        const auto file = test::write(m_folder, "large.json", array + "]");
        const Documents documents = readDocuments(std::span(&file, 1), "text", limits);
        QCOMPARE(documents.size(), 5000U);
        QVERIFY(documents.back().starts_with("4999x"));
    }

    void documentsThatAreTooLongAreNamed()
    {
        const TextLimits limits{.bytes = 1 << 20}; // 131.1 kB a document
        const auto failureOf = [&](const std::string &name, const std::string &content) {
            const auto file = test::write(m_folder, name, content);
            return test::messageOf<Error>([&] { readDocuments(std::span(&file, 1), "text", limits); });
        };
        const std::string lines = "{\"text\": \"a\"}\n{\"text\": \"" + std::string(1'000'000, 'b') + "\"}\n";
        VERIFY_CONTAINS(failureOf("long.jsonl", lines), std::string("long.jsonl', line 2 is longer than 131.1 kB"));
        VERIFY_CONTAINS(failureOf("long.json", "[\"a\", \"" + std::string(1'000'000, 'b') + "\"]"),
                        std::string("long.json', element 2 (line 1) is longer than 131.1 kB"));
        VERIFY_CONTAINS(failureOf("long.txt", std::string(1'000'000, 'b')), std::string("long.txt' is longer than 131.1 kB"));
    }

    void markupInPlainTextIsText()
    {
        for (const std::string text : {"<p>Once upon a time</p>", "<headline>Kings</headline>", "Look at <html>.",
                                       "<!-- a note --> and a text", "<!-- never ends", "<"})
            QCOMPARE(read("a.txt", text), Documents{text});
        QCOMPARE(read("a.jsonl", "{\"text\": \"<!DOCTYPE html><html></html>\"}"), Documents{"<!DOCTYPE html><html></html>"});
    }

    void mistakesMayStandAnywhere()
    {
        // Blocks are 256 KiB: what is no UTF-8 is named as itself at their border, too.
        constexpr std::size_t kBlock = std::size_t(1) << 18;
        for (std::size_t before = kBlock - 8; before <= kBlock; ++before) {
            const std::string start(before, 'x');
            VERIFY_CONTAINS(failure("cesu.txt", start + "\xED\xA0\xBD\xED\xB1\x91 king"), std::string("CESU-8"));
            VERIFY_CONTAINS(failure("half.txt", start + "\xED\xA0\xBD king"), std::string("half of a surrogate pair"));
            VERIFY_CONTAINS(failure("end.txt", start + "\xED\xA0\xBD"), std::string("half of a surrogate pair"));
        }
    }

    void randomBytesDoNoHarm()
    {
        std::mt19937 random(1);
        const Documents seeds{
            test::contentOf(kTexts / "documents.jsonl.zst"),    test::contentOf(kTexts / "documents.jsonl.xz"),
            test::contentOf(kTexts / "documents.jsonl.bz2"),    test::contentOf(kTexts / "documents.jsonl").substr(0, 600),
            "[{\"text\": \"a\"}, {\"text\": \"b\"}]",           test::contentOf(kTexts / "utf-16-be.txt").substr(0, 600),
            test::contentOf(kTexts / "text.txt").substr(0, 600)};
        for (int i = 0; i < 3000; ++i) {
            std::string content = seeds[random() % seeds.size()];
            for (std::size_t changes = random() % 8; changes > 0; --changes)
                content[random() % content.size()] = char(random());
            content.resize(random() % 4 == 0 ? random() % content.size() : content.size());
            failure(i % 2 == 0 ? "random" : "random.json", content); // an Error or documents, nothing else
        }
    }

    void reportsTellWhatFilesAre()
    {
        DocumentReader reader(
            {kTexts / "frames.jsonl.zst", kTexts / "utf-16-be.txt", test::write(m_folder, "a.json", "[\"\", \"\\n a\\tb\\u202ec\"]")});
        while (reader.next())
            continue;
        const auto &reports = reader.reports();
        QCOMPARE(reports.size(), 3U);
        QCOMPARE(reports[0].kind, std::string("zstd, JSON lines, UTF-8"));
        QCOMPARE(reports[0].firstLine(), std::string("Document 0: once upon a time there was a king. Grüße, 你好 \U0001f9d9"));
        QCOMPARE(reports[0].documents, 51);
        QVERIFY(reports[0].hasColumns && !reports[1].hasColumns && reports[2].hasColumns);
        QCOMPARE(reports[1].kind, std::string("plain text, UTF-16 BE"));
        QCOMPARE(reports[1].firstLine(), std::string("Once upon a time."));
        QCOMPARE(reports[1].documents, 1);
        QCOMPARE(reports[2].kind, std::string("JSON array, UTF-8"));
        QCOMPARE(reports[2].firstLine(), std::string("a b?c"));
        QCOMPARE(reports[0].firstLines.size(), 3U);
        TextFileReport pieces{.file = {}, .kind = {}};
        for (const char *piece : {"\r\n one \n", "\t\n", "two\rthree\nfour"})
            pieces.add({piece, false});
        QCOMPARE(pieces.firstLines, (std::vector<std::string>{"one ", "two", "three"}));
        QCOMPARE(shownLine(std::string(100, 'x')), std::string(60, 'x') + "…");
        QCOMPARE(linesOf({.files = {reports[1]}, .tokens = 70234, .windows = 34, .length = 2048}),
                 std::vector<std::string>{
                     "utf-16-be.txt (plain text, UTF-16 BE): \"Once upon a time.\", 34 windows of 2,048 tokens (70,234 tokens read)"});
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
