// SPDX-License-Identifier: GPL-3.0-or-later
// Sixteen floats in a register of AVX-512, by GCC's (and Clang's) vector extension: what kernels of our own are written with. Functions that use it say
// SECATEUR_VECTOR, and are called only where hasAvx512() holds.
#pragma once

#include <cstdint>

namespace secateur {

#if defined(__x86_64__)

#define SECATEUR_VECTOR __attribute__((target("avx512f")))
#define SECATEUR_VECTOR_INLINE inline __attribute__((always_inline, target("avx512f")))

/// Whether this processor has it.
inline bool hasAvx512()
{
    static const bool isThere = __builtin_cpu_supports("avx512f") != 0;
    return isThere;
}

constexpr std::int64_t kLanes = 16;

using Vector = float __attribute__((vector_size(64)));
using Integers = std::int32_t __attribute__((vector_size(64)));
using Unaligned = float __attribute__((vector_size(64), aligned(4), may_alias));

SECATEUR_VECTOR_INLINE Vector load(const float *from)
{
    return *reinterpret_cast<const Unaligned *>(from);
}

SECATEUR_VECTOR_INLINE void store(float *to, const Vector &x)
{
    *reinterpret_cast<Unaligned *>(to) = x;
}

SECATEUR_VECTOR_INLINE Vector all(float x)
{
    return x - Vector{};
}

/// exp of numbers up to 0, to about one unit in the last place: 2^n times a polynomial of the rest (Cephes' expf).
SECATEUR_VECTOR_INLINE Vector exponential(Vector x)
{
    x = x < -87.0F ? all(-87.0F) : x;
    const Vector rounder = all(12582912.0F); // 1.5 * 2^23: what is added to it is rounded to a whole number in its lowest bits
    const Vector sum = x * 1.44269504088896341F + rounder;
    const Vector n = sum - rounder;
    const Vector rest = x - n * 0.693359375F + n * 2.12194440e-4F; // ln 2 in two parts
    Vector p = all(1.9875691500e-4F);
    p = p * rest + 1.3981999507e-3F;
    p = p * rest + 8.3334519073e-3F;
    p = p * rest + 4.1665795894e-2F;
    p = p * rest + 1.6666665459e-1F;
    p = p * rest + 5.0000001201e-1F;
    p = p * rest * rest + rest + 1.0F;
    return reinterpret_cast<Vector>(reinterpret_cast<Integers>(p) + (reinterpret_cast<Integers>(sum) << 23));
}

/// The sum of all lanes, always in the same order.
SECATEUR_VECTOR_INLINE float sumOf(const Vector &x)
{
    float sum = 0;
    for (int i = 0; i < kLanes; ++i)
        sum += x[i];
    return sum;
}

#endif

} // namespace secateur
