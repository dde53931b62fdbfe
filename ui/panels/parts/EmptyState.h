// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QWidget>

class QLabel;
class QPushButton;

namespace secateur::ui {

/// Stands where a panel has nothing to show yet: an icon, what is missing, what to do about it, and a button that does it. Looks alike on all pages.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget *parent = nullptr);

    /// An empty `action` leaves the button out. `iconName`: of theme/Icons. `other`: another way out, a lesser button below; it may be long.
    void say(const QString &title, const QString &text, const QString &action = {}, const QString &iconName = QStringLiteral("info"),
             const QString &other = {});
    /// The tooltip of the button, until something else is said: how a number on it is estimated.
    void explain(const QString &toolTip);
    /// Why the button, or the lesser one, cannot be used, until something else is said. Empty = it can.
    void refuseAction(const QString &problem);
    void refuseOther(const QString &problem);
    /// What every page says as long as no model is open; its button asks for one.
    void sayNoModel();

signals:
    void actionRequested(); ///< the button of say()
    void otherRequested();  ///< the lesser one
    void openRequested();   ///< the button of sayNoModel()

private:
    class Mark;

    Mark *m_mark;
    QLabel *m_title;
    QLabel *m_text;
    QPushButton *m_button;
    QPushButton *m_other;
    bool m_isNoModel = false;
};

} // namespace secateur::ui
