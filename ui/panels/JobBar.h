// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/Workbench.h"

#include <QWidget>
#include <chrono>

class QLabel;
class QProgressBar;
class QPushButton;
class QTimer;

namespace secateur::ui {

class CopyButton;
class FittingLabel;

/// The job that runs: how far it is, and buttons to pause, cancel and copy it as a command line. Escape inside it cancels.
///
/// There only while a job runs, and for a few seconds after the last one, to say how it ended.
class JobBar : public QWidget {
    Q_OBJECT
public:
    explicit JobBar(Workbench workbench, QWidget *parent = nullptr);

    /// How long the end of a job stays.
    void setPatience(std::chrono::milliseconds patience);

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void follow();
    void showEnd(int number);
    void showRunning(bool isRunning);
    void togglePause();
    void cancel();

    JobRunner &m_runner;
    int m_shown = 0; ///< number of the job on show
    FittingLabel *m_title, *m_counts;
    QProgressBar *m_progress;
    QPushButton *m_pause, *m_cancel;
    CopyButton *m_copy;
    QTimer *m_after;
};

} // namespace secateur::ui
