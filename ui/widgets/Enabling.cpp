// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Enabling.h"

#include <QVariant>
#include <QWidget>

namespace secateur::ui {

void enableUnless(const QString &problem, QWidget &control)
{
    constexpr const char *kOwn = "ownToolTip";
    if (control.isEnabledTo(control.parentWidget()))
        control.setProperty(kOwn, control.toolTip());
    enableUnless(problem, control, control.property(kOwn).toString());
}

void enableUnless(const QString &problem, QWidget &control, const QString &toolTip)
{
    control.setEnabled(problem.isEmpty());
    control.setToolTip(problem.isEmpty() ? toolTip : problem);
    control.setAccessibleDescription(problem); // lists tell nothing of their tooltips
}

} // namespace secateur::ui
