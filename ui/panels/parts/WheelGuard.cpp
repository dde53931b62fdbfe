// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/WheelGuard.h"

#include <QEvent>
#include <QWidget>

namespace secateur::ui {

WheelGuard::WheelGuard(QWidget &control) : QObject(&control)
{
    control.setFocusPolicy(Qt::StrongFocus); // not by wheel
    control.installEventFilter(this);
}

bool WheelGuard::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::Wheel || static_cast<QWidget *>(watched)->hasFocus())
        return QObject::eventFilter(watched, event);
    event->ignore(); // goes on to the parent
    return true;
}

} // namespace secateur::ui
