// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/JobCostText.h"

#include "jobs/JobTable.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QStringList>

namespace secateur::ui {

QString jobCostText(const JobCost &cost)
{
    const auto tr = [](const char *text) { return QCoreApplication::translate("JobCostText", text); };
    if (!cost.problem.isEmpty())
        return cost.problem;
    QStringList parts;
    if (cost.evaluations > 0)
        parts += cost.evaluations == 1 ? tr("1 evaluation") : tr("%1 evaluations").arg(exactText(cost.evaluations));
    if (cost.seconds)
        parts += tr("about %1").arg(durationText(*cost.seconds));
    else if (cost.evaluations > 0)
        parts += tr("time not known before the first search");
    if (cost.forecast) {
        parts += tr("up to %1 of memory").arg(bytesText(cost.forecast->memoryBytes()));
        if (cost.forecast->isStreamed)
            parts += tr("layers read when they are needed");
    }
    return parts.join(QStringLiteral(", "));
}

} // namespace secateur::ui
