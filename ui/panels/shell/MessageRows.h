// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>
#include <chrono>
#include <vector>

class QBoxLayout;
class QPushButton;

namespace secateur::ui {

class MessageRow;

/// The newest messages of the log that pass, or that stay, newest first, and how many more there are. Never modal; hidden while there is none. Esc in it puts
/// the newest away.
class MessageRows : public QWidget {
    Q_OBJECT
public:
    enum class Kind {
        Passing, ///< notes and successes, which go by themselves: up to `kMostPassing` below each other
        Staying, ///< problems, one at a time: the next comes when it is put away
    };
    MessageRows(Workbench workbench, Kind kind, QWidget *parent = nullptr);

    static constexpr std::size_t kMostPassing = 3;
    /// How long passing messages stay; for messages to come.
    void setPatience(std::chrono::milliseconds patience) { m_patience = patience; }
    /// Puts the newest away; false where there is none.
    bool dismissNewest();

signals:
    /// "and n more" was pressed.
    void logRequested();
    void rowsChanged();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void follow();

    MessageLog &m_log;
    Kind m_kind;
    std::chrono::milliseconds m_patience{8000};
    std::vector<MessageRow *> m_rows; ///< newest first
    QBoxLayout *m_layout;
    QPushButton *m_more;
};

} // namespace secateur::ui
