// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/RestorationRecord.h"

#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>

namespace secateur {

RestorationStep restorationStepOf(const std::string &name)
{
    const auto *found = std::ranges::find_if(kRestorationSteps, [&](const RestorationStepRow &row) { return name == row.name; });
    if (found != kRestorationSteps.end())
        return found->step;
    std::vector<std::string> names;
    for (const RestorationStepRow &row : kRestorationSteps)
        names.push_back(inQuotes(row.name));
    throw Flaw("a step of its restoration is " + inQuotes(name) + ", and only " + listed(names) + " are known");
}

bool RestorationSettings::has(RestorationStep step) const
{
    return std::ranges::find(steps, step) != steps.end();
}

std::vector<RestorationStep> RestorationRecord::kept() const
{
    const auto last = std::find_if(variants.rbegin(), variants.rend(), [](const RestorationVariant &variant) { return variant.isKept; });
    return last == variants.rend() ? std::vector<RestorationStep>() : last->steps;
}

} // namespace secateur
