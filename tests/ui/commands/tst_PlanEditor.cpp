// SPDX-License-Identifier: GPL-3.0-or-later
#include "commands/PlanEditor.h"

#include "SampleSession.h"
#include "models/SessionModel.h"

#include "foundation/Error.h"

#include <QRandomGenerator>
#include <QSignalSpy>
#include <QUndoStack>
#include <QtTest>

#include <limits>
#include <numeric>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// The sample, open and calibrated, with an empty history.
struct Bench {
    SessionModel model;
    QUndoStack history;
    PlanEditor editor{model, history};

    Bench()
    {
        model.begin(sampleSummary());
        editor.useCalibration(addCalibration(1));
        history.clear();
    }
    std::int64_t addCalibration(unsigned seed)
    {
        const auto scores = madeUpScores(model.spec(), seed);
        return model.addCalibration(scores, std::make_shared<const RankedScores>(*scores));
    }
    const PlanDraft &draft() const { return model.draft(); }
    const BalanceSettings &balance() const { return model.draft().balance; }
    const SearchSettings &search() const { return model.draft().search; }

    /// Hash of the plan in hand; the reason where there is none.
    std::string planHash() const
    {
        try {
            return planOf(model.session(), draft()).hash();
        } catch (const Error &problem) {
            return problem.what();
        }
    }
    /// Gives the plan in hand a search, as a job would: what was found stays when the plan is edited.
    void findSearch()
    {
        if (model.searchState() != SearchState::NotBegun)
            return;
        std::vector<std::int64_t> order(std::size_t(model.layerCount()));
        std::iota(order.begin(), order.end(), model.neuronsKept() % 7);
        for (std::int64_t &layer : order)
            layer %= model.layerCount();
        model.setSearch(searchKey(draft(), model.neuronsKept()), madeUpSearch(model.layerCount(), order));
    }
};

using Layers = std::vector<std::int64_t>;

/// One gesture of somebody who plays with everything.
void playWith(Bench &bench, QRandomGenerator &random)
{
    PlanEditor &editor = bench.editor;
    const std::int64_t layer = random.bounded(int(bench.model.layerCount()));
    const std::size_t pins = bench.model.session().pinned.size();
    const auto drag = [&](auto move) {
        editor.beginDrag();
        for (int i = random.bounded(12); i >= 0; --i)
            move();
        editor.endDrag();
    };
    switch (random.bounded(15)) {
    case 0:
        return editor.setSparsity(random.generateDouble());
    case 1:
        return editor.setAlpha(5 * random.generateDouble());
    case 2:
        return editor.setAttentionsToRemove(random.bounded(-3, 15));
    case 3:
        return editor.setAttentionsToRemove({});
    case 4:
        return editor.setNeuronsKept(random.bounded(-10, 400));
    case 5:
        return editor.setNeuronsKept({});
    case 6:
        return editor.setWidthMultiple(random.bounded(0, 33));
    case 7:
        return editor.setSearchWindows(random.bounded(0, 4));
    case 8:
        return editor.toggleProtected(layer);
    case 9:
        return editor.toggleForced(layer);
    case 10:
        return editor.useCalibration(random.bounded(3));
    case 11:
        return pins > 0 ? editor.useDraft(bench.model.session().pinned[std::size_t(random.bounded(int(pins)))].draft, "Use a pin")
                        : editor.pin({});
    case 12:
        return pins < 4 ? editor.pin(random.bounded(2) == 0 ? QString() : QString::number(random.bounded(5)))
                        : editor.removePin(std::size_t(random.bounded(int(pins) + 1)));
    case 13:
        return pins > 0 ? editor.renamePin(std::size_t(random.bounded(int(pins))), QString::number(random.bounded(100))) : editor.pin({});
    default:
        return random.bounded(2) == 0 ? drag([&] { editor.setNeuronsKept(random.bounded(1, 345)); })
                                      : drag([&] { editor.setAttentionsToRemove(random.bounded(0, 12)); });
    }
}

} // namespace

class TestPlanEditor : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void aNewTargetGivesNAndKBackToTheRule();
    void depthGivesTheWidthBackToTheBalance();
    void widthByHandKeepsTheDepth();
    void widthMultipleAndSearchWindows();
    void valuesOutOfRangeAreClamped();
    void depthIsClampedToWhatIsFeasible();
    void protectAndForceExcludeEachOther();
    void editsThatChangeNothingLeaveNoStep();
    void everyStepHasAName();
    void everyStepSaysWhatItWasMadeFor();
    void textsAreStepsOfTheHistory();
    void tasksAreStepsOfTheHistory();
    void scoresFollowTheSettingsAndBack();
    void aDragIsOneStep();
    void twoDragsAreTwoSteps();
    void aDragBackToTheStartLeavesNoStep();
    void aDragGoesOnAfterItWasAtTheStart();
    void undoInTheMiddleOfADrag();
    void aCalibrationThatArrivesDuringADragIsAStepOfItsOwn();
    void pinsAreNamedAndUndone();
    void pinsThatAreNotThereChangeNothing();
    void withoutAModelNothingIsEdited();
    void nothingIsPushedWhileAStepIsApplied();
    void threeHundredEditsGoBackAndForth_data();
    void threeHundredEditsGoBackAndForth();
};

void TestPlanEditor::aNewTargetGivesNAndKBackToTheRule()
{
    Bench bench;
    bench.editor.setAttentionsToRemove(2);
    bench.editor.setNeuronsKept(77);
    bench.editor.setSparsity(0.5);
    QCOMPARE(bench.balance().sparsity, 0.5);
    QVERIFY(!bench.balance().attentionsToRemove);
    QVERIFY(!bench.balance().neuronsKept);
    bench.editor.setAttentionsToRemove(3);
    bench.editor.setAlpha(2.5);
    QCOMPARE(bench.balance().alpha, 2.5);
    QVERIFY(!bench.balance().attentionsToRemove);
    bench.history.undo();
    QCOMPARE(bench.balance().attentionsToRemove, 3);
    QCOMPARE(bench.balance().alpha, 1.5);
}

void TestPlanEditor::depthGivesTheWidthBackToTheBalance()
{
    Bench bench;
    bench.editor.setNeuronsKept(77);
    bench.editor.setAttentionsToRemove(4);
    QCOMPARE(bench.model.attentionsToRemove(), 4);
    QVERIFY(!bench.balance().neuronsKept);
    bench.editor.setAttentionsToRemove({});
    QVERIFY(!bench.balance().attentionsToRemove);
    QCOMPARE(bench.model.attentionsToRemove(), bench.model.balance()->attentionsByRule);
}

void TestPlanEditor::widthByHandKeepsTheDepth()
{
    Bench bench;
    bench.editor.setAttentionsToRemove(4);
    bench.editor.setNeuronsKept(77);
    QCOMPARE(bench.model.neuronsKept(), 77);
    QCOMPARE(bench.model.attentionsToRemove(), 4);
    bench.editor.setNeuronsKept({});
    QCOMPARE(bench.model.neuronsKept(), bench.model.neuronsByRule().value());
    QCOMPARE(bench.model.attentionsToRemove(), 4);
}

void TestPlanEditor::widthMultipleAndSearchWindows()
{
    Bench bench;
    bench.editor.setNeuronsKept(77);
    bench.editor.setWidthMultiple(32);
    QCOMPARE(bench.model.neuronsKept() % 32, 0);
    bench.editor.setWidthMultiple(0);
    QCOMPARE(bench.balance().widthMultiple, 1);
    bench.editor.setSearchWindows(3);
    QCOMPARE(bench.search().windows, 3);
    bench.editor.setSearchWindows(-1);
    QCOMPARE(bench.search().windows, 1);
}

void TestPlanEditor::valuesOutOfRangeAreClamped()
{
    Bench bench;
    bench.editor.setSparsity(0);
    QCOMPARE(bench.balance().sparsity, 0.001);
    bench.editor.setSparsity(7);
    QCOMPARE(bench.balance().sparsity, 0.999);
    bench.editor.setAlpha(-1);
    QCOMPARE(bench.balance().alpha, 0.01);
    bench.editor.setAlpha(1e9);
    QCOMPARE(bench.balance().alpha, 1000.0);
    bench.editor.setNeuronsKept(0);
    QCOMPARE(bench.balance().neuronsKept, 1);
    bench.editor.setNeuronsKept(100'000);
    QCOMPARE(bench.balance().neuronsKept, 344);
}

void TestPlanEditor::depthIsClampedToWhatIsFeasible()
{
    Bench bench;
    const BalanceBounds bounds = bench.model.bounds().value();
    bench.editor.setAttentionsToRemove(-5);
    QCOMPARE(bench.model.attentionsToRemove(), bounds.leastAttentions);
    bench.editor.setAttentionsToRemove(100);
    QCOMPARE(bench.model.attentionsToRemove(), bounds.mostAttentions);
    QVERIFY(bench.model.balance().has_value());
    bench.editor.setSparsity(0.999); // norm weights cannot be removed: nothing is feasible
    const BalanceBounds none = bench.model.bounds().value();
    QVERIFY(none.leastAttentions > none.mostAttentions);
    bench.editor.setAttentionsToRemove(-5);
    QCOMPARE(bench.balance().attentionsToRemove, 0);
    bench.editor.setAttentionsToRemove(100);
    QCOMPARE(bench.balance().attentionsToRemove, 12);
}

void TestPlanEditor::protectAndForceExcludeEachOther()
{
    Bench bench;
    bench.editor.toggleProtected(7);
    bench.editor.toggleProtected(2);
    QCOMPARE(bench.search().protectedLayers, Layers({2, 7})); // a set: its order decides nothing
    QVERIFY(bench.model.isProtected(7));
    bench.editor.toggleForced(9);
    bench.editor.toggleForced(7);
    QCOMPARE(bench.search().forcedLayers, Layers({9, 7})); // an order: first come, first removed
    QCOMPARE(bench.search().protectedLayers, Layers{2});
    QVERIFY(bench.model.isForced(7));
    QVERIFY(!bench.model.isProtected(7));
    bench.editor.toggleProtected(9);
    QCOMPARE(bench.search().forcedLayers, Layers{7});
    QCOMPARE(bench.search().protectedLayers, Layers({2, 9}));
    bench.editor.toggleForced(7);
    bench.editor.toggleProtected(2);
    QVERIFY(bench.search().forcedLayers.empty());
    QCOMPARE(bench.search().protectedLayers, Layers{9});
    while (bench.history.canUndo())
        bench.history.undo();
    QVERIFY(bench.search() == SearchSettings());
}

void TestPlanEditor::editsThatChangeNothingLeaveNoStep()
{
    Bench bench;
    bench.editor.setSparsity(0.375);
    bench.editor.setAlpha(1.5);
    bench.editor.setAttentionsToRemove({});
    bench.editor.setNeuronsKept({});
    bench.editor.setWidthMultiple(1);
    bench.editor.setSearchWindows(1);
    bench.editor.useCalibration(0);
    bench.editor.useDraft(bench.draft(), QStringLiteral("Use this"));
    QCOMPARE(bench.history.count(), 0);
    bench.editor.setNeuronsKept(500);
    bench.editor.setNeuronsKept(400); // clamped to the same
    QCOMPARE(bench.history.count(), 1);
}

void TestPlanEditor::everyStepHasAName()
{
    Bench bench;
    bench.addCalibration(2);
    bench.editor.setSparsity(0.25);
    bench.editor.setAlpha(2);
    bench.editor.setAttentionsToRemove(3);
    bench.editor.setAttentionsToRemove({});
    bench.editor.setNeuronsKept(77);
    bench.editor.setNeuronsKept({});
    bench.editor.setWidthMultiple(8);
    bench.editor.setSearchWindows(2);
    bench.editor.toggleProtected(1);
    bench.editor.toggleForced(1);
    bench.editor.toggleForced(1);
    bench.editor.useCalibration(1);
    bench.editor.useDraft({}, QStringLiteral("Use Plan A"));
    bench.editor.pin({});
    bench.editor.renamePin(0, QStringLiteral("Best"));
    bench.editor.removePin(0);
    QStringList texts;
    for (int i = 0; i < bench.history.count(); ++i)
        texts << bench.history.text(i);
    QCOMPARE(texts, QStringList({"Sparsity 25 %", "Alpha 2", "Set N to 3", "Reset N", "Set K to 77", "Reset K", "K a multiple of 8",
                                 "2 search windows", "Protect layer 1", "Remove layer 1 first", "Do not remove layer 1 first",
                                 "Calibration 2", "Use Plan A", "Pin Plan A", "Rename to Best", "Unpin Best"}));
}

void TestPlanEditor::everyStepSaysWhatItWasMadeFor()
{
    using Part = PlanEditor::Part;
    Bench bench;
    bench.addCalibration(2);
    const Session &session = bench.model.session();
    const auto part = [&bench] { return PlanEditor::partOf(*bench.history.command(bench.history.index() - 1)); };
    bench.editor.setSparsity(0.25);
    QCOMPARE(part(), Part::Plan);
    TextSettings text = session.evaluationText;
    text.length = 64;
    bench.editor.setTexts(session.calibrationText, text, session.norm);
    QCOMPARE(part(), Part::EvaluationText);
    text = session.calibrationText;
    text.seed = 77;
    bench.editor.setTexts(text, session.evaluationText, session.norm); // which puts the scores aside
    QCOMPARE(part(), Part::CalibrationText);
    bench.editor.setTexts(text, session.evaluationText, session.norm == ScoreNorm::L1 ? ScoreNorm::L2 : ScoreNorm::L1);
    QCOMPARE(part(), Part::CalibrationText);
    bench.editor.useCalibration(1); // with its settings
    QVERIFY(!(session.calibrationText == text));
    QCOMPARE(part(), Part::Plan);
    bench.editor.pin({});
    QCOMPARE(part(), Part::Pins);
}

void TestPlanEditor::textsAreStepsOfTheHistory()
{
    Bench bench;
    const TextSettings first = bench.model.session().calibrationText, held = bench.model.session().evaluationText;
    TextSettings text = first;
    text.files = {"/texts/grimm.txt"};
    bench.editor.setTexts(text, held, ScoreNorm::L2);
    for (const std::int64_t windows : {33, 34, 35}) { // an arrow key that is held
        text.windows = windows;
        bench.editor.setTexts(text, held, ScoreNorm::L2);
    }
    TextSettings oz = held;
    oz.files = {"/texts/pasted-In-Oz-1f0c99ab.txt"};
    bench.editor.setTexts(text, oz, ScoreNorm::L2);
    bench.editor.setTexts(text, oz, ScoreNorm::L1);
    bench.editor.setTexts(text, oz, ScoreNorm::L1); // no change
    QStringList texts;
    for (int i = 0; i < bench.history.count(); ++i)
        texts << bench.history.text(i);
    QCOMPARE(texts, QStringList({"Calibration text: grimm.txt", "Calibration text: 35 windows", "Evaluation text: Pasted: In Oz…",
                                 "Scores by another norm"}));
    while (bench.history.canUndo())
        bench.history.undo();
    QVERIFY(bench.model.session().calibrationText == first && bench.model.session().evaluationText == held);
    QVERIFY(bench.model.session().norm == ScoreNorm::L2);
    while (bench.history.canRedo())
        bench.history.redo();
    QVERIFY(bench.model.session().calibrationText == text && bench.model.session().evaluationText == oz);
    QVERIFY(bench.model.session().norm == ScoreNorm::L1);

    text.windows = 36; // there and back again leaves no step
    bench.editor.setTexts(text, oz, ScoreNorm::L1);
    const int steps = bench.history.count();
    text.windows = 35;
    bench.editor.setTexts(text, oz, ScoreNorm::L1);
    QCOMPARE(bench.history.count(), steps - 1);
}

/// The scores in use are of the settings, or there are none; undo brings plan, scores and settings back.
void TestPlanEditor::tasksAreStepsOfTheHistory()
{
    Bench bench;
    const auto tasks = [&]() -> const TaskSettings & { return bench.model.session().tasks; };
    TaskSettings chosen;
    chosen.paths = {"/tasks"};
    bench.editor.setTasks(chosen);
    bench.editor.setTasks(chosen); // no change
    QCOMPARE(bench.history.count(), 1);
    for (const std::int64_t limit : {100, 200, 300}) { // an arrow key that is held
        chosen.limit = limit;
        bench.editor.setTasks(chosen);
    }
    QCOMPARE(bench.history.count(), 2);
    chosen.only = {"arc_easy"};
    bench.editor.setTasks(chosen);
    QCOMPARE(bench.history.count(), 3);
    QVERIFY(PlanEditor::partOf(*bench.history.command(1)) == PlanEditor::Part::Tasks);
    QVERIFY(tasks() == chosen);
    bench.history.undo();
    QVERIFY(tasks().only.empty() && tasks().limit == 300);
    bench.history.undo();
    QVERIFY(!tasks().limit && tasks().paths.size() == 1);
    bench.history.undo();
    QVERIFY(tasks() == TaskSettings());
    bench.history.setIndex(3);
    QVERIFY(tasks() == chosen);
}

void TestPlanEditor::scoresFollowTheSettingsAndBack()
{
    Bench bench;
    bench.addCalibration(2);
    bench.editor.setAttentionsToRemove(3);
    bench.findSearch();
    const auto seed = [&bench] { return bench.model.session().calibrationText.seed; };
    const auto setSeed = [&bench](std::uint64_t number) {
        TextSettings text = bench.model.session().calibrationText;
        text.seed = number;
        bench.editor.setTexts(text, bench.model.session().evaluationText, bench.model.session().norm);
    };
    const PlanDraft before = bench.draft();
    const std::string hash = bench.planHash();
    QCOMPARE(before.calibration, 0);
    QCOMPARE(seed(), 1U); // of the scores
    const int steps = bench.history.count();
    setSeed(9);
    QCOMPARE(bench.draft().calibration, -1);
    QVERIFY(bench.model.searchState() == SearchState::NotPossible);
    setSeed(2); // by the settings alone
    QCOMPARE(bench.draft().calibration, 1);
    QCOMPARE(bench.history.count(), steps + 1); // one number, one step
    bench.history.undo();
    QVERIFY(bench.draft() == before);
    QCOMPARE(seed(), 1U);
    QCOMPARE(bench.planHash(), hash); // with its search
    QVERIFY(bench.model.searchState() == SearchState::Complete);
    bench.history.redo();
    QCOMPARE(bench.draft().calibration, 1);
    QCOMPARE(seed(), 2U);
    bench.editor.useDraft(before, QStringLiteral("Use Plan A")); // a plan brings its settings
    QCOMPARE(seed(), 1U);
    bench.history.undo();
    QCOMPARE(seed(), 2U);
    setSeed(9);
    bench.editor.useCalibration(0);
    QCOMPARE(seed(), 1U);
    bench.history.undo();
    QCOMPARE(seed(), 9U);
    QVERIFY(!bench.model.hasScores());

    TextSettings other = bench.model.session().evaluationText; // which says nothing of the scores
    other.windows = 7;
    bench.editor.useCalibration(0);
    bench.editor.setTexts(bench.model.session().calibrationText, other, bench.model.session().norm);
    QCOMPARE(bench.draft().calibration, 0);
}

void TestPlanEditor::aDragIsOneStep()
{
    Bench bench;
    const PlanDraft before = bench.draft();
    bench.editor.beginDrag();
    QVERIFY(bench.editor.isDragging());
    for (int kept = 300; kept > 100; --kept)
        bench.editor.setNeuronsKept(kept);
    bench.editor.endDrag();
    QVERIFY(!bench.editor.isDragging());
    QCOMPARE(bench.history.count(), 1);
    QCOMPARE(bench.history.undoText(), QStringLiteral("Set K to 101"));
    QCOMPARE(bench.model.neuronsKept(), 101);
    bench.editor.setNeuronsKept(102); // a step of its own
    QCOMPARE(bench.history.count(), 2);
    bench.history.undo();
    bench.history.undo();
    QVERIFY(bench.draft() == before);
    bench.history.redo();
    QCOMPARE(bench.model.neuronsKept(), 101);
}

void TestPlanEditor::twoDragsAreTwoSteps()
{
    Bench bench;
    for (const int start : {300, 200}) {
        bench.editor.beginDrag();
        bench.editor.setNeuronsKept(start);
        bench.editor.setNeuronsKept(start - 1);
        bench.editor.endDrag();
    }
    QCOMPARE(bench.history.count(), 2);
    bench.history.undo();
    QCOMPARE(bench.model.neuronsKept(), 299);
}

void TestPlanEditor::aDragBackToTheStartLeavesNoStep()
{
    Bench bench;
    bench.editor.setNeuronsKept(200);
    bench.editor.beginDrag();
    for (const int kept : {190, 150, 180, 200})
        bench.editor.setNeuronsKept(kept);
    bench.editor.endDrag();
    QCOMPARE(bench.history.count(), 1);
    QCOMPARE(bench.history.undoText(), QStringLiteral("Set K to 200"));
    QCOMPARE(bench.model.neuronsKept(), 200);
}

void TestPlanEditor::aDragGoesOnAfterItWasAtTheStart()
{
    Bench bench;
    bench.editor.setNeuronsKept(200);
    bench.editor.beginDrag();
    for (const int kept : {190, 200, 210, 220})
        bench.editor.setNeuronsKept(kept);
    bench.editor.endDrag();
    QCOMPARE(bench.history.count(), 2);
    bench.history.undo();
    QCOMPARE(bench.model.neuronsKept(), 200);
    bench.history.redo();
    QCOMPARE(bench.model.neuronsKept(), 220);
}

void TestPlanEditor::undoInTheMiddleOfADrag()
{
    Bench bench;
    bench.editor.setNeuronsKept(200);
    bench.editor.beginDrag();
    bench.editor.setNeuronsKept(190);
    bench.editor.setNeuronsKept(180);
    bench.history.undo();
    QCOMPARE(bench.model.neuronsKept(), 200);
    bench.editor.setNeuronsKept(170); // the mouse moves on
    bench.editor.setNeuronsKept(160);
    bench.editor.endDrag();
    QCOMPARE(bench.history.count(), 2);
    bench.history.undo();
    QCOMPARE(bench.model.neuronsKept(), 200);
}

void TestPlanEditor::aCalibrationThatArrivesDuringADragIsAStepOfItsOwn()
{
    Bench bench;
    bench.addCalibration(2);
    bench.editor.beginDrag();
    bench.editor.setNeuronsKept(190);
    bench.editor.useCalibration(1);
    bench.editor.setNeuronsKept(180);
    bench.editor.setNeuronsKept(170);
    bench.editor.endDrag();
    QCOMPARE(bench.history.count(), 3);
    bench.history.undo();
    QCOMPARE(bench.draft().calibration, 1);
    QCOMPARE(bench.model.neuronsKept(), 190);
    bench.history.undo();
    QCOMPARE(bench.draft().calibration, 0);
    QCOMPARE(bench.model.neuronsKept(), 190);
}

void TestPlanEditor::pinsAreNamedAndUndone()
{
    Bench bench;
    const auto names = [&] {
        QStringList list;
        for (const PinnedPlan &pin : bench.model.session().pinned)
            list << QString::fromStdString(pin.name);
        return list;
    };
    bench.editor.pin({});
    bench.editor.setNeuronsKept(200);
    bench.editor.pin(QStringLiteral("  "));
    bench.editor.pin(QStringLiteral(" Narrow "));
    QCOMPARE(names(), QStringList({"Plan A", "Plan B", "Narrow"}));
    QVERIFY(bench.model.session().pinned[1].draft == bench.draft());
    QVERIFY(!(bench.model.session().pinned[0].draft == bench.draft()));
    bench.editor.removePin(0);
    bench.editor.pin({});
    QCOMPARE(names(), QStringList({"Plan B", "Narrow", "Plan A"})); // the first name that is free
    bench.editor.renamePin(1, QStringLiteral(" Slim "));
    QCOMPARE(names(), QStringList({"Plan B", "Slim", "Plan A"}));
    bench.history.undo();
    bench.history.undo();
    bench.history.undo();
    QCOMPARE(names(), QStringList({"Plan A", "Plan B", "Narrow"}));
    while (bench.history.canUndo())
        bench.history.undo();
    QCOMPARE(names(), QStringList());
    while (bench.history.canRedo())
        bench.history.redo();
    QCOMPARE(names(), QStringList({"Plan B", "Slim", "Plan A"}));
    for (int i = 0; i < 30; ++i)
        bench.editor.pin({});
    QStringList all = names();
    QCOMPARE(all.removeDuplicates(), 0);
    QCOMPARE(all.size(), 33);
}

void TestPlanEditor::pinsThatAreNotThereChangeNothing()
{
    Bench bench;
    bench.editor.renamePin(0, QStringLiteral("Best"));
    bench.editor.removePin(0);
    QCOMPARE(bench.history.count(), 0);
    bench.editor.pin(QStringLiteral("Best"));
    bench.editor.renamePin(0, QStringLiteral("Best"));
    bench.editor.renamePin(0, QStringLiteral("  "));
    bench.editor.removePin(1);
    QCOMPARE(bench.history.count(), 1);
}

void TestPlanEditor::withoutAModelNothingIsEdited()
{
    SessionModel model;
    QUndoStack history;
    PlanEditor editor(model, history);
    editor.setSparsity(0.5);
    editor.toggleForced(0);
    editor.pin({});
    QCOMPARE(history.count(), 0);
    QVERIFY(model.draft() == PlanDraft());
}

void TestPlanEditor::nothingIsPushedWhileAStepIsApplied()
{
    Bench bench;
    int refused = 0;
    // a view that takes the model's change for a gesture
    connect(&bench.model, &SessionModel::draftChanged, &bench.model, [&] {
        ++refused;
        bench.editor.setSearchWindows(bench.search().windows + 1);
    });
    connect(&bench.model, &SessionModel::pinsChanged, &bench.model, [&] {
        ++refused;
        bench.editor.pin({});
    });
    const auto expectWarning = [] {
        QTest::ignoreMessage(QtWarningMsg, "The plan was to be edited while a step of the history is done or undone.");
    };
    expectWarning();
    bench.editor.setNeuronsKept(200);
    expectWarning();
    bench.editor.pin(QStringLiteral("Best"));
    expectWarning();
    bench.history.undo();
    expectWarning();
    bench.history.undo();
    expectWarning();
    bench.history.redo();
    QCOMPARE(refused, 5);
    QCOMPARE(bench.history.count(), 2);
    QCOMPARE(bench.search().windows, 1);
}

void TestPlanEditor::threeHundredEditsGoBackAndForth_data()
{
    QTest::addColumn<quint32>("seed");
    for (const quint32 seed : {1U, 2U, 3U})
        QTest::addRow("seed %u", seed) << seed;
}

void TestPlanEditor::threeHundredEditsGoBackAndForth()
{
    QFETCH(quint32, seed);
    QRandomGenerator random(seed);
    Bench bench;
    bench.addCalibration(2);
    bench.addCalibration(3);
    bench.editor.setAttentionsToRemove(3);
    bench.history.clear();
    bench.findSearch();
    const PlanDraft first = bench.draft();
    const std::string firstHash = bench.planHash();
    QCOMPARE(firstHash.size(), 64U);

    struct State {
        PlanDraft draft;
        std::string hash;
        std::vector<PinnedPlan> pins;
    };
    const auto state = [&] { return State{bench.draft(), bench.planHash(), bench.model.session().pinned}; };
    std::vector<State> states = {state()}; // after as many steps
    const auto play = [&](auto gesture) {
        gesture();
        bench.findSearch();
        if (bench.history.index() == int(states.size())) // a gesture that changed nothing left no step
            states.push_back(state());
        QCOMPARE(bench.history.index(), int(states.size()) - 1);
    };
    for (int i = 0; i < 299; ++i)
        play([&] { playWith(bench, random); });
    play([&] { // a plan that exists, at the end
        PlanDraft last = first;
        last.calibration = 2;
        last.balance.neuronsKept = 123;
        last.balance.attentionsToRemove = 5;
        bench.editor.useDraft(last, QStringLiteral("Last"));
    });
    const PlanDraft last = bench.draft();
    const std::string lastHash = bench.planHash();
    QCOMPARE(lastHash.size(), 64U);
    QVERIFY(lastHash != firstHash);
    const int plans = int(std::count_if(states.begin(), states.end(), [](const State &s) { return s.hash.size() == 64; }));
    QVERIFY2(states.size() > 200 && plans > 60, qPrintable(QStringLiteral("%1 steps, %2 plans").arg(states.size()).arg(plans)));

    const auto check = [&](const State &expected) {
        QVERIFY(bench.draft() == expected.draft);
        QVERIFY(bench.model.session().pinned == expected.pins);
        QCOMPARE(bench.planHash(), expected.hash);
    };
    for (std::size_t i = states.size() - 1; i > 0; --i) {
        check(states[i]);
        bench.history.undo();
    }
    QVERIFY(!bench.history.canUndo());
    QVERIFY(bench.draft() == first);
    QCOMPARE(bench.planHash(), firstHash);
    for (std::size_t i = 1; i < states.size(); ++i) {
        bench.history.redo();
        check(states[i]);
    }
    QVERIFY(!bench.history.canRedo());
    QVERIFY(bench.draft() == last);
    QCOMPARE(bench.planHash(), lastHash);
}

QTEST_GUILESS_MAIN(TestPlanEditor)
#include "tst_PlanEditor.moc"
