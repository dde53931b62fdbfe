// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/CausalAttention.h"

#include "model/Avx512.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>

namespace secateur {

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kQueries = 24;   ///< of a block
constexpr std::int64_t kKeys = 48;      ///< of a panel
constexpr std::int64_t kKeysMixed = 96; ///< whose values stay in the first cache while a block's queries take them
constexpr std::int64_t kLongest = 8192; ///< windows whose scores of one block stay in the second cache

/// Scores of 8 queries, rows of `queries`, with the keys of a panel [headDim, kKeys].
SECATEUR_VECTOR_INLINE void score(const float *queries, std::int64_t headDim, const float *panel, float *scores, std::int64_t stride)
{
    constexpr int kRows = 8;
    Vector sums[kRows][3] = {};
    for (std::int64_t d = 0; d < headDim; ++d) {
        const float *keys = panel + d * kKeys;
        const Vector first = load(keys), second = load(keys + kLanes), third = load(keys + 2 * kLanes);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const Vector factor = all(queries[row * headDim + d]);
            sums[row][0] += factor * first;
            sums[row][1] += factor * second;
            sums[row][2] += factor * third;
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row)
        for (int part = 0; part < 3; ++part)
            store(scores + row * stride + part * kLanes, sums[row][part]);
}

/// Makes weights of one query's scores, of which `seen` count and the rest up to `stride` of the panels become 0. Returns what the weights
/// have to be multiplied with to sum to 1.
SECATEUR_VECTOR_INLINE float soften(float *scores, std::int64_t seen, std::int64_t computed)
{
    const Integers lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const std::int64_t whole = seen / kLanes * kLanes, behind = (seen + kLanes - 1) / kLanes * kLanes;
    const Integers isSeen = lane < std::int32_t(seen - whole);
    Vector most = all(-std::numeric_limits<float>::infinity()), problem = {}; // x * 0 is not a number where x is not finite
    for (std::int64_t k = 0; k < whole; k += kLanes) {
        const Vector x = load(scores + k);
        problem += x * 0.0F;
        most = x > most ? x : most;
    }
    if (whole < seen) {
        const Vector x = load(scores + whole);
        problem += isSeen ? x * 0.0F : Vector{};
        const Vector masked = isSeen ? x : all(-std::numeric_limits<float>::infinity());
        most = masked > most ? masked : most;
    }
    float greatest = most[0];
    for (int i = 1; i < kLanes; ++i)
        greatest = std::max(greatest, most[i]);
    Vector sums = {};
    for (std::int64_t k = 0; k < whole; k += kLanes) {
        const Vector weight = exponential(load(scores + k) - greatest);
        store(scores + k, weight);
        sums += weight;
    }
    if (whole < seen) {
        const Vector weight = isSeen ? exponential(load(scores + whole) - greatest) : Vector{};
        store(scores + whole, weight);
        sums += weight;
    }
    for (std::int64_t k = behind; k < computed; k += kLanes)
        store(scores + k, Vector{});
    sums += problem;
    return 1 / sumOf(sums);
}

/// Adds to the results of some queries, [24 / kVectors, headDim], their weighted sum of `count` values.
template <int kVectors>
SECATEUR_VECTOR_INLINE void mix(const float *weights, std::int64_t stride, const float *values, std::int64_t valueStride,
                                std::int64_t count, float *results)
{
    constexpr int kRows = kQueries / kVectors;
    Vector sums[kRows][kVectors];
#pragma GCC unroll 24
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            sums[row][part] = load(results + (row * kVectors + part) * kLanes);
    for (std::int64_t k = 0; k < count; ++k) {
        Vector value[kVectors];
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            value[part] = load(values + k * valueStride + part * kLanes);
#pragma GCC unroll 24
        for (int row = 0; row < kRows; ++row) {
            const Vector weight = all(weights[row * stride + k]);
#pragma GCC unroll 8
            for (int part = 0; part < kVectors; ++part)
                sums[row][part] += weight * value[part];
        }
    }
#pragma GCC unroll 24
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            store(results + (row * kVectors + part) * kLanes, sums[row][part]);
}

/// What one head's block of queries needs. Strides are in floats, from token to token.
struct Block {
    const float *query;
    std::int64_t queryStride;
    const float *panels; ///< [panel, headDim, kKeys]
    const float *value;
    std::int64_t valueStride;
    float *result;
    std::int64_t resultStride;
    std::int64_t first, count; ///< queries
    float scale;
    float *scores; ///< [kQueries, stride]
    std::int64_t stride;
};

template <int kVectors>
SECATEUR_VECTOR void mixBlock(const Block &b)
{
    constexpr std::int64_t kHeadDim = kVectors * kLanes, kRows = kQueries / kVectors;
    alignas(64) float queries[kQueries * kHeadDim] = {}, results[kQueries * kHeadDim] = {};
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < kHeadDim; ++d)
            queries[row * kHeadDim + d] = b.query[(b.first + row) * b.queryStride + d] * b.scale;

    const std::int64_t keys = b.first + b.count, panels = (keys + kKeys - 1) / kKeys;
    for (std::int64_t panel = 0; panel < panels; ++panel)
        for (std::int64_t row = 0; row < kQueries; row += 8)
            score(queries + row * kHeadDim, kHeadDim, b.panels + panel * kKeys * kHeadDim, b.scores + row * b.stride + panel * kKeys,
                  b.stride);
    float factors[kQueries];
    for (std::int64_t row = 0; row < kQueries; ++row) // rows behind the last query are computed with the others, and left
        factors[row] = soften(b.scores + row * b.stride, std::min(b.first + row + 1, keys), panels * kKeys);
    for (std::int64_t k = 0; k < keys; k += kKeysMixed)
        for (std::int64_t row = 0; row < b.count; row += kRows)
            if (const std::int64_t seen = std::min(keys, b.first + row + kRows) - k; seen > 0)
                mix<kVectors>(b.scores + row * b.stride + k, b.stride, b.value + k * b.valueStride, b.valueStride,
                              std::min(seen, kKeysMixed), results + row * kHeadDim);
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < kHeadDim; ++d)
            b.result[(b.first + row) * b.resultStride + d] = results[row * kHeadDim + d] * factors[row];
}

using MixBlock = void (*)(const Block &);

/// For a head of so many vectors; null when there is none.
MixBlock mixBlockFor(std::int64_t headDim)
{
    constexpr MixBlock kBlocks[] = {mixBlock<1>, mixBlock<2>, mixBlock<3>, mixBlock<4>, mixBlock<5>, mixBlock<6>, nullptr, mixBlock<8>};
    const std::int64_t vectors = headDim / kLanes;
    return headDim % kLanes == 0 && vectors >= 1 && vectors <= 8 ? kBlocks[vectors - 1] : nullptr;
}

/// Keys [windows * kvHeads, panel, headDim, kKeys] of [windows, kvHeads, T, headDim]; 0 behind the last.
at::Tensor panelsOf(const at::Tensor &key)
{
    const std::int64_t heads = key.size(1), tokens = key.size(2), headDim = key.size(3), panels = (tokens + kKeys - 1) / kKeys;
    at::Tensor result = at::empty({key.size(0) * heads, panels, headDim, kKeys}, key.options());
    const float *from = key.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    const std::int64_t windowStride = key.stride(0), headStride = key.stride(1), tokenStride = key.stride(2);
    at::parallel_for(0, result.size(0) * panels, 1, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t head = i / panels, first = i % panels * kKeys;
            const float *keys = from + head / heads * windowStride + head % heads * headStride;
            float *panel = to + i * headDim * kKeys;
            for (std::int64_t k = 0; k < kKeys; ++k)
                for (std::int64_t d = 0; d < headDim; ++d)
                    panel[d * kKeys + k] = first + k < tokens ? keys[(first + k) * tokenStride + d] : 0;
        }
    });
    return result;
}

} // namespace

bool canMixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value)
{
    const auto isRight = [](const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.stride(3) == 1; };
    return hasAvx512() && isRight(query) && isRight(key) && isRight(value) && query.size(2) == key.size(2) && query.size(2) <= kLongest &&
           mixBlockFor(query.size(3));
}

at::Tensor mixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double scale)
{
    const std::int64_t windows = query.size(0), heads = query.size(1), tokens = query.size(2), headDim = query.size(3);
    const std::int64_t kvHeads = key.size(1), group = heads / kvHeads;
    const std::int64_t blocks = (tokens + kQueries - 1) / kQueries, stride = (tokens + kKeys - 1) / kKeys * kKeys;
    const at::Tensor panels = panelsOf(key);
    at::Tensor result = at::empty({windows, tokens, heads, headDim}, query.options());
    at::Tensor scores = at::empty({at::get_num_threads(), kQueries, stride}, query.options());
    const float *queries = query.const_data_ptr<float>(), *values = value.const_data_ptr<float>();
    const float *keys = panels.const_data_ptr<float>();
    float *results = result.mutable_data_ptr<float>(), *scratch = scores.mutable_data_ptr<float>();
    const MixBlock mixOne = mixBlockFor(headDim);
    const std::int64_t all = windows * heads * blocks;
    std::atomic<std::int64_t> next = 0; // threads take blocks as they get to them: some are long, and some threads are held up
    const auto mixWhatIsLeft = [&] {
        for (std::int64_t i = next++; i < all; i = next++) {
            const std::int64_t window = i / blocks / heads, head = i / blocks % heads, block = i % blocks;
            mixOne({.query = queries + window * query.stride(0) + head * query.stride(1),
                    .queryStride = query.stride(2),
                    .panels = keys + (window * kvHeads + head / group) * panels.stride(0),
                    .value = values + window * value.stride(0) + head / group * value.stride(1),
                    .valueStride = value.stride(2),
                    .result = results + window * result.stride(0) + head * headDim,
                    .resultStride = result.stride(1),
                    .first = block * kQueries,
                    .count = std::min(kQueries, tokens - block * kQueries),
                    .scale = float(scale),
                    .scores = scratch + at::get_thread_num() * scores.stride(0),
                    .stride = stride});
        }
    };
    at::parallel_for(0, at::get_num_threads(), 1, [&](std::int64_t, std::int64_t) { mixWhatIsLeft(); });
    return result.transpose(1, 2);
}

#else

bool canMixCausally(const at::Tensor &, const at::Tensor &, const at::Tensor &)
{
    return false;
}

at::Tensor mixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double scale)
{
    return at::scaled_dot_product_attention(query, key, value, {}, 0.0, true, scale, query.size(1) != key.size(1));
}

#endif

} // namespace secateur
