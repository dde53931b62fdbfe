// SPDX-License-Identifier: GPL-3.0-or-later
// The playground with results that were made up; tst_PlaygroundJobs computes them.
#include <QtTest>

#include "FlowBench.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/PlaygroundPanel.h"
#include "panels/playground/ScoringView.h"
#include "panels/playground/TokenTable.h"
#include "panels/playground/WritingColumn.h"
#include "panels/playground/WritingView.h"
#include "theme/Theme.h"
#include "widgets/InlineNote.h"
#include "widgets/RecordTable.h"
#include "widgets/TokenView.h"

#include <QCheckBox>
#include <QPlainTextEdit>
#include <QRegularExpression>

#include <cmath>
#include <limits>
#include <thread>

using namespace secateur;
using namespace secateur::ui;

namespace {

struct Shown {
    FlowBench bench;
    PlaygroundPanel panel{bench.workbench()};

    Shown()
    {
        bench.open();
        bench.calibrate(bench.write("a.txt"));
        bench.editor.setAttentionsToRemove(0);
        showAndWait(panel, {900, 800});
    }

    PlaygroundRun run() const
    {
        const std::string hash = planOf(bench.session.session(), bench.session.draft()).hash();
        return {.models = {std::nullopt, bench.session.draft()}, .hashes = {"", hash}};
    }
    void write(std::size_t model, std::int32_t id, const std::string &piece) { emit bench.jobs.tokenWritten({model, id, piece}); }

    /// Losses of the original are 1 nat, those of the plan as given.
    void score(const std::vector<std::pair<std::string, double>> &tokens, const std::string &rest = {})
    {
        ScoredRun scored{.run = run(), .text = {}, .used = 0, .scored = {}};
        scored.scored.models.resize(2);
        for (const auto &[piece, loss] : tokens) {
            const bool isFirst = scored.scored.ids.empty();
            const double none = std::numeric_limits<double>::quiet_NaN();
            scored.scored.ids.push_back(std::int32_t(scored.scored.ids.size()));
            scored.scored.pieces.push_back(piece);
            scored.text += piece;
            scored.scored.models[0].push_back({.loss = isFirst ? none : 1, .likeliest = {{.id = 1, .text = " tree", .probability = 0.5}}});
            scored.scored.models[1].push_back(
                {.loss = isFirst ? none : loss, .likeliest = {{.id = 2, .text = " bush", .probability = 0.25}}});
        }
        scored.used = scored.text.size();
        scored.text += rest;
        panel.setMode(int(PlaygroundPanel::Mode::Score));
        emit bench.jobs.textScored(scored);
    }
};

} // namespace

class tst_PlaygroundPanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void withoutAModelItSaysWhatToDo();
    void aPlanCanBeAskedOnceThereIsOne();
    void textsComeSideBySideAndTheFirstDifferenceIsMarked();
    void aTextThatEndsEarlierDiffersThere();
    void resultsOfAnotherPlanAreNotThisPlans();
    void escapeStopsWhatIsWritten();
    void colouredDifferencesAddUp();
    void textBeyondTheContextIsGreyAndSaid();
    void tableAndTextShowTheSameToken();
    void lossesAreSavedWithTheirPlan();
    void everyControlHasANameAndLongNamesFit();
};

void tst_PlaygroundPanel::withoutAModelItSaysWhatToDo()
{
    FlowBench bench;
    PlaygroundPanel panel(bench.workbench());
    showAndWait(panel, {900, 700});
    QSignalSpy asked(&panel, &PlaygroundPanel::openRequested);
    QVERIFY(!panel.writing().isVisible());
    for (QPushButton *candidate : panel.findChildren<QPushButton *>())
        if (candidate->isVisible()) {
            candidate->click();
            break;
        }
    QCOMPARE(asked.size(), 1);
    bench.open();
    QVERIFY(panel.writing().isVisible());
    QVERIFY(button(panel, "Write")->isEnabled());
}

void tst_PlaygroundPanel::aPlanCanBeAskedOnceThereIsOne()
{
    FlowBench bench;
    bench.open();
    PlaygroundPanel panel(bench.workbench());
    showAndWait(panel, {900, 700});
    const auto *models = panel.findChild<AskedModels *>();
    QCOMPARE(models->models(), PlaygroundModels{std::nullopt});
    bench.calibrate(bench.write("a.txt"));
    QCOMPARE(models->models(), (PlaygroundModels{std::nullopt, bench.session.draft()}));
    for (auto *box : models->findChildren<QCheckBox *>())
        if (box->text() == "Original") {
            QVERIFY(box->isEnabled());
            box->click();
            QCOMPARE(models->models(), PlaygroundModels{bench.session.draft()});
            panel.setMode(int(PlaygroundPanel::Mode::Score)); // differences need it
            QCOMPARE(models->models().size(), 2U);
            QVERIFY(!box->isEnabled() && !box->toolTip().isEmpty());
        }
    panel.setMode(int(PlaygroundPanel::Mode::Write));
    panel.writing().setPrompt({});
    QVERIFY(!button(panel, "Write")->isEnabled());
    QCOMPARE(button(panel, "Write")->toolTip(), QString("Write or choose a prompt first."));
}

void tst_PlaygroundPanel::textsComeSideBySideAndTheFirstDifferenceIsMarked()
{
    Shown s;
    emit s.bench.jobs.writingBegan(s.run());
    const auto &columns = s.panel.writing().columns();
    QCOMPARE(columns.size(), 2U);
    QCOMPARE(columns[0]->name(), QString("Original"));
    QCOMPARE(columns[1]->name(), QString("This plan"));
    s.write(0, 5, " one");
    s.write(1, 5, " one");
    QCOMPARE(columns[1]->view().mark(), -1);
    s.write(0, 6, " two");
    QCOMPARE(columns[1]->view().mark(), -1); // the other's is not there yet
    s.write(1, 7, " three");
    QCOMPARE(columns[0]->view().mark(), 1);
    QCOMPARE(columns[1]->view().mark(), 1);
    s.write(0, 8, " four");
    s.write(1, 9, " five");
    QCOMPARE(columns[1]->view().mark(), 1); // the first stays
    QTRY_VERIFY2(words(s.panel).contains(QStringLiteral("≠ Original from token 2 on")), qPrintable(words(s.panel)));
    QCOMPARE(columns[0]->text(), QString(" one two four"));
    emit s.bench.jobs.textsWritten({{.promptIds = {}, .ids = {5, 6, 8}, .text = " one two four", .tokensPerSecond = 20},
                                    {.promptIds = {}, .ids = {5, 7, 9}, .text = " one three five", .tokensPerSecond = 30}});
    QTRY_VERIFY2(words(s.panel).contains("30 per second"), qPrintable(words(s.panel)));
}

void tst_PlaygroundPanel::aTextThatEndsEarlierDiffersThere()
{
    Shown s;
    emit s.bench.jobs.writingBegan(s.run());
    s.write(0, 5, " one");
    s.write(1, 5, " one");
    s.write(1, 6, " two");
    emit s.bench.jobs.textsWritten({{.promptIds = {}, .ids = {5}, .text = " one"}, {.promptIds = {}, .ids = {5, 6}, .text = " one two"}});
    const auto &columns = s.panel.writing().columns();
    QCOMPARE(columns[1]->view().mark(), 1);
    QCOMPARE(columns[0]->view().mark(), -1); // it has no such token
    emit s.bench.jobs.writingBegan(s.run());
    s.write(0, 5, " one");
    s.write(1, 5, " one");
    emit s.bench.jobs.textsWritten({{.promptIds = {}, .ids = {5}, .text = " one"}, {.promptIds = {}, .ids = {5}, .text = " one"}});
    QTRY_VERIFY2(words(s.panel).contains("= Original, token by token"), qPrintable(words(s.panel)));
}

void tst_PlaygroundPanel::resultsOfAnotherPlanAreNotThisPlans()
{
    Shown s;
    emit s.bench.jobs.writingBegan(s.run());
    s.write(1, 5, " one");
    const WritingColumn *column = s.panel.writing().columns()[1];
    QCOMPARE(column->name(), QString("This plan"));
    s.bench.editor.setNeuronsKept(60);
    QVERIFY(column->name() != "This plan");
    QVERIFY2(column->name().contains("N = 0"), qPrintable(column->name()));
    s.bench.history.undo();
    QCOMPARE(column->name(), QString("This plan"));
    s.bench.open(); // another session
    QCOMPARE(s.panel.writing().columns().size(), 1U);
}

void tst_PlaygroundPanel::escapeStopsWhatIsWritten()
{
    Shown s;
    const int number = s.bench.runner.start(JobKind::Generate, "Write on", {}, [](JobPort &port) {
        for (;;) {
            port.context().check();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Running);
    QVERIFY(!button(s.panel, "Write")->isEnabled());
    auto *prompt = s.panel.writing().findChild<QPlainTextEdit *>();
    prompt->setFocus();
    QTest::keyClick(prompt, Qt::Key_Escape);
    QTRY_COMPARE(s.bench.runner.job(number)->state, JobInfo::State::Cancelled);
    QTRY_VERIFY(button(s.panel, "Write")->isEnabled());
}

void tst_PlaygroundPanel::colouredDifferencesAddUp()
{
    Shown s;
    s.score({{"The", 0}, {" pear", 2.5}, {" tree", 0.5}, {" grows", 1.0}});
    const TokenView &view = s.panel.scoring().tokens();
    QCOMPARE(view.count(), 4);
    QVERIFY(std::isnan(view.token(0).change));
    QVERIFY(view.token(1).change > 0);
    QVERIFY(view.token(2).change < 0);
    QCOMPARE(view.token(3).change, 0.0);
    const QAbstractItemModel &table = *s.panel.scoring().table().model();
    QCOMPARE(table.rowCount(), 3);
    double sum = 0;
    for (int row = 0; row < table.rowCount(); ++row)
        sum += table.index(row, TokenTable::kDifference).data(TokenTable::kSortRole).toDouble();
    QVERIFY(std::abs(sum - 1.0) < 1e-9); // 2.5 + 0.5 + 1.0 nats against 3
    QVERIFY2(words(s.panel).contains("all differences together +1.000 nats"), qPrintable(words(s.panel)));
}

void tst_PlaygroundPanel::textBeyondTheContextIsGreyAndSaid()
{
    Shown s;
    s.score({{"The", 0}, {" pear", 2.5}}, " tree that was not read");
    const TokenView &view = s.panel.scoring().tokens();
    QCOMPARE(view.count(), 3);
    QVERIFY(view.token(2).isOutside);
    QCOMPARE(view.text(), QString("The pear tree that was not read"));
    bool isSaid = false;
    for (const InlineNote *note : s.panel.findChildren<InlineNote *>())
        isSaid = isSaid || note->sentence().contains("context ends before the text does");
    QVERIFY(isSaid);
}

void tst_PlaygroundPanel::tableAndTextShowTheSameToken()
{
    Shown s;
    s.score({{"The", 0}, {" pear", 1.1}, {" tree", 4.0}, {" grows", 0.2}});
    RecordTable &table = s.panel.scoring().table();
    QCOMPARE(table.model()->index(0, TokenTable::kToken).data().toString(), QStringLiteral("␣tree")); // the worst first
    table.selectRow(0);
    QCOMPARE(s.panel.scoring().tokens().current(), 2);
    QVERIFY2(words(s.panel).contains(QStringLiteral("␣bush")), qPrintable(words(s.panel)));
    s.panel.scoring().tokens().setFocus();
    QTest::keyClick(&s.panel.scoring().tokens(), Qt::Key_Right);
    QCOMPARE(s.panel.scoring().tokens().current(), 3);
    QCOMPARE(table.selectionModel()->selectedRows().size(), 1);
    QTest::keyClick(&s.panel.scoring().tokens(), Qt::Key_Escape);
    QCOMPARE(s.panel.scoring().tokens().current(), -1);
    table.sortByColumn(TokenTable::kDifference, Qt::AscendingOrder);
    QCOMPARE(table.model()->index(0, TokenTable::kToken).data().toString(), QStringLiteral("␣grows"));
}

void tst_PlaygroundPanel::lossesAreSavedWithTheirPlan()
{
    Shown s;
    s.score({{"The", 0}, {" pear,", 2.5}});
    const QString path = s.bench.path("losses.csv");
    s.panel.scoring().saveCsv(path);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QStringList lines = QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 3);
    QVERIFY2(lines[0].contains("loss of plan " + QString::fromStdString(s.run().hashes[1]) + " [nats]"), qPrintable(lines[0]));
    QCOMPARE(lines[2], QString("2,1,\" pear,\",1,2.5"));
}

void tst_PlaygroundPanel::everyControlHasANameAndLongNamesFit()
{
    Shown s;
    s.bench.editor.pin(QString(150, QChar('x')));
    s.bench.editor.setNeuronsKept(60);
    s.score({{"The", 0}, {" pear", 2.5}});
    for (const int mode : {0, 1}) {
        s.panel.setMode(mode);
        for (const QWidget *control : s.panel.findChildren<QWidget *>())
            if (control->isVisible() && control->focusPolicy() & Qt::TabFocus && !control->focusProxy())
                QVERIFY2(!control->accessibleName().isEmpty() || !control->property("text").toString().isEmpty(),
                         qPrintable(QLatin1String(control->metaObject()->className())));
        QVERIFY2(s.panel.widget()->minimumSizeHint().width() <= 760,
                 qPrintable(QString::number(s.panel.widget()->minimumSizeHint().width())));
    }
    s.panel.setPalette(Theme::palette(true)); // draws without a warning
    QVERIFY(!s.panel.grab().isNull());
}

QTEST_MAIN(tst_PlaygroundPanel)
#include "tst_PlaygroundPanel.moc"
