// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/BlockSearch.h"

#include "foundation/Error.h"
#include "pruning/CandidateLosses.h"
#include "pruning/LossBounds.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN(), kNone = std::numeric_limits<double>::infinity();

class BlockSearch {
public:
    BlockSearch(const Decoder &dense, const at::Tensor &tokens, StateBudget budget, std::shared_ptr<Ranks> ranks, BlockVariant variant,
                LossesKnown losses)
        : m_losses(BlockSweep(dense, tokens, LossType::Float32, budget, dense.layerCount(), /*withFfns=*/true),
                   losses == LossesKnown::Deciding && LossBounds::arePossible(dense)),
          m_ranks(ranks ? std::move(ranks) : std::make_shared<Ranks>()),
          m_layers(dense.layerCount()),
          m_isPooled(variant == BlockVariant::Original)
    {
    }

    void run(std::int64_t blocks, BlockRecord &record, JobContext &context, const std::function<void(const BlockRecord &)> &listener);

private:
    void replay(const BlockRecord &record);
    bool isOurs(const BlockStep &step) const;
    /// What goes in the next step, where it tries one part alone.
    Part nextPart() const { return m_finished % 2 == 0 ? Part::Attention : Part::Ffn; }
    std::vector<Block> candidates() const;
    std::int64_t evaluationsOf(std::int64_t steps) const;
    /// Where a step holds the loss of a candidate.
    std::size_t indexOf(const Block &block) const
    {
        return std::size_t(block.layer + (m_isPooled && block.part == Part::Ffn ? m_layers : 0));
    }
    void evaluate(BlockStep &step, const std::vector<Block> &candidates, JobContext &context);
    void share(BlockStep &step, const std::vector<Block> &candidates, const std::vector<double> &found, const JobContext &context) const;
    void remove(const Block &block);

    CandidateLosses m_losses;
    std::shared_ptr<Ranks> m_ranks;
    std::int64_t m_layers;
    bool m_isPooled;              ///< every step tries both parts
    std::int64_t m_finished = 0;  ///< steps
    std::int64_t m_evaluated = 0; ///< candidates of those
};

void BlockSearch::run(std::int64_t blocks, BlockRecord &record, JobContext &context,
                      const std::function<void(const BlockRecord &)> &listener)
{
    replay(record);
    const std::int64_t steps = 2 * blocks;
    std::int64_t evaluations = evaluationsOf(steps);
    if (m_finished < std::int64_t(record.steps.size())) // a step that was cancelled goes on where it stopped
        evaluations -= std::ranges::count_if(record.steps.back().losses, [](double loss) { return std::isfinite(loss); });
    context.begin("search", evaluations, "evaluations");
    while (m_finished < steps) {
        if (m_finished == std::int64_t(record.steps.size()))
            record.steps.push_back(
                {.part = nextPart(), .losses = std::vector(std::size_t(m_isPooled ? 2 * m_layers : m_layers), kUnknown)});
        BlockStep &step = record.steps.back();
        context.atStep(m_finished, steps);
        const std::vector<Block> tried = candidates();
        evaluate(step, tried, context);
        Block best;
        for (const Block &block : tried) { // the first of equal losses wins: an attention, the lowest layer
            const double loss = step.losses[indexOf(block)];
            if (!std::isnan(loss) && (best.layer < 0 || loss < step.losses[indexOf(best)]))
                best = block;
        }
        step.part = best.part;
        step.removed = best.layer;
        remove(best);
        record.windowsForwarded = m_evaluated * m_losses.sweep().tokens().size(0);
        if (listener)
            listener(record);
    }
}

/// Removes what the record's finished steps removed.
void BlockSearch::replay(const BlockRecord &record)
{
    for (const BlockStep &step : record.steps) {
        const bool isLast = &step == &record.steps.back();
        if (!isOurs(step) || (step.removed < 0 && !isLast))
            throw Error("The search cannot go on from what was found: that is of another model or another variant of BlockPruner.",
                        "Search anew.");
        if (step.removed >= 0)
            remove({step.removed, step.part});
    }
}

/// Whether the next step could have been that.
bool BlockSearch::isOurs(const BlockStep &step) const
{
    if (std::int64_t(step.losses.size()) != (m_isPooled ? 2 * m_layers : m_layers) || step.removed >= m_layers)
        return false;
    return step.removed < 0 || ((m_isPooled || step.part == nextPart()) && !m_losses.sweep().isRemoved({step.removed, step.part}));
}

void BlockSearch::remove(const Block &block)
{
    m_evaluated += std::int64_t(candidates().size());
    ++m_finished;
    m_losses.remove(block);
}

/// Of the next step, in the order in which equal losses win.
std::vector<Block> BlockSearch::candidates() const
{
    std::vector<Block> result;
    for (const Part part : {Part::Attention, Part::Ffn})
        for (std::int64_t j = 0; j < m_layers; ++j)
            if ((m_isPooled || part == nextPart()) && !m_losses.sweep().isRemoved({j, part}))
                result.push_back({j, part});
    return result;
}

/// Candidates of the steps that are missing. Throws Error where there are not enough.
std::int64_t BlockSearch::evaluationsOf(std::int64_t steps) const
{
    std::int64_t attentions = m_losses.sweep().left(Part::Attention), ffns = m_losses.sweep().left(Part::Ffn), evaluations = 0;
    for (std::int64_t n = m_finished; n < steps; ++n) {
        std::int64_t &left = n % 2 == 0 ? attentions : ffns;
        const std::int64_t tried = m_isPooled ? attentions + ffns : left;
        if (tried <= 0)
            throw Error("The model has too few attentions and FFNs to remove " + std::to_string(steps / 2) + " of each.", "Remove fewer.");
        evaluations += tried;
        --left; // of a pool only the sum counts
    }
    return evaluations;
}

void BlockSearch::evaluate(BlockStep &step, const std::vector<Block> &candidates, JobContext &context)
{
    std::vector<Block> missing, mine;
    std::ranges::copy_if(candidates, std::back_inserter(missing), [&](const Block &b) { return std::isnan(step.losses[indexOf(b)]); });
    std::ranges::copy_if(missing, std::back_inserter(mine), [&](const Block &b) { return m_ranks->owns(b.layer); });
    std::vector<double> found(step.losses.size(), kUnknown);
    m_losses.evaluate({.candidates = mine,
                       .best = lowestOf(step.losses), // of a step that was stopped, or of none
                       .heard =
                           [&](const Block &block, double loss) {
                               if (!std::isfinite(loss))
                                   m_losses.sweep().reportNonFinite(block);
                               step.losses[indexOf(block)] = found[indexOf(block)] = loss;
                           },
                       .isOut = [&](const Block &block, double) { found[indexOf(block)] = kNone; }},
                      context);
    if (m_ranks->isAlone())
        return;
    share(step, missing, found, context);
    context.step(double(missing.size() - mine.size()));
}

/// Gives this rank's losses to the others, and takes theirs. `found`: infinite where a bound was enough.
void BlockSearch::share(BlockStep &step, const std::vector<Block> &candidates, const std::vector<double> &found,
                        const JobContext &context) const
{
    const std::size_t bytes = found.size() * sizeof(double);
    const std::vector<std::string> all = m_ranks->exchange(std::string(reinterpret_cast<const char *>(found.data()), bytes), context);
    for (const Block &block : candidates) {
        const std::string &theirs = all[std::size_t(m_ranks->ownerOf(block.layer))];
        double loss = kUnknown;
        if (theirs.size() == bytes)
            std::memcpy(&loss, theirs.data() + indexOf(block) * sizeof(double), sizeof(double));
        if (std::isnan(loss))
            throw Error("Rank " + std::to_string(m_ranks->ownerOf(block.layer)) + " did not evaluate layer " + std::to_string(block.layer) +
                            ".",
                        "Start all ranks with the same command and the same files.");
        if (std::isfinite(loss))
            step.losses[indexOf(block)] = loss;
    }
}

} // namespace

void searchBlocks(const Decoder &dense, const at::Tensor &tokens, StateBudget budget, std::shared_ptr<Ranks> ranks, std::int64_t blocks,
                  BlockRecord &record, JobContext &context, const std::function<void(const BlockRecord &)> &listener, LossesKnown losses)
{
    BlockSearch(dense, tokens, budget, std::move(ranks), record.settings.variant, losses).run(blocks, record, context, listener);
}

} // namespace secateur
