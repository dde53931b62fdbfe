// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/SessionStore.h"

#include <QString>
#include <QWidget>
#include <vector>

class QPushButton;
class QVBoxLayout;

namespace secateur::ui {

/// Sessions that were never saved or were interrupted, each to restore or to discard; hidden while there are none. A few at first, those that were interrupted
/// before the others, the first of which is suggested.
class UnsavedSessions : public QWidget {
    Q_OBJECT
public:
    explicit UnsavedSessions(QWidget *parent = nullptr);

    /// Newest first.
    void setSessions(std::vector<RecoverableSession> sessions);

signals:
    void restoreRequested(const QString &folder);
    void discardRequested(const QString &folder);

private:
    QWidget *makeRow(const RecoverableSession &session, bool isSuggested);
    void showRows();

    std::vector<RecoverableSession> m_sessions; ///< in the order in which they are shown
    bool m_areAllShown = false;
    QVBoxLayout *m_rows;
    QPushButton *m_all;
};

} // namespace secateur::ui
