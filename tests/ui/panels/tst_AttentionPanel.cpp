// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/layers/LayerFacts.h"
#include "panels/parts/JobButton.h"
#include "panels/search/AttentionPanel.h"
#include "panels/search/PredictionRow.h"
#include "panels/search/RemovalChips.h"
#include "panels/search/SearchView.h"
#include "panels/search/TransportBar.h"
#include "plots/SearchPlots.h"
#include "theme/PlotStyle.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"

#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPushButton>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// Notes which widgets of a window are laid out anew.
class LayoutWatch : public QObject {
public:
    LayoutWatch() { qApp->installEventFilter(this); }

    QStringList seen;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        const auto *widget = event->type() == QEvent::LayoutRequest ? qobject_cast<QWidget *>(watched) : nullptr;
        if (widget && widget->layout())
            seen << QString::fromLatin1(widget->metaObject()->className());
        return false;
    }
};

} // namespace

class TestAttentionPanel : public QObject {
    Q_OBJECT

    /// 30 layers, N by hand.
    struct Shown {
        PlanBench bench;
        std::unique_ptr<AttentionPanel> panel;

        explicit Shown(qint64 attentions = 5, bool isCalibrated = true)
        {
            bench.openDeep();
            if (isCalibrated)
                bench.calibrateDeep();
            bench.editor.setAttentionsToRemove(attentions);
            bench.history.clear();
            panel = std::make_unique<AttentionPanel>(bench.workbench());
            panel->resize(900, 700);
            panel->show();
        }
        SearchView *view() const { return panel->findChild<SearchView *>(); }
        RemovalChips *chips() const { return panel->findChild<RemovalChips *>(); }
        TransportBar *transport() const { return panel->findChild<TransportBar *>(); }
        CandidateBars *bars() const { return view()->findChild<CandidateBars *>(); }
        /// Whether one of the labels that can be seen says this.
        bool says(const QString &text) const
        {
            for (const QLabel *label : panel->findChildren<QLabel *>())
                if (label->isVisible() && label->text().remove(QStringLiteral("<b>")).remove(QStringLiteral("</b>")).contains(text))
                    return true;
            return false;
        }
        PredictionRow *prediction() const { return panel->findChild<PredictionRow *>(); }
        SearchHeatmap *heatmap() const { return view()->findChild<SearchHeatmap *>(); }
        void setSpeed(double speed) const
        {
            auto *box = transport()->findChild<QComboBox *>(QStringLiteral("speed"));
            box->setCurrentIndex(box->findData(speed));
        }
        /// Layers whose loss is shown in a step of the heatmap.
        int cellsOf(qint64 step) const
        {
            int known = 0;
            for (const std::vector<QVariant> &row : heatmap()->table().rows)
                known += row[0].toLongLong() == step + 1 && row[2].typeId() == QMetaType::Double ? 1 : 0;
            return known;
        }
        /// Presses the mouse on the bar of a layer.
        void pressBar(qint64 layer) const
        {
            QWidget *canvas = canvasOf(*bars());
            for (int x = 0; x < canvas->width(); ++x) { // found as people do: by what lights up
                const QPoint place(x, canvas->height() / 2);
                QMouseEvent move(QEvent::MouseMove, place, canvas->mapToGlobal(QPointF(place)), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
                QApplication::sendEvent(canvas, &move);
                if (bench.selection.hoveredLayer() == layer)
                    return QTest::mouseClick(canvas, Qt::LeftButton, {}, place);
            }
            QFAIL("no bar of that layer");
        }
        JobButton *job() const { return view()->findChild<JobButton *>(); }
        void clickTransport(const QString &name) const
        {
            for (QToolButton *candidate : transport()->findChildren<QToolButton *>())
                if (candidate->accessibleName() == name)
                    QTest::mouseClick(candidate, Qt::LeftButton);
        }
    };

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void theCostOfTheSearchIsSaidFirst()
    {
        Shown shown;
        const JobCost cost = shown.bench.jobs.searchCost(shown.bench.session.draft());
        QCOMPARE(cost.evaluations, 1 + 30 + 29 + 28 + 27 + 26);
        QVERIFY(shown.job()->button()->isEnabled());
        QCOMPARE(shown.job()->button()->text(), QStringLiteral("Search"));
        QCOMPARE(shown.job()->note(), QStringLiteral("141 evaluations, time not known before the first search"));
        QVERIFY(shown.says(QStringLiteral("Not searched yet")));
    }

    void whatCannotBeSearchedSaysWhy()
    {
        Shown shown;
        for (int layer = 0; layer < 28; ++layer)
            shown.bench.editor.toggleProtected(layer);
        QTRY_VERIFY(!shown.job()->button()->isEnabled());
        QCOMPARE(shown.job()->note(), shown.bench.jobs.canSearch().reason);
        QVERIFY(!shown.job()->note().isEmpty());
    }

    void theHeatmapFillsWhileTheSearchRuns()
    {
        Shown shown;
        const std::string key = shown.bench.key();
        SessionModel &session = shown.bench.session;
        session.setSearch(key, {});
        session.addCandidate(key, {.step = -1, .layer = -1, .loss = 5.0});
        session.addCandidate(key, {.step = 0, .layer = 3, .loss = 5.2});
        QTRY_VERIFY(shown.bars()->isVisible());
        QCOMPARE(shown.job()->button()->text(), QStringLiteral("Resume"));
        QVERIFY(shown.bars()->table().rows.size() == 30U);
        const auto knownCells = [&] {
            int known = 0;
            const PlotTable table = shown.view()->findChild<SearchHeatmap *>()->table();
            for (const auto &row : table.rows)
                for (const QVariant &cell : row)
                    known += cell.typeId() == QMetaType::Double ? 1 : 0;
            return known;
        };
        QTRY_VERIFY(knownCells() >= 1);
        const int before = knownCells();
        session.addCandidate(key, {.step = 0, .layer = 4, .loss = 5.1});
        QTRY_VERIFY(knownCells() > before);
    }

    void aRunningSearchIsFollowedUnlessAStepIsChosen()
    {
        Shown shown;
        shown.bench.searchByRule(2);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 2);
        QCOMPARE(shown.chips()->currentIndex().row(), 1);
        shown.bench.searchByRule(3);
        QTRY_COMPARE(shown.chips()->currentIndex().row(), 2);

        QTest::mouseClick(shown.chips()->viewport(), Qt::LeftButton, {},
                          shown.chips()->visualRect(shown.chips()->model()->index(0, 0)).center());
        QCOMPARE(shown.bench.selection.step(), 0);
        shown.bench.searchByRule(4);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 4);
        QCOMPARE(shown.chips()->currentIndex().row(), 0);
        QVERIFY(!shown.chips()->isRowHidden(3)); // chosen, not replayed
    }

    void chipsFollowLightAndDark()
    {
        const auto restored = qScopeGuard([palette = QApplication::palette()] {
            qApp->setStyleSheet(QString());
            QApplication::setPalette(palette);
        });
        SessionBus nowhere{QString()};
        Theme theme(nowhere);
        theme.setMode(Theme::Mode::Dark);
        Shown shown;
        shown.bench.searchByRule(3);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 3);
        for (const auto mode : {Theme::Mode::Dark, Theme::Mode::Light}) {
            theme.setMode(mode);
            const QRect chip = shown.chips()->visualRect(shown.chips()->model()->index(0, 0));
            const QColor ground = shown.chips()->viewport()->grab().toImage().pixelColor(chip.topRight() + QPoint(-6, 10));
            QCOMPARE(ground, PlotStyle::of(Theme::palette(mode == Theme::Mode::Dark)).raised);
        }
    }

    void chipsAreWalkedByKeyboard()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        shown.chips()->setFocus();
        QTest::keyClick(shown.chips(), Qt::Key_Left);
        QCOMPARE(shown.bench.selection.step(), 3);
        QTest::keyClick(shown.chips(), Qt::Key_Home);
        QCOMPARE(shown.bench.selection.step(), 0);
    }

    void replayMovesOnlyTheStep()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        QSignalSpy jobs(&shown.bench.runner, &JobRunner::jobAdded), drafts(&shown.bench.session, &SessionModel::draftChanged),
            searches(&shown.bench.session, &SessionModel::searchChanged), steps(&shown.bench.selection, &SelectionModel::stepChanged);
        shown.setSpeed(4);
        shown.clickTransport(QStringLiteral("Play the search"));
        QTRY_COMPARE(shown.bench.selection.step(), 1);
        QTRY_VERIFY(shown.chips()->isRowHidden(2)); // what comes later is not given away
        QTRY_VERIFY(!shown.transport()->isPlaying());
        QTRY_COMPARE(shown.bench.selection.step(), -1);
        QTRY_VERIFY(!shown.chips()->isRowHidden(4));
        QCOMPARE(steps.count(), 6);
        QCOMPARE(jobs.count() + drafts.count() + searches.count(), 0);
        QVERIFY(shown.bench.history.count() == 0);
    }

    void candidatesFillOneByOneAndTheDecisionComesLast()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        shown.transport()->setDepth(ReplayDepth::Candidates);
        const qint64 first = shown.bench.session.removalOrder()[0];
        shown.clickTransport(QStringLiteral("First step"));
        QTRY_COMPARE(shown.cellsOf(0), 0);
        for (int i = 1; i <= 30; ++i) {
            shown.clickTransport(QStringLiteral("Step forward"));
            QTRY_COMPARE(shown.cellsOf(0), i);
            QVERIFY(shown.chips()->isRowHidden(0));
            QVERIFY(!layerFacts(shown.bench.session, shown.bench.selection, first).isRemoved()); // nor does the map tell
        }
        shown.clickTransport(QStringLiteral("Step forward"));
        QTRY_VERIFY(!shown.chips()->isRowHidden(0));
        QVERIFY(layerFacts(shown.bench.session, shown.bench.selection, first).isRemoved());
        QCOMPARE(shown.cellsOf(1), 0);
    }

    void whatWasOutByABoundIsReplayedAsThat()
    {
        Shown shown(1);
        SearchRecord record = PlanBench::record(30, 1);
        record.settings = shown.bench.session.draft().search;
        SearchStep &step = record.steps[0];
        const qint64 gone = step.removed;
        step.bounds.assign(30, std::numeric_limits<double>::quiet_NaN());
        step.screened = step.bounds;
        const std::size_t bounded = gone == 3 ? 4 : 3, screened = gone == 7 ? 8 : 7;
        step.bounds[bounded] = step.losses[bounded] - 0.001;
        step.screened[screened] = step.losses[screened];
        step.losses[bounded] = step.losses[screened] = std::numeric_limits<double>::quiet_NaN();
        shown.bench.session.setSearch(shown.bench.key(), record);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 1);
        shown.transport()->setDepth(ReplayDepth::Predict);
        shown.clickTransport(QStringLiteral("First step"));
        QTRY_VERIFY(shown.says(QStringLiteral("which one would you remove?")));
        const PlotTable table = shown.bars()->table();
        QVERIFY(table.rows[bounded].back().toString().startsWith(QStringLiteral("out, with a search perplexity of at least")));
        QCOMPARE(table.rows[screened].back().toString(), QStringLiteral("evaluated in 16 bits"));
        QCOMPARE(table.rows[std::size_t(gone)].back().toString(), QStringLiteral("evaluated")); // and not that it goes
    }

    void predictionsAreAskedRevealedAndCounted()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        QVERIFY(!shown.prediction()->isVisible());
        shown.transport()->setDepth(ReplayDepth::Predict);
        QTRY_VERIFY(shown.prediction()->isVisible());
        const std::vector<std::int64_t> order = shown.bench.session.removalOrder();
        shown.setSpeed(4);
        shown.clickTransport(QStringLiteral("Play the search"));
        QTRY_COMPARE(shown.prediction()->sentence(), QStringLiteral("Step 1: which one would you remove?"));
        QVERIFY(!shown.transport()->isPlaying());
        QVERIFY(shown.chips()->isRowHidden(0));

        shown.pressBar(order[0]); // by the mouse
        QTRY_VERIFY2(shown.prediction()->sentence().startsWith(QStringLiteral("Right: layer %1 went.").arg(order[0])),
                     qPrintable(shown.prediction()->sentence()));
        QCOMPARE(shown.prediction()->score(), QStringLiteral("1 of 1 right"));
        QVERIFY(!shown.chips()->isRowHidden(0) && shown.chips()->isRowHidden(1)); // no more than the answer

        QWidget *bars = canvasOf(*shown.bars()); // by keys: walk there, Return
        bars->setFocus();
        QTest::keyClick(bars, Qt::Key_Space); // plays on to the next question
        QTRY_COMPARE(shown.prediction()->sentence(), QStringLiteral("Step 2: which one would you remove?"));
        shown.bench.selection.setSelectedLayer(order[2] == 0 ? 1 : order[2] - 1);
        QTest::keyClick(bars, order[2] == 0 ? Qt::Key_Left : Qt::Key_Right);
        QCOMPARE(shown.bench.selection.selectedLayer(), order[2]);
        QVERIFY(shown.chips()->isRowHidden(1)); // walking is no answer
        QTest::keyClick(bars, Qt::Key_Return);
        QTRY_VERIFY2(
            shown.prediction()->sentence().startsWith(QStringLiteral("You said layer %1, and layer %2 went.").arg(order[2]).arg(order[1])),
            qPrintable(shown.prediction()->sentence()));
        QCOMPARE(shown.prediction()->score(), QStringLiteral("1 of 2 right"));

        QTest::keyClick(bars, Qt::Key_Backspace); // asks again, and does not count again
        QTRY_COMPARE(shown.prediction()->sentence(), QStringLiteral("Step 2: which one would you remove?"));
        auto *field = shown.prediction()->findChild<QSpinBox *>();
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, QString::number(order[1]));
        QTest::keyClick(field, Qt::Key_Return);
        QTRY_VERIFY(!shown.chips()->isRowHidden(1));
        QCOMPARE(shown.prediction()->score(), QStringLiteral("1 of 2 right"));

        QTest::keyClick(bars, Qt::Key_Home); // a new round
        QTRY_COMPARE(shown.prediction()->score(), QStringLiteral("no answers yet"));
        QTest::keyClick(bars, Qt::Key_End);
        QTRY_COMPARE(shown.bench.selection.step(), -1);
        QVERIFY(!shown.bench.selection.isUndecided());
    }

    void whatIsNoCandidateIsNoAnswer()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        shown.transport()->setDepth(ReplayDepth::Predict);
        shown.transport()->setPosition({.step = 0, .candidates = -1});
        shown.transport()->goForward(); // the question of the second step
        QTRY_COMPARE(shown.prediction()->sentence(), QStringLiteral("Step 2: which one would you remove?"));
        shown.pressBar(shown.bench.session.removalOrder()[0]);
        QTest::qWait(20);
        QVERIFY2(shown.prediction()->sentence().contains(QStringLiteral("no candidate")), qPrintable(shown.prediction()->sentence()));
        QCOMPARE(shown.prediction()->score(), QStringLiteral("no answers yet"));
        QVERIFY(shown.bench.selection.isUndecided());
    }

    void replayNeedsNoModelAndNoRightToChange()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        shown.bench.makeReadOnly();
        shown.bench.session.setModelThere(false);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        QSignalSpy jobs(&shown.bench.runner, &JobRunner::jobAdded);
        for (const ReplayDepth depth : {ReplayDepth::Steps, ReplayDepth::Candidates, ReplayDepth::Predict}) {
            shown.transport()->setDepth(depth);
            shown.clickTransport(QStringLiteral("First step"));
            QTRY_COMPARE(shown.bench.selection.step(), 0);
            shown.setSpeed(4);
            shown.clickTransport(QStringLiteral("Play the search"));
            QTRY_VERIFY(shown.bench.selection.step() == 1 || depth == ReplayDepth::Candidates);
            shown.transport()->pause();
            shown.clickTransport(QStringLiteral("All steps"));
            QTRY_COMPARE(shown.bench.selection.step(), -1);
        }
        QCOMPARE(jobs.count(), 0);
        QCOMPARE(shown.bench.history.count(), 0);
    }

    void theSearchOfARestoredPlanIsReplayed()
    {
        Shown shown;
        SessionModel &session = shown.bench.session;
        PruningPlan plan;
        plan.method = PlanMethod::Restored;
        plan.search = PlanBench::record(30, 3);
        plan.removedAttentions = plan.search.removalOrder();
        plan.keptNeurons.assign(30, {});
        for (std::vector<std::int64_t> &kept : plan.keptNeurons)
            for (std::int64_t i = 0; i < 700; ++i)
                kept.push_back(i);
        plan.balance.attentionsToRemove = 3;
        plan.balance.neuronsKept = 700;
        const ModelSpec &dense = session.spec(), after = prunedSpec(dense, plan.widths(), plan.removedAttentions);
        plan.balance.denseLayerParameters = layerParameters(dense);
        plan.balance.denseModelParameters = modelParameters(dense);
        plan.balance.layerParameters = layerParameters(after);
        plan.balance.modelParameters = modelParameters(after);
        plan.restoration = RestorationRecord();
        const ShelfEntry entry = shelfEntry(plan, "restored.safetensors");
        session.apply(PlanOpened{entry});
        shown.bench.editor.useDraft(draftOf(session.session(), entry), QStringLiteral("Open restored.safetensors"));
        QVERIFY(session.isSettled());
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 3);
        shown.transport()->setDepth(ReplayDepth::Predict);
        shown.clickTransport(QStringLiteral("First step"));
        QTRY_COMPARE(shown.prediction()->sentence(), QStringLiteral("Step 1: which one would you remove?"));
        shown.pressBar(plan.removedAttentions[0]);
        QTRY_COMPARE(shown.prediction()->score(), QStringLiteral("1 of 1 right"));
    }

    /// It would take a third of the frame that a step of a large search has.
    void stepsOfTheReplayLayNothingOutAnew()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        shown.clickTransport(QStringLiteral("First step"));
        QTRY_VERIFY(shown.chips()->isRowHidden(1));
        QTest::qWait(50); // the first step may change what is there
        const LayoutWatch watch;
        for (qint64 step = 1; step < 4; ++step) {
            const QString title = shown.bars()->title();
            shown.clickTransport(QStringLiteral("Step forward"));
            QCOMPARE(shown.bench.selection.step(), step);
            QTRY_VERIFY(shown.bars()->title() != title);
            QVERIFY(!shown.chips()->isRowHidden(int(step)) && shown.chips()->isRowHidden(int(step) + 1));
        }
        QTest::qWait(50);
        QVERIFY2(watch.seen.isEmpty(), qPrintable(watch.seen.join(u' ')));
    }

    void nothingToRemoveExplainsItself()
    {
        Shown shown(0);
        QVERIFY(shown.says(QStringLiteral("This plan keeps all attentions (N = 0).")));
        QVERIFY(!shown.job()->isVisible());
        QTest::mouseClick(button(*shown.panel, QStringLiteral("Set N = 1")), Qt::LeftButton);
        QCOMPARE(shown.bench.session.attentionsToRemove(), 1);
        QTRY_VERIFY(shown.job()->isVisible());
    }

    void whatIsOfferedForNothingIsGreyedInAReadOnlySession()
    {
        Shown shown(0);
        shown.bench.makeReadOnly();
        const QString text = QStringLiteral("Set N = 1");
        QTRY_VERIFY(button(*shown.panel, text) && !button(*shown.panel, text)->isEnabled());
        QCOMPARE(button(*shown.panel, text)->toolTip(), shown.bench.session.readOnlyReason());
        shown.bench.openDeep();
        shown.bench.calibrateDeep();
        shown.bench.editor.setAttentionsToRemove(0);
        QTRY_VERIFY(button(*shown.panel, text) && button(*shown.panel, text)->isEnabled());
        QVERIFY(button(*shown.panel, text)->toolTip().isEmpty());
    }

    void oneStepIsCalledOneStep()
    {
        Shown shown(1);
        shown.bench.searchByRule(1);
        QTRY_VERIFY(shown.says(QStringLiteral("one step")));
        QVERIFY(!shown.job()->isVisible()); // complete
    }

    void theSearchOfAnotherKIsStaleAndStays()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        const qint64 kept = shown.bench.session.neuronsKept();
        shown.bench.editor.setNeuronsKept(kept - 10);
        QTRY_VERIFY(shown.says(QStringLiteral("this search was made for K = %1").arg(QLocale().toString(kept))));
        QCOMPARE(shown.chips()->model()->rowCount(), 5);
        QVERIFY(shown.job()->isVisible() && shown.job()->button()->isEnabled());
        shown.bench.history.undo();
        QTRY_VERIFY(!shown.says(QStringLiteral("this search was made for")));
        QVERIFY(!shown.job()->isVisible());
    }

    void whatIsOutOfDateOffersBothWaysOut()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        const PlanDraft before = shown.bench.session.draft();
        const qint64 kept = shown.bench.session.neuronsKept();
        shown.bench.editor.setNeuronsKept(kept - 10);
        QTRY_VERIFY(button(*shown.panel, QStringLiteral("Search for K = %1").arg(QLocale().toString(kept - 10))));
        QPushButton *back = button(*shown.panel, QStringLiteral("Go back to K = %1").arg(QLocale().toString(kept)));
        QVERIFY(back);
        QTest::mouseClick(back, Qt::LeftButton);
        QVERIFY(shown.bench.session.draft() == before);
        QTRY_VERIFY(!back->isVisible());
        QCOMPARE(shown.bench.history.undoText(), QStringLiteral("Go back to K = %1").arg(QLocale().toString(kept)));
    }

    void protectingALayerThatStaysKeepsTheSearch()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        QTRY_COMPARE(shown.chips()->model()->rowCount(), 5);
        const std::vector<std::int64_t> order = shown.bench.session.removalOrder();
        shown.bench.editor.toggleProtected(PlanBench::layerOfRank(29, 30));
        QTRY_VERIFY(shown.says(QStringLiteral("Protected: layer")));
        QVERIFY(!shown.says(QStringLiteral("Out of date")));
        QCOMPARE(shown.chips()->model()->rowCount(), 5);
        QVERIFY(!shown.job()->isVisible());
        shown.bench.editor.toggleProtected(order[2]); // what follows has to be searched again
        QTRY_VERIFY(shown.job()->isVisible());
        QCOMPARE(shown.job()->button()->text(), QStringLiteral("Resume"));
        QCOMPARE(shown.bench.session.removalOrder().size(), 3U);
    }

    void nearTiesAreTold()
    {
        Shown shown;
        shown.bench.searchByRule(5); // see PlanBench: the first four are, by 0.65 to 0.95 %
        QTRY_VERIFY(shown.says(
            QStringLiteral("Steps 1 to 4 were near ties (< 1\u00a0%). A different calibration sample may choose other layers.")));
        shown.bench.editor.setAttentionsToRemove(0);
        QTRY_VERIFY(!shown.says(QStringLiteral("near ties")));
    }

    void aShortSearchSaysWhy()
    {
        Shown shown;
        shown.bench.editor.setSparsity(0.25); // 9 heads share 3 keys: the rule takes few
        const std::int64_t N = shown.bench.session.attentionsToRemove();
        QVERIFY2(N == 1 || N == 2, qPrintable(QString::number(N)));
        QTRY_VERIFY(shown.says(QStringLiteral("A short search: with grouped queries an attention is small")));
        shown.bench.editor.setAttentionsToRemove(5);
        QTRY_VERIFY(!shown.says(QStringLiteral("A short search")));
    }

    void nothingMovesWhenTheSearchIsDone()
    {
        Shown shown;
        auto *windows = shown.view()->findChild<QSpinBox *>();
        const QPoint before = windows->mapTo(shown.panel.get(), QPoint());
        shown.job()->button()->setFocus();
        shown.bench.searchByRule(5);
        QTRY_VERIFY(!shown.job()->isVisible());
        QCOMPARE(windows->mapTo(shown.panel.get(), QPoint()), before);
        QVERIFY(!windows->hasFocus()); // the next key changes nothing
    }

    void withoutAModelThePageOffersToOpenOne()
    {
        PlanBench bench;
        AttentionPanel panel(bench.workbench());
        panel.resize(900, 700);
        panel.show();
        QSignalSpy asked(&panel, &AttentionPanel::openRequested);
        QPushButton *open = button(panel, QStringLiteral("Open model…"));
        QVERIFY(open);
        QVERIFY(!button(panel, QStringLiteral("Copy search as command"))); // there is nothing to copy
        QTest::mouseClick(open, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        bench.openDeep();
        QVERIFY(!open->isVisible());
    }

    void anotherSearchGivesBackTheStepEvenWhenHidden()
    {
        Shown shown;
        shown.bench.searchByRule(5);
        shown.bench.selection.setStep(2);
        shown.panel->hide();
        shown.bench.editor.setNeuronsKept(500);
        QCOMPARE(shown.bench.selection.step(), 2); // the old search is still what is shown
        shown.bench.searchByRule(5);
        QCOMPARE(shown.bench.selection.step(), -1);
    }

    void constraintsAreListedAndCleared()
    {
        Shown shown;
        QVERIFY(!shown.says(QStringLiteral("Protected")));
        shown.bench.editor.toggleProtected(4);
        shown.bench.editor.toggleProtected(9);
        shown.bench.editor.toggleForced(2);
        QTRY_VERIFY(shown.says(QStringLiteral("Protected: layers 4, 9")));
        QVERIFY(shown.says(QStringLiteral("Removed first: layer 2")));
        const int steps = shown.bench.history.count();
        for (QToolButton *candidate : shown.panel->findChildren<QToolButton *>())
            if (candidate->accessibleName() == QStringLiteral("Clear the protected layers"))
                QTest::mouseClick(candidate, Qt::LeftButton);
        QVERIFY(shown.bench.session.draft().search.protectedLayers.empty());
        QCOMPARE(shown.bench.session.draft().search.forcedLayers.size(), 1U);
        QCOMPARE(shown.bench.history.count(), steps + 1);
    }

    void searchWindowsAreSetInOneStep()
    {
        Shown shown;
        auto *windows = shown.view()->findChild<QSpinBox *>();
        QCOMPARE(windows->maximum(), 32); // as many as were calibrated on
        windows->setFocus();
        windows->selectAll();
        QTest::keyClicks(windows, QStringLiteral("12"));
        QTest::keyClick(windows, Qt::Key_Return);
        QCOMPARE(shown.bench.session.draft().search.windows, 12);
        QCOMPARE(shown.bench.history.count(), 1);
    }

    void impactNeedsNoCalibration()
    {
        Shown shown(5, false);
        QCOMPARE(shown.panel->view(), AttentionPanel::View::Impact);
        QVERIFY(button(*shown.panel, QStringLiteral("Measure")));
        SearchRecord record = PlanBench::record(30, 1);
        shown.bench.session.setSearch({}, record);
        QTRY_VERIFY(shown.says(QStringLiteral("Least important: layer 0")));
        QVERIFY(!button(*shown.panel, QStringLiteral("Measure")));
        shown.bench.calibrateDeep();
        QCOMPARE(shown.panel->view(), AttentionPanel::View::Search);
    }
};

QTEST_MAIN(TestAttentionPanel)
#include "tst_AttentionPanel.moc"
