// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <cstdint>
#include <limits>

namespace secateur {

/// What a search has learnt of the difference between the losses by which it screens, in 16 bits, and those by which it decides: of all
/// candidates whose two losses its record holds.
///
/// 16-bit states and weights shift all losses of a model alike and each a little on its own. So what counts is the spread of the
/// differences, not their size.
class Screening {
public:
    explicit Screening(const SearchRecord &record);

    /// The least loss that a candidate with this screened loss, or a bound of it, may have: as far below as the largest difference known, and
    /// kSafety times the spread of all. Minus infinity until it is taught.
    double leastLoss(double screened) const;
    /// Whether enough differences are known that the spread means something.
    bool isTaught() const { return m_count >= kTaught; }
    /// How far above the lowest screened loss a candidate may still be the best, about; for what is to be learnt, far.
    double width() const { return isTaught() ? (kSafety + 1) * spread() : kFirstWidth; }
    /// Differences that make it taught.
    static constexpr std::int64_t kTaught = 4;

private:
    static constexpr double kSafety = 2;         ///< the spread of four is about twice their deviation: four deviations beyond the largest
    static constexpr double kLeastSpread = 1e-3; ///< nats a token, where the first few agree by chance
    static constexpr double kFirstWidth = 0.05;  ///< nats a token

    double spread() const;

    std::int64_t m_count = 0;
    double m_least = std::numeric_limits<double>::infinity(), m_greatest = -std::numeric_limits<double>::infinity(); ///< differences
};

} // namespace secateur
