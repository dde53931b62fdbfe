// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include "FlowBench.h"
#include "panels/evaluate/TaskResultModel.h"
#include "panels/evaluate/TasksCard.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"

#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QMenu>
#include <QPushButton>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSpinBox>
#include <QTableView>

#include <initializer_list>

using namespace secateur;
using namespace secateur::ui;

namespace {

template <class Control>
Control *named(const QWidget &card, const QString &name)
{
    for (Control *candidate : card.findChildren<Control *>())
        if (candidate->accessibleName() == name)
            return candidate;
    return nullptr;
}

QAction *entryOf(const QMenu &menu, const QString &name)
{
    for (QAction *action : menu.actions())
        if (action->text().startsWith(name))
            return action;
    return nullptr;
}

/// The entry whose name begins so; the menu is opened anew, until the tasks are known.
QAction *entry(const TasksCard &card, const QString &name)
{
    QMenu *menu = named<QPushButton>(card, "Choose tasks")->menu();
    menu->popup({0, 0});
    const bool isKnown = QTest::qWaitFor([&] { return !entryOf(*menu, "Looking for tasks"); });
    menu->hide();
    return isKnown ? entryOf(*menu, name) : nullptr;
}

QString said(const TasksCard &card)
{
    const auto *note = card.findChild<InlineNote *>();
    return note && note->isVisible() ? note->accessibleName() : QString();
}

TaskSettings tasksIn(const std::string &path)
{
    TaskSettings tasks;
    tasks.paths = {path};
    return tasks;
}

Measurement measured(std::optional<std::int64_t> limit)
{
    Measurement record;
    record.what = Measured::Tasks;
    record.tasks = TaskResults();
    TaskResult result;
    result.name = "piqa";
    result.acc = 0.64;
    result.items = limit.value_or(1838);
    result.textHash = std::to_string(result.items);
    record.tasks->tasks = {result};
    record.tasks->limit = limit;
    record.tasks->hash = "hash of " + result.textHash;
    return record;
}

void show(QWidget &card)
{
    showAndWait(card, {800, 500});
}

} // namespace

class tst_TasksCard : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void buttonsSayWhyTheyAreDisabled();
    void aModelWithoutTokenizerSaysSo();
    void readOnlyIsSaidAtEveryControl();
    void tasksOfTheCacheAreTicked();
    void aTaskThatIsNotThereIsExplained();
    void namesOfAnyLengthAndScriptAreShown();
    void typedNumbersAreOneStep();
    void bosIsAStepOfTheHistory();
    void measuringThePlanSaysAllThatItDoes();
    void itemsAreCountedWhileTheJobRuns();
    void howItemsWereAskedIsSaidOnceWhereAllAreAlike();
};

void tst_TasksCard::buttonsSayWhyTheyAreDisabled()
{
    FlowBench bench;
    TasksCard card(bench.workbench());
    show(card);
    QCOMPARE(button(card, "Measure plan")->toolTip(), QString("Open a model first."));
    QCOMPARE(words(card).count("Open a model first."), 1); // of both buttons
    bench.open();
    QCOMPARE(button(card, "Measure original")->toolTip(), QString("Choose the folder or the files of the tasks first."));
    bench.editor.setTasks(tasksIn(bench.path("piqa.jsonl").toStdString()));
    QVERIFY(button(card, "Measure original")->isEnabled());
    QVERIFY(button(card, "Copy tasks as command")->isEnabled());
    QVERIFY(!button(card, "Measure plan")->isEnabled());
    QVERIFY(!button(card, "Measure plan")->toolTip().isEmpty());
    bench.calibrate(bench.write("a.txt"));
    QVERIFY(button(card, "Measure plan")->isEnabled());
}

void tst_TasksCard::aModelWithoutTokenizerSaysSo()
{
    FlowBench bench;
    TasksCard card(bench.workbench());
    show(card);
    ModelSummary mute = bench.summary();
    mute.tokenizerSize = {};
    mute.tokenizerProblem = "There is no tokenizer.json in tiny.";
    bench.session.begin(mute);
    bench.editor.setTasks(tasksIn("piqa"));
    for (const char *name : {"Measure plan", "Measure original", "Copy tasks as command"}) {
        QVERIFY(!button(card, name)->isEnabled());
        QVERIFY2(button(card, name)->toolTip().contains("There is no tokenizer.json in tiny."), name);
    }
    QCOMPARE(words(card).count("There is no tokenizer.json in tiny."), 1);
}

void tst_TasksCard::readOnlyIsSaidAtEveryControl()
{
    FlowBench bench;
    TasksCard card(bench.workbench());
    show(card);
    bench.open();
    bench.makeReadOnly();
    const QString reason = bench.session.readOnlyReason();
    QVERIFY(!reason.isEmpty());
    for (const QWidget *control : std::initializer_list<QWidget *>{
             named<QPushButton>(card, "Choose tasks"), named<QSpinBox>(card, "Items of each task"), named<QComboBox>(card, "BOS token")}) {
        QVERIFY(!control->isEnabled());
        QCOMPARE(control->toolTip(), reason);
        QCOMPARE(control->accessibleDescription(), reason);
    }
}

void tst_TasksCard::tasksOfTheCacheAreTicked()
{
    FlowBench bench;
    const QString piqa = "hub/datasets--ybisk--piqa/snapshots/abc/", swag = "hub/datasets--Rowan--hellaswag/snapshots/abc/";
    for (const QString &folder : {piqa, swag})
        QVERIFY(QDir().mkpath(bench.path(folder)));
    bench.write(piqa + "valid.jsonl");
    bench.write(swag + "hellaswag_val.jsonl");
    qputenv("HF_HUB_CACHE", bench.path("hub").toUtf8());
    const auto restore = qScopeGuard([] { qputenv("HF_HUB_CACHE", "/nonexistent"); });
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    const auto chosen = [&] { return bench.session.session().tasks.paths; };
    QVERIFY(!entry(card, "None")->isEnabled());
    QVERIFY(!entry(card, "PIQA")->isChecked());
    entry(card, "PIQA")->trigger();
    QCOMPARE(chosen(), std::vector<std::filesystem::path>{"piqa"});
    QCOMPARE(card.findChild<ElidedLabel *>()->text(), QString("PIQA"));
    QVERIFY(entry(card, "PIQA")->isChecked());
    entry(card, "HellaSwag")->trigger(); // beside it
    QCOMPARE(chosen(), (std::vector<std::filesystem::path>{"piqa", "hellaswag"}));
    entry(card, "PIQA")->trigger();
    QCOMPARE(chosen(), std::vector<std::filesystem::path>{"hellaswag"});
    entry(card, "All that are on this computer")->trigger();
    QCOMPARE(chosen().size(), 2U); // none of them twice
    bench.history.undo();
    QCOMPARE(chosen(), std::vector<std::filesystem::path>{"hellaswag"});
    entry(card, "None")->trigger();
    QVERIFY(chosen().empty());
    QVERIFY(words(card).contains("None yet."));
}

void tst_TasksCard::aTaskThatIsNotThereIsExplained()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    QVERIFY(!button(card, "Copy command") || !button(card, "Copy command")->isVisible());
    QAction *missing = entry(card, "HellaSwag: how to get it");
    QVERIFY(missing && missing->isEnabled());
    QVERIFY(missing->toolTip().contains("/nonexistent"));
    missing->trigger();
    QVERIFY2(said(card).contains("HellaSwag is not in the Hugging Face cache"), qPrintable(said(card)));
    QTest::mouseClick(button(card, "Copy command"), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith("hf download Rowan/hellaswag"));
    QVERIFY(bench.session.session().tasks.paths.empty());
    entry(card, "None"); // whoever looks again is done with that
    QCOMPARE(said(card), QString());
    QVERIFY(!button(card, "Copy command"));
}

void tst_TasksCard::namesOfAnyLengthAndScriptAreShown()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    const QString name = QStringLiteral("日本語の課題") + QString(150, QChar(0x3042)) + ".jsonl", path = bench.path("a/b/" + name);
    bench.editor.setTasks(tasksIn(path.toStdString()));
    const auto *label = card.findChild<ElidedLabel *>();
    QVERIFY(label && label->isVisible());
    QCOMPARE(label->text(), name); // the folder is in the tooltip
    QCOMPARE(label->toolTip(), path);
    QCOMPARE(label->accessibleName(), path);
    card.resize(600, 500);
    QVERIFY2(card.minimumSizeHint().width() <= 700, qPrintable(QString::number(card.minimumSizeHint().width())));
}

void tst_TasksCard::typedNumbersAreOneStep()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    auto *limit = named<QSpinBox>(card, "Items of each task");
    QCOMPARE(limit->text(), QString("all"));
    limit->setFocus();
    limit->selectAll();
    QTest::keyClicks(limit, "200");
    QCOMPARE(bench.history.count(), 0); // still being typed
    QTest::keyClick(limit, Qt::Key_Return);
    QCOMPARE(bench.session.session().tasks.limit, std::optional<std::int64_t>(200));
    QCOMPARE(bench.history.count(), 1);
    bench.history.undo();
    QVERIFY(!bench.session.session().tasks.limit);
    QCOMPARE(limit->text(), QString("all"));
}

void tst_TasksCard::bosIsAStepOfTheHistory()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    auto *bos = named<QComboBox>(card, "BOS token");
    QCOMPARE(bos->currentText(), QString("never, as in the paper"));
    bos->setFocus();
    QTest::keyClick(bos, Qt::Key_Down);
    QVERIFY(bench.session.session().tasks.bos == BosUse::Tokenizer);
    bench.history.undo();
    QVERIFY(bench.session.session().tasks.bos == BosUse::Never);
    QCOMPARE(bos->currentText(), QString("never, as in the paper"));
}

void tst_TasksCard::measuringThePlanSaysAllThatItDoes()
{
    FlowBench bench;
    bench.open();
    bench.calibrate(bench.write("a.txt"));
    bench.editor.setAttentionsToRemove(0);
    TasksCard card(bench.workbench());
    show(card);
    bench.editor.setTasks(tasksIn("piqa"));
    QVERIFY2(words(card).contains("Asks the original, once for these items, and the plan"), qPrintable(words(card)));
    bench.editor.setAttentionsToRemove(1);
    QVERIFY2(words(card).contains("Searches, then asks the original, once for these items, and the plan"), qPrintable(words(card)));
}

void tst_TasksCard::itemsAreCountedWhileTheJobRuns()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    ItemScore score;
    score.task = "piqa";
    bench.session.apply(TaskScored{.score = score, .done = 1234, .items = 5000});
    QVERIFY2(words(card).contains("1,234 of 5,000 items, now piqa"), qPrintable(words(card)));
    bench.session.endTasks();
    QVERIFY(!words(card).contains("items, now"));
}

void tst_TasksCard::howItemsWereAskedIsSaidOnceWhereAllAreAlike()
{
    FlowBench bench;
    bench.open();
    TasksCard card(bench.workbench());
    show(card);
    auto *table = card.findChild<QTableView *>();
    QVERIFY(!table->isVisible()); // nothing was measured
    QVERIFY(!button(card, "Copy accuracies"));
    bench.session.addMeasurement(measured({}));
    QVERIFY(table->isVisible());
    QVERIFY(table->isColumnHidden(TaskResultModel::kAsked));
    QVERIFY2(words(card).contains("Zero-shot; all items, no BOS token."), qPrintable(words(card)));
    QTest::mouseClick(button(card, "Copy accuracies"), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith("task\tmodel\tacc"));
    bench.session.addMeasurement(measured(200));
    QVERIFY(!table->isColumnHidden(TaskResultModel::kAsked));
    QVERIFY(!words(card).contains("Zero-shot;"));
}

QTEST_MAIN(tst_TasksCard)
#include "tst_TasksCard.moc"
