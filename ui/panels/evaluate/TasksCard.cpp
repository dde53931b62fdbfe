// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/TasksCard.h"

#include "commands/PlanEditor.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/evaluate/TaskMenu.h"
#include "panels/evaluate/TaskResultModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "tasks/TaskTable.h"
#include "theme/ChoiceBox.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

QString nameOf(const std::filesystem::path &path)
{
    return QString::fromStdString(path.string());
}

/// What people call it: the title of a known task, the name of a file or folder.
QString briefNameOf(const std::filesystem::path &path)
{
    const auto known = std::ranges::find(kTasks, std::string_view(path.native()), &TaskRow::name);
    return known != kTasks.end() ? QString::fromUtf8(known->title.data(), qsizetype(known->title.size()))
           : path.has_filename() ? nameOf(path.filename())
                                 : nameOf(path);
}

} // namespace

TasksCard::TasksCard(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_paths(new ElidedLabel),
      m_choose(new QPushButton(tr("Choose tasks"))),
      m_menu(new TaskMenu(this)),
      m_advice(new InlineNote),
      m_copyAdvice(new CopyButton(tr("Copy command"), [this] { return m_advised; })),
      m_limit(new QSpinBox),
      m_bos(new ChoiceBox),
      m_plan(new JobButton),
      m_dense(new JobButton),
      m_costs(captionLabel({})),
      m_progress(captionLabel({})),
      m_how(captionLabel({})),
      m_copyCommand(new CopyButton(tr("Copy tasks as command"), [this] { return m_workbench.jobs.tasksCommand(settings()); })),
      m_copyTable(new CopyButton(tr("Copy accuracies"), [this] { return m_model->separated(); })),
      m_model(new TaskResultModel(workbench.session, this)),
      m_table(new RecordTable(tr("Accuracies"))),
      m_busy(new BusyReason(workbench.runner, JobKind::MeasureTasks, tr("Tasks are being measured."), this))
{
    explainBy(*this, ConceptId::TaskAccuracy);
    layOut();
    connect(m_menu, &QMenu::aboutToShow, this, [this] { tellMissing({}, {}); });
    connect(m_menu, &TaskMenu::filesRequested, this, &TasksCard::chooseFiles);
    connect(m_menu, &TaskMenu::folderRequested, this, &TasksCard::chooseFolder);
    connect(m_menu, &TaskMenu::toggled, this, &TasksCard::toggle);
    connect(m_menu, &TaskMenu::added, this, &TasksCard::add);
    connect(m_menu, &TaskMenu::cleared, this, [this] { choose({}); });
    connect(m_menu, &TaskMenu::missing, this, &TasksCard::tellMissing);
    connect(m_limit, &QSpinBox::valueChanged, this, [this](int limit) {
        TaskSettings changed = settings();
        changed.limit = limit > 0 ? std::optional<std::int64_t>(limit) : std::nullopt;
        write(std::move(changed));
    });
    connect(m_bos, &QComboBox::activated, this, [this] {
        TaskSettings changed = settings();
        changed.bos = BosUse(m_bos->currentData().toInt());
        write(std::move(changed));
    });
    connect(m_plan, &JobButton::clicked, this, [this] { m_workbench.jobs.measureTasks(settings()); });
    connect(m_dense, &JobButton::clicked, this, [this] { m_workbench.jobs.measureTasksOfDense(settings()); });
    const SessionModel &session = workbench.session;
    for (const auto changed : {&SessionModel::modelChanged, &SessionModel::tasksChanged})
        connect(&session, changed, this, &TasksCard::follow);
    for (const auto changed : {&SessionModel::modelPresenceChanged, &SessionModel::evaluationsChanged, &SessionModel::draftChanged,
                               &SessionModel::searchChanged})
        connect(&session, changed, this, &TasksCard::followPossible);
    connect(m_model, &QAbstractItemModel::modelReset, this, &TasksCard::followResults);
    connect(&session, &SessionModel::taskInProgressChanged, this, &TasksCard::followProgress);
    connect(m_busy, &BusyReason::changed, this, &TasksCard::followPossible);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &TasksCard::followPossible);
    follow();
    followResults();
    followProgress();
}

void TasksCard::layOut()
{
    m_choose->setMenu(m_menu);
    m_choose->setAccessibleName(m_choose->text());
    m_limit->setAccessibleName(tr("Items of each task"));
    m_limit->setRange(0, 1'000'000);
    m_limit->setSpecialValueText(tr("all"));
    m_limit->setKeyboardTracking(false);
    m_limit->setToolTip(tr("At most so many items of each task and subject, from the first on. 0 = all."));
    m_bos->setAccessibleName(tr("BOS token"));
    m_bos->addItem(tr("never, as in the paper"), int(BosUse::Never));
    m_bos->addItem(tr("as the tokenizer adds it"), int(BosUse::Tokenizer));
    m_bos->addItem(tr("always"), int(BosUse::Always));
    for (QWidget *control : std::initializer_list<QWidget *>{m_limit, m_bos})
        new WheelGuard(*control);
    m_table->setModel(m_model);
    m_table->setStretched(TaskResultModel::kTask);

    const auto captioned = [](const QString &caption, QWidget *control) {
        auto *label = new QLabel(caption);
        label->setBuddy(control);
        return label;
    };
    auto *which = new QHBoxLayout;
    which->addWidget(m_choose);
    which->addWidget(m_paths, 1);
    auto *how = new QHBoxLayout;
    how->addWidget(captioned(tr("Items of each task"), m_limit));
    how->addWidget(m_limit);
    how->addSpacing(8);
    how->addWidget(captioned(tr("BOS token"), m_bos));
    how->addWidget(m_bos);
    how->addStretch(1);
    auto *actions = new QHBoxLayout;
    for (JobButton *button : {m_plan, m_dense}) {
        button->setNoteElsewhere(true);
        actions->addWidget(button);
    }
    actions->addStretch(1);
    actions->addWidget(m_copyCommand);
    auto *below = new QHBoxLayout;
    below->addWidget(m_how, 1);
    below->addWidget(m_copyTable);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 8, 0, 0);
    column->addWidget(headingLabel(tr("Tasks")));
    column->addWidget(
        captionLabel(tr("How often the model finds the right answer of several, asked as lm-evaluation-harness does. Higher is better.")));
    column->addLayout(which);
    column->addWidget(m_advice);
    m_copyAdvice->hide(); // until there is advice
    column->addWidget(m_copyAdvice, 0, Qt::AlignLeft);
    column->addLayout(how);
    column->addLayout(actions);
    column->addWidget(m_costs);
    column->addWidget(m_progress);
    column->addWidget(m_table);
    column->addLayout(below);
}

void TasksCard::chooseFiles()
{
    const std::vector<std::filesystem::path> &chosen = settings().paths;
    add(QFileDialog::getOpenFileNames(this, tr("Choose files of tasks"),
                                      chosen.empty() ? QString() : QFileInfo(nameOf(chosen.back())).path(),
                                      tr("Tasks (*.parquet *.jsonl *.json *.csv *.tsv *.gz *.zst *.xz *.bz2);;All files (*)")));
}

void TasksCard::chooseFolder()
{
    if (const QString folder = QFileDialog::getExistingDirectory(this, tr("Choose a folder of tasks")); !folder.isEmpty())
        add({folder});
}

/// Those that are not chosen yet.
void TasksCard::add(const QStringList &paths)
{
    std::vector<std::filesystem::path> chosen = settings().paths;
    for (const QString &path : paths)
        if (const std::filesystem::path added = path.toStdString(); std::ranges::find(chosen, added) == chosen.end())
            chosen.push_back(added);
    choose(std::move(chosen));
}

void TasksCard::toggle(const QString &name)
{
    std::vector<std::filesystem::path> chosen = settings().paths;
    if (std::erase(chosen, std::filesystem::path(name.toStdString())) == 0)
        chosen.emplace_back(name.toStdString());
    choose(std::move(chosen));
}

void TasksCard::choose(std::vector<std::filesystem::path> paths)
{
    TaskSettings changed = settings();
    if (paths == changed.paths)
        return;
    changed.paths = std::move(paths);
    changed.only.clear();
    write(std::move(changed));
}

/// Empty: nothing is missing any more.
void TasksCard::tellMissing(const QString &sentence, const QString &command)
{
    m_advised = command;
    m_copyAdvice->setVisible(!command.isEmpty());
    if (sentence.isEmpty())
        m_advice->clear();
    else
        m_advice->say(InlineNote::Kind::Info, sentence, tr("Fetch it with: %1").arg(command));
}

void TasksCard::write(TaskSettings settings)
{
    m_workbench.editor.setTasks(settings);
}

TaskSettings TasksCard::settings() const
{
    return m_workbench.session.session().tasks;
}

void TasksCard::follow()
{
    const QSignalBlocker limit(m_limit);
    const TaskSettings asked = settings();
    m_limit->setValue(int(std::min<std::int64_t>(asked.limit.value_or(0), m_limit->maximum())));
    m_bos->setCurrentIndex(m_bos->findData(int(asked.bos)));
    QStringList paths, names;
    for (const std::filesystem::path &path : asked.paths) {
        paths << nameOf(path);
        names << briefNameOf(path);
    }
    m_menu->setChosen(paths);
    if (names.isEmpty())
        m_paths->setWhole(tr("None yet. ARC, HellaSwag, PIQA, WinoGrande and MMLU are recognized by their columns."));
    else
        m_paths->setBrief(names.join(QStringLiteral(", ")), paths.join(QStringLiteral(", ")));
    const QString problem = m_workbench.session.changeProblem();
    for (QWidget *control : std::initializer_list<QWidget *>{m_choose, m_limit, m_bos})
        enableUnless(problem, *control, control == m_limit ? m_limit->toolTip() : QString());
    followPossible();
}

void TasksCard::followPossible()
{
    const SessionJobs &jobs = m_workbench.jobs;
    const TaskSettings asked = settings();
    Possibility plan = jobs.canMeasureTasks(asked), dense = jobs.canMeasureTasksOfDense(asked);
    m_copyCommand->setProblem(dense.reason);
    for (Possibility *possible : {&plan, &dense})
        if (*possible)
            possible->reason = m_busy->text();
    m_plan->offer(tr("Measure plan"), plan, plan ? cost() : QString());
    m_dense->offer(tr("Measure original"), dense, {});
    QStringList notes{m_plan->note(), m_dense->note()};
    notes.removeDuplicates();
    notes.removeAll({});
    m_costs->setText(notes.join(QLatin1Char('\n')));
    m_costs->setVisible(!notes.isEmpty());
}

/// All that measuring the plan does, and what it costs.
QString TasksCard::cost() const
{
    const JobCost cost = m_workbench.jobs.tasksCost(settings());
    const QString what = cost.evaluations > 0 ? tr("Searches, then asks the original, once for these items, and the plan")
                                              : tr("Asks the original, once for these items, and the plan");
    const QString much = jobCostText(cost);
    return much.isEmpty() ? what : tr("%1: %2", "what is done, and what it costs").arg(what, much);
}

void TasksCard::followResults()
{
    const bool isEmpty = m_model->rowCount() == 0;
    const QString how = m_model->howAsked();
    m_table->setVisible(!isEmpty);
    m_table->setColumnHidden(TaskResultModel::kAsked, !how.isEmpty()); // said below of all at once
    m_how->setText(how.isEmpty() ? QString() : tr("Zero-shot; %1.").arg(how));
    m_copyTable->setVisible(!isEmpty);
}

void TasksCard::followProgress()
{
    const std::optional<TaskScored> &last = m_workbench.session.taskInProgress();
    m_progress->setVisible(last.has_value());
    m_progress->setText(
        last ? tr("%1 of %2 items, now %3").arg(exactText(last->done), exactText(last->items), QString::fromStdString(last->score.task))
             : QString());
}

} // namespace secateur::ui
