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

/// A token that one of several models wrote.
struct WrittenToken {
    std::size_t model = 0; ///< which of those that were asked
    std::int32_t id = 0;
    std::string piece; ///< what the text of that model grows by; empty where the token is only a part of a character
};

/// What a model makes of one token of a text.
struct ScoredToken {
    struct Likely {
        std::int32_t id = 0;
        std::string text;
        double probability = 0;
        bool operator==(const Likely &) const = default;
    };
    double loss = 0;               ///< nats: -log of its probability behind those before it; NaN of the first of all
    std::vector<Likely> likeliest; ///< the five likeliest there, falling; none of the first
};

/// A text token by token, by several models.
struct ScoredText {
    std::vector<std::int32_t> ids;
    std::vector<std::string> pieces;              ///< of each token: joined they are the text (what the tokenizer puts before it has empty ones)
    std::vector<std::vector<ScoredToken>> models; ///< [model][token]
    /// Mean loss of a model over all tokens but the first, nats.
    double meanLoss(std::size_t model) const;
};

} // namespace secateur
