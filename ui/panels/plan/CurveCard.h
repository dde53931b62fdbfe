// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"
#include "panels/plan/CurveRequests.h"
#include "widgets/Card.h"

class QPushButton;
class QRadioButton;
class QSpinBox;

namespace secateur::ui {

class BusyReason;
class InlineNote;
class JobButton;

/// Asks in place what "measure the curve" is to measure, and says what that costs before it starts.
class CurveCard : public Card {
    Q_OBJECT
public:
    explicit CurveCard(Workbench workbench, QWidget *parent = nullptr);

    /// What would be measured as things are.
    CurveRequest request() const;
    /// Costs and reasons from the session as it is now.
    void follow();

signals:
    void closed(); ///< by the user, or because the job started

protected:
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void layOut();
    CurvePlans plans() const;
    QString costText(const CurveRequest &request) const;
    Possibility possibility(const CurveRequest &request) const;

    Workbench m_workbench;
    QRadioButton *m_alongSparsity, *m_alongDepth, *m_searchEach, *m_borrow;
    QSpinBox *m_count;
    InlineNote *m_omissions;
    JobButton *m_start;
    const BusyReason *m_busy;
    QPushButton *m_close;
};

} // namespace secateur::ui
