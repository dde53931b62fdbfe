// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core. The loops that we write with vector registers ourselves, once for each set of instructions and each type in which models compute:
// float, c10::BFloat16, c10::Half. 16-bit numbers are widened as they are loaded, summed in fp32 and rounded once, as they are stored. They know rows
// and strides, no tensors: RowKernels and CausalAttention do, and choose here.
#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <cstdint>
#include <vector>

namespace secateur {

/// Two numbers that some processors multiply with two others and add up in fp32 at once (AVX512-BF16).
struct BFloat16Pair {
    c10::BFloat16 first, second;
};

/// What the products of attention are made of: floats, or pairs of two neighbours (in keys, two numbers of a head; in values, those of two tokens).
template <typename Factor>
inline constexpr std::int64_t kNumbersOf = 1;
template <>
inline constexpr std::int64_t kNumbersOf<BFloat16Pair> = 2;

inline constexpr std::int64_t kRowMultiple = 16; ///< of which lengths of rows are multiples; nothing needs to be aligned
inline constexpr std::int64_t kWidestHead = 128;

/// What attention of one head's block of queries needs. In keys and values one Factor stands for kNumbersOf<Factor> = n numbers, 0 behind the last.
template <typename Number, typename Factor>
struct AttentionBlock {
    const Number *query;
    std::int64_t queryStride; ///< numbers, from token to token; that of the result too
    const Factor *panels;     ///< of keys: [panel, depth, keys of a panel]
    std::int64_t depth;       ///< headDim / n, rounded up to the kernel's multiple
    const Factor *values;     ///< [tokens / n, valueStride], of which headDim are used; pairs as far as the panels go
    std::int64_t valueStride; ///< factors, from row to row
    Number *result;
    std::int64_t resultStride;
    std::int64_t headDim;      ///< a multiple of kRowMultiple, at most kWidestHead
    std::int64_t first, count; ///< queries; at most the kernel's
    float scale;               ///< positive
    float *scores;             ///< [the kernel's queries, stride], to write in
    std::int64_t stride;       ///< floats, from row to row: room for the keys of all panels
};

/// Causal attention of a block of queries, by one kind of factors, and the sizes that it wants.
template <typename Number, typename Factor>
struct AttentionKernel {
    std::int64_t queriesOfBlock = 0, keysOfPanel = 0, depthMultiple = 1;
    void (*mix)(const AttentionBlock<Number, Factor> &block) = nullptr; ///< null where there is none
};

/// One set of instructions for one type. Sizes are in numbers.
template <typename Number>
struct VectorKernels {
    const char *name; ///< of the instructions: "AVX2", "AVX-512", "AVX512-BF16", "AMX"

    /// RMSNorm of a row: to = x / sqrt(mean(x^2) + epsilon) * (weight + more).
    void (*normRow)(const Number *x, const Number *weight, Number *to, std::int64_t size, float epsilon, float more);
    /// gate = silu(gate) * up.
    void (*swigluSpan)(Number *gate, const Number *up, std::int64_t size);
    /// Adds to `sums`, one a column, the squares of some rows, which are summed by themselves in `piece` first: long sums round less so.
    void (*addSquares)(const Number *x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float *piece, float *sums);
    /// log(sum(exp(x))); not a number where an x is not finite.
    float (*logSumExp)(const Number *x, std::int64_t size);
    /// Rotary embedding of a head in two halves: first * cos - second * sin, second * cos + first * sin.
    void (*rotateHead)(const Number *x, const Number *cos, const Number *sin, Number *to, std::int64_t half);
    AttentionKernel<Number, float> attention;
    /// By products of pairs; without `mix` where the processor has none for this type, or none that gain.
    AttentionKernel<Number, BFloat16Pair> pairAttention;
};

/// Those that this processor has, the best first. For float, c10::BFloat16 and c10::Half.
template <typename Number>
std::vector<const VectorKernels<Number> *> possibleVectorKernels();

/// The best of them that the library uses too (ATEN_CPU_CAPABILITY narrows both); null where it has neither AVX-512 nor AVX2 with FMA.
template <typename Number>
const VectorKernels<Number> *vectorKernels();

} // namespace secateur
