// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/Restorable.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
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
    if (!isRidge(settings.ridge) || !isRidge(settings.pathRidge) || !isRidge(settings.sequentialRidge))
        throw Error("A ridge of the restoration is out of range.", "Give a share of the mean diagonal above 0, such as 0.001.");
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

/// R4 has the calibration's windows where no number is given. More of them help (SmolLM2-135M at 37.5 %, 61,000 tokens instead of 28,000: perplexity 75.3 instead
/// of 78.1 on C4, 50.1 instead of 52.9 on a book), but each costs a pass of the dense model and one of what is left.
RestorationWindows restorationWindows(PlanMethod method, const RestorationSettings &settings, std::int64_t calibration)
{
    return {.calibration = calibration,
            .fitted = std::max(calibration, settings.sequentialWindows.value_or(calibration)),
            .search = method == PlanMethod::Manual ? 0 : settings.searchWindows, // by hand nothing is searched
            .heldOut = settings.gateWindows};
}

std::string inWords(const RestorationWindows &windows)
{
    std::string words = std::to_string(windows.calibration) + " of the calibration";
    if (windows.fitted > windows.calibration)
        words += ", " + std::to_string(windows.fitted - windows.calibration) + " more to fit layer by layer";
    if (windows.search > 0)
        words += ", " + std::to_string(windows.search) + " for the search";
    return words + ", and " + std::to_string(windows.heldOut) + " for held-out losses";
}

SearchSettings searchSettingsOf(const PruningPlan &plain, const RestorationSettings &settings)
{
    SearchSettings search = plain.search.settings;
    search.windows = settings.searchWindows;
    search.referenceLoss = false; // it is for comparisons with plain 2SSP
    return search;
}

} // namespace secateur
