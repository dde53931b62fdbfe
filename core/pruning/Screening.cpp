// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/Screening.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace secateur {

Screening::Screening(const SearchRecord &record)
{
    std::map<double, double> differences; // by loss: equal ones teach once
    for (const SearchStep &step : record.steps)
        for (std::size_t j = 0; j < std::min(step.losses.size(), step.screened.size()); ++j)
            if (const double difference = step.screened[j] - step.losses[j]; std::isfinite(difference))
                differences.emplace(step.losses[j], difference);
    m_count = std::int64_t(differences.size());
    for (const auto &[loss, difference] : differences)
        m_usual += difference / double(m_count);
    for (const SearchStep &step : record.steps)
        for (std::size_t j = 0; j < std::min(step.losses.size(), step.screened.size()); ++j)
            if (const double difference = step.screened[j] - step.losses[j]; std::isfinite(difference))
                m_largest = std::max(m_largest, std::abs(difference - m_usual));
}

double Screening::leastLoss(double screened) const
{
    return isTaught() ? screened - m_usual - kSafety * m_largest : -std::numeric_limits<double>::infinity();
}

} // namespace secateur
