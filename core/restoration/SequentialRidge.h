// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace secateur {

/// What was measured of the refit layer by layer (R4), in tokens for each kept neuron: with fewer than the first it did harm; up to the second it needs a
/// strong ridge, at least that one.
inline constexpr double kFewestSequentialTokens = 28, kManySequentialTokens = 100, kStrongSequentialRidge = 0.1;

/// Why so many tokens are too few for R4 with that many kept neurons, of the widest layer that is left: a sentence; empty where they are enough.
std::string tokensProblem(std::int64_t tokens, std::int64_t kept);

/// The ridge of R4 for a number of tokens.
struct SequentialRidge {
    std::optional<double> ridge{}; ///< a share of the mean diagonal; none: too few tokens, R4 is left out
    std::string note{};            ///< a sentence where it is another than the one asked for, or there is none
};

/// `tokens`: of the calibration, all windows together. `kept`: neurons of the widest layer that is left; 0 where no FFN is. `asked`: above 0.
SequentialRidge sequentialRidgeFor(std::int64_t tokens, std::int64_t kept, double asked);

} // namespace secateur
