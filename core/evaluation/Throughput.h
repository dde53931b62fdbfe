// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace secateur {

/// How the speed of a model is measured.
struct ThroughputSettings {
    std::vector<std::int64_t> promptLengths{};  ///< tokens of each sequence; none: the usual length (settledThroughputSettings)
    std::vector<std::int64_t> batchSizes = {1}; ///< sequences at once
    std::int64_t newTokens = 64;                ///< of each sequence, in decoding
    std::int64_t repetitions = 5;               ///< after one that does not count
    bool operator==(const ThroughputSettings &) const = default;
};

/// The settings as they are used on a model with such a context: without lengths prompts have 512 tokens, or what the context leaves beside the new ones.
ThroughputSettings settledThroughputSettings(ThroughputSettings settings, std::int64_t context);
/// Throws Error that says which setting is out of range. `context`: of the model, tokens.
void checkThroughputSettings(const ThroughputSettings &settings, std::int64_t context);

/// Tokens a second over the repetitions.
struct Rate {
    double median = 0, least = 0, most = 0;
    bool operator==(const Rate &) const = default;
};

/// How fast a model is at one length and batch size.
struct Throughput {
    std::int64_t promptLength = 0, batchSize = 0, newTokens = 0, repetitions = 0;
    Rate prefill; ///< tokens of prompts
    Rate decode;  ///< new tokens, of all sequences together
    bool operator==(const Throughput &) const = default;
};

} // namespace secateur
