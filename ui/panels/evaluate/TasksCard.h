// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "tasks/Task.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QSpinBox;
class QToolButton;

namespace secateur::ui {

class BusyReason;
class CopyButton;
class ElidedLabel;
class JobButton;
class RecordTable;
class TaskResultModel;

/// Measures accuracies in downstream tasks: which are asked, of how many items, and what the current plan and the original reach.
class TasksCard : public QWidget {
    Q_OBJECT
public:
    explicit TasksCard(Workbench workbench, QWidget *parent = nullptr);

private:
    void layOut();
    void fillMenu();
    void chooseFiles();
    void chooseFolder();
    void choose(const std::vector<std::filesystem::path> &paths);
    void write(TaskSettings settings);
    TaskSettings settings() const;
    void follow();
    void followPossible();

    Workbench m_workbench;
    ElidedLabel *m_paths;
    QToolButton *m_choose;
    QSpinBox *m_limit;
    QComboBox *m_bos;
    JobButton *m_plan, *m_dense;
    QLabel *m_costs, *m_how;
    CopyButton *m_copyCommand, *m_copyTable;
    TaskResultModel *m_model;
    RecordTable *m_table;
    BusyReason *m_busy;
};

} // namespace secateur::ui
