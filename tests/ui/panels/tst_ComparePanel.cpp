// SPDX-License-Identifier: GPL-3.0-or-later
#include "../models/SampleSession.h"
#include "PlanBench.h"
#include "panels/compare/CompareModel.h"
#include "panels/compare/ComparePanel.h"
#include "panels/compare/CompareTable.h"
#include "panels/compare/ComparisonCard.h"
#include "panels/compare/PairMap.h"
#include "plots/QualityChart.h"
#include "session/SessionStore.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// A perplexity of the current plan under its own hash.
void measure(FlowBench &bench, double perplexity)
{
    Measurement record = bench.measured(perplexity);
    record.draft = bench.session.draft();
    record.planHash = planOf(bench.session.session(), bench.session.draft()).hash();
    bench.session.addMeasurement(record);
}

/// The original (50) and two pinned plans without a search: "Small" of 50 % (200) and "Large" of 25 % (9.5), which is the current one.
void makePlans(FlowBench &bench)
{
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    TextSettings text = bench.session.session().calibrationText;
    text.files = {bench.write("held-out.txt").toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), bench.session.session().calibrationText, text, ScoreNorm::L2);
    bench.session.addMeasurement(bench.dense(50));
    bench.editor.setSparsity(0.5);
    bench.editor.setAttentionsToRemove(0);
    bench.editor.pin("Small");
    measure(bench, 200);
    bench.editor.setSparsity(0.25);
    bench.editor.setAttentionsToRemove(0);
    bench.editor.pin("Large");
    measure(bench, 9.5);
}

/// The sample with the same two plans, of made-up scores, as it can be saved.
Session sampleWithPlans()
{
    Session session;
    session.model = sampleSummary();
    session.calibrations = {madeUpScores(session.model->spec, 1)};
    session.draft.calibration = 0;
    session.draft.balance.sparsity = 0.25;
    session.draft.balance.attentionsToRemove = 0;
    PlanDraft small = session.draft;
    small.balance.sparsity = 0.5;
    session.pinned = {{"Small", small}, {"Large", session.draft}};
    return session;
}

void restore(FlowBench &bench, const Session &session)
{
    std::vector<std::shared_ptr<const RankedScores>> ranked;
    for (const auto &scores : session.calibrations)
        ranked.push_back(std::make_shared<const RankedScores>(*scores));
    bench.session.restore(session, ranked);
}

} // namespace

class tst_ComparePanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void init()
    {
        QTest::failOnWarning(anyWarning());
        m_bench = std::make_unique<FlowBench>();
    }
    void cleanup() // the panel refers to the bench
    {
        m_panel.reset();
        m_bench.reset();
    }

    void withoutAModelItSaysWhatToDo();
    void everyPlanIsARow();
    void whatGoesIsSaidInLayersWhereLayersGo();
    void textsOfOneNameAreToldApart();
    void tableKeepsTheRulesOfModels();
    void numbersAreSortedAsNumbersAndUnknownOnesComeLast();
    void wordsFindPlansByNameAndMethod();
    void hiddenColumnsAreRemembered();
    void notesAreKeptWithTheSession();
    void aRowIsMadeCurrentAndBack();
    void whatCannotBeMadeCurrentSaysWhy();
    void twoRowsAreShownSideBySide();
    void pointsAndRowsAreLinked();
    void otherSessionsAreAdded();
    void fileThatIsNoSessionIsRefusedInPlace();
    void tableIsCopiedAndSaved();
    void theTableAsksForWhatIsChosen();
    void aMissingTextIsSaid();

private:
    /// Shows the panel of a bench and waits for its table.
    void show(FlowBench &bench, int rows)
    {
        m_panel = std::make_unique<ComparePanel>(bench.workbench());
        showAndWait(*m_panel, {1100, 900});
        QTRY_COMPARE(model().rowCount(), rows);
    }
    CompareTable &table() const { return m_panel->table(); }
    QAbstractItemModel &model() const { return *table().model(); }
    int column(const QString &heading) const
    {
        for (int i = 0; i < model().columnCount(); ++i)
            if (model().headerData(i, Qt::Horizontal).toString() == heading)
                return i;
        return -1;
    }
    QStringList cells(const QString &heading) const
    {
        QStringList texts;
        for (int row = 0; row < model().rowCount(); ++row)
            texts << model().index(row, column(heading)).data().toString();
        return texts;
    }

    std::unique_ptr<FlowBench> m_bench;
    std::unique_ptr<ComparePanel> m_panel;
};

void tst_ComparePanel::withoutAModelItSaysWhatToDo()
{
    FlowBench &bench = *m_bench;
    ComparePanel panel(bench.workbench());
    showAndWait(panel, {900, 700});
    QVERIFY(words(panel).contains("No model is open"));
    QSignalSpy asked(&panel, &ComparePanel::openRequested);
    button(panel, "Open model…")->click();
    QCOMPARE(asked.size(), 1);
    bench.open();
    QTRY_COMPARE(panel.table().model()->rowCount(), 1); // the original
    QVERIFY(words(panel).contains("No plans yet."));
}

void tst_ComparePanel::everyPlanIsARow()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    QCOMPARE(cells("Plan"), (QStringList{"original", "Large (current)", "Small"}));
    QCOMPARE(cells("Method"), (QStringList{"–", "2SSP", "2SSP"}));
    QCOMPARE(cells("Perplexity, held-out.txt"), (QStringList{"50.0", "9.50", "200.0"}));
    QVERIFY(cells("Removed, or N and K")[1].startsWith("N = 0, K = "));
    QCOMPARE(column("Perplexity, held-out.txt"), 4); // in sight before what explains it
    QVERIFY(column("Removed, or N and K") > 4);
    QCOMPARE(column("Decode, tokens/s"), -1); // was not measured
    QCOMPARE(column("File"), -1);             // there is one session
    bench.editor.setSparsity(0.3);            // another plan that nobody pinned
    bench.editor.setAttentionsToRemove(0);
    QTRY_COMPARE(model().rowCount(), 4);
    QVERIFY2(cells("Plan").contains(QString("2SSP, 30\u00A0% (current)")), qPrintable(cells("Plan").join(", ")));
}

void tst_ComparePanel::whatGoesIsSaidInLayersWhereLayersGo()
{
    ComparisonRow row;
    row.method = PlanMethod::ShortGpt;
    row.layerParameters = 1;
    row.attentionsRemoved = row.ffnsRemoved = 5;
    QCOMPARE(removedText(row), QString("5 layers"));
    row.method = PlanMethod::BlockPruner;
    QCOMPARE(removedText(row), QString("5 attentions, 5 FFNs"));
}

void tst_ComparePanel::textsOfOneNameAreToldApart()
{
    ComparedSession one, other;
    one.table.texts = {{.name = "oz.txt", .tokenHash = "first", .length = 128, .windows = 8}};
    other.table.texts = {{.name = "oz.txt", .tokenHash = "second", .length = 512, .windows = 136},
                         {.name = "grimm.txt", .tokenHash = "third", .length = 128, .windows = 8}};
    const CompareRows all = together({one, other});
    QCOMPARE(all.texts[0].name, std::string("oz.txt, 8 × 128"));
    QCOMPARE(all.texts[1].name, std::string("oz.txt, 136 × 512"));
    QCOMPARE(all.texts[2].name, std::string("grimm.txt"));
    other.table.texts[0].length = 128;
    other.table.texts[0].windows = 8;
    const CompareRows alike = together({one, other});
    QCOMPARE(alike.texts[0].name, std::string("oz.txt, 8 × 128, first"));
    QCOMPARE(alike.texts[1].name, std::string("oz.txt, 8 × 128, second"));
}

void tst_ComparePanel::tableKeepsTheRulesOfModels()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    CompareModel plain(bench.session);
    const QAbstractItemModelTester tester(&plain, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto session = std::make_shared<const Session>(bench.session.session());
    plain.setRows(together({comparedSession({}, session)}));
    QCOMPARE(plain.rowCount(), 3);
    plain.setRows(together({comparedSession({}, session), comparedSession("/other.secateur", session)}));
    QCOMPARE(plain.rowCount(), 6);
    QCOMPARE(plain.rows().texts.size(), 1U); // the same text is one column
    plain.setRows({});
    QCOMPARE(plain.columnCount(), 0);
}

void tst_ComparePanel::numbersAreSortedAsNumbersAndUnknownOnesComeLast()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    bench.editor.setSparsity(0.3);
    bench.editor.setAttentionsToRemove(0); // not measured
    show(bench, 4);
    const int perplexity = column("Perplexity, held-out.txt");
    table().sortByColumn(perplexity, Qt::AscendingOrder);
    QCOMPARE(cells("Perplexity, held-out.txt"), (QStringList{"9.50", "50.0", "200.0", "–"}));
    table().sortByColumn(perplexity, Qt::DescendingOrder);
    QCOMPARE(cells("Perplexity, held-out.txt"), (QStringList{"200.0", "50.0", "9.50", "–"}));
}

void tst_ComparePanel::wordsFindPlansByNameAndMethod()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    QLineEdit *filter = nullptr;
    for (QLineEdit *candidate : m_panel->findChildren<QLineEdit *>())
        if (candidate->accessibleName() == "Find plans by name or method")
            filter = candidate;
    QVERIFY(filter);
    filter->setText("small 2ssp");
    QCOMPARE(cells("Plan"), QStringList{"Small"});
    filter->setText("no such");
    QCOMPARE(model().rowCount(), 0);
    QVERIFY(words(*m_panel).contains("No plan has these words"));
    filter->clear();
    QCOMPARE(model().rowCount(), 3);
}

void tst_ComparePanel::hiddenColumnsAreRemembered()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    QMenu menu;
    table().fillColumnMenu(menu);
    QCOMPARE(menu.actions().size(), model().columnCount() - 1); // all but the name
    for (QAction *action : menu.actions())
        if (action->text() == "Method")
            action->trigger();
    QVERIFY(table().isColumnHidden(column("Method")));
    const QString hidden = table().hiddenColumns();
    show(bench, 3); // another window
    QVERIFY(!table().isColumnHidden(column("Method")));
    table().setHiddenColumns(hidden);
    QVERIFY(table().isColumnHidden(column("Method")));
    QVERIFY(!table().isColumnHidden(column("Sparsity")));
    bench.editor.setSparsity(0.3); // the table is made again
    bench.editor.setAttentionsToRemove(0);
    QTRY_COMPARE(model().rowCount(), 4);
    QVERIFY(table().isColumnHidden(column("Method")));
    table().setHiddenColumns("-");
    QVERIFY(!table().isColumnHidden(column("Method")));
}

void tst_ComparePanel::notesAreKeptWithTheSession()
{
    FlowBench &bench = *m_bench;
    restore(bench, sampleWithPlans());
    show(bench, 3);
    QVERIFY(model().setData(model().index(2, column("Note")), "  for the phone  "));
    QCOMPARE(cells("Note"), (QStringList{"", "", "for the phone"}));
    const std::string file = bench.path("notes.secateur").toStdString();
    saveSession(bench.session.session(), file);
    restore(bench, sampleWithPlans()); // one without notes
    QTRY_COMPARE(model().rowCount(), 3);
    QCOMPARE(cells("Note"), (QStringList{"", "", ""}));
    restore(bench, loadSession(file));
    QTRY_COMPARE(model().rowCount(), 3);
    QCOMPARE(cells("Note"), (QStringList{"", "", "for the phone"}));
    bench.makeReadOnly();
    QTRY_COMPARE(model().rowCount(), 3);
    QVERIFY(!model().flags(model().index(2, column("Note"))).testFlag(Qt::ItemIsEditable));
}

void tst_ComparePanel::aRowIsMadeCurrentAndBack()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    const PlanDraft before = bench.session.draft();
    table().select({2});
    button(*m_panel, "Make current")->click();
    QCOMPARE(bench.session.draft().balance.sparsity, 0.5);
    QTRY_VERIFY(cells("Plan").contains("Small (current)")); // rows stay in their order
    bench.history.undo();
    QCOMPARE(bench.session.draft(), before);
    QTRY_VERIFY(cells("Plan").contains("Large (current)"));
}

void tst_ComparePanel::whatCannotBeMadeCurrentSaysWhy()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    const QPushButton *use = button(*m_panel, "Make current");
    QCOMPARE(use->toolTip(), QString("Choose one row."));
    table().select({0});
    QCOMPARE(use->toolTip(), QString("This is the original."));
    table().select({1});
    QCOMPARE(use->toolTip(), QString("This is the current plan."));
    QVERIFY(words(*m_panel).contains("This is the current plan."));
    table().select({2});
    QVERIFY(use->isEnabled());
}

void tst_ComparePanel::twoRowsAreShownSideBySide()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    auto *map = m_panel->findChild<PairMap *>();
    table().select({1});
    QVERIFY(!map->isVisible());
    table().select({1, 2});
    QTRY_VERIFY(map->isVisible());
    QCOMPARE(map->model()->rowCount(), 4); // layers
    // Both keep the best of the same scores, so the smaller plan's neurons are among the larger one's.
    const Session &session = bench.session.session();
    const std::int64_t small = planOf(session, session.pinned[0].draft).balance.neuronsKept, large = bench.session.neuronsKept();
    QVERIFY(small < large);
    const QString jaccard = QLocale().toString(double(small) / double(large), 'f', 3);
    QCOMPARE(map->model()->index(0, PairMapModel::Difference).data().toString(), jaccard);
    QVERIFY(words(*m_panel).contains("The same attentions go"));
    for (const QTableView *facts : m_panel->findChildren<QTableView *>()) // both numbers and their difference are in sight
        if (facts->accessibleName() == "Numbers and settings of both plans")
            QTRY_VERIFY(facts->isVisible() && facts->horizontalScrollBar()->maximum() == 0);
    map->setCurrentIndex(map->model()->index(2, 0));
    QCOMPARE(bench.selection.selectedLayer(), 2);
    bench.selection.setSelectedLayer(3);
    QCOMPARE(map->currentIndex().row(), 3);
}

void tst_ComparePanel::pointsAndRowsAreLinked()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    auto *chart = m_panel->findChild<QualityChart *>();
    QCOMPARE(chart->table().rows.size(), std::size_t(3));
    emit chart->pointClicked(2, false);
    QCOMPARE(table().selectedRows(), std::vector<std::size_t>{2});
    emit chart->pointClicked(1, true);
    QCOMPARE(table().selectedRows(), (std::vector<std::size_t>{1, 2}));
    emit chart->pointClicked(1, true); // once more takes it away
    QCOMPARE(table().selectedRows(), std::vector<std::size_t>{2});
}

void tst_ComparePanel::otherSessionsAreAdded()
{
    FlowBench &bench = *m_bench;
    const QString file = bench.path("other.secateur");
    saveSession(sampleWithPlans(), file.toStdString());
    Session empty;
    empty.model = sampleSummary();
    restore(bench, empty);
    show(bench, 1);
    m_panel->addFile(file);
    QTRY_COMPARE(model().rowCount(), 4);
    QCOMPARE(cells("File"), (QStringList{"this session", "other.secateur", "other.secateur", "other.secateur"}));
    table().select({2});
    QCOMPARE(button(*m_panel, "Make current")->toolTip(), QString("This plan is of another session: open that to use it."));
    table().select({1, 2}); // both are made from the other session
    QTRY_VERIFY(m_panel->findChild<PairMap *>()->isVisible());
    button(*m_panel, "Remove added")->click();
    QCOMPARE(model().rowCount(), 1);
    QCOMPARE(column("File"), -1);
}

void tst_ComparePanel::fileThatIsNoSessionIsRefusedInPlace()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    m_panel->addFile(bench.write("no.secateur", "nothing"));
    QTRY_VERIFY(words(*m_panel).contains("no.secateur"));
    QCOMPARE(model().rowCount(), 3);
}

void tst_ComparePanel::tableIsCopiedAndSaved()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    button(*m_panel, "Copy table")->click();
    const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 4);
    QVERIFY(lines[0].startsWith("plan\tfile\tmethod\tsparsity\t"));
    QCOMPARE(lines[1].split(u'\t')[2], QString("original"));
    const qsizetype perplexity = lines[0].split(u'\t').indexOf("perplexity_held-out.txt");
    QCOMPARE(lines[2].split(u'\t')[perplexity], QString("9.5"));
    const QString file = bench.path("plans.csv");
    m_panel->saveCsv(file);
    QFile saved(file);
    QVERIFY(saved.open(QIODevice::ReadOnly));
    QVERIFY(saved.readAll().startsWith("plan,file,method,sparsity,"));
    QVERIFY(words(*m_panel).contains("Saved as"));
    m_panel->saveCsv("/no/such/folder/plans.csv");
    QVERIFY2(words(*m_panel).contains("/no/such/folder"), qPrintable(words(*m_panel)));
}

void tst_ComparePanel::theTableAsksForWhatIsChosen()
{
    FlowBench &bench = *m_bench;
    makePlans(bench);
    show(bench, 3);
    auto *card = m_panel->findChild<ComparisonCard *>();
    QVERIFY(!card->isVisible());
    button(*m_panel, "Measure the table…")->click();
    QVERIFY(card->isVisible());
    QCOMPARE(card->settings().sparsities, (std::vector<double>{0.25, 0.375, 0.5}));
    QVERIFY(!card->settings().text.windows); // as many as the authors take
    QCOMPARE(card->settings().evaluations.size(), 1U);
    QVERIFY(!card->settings().throughput);
    QVERIFY(card->settings().restorations.empty());
    for (QCheckBox *box : card->findChildren<QCheckBox *>())
        if (box->text() == "2SSP, &restored")
            box->click();
    QCOMPARE(card->settings().restorations.size(), 1U);
    QVERIFY(card->settings().restorations.front().isGated);
    for (QCheckBox *box : card->findChildren<QCheckBox *>())
        if (box->text() == "2SSP" || box->text().startsWith("37.5"))
            box->setChecked(false);
    for (QLineEdit *edit : card->findChildren<QLineEdit *>())
        if (edit->accessibleName() == "Other sizes in percent")
            edit->setText("60; 12.5 %");
    QVERIFY(card->settings().restorations.empty()); // there is nothing to restore
    QCOMPARE(card->settings().sparsities, (std::vector<double>{0.125, 0.25, 0.5, 0.6}));
    QCOMPARE(card->settings().methods, (std::vector<PlanMethod>{PlanMethod::ShortGpt, PlanMethod::Window, PlanMethod::BlockPruner}));
    for (QLineEdit *edit : card->findChildren<QLineEdit *>())
        if (edit->accessibleName() == "Other sizes in percent")
            edit->setText("half");
    QVERIFY(!button(*card, "Start")->isEnabled());
    QVERIFY(button(*card, "Start")->toolTip().startsWith("The other sizes are no list of numbers"));
    QTest::keyClick(card, Qt::Key_Escape);
    QVERIFY(!card->isVisible());
}

void tst_ComparePanel::aMissingTextIsSaid()
{
    FlowBench &bench = *m_bench;
    bench.open(); // no text was chosen
    show(bench, 1);
    button(*m_panel, "Measure the table…")->click();
    auto *card = m_panel->findChild<ComparisonCard *>();
    QVERIFY(!button(*card, "Start")->isEnabled());
    QVERIFY(!button(*card, "Start")->toolTip().isEmpty());
    QVERIFY(words(*card).contains("no text yet"));
}

QTEST_MAIN(tst_ComparePanel)
#include "tst_ComparePanel.moc"
