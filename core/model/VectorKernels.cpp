// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/VectorKernels.h"

#include <ATen/Version.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace secateur {

#if defined(__x86_64__)

// The same loops for two sets of instructions. Functions carry the set as an attribute, so that nothing else of this file, inline functions of the
// standard library least of all, is compiled for a processor that may not be there.

namespace avx512 {
constexpr int kLanes = 16;
constexpr int kScoreRows = 8, kScoreVectors = 3; // sums of a step of the products: with two more operands they fill the registers
constexpr int kMixVectors = 4;
#define SECATEUR_VECTOR __attribute__((target("avx512f")))
#include "model/VectorLoops.inl"
#undef SECATEUR_VECTOR
} // namespace avx512

namespace avx2 {
constexpr int kLanes = 8;
constexpr int kScoreRows = 6, kScoreVectors = 2;
constexpr int kMixVectors = 2;
#define SECATEUR_VECTOR __attribute__((target("avx2,fma")))
#include "model/VectorLoops.inl"
#undef SECATEUR_VECTOR
} // namespace avx2

const VectorKernels *vectorKernels()
{
    static const VectorKernels *const kernels = []() -> const VectorKernels * {
        const std::string has = at::get_cpu_capability();
        return has == "AVX512" ? &avx512::kKernels : has == "AVX2" ? &avx2::kKernels : nullptr;
    }();
    return kernels;
}

#else

const VectorKernels *vectorKernels()
{
    return nullptr;
}

#endif

} // namespace secateur
