// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Generator.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace secateur {

/// What one of several models wrote.
struct WrittenBeside {
    std::vector<std::int32_t> ids;
    double seconds =
        0; ///< that it took by itself, with the prompt; of streamed layers also the waiting for them, which each would have had to do
};

/// What Generator writes with each of the models, token by token in turn: one of each, then the next. Models whose layers are streamed come from one stream
/// (masked()), and all compute a layer before the next one is read. One unit of progress is a token of each. Stops within a token. Throws what Generator throws.
std::vector<WrittenBeside> generateBeside(const std::vector<Decoder> &models, const SamplingSettings &sampling,
                                          std::span<const std::int32_t> prompt, std::int64_t count, std::span<const std::int32_t> stops,
                                          JobContext &context, const std::function<void(std::size_t model, std::int32_t id)> &heard = {});

} // namespace secateur
