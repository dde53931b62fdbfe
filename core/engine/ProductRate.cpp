// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ProductRate.h"

#include "decoder/Products.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <chrono>

namespace secateur {

void waitFor(c10::Device device)
{
    if (!device.is_cpu())
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double productRate(std::int64_t rows, std::int64_t inner, std::int64_t columns, c10::Device device, c10::ScalarType dtype, double seconds)
{
    using Clock = std::chrono::steady_clock;
    constexpr int kAtLeast = 3, kGrouped = 10; // a GPU is waited for once in a group: waiting takes longer than a product
    const at::TensorOptions options = at::TensorOptions(device).dtype(dtype);
    const at::Tensor x = at::empty({rows, inner}, options).normal_();
    const at::Tensor weight = at::empty({columns, inner}, options).normal_();
    const int group = device.is_cpu() ? 1 : kGrouped;
    double best = 0, all = 0;
    for (int run = 0; run < kAtLeast || all < seconds; ++run) {
        waitFor(device);
        const auto start = Clock::now();
        for (int i = 0; i < group; ++i)
            product(x, weight);
        waitFor(device);
        const double each = std::chrono::duration<double>(Clock::now() - start).count() / group;
        all += each * group;
        if (run > 0) // the first finds nothing in its caches
            best = std::max(best, 2.0 * double(rows) * double(inner) * double(columns) / each);
    }
    return best;
}

} // namespace secateur
