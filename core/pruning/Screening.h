// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <cstdint>

namespace secateur {

/// What a search has learnt of the difference between the losses by which it screens, in 16 bits, and those by which it decides: of all
/// candidates whose two losses its record holds. Most of a difference is the same for all candidates, which decides nothing: what counts is how far one is
/// from the mean of them.
class Screening {
public:
    explicit Screening(const SearchRecord &record);

    /// The least loss that a candidate with this screened loss, or a bound of it, may have: the usual difference and kSafety times the largest
    /// deviation from it below. Minus infinity until it is taught.
    double leastLoss(double screened) const;
    /// Whether enough differences are known that the largest means something. Candidates of equal losses, such as attentions that do nothing, teach once.
    bool isTaught() const { return m_count >= kTaught; }
    /// How far above the lowest screened loss a candidate may still be the best, about; for what is to be learnt, far.
    double width() const { return isTaught() ? (kSafety + 1) * m_largest : kFirstWidth; }
    /// Differences that are to be learnt before it is taught.
    std::int64_t wanted() const { return m_count < kTaught ? kTaught - m_count : 0; }

private:
    static constexpr std::int64_t kTaught = 6;
    /// By the losses of a whole search in both types and 3,000 parts of it (SmolLM2), and by 1,500 made-up searches of each of 12 kinds with wide tails: a
    /// wrong decision in 1 of 1,000 of the worst kind, none in the others.
    static constexpr double kSafety = 4;
    static constexpr double kLeast = 1e-3;      ///< nats a token: a deviation that is always reckoned with
    static constexpr double kFirstWidth = 0.05; ///< nats a token

    std::int64_t m_count = 0;  ///< of different losses
    double m_usual = 0;        ///< difference, their mean; nats a token
    double m_largest = kLeast; ///< deviation from it
};

} // namespace secateur
