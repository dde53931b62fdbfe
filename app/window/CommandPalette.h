// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QFrame>
#include <QList>
#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace secateur::ui {

/// Every action of the window in one searchable list (Ctrl+Shift+P), and what else there is to go to: layers, what plots can do. Words may come in
/// any order; an action that is not possible now is there and says why. Enter runs the chosen one, Esc closes.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    /// What is found by its words only, as there are too many to be listed. A number in them is looked for as it is: "layer 1" is no layer 17.
    struct Place {
        QString name;
        std::function<void()> go;
    };

    CommandPalette(QList<QAction *> actions, std::function<std::vector<Place>()> places, QWidget *window);

    /// Opens in the upper middle of the window, empty, with the keyboard in it.
    void open();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter(const QString &text);
    void run();

    QList<QAction *> m_actions;
    std::function<std::vector<Place>()> m_findPlaces;
    std::vector<Place> m_places; ///< when it was opened
    QLineEdit *m_input;
    QListWidget *m_list;
};

} // namespace secateur::ui
