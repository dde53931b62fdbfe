// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/FigureSources.h"

#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/calibrate/CalibrationTable.h"
#include "panels/evaluate/EvaluationModel.h"
#include "session/Measurements.h"

#include <QCoreApplication>

#include <algorithm>

namespace secateur::ui {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("FigureSources", text);
}

/// "37.6 %, N = 4, K = 978". `draft`: of the plan, where it is known.
QString planWords(const SessionModel &session, std::int64_t kept, std::size_t removals, const std::optional<PlanDraft> &draft = {})
{
    Measurement plan;
    plan.draft = draft;
    plan.neuronsKept = kept;
    plan.removed.resize(removals);
    plan.planHash = "plan"; // any: without one it were the original
    return planText(session, plan);
}

QString calibrationNote(const SessionModel &session)
{
    const NeuronScores *scores = session.scores();
    if (!scores)
        return {};
    return tr("calibrated on %1, %2").arg(textFilesName(scores->provenance), calibrationCutText(scores->provenance));
}

} // namespace

FigureSource sourceOfPlan(const SessionModel &session)
{
    if (!session.hasModel())
        return {};
    FigureSource source{.model = session.modelName(), .note = calibrationNote(session)};
    if (!session.balance()) {
        source.plan = tr("not feasible");
        return source;
    }
    source.plan = planWords(session, session.neuronsKept(), std::size_t(session.attentionsToRemove()), session.draft());
    source.planHash = session.planHash();
    if (session.planExactness() != Exactness::Exact)
        source.plan = tr("%1 (%2)").arg(source.plan, session.planExactnessText());
    return source;
}

FigureSource sourceOfSearch(const SessionModel &session, const std::string &key, const SearchRecord &record, std::int64_t kept)
{
    if (!session.hasModel())
        return {};
    const std::vector<std::int64_t> order = record.removalOrder();
    FigureSource source{.model = session.modelName(), .plan = planWords(session, kept, order.size()), .note = tr("not the current plan")};
    // The session knows hashes of the current plan and of those that were measured.
    for (const Measurement &measured : session.session().measurements) {
        PlanDraft draft = session.draft();
        draft.calibration = measured.calibration;
        draft.plan = measured.draft ? measured.draft->plan : std::string();
        draft.search = record.settings;
        if (measured.removed == order && measured.neuronsKept == kept && searchKey(draft, kept) == key)
            source.planHash = QString::fromStdString(measured.planHash);
    }
    return source;
}

FigureSource sourceOfOriginal(const SessionModel &session)
{
    if (!session.hasModel())
        return {};
    return {.model = session.modelName(), .plan = tr("none, the original"), .note = {}};
}

FigureSource sourceOfMeasurements(const SessionModel &session)
{
    if (!session.hasModel())
        return {};
    const Session &values = session.session();
    const auto count = std::count_if(values.measurements.begin(), values.measurements.end(), [&](const Measurement &record) {
        return !record.planHash.empty() && isOn(record, values.evaluationText, values.readTexts);
    });
    FigureSource source{.model = session.modelName(), .note = {}};
    if (!values.evaluationText.files.empty())
        source.note =
            (count == 1 ? tr("1 plan measured on %2") : tr("%1 plans measured on %2").arg(count)).arg(textFilesName(values.evaluationText));
    if (const QString hash = session.planHash(); session.balance() && !hash.isEmpty())
        source.note +=
            tr("; current plan: %1, hash %2")
                .arg(planWords(session, session.neuronsKept(), std::size_t(session.attentionsToRemove()), session.draft()), hash.left(12));
    return source;
}

FigureSource sourceOfComparison(const SessionModel &session, std::size_t plans)
{
    if (!session.hasModel())
        return {};
    return {.model = session.modelName(), .note = plans == 1 ? tr("1 model compared") : tr("%1 models compared").arg(plans)};
}

} // namespace secateur::ui
