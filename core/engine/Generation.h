// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/ChatMessage.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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
    bool isChat = false;                     ///< the prompt is what a user says: the model's chat template puts it behind `conversation`
    std::vector<ChatMessage> conversation{}; ///< of a chat: what was said before, a system message first where there is one
    bool operator==(const GenerationSettings &) const = default;
};

struct Generation {
    std::vector<std::int32_t> promptIds, ids; ///< the prompt's with what the tokenizer puts around one
    std::string text;                         ///< of `ids` alone
    /// Of the time that this model took alone. Of a plan that is masked beside others (generateBeside) it is about the dense model's: what pruning gains in speed
    /// shows where it is cut, in generate() and throughput().
    double tokensPerSecond = 0;
    bool operator==(const Generation &) const = default;
};

/// The first place where two texts of tokens differ, which is the end of the shorter one where it begins the longer one. None: they are equal.
std::optional<std::size_t> firstDifference(std::span<const std::int32_t> one, std::span<const std::int32_t> other);

/// A token that one of several models wrote.
struct WrittenToken {
    std::size_t model = 0; ///< which of those that were asked
    std::int32_t id = 0;
    std::string piece; ///< what the text of that model grows by (TokenPieces); empty where the token is only a part of a character
    bool operator==(const WrittenToken &) const = default;
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

/// A text token by token, by several models. The texts of likely tokens stand behind the token before them: a beginning space is there.
struct ScoredText {
    std::vector<std::int32_t> ids;
    /// Of each token: joined they are the text. What the tokenizer puts around the text has empty ones. Of tokens that share a character the last has it.
    std::vector<std::string> pieces;
    std::vector<std::vector<ScoredToken>> models; ///< [model][token]
    /// Sum of the losses of a model, of all tokens but the first, nats.
    double totalLoss(std::size_t model) const;
    /// Their mean.
    double meanLoss(std::size_t model) const;
    double perplexity(std::size_t model) const;
};

} // namespace secateur
