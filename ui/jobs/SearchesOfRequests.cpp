// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SearchesOfRequests.h"

#include "foundation/Error.h"
#include "jobs/JobTypes.h"

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace secateur::ui {
namespace {

/// Those of several models that are plans.
std::vector<PlanDraft> plansOf(const std::vector<std::optional<PlanDraft>> &models)
{
    std::vector<PlanDraft> plans;
    for (const std::optional<PlanDraft> &draft : models)
        if (draft)
            plans.push_back(*draft);
    return plans;
}

/// The drafts that are searched where that is missing.
std::vector<PlanDraft> searchedBy(const JobRequest &request, const Session &session)
{
    if (const auto *search = std::get_if<request::Search>(&request))
        return {search->draft};
    if (const auto *evaluate = std::get_if<request::Evaluate>(&request); evaluate && evaluate->draft)
        return {*evaluate->draft};
    if (const auto *tasks = std::get_if<request::MeasureTasks>(&request); tasks && tasks->draft)
        return {*tasks->draft};
    if (const auto *writing = std::get_if<request::Generate>(&request))
        return plansOf(writing->drafts);
    if (const auto *scoring = std::get_if<request::ScoreText>(&request))
        return plansOf(scoring->drafts);
    if (const auto *throughput = std::get_if<request::MeasureThroughput>(&request); throughput && throughput->draft)
        return {*throughput->draft};
    if (const auto *restore = std::get_if<request::Restore>(&request))
        return {restore->draft};
    if (const auto *curve = std::get_if<request::Curve>(&request); curve && !curve->lentOrder)
        return curve->drafts;
    if (const auto *prune = std::get_if<request::Prune>(&request)) {
        PlanDraft draft = prune->draft;
        draft.calibration = calibrationFor(session, prune->calibrationText, prune->norm);
        return {draft};
    }
    return {};
}

} // namespace

Session withoutSearch(const Session &session, const PlanDraft &draft)
{
    Session fresh = session;
    const std::string key = searchKey(draft, balanceOf(session, draft).neuronsKept);
    std::erase_if(fresh.searches, [&](const auto &entry) { return entry.first == key || areAlikeButProtected(key, entry.first); });
    return fresh;
}

std::optional<FreshSearch> freshSearch(const Session &session, const PlanDraft &draft, const ComputeConditions &now)
{
    if (!draft.hasNeurons())
        return {};
    try {
        const SparsityBalance balance = balanceOf(session, draft);
        const std::optional<SearchRecord> record = searchOf(session, draft, balance.neuronsKept);
        if (!record || !record->isBegun())
            return {};
        const auto removals = std::int64_t(record->removalOrder().size());
        ConditionDifference difference = differenceOf(record->provenance.computed, now);
        if (removals >= balance.attentionsToRemove || difference.isNone())
            return {};
        const std::int64_t evaluations = amountOf(request::Search{draft}, withoutSearch(session, draft)).evaluations;
        if (evaluations == 0) // it is settled by its file
            return {};
        return FreshSearch{.removals = removals, .evaluations = evaluations, .difference = std::move(difference)};
    } catch (const Error &) { // it is not feasible: the job says so
        return {};
    }
}

std::optional<FreshSearch> freshSearch(const Session &session, const JobRequest &request, const ComputeConditions &now)
{
    for (const PlanDraft &draft : searchedBy(request, session))
        if (std::optional<FreshSearch> fresh = freshSearch(session, draft, now))
            return fresh;
    return {};
}

bool isIncluded(const Session &session, const JobRequest &wanted, const JobRequest &running)
{
    const auto *one = std::get_if<request::Search>(&wanted), *other = std::get_if<request::Search>(&running);
    if (!one || !other)
        return false;
    const SparsityBalance mine = balanceOf(session, one->draft), its = balanceOf(session, other->draft);
    const std::string key = searchKey(one->draft, mine.neuronsKept);
    return !key.empty() && one->searchText == other->searchText && key == searchKey(other->draft, its.neuronsKept) &&
           mine.attentionsToRemove <= its.attentionsToRemove;
}

} // namespace secateur::ui
