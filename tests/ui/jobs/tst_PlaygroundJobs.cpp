// SPDX-License-Identifier: GPL-3.0-or-later
// Texts by several models on the bundled sample, computed for real; also while a search runs, which is not to notice.
#include <QtTest>

#include "SampleBench.h"

#include <QRegularExpression>

#include <bit>
#include <cmath>

using namespace secateur;
using namespace secateur::ui;

namespace {

using State = JobInfo::State;

GenerationSettings settings(std::int64_t tokens = 12)
{
    GenerationSettings wanted;
    wanted.prompt = "Once upon a time";
    wanted.tokens = tokens;
    return wanted;
}

/// What the jobs tell.
struct Heard {
    QObject context;
    std::vector<PlaygroundRun> runs;
    std::vector<WrittenToken> tokens;
    std::vector<Generation> texts;
    std::vector<ScoredRun> scored;

    explicit Heard(const SessionJobs &jobs)
    {
        QObject::connect(&jobs, &SessionJobs::writingBegan, &context, [this](const PlaygroundRun &run) { runs.push_back(run); });
        QObject::connect(&jobs, &SessionJobs::tokenWritten, &context, [this](const WrittenToken &token) { tokens.push_back(token); });
        QObject::connect(&jobs, &SessionJobs::textsWritten, &context, [this](const std::vector<Generation> &all) { texts = all; });
        QObject::connect(&jobs, &SessionJobs::textScored, &context, [this](const ScoredRun &run) { scored.push_back(run); });
    }
};

} // namespace

class tst_PlaygroundJobs : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void whatIsNotPossibleSaysWhy();
    void originalAndPlanWriteSideBySide();
    void differencesOfTokensAddUpToThatOfTheTotals();
    void aTextLongerThanTheContextIsCutAtAWord();
    void aSearchIsServedBetweenTwoStepsAndDoesNotNotice();
    void aPlanThatIsBeingSearchedWaitsForItsTurn();
    void aPausedSearchServesToo();
};

void tst_PlaygroundJobs::whatIsNotPossibleSaysWhy()
{
    SampleBench bench;
    QCOMPARE(bench.jobs.canWrite({std::nullopt}, settings()).reason, QStringLiteral("Open a model first."));
    QVERIFY(bench.open());
    QVERIFY(bench.jobs.canWrite({std::nullopt}, settings()));
    QVERIFY(!bench.jobs.canWrite({}, settings()));
    QVERIFY(!bench.jobs.canScoreText({std::nullopt}, {}));
    QVERIFY(!bench.jobs.canWrite({bench.model.draft()}, settings())); // no neurons are chosen
    QCOMPARE(bench.jobs.write({}, settings()), 0);
}

void tst_PlaygroundJobs::originalAndPlanWriteSideBySide()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1); // is searched first
    Heard heard(bench.jobs);
    QVERIFY(bench.jobs.playgroundCost({std::nullopt, bench.model.draft()}).evaluations > 0);
    QVERIFY(bench.jobs.write({std::nullopt, bench.model.draft()}, settings()) > 0);
    QVERIFY(bench.finish());
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(heard.runs.size(), 1U);
    QCOMPARE(heard.runs[0].hashes, (std::vector<std::string>{{}, bench.planHash()}));
    QCOMPARE(heard.texts.size(), 2U);
    std::vector<std::vector<std::int32_t>> ids(2);
    for (const WrittenToken &token : heard.tokens)
        ids[token.model].push_back(token.id);
    for (std::size_t i = 0; i < 2; ++i)
        QCOMPARE(ids[i], heard.texts[i].ids);
    QVERIFY(bench.jobs.writingCommand({std::nullopt}, settings()).contains(QStringLiteral("generate")));
}

void tst_PlaygroundJobs::differencesOfTokensAddUpToThatOfTheTotals()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(0);
    Heard heard(bench.jobs);
    bench.jobs.scoreText({std::nullopt, bench.model.draft()}, "The gardener pruned the tree in winter, and it bore fruit in summer.");
    QVERIFY(bench.finish());
    QCOMPARE(heard.scored.size(), 1U);
    const ScoredText &scored = heard.scored[0].scored;
    QCOMPARE(heard.scored[0].used, heard.scored[0].text.size());
    double sum = 0;
    for (std::size_t token = 1; token < scored.ids.size(); ++token)
        sum += scored.models[1][token].loss - scored.models[0][token].loss;
    QVERIFY(std::abs(sum - (scored.totalLoss(1) - scored.totalLoss(0))) < 1e-4);
    QVERIFY(std::abs(sum) > 0);
}

void tst_PlaygroundJobs::aTextLongerThanTheContextIsCutAtAWord()
{
    SampleBench bench;
    QVERIFY(bench.open());
    std::string text;
    for (std::int64_t i = 0; i < bench.model.spec().contextLength; ++i)
        text += "tree and branch ";
    Heard heard(bench.jobs);
    bench.jobs.scoreText({std::nullopt}, text);
    QVERIFY(bench.finish());
    QCOMPARE(heard.scored.size(), 1U);
    const ScoredRun &run = heard.scored[0];
    QVERIFY(run.used < text.size());
    QCOMPARE(text[run.used], ' ');
    const auto read = std::int64_t(run.scored.ids.size());
    QVERIFY2(read <= bench.model.spec().contextLength && read > bench.model.spec().contextLength * 9 / 10,
             qPrintable(QString::number(read)));
}

void tst_PlaygroundJobs::aSearchIsServedBetweenTwoStepsAndDoesNotNotice()
{
    SampleBench alone;
    QVERIFY(alone.open());
    QVERIFY(alone.calibrate());
    makeLongSearch(alone.editor);
    QVERIFY(alone.search());
    const SearchRecord expected = *alone.model.search();

    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(0);
    const PlanDraft other = bench.model.draft(); // needs no search, and other narrow weights than the one that is searched
    makeLongSearch(bench.editor);
    Heard heard(bench.jobs);
    bool wasServed = false, hasWaited = false;
    int number = 0;
    QObject context;
    connect(&bench.model, &SessionModel::searchChanged, &context, [&] {
        if (number == 0 && bench.model.search() && bench.model.search()->evaluations() >= 5)
            number = bench.jobs.write({std::nullopt, other}, settings());
    });
    connect(&bench.runner, &JobRunner::jobChanged, &context, [&] {
        const JobInfo *current = bench.runner.current();
        hasWaited = hasWaited || (current && current->kind == JobKind::Search && current->waitsFor == number && number > 0);
    });
    connect(&bench.runner, &JobRunner::jobFinished, &context,
            [&](int ended) { wasServed = wasServed || (ended == number && bench.runner.isBusy(JobKind::Search)); });
    bench.jobs.search();
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 60'000));
    QVERIFY(number > 0);
    QVERIFY(wasServed); // before the search was over
    QVERIFY(hasWaited); // and that was said
    QVERIFY(bench.runner.job(number)->state == State::Done);
    QCOMPARE(heard.texts.size(), 2U);

    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(bench.planHash(), alone.planHash());
    const SearchRecord &found = *bench.model.search();
    QCOMPARE(std::bit_cast<std::uint64_t>(found.initialLoss), std::bit_cast<std::uint64_t>(expected.initialLoss));
    QCOMPARE(found.steps.size(), expected.steps.size());
    for (std::size_t step = 0; step < expected.steps.size(); ++step) {
        QCOMPARE(found.steps[step].removed, expected.steps[step].removed);
        for (std::size_t layer = 0; layer < expected.steps[step].losses.size(); ++layer) {
            const double one = found.steps[step].losses[layer], two = expected.steps[step].losses[layer];
            QVERIFY(one == two || (std::isnan(one) && std::isnan(two))); // bit for bit
        }
    }

    bench.jobs.write({std::nullopt, other}, settings()); // the text is the same without the search
    const std::vector<Generation> before = heard.texts;
    QVERIFY(bench.finish());
    for (std::size_t i = 0; i < 2; ++i)
        QCOMPARE(heard.texts[i].ids, before[i].ids);
}

void tst_PlaygroundJobs::aPlanThatIsBeingSearchedWaitsForItsTurn()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    Heard heard(bench.jobs);
    bench.jobs.search();
    bench.jobs.write({bench.model.draft()}, settings(4));
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(int(bench.runner.jobs().size()) - 1)->state == State::Done); // the search
    QCOMPARE(heard.texts.size(), 1U);
    QVERIFY(bench.runner.jobs().back().progress.phase != "search"); // nothing was left to search
}

void tst_PlaygroundJobs::aPausedSearchServesToo()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    bench.jobs.search();
    const int search = int(bench.runner.jobs().size());
    QTRY_VERIFY(bench.model.search() && bench.model.search()->evaluations() > 2);
    bench.runner.setPaused(search, true);
    Heard heard(bench.jobs);
    const int number = bench.jobs.write({std::nullopt}, settings());
    QTRY_VERIFY_WITH_TIMEOUT(bench.runner.job(number)->state == State::Done, 20'000);
    QVERIFY(bench.runner.job(search)->state == State::Paused);
    QCOMPARE(heard.texts.size(), 1U);
    bench.runner.setPaused(search, false);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 60'000));
    QVERIFY(bench.model.searchState() == SearchState::Complete);
}

QTEST_MAIN(tst_PlaygroundJobs)
#include "tst_PlaygroundJobs.moc"
