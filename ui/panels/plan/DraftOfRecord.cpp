// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/DraftOfRecord.h"

#include "foundation/Error.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <vector>

namespace secateur::ui {
namespace {

constexpr std::array kUsualSparsities = {0.25, 0.375, 0.5};

QString tr(const char *text)
{
    return QCoreApplication::translate("DraftOfRecord", text);
}

bool leadsTo(const ModelSpec &spec, const BalanceSettings &settings, std::int64_t neuronsKept, std::int64_t removed)
{
    try {
        const SparsityBalance reached = balance(spec, settings);
        return reached.neuronsKept == neuronsKept && reached.attentionsToRemove == removed;
    } catch (const Error &) {
        return false; // not feasible: another setting is tried
    }
}

/// Settings of the balance that give K and N: the nearest to what people would have set.
std::optional<BalanceSettings> balanceFor(const Session &session, const Measurement &record, const PlanDraft &current)
{
    const ModelSpec &spec = session.model->spec;
    const auto removed = std::int64_t(record.removed.size());
    std::vector<BalanceSettings> candidates = {current.balance};
    for (const PinnedPlan &pin : session.pinned)
        candidates.push_back(pin.draft.balance);
    for (const double sparsity : kUsualSparsities) {
        BalanceSettings usual;
        usual.sparsity = sparsity;
        candidates.push_back(usual);
        usual.attentionsToRemove = removed;
        candidates.push_back(usual);
    }
    BalanceSettings byHand = current.balance;
    byHand.attentionsToRemove = removed;
    byHand.neuronsKept.reset();
    candidates.push_back(byHand);
    byHand.neuronsKept = record.neuronsKept;
    candidates.push_back(byHand);
    for (const BalanceSettings &settings : candidates)
        if (leadsTo(spec, settings, record.neuronsKept, removed))
            return settings;
    return {};
}

bool gives(const Session &session, const PlanDraft &draft, const Measurement &record)
{
    if (record.removed.empty())
        return true;
    const std::optional<SearchRecord> known = searchOf(session, draft, record.neuronsKept);
    if (!known)
        return false;
    const std::vector<std::int64_t> order = known->removalOrder();
    return order.size() >= record.removed.size() && std::equal(record.removed.begin(), record.removed.end(), order.begin());
}

} // namespace

DraftOfRecord draftOfRecord(const Session &session, const Measurement &record, const PlanDraft &current)
{
    if (record.planHash.empty())
        return {{}, tr("This is the original model, not a plan.")};
    if (record.isOrderBorrowed)
        return {{}, tr("The removal order of this measurement was borrowed from another K. Set its N and K, and search.")};
    const QString unknownSearch = tr("The search that gave this plan is not in the session.");
    if (session.model && record.draft && !record.draft->plan.empty()) { // the shelf has it, but for its search
        if (isSearchable(shelfPlanOf(session, *record.draft)->plan) && !gives(session, *record.draft, record))
            return {{}, unknownSearch};
        return {record.draft, {}};
    }
    if (!session.model || record.calibration < 0 || record.calibration >= std::int64_t(session.calibrations.size()))
        return {{}, tr("The calibration of this plan is not in the session.")};
    if (record.draft && gives(session, *record.draft, record))
        return {record.draft, {}};
    const std::optional<BalanceSettings> balance = balanceFor(session, record, current);
    if (!balance)
        return {{}, tr("N and K of this plan do not fit the model of the session.")};

    std::vector<SearchSettings> searches = {current.search};
    for (const PinnedPlan &pin : session.pinned)
        searches.push_back(pin.draft.search);
    for (const auto &[key, search] : session.searches)
        searches.push_back(search.settings);
    for (const SearchSettings &search : searches)
        if (const PlanDraft draft{.calibration = record.calibration, .balance = *balance, .search = search}; gives(session, draft, record))
            return {draft, {}};
    return {{}, unknownSearch};
}

} // namespace secateur::ui
