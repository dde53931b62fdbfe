// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of VectorKernels, by GCC's (and Clang's) vector extension. Included by VectorKernels.cpp alone, once for each set of instructions, in a
// namespace that says: kLanes, floats of a register; SECATEUR_VECTOR, the attribute of functions that use them; kScoreRows, kScoreVectors and
// kMixVectors, the blocks in which products are summed.

#define SECATEUR_VECTOR_INLINE inline __attribute__((always_inline)) SECATEUR_VECTOR

using Vector = float __attribute__((vector_size(kLanes * 4)));
using Integers = std::int32_t __attribute__((vector_size(kLanes * 4)));
using Bits = std::uint32_t __attribute__((vector_size(kLanes * 4)));
using Unaligned = float __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

constexpr std::int64_t kQueries = VectorKernels::kQueriesOfBlock, kKeys = VectorKernels::kKeysOfPanel;
constexpr std::int64_t kKeysMixed = 96; ///< whose values stay in the first cache while a block's queries take them

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

SECATEUR_VECTOR float logSumExp(const float *x, std::int64_t size)
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

SECATEUR_VECTOR void rotateHead(const float *x, const float *cos, const float *sin, float *to, std::int64_t half)
{
    for (std::int64_t i = 0; i < half; i += kLanes) {
        const Vector first = load(x + i), second = load(x + half + i);
        store(to + i, first * load(cos + i) - second * load(sin + i));
        store(to + half + i, second * load(cos + half + i) + first * load(sin + half + i));
    }
}

// ---- Attention ----------------------------------------------------------------------------------------------------------------

/// Scores of kScoreRows queries, columns of `queries` [headDim, kQueries], with kScoreVectors * kLanes keys of a panel [headDim, kKeys].
SECATEUR_VECTOR_INLINE void score(const float *queries, std::int64_t headDim, const float *panel, float *scores, std::int64_t stride)
{
    Vector sums[kScoreRows][kScoreVectors] = {};
    for (std::int64_t d = 0; d < headDim; ++d) {
        Vector keys[kScoreVectors];
#pragma GCC unroll 4
        for (int part = 0; part < kScoreVectors; ++part)
            keys[part] = load(panel + d * kKeys + part * kLanes);
#pragma GCC unroll 8
        for (int row = 0; row < kScoreRows; ++row) {
            const Vector factor = all(queries[d * kQueries + row]);
#pragma GCC unroll 4
            for (int part = 0; part < kScoreVectors; ++part)
                sums[row][part] += factor * keys[part];
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < kScoreRows; ++row)
#pragma GCC unroll 4
        for (int part = 0; part < kScoreVectors; ++part)
            store(scores + row * stride + part * kLanes, sums[row][part]);
}

/// Makes weights of one query's scores, of which `seen` count and the rest of the `computed` become 0. Returns what the weights have to be
/// multiplied with to sum to 1.
SECATEUR_VECTOR_INLINE float soften(float *scores, std::int64_t seen, std::int64_t computed)
{
    Integers lane;
    for (int i = 0; i < kLanes; ++i)
        lane[i] = i;
    const std::int64_t whole = seen / kLanes * kLanes, behind = (seen + kLanes - 1) / kLanes * kLanes;
    const Integers isSeen = lane < std::int32_t(seen - whole);
    Vector most = all(-std::numeric_limits<float>::infinity()), problem = {}; // x * 0 is not a number where x is not finite
    for (std::int64_t k = 0; k < whole; k += kLanes) {
        const Vector x = load(scores + k);
        problem += x * 0.0F;
        most = x > most ? x : most;
    }
    if (whole < seen) {
        const Vector x = load(scores + whole);
        problem += isSeen ? x * 0.0F : Vector{};
        const Vector masked = isSeen ? x : all(-std::numeric_limits<float>::infinity());
        most = masked > most ? masked : most;
    }
    const float greatest = greatestOf(most);
    Vector sums = {};
    for (std::int64_t k = 0; k < whole; k += kLanes) {
        const Vector weight = exponential(load(scores + k) - greatest);
        store(scores + k, weight);
        sums += weight;
    }
    if (whole < seen) {
        const Vector weight = isSeen ? exponential(load(scores + whole) - greatest) : Vector{};
        store(scores + whole, weight);
        sums += weight;
    }
    for (std::int64_t k = behind; k < computed; k += kLanes)
        store(scores + k, Vector{});
    sums += problem;
    return 1 / sumOf(sums);
}

/// Adds to the results of some queries, in kVectors * kLanes of their numbers, their weighted sum of `count` values.
template <int kRows, int kVectors>
SECATEUR_VECTOR_INLINE void mix(const float *weights, std::int64_t stride, const float *values, std::int64_t valueStride,
                                std::int64_t count, float *results, std::int64_t headDim)
{
    Vector sums[kRows][kVectors];
#pragma GCC unroll 24
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            sums[row][part] = load(results + row * headDim + part * kLanes);
    for (std::int64_t k = 0; k < count; ++k) {
        Vector value[kVectors];
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            value[part] = load(values + k * valueStride + part * kLanes);
#pragma GCC unroll 24
        for (int row = 0; row < kRows; ++row) {
            const Vector weight = all(weights[row * stride + k]);
#pragma GCC unroll 8
            for (int part = 0; part < kVectors; ++part)
                sums[row][part] += weight * value[part];
        }
    }
#pragma GCC unroll 24
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            store(results + row * headDim + part * kLanes, sums[row][part]);
}

/// Adds to `results`, [kQueries, headDim], the weighted sums of all values, by strips of kVectors * kLanes numbers of a head.
template <int kVectors>
SECATEUR_VECTOR_INLINE void mixStrips(const AttentionBlock &b, float *results)
{
    constexpr std::int64_t kRows = kScoreRows * kScoreVectors / kVectors, kStrip = kVectors * kLanes;
    static_assert(kQueries % kRows == 0);
    const std::int64_t keys = b.first + b.count;
    for (std::int64_t k = 0; k < keys; k += kKeysMixed)
        for (std::int64_t d = 0; d < b.headDim; d += kStrip)
            for (std::int64_t row = 0; row < b.count; row += kRows)
                if (const std::int64_t seen = std::min(keys, b.first + row + kRows) - k; seen > 0)
                    mix<kRows, kVectors>(b.scores + row * b.stride + k, b.stride, b.value + k * b.valueStride + d, b.valueStride,
                                         std::min(seen, kKeysMixed), results + row * b.headDim + d, b.headDim);
}

SECATEUR_VECTOR void mixBlock(const AttentionBlock &b)
{
    alignas(64) float queries[VectorKernels::kWidestHead * kQueries]; // [headDim, kQueries]
    alignas(64) float results[kQueries * VectorKernels::kWidestHead]; // [kQueries, headDim]
    std::fill(queries, queries + b.headDim * kQueries, 0.0F);
    std::fill(results, results + b.headDim * kQueries, 0.0F);
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < b.headDim; ++d)
            queries[d * kQueries + row] = b.query[(b.first + row) * b.queryStride + d] * b.scale;

    const std::int64_t keys = b.first + b.count, panels = (keys + kKeys - 1) / kKeys;
    for (std::int64_t panel = 0; panel < panels; ++panel)
        for (std::int64_t k = 0; k < kKeys; k += kScoreVectors * kLanes)
            for (std::int64_t row = 0; row < kQueries; row += kScoreRows)
                score(queries + row, b.headDim, b.panels + panel * kKeys * b.headDim + k, b.scores + row * b.stride + panel * kKeys + k,
                      b.stride);
    float factors[kQueries];
    for (std::int64_t row = 0; row < kQueries; ++row) // rows behind the last query are computed with the others, and left
        factors[row] = soften(b.scores + row * b.stride, std::min(b.first + row + 1, keys), panels * kKeys);

    if (b.headDim % (kMixVectors * kLanes) == 0)
        mixStrips<kMixVectors>(b, results);
    else if (kMixVectors > 2 && b.headDim % (3 * kLanes) == 0)
        mixStrips<3>(b, results);
    else if (b.headDim % (2 * kLanes) == 0)
        mixStrips<2>(b, results);
    else
        mixStrips<1>(b, results);
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < b.headDim; ++d)
            b.result[(b.first + row) * b.resultStride + d] = results[row * b.headDim + d] * factors[row];
}

constexpr VectorKernels kKernels = {normRow, gateSpan, addSquares, logSumExp, rotateHead, mixBlock};

#undef SECATEUR_VECTOR_INLINE
