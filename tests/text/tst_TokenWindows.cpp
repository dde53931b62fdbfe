// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenWindows.h"

#include "TextFixtures.h"
#include "foundation/Error.h"
#include "text/DocumentSource.h"

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
        QCOMPARE(windows.tokensInText, std::int64_t(ids.size()));
        QCOMPARE(windows.count(), std::int64_t(ids.size()) / 512);
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), ids.begin()));
        QVERIFY(std::ranges::equal(windows.window(3), std::span(ids).subspan(3 * 512, 512)));
    }

    void onlyTheWindowsWantedAreKept()
    {
        const TokenWindows windows = readWindows(m_tokenizer, settingsFor("a.txt", textOf(100), 3, 10));
        QCOMPARE(windows.count(), 3);
        QCOMPARE(windows.tokensInText, 100);
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
        QCOMPARE(windows.tokensInText, std::int64_t(ids.size()));
        QVERIFY(std::equal(windows.tokens.begin(), windows.tokens.end(), ids.begin()));
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

    void aTextThatIsTooShortIsAnErrorWithBothNumbers()
    {
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(1234), 32, 2048)),
                        std::string("The text 'a.txt' gives 1,234 tokens; 32 windows of 2048 need 65,536."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(99), 1, 100)),
                        std::string("The text 'a.txt' gives 99 tokens; one window of 100 needs 100."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(999), std::nullopt, 2048)),
                        std::string("The text 'a.txt' gives 999 tokens; one window of 2048 needs 2,048."));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), std::numeric_limits<std::int64_t>::max(), 4)),
                        std::string("gives 9 tokens"));
    }

    void senselessSettingsAreRefused()
    {
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), 0, 2)), std::string("number of windows is 0"));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), -3, 2)), std::string("number of windows is -3"));
        VERIFY_CONTAINS(failure(settingsFor("a.txt", textOf(9), 1, 1)), std::string("window of 1 tokens"));
        VERIFY_CONTAINS(failure(TextSettings{}), std::string("No text is given"));
    }
};

QTEST_GUILESS_MAIN(tst_TokenWindows)
#include "tst_TokenWindows.moc"
