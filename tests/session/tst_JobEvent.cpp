// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/JobEvent.h"

#include "../pruning/RestoredPlans.h"
#include "SessionFixtures.h"
#include "foundation/Failures.h"
#include "session/Measurements.h"

#include <QtTest>
#include <limits>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace secateur;
using namespace secateur::test;

namespace {

/// Why an event from outside is refused; empty when it is applied.
QString refusal(Session &session, const JobEvent &event)
{
    try {
        checkEvent(event, session);
        applyEvent(session, event);
    } catch (const std::exception &problem) {
        return QString::fromStdString(flawOf(problem));
    }
    return {};
}

/// A row with everything that a comparison measures.
ComparisonRow rowOf(const Session &session)
{
    const std::vector<Measurement> measured = otherMeasurements("p1");
    ComparisonRow row;
    row.method = PlanMethod::EvoPress;
    row.sparsity = 0.1 + 0.2;
    row.problem = "It could not be measured.";
    row.planHash = "p1";
    row.attentionsRemoved = 1;
    row.ffnsRemoved = 2;
    row.neuronsKept = 48;
    row.layerParameters = 1000;
    row.modelParameters = 123'456'789'012;
    row.sparsityLayers = 1.0 / 3;
    row.sparsityModel = 0.25;
    row.cacheBytes = 1024;
    row.flop = 1e15 / 3;
    row.pruningSeconds = 1.0 / 7;
    row.windowsForwarded = 13'728;
    row.evaluations = {session.measurements[1].result, {}}; // an infinite perplexity, and one that was not measured
    row.tasks = measured[0].tasks;
    row.throughput = measured[1].throughput;
    return row;
}

/// The restoration of a plan after its first step and two losses of its search.
RestorationProgress begunRestoration(const Session &session)
{
    const PruningPlan plan = restoredPlan(session.model->spec);
    RestorationProgress begun{.record = *plan.restoration, .search = plan.search};
    begun.record.variants.resize(2);
    begun.record.removals.clear();
    begun.search.steps.resize(1);
    begun.search.steps[0].losses[1] = kUnknown;
    begun.search.steps[0].removed = -1;
    return begun;
}

/// An event of every kind, and of every form that one has.
std::vector<JobEvent> allEvents()
{
    const Session full = fullSession();
    const std::string key = full.searches.begin()->first;
    Progress begun, whole;
    begun.phase = "calibrate";
    begun.total = 384;
    begun.unit = "layers x windows";
    whole = begun;
    whole.done = 7;
    whole.seconds = 1.0 / 3;
    whole.eta = 12.5;
    whole.step = 1;
    whole.steps = 3;
    whole.layer = 0;
    whole.part = 2;
    whole.parts = 4;
    whole.whole = 0.25;
    whole.wholeEta = 100;
    TextRead text{.text = full.calibrationText, .report = {}};
    text.report.files = {{.file = "/texts/Größe.jsonl.gz", .kind = "gzip, JSON lines", .firstLines = {"One", "Two"}, .documents = 3},
                         {.file = "/texts/plain.txt", .kind = "text", .hasColumns = false}};
    text.report.tokens = 1000;
    text.report.tokenHash = "content";
    text.report.windows = 7;
    text.report.length = 128;
    return {
        begun,
        whole,
        Opened{*full.model},
        text,
        Scored{full.calibrations[0]},
        SearchKnown{.key = key, .record = full.searches.at(key)},
        SearchKnown{.key = {}, .record = *full.denseImpact},
        LossKnown{.key = key, .candidate = {.step = -1, .layer = -1, .loss = 10.0 / 3}},
        LossKnown{.key = key, .candidate = {.step = 0, .layer = 2, .loss = 1e-300}},
        LossKnown{.key = {}, .candidate = {.step = 1, .layer = 0, .loss = 2, .isScreened = true}},
        AttentionRemoved{.key = key, .step = 1, .layer = 2, .isForced = true},
        MeasurementMade{full.measurements[1]}, // its perplexity is infinite
        TokenWritten{{.model = 1, .id = 262, .piece = " once\n"}},
        TextsGenerated{{{.promptIds = {1, 2}, .ids = {3}, .text = " Größe", .tokensPerSecond = 1.0 / 3}, {}}},
        TextScored{{.ids = {5, 6},
                    .pieces = {"a", " b"},
                    .models = {{{.loss = kUnknown, .likeliest = {}},
                                {.loss = 1.0 / 3, .likeliest = {{.id = 6, .text = " b", .probability = 0.75}}}}}}},
        TextScored{},
        Exported{full.exports[1]}, // its largest difference is unknown
        Noted{"Something."},
        JobFailed{.sentence = "It failed.", .hint = "Try again."},
        JobCancelled(),
        PlanOpened{shelfEntry(openedPlan(full), "/plans/plan.json")},
        PlanOpened{shelfEntry(manualPlan(full), "/plans/hand.json")},
        LossKnown{.key = key, .candidate = {.step = 0, .layer = 1, .loss = kUnknown}}, // as it is where a model computes NaN
        PlanOpened{shelfEntry(foundPlan(full), {})},
        BlocksKnown{*foundPlan(full).blocks},
        TaskScored{.score = {.task = "mmlu_anatomy", .index = 12, .logLikelihoods = {-1.0 / 3, -800, -2, -3.5}}, .done = 3, .items = 135},
        RowCompared{rowOf(full)},
        RowCompared{}, // the dense model, of which nothing was measured yet
        MeasurementMade{otherMeasurements({})[0]},
        MeasurementMade{otherMeasurements("p1")[1]},
        MeasurementMade{otherMeasurements("p1")[2]},
        TasksBegun{.planHash = "p1", .asked = "asked", .computed = otherMeasurements("p1")[0].computed},
        PlanOpened{shelfEntry(restoredPlan(full.model->spec), "/plans/restored.safetensors")},
        RestorationKnown{begunRestoration(full)},
        RestorationKnown{}}; // nothing of it is known yet
}

} // namespace

class tst_JobEvent : public QObject {
    Q_OBJECT

private slots:
    void everyKindSurvivesItsJson();
    void linesAreThoseThatScriptsRead_data();
    void linesAreThoseThatScriptsRead();
    void whatIsNoEventIsRefused_data();
    void whatIsNoEventIsRefused();
    void eventsMakeTheSession();
    void itemsThatWereScoredAreKept();
    void restorationsAreKeptUntilTheirPlanIsThere();
    void restorationsThatCannotBeAreRefused_data();
    void restorationsThatCannotBeAreRefused();
    void anOpeningBeginsAnotherSession();
    void whatDoesNotFollowIsRefused();
    void whatBelongsToAnotherModelIsRefused();
};

void tst_JobEvent::everyKindSurvivesItsJson()
{
    std::set<std::size_t> kinds;
    for (const JobEvent &event : allEvents()) {
        const nlohmann::json json = toJson(event);
        const JobEvent again = jobEventFromJson(nlohmann::json::parse(json.dump()));
        QCOMPARE(again.index(), event.index());
        QCOMPARE(toJson(again).dump(), json.dump());
        QCOMPARE(toJson(jobEventFromJson(nlohmann::json::from_cbor(nlohmann::json::to_cbor(json)))).dump(), json.dump());
        kinds.insert(event.index());
    }
    QCOMPARE(kinds.size(), std::variant_size_v<JobEvent>);
}

void tst_JobEvent::linesAreThoseThatScriptsRead_data()
{
    QTest::addColumn<int>("index");
    QTest::addColumn<QString>("line");
    const auto row = [](int index, const char *line) { QTest::newRow(line) << index << QString::fromUtf8(line); };
    row(0, R"({"event":"progress","phase":"calibrate","done":0,"total":384,"unit":"layers x windows","seconds":0.0,"eta":null})");
    row(9, R"({"event":"screened","step":1,"layer":0,"loss":2.0})");
    row(12, R"({"event":"token","model":1,"id":262,"piece":" once\n"})");
    row(17, R"({"event":"note","text":"Something."})");
    row(18, R"({"event":"error","message":"It failed.","hint":"Try again."})");
    row(19, R"({"event":"cancelled"})");
}

void tst_JobEvent::linesAreThoseThatScriptsRead()
{
    QFETCH(int, index);
    QFETCH(QString, line);
    QCOMPARE(toJson(allEvents().at(std::size_t(index))).dump(), nlohmann::json::parse(line.toStdString()).dump());
}

void tst_JobEvent::whatIsNoEventIsRefused_data()
{
    QTest::addColumn<QString>("line");
    for (const char *line :
         {R"({})", R"([])", R"({"event":"magic"})", R"({"event":5})", R"({"event":"candidate","step":0,"layer":1})",
          R"({"event":"candidate","step":0,"layer":1,"loss":"none"})", R"({"event":"candidate","step":-1,"layer":1,"loss":2})",
          R"({"event":"candidate","step":0.5,"layer":1,"loss":2})", R"({"event":"search","key":"x"})",
          R"({"event":"evaluation","record":{}})"})
        QTest::newRow(line) << QString::fromUtf8(line);
}

void tst_JobEvent::whatIsNoEventIsRefused()
{
    QFETCH(QString, line);
    QVERIFY_EXCEPTION_THROWN(jobEventFromJson(nlohmann::json::parse(line.toStdString())), std::exception);
}

/// Replaying is the same as hearing, once or twice.
void tst_JobEvent::eventsMakeTheSession()
{
    const Session full = fullSession();
    std::vector<JobEvent> events = {Opened{*full.model}};
    for (const auto &scores : full.calibrations)
        events.push_back(Scored{scores});
    for (const auto &[key, record] : full.searches) {
        SearchRecord begun = record;
        begun.initialLoss = kUnknown;
        begun.steps.clear();
        events.push_back(SearchKnown{.key = key, .record = begun});
        if (!std::isnan(record.initialLoss))
            events.push_back(LossKnown{.key = key, .candidate = {.step = -1, .layer = -1, .loss = record.initialLoss}});
        for (std::size_t i = 0; i < record.steps.size(); ++i) {
            for (std::size_t layer = 0; layer < record.steps[i].losses.size(); ++layer)
                if (!std::isnan(record.steps[i].losses[layer]))
                    events.push_back(LossKnown{
                        .key = key,
                        .candidate = {.step = std::int64_t(i), .layer = std::int64_t(layer), .loss = record.steps[i].losses[layer]}});
            if (record.steps[i].removed >= 0)
                events.push_back(AttentionRemoved{
                    .key = key, .step = std::int64_t(i), .layer = record.steps[i].removed, .isForced = record.steps[i].isForced});
        }
    }
    events.push_back(SearchKnown{.key = {}, .record = *full.denseImpact});
    for (const Measurement &record : full.measurements)
        events.push_back(MeasurementMade{record});
    for (const ExportRecord &record : full.exports)
        events.push_back(Exported{record});
    const ShelfEntry found = shelfEntry(foundPlan(full), {});
    BlockRecord begun = *foundPlan(full).blocks; // ShortGPT chooses in one go
    begun.settings.method = PlanMethod::BlockPruner;
    begun.influence.clear();
    begun.similarities.clear();
    std::vector<double> losses(std::size_t(full.model->spec.layerCount()), 3.5);
    losses[1] = 3.25;
    begun.steps = {{.part = Part::Attention, .losses = losses, .removed = 1}};
    events.push_back(BlocksKnown{begun});
    events.push_back(PlanOpened{found});
    const std::vector<Measurement> others = otherMeasurements(found.plan->plan.hash());
    events.push_back(TasksBegun{.planHash = others[0].planHash, .asked = others[0].tasks->hash, .computed = others[0].computed});
    events.push_back(TaskScored{.score = {.task = "arc_easy", .index = 3, .logLikelihoods = {-1, -2}}, .done = 1, .items = 201});
    for (const Measurement &record : others) // their items are not needed any more
        events.push_back(MeasurementMade{record});

    Session heard;
    for (const JobEvent &event : events)
        QCOMPARE(refusal(heard, event), QString());
    Session expected = full; // what people chose is told by no job
    expected.calibrationText = heard.calibrationText;
    expected.evaluationText = heard.evaluationText;
    expected.norm = heard.norm;
    expected.draft = {};
    expected.pinned.clear();
    expected.choices = {begun};
    shelve(expected, found);
    for (const Measurement &record : otherMeasurements(found.plan->plan.hash()))
        expected.measurements.push_back(record);
    QCOMPARE(difference(heard, expected), QString());

    events.erase(events.begin());
    for (const JobEvent &event : events)
        QCOMPARE(refusal(heard, event), QString());
    QCOMPARE(difference(heard, expected), QString());
    for (const JobEvent &event : {JobEvent(Noted{"x"}), JobEvent(JobCancelled()), JobEvent(Progress()), JobEvent(TokenWritten()),
                                  JobEvent(TextsGenerated()), JobEvent(TextScored()), JobEvent(TaskScored()), JobEvent(RowCompared())})
        QCOMPARE(refusal(heard, event), QString());
    QCOMPARE(difference(heard, expected), QString());
}

/// Items are kept until all are there, or others are asked for.
void tst_JobEvent::itemsThatWereScoredAreKept()
{
    Session session = fullSession();
    const ComputeConditions now = otherMeasurements("p1")[0].computed;
    const TasksBegun begun{.planHash = "p1", .asked = "asked", .computed = now};
    const auto scored = [](std::int64_t index, double likelihood) {
        return TaskScored{.score = {.task = "arc_easy", .index = index, .logLikelihoods = {likelihood, -2}}, .done = 1, .items = 3};
    };
    for (const JobEvent &event :
         {JobEvent(begun), JobEvent(scored(4, -1)), JobEvent(scored(0, -1)), JobEvent(scored(4, -1)), JobEvent(begun)})
        QCOMPARE(refusal(session, event), QString());
    QCOMPARE(begunScoresOf(session, "asked", "p1", now), (std::vector<ItemScore>{scored(0, -1).score, scored(4, -1).score}));
    QVERIFY(begunScoresOf(session, "asked otherwise", "p1", now).empty());
    QVERIFY(begunScoresOf(session, "asked", {}, now).empty());
    ComputeConditions other = now;
    other.dtype = "bfloat16";
    QVERIFY(begunScoresOf(session, "asked", "p1", other).empty());
    QVERIFY(!refusal(session, scored(1, -std::numeric_limits<double>::infinity())).isEmpty());
    QVERIFY(!refusal(session, scored(-1, -1)).isEmpty());

    QCOMPARE(refusal(session, TasksBegun{.planHash = {}, .asked = "asked", .computed = now}), QString());
    QVERIFY(begunScoresOf(session, "asked", "p1", now).empty() && session.begunTasks->scores.empty());
}

void tst_JobEvent::restorationsAreKeptUntilTheirPlanIsThere()
{
    Session session = fullSession();
    const RestorationProgress begun = begunRestoration(session);
    RestorationProgress further = begun, other = begun;
    further.record.variants.push_back(restoredPlan(session.model->spec).restoration->variants[2]);
    other.record.settings.ridge = 0.01;
    for (const RestorationProgress &known : {begun, other, further, further})
        QCOMPARE(refusal(session, RestorationKnown{known}), QString());
    QCOMPARE(session.restorations.size(), 2U); // in the place of what was known of the same
    QCOMPARE(session.restorations[0].record, other.record);
    QCOMPARE(session.restorations[1].record, further.record);
    QVERIFY(isFinding(RestorationKnown{begun}));

    const PlanOpened found{shelfEntry(restoredPlan(session.model->spec), {})};
    QCOMPARE(refusal(session, found), QString());
    QCOMPARE(session.restorations.size(), 1U);
    QCOMPARE(session.restorations[0].record, other.record);
    QVERIFY(session.plans.contains(found.entry.draft.plan) && isSettled(session, found.entry.draft));
    PruningPlan otherwise = restoredPlan(session.model->spec);
    otherwise.restoration->settings.ridge = 0.01;
    QVERIFY(shelfKey(otherwise) != found.entry.draft.plan); // each is to be found again
}

void tst_JobEvent::restorationsThatCannotBeAreRefused_data()
{
    QTest::addColumn<int>("damage");
    QTest::addColumn<QString>("reason");
    QTest::newRow("another model") << 0 << "tells of 4 layers, and the model has 3";
    QTest::newRow("a ridge that is none") << 1 << "a ridge of 0 for r1";
    QTest::newRow("a search of another model") << 2 << "is damaged";
    QTest::newRow("a search that begins at no loss") << 3 << "begins at a loss that is none";
    QTest::newRow("a layer that went twice") << 4 << "names a layer twice";
    QTest::newRow("a removal that no loss chose") << 5 << "goes before it";
}

void tst_JobEvent::restorationsThatCannotBeAreRefused()
{
    QFETCH(int, damage);
    QFETCH(QString, reason);
    Session session = fullSession();
    RestorationProgress progress = begunRestoration(session);
    progress.search = restoredPlan(session.model->spec).search;
    if (damage == 0)
        progress.record.layers.emplace_back();
    if (damage == 1)
        progress.record.settings.ridge = 0;
    if (damage == 2)
        progress.search.steps[0].losses.pop_back();
    if (damage == 3)
        progress.search.initialLoss = -1;
    if (damage == 4)
        progress.search.steps[1].removed = 1;
    if (damage == 5)
        progress.search.steps[0].losses[2] = 1;
    const QString said = refusal(session, RestorationKnown{progress});
    QVERIFY2(said.contains(reason) && said.contains("a restoration that was begun"), qPrintable(said));
    QVERIFY(session.restorations.empty());
}

void tst_JobEvent::anOpeningBeginsAnotherSession()
{
    Session session = fullSession();
    session.model->spec.contextLength = 512;
    applyEvent(session, Opened{*session.model});
    QVERIFY(session.calibrations.empty() && session.searches.empty() && session.measurements.empty() && session.pinned.empty());
    QCOMPARE(session.calibrationText.length, 512); // no window is longer than the model's context
    QCOMPARE(session.calibrationText.windows.value(), 32);
    QVERIFY(!session.evaluationText.windows);
}

void tst_JobEvent::whatDoesNotFollowIsRefused()
{
    Session session = fullSession();
    const std::string key = searchKey(session.draft, 20); // one removal (layer 1), and a step that is not finished
    const auto loss = [&](const std::string &of, std::int64_t step, std::int64_t layer) {
        return refusal(session, LossKnown{.key = of, .candidate = {.step = step, .layer = layer, .loss = 2}});
    };
    const auto removal = [&](const std::string &of, std::int64_t step, std::int64_t layer) {
        return refusal(session, AttentionRemoved{.key = of, .step = step, .layer = layer});
    };
    QCOMPARE(loss("no search", 0, 0), QStringLiteral("its search was not begun"));
    QCOMPARE(loss(key, 2, 0), QStringLiteral("its step is not the next one")); // step 1 is not finished
    QCOMPARE(loss(key, 1, 3), QStringLiteral("its layer does not exist"));
    QCOMPARE(loss(key, 1, -1), QStringLiteral("its layer does not exist"));
    QCOMPARE(loss(key, 1, 1), QStringLiteral("its layer was removed before"));
    QCOMPARE(loss({}, 1, 0), QStringLiteral("its step is not the next one")); // the impact has one step
    QCOMPARE(removal(key, 1, 1), QStringLiteral("its layer was removed before"));
    QCOMPARE(removal(searchKey({.calibration = 0, .balance = {}, .search = {}}, 48), 0, 1), QStringLiteral("no loss of its step is known"));
    QCOMPARE(difference(session, fullSession()), QString());
    QCOMPARE(loss(key, 1, 2), QString());
    QVERIFY(removal(key, 1, 0).contains(QStringLiteral("removes layer 0, which the search's settings protect")));
    QCOMPARE(removal(key, 1, 2), QString());
    QCOMPARE(removal(key, 1, 0), QString()); // it is finished: nothing changes
    QCOMPARE(session.searches.at(key).removalOrder(), std::vector<std::int64_t>({1, 2}));
}

void tst_JobEvent::whatBelongsToAnotherModelIsRefused()
{
    Session session = fullSession();
    const ModelSummary large = modelOf("configs/llama-2-7b.json");
    Measurement record = evaluationOf("p", 1);
    record.removed = {5};
    QVERIFY(!refusal(session, MeasurementMade{record}).isEmpty());
    QVERIFY(!refusal(session, Scored{scoresFor(large.spec, 1)}).isEmpty());
    ShelfPlan other{.plan = manualPlan(session), .file = "hand.json"};
    other.plan.keptNeurons.push_back({0}); // a layer that the model has not got
    QVERIFY(!refusal(session, PlanOpened{shelfEntry(other.plan, other.file)}).isEmpty());
    ShelfEntry searched = shelfEntry(openedPlan(session), "plan.json");
    searched.search.steps[0].losses.pop_back();
    QVERIFY(!refusal(session, PlanOpened{searched}).isEmpty());
    QVERIFY(!refusal(session, SearchKnown{.key = "calibration 7, K 20, windows 1, float32, force [], protect []", .record = {}}).isEmpty());
    QCOMPARE(difference(session, fullSession()), QString());
}

QTEST_GUILESS_MAIN(tst_JobEvent)
#include "tst_JobEvent.moc"
