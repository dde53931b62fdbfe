// SPDX-License-Identifier: GPL-3.0-or-later
#include "PlanBench.h"
#include "panels/calibrate/ImportancePanel.h"
#include "panels/parts/EmptyState.h"
#include "plots/ScorePlots.h"
#include "widgets/SegmentedControl.h"

#include <QAbstractButton>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

class TestImportancePanel : public QObject {
    Q_OBJECT

    /// A calibrated session in a panel that is shown.
    struct Shown {
        PlanBench bench;
        std::unique_ptr<ImportancePanel> panel;

        explicit Shown(bool isCalibrated = true)
        {
            bench.openDeep(12, 400);
            if (isCalibrated)
                bench.calibrateDeep();
            bench.history.clear();
            panel = std::make_unique<ImportancePanel>(bench.workbench());
            panel->resize(900, 600);
            panel->show();
        }
        QWidget *canvas() const { return canvasOf(*panel->findChild<SortedScores *>()); }
    };

    /// Presses the mouse along a line until something is dragged, and leaves it pressed. Returns where, or nothing.
    static std::optional<QPoint> grab(QWidget *canvas, const QSignalSpy &dragStarted)
    {
        for (int x = 1; x < canvas->width(); x += 2) {
            const QPoint place(x, canvas->height() / 2);
            QTest::mousePress(canvas, Qt::LeftButton, {}, place);
            QTest::mouseMove(canvas, place + QPoint(5, 0));
            if (!dragStarted.isEmpty())
                return place;
            QTest::mouseRelease(canvas, Qt::LeftButton, {}, place + QPoint(5, 0));
        }
        return {};
    }

    static QString heading(const ImportancePanel &panel)
    {
        for (const QLabel *label : panel.findChildren<QLabel *>())
            if (label->accessibleName() == QStringLiteral("Neurons kept"))
                return label->text().remove(QStringLiteral("<b>")).remove(QStringLiteral("</b>"));
        return {};
    }

private slots:
    void init() { QTest::failOnWarning(anyWarning()); }

    void dragIsOneStepOfTheHistory()
    {
        Shown shown;
        const qint64 before = shown.bench.session.neuronsKept();
        auto *plot = shown.panel->findChild<SortedScores *>();
        QSignalSpy started(plot, &ScorePlot::keptDragStarted), drags(plot, &ScorePlot::keptDragged);
        const std::optional<QPoint> handle = grab(shown.canvas(), started);
        QVERIFY(handle);
        for (int x = 10; x <= 60; x += 10)
            QTest::mouseMove(shown.canvas(), *handle + QPoint(x, 0));
        QTest::mouseRelease(shown.canvas(), Qt::LeftButton, {}, *handle + QPoint(60, 0));
        QVERIFY(drags.count() > 2);
        QVERIFY(shown.bench.session.neuronsKept() > before);
        QVERIFY(shown.bench.session.draft().balance.neuronsKept);
        QCOMPARE(shown.bench.history.count(), 1);
        shown.bench.history.undo();
        QCOMPARE(shown.bench.session.neuronsKept(), before);
    }

    void plotsKeepTheirHeightInALowWindow()
    {
        const Shown shown;
        shown.panel->resize(800, 330);
        QTRY_COMPARE(shown.panel->height(), 330);
        for (const ScorePlot *plot : shown.panel->findChildren<ScorePlot *>())
            QTRY_VERIFY2(canvasOf(*plot)->height() >= 140, qPrintable(QString::number(canvasOf(*plot)->height())));
    }

    void escapeTakesADragBack()
    {
        Shown shown;
        const qint64 before = shown.bench.session.neuronsKept();
        QSignalSpy started(shown.panel->findChild<SortedScores *>(), &ScorePlot::keptDragStarted);
        const std::optional<QPoint> handle = grab(shown.canvas(), started);
        QVERIFY(handle);
        QTest::mouseMove(shown.canvas(), *handle + QPoint(40, 0));
        QVERIFY(shown.bench.session.neuronsKept() > before);
        QTest::keyClick(shown.canvas(), Qt::Key_Escape);
        QCOMPARE(shown.bench.session.neuronsKept(), before);
        QTest::mouseMove(shown.canvas(), *handle + QPoint(60, 0)); // the button is still down
        QTest::mouseRelease(shown.canvas(), Qt::LeftButton, {}, *handle + QPoint(60, 0));
        QCOMPARE(shown.bench.session.neuronsKept(), before);
    }

    void scoresOfEarlierSettingsAreOfferedOnTheEmptyPage()
    {
        Shown shown;
        PlanBench &bench = shown.bench;
        const TextSettings settings = bench.session.session().calibrationText;
        const auto other = [&]() -> QPushButton * {
            for (QPushButton *button : shown.panel->findChild<EmptyState *>()->findChildren<QPushButton *>())
                if (button->isVisible() && button->text().startsWith(QStringLiteral("Use the scores of")))
                    return button;
            return nullptr;
        };
        QVERIFY(!other());
        TextSettings changed = settings;
        changed.seed = 7;
        bench.selection.setComparedLayers({3, 1});
        bench.editor.setTexts(changed, {}, ScoreNorm::L2);
        QVERIFY((bench.selection.comparedLayers() == std::vector<std::int64_t>{3, 1})); // for when scores are in use again
        QVERIFY(other());
        QCOMPARE(other()->text(), QStringLiteral("Use the scores of c4.txt, 32 × 512 tokens"));
        QTest::mouseClick(other(), Qt::LeftButton);
        QVERIFY(!other());
        QVERIFY(bench.session.hasScores());
        QVERIFY(bench.session.session().calibrationText == settings);
        bench.history.undo();
        QVERIFY(other());
        QVERIFY(bench.session.session().calibrationText == changed);
        QVERIFY(other()->isEnabled());
        bench.makeReadOnly();
        QVERIFY(other() && !other()->isEnabled());
        QCOMPARE(other()->toolTip(), bench.session.readOnlyReason());
        QCOMPARE(other()->accessibleDescription(), bench.session.readOnlyReason());
    }

    void keysMoveKAndHomeGivesItBack()
    {
        Shown shown;
        const qint64 byRule = shown.bench.session.neuronsKept();
        QWidget *canvas = shown.canvas();
        canvas->setFocus();
        QTest::keyClick(canvas, Qt::Key_Right);
        QCOMPARE(shown.bench.session.neuronsKept(), byRule + 1);
        QTest::keyClick(canvas, Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(shown.bench.session.neuronsKept(), byRule + 1 - 16);
        QTest::keyClick(canvas, Qt::Key_Home);
        QCOMPARE(shown.bench.session.neuronsKept(), byRule);
        QVERIFY(!shown.bench.session.draft().balance.neuronsKept);
    }

    void theLineAboveSaysWhereKComesFrom()
    {
        Shown shown;
        const qint64 byRule = shown.bench.session.neuronsKept();
        QCOMPARE(heading(*shown.panel), QStringLiteral("K = %1 of 400 neurons kept in every layer, by the balance rule").arg(byRule));
        auto *back = button(*shown.panel, QStringLiteral("Back to the rule"));
        QVERIFY(!back);
        shown.bench.editor.setNeuronsKept(123);
        QCOMPARE(heading(*shown.panel),
                 QStringLiteral("K = 123 of 400 neurons kept in every layer, by hand; the rule says %1").arg(byRule));
        back = button(*shown.panel, QStringLiteral("Back to the rule"));
        QVERIFY(back);
        QTest::mouseClick(back, Qt::LeftButton);
        QCOMPARE(shown.bench.session.neuronsKept(), byRule);
    }

    void whatIsNotFeasibleIsSaidInPlace()
    {
        Shown shown;
        shown.bench.makeInfeasible();
        QVERIFY(!shown.bench.session.balance());
        QVERIFY(heading(*shown.panel).contains(shown.bench.session.balanceProblem().toHtmlEscaped()));
    }

    void pointingIsLinkedWithTheSelection()
    {
        Shown shown;
        auto *histograms = shown.panel->findChild<ScoreHistograms *>();
        emit histograms->layerClicked(7);
        QCOMPARE(shown.bench.selection.selectedLayer(), 7);
        emit histograms->layerHovered(3);
        QCOMPARE(shown.bench.selection.hoveredLayer(), 3);
    }

    void theScaleChangesWhatIsDrawnAndNoPlan()
    {
        Shown shown;
        const PlanDraft draft = shown.bench.session.draft();
        const qint64 kept = shown.bench.session.neuronsKept();
        auto *sorted = shown.panel->findChild<SortedScores *>();
        const QString before = sorted->csv();
        QVERIFY(before.contains(QStringLiteral("[activation norm]")));
        auto *scales = shown.panel->findChild<SegmentedControl *>();
        QAbstractButton *byMean = nullptr;
        for (QAbstractButton *choice : scales->findChildren<QAbstractButton *>())
            if (choice->text() == u"÷ mean")
                byMean = choice;
        QVERIFY(byMean);
        QTest::mouseClick(byMean, Qt::LeftButton);
        QVERIFY(sorted->csv().contains(QStringLiteral("[layer mean]")));
        QVERIFY(shown.bench.session.draft() == draft);
        QCOMPARE(shown.bench.session.neuronsKept(), kept);
        QCOMPARE(shown.bench.history.count(), 0);
        shown.bench.editor.setNeuronsKept(150); // K goes on being a rank
        QVERIFY(heading(*shown.panel).startsWith(QStringLiteral("K = 150 ")));
        QVERIFY(shown.panel->findChild<ScoreHistograms *>()->csv().contains(QStringLiteral("[layer mean]")));
    }

    void layersAreComparedFromAnyPlotAndTheOldestGivesWay()
    {
        Shown shown;
        auto *histograms = shown.panel->findChild<ScoreHistograms *>();
        auto *sorted = shown.panel->findChild<SortedScores *>();
        shown.bench.selection.setSelectedLayer(2);
        for (const qint64 layer : {3, 4, 5, 6, 7, 5}) // the second 5 takes it away
            emit histograms->layerCompareRequested(layer);
        const QString header = sorted->csv().section(u'\n', 0, 0);
        for (const int layer : {2, 4, 6, 7})
            QVERIFY2(header.contains(QStringLiteral("score in layer %1 ").arg(layer)), qPrintable(header));
        for (const int layer : {3, 5})
            QVERIFY2(!header.contains(QStringLiteral("score in layer %1 ").arg(layer)), qPrintable(header));
        canvasOf(*sorted)->setFocus();
        QTest::keyClick(canvasOf(*sorted), Qt::Key_Down);
        QTest::keyClick(canvasOf(*sorted), Qt::Key_Space); // layer 3
        shown.bench.selection.setSelectedLayer(0);
        QVERIFY(sorted->csv().section(u'\n', 0, 0).contains(QStringLiteral("score in layer 3 ")));
        QCOMPARE(shown.bench.history.count(), 0);
    }

    void figuresNameThePlanThatIsShown()
    {
        Shown shown;
        SessionModel &session = shown.bench.session;
        auto *plot = shown.panel->findChild<SortedScores *>();
        QCOMPARE(plot->source().model, session.modelName());
        QVERIFY(plot->source().plan.contains(QStringLiteral("K = %1").arg(session.neuronsKept())));
        QVERIFY(plot->source().plan.contains(QStringLiteral("not searched yet")));
        QVERIFY(plot->source().note.contains(QStringLiteral("c4.txt")));
        shown.bench.searchByRule(session.attentionsToRemove());
        session.setPlanHash(session.draft(), session.removalOrder(), QStringLiteral("beef"));
        QCOMPARE(plot->source().planHash, QStringLiteral("beef"));
        QVERIFY(!plot->source().plan.contains(QStringLiteral("searched")));
        shown.bench.editor.setNeuronsKept(session.neuronsKept() - 10);
        QVERIFY(plot->source().plan.contains(QStringLiteral("K = %1").arg(session.neuronsKept())));
        QCOMPARE(plot->source().planHash, QString()); // another plan
    }

    void withoutACalibrationItSaysWhatToDo()
    {
        Shown shown(false);
        QSignalSpy asked(shown.panel.get(), &ImportancePanel::calibrateRequested);
        QPushButton *calibrate = button(*shown.panel, QStringLiteral("Calibrate…"));
        QVERIFY(calibrate);
        QTest::mouseClick(calibrate, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        shown.bench.calibrateDeep();
        QVERIFY(!button(*shown.panel, QStringLiteral("Calibrate…")));
        QVERIFY(shown.canvas()->isVisible());
    }

    void aHiddenPanelCatchesUp()
    {
        Shown shown;
        shown.panel->hide();
        shown.bench.editor.setNeuronsKept(77);
        QVERIFY(!heading(*shown.panel).contains(QStringLiteral("77")));
        shown.panel->show();
        QVERIFY(heading(*shown.panel).startsWith(QStringLiteral("K = 77 ")));
    }
};

QTEST_MAIN(TestImportancePanel)
#include "tst_ImportancePanel.moc"
