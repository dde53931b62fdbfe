// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"
#include "pruning/NeuronScores.h"
#include "pruning/PlanMethod.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Where the code that the 2SSP authors compare with and a method's own paper differ.
enum class BlockVariant {
    Authors, ///< as the 2SSP authors' code does it
    Original ///< as the method's own paper does it
};

/// How the blocks that go are chosen. Numbers of tokens and generations are EvoPress'.
struct BlockSettings {
    PlanMethod method = PlanMethod::ShortGpt; ///< of blocks (isOfBlocks)
    BlockVariant variant = BlockVariant::Authors;
    double sparsity = 0.375;                   ///< share s of the blocks to remove, in (0, 1); see blocksToRemove()
    std::uint64_t seed = 0;                    ///< of an evolution
    std::optional<std::int64_t> generations{}; ///< none: as many as the authors' code takes
    std::int64_t coarseTokens = 2048;          ///< by which the offspring are compared
    std::int64_t fineTokens = 32768;           ///< by which the best of them are
    bool operator==(const BlockSettings &) const = default;
};

/// n: of L attentions, and of as many FFNs, so many go: s * L in double arithmetic, the next integer up where that is none. Throws Error when s is out
/// of its range, or when nothing would be left.
std::int64_t blocksToRemove(double sparsity, std::int64_t layers);

/// Candidates that BlockPruner evaluates until n = `blocks` attentions and as many FFNs of L layers are gone. Those of a step are one fewer than
/// those of the last step of its kind.
constexpr std::int64_t blockEvaluations(BlockVariant variant, std::int64_t layers, std::int64_t blocks)
{
    return variant == BlockVariant::Authors ? blocks * (2 * layers - blocks + 1) : blocks * (4 * layers - 2 * blocks + 1);
}

/// Windows of so many tokens that the authors' code takes of a text: 256 for ShortGPT and the window, 1 for BlockPruner, samples of 131,072 tokens in
/// all for EvoPress.
std::int64_t usualWindows(PlanMethod method, std::int64_t length);

/// Generations of an evolution that takes n = `blocks` of L attentions and as many FFNs: those of the settings, or as many as the authors' code takes,
/// n (L - n) / 1.5 rounded down.
std::int64_t generationsOf(const BlockSettings &settings, std::int64_t blocks, std::int64_t layers);

/// One removal of BlockPruner.
struct BlockStep {
    Part part = Part::Attention; ///< that was removed
    /// [L] mean cross entropy with that part removed too; NaN where not evaluated. [2 L] where both parts are tried (BlockVariant::Original):
    /// attentions, then FFNs.
    std::vector<double> losses;
    std::int64_t removed = -1; ///< layer; -1 while the step is not finished
    bool operator==(const BlockStep &) const = default;
};

/// The survivor of a generation of EvoPress. Generation 0 is the best of the random beginning.
struct EvolutionStep {
    std::vector<std::int64_t> attentions, ffns; ///< layers that lose that part, ascending
    double divergence = 0;                      ///< KL from the dense model, nats a token, on the tokens of its last selection
    bool operator==(const EvolutionStep &) const = default;
};

/// How the blocks of a plan were chosen, and by which numbers. What a method does not measure is empty.
struct BlockRecord {
    BlockSettings settings;
    std::int64_t blocks = 0; ///< n: so many attentions and as many FFNs go
    Provenance provenance;   ///< of the text and how it was computed
    /// ShortGPT and the window: [L] 1 less the mean cosine of what enters and what leaves a layer, over the last positions of the windows; of layer 0
    /// it is 1, whatever it does. BlockVariant::Original: over all positions, of layer 0 too.
    std::vector<double> influence;
    /// ShortGPT and the window: [L][L] mean cosine of what leaves two layers, at the last positions of the windows. BlockVariant::Original:
    /// [L + 1][L + 1] 1 less their mean angle in half turns (0 to 1), the embedding before the layers.
    std::vector<std::vector<double>> similarities;
    std::vector<BlockStep> steps;         ///< BlockPruner
    std::vector<EvolutionStep> evolution; ///< EvoPress
    std::int64_t windowsForwarded = 0;    ///< windows that went through the model, a measure of the work that no machine changes
    double seconds = 0;                   ///< of the choice alone, without loading and reading
    bool operator==(const BlockRecord &) const = default;
};

/// Whether a record by these settings has what one by those `wanted` begins with or is made of, on the same windows: of ShortGPT and the window for each other,
/// of all but an evolution for every size, and whatever the number of generations.
bool canServe(BlockSettings settings, const BlockSettings &wanted);

/// Layers that lose a part, in the order of removal where there is one, else ascending.
struct BlockChoice {
    std::vector<std::int64_t> attentions, ffns;
    bool operator==(const BlockChoice &) const = default;
};
/// What goes by a record's numbers, as far as they are known: by the method's rule, the removals of its steps, or the last survivor.
BlockChoice choiceOf(const BlockRecord &record);
/// Whether a record of a model of so many layers has all that its settings ask for.
bool isFinished(const BlockRecord &record, std::int64_t layers);

} // namespace secateur
