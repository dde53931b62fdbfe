// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Session.h"

#include "foundation/Error.h"
#include "session/Measurements.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

std::string listOf(const std::vector<std::int64_t> &layers)
{
    std::string text;
    for (const std::int64_t layer : layers)
        text += (text.empty() ? "" : ",") + std::to_string(layer);
    return text;
}

const NeuronScores &scoresOf(const Session &session, const PlanDraft &draft)
{
    const std::int64_t index = draft.calibration;
    if (index < 0 || index >= std::int64_t(session.calibrations.size()))
        throw Error("There are no neuron scores for this plan yet.", "Calibrate the model first.");
    return *session.calibrations[std::size_t(index)];
}

const ModelSpec &denseOf(const Session &session)
{
    if (!session.model)
        throw Error("The session has no model.", "Open a model first.");
    return session.model->spec;
}

/// How many attentions a variation of a plan of the shelf removes.
std::int64_t removalsOf(const ShelfPlan &shelf, const PlanDraft &draft)
{
    const PruningPlan &plan = shelf.plan;
    return isSearchable(plan) ? draft.balance.attentionsToRemove.value_or(plan.balance.attentionsToRemove)
                              : plan.balance.attentionsToRemove;
}

/// That variation, before its search.
PruningPlan variationOf(const ShelfPlan &shelf, const ModelSpec &dense, const PlanDraft &draft)
{
    const std::int64_t removals = removalsOf(shelf, draft);
    return removals == shelf.plan.balance.attentionsToRemove ? shelf.plan : withRemovals(shelf.plan, dense, removals);
}

/// Whether both are of the same norm, and computed in the same way as far as anybody knows.
bool areComputedAlike(const NeuronScores &one, const NeuronScores &other)
{
    const ComputeConditions &ones = one.provenance.computed, &others = other.provenance.computed;
    return one.norm == other.norm && differenceOf(ones, others).isNone() && unknownOf(ones) == unknownOf(others);
}

/// Whether both are the same numbers, wherever their text lay. Of a text whose content nobody noted, isSameCalibration() tells.
bool areSameScores(const NeuronScores &one, const NeuronScores &other)
{
    const Provenance &p = one.provenance, &q = other.provenance;
    if (p.tokenHash.empty() || q.tokenHash.empty())
        return isSameCalibration(one, other);
    return p.modelHash == q.modelHash && p.tokenizerHash == q.tokenizerHash && p.tokenHash == q.tokenHash && p.windows == q.windows &&
           p.length == q.length && areComputedAlike(one, other);
}

constexpr const char *kProtected = "], protect ["; ///< what stands before the protected layers in a key, at its end

/// What a key says before its protected layers.
std::string_view withoutProtected(const std::string &key)
{
    return std::string_view(key).substr(0, key.rfind(kProtected));
}

} // namespace

std::pair<std::size_t, std::int64_t> reachOf(const SearchRecord &record)
{
    return {record.removalOrder().size(), record.evaluations()};
}

SearchRecord *recordOf(Session &session, const std::string &key)
{
    if (key.empty())
        return session.denseImpact ? &*session.denseImpact : nullptr;
    const auto known = session.searches.find(key);
    return known == session.searches.end() ? nullptr : &known->second;
}

const SearchRecord *recordOf(const Session &session, const std::string &key)
{
    return recordOf(const_cast<Session &>(session), key); // NOLINT: it changes nothing
}

std::string searchKey(const PlanDraft &draft, std::int64_t neuronsKept)
{
    if (!draft.hasNeurons())
        return {};
    const SearchSettings &s = draft.search;
    const std::string narrowed = draft.plan.empty()
                                     ? "calibration " + std::to_string(draft.calibration) + ", K " + std::to_string(neuronsKept)
                                     : "plan " + draft.plan;
    return narrowed + ", windows " + std::to_string(s.windows) + (s.referenceLoss ? ", reference" : ", float32") + ", force [" +
           listOf(s.forcedLayers) + kProtected + listOf(s.protectedLayers) + "]";
}

bool areAlikeButProtected(const std::string &oneKey, const std::string &otherKey)
{
    return !oneKey.empty() && withoutProtected(oneKey) == withoutProtected(otherKey);
}

std::optional<SearchRecord> searchOfOthers(const Session &session, const PlanDraft &draft, std::int64_t neuronsKept)
{
    const std::string key = searchKey(draft, neuronsKept);
    const auto own = session.searches.find(key);
    const bool isOwnBegun = own != session.searches.end() && own->second.isBegun();
    auto reach = isOwnBegun ? reachOf(own->second) : std::pair<std::size_t, std::int64_t>();
    std::optional<SearchRecord> furthest;
    for (const auto &[otherKey, other] : session.searches) {
        if (otherKey == key || !areAlikeButProtected(key, otherKey) || !other.isBegun() ||
            (isOwnBegun && !differenceOf(own->second.provenance.computed, other.provenance.computed).isNone()))
            continue;
        SearchRecord said = withProtected(other, draft.search.protectedLayers);
        const bool isFirst = !isOwnBegun && !furthest;
        if (const auto its = reachOf(said); isFirst || its > reach) {
            reach = its;
            furthest = std::move(said);
        }
    }
    return furthest;
}

std::optional<SearchRecord> searchOf(const Session &session, const PlanDraft &draft, std::int64_t neuronsKept)
{
    std::optional<SearchRecord> known = searchOfOthers(session, draft, neuronsKept);
    if (const auto own = session.searches.find(searchKey(draft, neuronsKept)); !known && own != session.searches.end())
        known = own->second;
    return known;
}

const ShelfPlan *shelfPlanOf(const Session &session, const PlanDraft &draft)
{
    if (draft.plan.empty())
        return nullptr;
    const auto found = session.plans.find(draft.plan);
    if (found == session.plans.end())
        throw Error("The plan this one is based on is not in the session.", "Open it again.");
    return found->second.get();
}

std::int64_t calibrationOf(const Session &session, const PlanDraft &draft)
{
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    if (!shelf || (shelf->plan.method != PlanMethod::TwoSsp && shelf->plan.method != PlanMethod::Restored))
        return draft.calibration;
    const NeuronScores wanted{.layers = {}, .norm = shelf->plan.norm, .provenance = shelf->plan.calibration};
    const auto isOfPlan = [&](const auto &scores) { return areSameScores(*scores, wanted); };
    const auto &all = session.calibrations;
    return std::distance(std::find_if(all.rbegin(), all.rend(), isOfPlan), all.rend()) - 1;
}

SparsityBalance balanceOf(const Session &session, const PlanDraft &draft)
{
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    if (!shelf)
        return balance(denseOf(session), draft.balance);
    const std::int64_t removals = removalsOf(*shelf, draft);
    return removals == shelf->plan.balance.attentionsToRemove ? shelf->plan.balance
                                                              : balanceWithRemovals(shelf->plan, denseOf(session), removals);
}

BalanceBounds boundsOf(const Session &session, const PlanDraft &draft)
{
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    if (!shelf)
        return boundsOf(denseOf(session), draft.balance.sparsity, draft.balance.alpha);
    const std::int64_t own = shelf->plan.balance.attentionsToRemove;
    if (!isSearchable(shelf->plan))
        return {.leastAttentions = own, .mostAttentions = own, .attentionsByRule = own};
    return {.leastAttentions = 0, .mostAttentions = denseOf(session).layerCount(), .attentionsByRule = own};
}

ModelSpec specOf(const Session &session, const PlanDraft &draft)
{
    const ModelSpec &dense = denseOf(session);
    const SparsityBalance split = balanceOf(session, draft);
    if (const ShelfPlan *shelf = shelfPlanOf(session, draft); shelf && !isSearchable(shelf->plan))
        return prunedSpec(dense, shelf->plan.widths(), shelf->plan.removedAttentions);
    std::vector<std::int64_t> removed;
    if (const std::optional<SearchRecord> known = searchOf(session, draft, split.neuronsKept))
        removed = known->removalOrder();
    for (std::int64_t layer = dense.layerCount() - 1; layer >= 0 && std::int64_t(removed.size()) < split.attentionsToRemove; --layer)
        if (std::find(removed.begin(), removed.end(), layer) == removed.end())
            removed.push_back(layer);
    removed.resize(std::size_t(split.attentionsToRemove));
    return prunedSpec(dense, std::vector<std::int64_t>(dense.layers.size(), split.neuronsKept), removed);
}

PruningPlan planOf(const Session &session, const PlanDraft &draft)
{
    const ModelSpec &dense = denseOf(session);
    const ShelfPlan *shelf = shelfPlanOf(session, draft);
    PruningPlan plan = shelf ? variationOf(*shelf, dense, draft) : planFromScores(dense, scoresOf(session, draft), draft.balance);
    if (!isSearchable(plan))
        return plan;
    plan.search.settings = draft.search;
    const std::optional<SearchRecord> known = searchOf(session, draft, plan.balance.neuronsKept);
    if (!known)
        return plan;
    plan.search = *known;
    if (std::int64_t(plan.search.steps.size()) > plan.balance.attentionsToRemove)
        plan.search.steps.resize(std::size_t(plan.balance.attentionsToRemove));
    plan.removedAttentions = plan.search.removalOrder();
    return plan;
}

bool isOf(const Measurement &record, const PlanDraft &draft, std::int64_t neuronsKept, const std::vector<std::int64_t> &removed)
{
    const std::string plan = record.draft ? record.draft->plan : std::string();
    return !record.planHash.empty() && record.calibration == draft.calibration && plan == draft.plan && record.neuronsKept == neuronsKept &&
           record.removed == removed;
}

bool isOf(const NeuronScores &scores, const TextSettings &text, ScoreNorm norm, const std::vector<ReadText> &read)
{
    const Provenance &p = scores.provenance;
    if (const std::string content = contentOf(read, text); !content.empty())
        return p.tokenHash == content && p.length == text.length && scores.norm == norm;
    const bool isSameFiles = std::equal(p.textFiles.begin(), p.textFiles.end(), text.files.begin(), text.files.end(),
                                        [](const std::string &one, const std::filesystem::path &other) { return one == other.string(); });
    return isSameFiles && p.length == text.length && p.seed == text.seed && p.column == text.column && p.documents == text.documents &&
           (!text.windows || p.windows == *text.windows) && scores.norm == norm;
}

bool isSameCalibration(const NeuronScores &one, const NeuronScores &other)
{
    Provenance alike = one.provenance;
    alike.computed = other.provenance.computed;
    return alike == other.provenance && areComputedAlike(one, other);
}

TextSettings textSettingsOf(const Provenance &p)
{
    const TextSettings usual;
    return {.files = {p.textFiles.begin(), p.textFiles.end()},
            .windows = std::max<std::int64_t>(1, p.windows),
            .length = std::max<std::int64_t>(1, p.length),
            .seed = p.seed,
            .column = p.column.empty() ? usual.column : p.column,
            .documents = p.documents};
}

std::int64_t calibrationFor(const Session &session, const TextSettings &text, ScoreNorm norm)
{
    if (!text.windows && contentOf(session.readTexts, text).empty())
        return -1;
    const auto &all = session.calibrations;
    const auto found =
        std::find_if(all.rbegin(), all.rend(), [&](const auto &scores) { return isOf(*scores, text, norm, session.readTexts); });
    return std::distance(found, all.rend()) - 1;
}

std::string textName(const TextSettings &text)
{
    if (text.files.size() > 1)
        return std::to_string(text.files.size()) + " files";
    return text.files.empty() ? std::string() : text.files.front().filename().string();
}

} // namespace secateur
