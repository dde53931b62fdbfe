// SPDX-License-Identifier: GPL-3.0-or-later
// Attention of VectorKernels by AMX: products of tiles, 16 rows of 32 bf16 numbers with 16 pairs of rows of 16, which add to 16 x 16 floats. Softmax is
// that of AttentionLoops.inl. Included by VectorKernels.cpp alone, after it; SECATEUR_TILES is the attribute of functions that use tiles.

constexpr std::int64_t kTile = 16, kTileNumbers = 32, kTileBytes = 64;
constexpr std::int64_t kTileQueries = 2 * kTile, kTileKeys = 2 * kTileNumbers;
constexpr std::int64_t kTilesMixed = 16; ///< of keys, whose weights stay in the first cache while all numbers of a head take them

/// What the processor is told of its eight tiles.
struct alignas(64) TileShapes {
    std::uint8_t palette = 1, startRow = 0, reserved[14] = {};
    std::uint16_t rowBytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileShapes) == 64);

/// The compiler does not know that loading a tile reads memory. This makes it finish what it has to write.
inline __attribute__((always_inline)) void tilesSeeWhatWasWritten()
{
    asm volatile("" ::: "memory");
}

/// Adds products of `count` tiles to the sums, which are tiles 0 and 1 above 2 and 3. Tiles 4 and 5 are the upper and lower rows, 6 and 7 the left and
/// right columns. A row of `rows` is `rowStride` bytes long, one of `columns` `columnStride` pairs.
template <bool kTwoColumns>
SECATEUR_TILES inline __attribute__((always_inline)) void addTiles(const void *rows, std::int64_t rowStride, const BFloat16Pair *columns,
                                                                   std::int64_t columnStride, std::int64_t count)
{
    const auto *upper = static_cast<const char *>(rows), *lower = upper + kTile * rowStride;
    const auto pairBytes = std::int64_t(sizeof(BFloat16Pair));
    for (std::int64_t i = 0; i < count; ++i) {
        const BFloat16Pair *column = columns + i * kTile * columnStride;
        _tile_loadd(4, upper + i * kTileBytes, rowStride);
        _tile_loadd(6, column, columnStride * pairBytes);
        _tile_loadd(5, lower + i * kTileBytes, rowStride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(2, 5, 6);
        if constexpr (kTwoColumns) {
            _tile_loadd(7, column + kTile, columnStride * pairBytes);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
}

/// Adds to `results`, [kTileQueries, headDim], in two (or one) columns of tiles from number d on, weights times values: `count` tiles of keys.
template <bool kTwoColumns>
SECATEUR_TILES inline __attribute__((always_inline)) void mixTiles(const AttentionBlock<c10::BFloat16, BFloat16Pair> &b, std::int64_t tile,
                                                                   std::int64_t count, std::int64_t d, float *results)
{
    const auto stride = b.headDim * std::int64_t(sizeof(float));
    float *upper = results + d, *lower = upper + kTile * b.headDim;
    _tile_loadd(0, upper, stride);
    _tile_loadd(2, lower, stride);
    if constexpr (kTwoColumns) {
        _tile_loadd(1, upper + kTile, stride);
        _tile_loadd(3, lower + kTile, stride);
    }
    addTiles<kTwoColumns>(reinterpret_cast<const c10::BFloat16 *>(b.scores) + tile * kTileNumbers, b.stride * std::int64_t(sizeof(float)),
                          b.values + tile * kTile * b.valueStride + d, b.valueStride, count);
    _tile_stored(0, upper, stride);
    _tile_stored(2, lower, stride);
    if constexpr (kTwoColumns) {
        _tile_stored(1, upper + kTile, stride);
        _tile_stored(3, lower + kTile, stride);
    }
}

SECATEUR_TILES void mixBlockByTiles(const AttentionBlock<c10::BFloat16, BFloat16Pair> &b)
{
    static constexpr TileShapes kShapes;
    const std::int64_t depth = b.depth, width = 2 * depth; // of a head in tiles
    alignas(64) c10::BFloat16 queries[kTileQueries * kWidestHead];
    alignas(64) float results[kTileQueries * kWidestHead]; // [kTileQueries, headDim]
    std::fill(queries, queries + kTileQueries * width, c10::BFloat16(0.0F));
    std::fill(results, results + kTileQueries * b.headDim, 0.0F);
    for (std::int64_t row = 0; row < b.count; ++row)
        std::copy_n(b.query + (b.first + row) * b.queryStride, b.headDim, queries + row * width);

    _tile_loadconfig(&kShapes);
    tilesSeeWhatWasWritten();
    const std::int64_t keys = b.first + b.count, panels = (keys + kTileKeys - 1) / kTileKeys;
    const auto stride = b.stride * std::int64_t(sizeof(float));
    for (std::int64_t panel = 0; panel < panels; ++panel)
        for (std::int64_t k = 0; k < kTileKeys; k += 2 * kTile) {
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
            addTiles<true>(queries, width * 2, b.panels + panel * kTileKeys * depth + k, kTileKeys, depth / kTile);
            float *upper = b.scores + panel * kTileKeys + k, *lower = upper + kTile * b.stride;
            _tile_stored(0, upper, stride);
            _tile_stored(1, upper + kTile, stride);
            _tile_stored(2, lower, stride);
            _tile_stored(3, lower + kTile, stride);
        }
    float norms[kTileQueries];
    for (std::int64_t row = 0; row < kTileQueries; ++row) // rows behind the last query are computed with the others, and left
        norms[row] = soften<BFloat16Pair>(b.scores + row * b.stride, std::min(b.first + row + 1, keys), panels * kTileKeys, b.scale);

    tilesSeeWhatWasWritten();
    const std::int64_t tiles = (keys + kTileNumbers - 1) / kTileNumbers;
    for (std::int64_t tile = 0; tile < tiles; tile += kTilesMixed) {
        const std::int64_t count = std::min(kTilesMixed, tiles - tile);
        std::int64_t d = 0;
        for (; d + 2 * kTile <= b.headDim; d += 2 * kTile)
            mixTiles<true>(b, tile, count, d, results);
        if (d < b.headDim)
            mixTiles<false>(b, tile, count, d, results);
    }
    _tile_release();
    for (std::int64_t row = 0; row < b.count; ++row)
        for (std::int64_t d = 0; d < b.headDim; d += kLanes)
            store(b.result + (b.first + row) * b.resultStride + d, load(results + row * b.headDim + d) * norms[row]);
}
