// SPDX-License-Identifier: GPL-3.0-or-later
// The plan: what it leaves of every layer, as a map and as a table.
#include "comparison/ComparisonRows.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "report/SvgFigure.h"

#include <algorithm>
#include <map>

namespace secateur::html {
namespace {

/// Whether its removals have an order that says something.
bool isOrdered(const PruningPlan &plan)
{
    return plan.method == PlanMethod::TwoSsp || plan.method == PlanMethod::Restored || plan.method == PlanMethod::BlockPruner;
}

/// What is left of a layer.
struct LayerLeft {
    bool hadAttention = true, hasAttention = true;
    std::int64_t removedAs = 0; ///< from 1; 0: it is there, or the order says nothing
    std::int64_t neurons = 0, kept = 0;
};

std::vector<LayerLeft> layersLeft(const ModelSpec &dense, const PruningPlan &plan)
{
    std::vector<LayerLeft> all;
    for (std::size_t i = 0; i < dense.layers.size(); ++i) {
        const LayerSpec &layer = dense.layers[i];
        const auto removed = std::ranges::find(plan.removedAttentions, std::int64_t(i));
        const bool isRemoved = removed != plan.removedAttentions.end();
        all.push_back({.hadAttention = layer.attention.has_value(),
                       .hasAttention = layer.attention && !isRemoved,
                       .removedAs = isRemoved && isOrdered(plan) ? removed - plan.removedAttentions.begin() + 1 : 0,
                       .neurons = layer.neurons(),
                       .kept = std::int64_t(plan.keptNeurons[i].size())});
    }
    return all;
}

std::string attentionText(const LayerLeft &layer)
{
    if (!layer.hadAttention)
        return "never had one";
    if (layer.hasAttention)
        return "kept";
    return layer.removedAs > 0 ? "removed as number " + std::to_string(layer.removedAs) : "removed";
}

std::string ffnText(const LayerLeft &layer)
{
    return whole(layer.kept) + " of " + counted(layer.neurons, "neuron");
}

std::string map(const std::vector<LayerLeft> &layers, const std::string &what)
{
    constexpr double kWidth = 740, kRow = 18, kTop = 22, kLabel = 30, kCell = 20, kGap = 8, kNumber = 44;
    constexpr std::size_t kMostRows = 32;
    const std::size_t columns = std::max<std::size_t>(1, (layers.size() + kMostRows - 1) / kMostRows);
    const std::size_t rows = (layers.size() + columns - 1) / columns;
    const double column = kWidth / double(columns), bar = std::min(300.0, column - kLabel - kCell - 3 * kGap - kNumber);
    std::int64_t most = 1, gone = 0, kept = 0, all = 0;
    for (const LayerLeft &layer : layers) {
        most = std::max(most, layer.neurons);
        gone += layer.hadAttention && !layer.hasAttention ? 1 : 0;
        kept += layer.kept;
        all += layer.neurons;
    }
    const std::string description = what + ": " + whole(gone) + " of " + counted(std::int64_t(layers.size()), "layer") +
                                    " lose their attention, and " + whole(kept) + " of " + counted(all, "neuron") +
                                    " stay. The table below has every layer.";
    SvgFigure figure("plan-map", "Map of the plan", description, kWidth, kTop + kRow * double(rows) + 4);
    for (std::size_t c = 0; c < columns; ++c) {
        figure.text(double(c) * column + kLabel, 12, "attention");
        figure.text(double(c) * column + kLabel + kCell + 5 * kGap, 12, "FFN");
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const LayerLeft &layer = layers[i];
        const double x = double(i / rows) * column, y = kTop + kRow * double(i % rows);
        const std::string label = "layer " + std::to_string(i);
        figure.text(x + kLabel - kGap, y + 11, std::to_string(i), "end");
        const std::string tip = label + ", attention: " + attentionText(layer);
        if (layer.hasAttention)
            figure.rect(x + kLabel, y, kCell, kRow - 4, "attention", tip);
        else if (layer.hadAttention)
            figure.rect(x + kLabel, y, kCell, kRow - 4, "removed", tip);
        if (layer.removedAs > 0)
            figure.text(x + kLabel + kCell / 2, y + 11, std::to_string(layer.removedAs), "middle", "strong");
        const double left = x + kLabel + kCell + kGap, scale = bar / double(most);
        figure.rect(left, y, double(layer.kept) * scale, kRow - 4, "ffn", label + ", FFN: " + ffnText(layer));
        if (layer.neurons > 0)
            figure.rect(left, y, double(layer.neurons) * scale, kRow - 4, "original");
        figure.text(left + bar + kGap, y + 11, whole(layer.kept));
    }
    return figure.html("Each row is a layer. A filled square is an attention that stays; a dashed one is removed, with its number in the "
                       "order of removal where there is one. The bar is what stays of the FFN within the outline of the original, "
                       "with the number of neurons kept.");
}

std::string table(const std::vector<LayerLeft> &layers)
{
    Table table("What the plan keeps of each layer",
                {{"Layer", true}, {"Attention"}, {"FFN neurons kept", true}, {"of", true}, {"share kept", true}});
    for (std::size_t i = 0; i < layers.size(); ++i)
        table.add({std::to_string(i), text(attentionText(layers[i])), whole(layers[i].kept), whole(layers[i].neurons),
                   layers[i].neurons > 0 ? share(double(layers[i].kept) / double(layers[i].neurons)) : std::string()});
    return details("Every layer as a table", table.html());
}

/// "978 in every layer", "200 to 311 a layer"
std::string widthsText(std::vector<std::int64_t> widths)
{
    std::erase(widths, 0);
    if (widths.empty())
        return "none: no FFN is left";
    const auto [least, most] = std::ranges::minmax(widths);
    return least == most ? whole(least) + " in every FFN that is left" : whole(least) + " to " + whole(most) + ", by layer";
}

} // namespace

std::string planSection(const ReportFacts &facts)
{
    if (!facts.plan)
        return {};
    const PruningPlan &plan = *facts.plan;
    const ModelSpec &dense = facts.session.model->spec;
    const SparsityBalance &b = plan.balance;
    const ModelSpec left = plan.surgery().specOf(dense);
    const DType type = facts.session.model->storedDtype;
    Facts list;
    list.add("Plan", facts.options.plan.empty() ? std::string() : name(facts.options.plan));
    list.add("Method", text(titleOf(plan.method)));
    list.add("Attentions removed", std::to_string(plan.removedAttentions.size()) +
                                       " (N): " + (isOrdered(plan) ? "in order, layers " : "layers ") + layers(plan.removedAttentions));
    if (const std::vector<std::int64_t> ffns = plan.layersWithoutFfn(); !ffns.empty())
        list.add("FFNs removed", std::to_string(ffns.size()) + ": layers " + layers(ffns));
    list.add("Neurons kept (K)", text(widthsText(plan.widths())));
    if (facts.planProblem.empty()) {
        list.add("Removed", share(b.sparsityLayers(), 2) + " of the decoder layers, " + share(b.sparsityModel(), 2) + " of the model");
        list.add("Parameters", whole(b.denseModelParameters) + " before, " + whole(b.modelParameters) + " after");
    }
    list.add("Keys and values", whole(kvBytesPerToken(dense, type)) + " bytes per token before, " + whole(kvBytesPerToken(left, type)) +
                                    " after, in " + text(configName(type)));
    list.add("Work",
             digits(double(flopPerToken(dense)) / 1e6) + " MFLOP per token before, " + digits(double(flopPerToken(left)) / 1e6) + " after");
    if (!plan.edits.isEmpty())
        list.add("Changed weights", counted(std::int64_t(plan.edits.list.size()), "weight") + " with values of the plan's own");
    list.add("Plan hash", facts.planHash.empty() ? std::string() : code(facts.planHash));
    const std::vector<LayerLeft> rows = layersLeft(dense, plan);
    return paragraph(text(facts.planProblem), "warning") + list.html() + map(rows, titleOf(plan.method)) + table(rows);
}

} // namespace secateur::html
