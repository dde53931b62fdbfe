// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/Usable.h"

#include <QVariant>
#include <QWidget>

namespace secateur::ui {

void setUsable(QWidget &control, const QString &problem)
{
    constexpr const char *kOwn = "ownToolTip";
    const bool wasUsable = control.isEnabledTo(control.parentWidget());
    if (wasUsable)
        control.setProperty(kOwn, control.toolTip());
    control.setEnabled(problem.isEmpty());
    if (!problem.isEmpty())
        control.setToolTip(problem);
    else if (!wasUsable)
        control.setToolTip(control.property(kOwn).toString());
}

} // namespace secateur::ui
