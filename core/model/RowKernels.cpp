// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/RowKernels.h"

#include "model/Avx512.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace secateur {

#if defined(__x86_64__)

namespace {

constexpr std::int64_t kPiece = 16384; ///< elements that are worth a thread

bool isFloatOnCpu(const at::Tensor &x)
{
    return hasAvx512() && x.is_cpu() && x.scalar_type() == at::kFloat;
}

SECATEUR_VECTOR void normRow(const float *x, const float *weight, float *to, std::int64_t size, float epsilon, float more)
{
    constexpr int kSums = 4; // so that no sum waits for the one before
    Vector sums[kSums] = {};
    std::int64_t i = 0;
    for (; i + kSums * kLanes <= size; i += kSums * kLanes)
        for (int part = 0; part < kSums; ++part) {
            const Vector v = load(x + i + part * kLanes);
            sums[part] += v * v;
        }
    for (; i < size; i += kLanes) {
        const Vector v = load(x + i);
        sums[0] += v * v;
    }
    const float mean = sumOf((sums[0] + sums[1]) + (sums[2] + sums[3])) / float(size);
    const float scale = 1 / std::sqrt(mean + epsilon);
    for (i = 0; i < size; i += kLanes)
        store(to + i, load(x + i) * scale * (load(weight + i) + more));
}

SECATEUR_VECTOR void gateSpan(float *gate, const float *up, std::int64_t size)
{
    for (std::int64_t i = 0; i < size; i += kLanes) {
        const Vector g = load(gate + i);
        const Vector e = exponential(g < 0.0F ? g : -g);
        const Vector numerator = g < 0.0F ? g * e : g; // g / (1 + exp(-g)) without an exponential that overflows
        store(gate + i, numerator / (e + 1.0F) * load(up + i));
    }
}

/// Adds to the sums of `columns` columns the squares of some rows, which are summed by themselves first: long sums round less so.
SECATEUR_VECTOR void addSquares(const float *x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float *piece, float *sums)
{
    std::fill(piece, piece + columns, 0.0F);
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t c = 0; c < columns; c += kLanes) {
            const Vector v = load(x + row * stride + c);
            store(piece + c, load(piece + c) + v * v);
        }
    for (std::int64_t c = 0; c < columns; c += kLanes)
        store(sums + c, load(sums + c) + load(piece + c));
}

SECATEUR_VECTOR void rotateHead(const float *x, const float *cos, const float *sin, float *to, std::int64_t half)
{
    for (std::int64_t i = 0; i < half; i += kLanes) {
        const Vector first = load(x + i), second = load(x + half + i);
        store(to + i, first * load(cos + i) - second * load(sin + i));
        store(to + half + i, second * load(cos + half + i) + first * load(sin + half + i));
    }
}

} // namespace

bool canTakeRows(const at::Tensor &x)
{
    return isFloatOnCpu(x) && x.dim() > 0 && x.is_contiguous() && x.size(-1) % kLanes == 0 && x.numel() > 0;
}

at::Tensor normedRows(const at::Tensor &x, const at::Tensor &weight, double epsilon, double more)
{
    const std::int64_t size = x.size(-1);
    at::Tensor result = at::empty_like(x);
    const float *from = x.const_data_ptr<float>(), *factors = weight.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    at::parallel_for(0, x.numel() / size, std::max<std::int64_t>(1, kPiece / size), [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row)
            normRow(from + row * size, factors, to + row * size, size, float(epsilon), float(more));
    });
    return result;
}

void gateRows(at::Tensor &gate, const at::Tensor &up)
{
    const float *factors = up.const_data_ptr<float>();
    float *to = gate.mutable_data_ptr<float>();
    at::parallel_for(0, gate.numel() / kLanes, kPiece / kLanes, [=](std::int64_t begin, std::int64_t end) {
        gateSpan(to + begin * kLanes, factors + begin * kLanes, (end - begin) * kLanes);
    });
}

at::Tensor columnSquares(const at::Tensor &x)
{
    constexpr std::int64_t kRowsOfPiece = 32;
    const std::int64_t rows = x.size(0), columns = x.size(1);
    at::Tensor sums = at::zeros({columns}, x.options());
    const float *from = x.const_data_ptr<float>();
    float *to = sums.mutable_data_ptr<float>();
    at::parallel_for(0, columns / kLanes, std::max<std::int64_t>(1, kPiece / kLanes / rows), [=](std::int64_t begin, std::int64_t end) {
        const std::int64_t first = begin * kLanes, count = (end - begin) * kLanes;
        std::vector<float> piece(static_cast<std::size_t>(count));
        for (std::int64_t row = 0; row < rows; row += kRowsOfPiece)
            addSquares(from + row * columns + first, columns, std::min(kRowsOfPiece, rows - row), count, piece.data(), to + first);
    });
    return sums;
}

bool canRotateRows(const at::Tensor &x)
{
    return isFloatOnCpu(x) && x.dim() == 4 && x.stride(3) == 1 && x.size(3) % (2 * kLanes) == 0 && x.numel() > 0;
}

at::Tensor rotatedRows(const at::Tensor &x, const at::Tensor &cos, const at::Tensor &sin)
{
    const std::int64_t heads = x.size(1), tokens = x.size(2), headDim = x.size(3);
    at::Tensor result = at::empty({x.size(0), tokens, heads, headDim}, x.options());
    const float *from = x.const_data_ptr<float>(), *cosines = cos.const_data_ptr<float>(), *sines = sin.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    const std::int64_t windowStride = x.stride(0), headStride = x.stride(1), tokenStride = x.stride(2);
    const std::int64_t tokensOfPiece = std::max<std::int64_t>(1, kPiece / (heads * headDim));
    at::parallel_for(0, x.size(0) * tokens, tokensOfPiece, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t window = i / tokens, token = i % tokens;
            for (std::int64_t head = 0; head < heads; ++head)
                rotateHead(from + window * windowStride + head * headStride + token * tokenStride, cosines + token * headDim,
                           sines + token * headDim, to + (i * heads + head) * headDim, headDim / 2);
        }
    });
    return result.transpose(1, 2);
}

#else

bool canTakeRows(const at::Tensor &)
{
    return false;
}

bool canRotateRows(const at::Tensor &)
{
    return false;
}

// Never called: nothing can be taken.
at::Tensor normedRows(const at::Tensor &x, const at::Tensor &, double, double)
{
    return x;
}

void gateRows(at::Tensor &, const at::Tensor &) {}

at::Tensor columnSquares(const at::Tensor &x)
{
    return x;
}

at::Tensor rotatedRows(const at::Tensor &x, const at::Tensor &, const at::Tensor &)
{
    return x;
}

#endif

} // namespace secateur
