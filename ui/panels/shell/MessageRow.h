// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/MessageLog.h"

#include <QWidget>
#include <chrono>

class QLabel;
class QTimer;

namespace secateur::ui {

/// One message in the bar: its sign, the sentence (of a problem with the word for it), what to do, a button that does it, and one that puts it away. A
/// long list in it is cut until "Details" is pressed.
class MessageRow : public QWidget {
    Q_OBJECT
public:
    /// Notes and successes are put away by themselves after `patience`, unless someone is at them with mouse or keyboard.
    MessageRow(const Message &message, std::chrono::milliseconds patience, QWidget *parent = nullptr);

    const Message &message() const { return m_message; }
    bool isOf(const Message &message) const;

signals:
    void dismissed();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    bool isAttended() const;
    void drawSign();

    Message m_message;
    QLabel *m_sign;
    QTimer *m_timer;
};

} // namespace secateur::ui
