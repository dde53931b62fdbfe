// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/TaskMenu.h"

#include "foundation/Failures.h"
#include "panels/parts/InBackground.h"
#include "widgets/Enabling.h"

#include <utility>

namespace secateur::ui {

TaskMenu::TaskMenu(QWidget *parent) : QMenu(parent)
{
    setToolTipsVisible(true);
    connect(this, &QMenu::aboutToShow, this, &TaskMenu::fill);
    connect(&m_findings, &QFutureWatcher<std::vector<KnownTask>>::finished, this, &TaskMenu::takeFindings);
}

void TaskMenu::fill()
{
    clear();
    m_tasks.clear();
    addAction(tr("Add files…"), this, &TaskMenu::filesRequested);
    addAction(tr("Add a folder…"), this, &TaskMenu::folderRequested);
    addSeparator();
    m_behind = addSeparator();
    QAction *none = addAction(tr("None"), this, &TaskMenu::cleared);
    enableUnless(m_chosen.isEmpty() ? tr("No tasks are chosen.") : QString(), *none, {});
    showTasks();
    look();
}

void TaskMenu::look()
{
    if (!m_findings.isRunning())
        m_findings.setFuture(inBackground([cache = hubCacheFolder()] { return knownTasks(cache); }));
}

void TaskMenu::takeFindings()
{
    const auto before = std::exchange(m_known, std::vector<KnownTask>());
    const QString problemBefore = std::exchange(m_problem, {});
    try {
        m_known = m_findings.result();
    } catch (const std::exception &thrown) {
        m_problem = QString::fromStdString(asError(thrown).what());
    }
    if (m_known != before || m_problem != problemBefore)
        showTasks();
}

void TaskMenu::showTasks()
{
    qDeleteAll(std::exchange(m_tasks, {}));
    if (!m_known || !m_problem.isEmpty()) {
        auto *action = new QAction(m_known ? tr("Tasks could not be looked for") : tr("Looking for tasks…"), this);
        action->setToolTip(m_problem);
        action->setEnabled(false);
        m_tasks << action;
    } else {
        QStringList there;
        for (const KnownTask &task : *m_known) {
            m_tasks << taskAction(task);
            if (task.problem.empty())
                there << QString::fromStdString(task.name);
        }
        if (there.size() > 1) {
            auto *all = new QAction(tr("All that are on this computer"), this);
            connect(all, &QAction::triggered, this, [this, there] { emit added(there); });
            m_tasks << all;
        }
    }
    insertActions(m_behind, m_tasks);
}

QAction *TaskMenu::taskAction(const KnownTask &task)
{
    const QString title = QString::fromStdString(task.title), name = QString::fromStdString(task.name);
    if (!task.problem.empty()) {
        auto *action = new QAction(tr("%1: how to get it").arg(title), this);
        const QString problem = QString::fromStdString(task.problem);
        action->setToolTip(problem);
        connect(action, &QAction::triggered, this,
                [this, problem, command = QString::fromStdString(task.command)] { emit missing(problem, command); });
        return action;
    }
    auto *action = new QAction(title, this);
    action->setToolTip(QString::fromStdString(task.files.front().string()));
    action->setCheckable(true);
    action->setChecked(m_chosen.contains(name));
    connect(action, &QAction::triggered, this, [this, name] { emit toggled(name); });
    return action;
}

} // namespace secateur::ui
