// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/KnownTasks.h"

#include <QFutureWatcher>
#include <QMenu>
#include <QStringList>
#include <optional>
#include <vector>

namespace secateur::ui {

/// The tasks that can be chosen: files, a folder, and those of the Hugging Face cache, with a tick at each that is chosen. The cache is looked through
/// each time it opens, in the background: until that is done it shows what was found before. A task that is not there is offered with how to get it.
class TaskMenu : public QMenu {
    Q_OBJECT
public:
    explicit TaskMenu(QWidget *parent = nullptr);

    /// What is chosen by now: paths, and names of known tasks.
    void setChosen(const QStringList &chosen) { m_chosen = chosen; }

signals:
    void filesRequested();
    void folderRequested();
    void toggled(const QString &name); ///< a known task
    void added(const QStringList &names);
    void cleared();
    /// A task was asked for that is not there: why, and the command that fetches it.
    void missing(const QString &sentence, const QString &command);

private:
    void fill();
    void look();
    void takeFindings();
    void showTasks();
    QAction *taskAction(const KnownTask &task);

    QStringList m_chosen;
    QFutureWatcher<std::vector<KnownTask>> m_findings;
    std::optional<std::vector<KnownTask>> m_known; ///< none before the first look
    QString m_problem;                             ///< why the last look failed
    QList<QAction *> m_tasks;                      ///< their entries
    QAction *m_behind = nullptr;                   ///< the entry behind them
};

} // namespace secateur::ui
