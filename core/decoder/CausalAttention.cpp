// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/CausalAttention.h"

#include "decoder/NumberTypes.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace secateur {

namespace {

constexpr std::int64_t kLongest = 8192; ///< windows whose scores of one block stay in the second cache

std::int64_t roundedUp(std::int64_t x, std::int64_t multiple)
{
    return (x + multiple - 1) / multiple * multiple;
}

/// Room for so many factors.
template <typename Factor>
at::Tensor roomFor(at::IntArrayRef sizes)
{
    static_assert(sizeof(Factor) == sizeof(float));
    return at::empty(sizes, at::kFloat);
}

template <typename Factor>
Factor *factorsOf(const at::Tensor &room)
{
    return reinterpret_cast<Factor *>(room.mutable_data_ptr<float>());
}

/// The factor of numbers that are `step` apart, of which `count` are there.
template <typename Factor, typename Number>
Factor factor(const Number *from, std::int64_t step, std::int64_t count)
{
    if constexpr (std::is_same_v<Factor, BFloat16Pair>)
        return {count > 0 ? from[0] : Number(0), count > 1 ? from[step] : Number(0)};
    else
        return count > 0 ? float(*from) : 0;
}

/// Keys [windows * kvHeads, panel, depth, keys of a panel] of [windows, kvHeads, T, headDim]; 0 behind the last.
template <typename Number, typename Factor>
at::Tensor panelsOf(const at::Tensor &key, const AttentionKernel<Number, Factor> &kernel)
{
    constexpr std::int64_t kNumbers = kNumbersOf<Factor>;
    const std::int64_t keysOfPanel = kernel.keysOfPanel;
    const std::int64_t heads = key.size(1), tokens = key.size(2), panels = roundedUp(tokens, keysOfPanel) / keysOfPanel;
    const std::int64_t real = key.size(3) / kNumbers, depth = roundedUp(real, kernel.depthMultiple);
    at::Tensor result = roomFor<Factor>({key.size(0) * heads, panels, depth, keysOfPanel});
    const Number *from = key.const_data_ptr<Number>();
    Factor *to = factorsOf<Factor>(result);
    const std::int64_t windowStride = key.stride(0), headStride = key.stride(1), tokenStride = key.stride(2);
    at::parallel_for(0, result.size(0) * panels, 1, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t head = i / panels, first = i % panels * keysOfPanel;
            const Number *keys = from + head / heads * windowStride + head % heads * headStride;
            Factor *panel = to + i * depth * keysOfPanel;
            for (std::int64_t k = 0; k < keysOfPanel; ++k)
                for (std::int64_t d = 0; d < depth; ++d)
                    panel[d * keysOfPanel + k] =
                        factor<Factor>(keys + (first + k) * tokenStride + d * kNumbers, 1, d < real && first + k < tokens ? kNumbers : 0);
        }
    });
    return result;
}

/// Values as factors, [windows * kvHeads, tokens / n, headDim], of [windows, kvHeads, T, headDim]; 0 behind the last, as far as whole panels go.
template <typename Number, typename Factor>
at::Tensor factorsOfValues(const at::Tensor &value, const AttentionKernel<Number, Factor> &kernel)
{
    const std::int64_t heads = value.size(1), tokens = value.size(2), headDim = value.size(3);
    const std::int64_t rows = roundedUp(tokens, kernel.keysOfPanel) / kNumbersOf<Factor>;
    at::Tensor result = roomFor<Factor>({value.size(0) * heads, rows, headDim});
    const Number *from = value.const_data_ptr<Number>();
    Factor *to = factorsOf<Factor>(result);
    const std::int64_t windowStride = value.stride(0), headStride = value.stride(1), tokenStride = value.stride(2);
    constexpr std::int64_t kRowsOfPiece = 64;
    at::parallel_for(0, result.size(0) * rows, kRowsOfPiece, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t head = i / rows, token = i % rows * kNumbersOf<Factor>;
            const Number *values = from + head / heads * windowStride + head % heads * headStride + token * tokenStride;
            for (std::int64_t d = 0; d < headDim; ++d)
                to[i * headDim + d] = factor<Factor>(values + d, tokenStride, tokens - token);
        }
    });
    return result;
}

template <typename Number, typename Factor>
at::Tensor mixAs(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double scale,
                 const AttentionKernel<Number, Factor> &kernel)
{
    const std::int64_t windows = query.size(0), heads = query.size(1), tokens = query.size(2), headDim = query.size(3);
    const std::int64_t kvHeads = key.size(1), group = heads / kvHeads;
    constexpr std::int64_t kLine = 16; // floats: rows that are a power of two apart would meet in the same lines of the cache
    const std::int64_t blockSize = kernel.queriesOfBlock, blocks = roundedUp(tokens, blockSize) / blockSize;
    const std::int64_t stride = roundedUp(tokens, kernel.keysOfPanel) + kLine;
    const at::Tensor panels = panelsOf(key, kernel);
    at::Tensor copied; // of the values, where they are no factors as they are
    const Factor *values = nullptr;
    std::int64_t valueWindow = value.stride(0), valueHead = value.stride(1), valueStride = value.stride(2);
    if constexpr (std::is_same_v<Number, Factor>) {
        values = value.const_data_ptr<Number>();
    } else {
        copied = factorsOfValues(value, kernel);
        values = factorsOf<Factor>(copied);
        valueHead = copied.stride(0);
        valueWindow = kvHeads * valueHead;
        valueStride = headDim;
    }
    at::Tensor result = at::empty({windows, tokens, heads, headDim}, query.options());
    at::Tensor scores = roomFor<float>({at::get_num_threads(), blockSize, stride});
    const Number *queries = query.const_data_ptr<Number>();
    const Factor *keys = factorsOf<Factor>(panels);
    Number *results = result.mutable_data_ptr<Number>();
    float *scratch = scores.mutable_data_ptr<float>();
    const std::int64_t all = windows * heads * blocks;
    std::atomic<std::int64_t> next = 0; // threads take blocks as they get to them: some are long, and some threads are held up
    const auto mixWhatIsLeft = [&] {
        for (std::int64_t i = next++; i < all; i = next++) {
            const std::int64_t window = i / blocks / heads, head = i / blocks % heads, block = i % blocks;
            kernel.mix({.query = queries + window * query.stride(0) + head * query.stride(1),
                        .queryStride = query.stride(2),
                        .panels = keys + (window * kvHeads + head / group) * panels.stride(0),
                        .depth = panels.size(2),
                        .values = values + window * valueWindow + head / group * valueHead,
                        .valueStride = valueStride,
                        .result = results + window * result.stride(0) + head * headDim,
                        .resultStride = result.stride(1),
                        .headDim = headDim,
                        .first = block * blockSize,
                        .count = std::min(blockSize, tokens - block * blockSize),
                        .scale = float(scale),
                        .scores = scratch + at::get_thread_num() * scores.stride(0),
                        .stride = stride});
        }
    };
    at::parallel_for(0, at::get_num_threads(), 1, [&](std::int64_t, std::int64_t) { mixWhatIsLeft(); });
    return result.transpose(1, 2);
}

/// Puts a number of one token, at that place of its sequence, among the factors of values or keys.
void setFactor(float &factor, float number, std::int64_t)
{
    factor = number;
}

void setFactor(BFloat16Pair &factor, c10::BFloat16 number, std::int64_t place)
{
    (place % 2 == 0 ? factor.first : factor.second) = number;
}

/// Where every tree of the runs begins among them, and their end.
std::vector<std::size_t> treesOf(const std::vector<TokenRun> &runs)
{
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < runs.size(); ++i)
        if (runs[i].position == 0)
            begins.push_back(i);
    begins.push_back(runs.size());
    return begins;
}

/// A thread takes a tree and a head of keys at a time, and keeps the keys and values of the sequence under way, by position: a run's stand behind those
/// that it shares with the run before it, in place of that one's. What is left behind the last is finite and has no weight.
template <typename Number, typename Factor>
at::Tensor mixRowsAs(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::vector<TokenRun> &runs,
                     double scale, const AttentionKernel<Number, Factor> &kernel)
{
    constexpr std::int64_t kNumbers = kNumbersOf<Factor>, kLine = 16;
    const std::int64_t heads = query.size(1), headDim = query.size(3), kvHeads = key.size(1), group = heads / kvHeads;
    const std::int64_t keysOfPanel = kernel.keysOfPanel, room = roundedUp(longestOf(runs), keysOfPanel), stride = room + kLine;
    const std::int64_t real = headDim / kNumbers, depth = roundedUp(real, kernel.depthMultiple);
    const std::vector<std::size_t> trees = treesOf(runs);
    const std::int64_t all = std::int64_t(trees.size() - 1) * kvHeads, threads = std::min<std::int64_t>(all, at::get_num_threads());
    at::Tensor result = at::empty({1, query.size(2), heads, headDim}, query.options());
    const at::Tensor panels = roomFor<Factor>({threads, room * depth}).zero_(),
                     values = roomFor<Factor>({threads, room / kNumbers * headDim}).zero_(),
                     scores = roomFor<float>({threads, kernel.queriesOfBlock * stride});
    const Number *queryNumbers = query.const_data_ptr<Number>(), *keyNumbers = key.const_data_ptr<Number>(),
                 *valueNumbers = value.const_data_ptr<Number>();
    Number *results = result.mutable_data_ptr<Number>();
    std::atomic<std::int64_t> next = 0;
    const auto mixWhatIsLeft = [&](std::int64_t thread) {
        Factor *keysSeen = factorsOf<Factor>(panels) + thread * panels.size(1),
               *valuesSeen = factorsOf<Factor>(values) + thread * values.size(1);
        for (std::int64_t i = next++; i < all; i = next++) {
            const std::int64_t kvHead = i % kvHeads;
            for (std::size_t r = trees[std::size_t(i / kvHeads)]; r < trees[std::size_t(i / kvHeads) + 1]; ++r) {
                const TokenRun &run = runs[r];
                for (std::int64_t t = 0; t < run.count; ++t) {
                    const std::int64_t place = run.position + t, row = run.first + t;
                    const Number *from = keyNumbers + kvHead * key.stride(1) + row * key.stride(2);
                    Factor *column = keysSeen + place / keysOfPanel * keysOfPanel * depth + place % keysOfPanel;
                    for (std::int64_t d = 0; d < real; ++d)
                        column[d * keysOfPanel] = factor<Factor>(from + d * kNumbers, 1, kNumbers);
                    from = valueNumbers + kvHead * value.stride(1) + row * value.stride(2);
                    Factor *to = valuesSeen + place / kNumbers * headDim;
                    for (std::int64_t d = 0; d < headDim; ++d)
                        setFactor(to[d], from[d], place);
                }
                const std::int64_t root = run.first - run.position; // the row of position 0, if the run's sequence stood in one piece
                for (std::int64_t head = kvHead * group; head < (kvHead + 1) * group; ++head)
                    for (std::int64_t done = 0; done < run.count; done += kernel.queriesOfBlock)
                        kernel.mix({.query = queryNumbers + head * query.stride(1) + root * query.stride(2),
                                    .queryStride = query.stride(2),
                                    .panels = keysSeen,
                                    .depth = depth,
                                    .values = valuesSeen,
                                    .valueStride = headDim,
                                    .result = results + head * headDim + root * result.stride(1),
                                    .resultStride = result.stride(1),
                                    .headDim = headDim,
                                    .first = run.position + done,
                                    .count = std::min(kernel.queriesOfBlock, run.count - done),
                                    .scale = float(scale),
                                    .scores = scores.mutable_data_ptr<float>() + thread * scores.size(1),
                                    .stride = stride});
            }
        }
    };
    at::parallel_for(0, threads, 1, [&](std::int64_t, std::int64_t) { mixWhatIsLeft(at::get_thread_num()); });
    return result.transpose(1, 2);
}

bool areRightForKernels(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value)
{
    const auto isRight = [&](const at::Tensor &x) {
        return hasKernelsFor(x) && x.scalar_type() == query.scalar_type() && x.stride(3) == 1;
    };
    return isRight(query) && isRight(key) && isRight(value) && query.size(3) % kRowMultiple == 0 && query.size(3) <= kWidestHead;
}

} // namespace

bool canMixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value)
{
    return query.size(2) == key.size(2) && query.size(2) <= kLongest && areRightForKernels(query, key, value);
}

bool canMixRows(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::vector<TokenRun> &runs)
{
    return longestOf(runs) <= kLongest && areRightForKernels(query, key, value);
}

bool isAttentionFastInBFloat16()
{
    return vectorKernels<c10::BFloat16>() && vectorKernels<c10::BFloat16>()->pairAttention.mix;
}

template <typename Number>
at::Tensor mixCausallyBy(const VectorKernels<Number> &kernels, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                         double scale)
{
    if constexpr (std::is_same_v<Number, c10::BFloat16>)
        if (kernels.pairAttention.mix)
            return mixAs(query, key, value, scale, kernels.pairAttention);
    return mixAs(query, key, value, scale, kernels.attention);
}

template at::Tensor mixCausallyBy(const VectorKernels<float> &, const at::Tensor &, const at::Tensor &, const at::Tensor &, double);
template at::Tensor mixCausallyBy(const VectorKernels<c10::BFloat16> &, const at::Tensor &, const at::Tensor &, const at::Tensor &, double);
template at::Tensor mixCausallyBy(const VectorKernels<c10::Half> &, const at::Tensor &, const at::Tensor &, const at::Tensor &, double);

template <typename Number>
at::Tensor mixRowsBy(const VectorKernels<Number> &kernels, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                     const std::vector<TokenRun> &runs, double scale)
{
    if constexpr (std::is_same_v<Number, c10::BFloat16>)
        if (kernels.pairAttention.mix)
            return mixRowsAs(query, key, value, runs, scale, kernels.pairAttention);
    return mixRowsAs(query, key, value, runs, scale, kernels.attention);
}

at::Tensor mixRows(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::vector<TokenRun> &runs, double scale)
{
    return withNumberOf(query.scalar_type(),
                        [&]<typename Number>(Number) { return mixRowsBy(*vectorKernels<Number>(), query, key, value, runs, scale); });
}

at::Tensor mixCausally(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, double scale)
{
    return withNumberOf(query.scalar_type(),
                        [&]<typename Number>(Number) { return mixCausallyBy(*vectorKernels<Number>(), query, key, value, scale); });
}

} // namespace secateur
