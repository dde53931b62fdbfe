// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"

#include <QStackedWidget>
#include <QString>

namespace secateur::ui {

class PruneProgress;
class PruneQuestion;
class PruneResult;

/// "Prune…": all of it in one place, for people who want a smaller model. Asks what to do, runs one job that can be cancelled, and shows what came out;
/// each is a page.
class PruneCard : public QStackedWidget {
    Q_OBJECT
public:
    explicit PruneCard(Workbench workbench, QWidget *parent = nullptr);

    /// Texts that come with the program; empty = there are none.
    void setSampleTexts(const QString &calibration, const QString &evaluation);

protected:
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

signals:
    void lookCloserRequested(); ///< at the plan, in the tabs

private:
    void ask();
    void start(const PruneRequest &request);
    void followJob(int number);
    void tellDone();

    Workbench m_workbench;
    PruneQuestion *m_question;
    PruneProgress *m_progress;
    PruneResult *m_result;
    int m_job = 0; ///< the number of the one that was started here
    QString m_command;
    PlanDraft m_draft; ///< of that job
};

} // namespace secateur::ui
