// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/CurveRequests.h"

#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CurveRequests", text);
}

QString nameOf(const PlanDraft &draft)
{
    return draft.balance.attentionsToRemove ? tr("N = %1").arg(*draft.balance.attentionsToRemove) : targetText(draft.balance.sparsity);
}

/// Takes the draft if the model can be pruned and searched like that.
void add(CurvePlans &plans, const SessionModel &session, const PlanDraft &draft)
{
    try {
        PruningPlan plan;
        plan.balance = balanceOf(session.session(), draft);
        checkSearchSettings(draft.search, plan, session.spec());
        plans.drafts.push_back(draft);
    } catch (const Error &problem) {
        plans.omissions << tr("%1: %2").arg(nameOf(draft), QString::fromStdString(problem.what()));
    }
}

} // namespace

CurvePlans plansAlongSparsity(const SessionModel &session, std::span<const double> sparsities)
{
    CurvePlans plans;
    for (const double sparsity : sparsities) {
        PlanDraft draft = session.draft();
        draft.balance.sparsity = sparsity;
        draft.balance.attentionsToRemove.reset();
        draft.balance.neuronsKept.reset();
        add(plans, session, draft);
    }
    return plans;
}

CurvePlans plansAlongDepth(const SessionModel &session, qint64 count)
{
    CurvePlans plans;
    if (!session.bounds())
        return plans;
    const std::int64_t least = session.bounds()->leastAttentions, most = session.bounds()->mostAttentions;
    std::vector<std::int64_t> depths;
    for (qint64 i = 0; i < count && least <= most; ++i) {
        const double share = count == 1 ? 0 : double(i) / double(count - 1);
        depths.push_back(least + std::llround(share * double(most - least)));
    }
    depths.erase(std::unique(depths.begin(), depths.end()), depths.end());
    for (const std::int64_t depth : depths) {
        PlanDraft draft = session.draft();
        draft.balance.attentionsToRemove = depth;
        draft.balance.neuronsKept.reset();
        add(plans, session, draft);
    }
    return plans;
}

CurvePlans withOrderOfPlan(const SessionModel &session, CurvePlans plans)
{
    const auto known = std::int64_t(session.removalOrder().size());
    CurvePlans result;
    result.omissions = plans.omissions;
    for (const PlanDraft &draft : plans.drafts) {
        const std::int64_t needed = balanceOf(session.session(), draft).attentionsToRemove;
        if (needed <= known)
            result.drafts.push_back(draft);
        else
            result.omissions << tr("%1: needs %2 removals, the current plan has %3 to lend").arg(nameOf(draft)).arg(needed).arg(known);
    }
    return result;
}

} // namespace secateur::ui
