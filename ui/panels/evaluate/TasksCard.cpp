// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/TasksCard.h"

#include "commands/PlanEditor.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/evaluate/TaskResultModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "tasks/KnownTasks.h"
#include "theme/ChoiceBox.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/RecordTable.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {

TasksCard::TasksCard(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_paths(new ElidedLabel),
      m_choose(new QToolButton),
      m_limit(new QSpinBox),
      m_bos(new ChoiceBox),
      m_plan(new JobButton),
      m_dense(new JobButton),
      m_costs(captionLabel({})),
      m_how(captionLabel({})),
      m_copyCommand(new CopyButton(tr("Copy tasks as command"), [this] { return m_workbench.jobs.tasksCommand(settings()); })),
      m_copyTable(new CopyButton(tr("Copy accuracies"), [this] { return m_model->separated(); })),
      m_model(new TaskResultModel(workbench.session, this)),
      m_table(new RecordTable(tr("Accuracies"))),
      m_busy(new BusyReason(workbench.runner, JobKind::MeasureTasks, tr("Tasks are being measured."), this))
{
    layOut();
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
    connect(m_model, &QAbstractItemModel::modelReset, this, &TasksCard::followPossible);
    connect(m_busy, &BusyReason::changed, this, &TasksCard::followPossible);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &TasksCard::followPossible);
    follow();
}

void TasksCard::layOut()
{
    auto *menu = new QMenu(this);
    m_choose->setText(tr("Choose tasks"));
    m_choose->setMenu(menu);
    m_choose->setPopupMode(QToolButton::InstantPopup);
    m_choose->setFocusPolicy(Qt::StrongFocus);
    m_choose->setAccessibleName(m_choose->text());
    connect(menu, &QMenu::aboutToShow, this, &TasksCard::fillMenu);
    m_limit->setAccessibleName(tr("Items of each task"));
    m_limit->setRange(0, 1'000'000);
    m_limit->setSpecialValueText(tr("all"));
    m_limit->setKeyboardTracking(false);
    m_limit->setToolTip(tr("The first so many items of each task and subject; 0 = all of them."));
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
    column->addLayout(how);
    column->addLayout(actions);
    column->addWidget(m_costs);
    column->addWidget(m_table);
    column->addLayout(below);
}

/// Tasks of the Hugging Face cache by their names, and files.
void TasksCard::fillMenu()
{
    QMenu &menu = *m_choose->menu();
    menu.clear();
    menu.addAction(tr("Files…"), this, &TasksCard::chooseFiles);
    menu.addAction(tr("Folder…"), this, &TasksCard::chooseFolder);
    menu.addSeparator();
    std::vector<std::filesystem::path> there;
    for (const KnownTask &task : knownTasks()) {
        auto *entry = menu.addAction(QString::fromStdString(task.title), this, [this, name = task.name] { choose({name}); });
        enableUnless(QString::fromStdString(task.problem), *entry, {});
        if (task.problem.empty())
            there.emplace_back(task.name);
    }
    if (there.size() > 1)
        menu.addAction(tr("All of these that are there"), this, [this, there] { choose(there); });
    menu.addSeparator();
    auto *none = menu.addAction(tr("None"), this, [this] { choose({}); });
    enableUnless(settings().paths.empty() ? tr("No tasks are chosen.") : QString(), *none, {});
}

void TasksCard::chooseFiles()
{
    const QStringList files = QFileDialog::getOpenFileNames(
        this, tr("Choose files of tasks"), {}, tr("Tasks (*.parquet *.jsonl *.json *.csv *.tsv *.gz *.zst *.xz *.bz2);;All files (*)"));
    std::vector<std::filesystem::path> paths;
    for (const QString &file : files)
        paths.emplace_back(file.toStdString());
    if (!paths.empty())
        choose(paths);
}

void TasksCard::chooseFolder()
{
    if (const QString folder = QFileDialog::getExistingDirectory(this, tr("Choose a folder of tasks")); !folder.isEmpty())
        choose({folder.toStdString()});
}

void TasksCard::choose(const std::vector<std::filesystem::path> &paths)
{
    TaskSettings changed = settings();
    changed.paths = paths;
    changed.only.clear();
    write(std::move(changed));
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
    QStringList names;
    for (const std::filesystem::path &path : asked.paths)
        names << QString::fromStdString(path.string());
    m_paths->setWhole(names.isEmpty()
                          ? tr("None chosen: ARC, HellaSwag, PIQA, WinoGrande and MMLU are known by the columns of their files.")
                          : names.join(QStringLiteral(", ")));
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
    const QString cost = plan || dense ? jobCostText(jobs.tasksCost(asked)) : QString();
    m_plan->offer(tr("Measure plan"), plan, cost);
    m_dense->offer(tr("Measure original"), dense, {});
    QStringList notes{m_plan->note(), m_dense->note()};
    notes.removeDuplicates();
    notes.removeAll({});
    m_costs->setText(notes.join(QLatin1Char('\n')));
    m_costs->setVisible(!notes.isEmpty());
    const bool isEmpty = m_model->rowCount() == 0;
    m_table->setVisible(!isEmpty);
    m_how->setText(m_model->howAsked());
    m_copyTable->setVisible(!isEmpty);
}

} // namespace secateur::ui
