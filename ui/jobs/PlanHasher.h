// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include <QObject>
#include <QThreadPool>
#include <QTimer>

namespace secateur::ui {

class SessionModel;

/// Tells the session model the hash of the current plan, once its removals are known and the last edit is a moment ago. To find it sorts scores and
/// writes them out, so it has a thread of its own.
class PlanHasher : public QObject {
    Q_OBJECT
public:
    explicit PlanHasher(SessionModel &model, QObject *parent = nullptr);
    ~PlanHasher() override;

private:
    void keepHash();

    SessionModel &m_model;
    QTimer m_timer;
    QThreadPool m_pool; ///< one thread
    int m_request = 0;
};

} // namespace secateur::ui
