// SPDX-License-Identifier: GPL-3.0-or-later
// Items as token ids, as lm-evaluation-harness makes them with the `tokenizers` library (tests/fixtures/make_tasks.py).
#include "TaskFixtures.h"

#include "foundation/Sha256.h"
#include "tasks/TaskRequests.h"

using namespace secateur;

namespace {

/// A tokenizer of characters, with merges, and with a token in front where there is one.
Tokenizer tokenizerOf(const std::vector<std::string> &tokens, const std::vector<std::string> &merges, bool hasFirst = false)
{
    nlohmann::json vocabulary = nlohmann::json::object();
    for (const std::string &token : tokens)
        vocabulary[token] = vocabulary.size();
    nlohmann::json file = {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merges}}},
                           {"normalizer", nullptr},
                           {"pre_tokenizer", nullptr},
                           {"post_processor", nullptr},
                           {"decoder", nullptr},
                           {"added_tokens", nlohmann::json::array()}};
    if (hasFirst) {
        file["added_tokens"].push_back({{"id", vocabulary.size()},
                                        {"content", "<s>"},
                                        {"single_word", false},
                                        {"lstrip", false},
                                        {"rstrip", false},
                                        {"normalized", false},
                                        {"special", true}});
        const nlohmann::json first = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
                             text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
        file["post_processor"] = {{"type", "TemplateProcessing"},
                                  {"single", {first, text}},
                                  {"pair", {first, text}},
                                  {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {vocabulary.size()}}, {"tokens", {"<s>"}}}}}}};
    }
    return Tokenizer::fromJson(file.dump(), "a tokenizer");
}

TaskItem itemOf(const std::vector<std::pair<std::string, std::string>> &texts)
{
    TaskItem item{.index = 4, .choices = {}, .gold = 0, .line = 5};
    for (const auto &[context, continuation] : texts)
        item.choices.push_back({context, continuation, 1});
    return item;
}

using Ids = std::vector<TokenId>;

const std::vector<std::string> kLetters = {" ", "a", "b", "c", "ab", " b"};

std::string hashOf(const TaskSet &set, const Tokenizer &tokenizer, BosUse bos, std::int64_t longest)
{
    Sha256 sum;
    const auto add = [&](std::int64_t number) {
        const auto value = std::uint32_t(number);
        const std::array<std::byte, 4> bytes{std::byte(value), std::byte(value >> 8), std::byte(value >> 16), std::byte(value >> 24)};
        sum.add(bytes);
    };
    for (const TaskItem &item : set.items)
        for (const TokenRequest &request : tokenRequests(tokenizer, item, bos, longest)) {
            add(std::int64_t(request.input.size()));
            add(request.scored);
            for (const TokenId id : request.input)
                add(id);
        }
    return sum.hex();
}

} // namespace

class tst_TaskRequests : public QObject {
    Q_OBJECT

private slots:
    void heldDataHaveTheIdsOfTheHarness_data()
    {
        QTest::addColumn<QString>("file");
        QTest::newRow("sample") << SECATEUR_SOURCE_DIR "/resources/sample/model/tokenizer.json";
        for (const char *name : {"llama-2", "llama-3", "qwen2.5"})
            QTest::newRow(name) << SECATEUR_SHARED_DATA + ("/tokenizers/" + QString(name)) + "/tokenizer.json";
    }

    void heldDataHaveTheIdsOfTheHarness()
    {
        QFETCH(QString, file);
        if (!std::filesystem::exists(test::kHeldTasks) || !QFile::exists(file))
            QSKIP("needs the shared data");
        const Tokenizer tokenizer = Tokenizer::fromFile(file.toStdString());
        const nlohmann::json expected = test::expectedTasks()["held"];
        for (const TaskSet &set : test::readTasks({test::kHeldTasks})) {
            const nlohmann::json &hashes = expected[set.name]["tokens"].at(tokenizer.hash());
            QCOMPARE(hashOf(set, tokenizer, BosUse::Never, 4096), hashes["never"].get<std::string>());
            QCOMPARE(hashOf(set, tokenizer, BosUse::Tokenizer, 4096), hashes["tokenizer"].get<std::string>());
            if (hashes["cut"].is_string())
                QCOMPARE(hashOf(set, tokenizer, BosUse::Never, 64), hashes["cut"].get<std::string>());
        }
    }

    void spaceBehindAContextIsScored()
    {
        const Tokenizer tokenizer = tokenizerOf(kLetters, {});
        const auto requests = tokenRequests(tokenizer, itemOf({{"ab ", "c"}, {"ab", " c"}}), BosUse::Never, 100);
        QCOMPARE(requests[0].input, (Ids{1, 2, 0, 3}));
        QCOMPARE(requests[0].scored, 2);
        QCOMPARE(requests[1], requests[0]);
    }

    void aTokenOverTheJointIsTakenApart()
    {
        const Tokenizer tokenizer = tokenizerOf(kLetters, {"a b"});
        const auto requests = tokenRequests(tokenizer, itemOf({{"a", "bc"}}), BosUse::Never, 100); // whole: "ab", "c"
        QCOMPARE(requests[0].input, (Ids{1, 3}));
        QCOMPARE(requests[0].scored, 1);
        VERIFY_CONTAINS(test::messageOf<Error>([&] {
                            tokenRequests(tokenizer, itemOf({{"a", "b"}}), BosUse::Never, 100);
                        }),
                        std::string("An answer has no token of its own."));
    }

    void longInputsLoseTheirLeft()
    {
        const Tokenizer tokenizer = tokenizerOf(kLetters, {});
        const auto requests = tokenRequests(tokenizer, itemOf({{"abcabc", " ab"}}), BosUse::Never, 4);
        QCOMPARE(requests[0].input, (Ids{2, 3, 0, 1, 2})); // one more than an input, whose last is only scored
        QCOMPARE(requests[0].scored, 3);
        QCOMPARE(tokenRequests(tokenizer, itemOf({{"abcabc", " ab"}}), BosUse::Never, 3)[0].input, (Ids{3, 0, 1, 2}));
        VERIFY_CONTAINS(test::messageOf<Error>([&] {
                            tokenRequests(tokenizer, itemOf({{"abcabc", " ab"}}), BosUse::Never, 2);
                        }),
                        std::string("An answer of 3 tokens is longer than an input may be (2)"));
    }

    void beginningsAreAsAsked()
    {
        const Tokenizer with = tokenizerOf(kLetters, {}, true), without = tokenizerOf(kLetters, {});
        const TaskItem item = itemOf({{"a", " b"}});
        QCOMPARE(tokenRequests(with, item, BosUse::Never, 9)[0].input, (Ids{1, 0, 2}));
        QCOMPARE(tokenRequests(with, item, BosUse::Tokenizer, 9)[0].input, (Ids{6, 1, 0, 2}));
        QCOMPARE(tokenRequests(with, item, BosUse::Always, 9)[0].input, (Ids{6, 1, 0, 2}));
        QCOMPARE(tokenRequests(with, itemOf({{"<s>a", " b"}}), BosUse::Tokenizer, 9)[0].input, (Ids{6, 1, 0, 2})); // no second one
        QCOMPARE(tokenRequests(without, item, BosUse::Tokenizer, 9)[0].input, (Ids{1, 0, 2}));
        VERIFY_CONTAINS(test::messageOf<Error>([&] { tokenRequests(without, item, BosUse::Always, 9); }),
                        std::string("puts no token at the beginning of a text"));
    }

    void whatCannotBeAskedIsSkippedBefore()
    {
        const Tokenizer tokenizer = tokenizerOf(kLetters, {"a b"});
        std::vector<TaskSet> tasks(1);
        tasks[0].name = "piqa";
        tasks[0].items = {itemOf({{"a", "b"}, {"a", " c"}}), itemOf({{"a", " b"}, {"a", " c"}})};
        tasks[0].textHash = textHashOf(tasks[0].items);
        const std::string before = tasks[0].textHash;
        skipUnaskable(tasks, tokenizer, BosUse::Never, 100);
        QCOMPARE(tasks[0].items.size(), 1U);
        QCOMPARE(tasks[0].skipped.size(), 1U);
        QCOMPARE(tasks[0].skipped[0].line, 5);
        QVERIFY(tasks[0].textHash != before);
        QCOMPARE(tasks[0].textHash, textHashOf(tasks[0].items));
        tasks[0].items = {itemOf({{"a", "b"}})};
        VERIFY_CONTAINS(test::messageOf<Error>([&] { skipUnaskable(tasks, tokenizer, BosUse::Never, 100); }),
                        std::string("No item of piqa"));
    }
};

QTEST_GUILESS_MAIN(tst_TaskRequests)
#include "tst_TaskRequests.moc"
