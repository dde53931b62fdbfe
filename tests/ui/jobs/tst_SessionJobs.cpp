// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of a session on the bundled sample, computed for real.
#include "jobs/SessionJobs.h"

#include "SampleBench.h"
#include "foundation/Error.h"
#include "foundation/Ranks.h"
#include "jobs/JobTable.h"
#include "pruning/PlanFile.h"
#include "session/Measurements.h"
#include "session/SessionStore.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QSignalSpy>
#include <QtTest>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <set>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

using State = JobInfo::State;

/// What `secateur-cli ARGUMENTS --json` prints as its result.
QJsonObject cliResult(QStringList arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process.start(QStringLiteral(SECATEUR_CLI), arguments << QStringLiteral("--json"));
    process.waitForFinished(120'000);
    for (const QByteArray &line : process.readAllStandardOutput().split('\n'))
        if (const QJsonObject event = QJsonDocument::fromJson(line).object(); event.value("event") == "result")
            return event;
    return {};
}

/// Losses of a search that are known.
std::int64_t lossesOf(const SearchRecord *record)
{
    return record ? record->evaluations() + (std::isnan(record->initialLoss) ? 0 : 1) : 0;
}

/// Cancels the search as soon as so many losses are known, while the context lives.
void cancelAfter(SampleBench &bench, std::int64_t losses, const QObject &context)
{
    QObject::connect(&bench.model, &SessionModel::searchChanged, &context, [&bench, losses] {
        if (lossesOf(bench.model.search()) >= losses && bench.runner.isBusy(JobKind::Search))
            bench.runner.cancelAll();
    });
}

/// The other half of a shared search that never comes: where the engine waits for it, the device gives out.
class FailingDevice : public Ranks {
public:
    std::atomic<bool> isToFail = false;

    int size() const override { return isToFail ? 2 : 1; }
    std::vector<std::string> exchange(std::string mine, const JobContext & /*context*/) override
    {
        if (mine.size() == 3 * 12 * sizeof(double)) // the losses, bounds and screened losses of a step: this half of them is there
            throw MachineFailure("The device cuda:0 failed: unspecified launch failure.", "Start the program again (--device cpu).",
                                 "cuda:0");
        return {mine, mine};
    }
};

} // namespace

class TestSessionJobs : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void whatIsNotPossibleYetSaysWhy();
    void openingBeginsASession();
    void movedModelIsFoundAgain();
    void aFileOfAModelOpensItsFolder();
    void theLatestModelIsOpened();
    void anOpeningThatIsCancelledChangesNothing();
    void calibratingTwiceGivesOneCalibration();
    void calibratingIsOneStepOfTheHistory();
    void scoresOfOtherSettingsAreKeptButNotUsed();
    void aCalibrationTeachesWhatTheNextOneCosts();
    void goingBackToACalibrationComputesNothing();
    void aPlanByAnotherMethodComesIntoUse();
    void aPlanIsRestoredAndKept();
    void aRestorationThatIsStoppedChangesNoPlan();
    void widthsByHandAreAPlanOfTheirOwn();
    void tasksAreMeasuredOnce();
    void impactGrowsCellByCell();
    void aGgufFileOpensByItsOwnName();
    void aSearchIsSeenAsItGoes();
    void aCancelledSearchGoesOnWhereItStopped();
    void costIsWhatTheSearchThenDoes();
    void aProtectedLayerCostsOnlyWhatChanges();
    void memoryIsForecastAndThenCompared();
    void jobsThatDoNotFitSayWhyBeforeTheyStart();
    void jobsBehindASearchDoNotRepeatIt();
    void theSearchOfAnotherThreadCountStartsAnew();
    void evaluatingSearchesFirstAndMeasuresTheDenseModelOnce();
    void anOriginalThatWasComputedDifferentlyIsMeasuredAgain();
    void theOriginalIsMeasuredAgainOnATextThatWasChanged();
    void numbersAreThoseOfTheCommandLine();
    void aCurveWithABorrowedOrder();
    void aCurveThatSearchesEachPoint();
    void anExportIsWrittenAndVerified();
    void theHashOfThePlanComesByItself();
    void aPlanIsSavedForTheCommandLine();
    void failuresNameTheObjectAndTheRemedy_data();
    void failuresNameTheObjectAndTheRemedy();
    void aDeviceThatFailsLeavesWhatWasFinished();
    void aHeldJobEndsWithAnotherJobOrModel();
    void aHeldCurveKeepsItsPoints();
    void aHeldPruningGoesOn();
    void whatRunsIsNotStartedAgain();
    void aRunningJobIsStoppedOnlyWhenPeopleSaySo();
    void requestsThatDifferAreTwo();
    void aHeldPruningIsRetriedOnlyForTheSameRequest();
    void openingEndsTheJobsOfTheSession();
    void resultsForAnotherModelAreDropped();
    void everyJobHasItsOwnCommand();
    void aResultThatIsLeftOutIsSaid();
};

void TestSessionJobs::aResultThatIsLeftOutIsSaid()
{
    SampleBench bench;
    bench.model.begin(sampleSummary());
    bench.model.addRemoval("a search that nobody began", 0, 1, false);
    const Message told = bench.message(QStringLiteral("journal"));
    QVERIFY(told.severity == Message::Severity::Warning);
    QCOMPARE(told.sentence, QStringLiteral("A result was left out of the session: its search was not begun."));
}

void TestSessionJobs::whatIsNotPossibleYetSaysWhy()
{
    SampleBench bench;
    SessionJobs &jobs = bench.jobs;
    for (const Possibility &possible :
         {jobs.canCalibrate(), jobs.canMeasureImpact(), jobs.canEvaluateDense(), jobs.canEvaluate(), jobs.canExport()})
        QCOMPARE(possible.reason, QStringLiteral("Open a model first."));
    QVERIFY(!jobs.canSearch());
    jobs.calibrate(); // refused, not queued
    jobs.search();
    jobs.evaluate();
    jobs.exportPlan({});
    QVERIFY(bench.runner.jobs().empty());
    QCOMPARE(jobs.memoryNeeded(), 0);
    QVERIFY(jobs.commandOf(JobKind::Calibrate).isEmpty());

    bench.model.begin(sampleSummary());
    QCOMPARE(jobs.canCalibrate().reason, QStringLiteral("Choose a calibration text first."));
    QCOMPARE(jobs.canEvaluateDense().reason, QStringLiteral("Choose a text to evaluate on first."));
    bench.model.setDraftAndTexts(bench.model.draft(), SampleBench::texts().calibration, SampleBench::texts().evaluation, ScoreNorm::L2);
    QVERIFY(jobs.canCalibrate());
    QVERIFY(jobs.canEvaluateDense());
    QVERIFY(jobs.canSearch().reason.startsWith(QStringLiteral("Calibrate first")));
    QVERIFY(jobs.canEvaluate().reason.startsWith(QStringLiteral("Calibrate first")));
    QVERIFY(jobs.canExport().reason.startsWith(QStringLiteral("Calibrate first")));
    const auto scores = madeUpScores(bench.model.spec(), 1);
    bench.editor.useCalibration(bench.model.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    QVERIFY(jobs.canSearch());
    QVERIFY(jobs.canEvaluate()); // it searches first
    QVERIFY(jobs.canExport().reason.startsWith(QStringLiteral("Search first: 0 of ")));
    bench.editor.setAttentionsToRemove(0);
    QVERIFY(jobs.canSearch().reason.startsWith(QStringLiteral("N = 0")));
    QVERIFY(jobs.canEvaluate());
    QVERIFY(jobs.canExport());
    bench.editor.setAttentionsToRemove(1);
    bench.editor.toggleForced(1);
    bench.editor.toggleForced(2);
    QVERIFY(jobs.canSearch().reason.startsWith(QStringLiteral("2 removals are forced")));
    QCOMPARE(jobs.canEvaluate().reason, jobs.canSearch().reason);
    bench.editor.setSparsity(0.999);
    QCOMPARE(jobs.canSearch().reason, bench.model.balanceProblem());
    QCOMPARE(jobs.canExport().reason, bench.model.balanceProblem());
    bench.model.setModelThere(false);
    for (const Possibility &possible :
         {jobs.canCalibrate(), jobs.canMeasureImpact(), jobs.canSearch(), jobs.canEvaluate(), jobs.canEvaluateDense(), jobs.canExport()})
        QVERIFY2(possible.reason.startsWith(QStringLiteral("The model of this session is not there")), qPrintable(possible.reason));

    ModelSummary mute = sampleSummary();
    mute.tokenizerSize.reset();
    mute.tokenizerProblem = "there is no tokenizer.json.";
    bench.model.begin(mute);
    QVERIFY(jobs.canCalibrate().reason.contains(QStringLiteral("there is no tokenizer.json.")));
    ModelSummary pruned = sampleSummary();
    pruned.spec.layers[3].attention.reset();
    bench.model.begin(pruned);
    QCOMPARE(jobs.canCalibrate().reason, bench.model.pruningProblem());
}

void TestSessionJobs::openingBeginsASession()
{
    SampleBench bench;
    QSignalSpy opened(&bench.jobs, &SessionJobs::modelOpened), reported(&bench.jobs, &SessionJobs::engineReportChanged);
    QVERIFY(bench.open());
    QCOMPARE(opened.size(), 1);
    QCOMPARE(reported.size(), 1);
    QCOMPARE(bench.model.modelName(), QStringLiteral("sample")); // its folder is .../sample/model
    QCOMPARE(bench.model.layerCount(), 12);
    QVERIFY(bench.model.isModelThere());
    QCOMPARE(bench.model.session().calibrationText.length, 128);
    QCOMPARE(bench.model.session().evaluationText.files.size(), 1U);
    QCOMPARE(bench.jobs.engineReport()->computed.threads, 1);
    QCOMPARE(bench.jobs.memoryNeeded(), 4 * bench.model.denseFigures().modelParameters); // float32 on the CPU
    QVERIFY(bench.jobs.memoryFree() > 0);
    QCOMPARE(bench.runner.job(1)->title, QStringLiteral("Open sample"));
    QVERIFY(bench.messages.current().empty());
}

void TestSessionJobs::movedModelIsFoundAgain()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QTemporaryDir elsewhere;
    const std::filesystem::path now = std::filesystem::path(elsewhere.path().toStdString()) / "moved";
    std::filesystem::create_directory_symlink(bench.model.session().model->folder, now);
    bench.model.setModelThere(false);
    bench.jobs.reopenModel(elsewhere.path().toStdString()); // where no model is
    QVERIFY(!bench.finish());
    QVERIFY(!bench.model.isModelThere());
    bench.jobs.reopenModel(now);
    QVERIFY(bench.finish());
    QVERIFY(bench.model.isModelThere());
    QCOMPARE(bench.model.session().model->folder, now);
    QVERIFY(bench.jobs.canCalibrate());
}

void TestSessionJobs::aFileOfAModelOpensItsFolder()
{
    SampleBench bench;
    for (const std::filesystem::path &path :
         {sampleFolder() / "model" / "config.json", sampleFolder() / "model" / "", sampleFolder() / "text" / ".." / "model"}) {
        bench.jobs.openModel(path);
        QVERIFY(bench.finish());
        QCOMPARE(bench.model.session().model->folder, sampleFolder() / "model");
    }
}

void TestSessionJobs::theLatestModelIsOpened()
{
    SampleBench bench;
    QSignalSpy opened(&bench.jobs, &SessionJobs::modelOpened);
    bench.jobs.openModel(SECATEUR_FIXTURES "/tiny-llamas/gqa");
    std::this_thread::sleep_for(std::chrono::milliseconds(200)); // it is open, but nobody has heard of it yet
    bench.jobs.openModel(SECATEUR_FIXTURES "/tiny-llamas/mqa");
    bench.jobs.openModel(sampleFolder() / "model");
    QVERIFY(bench.finish());
    QTest::qWait(80);
    QCOMPARE(opened.size(), 1);
    QCOMPARE(bench.model.layerCount(), 12);
}

void TestSessionJobs::anOpeningThatIsCancelledChangesNothing()
{
    SampleBench bench;
    bench.jobs.openModel(sampleFolder() / "model");
    bench.runner.cancelAll();
    QTRY_VERIFY(bench.runner.job(1)->state == State::Cancelled);
    QTest::qWait(80);
    QVERIFY(!bench.model.hasModel());
    QVERIFY(bench.messages.current().empty());
}

void TestSessionJobs::calibratingTwiceGivesOneCalibration()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QSignalSpy read(&bench.model, &SessionModel::textRead);
    QVERIFY(bench.calibrate());
    QCOMPARE(read.count(), 1);
    const QStringList lines = read[0][1].toStringList();
    QCOMPARE(lines.size(), 1);
    QVERIFY2(lines[0].startsWith("grimm.txt (plain text, UTF-8): \"") && lines[0].contains(" tokens read)"), qPrintable(lines[0]));
    QVERIFY(bench.calibrate());
    QCOMPARE(bench.model.session().calibrations.size(), 1U);
    QCOMPARE(bench.history.count(), 1);
    TextSettings text = bench.model.session().calibrationText;
    text.windows = 2;
    bench.model.setDraftAndTexts(bench.model.draft(), text, bench.model.session().evaluationText, ScoreNorm::L1);
    QVERIFY(bench.calibrate());
    QCOMPARE(bench.model.session().calibrations.size(), 2U);
    QCOMPARE(bench.model.draft().calibration, 1);
    QVERIFY(bench.model.scores()->norm == ScoreNorm::L1);
    QCOMPARE(bench.model.scores()->provenance.windows, 2);
    QCOMPARE(bench.model.scores()->provenance.computed.threads, 1);
    QCOMPARE(bench.model.rankedScores()->layerCount(), 12);
}

void TestSessionJobs::calibratingIsOneStepOfTheHistory()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    QCOMPARE(bench.history.count(), 1);
    bench.history.undo();
    QVERIFY(!bench.model.hasScores());
    bench.history.redo();
    QVERIFY(bench.model.hasScores());
}

/// The settings may change while the model is calibrated: its scores are kept, and come into use when the settings ask for them.
void TestSessionJobs::scoresOfOtherSettingsAreKeptButNotUsed()
{
    SampleBench bench;
    QVERIFY(bench.open());
    const Session &session = bench.model.session();
    const TextSettings first = session.calibrationText;
    TextSettings other = first;
    other.seed = 7;
    bench.jobs.calibrate();
    bench.editor.setTexts(other, session.evaluationText, ScoreNorm::L2);
    QVERIFY(bench.finish());
    QCOMPARE(session.calibrations.size(), 1U);
    QVERIFY(!bench.model.hasScores());
    QVERIFY(session.calibrationText == other);
    QVERIFY(bench.jobs.canSearch().reason.startsWith(QStringLiteral("Calibrate first")));
    QVERIFY(bench.jobs.canExport().reason.startsWith(QStringLiteral("Calibrate first")));
    const Message told = bench.message(QStringLiteral("calibrated"));
    QVERIFY2(told.sentence.contains(QStringLiteral("not in use")), qPrintable(told.sentence));
    QCOMPARE(told.actionText, QStringLiteral("Use them"));
    told.action();
    QVERIFY(bench.model.hasScores());
    QVERIFY(session.calibrationText == first);
    QVERIFY(bench.message(QStringLiteral("calibrated")).sentence.isEmpty()); // nothing is to be told any more
    bench.history.undo();
    QVERIFY(!bench.model.hasScores());
    bench.history.undo();
    bench.editor.setTexts(first, session.evaluationText, ScoreNorm::L1);
    bench.editor.setTexts(first, session.evaluationText, ScoreNorm::L2);
    QVERIFY(bench.model.hasScores());
    QVERIFY(bench.jobs.canSearch());
}

/// A calibration costs what the last one of that length took, however fast a product was measured to be.
void TestSessionJobs::aCalibrationTeachesWhatTheNextOneCosts()
{
    SampleBench bench;
    QVERIFY(bench.open());
    const double forecast = bench.jobs.calibrationCost().seconds.value();
    QVERIFY(bench.calibrate());
    const double taken = bench.runner.jobs().back().seconds;
    const JobCost cost = bench.jobs.calibrationCost();
    QVERIFY2(std::abs(cost.seconds.value() - taken) < 1e-6 * taken, qPrintable(QStringLiteral("%1 %2").arg(*cost.seconds).arg(taken)));
    QCOMPARE(cost.forecast.value().seconds, *cost.seconds);
    const Session &session = bench.model.session();
    TextSettings other = session.calibrationText;
    other.windows = 8;
    bench.editor.setTexts(other, session.evaluationText, ScoreNorm::L2);
    QVERIFY(std::abs(bench.jobs.calibrationCost().seconds.value() - 2 * taken) < 1e-6 * taken);
    other.windows = 4;
    other.length = 64; // nothing of that length was measured
    bench.editor.setTexts(other, session.evaluationText, ScoreNorm::L2);
    QVERIFY(bench.jobs.calibrationCost().seconds.value() < std::max(2 * forecast, 1.0));
    QVERIFY(bench.open()); // nor with this session
    QVERIFY(std::abs(bench.jobs.calibrationCost().seconds.value() - taken) > 1e-9);
}

/// Scores, search and evaluation of the earlier settings are found again by undo, and nothing is computed.
void TestSessionJobs::aPlanByAnotherMethodComesIntoUse()
{
    SampleBench bench;
    BlockSettings settings;
    settings.sparsity = 0.25;
    QVERIFY(!bench.jobs.canFindBlocks(settings));
    QVERIFY(bench.open());
    QVERIFY(bench.jobs.canFindBlocks(settings));
    QVERIFY(bench.jobs.blocksCommand(settings).contains(QStringLiteral("--method shortgpt --sparsity 0.25")));
    const PlanDraft before = bench.model.draft();
    bench.jobs.findBlocks(settings);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.runner.jobs().back().progress.part, 1); // its bar follows the phase that was foretold
    QCOMPARE(bench.runner.jobs().back().progress.parts, 1);
    const ShelfPlan *found = bench.model.shelfPlan();
    QVERIFY(found && found->file.empty());
    QCOMPARE(found->plan.removedAttentions.size(), 3U); // of 12 layers
    QCOMPARE(found->plan.layersWithoutFfn().size(), 3U);
    QCOMPARE(shelfName(*found), QStringLiteral("ShortGPT"));
    QVERIFY(bench.model.isSettled());
    QVERIFY(!bench.model.blocksInProgress() && bench.model.session().choices.empty());
    QVERIFY(!bench.jobs.canSearch());
    QVERIFY(bench.jobs.canExport());
    bench.history.undo();
    QCOMPARE(bench.model.draft(), before);
    bench.history.redo();
    QVERIFY(bench.evaluate());
    QCOMPARE(bench.model.planEvaluation()->planHash, found->plan.hash());
    bench.jobs.findBlocks(settings); // the same again
    QVERIFY(bench.finish());
    QCOMPARE(bench.model.session().plans.size(), 1U);
}

void TestSessionJobs::aPlanIsRestoredAndKept()
{
    SampleBench bench;
    RestorationSettings settings;
    settings.steps = {RestorationStep::Refit};
    settings.gateWindows = 1;
    QVERIFY(bench.open());
    QVERIFY(!bench.jobs.canRestore(settings)); // no neurons are chosen yet
    bench.jobs.setDataFolder(bench.path(QStringLiteral("data")).toStdString());
    bench.jobs.setKeepsGrams(true);
    QVERIFY2(bench.calibrate(), qPrintable(bench.runner.jobs().back().sentence));
    QTRY_VERIFY(bench.jobs.areGramsKept());
    // what was said before has room for the longest header
    QVERIFY(bench.jobs.keptGramBytes() <= bench.jobs.gramBytes() && bench.jobs.keptGramBytes() > bench.jobs.gramBytes() * 9 / 10);
    bench.editor.setAttentionsToRemove(1);
    QVERIFY2(bench.jobs.canRestore(settings), qPrintable(bench.jobs.canRestore(settings).reason));
    QVERIFY2(bench.jobs.restorationCommand(settings).contains(QStringLiteral("--restore r1")),
             qPrintable(bench.jobs.restorationCommand(settings)));
    const PlanDraft plain = bench.model.draft();
    bench.jobs.restore(settings);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.model.draft(), plain);                       // what people work on stays
    QCOMPARE(bench.model.searchState(), SearchState::Complete); // it was searched first
    const Session &session = bench.model.session();
    QCOMPARE(session.plans.size(), 1U);
    const ShelfPlan shelf = *session.plans.begin()->second;
    QVERIFY(shelf.plan.restoration && shelf.plan.method == PlanMethod::Restored);
    QCOMPARE(shelf.plan.restoration->plainHash, bench.planHash());
    QVERIFY(std::filesystem::is_regular_file(shelf.file));
    QCOMPARE(shelfName(shelf), QStringLiteral("2SSP, restored"));
    QVERIFY(!bench.model.restorationInProgress() && session.restorations.empty());

    const Message told = bench.message(QStringLiteral("restored"));
    QVERIFY2(told.sentence.startsWith(QStringLiteral("The plan is restored")), qPrintable(told.sentence));
    told.action();
    QVERIFY(bench.model.isSettled() && bench.model.shelfPlan()->plan.restoration);
    QVERIFY(!bench.jobs.canRestore(settings)); // once is enough
    QVERIFY(bench.jobs.canExport());
    QVERIFY(bench.evaluate());
    QCOMPARE(bench.model.planEvaluation()->planHash, shelf.plan.hash());
    bench.history.undo();
    QCOMPARE(bench.model.draft(), plain);
    bench.jobs.restore(settings); // the same again
    QVERIFY(bench.finish());
    QCOMPARE(bench.model.session().plans.size(), 1U);
}

void TestSessionJobs::aRestorationThatIsStoppedChangesNoPlan()
{
    SampleBench bench;
    bench.jobs.setDataFolder(bench.path(QStringLiteral("data")).toStdString());
    QVERIFY(bench.open() && bench.calibrate());
    bench.editor.setAttentionsToRemove(0);
    const RestorationSettings settings;
    QObject context;
    QObject::connect(&bench.model, &SessionModel::restorationInProgressChanged, &context, [&bench] {
        if (bench.model.restorationInProgress())
            bench.runner.cancelAll();
    });
    bench.jobs.restore(settings);
    QVERIFY(!bench.finish());
    QCOMPARE(bench.runner.jobs().back().state, State::Cancelled);
    QVERIFY(bench.model.session().plans.empty());
    QVERIFY(!bench.model.restorationInProgress());
    QVERIFY(!bench.model.session().restorations.empty()); // it goes on from there
}

void TestSessionJobs::widthsByHandAreAPlanOfTheirOwn()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QCOMPARE(bench.jobs.widthsProblem(), QStringLiteral("Calibrate first: the neurons of a layer are chosen by their scores."));
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    QVERIFY(bench.search());
    const std::vector<std::int64_t> removed = bench.model.removalOrder();
    QCOMPARE(removed.size(), 2U);
    std::vector<std::int64_t> widths(12, 100);
    widths[4] = 33;
    bench.jobs.setWidths(widths, QStringLiteral("Widths"));
    QTRY_VERIFY(bench.model.shelfPlan());
    const PruningPlan plan = planOf(bench.model.session(), bench.model.draft());
    QCOMPARE(plan.widths(), widths);
    QCOMPARE(plan.removedAttentions, removed);
    QVERIFY(!plan.search.isBegun());
    checkPlan(plan, bench.model.spec(), bench.model.session().calibrations[0]->provenance.modelHash); // throws where it says what is not so
    QVERIFY(bench.jobs.canEvaluate() && bench.jobs.canExport());
    QVERIFY(bench.evaluate());
    QCOMPARE(bench.model.planEvaluation()->planHash, plan.hash());
}

void TestSessionJobs::tasksAreMeasuredOnce()
{
    SampleBench bench;
    TaskSettings tasks;
    tasks.paths = {bench.path("piqa.jsonl").toStdString()};
    QFile file(bench.path("piqa.jsonl"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    for (const char *goal : {"to boil an egg", "to light a fire", "to mend a sock"})
        file.write(QByteArray("{\"goal\": \"") + goal + "\", \"sol1\": \"Use water.\", \"sol2\": \"Use a needle.\", \"label\": 0}\n");
    file.close();
    QVERIFY(bench.open());
    QVERIFY(!bench.jobs.canMeasureTasksOfDense({})); // no files are chosen
    QVERIFY(bench.jobs.canMeasureTasksOfDense(tasks));
    bench.jobs.measureTasksOfDense(tasks);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    const auto measured = [&] { return std::ranges::count(bench.model.session().measurements, Measured::Tasks, &Measurement::what); };
    QCOMPARE(measured(), 1);
    const TaskResults results = *bench.model.session().measurements.back().tasks;
    QCOMPARE(results.tasks.size(), 1U);
    QCOMPARE(results.tasks[0].name, std::string("piqa"));
    QCOMPARE(results.tasks[0].items, 3);
    QSignalSpy again(&bench.model, &SessionModel::evaluationsChanged);
    bench.jobs.measureTasksOfDense(tasks);
    QVERIFY(bench.finish());
    QCOMPARE(again.size(), 0); // it is known
    QCOMPARE(measured(), 1);
    QVERIFY(!bench.model.taskInProgress());
}

void TestSessionJobs::goingBackToACalibrationComputesNothing()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(bench.evaluate()); // and its search
    const std::string hash = bench.planHash();
    const std::size_t jobs = bench.runner.jobs().size();
    TextSettings text = bench.model.session().calibrationText;
    text.windows = 3;
    bench.editor.setTexts(text, bench.model.session().evaluationText, ScoreNorm::L2);
    QVERIFY(!bench.model.hasScores());
    QVERIFY(!bench.model.planEvaluation());
    bench.history.undo();
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QVERIFY(bench.model.planEvaluation());
    QCOMPARE(bench.planHash(), hash);
    QCOMPARE(bench.runner.jobs().size(), jobs);
}

void TestSessionJobs::impactGrowsCellByCell()
{
    SampleBench bench;
    QVERIFY(bench.open());
    bench.editor.toggleProtected(3); // of no concern here
    std::vector<std::int64_t> known;
    connect(&bench.model, &SessionModel::denseImpactChanged, &bench.model,
            [&] { known.push_back(bench.model.denseImpact()->evaluations()); });
    QCOMPARE(bench.jobs.impactCost().evaluations, 1 + 12); // the model as it is, and without each of its attentions
    bench.jobs.measureImpact();
    QVERIFY(bench.finish());
    const SearchRecord &record = *bench.model.denseImpact();
    QCOMPARE(record.evaluations(), 12);
    QVERIFY(record.initialLoss > 0);
    QCOMPARE(record.provenance.windows, 1);
    QVERIFY(known.size() >= 14); // empty, the dense model, twelve layers, and the whole
    QVERIFY(std::is_sorted(known.begin(), known.end()));
    QCOMPARE(known.front(), 0);
    QCOMPARE(bench.runner.jobs().back().progress.total, 13);
    QCOMPARE(bench.jobs.impactCost().evaluations, 0);
}

void TestSessionJobs::aGgufFileOpensByItsOwnName()
{
    SampleBench bench;
    const std::filesystem::path file = SECATEUR_FIXTURES "/gguf/gqa.gguf";
    bench.jobs.openModel(file);
    QVERIFY(bench.finish());
    QCOMPARE(bench.model.session().model->folder, file); // others lie beside it
    QCOMPARE(bench.model.layerCount(), 3);
    QVERIFY(bench.model.isModelThere());
}

void TestSessionJobs::aSearchIsSeenAsItGoes()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    std::set<std::int64_t> known;
    std::set<std::size_t> removals;
    connect(&bench.model, &SessionModel::searchChanged, &bench.model, [&] {
        known.insert(lossesOf(bench.model.search()));
        removals.insert(bench.model.removalOrder().size());
    });
    QVERIFY(bench.search());
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(known.size(), 1U + 1U + 12U + 11U); // nothing, the narrowed model, every candidate: each was seen as it came
    QCOMPARE(removals, std::set<std::size_t>({0, 1, 2}));
    QVERIFY(bench.model.planExactness() == Exactness::Exact);
    QCOMPARE(bench.model.planHash().toStdString(), bench.planHash());
    const SearchStep &last = bench.model.search()->steps.back();
    QCOMPARE(bench.model.searchPerplexity().value(), std::exp(last.losses[std::size_t(last.removed)]));
}

void TestSessionJobs::aCancelledSearchGoesOnWhereItStopped()
{
    SampleBench whole;
    QVERIFY(whole.open());
    QVERIFY(whole.calibrate());
    makeLongSearch(whole.editor);
    QVERIFY(whole.search());
    const SearchRecord expected = *whole.model.search();

    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    {
        const QObject context;
        cancelAfter(bench, 16, context);
        bench.jobs.search();
        QVERIFY(!bench.finish());
        QVERIFY(bench.runner.jobs().back().state == State::Cancelled);
    }
    const std::int64_t before = lossesOf(bench.model.search());
    QVERIFY(before >= 16 && before < lossesOf(&expected));
    QVERIFY(bench.model.searchState() == SearchState::Unfinished);
    QVERIFY(bench.messages.current().empty()); // cancelling is no error

    const std::int64_t cost = bench.jobs.searchCost(bench.model.draft()).evaluations;
    QCOMPARE(cost, lossesOf(&expected) - before);
    QVERIFY(bench.search());
    QCOMPARE(bench.runner.jobs().back().progress.total, cost); // no more was computed
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(bench.model.removalOrder(), whole.model.removalOrder());
    QCOMPARE(bench.planHash(), whole.planHash());
    for (std::size_t step = 0; step < expected.steps.size(); ++step)
        for (std::size_t layer = 0; layer < 12; ++layer) {
            const double one = bench.model.search()->steps[step].losses[layer], other = expected.steps[step].losses[layer];
            QVERIFY(one == other || (std::isnan(one) && std::isnan(other))); // bit for bit
        }
}

void TestSessionJobs::aProtectedLayerCostsOnlyWhatChanges()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    const auto state = std::make_shared<SessionJournal>(bench.path(QStringLiteral("journals")).toStdString());
    bench.jobs.setJournal(state);
    bench.editor.setAttentionsToRemove(3);
    bench.editor.setNeuronsKept(150);
    QVERIFY(bench.search());
    const std::vector<std::int64_t> order = bench.model.removalOrder();
    const std::string hash = bench.planHash();
    std::int64_t other = 0;
    while (std::count(order.begin(), order.end(), other) > 0)
        ++other;

    bench.editor.toggleProtected(other); // was never the choice
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(bench.jobs.searchCost(bench.model.draft()).evaluations, 0);
    QCOMPARE(bench.planHash(), hash);

    bench.editor.toggleProtected(order[1]); // was: two steps are known, of the third nothing
    state->writeBase(state->startBase(), bench.model.session());
    state->draftChanged(bench.model.draft());
    const JobCost cost = bench.jobs.searchCost(bench.model.draft());
    QCOMPARE(cost.evaluations, 12 - 2 - 2);
    QVERIFY(bench.search());
    QCOMPARE(bench.runner.jobs().back().progress.total, cost.evaluations);
    QVERIFY(bench.model.searchState() == SearchState::Complete);

    SampleBench fresh;
    QVERIFY(fresh.open());
    QVERIFY(fresh.calibrate());
    fresh.editor.useDraft(bench.model.draft(), QStringLiteral("the same"));
    QVERIFY(fresh.model.searchState() == SearchState::NotBegun);
    QVERIFY(fresh.search());
    QCOMPARE(bench.model.removalOrder(), fresh.model.removalOrder());
    QCOMPARE(bench.planHash(), fresh.planHash());
    const SearchRecord &one = *bench.model.search(), &two = *fresh.model.search();
    for (std::size_t step = 0; step < two.steps.size(); ++step)
        for (std::size_t layer = 0; layer < 12; ++layer) {
            const double a = one.steps[step].losses[layer], b = two.steps[step].losses[layer];
            QVERIFY(a == b || (std::isnan(a) && std::isnan(b))); // bit for bit
        }

    bench.jobs.setJournal({});
    const std::filesystem::path left = state->folder(); // a session that is restored knows it all, too
    const Session restored = recoverSession(left);
    QCOMPARE(planOf(restored, restored.draft).hash(), fresh.planHash());
}

void TestSessionJobs::costIsWhatTheSearchThenDoes()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(3);
    bench.editor.setNeuronsKept(150);
    bench.editor.toggleForced(7);
    bench.editor.toggleProtected(2);
    bench.editor.toggleProtected(4);
    const JobCost cost = bench.jobs.searchCost(bench.model.draft());
    QCOMPARE(cost.evaluations, 1 + 1 + 9 + 8);                      // the narrowed model, the forced layer, the others that may go
    QVERIFY(cost.seconds.value() == cost.forecast.value().seconds); // nothing was searched yet
    QVERIFY(bench.search());
    QCOMPARE(bench.runner.jobs().back().progress.total, cost.evaluations);
    QCOMPARE(bench.jobs.searchCost(bench.model.draft()).evaluations, 0);
    bench.editor.setAttentionsToRemove(4);
    bench.editor.setNeuronsKept(150);
    const JobCost more = bench.jobs.searchCost(bench.model.draft());
    QCOMPARE(more.evaluations, 7);
    QVERIFY(more.seconds.value() > 0);
    bench.editor.setSearchWindows(4);
    const JobCost wide = bench.jobs.searchCost(bench.model.draft());
    QVERIFY(qFuzzyCompare(wide.seconds.value() / double(wide.evaluations), 4 * more.seconds.value() / double(more.evaluations)));
}

void TestSessionJobs::memoryIsForecastAndThenCompared()
{
    SampleBench bench;
    QVERIFY(!bench.jobs.calibrationCost().forecast); // of what?
    QVERIFY(bench.open());
    const Forecast told = bench.jobs.calibrationCost().forecast.value();
    QVERIFY(!told.isStreamed && told.seconds > 0);
    QVERIFY(told.hostBytes > bench.jobs.memoryNeeded());
    QVERIFY(bench.calibrate());
    const JobInfo &done = bench.runner.jobs().back();
    QVERIFY(std::abs(double(done.forecast.value().hostBytes) / double(told.hostBytes) - 1) < 0.1); // the program may have grown since
    const double share = double(done.peakBytes) / double(told.hostBytes);
    QVERIFY2(share > 0.8 && share < 1.2, qPrintable(QString::number(share)));
    QVERIFY(outcomeText(done).contains("of memory at most"));
    QVERIFY(outcomeText(bench.runner.jobs().front()).isEmpty()); // opening has no forecast
}

void TestSessionJobs::jobsThatDoNotFitSayWhyBeforeTheyStart()
{
    SampleBench bench({.device = 0, .host = 1'000'000}); // less than the program itself
    QVERIFY(bench.open());
    const JobCost cost = bench.jobs.calibrationCost();
    QVERIFY(!cost.forecast && cost.problem.contains("even with streamed layers"));
    QVERIFY(!bench.calibrate());
    const QString said = bench.message("calibrate").sentence; // the engine knows less of what the window has taken: another number
    QVERIFY2(said.startsWith("This job needs") && said.contains("even with streamed layers"), qPrintable(said));
}

void TestSessionJobs::jobsBehindASearchDoNotRepeatIt()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    std::int64_t previous = 0;
    bool hasShrunk = false;
    connect(&bench.model, &SessionModel::searchChanged, &bench.model, [&] {
        hasShrunk = hasShrunk || lossesOf(bench.model.search()) < previous;
        previous = lossesOf(bench.model.search());
    });
    bench.jobs.search();
    bench.jobs.evaluate(); // asked for before anything was found
    QVERIFY(bench.finish());
    QCOMPARE(bench.runner.job(3)->progress.phase, std::string("search"));
    QCOMPARE(bench.runner.job(3)->progress.total, 24);
    QVERIFY(!hasShrunk);
    QCOMPARE(previous, 24);
    QVERIFY(bench.model.planEvaluation());

    previous = 0;
    makeLongSearch(bench.editor);
    bench.jobs.search();
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 5);
    bench.runner.cancel(bench.runner.jobs().back().number);
    bench.jobs.search(); // behind the one that is being stopped: what that still finds counts
    QVERIFY(bench.finish());
    QVERIFY(!hasShrunk);
    const JobInfo &last = bench.runner.jobs().back();
    QVERIFY(last.progress.total <= 1 + 75 - 5);
    QVERIFY(bench.model.searchState() == SearchState::Complete);
}

void TestSessionJobs::theSearchOfAnotherThreadCountStartsAnew()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    SearchRecord elsewhere; // restored from a session of another machine
    elsewhere.settings = bench.model.draft().search;
    elsewhere.provenance = bench.model.scores()->provenance;
    elsewhere.provenance.computed.threads = 16;
    elsewhere.initialLoss = 2.0;
    elsewhere.steps.push_back(
        {.losses = std::vector<double>(12, std::numeric_limits<double>::quiet_NaN()), .removed = -1, .isForced = false});
    elsewhere.steps[0].losses[3] = 1.0;
    bench.model.setSearch(searchKey(bench.model.draft(), bench.model.neuronsKept()), elsewhere);
    QVERIFY(bench.model.searchState() == SearchState::Unfinished);
    const JobCost cost = bench.jobs.searchCost(bench.model.draft());
    QCOMPARE(cost.evaluations, 13); // all of it, and not the 11 that the record lacks
    QVERIFY2(cost.anew.contains(QStringLiteral("16 threads")), qPrintable(cost.anew));
    const std::size_t jobs = bench.runner.jobs().size();
    for (const auto ask : {&SessionJobs::search, &SessionJobs::evaluate}) {
        (bench.jobs.*ask)(); // loses nothing before people say so
        QCOMPARE(bench.runner.jobs().size(), jobs);
        QCOMPARE(bench.model.search()->initialLoss, 2.0);
        const Message question = bench.message(QStringLiteral("again"));
        QVERIFY(question.severity == Message::Severity::Warning);
        QVERIFY2(question.hint.contains(QStringLiteral("with 16 threads")) && question.hint.contains(QStringLiteral("with 1 thread")) &&
                     question.hint.contains(QStringLiteral("13 evaluations")),
                 qPrintable(question.hint));
        QCOMPARE(question.actionText, QStringLiteral("Search anew"));
    }
    bench.jobs.search();
    bench.message(QStringLiteral("again")).action();
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.runner.jobs().size(), jobs + 1);
    QVERIFY(bench.jobs.searchCost(bench.model.draft()).anew.isEmpty());
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(bench.model.search()->provenance.computed.threads, 1);
    QVERIFY(bench.model.search()->initialLoss != 2.0);
    QVERIFY(bench.model.search()->steps[0].losses[3] != 1.0);
    const Message told = bench.message(QStringLiteral("search"));
    QVERIFY(told.severity == Message::Severity::Info);
    QVERIFY2(told.sentence.contains(QStringLiteral("16 threads")), qPrintable(told.sentence));
}

void TestSessionJobs::evaluatingSearchesFirstAndMeasuresTheDenseModelOnce()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    QSignalSpy measured(&bench.model, &SessionModel::evaluationsChanged);
    bench.jobs.evaluate();
    QVERIFY(bench.finish());
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(measured.size(), 3); // what finding the plan took, the dense model and the plan
    QVERIFY(bench.model.planEvaluation() && bench.model.denseEvaluation());
    QVERIFY(bench.model.planEvaluation()->seconds > 0);
    QCOMPARE(bench.model.planEvaluation()->planHash, bench.planHash());
    QCOMPARE(bench.model.planHash().toStdString(), bench.planHash());
    bench.editor.setAttentionsToRemove(0);
    QVERIFY(bench.evaluate());
    QCOMPARE(measured.size(), 4);
    bench.editor.setSparsity(0.25); // two at once: neither knows of the other when it is asked for
    bench.editor.setAttentionsToRemove(0);
    TextSettings text = bench.model.session().evaluationText;
    text.windows = 2;
    bench.model.setDraftAndTexts(bench.model.draft(), bench.model.session().calibrationText, text, ScoreNorm::L2);
    bench.jobs.evaluate();
    bench.jobs.measureCurve({.drafts = {bench.model.draft()}, .isOrderBorrowed = false});
    QVERIFY(bench.finish());
    QCOMPARE(measured.size(), 4 + 1 + 1 + 1); // dense, plan, plan again
    bench.jobs.evaluateDense();               // by itself it is measured whenever it is asked for
    QVERIFY(bench.finish());
    QCOMPARE(measured.size(), 8);
}

void TestSessionJobs::anOriginalThatWasComputedDifferentlyIsMeasuredAgain()
{
    SampleBench bench;
    QVERIFY(bench.open());
    bench.jobs.evaluateDense();
    QVERIFY(bench.finish());
    QVERIFY(bench.jobs.isOriginalMeasured());
    Measurement elsewhere = bench.perplexities().front();
    QVERIFY(elsewhere.computed == bench.jobs.engineReport()->computed);
    elsewhere.computed.threads = 16;
    QVERIFY(bench.open()); // a new session
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(0);
    bench.model.addMeasurement(elsewhere);
    QVERIFY(!bench.jobs.isOriginalMeasured());
    QVERIFY(bench.evaluate());
    QCOMPARE(bench.perplexities().size(), 3U); // that one, the original as it is computed here, the plan
    QVERIFY(bench.jobs.isOriginalMeasured());
    QCOMPARE(bench.model.denseEvaluation()->computed.threads, 1);
    QVERIFY(bench.evaluate());
    QCOMPARE(bench.perplexities().size(), 3U);
}

/// Its file has another content now, which no job has read before.
void TestSessionJobs::theOriginalIsMeasuredAgainOnATextThatWasChanged()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(0);
    TextSettings text = bench.model.session().evaluationText;
    const auto content = [](const char *name) {
        QFile file(QString::fromStdString((sampleFolder() / "text" / name).string()));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    QFile file(bench.path("changing.txt"));
    const auto write = [&](const QByteArray &bytes) {
        QVERIFY(bytes.size() > 10'000 && file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        QCOMPARE(file.write(bytes), bytes.size());
        file.close();
    };
    const auto areBothMeasured = [&] {
        const Measurement *plan = bench.model.planEvaluation(), *dense = bench.model.denseEvaluation();
        return plan && dense && areOnSameContent(*plan, *dense);
    };
    const QByteArray oz = content("oz.txt");
    write(oz);
    text.files = {file.fileName().toStdString()};
    bench.model.setDraftAndTexts(bench.model.draft(), bench.model.session().calibrationText, text, ScoreNorm::L2);
    QVERIFY(bench.evaluate() && areBothMeasured());
    QCOMPARE(bench.perplexities().size(), 2U);
    write(content("grimm.txt"));
    QVERIFY(bench.evaluate() && areBothMeasured());
    QCOMPARE(bench.perplexities().size(), 4U);
    write(oz.mid(oz.size() / 2));
    bench.jobs.measureCurve({.drafts = {bench.model.draft()}, .isOrderBorrowed = false});
    QVERIFY(bench.finish() && areBothMeasured());
    QCOMPARE(bench.perplexities().size(), 6U);
}

void TestSessionJobs::numbersAreThoseOfTheCommandLine()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setSparsity(0.25);
    QVERIFY(bench.evaluate());
    const QString model = QString::fromStdString((sampleFolder() / "model").string());
    const QString calibration = QString::fromStdString((sampleFolder() / "text" / "grimm.txt").string());
    const QString plan = bench.path("plan.json");
    const QJsonObject pruned = cliResult({"prune", model, "--text", calibration, "--windows", "4", "--length", "128", "--sparsity", "0.25",
                                          "--threads", "1", "--save-plan", plan});
    QCOMPARE(bench.model.attentionsToRemove(), pruned.value("N").toInteger());
    QCOMPARE(bench.model.neuronsKept(), pruned.value("K").toInteger());
    std::vector<std::int64_t> order;
    for (const QJsonValue &layer : pruned.value("removalOrder").toArray())
        order.push_back(layer.toInteger());
    QCOMPARE(bench.model.removalOrder(), order);
    QVERIFY(!order.empty());
    QCOMPARE(bench.model.planHash(), pruned.value("planHash").toString());
    QCOMPARE(bench.model.denseFigures().modelParameters, pruned.value("parameters").toObject().value("dense").toInteger());
    QCOMPARE(bench.model.planFigures().modelParameters, pruned.value("parameters").toObject().value("pruned").toInteger());
    QCOMPARE(bench.model.planFigures().layerParameters, pruned.value("layerParameters").toObject().value("pruned").toInteger());

    const QString text = QString::fromStdString((sampleFolder() / "text" / "oz.txt").string());
    const QStringList measure = {"evaluate", model, "--text", text, "--windows", "3", "--length", "128", "--threads", "1"};
    const QJsonObject dense = cliResult(measure), after = cliResult(measure + QStringList{"--plan", plan});
    const auto isSame = [](const Measurement *ours, const QJsonObject &theirs) {
        QVERIFY(ours);
        QCOMPARE(ours->result.perplexity, theirs.value("perplexity").toDouble()); // to the last digit
        QCOMPARE(ours->result.loss, theirs.value("loss").toDouble());
        QCOMPARE(ours->result.tokens, theirs.value("tokens").toInteger());
        QCOMPARE(QString::fromStdString(ours->result.tokenHash), theirs.value("tokenHash").toString());
    };
    isSame(bench.model.denseEvaluation(), dense);
    isSame(bench.model.planEvaluation(), after);
    const QJsonObject inspected = cliResult({"inspect", model});
    QCOMPARE(bench.model.denseFigures().flopPerToken, inspected.value("flopPerToken").toInteger());
    QCOMPARE(bench.model.denseFigures().kvBytesPerToken, inspected.value("kvBytesPerToken").toInteger());
    QCOMPARE(bench.model.denseFigures().bytes, inspected.value("bytes").toInteger());
}

void TestSessionJobs::aCurveWithABorrowedOrder()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    QVERIFY(bench.search());
    const std::vector<std::int64_t> order = bench.model.removalOrder();
    CurveRequest request{.drafts = {}, .isOrderBorrowed = true};
    for (const int N : {0, 1, 2}) {
        PlanDraft draft = bench.model.draft();
        draft.balance.attentionsToRemove = N;
        request.drafts.push_back(draft);
    }
    QCOMPARE(bench.jobs.curveCost(request).evaluations, 0);
    const std::size_t searches = bench.model.session().searches.size();
    bench.jobs.measureCurve(request);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.model.session().searches.size(), searches); // nothing was searched
    QCOMPARE(bench.perplexities().size(), 4U);                 // and the dense model
    QVERIFY(bench.model.denseEvaluation());
    for (const int N : {0, 1, 2}) {
        const Measurement record = bench.perplexities()[std::size_t(N) + 1];
        QCOMPARE(record.removed, std::vector<std::int64_t>(order.begin(), order.begin() + N));
        QCOMPARE(record.isOrderBorrowed, N == 1); // 0 needs none, 2 is the plan's own
    }
    QVERIFY(bench.jobs.curveCost(request).seconds.value() > 0);

    PlanDraft deep = bench.model.draft(); // more than there is to lend
    deep.balance.attentionsToRemove = 5;
    bench.jobs.measureCurve({.drafts = {deep}, .isOrderBorrowed = true});
    QVERIFY(!bench.finish());
    const Message told = bench.message(QStringLiteral("curve"));
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY2(told.sentence.contains(QStringLiteral("2 removals to lend")), qPrintable(told.sentence));
    QVERIFY(!told.hint.isEmpty());
}

void TestSessionJobs::aCurveThatSearchesEachPoint()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    CurveRequest request;
    for (const int N : {1, 2}) { // the same K: the second search goes on where the first ended
        PlanDraft draft = bench.model.draft();
        draft.balance.neuronsKept = 150;
        draft.balance.attentionsToRemove = N;
        request.drafts.push_back(draft);
    }
    int changes = 0;
    connect(&bench.model, &SessionModel::otherSearchChanged, &bench.model, [&] { ++changes; });
    connect(&bench.model, &SessionModel::searchChanged, &bench.model, [&] { ++changes; });
    bench.jobs.measureCurve(request);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(bench.perplexities().size(), 3U);
    QCOMPARE(bench.model.session().searches.size(), 1U);
    QCOMPARE(lossesOf(&bench.model.session().searches.begin()->second), 1 + 12 + 11);
    QCOMPARE(changes, 24 + 2 + 2 * 2); // losses, removals, and both records at their begin and end
    bench.editor.useDraft(request.drafts[1], QStringLiteral("A point"));
    QVERIFY(bench.model.planEvaluation());
    QVERIFY(!bench.model.planEvaluation()->isOrderBorrowed);
}

void TestSessionJobs::anExportIsWrittenAndVerified()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(bench.evaluate());
    QSignalSpy exported(&bench.jobs, &SessionJobs::exported);
    ExportSettings settings;
    settings.output = bench.path("pruned").toStdString();
    bench.jobs.exportPlan(settings);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(exported.size(), 1);
    QCOMPARE(exported.at(0).at(0).toString(), bench.path("pruned"));
    QCOMPARE(exported.at(0).at(1).toBool(), true);
    QCOMPARE(bench.model.session().exports.size(), 1U);
    const ExportRecord record = bench.model.session().exports.front();
    QVERIFY(record.verification.isPassed);
    QCOMPARE(record.planHash, bench.planHash());
    QCOMPARE(record.parameters, bench.model.figuresOf(bench.model.neuronsKept(), 0).modelParameters); // hf-dropin keeps removed attentions
    QCOMPARE(bench.runner.jobs().back().title, QStringLiteral("Export pruned"));
    QCOMPARE(bench.runner.jobs().back().command, bench.jobs.exportCommand(settings));
    QVERIFY(bench.runner.jobs().back().command.contains(bench.path("pruned")));

    QFile manifest;
    for (const QString &name : QDir(bench.path("pruned")).entryList({"*.json"}, QDir::Files))
        if (name.contains(QStringLiteral("manifest")) || name.contains(QStringLiteral("secateur")))
            manifest.setFileName(bench.path("pruned/") + name);
    QVERIFY(manifest.open(QIODevice::ReadOnly));
    const QByteArray text = manifest.readAll();
    QVERIFY(text.contains("prunedPerplexity"));
    QVERIFY(text.contains("secateur-cli"));
    QVERIFY(text.contains(bench.planHash().c_str()));

    bench.jobs.openModel(record.folder); // the folder opens again and is what the plan said
    QVERIFY(bench.finish());
    QCOMPARE(bench.model.denseFigures().modelParameters, record.parameters);
}

void TestSessionJobs::theHashOfThePlanComesByItself()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    QTest::qWait(250);
    QVERIFY(bench.model.planHash().isEmpty()); // not searched yet: there is no plan to name
    bench.editor.setAttentionsToRemove(0);
    QTRY_COMPARE(bench.model.planHash().toStdString(), bench.planHash());
    bench.editor.setNeuronsKept(77);
    QVERIFY(bench.model.planHash().isEmpty());
    QTRY_COMPARE(bench.model.planHash().toStdString(), bench.planHash());
    QSignalSpy changed(&bench.model, &SessionModel::planHashChanged);
    bench.history.undo(); // it is known
    QCOMPARE(bench.model.planHash().toStdString(), bench.planHash());
    QTest::qWait(250);
    QCOMPARE(changed.size(), 0);
}

void TestSessionJobs::aPlanIsSavedForTheCommandLine()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(bench.search());
    const std::filesystem::path file = bench.path("plan.json").toStdString();
    bench.jobs.savePlan(file);
    QTRY_VERIFY(bench.message(QStringLiteral("plan")).severity == Message::Severity::Success);
    QCOMPARE(bench.message(QStringLiteral("plan")).sentence, QStringLiteral("The plan is in '%1'.").arg(bench.path("plan.json")));
    const std::filesystem::path odd = bench.path("a\nb.json").toStdString(); // told as all names from outside are
    bench.jobs.savePlan(odd);
    QTRY_VERIFY(bench.message(QStringLiteral("plan")).sentence.contains(QStringLiteral("a\\nb.json")));
    const PruningPlan plan = loadPlan(file);
    QCOMPARE(plan.hash(), bench.planHash());
    QVERIFY(plan.isComplete());
    bench.jobs.savePlan("/no/such/folder/plan.json");
    QTRY_VERIFY(bench.message(QStringLiteral("plan")).severity == Message::Severity::Error);
    QVERIFY(bench.message(QStringLiteral("plan")).sentence.contains(QStringLiteral("/no/such/folder")));
}

void TestSessionJobs::failuresNameTheObjectAndTheRemedy_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<QString>("topic");
    QTest::addColumn<QString>("object");
    QTest::newRow("no such folder") << "folder"
                                    << "open"
                                    << "/no/such/model";
    QTest::newRow("no model in it") << "text folder"
                                    << "open"
                                    << "config.json";
    QTest::newRow("text too short") << "short text"
                                    << "calibrate"
                                    << "short.txt";
    QTest::newRow("no such text") << "no text"
                                  << "evaluate"
                                  << "/no/such/text.txt";
    QTest::newRow("windows too long") << "long windows"
                                      << "impact"
                                      << "4096";
    QTest::newRow("output exists") << "output"
                                   << "export"
                                   << "there already";
}

void TestSessionJobs::failuresNameTheObjectAndTheRemedy()
{
    QFETCH(QString, what);
    QFETCH(QString, topic);
    QFETCH(QString, object);
    SampleBench bench;
    SampleTexts texts = SampleBench::texts();
    if (what == QLatin1String("short text")) {
        QFile file(bench.path("short.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("Once upon a time there was a very short text.\n");
        texts.calibration.files = {file.fileName().toStdString()};
    }
    if (what == QLatin1String("no text"))
        texts.evaluation.files = {"/no/such/text.txt"};
    if (what == QLatin1String("long windows"))
        texts.calibration.length = 4096;
    if (what == QLatin1String("folder"))
        bench.jobs.openModel("/no/such/model");
    else if (what == QLatin1String("text folder"))
        bench.jobs.openModel(sampleFolder() / "text");
    else
        bench.jobs.openModel(sampleFolder() / "model", texts);
    bench.finish();
    const bool wasOpened = bench.model.hasModel();
    QSignalSpy posted(&bench.messages, &QAbstractItemModel::rowsInserted);
    if (what == QLatin1String("short text"))
        bench.jobs.calibrate();
    if (what == QLatin1String("no text"))
        bench.jobs.evaluateDense();
    if (what == QLatin1String("long windows"))
        bench.jobs.measureImpact();
    if (what == QLatin1String("output")) {
        QVERIFY(bench.calibrate());
        bench.editor.setAttentionsToRemove(0);
        QVERIFY(QDir(bench.folder.path()).mkdir(QStringLiteral("there already")));
        QFile file(bench.path("there already/letter.txt"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("Dear reader");
        file.close();
        ExportSettings settings;
        settings.output = bench.path("there already").toStdString();
        bench.jobs.exportPlan(settings);
    }
    QVERIFY(!bench.finish());
    QVERIFY(bench.runner.jobs().back().state == State::Failed);
    const Message told = bench.message(topic);
    QVERIFY(told.severity == Message::Severity::Error);
    QVERIFY2(told.sentence.contains(object), qPrintable(told.sentence));
    QVERIFY2(!told.hint.isEmpty(), qPrintable(told.sentence));
    QVERIFY2(!(told.sentence + told.hint).contains(QStringLiteral("--")), qPrintable(told.hint)); // options are for the command line
    QCOMPARE(told.sentence, bench.runner.jobs().back().sentence);
    QCOMPARE(bench.messages.rowCount(), 1);
    QCOMPARE(wasOpened, topic != QLatin1String("open"));
    if (what == QLatin1String("output"))
        QVERIFY(QFile::exists(bench.path("there already/letter.txt")));
    if (wasOpened) { // once it goes well, the message is gone from the bar
        bench.model.setDraftAndTexts(bench.model.draft(), SampleBench::texts().calibration, SampleBench::texts().evaluation, ScoreNorm::L2);
        if (topic != QLatin1String("export")) // the texts that failed are not those of the session any more
            QVERIFY(bench.messages.current().empty());
        if (topic == QLatin1String("calibrate"))
            QVERIFY(bench.calibrate());
        else if (topic == QLatin1String("evaluate"))
            bench.jobs.evaluateDense();
        else if (topic == QLatin1String("impact"))
            bench.jobs.measureImpact();
        else
            return;
        QVERIFY(bench.finish());
        QVERIFY(bench.messages.current().empty());
    }
}

void TestSessionJobs::aDeviceThatFailsLeavesWhatWasFinished()
{
    const auto device = std::make_shared<FailingDevice>();
    SampleBench bench({}, device);
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    bench.editor.setNeuronsKept(150);
    device->isToFail = true;
    QSignalSpy held(&bench.runner, &JobRunner::jobHeld), reported(&bench.jobs, &SessionJobs::engineReportChanged);
    bench.jobs.search();
    QTRY_COMPARE(held.count(), 1);
    const JobInfo failed = bench.runner.jobs().back();
    QVERIFY(failed.isHeld());
    QVERIFY(failed.isOfMachine);
    const Message told = bench.message(QStringLiteral("search"));
    QVERIFY(told.severity == Message::Severity::Error);
    const QRegularExpression sentence( // the job, the place, the device, the reason
        QStringLiteral("^Search for K = 150, N = 2 is paused after \\d+ of 24 evaluations\\. The device cuda:0 failed: unspecified launch "
                       "failure\\.$"));
    QVERIFY2(told.sentence.contains(sentence), qPrintable(told.sentence));
    QCOMPARE(told.hint,
             QStringLiteral("What was finished is kept. In the job bar you can continue on the CPU, or retry. Start the program again."));

    bench.runner.setPaused(failed.number, false); // retry: the message goes until it fails again
    QVERIFY(bench.messages.current().empty());
    QTRY_COMPARE(held.count(), 2);
    QVERIFY(bench.message(QStringLiteral("search")).severity == Message::Severity::Error);
    QVERIFY(!bench.model.isSearchRunning());

    const std::int64_t before = lossesOf(bench.model.search()); // it is: calibration, and what was evaluated
    QVERIFY2(before > 1, qPrintable(QString::number(before)));
    QVERIFY(bench.model.hasScores());
    device->isToFail = false;
    const std::int64_t cost = bench.jobs.searchCost(bench.model.draft()).evaluations;
    QCOMPARE(cost, 1 + 12 + 11 - before);
    QCOMPARE(reported.count(), 0);
    bench.runner.continueOnCpu(failed.number);
    QVERIFY(bench.finish());
    QCOMPARE(bench.runner.jobs().back().number, failed.number);
    QCOMPARE(bench.runner.jobs().back().progress.total, cost); // it went on from there
    QCOMPARE(reported.count(), 1);                             // the window shows what computes now
    QCOMPARE(bench.jobs.engineReport()->computed.device, std::string("cpu"));
    QVERIFY(bench.messages.current().empty());

    SampleBench whole;
    QVERIFY(whole.open());
    QVERIFY(whole.calibrate());
    whole.editor.setAttentionsToRemove(2);
    whole.editor.setNeuronsKept(150);
    QVERIFY(whole.search());
    QCOMPARE(bench.planHash(), whole.planHash());
    QCOMPARE(bench.model.removalOrder(), whole.model.removalOrder());
}

void TestSessionJobs::aHeldJobEndsWithAnotherJobOrModel()
{
    const auto device = std::make_shared<FailingDevice>();
    SampleBench bench({}, device);
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    bench.editor.setAttentionsToRemove(2);
    const auto searchUntilHeld = [&] {
        device->isToFail = true;
        bench.jobs.search();
        return QTest::qWaitFor([&] { return bench.runner.jobs().back().isHeld(); }, 60'000);
    };
    QVERIFY(searchUntilHeld());
    const int search = bench.runner.jobs().back().number;
    QSignalSpy held(&bench.runner, &JobRunner::jobHeld);
    bench.jobs.search(); // asked for again: it is tried again
    QTRY_COMPARE(held.count(), 1);
    QCOMPARE(bench.runner.jobs().back().number, search);

    device->isToFail = false;
    bench.jobs.evaluateDense();
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(search)->state == State::Cancelled);
    QVERIFY(bench.messages.current().empty());

    QVERIFY(searchUntilHeld());
    const int other = bench.runner.jobs().back().number;
    device->isToFail = false;
    bench.jobs.openModel(SECATEUR_FIXTURES "/tiny-llamas/mqa");
    QTRY_VERIFY(bench.runner.job(other)->state == State::Cancelled);
    QVERIFY(bench.finish());
    QCOMPARE(QString::fromStdString(bench.model.session().model->folder.filename().string()), QStringLiteral("mqa"));
    QVERIFY(bench.messages.current().empty());
}

void TestSessionJobs::aHeldCurveKeepsItsPoints()
{
    const auto device = std::make_shared<FailingDevice>();
    SampleBench bench({}, device);
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    CurveRequest request;
    for (const int N : {0, 2}) { // only the second is searched
        PlanDraft draft = bench.model.draft();
        draft.balance.neuronsKept = 150;
        draft.balance.attentionsToRemove = N;
        request.drafts.push_back(draft);
    }
    device->isToFail = true;
    bench.jobs.measureCurve(request);
    QTRY_VERIFY_WITH_TIMEOUT(bench.runner.jobs().back().isHeld(), 60'000);
    QCOMPARE(bench.perplexities().size(), 2U); // the original and the first point
    QSignalSpy evaluated(&bench.model, &SessionModel::evaluationsChanged);
    device->isToFail = false;
    bench.runner.continueOnCpu(bench.runner.jobs().back().number);
    QVERIFY(bench.finish());
    QCOMPARE(bench.perplexities().size(), 3U);
    QVERIFY(evaluated.count() <= 2); // nothing twice: what the search took may come first
}

void TestSessionJobs::aHeldPruningGoesOn()
{
    const auto device = std::make_shared<FailingDevice>();
    SampleBench bench({}, device);
    QVERIFY(bench.open());
    PruneRequest request;
    request.exporting.output = bench.path(QStringLiteral("pruned")).toStdString();
    connect(&bench.model, &SessionModel::calibrationsChanged, &bench.model, [&] { device->isToFail = true; }); // while the search runs
    QVERIFY(bench.jobs.prune(request) > 0);
    QTRY_VERIFY_WITH_TIMEOUT(bench.runner.jobs().back().isHeld(), 60'000);
    QVERIFY(bench.message(QStringLiteral("prune")).sentence.contains(QStringLiteral(" is paused after ")));
    QVERIFY(bench.jobs.canPrune(request)); // a newer one would take its place
    QCOMPARE(bench.model.session().calibrations.size(), 1U);
    QSignalSpy calibrated(&bench.model, &SessionModel::calibrationsChanged);
    device->isToFail = false;
    bench.runner.continueOnCpu(bench.runner.jobs().back().number);
    QVERIFY2(bench.finish(), qPrintable(bench.runner.jobs().back().sentence));
    QCOMPARE(calibrated.count(), 0); // that was done
    QCOMPARE(bench.model.session().exports.size(), 1U);
    QVERIFY(bench.model.session().exports[0].verification.isPassed);
}

void TestSessionJobs::aHeldPruningIsRetriedOnlyForTheSameRequest()
{
    const auto device = std::make_shared<FailingDevice>();
    SampleBench bench({}, device);
    QVERIFY(bench.open());
    PruneRequest request;
    request.exporting.output = bench.path(QStringLiteral("pruned")).toStdString();
    connect(&bench.model, &SessionModel::calibrationsChanged, &bench.model, [&] { device->isToFail = true; });
    const int number = bench.jobs.prune(request);
    QVERIFY(number > 0);
    QTRY_VERIFY_WITH_TIMEOUT(bench.runner.job(number)->isHeld(), 60'000);
    QSignalSpy held(&bench.runner, &JobRunner::jobHeld);
    QCOMPARE(bench.jobs.prune(request), number); // its calibration is there by now, and it is the same job
    QTRY_COMPARE(held.count(), 1);

    device->isToFail = false;
    SampleTexts texts = SampleBench::texts();
    texts.evaluation.windows = 2; // of which the command line says nothing
    bench.editor.setTexts(texts.calibration, texts.evaluation, ScoreNorm::L2);
    const int other = bench.jobs.prune(request);
    QVERIFY(other > number);
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(number)->state == State::Cancelled);
    QCOMPARE(bench.perplexities().size(), 2U);
    QCOMPARE(bench.perplexities()[0].text, texts.evaluation);
}

void TestSessionJobs::whatRunsIsNotStartedAgain()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    bench.editor.setAttentionsToRemove(9);
    bench.editor.setNeuronsKept(150);
    bench.jobs.search();
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 3);
    const auto again = [&] { return bench.message(QStringLiteral("again")).sentence; };
    bench.jobs.search();
    QCOMPARE(bench.runner.jobs().size(), 3U);
    QVERIFY(!bench.runner.job(3)->isOver());
    QCOMPARE(again(), QStringLiteral("Search for K = 150, N = 9 is running already."));
    bench.runner.setPaused(3, true);
    bench.jobs.search();
    QCOMPARE(again(), QStringLiteral("Search for K = 150, N = 9 is paused: resume it in the job bar."));
    QVERIFY(bench.runner.job(3)->state == State::Paused); // nobody asked for it to go on
    QCOMPARE(bench.jobs.canPrune({}).reason, QStringLiteral("'Search for K = 150, N = 9' is paused: resume or cancel it in the job bar."));
    bench.jobs.evaluate();
    bench.jobs.evaluate();
    QCOMPARE(bench.runner.jobs().size(), 4U);
    QCOMPARE(again(), QStringLiteral("Evaluate on oz.txt already waits behind another job."));
    bench.jobs.evaluateDense(); // another of the kind
    QCOMPARE(bench.runner.jobs().size(), 4U);
    QCOMPARE(again(),
             QStringLiteral("Evaluate on oz.txt waits behind another job, so this was not started: Evaluate the original on oz.txt."));
    bench.message(QStringLiteral("again")).action();
    QTRY_VERIFY(bench.runner.job(4)->state == State::Cancelled);
    QCOMPARE(bench.runner.jobs().size(), 5U);
    QCOMPARE(again(), QString());

    const std::int64_t before = lossesOf(bench.model.search());
    const auto searchFor = [&](std::int64_t removals) {
        bench.editor.setAttentionsToRemove(removals);
        bench.editor.setNeuronsKept(150);
        bench.jobs.search();
        return bench.runner.jobs().size() == 5 && bench.runner.job(3)->state == State::Paused;
    };
    QVERIFY(searchFor(8)); // is found on the way: there is nothing to decide
    QCOMPARE(again(), QStringLiteral("Search for K = 150, N = 9 is paused: resume it in the job bar."));
    QCOMPARE(bench.message(QStringLiteral("again")).hint, QStringLiteral("It includes this: Search for K = 150, N = 8."));
    QCOMPARE(bench.message(QStringLiteral("again")).actionText, QString());
    QVERIFY(searchFor(10)); // goes further
    QCOMPARE(again(), QStringLiteral("Search for K = 150, N = 9 is paused, so this was not started: Search for K = 150, N = 10."));
    bench.message(QStringLiteral("again")).action(); // the newer one takes over, with what was found
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(3)->state == State::Cancelled);
    QVERIFY(bench.runner.jobs().back().progress.total <= 1 + 75 - before);
    QVERIFY(bench.model.searchState() == SearchState::Complete);
}

/// A press of a key throws away nothing that runs: people say so.
void TestSessionJobs::aRunningJobIsStoppedOnlyWhenPeopleSaySo()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    const auto again = [&] { return bench.message(QStringLiteral("again")); };
    const auto keepAndAsk = [&](int windows) {
        bench.editor.setSearchWindows(windows);
        bench.jobs.search();
        return !again().sentence.isEmpty();
    };
    bench.jobs.search();
    const int running = bench.runner.jobs().back().number;
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 1);
    QVERIFY(keepAndAsk(3));
    QCOMPARE(bench.runner.jobs().back().number, running);
    QVERIFY(bench.runner.job(running)->state == State::Running);
    QCOMPARE(again().actionText, QStringLiteral("Stop it and start this one"));
    QVERIFY(again().sentence.startsWith(QStringLiteral("Search for K = 150, N = 10 is running, so this was not started")));
    bench.editor.setSearchWindows(2); // what was asked for is not wanted any more
    QCOMPARE(again().sentence, QString());
    bench.jobs.calibrate(); // one of another kind waits its turn
    QCOMPARE(again().sentence, QString());
    QVERIFY(bench.runner.job(running)->state == State::Running);
    QVERIFY(keepAndAsk(3));
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(running)->state == State::Done);
    QCOMPARE(again().sentence, QString()); // there is nothing to stop

    makeLongSearch(bench.editor);
    bench.editor.setNeuronsKept(149);
    bench.jobs.search();
    const int stopped = bench.runner.jobs().back().number;
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 1);
    QVERIFY(keepAndAsk(1));
    const std::function<void()> stopAndStart = again().action;
    stopAndStart();
    QTRY_VERIFY(bench.runner.job(stopped)->state == State::Cancelled);
    QVERIFY(bench.finish());
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    QCOMPARE(bench.model.search()->settings.windows, 1);
    const std::size_t jobs = bench.runner.jobs().size();
    QVERIFY(bench.open()); // another session: what was asked of the one before is over
    stopAndStart();
    QCOMPARE(bench.runner.jobs().size(), jobs + 1);
}

void TestSessionJobs::requestsThatDifferAreTwo()
{
    SampleBench bench;
    QVERIFY(bench.open());
    std::atomic<bool> isLetGo = false;
    const int first = bench.runner.start(JobKind::Export, {}, {}, [&](JobPort &port) { // so that the others wait
        while (!isLetGo) {
            port.context().check();
            QThread::msleep(1);
        }
    });
    SampleTexts texts = SampleBench::texts();
    for (const char *name : {"a --device one.txt", "a --device two.txt"}) { // as in the command line of a job
        const QString copy = bench.path(QString::fromLatin1(name));
        QVERIFY(QFile::copy(QString::fromStdString(texts.evaluation.files[0].string()), copy));
        texts.calibration.files = {copy.toStdString()};
        bench.editor.setTexts(texts.calibration, texts.evaluation, ScoreNorm::L2);
        bench.jobs.calibrate();
    }
    QCOMPARE(bench.runner.jobs().size(), std::size_t(first) + 1);
    QVERIFY(bench.message(QStringLiteral("again"))
                .sentence.contains(QStringLiteral(" waits behind another job, so "))); // and not "already waits"
    bench.message(QStringLiteral("again")).action();
    QCOMPARE(bench.runner.jobs().size(), std::size_t(first) + 2);
    bench.jobs.calibrate();
    QCOMPARE(bench.runner.jobs().size(), std::size_t(first) + 2);
    isLetGo = true;
    QVERIFY(bench.finish());
    QVERIFY(bench.runner.job(first + 1)->state == State::Cancelled);
    QVERIFY(bench.runner.job(first + 2)->state == State::Done);
}

void TestSessionJobs::openingEndsTheJobsOfTheSession()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    bench.jobs.search();
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 3);
    bench.runner.setPaused(3, true);               // as a search that takes hours
    bench.jobs.openModel(sampleFolder() / "text"); // no model: the search must not be lost for it
    QTRY_VERIFY(bench.message(QStringLiteral("open")).sentence.contains(QStringLiteral("config.json")));
    QVERIFY(!bench.message(QStringLiteral("open")).hint.isEmpty());
    QVERIFY(bench.runner.job(3)->state == State::Paused);
    QCOMPARE(bench.runner.jobs().size(), 3U);

    QSignalSpy opened(&bench.jobs, &SessionJobs::modelOpened);
    bench.jobs.openModel(SECATEUR_FIXTURES "/tiny-llamas/mqa");
    bench.jobs.openModel(SECATEUR_FIXTURES "/tiny-llamas/gqa"); // the latest
    QTRY_COMPARE(bench.message(QStringLiteral("again")).actionText, QStringLiteral("Stop it and open gqa"));
    QCOMPARE(bench.message(QStringLiteral("again")).sentence,
             QStringLiteral("Search for K = 150, N = 10 is not over, so gqa was not opened."));
    QTest::qWait(80);
    QVERIFY(bench.runner.job(3)->state == State::Paused);
    QCOMPARE(opened.size(), 0);
    bench.message(QStringLiteral("again")).action();
    QTRY_COMPARE(opened.size(), 1);
    QVERIFY(bench.runner.job(3)->state == State::Cancelled);
    QVERIFY(bench.finish());
    QCOMPARE(QString::fromStdString(bench.model.session().model->folder.filename().string()), QStringLiteral("gqa"));
    QVERIFY(bench.messages.current().empty());
}

void TestSessionJobs::resultsForAnotherModelAreDropped()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.calibrate());
    makeLongSearch(bench.editor);
    bench.jobs.search();
    QTRY_VERIFY(lossesOf(bench.model.search()) >= 3);
    bench.model.begin(sampleSummary()); // another session
    QVERIFY(bench.runner.job(3)->state == State::Cancelling);
    QSignalSpy searched(&bench.model, &SessionModel::searchChanged), others(&bench.model, &SessionModel::otherSearchChanged);
    QTRY_VERIFY(bench.runner.job(3)->state == State::Cancelled);
    QTest::qWait(80);
    QVERIFY(bench.model.session().searches.empty());
    QCOMPARE(searched.size() + others.size(), 0);

    QVERIFY(bench.open()); // a calibration too
    bench.jobs.calibrate();
    bench.model.begin(sampleSummary());
    bench.finish();
    QTest::qWait(80);
    QVERIFY(bench.model.session().calibrations.empty());
    QVERIFY(!bench.model.hasScores());
}

void TestSessionJobs::everyJobHasItsOwnCommand()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QVERIFY(bench.runner.job(1)->command.startsWith(QStringLiteral("secateur-cli inspect ")));
    QVERIFY(bench.calibrate());
    QCOMPARE(bench.runner.jobs().back().command, bench.jobs.commandOf(JobKind::Calibrate));
    bench.editor.setAttentionsToRemove(0);
    bench.jobs.evaluateDense();
    QVERIFY(!bench.runner.jobs().back().command.contains(QStringLiteral("--plan"))); // the original, not the plan in hand
    bench.jobs.measureImpact();
    QVERIFY(bench.runner.jobs().back().command.contains(QStringLiteral("--remove 1 --keep 344")));
    PlanDraft other = bench.model.draft();
    other.balance.sparsity = 0.25;
    bench.jobs.measureCurve({.drafts = {bench.model.draft(), other}, .isOrderBorrowed = false});
    const QString curve = bench.runner.jobs().back().command;
    QCOMPARE(curve.count(QStringLiteral("secateur-cli prune")), 2);
    QVERIFY(curve.contains(QStringLiteral("--sparsity 0.25")));
    bench.runner.cancelAll();
    bench.finish();

    bench.editor.setSparsity(0.375);
    bench.editor.setAttentionsToRemove(1);
    QVERIFY(bench.search());
    const std::string layer = std::to_string(bench.model.removalOrder().front());
    other.balance.attentionsToRemove = 1;
    bench.jobs.measureCurve({.drafts = {other}, .isOrderBorrowed = true}); // a borrowed order is one that is forced
    QVERIFY(bench.runner.jobs().back().command.contains(QString::fromStdString("--force " + layer)));
    bench.runner.cancelAll();
    bench.finish();
}

QTEST_GUILESS_MAIN(TestSessionJobs)
#include "tst_SessionJobs.moc"
