// SPDX-License-Identifier: GPL-3.0-or-later
#include "benchmark/ProductRates.h"

#include "benchmark/PhaseClock.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <algorithm>
#include <chrono>

namespace secateur {
namespace {

double rateOf(const ProductRate &product, at::Device device, c10::ScalarType dtype)
{
    using Clock = std::chrono::steady_clock;
    constexpr double kSeconds = 0.5;
    constexpr int kAtLeast = 3, kGrouped = 10; // a GPU is waited for once in a group: waiting takes longer than a product
    const at::TensorOptions options = at::TensorOptions(device).dtype(dtype);
    const at::Tensor x = at::empty({product.rows, product.inner}, options).normal_();
    const at::Tensor weight = at::empty({product.columns, product.inner}, options).normal_();
    const int group = device.is_cpu() ? 1 : kGrouped;
    double best = 0, all = 0;
    for (int run = 0; run < kAtLeast || all < kSeconds; ++run) {
        waitFor(device);
        const auto start = Clock::now();
        for (int i = 0; i < group; ++i)
            at::linear(x, weight);
        waitFor(device);
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / group;
        all += seconds * group;
        if (run > 0) // the first finds nothing in its caches
            best = std::max(best, 2.0 * double(product.rows) * double(product.inner) * double(product.columns) / seconds);
    }
    return best;
}

} // namespace

std::vector<ProductRate> measureProducts(const ModelSpec &spec, std::int64_t rows, at::Device device, c10::ScalarType dtype,
                                         JobContext &context)
{
    const std::int64_t d = spec.hiddenSize;
    const LayerSpec &layer = spec.layers.front();
    std::vector<ProductRate> products = {{.name = "gate and up", .rows = rows, .inner = d, .columns = layer.ffn.neurons},
                                         {.name = "down", .rows = rows, .inner = layer.ffn.neurons, .columns = d}};
    if (layer.attention) {
        const std::int64_t queries = layer.attention->heads * layer.attention->headDim;
        products.push_back({.name = "query and output", .rows = rows, .inner = d, .columns = queries});
        products.push_back(
            {.name = "key and value", .rows = rows, .inner = d, .columns = layer.attention->kvHeads * layer.attention->headDim});
    }
    constexpr std::int64_t kHeadColumns = 32768; // as much of the vocabulary as is computed at once
    products.push_back({.name = "head", .rows = rows, .inner = d, .columns = std::min(spec.vocabularySize, kHeadColumns)});
    context.begin("measure products", std::int64_t(products.size()), "products");
    for (ProductRate &product : products) {
        product.flopPerSecond = rateOf(product, device, dtype);
        context.step();
    }
    return products;
}

} // namespace secateur
