// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <algorithm>
#include <c10/util/Exception.h>
#include <cstdint>
#include <limits>
#include <vector>

namespace secateur {

/// Computes windows together, and when the device runs out of memory, fewer at a time from then on: a half, a quarter, at last one.
class WindowGroups {
public:
    /// `compute` of all windows of x, [windows, ...] to [windows, ...]. Throws OutOfMemoryError when even one window is too much.
    template <typename Compute>
    at::Tensor of(const at::Tensor &x, const Compute &compute)
    {
        for (;;) {
            const std::int64_t together = std::min(m_most, x.size(0));
            try {
                return inGroups(x, together, compute);
            } catch (const c10::OutOfMemoryError &) {
                if (together <= 1)
                    throw;
                m_most = together / 2;
            } // here all that the failed attempt held is free
        }
    }
    /// Windows that may be computed together, as far as is known.
    std::int64_t most() const { return m_most; }

private:
    template <typename Compute>
    static at::Tensor inGroups(const at::Tensor &x, std::int64_t together, const Compute &compute)
    {
        if (together >= x.size(0))
            return compute(x);
        std::vector<at::Tensor> parts;
        for (std::int64_t first = 0; first < x.size(0); first += together)
            parts.push_back(compute(x.narrow(0, first, std::min(together, x.size(0) - first))));
        return at::cat(parts);
    }

    std::int64_t m_most = std::numeric_limits<std::int64_t>::max();
};

} // namespace secateur
