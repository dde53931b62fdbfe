// SPDX-License-Identifier: GPL-3.0-or-later
// A small random model for the tests of searches, with what they run on it.
#pragma once

#include "../decoder/TinyLlamas.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>

namespace secateur::test {

inline constexpr std::int64_t kLayers = 7, kTokens = 33, kVocabulary = 50;
inline constexpr std::int64_t kLargeVocabulary = 9000; // in blocks, so that bounds pay

/// A random model with grouped queries and narrow FFNs.
inline Decoder randomDecoder(c10::ScalarType dtype, std::int64_t vocabulary = kVocabulary, std::uint64_t seed = 7)
{
    at::manual_seed(seed);
    ModelSpec spec;
    spec.family = "llama";
    spec.hiddenSize = 32;
    spec.vocabularySize = vocabulary;
    spec.contextLength = 64;
    const auto matrix = [&](std::int64_t rows, std::int64_t columns) {
        return LinearWeights{(at::randn({rows, columns}) * 0.25).to(testDevice(), dtype), {}};
    };
    Weights weights{.embedding = at::randn({vocabulary, 32}).to(testDevice(), dtype),
                    .layers = {},
                    .finalNorm = at::ones({32}).to(testDevice(), dtype),
                    .head = at::randn({vocabulary, 32}).to(testDevice(), dtype)};
    for (std::int64_t i = 0; i < kLayers; ++i) {
        spec.layers.push_back({.attention = AttentionSpec{.heads = 4, .kvHeads = 2, .headDim = 8}, .ffn = FfnSpec{.neurons = 20 + i}});
        LayerWeights layer{.attention = AttentionWeights{.norm = at::ones({32}).to(testDevice(), dtype),
                                                         .query = matrix(32, 32),
                                                         .key = matrix(16, 32),
                                                         .value = matrix(16, 32),
                                                         .output = matrix(32, 32),
                                                         .queryNorm = {},
                                                         .keyNorm = {},
                                                         .outputNorm = {}},
                           .ffn = FfnWeights{.norm = at::ones({32}).to(testDevice(), dtype),
                                             .gate = matrix(20 + i, 32),
                                             .up = matrix(20 + i, 32),
                                             .down = matrix(32, 20 + i),
                                             .outputNorm = {},
                                             .removed = {},
                                             .kept = {}}};
        weights.layers.push_back(std::move(layer));
    }
    return Decoder(std::move(spec), std::move(weights), kTokens);
}

inline at::Tensor randomTokens(std::int64_t windows, std::int64_t vocabulary = kVocabulary)
{
    at::manual_seed(11);
    return at::randint(vocabulary, {windows, kTokens}, at::kLong).to(testDevice());
}

} // namespace secateur::test
