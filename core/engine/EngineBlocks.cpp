// SPDX-License-Identifier: GPL-3.0-or-later
// The job that finds plans by methods that remove whole attentions and FFNs.
#include "engine/BlockForecast.h"
#include "engine/EngineState.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"
#include "pruning/BlockScores.h"
#include "pruning/BlockSearch.h"
#include "pruning/Evolution.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace secateur {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Throws Error when a layer of the model lacks a part: the methods count whole layers.
void checkWhole(const ModelSpec &spec)
{
    for (std::int64_t i = 0; i < spec.layerCount(); ++i)
        for (const Part part : {Part::Attention, Part::Ffn})
            if (!spec.layers[std::size_t(i)].has(part))
                throw Error("Layer " + std::to_string(i) + " of the model has no " + (part == Part::Attention ? "attention" : "FFN") +
                                ", and methods that remove whole blocks count on both parts of every layer.",
                            "Open the original model.");
}

/// Throws Error when a record was not made on this text in this way, or by settings that cannot serve these.
void checkGoesOn(const BlockRecord &before, const BlockSettings &settings, const Provenance &now)
{
    const auto refuse = [&](const std::string &what) {
        throw Error("The choice of blocks in the plan cannot be gone on with: it was " + what + ".", "Use the same again, or begin anew.");
    };
    if (before.provenance.modelHash != now.modelHash)
        refuse("made for another model");
    if (before.provenance.tokenHash != now.tokenHash)
        refuse("made with another text (or other windows of it)");
    if (const ConditionDifference found = differenceOf(before.provenance.computed, now.computed); !found.isNone())
        refuse("computed " + found.one + ", and this process computes " + found.other);
    if (!canServe(before.settings, settings))
        refuse("made with other settings");
}

} // namespace

/// One call of findBlocks.
class Engine::BlockFinder {
public:
    BlockFinder(State &state, const BlockSettings &settings, const TextSettings &text, JobContext &context, const BlockListener &listener)
        : m_state(state),
          m_model(state.open()),
          m_ranks(state.ranks()),
          m_settings(settings),
          m_text(text),
          m_context(context),
          m_listener(listener)
    {
    }

    std::vector<PruningPlan> find(const std::vector<double> &sparsities, const BlockRecord *before);
    TokenWindows read();

private:
    TokenWindows readSamples() const;
    void agree(const std::vector<double> &sparsities, const BlockRecord *before) const;
    BlockRecord begun(double sparsity) const;
    JobSize sizeOf(std::int64_t blocks) const
    {
        return sizeOfBlocks(m_model.spec(), m_settings, blocks, m_windows.count(), m_windows.length, m_state.basis);
    }
    at::Tensor tokens() const { return tokenTensor(m_windows.tokens, m_windows.length, m_state.device); }
    std::int64_t windowsTogether() const;

    std::vector<BlockRecord> byStates(const std::vector<double> &sparsities, const BlockRecord *before) const;
    std::vector<BlockRecord> byLosses(const std::vector<double> &sparsities, const BlockRecord *before) const;
    BlockRecord evolved(double sparsity, const BlockRecord *before) const;
    template <typename Work>
    void tellWhenCancelled(const BlockRecord &record, const Work &work) const;

    State &m_state;
    OpenModel &m_model;
    std::shared_ptr<Ranks> m_ranks;
    BlockSettings m_settings;
    TextSettings m_text;
    JobContext &m_context;
    const BlockListener &m_listener;
    TokenWindows m_windows;
    Provenance m_provenance;
};

std::vector<PruningPlan> Engine::findBlocks(const BlockSettings &settings, const std::vector<double> &sparsities, const TextSettings &text,
                                            JobContext &context, const BlockListener &listener, const BlockRecord *before)
{
    return underTorch(m_state->device, [&] { return BlockFinder(*m_state, settings, text, context, listener).find(sparsities, before); });
}

Forecast Engine::forecastBlocks(const BlockSettings &settings, const std::vector<double> &sparsities, std::int64_t windows,
                                std::int64_t length)
{
    return underTorch(m_state->device, [&] {
        return secateur::forecastBlocks(m_state->open().spec(), settings, sparsities, windows, length, forecastBasis());
    });
}

TextReport Engine::readBlocksText(PlanMethod method, const TextSettings &text, JobContext &context) const
{
    BlockSettings settings;
    settings.method = method;
    return underTorch(m_state->device, [&] { return BlockFinder(*m_state, settings, text, context, {}).read().report; });
}

std::vector<PruningPlan> Engine::BlockFinder::find(const std::vector<double> &sparsities, const BlockRecord *before)
{
    if (!isOfBlocks(m_settings.method))
        throw Error(std::string(titleOf(m_settings.method)) + " does not remove whole blocks.", "Choose another method.");
    checkWhole(m_model.spec());
    for (const double sparsity : sparsities)
        blocksToRemove(sparsity, m_model.spec().layerCount());
    if (sparsities.empty())
        return {};
    m_state.join(m_context);
    m_windows = read();
    m_provenance = m_model.provenance(m_text, m_windows, m_context);
    if (before) {
        checkGoesOn(*before, begun(m_settings.method == PlanMethod::EvoPress ? sparsities.front() : before->settings.sparsity).settings,
                    m_provenance);
        m_provenance.computed = continued(before->provenance.computed, m_provenance.computed);
    }
    if (!m_ranks->isAlone())
        agree(sparsities, before);

    std::vector<BlockRecord> records;
    if (isByStates(m_settings.method))
        records = byStates(sparsities, before);
    else if (m_settings.method == PlanMethod::BlockPruner)
        records = byLosses(sparsities, before);
    else
        for (const double sparsity : sparsities)
            records.push_back(evolved(sparsity, records.empty() ? before : nullptr));
    std::vector<PruningPlan> plans;
    for (BlockRecord &record : records)
        plans.push_back(planOfBlocks(m_model.spec(), std::move(record)));
    return plans;
}

/// As many windows as are wanted, or as the text has.
TokenWindows Engine::BlockFinder::read()
{
    m_text.windows = m_text.windows.value_or(usualWindows(m_settings.method, m_text.length));
    if (m_settings.method == PlanMethod::EvoPress)
        return readSamples();
    try {
        return m_state.windows(m_text, m_context);
    } catch (const ShortText &shorter) {
        if (shorter.windows() == 0)
            throw;
        m_text.windows = shorter.windows();
    }
    return m_state.windows(m_text, m_context);
}

TokenWindows Engine::BlockFinder::readSamples() const
{
    TokenWindows samples = m_model.samples(m_text, m_state.settings.memory, m_context);
    if (m_state.settings.textRead)
        m_state.settings.textRead(m_text, samples.report);
    return samples;
}

/// Makes sure that all ranks choose among the same.
void Engine::BlockFinder::agree(const std::vector<double> &sparsities, const BlockRecord *before) const
{
    agreeOnWork(*m_ranks,
                {{"model", m_provenance.modelHash},
                 {"text (--text, --windows, --length, --seed)", m_windows.hash},
                 {"choice of method and its settings", toJson(m_settings).dump()},
                 {"sparsity (--sparsity)", nlohmann::json(sparsities).dump()},
                 {"plan to go on with", before ? toJson(*before).dump() : std::string()},
                 {"choice of losses (--all-losses)", m_state.settings.losses == LossesKnown::All ? "all" : "deciding"}},
                m_context);
}

/// A record of which nothing is known but where it will come from.
BlockRecord Engine::BlockFinder::begun(double sparsity) const
{
    BlockRecord record;
    record.settings = m_settings;
    record.settings.sparsity = sparsity;
    record.blocks = blocksToRemove(sparsity, m_model.spec().layerCount());
    record.provenance = m_provenance;
    return record;
}

/// What was found so far is told once more when the work is stopped: the step that it was in has more by then.
template <typename Work>
void Engine::BlockFinder::tellWhenCancelled(const BlockRecord &record, const Work &work) const
{
    try {
        work();
    } catch (const Cancelled &) {
        if (m_listener)
            m_listener(record);
        throw;
    }
}

/// How many windows pass a layer before the next one is asked for: one where layers are resident, which needs the least memory; of streamed ones as many as
/// fit, since each group reads the model anew.
std::int64_t Engine::BlockFinder::windowsTogether() const
{
    constexpr std::int64_t kMost = 32;
    JobSize size = sizeOf(0);
    m_state.fit(size);
    if (!m_model.isStreamed())
        return 1;
    for (size.windows = std::min(kMost, m_windows.count()); size.windows > 1; size.windows /= 2)
        try {
            m_state.fit(size);
            return size.windows;
        } catch (const Error &) { // too many
        }
    return 1;
}

std::vector<BlockRecord> Engine::BlockFinder::byStates(const std::vector<double> &sparsities, const BlockRecord *before) const
{
    BlockRecord found = begun(sparsities.front());
    if (before && isFinished(*before, m_model.spec().layerCount())) {
        found.influence = before->influence;
        found.similarities = before->similarities;
        found.windowsForwarded = before->windowsForwarded;
        found.seconds = before->seconds;
    } else {
        const std::int64_t together = windowsTogether();
        const Decoder decoder = m_model.decoder(nullptr, m_windows.length, m_context);
        const Clock::time_point start = Clock::now();
        BlockScores scores = scoreBlocks(decoder, tokens(), together, m_settings.variant, m_context, *m_ranks);
        found.influence = std::move(scores.influence);
        found.similarities = std::move(scores.similarities);
        found.windowsForwarded = m_windows.count();
        found.seconds = secondsSince(start);
    }
    std::vector<BlockRecord> records;
    for (const double sparsity : sparsities) {
        records.push_back(found);
        records.back().settings.sparsity = sparsity;
        records.back().blocks = blocksToRemove(sparsity, m_model.spec().layerCount());
    }
    return records;
}

/// The search of the highest sparsity, of which the others are beginnings.
std::vector<BlockRecord> Engine::BlockFinder::byLosses(const std::vector<double> &sparsities, const BlockRecord *before) const
{
    const std::int64_t layers = m_model.spec().layerCount();
    BlockRecord record = begun(std::ranges::max(sparsities));
    if (before) {
        record.steps = before->steps;
        record.seconds = before->seconds;
        if (std::int64_t(record.steps.size()) > 2 * record.blocks)
            record.steps.resize(std::size_t(2 * record.blocks));
    }
    const Forecast memory = m_state.fit(sizeOf(record.blocks));
    const Decoder decoder = m_model.decoder(nullptr, m_windows.length, m_context);
    const Clock::time_point start = Clock::now();
    const double secondsBefore = record.seconds;
    std::map<std::size_t, double> secondsAt; // after so many steps
    const auto told = [&](const BlockRecord &now) {
        record.seconds = secondsAt[now.steps.size()] = secondsBefore + secondsSince(start);
        if (m_listener)
            m_listener(now);
    };
    tellWhenCancelled(record, [&] {
        searchBlocks(decoder, tokens(), StateBudget(memory.restartBytes, memory.areStatesOnHost), m_ranks, record.blocks, record, m_context,
                     told, m_state.settings.losses);
    });
    std::vector<BlockRecord> records;
    for (const double sparsity : sparsities) {
        BlockRecord shorter = begun(sparsity);
        const auto steps = std::size_t(2 * shorter.blocks);
        shorter.steps.assign(record.steps.begin(), record.steps.begin() + std::ptrdiff_t(steps));
        shorter.windowsForwarded = m_windows.count() * blockEvaluations(m_settings.variant, layers, shorter.blocks);
        shorter.seconds =
            secondsAt.contains(steps) ? secondsAt[steps] : secondsBefore; // of steps that were there before only their sum is known
        records.push_back(std::move(shorter));
    }
    return records;
}

BlockRecord Engine::BlockFinder::evolved(double sparsity, const BlockRecord *before) const
{
    BlockRecord record = begun(sparsity);
    if (before) {
        const auto survivors = std::size_t(1 + generationsOf(record.settings, record.blocks, m_model.spec().layerCount()));
        record.evolution = before->evolution;
        if (record.evolution.size() > survivors)
            record.evolution.resize(survivors);
        record.seconds = before->seconds;
    }
    m_state.fit(sizeOf(record.blocks));
    const Decoder decoder = m_model.decoder(nullptr, m_windows.length, m_context);
    tellWhenCancelled(record, [&] { evolveBlocks(decoder, m_windows, record.blocks, record, m_ranks, m_context, m_listener); });
    return record;
}

} // namespace secateur
