// SPDX-License-Identifier: GPL-3.0-or-later
// The table of methods and sizes, on the sample: what it holds, and that a stopped one goes on.
#include "comparison/ComparisonTable.h"
#include "foundation/WritingFailure.h"
#include "jobs/CompareWork.h"
#include "jobs/RestorationChoice.h"
#include "session/PlanTable.h"
#include "session/SessionStore.h"

#include <QDir>
#include <QTemporaryDir>
#include <QtTest>
#include <cerrno>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

using namespace secateur;

namespace {

const std::filesystem::path kModel = SECATEUR_SOURCE_DIR "/resources/sample/model";

ComparisonSettings smallSettings()
{
    ComparisonSettings settings;
    settings.methods = {PlanMethod::TwoSsp, PlanMethod::ShortGpt, PlanMethod::Window, PlanMethod::BlockPruner};
    settings.sparsities = {0.25, 0.5};
    settings.text.files = {SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt"};
    settings.text.windows = 4;
    settings.text.length = 64;
    settings.evaluations.resize(1);
    settings.evaluations[0] = {.files = {SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt"}, .windows = 4, .length = 64, .seed = 0};
    return settings;
}

/// An engine with the sample, and a session of it.
struct Bench {
    Engine engine;
    Session session;
    Bench() : engine(settings())
    {
        const auto model = engine.open(kModel);
        applyEvent(session, Opened{*model});
    }
    static EngineSettings settings()
    {
        EngineSettings settings;
        settings.device = "cpu";
        settings.threads = 1;
        return settings;
    }
};

/// All of a table that does not depend on how fast the machine is.
nlohmann::json contentOf(const Comparison &comparison)
{
    nlohmann::json rows = resultRows(comparison);
    for (nlohmann::json &row : rows)
        row.erase("pruningSeconds");
    return rows;
}

struct Counts {
    int evaluations = 0, calibrations = 0, plans = 0, removals = 0, restorations = 0;
    void hear(const JobEvent &event)
    {
        if (const auto *measured = std::get_if<MeasurementMade>(&event))
            evaluations += measured->record.what == Measured::Perplexity ? 1 : 0;
        calibrations += std::holds_alternative<Scored>(event) ? 1 : 0;
        plans += std::holds_alternative<PlanOpened>(event) ? 1 : 0;
        removals += std::holds_alternative<AttentionRemoved>(event) ? 1 : 0;
        restorations += std::holds_alternative<RestorationKnown>(event) ? 1 : 0;
    }
};

Comparison compareAll(Session &session, Engine &engine, const ComparisonSettings &settings, Counts *counts = nullptr)
{
    JobContext context;
    return compare(engine, session, settings, context, [&](const JobEvent &event) {
        if (counts)
            counts->hear(event);
    });
}

} // namespace

class tst_CompareWork : public QObject {
    Q_OBJECT

private slots:
    void everyMethodAndSizeHasARow();
    void whatIsKnownIsNotComputedAgain();
    void aStoppedOneGoesOnToTheSameTable_data();
    void aStoppedOneGoesOnToTheSameTable();
    void equalSizeMakes2sspAsLargeAsTheOthers();
    void aMethodThatFailsCostsItsRowsAlone();
    void whatCannotBeKeptEndsIt();
    void anotherTextIsNotTheSame();
    void speedOfAnotherMachineIsMeasuredAgain();
    void itemsThatWereScoredAreNotScoredAgain();
    void phasesAreToldBeforeTheStart();
    void settingsThatMakeNothingAreRefused();
    void restoredRowsFollowTheirPlan();
    void variantsShareTheStepsThatTheyHaveInCommon();
    void aStoppedRestorationGoesOn();
};

void tst_CompareWork::everyMethodAndSizeHasARow()
{
    Bench bench;
    Counts counts;
    const Comparison table = compareAll(bench.session, bench.engine, smallSettings(), &counts);
    QCOMPARE(table.rows.size(), 9U);
    QVERIFY(!table.rows[0].method);
    std::size_t i = 1;
    for (const PlanMethod method : smallSettings().methods)
        for (const double sparsity : {0.25, 0.5}) {
            const ComparisonRow &row = table.rows[i++];
            QVERIFY(row.method == method);
            QCOMPARE(row.sparsity, sparsity);
            QVERIFY2(row.problem.empty(), row.problem.c_str());
            QVERIFY(row.evaluations.at(0)->perplexity > table.rows[0].evaluations.at(0)->perplexity * 0.9);
            QVERIFY(std::abs(row.sparsityLayers - sparsity) < 0.01);
            QVERIFY(row.pruningSeconds.value() >= 0);
            if (isOfBlocks(method)) { // of twelve layers
                QCOMPARE(row.attentionsRemoved, sparsity == 0.25 ? 3 : 6);
                QCOMPARE(row.ffnsRemoved, row.attentionsRemoved);
                QVERIFY(row.cacheBytes < table.rows[0].cacheBytes);
            }
            // the number is that of the plan, evaluated by itself
            for (const PlanTableRow &known : planTable(bench.session).rows)
                if (known.row.planHash == row.planHash) {
                    const PruningPlan plan = planOf(bench.session, *known.draft);
                    JobContext context;
                    QCOMPARE(bench.engine.evaluate(&plan, smallSettings().evaluations[0], context).perplexity,
                             row.evaluations[0]->perplexity);
                    break;
                }
        }
    QCOMPARE(counts.calibrations, 1);
    QCOMPARE(table.rows[1].windowsForwarded.value() > 4, true); // of the calibration, and of the search
    QCOMPARE(table.rows[3].windowsForwarded.value(), 4);
    QCOMPARE(table.rows[7].windowsForwarded.value(), 4 * 2 * (12 + 11 + 10));
}

void tst_CompareWork::whatIsKnownIsNotComputedAgain()
{
    Bench bench;
    const Comparison first = compareAll(bench.session, bench.engine, smallSettings());
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("table.secateur").toStdString();
    saveSession(bench.session, file);

    Bench other;
    other.session = loadSession(file);
    Counts counts;
    const Comparison second = compareAll(other.session, other.engine, smallSettings(), &counts);
    QCOMPARE(counts.evaluations + counts.calibrations + counts.plans + counts.removals, 0);
    QCOMPARE(QString::fromStdString(resultRows(second).dump()), QString::fromStdString(resultRows(first).dump())); // seconds as well

    ComparisonSettings more = smallSettings(); // another size needs its own plans alone
    more.sparsities = {0.25, 0.375, 0.5};
    more.methods = {PlanMethod::TwoSsp, PlanMethod::Window};
    const Comparison third = compareAll(other.session, other.engine, more, &counts);
    QCOMPARE(third.rows.size(), 7U);
    QCOMPARE(counts.calibrations, 0);
    QCOMPARE(counts.plans, 1);
    QCOMPARE(counts.evaluations, 2);
}

void tst_CompareWork::aStoppedOneGoesOnToTheSameTable_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("events");
    const auto kindOfEvent = [](const JobEvent &event) { return int(event.index()); };
    QTest::newRow("after the original") << kindOfEvent(MeasurementMade()) << 1;
    QTest::newRow("after the calibration") << kindOfEvent(Scored()) << 1;
    QTest::newRow("within a step of the search") << kindOfEvent(LossKnown()) << 15;
    QTest::newRow("after a removal") << kindOfEvent(AttentionRemoved()) << 1;
    QTest::newRow("after the last removal of a size") << kindOfEvent(AttentionRemoved()) << 2;
    QTest::newRow("after a plan of blocks") << kindOfEvent(PlanOpened()) << 1;
    QTest::newRow("within a choice of blocks") << kindOfEvent(BlocksKnown()) << 4;
    QTest::newRow("between measurements") << kindOfEvent(PlanOpened()) << 5;
}

void tst_CompareWork::aStoppedOneGoesOnToTheSameTable()
{
    QFETCH(const int, kind);
    QFETCH(const int, events);
    Bench straight;
    const nlohmann::json wanted = contentOf(compareAll(straight.session, straight.engine, smallSettings()));

    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("table.secateur").toStdString();
    {
        Bench killed;
        JobContext context;
        int heard = 0;
        try {
            compare(killed.engine, killed.session, smallSettings(), context, [&](const JobEvent &event) {
                if (isFinding(event) || std::holds_alternative<Scored>(event))
                    saveSession(killed.session, file); // what the command line keeps at every step
                if (int(event.index()) == kind && ++heard == events)
                    throw Cancelled(); // nothing behind this is kept
            });
            QFAIL("it was not stopped");
        } catch (const Cancelled &) {
        }
    }
    Bench again;
    again.session = loadSession(file);
    QCOMPARE(QString::fromStdString(contentOf(compareAll(again.session, again.engine, smallSettings())).dump()),
             QString::fromStdString(wanted.dump()));
}

void tst_CompareWork::equalSizeMakes2sspAsLargeAsTheOthers()
{
    Bench bench;
    ComparisonSettings settings = smallSettings();
    settings.methods = {PlanMethod::TwoSsp, PlanMethod::ShortGpt};
    settings.sparsities = {0.375}; // 5 of 12 layers: 41.7 %
    const Comparison plain = compareAll(bench.session, bench.engine, settings);
    settings.isEqualSize = true;
    const Comparison equal = compareAll(bench.session, bench.engine, settings);
    QVERIFY(std::abs(plain.rows[1].sparsityLayers - 0.375) < 0.005);
    QVERIFY(std::abs(equal.rows[1].sparsityLayers - 5.0 / 12) < 0.005);
    QVERIFY(std::abs(equal.rows[1].sparsityLayers - equal.rows[2].sparsityLayers) < 0.005);
    QCOMPARE(equal.rows[1].sparsity, 0.375); // as asked
    QCOMPARE(equal.rows[2].planHash, plain.rows[2].planHash);
}

void tst_CompareWork::aMethodThatFailsCostsItsRowsAlone()
{
    Bench bench;
    ComparisonSettings settings = smallSettings();
    settings.sparsities = {0.25, 0.98}; // all twelve layers: nothing would be left
    settings.methods = {PlanMethod::ShortGpt, PlanMethod::TwoSsp};
    const Comparison table = compareAll(bench.session, bench.engine, settings);
    QCOMPARE(table.rows.size(), 5U);
    QVERIFY(table.rows[1].problem.empty() && table.rows[1].evaluations.at(0));
    QVERIFY(!table.rows[2].problem.empty());
    QVERIFY(table.rows[2].planHash.empty());
    QVERIFY(table.rows[3].problem.empty() && table.rows[3].evaluations.at(0));
}

/// A session that cannot be saved (a full disk) is no problem of the row that was found then.
void tst_CompareWork::whatCannotBeKeptEndsIt()
{
    Bench bench;
    ComparisonSettings settings = smallSettings();
    settings.methods = {PlanMethod::ShortGpt};
    JobContext context;
    int measured = 0;
    const auto keep = [&](const JobEvent &event) {
        if (!std::holds_alternative<MeasurementMade>(event))
            return;
        ++measured;
        throw WritingFailure("'table.secateur' cannot be written", ENOSPC);
    };
    QVERIFY_EXCEPTION_THROWN(compare(bench.engine, bench.session, settings, context, keep), WritingFailure);
    QCOMPARE(measured, 1);
}

void tst_CompareWork::anotherTextIsNotTheSame()
{
    Bench bench;
    const QTemporaryDir folder;
    const QString text = folder.filePath("text.txt");
    QVERIFY(QFile::copy(SECATEUR_SOURCE_DIR "/resources/sample/text/oz.txt", text));
    ComparisonSettings settings = smallSettings();
    settings.methods = {};
    settings.evaluations[0].files = {text.toStdString()};
    const double before = compareAll(bench.session, bench.engine, settings).rows[0].evaluations.at(0)->perplexity;
    QVERIFY(QFile::remove(text) && QFile::copy(SECATEUR_SOURCE_DIR "/resources/sample/text/grimm.txt", text));
    Counts counts;
    const double after = compareAll(bench.session, bench.engine, settings, &counts).rows[0].evaluations.at(0)->perplexity;
    QCOMPARE(counts.evaluations, 1);
    QVERIFY(before != after);
}

void tst_CompareWork::speedOfAnotherMachineIsMeasuredAgain()
{
    Bench bench;
    ComparisonSettings settings;
    settings.throughput = {.promptLengths = {8}, .newTokens = 2, .repetitions = 1};
    const auto measured = [&] {
        int count = 0;
        JobContext context;
        compare(bench.engine, bench.session, settings, context,
                [&](const JobEvent &event) { count += std::holds_alternative<MeasurementMade>(event) ? 1 : 0; });
        return count;
    };
    QCOMPARE(measured(), 1);
    QCOMPARE(measured(), 0);
    bench.session.measurements.front().computed.host = "another";
    QCOMPARE(measured(), 1);
    settings.throughput->promptLengths = {1'000'000}; // told before anything is computed
    QVERIFY_EXCEPTION_THROWN(measured(), Error);
}

void tst_CompareWork::itemsThatWereScoredAreNotScoredAgain()
{
    ComparisonSettings settings;
    settings.tasks.paths = {SECATEUR_SOURCE_DIR "/tests/fixtures/tasks/hellaswag_val.jsonl"};
    const auto scored = [&](Bench &bench, int most) {
        int count = 0;
        std::stop_source stop;
        JobContext context(stop.get_token());
        try {
            compare(bench.engine, bench.session, settings, context, [&](const JobEvent &event) {
                if (std::holds_alternative<TaskScored>(event) && ++count == most)
                    stop.request_stop();
            });
        } catch (const Cancelled &) {
        }
        return count;
    };
    Bench straight, stopped;
    const int all = scored(straight, -1);
    QVERIFY(all > 1);
    QCOMPARE(scored(stopped, 1), 1);
    QVERIFY(stopped.session.begunTasks && stopped.session.measurements.empty());
    QCOMPARE(scored(stopped, -1), all - 1);
    QVERIFY(!stopped.session.begunTasks);
    QVERIFY(stopped.session.measurements.front().tasks == straight.session.measurements.front().tasks);
}

void tst_CompareWork::phasesAreToldBeforeTheStart()
{
    Bench bench;
    ComparisonSettings settings = smallSettings();
    settings.methods = {PlanMethod::TwoSsp, PlanMethod::BlockPruner};
    settings.sparsities = {0.25};
    std::vector<ExpectedPhase> told;
    std::vector<std::string> begun;
    double largest = 0;
    JobContext context({}, [&](const Progress &progress) {
        if (progress.done == 0 && progress.seconds == 0 && progress.phase != "load")
            begun.push_back(progress.phase);
        largest = std::max(largest, progress.whole.value_or(0));
    });
    compare(
        bench.engine, bench.session, settings, context, [](const JobEvent &) {},
        [&](const auto &phases) {
            QVERIFY(begun.empty());
            told = phases;
        });
    std::vector<std::string> names;
    for (const ExpectedPhase &phase : told) {
        QVERIFY(phase.seconds > 0);
        names.push_back(phase.phase);
    }
    QCOMPARE(names, (std::vector<std::string>{"evaluate", "calibrate", "search", "evaluate", "search", "evaluate"}));
    QCOMPARE(begun, names);
    QVERIFY(largest > 0.999);
    compare(
        bench.engine, bench.session, settings, context, [](const JobEvent &) {}, [&](const auto &phases) { told = phases; });
    QVERIFY(told.empty());
}

void tst_CompareWork::settingsThatMakeNothingAreRefused()
{
    Bench bench;
    const auto isRefused = [&](const ComparisonSettings &settings) {
        try {
            compareAll(bench.session, bench.engine, settings);
            return false;
        } catch (const Error &problem) {
            return !problem.hint().empty();
        }
    };
    ComparisonSettings settings = smallSettings();
    settings.evaluations.clear();
    QVERIFY(isRefused(settings));
    settings = smallSettings();
    settings.methods.push_back(PlanMethod::ShortGpt);
    QVERIFY(isRefused(settings));
    settings = smallSettings();
    settings.sparsities = {1.5};
    QVERIFY(isRefused(settings));
    settings = smallSettings();
    settings.methods.push_back(PlanMethod::Manual);
    QVERIFY(isRefused(settings));
    settings = smallSettings();
    settings.throughput = ThroughputSettings{.promptLengths = {100'000}};
    QVERIFY(isRefused(settings));
    settings = smallSettings();
    settings.evaluations[0].files = {"/nowhere.txt"};
    Counts counts;
    QVERIFY_EXCEPTION_THROWN(compareAll(bench.session, bench.engine, settings, &counts), Error);
    QCOMPARE(counts.evaluations, 0);
}

namespace {

/// 2SSP at one size, and refitted; nothing of it is gated.
ComparisonSettings restoredSettings()
{
    ComparisonSettings settings = smallSettings();
    settings.methods = {PlanMethod::TwoSsp, PlanMethod::ShortGpt};
    settings.sparsities = {0.375};
    settings.text.windows = 16; // of 64 tokens
    RestorationSettings refit;
    refit.steps = {RestorationStep::Refit, RestorationStep::Order};
    refit.isGated = false;
    refit.searchWindows = 1;
    refit.gateWindows = 2;
    settings.restorations = {refit};
    return settings;
}

Comparison compareRestored(Bench &bench, const std::filesystem::path &plans, Counts &counts)
{
    JobContext context;
    return compare(
        bench.engine, bench.session, restoredSettings(), context, [&](const JobEvent &event) { counts.hear(event); }, {}, plans);
}

} // namespace

void tst_CompareWork::restoredRowsFollowTheirPlan()
{
    Bench bench, other;
    Counts counts;
    const Comparison first = compareRestored(bench, {}, counts);
    QCOMPARE(first.rows.size(), 4U); // original, 2SSP, restored, ShortGPT
    const ComparisonRow &plain = first.rows[1], &restored = first.rows[2];
    QVERIFY2(restored.problem.empty(), restored.problem.c_str());
    QVERIFY(plain.method == PlanMethod::TwoSsp && plain.restored.empty());
    QVERIFY(restored.method == PlanMethod::Restored && restored.restored == restoredSettings().restorations[0].steps);
    QVERIFY(restored.planHash != plain.planHash && restored.evaluations.at(0).has_value());
    QVERIFY(std::abs(restored.sparsityLayers - plain.sparsityLayers) < 0.01);
    QVERIFY(restored.pruningSeconds.value() > plain.pruningSeconds.value());
    QVERIFY(counts.restorations > 0);
    QVERIFY(bench.session.plans.size() == 1); // that of ShortGPT: no session holds weights

    // Where no plan is kept, it is made again, to the same bits; what was measured of it is known.
    Counts again;
    const Comparison second = compareRestored(bench, {}, again);
    QCOMPARE(QString::fromStdString(second.rows[2].planHash), QString::fromStdString(restored.planHash));
    QCOMPARE(again.evaluations + again.plans + again.removals, 0);

    // Where there is a folder for it, it is taken from there.
    const QTemporaryDir folder;
    const std::filesystem::path plans = folder.filePath("table.plans").toStdString(), file = folder.filePath("t.secateur").toStdString();
    Counts kept;
    const Comparison third = compareRestored(other, plans, kept);
    QCOMPARE(QString::fromStdString(contentOf(third).dump()), QString::fromStdString(contentOf(first).dump()));
    saveSession(other.session, file);
    Bench reopened;
    reopened.session = loadSession(file);
    Counts none;
    const Comparison fourth = compareRestored(reopened, plans, none);
    QCOMPARE(QString::fromStdString(resultRows(fourth).dump()), QString::fromStdString(resultRows(third).dump())); // seconds as well
    QCOMPARE(none.evaluations + none.calibrations + none.plans + none.removals + none.restorations, 0);
    QCOMPARE(QDir(folder.filePath("table.plans")).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot).size(), 1);
}

void tst_CompareWork::variantsShareTheStepsThatTheyHaveInCommon()
{
    ComparisonSettings settings = restoredSettings();
    settings.methods = {PlanMethod::TwoSsp};
    const auto run = [&](Bench &bench, const std::filesystem::path &plans) {
        JobContext context;
        return compare(bench.engine, bench.session, settings, context, [](const JobEvent &) {}, {}, plans);
    };
    Bench alone, both;
    const nlohmann::json wanted = contentOf(run(alone, {})).back();
    settings.restorations = variantsOf(settings.restorations.front());
    const QTemporaryDir folder;
    const Comparison compared = run(both, folder.path().toStdString());
    QCOMPARE(compared.rows.size(), 4U); // original, 2SSP, r1, r1 and r2
    QCOMPARE(QString::fromStdString(contentOf(compared).back().dump()), QString::fromStdString(wanted.dump()));
    std::map<std::size_t, std::vector<RestorationVariant>> variants; // by the number of steps
    for (const auto &[key, shelf] : both.session.plans)
        variants[shelf->plan.restoration.value().settings.steps.size()] = shelf->plan.restoration->variants;
    QCOMPARE(variants.size(), 2U);
    QCOMPARE(variants[1].size(), 2U);
    QVERIFY(std::equal(variants[1].begin(), variants[1].end(), variants[2].begin())); // with their seconds: none was made twice
}

void tst_CompareWork::aStoppedRestorationGoesOn()
{
    Bench straight, stopped;
    Counts counts, rest;
    const QTemporaryDir one, two;
    const nlohmann::json wanted = contentOf(compareRestored(straight, one.path().toStdString(), counts));
    JobContext context;
    int heard = 0;
    const auto stop = [&](const JobEvent &event) {
        if (std::holds_alternative<RestorationKnown>(event) && ++heard == 3)
            throw Cancelled();
    };
    QVERIFY_EXCEPTION_THROWN(compare(stopped.engine, stopped.session, restoredSettings(), context, stop, {}, two.path().toStdString()),
                             Cancelled);
    QCOMPARE(stopped.session.restorations.size(), 1U);
    QCOMPARE(QString::fromStdString(contentOf(compareRestored(stopped, two.path().toStdString(), rest)).dump()),
             QString::fromStdString(wanted.dump()));
    QVERIFY(stopped.session.restorations.empty()); // it led to a plan
}

QTEST_GUILESS_MAIN(tst_CompareWork)
#include "tst_CompareWork.moc"
