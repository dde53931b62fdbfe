// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/parts/JobButton.h"
#include "panels/plan/BalancePanel.h"
#include "panels/plan/CurveCard.h"
#include "plots/PerplexityCurve.h"
#include "widgets/BalanceSlider.h"
#include "widgets/CopyButton.h"
#include "widgets/InlineNote.h"
#include "widgets/SegmentedControl.h"

#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGuiApplication>
#include <QLabel>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <QWheelEvent>

#include <initializer_list>

using namespace secateur;
using namespace secateur::ui;

class TestBalancePanel : public QObject {
    Q_OBJECT

    struct Shown {
        PlanBench bench;
        std::unique_ptr<BalancePanel> panel;

        Shown()
        {
            bench.openDeep();
            bench.calibrateDeep();
            TextSettings text;
            text.files = {bench.write(QStringLiteral("evaluation.txt")).toStdString()};
            bench.session.setDraftAndTexts(bench.session.draft(), text, text, ScoreNorm::L2);
            bench.history.clear();
            panel = std::make_unique<BalancePanel>(bench.workbench());
            panel->resize(900, 800);
            panel->show();
        }
        const BalanceSettings &settings() const { return bench.session.draft().balance; }
        template <class Control>
        Control *named(const QString &name) const
        {
            for (Control *candidate : panel->findChildren<Control *>())
                if (candidate->accessibleName() == name)
                    return candidate;
            return nullptr;
        }
        bool says(const QString &text) const
        {
            for (const QLabel *label : panel->findChildren<QLabel *>())
                if (label->isVisible() && label->text().remove(QStringLiteral("<b>")).remove(QStringLiteral("</b>")).contains(text))
                    return true;
            return false;
        }
        void clickPreset(int index) const
        {
            const auto buttons = named<SegmentedControl>(QStringLiteral("Target sparsity"))->findChildren<QAbstractButton *>();
            QTest::mouseClick(buttons.at(index), Qt::LeftButton);
        }
        CurveCard *openCard() const
        {
            QTest::mouseClick(named<QPushButton>(QStringLiteral("Measure the curve")), Qt::LeftButton);
            return panel->findChild<CurveCard *>();
        }
    };

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void presetsAndTheFreeNumberSetTheTarget()
    {
        Shown shown;
        shown.clickPreset(2);
        QCOMPARE(shown.settings().sparsity, 0.5);
        QCOMPARE(shown.named<QDoubleSpinBox>(QStringLiteral("Target sparsity, percent"))->value(), 50.0);
        auto *free = shown.named<QDoubleSpinBox>(QStringLiteral("Target sparsity, percent"));
        free->setFocus();
        free->selectAll();
        QTest::keyClicks(free, QStringLiteral("30.5"));
        QTest::keyClick(free, Qt::Key_Return);
        QCOMPARE(shown.settings().sparsity, 0.305);
        QCOMPARE(shown.named<SegmentedControl>(QStringLiteral("Target sparsity"))->current(), -1);
        QCOMPARE(shown.bench.history.count(), 2);
    }

    void withoutATextThereIsNothingToCopy()
    {
        Shown shown;
        auto *copy = shown.named<CopyButton>(QStringLiteral("Copy evaluation as command"));
        QVERIFY(copy->isEnabled());
        const TextSettings text = shown.bench.session.session().calibrationText;
        shown.bench.session.setDraftAndTexts(shown.bench.session.draft(), text, {}, ScoreNorm::L2);
        QVERIFY(!copy->isEnabled());

        QClipboard &clipboard = *QGuiApplication::clipboard();
        clipboard.setText(QStringLiteral("of before"));
        CopyButton empty(QStringLiteral("Copy"), [] { return QString(); });
        empty.click();
        QCOMPARE(clipboard.text(), QStringLiteral("of before"));
        QCOMPARE(empty.text(), QStringLiteral("Copy"));
    }

    void theSentenceSaysWhatFollows()
    {
        Shown shown;
        const SparsityBalance balance = *shown.bench.session.balance();
        QVERIFY(shown.says(QStringLiteral("N = %1 attentions removed, K = %2 of 1,536 neurons kept: target 37.5\u00a0%, removes 37.5")
                               .arg(balance.attentionsToRemove)
                               .arg(balance.neuronsKept)));
    }

    void alphaCanBeResetAndMultiplesAreTaken()
    {
        Shown shown;
        auto *reset = shown.named<QToolButton>(QStringLiteral("Reset alpha"));
        QVERIFY(!reset->isEnabled());
        auto *alpha = shown.named<QDoubleSpinBox>(QStringLiteral("Alpha of the rule"));
        alpha->setFocus();
        QTest::keyClick(alpha, Qt::Key_Up);
        QCOMPARE(shown.settings().alpha, 1.6);
        QTest::mouseClick(reset, Qt::LeftButton);
        QCOMPARE(shown.settings().alpha, 1.5);

        auto *multiple = shown.named<QComboBox>(QStringLiteral("Width multiple"));
        multiple->setFocus();
        QTest::keyClick(multiple, Qt::Key_Down);
        QCOMPARE(shown.settings().widthMultiple, 8);
        QCOMPARE(shown.bench.session.neuronsKept() % 8, 0);
    }

    void draggingTheSliderIsOneStep()
    {
        Shown shown;
        auto *slider = shown.panel->findChild<BalanceSlider *>();
        QSignalSpy drags(slider, &BalanceSlider::valueDragged), started(slider, &BalanceSlider::dragStarted);
        // the track lies somewhere between top and bottom: the first press that drags is on it
        for (int y = 2; y < slider->height() && started.isEmpty(); y += 4) {
            QTest::mousePress(slider, Qt::LeftButton, {}, QPoint(slider->width() / 4, y));
            for (int x = slider->width() / 4; x < slider->width() / 2; x += 10)
                QTest::mouseMove(slider, QPoint(x, y));
            QTest::mouseRelease(slider, Qt::LeftButton, {}, QPoint(slider->width() / 2, y));
        }
        QVERIFY(drags.count() > 3);
        QCOMPARE(shown.settings().attentionsToRemove, std::optional<std::int64_t>(drags.last().front().toLongLong()));
        QCOMPARE(shown.bench.history.count(), 1);
        shown.bench.history.undo();
        QVERIFY(!shown.settings().attentionsToRemove);
    }

    void keysStepAndHomeGoesBackToTheRule()
    {
        Shown shown;
        const qint64 byRule = shown.bench.session.attentionsToRemove();
        auto *slider = shown.panel->findChild<BalanceSlider *>();
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Right);
        QCOMPARE(shown.bench.session.attentionsToRemove(), byRule + 1);
        QTest::keyClick(slider, Qt::Key_Home);
        QCOMPARE(shown.bench.session.attentionsToRemove(), byRule);
        QVERIFY(!shown.settings().attentionsToRemove);
    }

    void whatIsNotFeasibleCanBeMendedInPlace()
    {
        Shown shown;
        shown.bench.makeInfeasible();
        QVERIFY(!shown.bench.session.balance());
        QVERIFY(shown.says(QStringLiteral("cannot be reached with N = 30")));
        const std::int64_t most = shown.bench.session.bounds()->mostAttentions;
        QPushButton *take = button(*shown.panel, QStringLiteral("Use N = %1").arg(most));
        QVERIFY(take);
        QTest::mouseClick(take, Qt::LeftButton);
        QVERIFY(shown.bench.session.balance());
        QCOMPARE(shown.bench.session.attentionsToRemove(), most);
        QVERIFY(!take->isVisible());
    }

    void aClickOnAPointTakesItsPlan()
    {
        Shown shown;
        shown.bench.searchByRule(shown.bench.session.attentionsToRemove());
        shown.bench.session.addMeasurement(shown.bench.measured(40));
        const PlanDraft before = shown.bench.session.draft();
        shown.bench.editor.setSparsity(0.5);
        auto *curve = shown.panel->findChild<PerplexityCurve *>();
        emit curve->pointClicked(0);
        QCOMPARE(shown.bench.session.draft(), before);
        QVERIFY(shown.bench.history.undoText().startsWith(QStringLiteral("Plan of the curve")));
    }

    void aBorrowedPointIsTakenByHand()
    {
        Shown shown;
        Measurement borrowed = shown.bench.measured(44);
        borrowed.neuronsKept = 900;
        borrowed.removed = {3, 4};
        borrowed.isOrderBorrowed = true;
        shown.bench.session.addMeasurement(borrowed);
        emit shown.panel->findChild<PerplexityCurve *>()->pointClicked(0);
        QCOMPARE(shown.settings().neuronsKept, std::optional<std::int64_t>(900));
        QCOMPARE(shown.settings().attentionsToRemove, std::optional<std::int64_t>(2));
    }

    void theAxisCanBeChosen()
    {
        Shown shown;
        shown.bench.session.addMeasurement(shown.bench.dense(20));
        auto *axis = shown.named<QComboBox>(QStringLiteral("X axis of the curve"));
        auto *curve = shown.panel->findChild<PerplexityCurve *>();
        QVERIFY(!curve->table().rows.empty());
        const QStringList before = curve->table().headers;
        axis->setFocus();
        QTest::keyClick(axis, Qt::Key_Down);
        QVERIFY(curve->table().headers != before);
    }

    void noPresetIsLitWhereKIsSetByHand()
    {
        Shown shown;
        const auto *presets = shown.named<SegmentedControl>(QStringLiteral("Target sparsity"));
        shown.clickPreset(1);
        QCOMPARE(presets->current(), 1);
        shown.bench.editor.setNeuronsKept(900);
        QCOMPARE(presets->current(), -1);
        QVERIFY(shown.says(QStringLiteral("K is set by hand, so the target of 37.5\u00a0% is not followed.")));
        shown.bench.editor.setNeuronsKept({});
        QCOMPARE(presets->current(), 1);
    }

    void whatCannotBeReachedNamesBothBounds()
    {
        Shown shown;
        shown.bench.makeInfeasible();
        const BalanceBounds bounds = *shown.bench.session.bounds();
        QVERIFY(shown.says(QStringLiteral("5\u00a0% cannot be reached with N = 30: so many attentions alone exceed it. Feasible: %1 to %2.")
                               .arg(bounds.leastAttentions)
                               .arg(bounds.mostAttentions)));
        QTest::mouseClick(button(*shown.panel, QStringLiteral("Use N = %1").arg(bounds.mostAttentions)), Qt::LeftButton);
        QVERIFY(shown.bench.session.balance());
    }

    void pointsNameTheLayersThatWent()
    {
        Shown shown;
        shown.bench.editor.setAttentionsToRemove(2);
        shown.bench.searchByRule(2);
        const std::vector<std::int64_t> order = shown.bench.session.removalOrder();
        shown.bench.session.addMeasurement(shown.bench.measured(41.5));
        const CurveData data = curveData(shown.bench.session, CurveAxis::LayerParameters, true);
        QVERIFY2(data.points.front().label.endsWith(QStringLiteral("without the attention of layers %1, %2").arg(order[0]).arg(order[1])),
                 qPrintable(data.points.front().label));
    }

    void measuringAPointSaysItsCost()
    {
        Shown shown;
        const auto note = [&] {
            for (const JobButton *job : shown.panel->findChildren<JobButton *>())
                if (job->button()->text() == QStringLiteral("Measure this point"))
                    return job->note();
            return QString();
        };
        const JobCost cost = shown.bench.jobs.searchCost(shown.bench.session.draft());
        const QString models = QStringLiteral("evaluates the original, once for this text, and the plan");
        QVERIFY2(note().startsWith(QStringLiteral("Searches, then %1: %2 evaluations").arg(models).arg(cost.evaluations)),
                 qPrintable(note()));
        shown.bench.searchByRule(shown.bench.session.attentionsToRemove());
        QCOMPARE(note(), QStringLiteral("Evaluates the original, once for this text, and the plan"));
        shown.bench.session.addMeasurement(shown.bench.dense(20));
        QCOMPARE(note(), QStringLiteral("Evaluates the plan"));
        shown.bench.session.addMeasurement(shown.bench.measured(41.5));
        QCOMPARE(note(), QStringLiteral("Measured: perplexity 41.5."));
        shown.bench.session.setDraftAndTexts(shown.bench.session.draft(), {}, {}, ScoreNorm::L2);
        QCOMPARE(note(), shown.bench.jobs.canEvaluate().reason);
    }

    void theCurveSaysItsCostBeforeItStarts()
    {
        Shown shown;
        CurveCard *card = shown.openCard();
        QVERIFY(card->isVisible());
        const CurveRequest request = card->request();
        QCOMPARE(request.drafts.size(), 5U);
        QVERIFY(!request.isOrderBorrowed);
        const QString count = QLocale().toString(qlonglong(shown.bench.jobs.curveCost(request).evaluations));
        QVERIFY(card->findChild<JobButton *>()->note().startsWith(QStringLiteral("5 points, %1 evaluations of the search").arg(count)));
        QVERIFY(card->findChild<JobButton *>()->button()->isEnabled());
        QTest::keyClick(card, Qt::Key_Escape);
        QVERIFY(!card->isVisible());
        QVERIFY(shown.bench.runner.jobs().empty());
    }

    void anOrderIsBorrowedOnlyFromAFinishedSearch()
    {
        Shown shown;
        CurveCard *card = shown.openCard();
        QRadioButton *borrow = nullptr, *depth = nullptr;
        for (QRadioButton *choice : card->findChildren<QRadioButton *>()) {
            if (choice->text().startsWith(QStringLiteral("Borrow")))
                borrow = choice;
            if (choice->text().contains(QStringLiteral("From wide")))
                depth = choice;
        }
        QVERIFY(borrow && depth);
        QVERIFY(!borrow->isEnabled());
        shown.bench.searchByRule(shown.bench.session.attentionsToRemove());
        QVERIFY(borrow->isEnabled());
        QTest::mouseClick(depth, Qt::LeftButton, {}, QPoint(8, depth->height() / 2));
        QTest::mouseClick(borrow, Qt::LeftButton, {}, QPoint(8, borrow->height() / 2));
        QVERIFY(card->request().isOrderBorrowed);
        QCOMPARE(card->request().drafts.size(), 1U); // only the widest needs no more removals than there are
        QVERIFY(card->findChild<JobButton *>()->note().startsWith(QStringLiteral("1 point, nothing to search")));
        QVERIFY(card->findChild<InlineNote *>()->isVisible());
    }

    void readOnlyIsSaidAtEveryControlOfThePlan()
    {
        Shown shown;
        shown.bench.makeReadOnly();
        const QString reason = shown.bench.session.readOnlyReason();
        QVERIFY(!reason.isEmpty());
        const auto *slider = shown.panel->findChild<BalanceSlider *>();
        QVERIFY(!slider->isEnabled());
        QVERIFY2(slider->accessibleDescription().contains(reason), qPrintable(slider->accessibleDescription()));
        for (const QWidget *control : std::initializer_list<QWidget *>{shown.named<QWidget>(QStringLiteral("Target sparsity, percent")),
                                                                       shown.named<QWidget>(QStringLiteral("Alpha of the rule")),
                                                                       shown.named<QWidget>(QStringLiteral("Width multiple"))}) {
            QVERIFY(!control->isEnabled());
            QCOMPARE(control->accessibleDescription(), reason);
        }
    }

    void aPlanByAnotherMethodIsCalledByIt()
    {
        Shown shown;
        BlockRecord record;
        record.settings.method = PlanMethod::BlockPruner;
        record.settings.sparsity = 0.01;
        record.blocks = 1;
        record.steps = {{.part = Part::Attention, .losses = std::vector<double>(30, 5.1), .removed = 3},
                        {.part = Part::Ffn, .losses = std::vector<double>(30, 5.2), .removed = 5}};
        const ShelfEntry entry = shelfEntry(planOfBlocks(shown.bench.session.spec(), record), {});
        shown.bench.session.apply(PlanOpened{entry});
        shown.bench.editor.useDraft(draftOf(shown.bench.session.session(), entry), QStringLiteral("BlockPruner, 1 %"));
        auto *method = shown.named<QComboBox>(QStringLiteral("Method"));
        const auto *slider = shown.panel->findChild<BalanceSlider *>();
        QCOMPARE(method->currentText(), QStringLiteral("BlockPruner"));
        QVERIFY(
            shown.says(QStringLiteral("This plan was found by BlockPruner. It removes the attention of layer 3 and the FFN of layer 5.")));
        QVERIFY(!slider->isVisible()); // target and N are those of 2SSP
        QVERIFY(!shown.named<QDoubleSpinBox>(QStringLiteral("Target sparsity, percent"))->isVisible());

        method->setFocus();
        QTest::keyClick(method, Qt::Key_Home);
        QCOMPARE(method->currentText(), QStringLiteral("2SSP"));
        QVERIFY(slider->isVisible() && !slider->isEnabled());
        QVERIFY(shown.says(QStringLiteral("Found by BlockPruner: removes")));
        QVERIFY(!shown.says(QStringLiteral("its file")));
        QTest::mouseClick(button(*shown.panel, QStringLiteral("Go back to 2SSP")), Qt::LeftButton);
        QVERIFY(!shown.bench.session.shelfPlan());
        QVERIFY(slider->isEnabled());
        shown.bench.history.undo();
        QCOMPARE(method->currentText(), QStringLiteral("BlockPruner"));
    }

    void scrollingOverANumberChangesNothing()
    {
        Shown shown;
        auto *free = shown.named<QDoubleSpinBox>(QStringLiteral("Target sparsity, percent"));
        QVERIFY(!free->hasFocus());
        const QPointF place(free->rect().center());
        QWheelEvent wheel(place, free->mapToGlobal(place), {}, QPoint(0, 120), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(free, &wheel);
        QCOMPARE(shown.settings().sparsity, 0.375);
        QCOMPARE(shown.bench.history.count(), 0);
    }
};

QTEST_MAIN(TestBalancePanel)
#include "tst_BalancePanel.moc"
