// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/Screening.h"

#include <algorithm>
#include <cmath>

namespace secateur {

Screening::Screening(const SearchRecord &record)
{
    for (const SearchStep &step : record.steps)
        for (std::size_t j = 0; j < std::min(step.losses.size(), step.screened.size()); ++j)
            if (const double difference = step.screened[j] - step.losses[j]; std::isfinite(difference)) {
                ++m_count;
                m_least = std::min(m_least, difference);
                m_greatest = std::max(m_greatest, difference);
            }
}

double Screening::spread() const
{
    return std::max(m_greatest - m_least, kLeastSpread);
}

double Screening::leastLoss(double screened) const
{
    return isTaught() ? screened - m_greatest - kSafety * spread() : -std::numeric_limits<double>::infinity();
}

} // namespace secateur
