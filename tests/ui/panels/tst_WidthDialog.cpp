// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "MapBench.h"
#include "panels/layers/InspectorPanel.h"
#include "panels/layers/WidthDialog.h"
#include "widgets/InlineNote.h"

#include <QCheckBox>
#include <QPointer>
#include <QRegularExpression>
#include <QSpinBox>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Of eight layers of 1,536 neurons, calibrated, without removals.
struct Calibrated {
    MapBench bench;

    Calibrated()
    {
        bench.openLayers(8);
        bench.score();
        bench.editor.setAttentionsToRemove(0);
    }

    std::vector<std::int64_t> widths() const
    {
        std::vector<std::int64_t> all;
        for (const LayerSpec &layer : bench.session.planSpec().layers)
            all.push_back(layer.neurons());
        return all;
    }
};

QPointer<WidthDialog> opened(Calibrated &calibrated, qint64 layer)
{
    auto *dialog = new WidthDialog(calibrated.bench.workbench(), layer, nullptr);
    dialog->show();
    return dialog;
}

void type(const WidthDialog &dialog, const QString &width)
{
    auto *box = dialog.findChild<QSpinBox *>();
    box->setFocus();
    box->selectAll();
    QTest::keyClicks(box, width);
}

} // namespace

class tst_WidthDialog : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void aLayerGetsAWidthOfItsOwnByKeys();
    void itIsCalledNotTwoSspWithWhatRemains();
    void oneWidthForAllStaysTwoSsp();
    void oneWidthForAllEndsWidthsByHand();
    void withoutScoresItSaysWhatToDo();
    void theInspectorLeadsThere();
};

void tst_WidthDialog::aLayerGetsAWidthOfItsOwnByKeys()
{
    Calibrated c;
    const std::vector<std::int64_t> before = c.widths();
    const PlanDraft plain = c.bench.session.draft();
    const NeuronScores scores = *c.bench.session.scores();
    const QPointer<WidthDialog> dialog = opened(c, 3);
    type(*dialog, "17");
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_VERIFY(c.bench.session.shelfPlan());
    QVERIFY(!dialog || !dialog->isVisible());
    std::vector<std::int64_t> wanted = before;
    wanted[3] = 17;
    QCOMPARE(c.widths(), wanted);
    const PruningPlan &plan = c.bench.session.shelfPlan()->plan;
    QCOMPARE(plan.method, PlanMethod::Manual);
    QCOMPARE(plan.keptNeurons[3], scores.best(3, 17));
    QCOMPARE(plan.keptNeurons[2], scores.best(2, before[2]));
    QCOMPARE(c.bench.history.undoText(), QString("Width of layer 3: 17"));
    QVERIFY(c.bench.session.balance());
    c.bench.history.undo();
    QCOMPARE(c.bench.session.draft(), plain);
    c.bench.history.redo();
    QCOMPARE(c.widths(), wanted);
}

void tst_WidthDialog::itIsCalledNotTwoSspWithWhatRemains()
{
    Calibrated c;
    const QPointer<WidthDialog> dialog = opened(c, 0);
    type(*dialog, "9");
    const auto *note = dialog->findChild<InlineNote *>();
    QCOMPARE(note->kind(), InlineNote::Kind::Warning);
    QVERIFY2(note->sentence().startsWith("Not 2SSP"), qPrintable(note->sentence()));
    const QString all = words(*dialog);
    QVERIFY2(all.contains("hf-compact") && all.contains("not hf-dropin"), qPrintable(all));
    dialog->close();
}

void tst_WidthDialog::oneWidthForAllStaysTwoSsp()
{
    Calibrated c;
    const QPointer<WidthDialog> dialog = opened(c, 5);
    type(*dialog, "40");
    dialog->findChild<QCheckBox *>()->setChecked(true);
    QVERIFY(dialog->findChild<InlineNote *>()->sentence().startsWith("The plan stays 2SSP"));
    button(*dialog, "Set width")->click();
    QCOMPARE(c.bench.session.neuronsKept(), 40);
    QVERIFY(!c.bench.session.shelfPlan());
}

void tst_WidthDialog::oneWidthForAllEndsWidthsByHand()
{
    Calibrated c;
    std::vector<std::int64_t> widths(8, 30);
    widths[1] = 60;
    c.bench.jobs.setWidths(widths, "Widths");
    QTRY_VERIFY(c.bench.session.shelfPlan());
    QCOMPARE(c.widths(), widths);
    const QPointer<WidthDialog> dialog = opened(c, 1);
    QCOMPARE(dialog->findChild<QSpinBox *>()->value(), 60);
    type(*dialog, "25");
    dialog->findChild<QCheckBox *>()->setChecked(true);
    button(*dialog, "Set width")->click();
    QTRY_COMPARE(c.widths(), std::vector<std::int64_t>(8, 25));
    QCOMPARE(c.bench.session.shelfPlan()->plan.balance.neuronsKept, std::int64_t(25));
}

void tst_WidthDialog::withoutScoresItSaysWhatToDo()
{
    MapBench bench;
    bench.openLayers(4, 100);
    QCOMPARE(setWidthProblem(bench.workbench(), 0), QString("Calibrate first: the neurons of a layer are chosen by their scores."));
    const std::vector<std::int64_t> widths(4, 10);
    bench.jobs.setWidths(widths, "Widths");
    QTest::qWait(50);
    QVERIFY(!bench.session.shelfPlan());
    QCOMPARE(bench.history.count(), 0);
}

void tst_WidthDialog::theInspectorLeadsThere()
{
    Calibrated c;
    InspectorPanel panel(c.bench.workbench());
    showAndWait(panel, {320, 800});
    QVERIFY(!button(panel, "Set width…"));
    c.bench.selection.setSelectedLayer(2);
    QPushButton *set = button(panel, "Set width…");
    QVERIFY(set && set->isEnabled());
    QVERIFY(set->focusPolicy() & Qt::TabFocus);
    QTest::mouseClick(set, Qt::LeftButton);
    auto *dialog = panel.findChild<WidthDialog *>();
    QVERIFY(dialog && dialog->isVisible());
    QCOMPARE(dialog->windowTitle(), QString("Width of layer 2"));
    QTest::keyClick(dialog, Qt::Key_Escape);
    QVERIFY(!dialog->isVisible());
    c.bench.makeReadOnly();
    QVERIFY(!set->isEnabled());
    QCOMPARE(set->toolTip(), c.bench.session.readOnlyReason());
}

QTEST_MAIN(tst_WidthDialog)
#include "tst_WidthDialog.moc"
