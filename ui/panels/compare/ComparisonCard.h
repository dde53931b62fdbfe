// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "comparison/Comparison.h"
#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"
#include "widgets/Card.h"

#include <utility>
#include <vector>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace secateur::ui {

class BusyReason;
class CopyButton;
class ElidedLabel;
class InlineNote;
class JobButton;

/// Asks in place what "Measure the table" is to measure: methods, sizes, tasks. Says what each costs before it starts.
class ComparisonCard : public Card {
    Q_OBJECT
public:
    explicit ComparisonCard(Workbench workbench, QWidget *parent = nullptr);

    /// What would be measured as things are.
    ComparisonSettings settings() const;
    /// Costs and reasons from the session as it is now.
    void follow();

signals:
    void closed(); ///< by the user, or because the job started

protected:
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Method {
        PlanMethod method;
        QCheckBox *box;
        QLabel *note; ///< what it does, and its cost
    };

    void layOut();
    QLayout *layOutMethods();
    QLayout *layOutSizes();
    QLayout *layOutTasks();
    void connectControls();
    void tellCost(QCheckBox &box, QLabel &note, const QString &sentence, ComparisonSettings finding) const;
    RestorationSettings restoration() const;
    void followTasks();
    void followTexts();
    void chooseTasks();
    /// Sizes that were typed; none and `isUnderstood` false where that is no list of numbers from 0 to 100.
    std::vector<double> typedSizes(bool &isUnderstood) const;
    Possibility possibility(const ComparisonSettings &wanted) const;
    QString costText(const ComparisonSettings &wanted) const;

    Workbench m_workbench;
    std::vector<Method> m_methods;
    std::vector<std::pair<double, QCheckBox *>> m_sizes;
    QLineEdit *m_otherSizes;
    QCheckBox *m_restored; ///< beside the plans of 2SSP
    QLabel *m_restoredNote;
    QCheckBox *m_equalSize, *m_authorsWindows, *m_speed;
    QLabel *m_texts;
    ElidedLabel *m_tasks; ///< where they lie
    QPushButton *m_chooseFolder, *m_noTasks;
    QSpinBox *m_limit;
    JobButton *m_start;
    const BusyReason *m_busy;
    CopyButton *m_copyCommand;
    QPushButton *m_close;
};

} // namespace secateur::ui
