// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SelectionModel.h"

#include <QSignalSpy>
#include <QtTest>

using secateur::ui::SelectionModel;

class TestSelectionModel : public QObject {
    Q_OBJECT

private slots:
    void aStepIsToldAgainOnceItIsDecided()
    {
        SelectionModel selection;
        QSignalSpy spy(&selection, &SelectionModel::stepChanged);
        selection.setUndecidedStep(2);
        QVERIFY(selection.isUndecided());
        selection.setStep(2);
        QVERIFY(!selection.isUndecided());
        selection.setStep(2);
        QCOMPARE(spy.count(), 2);
        selection.setUndecidedStep(1);
        QVERIFY(selection.clear());
        QCOMPARE(selection.step(), -1);
        QVERIFY(!selection.isUndecided());
    }

    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }
    void nothingIsSelectedAtFirst();
    void everyChangeIsToldOnce_data();
    void everyChangeIsToldOnce();
    void comparedLayersComeAndGo();
};

void TestSelectionModel::nothingIsSelectedAtFirst()
{
    const SelectionModel selection;
    QCOMPARE(selection.hoveredLayer(), -1);
    QCOMPARE(selection.selectedLayer(), -1);
    QCOMPARE(selection.step(), -1);
}

void TestSelectionModel::everyChangeIsToldOnce_data()
{
    QTest::addColumn<int>("which");
    QTest::newRow("hovered layer") << 0;
    QTest::newRow("selected layer") << 1;
    QTest::newRow("step") << 2;
}

void TestSelectionModel::everyChangeIsToldOnce()
{
    QFETCH(int, which);
    SelectionModel selection;
    QSignalSpy hovered(&selection, &SelectionModel::hoveredLayerChanged);
    QSignalSpy selected(&selection, &SelectionModel::selectedLayerChanged);
    QSignalSpy step(&selection, &SelectionModel::stepChanged);
    const auto set = [&](qint64 value) {
        which == 0 ? selection.setHoveredLayer(value) : which == 1 ? selection.setSelectedLayer(value) : selection.setStep(value);
    };
    const auto get = [&] { return which == 0 ? selection.hoveredLayer() : which == 1 ? selection.selectedLayer() : selection.step(); };
    QSignalSpy *spies[] = {&hovered, &selected, &step};
    QSignalSpy &own = *spies[which];
    for (const qint64 value : {-1, 3, 3, 5, -1}) // the first and the third change nothing
        set(value);
    QCOMPARE(get(), -1);
    QCOMPARE(own.size(), 3);
    QCOMPARE(own.at(0).at(0).toLongLong(), 3);
    QCOMPARE(own.at(1).at(0).toLongLong(), 5);
    QCOMPARE(own.at(2).at(0).toLongLong(), -1);
    QCOMPARE(hovered.size() + selected.size() + step.size(), 3);
}

void TestSelectionModel::comparedLayersComeAndGo()
{
    SelectionModel selection;
    QSignalSpy compared(&selection, &SelectionModel::comparedLayersChanged);
    for (const qint64 layer : {3, 4, 5, 4}) // the second 4 takes it away
        selection.toggleCompared(layer);
    QVERIFY((selection.comparedLayers() == std::vector<std::int64_t>{3, 5}));
    QVERIFY(selection.isCompared(3) && !selection.isCompared(4));
    QCOMPARE(compared.size(), 4);
    selection.setComparedLayers({3, 5});
    QCOMPARE(compared.size(), 4);        // nothing changed
    for (const qint64 layer : {6, 7, 8}) // the oldest gives way
        selection.toggleCompared(layer);
    QVERIFY((selection.comparedLayers() == std::vector<std::int64_t>{5, 6, 7, 8}));
    QCOMPARE(selection.selectedLayer(), -1);
}

QTEST_GUILESS_MAIN(TestSelectionModel)
#include "tst_SelectionModel.moc"
