// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/Generation.h"

#include <algorithm>
#include <cmath>

namespace secateur {

std::optional<std::size_t> firstDifference(std::span<const std::int32_t> one, std::span<const std::int32_t> other)
{
    const auto [here, there] = std::ranges::mismatch(one, other);
    if (here == one.end() && there == other.end())
        return {};
    return std::size_t(here - one.begin());
}

double ScoredText::totalLoss(std::size_t model) const
{
    double sum = 0;
    for (std::size_t i = 1; i < models[model].size(); ++i)
        sum += models[model][i].loss;
    return sum;
}

double ScoredText::meanLoss(std::size_t model) const
{
    return totalLoss(model) / double(models[model].size() - 1);
}

double ScoredText::perplexity(std::size_t model) const
{
    return std::exp(meanLoss(model));
}

} // namespace secateur
