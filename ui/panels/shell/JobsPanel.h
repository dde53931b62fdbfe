// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QPushButton;
class QTableView;

namespace secateur::ui {

class CopyButton;
class JobTable;
struct JobInfo;

/// All jobs of this run, newest first, with what can be done about the one that is selected.
class JobsPanel : public QWidget {
    Q_OBJECT
public:
    explicit JobsPanel(Workbench workbench, QWidget *parent = nullptr);

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    const JobInfo *selected() const;
    void select(int number);
    void followSelected();
    void cancel();

    JobRunner &m_runner;
    int m_selected = 0; ///< number; rows move
    JobTable *m_table;
    QTableView *m_view;
    QPushButton *m_pause, *m_cancel;
    CopyButton *m_copy;
};

} // namespace secateur::ui
