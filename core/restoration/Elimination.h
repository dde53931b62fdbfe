// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// The order in which the neurons of a layer go when each time the block goes that is missed least after the rest is refitted (optimal brain surgeon, in
/// blocks). The last K of the order are the set for K.
struct EliminationPath {
    /// A block that went.
    struct Cut {
        std::int64_t remaining = 0; ///< neurons left behind it
        double error = 0;           ///< what it adds to the squared error of the ridge objective, 0 or more
    };
    std::vector<std::int64_t> order; ///< all neurons: those that went, in order, then those that never did, by index
    std::vector<Cut> cuts;           ///< in order
    double ridge = 0;                ///< a share of the mean diagonal, as it was used
    std::int64_t neurons() const { return std::int64_t(order.size()); }
    /// The set for a width, ascending.
    std::vector<std::int64_t> best(std::int64_t kept) const;
};

/// How many neurons of so many are left at the end of a path, at least 1: which of them are best is not known.
std::int64_t endOfPath(std::int64_t neurons);

/// How many neurons go at a time of so many: 16 below 1024, else a 48th.
std::int64_t eliminationBlock(std::int64_t neurons);

/// `gram`: weighted or plain, [I, I]; `down`: W, [d, I]. Goes down to endOfPath(). Of equal ones the lower index goes first: neurons that
/// never fire before all others, at error 0. `block`: neurons that go together. Computed in the type of `gram`, fp32 or fp64, on its device, with two more
/// matrices of its size; the ridge is raised tenfold where rounding asks for it. Throws as solveRidge().
EliminationPath eliminate(const at::Tensor &gram, const at::Tensor &down, double ridge, std::int64_t block, const std::string &what);

} // namespace secateur
