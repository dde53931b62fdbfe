// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "../text/TextFixtures.h"
#include "foundation/Error.h"
#include "tasks/TaskFiles.h"
#include "tasks/TaskScoring.h"

#include <cmath>
#include <limits>

using namespace secateur;

namespace {

TaskItem itemOf(std::int64_t index, std::int64_t gold, const std::vector<std::int64_t> &characters)
{
    TaskItem item{.index = index, .choices = {}, .gold = gold};
    for (const std::int64_t count : characters)
        item.choices.push_back({"c", " " + std::string(std::size_t(count), 'x'), count});
    return item;
}

/// `items` of which `right` are scored right: (set, its scores).
std::pair<TaskSet, std::vector<ItemScore>> made(TaskKind kind, const std::string &name, std::int64_t items, std::int64_t right)
{
    TaskSet set{
        .kind = kind, .name = name, .file = {}, .fileHash = {}, .form = {}, .items = {}, .skipped = {}, .notes = {}, .textHash = name};
    std::vector<ItemScore> scores;
    for (std::int64_t i = 0; i < items; ++i) {
        set.items.push_back(itemOf(i, 1, {4, 4}));
        scores.push_back({name, i, {-2, i < right ? -1.0 : -3.0}});
    }
    return {set, scores};
}

bool isNear(double a, double b)
{
    return std::abs(a - b) < 1e-12;
}

} // namespace

class tst_TaskScoring : public QObject {
    Q_OBJECT

private slots:
    void tiesGoToTheLowerChoice()
    {
        QCOMPARE(choiceOf({"t", 0, {-3, -1, -1}}), 1);
        QCOMPARE(choiceByCharacters(itemOf(0, 0, {2, 1}), {"t", 0, {-4, -2}}), 0);
    }

    void likelihoodsAreDividedByCharacters()
    {
        const ItemScore score{"t", 0, {-10, -9, -1}};
        QCOMPARE(choiceOf(score), 2);
        QCOMPARE(choiceByCharacters(itemOf(0, 0, {20, 9, 1}), score), 0);
        QCOMPARE(choiceByCharacters(itemOf(0, 0, {20, 9, 0}), score), 0);
        QCOMPARE(choiceByCharacters(itemOf(0, 0, {0, 9, 20}), {"t", 0, {0, -9, -21}}), 1); // without characters: never
    }

    void whatIsNoNumberNamesItsItem()
    {
        for (const double value : {std::nan(""), -std::numeric_limits<double>::infinity()})
            VERIFY_CONTAINS(test::messageOf<Error>([&] { choiceOf({"piqa", 17, {-1, value}}); }), std::string("Item 17 of piqa"));
    }

    void sharesHaveTheErrorOfASample()
    {
        // numpy: std([1, 1, 1, 0, 0], ddof=1) / sqrt(5)
        QVERIFY(isNear(*shareStderr(0.6, 5), 0.2449489742783178));
        QVERIFY(!shareStderr(1, 1));
        const auto [set, scores] = made(TaskKind::ArcEasy, "arc_easy", 5, 3);
        const TaskResults results = taskResults({set}, scores, {}, 128);
        QCOMPARE(results.tasks.size(), 1U);
        QVERIFY(isNear(results.tasks[0].acc, 0.6));
        QVERIFY(isNear(*results.tasks[0].accStderr, 0.2449489742783178));
        QVERIFY(isNear(*results.tasks[0].accNorm, 0.6));
        QCOMPARE(results.tasks[0].items, 5);
        QCOMPARE(results.longest, 128);
    }

    void winoGrandeAndMmluHaveNoAccNorm()
    {
        for (const auto &[kind, name] : {std::pair(TaskKind::WinoGrande, "winogrande"), std::pair(TaskKind::Mmlu, "mmlu_anatomy")}) {
            const auto [set, scores] = made(kind, name, 4, 3);
            QVERIFY(!taskResults({set}, scores, {}, 128).tasks[0].accNorm);
        }
    }

    void subjectsArePooledByItems()
    {
        auto [one, scores] = made(TaskKind::Mmlu, "mmlu_anatomy", 10, 4);
        const auto [two, more] = made(TaskKind::Mmlu, "mmlu_virology", 3, 2);
        const auto [piqa, others] = made(TaskKind::Piqa, "piqa", 2, 1);
        scores.insert(scores.end(), more.begin(), more.end());
        scores.insert(scores.begin(), others.begin(), others.end());
        one.skipped.push_back({3, "bad"});
        const TaskResults results = taskResults({piqa, one, two}, scores, {}, 128);
        QCOMPARE(results.tasks.size(), 4U);
        const TaskResult &all = results.tasks[3];
        QCOMPARE(all.name, std::string("mmlu"));
        QCOMPARE(all.subjects, 2);
        QCOMPARE(all.items, 13);
        QCOMPARE(all.skipped, 1);
        QVERIFY(isNear(all.acc, 6.0 / 13)); // and not the mean of .4 and .667
        // lm_eval.api.metrics.pooled_sample_stderr([0.16329931618554522, 0.33333333333333337], [10, 3])
        QVERIFY(isNear(*all.accStderr, 0.14644187053305982));
        QVERIFY(!all.accNorm);
    }

    void everyItemNeedsAScore()
    {
        auto [set, scores] = made(TaskKind::Piqa, "piqa", 3, 1);
        std::vector<ItemScore> fewer(scores.begin(), scores.begin() + 2);
        VERIFY_CONTAINS(test::messageOf<Error>([&] { taskResults({set}, fewer, {}, 9); }), std::string("Item 2 of piqa has no score"));
        scores[1].logLikelihoods.push_back(0);
        VERIFY_CONTAINS(test::messageOf<Error>([&] { taskResults({set}, scores, {}, 9); }), std::string("3 likelihoods for 2 choices"));
    }

    void whatMustBeEqualIsHashed()
    {
        const auto [one, oneScores] = made(TaskKind::Piqa, "piqa", 3, 1);
        const auto [two, twoScores] = made(TaskKind::HellaSwag, "hellaswag", 3, 1);
        const std::string hash = askedHash({one, two}, BosUse::Never, 100);
        QCOMPARE(askedHash({two, one}, BosUse::Never, 100), hash);
        QVERIFY(askedHash({one, two}, BosUse::Always, 100) != hash);
        QVERIFY(askedHash({one, two}, BosUse::Never, 101) != hash);
        QVERIFY(askedHash({one}, BosUse::Never, 100) != hash);
        TaskSet other = one;
        other.items[1].gold = 0;
        QVERIFY(askedHash({other, two}, BosUse::Never, 100) != hash);
        other = one;
        other.textHash = "x";
        QVERIFY(askedHash({other, two}, BosUse::Never, 100) != hash);
        QCOMPARE(taskResults({one}, oneScores, {}, 100).hash, askedHash({one}, BosUse::Never, 100));
    }

    void textsAreHashedWithTheirJoints()
    {
        const auto items = [](std::vector<std::pair<std::string, std::string>> texts) {
            TaskItem item;
            for (const auto &[context, continuation] : texts)
                item.choices.push_back({context, continuation, 1});
            return std::vector<TaskItem>{item};
        };
        QVERIFY(textHashOf(items({{"ab", "c"}})) != textHashOf(items({{"a", "bc"}})));
        auto apart = items({{"a", "b"}});
        apart.push_back(items({{"c", "d"}})[0]);
        QVERIFY(textHashOf(items({{"a", "b"}, {"c", "d"}})) != textHashOf(apart));
    }
};

QTEST_GUILESS_MAIN(tst_TaskScoring)
#include "tst_TaskScoring.moc"
