// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Shelf.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// A plan of 2SSP as before its search; its provenance stays, which tells the text that a search was made on.
PruningPlan beforeItsSearch(PruningPlan plan)
{
    if (plan.method != PlanMethod::TwoSsp)
        return plan;
    plan.removedAttentions.clear();
    plan.search.steps.clear();
    plan.search.screenedIn.clear();
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
    return plan;
}

bool isFile(const std::filesystem::path &path)
{
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

} // namespace

std::string shelfKey(const PruningPlan &plan)
{
    const bool isSearched = plan.method == PlanMethod::TwoSsp;
    nlohmann::json how;
    if (isSearched)
        how = {{"norm", plan.norm == ScoreNorm::L1 ? "l1" : "l2"}, {"calibration", toJson(plan.calibration)}};
    return Sha256::ofText(nlohmann::json{{"surgery", beforeItsSearch(plan).hash()}, {"how", how}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
}

PlanDraft shelve(Session &session, PruningPlan plan, const std::filesystem::path &file)
{
    PlanDraft draft{.balance = plan.settings, .search = plan.search.settings, .plan = shelfKey(plan)};
    const auto [place, isNew] = session.plans.try_emplace(draft.plan);
    if (isNew)
        place->second = std::make_shared<const ShelfPlan>(ShelfPlan{.plan = beforeItsSearch(plan), .file = file});
    if (plan.method != PlanMethod::TwoSsp)
        return draft;
    if (const std::int64_t own = place->second->plan.balance.attentionsToRemove; plan.balance.attentionsToRemove != own)
        draft.balance.attentionsToRemove = plan.balance.attentionsToRemove;
    if (plan.search.isBegun()) {
        SearchRecord &known = session.searches.try_emplace(searchKey(draft, plan.balance.neuronsKept), plan.search).first->second;
        if (!known.isBegun() || reachOf(known) < reachOf(plan.search))
            known = std::move(plan.search);
    }
    return draft;
}

Provenance withTextsIn(Provenance provenance, const std::filesystem::path &folder)
{
    for (std::string &name : provenance.textFiles) {
        const std::filesystem::path text(name);
        if (text.is_relative() && !isFile(text) && isFile(folder / text))
            name = (folder / text).string();
    }
    return provenance;
}

std::optional<SessionPlanName> sessionPlanName(const std::filesystem::path &argument)
{
    const std::string suffix = ".secateur", text = argument.string();
    if (argument.extension() == suffix)
        return SessionPlanName{.file = argument, .pin = {}};
    if (isFile(argument))
        return {};
    for (std::size_t at = text.find(suffix + ":"); at != std::string::npos; at = text.find(suffix + ":", at + 1)) {
        const std::size_t colon = at + suffix.size();
        if (isFile(text.substr(0, colon)) && colon + 1 < text.size())
            return SessionPlanName{.file = text.substr(0, colon), .pin = text.substr(colon + 1)};
    }
    return {};
}

const PlanDraft &draftNamed(const Session &session, const SessionPlanName &name)
{
    if (session.newerFormat)
        throw Error("The session " + inQuotes(name.file.string()) + " was saved by a newer Secateur (format " +
                        std::to_string(*session.newerFormat) + "): its plans may be others than this version knows.",
                    "Update the program to use them.");
    if (name.pin.empty())
        return session.draft;
    const auto pin = std::ranges::find(session.pinned, name.pin, &PinnedPlan::name);
    if (pin != session.pinned.end())
        return pin->draft;
    std::vector<std::string> names;
    for (const PinnedPlan &other : session.pinned)
        names.push_back(inQuotes(other.name));
    throw Error("The session " + inQuotes(name.file.string()) + " has no pinned plan " + inQuotes(name.pin) + ".",
                names.empty() ? "It has none; leave out the part after the colon for its current plan."
                              : "It has " + listed(names) + "; without a name its current plan is taken.");
}

} // namespace secateur
