// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace secateur::ui {

class CopyButton;
class FittingLabel;
struct JobInfo;

/// The job that runs: how far it is, and buttons to pause, cancel and copy it as a command line. Escape inside it cancels.
///
/// Of a job that is held by its GPU it says why, and offers to continue on the CPU or to retry.
///
/// There from the first job of a session on: after the last one it says how that ended, and nothing above it moves under the mouse.
class JobBar : public QWidget {
    Q_OBJECT
public:
    explicit JobBar(Workbench workbench, QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void follow();
    void showEnd(int number);
    void forgetSession();
    void showRunning(bool isRunning, bool isHeld);
    void followHeld(const JobInfo &job, std::int64_t waiting); ///< `waiting` jobs come after it
    void togglePause();
    void cancel();

    JobRunner &m_runner;
    int m_shown = 0;     ///< number of the job on show
    int m_forgotten = 0; ///< number of the last job of the sessions before
    FittingLabel *m_title, *m_counts;
    QProgressBar *m_progress;
    QPushButton *m_cpu, *m_pause, *m_cancel;
    CopyButton *m_copy;
    bool m_offersToGoOn = false; ///< by the icon of its button to pause
};

} // namespace secateur::ui
