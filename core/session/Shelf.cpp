// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Shelf.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"
#include "session/PlanFolder.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

namespace secateur {
namespace {

bool isFile(const std::filesystem::path &path)
{
    std::error_code error;
    return std::filesystem::is_regular_file(path, error);
}

/// Whether a plan was found, and its file lies where sessions keep such files.
bool isBesideASession(const std::filesystem::path &file)
{
    return isFoundPlanFile(file) && file.parent_path().extension() == kPlanFolder;
}

/// Stands for a plan's file whose values cannot be had: whoever asks for them is told why.
class LostFile : public WeightFile {
public:
    LostFile(std::filesystem::path file, Error reason) : m_file(std::move(file)), m_reason(std::move(reason)) {}

    const std::filesystem::path &path() const override { return m_file; }
    const std::vector<TensorView> &tensors() const override { throw m_reason; }
    TensorData read(std::size_t) const override { throw m_reason; }
    std::string storage() const override { throw m_reason; }
    bool isConverted() const override { throw m_reason; }
    std::span<const std::byte> bytes() const override { throw m_reason; }
    void checkUnchanged() const override { throw m_reason; }
    void releasePages() const override {}

private:
    std::filesystem::path m_file;
    Error m_reason;
};

} // namespace

PruningPlan beforeItsSearch(PruningPlan plan)
{
    if (!isSearchable(plan))
        return plan;
    plan.removedAttentions.clear();
    plan.search.steps.clear();
    plan.search.screenedIn.clear();
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
    return plan;
}

std::string shelfKey(const PruningPlan &plan)
{
    nlohmann::json how;
    if (plan.method == PlanMethod::TwoSsp)
        how = {{"norm", plan.norm == ScoreNorm::L1 ? "l1" : "l2"},
               {"tokens", plan.calibration.tokenHash},
               {"windows", plan.calibration.windows},
               {"length", plan.calibration.length}};
    else if (plan.restoration) // what was fitted is in the surgery; how it came about is told of each
        how = {{"restoration", toJson(plan.restoration->settings)}, {"tokens", plan.calibration.tokenHash}};
    else if (plan.blocks) // methods may agree on what goes, and each is to be found again
        how = {{"settings", toJson(plan.blocks->settings)},
               {"tokens", plan.calibration.tokenHash},
               {"windows", plan.calibration.windows},
               {"length", plan.calibration.length}};
    return Sha256::ofText(nlohmann::json{{"surgery", beforeItsSearch(plan).hash()}, {"how", how}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace));
}

ShelfEntry shelfEntry(PruningPlan plan, const std::filesystem::path &file)
{
    PlanDraft draft{.balance = plan.settings, .search = plan.search.settings, .plan = shelfKey(plan)};
    SearchRecord search = plan.search;
    return {.plan = std::make_shared<const ShelfPlan>(ShelfPlan{.plan = beforeItsSearch(std::move(plan)), .file = file}),
            .draft = std::move(draft),
            .search = std::move(search)};
}

PlanDraft draftOf(const Session &session, const ShelfEntry &entry)
{
    PlanDraft draft = entry.draft;
    const PruningPlan &plan = entry.plan->plan, &kept = session.plans.at(draft.plan)->plan;
    if (isSearchable(plan) && plan.balance.attentionsToRemove != kept.balance.attentionsToRemove)
        draft.balance.attentionsToRemove = plan.balance.attentionsToRemove;
    return draft;
}

PlanDraft shelve(Session &session, const ShelfEntry &entry)
{
    std::shared_ptr<const ShelfPlan> &shelved = session.plans.try_emplace(entry.draft.plan, entry.plan).first->second;
    if (!entry.plan->plan.edits.isEmpty())
        shelved = entry.plan; // its file holds the values; the one before may have changed since
    const PlanDraft draft = draftOf(session, entry);
    const PruningPlan &plan = entry.plan->plan;
    if (isSearchable(plan) && entry.search.isBegun()) {
        SearchRecord &known = session.searches.try_emplace(searchKey(draft, plan.balance.neuronsKept), entry.search).first->second;
        if (!known.isBegun() || reachOf(known) < reachOf(entry.search))
            known = entry.search;
    }
    return draft;
}

bool isSettled(const Session &session, const PlanDraft &draft)
{
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    return shelf && !isSearchable(shelf->plan);
}

void findValues(PruningPlan &plan, const std::filesystem::path &file, const ModelSpec &dense)
{
    if (plan.edits.isEmpty())
        return;
    const std::string changes = "The values of " + counted(std::int64_t(plan.edits.list.size()), "changed weight") + " are not there: ",
                      remedy = isBesideASession(file)
                                   ? "Put the folder " + inQuotes(file.parent_path().filename().string()) +
                                         " back beside the session: both move together."
                                   : std::string("Put the plan's file back as it was, or open it from where it lies now.");
    try {
        const PruningPlan stored = loadPlan(file, dense, plan.calibration.modelHash);
        if (stored.hash() != plan.hash())
            throw Error(inQuotes(file.string()) + " holds another plan now.");
        plan.edits.values = stored.edits.values;
    } catch (const Error &problem) {
        plan.edits.values = std::make_shared<const LostFile>(file, Error(changes + problem.what(), remedy));
    }
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

TextSettings searchTextOf(const PruningPlan &plan)
{
    TextSettings text = textSettingsOf(plan.search.provenance.textFiles.empty() ? plan.calibration : plan.search.provenance);
    text.windows = textSettingsOf(plan.calibration).windows;
    return text;
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
