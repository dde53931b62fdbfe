// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
// What a decoder does once for each element, in one or two passes over the memory where the library takes several, where there are VectorKernels: in
// fp32, bf16 and fp16. Sums are fp32 and results are rounded once; they are the library's to rounding, and do not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

namespace secateur {

/// Whether these tensors can be taken: contiguous, on the CPU, of one of the three types, rows a multiple of 16 wide; and the processor too. Tensors
/// that are given together are of one type.
bool canTakeRows(const at::Tensor &x);

/// The instructions of the kernels for a type: "AVX2", "AVX-512", "AVX512-BF16", "AMX"; empty where there are none.
std::string kernelInstructions(at::ScalarType type);

/// RMSNorm of the rows of x, [..., d]: x / sqrt(mean(x^2) + epsilon) * (weight + more).
at::Tensor normedRows(const at::Tensor &x, const at::Tensor &weight, double epsilon, double more);

/// Whether these can be taken element by element: as above, but of any width.
bool canTakeElements(const at::Tensor &x);

/// SwiGLU: silu(gate) * up, into `gate`. Of the same shape, any width.
void swiglu(at::Tensor &gate, const at::Tensor &up);

/// Sums of the squares of the columns of x, [T, I] to [I] in fp32, each over its rows in order.
at::Tensor columnSquares(const at::Tensor &x);

/// log(sum(exp(x))) of the rows of x, [rows, d] to [rows] in fp32. Of a row with values that are not finite, not a number.
at::Tensor logSumExpRows(const at::Tensor &x);

/// Whether these heads can be rotated in their first `rotated` dimensions: [windows, heads, T, headDim] as a product gives them, in halves that
/// are a multiple of 16 wide.
bool canRotateRows(const at::Tensor &x, std::int64_t rotated);

/// x * cos + turned(x) * sin of each head, where the second half of a turned head is its first, and the first its second, negated. `cos` and `sin`: [T,
/// rotated]; the dimensions behind those are copied. Laid out as [windows, T, heads, headDim].
at::Tensor rotatedRows(const at::Tensor &x, const at::Tensor &cos, const at::Tensor &sin);

} // namespace secateur
