// SPDX-License-Identifier: GPL-3.0-or-later
// What methods measured that remove whole attentions and FFNs.
#include "comparison/ComparisonRows.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"
#include "report/ReportSections.h"
#include "report/SvgFigure.h"

#include <algorithm>
#include <cmath>

namespace secateur::html {
namespace {

/// Bars over the numbers of layers; those of the layers that go are hatched.
std::string bars(const std::string &id, const std::string &title, const std::string &description, const std::string &axisTitle,
                 const std::vector<double> &values, const std::vector<bool> &goes, const std::string &caption)
{
    constexpr double kWidth = 740, kHeight = 260, kLeft = 60, kTop = 30, kBottom = 45, kRight = 10;
    double least = 0, most = 0;
    for (const double value : values)
        if (std::isfinite(value)) {
            least = std::min(least, value);
            most = std::max(most, value);
        }
    if (most <= least)
        most = least + 1;
    SvgFigure figure(id, title, description, kWidth, kHeight);
    const Axis y{.low = least, .high = most, .from = kHeight - kBottom, .to = kTop, .isLog = false};
    figure.axisY(y, kLeft, kWidth - kRight, axisTitle);
    const double step = (kWidth - kLeft - kRight) / double(std::max<std::size_t>(1, values.size()));
    const std::size_t every = step < 16 ? 5 : 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double x = kLeft + step * (double(i) + 0.1), width = 0.8 * step;
        if (std::isfinite(values[i])) {
            const double top = y.at(std::max(0.0, values[i])), bottom = y.at(std::min(0.0, values[i]));
            const std::string tip = "layer " + std::to_string(i) + ": " + fixed(values[i], 4);
            if (goes[i]) {
                figure.hatch(x, top, width, bottom - top, tip + ", goes");
                figure.rect(x, top, width, bottom - top, "original");
            } else {
                figure.rect(x, top, width, bottom - top, "kept", tip);
            }
        }
        if (i % every == 0)
            figure.text(x + width / 2, kHeight - kBottom + 15, std::to_string(i), "middle");
    }
    figure.line(kLeft, y.at(0), kWidth - kRight, y.at(0), "axis");
    figure.text((kLeft + kWidth) / 2, kHeight - 8, "layer", "middle", "title");
    return figure.html(text(caption));
}

std::vector<bool> goneOf(const BlockRecord &record, std::size_t layers)
{
    std::vector<bool> goes(layers, false);
    for (const std::int64_t layer : choiceOf(record).attentions)
        if (layer >= 0 && layer < std::int64_t(layers))
            goes[std::size_t(layer)] = true;
    return goes;
}

std::string influencePart(const BlockRecord &record)
{
    Table table("Influence of each layer", {{"Layer", true}, {"Influence", true}, {""}});
    const std::vector<bool> goes = goneOf(record, record.influence.size());
    for (std::size_t i = 0; i < record.influence.size(); ++i)
        table.add({std::to_string(i), fixed(record.influence[i], 6), goes[i] ? "goes" : ""}, goes[i]);
    return bars("influence", "Influence of each layer",
                "A bar for each layer; those of the layers that go are hatched. The table has the numbers.", "influence", record.influence,
                goes,
                "One less the mean cosine of what enters and what leaves a layer: how much the layer changes its input. Hatched layers "
                "go.") +
           details("As a table", table.html());
}

/// By the rule of the method: of every window of n layers, how alike what enters and what leaves it is.
std::string windowPart(const BlockRecord &record)
{
    const bool isOriginal = record.settings.variant == BlockVariant::Original; // has the state before the first layer, and angles
    const std::size_t states = record.similarities.size(), n = std::size_t(record.blocks);
    const std::size_t before = isOriginal ? 0 : 1; // layer that follows the first state
    Table table("Windows of " + counted(record.blocks, "layer"),
                {{"First layer", true}, {"Last layer", true}, {isOriginal ? "One less the angle, half turns" : "Mean cosine", true}, {""}});
    const std::vector<std::int64_t> chosen = choiceOf(record).attentions;
    for (std::size_t state = 0; state + n < states; ++state) {
        const double alike = record.similarities[state][state + n];
        const std::size_t first = state + before;
        const bool isChosen = !chosen.empty() && chosen.front() == std::int64_t(first);
        table.add({std::to_string(first), std::to_string(first + n - 1), fixed(alike, 6), isChosen ? "goes" : ""}, isChosen);
    }
    return paragraph("The more alike what enters and what leaves a window is, the less its layers do.") + table.html();
}

std::string stepsPart(const BlockRecord &record, std::int64_t layers)
{
    Table table("Removals in order, with the loss that each leaves",
                {{"Step", true}, {"Removed"}, {"Layer", true}, {"Loss, nats/token", true}, {"Perplexity", true}});
    std::int64_t number = 0;
    for (const BlockStep &step : record.steps) {
        if (step.removed < 0)
            break;
        const bool isFfn = step.part == Part::Ffn;
        const auto place =
            std::size_t(step.removed) + (isFfn && std::int64_t(step.losses.size()) == 2 * layers ? std::size_t(layers) : std::size_t(0));
        const double loss = place < step.losses.size() ? step.losses[place] : std::nan("");
        table.add(
            {std::to_string(++number), isFfn ? "FFN" : "attention", std::to_string(step.removed), fixed(loss, 4), digits(std::exp(loss))});
    }
    return table.html();
}

std::string evolutionPart(const BlockRecord &record)
{
    constexpr double kWidth = 740, kHeight = 260, kLeft = 60, kTop = 30, kBottom = 45, kRight = 10;
    std::vector<std::pair<double, double>> points;
    double least = INFINITY, most = -INFINITY;
    for (const EvolutionStep &step : record.evolution)
        if (std::isfinite(step.divergence)) {
            least = std::min(least, step.divergence);
            most = std::max(most, step.divergence);
        }
    Table table("Survivors", {{"Generation", true}, {"Divergence, nats/token", true}, {"Attentions"}, {"FFNs"}});
    for (std::size_t i = 0; i < record.evolution.size(); ++i) {
        const EvolutionStep &step = record.evolution[i];
        table.add({std::to_string(i), fixed(step.divergence, 6), layers(step.attentions), layers(step.ffns)});
    }
    std::string figures;
    if (least <= most) {
        SvgFigure figure("evolution", "Divergence of the survivors",
                         "The divergence from the original by generation, from " + fixed(record.evolution.front().divergence, 4) + " to " +
                             fixed(record.evolution.back().divergence, 4) + " nats per token.",
                         kWidth, kHeight);
        const Axis x = Axis::around(0, double(std::max<std::size_t>(1, record.evolution.size() - 1)), kLeft, kWidth - kRight);
        const Axis y = Axis::around(least, most, kHeight - kBottom, kTop);
        figure.axisY(y, kLeft, kWidth - kRight, "divergence, nats/token");
        figure.axisX(x, kHeight - kBottom, "generation");
        for (std::size_t i = 0; i < record.evolution.size(); ++i)
            if (std::isfinite(record.evolution[i].divergence))
                points.emplace_back(x.at(double(i)), y.at(record.evolution[i].divergence));
        figure.polyline(points, "trace");
        figures = figure.html("Kullback-Leibler divergence of the survivor's predictions from the original's, on the tokens of its last "
                              "selection. Those change from generation to generation, so the curve may rise.");
    }
    return figures + details("Every generation as a table", table.html());
}

} // namespace

std::string blocksPart(const BlockRecord &record, std::int64_t layerCount)
{
    const BlockSettings &s = record.settings;
    Facts list;
    list.add("Variant", s.variant == BlockVariant::Authors ? "as the 2SSP authors' code does it" : "as the method's own paper does it");
    list.add("Sparsity asked for",
             text(shareText(s.sparsity)) + " of the blocks: " + counted(record.blocks, "attention") + " and as many FFNs");
    if (s.method == PlanMethod::EvoPress) {
        list.add("Generations", whole(generationsOf(s, record.blocks, layerCount)));
        list.add("Tokens of a selection", whole(s.coarseTokens) + ", then " + whole(s.fineTokens));
        list.add("Seed", std::to_string(s.seed));
    }
    list.add("Text", textWords(record.provenance));
    list.add("Work", counted(record.windowsForwarded, "window") + " through the model in " + duration(record.seconds));
    list.add("Computed", conditions(record.provenance.computed));
    std::string html = list.html();
    if (s.method == PlanMethod::ShortGpt && !record.influence.empty())
        html += influencePart(record);
    if (s.method == PlanMethod::Window && !record.similarities.empty())
        html += windowPart(record);
    if (!record.steps.empty())
        html += stepsPart(record, layerCount);
    if (!record.evolution.empty())
        html += evolutionPart(record);
    return html;
}

} // namespace secateur::html
