// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/Evolution.h"

#include "decoder/FiniteCheck.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "pruning/EvolutionDraws.h"
#include "pruning/EvolutionFitness.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// The indices of the `count` lowest, the best first; of equals the first, and what is not a number behind all.
std::vector<std::size_t> lowest(const std::vector<double> &values, std::int64_t count)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    const auto rank = [&](std::size_t i) { return std::isfinite(values[i]) ? values[i] : std::numeric_limits<double>::infinity(); };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
    order.resize(std::size_t(count));
    return order;
}

void checkSettings(const EvolutionSamples &samples, const BlockSettings &settings)
{
    if (settings.coarseTokens < 2 || settings.fineTokens < 2)
        throw Error("EvoPress is to compare by " + counted(std::min(settings.coarseTokens, settings.fineTokens), "token") +
                        "; it needs at least 2.",
                    "Choose more tokens (--coarse-tokens, --fine-tokens).");
    if (settings.generations && *settings.generations < 0)
        throw Error("EvoPress is to take " + counted(*settings.generations, "generation") + "; that must be 0 or more.",
                    "Choose another number of generations (--generations).");
    const std::int64_t all = samples.count() * samples.length, most = std::max(settings.coarseTokens, settings.fineTokens);
    if (most > all)
        throw Error("EvoPress is to compare by " + counted(most, "token") + ", and the text gives " + grouped(std::uint64_t(all)) +
                        " (samples of " + grouped(std::uint64_t(samples.length)) + ": " + grouped(std::uint64_t(samples.count())) + ").",
                    "Add text, or compare by fewer tokens (--coarse-tokens, --fine-tokens).");
}

/// The evolution as it goes on, and as it is drawn again.
class Evolution {
public:
    Evolution(const Decoder &dense, const EvolutionSamples &samples, std::int64_t blocks, BlockRecord &record, Ranks &ranks,
              JobContext &context)
        : m_samples(samples),
          m_layers(dense.layerCount()),
          m_record(record),
          m_draws(record.settings.seed, m_layers, blocks),
          m_generations(generationsOf(record.settings, blocks, m_layers)),
          m_fitness(dense, samples, ranks, context),
          m_context(context),
          m_dtype(dense.dtype())
    {
    }

    void run(const std::function<void(const BlockRecord &)> &listener);

private:
    EvolutionStep beginning(double share);
    EvolutionStep next();
    void drawKnown();
    std::vector<SamplePart> minibatch(std::int64_t tokens) { return m_draws.minibatch(m_samples.count(), m_samples.length, tokens); }
    std::vector<Genome> select(const std::vector<Genome> &genomes, std::int64_t tokens, std::int64_t count, double share);

    const EvolutionSamples &m_samples;
    std::int64_t m_layers;
    BlockRecord &m_record;
    EvolutionDraws m_draws;
    std::int64_t m_generations;
    EvolutionFitness m_fitness;
    JobContext &m_context;
    c10::ScalarType m_dtype;
    double m_divergence = 0; ///< of the best of the last selection
};

void Evolution::run(const std::function<void(const BlockRecord &)> &listener)
{
    constexpr std::int64_t kWindow = 2048;
    const auto start = std::chrono::steady_clock::now();
    const double secondsBefore = m_record.seconds;
    drawKnown();
    const auto known = std::int64_t(m_record.evolution.size());
    if (known > m_generations)
        return;
    const std::int64_t sampleTokens = m_samples.count() * m_samples.length;
    m_context.begin("search", 1 + m_generations - std::max<std::int64_t>(0, known - 1),
                    "generations"); // and one for what comes before them
    const double tokensBefore = double(sampleTokens + (known == 0 ? kFirstGenomes * m_record.settings.coarseTokens : 0));
    const double share = double(sampleTokens) / tokensBefore; // of the first unit, of the dense model
    m_fitness.keepPredictions(share);
    for (std::int64_t generation = known; generation <= m_generations; ++generation) {
        if (generation > 0)
            m_context.atStep(generation - 1, m_generations);
        m_record.evolution.push_back(generation == 0 ? beginning(1 - share) : next());
        m_record.windowsForwarded = evolutionTokens(m_record.settings, sampleTokens, generation) / kWindow;
        m_record.seconds = secondsBefore + std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (listener)
            listener(m_record);
    }
}

/// Draws what led to the survivors of the record.
void Evolution::drawKnown()
{
    const BlockSettings &settings = m_record.settings;
    for (std::size_t g = 0; g < m_record.evolution.size(); ++g) {
        const Genome survivor = genomeOf(m_record.evolution[g], m_layers);
        std::vector<Genome> drawn;
        if (g == 0) {
            drawn = m_draws.beginning();
            minibatch(settings.coarseTokens);
        } else {
            const Genome parent = genomeOf(m_record.evolution[g - 1], m_layers);
            drawn = m_draws.offspringOf(parent);
            minibatch(settings.coarseTokens);
            minibatch(settings.fineTokens);
            drawn.push_back(parent);
        }
        if (std::find(drawn.begin(), drawn.end(), survivor) == drawn.end())
            throw Error("The evolution cannot be gone on with: the survivor of generation " + std::to_string(g) +
                            " was not drawn from seed " + std::to_string(settings.seed) + ".",
                        "Start it anew.");
    }
}

EvolutionStep Evolution::beginning(double share)
{
    const std::vector<Genome> best = select(m_draws.beginning(), m_record.settings.coarseTokens, 1, share);
    return stepOf(best.front(), m_divergence);
}

/// The survivor of the next generation.
EvolutionStep Evolution::next()
{
    const BlockSettings &settings = m_record.settings;
    const Genome parent = genomeOf(m_record.evolution.back(), m_layers);
    const double coarse = double(kOffspring * settings.coarseTokens), fine = double((kFinalists + 1) * settings.fineTokens);
    std::vector<Genome> finalists = select(m_draws.offspringOf(parent), settings.coarseTokens, kFinalists, coarse / (coarse + fine));
    finalists.push_back(parent);
    const std::vector<Genome> best = select(finalists, settings.fineTokens, 1, fine / (coarse + fine));
    return stepOf(best.front(), m_divergence);
}

/// The best of the candidates on a new minibatch, the very best first.
std::vector<Genome> Evolution::select(const std::vector<Genome> &genomes, std::int64_t tokens, std::int64_t count, double share)
{
    const std::vector<double> values = m_fitness.of(genomes, minibatch(tokens), share);
    std::vector<Genome> best;
    for (const std::size_t i : lowest(values, count))
        best.push_back(genomes[i]);
    m_divergence = values[lowest(values, 1).front()];
    if (!std::isfinite(m_divergence))
        throw Error("The predictions of all candidates of generation " + std::to_string(m_record.evolution.size()) + " are not finite.",
                    remedyOfNonFinite(m_dtype));
    return best;
}

} // namespace

std::int64_t evolutionBytes(const ModelSpec &spec, const BlockSettings &settings, std::int64_t sampleTokens, std::int64_t elementBytes)
{
    constexpr std::int64_t kFloat = 4;
    const std::int64_t kept = sampleTokens * (spec.hiddenSize * (spec.logitSoftcap ? elementBytes : kFloat) + 2 * kFloat);
    const std::int64_t states = std::max({kFirstGenomes * settings.coarseTokens, (kFinalists + 1) * settings.fineTokens});
    return kept + states * spec.hiddenSize * elementBytes;
}

void evolveBlocks(const Decoder &dense, const EvolutionSamples &samples, std::int64_t blocks, BlockRecord &record,
                  std::shared_ptr<Ranks> ranks, JobContext &context, const std::function<void(const BlockRecord &)> &listener)
{
    checkSettings(samples, record.settings);
    if (!ranks)
        ranks = std::make_shared<Ranks>();
    Evolution(dense, samples, blocks, record, *ranks, context).run(listener);
}

} // namespace secateur
