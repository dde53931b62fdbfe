// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Bpe.h"

#include "../text/TextFixtures.h"
#include "foundation/Error.h"
#include "tokenizer/ByteAlphabet.h"

#include <random>

using namespace secateur;
using nlohmann::json;

namespace {

/// A model over the letters a to d whose vocabulary grows by the merges, in order.
json modelOf(const std::vector<std::pair<std::string, std::string>> &merges)
{
    json vocab = {{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}};
    json list = json::array();
    for (const auto &[left, right] : merges) {
        if (!vocab.contains(left + right))
            vocab[left + right] = vocab.size();
        list.push_back({left, right});
    }
    return {{"type", "BPE"}, {"vocab", vocab}, {"merges", list}};
}

std::vector<TokenId> encode(const json &model, const std::string &word, std::uint64_t *steps = nullptr)
{
    const auto vocabulary = Vocabulary::fromJson(model["vocab"]);
    const Bpe bpe = Bpe::fromJson(model, vocabulary, Bpe::Units::Bytes);
    Bpe::Workspace workspace;
    std::vector<TokenId> ids;
    bpe.encode(word, ids, workspace);
    if (steps != nullptr)
        *steps = workspace.steps;
    return ids;
}

/// The definition: merge the leftmost pair of lowest rank until there is none.
std::vector<std::string> mergedByDefinition(const std::vector<std::pair<std::string, std::string>> &merges, const std::string &word)
{
    std::vector<std::string> parts;
    for (const char c : word)
        parts.emplace_back(1, c);
    for (;;) {
        std::size_t best = merges.size();
        std::size_t where = 0;
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            const auto found = std::find(merges.begin(), merges.end(), std::pair(parts[i], parts[i + 1]));
            if (std::size_t(found - merges.begin()) < best) {
                best = std::size_t(found - merges.begin());
                where = i;
            }
        }
        if (best == merges.size())
            return parts;
        parts[where] += parts[where + 1];
        parts.erase(parts.begin() + std::ptrdiff_t(where) + 1);
    }
}

const std::vector<std::pair<std::string, std::string>> kMerges{{"a", "a"},   {"b", "c"},       {"aa", "aa"},   {"a", "bc"},
                                                               {"aa", "bc"}, {"bc", "a"},      {"abc", "abc"}, {"d", "d"},
                                                               {"dd", "d"},  {"aaaa", "aaaa"}, {"c", "d"}};

} // namespace

class tst_Bpe : public QObject {
    Q_OBJECT

private slots:
    void wordsOfAnyLengthAreMergedByRankThenFromTheLeft()
    {
        const json model = modelOf(kMerges);
        std::mt19937 random(7);
        for (const std::size_t length : {1, 2, 3, 5, 8, 13, 30, 39, 40, 41, 42, 60, 100, 200}) {
            for (int repetition = 0; repetition < 10; ++repetition) {
                std::string word;
                while (word.size() < length)
                    word += "aaabcd"[random() % 6];
                std::vector<TokenId> expected;
                for (const std::string &part : mergedByDefinition(kMerges, word))
                    expected.push_back(model["vocab"][part].get<TokenId>());
                QCOMPARE(encode(model, word), expected);
            }
        }
    }

    void workGrowsNoFasterThanALongWordDoes_data()
    {
        QTest::addColumn<QString>("unit");
        QTest::newRow("one letter") << "a";
        QTest::newRow("pairs") << "bca";
        QTest::newRow("no merges") << "ca";
    }

    void workGrowsNoFasterThanALongWordDoes()
    {
        QFETCH(QString, unit);
        const json model = modelOf(kMerges);
        const auto stepsFor = [&](std::size_t bytes) {
            std::uint64_t steps = 0;
            std::string word;
            while (word.size() < bytes)
                word += unit.toStdString();
            encode(model, word, &steps);
            return steps;
        };
        const std::uint64_t small = stepsFor(1 << 16);
        const std::uint64_t large = stepsFor(1 << 20);
        QVERIFY2(large < 17 * small, qPrintable(QString("%1 steps for 64 KiB, %2 for 1 MiB").arg(small).arg(large)));
        QVERIFY2(large < 4 * (1 << 20), qPrintable(QString("%1 steps for 1 MiB").arg(large)));
    }

    void aMergeGivenTwiceKeepsItsLastRank()
    {
        json model = modelOf({{"a", "b"}, {"b", "c"}});
        model["merges"].push_back({"a", "b"});
        QCOMPARE(encode(model, "abc"), (std::vector<TokenId>{0, model["vocab"]["bc"].get<TokenId>()}));
    }

    void bytesThatTheVocabularyLacksAreLeftOutOrUnknown()
    {
        json model = modelOf({{"a", "b"}});
        const TokenId ab = model["vocab"]["ab"].get<TokenId>();
        QCOMPARE(encode(model, "axb"), (std::vector<TokenId>{ab}));
        model["unk_token"] = "d";
        QCOMPARE(encode(model, "axyb"), (std::vector<TokenId>{0, 3, 3, 1}));
        model["fuse_unk"] = true;
        QCOMPARE(encode(model, "axyb"), (std::vector<TokenId>{0, 3, 1}));
    }

    void unsupportedOptionsAreRefusedByName_data()
    {
        QTest::addColumn<QString>("option");
        QTest::addColumn<QString>("value");
        QTest::newRow("byte_fallback") << "byte_fallback"
                                       << "true";
        QTest::newRow("dropout") << "dropout"
                                 << "0.1";
        QTest::newRow("continuing_subword_prefix") << "continuing_subword_prefix"
                                                   << R"("##")";
        QTest::newRow("end_of_word_suffix") << "end_of_word_suffix"
                                            << R"("</w>")";
    }

    void unsupportedOptionsAreRefusedByName()
    {
        QFETCH(QString, option);
        QFETCH(QString, value);
        json model = modelOf({{"a", "b"}});
        model[option.toStdString()] = json::parse(value.toStdString());
        VERIFY_CONTAINS(test::messageOf<Error>([&] { encode(model, "ab"); }), "'" + option.toStdString() + "'");
    }

    void damagedMergesAreRefused_data()
    {
        QTest::addColumn<QString>("merge");
        QTest::addColumn<QString>("message");
        QTest::newRow("one part") << R"("ab")"
                                  << "merge 1 is not a pair";
        QTest::newRow("three parts") << R"("a b c")"
                                     << "merge 1 is not a pair";
        QTest::newRow("number") << "3"
                                << "merge 1 is not a pair";
        QTest::newRow("unknown part") << R"(["a", "x"])"
                                      << "merge 1 needs the token 'x'";
        QTest::newRow("unknown result") << R"("a d")"
                                        << "merge 1 needs the token 'ad'";
    }

    void damagedMergesAreRefused()
    {
        QFETCH(QString, merge);
        QFETCH(QString, message);
        json model = modelOf({{"a", "b"}});
        model["merges"].push_back(json::parse(merge.toStdString()));
        VERIFY_CONTAINS(test::messageOf<Error>([&] { encode(model, "ab"); }), message.toStdString());
    }

    void theByteAlphabetIsReversible()
    {
        for (unsigned byte = 0; byte < 256; ++byte)
            QCOMPARE(bytesOfLetters(letterOfByte(static_cast<unsigned char>(byte))), std::string(1, char(byte)));
        QCOMPARE(letterOfByte(' '), std::string("Ġ"));
        QCOMPARE(letterOfByte('\n'), std::string("Ċ"));
        QVERIFY(!bytesOfLetters("a b"));
        QVERIFY(!bytesOfLetters("名"));
    }
};

QTEST_GUILESS_MAIN(tst_Bpe)
#include "tst_Bpe.moc"
