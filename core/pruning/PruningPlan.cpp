// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PruningPlan.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "pruning/PlanChecks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kMakeAgain = "Make the plan again.";

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

SearchRecord RestorationProgress::notBegun()
{
    SearchRecord search;
    search.initialLoss = std::numeric_limits<double>::quiet_NaN();
    return search;
}

bool PruningPlan::isComplete() const
{
    return blocks ? isFinished(*blocks, std::int64_t(keptNeurons.size()))
                  : std::int64_t(removedAttentions.size()) == balance.attentionsToRemove;
}

Surgery PruningPlan::surgery() const
{
    Surgery surgery{.modelHash = calibration.modelHash, .layers = std::vector<LayerCut>(keptNeurons.size()), .edits = edits};
    for (std::size_t i = 0; i < keptNeurons.size(); ++i)
        surgery.layers[i].keptNeurons = keptNeurons[i];
    for (const std::int64_t layer : removedAttentions)
        surgery.layers.at(std::size_t(layer)).hasAttention = false;
    return surgery;
}

std::vector<std::int64_t> PruningPlan::widths() const
{
    std::vector<std::int64_t> counts;
    for (const auto &kept : keptNeurons)
        counts.push_back(std::int64_t(kept.size()));
    return counts;
}

std::vector<std::int64_t> PruningPlan::layersWithoutFfn() const
{
    std::vector<std::int64_t> without;
    for (std::size_t i = 0; i < keptNeurons.size(); ++i)
        if (keptNeurons[i].empty())
            without.push_back(std::int64_t(i));
    return without;
}

PruningPlan planFromScores(const ModelSpec &dense, const NeuronScores &scores, const BalanceSettings &settings)
{
    const auto refuse = [](const std::string &theirs, const std::string &models) {
        throw Error("The scores are for " + theirs + "; the model has " + models + ".",
                    "Calibrate this model, or choose the scores that were made from it.");
    };
    if (scores.layers.size() != dense.layers.size())
        refuse(counted(std::int64_t(scores.layers.size()), "layer"), std::to_string(dense.layers.size()));
    for (std::size_t i = 0; i < dense.layers.size(); ++i)
        if (const auto scored = std::int64_t(scores.layers[i].size()); scored != dense.layers[i].neurons())
            refuse(counted(scored, "neuron") + " in layer " + std::to_string(i), std::to_string(dense.layers[i].neurons()) + " there");
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

namespace {

/// K where all FFNs that are left are as wide, else 0.
std::int64_t commonWidth(const PruningPlan &plan)
{
    std::set<std::int64_t> widths;
    for (const std::int64_t width : plan.widths())
        if (width > 0)
            widths.insert(width);
    return widths.size() == 1 ? *widths.begin() : 0;
}

} // namespace

void countParts(PruningPlan &plan)
{
    plan.balance.attentionsToRemove = std::int64_t(plan.removedAttentions.size());
    plan.balance.neuronsKept = commonWidth(plan);
}

bool isSearchable(const PruningPlan &plan)
{
    return plan.method == PlanMethod::TwoSsp && plan.edits.isEmpty();
}

void checkSearchable(const PruningPlan &plan)
{
    if (plan.method == PlanMethod::Restored)
        throw Error("The plan is restored: its weights were fitted to exactly what it keeps, so no search can continue it.",
                    "Search with plain 2SSP and restore what it finds, or use the plan as it is (evaluate, generate, export).");
    if (plan.method != PlanMethod::TwoSsp)
        throw Error((plan.method == PlanMethod::Manual ? "The plan was written by hand"
                                                       : "The plan was found by " + std::string(titleOf(plan.method))) +
                        ": there is no 2SSP search to continue.",
                    "Search from scores (--scores), or use the plan as it is (evaluate, generate, export).");
    if (!plan.edits.isEmpty())
        throw Error("The plan changes " + counted(std::int64_t(plan.edits.list.size()), "weight") +
                        ", for exactly what it keeps: to continue its search would keep less.",
                    "Search without the changes, or use the plan as it is (evaluate, generate, export).");
}

namespace {

SparsityBalance withCounts(SparsityBalance balance, const ModelSpec &after)
{
    balance.layerParameters = layerParameters(after);
    balance.modelParameters = modelParameters(after);
    return balance;
}

} // namespace

SparsityBalance balanceWithRemovals(const PruningPlan &plan, const ModelSpec &dense, std::int64_t attentionsToRemove)
{
    const std::int64_t layers = dense.layerCount();
    if (attentionsToRemove < 0 || attentionsToRemove > layers)
        throw Error("Removing " + counted(attentionsToRemove, "attention") + " is not possible: the model has " + std::to_string(layers) +
                        ".",
                    "Give a number from 0 to " + std::to_string(layers) + ".");
    std::vector<std::int64_t> any; // the layers are alike: which ones go does not matter for the counts
    for (std::int64_t i = 0; i < attentionsToRemove; ++i)
        any.push_back(i);
    SparsityBalance balance = withCounts(plan.balance, prunedSpec(dense, plan.widths(), any));
    balance.attentionsToRemove = attentionsToRemove;
    return balance;
}

PruningPlan withRemovals(PruningPlan plan, const ModelSpec &dense, std::int64_t attentionsToRemove)
{
    checkSearchable(plan);
    plan.settings.attentionsToRemove = attentionsToRemove;
    plan.balance = balanceWithRemovals(plan, dense, attentionsToRemove);
    if (std::int64_t(plan.search.steps.size()) > attentionsToRemove)
        plan.search.steps.resize(std::size_t(attentionsToRemove));
    plan.removedAttentions = plan.search.removalOrder();
    if (const double reached = plan.balance.sparsityLayers(); reached > 0) // none is not a share to ask for
        plan.settings.sparsity = reached;
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

/// What a plan says of itself is what its neurons and the model say.
void checkBalance(const PruningPlan &plan, const ModelSpec &dense)
{
    const SparsityBalance &said = plan.balance;
    const auto removed = std::int64_t(plan.removedAttentions.size());
    const bool isByRule = plan.method == PlanMethod::TwoSsp;
    if (said.attentionsToRemove < removed || said.attentionsToRemove > dense.layerCount() ||
        (!isByRule && said.attentionsToRemove > removed))
        throw Error("The plan is to remove " + counted(said.attentionsToRemove, "attention") + "; it removes " + std::to_string(removed) +
                        ", and the model has " + std::to_string(dense.layerCount()) + ".",
                    kMakeAgain);
    const std::vector<std::int64_t> widths = plan.widths();
    const bool isWidth = std::ranges::all_of(widths, [&](std::int64_t width) { return width == said.neuronsKept; });
    const SparsityBalance right =
        isByRule ? balanceWithRemovals(plan, dense, said.attentionsToRemove) : withCounts(said, plan.surgery().specOf(dense));
    const struct {
        const char *name;
        std::int64_t said, right;
    } numbers[] = {{"in the layers of the original", said.denseLayerParameters, layerParameters(dense)},
                   {"in the original", said.denseModelParameters, modelParameters(dense)},
                   {"in the layers that are left", said.layerParameters, right.layerParameters},
                   {"in the model that is left", said.modelParameters, right.modelParameters}};
    for (const auto &number : numbers)
        if (number.said != number.right)
            throw Error("The plan tells of " + std::to_string(number.said) + " parameters " + number.name +
                            "; its parts and this model have " + std::to_string(number.right) + ".",
                        kMakeAgain);
    if (const std::int64_t width = commonWidth(plan); plan.method == PlanMethod::Restored && said.neuronsKept != width)
        throw Error("The plan keeps " + counted(said.neuronsKept, "neuron") + " in every layer by its balance (K), and its lists " +
                        (width == 0 ? "differ: K is 0 then." : "have " + std::to_string(width) + "."),
                    kMakeAgain);
    if (isByRule && !isWidth)
        throw Error("The plan keeps " + std::to_string(said.neuronsKept) +
                        " neurons in every layer by its balance (K), and others by its lists.",
                    kMakeAgain);
}

/// The kept neurons are some of those that there are.
void checkNeurons(const PruningPlan &plan, const ModelSpec &dense)
{
    for (std::int64_t i = 0; i < dense.layerCount(); ++i) {
        const auto &kept = plan.keptNeurons[std::size_t(i)];
        const std::int64_t neurons = dense.layers[std::size_t(i)].neurons();
        if (kept.empty() && (plan.method != PlanMethod::TwoSsp || neurons == 0))
            continue; // without an FFN
        if (neurons == 0)
            throw Error("The plan keeps neurons of layer " + std::to_string(i) + ", which has no FFN.", kMakeAgain);
        const bool isAscending = std::adjacent_find(kept.begin(), kept.end(), std::greater_equal<>()) == kept.end();
        if (kept.empty() || !isAscending || kept.front() < 0 || kept.back() >= neurons)
            throw Error("The plan's kept neurons of layer " + std::to_string(i) + " are not ascending numbers from 0 to " +
                            std::to_string(neurons - 1) + ".",
                        kMakeAgain);
    }
}

void checkRemovals(const PruningPlan &plan, const ModelSpec &dense)
{
    std::vector<std::int64_t> sorted = plan.removedAttentions;
    std::sort(sorted.begin(), sorted.end());
    const bool isDistinct = std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end();
    if (!isDistinct || (!sorted.empty() && (sorted.front() < 0 || sorted.back() >= dense.layerCount())))
        throw Error("The plan's removed attentions are not distinct layers from 0 to " + std::to_string(dense.layerCount() - 1) + ".",
                    kMakeAgain);
    for (const std::int64_t layer : sorted)
        if (!dense.layers[std::size_t(layer)].attention)
            throw Error("The plan removes the attention of layer " + std::to_string(layer) + ", which has none.", kMakeAgain);
}

} // namespace

void checkPlan(const PruningPlan &plan, const ModelSpec &dense, const std::string &modelHash)
{
    checkPlanWithoutValues(plan, dense, modelHash);
    checkEdits(plan.edits, plan.surgery().specOf(dense));
}

void checkPlanWithoutValues(const PruningPlan &plan, const ModelSpec &dense, const std::string &modelHash)
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
    checkNeurons(plan, dense);
    checkRemovals(plan, dense);
    checkBalance(plan, dense);
    const ModelSpec after = plan.surgery().specOf(dense);
    if (std::ranges::none_of(after.layers, [](const LayerSpec &layer) { return layer.attention || layer.ffn; }))
        throw Error("The plan leaves nothing of the model's layers.", "Keep a part of one of them.");
    checkEditList(plan.edits, after);
    if (plan.method == PlanMethod::TwoSsp || plan.method == PlanMethod::Restored)
        checkSettings(plan);
    checkRecord(plan, layers);
    checkBlocks(plan, dense);
    checkRestoration(plan, dense);
}

void checkContinuation(const SearchRecord &record, const SearchSettings &settings, const Provenance &now)
{
    const auto refuse = [](const std::string &what) {
        throw Error("The search in the plan cannot be resumed: it was " + what + ".",
                    "Use the same again, or begin the search anew (--restart).");
    };
    if (record.provenance.tokenHash != now.tokenHash)
        refuse("made with another text (or other windows of it)");
    if (const ConditionDifference found = differenceOf(record.provenance.computed, now.computed); !found.isNone())
        refuse("computed " + found.one + ", and this process computes " + found.other);
    if (!(record.settings == settings))
        refuse("made with other settings (forced layers, windows, loss)");
}

} // namespace secateur
