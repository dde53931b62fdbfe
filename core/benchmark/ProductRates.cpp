// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/ProductRates.h"

#include "engine/ProductRate.h"

#include <algorithm>

namespace secateur {
std::vector<ProductRate> measureProducts(const ModelSpec &spec, std::int64_t rows, at::Device device, c10::ScalarType dtype,
                                         JobContext &context)
{
    const std::int64_t d = spec.hiddenSize;
    const LayerSpec &layer = spec.layers.front();
    std::vector<ProductRate> products;
    if (layer.ffn)
        products = {{.name = "gate and up", .rows = rows, .inner = d, .columns = layer.ffn->neurons},
                    {.name = "down", .rows = rows, .inner = layer.ffn->neurons, .columns = d}};
    if (layer.attention) {
        const std::int64_t queries = layer.attention->heads * layer.attention->headDim;
        products.push_back({.name = "query and output", .rows = rows, .inner = d, .columns = queries});
        products.push_back(
            {.name = "key and value", .rows = rows, .inner = d, .columns = layer.attention->kvHeads * layer.attention->headDim});
    }
    constexpr std::int64_t kHeadColumns = 32768; // as much of the vocabulary as is computed at once
    products.push_back({.name = "head", .rows = rows, .inner = d, .columns = std::min(spec.vocabularySize, kHeadColumns)});
    constexpr double kSeconds = 0.5; // for each
    context.begin("measure products", std::int64_t(products.size()), "products");
    for (ProductRate &product : products) {
        product.flopPerSecond = productRate(product.rows, product.inner, product.columns, device, dtype, kSeconds);
        context.step();
    }
    return products;
}

} // namespace secateur
