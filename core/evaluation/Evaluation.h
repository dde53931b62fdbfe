// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace secateur {

/// Perplexity on a text: exp of the mean cross entropy over all predicted tokens of windows that do not overlap.
struct Evaluation {
    double loss = 0; ///< mean, nats per token
    double perplexity = 0;
    std::int64_t tokens = 0; ///< predicted
    std::int64_t windows = 0, length = 0;
    std::string tokenHash;
};

} // namespace secateur
