// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/Screening.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace secateur {

Screening::Screening(const SearchRecord &record)
{
    std::set<double> losses;
    for (const SearchStep &step : record.steps)
        for (std::size_t j = 0; j < std::min(step.losses.size(), step.screened.size()); ++j)
            if (const double difference = step.screened[j] - step.losses[j]; std::isfinite(difference)) {
                losses.insert(step.losses[j]);
                m_largest = std::max(m_largest, std::abs(difference));
            }
    m_count = std::int64_t(losses.size());
}

double Screening::leastLoss(double screened) const
{
    return isTaught() ? screened - kSafety * m_largest : -std::numeric_limits<double>::infinity();
}

} // namespace secateur
