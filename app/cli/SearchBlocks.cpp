// SPDX-License-Identifier: GPL-3.0-or-later
// The command `search` by methods that remove whole attentions and FFNs, and how their plans are shown.
#include "cli/MethodOptions.h"
#include "cli/Run.h"
#include "foundation/Error.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanFile.h"

#include <algorithm>
#include <cmath>

namespace secateur::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// Whether two methods choose by the same numbers.
bool areAlike(PlanMethod one, PlanMethod other)
{
    return one == other || (isByStates(one) && isByStates(other));
}

/// Finished steps or generations of a record.
std::int64_t stepsOf(const BlockRecord &record)
{
    const auto isDone = [](const BlockStep &step) { return step.removed >= 0; };
    return std::int64_t(record.evolution.size()) + std::ranges::count_if(record.steps, isDone);
}

/// How many there will be.
std::int64_t stepsWanted(const BlockSettings &settings, std::int64_t layers)
{
    const std::int64_t blocks = blocksToRemove(settings.sparsity, layers);
    return settings.method == PlanMethod::EvoPress ? 1 + generationsOf(settings, blocks, layers) : 2 * blocks;
}

Rows influenceRows(const BlockRecord &record, const std::vector<std::int64_t> &removed)
{
    Rows rows = {{"layer", "influence", "removed as"}};
    for (std::size_t layer = 0; layer < record.influence.size(); ++layer) {
        const auto place = std::ranges::find(removed, std::int64_t(layer));
        rows.push_back({std::to_string(layer), decimal(record.influence[layer], 6),
                        place == removed.end() ? "" : "no. " + std::to_string(place - removed.begin() + 1)});
    }
    return rows;
}

/// The similarity across every window of as many layers as go.
Rows windowRows(const BlockRecord &record, const std::vector<std::int64_t> &removed)
{
    const auto states = std::int64_t(record.similarities.size());
    const std::int64_t first = record.settings.variant == BlockVariant::Original ? 0 : 1;
    Rows rows = {{"layers", "similarity", ""}};
    for (std::int64_t state = 0; state + record.blocks < states; ++state) {
        const std::int64_t from = state + first, to = from + record.blocks - 1;
        rows.push_back({std::to_string(from) + (to > from ? " to " + std::to_string(to) : std::string()),
                        decimal(record.similarities[std::size_t(state)][std::size_t(state + record.blocks)], 6),
                        !removed.empty() && from == removed.front() ? "removed" : ""});
    }
    return rows;
}

Rows stepRows(const BlockRecord &record)
{
    Rows rows = {{"step", "removed", "loss", "perplexity"}};
    for (const BlockStep &step : record.steps) {
        if (step.removed < 0)
            continue;
        const bool isFfn = step.part == Part::Ffn;
        const auto layers = std::int64_t(step.losses.size()) / (record.settings.variant == BlockVariant::Original ? 2 : 1);
        const bool isInSecondHalf = isFfn && record.settings.variant == BlockVariant::Original;
        const double loss = step.losses[std::size_t(step.removed + (isInSecondHalf ? layers : 0))];
        rows.push_back({std::to_string(rows.size()), (isFfn ? "FFN " : "attention ") + std::to_string(step.removed), decimal(loss, 6),
                        decimal(std::exp(loss), 3)});
    }
    return rows;
}

/// The generations that brought another survivor.
Rows generationRows(const BlockRecord &record)
{
    Rows rows = {{"generation", "divergence", "attentions", "FFNs"}};
    const EvolutionStep *last = nullptr;
    for (std::size_t i = 0; i < record.evolution.size(); ++i) {
        const EvolutionStep &step = record.evolution[i];
        if (!last || last->attentions != step.attentions || last->ffns != step.ffns)
            rows.push_back({std::to_string(i), decimal(step.divergence, 6), joined(step.attentions), joined(step.ffns)});
        last = &step;
    }
    return rows;
}

} // namespace

void Run::showBlocks(const BlockRecord &record)
{
    const Provenance &text = record.provenance;
    const bool isEvolution = record.settings.method == PlanMethod::EvoPress;
    report.line("by " + std::string(titleOf(record.settings.method)) +
                (isEvolution                                         ? std::string()
                 : record.settings.variant == BlockVariant::Original ? ", as in its paper"
                                                                     : ", as in the authors' code") +
                ", on " + counted(text.windows, isEvolution ? "sample" : "window") + " of " + counted(text.length, "token") + ": " +
                counted(record.blocks, "attention") + " and as many FFNs of " + counted(model->spec.layerCount(), "layer"));
    const std::vector<std::int64_t> removed = choiceOf(record).attentions;
    switch (record.settings.method) {
    case PlanMethod::ShortGpt:
        report.table(influenceRows(record, removed));
        break;
    case PlanMethod::Window:
        report.table(windowRows(record, removed));
        break;
    case PlanMethod::BlockPruner:
        report.table(stepRows(record));
        break;
    default:
        report.table(generationRows(record));
    }
    report.line("chosen in " + decimal(record.seconds, 1) + " s, with " + counted(record.windowsForwarded, "window") +
                " through the model");
}

void Run::searchBlocks(const PruningPlan *before)
{
    const BlockRecord *known = before && !o.isRestarted ? &before->blocks.value() : nullptr;
    BlockSettings settings = blockSettings(o, before ? before->blocks->settings : BlockSettings());
    if (const PlanMethod asked = o.method.empty() ? settings.method : planMethodOf(o.method); before && !areAlike(asked, before->method))
        throw Error("The plan " + inQuotes(o.plan.string()) + " was found by " + titleOf(before->method) + ", and a search by " +
                        titleOf(asked) + " does not go on with it.",
                    "Leave out --method, or search anew with --text.");
    else
        settings.method = asked;
    if (const std::string mistake = mistakeOfMethod(o, settings.method); !mistake.empty())
        throw Error(mistake + ".", "Leave it out.");
    TextSettings text = before ? textOf(before->calibration) : blocksText(o, settings.method, model->spec);
    if (before)
        text.windows = o.windows.value_or(before->calibration.windows);

    const std::int64_t windows = std::min(text.windows.value_or(usualWindows(settings.method, text.length)),
                                          std::max<std::int64_t>(1, roughTokens(text) / text.length));
    show(engine->forecastBlocks(settings, {settings.sparsity}, windows, text.length));
    const auto isKnown = [](const BlockRecord &record) { return !record.steps.empty() || !record.evolution.empty(); };
    const auto save = [&](const PruningPlan &plan) {
        if (!o.savePlan.empty() && isFirst())
            savePlan(plan, o.savePlan);
    };
    std::optional<PruningPlan> latest;
    const BlockListener hear = [&](const BlockRecord &record) {
        report.tell(BlocksKnown{record});
        if (isKnown(record))
            save(*(latest = planOfBlocks(model->spec, record)));
    };
    if (known)
        checkGoesOn(stepsOf(*known), std::min(stepsOf(*known), stepsWanted(settings, model->spec.layerCount())), "step");
    try {
        latest = engine->findBlocks(settings, {settings.sparsity}, text, context, hear, known).front();
    } catch (const Cancelled &) {
        if (latest && !o.savePlan.empty() && isFirst())
            tellHowToResume(latest->calibration.computed);
        throw;
    }
    save(*latest);
    showPlan(*latest);
    finish(resultOf(latest->balance, &*latest));
}

} // namespace secateur::cli
