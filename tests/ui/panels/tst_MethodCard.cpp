// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "FlowBench.h"
#include "panels/plan/MethodCard.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QRegularExpression>
#include <QSignalSpy>

#include <initializer_list>
#include <utility>

using namespace secateur;
using namespace secateur::ui;

namespace {

using Removed = std::vector<std::pair<Part, std::int64_t>>;

/// A choice by BlockPruner of two attentions and two FFNs of four, as far as it is.
BlockRecord choice(const Removed &removed)
{
    BlockRecord record;
    record.settings.method = PlanMethod::BlockPruner;
    record.settings.variant = BlockVariant::Original;
    record.settings.sparsity = 0.5;
    record.blocks = 2;
    record.provenance.tokenHash = std::string(64, 'c');
    for (const auto &[part, layer] : removed)
        record.steps.push_back({.part = part, .losses = std::vector<double>(8, 4.2), .removed = layer});
    return record;
}

/// Takes the plan that such a choice leads to into use, and returns it.
const PruningPlan &find(FlowBench &bench)
{
    const Removed all = {{Part::Attention, 1}, {Part::Ffn, 0}, {Part::Attention, 2}, {Part::Ffn, 3}};
    const ShelfEntry entry = shelfEntry(planOfBlocks(bench.session.spec(), choice(all)), {});
    bench.session.apply(PlanOpened{entry});
    bench.editor.useDraft(draftOf(bench.session.session(), entry), "BlockPruner, 50 %");
    return bench.session.shelfPlan()->plan;
}

void chooseText(FlowBench &bench)
{
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = {}, .length = 64, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), text, {}, ScoreNorm::L2);
}

template <class Control>
Control *named(const QWidget &card, const QString &name)
{
    for (Control *candidate : card.findChildren<Control *>())
        if (candidate->accessibleName() == name)
            return candidate;
    return nullptr;
}

/// By keys, as the list of methods is gone through.
void choose(const MethodCard &card, PlanMethod method)
{
    auto *box = named<QComboBox>(card, "Method");
    box->setFocus();
    QTest::keyClick(box, Qt::Key_Home);
    while (card.method() != method && box->currentIndex() + 1 < box->count())
        QTest::keyClick(box, Qt::Key_Down);
    QCOMPARE(card.method(), method);
}

void type(QDoubleSpinBox &box, const QString &number)
{
    box.setFocus();
    box.selectAll();
    QTest::keyClicks(&box, number);
    QTest::keyClick(&box, Qt::Key_Return);
}

void show(QWidget &card)
{
    showAndWait(card, {900, 300});
}

} // namespace

class tst_MethodCard : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void everyMethodSaysWhatItDoes();
    void onlyMethodsOfBlocksAskHowMuch();
    void whatGoesIsSaid();
    void anAmountThatLeavesNothingIsRefusedOnce();
    void buttonSaysWhyItIsDisabled();
    void readOnlyIsSaidAtEveryControl();
    void aFoundPlanShowsItsSettings();
    void twoSspIsAStepAway();
    void withoutScoresThereIsNoWayBack();
    void aChoiceIsSeenAsItGoes();
    void anEvolutionIsSeenAsItGoes();
};

void tst_MethodCard::everyMethodSaysWhatItDoes()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    QSignalSpy chosen(&card, &MethodCard::methodChosen);
    auto *box = named<QComboBox>(card, "Method");
    QStringList names, sentences;
    for (const PlanMethod method :
         {PlanMethod::TwoSsp, PlanMethod::ShortGpt, PlanMethod::Window, PlanMethod::BlockPruner, PlanMethod::EvoPress}) {
        choose(card, method);
        names << box->currentText();
        sentences << words(card);
    }
    QCOMPARE(names, QStringList({"2SSP", "ShortGPT", "Sliding window", "BlockPruner", "EvoPress"}));
    QCOMPARE(sentences.removeDuplicates(), 0);
    QVERIFY(!chosen.isEmpty());
    QCOMPARE(bench.history.count(), 0); // nothing is changed before a plan is made
}

void tst_MethodCard::onlyMethodsOfBlocksAskHowMuch()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    const auto *share = named<QDoubleSpinBox>(card, "Share of the layers to remove, percent");
    QVERIFY(!share->isVisible());
    QVERIFY(!button(card, "Make the plan"));
    choose(card, PlanMethod::ShortGpt);
    QVERIFY(share->isVisible());
    QVERIFY(button(card, "Make the plan"));
    const auto *variant = named<QComboBox>(card, "Variant of the method");
    QVERIFY(variant->isVisible());
    choose(card, PlanMethod::EvoPress);
    QVERIFY(!variant->isVisible()); // its own paper does nothing else
}

void tst_MethodCard::whatGoesIsSaid()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    choose(card, PlanMethod::Window);
    auto *share = named<QDoubleSpinBox>(card, "Share of the layers to remove, percent");
    type(*share, "25");
    QVERIFY2(words(card).contains(QStringLiteral("Removes 1 of 4 layers (25.0\u00a0%).")), qPrintable(words(card)));
    const auto presets = named<QWidget>(card, "Share of the layers to remove")->findChildren<QAbstractButton *>();
    QCOMPARE(presets.size(), 3);
    QVERIFY(presets[0]->isChecked());
    QTest::mouseClick(presets[2], Qt::LeftButton);
    QCOMPARE(share->value(), 50.0);
    choose(card, PlanMethod::BlockPruner);
    QVERIFY2(words(card).contains(QStringLiteral("Removes 2 of 4 attentions and 2 of 4 FFNs (50.0\u00a0%).")), qPrintable(words(card)));
    type(*share, "30"); // the next whole number up
    QVERIFY2(words(card).contains("Removes 2 of 4 attentions"), qPrintable(words(card)));
}

void tst_MethodCard::anAmountThatLeavesNothingIsRefusedOnce()
{
    FlowBench bench;
    bench.open();
    chooseText(bench);
    MethodCard card(bench.workbench());
    show(card);
    choose(card, PlanMethod::ShortGpt);
    QVERIFY(button(card, "Make the plan")->isEnabled());
    QVERIFY(button(card, "Copy search as command")->isEnabled());
    type(*named<QDoubleSpinBox>(card, "Share of the layers to remove, percent"), "99");
    const QPushButton *make = button(card, "Make the plan");
    QVERIFY(!make->isEnabled());
    const QString reason = make->toolTip().section(u'\n', 0, 0);
    QVERIFY(!reason.isEmpty());
    QCOMPARE(words(card).count(reason), 1);
    QVERIFY(!button(card, "Copy search as command")->isEnabled());
}

void tst_MethodCard::buttonSaysWhyItIsDisabled()
{
    FlowBench bench;
    ModelSummary mute = bench.summary();
    mute.tokenizerSize = {};
    mute.tokenizerProblem = "There is no tokenizer.json in tiny.";
    bench.session.begin(mute);
    MethodCard card(bench.workbench());
    show(card);
    choose(card, PlanMethod::ShortGpt);
    QVERIFY2(button(card, "Make the plan")->toolTip().contains("There is no tokenizer.json in tiny."),
             qPrintable(button(card, "Make the plan")->toolTip()));
    bench.open();
    QVERIFY(!button(card, "Make the plan")->isEnabled());
    QCOMPARE(button(card, "Make the plan")->toolTip(), QString("Choose a calibration text first."));
    QVERIFY(words(card).contains("Choose a calibration text first."));
    chooseText(bench);
    QVERIFY(button(card, "Make the plan")->isEnabled());
}

void tst_MethodCard::readOnlyIsSaidAtEveryControl()
{
    FlowBench bench;
    bench.open();
    chooseText(bench);
    MethodCard card(bench.workbench());
    show(card);
    choose(card, PlanMethod::ShortGpt);
    bench.makeReadOnly();
    const QString reason = bench.session.readOnlyReason();
    QVERIFY(!reason.isEmpty());
    for (const QWidget *control :
         std::initializer_list<QWidget *>{named<QComboBox>(card, "Method"), named<QComboBox>(card, "Variant of the method"),
                                          named<QDoubleSpinBox>(card, "Share of the layers to remove, percent"),
                                          named<QWidget>(card, "Share of the layers to remove")}) {
        QVERIFY(!control->isEnabled());
        QCOMPARE(control->toolTip(), reason);
        QCOMPARE(control->accessibleDescription(), reason);
    }
    QVERIFY(!button(card, "Make the plan")->isEnabled());
}

void tst_MethodCard::aFoundPlanShowsItsSettings()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    QSignalSpy chosen(&card, &MethodCard::methodChosen);
    card.showPlan(&find(bench));
    QCOMPARE(card.method(), PlanMethod::BlockPruner);
    QCOMPARE(named<QDoubleSpinBox>(card, "Share of the layers to remove, percent")->value(), 50.0);
    QCOMPARE(named<QComboBox>(card, "Variant of the method")->currentText(), QString("the method's own paper"));
    card.showPlan(nullptr);
    QCOMPARE(card.method(), PlanMethod::TwoSsp);
    QVERIFY(chosen.isEmpty());
}

void tst_MethodCard::twoSspIsAStepAway()
{
    FlowBench bench;
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    MethodCard card(bench.workbench());
    show(card);
    card.showPlan(&find(bench));
    const PlanDraft found = bench.session.draft();
    QVERIFY(!button(card, "Go back to 2SSP"));
    choose(card, PlanMethod::TwoSsp);
    QPushButton *back = button(card, "Go back to 2SSP");
    QVERIFY(back && back->isEnabled());
    QTest::mouseClick(back, Qt::LeftButton);
    QVERIFY(!bench.session.shelfPlan());
    QVERIFY(bench.session.hasScores());
    QVERIFY(!back->isVisible());
    bench.history.undo();
    QCOMPARE(bench.session.draft(), found);
}

void tst_MethodCard::withoutScoresThereIsNoWayBack()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    card.showPlan(&find(bench));
    choose(card, PlanMethod::TwoSsp);
    const QPushButton *back = button(card, "Go back to 2SSP");
    QVERIFY(back && !back->isEnabled());
    QCOMPARE(back->toolTip(), QString("Calibrate first: 2SSP goes by the scores of neurons."));
}

void tst_MethodCard::aChoiceIsSeenAsItGoes()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    bench.session.apply(BlocksKnown{choice({})});
    QVERIFY(!words(card).contains("BlockPruner:"));
    bench.session.apply(BlocksKnown{choice({{Part::Attention, 1}, {Part::Ffn, 0}, {Part::Attention, 2}})});
    const QString soFar = "BlockPruner: removed 3 of 4: attention 1, FFN 0, attention 2";
    QVERIFY2(words(card).contains(soFar), qPrintable(words(card))); // whichever method is shown
    bench.session.endBlocks();
    QVERIFY(!words(card).contains("BlockPruner:"));
    choose(card, PlanMethod::BlockPruner);
    auto *share = named<QDoubleSpinBox>(card, "Share of the layers to remove, percent");
    auto *variant = named<QComboBox>(card, "Variant of the method");
    type(*share, "50");
    variant->setFocus();
    QTest::keyClick(variant, Qt::Key_Down);
    QVERIFY2(words(card).contains(soFar + ". On the same text it goes on from there."), qPrintable(words(card)));
    type(*share, "25"); // another choice, of which nothing is known
    QVERIFY(!words(card).contains("BlockPruner:"));
}

void tst_MethodCard::anEvolutionIsSeenAsItGoes()
{
    FlowBench bench;
    bench.open();
    MethodCard card(bench.workbench());
    show(card);
    BlockRecord record;
    record.settings.method = PlanMethod::EvoPress;
    record.settings.sparsity = 0.5;
    record.settings.generations = 80;
    record.blocks = 2;
    for (const double divergence : {0.75, 0.5, 0.25})
        record.evolution.push_back({.attentions = {0, 1}, .ffns = {1, 2}, .divergence = divergence});
    bench.session.apply(BlocksKnown{record});
    QVERIFY2(words(card).contains("EvoPress: generation 2 of 80, divergence 0.25 nats a token"), qPrintable(words(card)));
    bench.session.endBlocks();
    QVERIFY(!words(card).contains("EvoPress: generation"));
}

QTEST_MAIN(tst_MethodCard)
#include "tst_MethodCard.moc"
