// SPDX-License-Identifier: GPL-3.0-or-later
// What a restored plan says of how it was found: as far as it can be computed again, it is.
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "pruning/PlanChecks.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>
#include <utility>

namespace secateur {
namespace {

using Steps = std::vector<RestorationStep>;

constexpr double kSameLoss = 1e-6; ///< by so much of it may a loss that is computed twice differ

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

bool has(const Steps &steps, RestorationStep step)
{
    return std::ranges::find(steps, step) != steps.end();
}

/// "r1, r2"; "plain 2SSP" for none.
std::string textOf(const Steps &steps)
{
    std::vector<std::string> names;
    for (const RestorationStep step : steps)
        names.emplace_back(nameOf(step));
    return names.empty() ? "plain 2SSP" : listed(names);
}

bool isShare(double value)
{
    return value > 0 && value <= 1;
}

bool isAmount(double value)
{
    return std::isfinite(value) && value >= 0;
}

void checkSteps(const Steps &steps, const std::string &name)
{
    if (std::set<RestorationStep>(steps.begin(), steps.end()).size() != steps.size())
        refuse(name + " has a step twice: " + textOf(steps) + ".");
    if (!steps.empty() && !has(steps, RestorationStep::Refit))
        refuse(name + " has the steps " + textOf(steps) + ", and all others need r1.");
}

void checkSettings(const RestorationSettings &settings)
{
    checkSteps(settings.steps, "The plan's restoration");
    if (!std::ranges::is_sorted(settings.steps))
        refuse("The plan's restoration has the steps " + textOf(settings.steps) + ", which are not in their order.");
    const std::pair<const char *, double> ridges[] = {
        {"r1", settings.ridge}, {"the elimination", settings.pathRidge}, {"r4", settings.sequentialRidge}};
    for (const auto &[what, ridge] : ridges)
        if (!(std::isfinite(ridge) && ridge > 0))
            refuse(std::string("The plan's restoration has a ridge of ") + number(ridge) + " for " + what + ", which is not above 0.");
    if (settings.widthShare && !isShare(*settings.widthShare))
        refuse("The plan's restoration asks for " + number(*settings.widthShare) + " of the way to its widths, which is not a share.");
    const bool isSearched = settings.has(RestorationStep::Order);
    const std::pair<const char *, std::int64_t> windows[] = {{"search attentions on", isSearched ? settings.searchWindows : 1},
                                                             {"hold losses out on", settings.gateWindows},
                                                             {"go through layer by layer", settings.sequentialWindows.value_or(1)}};
    for (const auto &[what, count] : windows)
        if (count < 1)
            refuse("The plan's restoration has " + counted(count, "window") + " to " + what + "; it needs 1 or more.");
}

void checkTexts(const RestorationRecord &record)
{
    const std::size_t most = record.settings.second ? 2 : 1;
    if (record.texts.size() > most)
        refuse("The plan's restoration tells of " + counted(std::int64_t(record.texts.size()), "text") + ", and its settings name " +
               std::to_string(most) + ".");
    for (const GateText &text : record.texts)
        if (text.windows < 1 || text.tokenHash.empty())
            refuse("The plan's restoration holds losses out on " + counted(text.windows, "window") + " of a text" +
                   (text.tokenHash.empty() ? ", and does not tell which" : "") + ".");
    if (!record.texts.empty() && record.texts[0].windows != record.settings.gateWindows)
        refuse("The plan's restoration holds losses out on " + counted(record.texts[0].windows, "window") + ", and its settings ask for " +
               std::to_string(record.settings.gateWindows) + ".");
    if (record.texts.size() == 2 && record.texts[1].text.files != record.settings.second->files)
        refuse("The plan's second text is another than its settings name.");
}

void checkVariant(const RestorationVariant &variant, const RestorationRecord &record, const ModelSpec &dense)
{
    const std::string name = "The variant " + textOf(variant.steps) + " of the plan's restoration";
    checkSteps(variant.steps, name);
    for (const RestorationStep step : variant.steps)
        if (!record.settings.has(step))
            refuse(name + " has the step " + nameOf(step) + ", which its settings do not ask for.");
    if (std::int64_t(variant.widths.size()) != dense.layerCount())
        refuse(name + " has " + counted(std::int64_t(variant.widths.size()), "width") + ", the model " +
               counted(dense.layerCount(), "layer") + ".");
    for (std::size_t i = 0; i < variant.widths.size(); ++i)
        if (const std::int64_t neurons = dense.layers[i].neurons(); variant.widths[i] < 0 || variant.widths[i] > neurons)
            refuse(name + " keeps " + counted(variant.widths[i], "neuron") + " of layer " + std::to_string(i) + ", which has " +
                   std::to_string(neurons) + ".");
    if (variant.attentionsRemoved < 0 || variant.attentionsRemoved > dense.layerCount())
        refuse(name + " removes " + counted(variant.attentionsRemoved, "attention") + ", and the model has " +
               std::to_string(dense.layerCount()) + ".");
    if (variant.losses.size() != record.texts.size())
        refuse(name + " has " + std::to_string(variant.losses.size()) + " losses on " + counted(std::int64_t(record.texts.size()), "text") +
               ".");
    for (const double loss : variant.losses)
        if (variant.isKept ? !isAmount(loss) : loss < 0) // what was turned down may have computed no number
            refuse(name + " has a loss of " + number(loss) + "; a loss is 0 or more.");
    if (!isAmount(variant.seconds))
        refuse(name + " took " + number(variant.seconds) + " seconds; they are 0 or more.");
}

/// Whether these steps change values alone, or at most which neurons stay, not how many.
bool keepsCounts(const Steps &steps)
{
    return !has(steps, RestorationStep::Order) && !has(steps, RestorationStep::Widths);
}

void checkVariants(const RestorationRecord &record, const ModelSpec &dense)
{
    const RestorationVariant *before = nullptr; // the last that was kept
    for (const RestorationVariant &variant : record.variants) {
        checkVariant(variant, record, dense);
        const RestorationVariant &plain = record.variants.front();
        if (&variant == &plain && !(plain.steps.empty() && plain.isKept))
            refuse("The first variant of the plan's restoration is not plain 2SSP.");
        if (keepsCounts(variant.steps) && (variant.attentionsRemoved != plain.attentionsRemoved || variant.widths != plain.widths))
            refuse("The variant " + textOf(variant.steps) +
                   " of the plan's restoration has other removals or widths than plain 2SSP, which its steps do not change.");
        if (!variant.isKept)
            continue;
        for (std::size_t i = 0; record.settings.isGated && before && i < variant.losses.size(); ++i)
            if (variant.losses[i] > before->losses[i])
                refuse("The variant " + textOf(variant.steps) + " of the plan's restoration stays at a held-out loss of " +
                       number(variant.losses[i]) + " on text " + std::to_string(i) + ", and without its last step it is " +
                       number(before->losses[i]) + ": a step stays only where no text gets worse.");
        before = &variant;
    }
}

void checkRemovals(const RestorationRecord &record, const ModelSpec &dense)
{
    if (!record.removals.empty() && !record.settings.has(RestorationStep::Order))
        refuse("The plan's restoration tells of numbers of removals, and its settings do not ask for r2.");
    for (const RemovalsTried &tried : record.removals)
        if (tried.attentionsRemoved < 0 || tried.attentionsRemoved > dense.layerCount() || tried.neuronsKept < 0 ||
            tried.neuronsKept > dense.mostNeurons() || tried.loss < 0 || !isAmount(tried.seconds))
            refuse("The plan's restoration tried " + counted(tried.attentionsRemoved, "removal") + " with " +
                   counted(tried.neuronsKept, "neuron") + " at a loss of " + number(tried.loss) + " in " + number(tried.seconds) +
                   " seconds, which cannot be in this model.");
    for (const RemovalsTried &tried : record.removals)
        if (std::ranges::count(record.removals, tried.attentionsRemoved, &RemovalsTried::attentionsRemoved) > 1)
            refuse("The plan's restoration tried " + counted(tried.attentionsRemoved, "removal") + " more than once.");
}

void checkLayers(const RestorationRecord &record, const ModelSpec &dense)
{
    if (!record.layers.empty() && std::int64_t(record.layers.size()) != dense.layerCount())
        refuse("The plan's restoration tells of " + counted(std::int64_t(record.layers.size()), "layer") + ", and the model has " +
               std::to_string(dense.layerCount()) + ".");
    for (std::size_t i = 0; i < record.layers.size(); ++i) {
        const RestoredLayer &layer = record.layers[i];
        if (!isAmount(layer.ridge) || layer.raised < 0 || !isAmount(layer.growth) || !isAmount(layer.errorBefore) ||
            !isAmount(layer.errorAfter))
            refuse("The plan's restoration tells numbers of the fit of layer " + std::to_string(i) + " that are none.");
        if (layer.errorAfter > layer.errorBefore)
            refuse("The plan's restoration tells an error of " + number(layer.errorAfter) + " after the fit of layer " + std::to_string(i) +
                   ", above the " + number(layer.errorBefore) + " before it: such a fit is not taken.");
    }
}

/// R2 takes the number of removals that has the lowest held-out loss.
void checkChosenRemovals(const PruningPlan &plan, const RestorationRecord &record)
{
    const auto N = std::int64_t(plan.removedAttentions.size());
    if (N > 0 && !plan.search.isBegun())
        refuse("The plan's attentions go in an order of their own (r2), and it has no search.");
    const auto chosen = std::ranges::find(record.removals, N, &RemovalsTried::attentionsRemoved);
    if (chosen == record.removals.end())
        refuse("The plan removes " + counted(N, "attention") + ", a number that its restoration did not try.");
    if (!isAmount(chosen->loss))
        refuse("The plan removes " + counted(N, "attention") + ", and what is lost by that is not known.");
    for (const RemovalsTried &tried : record.removals)
        if (tried.loss < chosen->loss)
            refuse("The plan removes " + counted(N, "attention") + " at a held-out loss of " + number(chosen->loss) + ", but " +
                   std::to_string(tried.attentionsRemoved) + " go before it at " + number(tried.loss) + ".");
    for (const RestorationVariant &variant : record.variants) // of the same model, on the same windows
        if (variant.isKept && !variant.steps.empty() && variant.steps.back() == RestorationStep::Order && !variant.losses.empty() &&
            !(std::abs(variant.losses[0] - chosen->loss) <= kSameLoss * chosen->loss))
            refuse("The variant " + textOf(variant.steps) + " of the plan's restoration has a held-out loss of " +
                   number(variant.losses[0]) + ", and where its removals were tried it was " + number(chosen->loss) + ".");
}

/// The changed weights are those that the steps fit: the down products of all FFNs that are narrower (r1), and attentions' output products (r4).
void checkFits(const PruningPlan &plan, const Steps &kept, const ModelSpec &dense)
{
    for (const WeightEdit &edit : plan.edits.list) {
        const bool isFitted = edit.role.part == TensorPart::Down
                                  ? has(kept, RestorationStep::Refit)
                                  : edit.role.part == TensorPart::AttentionOutput && has(kept, RestorationStep::Sequential);
        if (!isFitted)
            refuse("The plan changes the weight " + inQuotes(ownTensorName(edit.role)) + ", which its steps (" + textOf(kept) +
                   ") do not fit.");
    }
    for (std::int64_t i = 0; has(kept, RestorationStep::Refit) && i < dense.layerCount(); ++i) {
        const auto width = std::int64_t(plan.keptNeurons[std::size_t(i)].size());
        const TensorRole down{.layer = i, .part = TensorPart::Down};
        if (width > 0 && width < dense.layers[std::size_t(i)].neurons() && !plan.edits.find(down))
            refuse("The plan's steps (" + textOf(kept) + ") fit the weight " + inQuotes(ownTensorName(down)) +
                   ", and it does not change that.");
        if (plan.edits.find(down) && plan.restoration->layers.size() > std::size_t(i) &&
            plan.restoration->layers[std::size_t(i)].ridge == 0)
            refuse("The plan's restoration tells a ridge of 0 for the fit of layer " + std::to_string(i) + ".");
    }
}

/// What a plan that has a variant's steps says of itself.
void checkOutcome(const PruningPlan &plan, const RestorationRecord &record)
{
    const auto last = std::ranges::find_if(record.variants.rbegin(), record.variants.rend(), &RestorationVariant::isKept);
    if (last == record.variants.rend())
        refuse("The plan's restoration tells of no variant.");
    const Steps &kept = last->steps;
    if (last->attentionsRemoved != std::int64_t(plan.removedAttentions.size()))
        refuse("The plan removes " + counted(std::int64_t(plan.removedAttentions.size()), "attention") +
               ", and the variant that was kept (" + textOf(kept) + ") " + std::to_string(last->attentionsRemoved) + ".");
    if (last->widths != plan.widths())
        refuse("The plan's widths are not those of the variant that was kept (" + textOf(kept) + ").");
    if (has(kept, RestorationStep::Order))
        checkChosenRemovals(plan, record);
    const bool hasWidths = has(kept, RestorationStep::Widths);
    if (hasWidths && !record.widthShare)
        refuse("The plan has widths per layer (r3), and does not tell how far they went.");
    if (hasWidths && record.settings.widthShare && *record.settings.widthShare != *record.widthShare)
        refuse("The plan's widths went " + number(*record.widthShare) + " of the way, and its settings ask for " +
               number(*record.settings.widthShare) + ".");
    if (!keepsCounts(kept) || has(kept, RestorationStep::Elimination))
        return;
    Surgery plain = plan.surgery(); // the steps have changed values alone
    plain.edits = {};
    if (record.plainHash != plain.hash())
        refuse("The plan was restored from another plan than it tells: its steps (" + textOf(kept) + ") keep what the plain one keeps.");
}

/// Tokens that the fits have seen.
void checkTokens(const PruningPlan &plan, const RestorationRecord &record, const Steps &kept)
{
    const Provenance &from = plan.calibration;
    const bool isFitted = has(kept, RestorationStep::Refit);
    if (isFitted && record.layers.empty())
        refuse("The plan's weights are fitted (r1), and it does not tell how well.");
    if (isFitted && from.windows > 0 && from.length > 0 && // else not told
        (record.tokens % from.length != 0 || record.tokens / from.length != from.windows))
        refuse("The plan's weights are fitted to " + counted(record.tokens, "token") + "; its calibration has " +
               counted(from.windows, "window") + " of " + std::to_string(from.length) + ".");
    if (has(kept, RestorationStep::Sequential) != (record.sequentialTokens > 0) &&
        (has(kept, RestorationStep::Sequential) || !record.settings.has(RestorationStep::Sequential)))
        refuse("The plan tells of " + counted(record.sequentialTokens, "token") + " of its refit layer by layer (r4), and its steps are " +
               textOf(kept) + ".");
}

} // namespace

void checkRestorationRecord(const RestorationRecord &record, const ModelSpec &dense)
{
    checkSettings(record.settings);
    if (record.plainHash.empty())
        refuse("The plan does not tell what it was restored from.");
    if (record.tokens < 0 || record.sequentialTokens < 0)
        refuse("The plan's restoration has seen " + std::to_string(std::min(record.tokens, record.sequentialTokens)) + " tokens.");
    if (record.widthShare && !isShare(*record.widthShare))
        refuse("The plan's widths went " + number(*record.widthShare) + " of the way, which is not a share.");
    checkTexts(record);
    checkVariants(record, dense);
    checkRemovals(record, dense);
    checkLayers(record, dense);
}

void checkRestorationProgress(const RestorationProgress &progress, const ModelSpec &dense)
{
    const SearchRecord &search = progress.search;
    if (std::isinf(search.initialLoss) || search.initialLoss < 0)
        refuse("The search of the restoration begins at a loss that is none: " + number(search.initialLoss) + ".");
    const std::vector<std::int64_t> order = search.removalOrder();
    if (std::set<std::int64_t>(order.begin(), order.end()).size() != order.size())
        refuse("The search of the restoration names a layer twice.");
    for (const std::int64_t layer : order)
        if (layer < 0 || layer >= dense.layerCount())
            refuse("The search of the restoration removes the attention of layer " + std::to_string(layer) + ", and the model has " +
                   counted(dense.layerCount(), "layer") + ".");
    checkRestorationRecord(progress.record, dense);
    checkSteps(search, "the search of the restoration", dense.layerCount());
}

void checkRestoration(const PruningPlan &plan, const ModelSpec &dense)
{
    if (plan.restoration.has_value() != (plan.method == PlanMethod::Restored))
        refuse("The plan's method and its restoration do not belong together.");
    if (!plan.restoration)
        return;
    const RestorationRecord &record = *plan.restoration;
    checkRestorationRecord(record, dense);
    checkOutcome(plan, record);
    const Steps kept = record.kept();
    if (record.settings.second && record.texts.size() < 2)
        refuse("The plan's restoration names a second text in its settings, and tells no losses on it.");
    checkTokens(plan, record, kept);
    checkFits(plan, kept, dense);
}

} // namespace secateur
