// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/RowKernels.h"

#include "decoder/NumberTypes.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cstdint>
#include <vector>

namespace secateur {

namespace {

constexpr std::int64_t kPiece = 16384; ///< elements that are worth a thread

} // namespace

bool canTakeRows(const at::Tensor &x)
{
    return hasKernelsFor(x) && x.dim() > 0 && x.is_contiguous() && x.size(-1) % kRowMultiple == 0 && x.numel() > 0;
}

std::string kernelInstructions(at::ScalarType type)
{
    if (!vectorKernels<float>())
        return {};
    return withNumberOf(type, []<typename Number>(Number) { return std::string(vectorKernels<Number>()->name); });
}

at::Tensor normedRows(const at::Tensor &x, const at::Tensor &weight, double epsilon, double more)
{
    const std::int64_t size = x.size(-1);
    at::Tensor result = at::empty_like(x);
    withNumberOf(x.scalar_type(), [&]<typename Number>(Number) {
        const Number *from = x.const_data_ptr<Number>(), *factors = weight.const_data_ptr<Number>();
        Number *to = result.mutable_data_ptr<Number>();
        const auto normRow = vectorKernels<Number>()->normRow;
        at::parallel_for(0, x.numel() / size, std::max<std::int64_t>(1, kPiece / size), [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                normRow(from + row * size, factors, to + row * size, size, float(epsilon), float(more));
        });
    });
    return result;
}

bool canTakeElements(const at::Tensor &x)
{
    return hasKernelsFor(x) && x.is_contiguous() && x.numel() > 0;
}

void swiglu(at::Tensor &gate, const at::Tensor &up)
{
    withNumberOf(gate.scalar_type(), [&]<typename Number>(Number) {
        const Number *factors = up.const_data_ptr<Number>();
        Number *to = gate.mutable_data_ptr<Number>();
        const auto swigluSpan = vectorKernels<Number>()->swigluSpan;
        const std::int64_t whole = gate.numel() / kRowMultiple, rest = gate.numel() % kRowMultiple;
        at::parallel_for(0, whole, kPiece / kRowMultiple, [=](std::int64_t begin, std::int64_t end) {
            swigluSpan(to + begin * kRowMultiple, factors + begin * kRowMultiple, (end - begin) * kRowMultiple);
        });
        if (rest == 0)
            return;
        Number last[kRowMultiple] = {}, lastFactors[kRowMultiple] = {};
        std::copy_n(to + whole * kRowMultiple, rest, last);
        std::copy_n(factors + whole * kRowMultiple, rest, lastFactors);
        swigluSpan(last, lastFactors, kRowMultiple);
        std::copy_n(last, rest, to + whole * kRowMultiple);
    });
}

at::Tensor columnSquares(const at::Tensor &x)
{
    constexpr std::int64_t kRowsOfPiece = 32;
    const std::int64_t rows = x.size(0), columns = x.size(1);
    at::Tensor sums = at::zeros({columns}, x.options().dtype(at::kFloat));
    float *to = sums.mutable_data_ptr<float>();
    withNumberOf(x.scalar_type(), [&]<typename Number>(Number) {
        const Number *from = x.const_data_ptr<Number>();
        const auto addSquares = vectorKernels<Number>()->addSquares;
        at::parallel_for(
            0, columns / kRowMultiple, std::max<std::int64_t>(1, kPiece / kRowMultiple / rows), [=](std::int64_t begin, std::int64_t end) {
                const std::int64_t first = begin * kRowMultiple, count = (end - begin) * kRowMultiple;
                std::vector<float> piece(static_cast<std::size_t>(count));
                for (std::int64_t row = 0; row < rows; row += kRowsOfPiece)
                    addSquares(from + row * columns + first, columns, std::min(kRowsOfPiece, rows - row), count, piece.data(), to + first);
            });
    });
    return sums;
}

at::Tensor logSumExpRows(const at::Tensor &x)
{
    const std::int64_t rows = x.size(0), size = x.size(1);
    at::Tensor result = at::empty({rows}, x.options().dtype(at::kFloat));
    float *to = result.mutable_data_ptr<float>();
    withNumberOf(x.scalar_type(), [&]<typename Number>(Number) {
        const Number *from = x.const_data_ptr<Number>();
        const auto logSumExp = vectorKernels<Number>()->logSumExp;
        at::parallel_for(0, rows, std::max<std::int64_t>(1, kPiece / size), [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin; row < end; ++row)
                to[row] = logSumExp(from + row * size, size);
        });
    });
    return result;
}

bool canRotateRows(const at::Tensor &x, std::int64_t rotated)
{
    return hasKernelsFor(x) && x.dim() == 4 && x.stride(3) == 1 && rotated % (2 * kRowMultiple) == 0 && x.numel() > 0;
}

at::Tensor rotatedRows(const at::Tensor &x, const at::Tensor &cos, const at::Tensor &sin)
{
    const std::int64_t heads = x.size(1), tokens = x.size(2), headDim = x.size(3), rotated = cos.size(1);
    at::Tensor result = at::empty({x.size(0), tokens, heads, headDim}, x.options());
    const std::int64_t windowStride = x.stride(0), headStride = x.stride(1), tokenStride = x.stride(2);
    const std::int64_t tokensOfPiece = std::max<std::int64_t>(1, kPiece / (heads * headDim));
    withNumberOf(x.scalar_type(), [&]<typename Number>(Number) {
        const Number *from = x.const_data_ptr<Number>(), *cosines = cos.const_data_ptr<Number>(), *sines = sin.const_data_ptr<Number>();
        Number *to = result.mutable_data_ptr<Number>();
        const auto rotateHead = vectorKernels<Number>()->rotateHead;
        at::parallel_for(0, x.size(0) * tokens, tokensOfPiece, [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t window = i / tokens, token = i % tokens;
                for (std::int64_t head = 0; head < heads; ++head) {
                    const Number *source = from + window * windowStride + head * headStride + token * tokenStride;
                    Number *target = to + (i * heads + head) * headDim;
                    rotateHead(source, cosines + token * rotated, sines + token * rotated, target, rotated / 2);
                    std::copy(source + rotated, source + headDim, target + rotated);
                }
            }
        });
    });
    return result.transpose(1, 2);
}

} // namespace secateur
