// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/VectorKernels.h"

#include <ATen/Version.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" // of GCC 12, in its own header: registers that are deliberately left as they are
#endif
#include <cpuid.h>
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace secateur {

#if defined(__x86_64__)

#define SECATEUR_VECTOR_INLINE inline __attribute__((always_inline)) SECATEUR_VECTOR
#define SECATEUR_KERNELS(name, Number, byPairs)                                                                                            \
    {                                                                                                                                      \
        name, normRow<Number>, swigluSpan<Number>, addSquares<Number>, logSumExp<Number>, rotateHead<Number>,                              \
            {kQueries, kKeys, 1, mixBlock<Number, float>}, byPairs                                                                         \
    }

// The same loops for three sets of instructions. Functions carry the set as an attribute, so that nothing else of this file, inline functions of the
// standard library least of all, is compiled for a processor that may not be there.

namespace avx512 {
constexpr int kLanes = 16;
constexpr int kScoreRows = 8, kScoreVectors = 3; // sums of a step of the products: with two more operands they fill the registers
constexpr int kMixVectors = 4;
#define SECATEUR_VECTOR __attribute__((target("avx512f")))
#define SECATEUR_WIDEN_BITS(x) _mm512_cvtepu16_epi32((__m256i)(x))
#define SECATEUR_WIDEN_HALF(x) _mm512_cvtph_ps((__m256i)(x))
#define SECATEUR_ROUND_TO_HALF(x) _mm512_cvtps_ph((__m512)(x), _MM_FROUND_TO_NEAREST_INT)
#include "decoder/VectorLoops.inl"
// in this order
#include "decoder/AttentionLoops.inl"
template <typename Number>
constexpr VectorKernels<Number> kKernels = SECATEUR_KERNELS("AVX-512", Number, {});
#undef SECATEUR_VECTOR
} // namespace avx512

namespace avx512bf16 {
constexpr int kLanes = 16;
constexpr int kScoreRows = 8, kScoreVectors = 3;
constexpr int kMixVectors = 4;
#define SECATEUR_VECTOR __attribute__((target("avx512f,avx512bf16")))
#define SECATEUR_TILES __attribute__((target("avx512f,avx512bf16,amx-tile,amx-bf16")))
#define SECATEUR_HAS_PAIRS
#include "decoder/VectorLoops.inl"
// in this order
#include "decoder/AttentionLoops.inl"
// in this order
#include "decoder/TileLoops.inl"
using Number = c10::BFloat16;
constexpr AttentionKernel<Number, BFloat16Pair> kByPairs = {kQueries, kKeys, 1, mixBlock<Number, BFloat16Pair>},
                                                kByTiles = {kTileQueries, kTileKeys, kTile, mixBlockByTiles};
constexpr VectorKernels<Number> kWidening = SECATEUR_KERNELS("AVX512-BF16, widened", Number, {}),
                                kPairs = SECATEUR_KERNELS("AVX512-BF16", Number, kByPairs),
                                kTiles = SECATEUR_KERNELS("AMX", Number, kByTiles);
#undef SECATEUR_HAS_PAIRS
#undef SECATEUR_TILES
#undef SECATEUR_WIDEN_BITS
#undef SECATEUR_WIDEN_HALF
#undef SECATEUR_ROUND_TO_HALF
#undef SECATEUR_VECTOR
} // namespace avx512bf16

namespace avx2 {
constexpr int kLanes = 8;
constexpr int kScoreRows = 6, kScoreVectors = 2;
constexpr int kMixVectors = 2;
#define SECATEUR_VECTOR __attribute__((target("avx2,fma,f16c")))
#define SECATEUR_WIDEN_BITS(x) _mm256_cvtepu16_epi32((__m128i)(x))
#define SECATEUR_WIDEN_HALF(x) _mm256_cvtph_ps((__m128i)(x))
#define SECATEUR_ROUND_TO_HALF(x) _mm256_cvtps_ph((__m256)(x), _MM_FROUND_TO_NEAREST_INT)
#include "decoder/VectorLoops.inl"
// in this order
#include "decoder/AttentionLoops.inl"
template <typename Number>
constexpr VectorKernels<Number> kKernels = SECATEUR_KERNELS("AVX2", Number, {});
#undef SECATEUR_WIDEN_BITS
#undef SECATEUR_WIDEN_HALF
#undef SECATEUR_ROUND_TO_HALF
#undef SECATEUR_VECTOR
} // namespace avx2

namespace {

/// Whether there is AMX for bf16, and the operating system lets this process use it: the state of tiles is large, so Linux wants to be asked.
bool askForTiles()
{
#if defined(__linux__)
    constexpr unsigned kLeaf = 7, kTileBit = 1U << 24U, kBFloat16Bit = 1U << 22U; // CPUID, EDX
    constexpr long kAskForPermission = 0x1023, kTileData = 18;
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(kLeaf, 0, &a, &b, &c, &d) && (d & kTileBit) && (d & kBFloat16Bit) &&
           syscall(SYS_arch_prctl, kAskForPermission, kTileData) == 0;
#else
    return false;
#endif
}

} // namespace

template <typename Number>
std::vector<const VectorKernels<Number> *> possibleVectorKernels()
{
    std::vector<const VectorKernels<Number> *> possible;
    if constexpr (std::is_same_v<Number, c10::BFloat16>)
        if (__builtin_cpu_supports("avx512bf16")) {
            // Intel's take twice as long for products of pairs as for those of floats: with them attention takes 1.6 times as long as with widened
            // numbers (`tests/benchmarks/RESULTS.md`).
            possible = {&avx512bf16::kPairs, &avx512bf16::kWidening};
            if (__builtin_cpu_is("intel"))
                std::swap(possible[0], possible[1]);
            if (askForTiles())
                possible.insert(possible.begin(), &avx512bf16::kTiles);
        }
    if (__builtin_cpu_supports("avx512f"))
        possible.push_back(&avx512::kKernels<Number>);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
        possible.push_back(&avx2::kKernels<Number>);
    return possible;
}

template <typename Number>
const VectorKernels<Number> *vectorKernels()
{
    static const VectorKernels<Number> *const kernels = []() -> const VectorKernels<Number> * {
        const std::string has = at::get_cpu_capability();
        const std::vector<const VectorKernels<Number> *> possible = possibleVectorKernels<Number>();
        if (possible.empty() || (has != "AVX512" && has != "AVX2"))
            return nullptr;
        return has == "AVX512" ? possible.front() : possible.back();
    }();
    return kernels;
}

#else

template <typename Number>
std::vector<const VectorKernels<Number> *> possibleVectorKernels()
{
    return {};
}

template <typename Number>
const VectorKernels<Number> *vectorKernels()
{
    return nullptr;
}

#endif

template const VectorKernels<float> *vectorKernels();
template const VectorKernels<c10::BFloat16> *vectorKernels();
template const VectorKernels<c10::Half> *vectorKernels();
template std::vector<const VectorKernels<float> *> possibleVectorKernels();
template std::vector<const VectorKernels<c10::BFloat16> *> possibleVectorKernels();
template std::vector<const VectorKernels<c10::Half> *> possibleVectorKernels();

} // namespace secateur
