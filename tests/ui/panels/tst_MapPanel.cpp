// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/layers/LayerModel.h"
#include "panels/layers/LayerView.h"
#include "panels/layers/MapPanel.h"

#include <QAbstractItemModelTester>
#include <QHeaderView>
#include <QMenu>
#include <QRegularExpression>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A map with 30 layers, on the screen.
struct ShownMap {
    MapBench bench;
    MapPanel panel{bench.workbench()};
    LayerView *view = panel.findChild<LayerView *>();

    explicit ShownMap(int layers = 30)
    {
        bench.openLayers(layers);
        bench.score();
        showAndWait(panel, {250, 700});
    }

    QPoint at(int layer) const { return view->visualRect(view->model()->index(layer, LayerModel::Attention)).center(); }
    const LayerModel &model() const { return *panel.findChild<LayerModel *>(); }
    QString text(int layer, int column) const { return view->model()->index(layer, column).data().toString(); }

    QMenu *menu() const
    {
        for (QMenu *menu : panel.findChildren<QMenu *>())
            if (menu->isVisible())
                return menu;
        return nullptr;
    }

    QAction *action(const QString &name) const
    {
        const QMenu *shown = menu();
        if (shown)
            for (QAction *candidate : shown->actions())
                if (candidate->text() == name)
                    return candidate;
        return nullptr;
    }

    void openMenu(int layer)
    {
        view->setFocus();
        bench.selection.setSelectedLayer(layer);
        QContextMenuEvent event(QContextMenuEvent::Keyboard, view->rect().center(), view->mapToGlobal(view->rect().center()));
        QApplication::sendEvent(view, &event);
    }
};

} // namespace

class TestMapPanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void modelKeepsItsPromises();
    void barsAreFullBeforeTheCalibration();
    void allRowsAreInSightWhileTheyAreTwelvePixelsHigh();
    void removalsFollowTheStepOfTheReplay();
    void hoverGoesIntoTheSelectionAndLeaves();
    void clickAndKeysSelect();
    void selectionFromElsewhereIsShown();
    void menuProtectsAndForces();
    void menuSaysWhyNothingCanBeForced();
    void layersAreComparedByCtrlSpaceAndMenu();
    void toolTipHasExactNumbers();
    void aSearchThatOnlyEvaluatesRepaintsNothing();
};

void TestMapPanel::modelKeepsItsPromises()
{
    MapBench bench;
    LayerModel model(bench.session, bench.selection);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    bench.openLayers(30);
    QCOMPARE(model.rowCount(), 30);
    bench.score();
    bench.editor.setAttentionsToRemove(2);
    bench.removeInOrder({4, 9});
    bench.editor.toggleProtected(3);
    bench.openLayers(4);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.columnCount(), 3);
}

void TestMapPanel::barsAreFullBeforeTheCalibration()
{
    MapBench bench;
    LayerModel model(bench.session, bench.selection);
    bench.openLayers(4);
    QCOMPARE(model.facts(0).kept, 1536);
    QCOMPARE(model.headerData(LayerModel::Ffn, Qt::Horizontal).toString(), "FFN: 1,536 neurons");
    bench.score();
    QCOMPARE(model.facts(0).kept, bench.session.neuronsKept());
    QVERIFY(model.facts(0).kept < 1536);
    QCOMPARE(model.headerData(LayerModel::Ffn, Qt::Horizontal).toString(),
             QString("FFN: %1 of 1,536 kept").arg(QLocale().toString(qlonglong(bench.session.neuronsKept()))));
}

void TestMapPanel::allRowsAreInSightWhileTheyAreTwelvePixelsHigh()
{
    ShownMap map(30);
    QVERIFY(map.view->rowHeight(0) >= LayerView::kLeastRow);
    QCOMPARE(map.view->verticalScrollBar()->maximum(), 0);
    QVERIFY(map.view->viewport()->rect().contains(map.at(29)));
    map.panel.resize(250, 30 * LayerView::kLeastRow + 80);
    QCOMPARE(map.view->verticalScrollBar()->maximum(), 0);
    map.panel.resize(250, 300);
    QCOMPARE(map.view->rowHeight(0), LayerView::kLeastRow);
    QVERIFY(map.view->verticalScrollBar()->maximum() > 0);

    ShownMap large(80);
    QCOMPARE(large.view->rowHeight(0), LayerView::kLeastRow);
    ShownMap small(4);
    QCOMPARE(small.view->rowHeight(0), LayerView::kLargestRow);
}

void TestMapPanel::removalsFollowTheStepOfTheReplay()
{
    ShownMap map;
    map.bench.editor.setAttentionsToRemove(3);
    map.bench.removeInOrder({18, 7, 8, 15}); // one more than the plan asks for
    QCOMPARE(map.model().facts(18).removal, 0);
    QCOMPARE(map.model().facts(8).removal, 2);
    QVERIFY(!map.model().facts(15).isRemoved());
    QCOMPARE(map.text(18, LayerModel::Attention), "removed, first");
    QCOMPARE(map.text(15, LayerModel::Attention), "present");

    map.bench.selection.setStep(0); // the first step is looked at: its removal shows
    QVERIFY(map.model().facts(18).isRemoved());
    QVERIFY(!map.model().facts(7).isRemoved());
    map.bench.selection.setStep(1);
    QVERIFY(map.model().facts(7).isRemoved());
    QVERIFY(!map.model().facts(8).isRemoved());
    map.bench.selection.setStep(-1);
    QVERIFY(map.model().facts(8).isRemoved());
}

void TestMapPanel::hoverGoesIntoTheSelectionAndLeaves()
{
    ShownMap map;
    QTest::mouseMove(map.view->viewport(), map.at(3));
    QTest::mouseMove(map.view->viewport(), map.at(11));
    QTRY_COMPARE(map.bench.selection.hoveredLayer(), 11);
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(map.view->viewport(), &leave);
    QCOMPARE(map.bench.selection.hoveredLayer(), -1);
}

void TestMapPanel::clickAndKeysSelect()
{
    ShownMap map;
    QTest::mouseClick(map.view->viewport(), Qt::LeftButton, {}, map.at(18));
    QCOMPARE(map.bench.selection.selectedLayer(), 18);
    QTest::keyClick(map.view, Qt::Key_Down);
    QCOMPARE(map.bench.selection.selectedLayer(), 19);
    QTest::keyClick(map.view, Qt::Key_Up);
    QTest::keyClick(map.view, Qt::Key_Up);
    QCOMPARE(map.bench.selection.selectedLayer(), 17);
    QTest::keyClick(map.view, Qt::Key_End);
    QCOMPARE(map.bench.selection.selectedLayer(), 29);
    QTest::keyClick(map.view, Qt::Key_Home);
    QCOMPARE(map.bench.selection.selectedLayer(), 0);
}

void TestMapPanel::selectionFromElsewhereIsShown()
{
    ShownMap map(80);
    map.bench.selection.setSelectedLayer(79);
    QCOMPARE(map.view->currentIndex().row(), 79);
    QVERIFY(map.view->viewport()->rect().contains(map.at(79)));
    const QImage before = map.view->viewport()->grab().toImage();
    map.bench.selection.setHoveredLayer(70);
    QVERIFY(map.view->viewport()->grab().toImage() != before);
    map.bench.selection.setSelectedLayer(-1);
    QVERIFY(!map.view->currentIndex().isValid());
}

void TestMapPanel::menuProtectsAndForces()
{
    ShownMap map;
    map.openMenu(5);
    QVERIFY(map.menu());
    QAction *protect = map.action("Protect attention");
    QVERIFY(protect && protect->isEnabled() && !protect->isChecked());
    QTest::mouseClick(map.menu(), Qt::LeftButton, {}, map.menu()->actionGeometry(protect).center());
    QVERIFY(map.bench.session.isProtected(5));
    QCOMPARE(map.text(5, LayerModel::Attention), "present, protected");
    QTRY_VERIFY(!map.menu());

    map.openMenu(5);
    QVERIFY(map.action("Protect attention")->isChecked());
    QAction *force = map.action("Remove first");
    QVERIFY(force->isEnabled());
    for (int i = 0; map.menu()->activeAction() != force && i < map.menu()->actions().size(); ++i)
        QTest::keyClick(map.menu(), Qt::Key_Down);
    QTest::keyClick(map.menu(), Qt::Key_Return);
    QVERIFY(map.bench.session.isForced(5));
    QVERIFY(!map.bench.session.isProtected(5));
    map.bench.history.undo();
    QVERIFY(map.bench.session.isProtected(5));
}

void TestMapPanel::menuSaysWhyNothingCanBeForced()
{
    ShownMap map;
    map.bench.editor.setAttentionsToRemove(0);
    map.openMenu(5);
    const QAction *force = map.action("Remove first");
    QVERIFY(!force->isEnabled());
    QVERIFY2(force->toolTip().contains("N = 0"), qPrintable(force->toolTip()));
    QVERIFY(map.action(force->toolTip())); // in words as well, for the keyboard
    QVERIFY(map.action("Protect attention")->isEnabled());
}

void TestMapPanel::layersAreComparedByCtrlSpaceAndMenu()
{
    ShownMap map;
    QTest::mouseClick(map.view->viewport(), Qt::LeftButton, {}, map.at(2));
    const QImage before = map.view->viewport()->grab().toImage();
    QTest::mousePress(map.view->viewport(), Qt::LeftButton, Qt::ControlModifier, map.at(18));
    QTest::mouseRelease(map.view->viewport(), Qt::LeftButton, Qt::ControlModifier, map.at(18));
    QVERIFY((map.bench.selection.comparedLayers() == std::vector<std::int64_t>{18}));
    QCOMPARE(map.bench.selection.selectedLayer(), 2); // as it was
    QCOMPARE(map.text(18, LayerModel::Layer), QString("18, compared"));
    QCOMPARE(map.text(17, LayerModel::Layer), QString("17"));
    map.bench.selection.setHoveredLayer(-1);
    const QImage marked = map.view->viewport()->grab().toImage();
    const QRect number = map.view->visualRect(map.view->model()->index(18, LayerModel::Layer));
    QVERIFY(marked.copy(number) != before.copy(number));
    QTest::keyClick(map.view, Qt::Key_Space);
    QVERIFY((map.bench.selection.comparedLayers() == std::vector<std::int64_t>{18, 2}));
    map.openMenu(18);
    QAction *compare = map.action("Compare its scores\tSpace");
    QVERIFY(compare && compare->isChecked() && compare->isEnabled());
    compare->trigger();
    QVERIFY((map.bench.selection.comparedLayers() == std::vector<std::int64_t>{2}));
    map.menu()->close();
    const Session &session = map.bench.session.session();
    TextSettings other = session.calibrationText;
    other.seed = 7;
    QCOMPARE(map.text(2, LayerModel::Layer), QString("2, compared"));
    QSignalSpy told(map.view->model(), &QAbstractItemModel::dataChanged);
    map.bench.editor.setTexts(other, session.evaluationText, session.norm); // no scores are in use: nothing is compared
    QCOMPARE(map.text(2, LayerModel::Layer), QString("2"));
    QCOMPARE(told.last().front().toModelIndex().column(), int(LayerModel::Layer));
    map.bench.history.undo(); // with the scores the comparison comes back
    QCOMPARE(map.text(2, LayerModel::Layer), QString("2, compared"));
    map.bench.selection.setComparedLayers({});
    map.bench.openLayers(30); // not calibrated: there is nothing to compare
    QTest::mouseClick(map.view->viewport(), Qt::LeftButton, Qt::ControlModifier, map.at(4));
    QVERIFY(map.bench.selection.comparedLayers().empty());
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    map.openMenu(4);
    compare = map.action("Compare its scores\tSpace");
    QVERIFY(compare && !compare->isEnabled());
    QVERIFY(compare->toolTip().startsWith("Calibrate first"));
}

void TestMapPanel::toolTipHasExactNumbers()
{
    ShownMap map;
    map.bench.editor.setAttentionsToRemove(1);
    map.bench.removeInOrder({18});
    const QString tip = map.view->model()->index(18, LayerModel::Ffn).data(Qt::ToolTipRole).toString();
    const QLocale locale;
    QVERIFY2(tip.contains(locale.toString(qlonglong(map.bench.session.neuronsKept())) + " of 1,536"), qPrintable(tip));
    QVERIFY2(tip.contains("step 1"), qPrintable(tip));
    QVERIFY2(tip.contains(QString(QChar(0x2212)) + "0.1000 nats"), qPrintable(tip)); // 4.1 before, 4.0 after
    const double share = map.bench.session.rankedScores()->shareKept(18, map.bench.session.neuronsKept());
    QVERIFY2(tip.contains(locale.toString(share * 100, 'f', 2)), qPrintable(tip));
}

void TestMapPanel::aSearchThatOnlyEvaluatesRepaintsNothing()
{
    ShownMap map;
    map.bench.editor.setAttentionsToRemove(2);
    map.bench.removeInOrder({18});
    QSignalSpy changed(&map.model(), &QAbstractItemModel::dataChanged);
    const std::string key = searchKey(map.bench.session.draft(), map.bench.session.neuronsKept());
    for (int layer = 0; layer < 18; ++layer)
        map.bench.session.addCandidate(key, {.step = 1, .layer = layer, .loss = 4.5 + layer});
    QCOMPARE(changed.size(), 0);
    map.bench.session.addRemoval(key, 1, 7, false);
    QCOMPARE(changed.size(), 1);
}

QTEST_MAIN(TestMapPanel)
#include "tst_MapPanel.moc"
