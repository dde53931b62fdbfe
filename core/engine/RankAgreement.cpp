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

/// The values of the settings that another rank tells. Throws Error as conditionsOf() does.
std::vector<std::string> valuesOf(std::size_t rank, const std::string &said, std::size_t count)
{
    try {
        auto values = parseJson(said, "what it says", {}).get<std::vector<std::string>>();
        if (values.size() == count)
            return values;
    } catch (const std::exception &) { // told below
    }
    throw Error("Rank " + std::to_string(rank) + " runs another command or another version of the program.",
                "Start the same command and the same version on all machines.");
}

} // namespace

void agreeOnConditions(Ranks &ranks, const ComputeConditions &own, const JobContext &context)
{
    if (ranks.isAlone())
        return;
    const std::vector<std::string> all =
        ranks.exchange(toJson(own).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), context);
    const ComputeConditions first = conditionsOf(0, all.front());
    for (std::size_t rank = 1; rank < all.size(); ++rank)
        if (const ConditionDifference found = differenceOf(conditionsOf(rank, all[rank]), first); !found.isNone())
            throw Error(
                "Rank " + std::to_string(rank) + " computes " + found.one + "; rank 0 computes " + found.other + ".",
                "Start all ranks with the same settings (--device, --dtype, --threads) and the same LibTorch. ATEN_CPU_CAPABILITY=avx2 "
                "lets newer processors use the instructions of older ones.");
}

void agreeOnWork(Ranks &ranks, const std::vector<SharedSetting> &work, const JobContext &context)
{
    if (ranks.isAlone())
        return;
    nlohmann::json own = nlohmann::json::array();
    for (const SharedSetting &setting : work)
        own.push_back(setting.value);
    const std::vector<std::string> all = ranks.exchange(own.dump(), context);
    std::vector<std::vector<std::string>> said;
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        said.push_back(int(rank) == ranks.rank() ? own.get<std::vector<std::string>>() : valuesOf(rank, all[rank], work.size()));
    for (std::size_t rank = 1; rank < said.size(); ++rank)
        for (std::size_t i = 0; i < work.size(); ++i)
            if (said[rank][i] != said.front()[i])
                throw Error("Rank " + std::to_string(rank) + " has another " + work[i].name + " than rank 0.",
                            "Start all ranks with the same command and the same files.");
}

} // namespace secateur
