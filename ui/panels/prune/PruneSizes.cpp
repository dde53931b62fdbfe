// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneSizes.h"

#include "foundation/Error.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/export/ExportTargetModel.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>

namespace secateur::ui {
namespace {

constexpr int kSteps = 190; ///< sparsities that are tried, half a percent apart
constexpr double kStepsOfOne = 200;

} // namespace

PruneSizes::Written PruneSizes::at(double sparsity, const ExportEngine &engine) const
{
    Written written{.target = engine.targets.front(), .bytes = {}}; // whose problem is told
    try {
        const SparsityBalance found = balance(m_session.spec(), m_jobs.draftOf({.sparsity = sparsity, .exporting = {}}).balance);
        const std::vector<std::int64_t> widths(std::size_t(m_session.layerCount()), found.neuronsKept);
        const bool isCurrent = m_session.balance() && found.neuronsKept == m_session.neuronsKept() &&
                               found.attentionsToRemove == m_session.attentionsToRemove();
        const std::vector<std::int64_t> known =
            isCurrent ? m_session.removalOrder() : std::vector<std::int64_t>(); // as the export tells it
        const std::vector<std::int64_t> removed = layersToRemove(known, found.attentionsToRemove, m_session.layerCount());
        const ModelSpec pruned = prunedSpec(m_session.spec(), widths, removed);
        const std::string best = recommendedTarget(engine, m_session.spec(), pruned);
        if (best.empty())
            return written;
        written.target = best;
        written.bytes =
            modelParameters(exportedSpec(best, m_session.spec(), pruned)) * qint64(bytesPerElement(m_session.session().model->storedDtype));
    } catch (const Error &) { // the balance is not possible: told as the reason
    }
    return written;
}

std::optional<double> PruneSizes::sparsityFor(double bytes, const ExportEngine &engine) const
{
    for (int step = 1; step <= kSteps; ++step)
        if (const std::optional<qint64> written = at(step / kStepsOfOne, engine).bytes; written && double(*written) <= bytes)
            return step / kStepsOfOne;
    return {};
}

QString sparsityText(double target, double reached)
{
    const QString removed = percentText(reached);
    return percentText(target) == removed ? QCoreApplication::translate("PruneSizes", "removes %1 of the layers' parameters").arg(removed)
                                          : QCoreApplication::translate("PruneSizes", "target %1, removes %2 of the layers' parameters")
                                                .arg(targetText(target), removed);
}

QString PruneSizes::smallestText(const ExportEngine &engine) const
{
    for (int step = kSteps; step > 0; --step)
        if (const std::optional<qint64> bytes = at(step / kStepsOfOne, engine).bytes)
            return QCoreApplication::translate("PruneSizes", "The weights cannot get that small: %1 are left of them at %2.")
                .arg(bytesText(*bytes), percentText(step / kStepsOfOne));
    return QCoreApplication::translate("PruneSizes", "This model cannot be pruned to a size.");
}

} // namespace secateur::ui
