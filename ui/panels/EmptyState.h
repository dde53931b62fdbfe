// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace secateur::ui {

/// Stands where a panel has nothing to show yet: what is missing, what to do about it, and a button that does it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget *parent = nullptr);

    /// An empty `action` leaves the button out.
    void say(const QString &title, const QString &text, const QString &action = {});

signals:
    void actionRequested();

private:
    QLabel *m_title;
    QLabel *m_text;
    QPushButton *m_button;
};

} // namespace secateur::ui
