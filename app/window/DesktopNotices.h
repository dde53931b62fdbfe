// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/JobRunner.h"

#include <QObject>
#include <QString>
#include <optional>

class QWidget;

namespace secateur::ui {

class SessionBus;
class SessionModel;

/// What the desktop is to say of a job that has ended.
struct Notice {
    QString title, body;
};

/// A word for those who look elsewhere: of a job that took long, and that nobody cancelled, or that is held. None while the window is the one that is worked in.
std::optional<Notice> noticeOf(const JobInfo &job, const SessionModel &session, bool isWindowActive);

/// Tells the desktop when a long job ends, or is held, while people are in another window (org.freedesktop.Notifications). A click on it brings the window to
/// the front, where the desktop has that. Where there is no desktop to tell, nothing happens, and nothing waits.
class DesktopNotices : public QObject {
    Q_OBJECT
public:
    DesktopNotices(const SessionModel &session, const JobRunner &runner, QWidget &window, SessionBus &bus);

    void tell(const Notice &notice);

private slots:
    void actionInvoked(uint number, const QString &action);

private:
    QWidget &m_window;
    SessionBus &m_bus;
    uint m_number = 0; ///< of the last one; the next takes its place
};

} // namespace secateur::ui
