// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <cstdint>

class QLabel;

namespace secateur::ui {

class ElidedLabel;
class JobRunner;
class SessionJobs;
class SessionKeeper;
class SessionModel;

/// The last line of the window: device, threads and type; memory; calibration; when the session was written down.
class StatusLine : public QWidget {
    Q_OBJECT
public:
    StatusLine(SessionModel &model, SessionJobs &jobs, JobRunner &runner, SessionKeeper &keeper, QWidget *parent = nullptr);

private:
    void showEngine();
    void showMemory();
    void showCalibration();
    void showSaved();
    QString savedText(const QString &name) const;

    SessionModel &m_model;
    SessionJobs &m_jobs;
    JobRunner &m_runner;
    SessionKeeper &m_keeper;
    std::int64_t m_peak = 0; ///< bytes, since the start
    QLabel *m_engine, *m_memory;
    ElidedLabel *m_calibration, *m_saved;
};

} // namespace secateur::ui
