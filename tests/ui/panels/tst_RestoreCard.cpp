// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "FlowBench.h"
#include "RestoredPlan.h"
#include "panels/plan/RestorationModel.h"
#include "panels/plan/RestoreCard.h"
#include "plots/QualityChart.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QRegularExpression>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A card of a calibrated plan that removes nothing, so that its search is not needed and its hash is soon known.
struct ShownCard {
    FlowBench bench;
    RestoreCard card{bench.workbench()};

    ShownCard()
    {
        bench.jobs.setDataFolder(bench.folder.path().toStdString());
        bench.open();
        const QString text = bench.write("a.txt");
        bench.session.setDraftAndTexts(bench.session.draft(), {.files = {text.toStdString()}, .windows = 32, .length = 512, .seed = 0}, {},
                                       ScoreNorm::L2);
        bench.calibrate(text);
        bench.editor.setAttentionsToRemove(0);
        showAndWait(card, {900, 900});
    }

    void knowHash() { QTRY_VERIFY(!bench.session.planHash().isEmpty()); }
    QCheckBox *box(const QString &begin) const
    {
        for (QCheckBox *candidate : card.findChildren<QCheckBox *>())
            if (candidate->text().startsWith(begin))
                return candidate;
        return nullptr;
    }
    void switchOn() { QTest::mouseClick(box("Restore this plan"), Qt::LeftButton, {}, {4, box("Restore this plan")->height() / 2}); }
    void chooseSteps()
    {
        for (QAbstractButton *choice : card.findChildren<QAbstractButton *>())
            if (choice->text() == "Chosen steps")
                choice->click();
    }
    const RecordTable *table() const { return card.findChild<RecordTable *>(); }
};

QStringList rowOf(const QAbstractItemModel &model, int row)
{
    QStringList cells;
    for (int column = 0; column < model.columnCount(); ++column)
        cells << model.index(row, column).data().toString().replace(QChar(0xa0), ' ');
    return cells;
}

} // namespace

class tst_RestoreCard : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void itIsOffAndSaysWhatItIs();
    void buttonSaysWhatItCostsOrWhyNot();
    void stepsSayWhyTheyCannotBeChosen();
    void whatIsAskedForComesBack();
    void aPlanByHandKeepsWhatGoes();
    void blocksAreNotRestored();
    void gainsStandInATable();
    void aSecondTextHasItsColumns();
    void theRestoredPlanIsOfferedAndShown();
    void figuresAreNeverThoseOfAnotherSize();
    void progressIsSeenAsItGoes();
    void readOnlyIsSaid();
};

void tst_RestoreCard::itIsOffAndSaysWhatItIs()
{
    ShownCard s;
    QVERIFY(!s.box("Restore this plan")->isChecked());
    QVERIFY(words(s.card).contains("Restored, not plain 2SSP"));
    QVERIFY(words(s.card).contains("No training; the size stays the same."));
    QVERIFY(!button(s.card, "Restore"));
    QVERIFY(!s.table()->isVisible());
    s.switchOn();
    QVERIFY(button(s.card, "Restore"));
    QCOMPARE(s.bench.history.count(), 2); // scores and N: nothing was changed by switching it on
}

void tst_RestoreCard::buttonSaysWhatItCostsOrWhyNot()
{
    ShownCard s;
    s.switchOn();
    QVERIFY2(button(s.card, "Restore")->isEnabled(), qPrintable(button(s.card, "Restore")->toolTip()));
    QVERIFY2(words(s.card).contains("reads the calibration text once more"), qPrintable(words(s.card)));
    s.bench.jobs.setDataFolder({});
    s.bench.editor.setSparsity(0.3);
    QVERIFY(!button(s.card, "Restore")->isEnabled());
    QCOMPARE(button(s.card, "Restore")->toolTip(), QString("There is no folder that could keep the restored plan."));
    s.bench.open(); // another session: without scores
    QVERIFY(!button(s.card, "Restore")->isEnabled());
    QVERIFY2(button(s.card, "Restore")->toolTip().startsWith("Calibrate first"), qPrintable(button(s.card, "Restore")->toolTip()));
}

void tst_RestoreCard::stepsSayWhyTheyCannotBeChosen()
{
    ShownCard s;
    s.switchOn();
    for (const char *step : {"R1", "R2", "R3", "R4", "R5"}) {
        QVERIFY2(s.box(step), step);
        QVERIFY(!s.box(step)->isEnabled()); // by itself
        QVERIFY(!s.box(step)->toolTip().isEmpty());
    }
    QVERIFY(s.box("R2")->isChecked() && s.box("R4")->isChecked());
    QVERIFY(!s.box("R3")->isChecked() && !s.box("R5")->isChecked());
    s.chooseSteps();
    QVERIFY(!s.box("R1")->isEnabled());
    QCOMPARE(s.box("R1")->toolTip(), QString("All other steps need it."));
    QVERIFY(s.box("R1")->isChecked());
    QVERIFY(s.box("R3")->isEnabled());
    QVERIFY2(words(s.card).contains("hf-dropin") && words(s.card).contains("hold one width"), qPrintable(words(s.card)));
    const QString tokens = "there are " + exactText(32 * 512 / s.bench.session.neuronsKept()) + " for each neuron that stays.";
    QVERIFY2(words(s.card).contains(tokens), qPrintable(words(s.card)));
}

void tst_RestoreCard::whatIsAskedForComesBack()
{
    ShownCard s;
    const QString usual = s.card.asked();
    s.switchOn();
    s.chooseSteps();
    s.box("R5")->click();
    const QString asked = s.card.asked();
    QVERIFY(asked != usual);
    s.card.setAsked(usual);
    QVERIFY(!s.box("Restore this plan")->isChecked());
    QCOMPARE(s.card.asked(), usual);
    s.card.setAsked(asked);
    QVERIFY(s.box("Restore this plan")->isChecked() && s.box("R5")->isChecked());
    for (const QString &wrong : {QString(), QStringLiteral("1"), QStringLiteral("{}"), QString(asked).replace("r5", "r9")})
        s.card.setAsked(wrong);
    QCOMPARE(s.card.asked(), asked);
}

void tst_RestoreCard::aPlanByHandKeepsWhatGoes()
{
    ShownCard s;
    s.bench.openByHand();
    s.switchOn();
    s.chooseSteps();
    for (const char *step : {"R2", "R3", "R5"}) {
        QVERIFY2(!s.box(step)->isEnabled(), step);
        QVERIFY(!s.box(step)->isChecked());
        QCOMPARE(s.box(step)->toolTip(), QString("The plan is by hand: what goes is settled."));
    }
    QVERIFY(s.box("R4")->isEnabled());
}

void tst_RestoreCard::blocksAreNotRestored()
{
    ShownCard s;
    BlockRecord record;
    record.settings.method = PlanMethod::BlockPruner;
    record.settings.variant = BlockVariant::Original;
    record.settings.sparsity = 0.25;
    record.blocks = 1;
    record.provenance.tokenHash = std::string(64, 'c');
    record.steps = {{.part = Part::Attention, .losses = std::vector<double>(8, 4.2), .removed = 1},
                    {.part = Part::Ffn, .losses = std::vector<double>(8, 4.2), .removed = 0}};
    const ShelfEntry entry = shelfEntry(planOfBlocks(s.bench.session.spec(), record), {});
    s.bench.session.apply(PlanOpened{entry});
    s.bench.editor.useDraft(draftOf(s.bench.session.session(), entry), "BlockPruner, 25 %");
    s.switchOn();
    QVERIFY(!button(s.card, "Restore")->isEnabled());
    QVERIFY2(button(s.card, "Restore")->toolTip().contains("BlockPruner"), qPrintable(button(s.card, "Restore")->toolTip()));
}

void tst_RestoreCard::gainsStandInATable()
{
    FlowBench bench;
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    bench.editor.setAttentionsToRemove(0);
    const PruningPlan plain = planOf(bench.session.session(), bench.session.draft());
    RestorationModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRecord(madeUpRecord(plain, {.files = {"a.txt"}, .windows = 32, .length = 512}));
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(rowOf(model, 0), QStringList({"Plain 2SSP", "0", perplexityText(120), "–", "–", "–"}));
    QCOMPARE(rowOf(model, 1).mid(0, 3), QStringList({"+ R1: Refit down products", "0", perplexityText(90)}));
    QCOMPARE(rowOf(model, 1)[3], changeText(120, 90).replace(QChar(0xa0), ' '));
    QCOMPARE(rowOf(model, 2).last(), QString("kept"));
    QCOMPARE(rowOf(model, 3).last(), QString("turned down"));
    QVERIFY(model.separated().startsWith("steps\tattentions removed\tperplexity on a.txt\tseconds\tkept\nplain\t0\t1"));
    model.setRecord({});
    QCOMPARE(model.rowCount(), 0);
}

void tst_RestoreCard::aSecondTextHasItsColumns()
{
    ShownCard s;
    s.bench.editor.useDraft(restoreCurrent(s.bench.session, true).draft, "Restored plan");
    const QAbstractItemModel &model = *s.table()->model();
    QCOMPARE(model.columnCount(), 8);
    QCOMPARE(model.headerData(4, Qt::Horizontal).toString(), QString("Second text"));
    QVERIFY(model.headerData(4, Qt::Horizontal, Qt::ToolTipRole).toString().contains("prose.txt"));
    QCOMPARE(rowOf(model, 2)[4], perplexityText(30));
}

void tst_RestoreCard::theRestoredPlanIsOfferedAndShown()
{
    ShownCard s;
    s.knowHash();
    const ShelfEntry entry = restoreCurrent(s.bench.session);
    const PlanDraft plain = s.bench.session.draft();
    QPushButton *show = button(s.card, "Show the restored plan");
    QVERIFY(show && show->isEnabled());
    QVERIFY2(words(s.card).contains("A restored plan of this one is there"), qPrintable(words(s.card)));
    QVERIFY(s.table()->isVisible());
    QTest::mouseClick(show, Qt::LeftButton);
    QCOMPARE(s.bench.session.draft().plan, entry.draft.plan);
    QVERIFY(!button(s.card, "Show the restored plan"));
    QVERIFY(!s.box("Restore this plan")->isVisible());
    QVERIFY2(words(s.card).contains("This plan is restored (R1, R2)"), qPrintable(words(s.card)));
    QVERIFY2(words(s.card).contains("can hold it"), qPrintable(words(s.card)));
    QVERIFY(s.card.findChild<QualityChart *>()->isVisible());
    s.bench.history.undo();
    QCOMPARE(s.bench.session.draft(), plain);
}

void tst_RestoreCard::figuresAreNeverThoseOfAnotherSize()
{
    ShownCard s;
    s.knowHash();
    restoreCurrent(s.bench.session);
    s.switchOn();
    QVERIFY(s.table()->isVisible());
    s.bench.editor.setNeuronsKept(s.bench.session.neuronsKept() - 10);
    QVERIFY(!s.table()->isVisible());
    QVERIFY(!button(s.card, "Show the restored plan"));
    QVERIFY(button(s.card, "Restore again for this size"));
    QVERIFY2(words(s.card).contains("Its figures are not this plan's."), qPrintable(words(s.card)));
    s.bench.history.undo();
    QTRY_VERIFY(s.table()->isVisible()); // its hash is known
}

void tst_RestoreCard::progressIsSeenAsItGoes()
{
    ShownCard s;
    s.switchOn();
    const PruningPlan plain = planOf(s.bench.session.session(), s.bench.session.draft());
    RestorationProgress progress{.record = madeUpRecord(plain, s.bench.session.session().calibrationText), .search = {}};
    progress.record.variants.resize(2);
    s.bench.session.apply(RestorationKnown{progress});
    QVERIFY(s.bench.session.restorationInProgress());
    QCOMPARE(s.bench.session.restorationInProgress()->variants.size(), std::size_t(2));
    s.bench.session.endRestoration();
    QVERIFY(!s.bench.session.restorationInProgress());
}

void tst_RestoreCard::readOnlyIsSaid()
{
    ShownCard s;
    s.switchOn();
    s.bench.makeReadOnly();
    const QString reason = s.bench.session.readOnlyReason();
    QCOMPARE(s.box("Restore this plan")->toolTip(), reason);
    QVERIFY(!s.box("Restore this plan")->isEnabled());
    QVERIFY(!button(s.card, "Restore")->isEnabled());
    for (const char *step : {"R2", "R3"})
        QCOMPARE(s.box(step)->toolTip(), reason);
}

QTEST_MAIN(tst_RestoreCard)
#include "tst_RestoreCard.moc"
