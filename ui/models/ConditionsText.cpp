// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/ConditionsText.h"

#include "foundation/ComputeConditions.h"

#include <QCoreApplication>
#include <QStringList>

#include <string>

namespace secateur::ui {
namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(ConditionsText)
};

QString notRecorded()
{
    return Tr::tr("not recorded");
}

QString deviceText(const ComputeConditions &conditions)
{
    return QString::fromStdString(conditions.gpu.empty() ? conditions.device : conditions.gpu);
}

} // namespace

QString conditionsText(const ComputeConditions &conditions)
{
    if (!conditions.isKnown())
        return notRecorded();
    const QString device = deviceText(conditions), type = QString::fromStdString(conditions.dtype);
    if (conditions.device != "cpu") // there the threads decide nothing
        return Tr::tr("%1, %2", "device, type").arg(device, type);
    return Tr::tr("%1, %2, %3", "device, type, threads")
        .arg(device, type, conditions.threads == 1 ? Tr::tr("1 thread") : Tr::tr("%1 threads").arg(conditions.threads));
}

QString conditionsDetails(const ComputeConditions &conditions)
{
    if (!conditions.isKnown())
        return Tr::tr("How this was computed was not recorded: an older version measured it.");
    const auto orNone = [](const std::string &value) { return value.empty() ? notRecorded() : QString::fromStdString(value); };
    QStringList lines{Tr::tr("Device: %1").arg(QString::fromStdString(conditions.device))};
    if (conditions.device != "cpu")
        lines << Tr::tr("GPU: %1").arg(orNone(conditions.gpu));
    lines << Tr::tr("Type: %1").arg(QString::fromStdString(conditions.dtype)) << Tr::tr("Threads: %1").arg(conditions.threads)
          << Tr::tr("Instructions: %1").arg(orNone(conditions.instructions))
          << Tr::tr("Matrix library (BLAS): %1").arg(orNone(conditions.products))
          << Tr::tr("LibTorch: %1").arg(orNone(conditions.torchVersion)) << Tr::tr("Secateur: %1").arg(orNone(conditions.programVersion))
          << Tr::tr("Host: %1").arg(orNone(conditions.host));
    return lines.join(QLatin1Char('\n'));
}

QString conditionsDifference(const ComputeConditions &original, const ComputeConditions &plan)
{
    const ConditionDifference found = differenceOf(original, plan);
    return found.isNone() ? QString()
                          : Tr::tr("Computed differently: the original %1, the plan %2.")
                                .arg(QString::fromStdString(found.one), QString::fromStdString(found.other));
}

} // namespace secateur::ui
