// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "tasks/Task.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QSpinBox;
class QPushButton;

namespace secateur::ui {

class BusyReason;
class CopyButton;
class ElidedLabel;
class InlineNote;
class JobButton;
class RecordTable;
class TaskMenu;
class TaskResultModel;

/// Measures accuracies in downstream tasks: which are asked, of how many items, and what the current plan and the original reach.
class TasksCard : public QWidget {
    Q_OBJECT
public:
    explicit TasksCard(Workbench workbench, QWidget *parent = nullptr);

private:
    void layOut();
    void chooseFiles();
    void chooseFolder();
    void add(const QStringList &paths);
    void toggle(const QString &name);
    void choose(std::vector<std::filesystem::path> paths);
    void tellMissing(const QString &sentence, const QString &command);
    void write(TaskSettings settings);
    TaskSettings settings() const;
    void follow();
    void followPossible();
    void followResults();
    void followProgress();
    QString cost() const;

    Workbench m_workbench;
    ElidedLabel *m_paths;
    QPushButton *m_choose;
    TaskMenu *m_menu;
    InlineNote *m_advice; ///< how a task is got that is not there
    CopyButton *m_copyAdvice;
    QString m_advised; ///< the command
    QSpinBox *m_limit;
    QComboBox *m_bos;
    JobButton *m_plan, *m_dense;
    QLabel *m_costs, *m_progress, *m_how;
    CopyButton *m_copyCommand, *m_copyTable;
    TaskResultModel *m_model;
    RecordTable *m_table;
    BusyReason *m_busy;
};

} // namespace secateur::ui
