// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/VectorKernels.h"

#include <ATen/Version.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // of GCC 12, in its own header: registers that are deliberately left as they are
#endif
#include <immintrin.h>
#endif

namespace secateur {

#if defined(__x86_64__)

// The same loops for three sets of instructions. Functions carry the set as an attribute, so that nothing else of this file, inline functions of the
// standard library least of all, is compiled for a processor that may not be there.

namespace avx512 {
constexpr const char *kName = "AVX-512";
constexpr int kLanes = 16;
constexpr int kScoreRows = 8, kScoreVectors = 3; // sums of a step of the products: with two more operands they fill the registers
constexpr int kMixVectors = 4;
#define SECATEUR_VECTOR __attribute__((target("avx512f")))
#define SECATEUR_WIDEN_BITS(x) _mm512_cvtepu16_epi32((__m256i)(x))
#define SECATEUR_WIDEN_HALF(x) _mm512_cvtph_ps((__m256i)(x))
#define SECATEUR_ROUND_TO_HALF(x) _mm512_cvtps_ph((__m512)(x), _MM_FROUND_TO_NEAREST_INT)
#include "model/VectorLoops.inl"
#undef SECATEUR_VECTOR
} // namespace avx512

namespace avx512bf16 {
constexpr const char *kName = "AVX512-BF16";
constexpr int kLanes = 16;
constexpr int kScoreRows = 8, kScoreVectors = 3;
constexpr int kMixVectors = 4;
#define SECATEUR_VECTOR __attribute__((target("avx512f,avx512bf16")))
#define SECATEUR_HAS_PAIRS
#include "model/VectorLoops.inl"
#undef SECATEUR_HAS_PAIRS
#undef SECATEUR_WIDEN_BITS
#undef SECATEUR_WIDEN_HALF
#undef SECATEUR_ROUND_TO_HALF
#undef SECATEUR_VECTOR
} // namespace avx512bf16

namespace avx2 {
constexpr const char *kName = "AVX2";
constexpr int kLanes = 8;
constexpr int kScoreRows = 6, kScoreVectors = 2;
constexpr int kMixVectors = 2;
#define SECATEUR_VECTOR __attribute__((target("avx2,fma,f16c")))
#define SECATEUR_WIDEN_BITS(x) _mm256_cvtepu16_epi32((__m128i)(x))
#define SECATEUR_WIDEN_HALF(x) _mm256_cvtph_ps((__m128i)(x))
#define SECATEUR_ROUND_TO_HALF(x) _mm256_cvtps_ph((__m256)(x), _MM_FROUND_TO_NEAREST_INT)
#include "model/VectorLoops.inl"
#undef SECATEUR_WIDEN_BITS
#undef SECATEUR_WIDEN_HALF
#undef SECATEUR_ROUND_TO_HALF
#undef SECATEUR_VECTOR
} // namespace avx2

template <typename Number>
const VectorKernels<Number> *vectorKernels()
{
    static const VectorKernels<Number> *const kernels = []() -> const VectorKernels<Number> * {
        const std::string has = at::get_cpu_capability();
        if constexpr (std::is_same_v<Number, c10::BFloat16>)
            if (has == "AVX512" && __builtin_cpu_supports("avx512bf16"))
                return &avx512bf16::kKernels<Number>;
        return has == "AVX512" ? &avx512::kKernels<Number> : has == "AVX2" ? &avx2::kKernels<Number> : nullptr;
    }();
    return kernels;
}

#else

template <typename Number>
const VectorKernels<Number> *vectorKernels()
{
    return nullptr;
}

#endif

template const VectorKernels<float> *vectorKernels();
template const VectorKernels<c10::BFloat16> *vectorKernels();
template const VectorKernels<c10::Half> *vectorKernels();

} // namespace secateur
