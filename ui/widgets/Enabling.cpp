// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Enabling.h"

#include <QAction>
#include <QWidget>

namespace secateur::ui {

void enableUnless(const QString &problem, QWidget &control, const QString &toolTip)
{
    control.setEnabled(problem.isEmpty());
    if (const QString &tip = problem.isEmpty() ? toolTip : problem;
        tip != control.toolTip()) // it is asked again and again, and telling Qt takes time
        control.setToolTip(tip);
    control.setAccessibleDescription(problem); // lists tell nothing of their tooltips
}

void enableUnless(const QString &problem, QAction &action, const QString &toolTip)
{
    action.setEnabled(problem.isEmpty());
    action.setToolTip(problem.isEmpty() ? toolTip : problem);
    action.setStatusTip(problem);
}

} // namespace secateur::ui
