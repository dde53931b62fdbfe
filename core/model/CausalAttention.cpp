// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/CausalAttention.h"

#include "model/VectorKernels.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <atomic>
#include <cstdint>

namespace secateur {

namespace {

constexpr std::int64_t kQueries = VectorKernels::kQueriesOfBlock, kKeys = VectorKernels::kKeysOfPanel;
constexpr std::int64_t kLongest = 8192; ///< windows whose scores of one block stay in the second cache

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
    return vectorKernels() && isRight(query) && isRight(key) && isRight(value) && query.size(2) == key.size(2) &&
           query.size(2) <= kLongest && query.size(3) % VectorKernels::kRowMultiple == 0 && query.size(3) <= VectorKernels::kWidestHead;
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
    const auto mixBlock = vectorKernels()->mixBlock;
    const std::int64_t all = windows * heads * blocks;
    std::atomic<std::int64_t> next = 0; // threads take blocks as they get to them: some are long, and some threads are held up
    const auto mixWhatIsLeft = [&] {
        for (std::int64_t i = next++; i < all; i = next++) {
            const std::int64_t window = i / blocks / heads, head = i / blocks % heads, block = i % blocks;
            mixBlock({.query = queries + window * query.stride(0) + head * query.stride(1),
                      .queryStride = query.stride(2),
                      .panels = keys + (window * kvHeads + head / group) * panels.stride(0),
                      .value = values + window * value.stride(0) + head / group * value.stride(1),
                      .valueStride = value.stride(2),
                      .result = results + window * result.stride(0) + head * headDim,
                      .resultStride = result.stride(1),
                      .headDim = headDim,
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

} // namespace secateur
