// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core. The loops over floats that we write with vector registers ourselves, once for each set of instructions. They know rows and strides,
// no tensors: RowKernels and CausalAttention do, and choose here.
#pragma once

#include <cstdint>

namespace secateur {

/// What attention of one head's block of queries needs. Strides are in floats, from token to token.
struct AttentionBlock {
    const float *query;
    std::int64_t queryStride;
    const float *panels; ///< of keys: [panel, headDim, kKeysOfPanel], 0 behind the last key
    const float *value;
    std::int64_t valueStride;
    float *result;
    std::int64_t resultStride;
    std::int64_t headDim;      ///< a multiple of kRowMultiple, at most kWidestHead
    std::int64_t first, count; ///< queries; at most kQueriesOfBlock
    float scale;
    float *scores;       ///< [kQueriesOfBlock, stride], to write in
    std::int64_t stride; ///< room for the keys of all panels
};

/// One set of instructions. Sizes are in floats and multiples of kRowMultiple; nothing needs to be aligned.
struct VectorKernels {
    static constexpr std::int64_t kRowMultiple = 16;
    static constexpr std::int64_t kQueriesOfBlock = 24, kKeysOfPanel = 48, kWidestHead = 128;

    /// RMSNorm of a row: to = x / sqrt(mean(x^2) + epsilon) * (weight + more).
    void (*normRow)(const float *x, const float *weight, float *to, std::int64_t size, float epsilon, float more);
    /// gate = silu(gate) * up.
    void (*gateSpan)(float *gate, const float *up, std::int64_t size);
    /// Adds to `sums`, one a column, the squares of some rows, which are summed by themselves in `piece` first: long sums round less so.
    void (*addSquares)(const float *x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float *piece, float *sums);
    /// log(sum(exp(x))); not a number where an x is not finite.
    float (*logSumExp)(const float *x, std::int64_t size);
    /// Rotary embedding of a head in two halves: first * cos - second * sin, second * cos + first * sin.
    void (*rotateHead)(const float *x, const float *cos, const float *sin, float *to, std::int64_t half);
    /// Causal attention of a block of queries.
    void (*mixBlock)(const AttentionBlock &block);
};

/// The widest that this processor has and the library uses (ATEN_CPU_CAPABILITY narrows both): AVX-512, AVX2 with FMA; null where it has neither.
const VectorKernels *vectorKernels();

} // namespace secateur
