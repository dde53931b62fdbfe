// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SessionModel.h"

#include "SampleSession.h"

#include "foundation/Error.h"

#include <QMetaMethod>
#include <QSignalSpy>
#include <QtTest>

#include <cmath>
#include <map>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Which signals came, and how often: "draftChanged" for one, "searchChanged x2" for two; in the order of their names.
class SignalCount {
public:
    explicit SignalCount(const SessionModel &model)
    {
        const QMetaObject &meta = *model.metaObject();
        for (int i = meta.methodOffset(); i < meta.methodCount(); ++i)
            if (meta.method(i).methodType() == QMetaMethod::Signal)
                m_spies[QString::fromLatin1(meta.method(i).name())] = std::make_unique<QSignalSpy>(&model, meta.method(i));
    }
    /// Since the last time it was asked.
    QStringList take()
    {
        QStringList came;
        for (const auto &[name, spy] : m_spies) {
            if (spy->size() == 1)
                came << name;
            else if (!spy->isEmpty())
                came << QStringLiteral("%1 x%2").arg(name).arg(spy->size());
            spy->clear();
        }
        return came;
    }

private:
    std::map<QString, std::unique_ptr<QSignalSpy>> m_spies;
};

QStringList names(std::initializer_list<const char *> list)
{
    QStringList result;
    for (const char *name : list)
        result << QLatin1String(name);
    return result;
}

/// The sample, open and calibrated.
struct Bench {
    SessionModel model;

    Bench() { model.begin(sampleSummary()); }

    void calibrate(unsigned seed = 1)
    {
        const auto scores = madeUpScores(model.spec(), seed);
        edit([&](PlanDraft &draft) { draft.calibration = model.addCalibration(scores, std::make_shared<const RankedScores>(*scores)); });
    }
    template <class Function>
    void edit(Function function)
    {
        PlanDraft draft = model.draft();
        function(draft);
        model.setDraftAndTexts(draft, model.session().calibrationText, model.session().evaluationText, model.session().norm);
    }
    void setSparsity(double sparsity)
    {
        edit([&](PlanDraft &draft) { draft.balance.sparsity = sparsity; });
    }
    void setRemovals(std::int64_t count)
    {
        edit([&](PlanDraft &draft) { draft.balance.attentionsToRemove = count; });
    }
    /// K by hand, so that searches of different lengths have the same one.
    void setWidth(std::int64_t kept)
    {
        edit([&](PlanDraft &draft) { draft.balance.neuronsKept = kept; });
    }
    std::string key() const { return searchKey(model.draft(), model.neuronsKept()); }
    void search(const std::vector<std::int64_t> &order) { model.setSearch(key(), madeUpSearch(model.layerCount(), order)); }

    /// Other settings give other tokens.
    static std::string contentOfSettings(const TextSettings &text)
    {
        return (text.files.empty() ? "none" : text.files.front().string()) + std::to_string(text.windows.value_or(0));
    }
    Measurement measured(double perplexity) const
    {
        Measurement record;
        record.calibration = model.draft().calibration;
        record.neuronsKept = model.neuronsKept();
        record.removed = model.removalOrder();
        record.planHash = "hash of " + key();
        for (const std::int64_t layer : record.removed)
            record.planHash += " " + std::to_string(layer);
        record.text = model.session().evaluationText;
        record.result.perplexity = perplexity;
        record.result.tokenHash = contentOfSettings(record.text);
        record.result.length = record.text.length;
        return record;
    }
    Measurement measuredDense(double perplexity) const
    {
        Measurement record;
        record.neuronsKept = model.neurons();
        record.text = model.session().evaluationText;
        record.result.perplexity = perplexity;
        record.result.tokenHash = contentOfSettings(record.text);
        record.result.length = record.text.length;
        return record;
    }
};

double perplexity(const Measurement *record)
{
    return record ? record->result.perplexity : 0;
}

} // namespace

class TestSessionModel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void withoutAModelNothingIsKnown();
    void beginStartsAnEmptySession();
    void restoreTakesAWholeSession();
    void settingsOfARestoredSessionAreThoseOfItsScores();
    void sizesOfTextsAreAskedForOnce();
    void modelsAreNamedAfterTheirFolder_data();
    void modelsAreNamedAfterTheirFolder();
    void balanceAndBoundsAreThoseOfTheCore_data();
    void balanceAndBoundsAreThoseOfTheCore();
    void figuresAreThoseOfTheCore();
    void figuresOfAPrunedModelCountWhatIsThere();
    void infeasibleDraftsSayWhy();
    void searchGoesThroughItsStates();
    void aLongerSearchServesASmallerN();
    void searchPerplexityIsThatOfThePlan();
    void signsTellWhereThePlanStands();
    void protectingWhatWasNotRemovedKeepsTheSearch();
    void evaluationsAreFoundByPlanAndText();
    void aBorrowedOrderIsAnotherMeasurement();
    void measuringAgainReplaces();
    void aTextThatIsReadShowsWhatWasMeasuredOnItsContent();
    void theOriginalOfAPlanIsTheOneComputedAlike();
    void goingBackFindsSearchAndEvaluationAgain();
    void plansKeepTheirHashes();
    void aHashBelongsToItsPlanAlone();
    void equalCalibrationsAreReused();
    void scoresWithoutTheirRankingAreRanked();
    void everyChangeIsToldOnce();
    void aRowOfAComparisonIsReplacedByWhatIsKnownNext();
    void searchesOfOtherPlansAreToldApart();
    void aLossWithoutItsSearchIsLeftOut();
    void impactOfTheDenseModelIsApart();
    void notesOutlastAnotherView();
};

void TestSessionModel::withoutAModelNothingIsKnown()
{
    const SessionModel model;
    QVERIFY(!model.hasModel());
    QVERIFY(!model.hasScores());
    QVERIFY(!model.balance());
    QVERIFY(!model.bounds());
    QVERIFY(model.searchState() == SearchState::NotPossible);
    QVERIFY(model.planExactness() == Exactness::Unknown);
    QCOMPARE(model.planExactnessText(), QStringLiteral("no model"));
    QCOMPARE(model.layerCount(), 0);
    QCOMPARE(model.neurons(), 0);
    QVERIFY(model.modelName().isEmpty());
    QVERIFY(!model.planEvaluation());
    QVERIFY(!model.denseEvaluation());
    QCOMPARE(model.figuresOf(1, 1).modelParameters, 0);
}

void TestSessionModel::beginStartsAnEmptySession()
{
    Bench bench;
    bench.calibrate();
    bench.setRemovals(2);
    bench.search({3, 4});
    bench.model.addMeasurement(bench.measured(20));
    bench.model.setPlanHash(bench.model.draft(), {3, 4}, QStringLiteral("hash"));
    SignalCount signalCount(bench.model);
    bench.model.begin(sampleSummary());
    QCOMPARE(signalCount.take(), names({"modelChanged"}));
    QVERIFY(bench.model.isModelThere());
    QVERIFY(!bench.model.hasScores());
    QVERIFY(bench.model.draft() == PlanDraft());
    QVERIFY(bench.model.session().searches.empty());
    QVERIFY(bench.model.session().measurements.empty());
    QCOMPARE(bench.model.session().calibrationText.length, 512); // the sample's context is shorter than the authors' 2048
    QCOMPARE(*bench.model.session().calibrationText.windows, 32);
    QVERIFY(!bench.model.session().evaluationText.windows);
    bench.calibrate();
    bench.setRemovals(2);
    bench.search({3, 4});
    QVERIFY(bench.model.planHash().isEmpty()); // hashes of the session before are of another model
}

void TestSessionModel::restoreTakesAWholeSession()
{
    Bench before;
    before.calibrate();
    before.setRemovals(2);
    before.search({3, 4});
    before.model.addMeasurement(before.measured(20));
    before.model.addMeasurement(before.measuredDense(10));
    before.model.setPins({{.name = "Plan A", .draft = before.model.draft()}});

    SessionModel model;
    SignalCount signalCount(model);
    model.restore(before.model.session(), {before.model.rankedScores()});
    QCOMPARE(signalCount.take(), names({"modelChanged"}));
    QVERIFY(!model.isModelThere());
    QVERIFY(model.searchState() == SearchState::Complete);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>({3, 4}));
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    QCOMPARE(perplexity(model.denseEvaluation()), 10.0);
    QCOMPARE(model.session().pinned.size(), 1U);
    QCOMPARE(model.rankedScores(), before.model.rankedScores());
    QVERIFY(model.scores() == before.model.scores());
    model.setModelThere(true);
    QCOMPARE(signalCount.take(), names({"modelPresenceChanged"}));
    model.setModelThere(true);
    QCOMPARE(signalCount.take(), QStringList());
}

/// Sessions of before kept scores in use while the settings were changed.
void TestSessionModel::settingsOfARestoredSessionAreThoseOfItsScores()
{
    Bench before;
    before.calibrate(7);
    before.setRemovals(2);
    before.search({3, 4});
    before.model.addMeasurement(before.measured(20));
    Session session = before.model.session();
    session.calibrationText = {.files = {"another.txt"}, .windows = 1, .length = 16, .seed = 0};
    session.norm = ScoreNorm::L1;
    SessionModel model;
    model.restore(session, {before.model.rankedScores()});
    QVERIFY(model.hasScores());
    QVERIFY(model.searchState() == SearchState::Complete);
    QVERIFY(model.planEvaluation());
    QVERIFY(model.session().calibrationText ==
            (TextSettings{.files = {"grimm.txt"}, .windows = 4, .length = 128, .seed = 7, .column = "text"}));
    QVERIFY(model.session().norm == ScoreNorm::L2);

    session.draft.calibration = -1; // none in use: what is set stays
    model.restore(session, {before.model.rankedScores()});
    QVERIFY(model.session().calibrationText == session.calibrationText);
    QVERIFY(!model.hasScores());
}

void TestSessionModel::modelsAreNamedAfterTheirFolder_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("name");
    QTest::newRow("plain") << "/models/SmolLM2-135M"
                           << "SmolLM2-135M";
    QTest::newRow("slash") << "/models/SmolLM2-135M/"
                           << "SmolLM2-135M";
    QTest::newRow("cache") << "/cache/models--HuggingFaceTB--SmolLM2-135M/snapshots/93efa2f"
                           << "SmolLM2-135M";
    QTest::newRow("cache, slash") << "/cache/models--HuggingFaceTB--SmolLM2-135M/snapshots/93efa2f/"
                                  << "SmolLM2-135M";
    QTest::newRow("GGUF file") << "/models/SmolLM2-135M-Q4_K_M.gguf"
                               << "SmolLM2-135M-Q4_K_M";
    QTest::newRow("GGUF file, cache") << "/cache/models--HuggingFaceTB--SmolLM2/snapshots/93efa2f/SmolLM2-Q4.gguf"
                                      << "SmolLM2-Q4";
    QTest::newRow("other snapshots") << "/backup/snapshots/july"
                                     << "july";
}

void TestSessionModel::modelsAreNamedAfterTheirFolder()
{
    QFETCH(QString, folder);
    QFETCH(QString, name);
    ModelSummary summary = sampleSummary();
    summary.folder = folder.toStdString();
    SessionModel model;
    model.begin(summary);
    QCOMPARE(model.modelName(), name);
}

void TestSessionModel::balanceAndBoundsAreThoseOfTheCore_data()
{
    QTest::addColumn<double>("sparsity");
    QTest::addColumn<int>("N");
    QTest::addColumn<int>("K");
    QTest::newRow("rule") << 0.375 << -1 << -1;
    QTest::newRow("a quarter") << 0.25 << -1 << -1;
    QTest::newRow("half, deep") << 0.5 << 10 << -1;
    QTest::newRow("wide") << 0.375 << 0 << -1;
    QTest::newRow("K by hand") << 0.375 << -1 << 100;
    QTest::newRow("both by hand") << 0.25 << 3 << 200;
}

void TestSessionModel::balanceAndBoundsAreThoseOfTheCore()
{
    QFETCH(double, sparsity);
    QFETCH(int, N);
    QFETCH(int, K);
    Bench bench;
    BalanceSettings settings;
    settings.sparsity = sparsity;
    if (N >= 0)
        settings.attentionsToRemove = N;
    if (K >= 0)
        settings.neuronsKept = K;
    bench.edit([&](PlanDraft &draft) { draft.balance = settings; });
    const SparsityBalance expected = balance(bench.model.spec(), settings);
    QVERIFY(bench.model.balance() == expected);
    QVERIFY(bench.model.bounds() == boundsOf(bench.model.spec(), sparsity, settings.alpha));
    QCOMPARE(bench.model.attentionsToRemove(), expected.attentionsToRemove);
    QCOMPARE(bench.model.neuronsKept(), expected.neuronsKept);
    settings.neuronsKept.reset();
    QCOMPARE(bench.model.neuronsByRule().value(), qint64(balance(bench.model.spec(), settings).neuronsKept));
}

void TestSessionModel::figuresAreThoseOfTheCore()
{
    Bench bench;
    // 12 layers of 4 * 128 * 128 + 3 * 128 * 344 weights and two norms, an embedding of 2048 * 128 that is the head too, a norm
    constexpr std::int64_t weights = 12 * (4 * 128 * 128 + 3 * 128 * 344), layers = weights + 12 * 2 * 128;
    const ModelFigures dense = bench.model.denseFigures();
    QCOMPARE(dense.layerParameters, layers);
    QCOMPARE(dense.modelParameters, layers + 2048 * 128 + 128);
    QCOMPARE(dense.bytes, 2 * dense.modelParameters);
    QCOMPARE(dense.flopPerToken, 2 * (weights + 2048 * 128));
    QCOMPARE(dense.kvBytesPerToken, 12 * 2 * 128 * 2);

    bench.setWidth(100);
    bench.setRemovals(3);
    const SparsityBalance &b = *bench.model.balance();
    const ModelFigures plan = bench.model.planFigures();
    QCOMPARE(plan.layerParameters, b.layerParameters);
    QCOMPARE(plan.modelParameters, b.modelParameters);
    QCOMPARE(plan.bytes, 2 * b.modelParameters);
    QCOMPARE(plan.flopPerToken, 2 * (9 * 4 * 128 * 128 + 12 * 3 * 128 * 100 + 2048 * 128));
    QCOMPARE(plan.kvBytesPerToken, 9 * 2 * 128 * 2);
    const ModelFigures same = bench.model.figuresOf(100, 3);
    QCOMPARE(same.modelParameters, plan.modelParameters);
    QCOMPARE(same.flopPerToken, plan.flopPerToken);
    QCOMPARE(bench.model.figuresOf(bench.model.neurons(), 0).modelParameters, dense.modelParameters);
}

void TestSessionModel::figuresOfAPrunedModelCountWhatIsThere()
{
    ModelSummary summary = sampleSummary();
    summary.spec.layers[0].ffn->neurons = 10; // narrower than the others
    summary.spec.layers[5].attention.reset();
    SessionModel model;
    model.begin(summary);
    QCOMPARE(model.denseFigures().modelParameters, modelParameters(summary.spec));
    QVERIFY(model.pruningProblem().contains(QStringLiteral("This model was already pruned: 1 of its")));
    QVERIFY(!model.balance());
    QVERIFY(!model.bounds());
    QCOMPARE(model.balanceProblem(), model.pruningProblem());
    QVERIFY(model.searchState() == SearchState::NotPossible);
    QCOMPARE(model.planFigures().modelParameters, model.denseFigures().modelParameters);
}

void TestSessionModel::infeasibleDraftsSayWhy()
{
    Bench bench;
    bench.calibrate();
    bench.setSparsity(0.1);
    bench.setRemovals(12);
    QVERIFY(!bench.model.balance());
    QVERIFY(bench.model.bounds().has_value());
    QString problem, hint;
    try {
        balance(bench.model.spec(), bench.model.draft().balance);
    } catch (const Error &thrown) {
        problem = QString::fromStdString(thrown.what());
        hint = QString::fromStdString(thrown.hint());
    }
    QVERIFY(!problem.isEmpty());
    QCOMPARE(bench.model.balanceProblem(), problem);
    QCOMPARE(bench.model.balanceHint(), hint);
    QCOMPARE(bench.model.attentionsToRemove(), 0);
    QCOMPARE(bench.model.neuronsKept(), bench.model.neurons());
    QVERIFY(bench.model.searchState() == SearchState::NotPossible);
    QVERIFY(bench.model.planExactness() == Exactness::Unknown);
    QCOMPARE(bench.model.planExactnessText(), QStringLiteral("not feasible"));
    QVERIFY(!bench.model.neuronsByRule());
    bench.setWidth(50); // with K by hand every N is feasible
    QVERIFY(bench.model.balance().has_value());
    QVERIFY(bench.model.balanceProblem().isEmpty());
}

void TestSessionModel::searchGoesThroughItsStates()
{
    Bench bench;
    SessionModel &model = bench.model;
    QVERIFY(model.searchState() == SearchState::NotPossible);
    QCOMPARE(model.planExactnessText(), QStringLiteral("not calibrated yet"));
    bench.calibrate();
    bench.setRemovals(0);
    QVERIFY(model.searchState() == SearchState::NotNeeded);
    bench.setRemovals(2);
    QVERIFY(model.searchState() == SearchState::NotBegun);
    QVERIFY(model.search() == nullptr);

    SearchRecord record;
    record.initialLoss = std::numeric_limits<double>::quiet_NaN();
    model.setSearch(bench.key(), record); // a search that was cancelled before its first loss
    QVERIFY(model.searchState() == SearchState::NotBegun);
    model.addCandidate(bench.key(), {.step = -1, .layer = -1, .loss = 3.0});
    QVERIFY(model.searchState() == SearchState::Unfinished);
    QVERIFY(model.removalOrder().empty());
    model.addCandidate(bench.key(), {.step = 0, .layer = 4, .loss = 3.2});
    model.addRemoval(bench.key(), 0, 4, false);
    QVERIFY(model.searchState() == SearchState::Unfinished);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>{4});
    model.addCandidate(bench.key(), {.step = 1, .layer = 7, .loss = 3.4});
    QVERIFY(model.searchState() == SearchState::Unfinished);
    model.addRemoval(bench.key(), 1, 7, true);
    QVERIFY(model.searchState() == SearchState::Complete);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>({4, 7}));
    QVERIFY(model.search()->steps[1].isForced);
    model.addRemoval(bench.key(), 5, 8, false); // of a step without losses
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>({4, 7}));
}

void TestSessionModel::aLongerSearchServesASmallerN()
{
    Bench bench;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(5);
    bench.search({3, 4, 5, 6, 7});
    for (const std::int64_t N : {1, 3, 5}) {
        bench.setRemovals(N);
        QVERIFY(bench.model.searchState() == SearchState::Complete);
        QCOMPARE(std::int64_t(bench.model.removalOrder().size()), N);
        QVERIFY(bench.model.planExactness() == Exactness::Exact);
        QCOMPARE(bench.model.searchPerplexity().value(), std::exp(3.0 + 0.1 * double(N)));
    }
    bench.setRemovals(6);
    QVERIFY(bench.model.searchState() == SearchState::Unfinished);
    QCOMPARE(bench.model.planExactnessText(), QStringLiteral("5 of 6 removals searched"));
    bench.setRemovals(0);
    QVERIFY(bench.model.searchState() == SearchState::NotNeeded);
    QVERIFY(bench.model.removalOrder().empty());
}

void TestSessionModel::searchPerplexityIsThatOfThePlan()
{
    Bench bench;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    QVERIFY(!bench.model.searchPerplexity());
    bench.search({3});
    QVERIFY(!bench.model.searchPerplexity());
    bench.search({3, 4});
    QCOMPARE(bench.model.searchPerplexity().value(), std::exp(3.2));
    bench.setRemovals(0); // nothing is removed: the loss before the first step
    QCOMPARE(bench.model.searchPerplexity().value(), std::exp(3.0));
    bench.setWidth(101);
    QVERIFY(!bench.model.searchPerplexity());
}

void TestSessionModel::signsTellWhereThePlanStands()
{
    Bench bench;
    SessionModel &model = bench.model;
    QCOMPARE(exactnessSign(model.planExactness()), QString()); // not calibrated: nothing that could be estimated
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    QVERIFY(model.planExactness() == Exactness::Unknown);
    QCOMPARE(model.planExactnessText(), QStringLiteral("removals not searched yet"));
    SearchRecord unknown;
    unknown.initialLoss = std::numeric_limits<double>::quiet_NaN();
    model.setSearch(bench.key(), unknown); // cancelled before a loss was known: it belongs to no other plan
    QVERIFY(model.planExactness() == Exactness::Unknown);
    bench.search({3});
    QVERIFY(model.planExactness() == Exactness::Unknown);
    bench.search({3, 4});
    QCOMPARE(exactnessSign(model.planExactness()), QStringLiteral("="));
    bench.setWidth(101);
    QCOMPARE(exactnessSign(model.planExactness()), QStringLiteral("!"));
    QCOMPARE(exactnessWord(model.planExactness()), QStringLiteral("stale"));
    QCOMPARE(model.planExactnessText(), QStringLiteral("the search is out of date for this plan"));
    const PlanDraft searched = model.draft();
    bench.calibrate(2); // other scores: nothing was searched on them
    QVERIFY(model.planExactness() == Exactness::Unknown);
    QCOMPARE(model.planExactnessText(), QStringLiteral("removals not searched yet"));
    bench.edit([&](PlanDraft &draft) { draft = searched; });
    bench.setRemovals(0);
    QVERIFY(model.planExactness() == Exactness::Exact);
    QCOMPARE(model.planExactnessText(), QStringLiteral("exact: no attention is removed"));
}

void TestSessionModel::protectingWhatWasNotRemovedKeepsTheSearch()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    bench.search({3, 4});
    model.addMeasurement(bench.measured(20));
    const auto protect = [&](std::vector<std::int64_t> layers) {
        bench.edit([&](PlanDraft &draft) { draft.search.protectedLayers = std::move(layers); });
    };
    protect({7});
    QVERIFY(model.searchState() == SearchState::Complete);
    QVERIFY(model.planExactness() == Exactness::Exact);
    QCOMPARE(model.removalOrder(), (std::vector<std::int64_t>{3, 4}));
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    QVERIFY(std::isnan(model.search()->steps[0].losses[7])); // as in a fresh search
    protect({4, 7});                                         // the last to go: what goes instead is known
    QVERIFY(model.searchState() == SearchState::Complete);
    QCOMPARE(model.removalOrder(), (std::vector<std::int64_t>{3, 0}));
    QVERIFY(!model.planEvaluation());
    protect({3, 7}); // the first: what follows is not
    QVERIFY(model.searchState() == SearchState::Unfinished);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>{0});
    protect({});
    QVERIFY(model.searchState() == SearchState::Complete);

    bench.setWidth(101); // searched with a layer protected: without it nothing is settled
    protect({7});
    SearchRecord record = madeUpSearch(12, {3, 4});
    record.settings = model.draft().search;
    for (SearchStep &step : record.steps)
        step.losses[7] = std::numeric_limits<double>::quiet_NaN();
    SignalCount signalCount(model);
    model.setSearch(bench.key(), record);
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    const std::string key = bench.key();
    protect({});
    QVERIFY(model.searchState() == SearchState::Unfinished);
    QVERIFY(model.removalOrder().empty());
    QCOMPARE(model.search()->evaluations(), 11);
    signalCount.take();
    model.setSearch(key, record); // what is found for the other one is news here too
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    QVERIFY(!model.isSearchRunning());
}

void TestSessionModel::evaluationsAreFoundByPlanAndText()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    bench.search({3});
    model.addMeasurement(bench.measured(19)); // of the plan with one removal
    QVERIFY(!model.planEvaluation());         // the plan in hand is not even known yet
    bench.search({3, 4});
    QVERIFY(!model.planEvaluation());
    QCOMPARE(perplexity(model.staleEvaluation()), 19.0);
    model.addMeasurement(bench.measured(20));
    model.addMeasurement(bench.measuredDense(10));
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    QCOMPARE(perplexity(model.denseEvaluation()), 10.0);
    QCOMPARE(perplexity(model.staleEvaluation()), 19.0);
    bench.setRemovals(1);
    QCOMPARE(perplexity(model.planEvaluation()), 19.0);
    QCOMPARE(perplexity(model.staleEvaluation()), 20.0);

    TextSettings other = model.session().evaluationText;
    other.files = {"oz.txt"};
    model.setDraftAndTexts(model.draft(), model.session().calibrationText, other, ScoreNorm::L2);
    QVERIFY(!model.planEvaluation());
    QVERIFY(!model.denseEvaluation());
    QVERIFY(!model.staleEvaluation());
    model.addMeasurement(bench.measured(39));
    QCOMPARE(perplexity(model.planEvaluation()), 39.0);
    other.windows = 3; // the same file, cut differently
    model.setDraftAndTexts(model.draft(), model.session().calibrationText, other, ScoreNorm::L2);
    QVERIFY(!model.planEvaluation());

    bench.calibrate(2); // other neurons are kept
    bench.search({3, 4});
    other.windows.reset();
    model.setDraftAndTexts(model.draft(), model.session().calibrationText, other, ScoreNorm::L2);
    QVERIFY(!model.planEvaluation());
    QCOMPARE(perplexity(model.staleEvaluation()), 39.0);
}

void TestSessionModel::aBorrowedOrderIsAnotherMeasurement()
{
    Bench bench;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    bench.search({3, 4});
    Measurement borrowed = bench.measured(21);
    borrowed.removed = {5, 6};
    borrowed.planHash = "another plan";
    borrowed.isOrderBorrowed = true;
    bench.model.addMeasurement(borrowed);
    QVERIFY(!bench.model.planEvaluation()); // the plan's own search says otherwise
    QCOMPARE(perplexity(bench.model.staleEvaluation()), 21.0);
    Measurement lucky = bench.measured(22); // the borrowed order is the plan's own: the same pruned model
    lucky.isOrderBorrowed = true;
    bench.model.addMeasurement(lucky);
    QCOMPARE(perplexity(bench.model.planEvaluation()), 22.0);
    bench.model.addMeasurement(bench.measured(23));
    QCOMPARE(perplexity(bench.model.planEvaluation()), 23.0);
    QCOMPARE(bench.model.session().measurements.size(), 3U);
}

void TestSessionModel::measuringAgainReplaces()
{
    Bench bench;
    bench.calibrate();
    bench.setRemovals(0);
    bench.model.addMeasurement(bench.measured(20));
    bench.model.addMeasurement(bench.measuredDense(10));
    bench.model.addMeasurement(bench.measured(20.5));
    bench.model.addMeasurement(bench.measuredDense(10.5));
    QCOMPARE(bench.model.session().measurements.size(), 2U);
    QCOMPARE(perplexity(bench.model.planEvaluation()), 20.5);
    QCOMPARE(perplexity(bench.model.denseEvaluation()), 10.5);
}

/// The file of the text was changed, or the same text lies elsewhere: what was measured belongs to what is in it.
void TestSessionModel::aTextThatIsReadShowsWhatWasMeasuredOnItsContent()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setRemovals(0);
    model.addMeasurement(bench.measured(20));
    model.addMeasurement(bench.measuredDense(10));
    TextSettings text = model.session().evaluationText;
    const auto read = [&](const std::string &content) {
        TextReport report;
        report.tokenHash = content;
        model.tellTextRead(text, report);
    };
    QSignalSpy changed(&model, &SessionModel::evaluationsChanged);
    const std::string before = Bench::contentOfSettings(text);
    read(before);
    QCOMPARE(changed.size(), 0);
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    read("another");
    QCOMPARE(changed.size(), 1);
    QVERIFY(!model.planEvaluation() && !model.denseEvaluation() && !model.staleEvaluation());
    QVERIFY(model.isPlanEvaluated()); // on some text
    text.files = {"/elsewhere/copy.txt"};
    model.setDraftAndTexts(model.draft(), model.session().calibrationText, text, ScoreNorm::L2);
    QVERIFY(!model.planEvaluation());
    read(before);
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    QCOMPARE(perplexity(model.denseEvaluation()), 10.0);
}

void TestSessionModel::theOriginalOfAPlanIsTheOneComputedAlike()
{
    Bench bench;
    bench.calibrate();
    bench.setRemovals(0);
    const auto in = [](Measurement record, const std::string &dtype) {
        record.computed.device = "cpu";
        record.computed.dtype = dtype;
        return record;
    };
    bench.model.addMeasurement(in(bench.measuredDense(10), "float32"));
    bench.model.addMeasurement(in(bench.measuredDense(11), "bfloat16"));
    QCOMPARE(perplexity(bench.model.denseEvaluation()), 11.0); // the latest
    bench.model.addMeasurement(in(bench.measured(20), "float32"));
    QCOMPARE(perplexity(bench.model.denseEvaluation()), 10.0);
    QCOMPARE(bench.model.session().measurements.size(), 3U);
}

void TestSessionModel::goingBackFindsSearchAndEvaluationAgain()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    bench.search({3, 4});
    model.addMeasurement(bench.measured(20));
    model.setPlanHash(model.draft(), {3, 4}, QStringLiteral("first"));
    const PlanDraft first = model.draft();

    bench.setWidth(120);
    QVERIFY(!model.planEvaluation());
    QVERIFY(model.planHash().isEmpty());
    bench.search({5, 6});
    model.addMeasurement(bench.measured(18));
    bench.calibrate(2);
    bench.edit([](PlanDraft &draft) { draft.search.protectedLayers = {3}; });
    QVERIFY(model.searchState() == SearchState::NotBegun);

    model.setDraftAndTexts(first, model.session().calibrationText, model.session().evaluationText, model.session().norm);
    QVERIFY(model.planExactness() == Exactness::Exact);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>({3, 4}));
    QCOMPARE(perplexity(model.planEvaluation()), 20.0);
    QCOMPARE(model.planHash(), QStringLiteral("first"));
}

void TestSessionModel::plansKeepTheirHashes()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    bench.search({3});
    SignalCount signalCount(model);
    model.setPlanHash(model.draft(), {3}, QStringLiteral("one removal"));
    QVERIFY(model.planHash().isEmpty()); // the plan in hand is not settled
    QCOMPARE(signalCount.take(), QStringList());
    bench.search({3, 4});
    signalCount.take();
    model.setPlanHash(model.draft(), {3, 4}, QStringLiteral("two removals"));
    QCOMPARE(model.planHash(), QStringLiteral("two removals"));
    QCOMPARE(signalCount.take(), names({"planHashChanged"}));
    model.setPlanHash(model.draft(), {3, 4}, QStringLiteral("two removals"));
    QCOMPARE(signalCount.take(), QStringList());
    bench.setRemovals(1);
    QCOMPARE(model.planHash(), QStringLiteral("one removal"));
}

void TestSessionModel::aHashBelongsToItsPlanAlone()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(0);
    PlanDraft other = model.draft();
    other.balance.neuronsKept = 200;
    SignalCount signalCount(model);
    model.setPlanHash(other, {}, QStringLiteral("wide")); // a job that began before the plan was edited
    QVERIFY(model.planHash().isEmpty());
    QCOMPARE(signalCount.take(), QStringList());
    bench.setWidth(200);
    QCOMPARE(model.planHash(), QStringLiteral("wide"));
    other.balance.sparsity = 5; // no plan at all
    other.balance.neuronsKept.reset();
    model.setPlanHash(other, {}, QStringLiteral("nothing"));
    QCOMPARE(model.planHash(), QStringLiteral("wide"));
}

void TestSessionModel::equalCalibrationsAreReused()
{
    Bench bench;
    const auto add = [&](unsigned seed, ScoreNorm norm = ScoreNorm::L2) {
        auto scores = std::make_shared<NeuronScores>(*madeUpScores(bench.model.spec(), seed));
        scores->norm = norm;
        return bench.model.addCalibration(scores, std::make_shared<const RankedScores>(*scores));
    };
    SignalCount signalCount(bench.model);
    QCOMPARE(add(1), 0);
    QCOMPARE(add(2), 1);
    QCOMPARE(signalCount.take(), names({"calibrationsChanged x2"}));
    QCOMPARE(add(1), 0);
    QCOMPARE(signalCount.take(), QStringList());
    QCOMPARE(add(1, ScoreNorm::L1), 2);
    QVERIFY(!bench.model.hasScores()); // which one the plan uses is the editor's to say
    bench.edit([](PlanDraft &draft) { draft.calibration = 1; });
    QCOMPARE(bench.model.scores()->provenance.seed, 2U);
    QVERIFY(bench.model.rankedScores() != nullptr);
}

/// As an event of another process does not bring it.
void TestSessionModel::scoresWithoutTheirRankingAreRanked()
{
    Bench bench;
    bench.model.apply(Scored{madeUpScores(bench.model.spec(), 1)});
    bench.edit([](PlanDraft &draft) { draft.calibration = 0; });
    QVERIFY(bench.model.rankedScores() != nullptr);
}

void TestSessionModel::everyChangeIsToldOnce()
{
    Bench bench;
    SessionModel &model = bench.model;
    SignalCount signalCount(model);
    bench.calibrate();
    QCOMPARE(signalCount.take(), names({"calibrationsChanged", "draftChanged"}));
    bench.setSparsity(0.25);
    QCOMPARE(signalCount.take(), names({"draftChanged"}));
    bench.setSparsity(0.25);
    QCOMPARE(signalCount.take(), QStringList());
    const std::vector<PinnedPlan> pins = {{.name = "A", .draft = model.draft()}};
    model.setPins(pins);
    QCOMPARE(signalCount.take(), names({"pinsChanged"}));
    model.setPins(pins);
    QCOMPARE(signalCount.take(), QStringList());
    TextSettings text = model.session().calibrationText;
    model.setDraftAndTexts(model.draft(), text, model.session().evaluationText, ScoreNorm::L2);
    QCOMPARE(signalCount.take(), QStringList());
    text.files = {"grimm.txt"};
    model.setDraftAndTexts(model.draft(), text, model.session().evaluationText, ScoreNorm::L2);
    QCOMPARE(signalCount.take(), names({"textsChanged"}));
    model.setDraftAndTexts(model.draft(), text, model.session().evaluationText, ScoreNorm::L1);
    QCOMPARE(signalCount.take(), names({"textsChanged"}));
    bench.setRemovals(1);
    signalCount.take();
    bench.search({3});
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    model.addCandidate(bench.key(), {.step = 1, .layer = 5, .loss = 3.5});
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    model.addRemoval(bench.key(), 1, 5, false);
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    model.addMeasurement(bench.measured(20));
    QCOMPARE(signalCount.take(), names({"evaluationsChanged"}));
    model.addExport({.planHash = "hash", .format = "hf-dropin", .folder = "/x", .parameters = 1, .bytes = 2, .verification = {}});
    QCOMPARE(signalCount.take(), names({"exportsChanged"}));
    TaskSettings tasks;
    tasks.paths = {"/tasks"};
    model.setTasks(tasks);
    model.setTasks(tasks);
    QCOMPARE(signalCount.take(), names({"tasksChanged"}));
    model.apply(TaskScored{.score = {}, .done = 3, .items = 7});
    QCOMPARE(signalCount.take(), names({"taskInProgressChanged"}));
    QCOMPARE(model.taskInProgress()->done, 3);
    model.endTasks();
    model.endTasks();
    QCOMPARE(signalCount.take(), names({"taskInProgressChanged"}));
    QVERIFY(!model.taskInProgress());
}

void TestSessionModel::aRowOfAComparisonIsReplacedByWhatIsKnownNext()
{
    Bench bench;
    SessionModel &model = bench.model;
    ComparisonRow dense, pruned;
    pruned.method = PlanMethod::ShortGpt;
    pruned.sparsity = 0.25;
    model.apply(RowCompared{dense});
    model.apply(RowCompared{pruned});
    pruned.planHash = "p1";
    model.apply(RowCompared{pruned});
    QCOMPARE(model.comparedRows().size(), 2U);
    QCOMPARE(model.comparedRows()[1].planHash, std::string("p1"));
    pruned.sparsity = 0.5;
    model.apply(RowCompared{pruned});
    QCOMPARE(model.comparedRows().size(), 3U);
    model.beginComparison();
    QVERIFY(model.comparedRows().empty());
}

void TestSessionModel::searchesOfOtherPlansAreToldApart()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setWidth(100);
    bench.setRemovals(2);
    const std::string before = bench.key();
    bench.setWidth(120); // the plan is edited while the search of the one before runs
    SignalCount signalCount(model);
    SearchRecord record;
    record.initialLoss = std::numeric_limits<double>::quiet_NaN();
    model.setSearch(before, record);
    QCOMPARE(signalCount.take(), names({"otherSearchChanged"}));
    model.addCandidate(before, {.step = -1, .layer = -1, .loss = 3.0}); // from now on there is a search, but of another plan: "!"
    QVERIFY(model.planExactness() == Exactness::Stale);
    QCOMPARE(signalCount.take(), names({"searchChanged"}));
    model.addCandidate(before, {.step = 0, .layer = 5, .loss = 3.0});
    model.addRemoval(before, 0, 5, false);
    QCOMPARE(signalCount.take(), names({"otherSearchChanged x2"}));
    QVERIFY(model.search() == nullptr);
    bench.setWidth(100);
    QCOMPARE(model.removalOrder(), std::vector<std::int64_t>{5});
}

void TestSessionModel::aLossWithoutItsSearchIsLeftOut()
{
    Bench bench;
    bench.calibrate();
    bench.setRemovals(2);
    SignalCount signalCount(bench.model);
    bench.model.addCandidate(bench.key(), {.step = 0, .layer = 5, .loss = 3.5});
    QVERIFY(bench.model.searchState() == SearchState::NotBegun);
    QVERIFY(bench.model.session().searches.empty());
    QCOMPARE(signalCount.take(), names({"resultRefused"}));
    SearchRecord begun;
    begun.initialLoss = std::numeric_limits<double>::quiet_NaN();
    bench.model.setSearch(bench.key(), begun);
    bench.model.addCandidate(bench.key(), {.step = 0, .layer = 5, .loss = 3.5});
    QVERIFY(bench.model.searchState() == SearchState::Unfinished);
    QVERIFY(std::isnan(bench.model.search()->initialLoss)); // not 0: it was not measured
    QCOMPARE(bench.model.search()->evaluations(), 1);
    QCOMPARE(std::int64_t(bench.model.search()->steps[0].losses.size()), bench.model.layerCount());
    bench.model.addCandidate(bench.key(), {.step = 2, .layer = 5, .loss = 3.5});  // the one before is missing
    bench.model.addCandidate(bench.key(), {.step = 0, .layer = 12, .loss = 3.5}); // there are twelve layers
    QCOMPARE(bench.model.search()->evaluations(), 1);
    bench.model.addRemoval("a search that nobody began", 0, 5, false);
    QCOMPARE(bench.model.session().searches.size(), 1U);
}

void TestSessionModel::impactOfTheDenseModelIsApart()
{
    Bench bench;
    SessionModel &model = bench.model;
    bench.calibrate();
    bench.setRemovals(1);
    SignalCount signalCount(model);
    QVERIFY(!model.denseImpact());
    model.setSearch({}, madeUpSearch(model.layerCount(), {}));
    model.addCandidate({}, {.step = 0, .layer = 3, .loss = 3.1});
    QCOMPARE(signalCount.take(), names({"denseImpactChanged x2"}));
    QCOMPARE(model.denseImpact()->evaluations(), 1);
    QVERIFY(model.searchState() == SearchState::NotBegun);
    QVERIFY(model.planExactness() == Exactness::Unknown); // it is no search of a plan
    QVERIFY(model.session().searches.empty());
}

void TestSessionModel::sizesOfTextsAreAskedForOnce()
{
    Bench bench;
    const SessionModel &model = bench.model;
    const QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("a.txt")));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.resize(4000)); // about 1,000 tokens
    const TextSettings text{.files = {file.fileName().toStdString()}, .windows = {}, .length = 100, .seed = 0};
    QCOMPARE(model.roughWindows(text), 10);
    QVERIFY(file.resize(8000));
    QCOMPARE(model.roughWindows(text), 10);
    TextSettings shorter = text;
    shorter.length = 50;
    QCOMPARE(model.roughWindows(shorter), 40);
    bench.model.setDraftAndTexts(model.draft(), text, model.session().evaluationText, model.session().norm); // chosen anew
    QCOMPARE(model.roughWindows(text), 20);
}

/// The window writes its view anew, from what it shows; notes are no part of that.
void TestSessionModel::notesOutlastAnotherView()
{
    SessionModel model;
    model.begin(sampleSummary());
    QSignalSpy told(&model, &SessionModel::notesChanged);
    model.setNote("hash", QStringLiteral("good at arithmetic"));
    model.setNote({}, QStringLiteral("the original"));
    QCOMPARE(told.size(), 2);
    model.setView({{"tab", "Compare"}});
    QCOMPARE(model.noteOf("hash"), QStringLiteral("good at arithmetic"));
    QCOMPARE(model.noteOf({}), QStringLiteral("the original"));
    QCOMPARE(model.session().view.at("tab"), std::string("Compare"));
    model.setNote("hash", QStringLiteral("good at arithmetic")); // nothing new
    QCOMPARE(told.size(), 2);
    model.setNote("hash", {});
    model.setView({});
    QVERIFY(model.noteOf("hash").isEmpty());
    QCOMPARE(model.session().view.size(), 1U);
}

QTEST_GUILESS_MAIN(TestSessionModel)
#include "tst_SessionModel.moc"
