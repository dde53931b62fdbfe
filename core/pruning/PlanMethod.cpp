// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PlanMethod.h"

#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <vector>

namespace secateur {

PlanMethod planMethodOf(const std::string &name)
{
    const auto *found = std::ranges::find_if(kPlanMethods, [&](const PlanMethodRow &row) { return name == row.name; });
    if (found != kPlanMethods.end())
        return found->method;
    std::vector<std::string> names;
    for (const PlanMethodRow &row : kPlanMethods)
        names.push_back(inQuotes(row.name));
    throw Flaw("its method is " + inQuotes(name) + ", and only " + listed(names) + " are known");
}

} // namespace secateur
