// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/JobsPanel.h"

#include "jobs/JobRunner.h"
#include "jobs/JobTable.h"
#include "panels/parts/TableLook.h"
#include "theme/Icons.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPushButton>
#include <QTableView>

namespace secateur::ui {

JobsPanel::JobsPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_runner(workbench.runner),
      m_table(new JobTable(workbench.runner, this)),
      m_view(new QTableView),
      m_pause(new QPushButton(icon(QStringLiteral("pause")), tr("Pause"))),
      m_cancel(new QPushButton(icon(QStringLiteral("cancel")), tr("Cancel"))),
      m_copy(new CopyButton(tr("Copy as command"), [this] { return selected()->command; }))
{
    m_view->setModel(m_table);
    m_view->setAccessibleName(tr("Jobs, newest first"));
    applyListLook(*m_view);
    m_view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    for (const int column : {1, 3}) // title, with names of any length, and progress
        m_view->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);

    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_pause);
    buttons->addWidget(m_cancel);
    buttons->addStretch(1);
    buttons->addWidget(m_copy);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_view, 1);
    layout->addLayout(buttons);

    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &current) {
        if (current.isValid())
            m_selected = m_table->jobNumber(current.row());
        followSelected();
    });
    connect(m_table, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex &, int first, int last) {
        // Whoever looked at the newest job goes on looking at the newest.
        const int newest = m_table->jobNumber(0), before = newest - (last - first + 1);
        if (m_selected == before)
            select(newest);
    });
    connect(m_table, &QAbstractItemModel::dataChanged, this, &JobsPanel::followSelected);
    connect(m_pause, &QPushButton::clicked, this, [this] {
        if (const JobInfo *job = selected())
            m_runner.setPaused(job->number, job->state != JobInfo::State::Paused);
    });
    connect(m_cancel, &QPushButton::clicked, this, &JobsPanel::cancel);
    select(int(m_runner.jobs().size()));
    followSelected();
}

const JobInfo *JobsPanel::selected() const
{
    return m_runner.job(m_selected);
}

void JobsPanel::select(int number)
{
    if (!m_runner.job(number))
        return;
    m_selected = number;
    m_view->selectRow(m_table->rowCount() - number);
}

void JobsPanel::followSelected()
{
    const JobInfo *job = selected();
    const bool isUnderWay = job && (job->state == JobInfo::State::Running || job->state == JobInfo::State::Paused);
    const bool isPaused = job && job->state == JobInfo::State::Paused;
    QString problem; // why it cannot be paused
    if (!job)
        problem = tr("No job was started yet.");
    else if (!isUnderWay)
        problem = job->isOver()                           ? tr("This job is over.")
                  : job->state == JobInfo::State::Waiting ? tr("This job has not begun.")
                                                          : tr("The job is being cancelled.");
    enableUnless(problem, *m_pause, {});
    m_pause->setText(job && job->isHeld() ? tr("Retry") : isPaused ? tr("Resume") : tr("Pause"));
    m_pause->setIcon(icon(isPaused ? QStringLiteral("play") : QStringLiteral("pause")));
    enableUnless(job && job->state == JobInfo::State::Waiting ? QString() : problem, *m_cancel, {});
    const bool hasCommand = job && !job->command.isEmpty();
    m_copy->setProblem(!job         ? problem
                       : hasCommand ? QString()
                                    : tr("No command line does what this job did."),
                       job ? job->command : QString());
}

void JobsPanel::cancel()
{
    if (const JobInfo *job = selected(); job && !job->isOver())
        m_runner.cancel(job->number);
}

void JobsPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && selected() && !selected()->isOver()) {
        cancel();
        return;
    }
    QWidget::keyPressEvent(event);
}

} // namespace secateur::ui
