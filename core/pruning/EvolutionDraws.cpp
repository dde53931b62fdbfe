// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/EvolutionDraws.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <set>

namespace secateur {
namespace {

std::vector<bool> removedOf(const std::vector<std::int64_t> &layers, std::int64_t count)
{
    std::vector<bool> removed(std::size_t(count), false);
    for (const std::int64_t layer : layers)
        removed[std::size_t(layer)] = true;
    return removed;
}

std::vector<std::int64_t> layersOf(const std::vector<bool> &removed)
{
    std::vector<std::int64_t> layers;
    for (std::size_t i = 0; i < removed.size(); ++i)
        if (removed[i])
            layers.push_back(std::int64_t(i));
    return layers;
}

/// Whether there are enough ways to choose n of L layers twice.
bool hasFirstGenomes(std::int64_t layers, std::int64_t blocks)
{
    double choices = 1;
    for (std::int64_t i = 1; i <= blocks; ++i)
        choices = choices * double(layers - blocks + i) / double(i);
    return choices * choices > double(kFirstGenomes) - 0.5; // whole numbers, to rounding
}

} // namespace

Genome genomeOf(const EvolutionStep &step, std::int64_t layers)
{
    return {.attentions = removedOf(step.attentions, layers), .ffns = removedOf(step.ffns, layers)};
}

EvolutionStep stepOf(const Genome &genome, double divergence)
{
    return {.attentions = layersOf(genome.attentions), .ffns = layersOf(genome.ffns), .divergence = divergence};
}

std::int64_t evolutionTokens(const BlockSettings &settings, std::int64_t sampleTokens, std::int64_t generation)
{
    return sampleTokens + kFirstGenomes * settings.coarseTokens +
           generation * (kOffspring * settings.coarseTokens + (kFinalists + 1) * settings.fineTokens);
}

EvolutionDraws::EvolutionDraws(std::uint64_t seed, std::int64_t layers, std::int64_t blocks)
    : m_random(seed),
      m_layers(layers),
      m_blocks(blocks)
{
    const std::string model = " of a model of " + counted(layers, "layer");
    if (blocks < 1 || blocks >= layers)
        throw Error("EvoPress cannot remove " + counted(blocks, "attention") + " and as many FFNs" + model + ".",
                    "Choose a sparsity at which at least one goes and one stays (--sparsity).");
    if (!hasFirstGenomes(layers, blocks))
        throw Error("There are fewer than " + std::to_string(kFirstGenomes) + " ways to remove " + counted(blocks, "attention") +
                        " and as many FFNs" + model + ", so there is nothing for EvoPress to search.",
                    "Use BlockPruner (--method blockpruner), or another sparsity (--sparsity).");
}

std::vector<Genome> EvolutionDraws::beginning()
{
    std::vector<Genome> genomes;
    std::set<Genome> known;
    while (std::int64_t(genomes.size()) < kFirstGenomes) {
        Genome genome;
        genome.attentions = removedOf(m_random.sample(m_layers, m_blocks), m_layers); // the attentions are drawn first
        genome.ffns = removedOf(m_random.sample(m_layers, m_blocks), m_layers);
        if (known.insert(genome).second)
            genomes.push_back(std::move(genome));
    }
    return genomes;
}

std::vector<Genome> EvolutionDraws::offspringOf(const Genome &parent)
{
    std::vector<Genome> offspring;
    std::set<Genome> known{parent};
    while (std::int64_t(offspring.size()) < kOffspring) {
        m_random.below(1); // which parent, of one
        Genome genome = parent;
        const std::int64_t one = m_random.between(1, kMostSwaps), other = m_random.between(1, kMostSwaps);
        for (std::int64_t swap = std::min(one, other); swap > 0; --swap)
            swapOne(m_random.between(0, 1) == 0 ? genome.attentions : genome.ffns);
        if (known.insert(genome).second)
            offspring.push_back(std::move(genome));
    }
    return offspring;
}

/// Both layers are drawn before either changes.
void EvolutionDraws::swapOne(std::vector<bool> &removed)
{
    const auto draw = [&](bool isRemoved) {
        for (;;)
            if (const auto layer = std::size_t(m_random.below(m_layers)); removed[layer] == isRemoved)
                return layer;
    };
    const std::size_t goes = draw(false), comesBack = draw(true);
    removed[goes] = true;
    removed[comesBack] = false;
}

std::vector<SamplePart> EvolutionDraws::minibatch(std::int64_t samples, std::int64_t length, std::int64_t tokens)
{
    if (samples < 1 || tokens > samples * length)
        throw Error("EvoPress is to compare by " + counted(tokens, "token") + ", and all samples have " +
                        grouped(std::uint64_t(samples * length)) + ".",
                    "Add text, or compare by fewer tokens (--coarse-tokens, --fine-tokens).");
    std::vector<SamplePart> parts;
    std::vector<bool> isDrawn(std::size_t(samples), false);
    while (tokens > 0) {
        const std::int64_t sample = m_random.below(samples);
        if (isDrawn[std::size_t(sample)])
            continue;
        isDrawn[std::size_t(sample)] = true;
        parts.push_back({.sample = sample, .tokens = std::min(length, tokens)});
        tokens -= parts.back().tokens;
    }
    return parts;
}

} // namespace secateur
