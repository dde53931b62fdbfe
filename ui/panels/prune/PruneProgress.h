// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/JobRunner.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;

namespace secateur::ui {

class ElidedLabel;

/// The second page of "Prune…": how far the job is.
class PruneProgress : public QWidget {
    Q_OBJECT
public:
    explicit PruneProgress(QWidget *parent = nullptr);

    void follow(const JobInfo &job);

signals:
    void cancelRequested();

private:
    ElidedLabel *m_title;
    QProgressBar *m_bar;
    QLabel *m_counts;
    QPushButton *m_cancel;
};

} // namespace secateur::ui
