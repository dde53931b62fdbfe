// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/JobRunner.h"

#include <QObject>
#include <QString>

namespace secateur::ui {

/// Why a job of one kind cannot be started once more: there is one, which runs, waits or is paused.
class BusyReason : public QObject {
    Q_OBJECT
public:
    /// `running` is what is said of one that runs or waits. The runner outlives this.
    BusyReason(const JobRunner &runner, JobKind kind, const QString &running, QObject *parent);

    /// Empty while there is no such job.
    const QString &text() const { return m_text; }

signals:
    void changed();

private:
    void follow();

    const JobRunner &m_runner;
    JobKind m_kind;
    QString m_running, m_text;
};

} // namespace secateur::ui
