// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/JobCostText.h"

#include "jobs/JobTable.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>

namespace secateur::ui {

QString jobCostText(const JobCost &cost)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("JobCostText", text); };
    const QString count = cost.evaluations == 1 ? tr("1 evaluation") : tr("%1 evaluations").arg(exactText(cost.evaluations));
    if (!cost.seconds)
        return tr("%1, time not known before the first search").arg(count);
    return tr("%1, about %2").arg(count, durationText(*cost.seconds));
}

} // namespace secateur::ui
