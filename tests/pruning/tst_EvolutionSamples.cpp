// SPDX-License-Identifier: GPL-3.0-or-later
#include "../text/TextFixtures.h"

#include "foundation/Error.h"
#include "pruning/EvolutionSamples.h"
#include "text/DocumentSource.h"

#include <algorithm>
#include <stop_token>

using namespace secateur;
using namespace secateur::test;

class tst_EvolutionSamples : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    Tokenizer m_tokenizer = Tokenizer::fromFile(SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json");

    std::filesystem::path linesOf(const std::vector<std::string> &documents)
    {
        std::string lines;
        for (const std::string &document : documents)
            lines += nlohmann::json{{"text", document}}.dump() + "\n";
        return write(m_folder, "documents.jsonl", lines);
    }
    EvolutionSamples samplesOf(const std::vector<std::filesystem::path> &files, std::int64_t length, std::int64_t tokens,
                               const TextLimits &limits = {}, std::uint64_t seed = 0) const
    {
        return readEvolutionSamples(m_tokenizer, {.files = files, .windows = {}, .seed = seed}, length, tokens, limits);
    }
    /// The rule, document by document.
    std::vector<TokenId> expectedOf(const std::vector<std::string> &documents, std::size_t length, std::size_t samples) const
    {
        std::vector<TokenId> all, sample;
        for (const std::string &document : documents) {
            if (all.size() == samples * length)
                break;
            const auto ids = m_tokenizer.encode(document), blank = m_tokenizer.encode("\n\n");
            sample.insert(sample.end(), ids.begin(), ids.end());
            if (sample.size() >= length) {
                all.insert(all.end(), sample.begin(), sample.begin() + std::ptrdiff_t(length));
                sample.clear();
            } else {
                sample.insert(sample.end(), blank.begin(), blank.end());
            }
        }
        return all;
    }
    /// Paragraphs of a real text, of 10 to 3,000 characters.
    std::vector<std::string> paragraphs() const
    {
        std::string text = contentOf(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt");
        text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
        text.erase(text.find_last_not_of('\n') + 1);
        std::vector<std::string> found;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find("\n\n", at), text.size());
            if (end > at)
                found.push_back(text.substr(at, end - at));
            at = std::min(text.find_first_not_of('\n', end), text.size());
        }
        return found;
    }

private slots:
    void documentsAreCutOneByOne()
    {
        const std::vector<std::string> documents = paragraphs();
        const auto file = linesOf(documents);
        const EvolutionSamples samples = samplesOf({file}, 128, 20 * 128 + 127);
        QCOMPARE(samples.count(), 20);
        QCOMPARE(samples.length, 128);
        QCOMPARE(samples.tokens, expectedOf(documents, 128, 20));
        QCOMPARE(samples.report.windows, 20);
        QCOMPARE(samples.report.tokenHash, samples.hash);
        QVERIFY(samples.tokensRead > 20 * 128);
    }

    void theRestOfADocumentIsDropped()
    {
        const std::string document = "One two three four five six seven eight nine ten eleven twelve.";
        const auto ids = m_tokenizer.encode(document);
        const auto file = linesOf({document, document});
        const EvolutionSamples samples = samplesOf({file}, 4, 100);
        QCOMPARE(samples.count(), 2); // one of each, although both have many more tokens
        QVERIFY(std::ranges::equal(samples.window(0), std::span(ids).first(4)));
        QVERIFY(std::ranges::equal(samples.window(1), std::span(ids).first(4)));
    }

    void aShorterTextGivesFewerSamples()
    {
        const std::vector<std::string> documents = paragraphs();
        const EvolutionSamples samples = samplesOf({linesOf(documents)}, 512, 131072);
        QCOMPARE(samples.tokens, expectedOf(documents, 512, 256));
        QVERIFY(samples.count() > 50 && samples.count() < 256);
    }

    void paragraphsOfAPlainTextAreItsDocuments()
    {
        const std::vector<std::string> documents = paragraphs();
        for (const char *between : {"\n\n", "\n \t\n\n", "\n\n\n\n"}) {
            std::string text = "\n\n";
            for (const std::string &document : documents)
                text += document + between;
            const auto file = write(m_folder, "plain.txt", text);
            QCOMPARE(samplesOf({file}, 200, 131072).tokens, expectedOf(documents, 200, 655));
        }
    }

    /// Plain texts come in pieces of some 256 KiB.
    void aLongPlainTextIsReadInPieces()
    {
        const std::vector<std::string> once = paragraphs();
        std::vector<std::string> documents;
        std::string text;
        for (int i = 0; i < 5; ++i)
            for (const std::string &document : once) {
                documents.push_back(document);
                text += document + "\n\n";
            }
        text.resize(text.size() - 2); // the last line may lack its end
        const auto file = write(m_folder, "long.txt", text);
        const EvolutionSamples samples = samplesOf({file}, 2048, 1 << 20);
        QCOMPARE(samples.tokens, expectedOf(documents, 2048, 512));
        QVERIFY(samples.count() > 50);
    }

    void filesFollowOneAnother()
    {
        const std::vector<std::string> documents = paragraphs();
        const auto plain = write(m_folder, "a.txt", documents[0] + "\n\n" + documents[1]);
        std::vector<std::string> rest(documents.begin() + 2, documents.end());
        const EvolutionSamples samples = samplesOf({plain, linesOf(rest)}, 100, 5000);
        QCOMPARE(samples.tokens, expectedOf(documents, 100, 50));
        QCOMPARE(samples.report.files.size(), std::size_t(2));
    }

    void aSeedShufflesTheDocuments()
    {
        std::vector<std::string> documents = paragraphs();
        const auto file = linesOf(documents);
        shuffleDocuments(documents, 9);
        QCOMPARE(samplesOf({file}, 128, 2560, {}, 9).tokens, expectedOf(documents, 128, 20));
    }

    void tooShortATextIsRefused()
    {
        const auto file = write(m_folder, "short.txt", "A few words.");
        try {
            samplesOf({file}, 512, 131072);
            QFAIL("nothing was thrown");
        } catch (const ShortText &error) {
            QCOMPARE(error.windows(), 0);
            VERIFY_CONTAINS(std::string(error.what()), "a sample needs 512");
        }
        VERIFY_CONTAINS(messageOf<Error>([&] { readEvolutionSamples(m_tokenizer, {}, 512, 131072); }), "No text");
        VERIFY_CONTAINS(messageOf<Error>([&] { samplesOf({file}, 1, 131072); }), "too short");
    }

    void aParagraphBeyondTheMemoryIsRefused()
    {
        const auto file = write(m_folder, "endless.txt", std::string(1 << 20, 'a'));
        VERIFY_CONTAINS(messageOf<Error>([&] { samplesOf({file}, 512, 131072, {.bytes = 1 << 20}); }), "A paragraph of");
    }

    void readingCanBeStopped()
    {
        std::stop_source stop;
        stop.request_stop();
        const JobContext context(stop.get_token());
        const TextSettings text{.files = {linesOf(paragraphs())}, .windows = {}};
        QVERIFY_THROWS_EXCEPTION(Cancelled, readEvolutionSamples(m_tokenizer, text, 512, 131072, {}, context));
    }

    void lengthsAreThoseOfTheAuthors()
    {
        for (const auto &[family, context, length] : {std::tuple("llama", 8192, 4096),
                                                      {"llama", 512, 512},
                                                      {"phi3", 4096, 4096},
                                                      {"qwen2", 32768, 2048},
                                                      {"mistral", 32768, 8192},
                                                      {"gemma2", 8192, 8192}}) {
            ModelSpec spec;
            spec.family = family;
            spec.contextLength = context;
            QCOMPARE(evolutionSampleLength(spec), std::int64_t(length));
        }
    }
};

QTEST_GUILESS_MAIN(tst_EvolutionSamples)
#include "tst_EvolutionSamples.moc"
