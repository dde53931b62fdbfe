// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/JobCostText.h"

#include "jobs/JobTable.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QStringList>

namespace secateur::ui {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("JobCostText", text);
}

} // namespace

QString jobCostText(const JobCost &cost)
{
    if (!cost.problem.isEmpty())
        return cost.problem;
    QStringList parts;
    if (!cost.anew.isEmpty())
        parts += cost.anew;
    if (cost.evaluations > 0)
        parts += cost.evaluations == 1 ? tr("1 evaluation") : tr("%1 evaluations").arg(exactText(cost.evaluations));
    if (cost.seconds)
        parts += estimated(durationText(*cost.seconds));
    else if (cost.evaluations > 0)
        parts += tr("time not known before the first search");
    if (cost.forecast) {
        parts += tr("%1 of memory").arg(estimated(bytesText(cost.forecast->memoryBytes())));
        if (cost.forecast->isStreamed)
            parts += tr("layers read when they are needed");
    }
    const QString text = parts.join(QStringLiteral(", "));
    return cost.seconds || cost.forecast ? text + QLatin1Char('\n') + estimateText() : text;
}

QString evaluationCostText(const SessionJobs &jobs)
{
    const JobCost cost = jobs.evaluationCost();
    const QString models = jobs.isOriginalMeasured() ? tr("the plan") : tr("the original, once for this text, and the plan");
    const QString what = (cost.evaluations > 0 ? tr("Searches, then evaluates %1") : tr("Evaluates %1")).arg(models);
    const QString much = jobCostText(cost);
    return much.isEmpty() ? what : tr("%1: %2").arg(what, much);
}

} // namespace secateur::ui
