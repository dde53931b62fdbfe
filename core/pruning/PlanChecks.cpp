// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PlanChecks.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

namespace secateur {
namespace {

constexpr const char *kMakeAgain = "Make the plan again.";

std::string number(double value)
{
    std::ostringstream text;
    text << value;
    return text.str();
}

bool isLoss(double value)
{
    return std::isfinite(value) && value >= 0;
}

[[noreturn]] void refuse(const std::string &sentence)
{
    throw Error(sentence, kMakeAgain);
}

/// A loss for every layer, and one removal; the last step may be without.
void checkShape(const SearchStep &step, const std::string &name, std::int64_t layers, bool isLast)
{
    const auto isOther = [&](const std::vector<double> &values) { return !values.empty() && std::int64_t(values.size()) != layers; };
    const bool isUnfinished = step.removed == -1 && isLast;
    if (std::int64_t(step.losses.size()) != layers || isOther(step.bounds) || isOther(step.screened) ||
        !(isUnfinished || (step.removed >= 0 && step.removed < layers)))
        refuse(name + " is damaged.");
    for (std::size_t j = 0; j < step.losses.size(); ++j)
        if (const double loss = step.losses[j]; !std::isnan(loss) && !isLoss(loss))
            refuse(name + " tells of a loss of " + number(loss) + " without layer " + std::to_string(j) + "; a loss is 0 or more.");
}

/// What went is what the settings force, or has the lowest loss, the lowest layer of equal ones, as the search chooses.
void checkChoice(const SearchStep &step, const std::string &name, std::int64_t index, const SearchSettings &settings)
{
    const auto forced = std::int64_t(settings.forcedLayers.size());
    if (step.isForced && index >= forced)
        refuse(name + " is forced, but the search's settings force " + counted(forced, "layer") + ".");
    if (step.removed < 0)
        return; // unfinished
    const std::string removes = name + " removes layer " + std::to_string(step.removed);
    if (std::ranges::find(settings.protectedLayers, step.removed) != settings.protectedLayers.end())
        refuse(removes + ", which the search's settings protect.");
    const double loss = step.losses[std::size_t(step.removed)];
    if (std::isnan(loss))
        refuse(removes + " and tells no loss without it.");
    if (index < forced) {
        if (const std::int64_t wanted = settings.forcedLayers[std::size_t(index)]; step.removed != wanted)
            refuse(removes + ", but the search's settings force layer " + std::to_string(wanted) + " there.");
        if (!step.isForced)
            refuse(removes + " by its loss, but the search's settings force that layer.");
        return;
    }
    for (std::int64_t j = 0; j < std::int64_t(step.losses.size()); ++j)
        if (const double other = step.losses[std::size_t(j)]; other < loss || (other == loss && j < step.removed))
            refuse(removes + " at a loss of " + number(loss) + ", but layer " + std::to_string(j) + " goes before it at " + number(other) +
                   ".");
}

} // namespace

void checkSettings(const PruningPlan &plan)
{
    const BalanceSettings &settings = plan.settings;
    if (!(settings.sparsity > 0 && settings.sparsity < 1))
        refuse("The plan was made for a sparsity of " + number(settings.sparsity) + ", which is not between 0 and 1.");
    if (!(settings.alpha > 0) || !std::isfinite(settings.alpha))
        refuse("The plan was made with an alpha of " + number(settings.alpha) + ", which is not above 0.");
    if (settings.widthMultiple < 1)
        refuse("The plan was made with a width multiple of " + std::to_string(settings.widthMultiple) + ", which is not 1 or more.");
    if (plan.method == PlanMethod::TwoSsp && settings.neuronsKept && *settings.neuronsKept != plan.balance.neuronsKept)
        refuse("The plan is to keep " + counted(*settings.neuronsKept, "neuron") + " in every layer by its settings, and " +
               std::to_string(plan.balance.neuronsKept) + " by its balance (K).");
}

void checkSteps(const SearchRecord &record, const std::string &search, std::int64_t layers)
{
    const auto count = std::int64_t(record.steps.size());
    for (std::int64_t i = 0; i < count; ++i)
        checkStep(record.steps[std::size_t(i)], i, i + 1 == count, record.settings, search, layers);
}

void checkStep(const SearchStep &step, std::int64_t index, bool isLast, const SearchSettings &settings, const std::string &search,
               std::int64_t layers)
{
    const std::string name = "Step " + std::to_string(index) + " of " + search;
    checkShape(step, name, layers, isLast);
    checkChoice(step, name, index, settings);
}

void checkRecord(const PruningPlan &plan, std::int64_t layers)
{
    const SearchRecord &record = plan.search;
    checkSteps(record, "the plan's search", layers);
    if (!record.isBegun())
        return;
    const std::vector<std::int64_t> order = record.removalOrder();
    const auto &removed = plan.removedAttentions;
    if (plan.method == PlanMethod::Restored ? removed.size() > order.size() || !std::equal(removed.begin(), removed.end(), order.begin())
                                            : order != removed)
        refuse(std::string("The plan's removed attentions are not ") +
               (plan.method == PlanMethod::Restored ? "a beginning of its search." : "those of its search."));
    if (std::isnan(record.initialLoss))
        refuse("The plan's search has steps, but no loss from before the first.");
    if (!isLoss(record.initialLoss))
        refuse("The plan's search begins at a loss of " + number(record.initialLoss) + "; a loss is 0 or more.");
    if (record.settings.windows < 1 ||
        (record.provenance.windows > 0 && record.settings.windows > record.provenance.windows)) // 0: not told
        refuse("The plan's search was made with " + counted(record.settings.windows, "window") + " by its settings, and its text gave " +
               std::to_string(record.provenance.windows) + ".");
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

} // namespace secateur
