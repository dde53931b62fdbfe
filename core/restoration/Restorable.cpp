// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/Restorable.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace secateur {
namespace {

void checkSteps(const RestorationSettings &settings)
{
    if (settings.steps.empty() || settings.steps.front() != RestorationStep::Refit)
        throw Error("A restoration begins with the refit of the down products (r1); all other steps need it.", "Ask for r1 too.");
    if (std::ranges::adjacent_find(settings.steps, std::ranges::greater_equal()) != settings.steps.end())
        throw Error("The steps of the restoration are not in order, or named twice.", "Name each once: r1, r2, r3, r4, r5.");
}

void checkNumbers(const RestorationSettings &settings)
{
    const auto isRidge = [](double ridge) { return std::isfinite(ridge) && ridge > 0; };
    if (!isRidge(settings.ridge) || !isRidge(settings.pathRidge) || !isRidge(settings.sequentialRidge))
        throw Error("A ridge of the restoration is not above 0.", "Give a share of the mean diagonal, such as 0.001.");
    if (settings.widthShare && !(*settings.widthShare > 0 && *settings.widthShare <= 1))
        throw Error("The share of the width allocation is out of range.", "Give a number above 0, up to 1: 0.5 is half-way.");
    if (settings.searchWindows < 1 && settings.has(RestorationStep::Order))
        throw Error("The search of the restoration needs at least one window.", "Choose 1 or more.");
    if (settings.gateWindows < 1)
        throw Error("The restoration needs at least one window on which losses are held out.", "Choose 1 or more.");
    if (settings.sequentialWindows && *settings.sequentialWindows < 1)
        throw Error("The refit layer by layer (r4) needs at least one window.", "Choose 1 or more.");
}

} // namespace

void checkRestorable(const PruningPlan &plain, const RestorationSettings &settings)
{
    checkSteps(settings);
    checkNumbers(settings);
    if (plain.method != PlanMethod::TwoSsp && plain.method != PlanMethod::Manual)
        throw Error(plain.method == PlanMethod::Restored ? std::string("The plan is restored already.")
                                                         : "The plan was found by " + std::string(titleOf(plain.method)) +
                                                               "; only plans of 2SSP and plans by hand can be restored.",
                    plain.method == PlanMethod::Restored ? "Restore the plan that it was made from."
                                                         : "Choose a plan of 2SSP, or write it by hand.");
    if (!plain.isComplete())
        throw Error("The plan is to remove " + counted(plain.balance.attentionsToRemove, "attention") + ", and its search has found " +
                        std::to_string(plain.removedAttentions.size()) + ".",
                    "Finish its search first.");
    if (!plain.edits.isEmpty())
        throw Error("The plan changes " + counted(std::int64_t(plain.edits.list.size()), "weight") +
                        " already, and what is fitted would take their place.",
                    "Restore the plan without these changes.");
    if (plain.method != PlanMethod::Manual)
        return;
    for (const RestorationStep step : {RestorationStep::Order, RestorationStep::Widths, RestorationStep::Elimination})
        if (settings.has(step))
            throw Error("The plan was written by hand, and the step " + std::string(nameOf(step)) + " (" + titleOf(step) +
                            ") chooses what goes.",
                        "Restore it by r1 and r4 alone, which change values only.");
}

SearchSettings searchSettingsOf(const PruningPlan &plain, const RestorationSettings &settings)
{
    SearchSettings search = plain.search.settings;
    search.windows = settings.searchWindows;
    search.referenceLoss = false; // it is for comparisons with plain 2SSP
    return search;
}

} // namespace secateur
