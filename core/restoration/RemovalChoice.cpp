// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/RemovalChoice.h"

#include <algorithm>
#include <cmath>

namespace secateur {
namespace {

/// What the plan was asked for, as a share: of one whose K is by hand what it reaches, as K has to follow here.
double sparsityOf(const PruningPlan &plain)
{
    return plain.settings.neuronsKept ? plain.balance.sparsityLayers() : plain.settings.sparsity;
}

} // namespace

std::vector<std::int64_t> removalCandidates(const ModelSpec &dense, const PruningPlan &plain)
{
    const std::int64_t all = plain.balance.attentionsToRemove;
    std::vector<std::int64_t> candidates{all};
    if (all == 0)
        return candidates;
    const BalanceBounds bounds = boundsOf(dense, sparsityOf(plain), plain.settings.alpha);
    const std::int64_t least = std::max(bounds.leastAttentions, std::int64_t(plain.search.settings.forcedLayers.size()));
    for (const double share : {0.5, 0.25, 0.0}) {
        const std::int64_t n = std::max<std::int64_t>(least, std::llround(share * double(all)));
        if (n < candidates.back() && n <= bounds.mostAttentions)
            candidates.push_back(n);
    }
    return candidates;
}

SparsityBalance balanceAtSize(const ModelSpec &dense, const PruningPlan &plain, std::int64_t attentionsToRemove)
{
    if (attentionsToRemove == plain.balance.attentionsToRemove)
        return plain.balance;
    BalanceSettings settings = plain.settings;
    settings.sparsity = sparsityOf(plain);
    settings.attentionsToRemove = attentionsToRemove;
    settings.neuronsKept.reset();
    SparsityBalance result = balance(dense, settings);
    while (result.layerParameters > plain.balance.layerParameters && result.neuronsKept > settings.widthMultiple) {
        settings.neuronsKept = result.neuronsKept - settings.widthMultiple;
        result = balance(dense, settings);
    }
    result.leastAttentions = plain.balance.leastAttentions;
    result.mostAttentions = plain.balance.mostAttentions;
    return result;
}

} // namespace secateur
