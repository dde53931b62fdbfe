// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/Restorer.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Arithmetic.h"
#include "pruning/AttentionSearch.h"
#include "restoration/RemovalChoice.h"
#include "restoration/Restorable.h"
#include "restoration/SequentialRefit.h"
#include "restoration/WidthAllocation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <utility>

namespace secateur {
namespace {

/// In which steps are taken: what chooses the neurons comes before what is fitted to them in the end.
constexpr RestorationStep kOrder[] = {RestorationStep::Refit, RestorationStep::Order, RestorationStep::Widths, RestorationStep::Elimination,
                                      RestorationStep::Sequential};

/// Tokens of the Gram matrices that a refit wants for every neuron.
constexpr std::int64_t kTokensWanted = 4;

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string number(double value)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value);
    return text;
}

std::string nameOf(const GateText &text)
{
    return text.text.files.empty() ? std::string("the held-out text") : inQuotes(text.text.files.front().filename().string());
}

} // namespace

Restorer::Restorer(Restoring what, JobContext &context, Listener heard)
    : m_what(std::move(what)),
      m_context(context),
      m_heard(std::move(heard)),
      m_weights(m_what.dense, m_what.grams, m_what.plain.calibration.modelHash, m_what.stored, m_what.settings, m_what.sequentialTokens,
                m_what.spareBytes)
{
    if (!m_what.ranks)
        m_what.ranks = std::make_shared<Ranks>();
}

PruningPlan Restorer::restore(const RestorationProgress *before)
{
    const PruningPlan &plain = m_what.plain;
    if (before)
        m_before = *before;
    RestorationRecord &record = m_progress.record;
    record.settings = m_what.settings;
    record.plainHash = plain.hash();
    for (const HeldOutText &text : m_what.texts)
        record.texts.push_back(text.told);
    record.removals = m_before.record.removals;
    record.layers.resize(plain.keptNeurons.size());
    record.tokens = m_what.grams.tokens();
    if (const std::int64_t wanted = kTokensWanted * m_what.dense.spec().mostNeurons(); record.tokens < wanted)
        record.notes.push_back("The fits are of " + counted(record.tokens, "token") + " for " +
                               counted(m_what.dense.spec().mostNeurons(), "neuron") + " in a layer; " + grouped(std::uint64_t(wanted)) +
                               " or more are wanted.");
    if (before && before->search.isBegun()) {
        m_progress.search = before->search;
    } else {
        m_progress.search.settings = searchSettingsOf(plain, m_what.settings);
        m_progress.search.initialLoss = std::numeric_limits<double>::quiet_NaN();
    }
    m_progress.search.provenance = m_what.searchProvenance;

    m_kept = {.balance = plain.balance, .keptNeurons = plain.keptNeurons, .removedAttentions = plain.removedAttentions};
    measurePlain();
    for (const RestorationStep step : kOrder)
        if (m_what.settings.has(step))
            take(step);
    return finished();
}

void Restorer::measurePlain()
{
    const Clock::time_point start = Clock::now();
    RestorationVariant plain;
    plain.attentionsRemoved = std::int64_t(m_kept.removedAttentions.size());
    plain.widths = m_kept.widths();
    if (const RestorationVariant *before = known({})) {
        plain = *before;
    } else {
        plain.losses = lossesOf(m_kept);
        plain.seconds = secondsSince(start);
    }
    m_losses = plain.losses;
    m_progress.record.variants.push_back(std::move(plain));
    tell();
}

/// Takes a step on what is kept so far, and keeps it where the gate lets it.
void Restorer::take(RestorationStep step)
{
    const Clock::time_point start = Clock::now();
    RestorationRecord &record = m_progress.record;
    if (const std::string problem = problemOf(step); !problem.empty()) {
        record.notes.push_back(problem);
        return;
    }
    if (step == RestorationStep::Sequential)
        if (const std::string note = sequentialRidge().note; !note.empty())
            record.notes.push_back(note);
    RestorationVariant variant;
    variant.steps = m_steps;
    variant.steps.push_back(step);
    const RestorationVariant *before = known(variant.steps);
    if (before && !before->isKept) {
        record.variants.push_back(*before);
        tell();
        if (step == RestorationStep::Refit)
            refuseRefit();
        return;
    }
    RestoredChoice choice = with(step);
    if (before && before->widths == choice.widths() && before->attentionsRemoved == std::int64_t(choice.removedAttentions.size())) {
        variant = *before;
    } else {
        variant.attentionsRemoved = std::int64_t(choice.removedAttentions.size());
        variant.widths = choice.widths();
        variant.losses = lossesOf(choice);
        variant.seconds = secondsSince(start);
        variant.isKept = staysWith(variant.losses);
    }
    record.variants.push_back(variant);
    if (!variant.isKept && step == RestorationStep::Widths)
        record.widthShare.reset();
    tell();
    if (!variant.isKept && step == RestorationStep::Refit)
        refuseRefit();
    if (!variant.isKept)
        return;
    m_kept = std::move(choice);
    m_steps = variant.steps;
    m_losses = variant.losses;
}

/// Why a step cannot be taken, a sentence; empty where it can.
std::string Restorer::problemOf(RestorationStep step) const
{
    if (step == RestorationStep::Order && m_what.plain.balance.attentionsToRemove == 0)
        return "The search of attentions after the refit is left out: the plan removes no attention.";
    if (step == RestorationStep::Widths || step == RestorationStep::Elimination) {
        const std::int64_t end = endOfPath(m_what.dense.spec().mostNeurons()), fewest = std::ranges::min(m_kept.widths());
        return fewest >= end
                   ? std::string()
                   : "The step " + std::string(nameOf(step)) + " (" + titleOf(step) + ") is left out: the plan keeps " +
                         counted(fewest, "neuron") + " in a layer, and which are best is known down to " + std::to_string(end) + " only.";
    }
    if (step != RestorationStep::Sequential)
        return {};
    if (const std::string problem = sequentialProblem(m_what.dense.spec()); !problem.empty())
        return "The refit layer by layer is left out. " + problem;
    return sequentialRidge().ridge ? std::string() : sequentialRidge().note;
}

SequentialRidge Restorer::sequentialRidge() const
{
    return sequentialRidgeFor(m_what.sequentialTokens.numel(), std::ranges::max(m_kept.widths()), m_what.settings.sequentialRidge);
}

RestoredChoice Restorer::with(RestorationStep step)
{
    RestoredChoice choice = m_kept;
    switch (step) {
    case RestorationStep::Refit:
        choice.isRefitted = true;
        return choice;
    case RestorationStep::Order:
        return withOrder();
    case RestorationStep::Widths:
        return withWidths();
    case RestorationStep::Elimination:
        return withElimination();
    case RestorationStep::Sequential:
        break;
    }
    choice.sequentialRidge = sequentialRidge().ridge;
    return choice;
}

/// R2: an order of the refitted model, and the number of removals whose loss is the lowest; of equal ones the larger.
RestoredChoice Restorer::withOrder()
{
    searchOrder();
    std::int64_t best = -1;
    double lowest = std::numeric_limits<double>::infinity();
    for (const std::int64_t n : removalCandidates(m_what.dense.spec(), m_what.plain))
        if (const double loss = tried(n); best < 0 || loss < lowest) {
            best = n;
            lowest = loss;
        }
    return withRemovals(best);
}

RestoredChoice Restorer::withRemovals(std::int64_t n) const
{
    const PruningPlan &plain = m_what.plain;
    RestoredChoice choice;
    choice.balance = balanceAtSize(m_what.dense.spec(), plain, n);
    choice.keptNeurons = plain.keptNeurons;
    choice.isRefitted = true;
    if (n != plain.balance.attentionsToRemove)
        for (std::size_t i = 0; i < choice.keptNeurons.size(); ++i)
            choice.keptNeurons[i] = m_what.grams.scores().best(std::int64_t(i), choice.balance.neuronsKept);
    const std::vector<std::int64_t> order = m_progress.search.removalOrder();
    choice.removedAttentions.assign(order.begin(), order.begin() + std::ptrdiff_t(n));
    return choice;
}

/// Searches as many removals as the plan has, on the plan's neurons, refitted.
void Restorer::searchOrder()
{
    SearchRecord &record = m_progress.search;
    const std::int64_t wanted = m_what.plain.balance.attentionsToRemove;
    if (std::int64_t(record.removalOrder().size()) >= wanted)
        return;
    RestoredChoice start = m_kept;
    start.removedAttentions.clear();
    const Decoder narrow = pruned(m_what.dense, m_weights.surgery(start, m_context));
    AttentionSearch search(narrow, m_what.searchTokens, LossType::Float32, m_what.states, m_what.ranks, m_what.losses);
    try {
        search.run(record, wanted, m_context, {}, [&] { tell(); });
    } catch (...) { // a cancel, or a device that gave out: the step under way has losses that need not be computed again
        tell();
        throw;
    }
}

double Restorer::tried(std::int64_t n)
{
    std::vector<RemovalsTried> &all = m_progress.record.removals;
    if (const auto found = std::ranges::find(all, n, &RemovalsTried::attentionsRemoved); found != all.end())
        return found->loss;
    const Clock::time_point start = Clock::now();
    const RestoredChoice choice = withRemovals(n);
    const double loss = lossOf(choice, m_what.texts.front());
    all.push_back({.attentionsRemoved = n, .neuronsKept = choice.balance.neuronsKept, .loss = loss, .seconds = secondsSince(start)});
    tell();
    return loss;
}

/// R3: half-way to the allocation's widths or all the way, where the settings do not say.
RestoredChoice Restorer::withWidths()
{
    std::optional<double> &share = m_progress.record.widthShare;
    share = m_what.settings.widthShare ? m_what.settings.widthShare : m_before.record.widthShare;
    if (!share) {
        const double half = lossOf(withShare(0.5), m_what.texts.front());
        share = lossOf(withShare(1.0), m_what.texts.front()) < half ? 1.0 : 0.5;
    }
    return withShare(*share);
}

RestoredChoice Restorer::withShare(double share)
{
    RestoredChoice choice = m_kept;
    std::vector<std::int64_t> neurons;
    std::vector<LossPath> paths;
    for (const EliminationPath &path : m_weights.paths(m_context)) {
        neurons.push_back(path.neurons());
        LossPath losses;
        for (const EliminationPath::Cut &cut : path.cuts)
            losses.emplace_back(cut.remaining, cut.error);
        paths.push_back(std::move(losses));
    }
    const std::vector<std::int64_t> widths =
        allocateWidths(neurons, paths, m_kept.balance.neuronsKept, share, m_what.plain.settings.widthMultiple);
    for (std::size_t i = 0; i < widths.size(); ++i)
        choice.keptNeurons[i] = m_what.grams.scores().best(std::int64_t(i), widths[i]);
    return choice;
}

/// R5: as many of each layer, others.
RestoredChoice Restorer::withElimination()
{
    RestoredChoice choice = m_kept;
    const std::vector<EliminationPath> &paths = m_weights.paths(m_context);
    for (std::size_t i = 0; i < choice.keptNeurons.size(); ++i)
        choice.keptNeurons[i] = paths[i].best(std::int64_t(choice.keptNeurons[i].size()));
    return choice;
}

double Restorer::lossOf(const RestoredChoice &choice, const HeldOutText &text)
{
    const Decoder decoder = pruned(m_what.dense, m_weights.surgery(choice, m_context));
    return heldOutLoss(decoder, text, m_context, *m_what.ranks);
}

std::vector<double> Restorer::lossesOf(const RestoredChoice &choice)
{
    const Decoder decoder = pruned(m_what.dense, m_weights.surgery(choice, m_context));
    std::vector<double> losses;
    for (const HeldOutText &text : m_what.texts)
        losses.push_back(heldOutLoss(decoder, text, m_context, *m_what.ranks));
    return losses;
}

/// The gate.
bool Restorer::staysWith(const std::vector<double> &losses) const
{
    return !m_what.settings.isGated || std::ranges::equal(losses, m_losses, std::ranges::less_equal());
}

/// The variant that was made before in this place, or null.
const RestorationVariant *Restorer::known(const std::vector<RestorationStep> &steps) const
{
    const std::size_t place = m_progress.record.variants.size();
    const std::vector<RestorationVariant> &before = m_before.record.variants;
    const bool isThere = place < before.size() && before[place].steps == steps && before[place].losses.size() == m_what.texts.size();
    return isThere ? &before[place] : nullptr;
}

void Restorer::refuseRefit() const
{
    const RestorationVariant &refitted = m_progress.record.variants.back();
    std::vector<std::string> worse;
    for (std::size_t i = 0; i < m_losses.size(); ++i)
        if (!(refitted.losses[i] <= m_losses[i])) // or is no number
            worse.push_back("from " + number(m_losses[i]) + " to " + number(refitted.losses[i]) + " nats a token on " +
                            nameOf(m_what.texts[i].told));
    throw Error("Restoring does not help this plan: by the refit alone the held-out loss goes " + listed(worse) + ".",
                "Calibrate on more windows (--windows), of a text that is more like what the model is for; or use the plan as it is.");
}

/// What the fits of the plan had to do otherwise.
void Restorer::noteFits()
{
    RestorationRecord &record = m_progress.record;
    std::vector<std::string> raised;
    for (std::size_t i = 0; i < record.layers.size(); ++i)
        if (record.layers[i].raised > 0)
            raised.push_back(std::to_string(i));
    if (!raised.empty())
        record.notes.push_back("The ridge was raised in " + counted(std::int64_t(raised.size()), "layer") + " (" + listed(raised) +
                               "), where the Gram matrix was not positive or weights grew more than tenfold.");
}

PruningPlan Restorer::finished()
{
    const ModelSpec &dense = m_what.dense.spec();
    RestorationRecord &record = m_progress.record;
    PruningPlan plan = m_what.plain;
    plan.method = PlanMethod::Restored;
    if (plan.calibration.tokenHash.empty()) { // by hand: now it has a calibration
        plan.calibration = m_what.grams.provenance();
        plan.norm = m_what.grams.scores().norm;
    }
    plan.balance = m_kept.balance;
    plan.keptNeurons = m_kept.keptNeurons;
    plan.removedAttentions = m_kept.removedAttentions;
    if (std::ranges::find(m_steps, RestorationStep::Order) != m_steps.end())
        plan.search = m_progress.search;
    countParts(plan);
    const ModelSpec after = plan.surgery().specOf(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    if (const double reached = plan.balance.sparsityLayers(); m_what.plain.method == PlanMethod::Manual && reached > 0)
        plan.settings.sparsity = reached; // nobody asked for one
    plan.edits = m_weights.surgery(m_kept, m_context).edits;
    record.layers = m_weights.layers(m_kept, m_context);
    noteFits();
    if (m_kept.sequentialRidge) {
        std::ranges::copy(m_weights.sequentialNotes(), std::back_inserter(record.notes));
        record.sequentialTokens = m_what.sequentialTokens.numel();
    }
    plan.restoration = record;
    return plan;
}

void Restorer::tell() const
{
    if (m_heard)
        m_heard(m_progress);
}

} // namespace secateur
