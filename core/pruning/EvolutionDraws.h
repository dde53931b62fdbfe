// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/BlockRecord.h"
#include "pruning/PythonRandom.h"

#include <compare>
#include <cstdint>
#include <vector>

namespace secateur {

/// What a candidate of an evolution lacks: of L layers each, true where that part is removed.
struct Genome {
    std::vector<bool> attentions, ffns;

    bool lacks(Part part, std::int64_t layer) const { return (part == Part::Attention ? attentions : ffns)[std::size_t(layer)]; }
    auto operator<=>(const Genome &) const = default;
};
/// The genome of a survivor of a model of so many layers.
Genome genomeOf(const EvolutionStep &step, std::int64_t layers);
EvolutionStep stepOf(const Genome &genome, double divergence);

// What the 2SSP authors' code takes.
inline constexpr std::int64_t kFirstGenomes = 64;        ///< drawn at the beginning
inline constexpr std::int64_t kOffspring = 32;           ///< of a generation
inline constexpr std::int64_t kFinalists = 2;            ///< of them, which are compared with their parent
inline constexpr std::int64_t kMostSwaps = 3;            ///< between a parent and its offspring
inline constexpr std::int64_t kEvolutionTokens = 131072; ///< of all samples

/// Tokens that go through the model from the beginning to the end of a generation: those of all samples, once, and those of all selections.
std::int64_t evolutionTokens(const BlockSettings &settings, std::int64_t sampleTokens, std::int64_t generation);

/// The first tokens of a sample.
struct SamplePart {
    std::int64_t sample = 0, tokens = 0;
    bool operator==(const SamplePart &) const = default;
};

/// All that chance decides in an evolution, in the order in which the authors' code draws it. What is drawn depends on the seed, on which genomes
/// survive, and on nothing else: not on a divergence.
class EvolutionDraws {
public:
    /// Throws Error where drawing would never end: when all, or none, of the layers are to lose a part, or a model of so few layers has
    /// fewer than kFirstGenomes genomes. (One that has as many has more than kOffspring around each.)
    EvolutionDraws(std::uint64_t seed, std::int64_t layers, std::int64_t blocks);

    /// kFirstGenomes genomes that all differ, once at the beginning.
    std::vector<Genome> beginning();
    /// kOffspring genomes that differ from each other and from the parent, each by one to kMostSwaps swaps of a part that goes for one that went.
    std::vector<Genome> offspringOf(const Genome &parent);
    /// Different samples, in the order drawn, that have that many tokens together; the last one is cut. Throws Error when all have fewer.
    std::vector<SamplePart> minibatch(std::int64_t samples, std::int64_t length, std::int64_t tokens);

private:
    void swapOne(std::vector<bool> &removed);

    PythonRandom m_random;
    std::int64_t m_layers, m_blocks;
};

} // namespace secateur
