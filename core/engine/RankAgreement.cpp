// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RankAgreement.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"

#include <cstddef>
#include <exception>
#include <vector>

namespace secateur {
namespace {

/// What another rank says of itself. Throws Error where it says something else, as a rank of another version does.
ComputeConditions conditionsOf(std::size_t rank, const std::string &said)
{
    try {
        return conditionsFromJson(parseJsonObject(said, "what it says", {}));
    } catch (const std::exception &) {
        throw Error("Rank " + std::to_string(rank) + " runs another version of the program.", "Start the same version on all machines.");
    }
}

} // namespace

void agreeOnConditions(Ranks &ranks, const ComputeConditions &own, const JobContext &context)
{
    if (ranks.isAlone())
        return;
    const std::vector<std::string> all = ranks.exchange(toJson(own).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), context);
    const ComputeConditions first = conditionsOf(0, all.front());
    for (std::size_t rank = 1; rank < all.size(); ++rank)
        if (const ConditionDifference found = differenceOf(conditionsOf(rank, all[rank]), first); !found.isNone())
            throw Error(
                "Rank " + std::to_string(rank) + " computes " + found.one + "; rank 0 computes " + found.other + ".",
                "Start all ranks with the same settings (--device, --dtype, --threads) and the same LibTorch. ATEN_CPU_CAPABILITY=avx2 "
                "lets newer processors use the instructions of older ones.");
}

void agreeOnWork(Ranks &ranks, const std::string &work, const JobContext &context)
{
    if (ranks.isAlone())
        return;
    const std::vector<std::string> all = ranks.exchange(work, context);
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        if (all[rank] != work)
            throw Error("Rank " + std::to_string(rank) + " has another model, text or plan than rank " + std::to_string(ranks.rank()) + ".",
                        "Start all ranks with the same command and the same files.");
}

} // namespace secateur
