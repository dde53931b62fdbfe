// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Enabling.h"

#include <QWidget>

namespace secateur::ui {

void enableUnless(const QString &problem, QWidget &control, const QString &toolTip)
{
    control.setEnabled(problem.isEmpty());
    control.setToolTip(problem.isEmpty() ? toolTip : problem);
    control.setAccessibleDescription(problem); // lists tell nothing of their tooltips
}

} // namespace secateur::ui
