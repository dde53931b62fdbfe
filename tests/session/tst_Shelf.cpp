// SPDX-License-Identifier: GPL-3.0-or-later
// Plans of files in a session: what is kept of them, how they are varied, and under which name a command line finds them.
#include "SessionFixtures.h"

#include "session/Shelf.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace secateur;
using namespace secateur::test;

class tst_Shelf : public QObject {
    Q_OBJECT

private slots:
    void aPlanThatWasOpenedIsThatPlan();
    void removalsAreVariedAsTheCommandLineDoes();
    void aLongerPlanIsTheSameSearchedFurther();
    void aPlanByHandIsAsItIs();
    void scoresOfThePlanAreFound();
    void itsSearchesAreItsOwn();
    void sessionsOfBeforeAreReadWhole();
    void itComesBackFromFileAndJournal();
    void aPlanThatWasOpenedIsThereBeforeItsBase();
    void aLongerPlanOutlastsTheShorterSearchOfTheJournalBefore();
    void damagedShelvesAreRefused_data();
    void damagedShelvesAreRefused();
    void textsAreFoundBesideTheFile();
    void sessionsAreNamedOnCommandLines();
};

void tst_Shelf::aPlanThatWasOpenedIsThatPlan()
{
    Session session = fullSession();
    const PruningPlan plan = openedPlan(session);
    session.draft = shelve(session, shelfEntry(plan, "/plans/plan.json"));
    QVERIFY(session.draft.hasNeurons() && session.draft.calibration == -1);
    QCOMPARE(jsonOf(planOf(session, session.draft)), jsonOf(plan));
    QCOMPARE(balanceOf(session, session.draft), plan.balance);
    QVERIFY(!session.plans.at(session.draft.plan)->plan.search.isBegun()); // it is with the other searches
    QCOMPARE(session.searches.size(), fullSession().searches.size() + 1);
    QCOMPARE(shelve(session, shelfEntry(plan, "/plans/copy.json")), session.draft); // once more is no other
    QCOMPARE(session.plans.size(), 1U);
    QCOMPARE(session.plans.at(session.draft.plan)->file, std::filesystem::path("/plans/plan.json"));
}

void tst_Shelf::removalsAreVariedAsTheCommandLineDoes()
{
    Session session = fullSession();
    const PruningPlan plan = openedPlan(session);
    session.draft = shelve(session, shelfEntry(plan, "plan.json"));
    for (const std::int64_t removals : {0, 1, 3}) {
        session.draft.balance.attentionsToRemove = removals;
        const PruningPlan varied = withRemovals(plan, session.model->spec, removals);
        QCOMPARE(jsonOf(planOf(session, session.draft)), jsonOf(varied));
        QCOMPARE(balanceOf(session, session.draft), varied.balance);
        QCOMPARE(modelParameters(specOf(session, session.draft)), varied.balance.modelParameters);
    }
    session.draft.balance.attentionsToRemove.reset(); // the plan's own
    QCOMPARE(balanceOf(session, session.draft), plan.balance);
    session.draft.balance.attentionsToRemove = 4;
    QVERIFY(complaint([&] { planOf(session, session.draft); }).contains("Give a number from 0 to 3"));
    const BalanceBounds bounds = boundsOf(session, session.draft);
    QCOMPARE(bounds.leastAttentions, 0);
    QCOMPARE(bounds.mostAttentions, 3);
}

void tst_Shelf::aLongerPlanIsTheSameSearchedFurther()
{
    Session session = fullSession();
    PruningPlan longer = openedPlan(session);
    const PlanDraft draft = shelve(session, shelfEntry(longer, "plan.json"));
    longer.search.steps[1].losses[2] = 4.25;
    longer.search.steps[1].removed = 2;
    longer.removedAttentions = {1, 2};
    QCOMPARE(shelve(session, shelfEntry(longer, "longer.json")), draft);
    QCOMPARE(jsonOf(planOf(session, draft)), jsonOf(longer));
    shelve(session, shelfEntry(openedPlan(session), "plan.json")); // the shorter one takes nothing away
    QCOMPARE(jsonOf(planOf(session, draft)), jsonOf(longer));
    longer = withRemovals(longer, session.model->spec, 3);
    const PlanDraft third = shelve(session, shelfEntry(longer, "third.json"));
    QCOMPARE(third.plan, draft.plan);
    QCOMPARE(third.balance.attentionsToRemove, std::optional<std::int64_t>(3));
    QCOMPARE(jsonOf(planOf(session, third)), jsonOf(longer));
}

void tst_Shelf::aPlanByHandIsAsItIs()
{
    Session session = fullSession();
    const PruningPlan plan = manualPlan(session);
    session.draft = shelve(session, shelfEntry(plan, "hand.json"));
    session.draft.balance.attentionsToRemove = 1; // decides nothing
    QCOMPARE(jsonOf(planOf(session, session.draft)), jsonOf(plan));
    const ModelSpec spec = specOf(session, session.draft);
    QVERIFY(!spec.layers[0].attention && !spec.layers[0].ffn && !spec.layers[2].attention);
    QCOMPARE(spec.layers[1].neurons(), 24);
    QCOMPARE(spec.layers[2].neurons(), 3);
    QCOMPARE(boundsOf(session, session.draft).leastAttentions, 2);
    QCOMPARE(boundsOf(session, session.draft).mostAttentions, 2);
    PruningPlan other = plan;
    other.removedAttentions = {0};
    QVERIFY(shelfKey(other) != shelfKey(plan));
}

void tst_Shelf::scoresOfThePlanAreFound()
{
    Session session = fullSession();
    const PlanDraft draft = shelve(session, shelfEntry(openedPlan(session), "plan.json"));
    QCOMPARE(calibrationOf(session, draft), -1);
    auto scores = std::make_shared<NeuronScores>(*scoresFor(session.model->spec, 4));
    scores->provenance.tokenHash = "of another run";
    session.calibrations.push_back(scores);
    QCOMPARE(calibrationOf(session, draft), 2);
    QCOMPARE(calibrationOf(session, session.draft), 1);
    auto moved = std::make_shared<NeuronScores>(*scores);
    moved->provenance.textFiles = {"the same text by another name.txt"};
    session.calibrations.back() = moved;
    QCOMPARE(calibrationOf(session, draft), 2);
    moved->provenance.windows += 1;
    QCOMPARE(calibrationOf(session, draft), -1);
    QCOMPARE(calibrationOf(session, shelve(session, shelfEntry(manualPlan(session), "hand.json"))), -1);
}

void tst_Shelf::itsSearchesAreItsOwn()
{
    Session session = fullSession();
    PlanDraft draft = shelve(session, shelfEntry(openedPlan(session), "plan.json"));
    const std::string key = searchKey(draft, 20);
    QVERIFY(!key.empty() && key != searchKey(session.draft, 20));
    draft.balance.attentionsToRemove = 3; // how far it goes decides nothing
    QCOMPARE(searchKey(draft, 20), key);
    draft.search.windows = 5;
    QVERIFY(searchKey(draft, 20) != key);
    QVERIFY(!planOf(session, draft).search.isBegun());
    draft.search.windows = 2;
    draft.search.protectedLayers = {0}; // what the other search says of it
    QCOMPARE(planOf(session, draft).removedAttentions, std::vector<std::int64_t>{1});
}

/// What files of before say of it: less of how numbers were computed, and of measurements nothing.
static Session asOfBefore(Session session)
{
    const auto forget = [](ComputeConditions &computed) {
        computed.gpu = computed.instructions = computed.products = computed.host = {};
    };
    for (auto &calibration : session.calibrations) {
        auto scores = std::make_shared<NeuronScores>(*calibration);
        forget(scores->provenance.computed);
        calibration = scores;
    }
    for (auto &[key, record] : session.searches)
        forget(record.provenance.computed);
    if (session.denseImpact)
        forget(session.denseImpact->provenance.computed);
    for (Measurement &measurement : session.measurements)
        measurement.computed = {};
    return session;
}

void tst_Shelf::sessionsOfBeforeAreReadWhole()
{
    // Written by the program before it had a shelf, when the formats were 1 and 2.
    const std::filesystem::path folder = SECATEUR_FIXTURES "/sessions";
    QCOMPARE(difference(loadSession(folder / "format-2.secateur"), asOfBefore(fullSession())), QString());
    Session first = asOfBefore(fullSession());
    for (Measurement &measurement : first.measurements)
        measurement.draft.reset(); // format 1 did not tell
    QCOMPARE(difference(loadSession(folder / "format-1.secateur"), first), QString());
    Session expected = fullSession();
    PlanDraft draft = expected.draft;
    draft.balance.attentionsToRemove = 1;
    draft.search = {.windows = 4, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {2}};
    expected.draft = draft;
    expected.evaluationText = {.files = {"/texts/other.txt"}, .windows = 5, .length = 64, .seed = 3};
    expected.norm = ScoreNorm::L2;
    expected.pinned = {{.name = "journalled", .draft = draft}};
    SearchRecord search;
    search.settings = draft.search;
    search.provenance = provenanceOf("search");
    search.initialLoss = 3.5;
    search.steps = {{.losses = {3.75, 3.625, kUnknown}, .removed = 1, .isForced = false}};
    expected.searches[searchKey(draft, 20)] = search;
    Measurement evaluation = evaluationOf("p2", 1.5);
    evaluation.calibration = 1;
    evaluation.draft = draft;
    evaluation.removed = {1};
    expected.measurements.push_back(evaluation);
    expected.exports.push_back(exportOf("/out/c"));
    const Session found = recoverSession(folder / "journal-2");
    QCOMPARE(difference(found, asOfBefore(expected)), QString());
    QCOMPARE(found.view.at("tab"), std::string("balance"));
}

void tst_Shelf::itComesBackFromFileAndJournal()
{
    QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString(), file = root / "s.secateur";
    Session session = fullSession();
    session.draft = shelve(session, shelfEntry(openedPlan(session), "/plans/plan.json"));
    session.pinned.push_back({.name = "hand", .draft = shelve(session, shelfEntry(manualPlan(session), "/plans/hand.json"))});
    saveSession(session, file);
    QCOMPARE(difference(loadSession(file), session), QString());
    std::filesystem::path left;
    PlanDraft varied = session.draft;
    varied.balance.attentionsToRemove = 3;
    const std::string key = searchKey(varied, 20);
    {
        SessionJournal journal(root / "journals");
        journal.writeBase(journal.startBase(), session);
        journal.draftChanged(varied);
        journal.add(SearchKnown{key, session.searches.at(key)}); // it goes on
        journal.add(LossKnown{key, {.step = 1, .layer = 2, .loss = 4.25}});
        journal.add(AttentionRemoved{key, 1, 2, false});
        varied.plan = "of no shelf";
        journal.draftChanged(varied); // a damaged line costs no other
        left = journal.folder();
    }
    const Session found = recoverSession(left);
    QCOMPARE(found.draft.balance.attentionsToRemove, std::optional<std::int64_t>(3));
    QCOMPARE(found.draft.plan, session.draft.plan);
    QCOMPARE(planOf(found, found.draft).removedAttentions, (std::vector<std::int64_t>{1, 2}));
}

void tst_Shelf::aPlanThatWasOpenedIsThereBeforeItsBase()
{
    QTemporaryDir folder;
    Session session = fullSession();
    SessionJournal journal(folder.path().toStdString());
    journal.writeBase(journal.startBase(), session);
    for (const PruningPlan &plan : {openedPlan(session), manualPlan(session)}) {
        const PlanOpened opened{shelfEntry(plan, "/plans/plan.json")};
        journal.add(opened);
        applyEvent(session, opened);
        session.draft = draftOf(session, opened.entry);
        journal.startBase(); // the process ends before it is written
        journal.draftChanged(session.draft);
        QCOMPARE(difference(recoverSession(journal.folder()), session), QString());
    }
}

void tst_Shelf::aLongerPlanOutlastsTheShorterSearchOfTheJournalBefore()
{
    QTemporaryDir folder;
    Session session = fullSession();
    SessionJournal journal(folder.path().toStdString());
    const auto tell = [&](const JobEvent &event) {
        journal.add(event);
        applyEvent(session, event);
    };
    const auto open = [&](const PruningPlan &plan) {
        const PlanOpened opened{shelfEntry(plan, "/plans/plan.json")};
        tell(opened);
        const std::int64_t base = journal.startBase();
        session.draft = draftOf(session, opened.entry);
        journal.draftChanged(session.draft);
        journal.writeBase(base, session);
    };
    PruningPlan longer = openedPlan(session);
    open(longer);
    const std::string key = searchKey(session.draft, 20);
    tell(SearchKnown{key, session.searches.at(key)}); // it goes on here
    tell(LossKnown{key, {.step = 1, .layer = 2, .loss = 4.25}});
    longer.search.steps[1].losses[2] = 4.25; // and further elsewhere
    longer.search.steps[1].removed = 2;
    longer.removedAttentions = {1, 2};
    open(longer);
    const Session found = recoverSession(journal.folder());
    QCOMPARE(difference(found, session), QString());
    QCOMPARE(jsonOf(planOf(found, found.draft)), jsonOf(longer));
}

void tst_Shelf::damagedShelvesAreRefused_data()
{
    QTest::addColumn<int>("damage");
    QTest::addColumn<QString>("said");
    QTest::newRow("a draft of no plan") << 0 << "varies a plan that is not there";
    QTest::newRow("a draft of both") << 1 << "is made from scores and from a plan at once";
    QTest::newRow("another key") << 2 << "is kept as another one";
    QTest::newRow("another model") << 3 << "does not fit: ";
    QTest::newRow("a search of a plan by hand") << 4 << "does not belong to the session";
}

void tst_Shelf::damagedShelvesAreRefused()
{
    QFETCH(int, damage);
    QFETCH(QString, said);
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("s.secateur").toStdString();
    Session session = fullSession();
    session.draft = shelve(session, shelfEntry(openedPlan(session), "plan.json"));
    const PlanDraft hand = shelve(session, shelfEntry(manualPlan(session), "hand.json"));
    if (damage == 0)
        session.draft.plan = "none";
    if (damage == 1)
        session.draft.calibration = 0;
    if (damage == 2)
        session.plans["key"] = session.plans.at(hand.plan);
    if (damage == 3) {
        ShelfPlan other = *session.plans.at(hand.plan);
        other.plan.keptNeurons[1].clear();
        session.plans[hand.plan] = std::make_shared<const ShelfPlan>(other);
    }
    if (damage == 4)
        session.searches[searchKey(hand, 0)] = session.searches.at(searchKey(session.draft, 20));
    saveSession(session, file);
    const QString told = complaint([&] { loadSession(file); });
    QVERIFY2(told.contains("is damaged: ") && told.contains(said), qPrintable(told));
}

void tst_Shelf::textsAreFoundBesideTheFile()
{
    QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    std::ofstream(root / "grimm.txt") << "Once upon a time";
    Provenance provenance = provenanceOf("tokens");
    provenance.textFiles = {"grimm.txt", "gone.txt", "/texts/oz.txt"};
    QCOMPARE(withTextsIn(provenance, root).textFiles,
             (std::vector<std::string>{(root / "grimm.txt").string(), "gone.txt", "/texts/oz.txt"}));
}

void tst_Shelf::sessionsAreNamedOnCommandLines()
{
    QTemporaryDir folder;
    const std::string file = folder.filePath("a:b.secateur").toStdString();
    Session session = fullSession();
    session.pinned = {{.name = "wide", .draft = session.draft}, {.name = "with: colon", .draft = {}}};
    saveSession(session, file);
    QVERIFY(!sessionPlanName("plan.json"));
    QVERIFY(!sessionPlanName("/not/there.secateur:wide"));
    QCOMPARE(sessionPlanName(file)->pin, std::string());
    QCOMPARE(sessionPlanName(file + ":wide")->file, std::filesystem::path(file));
    QCOMPARE(sessionPlanName(file + ":with: colon")->pin, std::string("with: colon"));
    QCOMPARE(draftNamed(session, *sessionPlanName(file + ":with: colon")), PlanDraft());
    QCOMPARE(draftNamed(session, *sessionPlanName(file)), session.draft);
    const QString told = complaint([&] { draftNamed(session, *sessionPlanName(file + ":narrow")); });
    QVERIFY2(told.contains("has no pinned plan 'narrow'") && told.contains("'wide', 'with: colon'"), qPrintable(told));
    std::ofstream(file + ":wide") << "{}"; // a file of just that name comes first
    QVERIFY(!sessionPlanName(file + ":wide"));
    session.newerFormat = 9;
    QVERIFY(complaint([&] { draftNamed(session, {.file = file, .pin = {}}); }).contains("newer Secateur (format 9)"));
}

QTEST_GUILESS_MAIN(tst_Shelf)
#include "tst_Shelf.moc"
