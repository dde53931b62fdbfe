// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// What is to be written on from, how far, and how the next token is chosen (see SamplingSettings).
struct GenerationSettings {
    std::string prompt;
    std::int64_t tokens = 64;
    double temperature = 0; ///< 0 = greedy
    std::int64_t topK = 0;
    double topP = 1;
    std::uint64_t seed = 0;
    bool operator==(const GenerationSettings &) const = default;
};

struct Generation {
    std::vector<std::int32_t> promptIds, ids; ///< the prompt's with what the tokenizer puts around one
    std::string text;                         ///< of `ids` alone
    double tokensPerSecond = 0;
};

} // namespace secateur
