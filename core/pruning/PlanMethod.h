// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>

namespace secateur {

/// How a plan was found.
enum class PlanMethod {
    TwoSsp,      ///< by neuron scores, the balance rule and a search of attentions
    Manual,      ///< written by hand: any part of any layer may be absent, and every layer has a width of its own
    Restored,    ///< by 2SSP, and what that loses is made up for in closed form (RestorationRecord): not plain 2SSP
    ShortGpt,    ///< the layers go that change their input least (arXiv 2403.03853)
    Window,      ///< the consecutive layers go that lie between the most similar states (arXiv 2403.17887)
    BlockPruner, ///< attentions and FFNs go in turn, each time the one whose removal leaves the lowest loss (arXiv 2406.10594)
    EvoPress     ///< attentions and FFNs go that an evolutionary search chose (arXiv 2410.14649)
};

/// A row of the table of methods.
struct PlanMethodRow {
    PlanMethod method;
    const char *name;  ///< in files and on the command line: "shortgpt"
    const char *title; ///< as its paper writes it: "ShortGPT"
};
/// In the order of PlanMethod.
inline constexpr std::array kPlanMethods = {
    PlanMethodRow{PlanMethod::TwoSsp, "2ssp", "2SSP"},
    PlanMethodRow{PlanMethod::Manual, "manual", "By hand"},
    PlanMethodRow{PlanMethod::Restored, "restored", "2SSP, restored"},
    PlanMethodRow{PlanMethod::ShortGpt, "shortgpt", "ShortGPT"},
    PlanMethodRow{PlanMethod::Window, "window", "Sliding window"},
    PlanMethodRow{PlanMethod::BlockPruner, "blockpruner", "BlockPruner"},
    PlanMethodRow{PlanMethod::EvoPress, "evopress", "EvoPress"},
};
inline const char *nameOf(PlanMethod method)
{
    return kPlanMethods[std::size_t(method)].name;
}
inline const char *titleOf(PlanMethod method)
{
    return kPlanMethods[std::size_t(method)].title;
}
/// Throws Flaw that lists the names for one that none has.
PlanMethod planMethodOf(const std::string &name);
/// Whether it removes whole attentions and FFNs, by a BlockRecord.
constexpr bool isOfBlocks(PlanMethod method)
{
    return method >= PlanMethod::ShortGpt;
}
/// Whether one pass over the model, of which the states behind the layers are compared, decides for all sizes.
constexpr bool isByStates(PlanMethod method)
{
    return method == PlanMethod::ShortGpt || method == PlanMethod::Window;
}

} // namespace secateur
