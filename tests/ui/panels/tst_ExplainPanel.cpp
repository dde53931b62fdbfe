// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "exporting/Export.h"
#include "panels/explain/ConceptCard.h"
#include "panels/explain/ExplainPanel.h"
#include "panels/layers/LayerFacts.h"
#include "panels/plan/BalanceWords.h"
#include "widgets/FormulaCard.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSet>
#include <QTest>
#include <QTextDocumentFragment>

#include <cmath>

using namespace secateur;
using namespace secateur::ui;

namespace {

QString plain(const QString &html)
{
    return QTextDocumentFragment::fromHtml(html).toPlainText();
}

/// As plain() gives a text of numbers: it turns no-break spaces into spaces.
QString breakable(QString text)
{
    return text.replace(QChar::Nbsp, u' ');
}

/// What stands for something in a formula: words and letters, but for functions and what joins them.
QSet<QString> symbolsIn(const QString &formula)
{
    static const QSet<QString> functions = {"round", "exp",    "ln",     "ceil", "mean", "cos", "max",
                                            "min",   "argmin", "argmax", "over", "KL",   "Σ"};
    static const QRegularExpression word(QStringLiteral("[A-Za-zα-ωΑ-Ω]+′?"), QRegularExpression::UseUnicodePropertiesOption);
    QSet<QString> symbols;
    for (auto match = word.globalMatch(plain(formula)); match.hasNext();)
        if (const QString found = match.next().captured(); !functions.contains(found))
            symbols << found;
    return symbols;
}

struct Shown {
    PlanBench bench;
    std::unique_ptr<ExplainPanel> panel;

    Shown() : panel(std::make_unique<ExplainPanel>(bench.workbench())) { showAndWait(*panel, {320, 640}); }

    /// 30 layers with scores and five removals.
    void fill()
    {
        bench.openDeep();
        bench.calibrateDeep();
        bench.editor.setAttentionsToRemove(5);
        bench.searchByRule(5);
    }
    LiveNumbers live(ConceptId id) const { return concepts()[std::size_t(id)].live({bench.session, bench.selection}); }
    QString text() const { return panel->findChild<ConceptCard *>()->text(); }
};

} // namespace

class TestExplainPanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(anyWarning()); }

    void everyConceptHasACard();
    void everySymbolIsNamedOnce();
    void everyCardSaysSomethingInEveryState();
    void numbersAreThoseOfCore();
    void aStepSaysWhyThisOne();
    void searchesAreCountedAsTheJobCountsThem();
    void restoredPlansTellTheirSteps();
    void cardsFollowThePlanWithin100Milliseconds();
    void aHiddenPanelFollowsWhenItIsShown();
    void theFocusDecidesWhichCard();
    void wordsFindCards();
    void aCardThatIsChosenStays();
    void anUndecidedStepIsNotGivenAway();
};

void TestExplainPanel::everyConceptHasACard()
{
    const std::vector<Concept> all = concepts();
    QCOMPARE(all.size(), kConceptNames.size());
    QSet<QString> titles;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Concept &card = all[i];
        QCOMPARE(std::size_t(card.id), i); // in the order of ConceptId, as the panel looks them up
        for (const QString &text : {card.title, card.what, card.formula, card.reading, card.matters, card.limits})
            QVERIFY2(!text.isEmpty(), nameOf(card.id));
        QVERIFY2(card.live, nameOf(card.id));
        QVERIFY2(card.what.count(QStringLiteral(". ")) + 1 >= 2 || card.what.count(u':') > 0, nameOf(card.id));
        titles << card.title;
    }
    QCOMPARE(titles.size(), qsizetype(all.size()));
    for (const PlanMethodRow &method : kPlanMethods)
        QCOMPARE(conceptOf(method.method).has_value(), method.method != PlanMethod::Manual);
    for (const RestorationStepRow &step : kRestorationSteps)
        QVERIFY(all[std::size_t(conceptOf(step.step))].title.startsWith(QString::fromLatin1(step.name).toUpper()));
}

void TestExplainPanel::everySymbolIsNamedOnce()
{
    for (const Concept &card : concepts()) {
        QSet<QString> named;
        for (const ConceptSymbol &symbol : card.symbols) {
            QVERIFY2(!named.contains(symbol.symbol), qPrintable(card.title + u' ' + symbol.symbol));
            QVERIFY2(!symbol.meaning.isEmpty(), qPrintable(card.title + u' ' + symbol.symbol));
            named << symbol.symbol;
        }
        if (card.id == ConceptId::Signs) // no letters
            continue;
        const QSet<QString> used = symbolsIn(card.formula);
        QVERIFY2(used == named, qPrintable(QStringLiteral("%1: used but not named %2; named but not used %3")
                                               .arg(card.title, QStringList((used - named).values()).join(u' '),
                                                    QStringList((named - used).values()).join(u' '))));
    }
}

void TestExplainPanel::everyCardSaysSomethingInEveryState()
{
    Shown shown;
    const auto check = [&](const char *state) {
        for (const Concept &card : concepts()) {
            const LiveNumbers live = card.live({shown.bench.session, shown.bench.selection});
            QVERIFY2(!live.words.isEmpty(), qPrintable(QStringLiteral("%1: %2").arg(QLatin1String(state), card.title)));
            QVERIFY2(!live.words.contains(QStringLiteral("nan")) && !live.words.contains(QRegularExpression(QStringLiteral("%\\d"))),
                     qPrintable(live.words));
            shown.panel->showConcept(card.id);
            QVERIFY2(shown.text().contains(card.reading) && shown.text().contains(live.words),
                     qPrintable(card.title)); // what is read aloud
        }
    };
    check("no model");
    shown.bench.openDeep();
    check("loaded");
    shown.bench.makeInfeasible();
    check("infeasible");
    shown.fill();
    shown.bench.selection.setSelectedLayer(4);
    check("searched");
    shown.bench.session.addMeasurement(shown.bench.measured(61.7));
    check("evaluated");
    shown.bench.makeReadOnly();
    check("read only");
    shown.bench.open();
    shown.bench.openByHand();
    check("by hand");
}

void TestExplainPanel::numbersAreThoseOfCore()
{
    Shown shown;
    shown.fill();
    const SessionModel &session = shown.bench.session;
    const ModelSpec &spec = session.spec();
    const auto has = [&](ConceptId id, const QString &text) {
        const QString formula = plain(shown.live(id).formula);
        QVERIFY2(formula.contains(breakable(text)), qPrintable(QStringLiteral("'%1' is not in '%2'").arg(text, formula)));
    };
    has(ConceptId::Parameters, exactText(attentionParameters(*spec.layers[0].attention, spec.hiddenSize)));
    has(ConceptId::Parameters, exactText(ffnParameters(*spec.layers[0].ffn, spec.hiddenSize)));
    has(ConceptId::Parameters, exactText(layerParameters(spec)));
    has(ConceptId::Parameters, exactText(modelParameters(spec)));
    has(ConceptId::KvCache, exactText(kvBytesPerToken(spec, session.session().model->storedDtype)));
    has(ConceptId::KvCache, exactText(kvBytesPerToken(session.planSpec(), session.session().model->storedDtype)));
    QCOMPARE(shown.live(ConceptId::BalanceRule).formula, balanceWords(session).depth); // one place for each explanation
    QCOMPARE(shown.live(ConceptId::UniformWidth).formula, balanceWords(session).width);
    shown.bench.selection.setSelectedLayer(7);
    const auto ranked = session.rankedScores();
    has(ConceptId::NeuronScore, QLocale().toString(double(ranked->cut(7, session.neuronsKept())), 'g', 4));
    has(ConceptId::NeuronScore, percentText(ranked->shareKept(7, session.neuronsKept())));
    const ModelSpec pruned = session.planSpec();
    has(ConceptId::ExportTargets,
        QStringLiteral("hf-compact: c = ") + exactText(modelParameters(exportedSpec("hf-compact", spec, pruned))));
    shown.bench.session.addMeasurement(shown.bench.measured(61.7));
    has(ConceptId::Perplexity, QStringLiteral("exp(%1) = 61.7").arg(std::log(61.7), 0, 'f', 4));
    has(ConceptId::ShortGpt, exactText(blocksToRemove(session.draft().balance.sparsity, 30)));

    Measurement tasks = shown.bench.dense(20);
    tasks.what = Measured::Tasks;
    tasks.tasks = TaskResults();
    tasks.tasks->hash = "asked";
    tasks.tasks->tasks = {{.name = "arc_easy",
                           .acc = 0.61,
                           .accStderr = std::sqrt(0.61 * 0.39 / 99),
                           .accNorm = {},
                           .accNormStderr = {},
                           .items = 100,
                           .textHash = {}}};
    shown.bench.session.addMeasurement(tasks);
    has(ConceptId::TaskAccuracy, percentText(0.61));
    has(ConceptId::TaskAccuracy, percentText(std::sqrt(0.61 * 0.39 / 99)));
}

void TestExplainPanel::aStepSaysWhyThisOne()
{
    Shown shown;
    shown.fill();
    const SearchRecord &record = *shown.bench.session.search();
    shown.bench.selection.setStep(4);
    const qint64 winner = record.steps[4].removed;
    const auto facts = candidateFacts(record, 4, winner);
    QVERIFY(facts && facts->runnerUp >= 0);
    const LiveNumbers why = shown.live(ConceptId::GreedyStep);
    for (const QString &text :
         {QStringLiteral("w = %1").arg(winner), QStringLiteral("loss(%1)").arg(facts->runnerUp), percentText(facts->gap, 2)})
        QVERIFY2(plain(why.formula).contains(breakable(text)), qPrintable(why.formula));
    QVERIFY(why.words.contains(QStringLiteral("runner-up was layer %1").arg(facts->runnerUp)));
    QVERIFY(shown.live(ConceptId::NearTie).words.contains(QStringLiteral("was clear"))); // see PlanBench: from the fifth step on
    shown.bench.selection.setStep(0);
    QVERIFY(shown.live(ConceptId::NearTie).words.contains(QStringLiteral("near tie")));
    shown.bench.selection.setStep(-1);
    shown.bench.selection.setSelectedLayer(record.steps[1].removed); // "why this one?" of a layer
    QVERIFY(plain(shown.live(ConceptId::GreedyStep).formula).startsWith(QStringLiteral("step 2")));

    SearchRecord forced = record;
    forced.steps[1].isForced = true;
    shown.bench.session.setSearch(shown.bench.key(), forced);
    QVERIFY(shown.live(ConceptId::GreedyStep).words.contains(QStringLiteral("asked for")));
}

void TestExplainPanel::searchesAreCountedAsTheJobCountsThem()
{
    Shown shown;
    shown.bench.openDeep();
    shown.bench.calibrateDeep();
    for (const int state : {0, 1, 2}) {
        shown.bench.editor.setAttentionsToRemove(5);
        if (state > 0)
            shown.bench.editor.toggleProtected(4);
        if (state > 1)
            shown.bench.editor.toggleForced(9);
        const qint64 cost = shown.bench.jobs.searchCost(shown.bench.session.draft()).evaluations;
        QVERIFY2(plain(shown.live(ConceptId::WidthFirst).formula).contains(exactText(cost)),
                 qPrintable(shown.live(ConceptId::WidthFirst).formula));
        if (state > 0)
            shown.bench.editor.toggleProtected(4);
    }
}

void TestExplainPanel::restoredPlansTellTheirSteps()
{
    Shown shown;
    shown.bench.open();
    QVERIFY(shown.live(ConceptId::Restoration).formula.isEmpty());
    PruningPlan plan;
    plan.method = PlanMethod::Restored;
    plan.keptNeurons.assign(4, {});
    for (std::vector<std::int64_t> &kept : plan.keptNeurons)
        for (std::int64_t i = 0; i < 50; ++i)
            kept.push_back(i);
    plan.removedAttentions = {2};
    plan.balance.attentionsToRemove = 1;
    plan.balance.neuronsKept = 50;
    const ModelSpec &dense = shown.bench.session.spec(), after = prunedSpec(dense, plan.widths(), plan.removedAttentions);
    plan.balance.denseLayerParameters = layerParameters(dense);
    plan.balance.denseModelParameters = modelParameters(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    plan.search = PlanBench::record(4, 1);
    plan.search.steps[0].removed = 2;
    RestorationRecord record;
    record.variants = {{.steps = {}, .attentionsRemoved = 1, .widths = plan.widths(), .losses = {5.1}},
                       {.steps = {RestorationStep::Refit}, .attentionsRemoved = 1, .widths = plan.widths(), .losses = {4.8}},
                       {.steps = {RestorationStep::Refit, RestorationStep::Sequential},
                        .attentionsRemoved = 1,
                        .widths = plan.widths(),
                        .losses = {4.9},
                        .isKept = false}};
    record.removals = {{.attentionsRemoved = 1, .neuronsKept = 50, .loss = 4.8}};
    record.layers.assign(4, {.ridge = 1e-3, .raised = 0, .growth = 1.5, .errorBefore = 0.4, .errorAfter = 0.1});
    record.tokens = 1000;
    plan.restoration = record;
    const ShelfEntry entry = shelfEntry(plan, "restored.safetensors");
    shown.bench.session.apply(PlanOpened{entry});
    shown.bench.editor.useDraft(draftOf(shown.bench.session.session(), entry), QStringLiteral("Open restored.safetensors"));
    const QString steps = shown.live(ConceptId::Restoration).formula;
    QVERIFY2(steps.contains(QStringLiteral("<b>4.8000</b>")) && steps.contains(QStringLiteral("4.9000")), qPrintable(steps));
    QVERIFY(!steps.contains(QStringLiteral("<b>4.9000</b>"))); // turned down
    QVERIFY(shown.live(ConceptId::Refit).formula.contains(percentText(0.1, 2)));
    QVERIFY(shown.live(ConceptId::SequentialRefit).words.contains(QStringLiteral("turned down")));
    QVERIFY(shown.live(ConceptId::RefittedOrder).formula.contains(QStringLiteral("N = 1, K = 50")));
    QVERIFY(plain(shown.live(ConceptId::GreedyStep).formula).contains(QStringLiteral("w = 2"))); // the search that it was found by
}

void TestExplainPanel::cardsFollowThePlanWithin100Milliseconds()
{
    Shown shown;
    shown.fill();
    double slowest = 0;
    for (const Concept &card : concepts()) {
        shown.panel->showConcept(card.id);
        for (const double sparsity : {0.3, 0.45}) {
            QElapsedTimer timer;
            timer.start();
            shown.bench.editor.setSparsity(sparsity);
            const LiveNumbers wanted = shown.live(card.id);
            while (!shown.text().contains(wanted.words) && timer.elapsed() < 1000)
                QCoreApplication::processEvents();
            slowest = std::max(slowest, double(timer.nsecsElapsed()) / 1e6);
            QVERIFY2(shown.text().contains(wanted.words), qPrintable(card.title));
        }
    }
    QVERIFY2(slowest < 100, qPrintable(QString::number(slowest)));
}

void TestExplainPanel::aHiddenPanelFollowsWhenItIsShown()
{
    Shown shown;
    shown.panel->showConcept(ConceptId::BalanceRule);
    shown.panel->hide();
    shown.fill();
    shown.panel->show();
    QTRY_VERIFY(shown.text().contains(shown.live(ConceptId::BalanceRule).words));
}

void TestExplainPanel::theFocusDecidesWhichCard()
{
    Shown shown;
    QWidget window, *outer = new QWidget(&window);
    auto *field = new QLineEdit(outer), *other = new QLineEdit(&window);
    other->move(0, 60);
    explainBy(*outer, ConceptId::KvCache);
    QVERIFY(conceptOf(field) == ConceptId::KvCache);
    QVERIFY(!conceptOf(other));
    showAndWait(window, {200, 100});
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    field->setFocus();
    QTRY_COMPARE(shown.panel->shown(), ConceptId::KvCache);
    other->setFocus(); // about nothing: the card stays
    QCOMPARE(shown.panel->shown(), ConceptId::KvCache);
    explainBy(*other, ConceptId::Signs); // a part may be about something else from now on
    QTRY_COMPARE(shown.panel->shown(), ConceptId::Signs);
    shown.panel->findChild<QCheckBox *>()->setChecked(false);
    field->setFocus();
    QCOMPARE(shown.panel->shown(), ConceptId::Signs);
    shown.panel->findChild<QCheckBox *>()->setChecked(true);
    QEnterEvent enter({5, 5}, {5, 5}, {5, 5});
    QCoreApplication::sendEvent(field, &enter);
    QTRY_COMPARE(shown.panel->shown(), ConceptId::KvCache); // what the pointer rests on
}

void TestExplainPanel::wordsFindCards()
{
    Shown shown;
    auto *find = shown.panel->findChild<QLineEdit *>();
    auto *list = shown.panel->findChild<QListWidget *>();
    QCOMPARE(list->count(), int(kConceptNames.size()));
    find->setFocus();
    QTest::keyClicks(find, QStringLiteral("near tie"));
    int left = 0;
    for (int row = 0; row < list->count(); ++row)
        left += list->item(row)->isHidden() ? 0 : 1;
    QVERIFY(left >= 1 && left < 4);
    QTest::keyClick(find, Qt::Key_Return);
    QCOMPARE(shown.panel->shown(), ConceptId::NearTie);
    find->setText(QStringLiteral("xyzzy"));
    QVERIFY(words(*shown.panel).contains(QStringLiteral("No card has the words 'xyzzy'.")));
    find->clear();
    QVERIFY(!list->item(0)->isHidden());
}

void TestExplainPanel::aCardThatIsChosenStays()
{
    Shown shown;
    auto *list = shown.panel->findChild<QListWidget *>();
    list->setFocus();
    list->setCurrentRow(0);
    QTest::keyClick(list, Qt::Key_Down);
    QCOMPARE(shown.panel->shown(), ConceptId(1));
    shown.fill(); // new numbers, not another card
    QTest::qWait(20);
    QCOMPARE(shown.panel->shown(), ConceptId(1));
    const auto *formula = shown.panel->findChild<FormulaCard *>();
    QCOMPARE(formula->accessibleDescription(), concepts()[1].reading);
}

void TestExplainPanel::anUndecidedStepIsNotGivenAway()
{
    Shown shown;
    shown.fill();
    shown.bench.selection.setUndecidedStep(2);
    for (const ConceptId id : {ConceptId::GreedyStep, ConceptId::NearTie}) {
        QVERIFY(shown.live(id).formula.isEmpty());
        QVERIFY(shown.live(id).words.contains(QStringLiteral("Step 3 is not decided yet")));
    }
}

QTEST_MAIN(TestExplainPanel)
#include "tst_ExplainPanel.moc"
