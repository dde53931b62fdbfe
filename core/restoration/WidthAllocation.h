// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace secateur {

/// What a layer loses on its way down: (neurons left, error of the cut that left so many), falling.
using LossPath = std::vector<std::pair<std::int64_t, double>>;

/// R3: widths of `neurons.size()` layers that sum to L * K, K = `perLayer`, cheapest cuts first: the marginal error of a layer is the running maximum over
/// its path of error per neuron; of all layers the cheapest next block goes until the sum is reached, the last one in part. Of equal ones the layer goes of
/// which more is left, then the lower one, so that equal layers stay within a block of each other. `share`: how far from K to that, in (0, 1]; what rounding
/// down leaves goes to the layers with the largest remainder. `multiple`: widths are multiples of it where it is above 1, but for one layer at most, which
/// gets what is left over. Every width lies between 1 and the layer's neurons. Throws std::invalid_argument where there are no such widths, the sum lies
/// below the ends of the paths, or a path is none.
std::vector<std::int64_t> allocateWidths(const std::vector<std::int64_t> &neurons, const std::vector<LossPath> &paths,
                                         std::int64_t perLayer, double share, std::int64_t multiple = 1);

} // namespace secateur
