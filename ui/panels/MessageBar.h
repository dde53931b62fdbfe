// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/Workbench.h"

#include <QWidget>
#include <chrono>
#include <vector>

class QPushButton;
class QVBoxLayout;

namespace secateur::ui {

class MessageRow;

/// What people should know now, in place and never modal: the newest messages of the log, newest first. Takes no room while there is none.
class MessageBar : public QWidget {
    Q_OBJECT
public:
    explicit MessageBar(Workbench workbench, QWidget *parent = nullptr);

    static constexpr std::size_t kMostRows = 3;
    /// How long notes and successes stay; for messages to come.
    void setPatience(std::chrono::milliseconds patience) { m_patience = patience; }

signals:
    /// "and n more" was pressed.
    void logRequested();

private:
    void follow();

    MessageLog &m_log;
    std::chrono::milliseconds m_patience{8000};
    std::vector<MessageRow *> m_rows; ///< newest first
    QVBoxLayout *m_layout;
    QPushButton *m_more;
};

} // namespace secateur::ui
