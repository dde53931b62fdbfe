// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PruningPlan.h"

#include "foundation/AtomicPath.h"
#include "foundation/DocumentFormat.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "pruning/PlanJson.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kMakeAgain = "Make the plan again.";
constexpr int kFormat = 1; // of the JSON; raised when a reader of the old form would misunderstand the new

nlohmann::json toJson(const SparsityBalance &b)
{
    return {{"N", b.attentionsToRemove},
            {"K", b.neuronsKept},
            {"leastN", b.leastAttentions},
            {"mostN", b.mostAttentions},
            {"ruleN", b.attentionsByRule},
            {"layerParameters", {{"dense", b.denseLayerParameters}, {"pruned", b.layerParameters}}},
            {"modelParameters", {{"dense", b.denseModelParameters}, {"pruned", b.modelParameters}}},
            {"sparsityLayers", b.sparsityLayers()},
            {"sparsityModel", b.sparsityModel()}};
}

SparsityBalance balanceFromJson(const nlohmann::json &json)
{
    return {.attentionsToRemove = wholeAt(json, "N"),
            .neuronsKept = wholeAt(json, "K"),
            .leastAttentions = wholeAt(json, "leastN"),
            .mostAttentions = wholeAt(json, "mostN"),
            .denseLayerParameters = wholeAt(json.at("layerParameters"), "dense"),
            .denseModelParameters = wholeAt(json.at("modelParameters"), "dense"),
            .layerParameters = wholeAt(json.at("layerParameters"), "pruned"),
            .modelParameters = wholeAt(json.at("modelParameters"), "pruned"),
            .attentionsByRule = wholeAt(json, json.contains("ruleN") ? "ruleN" : "N")}; // older plans do not tell
}

} // namespace

std::vector<std::int64_t> SearchRecord::removalOrder() const
{
    std::vector<std::int64_t> order;
    for (const SearchStep &step : steps)
        if (step.removed >= 0)
            order.push_back(step.removed);
    return order;
}

bool SearchRecord::isBegun() const
{
    return !steps.empty() || !std::isnan(initialLoss);
}

SearchStep SearchStep::begun(std::int64_t layers)
{
    return {.losses = std::vector<double>(std::size_t(layers), std::numeric_limits<double>::quiet_NaN()),
            .bounds = {},
            .screened = {},
            .removed = -1,
            .isForced = false};
}

bool SearchStep::isKnown(std::int64_t layer) const
{
    const auto j = std::size_t(layer);
    const auto has = [j](const std::vector<double> &values) { return j < values.size() && !std::isnan(values[j]); };
    return has(losses) || has(bounds) || has(screened);
}

std::int64_t SearchStep::evaluations() const
{
    std::int64_t count = 0;
    for (std::int64_t j = 0; j < std::int64_t(losses.size()); ++j)
        count += isKnown(j) ? 1 : 0;
    return count;
}

std::int64_t SearchRecord::evaluations() const
{
    return std::accumulate(steps.begin(), steps.end(), std::int64_t(0),
                           [](std::int64_t sum, const SearchStep &step) { return sum + step.evaluations(); });
}

std::int64_t SearchRecord::decided() const
{
    return std::accumulate(steps.begin(), steps.end(), std::int64_t(0), [](std::int64_t sum, const SearchStep &step) {
        return sum + std::count_if(step.losses.begin(), step.losses.end(), [](double loss) { return !std::isnan(loss); });
    });
}

std::string PruningPlan::hash() const
{
    return Sha256::ofText(
        nlohmann::json{{"model", calibration.modelHash}, {"keptNeurons", keptNeurons}, {"removedAttentions", removedAttentions}}.dump());
}

std::vector<std::int64_t> PruningPlan::widths() const
{
    std::vector<std::int64_t> counts;
    for (const auto &kept : keptNeurons)
        counts.push_back(std::int64_t(kept.size()));
    return counts;
}

PruningPlan planFromScores(const ModelSpec &dense, const NeuronScores &scores, const BalanceSettings &settings)
{
    const auto describe = [](std::size_t layers, std::int64_t neurons) {
        return counted(std::int64_t(layers), "layer") + " x " + counted(neurons, "neuron");
    };
    for (std::size_t i = 0; i < std::max(scores.layers.size(), dense.layers.size()); ++i) {
        const bool isThere = i < scores.layers.size() && i < dense.layers.size();
        if (!isThere || std::int64_t(scores.layers[i].size()) != dense.layers[i].ffn.neurons)
            throw Error("The scores are for " +
                            describe(scores.layers.size(), scores.layers.empty() ? 0 : std::int64_t(scores.layers.front().size())) +
                            ", but the model has " + describe(dense.layers.size(), dense.layers.front().ffn.neurons) + ".",
                        "Calibrate this model, or name the scores that were made from it.");
    }
    PruningPlan plan;
    plan.settings = settings;
    plan.balance = balance(dense, settings);
    plan.norm = scores.norm;
    plan.calibration = scores.provenance;
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
    for (std::int64_t i = 0; i < dense.layerCount(); ++i)
        plan.keptNeurons.push_back(scores.best(i, plan.balance.neuronsKept));
    return plan;
}

PruningPlan withRemovals(PruningPlan plan, const ModelSpec &dense, std::int64_t attentionsToRemove)
{
    const std::int64_t layers = dense.layerCount();
    if (attentionsToRemove < 0 || attentionsToRemove > layers)
        throw Error("Removing " + counted(attentionsToRemove, "attention") + " is not possible: the model has " + std::to_string(layers) +
                        ".",
                    "Give a number from 0 to " + std::to_string(layers) + ".");
    plan.settings.attentionsToRemove = attentionsToRemove;
    plan.balance.attentionsToRemove = attentionsToRemove;
    if (std::int64_t(plan.search.steps.size()) > attentionsToRemove)
        plan.search.steps.resize(std::size_t(attentionsToRemove));
    plan.removedAttentions = plan.search.removalOrder();
    std::vector<std::int64_t> any; // the layers are alike: which ones go does not matter for the counts
    for (std::int64_t i = 0; i < attentionsToRemove; ++i)
        any.push_back(i);
    const ModelSpec after = prunedSpec(dense, plan.widths(), any);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    plan.settings.sparsity = plan.balance.sparsityLayers();
    return plan;
}

namespace {

bool isIn(std::int64_t layer, const std::vector<std::int64_t> &layers)
{
    return std::ranges::find(layers, layer) != layers.end();
}

/// The candidate of the lowest loss, the lowest of equal ones, as the search chooses; -1 when it is not known of all what they lose.
std::int64_t choiceOf(const SearchStep &step)
{
    std::int64_t best = -1;
    for (std::int64_t j = 0; j < std::int64_t(step.losses.size()); ++j) {
        const double loss = step.losses[std::size_t(j)];
        if (std::isnan(loss) && step.isKnown(j)) // a bound of it, or what 16 bits say
            return -1;
        if (!std::isnan(loss) && (best < 0 || loss < step.losses[std::size_t(best)]))
            best = j;
    }
    return best;
}

} // namespace

SearchRecord withProtected(SearchRecord record, const std::vector<std::int64_t> &protectedLayers)
{
    const std::vector<std::int64_t> before = std::exchange(record.settings.protectedLayers, protectedLayers);
    const auto isStillProtected = [&](std::int64_t layer) { return isIn(layer, protectedLayers); };
    const bool isNoCandidateNew = std::ranges::all_of(before, isStillProtected);
    if (isNoCandidateNew && before.size() == protectedLayers.size())
        return record;
    for (std::size_t i = 0; i < record.steps.size(); ++i) {
        SearchStep &step = record.steps[i];
        const bool isDecided = step.removed >= 0, isChoiceFree = isDecided && !isStillProtected(step.removed);
        if (step.isForced && (!isDecided || isChoiceFree))
            continue;        // it had no other candidate
        if (step.isForced) { // cannot be followed: the settings contradict each other
            record.steps.resize(i);
            break;
        }
        for (std::vector<double> *values : {&step.losses, &step.bounds, &step.screened})
            for (const std::int64_t layer : protectedLayers)
                if (layer >= 0 && layer < std::int64_t(values->size()))
                    (*values)[std::size_t(layer)] = std::numeric_limits<double>::quiet_NaN();
        if (isChoiceFree && isNoCandidateNew)
            continue; // the best of all is the best of fewer
        step.removed = isDecided && isNoCandidateNew ? choiceOf(step) : -1;
        step.bounds.clear(); // they say that a candidate lost to one that is none now
        step.screened.clear();
        record.steps.resize(i + 1); // what follows was searched without another attention
        break;
    }
    return record;
}

namespace {

/// The record of a stored search: a loss for every layer in every step, and the removals of the plan.
void checkRecord(const PruningPlan &plan, std::int64_t layers)
{
    const std::vector<SearchStep> &steps = plan.search.steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::int64_t removed = steps[i].removed;
        const bool isUnfinished = removed == -1 && i + 1 == steps.size();
        const auto isOther = [&](const std::vector<double> &values) { return !values.empty() && std::int64_t(values.size()) != layers; };
        if (std::int64_t(steps[i].losses.size()) != layers || isOther(steps[i].bounds) || isOther(steps[i].screened) ||
            !(isUnfinished || (removed >= 0 && removed < layers)))
            throw Error("Step " + std::to_string(i) + " of the plan's search is damaged.", kMakeAgain);
    }
    if (plan.search.isBegun() && plan.search.removalOrder() != plan.removedAttentions)
        throw Error("The plan's removed attentions are not those of its search.", kMakeAgain);
}

/// What a plan says of itself is what its neurons and the model say.
void checkBalance(const PruningPlan &plan, const ModelSpec &dense)
{
    const SparsityBalance &said = plan.balance;
    const auto removed = std::int64_t(plan.removedAttentions.size());
    if (said.attentionsToRemove < removed || said.attentionsToRemove > dense.layerCount())
        throw Error("The plan is to remove " + counted(said.attentionsToRemove, "attention") + "; it removes " + std::to_string(removed) +
                        ", and the model has " + std::to_string(dense.layerCount()) + ".",
                    kMakeAgain);
    const std::vector<std::int64_t> widths = plan.widths();
    const bool isWidth = std::ranges::all_of(widths, [&](std::int64_t width) { return width == said.neuronsKept; });
    const SparsityBalance right = withRemovals(plan, dense, said.attentionsToRemove).balance;
    if (!isWidth || said.denseLayerParameters != layerParameters(dense) || said.denseModelParameters != modelParameters(dense) ||
        said.layerParameters != right.layerParameters || said.modelParameters != right.modelParameters)
        throw Error("The numbers of the plan's balance are not those of its neurons and of this model.", kMakeAgain);
}

} // namespace

void checkPlan(const PruningPlan &plan, const ModelSpec &dense, const std::string &modelHash)
{
    if (plan.calibration.modelHash != modelHash)
        throw Error("The plan was made for another model (its hash begins with " + plan.calibration.modelHash.substr(0, 12) +
                        ", this model's with " + modelHash.substr(0, 12) + ").",
                    "Open the model that the plan was made for, or make a new plan.");
    const std::int64_t layers = dense.layerCount();
    if (std::int64_t(plan.keptNeurons.size()) != layers)
        throw Error("The plan has " + counted(std::int64_t(plan.keptNeurons.size()), "layer") + ", the model " + std::to_string(layers) +
                        ".",
                    kMakeAgain);
    for (std::int64_t i = 0; i < layers; ++i) {
        const auto &kept = plan.keptNeurons[std::size_t(i)];
        const bool isAscending = std::adjacent_find(kept.begin(), kept.end(), std::greater_equal<>()) == kept.end();
        if (kept.empty() || !isAscending || kept.front() < 0 || kept.back() >= dense.layers[std::size_t(i)].ffn.neurons)
            throw Error("The plan's kept neurons of layer " + std::to_string(i) + " are not ascending numbers from 0 to " +
                            std::to_string(dense.layers[std::size_t(i)].ffn.neurons - 1) + ".",
                        kMakeAgain);
    }
    checkBalance(plan, dense);
    std::vector<std::int64_t> sorted = plan.removedAttentions;
    std::sort(sorted.begin(), sorted.end());
    const bool isDistinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!isDistinct || (!sorted.empty() && (sorted.front() < 0 || sorted.back() >= layers)))
        throw Error("The plan's removed attentions are not distinct layers from 0 to " + std::to_string(layers - 1) + ".");
    checkRecord(plan, layers);
}

void checkSearchSettings(const SearchSettings &settings, const PruningPlan &plan, const ModelSpec &spec)
{
    const std::int64_t layers = spec.layerCount();
    const auto check = [&](const std::vector<std::int64_t> &list, const char *what) {
        for (const std::int64_t layer : list) {
            if (layer < 0 || layer >= layers)
                throw Error("There is no layer " + std::to_string(layer) + " to " + what + ".",
                            "Layers count from 0 to " + std::to_string(layers - 1) + ".");
            if (std::count(list.begin(), list.end(), layer) > 1)
                throw Error("Layer " + std::to_string(layer) + " is named twice among the layers to " + what + ".", "Name it once.");
        }
    };
    check(settings.forcedLayers, "force");
    check(settings.protectedLayers, "protect");
    for (const std::int64_t layer : settings.forcedLayers)
        if (std::count(settings.protectedLayers.begin(), settings.protectedLayers.end(), layer) > 0)
            throw Error("Layer " + std::to_string(layer) + " is both forced and protected.", "Name it in one of them only.");
    const auto hasAttention = [](const LayerSpec &layer) { return layer.attention.has_value(); };
    const std::int64_t attentions = std::count_if(spec.layers.begin(), spec.layers.end(), hasAttention);
    if (attentions == 0)
        throw Error("The model has no attention, so none can be removed.", "Open a model that has attentions.");
    for (const std::int64_t layer : settings.forcedLayers)
        if (!hasAttention(spec.layers[std::size_t(layer)]))
            throw Error("Layer " + std::to_string(layer) + ", which is forced, has no attention.", "Name layers that have one.");
    const std::int64_t kept = std::count_if(settings.protectedLayers.begin(), settings.protectedLayers.end(),
                                            [&](std::int64_t layer) { return hasAttention(spec.layers[std::size_t(layer)]); });
    const std::int64_t N = plan.balance.attentionsToRemove;
    if (std::int64_t(settings.forcedLayers.size()) > N)
        throw Error(counted(std::int64_t(settings.forcedLayers.size()), "removal") + (settings.forcedLayers.size() == 1 ? " is" : " are") +
                        " forced, but the plan removes " + counted(N, "attention") + ".",
                    "Force fewer layers, or remove more (--remove).");
    if (N > attentions - kept)
        throw Error("The plan is to remove " + counted(N, "attention") + ", but " + std::to_string(kept) + " of " +
                        std::to_string(attentions) + (kept == 1 ? " is protected." : " are protected."),
                    "Protect fewer layers, or remove fewer (--remove).");
    if (settings.windows < 1)
        throw Error("The search needs at least one window.", "Choose 1 or more.");
}

void checkContinuation(const SearchRecord &record, const SearchSettings &settings, const Provenance &now)
{
    const auto refuse = [](const std::string &what) {
        throw Error("The search in the plan cannot be resumed: it was made with " + what + ".",
                    "Use the same again, or start a new search from the scores (--scores).");
    };
    if (record.provenance.tokenHash != now.tokenHash)
        refuse("another text (or other windows of it)");
    if (!areComparable(record.provenance, now))
        refuse(howComputed(record.provenance) + ", not " + howComputed(now));
    if (!(record.settings == settings))
        refuse("other settings (forced layers, windows, loss)");
}

nlohmann::json toJson(const PruningPlan &plan)
{
    return {{"kind", "secateur-plan"},
            {"format", kFormat},
            {"method", plan.method},
            {"planHash", plan.hash()},
            {"settings", toJson(plan.settings)},
            {"balance", toJson(plan.balance)},
            {"norm", plan.norm == ScoreNorm::L1 ? "l1" : "l2"},
            {"calibration", toJson(plan.calibration)},
            {"removedAttentions", plan.removedAttentions},
            {"search", toJson(plan.search)},
            {"keptNeurons", plan.keptNeurons}};
}

PruningPlan planFromJson(const nlohmann::json &json, const std::string &source)
{
    const nlohmann::json &stored = json.is_object() && json.contains("plan") ? json.at("plan") : json; // a manifest has it under that name
    if (!stored.is_object() || !stored.contains("kind") || stored.at("kind") != "secateur-plan")
        throw Error(inQuotes(source) + " does not hold a plan.",
                    "Choose a file that holds one (secateur-cli search MODEL ... --save-plan PLAN makes it).");
    try {
        checkFormat("The plan in " + inQuotes(source), wholeAt(stored, "format"), kFormat);
        PruningPlan plan;
        plan.method = stored.at("method");
        if (plan.method != "2ssp")
            throw Flaw("its method is " + inQuotes(plan.method) + ", and only '2ssp' is known");
        plan.settings = balanceSettingsFromJson(stored.at("settings"));
        plan.balance = balanceFromJson(stored.at("balance"));
        plan.norm = scoreNormOf(stored.at("norm"));
        plan.calibration = provenanceFromJson(stored.at("calibration"));
        plan.removedAttentions = wholesOf(stored.at("removedAttentions"));
        plan.search = searchRecordFromJson(stored.at("search"));
        for (const nlohmann::json &kept : stored.at("keptNeurons"))
            plan.keptNeurons.push_back(wholesOf(kept));
        if (stored.at("planHash") != plan.hash())
            throw Error("The plan in " + inQuotes(source) + " does not match its own hash: it was changed or damaged.", kMakeAgain);
        return plan;
    } catch (const Error &) {
        throw;
    } catch (const std::exception &problem) {
        throw Error("The plan in " + inQuotes(source) + " is damaged: " + flawOf(problem) + ".", kMakeAgain);
    }
}

void savePlan(const PruningPlan &plan, const std::filesystem::path &file)
{
    writeFileAtomically(file, toJson(plan).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

PruningPlan loadPlan(const std::filesystem::path &file)
{
    constexpr std::uintmax_t kLargest = 1 << 30; // 100 layers of 100,000 neurons are 70 MB
    const nlohmann::json json = readJsonFile(file, kLargest, "Choose a plan (secateur-cli search MODEL ... --save-plan PLAN makes one).");
    if (!isFinite(json))
        throw Error("The plan in " + inQuotes(file.string()) + " is damaged: it holds a number that is not finite.", kMakeAgain);
    return planFromJson(json, file.string());
}

} // namespace secateur
