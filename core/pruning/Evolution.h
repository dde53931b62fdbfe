// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "foundation/JobContext.h"
#include "foundation/Ranks.h"
#include "pruning/BlockRecord.h"
#include "pruning/EvolutionSamples.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace secateur {

/// Bytes that an evolution needs beside the weights, for samples of `sampleTokens` tokens in all: what is kept of the dense model, and the states of
/// the candidates of its largest selection. Without what a layer or a head takes while it computes.
std::int64_t evolutionBytes(const ModelSpec &spec, const BlockSettings &settings, std::int64_t sampleTokens, std::int64_t elementBytes);

/// EvoPress (arXiv 2410.14649) as the 2SSP authors' code does it: from the best of kFirstGenomes random choices of n attentions and n FFNs, generation after
/// generation, the parent or the one of its offspring survives whose predictions diverge least from the dense model's.
///
/// Fills `record.evolution` by its settings: the seed, tokens and generations (generationsOf). `windowsForwarded` follows, in windows of 2048 tokens,
/// and `seconds` grows; all else is the caller's. `listener` hears the record with each survivor. A record that already has some is gone on with: the
/// same is drawn again up to there, and nothing computed. Several ranks share the candidates; the result is that of one.
///
/// `dense`: every layer has both parts, and there are positions for a sample. Throws Cancelled, and Error when the settings do not fit the model or the samples, when the
/// record's survivors were not drawn from its seed, or when predictions are not finite.
void evolveBlocks(const Decoder &dense, const EvolutionSamples &samples, std::int64_t blocks, BlockRecord &record,
                  std::shared_ptr<Ranks> ranks, JobContext &context, const std::function<void(const BlockRecord &)> &listener = {});

} // namespace secateur
