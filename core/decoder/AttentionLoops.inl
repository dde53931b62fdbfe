// SPDX-License-Identifier: GPL-3.0-or-later
// Attention of VectorKernels by vector registers: of floats, or of pairs of bf16 numbers. Included by VectorKernels.cpp alone, after VectorLoops.inl, in a
// namespace that says besides: kScoreRows, kScoreVectors and kMixVectors, the blocks in which products are summed.

constexpr std::int64_t kQueries = 24, kKeys = 48;
constexpr std::int64_t kFactorsMixed = 96; ///< whose values stay in the first cache while a block's queries take them

SECATEUR_VECTOR_INLINE Vector loadFactors(const float *from)
{
    return load(from);
}

SECATEUR_VECTOR_INLINE Vector allFactors(const float *from)
{
    return all(*from);
}

SECATEUR_VECTOR_INLINE void addProduct(Vector &sum, const Vector &x, const Vector &y, const float *)
{
    sum += x * y;
}

#if defined(SECATEUR_HAS_PAIRS)
// Pairs travel in registers as what they are 32 bits of.

SECATEUR_VECTOR_INLINE Vector loadFactors(const BFloat16Pair *from)
{
    return load(reinterpret_cast<const float *>(from));
}

SECATEUR_VECTOR_INLINE Vector allFactors(const BFloat16Pair *from)
{
    return reinterpret_cast<Vector>(_mm512_set1_epi32(*reinterpret_cast<const __attribute__((may_alias)) std::int32_t *>(from)));
}

SECATEUR_VECTOR_INLINE void addProduct(Vector &sum, const Vector &x, const Vector &y, const BFloat16Pair *)
{
    sum = reinterpret_cast<Vector>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), (__m512bh)x, (__m512bh)y));
}
#endif

/// Scores of kScoreRows queries, columns of `queries` [headDim / n, kQueries], with kScoreVectors * kLanes keys of a panel [headDim / n, kKeys].
template <typename Factor>
SECATEUR_VECTOR_INLINE void score(const Factor *queries, std::int64_t depth, const Factor *panel, float *scores, std::int64_t stride)
{
    Vector sums[kScoreRows][kScoreVectors] = {};
    for (std::int64_t d = 0; d < depth; ++d) {
        Vector keys[kScoreVectors];
#pragma GCC unroll 4
        for (int part = 0; part < kScoreVectors; ++part)
            keys[part] = loadFactors(panel + d * kKeys + part * kLanes);
#pragma GCC unroll 8
        for (int row = 0; row < kScoreRows; ++row) {
            const Vector factor = allFactors(queries + d * kQueries + row);
#pragma GCC unroll 4
            for (int part = 0; part < kScoreVectors; ++part)
                addProduct(sums[row][part], factor, keys[part], queries);
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < kScoreRows; ++row)
#pragma GCC unroll 4
        for (int part = 0; part < kScoreVectors; ++part)
            store(scores + row * stride + part * kLanes, sums[row][part]);
}

/// 2^x of numbers up to 0, to about two units in the last place of weights that count: x is not split, so tiny results are less exact.
SECATEUR_VECTOR_INLINE Vector powerOfTwo(Vector x)
{
    x = x < -126.0F ? all(-126.0F) : x;
    const Vector rounder = all(12582912.0F);
    const Vector sum = x + rounder, rest = x - (sum - rounder);
    Vector p = all(1.5403530e-4F); // Taylor's series of 2^rest, to the sixth power
    p = p * rest + 1.3333558e-3F;
    p = p * rest + 9.6181291e-3F;
    p = p * rest + 5.5504109e-2F;
    p = p * rest + 2.4022651e-1F;
    p = p * rest + 6.9314718e-1F;
    p = p * rest + 1.0F;
    return reinterpret_cast<Vector>(reinterpret_cast<Bits>(p) + (reinterpret_cast<Bits>(sum) << 23));
}

SECATEUR_VECTOR_INLINE void storeWeights(float *to, const Vector &x, const float *)
{
    store(to, x);
}

/// In the front half of the room that their scores had.
SECATEUR_VECTOR_INLINE void storeWeights(float *to, const Vector &x, const BFloat16Pair *)
{
    store(reinterpret_cast<c10::BFloat16 *>(to), x);
}

/// Makes weights of one query's scores, in their place, of which `seen` count and the rest of the `computed` become 0. Returns what the weights have
/// to be multiplied with to sum to 1.
template <typename Factor>
SECATEUR_VECTOR_INLINE float soften(float *scores, std::int64_t seen, std::int64_t computed, float scale)
{
    constexpr float kLog2E = 1.44269504F;
    constexpr int kParts = 4; // so that none waits for the one before
    constexpr std::int64_t kNumbers = kNumbersOf<Factor>;
    constexpr const Factor *kKind = nullptr;
    Integers lane;
    for (int i = 0; i < kLanes; ++i)
        lane[i] = i;
    const std::int64_t whole = seen / kLanes * kLanes, inParts = seen / (kParts * kLanes) * (kParts * kLanes);
    const Integers isSeen = lane < std::int32_t(seen - whole);
    const Vector nothing = all(-std::numeric_limits<float>::infinity());
    Vector most[kParts], problem = {}; // x * 0 is not a number where x is not finite
#pragma GCC unroll 4
    for (int part = 0; part < kParts; ++part)
        most[part] = nothing;
    for (std::int64_t k = 0; k < inParts; k += kParts * kLanes)
#pragma GCC unroll 4
        for (int part = 0; part < kParts; ++part) {
            const Vector x = load(scores + k + part * kLanes);
            problem += x * 0.0F;
            most[part] = greater(x, most[part]);
        }
    for (std::int64_t k = inParts; k < whole; k += kLanes) {
        const Vector x = load(scores + k);
        problem += x * 0.0F;
        most[0] = greater(x, most[0]);
    }
    if (whole < seen) {
        const Vector x = load(scores + whole);
        problem += isSeen ? x * 0.0F : Vector{};
        most[0] = greater(isSeen ? x : nothing, most[0]);
    }
    const float greatest = greatestOf(greater(greater(most[0], most[1]), greater(most[2], most[3])));
    const float factor = scale * kLog2E;
    Vector sums = {};
    for (std::int64_t k = 0; k < whole; k += kLanes) {
        const Vector weight = powerOfTwo((load(scores + k) - greatest) * factor);
        storeWeights(scores + k / kNumbers, weight, kKind);
        sums += weight;
    }
    if (whole < seen) {
        const Vector weight = isSeen ? powerOfTwo((load(scores + whole) - greatest) * factor) : Vector{};
        storeWeights(scores + whole / kNumbers, weight, kKind);
        sums += weight;
    }
    for (std::int64_t k = (seen + kLanes - 1) / kLanes * kLanes; k < computed; k += kLanes)
        storeWeights(scores + k / kNumbers, Vector{}, kKind);
    sums += problem;
    return 1 / sumOf(sums);
}

/// Adds to the results of some queries, in kVectors * kLanes of their numbers, their weighted sum of values: `count` factors of them.
template <int kRows, int kVectors, typename Factor>
SECATEUR_VECTOR_INLINE void mix(const float *weights, std::int64_t stride, const Factor *values, std::int64_t valueStride,
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
            value[part] = loadFactors(values + k * valueStride + part * kLanes);
#pragma GCC unroll 24
        for (int row = 0; row < kRows; ++row) {
            const Vector weight = allFactors(reinterpret_cast<const Factor *>(weights + row * stride) + k);
#pragma GCC unroll 8
            for (int part = 0; part < kVectors; ++part)
                addProduct(sums[row][part], weight, value[part], values);
        }
    }
#pragma GCC unroll 24
    for (int row = 0; row < kRows; ++row)
#pragma GCC unroll 8
        for (int part = 0; part < kVectors; ++part)
            store(results + row * headDim + part * kLanes, sums[row][part]);
}

/// Adds to `results`, [kQueries, headDim], the weighted sums of all values, by strips of kVectors * kLanes numbers of a head.
template <int kVectors, typename Number, typename Factor>
SECATEUR_VECTOR_INLINE void mixStrips(const AttentionBlock<Number, Factor> &b, float *results)
{
    constexpr std::int64_t kRows = kScoreRows * kScoreVectors / kVectors, kStrip = kVectors * kLanes, kNumbers = kNumbersOf<Factor>;
    static_assert(kQueries % kRows == 0);
    const std::int64_t factors = (b.first + b.count + kNumbers - 1) / kNumbers; // a row's weights are 0 behind the keys that it sees
    for (std::int64_t k = 0; k < factors; k += kFactorsMixed)
        for (std::int64_t d = 0; d < b.headDim; d += kStrip)
            for (std::int64_t row = 0; row < b.count; row += kRows)
                if (const std::int64_t seen = std::min(factors, (b.first + row + kRows + kNumbers - 1) / kNumbers) - k; seen > 0)
                    mix<kRows, kVectors>(b.scores + row * b.stride + k, b.stride, b.values + k * b.valueStride + d, b.valueStride,
                                         std::min(seen, kFactorsMixed), results + row * b.headDim + d, b.headDim);
}

template <typename Number>
SECATEUR_VECTOR_INLINE void setFactor(float &to, const Number *from)
{
    to = float(*from);
}

SECATEUR_VECTOR_INLINE void setFactor(BFloat16Pair &to, const c10::BFloat16 *from)
{
    to = {from[0], from[1]};
}

template <typename Number, typename Factor>
SECATEUR_VECTOR void mixBlock(const AttentionBlock<Number, Factor> &b)
{
    constexpr std::int64_t kNumbers = kNumbersOf<Factor>;
    const std::int64_t depth = b.depth;
    static_assert(kKeys % (kScoreVectors * kLanes) == 0 && kQueries % kScoreRows == 0);
    alignas(64) Factor queries[kWidestHead / kNumbers * kQueries]; // [headDim / n, kQueries]
    alignas(64) float results[kQueries * kWidestHead];             // [kQueries, headDim]
    std::fill(queries, queries + depth * kQueries, Factor{});
    std::fill(results, results + b.headDim * kQueries, 0.0F);
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < depth; ++d)
            setFactor(queries[d * kQueries + row], b.query + (b.first + row) * b.queryStride + d * kNumbers);

    const std::int64_t keys = b.first + b.count, panels = (keys + kKeys - 1) / kKeys;
    for (std::int64_t panel = 0; panel < panels; ++panel)
        for (std::int64_t k = 0; k < kKeys; k += kScoreVectors * kLanes)
            for (std::int64_t row = 0; row < kQueries; row += kScoreRows)
                score(queries + row, depth, b.panels + panel * kKeys * depth + k, b.scores + row * b.stride + panel * kKeys + k, b.stride);
    float norms[kQueries];
    for (std::int64_t row = 0; row < kQueries; ++row) // rows behind the last query are computed with the others, and left
        norms[row] = soften<Factor>(b.scores + row * b.stride, std::min(b.first + row + 1, keys), panels * kKeys, b.scale);

    if (b.headDim % (kMixVectors * kLanes) == 0)
        mixStrips<kMixVectors>(b, results);
    else if (kMixVectors > 2 && b.headDim % (3 * kLanes) == 0)
        mixStrips<3>(b, results);
    else if (b.headDim % (2 * kLanes) == 0)
        mixStrips<2>(b, results);
    else
        mixStrips<1>(b, results);
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < b.headDim; d += kLanes)
            store(b.result + (b.first + row) * b.resultStride + d, load(results + row * b.headDim + d) * norms[row]);
}
