// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/shell/WorkflowStrip.h"
#include "widgets/FittingLabel.h"
#include "widgets/RuleSpinBox.h"
#include "widgets/StepButton.h"

#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

using Step = WorkflowStrip::Step;

namespace {

struct ShownStrip {
    MapBench bench;
    WorkflowStrip strip{bench.workbench()};
    QDoubleSpinBox *sparsity = strip.findChild<QDoubleSpinBox *>();
    RuleSpinBox *attentions = nullptr, *neurons = nullptr;

    ShownStrip()
    {
        for (RuleSpinBox *box : strip.findChildren<RuleSpinBox *>())
            (box->accessibleName().startsWith("N,") ? attentions : neurons) = box;
        showAndWait(strip, {1024, strip.sizeHint().height()});
    }

    StepButton *button(const QString &text) const
    {
        for (StepButton *candidate : strip.findChildren<StepButton *>())
            if (candidate->text() == text)
                return candidate;
        return nullptr;
    }

    static void type(QAbstractSpinBox *box, const QString &text)
    {
        box->setFocus();
        box->selectAll();
        QTest::keyClick(box, Qt::Key_Backspace);
        QTest::keyClicks(box, text);
        QTest::keyClick(box, Qt::Key_Return);
    }

    bool shows(const QString &text) const
    {
        for (const FittingLabel *label : strip.findChildren<FittingLabel *>())
            if (label->texts().contains(text))
                return true;
        return false;
    }
};

} // namespace

class TestWorkflowStrip : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void aStepThatIsNotPossibleSaysWhyAndLeadsNowhere();
    void stepsAreDoneAsTheSessionGoes();
    void clickAndKeyChooseAStep();
    void numbersAreEditedByKeyboard();
    void emptyFieldGoesBackToTheRule();
    void numbersOutOfRangeAreCorrectedOnTheScreenToo();
    void nameIsThatOfThePinThatEqualsThePlan();
    void exactnessIsSaidBySignAndWord();
    void fitsInto1024Pixels();
    void sparsityIsThatOfThePlan();
    void fieldsSayTheirRangesAsSoonAsAModelIsOpen();
};

void TestWorkflowStrip::aStepThatIsNotPossibleSaysWhyAndLeadsNowhere()
{
    ShownStrip s;
    QSignalSpy clicked(&s.strip, &WorkflowStrip::stepClicked);
    StepButton *calibrate = s.button("Calibrate");
    QVERIFY(!calibrate->isPossible());
    QCOMPARE(calibrate->toolTip(), "Open a model first.");
    QVERIFY(calibrate->isEnabled()); // can be hovered and reached by Tab
    QVERIFY(calibrate->focusPolicy() & Qt::TabFocus);
    QTest::mouseClick(calibrate, Qt::LeftButton);
    QTest::keyClick(calibrate, Qt::Key_Space);
    QCOMPARE(clicked.size(), 0);
    QVERIFY(!s.sparsity->isEnabled());
}

void TestWorkflowStrip::stepsAreDoneAsTheSessionGoes()
{
    ShownStrip s;
    QVERIFY(!s.button("Load")->isDone());
    s.bench.openLayers(30);
    QVERIFY(s.button("Load")->isDone());
    QVERIFY(s.button("Calibrate")->isPossible()); // the text is chosen there
    QVERIFY(!s.button("Calibrate")->isDone());
    QVERIFY(s.button("Plan")->isPossible());
    QVERIFY(!s.button("Export")->isPossible());
    s.bench.score();
    QVERIFY(s.button("Calibrate")->isDone());
    QVERIFY(!s.button("Plan")->isDone());
    s.bench.editor.setAttentionsToRemove(1);
    s.bench.removeInOrder({18});
    QVERIFY(s.button("Plan")->isDone());
    QVERIFY(s.button("Export")->isPossible());
    QVERIFY(!s.button("Evaluate")->isDone());
    s.bench.session.addMeasurement(s.bench.measured(50));
    QVERIFY(s.button("Evaluate")->isDone());

    ExportRecord record;
    record.planHash = "abc";
    s.bench.session.addExport(record);
    QVERIFY(!s.button("Export")->isDone()); // of another plan
    s.bench.session.setPlanHash(s.bench.session.draft(), {18}, "abc");
    QVERIFY(s.button("Export")->isDone());
    s.bench.editor.setNeuronsKept(500);
    QVERIFY(!s.button("Export")->isDone());
    QVERIFY(!s.button("Evaluate")->isDone());
    s.bench.history.undo();
    QVERIFY(s.button("Export")->isDone());
}

void TestWorkflowStrip::clickAndKeyChooseAStep()
{
    ShownStrip s;
    s.bench.openLayers(30);
    QSignalSpy clicked(&s.strip, &WorkflowStrip::stepClicked);
    QTest::mouseClick(s.button("Plan"), Qt::LeftButton);
    QCOMPARE(clicked.size(), 1);
    QCOMPARE(clicked.at(0).at(0).value<Step>(), Step::Plan);
    QTest::keyClick(s.button("Calibrate"), Qt::Key_Space);
    QCOMPARE(clicked.at(1).at(0).value<Step>(), Step::Calibrate);
    s.strip.setCurrent(Step::Calibrate);
    QVERIFY(s.button("Calibrate")->isCurrent());
    QVERIFY(!s.button("Load")->isCurrent());
}

void TestWorkflowStrip::numbersAreEditedByKeyboard()
{
    ShownStrip s;
    s.bench.openLayers(30);
    s.type(s.sparsity, "25");
    QCOMPARE(s.bench.session.draft().balance.sparsity, 0.25);
    QCOMPARE(s.sparsity->text(), "25 %");
    s.type(s.attentions, "3");
    QCOMPARE(s.bench.session.draft().balance.attentionsToRemove, std::optional<std::int64_t>(3));
    QCOMPARE(s.attentions->text(), "3");
    s.type(s.neurons, "960");
    QCOMPARE(s.bench.session.neuronsKept(), 960);
    QTest::keyClick(s.neurons, Qt::Key_Up);
    QCOMPARE(s.bench.session.neuronsKept(), 961);
    const int steps = s.bench.history.count();
    QTest::keyClick(s.neurons, Qt::Key_Return); // nothing was typed
    QCOMPARE(s.bench.history.count(), steps);
    s.bench.history.undo();
    QCOMPARE(s.neurons->text(), "960");
}

void TestWorkflowStrip::emptyFieldGoesBackToTheRule()
{
    ShownStrip s;
    s.bench.openLayers(30);
    const qint64 byRule = s.bench.session.neuronsKept();
    QCOMPARE(s.neurons->text(), QLocale().toString(qlonglong(byRule)) + " (rule)");
    s.type(s.neurons, "1000");
    QVERIFY(!s.neurons->isByRule());
    s.type(s.neurons, "");
    QVERIFY(s.neurons->isByRule());
    QVERIFY(!s.bench.session.draft().balance.neuronsKept);
    QCOMPARE(s.bench.session.neuronsKept(), byRule);
    // Stepping away from the rule starts at its number.
    QTest::keyClick(s.neurons, Qt::Key_Down);
    QCOMPARE(s.bench.session.neuronsKept(), byRule - 1);
}

void TestWorkflowStrip::numbersOutOfRangeAreCorrectedOnTheScreenToo()
{
    ShownStrip s;
    s.bench.openLayers(30);
    const auto most = s.bench.session.bounds()->mostAttentions;
    s.type(s.attentions, "99");
    QVERIFY(s.bench.session.attentionsToRemove() <= most);
    QCOMPARE(s.attentions->value(), int(s.bench.session.attentionsToRemove()));
}

void TestWorkflowStrip::nameIsThatOfThePinThatEqualsThePlan()
{
    ShownStrip s;
    s.bench.openLayers(30);
    QVERIFY(s.shows("current plan"));
    s.bench.editor.pin("narrow");
    QVERIFY(s.shows("narrow"));
    s.bench.editor.setSparsity(0.2);
    QVERIFY(s.shows("current plan"));
    s.bench.history.undo();
    QVERIFY(s.shows("narrow"));
}

void TestWorkflowStrip::exactnessIsSaidBySignAndWord()
{
    ShownStrip s;
    s.bench.openLayers(30);
    s.bench.score();
    s.bench.editor.setAttentionsToRemove(1);
    QVERIFY(s.shows("removals not searched yet"));
    s.bench.removeInOrder({18});
    QVERIFY(s.shows("= exact"));
    s.bench.editor.setNeuronsKept(700);
    QVERIFY(s.shows("! stale"));
}

void TestWorkflowStrip::fitsInto1024Pixels()
{
    ShownStrip s;
    s.bench.openLayers(80, 28672);
    s.bench.score();
    s.bench.editor.pin("the one with a name that nobody wants to read to its end");
    QVERIFY2(s.strip.minimumSizeHint().width() <= 1024, qPrintable(QString::number(s.strip.minimumSizeHint().width())));
    QCOMPARE(s.strip.width(), 1024);
}

void TestWorkflowStrip::sparsityIsThatOfThePlan()
{
    ShownStrip s;
    s.bench.openLayers(30);
    QCOMPARE(s.sparsity->text(), "37.5 %");
    s.bench.editor.setNeuronsKept(400); // which removes far more
    const ModelFigures dense = s.bench.session.denseFigures(), plan = s.bench.session.planFigures();
    const double reached = 100 - 100.0 * double(plan.layerParameters) / double(dense.layerParameters);
    QVERIFY(reached > 45);
    QVERIFY(std::abs(s.sparsity->value() - reached) < 0.051);
    QCOMPARE(s.bench.session.draft().balance.sparsity, 0.375);
    QVERIFY(s.sparsity->toolTip().contains("K by hand"));
    s.sparsity->setFocus(); // going through the field changes nothing
    s.neurons->setFocus();
    QCOMPARE(s.bench.session.draft().balance.neuronsKept, 400);
    ShownStrip::type(s.sparsity, "25");
    QCOMPARE(s.bench.session.draft().balance.sparsity, 0.25);
    QCOMPARE(s.sparsity->text(), "25 %");
}

void TestWorkflowStrip::fieldsSayTheirRangesAsSoonAsAModelIsOpen()
{
    ShownStrip s;
    QCOMPARE(s.attentions->toolTip(), "Open a model first.");
    s.bench.openLayers(30);
    const BalanceBounds bounds = *s.bench.session.bounds();
    QCOMPARE(s.attentions->toolTip(), QString("Attentions to remove: %1 to %2 reach the sparsity. Empty: by the rule.")
                                          .arg(bounds.leastAttentions)
                                          .arg(bounds.mostAttentions));
    QVERIFY2(s.neurons->toolTip().contains("of " + QLocale().toString(qlonglong(s.bench.session.neurons()))),
             qPrintable(s.neurons->toolTip()));
}

QTEST_MAIN(TestWorkflowStrip)
#include "tst_WorkflowStrip.moc"
