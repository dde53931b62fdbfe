// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/plan/PinModel.h"
#include "panels/plan/PlansPanel.h"
#include "widgets/Quantity.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

QString cell(const PinModel &model, int row, int column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class TestPlansPanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void modelKeepsItsPromises();
    void rowsShowWhatIsKnownOfEachPlan();
    void pinningOffersTheNameForTyping();
    void pinningIsTold();
    void theTargetStandsAsItWasTyped();
    void useTakesAPlanInHandAndUndoGoesBack();
    void removingKeepsTheSelectionNearby();
    void renamingAnEmptyNameIsRefused();
};

void TestPlansPanel::modelKeepsItsPromises()
{
    MapBench bench;
    PinModel model(bench.session, bench.editor);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    bench.openLayers(30);
    for (const char *name : {"a", "b", "c"})
        bench.editor.pin(name);
    QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved), reset(&model, &QAbstractItemModel::modelReset);
    bench.editor.removePin(1);
    QCOMPARE(removed.size(), 1);
    QCOMPARE(removed.at(0).at(1).toInt(), 1);
    bench.history.undo(); // inserted in the middle
    QCOMPARE(cell(model, 1, PinModel::Name), "b");
    QVERIFY(model.setData(model.index(2, PinModel::Name), "third"));
    QCOMPARE(cell(model, 2, PinModel::Name), "third");
    while (bench.history.canUndo())
        bench.history.undo();
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(reset.size(), 0);
}

void TestPlansPanel::rowsShowWhatIsKnownOfEachPlan()
{
    MapBench bench;
    PinModel model(bench.session, bench.editor);
    bench.openLayers(30);
    bench.editor.setSparsity(0.25);
    bench.editor.pin("dense scores");
    QCOMPARE(cell(model, 0, PinModel::Sparsity), QString("25") + QChar(0xa0) + "%");
    QCOMPARE(cell(model, 0, PinModel::Search), "not calibrated");
    bench.score();
    bench.editor.setAttentionsToRemove(2);
    bench.editor.pin("two");
    QCOMPARE(cell(model, 1, PinModel::Attentions), "2");
    QCOMPARE(cell(model, 1, PinModel::Neurons), QLocale().toString(qlonglong(bench.session.neuronsKept())));
    QCOMPARE(cell(model, 1, PinModel::Search), "0 of 2");
    bench.removeInOrder({4});
    QCOMPARE(cell(model, 1, PinModel::Search), "1 of 2");
    bench.removeInOrder({4, 9});
    bench.session.addMeasurement(bench.measured(42));
    QCOMPARE(cell(model, 1, PinModel::Search), "complete");
    QCOMPARE(cell(model, 1, PinModel::Perplexity), "42.0");
    QCOMPARE(cell(model, 0, PinModel::Perplexity), "—");
    QCOMPARE(model.rowInHand(), 1);
    bench.editor.setNeuronsKept(900); // another plan in hand: the pinned one keeps its numbers
    QCOMPARE(model.rowInHand(), -1);
    QCOMPARE(cell(model, 1, PinModel::Perplexity), "42.0");
}

void TestPlansPanel::pinningOffersTheNameForTyping()
{
    MapBench bench;
    PlansPanel panel(bench.workbench());
    showAndWait(panel, {600, 300});
    QVERIFY(!button(panel, "Pin current plan")->isEnabled());
    bench.openLayers(30);
    QTest::mouseClick(button(panel, "Pin current plan"), Qt::LeftButton);
    QCOMPARE(bench.session.session().pinned.size(), std::size_t(1));
    QTRY_VERIFY(panel.findChild<QLineEdit *>());
    auto *editor = panel.findChild<QLineEdit *>();
    auto *view = panel.findChild<QTableView *>();
    QTRY_VERIFY(editor->height() <= view->rowHeight(0)); // the next row can be read
    QTest::keyClicks(editor, "shallow");
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE(bench.session.session().pinned.at(0).name, std::string("shallow"));
}

void TestPlansPanel::pinningIsTold()
{
    MapBench bench;
    const PlansPanel panel(bench.workbench()); // hidden, as it mostly is
    bench.openLayers(30);
    bench.editor.pin({});
    QCOMPARE(bench.messages.current().size(), std::size_t(1));
    const Message told = bench.messages.current().front();
    QVERIFY(told.severity == Message::Severity::Success);
    QCOMPARE(told.sentence, QString("The current plan is pinned as 'Plan A'."));
}

void TestPlansPanel::theTargetStandsAsItWasTyped()
{
    MapBench bench;
    bench.openLayers(30);
    PinModel model(bench.session, bench.editor);
    bench.editor.setSparsity(0.25);
    bench.editor.pin({});
    bench.editor.setSparsity(0.375);
    bench.editor.pin({});
    bench.editor.setNeuronsKept(900);
    bench.editor.pin({});
    QCOMPARE(cell(model, 0, PinModel::Sparsity), QString("25\u00a0%"));
    QCOMPARE(cell(model, 1, PinModel::Sparsity), QString("37.5\u00a0%"));
    const double reached = bench.session.balance()->sparsityLayers();
    QCOMPARE(cell(model, 2, PinModel::Sparsity), percentText(reached) + " reached"); // K by hand does not follow the target
}

void TestPlansPanel::useTakesAPlanInHandAndUndoGoesBack()
{
    MapBench bench;
    PlansPanel panel(bench.workbench());
    showAndWait(panel, {600, 300});
    bench.openLayers(30);
    bench.editor.setSparsity(0.25);
    bench.editor.pin("light");
    bench.editor.setSparsity(0.5);
    auto *view = panel.findChild<QTableView *>();
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(view->model()->index(0, PinModel::Sparsity)).center());
    QTest::mouseClick(button(panel, "Use"), Qt::LeftButton);
    QCOMPARE(bench.session.draft().balance.sparsity, 0.25);
    QVERIFY(!button(panel, "Use")->isEnabled()); // it is in hand
    QCOMPARE(bench.history.undoText(), "Use light");
    bench.history.undo();
    QCOMPARE(bench.session.draft().balance.sparsity, 0.5);
}

void TestPlansPanel::removingKeepsTheSelectionNearby()
{
    MapBench bench;
    PlansPanel panel(bench.workbench());
    showAndWait(panel, {600, 300});
    bench.openLayers(30);
    for (const char *name : {"a", "b", "c"})
        bench.editor.pin(name);
    auto *view = panel.findChild<QTableView *>();
    view->setFocus();
    view->selectRow(1);
    QTest::keyClick(view, Qt::Key_Delete);
    QCOMPARE(bench.session.session().pinned.size(), std::size_t(2));
    QVERIFY(view->currentIndex().isValid());
    QVERIFY(button(panel, "Remove")->isEnabled());
}

void TestPlansPanel::renamingAnEmptyNameIsRefused()
{
    MapBench bench;
    PinModel model(bench.session, bench.editor);
    bench.openLayers(4);
    bench.editor.pin("a");
    QVERIFY(!model.setData(model.index(0, PinModel::Name), "  "));
    QCOMPARE(cell(model, 0, PinModel::Name), "a");
    QVERIFY(!(model.flags(model.index(0, PinModel::Neurons)) & Qt::ItemIsEditable));
}

QTEST_MAIN(TestPlansPanel)
#include "tst_PlansPanel.moc"
