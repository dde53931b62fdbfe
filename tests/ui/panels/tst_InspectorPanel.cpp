// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"
#include "RestoredPlan.h"

#include "panels/layers/InspectorPanel.h"
#include "panels/plan/BalanceWords.h"
#include "session/Shelf.h"
#include "widgets/FactLines.h"
#include "widgets/FormulaCard.h"
#include "widgets/Quantity.h"

#include <QLabel>
#include <QRegularExpression>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

struct ShownInspector {
    MapBench bench;
    InspectorPanel panel{bench.workbench()};
    FactLines *facts = panel.findChild<FactLines *>();

    ShownInspector()
    {
        bench.openLayers(30);
        bench.score();
        bench.editor.setAttentionsToRemove(2);
        showAndWait(panel, {260, 700});
    }
};

} // namespace

class TestInspectorPanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void followsHoverBeforeSelection();
    void saysHowAnAttentionWent();
    void absentFfnsAreSaid();
    void changedWeightsAreNamed();
    void nearTieIsSaid();
    void impactOfAnAttentionThatIsStillThere();
    void buttonsProtectAndForce();
    void ruleIsExplainedWithTheNumbersInHand();
    void numbersByHandAreCalledThat();
    void theRefitOfALayerIsExplained();
};

void TestInspectorPanel::followsHoverBeforeSelection()
{
    ShownInspector s;
    const auto title = [&] { return s.panel.findChildren<QLabel *>().first()->text(); };
    QCOMPARE(title(), "No layer selected");
    s.bench.selection.setSelectedLayer(18);
    QCOMPARE(title(), "Layer 18");
    s.bench.selection.setHoveredLayer(3);
    QCOMPARE(title(), "Layer 3");
    s.bench.selection.setHoveredLayer(-1);
    QCOMPARE(title(), "Layer 18");
    s.bench.openLayers(4); // has no layer 18
    QCOMPARE(title(), "No layer selected");
}

void TestInspectorPanel::saysHowAnAttentionWent()
{
    ShownInspector s;
    s.bench.removeInOrder({18, 7});
    s.bench.selection.setSelectedLayer(7);
    QCOMPARE(s.facts->value("Attention"), "removed, second");
    QCOMPARE(s.facts->value("Impact at step 2"), changeText(1, std::exp(-0.1))); // 4.0 before, 3.9 after
    QCOMPARE(s.facts->value("Runner-up"), QString("layer 0, gap %1").arg(percentText(std::expm1(0.05), 2)));
    QCOMPARE(s.facts->value("FFN"), exactText(s.bench.session.neuronsKept()) + " of 1,536");
    QCOMPARE(s.facts->value("Score kept"), percentText(s.bench.session.rankedScores()->shareKept(7, s.bench.session.neuronsKept())));
    s.bench.selection.setStep(0); // before that removal
    QCOMPARE(s.facts->value("Attention"), "present");
}

void TestInspectorPanel::absentFfnsAreSaid()
{
    ShownInspector s;
    ModelSummary pruned = *s.bench.session.session().model;
    pruned.spec.layers[2].ffn.reset();
    s.bench.session.begin(pruned);
    s.bench.selection.setSelectedLayer(2);
    QCOMPARE(s.facts->value("FFN"), "none in this model");
    QCOMPARE(s.facts->value("Attention"), "present");
    s.bench.selection.setSelectedLayer(3);
    QCOMPARE(s.facts->value("FFN"), "1,536 of 1,536");
    QCOMPARE(s.bench.session.denseFigures().layerParameters, layerParameters(pruned.spec));
    QVERIFY(s.bench.session.pruningProblem().contains("has no FFN"));
}

void TestInspectorPanel::nearTieIsSaid()
{
    ShownInspector s;
    s.bench.removeInOrder({18, 7}, 0.004);
    s.bench.selection.setSelectedLayer(18);
    QVERIFY2(s.facts->value("Runner-up").startsWith("layer 0, near tie"), qPrintable(s.facts->value("Runner-up")));
}

void TestInspectorPanel::impactOfAnAttentionThatIsStillThere()
{
    ShownInspector s;
    s.bench.selection.setSelectedLayer(10);
    QCOMPARE(s.facts->value("Impact"), "not measured");
    SearchRecord dense;
    dense.initialLoss = 3;
    dense.steps.push_back({.losses = std::vector<double>(30, 3.2), .removed = -1, .isForced = false});
    s.bench.session.setSearch({}, dense);
    QCOMPARE(s.facts->value("Impact"), changeText(1, std::exp(3.2 - 3.0)) + ", original");
    s.bench.removeInOrder({18, 7});
    QCOMPARE(s.facts->value("Impact at step 2"), changeText(1, std::exp(3.9 + 0.05 + 0.01 - 4.0)));
}

void TestInspectorPanel::buttonsProtectAndForce()
{
    ShownInspector s;
    s.bench.selection.setSelectedLayer(10);
    QTest::mouseClick(button(s.panel, "Remove first"), Qt::LeftButton);
    QVERIFY(s.bench.session.isForced(10));
    QVERIFY(button(s.panel, "Remove first")->isChecked());
    QTest::mouseClick(button(s.panel, "Protect"), Qt::LeftButton);
    QVERIFY(s.bench.session.isProtected(10));
    QVERIFY(!s.bench.session.isForced(10));
    QVERIFY(!button(s.panel, "Remove first")->isChecked());
    s.bench.editor.setAttentionsToRemove(0);
    QVERIFY(!button(s.panel, "Remove first")->isEnabled());
    QVERIFY(button(s.panel, "Remove first")->toolTip().contains("N = 0"));
}

void TestInspectorPanel::changedWeightsAreNamed()
{
    ShownInspector s;
    PruningPlan plan;
    plan.method = PlanMethod::Manual;
    for (const LayerSpec &layer : s.bench.session.spec().layers)
        for (plan.keptNeurons.emplace_back(); std::int64_t(plan.keptNeurons.back().size()) < layer.neurons();)
            plan.keptNeurons.back().push_back(std::int64_t(plan.keptNeurons.back().size()));
    plan.balance.denseLayerParameters = plan.balance.layerParameters = layerParameters(s.bench.session.spec());
    plan.balance.denseModelParameters = plan.balance.modelParameters = modelParameters(s.bench.session.spec());
    plan.edits.list = {{.role = {.layer = 3, .part = TensorPart::Down, .kind = TensorKind::Weight}, .shape = {}, .sha256 = "of it"}};
    const ShelfEntry entry = shelfEntry(plan, "edited.safetensors");
    s.bench.session.apply(PlanOpened{entry});
    s.bench.editor.useDraft(draftOf(s.bench.session.session(), entry), "Open edited.safetensors");
    s.bench.selection.setSelectedLayer(3);
    QCOMPARE(s.facts->value("Changed"), "ffn.down");
    s.bench.selection.setSelectedLayer(4);
    QVERIFY(s.facts->value("Changed").isEmpty());
}

void TestInspectorPanel::ruleIsExplainedWithTheNumbersInHand()
{
    MapBench bench;
    QVERIFY(balanceWords(bench.session).depth.isEmpty());
    bench.openLayers(30);
    bench.editor.setSparsity(0.375);
    const BalanceWords words = balanceWords(bench.session);
    QVERIFY2(words.depth.contains("round(30 · 0.375^(3.00/1.5))"), qPrintable(words.depth));
    QVERIFY2(words.depth.contains("round(4.22) = <b>4</b>"), qPrintable(words.depth));
    QVERIFY2(words.width.contains(QString("<b>%1</b> of 1,536").arg(exactText(bench.session.neuronsKept()))), qPrintable(words.width));
    QVERIFY2(words.explanation.contains("3.0 times"), qPrintable(words.explanation));
}

void TestInspectorPanel::numbersByHandAreCalledThat()
{
    MapBench bench;
    bench.openLayers(30);
    bench.editor.setSparsity(0.375);
    const qint64 byRule = bench.session.neuronsKept();
    bench.editor.setNeuronsKept(960);
    QVERIFY(balanceWords(bench.session).width.contains("<b>960</b> of 1,536, set by hand"));
    QVERIFY(balanceWords(bench.session).width.contains(exactText(byRule)));
    QVERIFY(balanceWords(bench.session).width.contains(percentText(bench.session.balance()->sparsityLayers(), 2)));
    bench.editor.setAttentionsToRemove(7);
    QVERIFY(balanceWords(bench.session).depth.contains("<b>7</b>, set by hand"));
    QVERIFY(balanceWords(bench.session).depth.contains("= 4"));
}

void TestInspectorPanel::theRefitOfALayerIsExplained()
{
    ShownInspector s;
    const auto formula = [&]() -> FormulaCard * {
        for (FormulaCard *card : s.panel.findChildren<FormulaCard *>())
            if (card->accessibleName() == "How the weights of this layer were fitted" && card->isVisible())
                return card;
        return nullptr;
    };
    s.bench.editor.setAttentionsToRemove(0);
    s.bench.selection.setSelectedLayer(3);
    QVERIFY(!formula()); // it is plain
    s.bench.editor.useDraft(restoreCurrent(s.bench.session).draft, "Restored plan");
    QVERIFY(formula());
    const QString errors = QStringLiteral("error: %1 → %2").arg(percentText(0.43, 2), percentText(0.13, 2));
    QVERIFY2(formula()->text().contains(QString(errors).replace(QChar::Nbsp, u' ')), // as a document gives its text
             qPrintable(formula()->text()));
    QVERIFY2(words(s.panel).contains(percentText(0.43) + " of what the FFN gives"), qPrintable(words(s.panel)));
    QVERIFY2(words(s.panel).contains("1.80 times what it was"), qPrintable(words(s.panel)));
    s.bench.selection.setSelectedLayer(1);
    QVERIFY2(words(s.panel).contains("The ridge was raised"), qPrintable(words(s.panel)));
    s.bench.selection.setSelectedLayer(-1);
    QVERIFY(!formula());
}

QTEST_MAIN(TestInspectorPanel)
#include "tst_InspectorPanel.moc"
