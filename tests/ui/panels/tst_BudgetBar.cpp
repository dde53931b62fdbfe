// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/shell/BudgetBar.h"
#include "panels/shell/BudgetCard.h"
#include "pruning/SparsityBalance.h"
#include "widgets/Quantity.h"

#include <QRegularExpression>
#include <QScopeGuard>
#include <QTest>
#include <QToolTip>

using namespace secateur;
using namespace secateur::ui;

class TestBudgetBar : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void beforeAModelThereAreDashes();
    void numbersAreThoseOfCore();
    void infeasiblePlanShowsTheOriginalOnly();
    void perplexityIsOfThisPlanOrSaysOfWhich();
    void searchPerplexityIsNowhereHere();
    void anEstimateSaysHowItIsMade();
    void numbersAreNotCutAt1024();
    void figuresAreReachedByKeys();
};

void TestBudgetBar::beforeAModelThereAreDashes()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    for (int i = 0; i < BudgetBar::kFigures; ++i) {
        QCOMPARE(bar.figure(BudgetBar::Figure(i)).value, "—");
        QVERIFY(!bar.figure(BudgetBar::Figure(i)).share);
    }
}

void TestBudgetBar::numbersAreThoseOfCore()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    bench.editor.setSparsity(0.5);
    const ModelSpec &dense = bench.session.spec();
    const SparsityBalance split = balance(dense, bench.session.draft().balance);
    std::vector<std::int64_t> removed;
    for (std::int64_t i = 0; i < split.attentionsToRemove; ++i)
        removed.push_back(i);
    const ModelSpec after = prunedSpec(dense, std::vector<std::int64_t>(30, split.neuronsKept), removed);

    const BudgetFigure &layers = bar.figure(BudgetBar::LayerParameters);
    QVERIFY2(layers.sentence.contains(exactText(split.layerParameters) + " of " + exactText(split.denseLayerParameters)),
             qPrintable(layers.sentence));
    QCOMPARE(layers.value, countText(split.layerParameters));
    QCOMPARE(layers.exactness, Exactness::Exact);
    QCOMPARE(*layers.share, double(split.layerParameters) / double(split.denseLayerParameters));
    QVERIFY(layers.change.startsWith(QChar(0x2212)));
    QVERIFY(bar.figure(BudgetBar::ModelParameters).sentence.contains(exactText(split.modelParameters)));
    QVERIFY(bar.figure(BudgetBar::Bytes).sentence.contains(exactText(2 * split.modelParameters)));
    QCOMPARE(bar.figure(BudgetBar::Bytes).caption, "On disk, at least (bf16)");
    const BudgetFigure &flop = bar.figure(BudgetBar::Flop);
    QVERIFY(flop.sentence.contains(exactText(flopPerToken(after))));
    QCOMPARE(flop.exactness, Exactness::Estimate);
    QVERIFY(flop.exact.contains("context"));
    QVERIFY(bar.figure(BudgetBar::KvBytes).sentence.contains(exactText(kvBytesPerToken(after, DType::BFloat16))));

    bench.editor.setNeuronsKept(1000); // follows an edit
    QCOMPARE(bar.figure(BudgetBar::LayerParameters).value, countText(balance(dense, bench.session.draft().balance).layerParameters));
}

void TestBudgetBar::infeasiblePlanShowsTheOriginalOnly()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    PlanDraft draft = bench.session.draft();
    draft.balance.sparsity = 0.1;
    draft.balance.attentionsToRemove = 30; // more than is to go
    bench.editor.useDraft(draft, "test");
    QVERIFY(!bench.session.balance());
    const BudgetFigure &figure = bar.figure(BudgetBar::ModelParameters);
    QCOMPARE(figure.value, "—");
    QCOMPARE(figure.before, "of " + countText(bench.session.denseFigures().modelParameters));
    QVERIFY(figure.sentence.contains("not feasible"));
}

void TestBudgetBar::perplexityIsOfThisPlanOrSaysOfWhich()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    bench.score();
    bench.editor.setAttentionsToRemove(0);
    const BudgetFigure &figure = bar.figure(BudgetBar::Perplexity);
    QVERIFY(figure.sentence.contains("not measured"));

    const std::int64_t kept = bench.session.neuronsKept();
    bench.session.addMeasurement(bench.denseOf(20));
    bench.session.addMeasurement(bench.measured(84.125));
    QCOMPARE(figure.value, "84.1");
    QCOMPARE(figure.exactness, Exactness::Exact);
    QCOMPARE(figure.before, "original 20.0");
    QCOMPARE(figure.change, changeText(20, 84.125));
    QVERIFY(figure.exact.contains("84.1250"));

    bench.editor.setNeuronsKept(kept + 5);
    QCOMPARE(figure.value, "—"); // nobody measured this plan
    QCOMPARE(figure.exactness, Exactness::Unknown);
    QCOMPARE(figure.exactnessText, QString("last: 84.1 for K = %1").arg(exactText(kept)));
    QVERIFY(figure.change.isEmpty()); // the change is of another plan
    bench.history.undo();
    QCOMPARE(figure.exactness, Exactness::Exact);
}

void TestBudgetBar::searchPerplexityIsNowhereHere()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    bench.score();
    bench.editor.setAttentionsToRemove(3);
    bench.removeInOrder({18, 7, 8});
    const BudgetFigure &figure = bar.figure(BudgetBar::Perplexity);
    QCOMPARE(figure.caption, "Perplexity (evaluation)");
    for (const QString &words : {figure.value, figure.before, figure.change, figure.note, figure.exact, figure.sentence}) {
        QVERIFY2(!words.contains("search"), qPrintable(words));
        QVERIFY2(!words.contains(perplexityText(std::exp(3.8))), qPrintable(words)); // of the search
    }
    bench.session.addMeasurement(bench.measured(84.125));
    QVERIFY2(figure.note.startsWith("on "), qPrintable(figure.note)); // which text
}

void TestBudgetBar::anEstimateSaysHowItIsMade()
{
    MapBench bench;
    const BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    bench.score();
    const BudgetFigure &flop = bar.figure(BudgetBar::Flop);
    QCOMPARE(flop.exactness, Exactness::Estimate);
    QVERIFY2(flop.exact.contains("2 × (vocabulary × hidden size"), qPrintable(flop.exact));
    QCOMPARE(bar.figure(BudgetBar::KvBytes).exactness, Exactness::Exact);
}

void TestBudgetBar::numbersAreNotCutAt1024()
{
    MapBench bench;
    BudgetBar bar(bench.workbench());
    bench.openLayers(80, 28672); // 8.13 GB
    bench.score();
    bench.editor.setAttentionsToRemove(0);
    bench.session.addMeasurement(bench.denseOf(18.9));
    bench.session.addMeasurement(bench.measured(12345));
    showAndWait(bar, {1024, bar.sizeHint().height()});
    QVERIFY(bar.minimumSizeHint().width() <= 1024);
    for (const BudgetCard *card : bar.findChildren<BudgetCard *>()) {
        QFont font = card->font();
        font.setBold(true);
        font.setPixelSize(card->fittingSize());
        QVERIFY(font.pixelSize() >= 14); // larger than the rest
        QVERIFY(QFontMetrics(font).horizontalAdvance(card->figure().value) < card->width() - 24);
    }

    const QFont usual = QApplication::font();
    const auto restored = qScopeGuard([&usual] { QApplication::setFont(usual); });
    QFont large = usual; // what a number was makes room for what it is
    large.setPointSizeF(1.6 * usual.pointSizeF());
    QApplication::setFont(large);
    QCoreApplication::processEvents();
    bool areTight = false;
    for (const BudgetCard *card : bar.findChildren<BudgetCard *>()) {
        areTight = areTight || card->fittingSize(true) < QFontInfo(large).pixelSize();
        QVERIFY2(card->fittingSize(false) >= QFontInfo(large).pixelSize(), qPrintable(card->figure().value));
        QVERIFY2(card->valueSize() >= QFontInfo(large).pixelSize(), qPrintable(QString::number(card->valueSize())));
    }
    QVERIFY(areTight); // else it shows nothing
}

/// One stop of Tab; what the tooltip says is told as well.
void TestBudgetBar::figuresAreReachedByKeys()
{
    MapBench bench;
    BudgetBar bar(bench.workbench());
    bench.openLayers(30);
    showAndWait(bar, {1024, bar.sizeHint().height()});
    bar.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&bar));
    const auto current = [&] { return qobject_cast<BudgetCard *>(QApplication::focusWidget()); };
    if (QWidget *focus = QApplication::focusWidget()) // of a window that becomes active
        focus->clearFocus();
    bar.findChild<BudgetCard *>()->setFocus(Qt::TabFocusReason);
    QVERIFY(current());
    const QString first = current()->accessibleName();
    QVERIFY(first.startsWith("Parameters (layers)"));
    QCOMPARE(QToolTip::text(), current()->toolTip());
    const QImage focused = current()->grab().toImage();
    QTest::keyClick(current(), Qt::Key_Left); // nothing before it
    QCOMPARE(current()->accessibleName(), first);
    QTest::keyClick(current(), Qt::Key_Right);
    QVERIFY(current()->accessibleName().startsWith("Parameters (model)"));
    QCOMPARE(QToolTip::text(), current()->toolTip());
    int stops = 0; // of Tab: the one that was walked to
    for (const BudgetCard *card : bar.findChildren<BudgetCard *>()) {
        stops += card->focusPolicy() != Qt::NoFocus;
        if (card->accessibleName() == first)
            QVERIFY(const_cast<BudgetCard *>(card)->grab().toImage() != focused);
    }
    QCOMPARE(stops, 1);
    for (int i = 0; i < BudgetBar::kFigures; ++i)
        QTest::keyClick(current(), Qt::Key_Right);
    QVERIFY(current()->accessibleName().startsWith("Perplexity"));
}

QTEST_MAIN(TestBudgetBar)
#include "tst_BudgetBar.moc"
