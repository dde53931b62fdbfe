// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Run.h"
#include "pruning/BlockJson.h"
#include "pruning/RestorationJson.h"

#include <algorithm>
#include <cmath>

namespace secateur::cli {

std::string widthsText(std::vector<std::int64_t> widths)
{
    std::erase(widths, 0);
    if (widths.empty())
        return "no neurons";
    const auto [least, most] = std::ranges::minmax(widths);
    return (least == most ? "" : grouped(least) + " to ") + counted(most, "neuron");
}

std::string progressOf(const PruningPlan &plan)
{
    if (!plan.blocks)
        return std::to_string(plan.removedAttentions.size()) + " of " + counted(plan.balance.attentionsToRemove, "attention") + " removed";
    const BlockRecord &record = *plan.blocks;
    if (plan.method == PlanMethod::EvoPress)
        return std::to_string(std::max<std::int64_t>(0, std::int64_t(record.evolution.size()) - 1)) + " of " +
               counted(generationsOf(record.settings, record.blocks, std::int64_t(plan.keptNeurons.size())), "generation") + " done";
    return std::to_string(plan.removedAttentions.size() + plan.layersWithoutFfn().size()) + " of " + std::to_string(2 * record.blocks) +
           " attentions and FFNs removed";
}

void Run::showBalance(const SparsityBalance &b)
{
    report.line("N = " + counted(b.attentionsToRemove, "attention") + " to remove (feasible: " + std::to_string(b.leastAttentions) +
                " to " + std::to_string(b.mostAttentions) + "), K = " + counted(b.neuronsKept, "neuron") + " kept in every layer");
    showParameters(b);
    showDeviation(b);
}

void Run::showParameters(const SparsityBalance &b)
{
    report.table({{"", "original", "pruned", "sparsity"},
                  {"parameters, layers", grouped(b.denseLayerParameters), grouped(b.layerParameters), percent(b.sparsityLayers())},
                  {"parameters, model", grouped(b.denseModelParameters), grouped(b.modelParameters), percent(b.sparsityModel())}});
}

/// What a plan removes, with what is left of it.
void Run::showPlan(const PruningPlan &plan)
{
    if (plan.method == PlanMethod::TwoSsp) {
        showBalance(plan.balance);
    } else if (plan.restoration) {
        showRestoration(plan);
        report.line("N = " + counted(std::int64_t(plan.removedAttentions.size()), "attention") + " removed, " + widthsText(plan.widths()) +
                    " kept per layer");
        showParameters(plan.balance);
    } else if (plan.blocks) {
        showBlocks(*plan.blocks);
        showParameters(plan.balance);
    } else {
        report.line("by hand: " + widthsText(plan.widths()) + " kept per layer, FFNs removed: " + joined(plan.layersWithoutFfn()));
        showParameters(plan.balance);
    }
    showOrder(plan);
}

void Run::showDeviation(const SparsityBalance &b)
{
    if (o.sparsity && !o.keep && std::abs(b.sparsityLayers() - *o.sparsity) > 0.01)
        report.line("The sparsity reached is " + percent(b.sparsityLayers()) + " instead of " + percent(*o.sparsity) +
                    ", because the width is a multiple of " + std::to_string(o.widthMultiple) + ".");
}

void Run::showOrder(const PruningPlan &plan)
{
    const bool isOrdered = plan.method == PlanMethod::TwoSsp || plan.method == PlanMethod::BlockPruner || plan.restoration;
    report.line((isOrdered ? "attentions removed, in order: " : "attentions removed: ") + joined(plan.removedAttentions));
    if (plan.blocks)
        report.line("FFNs removed: " + joined(plan.layersWithoutFfn()));
    if (const std::string &type = plan.search.screenedIn; !type.empty())
        report.line(grouped(plan.search.decided()) + " of " + counted(plan.search.evaluations(), "candidate") + " evaluated in " +
                    plan.search.provenance.computed.dtype + ", which decided; the others ruled out in " + type);
    if (!plan.edits.isEmpty())
        report.line(counted(std::int64_t(plan.edits.list.size()), "weight") + " changed to the plan's own values");
    report.line("plan " + plan.hash());
}

nlohmann::json Run::resultOf(const SparsityBalance &b, const PruningPlan *plan) const
{
    nlohmann::json result = {{"event", "result"},
                             {"command", o.command},
                             {"N", b.attentionsToRemove},
                             {"K", b.neuronsKept},
                             {"leastN", b.leastAttentions},
                             {"mostN", b.mostAttentions},
                             {"ruleN", b.attentionsByRule},
                             {"sparsityLayers", b.sparsityLayers()},
                             {"sparsityModel", b.sparsityModel()},
                             {"parameters", {{"dense", b.denseModelParameters}, {"pruned", b.modelParameters}}},
                             {"layerParameters", {{"dense", b.denseLayerParameters}, {"pruned", b.layerParameters}}},
                             {"removalOrder", nlohmann::json::array()},
                             {"planHash", nullptr}};
    if (plan && plan->method != PlanMethod::TwoSsp) { // no rule gave it these numbers
        for (const char *ofRule : {"leastN", "mostN", "ruleN"})
            result[ofRule] = nullptr;
        if (b.neuronsKept == 0)
            result["K"] = nullptr;
    }
    if (plan) {
        result["method"] = nameOf(plan->method);
        result["removedAttentions"] = plan->removedAttentions;
        result["widths"] = plan->widths();
        result["removedFfns"] = plan->layersWithoutFfn();
        result["removalOrder"] = plan->removedAttentions;
        result["planHash"] = plan->hash();
        result["changedWeights"] = nlohmann::json::array();
        for (const WeightEdit &edit : plan->edits.list)
            result["changedWeights"].push_back(ownTensorName(edit.role));
        if (!plan->search.screenedIn.empty())
            result["screening"] = {
                {"type", plan->search.screenedIn}, {"candidates", plan->search.evaluations()}, {"decided", plan->search.decided()}};
    }
    if (plan && plan->restoration) {
        result["restoration"] = toJson(*plan->restoration);
        result["restored"] = namesOf(plan->restoration->kept());
    }
    if (const BlockRecord *record = plan && plan->blocks ? &*plan->blocks : nullptr)
        result.update({{"variant", nameOf(record->settings.variant)},
                       {"blocks", record->blocks},
                       {"windows", record->provenance.windows},
                       {"length", record->provenance.length},
                       {"tokenHash", record->provenance.tokenHash},
                       {"windowsForwarded", record->windowsForwarded},
                       {"pruningSeconds", record->seconds},
                       {"isFinished", plan->isComplete()}});
    return result;
}

} // namespace secateur::cli
