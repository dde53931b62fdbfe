// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QFrame>
#include <QList>

class QLineEdit;
class QListWidget;

namespace secateur::ui {

/// Every action of the window in one searchable list (Ctrl+Shift+P). Words may come in any order; an action that is not possible now is there
/// and says why. Enter runs the chosen one, Esc closes.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QList<QAction *> actions, QWidget *window);

    /// Opens in the upper middle of the window, empty, with the keyboard in it.
    void open();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter(const QString &text);
    void run();

    QList<QAction *> m_actions;
    QLineEdit *m_input;
    QListWidget *m_list;
};

} // namespace secateur::ui
