// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenWindows.h"

#include "GzipFixtures.h"
#include "TextFixtures.h"
#include "foundation/Error.h"
#include "text/DocumentSource.h"

#include <stop_token>

using namespace secateur;

class tst_TokenWindows : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    Tokenizer m_tokenizer = Tokenizer::fromFile(SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json");

    TextSettings settingsFor(const std::string &name, const std::string &content, std::optional<std::int64_t> windows, std::int64_t length)
    {
        return {.files = {test::write(m_folder, name, content)}, .windows = windows, .length = length};
    }
    std::string failure(const TextSettings &settings)
    {
        return test::messageOf<Error>([&] { readWindows(m_tokenizer, settings); });
    }
    /// A text of exactly `count` tokens.
    std::string textOf(std::int64_t count) const
    {
        std::string text;
        for (std::int64_t i = 0; i < count; ++i)
            text += i % 2 == 0 ? "." : "\n";
        return text;
    }

private slots:
    void windowsFollowOneAnotherAndTheTailIsDropped()
    {
        const std::string text = test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt");
        const auto ids = m_tokenizer.encode(text);
        const TokenWindows windows = readWindows(m_tokenizer, settingsFor("oz.txt", text, std::nullopt, 512));
        QCOMPARE(windows.length, 512);
        QCOMPARE(windows.tokensRead, std::int64_t(ids.size()));
        QCOMPARE(windows.count(), std::int64_t(ids.size()) / 512);
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), ids.begin()));
        QVERIFY(std::ranges::equal(windows.window(3), std::span(ids).subspan(3 * 512, 512)));
    }

    void onlyTheWindowsWantedAreKept()
    {
        const TokenWindows windows = readWindows(m_tokenizer, settingsFor("a.txt", textOf(100), 3, 10));
        QCOMPARE(windows.count(), 3);
        QCOMPARE(windows.tokensRead, 100);
    }

    void theTextMayBeJustLongEnough()
    {
        QCOMPARE(readWindows(m_tokenizer, settingsFor("a.txt", textOf(30), 3, 10)).count(), 3);
        QVERIFY(!failure(settingsFor("a.txt", textOf(29), 3, 10)).empty());
    }

    void documentsAreJoinedByABlankLine()
    {
        const auto settings = settingsFor("a.jsonl", "{\"text\": \"One fine day\"}\n{\"text\": \"the king\"}", std::nullopt, 2);
        const TokenWindows windows = readWindows(m_tokenizer, settings);
        const auto ids = m_tokenizer.encode("One fine day\n\nthe king");
        QCOMPARE(windows.tokensRead, std::int64_t(ids.size()));
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), ids.begin()));
    }

    void theSameDocumentsGiveTheSameHashWhateverHoldsThem_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"documents.jsonl", "documents.jsonl.gz"})
            QTest::newRow(name) << name;
#if SECATEUR_HAS_PARQUET
        for (const char *name :
             {"uncompressed", "snappy", "gzip", "zstd", "dictionary-encoded", "dictionary", "large-string", "row-groups", "nulls"})
            QTest::newRow(name) << name + QString(".parquet");
#endif
    }

    void theSameDocumentsGiveTheSameHashWhateverHoldsThem()
    {
        // Many of them are empty, as the rows of WikiText, and count as blank lines.
        QFETCH(QString, name);
        const std::filesystem::path folder = SECATEUR_FIXTURES "/parquet";
        auto file = folder / name.toStdString();
        if (name == "documents.jsonl.gz")
            file = test::write(m_folder, name.toStdString(), test::gzip(test::contentOf(folder / "documents.jsonl")));
        const auto expected = test::jsonOf(folder / "expected.json");
        const TokenWindows windows = readWindows(m_tokenizer, {.files = {file}, .windows = 1, .length = expected["count"]});
        QCOMPARE(windows.tokensRead, expected["count"].get<std::int64_t>());
        QCOMPARE(windows.hash, expected["sha256"].get<std::string>());
    }

    void aFewWindowsNeedOnlyTheBeginningOfAText()
    {
        std::string lines;
        const std::string story = test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt").substr(0, 4000);
        for (int i = 0; i < 300; ++i)
            lines += nlohmann::json{{"text", std::to_string(i) + story}}.dump() + '\n';
        const TokenWindows whole = readWindows(m_tokenizer, settingsFor("whole.jsonl", lines, std::nullopt, 64));
        for (const std::int64_t count : {1, 40, 400, 2000}) {
            // What lies behind is not looked at, be it damaged.
            const TokenWindows windows = readWindows(m_tokenizer, settingsFor("damaged.jsonl", lines + "no JSON\n", count, 64));
            QCOMPARE(windows.count(), count);
            QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), whole.tokens.begin()));
            QVERIFY(windows.tokensRead < whole.tokensRead);
        }
        TextSettings settings = settingsFor("damaged.jsonl", lines + "no JSON\n", std::nullopt, 64);
        VERIFY_CONTAINS(failure(settings),
                        std::string("is not valid JSON: there is a mistake at line 301")); // all windows, so all of the text
        settings.windows = 1;
        settings.seed = 1; // any of the documents may come first
        VERIFY_CONTAINS(failure(settings), std::string("is not valid JSON: there is a mistake at line 301"));
    }

    void aFewWindowsNeedOnlyTheFirstRowGroups()
    {
        if (!SECATEUR_HAS_PARQUET)
            QSKIP("This build refuses Parquet files.");
        std::string content = test::contentOf(SECATEUR_FIXTURES "/parquet/many-groups.parquet");
        TextSettings settings = settingsFor("whole.parquet", content, 10, 64);
        const TokenWindows windows = readWindows(m_tokenizer, settings);
        const std::size_t late = content.size() * 3 / 5; // in one of the last row groups, which the footer follows
        for (std::size_t i = 0; i < 3000; ++i)
            content[late + i] = char(~content[late + i]);
        settings = settingsFor("damaged.parquet", content, 10, 64);
        QCOMPARE(readWindows(m_tokenizer, settings).hash, windows.hash);
        settings.windows.reset();
        VERIFY_CONTAINS(failure(settings), std::string("damaged.parquet' cannot be read as Parquet"));
    }

    void aFewWindowsNeedOnlyTheBeginningOfALongDocument()
    {
        std::string text;
        for (int i = 0; i < 500; ++i)
            text += std::to_string(i) + test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt").substr(0, 4000);
        const auto ids = m_tokenizer.encode(text);
        const TokenWindows windows = readWindows(m_tokenizer, settingsFor("long.txt", text + '\0', 40, 64));
        QCOMPARE(windows.count(), 40);
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), ids.begin()));
        QVERIFY(windows.tokensRead < std::int64_t(ids.size()));
        VERIFY_CONTAINS(failure(settingsFor("long.txt", text + '\0', std::nullopt, 64)), std::string("byte 0x00"));
    }

    void aFewWindowsOfAShuffledTextAreThoseOfTheWhole()
    {
        std::string lines;
        const std::string story = test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt").substr(0, 4000);
        for (int i = 0; i < 300; ++i)
            lines += nlohmann::json{{"text", std::to_string(i) + story}}.dump() + '\n';
        TextSettings settings = settingsFor("whole.jsonl", lines, std::nullopt, 64);
        settings.seed = 3;
        const TokenWindows whole = readWindows(m_tokenizer, settings);
        settings.windows = 40;
        const TokenWindows windows = readWindows(m_tokenizer, settings);
        QCOMPARE(windows.count(), 40);
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), whole.tokens.begin()));
    }

    void textsStayUnderTheirLimitOfMemory()
    {
        const TextLimits limits{.bytes = 8 << 20};
        const auto failureOf = [&](TextSettings settings, std::uint64_t seed) {
            settings.seed = seed;
            return test::messageOf<Error>([&] { readWindows(m_tokenizer, settings, limits); });
        };
        std::string empty, story;
        for (int i = 0; i < 1'000'000; ++i)
            empty += "{\"text\": \"\"}\n";
        for (int i = 0; i < 500; ++i)
            story += test::contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt").substr(0, 4000);
        const auto blank = settingsFor("empty.jsonl.gz", test::gzip(empty), 1, 16); // 13 MB of nothing
        VERIFY_CONTAINS(failureOf(blank, 0),
                        std::string("The text 'empty.jsonl.gz' needs more memory than the 8.39 MB that there are for it"));
        VERIFY_CONTAINS(failureOf(blank, 1), std::string("The text 'empty.jsonl.gz' is too large to be shuffled"));
        const auto line = settingsFor("line.jsonl.gz", test::gzip("{\"text\": \"" + std::string(30 << 20, 'a') + "\"}\n"), 1, 16);
        VERIFY_CONTAINS(failureOf(line, 0), std::string("line.jsonl.gz', line 1 is longer than 1.05 MB"));
        VERIFY_CONTAINS(failureOf(settingsFor("word.txt", std::string(1 << 20, 'a'), std::nullopt, 16), 0),
                        std::string("'word.txt' needs more memory"));
        VERIFY_CONTAINS(failureOf(settingsFor("story.txt", story, std::nullopt, 16), 0), std::string("'story.txt' needs more memory"));
        VERIFY_CONTAINS(failureOf(settingsFor("story.txt", story, std::nullopt, 16), 0), std::string("(--windows)"));
        QCOMPARE(failureOf(settingsFor("story.txt", story, 10, 16), 0), std::string()); // its beginning is enough
        QCOMPARE(failureOf(settingsFor("story.txt", story.substr(0, 1'000'000), std::nullopt, 16), 0), std::string()); // fits
        QCOMPARE(failureOf(settingsFor("story.txt", story.substr(0, 1'000'000), std::nullopt, 16), 7), std::string());
    }

    void readingAndTokenisingCanBeStopped()
    {
        std::stop_source stop;
        stop.request_stop();
        const JobContext context(stop.get_token());
        QVERIFY_EXCEPTION_THROWN(readWindows(m_tokenizer, settingsFor("a.txt", textOf(100), 3, 10), {}, context), Cancelled);
        std::string nothing; // gigabytes of which take megabytes
        for (int i = 0; i < 100'000; ++i)
            nothing += i % 2 == 0 ? "{\"text\": null}\n" : "\n";
        QVERIFY_EXCEPTION_THROWN(readWindows(m_tokenizer, settingsFor("null.jsonl.gz", test::gzip(nothing), 3, 10), {}, context),
                                 Cancelled);
        int heard = 0;
        const std::string text = textOf(200'000);
        QVERIFY_EXCEPTION_THROWN(m_tokenizer.encode(text,
                                                    [&](std::size_t, std::size_t) {
                                                        if (++heard == 3)
                                                            throw Cancelled();
                                                    }),
                                 Cancelled);
        QCOMPARE(heard, 3);
    }

    void theReportTellsWhatWasRead()
    {
        const TokenWindows windows =
            readWindows(m_tokenizer, settingsFor("a.jsonl", "{\"text\": \"Once upon a time\"}\n{\"text\": \"\"}", 2, 2));
        QCOMPARE(windows.report.files.size(), 1U);
        QCOMPARE(windows.report.files[0].firstLine(), std::string("Once upon a time"));
        QCOMPARE(windows.report.files[0].documents, 2);
        QCOMPARE(windows.report.tokens, windows.tokensRead);
        QCOMPARE(windows.report.windows, 2);
        QCOMPARE(windows.report.length, 2);
    }

    void theSeedOrdersTheDocuments()
    {
        std::string lines;
        for (int i = 0; i < 20; ++i)
            lines += "{\"text\": \"Once upon a time " + std::to_string(i) + "\"}\n";
        TextSettings settings = settingsFor("a.jsonl", lines, std::nullopt, 8);
        const TokenWindows unshuffled = readWindows(m_tokenizer, settings);
        settings.seed = 5;
        const TokenWindows shuffled = readWindows(m_tokenizer, settings);
        QVERIFY(shuffled.hash != unshuffled.hash);
        std::vector<std::string> documents = readDocuments(settings.files);
        shuffleDocuments(documents, 5);
        std::string joined = documents[0];
        for (std::size_t i = 1; i < documents.size(); ++i)
            joined += "\n\n" + documents[i];
        const auto ids = m_tokenizer.encode(joined);
        QVERIFY(std::equal(shuffled.tokens.begin(), shuffled.tokens.end(), ids.begin()));
    }

    void theHashIsThatOfTheKeptIds()
    {
        const TokenWindows windows = readWindows(m_tokenizer, settingsFor("a.txt", "Once upon a time", 2, 2));
        QVERIFY(std::ranges::max(windows.tokens) > 255); // so that the order of bytes matters
        QByteArray bytes;
        for (const TokenId id : windows.tokens) {
            const auto value = qToLittleEndian(id);
            bytes.append(reinterpret_cast<const char *>(&value), 4);
        }
        QCOMPARE(bytes.size(), 16);
        QCOMPARE(QByteArray::fromStdString(windows.hash), QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
    }

    void blanksAreNoText()
    {
        VERIFY_CONTAINS(failure(settingsFor("a.txt", " \n\n ", std::nullopt, 2)), std::string("a.txt' holds no text."));
    }

    void aPastedTextIsNotCalledByItsFile()
    {
        VERIFY_CONTAINS(failure(settingsFor("pasted-Once-1f0c99ab.txt", "Once", 4, 16)), std::string("The pasted text gives "));
    }

    void aTextThatIsTooShortIsAnErrorWithBothNumbers()
    {
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(1234), 32, 2048)),
                        std::string("The text 'a.txt' gives 1,234 tokens; 32 windows of 2048 need 65,536."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(99), 1, 100)),
                        std::string("The text 'a.txt' gives 99 tokens; 1 window of 100 needs 100."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(999), std::nullopt, 2048)),
                        std::string("The text 'a.txt' gives 999 tokens; 1 window of 2048 needs 2,048."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), std::numeric_limits<std::int64_t>::max(), 4)),
                        std::string("gives 9 tokens"));
    }

    void aTextThatIsTooShortTellsHowManyWindowsItGives()
    {
        const auto given = [this](std::int64_t tokens) {
            try {
                readWindows(m_tokenizer, settingsFor("a.txt", textOf(tokens), 32, 100));
            } catch (const ShortText &problem) {
                return std::to_string(problem.windows()) + ": " + problem.hint();
            }
            return std::string();
        };
        QCOMPARE(given(250), std::string("2: Add text, or use 2 windows."));
        QCOMPARE(given(199), std::string("1: Add text, or use 1 window."));
        QCOMPARE(given(99), std::string("0: Add text, or choose shorter windows."));
        QCOMPARE(given(3200), std::string());
    }

    void sizesTellTokensRoughly()
    {
        TextSettings text = settingsFor("a.txt", std::string(4000, 'x'), 1, 8);
        QCOMPARE(roughTokens(text), 1000);
        text.files.push_back(test::write(m_folder, "b.json.gz", std::string(4000, 'x'))); // packed
        QCOMPARE(roughTokens(text), 4000);
        QCOMPARE(roughWindows(text), 1); // as it asks for
        text.windows.reset();
        QCOMPARE(roughWindows(text), 500);
        text.files = {"/no/such/file.txt"};
        QCOMPARE(roughTokens(text), 0);
        QCOMPARE(roughWindows(text), 1);
    }

    void senselessSettingsAreRefused()
    {
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), 0, 2)), std::string("number of windows is 0"));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), -3, 2)), std::string("number of windows is -3"));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), 1, 1)), std::string("window of 1 token is too short"));
        VERIFY_CONTAINS(failure(TextSettings{}), std::string("No text is given"));
        TextSettings nameless = settingsFor("a.txt", textOf(9), 1, 2);
        nameless.column.clear();
        VERIFY_CONTAINS(failure(nameless), std::string("column of the texts has no name"));
    }
};

QTEST_GUILESS_MAIN(tst_TokenWindows)
#include "tst_TokenWindows.moc"
