// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "pruning/PruningPlan.h"

#include <QString>
#include <QWidget>
#include <vector>

class QLabel;
class QSpinBox;
class QToolButton;

namespace secateur::ui {

class ElidedLabel;
class InlineNote;
class JobButton;

/// What stands above the plots of the search: how far it is, the job with its cost, the settings that decide it, and what is worth knowing about it.
class SearchHeader : public QWidget {
    Q_OBJECT
public:
    explicit SearchHeader(Workbench workbench, QWidget *parent = nullptr);

    void follow();
    /// Where the focus goes when there is nothing to search any more.
    void setNext(QWidget *next) { m_next = next; }

private:
    QWidget *makeConstraints();
    void followJob();
    void followWindows();
    void followRemark();
    void followConstraints();
    void clearConstraint(std::vector<std::int64_t> SearchSettings::*layers, const QString &what);

    Workbench m_workbench;
    QLabel *m_status;
    QSpinBox *m_windows;
    JobButton *m_search;
    InlineNote *m_remark;
    QWidget *m_constraints;
    ElidedLabel *m_protected, *m_forced;
    QToolButton *m_clearProtected, *m_clearForced;
    QWidget *m_next = this;
};

} // namespace secateur::ui
