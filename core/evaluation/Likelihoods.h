// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Decoder.h"
#include "evaluation/TokenTree.h"
#include "foundation/JobContext.h"

#include <cstdint>
#include <span>
#include <vector>

namespace secateur {

/// How many rows pass a layer together, and how many such groups before the next layer is asked for.
struct RowsTogether {
    std::int64_t rows = 1024;
    std::int64_t groups = 1; ///< more than one where layers are streamed: each is read once for all of them
};

/// Which trees are computed together, by their places: the largest first, as many in a batch as its rows hold, and at least one. What is found does not
/// depend on it but for the last bits. Trees with sequences of up to `apart` tokens are kept apart from longer ones, where rotations differ (LongRoPE).
std::vector<std::vector<std::size_t>> batchesOf(std::span<const TokenTree> trees, const RowsTogether &together, std::int64_t apart);

/// The sum of the log-likelihoods, in nats, of every request's scored tokens, [trees][requests]; terms in fp32, sums in fp64. Not finite where the
/// model's numbers are not. Each row passes each layer once. Checks `context` for a stop between layers.
std::vector<std::vector<double>> logLikelihoods(const Decoder &decoder, std::span<const TokenTree *const> trees, std::int64_t rowsTogether,
                                                const JobContext &context);

} // namespace secateur
