// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of VectorKernels over rows, by GCC's (and Clang's) vector extension. Included by VectorKernels.cpp alone, once for each set of instructions,
// in a namespace that says: kLanes, floats of a register; SECATEUR_VECTOR, the attribute of functions that use them; SECATEUR_WIDEN_BITS,
// SECATEUR_WIDEN_HALF and SECATEUR_ROUND_TO_HALF, between 16-bit numbers and a register; SECATEUR_HAS_PAIRS where there are instructions for bf16.

using Vector = float __attribute__((vector_size(kLanes * 4)));
using Integers = std::int32_t __attribute__((vector_size(kLanes * 4)));
using Bits = std::uint32_t __attribute__((vector_size(kLanes * 4)));
using Halves = std::uint16_t __attribute__((vector_size(kLanes * 2)));
using Unaligned = float __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
using UnalignedHalves = std::uint16_t __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));

// ---- Numbers of the three types, as floats ------------------------------------------------------------------------------------

SECATEUR_VECTOR_INLINE Vector load(const float *from)
{
    return *reinterpret_cast<const Unaligned *>(from);
}

SECATEUR_VECTOR_INLINE Vector load(const c10::BFloat16 *from)
{
    return reinterpret_cast<Vector>((Bits)SECATEUR_WIDEN_BITS(Halves(*reinterpret_cast<const UnalignedHalves *>(from))) << 16);
}

SECATEUR_VECTOR_INLINE Vector load(const c10::Half *from)
{
    return (Vector)SECATEUR_WIDEN_HALF(Halves(*reinterpret_cast<const UnalignedHalves *>(from)));
}

SECATEUR_VECTOR_INLINE void store(float *to, const Vector &x)
{
    *reinterpret_cast<Unaligned *>(to) = x;
}

SECATEUR_VECTOR_INLINE Halves bfloat16Of(const Vector &x)
{
#if defined(SECATEUR_HAS_PAIRS)
    return reinterpret_cast<Halves>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(x)));
#else
    const Bits bits = reinterpret_cast<Bits>(x);
    const Bits rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16; // to the nearest, halves to even
    return __builtin_convertvector(x == x ? rounded : (bits >> 16) | 0x40U, Halves);
#endif
}

SECATEUR_VECTOR_INLINE void store(c10::BFloat16 *to, const Vector &x)
{
    *reinterpret_cast<UnalignedHalves *>(to) = bfloat16Of(x);
}

SECATEUR_VECTOR_INLINE void store(c10::Half *to, const Vector &x)
{
    *reinterpret_cast<UnalignedHalves *>(to) = (Halves)SECATEUR_ROUND_TO_HALF(x);
}

SECATEUR_VECTOR_INLINE Vector all(float x)
{
    return x - Vector{};
}

SECATEUR_VECTOR_INLINE Vector greater(const Vector &x, const Vector &y)
{
    return x > y ? x : y;
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
    return reinterpret_cast<Vector>(reinterpret_cast<Bits>(p) + (reinterpret_cast<Bits>(sum) << 23));
}

/// The sum of all lanes, always in the same order.
SECATEUR_VECTOR_INLINE float sumOf(const Vector &x)
{
    float sum = 0;
    for (int i = 0; i < kLanes; ++i)
        sum += x[i];
    return sum;
}

SECATEUR_VECTOR_INLINE float greatestOf(const Vector &x)
{
    float greatest = x[0];
    for (int i = 1; i < kLanes; ++i)
        greatest = std::max(greatest, x[i]);
    return greatest;
}

// ---- Rows ---------------------------------------------------------------------------------------------------------------------

template <typename Number>
SECATEUR_VECTOR void normRow(const Number *x, const Number *weight, Number *to, std::int64_t size, float epsilon, float more)
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

template <typename Number>
SECATEUR_VECTOR void swigluSpan(Number *gate, const Number *up, std::int64_t size)
{
    for (std::int64_t i = 0; i < size; i += kLanes) {
        const Vector g = load(gate + i);
        const Vector e = exponential(g < 0.0F ? g : -g);
        const Vector numerator = g < 0.0F ? g * e : g; // g / (1 + exp(-g)) without an exponential that overflows
        store(gate + i, numerator / (e + 1.0F) * load(up + i));
    }
}

template <typename Number>
SECATEUR_VECTOR void addSquares(const Number *x, std::int64_t stride, std::int64_t rows, std::int64_t columns, float *piece, float *sums)
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

template <typename Number>
SECATEUR_VECTOR float logSumExp(const Number *x, std::int64_t size)
{
    constexpr int kParts = 4;
    const std::int64_t inParts = size / (kParts * kLanes) * (kParts * kLanes);
    Vector most[kParts], problem = {}; // x * 0 is not a number where x is not finite
    for (Vector &part : most)
        part = all(-std::numeric_limits<float>::infinity());
    for (std::int64_t i = 0; i < inParts; i += kParts * kLanes)
        for (int part = 0; part < kParts; ++part) {
            const Vector v = load(x + i + part * kLanes);
            problem += v * 0.0F;
            most[part] = v > most[part] ? v : most[part];
        }
    for (std::int64_t i = inParts; i < size; i += kLanes) {
        const Vector v = load(x + i);
        problem += v * 0.0F;
        most[0] = v > most[0] ? v : most[0];
    }
    for (int part = 1; part < kParts; ++part)
        most[0] = most[part] > most[0] ? most[part] : most[0];
    const float greatest = greatestOf(most[0]);
    Vector sums[kParts] = {};
    for (std::int64_t i = 0; i < inParts; i += kParts * kLanes)
        for (int part = 0; part < kParts; ++part)
            sums[part] += exponential(load(x + i + part * kLanes) - greatest);
    for (std::int64_t i = inParts; i < size; i += kLanes)
        sums[0] += exponential(load(x + i) - greatest);
    return greatest + std::log(sumOf((sums[0] + sums[1]) + (sums[2] + sums[3]) + problem));
}

template <typename Number>
SECATEUR_VECTOR void rotateHead(const Number *x, const Number *cos, const Number *sin, Number *to, std::int64_t half)
{
    for (std::int64_t i = 0; i < half; i += kLanes) {
        const Vector first = load(x + i), second = load(x + half + i);
        store(to + i, first * load(cos + i) - second * load(sin + i));
        store(to + half + i, second * load(cos + half + i) + first * load(sin + half + i));
    }
}
