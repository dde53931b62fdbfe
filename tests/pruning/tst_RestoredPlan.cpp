// SPDX-License-Identifier: GPL-3.0-or-later
// Restored plans as values and as files: what comes back, and what is refused of what they claim.
#include "../checkpoint/Complaint.h"
#include "RestoredPlans.h"

#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/Failures.h"
#include "model/Families.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <functional>
#include <span>

using namespace secateur;
using namespace secateur::test;

namespace {

using enum RestorationStep;
using Change = std::function<void(PruningPlan &)>;

ModelSpec smallSpec()
{
    const std::string file = SECATEUR_FIXTURES "/tiny-llamas/mha/config.json"; // 3 layers, 48 neurons
    return specFromConfig(readConfig(file), file);
}

PruningPlan withWidths()
{
    return restoredPlan(smallSpec(), {.hasWidths = true});
}

/// r1 alone, so that the plain plan keeps the same.
PruningPlan refitted()
{
    PruningPlan plan = restoredPlan(smallSpec());
    RestorationRecord &record = *plan.restoration;
    record.settings.steps = {Refit};
    record.variants.resize(2);
    for (RestorationVariant &variant : record.variants) {
        variant.attentionsRemoved = 1;
        variant.widths = plan.widths();
    }
    record.removals.clear();
    record.sequentialTokens = 0;
    Surgery plain = plan.surgery();
    plain.edits = {};
    record.plainHash = plain.hash();
    std::erase_if(plan.edits.list, [](const WeightEdit &edit) { return edit.role.part != TensorPart::Down; });
    return plan;
}

/// The gate turned everything down: what is left is the plain plan.
PruningPlan turnedDown()
{
    PruningPlan plan = refitted();
    plan.restoration->variants[1].isKept = false;
    plan.restoration->variants[1].losses = {4.5, 5.25};
    plan.edits = {};
    return plan;
}

/// What is wrong with the plan after a change; empty when nothing is.
QString wrongIn(PruningPlan plan, const Change &change)
{
    change(plan);
    return complaint([&] { checkPlan(plan, smallSpec(), "model"); });
}

nlohmann::json storedIn(const std::filesystem::path &file)
{
    return nlohmann::json::parse(SafetensorsFile(file).metadata().at("plan"));
}

} // namespace

Q_DECLARE_METATYPE(Change)

class tst_RestoredPlan : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }

    void everyFieldSurvivesItsJson();
    void namesOfStepsAreKnown();
    void keptStepsAreThoseOfTheLastVariantThatStays();
    void plansComeBackFromTheirFiles_data();
    void plansComeBackFromTheirFiles();
    void aPlanOfWhichNothingWasKeptIsJson();
    void claimsAreChecked_data();
    void claimsAreChecked();
    void claimsOfARefitAreChecked_data();
    void claimsOfARefitAreChecked();
    void ungatedStepsMayMakeATextWorse();
    void whatWasTurnedDownNeedsNoLoss();
    void filesAreChecked_data();
    void filesAreChecked();
    void manifestsCannotStandForTheFile();
    void earlierFormatsKnowNoSuchMethod();
    void otherPlansAreWrittenAsBefore();
    void noSearchGoesOn();
    void theHashIsThatOfWhatIsLeft();
    void aSearchThatWasNotBegunStaysSo();

private:
    std::filesystem::path file(const char *name) const { return m_folder.filePath(name).toStdString(); }

    QTemporaryDir m_folder;
};

void tst_RestoredPlan::everyFieldSurvivesItsJson()
{
    RestorationRecord record = *withWidths().restoration;
    record.settings = {.steps = {Refit, Order, Widths, Sequential, Elimination},
                       .isGated = false,
                       .ridge = 1.0 / 3,
                       .pathRidge = 1e-300,
                       .sequentialRidge = 0.1 + 0.2,
                       .widthShare = 1.0 / 7,
                       .searchWindows = 3,
                       .gateWindows = 5,
                       .sequentialWindows = 250,
                       .second =
                           TextSettings{.files = {"/texts/Größe.txt"}, .windows = {}, .length = 64, .seed = 18'446'744'073'709'551'615U}};
    record.variants[1].isKept = false;
    record.layers[1].raised = 2;
    record.notes = {"One \"quoted\" sentence.", ""};
    QCOMPARE(restorationRecordFromJson(nlohmann::json::parse(toJson(record).dump())), record);
    const RestorationRecord empty;
    QCOMPARE(restorationRecordFromJson(toJson(empty)), empty);

    RestorationProgress progress{.record = record, .search = withWidths().search};
    progress.search.steps.back().removed = -1;
    const nlohmann::json stored = toJson(progress);
    const RestorationProgress again = restorationProgressFromJson(nlohmann::json::parse(stored.dump()));
    QCOMPARE(again.record, record);
    QCOMPARE(toJson(again).dump(), stored.dump());
    nlohmann::json without = toJson(record);
    without.erase("removals");
    QVERIFY_THROWS_EXCEPTION(nlohmann::json::exception, restorationRecordFromJson(without));
}

void tst_RestoredPlan::namesOfStepsAreKnown()
{
    for (const RestorationStepRow &row : kRestorationSteps) {
        QCOMPARE(restorationStepOf(row.name), row.step);
        QCOMPARE(nameOf(row.step), row.name);
    }
    try {
        restorationStepOf("r9");
        QFAIL("nothing was thrown");
    } catch (const Flaw &flaw) {
        QCOMPARE(lacking(flaw.what(), {"'r9'", "only 'r1', 'r2', 'r3', 'r4', 'r5' are known"}), QString());
    }
}

void tst_RestoredPlan::keptStepsAreThoseOfTheLastVariantThatStays()
{
    RestorationRecord record = *withWidths().restoration;
    QCOMPARE(record.kept(), (std::vector<RestorationStep>{Refit, Order, Widths, Sequential}));
    record.variants.back().isKept = false;
    QCOMPARE(record.kept(), (std::vector<RestorationStep>{Refit, Order, Widths}));
    QCOMPARE(RestorationRecord().kept(), std::vector<RestorationStep>());
    QVERIFY(record.settings.has(Widths) && !record.settings.has(Elimination));
}

void tst_RestoredPlan::plansComeBackFromTheirFiles_data()
{
    QTest::addColumn<bool>("hasWidths");
    QTest::newRow("one width") << false;
    QTest::newRow("widths per layer") << true;
}

void tst_RestoredPlan::plansComeBackFromTheirFiles()
{
    QFETCH(bool, hasWidths);
    const ModelSpec dense = smallSpec();
    const PruningPlan plan = restoredPlan(dense, {.hasWidths = hasWidths});
    checkPlan(plan, dense, "model");
    savePlan(plan, file("plan.safetensors"));
    const nlohmann::json stored = storedIn(file("plan.safetensors"));
    QCOMPARE(stored.at("format").get<int>(), 4);
    QCOMPARE(stored.at("method").get<std::string>(), std::string("restored"));
    QCOMPARE(stored.at("restoration").at("variants").back().at("steps").back().get<std::string>(), std::string("r4"));
    const PruningPlan again = loadPlan(file("plan.safetensors"), dense, "model");
    QCOMPARE(again.method, PlanMethod::Restored);
    QVERIFY(again.surgery() == plan.surgery());
    QCOMPARE(again.hash(), plan.hash());
    QCOMPARE(*again.restoration, *plan.restoration);
    QCOMPARE(toJson(again).dump(), toJson(plan).dump());
    QVERIFY(again.isComplete());
    QCOMPARE(again.balance.neuronsKept, hasWidths ? 0 : 20);
    QCOMPARE(again.widths(), hasWidths ? (std::vector<std::int64_t>{24, 20, 16}) : (std::vector<std::int64_t>{20, 20, 20}));
    const WeightEdit &down = *again.edits.find({.layer = 1, .part = TensorPart::Down});
    const auto bytes = again.edits.valuesOf(down).view.bytes, before = plan.edits.valuesOf(down).view.bytes;
    QVERIFY(std::ranges::equal(bytes, before));
    savePlan(again, file("again.safetensors")); // from the file, no longer from memory
    QCOMPARE(loadPlan(file("again.safetensors"), dense, "model").hash(), plan.hash());
}

void tst_RestoredPlan::aPlanOfWhichNothingWasKeptIsJson()
{
    const PruningPlan plan = turnedDown();
    savePlan(plan, file("plain.json"));
    const PruningPlan again = loadPlan(file("plain.json"), smallSpec(), "model");
    QCOMPARE(again.method, PlanMethod::Restored);
    QCOMPARE(again.hash(), plan.restoration->plainHash);
    QVERIFY(again.restoration->kept().empty());
}

void tst_RestoredPlan::claimsAreChecked_data()
{
    QTest::addColumn<Change>("change"); // of withWidths()
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const Change &change, const char *reason) { QTest::newRow(name) << change << reason; };
    const auto record = [](const std::function<void(RestorationRecord &)> &change) {
        return Change([change](PruningPlan &plan) { change(*plan.restoration); });
    };
    row(
        "nothing", [](PruningPlan &) {}, "");
    row(
        "no record", [](PruningPlan &plan) { plan.restoration.reset(); }, "do not belong together");
    row(
        "the record of another method",
        [](PruningPlan &plan) {
            plan.method = PlanMethod::Manual;
            plan.search.steps.resize(1);
        },
        "do not belong together");
    row(
        "a removal more", [](PruningPlan &plan) { plan.balance.attentionsToRemove = 2; }, "is to remove 2 attentions");
    row(
        "another removal",
        [](PruningPlan &plan) {
            plan.removedAttentions = {2};
            plan.edits = {}; // they are of another model
        },
        "not a beginning of its search");
    row(
        "K where widths differ", [](PruningPlan &plan) { plan.balance.neuronsKept = 20; }, "K is 0 then");
    row(
        "parameters", [](PruningPlan &plan) { --plan.balance.layerParameters; }, "parameters in the layers that are left");
    row(
        "a sparsity", [](PruningPlan &plan) { plan.settings.sparsity = 1; }, "which is not between 0 and 1");
    row(
        "a search that chose another", [](PruningPlan &plan) { plan.search.steps[0].losses[2] = 1; }, "goes before it at 1");
    row(
        "no search", [](PruningPlan &plan) { plan.search = RestorationProgress::notBegun(); }, "it has no search");
    row(
        "no edits", [](PruningPlan &plan) { plan.edits = {}; }, "and it does not change that");
    row(
        "an edit less",
        [](PruningPlan &plan) {
            std::erase_if(plan.edits.list,
                          [](const WeightEdit &edit) { return edit.role == TensorRole{.layer = 1, .part = TensorPart::Down}; });
        },
        "fit the weight 'layers.1.ffn.down.weight'");
    row(
        "an edit of no step",
        [](PruningPlan &plan) {
            plan.edits.list[0].role = {.layer = 0, .part = TensorPart::AttentionNorm};
            plan.edits.list[0].shape = {smallSpec().hiddenSize};
        },
        "changes the weight 'layers.0.attention.norm.weight', which its steps (r1, r2, r3, r4) do not fit");
    row("a step twice", record([](RestorationRecord &r) { r.settings.steps = {Refit, Refit}; }), "has a step twice");
    row("steps without r1", record([](RestorationRecord &r) { r.settings.steps = {Order, Widths, Sequential}; }), "all others need r1");
    row("steps in another order", record([](RestorationRecord &r) {
            r.settings.steps = {Order, Refit, Widths, Sequential};
        }),
        "not in their order");
    row("a ridge", record([](RestorationRecord &r) { r.settings.ridge = 0; }), "a ridge of 0 for r1");
    row("a ridge that is none", record([](RestorationRecord &r) { r.settings.sequentialRidge = std::numeric_limits<double>::quiet_NaN(); }),
        "a ridge of nan for r4");
    row("a share", record([](RestorationRecord &r) { r.settings.widthShare = 1.5; }), "asks for 1.5 of the way");
    row("another share", record([](RestorationRecord &r) { r.settings.widthShare = 1; }),
        "went 0.5 of the way, and its settings ask for 1");
    row("no share", record([](RestorationRecord &r) { r.widthShare.reset(); }), "does not tell how far");
    row("no windows", record([](RestorationRecord &r) { r.settings.gateWindows = 0; }), "0 windows to hold losses out on");
    row("no origin", record([](RestorationRecord &r) { r.plainHash.clear(); }), "does not tell what it was restored from");
    row("other windows", record([](RestorationRecord &r) { r.texts[0].windows = 5; }),
        "holds losses out on 5 windows, and its settings ask for 4");
    row("a text too few", record([](RestorationRecord &r) {
            r.texts.pop_back();
            for (RestorationVariant &variant : r.variants)
                variant.losses.pop_back();
        }),
        "names a second text in its settings, and tells no losses on it");
    row("a text too many", record([](RestorationRecord &r) { r.settings.second.reset(); }), "tells of 2 texts, and its settings name 1");
    row("another text", record([](RestorationRecord &r) { r.texts[1].text.files = {"/texts/other.txt"}; }),
        "another than its settings name");
    row("a text that nobody knows", record([](RestorationRecord &r) { r.texts[0].tokenHash.clear(); }), "does not tell which");
    row("no variant", record([](RestorationRecord &r) { r.variants.clear(); }), "tells of no variant");
    row("none that is plain", record([](RestorationRecord &r) { r.variants.erase(r.variants.begin()); }), "is not plain 2SSP");
    row("a step that was not asked for", record([](RestorationRecord &r) {
            r.settings.steps = {Refit, Order, Sequential};
        }),
        "has the step r3, which its settings do not ask for");
    row("a loss that is none", record([](RestorationRecord &r) { r.variants[1].losses[1] = std::numeric_limits<double>::quiet_NaN(); }),
        "has a loss of nan");
    row("a negative loss", record([](RestorationRecord &r) { r.variants[1].losses[1] = -1; }), "has a loss of -1");
    row("a loss less", record([](RestorationRecord &r) { r.variants[1].losses.pop_back(); }), "has 1 losses on 2 texts");
    row("a text that gets worse", record([](RestorationRecord &r) { r.variants.back().losses[1] = 4.625; }),
        "stays at a held-out loss of 4.625 on text 1");
    row("another number of removals", record([](RestorationRecord &r) { r.variants.back().attentionsRemoved = 2; }),
        "removes 1 attention, and the variant that was kept");
    row("other widths", record([](RestorationRecord &r) { ++r.variants.back().widths[0]; }), "widths are not those of the variant");
    row("a width too many", record([](RestorationRecord &r) { r.variants[0].widths.push_back(1); }), "has 4 widths, the model 3 layers");
    row("a width too large", record([](RestorationRecord &r) { r.variants[0].widths[2] = 49; }),
        "keeps 49 neurons of layer 2, which has 48");
    row("r1 changes widths", record([](RestorationRecord &r) { --r.variants[1].widths[0]; }), "which its steps do not change");
    row("r1 changes removals", record([](RestorationRecord &r) { r.variants[1].attentionsRemoved = 1; }), "which its steps do not change");
    row("negative seconds", record([](RestorationRecord &r) { r.variants[2].seconds = -1; }), "took -1 seconds");
    row("another number goes before", record([](RestorationRecord &r) { r.removals[0].loss = 3; }), "but 0 go before it at 3");
    row("a number that was tried twice", record([](RestorationRecord &r) { r.removals.push_back(r.removals[0]); }),
        "tried 0 removals more than once");
    row("another loss where it was tried", record([](RestorationRecord &r) { r.removals[1].loss = 3.875; }),
        "has a held-out loss of 4, and where its removals were tried it was 3.875");
    row("a number that was not tried", record([](RestorationRecord &r) { r.removals.erase(r.removals.begin() + 1); }),
        "a number that its restoration did not try");
    row("a number that nobody computed",
        record([](RestorationRecord &r) { r.removals[1].loss = std::numeric_limits<double>::quiet_NaN(); }),
        "what is lost by that is not known");
    row("a number that cannot be", record([](RestorationRecord &r) { r.removals[0].attentionsRemoved = 4; }), "cannot be in this model");
    row("a layer less", record([](RestorationRecord &r) { r.layers.pop_back(); }), "tells of 2 layers, and the model has 3");
    row("an error that is none", record([](RestorationRecord &r) { r.layers[1].errorAfter = -1; }), "of the fit of layer 1 that are none");
    row("a fit that was not taken", record([](RestorationRecord &r) { r.layers[1].errorAfter = 0.5; }),
        "tells an error of 0.5 after the fit of layer 1, above the 0.333333 before it");
    row("a fit without a ridge", record([](RestorationRecord &r) { r.layers[1].ridge = 0; }), "a ridge of 0 for the fit of layer 1");
    row("no fits", record([](RestorationRecord &r) { r.layers.clear(); }), "does not tell how well");
    row("other tokens", record([](RestorationRecord &r) { r.tokens = 511; }), "fitted to 511 tokens; its calibration has 4 windows of 128");
    row("no tokens of r4", record([](RestorationRecord &r) { r.sequentialTokens = 0; }), "tells of 0 tokens of its refit layer by layer");
}

void tst_RestoredPlan::claimsAreChecked()
{
    QFETCH(Change, change);
    QFETCH(QString, reason);
    const QString said = wrongIn(withWidths(), change);
    QVERIFY2(reason.isEmpty() ? said.isEmpty() : said.contains(reason) && said.contains("Make the plan again."), qPrintable(said));
}

void tst_RestoredPlan::claimsOfARefitAreChecked_data()
{
    QTest::addColumn<Change>("change"); // of refitted()
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const Change &change, const char *reason) { QTest::newRow(name) << change << reason; };
    row(
        "nothing", [](PruningPlan &) {}, "");
    row(
        "another origin", [](PruningPlan &plan) { plan.restoration->plainHash[0] ^= 1; }, "restored from another plan than it tells");
    row(
        "an attention's weight", [](PruningPlan &plan) { plan.edits = fittedWeights(plan, smallSpec(), {}); },
        "which its steps (r1) do not fit");
    row(
        "tokens of r4", [](PruningPlan &plan) { plan.restoration->sequentialTokens = 512; }, "and its steps are r1");
    row(
        "numbers of removals", [](PruningPlan &plan) { plan.restoration->removals = restoredPlan(smallSpec()).restoration->removals; },
        "do not ask for r2");
    row(
        "weights of nothing",
        [](PruningPlan &plan) {
            const WeightEdits edits = plan.edits;
            plan = turnedDown();
            plan.edits = edits;
        },
        "which its steps (plain 2SSP) do not fit");
    row(
        "K of the lists", [](PruningPlan &plan) { plan.balance.neuronsKept = 21; }, "keeps 21 neurons in every layer by its balance (K)");
}

void tst_RestoredPlan::claimsOfARefitAreChecked()
{
    QFETCH(Change, change);
    QFETCH(QString, reason);
    const QString said = wrongIn(refitted(), change);
    QVERIFY2(reason.isEmpty() ? said.isEmpty() : said.contains(reason), qPrintable(said));
}

void tst_RestoredPlan::ungatedStepsMayMakeATextWorse()
{
    const QString said = wrongIn(withWidths(), [](PruningPlan &plan) {
        plan.restoration->settings.isGated = false;
        plan.restoration->variants.back().losses[1] = 9;
    });
    QCOMPARE(said, QString());
}

/// A model may compute no number, which is a reason to turn a step down.
void tst_RestoredPlan::whatWasTurnedDownNeedsNoLoss()
{
    const QString said = wrongIn(withWidths(), [](PruningPlan &plan) {
        RestorationRecord &record = *plan.restoration;
        record.variants.push_back(record.variants.back());
        record.variants.back().isKept = false;
        record.variants.back().losses[0] = std::numeric_limits<double>::quiet_NaN();
        record.removals[2].loss = std::numeric_limits<double>::quiet_NaN();
    });
    QCOMPARE(said, QString());
    PruningPlan unsearched = refitted();
    unsearched.restoration->settings.searchWindows = 0; // of a step that is not asked for
    checkPlan(unsearched, smallSpec(), "model");
}

void tst_RestoredPlan::filesAreChecked_data()
{
    QTest::addColumn<QString>("path"); // of the plan's JSON
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("reason");
    const auto row = [](const char *name, const char *path, const char *value, const char *reason) {
        QTest::newRow(name) << path << value << reason;
    };
    row("nothing", "/kind", "\"secateur-plan\"", "");
    row("a step of later", "/restoration/settings/steps/0", "\"r7\"", "a step of its restoration is 'r7', and only 'r1'");
    row("a step that is no name", "/restoration/variants/1/steps/0", "1", "is damaged");
    row("a fraction", "/restoration/tokens", "0.5", "is damaged");
    row("no restoration", "/restoration", "null", "is damaged");
    row("its hash", "/planHash", "\"abc\"", "match its own hash");
    row("other neurons", "/keptNeurons/0", "[0, 1]", "match its own hash");
    row("a loss that is none", "/restoration/variants/1/losses/0", "null", "has a loss of nan");
    row("a format of later", "/format", "5", "was saved by a newer Secateur (format 5)");
    row("all neurons", "/keptNeurons/0", "\"all\"", "only plans by hand may say so");
    row("a weight less", "/edits", "[]", "it changes 0 weights, and its file holds");
}

void tst_RestoredPlan::filesAreChecked()
{
    QFETCH(QString, path);
    QFETCH(QString, value);
    QFETCH(QString, reason);
    const PruningPlan plan = restoredPlan(smallSpec());
    nlohmann::json stored = toJson(plan);
    stored[nlohmann::json::json_pointer(path.toStdString())] = nlohmann::json::parse(value.toStdString());
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const WeightEdit &edit : plan.edits.list)
        declarations.push_back({ownTensorName(edit.role), edit.dtype, edit.shape});
    SafetensorsWriter writer(file("changed"), declarations, {{"kind", "secateur-plan"}, {"plan", stored.dump()}});
    for (const WeightEdit &edit : plan.edits.list)
        writer.write(ownTensorName(edit.role), plan.edits.valuesOf(edit).view.bytes);
    writer.finish();
    const QString said = complaint([&] { loadPlan(file("changed"), smallSpec(), "model"); });
    QVERIFY2(reason.isEmpty() ? said.isEmpty() : said.contains(reason) && said.contains("changed'"), qPrintable(said));
}

void tst_RestoredPlan::manifestsCannotStandForTheFile()
{
    const PruningPlan plan = restoredPlan(smallSpec());
    std::ofstream(file("manifest.json")) << nlohmann::json{{"kind", "secateur-manifest"}, {"plan", toJson(plan)}};
    QCOMPARE(loadPlan(file("manifest.json")).hash(), plan.hash()); // it tells all but the values
    QCOMPARE(lacking(complaint([&] { loadPlan(file("manifest.json"), smallSpec(), "model"); }),
                     {"manifest.json", "changes 5 weights", "not at hand", "a manifest names the changes only"}),
             QString());
    checkPlanWithoutValues(loadPlan(file("manifest.json")), smallSpec(), "model");
}

void tst_RestoredPlan::earlierFormatsKnowNoSuchMethod()
{
    nlohmann::json stored = toJson(turnedDown());
    for (const int format : {2, 3}) {
        stored["format"] = format;
        const QString said = complaint([&] { planFromJson(stored, "p.json"); });
        QVERIFY2(said.contains(QString("its format is %1, which knows no method 'restored'").arg(format)), qPrintable(said));
    }
}

void tst_RestoredPlan::otherPlansAreWrittenAsBefore()
{
    PruningPlan plan = turnedDown();
    plan.restoration.reset();
    plan.method = PlanMethod::TwoSsp;
    const nlohmann::json stored = toJson(plan);
    QCOMPARE(stored.at("format").get<int>(), 2);
    QVERIFY(!stored.contains("restoration"));
}

void tst_RestoredPlan::noSearchGoesOn()
{
    const PruningPlan plan = restoredPlan(smallSpec());
    QVERIFY(!isSearchable(plan) && !isSearchable(turnedDown()));
    QCOMPARE(lacking(complaint([&] { checkSearchable(plan); }), {"The plan is restored: ", "no search can continue it", "plain 2SSP"}),
             QString());
    QVERIFY_THROWS_EXCEPTION(Error, withRemovals(plan, smallSpec(), 1));
}

void tst_RestoredPlan::theHashIsThatOfWhatIsLeft()
{
    const PruningPlan plan = restoredPlan(smallSpec()), other = restoredPlan(smallSpec(), {.value = 0.25F});
    QVERIFY(plan.hash() != other.hash()); // other values, another model
    PruningPlan byHand = plan;            // the same model, however it was found
    byHand.method = PlanMethod::Manual;
    byHand.restoration.reset();
    QCOMPARE(byHand.hash(), plan.hash());
}

void tst_RestoredPlan::aSearchThatWasNotBegunStaysSo()
{
    const RestorationProgress begun;
    QVERIFY(!begun.search.isBegun());
    QVERIFY(!restorationProgressFromJson(toJson(begun)).search.isBegun());
}

QTEST_GUILESS_MAIN(tst_RestoredPlan)
#include "tst_RestoredPlan.moc"
