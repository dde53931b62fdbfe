// SPDX-License-Identifier: GPL-3.0-or-later
// The plan of a method of blocks, and what it says of how it was found.
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "pruning/PlanChecks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <sstream>
#include <utility>

namespace secateur {
namespace {

std::string number(double value)
{
    std::ostringstream text;
    text << value;
    return text.str();
}

[[noreturn]] void refuse(const std::string &sentence)
{
    throw Error(sentence, "Make the plan again.");
}

const char *nameOf(Part part)
{
    return part == Part::Attention ? "attention" : "FFN";
}

void checkSettings(const BlockRecord &record, std::int64_t layers)
{
    const BlockSettings &settings = record.settings;
    if (!(settings.sparsity > 0 && settings.sparsity < 1))
        refuse("The plan was made for a sparsity of " + number(settings.sparsity) + ", which is not between 0 and 1.");
    const std::int64_t right = blocksToRemove(settings.sparsity, layers);
    if (record.blocks != right)
        refuse("The plan is to remove " + std::to_string(record.blocks) + " blocks; a sparsity of " + number(settings.sparsity) + " of " +
               counted(layers, "layer") + " makes " + std::to_string(right) + ".");
    constexpr std::int64_t kMost = 1'000'000'000; // what is made of them does not overflow
    const auto isIn = [](std::int64_t value, std::int64_t least) { return value >= least && value <= kMost; };
    if (!isIn(settings.coarseTokens, 1) || !isIn(settings.fineTokens, 1) || !isIn(settings.generations.value_or(0), 0))
        refuse("The plan's numbers of tokens and generations are out of range.");
    if (!(std::isfinite(record.seconds) && record.seconds >= 0) || record.windowsForwarded < 0)
        refuse("The plan tells of " + number(record.seconds) + " seconds and " + std::to_string(record.windowsForwarded) +
               " windows; both are 0 or more.");
    const PlanMethod method = settings.method;
    const bool hasScores = !record.influence.empty() || !record.similarities.empty();
    if ((hasScores && method != PlanMethod::ShortGpt && method != PlanMethod::Window) ||
        (!record.steps.empty() && method != PlanMethod::BlockPruner) || (!record.evolution.empty() && method != PlanMethod::EvoPress))
        refuse("The plan has numbers that " + std::string(titleOf(method)) + " does not measure.");
}

/// An influence of every layer, a similarity of every two states.
void checkScores(const BlockRecord &record, std::int64_t layers)
{
    const std::int64_t states = layers + (record.settings.variant == BlockVariant::Original ? 1 : 0);
    const auto areNumbers = [](const std::vector<double> &values, std::int64_t count) {
        return std::int64_t(values.size()) == count && std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
    };
    if (!areNumbers(record.influence, layers))
        refuse("The plan does not tell the influence of each of " + counted(layers, "layer") + ".");
    if (std::int64_t(record.similarities.size()) != states ||
        !std::ranges::all_of(record.similarities, [&](const std::vector<double> &row) { return areNumbers(row, states); }))
        refuse("The plan does not tell the similarity of every two of " + counted(states, "state") + ".");
}

/// What went has the lowest loss: the first of equal ones.
void checkStep(const BlockStep &step, const std::string &name, std::int64_t layers, bool isPooled)
{
    if (std::int64_t(step.losses.size()) != (isPooled ? 2 : 1) * layers || step.removed < -1 || step.removed >= layers)
        refuse(name + " is damaged.");
    for (const double loss : step.losses)
        if (!std::isnan(loss) && !(std::isfinite(loss) && loss >= 0))
            refuse(name + " tells of a loss of " + number(loss) + "; a loss is 0 or more.");
    if (step.removed < 0)
        return; // unfinished
    const std::int64_t place = step.removed + (isPooled && step.part == Part::Ffn ? layers : 0);
    const double loss = step.losses[std::size_t(place)];
    const std::string removes = name + " removes the " + nameOf(step.part) + " of layer " + std::to_string(step.removed);
    if (std::isnan(loss))
        refuse(removes + " and tells no loss without it.");
    for (std::int64_t i = 0; i < std::int64_t(step.losses.size()); ++i)
        if (const double other = step.losses[std::size_t(i)]; other < loss || (other == loss && i < place))
            refuse(removes + " at a loss of " + number(loss) + ", but that of layer " + std::to_string(i % layers) + " goes before it at " +
                   number(other) + ".");
}

void checkSteps(const BlockRecord &record, std::int64_t layers)
{
    const bool isPooled = record.settings.variant == BlockVariant::Original;
    const auto count = std::int64_t(record.steps.size());
    if (count > 2 * record.blocks)
        refuse("The plan's search has " + counted(count, "step") + ", and " + std::to_string(2 * record.blocks) +
               " blocks are to be removed.");
    std::set<std::pair<Part, std::int64_t>> gone;
    for (std::int64_t i = 0; i < count; ++i) {
        const BlockStep &step = record.steps[std::size_t(i)];
        const std::string name = "Step " + std::to_string(i) + " of the plan's search";
        if (!isPooled && step.part != (i % 2 == 0 ? Part::Attention : Part::Ffn))
            refuse(name + " removes the part whose turn it is not.");
        checkStep(step, name, layers, isPooled);
        if (step.removed < 0 && i + 1 < count)
            refuse(name + " removes nothing.");
        if (step.removed >= 0 && !gone.emplace(step.part, step.removed).second)
            refuse(name + " removes the " + nameOf(step.part) + " of layer " + std::to_string(step.removed) + ", which is gone already.");
    }
}

/// Every survivor lacks as many parts as are to be removed.
void checkEvolution(const BlockRecord &record, std::int64_t layers)
{
    const std::int64_t most = 1 + generationsOf(record.settings, record.blocks, layers);
    if (std::int64_t(record.evolution.size()) > most)
        refuse("The plan's evolution has " + counted(std::int64_t(record.evolution.size()), "survivor") + ", and its settings make " +
               std::to_string(most) + ".");
    const auto isChoice = [&](const std::vector<std::int64_t> &gone) {
        return std::int64_t(gone.size()) == record.blocks && std::ranges::adjacent_find(gone, std::greater_equal<>()) == gone.end() &&
               gone.front() >= 0 && gone.back() < layers;
    };
    for (std::size_t i = 0; i < record.evolution.size(); ++i) {
        const EvolutionStep &step = record.evolution[i];
        const std::string name = "The survivor of generation " + std::to_string(i) + " of the plan's evolution";
        if (!isChoice(step.attentions) || !isChoice(step.ffns))
            refuse(name + " does not lack " + std::to_string(record.blocks) + " attentions and as many FFNs, named in ascending order.");
        if (!std::isfinite(step.divergence))
            refuse(name + " has no divergence.");
    }
}

} // namespace

PruningPlan planOfBlocks(const ModelSpec &dense, BlockRecord record)
{
    const BlockChoice choice = choiceOf(record);
    PruningPlan plan;
    plan.method = record.settings.method;
    plan.removedAttentions = choice.attentions;
    for (std::int64_t i = 0; i < dense.layerCount(); ++i) {
        const bool isKept = std::ranges::find(choice.ffns, i) == choice.ffns.end();
        plan.keptNeurons.emplace_back(isKept ? std::size_t(dense.layers[std::size_t(i)].neurons()) : 0);
        std::iota(plan.keptNeurons.back().begin(), plan.keptNeurons.back().end(), 0);
    }
    plan.calibration = record.provenance;
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN(); // none was begun
    plan.blocks = std::move(record);
    const ModelSpec after = plan.surgery().specOf(dense);
    plan.balance.denseLayerParameters = layerParameters(dense);
    plan.balance.denseModelParameters = modelParameters(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    countParts(plan);
    return plan;
}

void checkBlocks(const PruningPlan &plan, const ModelSpec &dense)
{
    if (plan.blocks.has_value() != isOfBlocks(plan.method) || (plan.blocks && plan.blocks->settings.method != plan.method))
        refuse("The plan's method and its record of blocks do not belong together.");
    if (!plan.blocks)
        return;
    const BlockRecord &record = *plan.blocks;
    const std::int64_t layers = dense.layerCount();
    if (!(record.provenance == plan.calibration))
        refuse("The plan's record of blocks is of another text or model than the plan.");
    checkSettings(record, layers);
    if (isByStates(plan.method))
        checkScores(record, layers);
    checkSteps(record, layers);
    checkEvolution(record, layers);
    BlockChoice choice = choiceOf(record);
    std::ranges::sort(choice.ffns);
    if (plan.removedAttentions != choice.attentions || plan.layersWithoutFfn() != choice.ffns)
        refuse("The plan's removed attentions and FFNs are not those that its numbers choose.");
    for (std::int64_t i = 0; i < layers; ++i)
        if (const std::size_t kept = plan.keptNeurons[std::size_t(i)].size();
            kept > 0 && std::int64_t(kept) != dense.layers[std::size_t(i)].neurons())
            refuse("The plan keeps " + counted(std::int64_t(kept), "neuron") + " of layer " + std::to_string(i) + ", and " +
                   titleOf(plan.method) + " keeps all or none.");
}

} // namespace secateur
