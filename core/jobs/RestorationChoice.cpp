// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/RestorationChoice.h"

#include "exporting/Export.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>

namespace secateur {
namespace {

using Problem = std::optional<Error>;

bool isPositive(double number)
{
    return std::isfinite(number) && number > 0;
}

/// Whether a norm stands behind a part, so that what it adds to the stream is not linear in its last product.
bool hasNormsBehind(const ModelSpec &dense)
{
    return normsPerSublayer(dense) > 1;
}

/// The model with a neuron less in one layer, where one can spare it.
ModelSpec unevenSpec(const ModelSpec &dense)
{
    std::vector<std::int64_t> widths;
    for (const LayerSpec &layer : dense.layers)
        widths.push_back(layer.neurons());
    if (const auto first = std::ranges::find_if(widths, [](std::int64_t width) { return width > 1; }); first != widths.end())
        --*first;
    return prunedSpec(dense, widths, {});
}

Problem outOfRange(const char *what, const char *hint)
{
    return Error(std::string(what) + " is out of range.", hint);
}

} // namespace

std::string stepsText(const std::vector<RestorationStep> &steps)
{
    std::string text;
    for (const RestorationStep step : steps)
        text += (text.empty() ? "" : ",") + std::string(nameOf(step));
    return text;
}

std::vector<RestorationStep> stepsOf(const std::string &list)
{
    std::vector<RestorationStep> steps;
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        const std::string name = list.substr(begin, end - begin);
        const auto *row = std::ranges::find_if(kRestorationSteps, [&](const RestorationStepRow &known) { return name == known.name; });
        if (row == kRestorationSteps.end())
            throw Error("There is no restoration step " + inQuotes(name) + ".", "Name some of r1, r2, r3, r4, r5, with commas between.");
        if (std::ranges::find(steps, row->step) != steps.end())
            throw Error("The restoration step " + name + " is named twice.", "Name each once.");
        steps.push_back(row->step);
        begin = end + 1;
    }
    std::ranges::sort(steps);
    if (steps.front() != RestorationStep::Refit)
        throw Error("The restoration step " + std::string(nameOf(steps.front())) + " needs r1: it works on refitted products.",
                    "Name r1 as well: r1," + stepsText(steps) + ".");
    return steps;
}

bool holdsWidths(const std::string &format, const ModelSpec &dense)
{
    const ModelSpec uneven = unevenSpec(dense);
    return exportProblem(format, dense, uneven).empty() && modelParameters(exportedSpec(format, dense, uneven)) == modelParameters(uneven);
}

std::vector<RestorationStep> usualSteps(PlanMethod method, const ModelSpec &dense, const std::string &format)
{
    std::vector<RestorationStep> steps = {RestorationStep::Refit};
    if (method != PlanMethod::Manual) {
        steps.push_back(RestorationStep::Order);
        if (!format.empty() && holdsWidths(format, dense))
            steps.push_back(RestorationStep::Widths);
    }
    if (!hasNormsBehind(dense))
        steps.push_back(RestorationStep::Sequential);
    return steps;
}

std::vector<RestorationSettings> variantsOf(const RestorationSettings &settings)
{
    std::vector<RestorationSettings> variants;
    for (std::size_t count = 1; count <= settings.steps.size(); ++count) {
        RestorationSettings &variant = variants.emplace_back(settings);
        variant.steps.resize(count);
        variant.isGated = false;
    }
    return variants;
}

Problem restorationProblem(const RestorationSettings &settings, const ModelSpec &dense)
{
    if (!settings.has(RestorationStep::Refit))
        return Error("A restoration needs r1, the refit: all other steps work on refitted products.", "Choose r1 as well (--restore).");
    if (settings.has(RestorationStep::Sequential) && !settings.isGated && hasNormsBehind(dense)) // a gate turns it down
        return Error("r4 cannot be done for this model: a norm stands behind each of its parts, so that no product fits the stream.",
                     "Leave r4 out (--restore r1,r2).");
    if (!isRidge(settings.ridge))
        return outOfRange("The ridge of r1", "Give a number above 0, at most a million, such as 0.001 (--restore-ridge).");
    if (!isRidge(settings.pathRidge))
        return outOfRange("The ridge of the elimination", "Give a number above 0, at most a million, such as 0.001 (--path-ridge).");
    if (!isRidge(settings.sequentialRidge))
        return outOfRange("The ridge of r4", "Give a number above 0, at most a million, such as 0.1 (--sequential-ridge).");
    if (settings.widthShare && (!isPositive(*settings.widthShare) || *settings.widthShare > 1))
        return outOfRange("The share of r3", "Give a share above 0, at most 1 (--width-share).");
    if (settings.searchWindows < 1 && settings.has(RestorationStep::Order))
        return outOfRange("The number of windows that r2 searches on", "Give 1 or more (--restore-search-windows).");
    if (settings.gateWindows < 1) // the first text, which chooses numbers, is always asked
        return outOfRange("The number of held-out windows", "Give 1 or more (--restore-windows).");
    if (settings.sequentialWindows && *settings.sequentialWindows < 1)
        return outOfRange("The number of windows of r4", "Give 1 or more (--sequential-windows).");
    return {};
}

Problem restorationProblem(const RestorationSettings &settings, const ModelSpec &dense, const std::string &format)
{
    if (settings.has(RestorationStep::Widths) && !exportProblem(format, dense, unevenSpec(dense)).empty()) {
        std::vector<std::string> others;
        for (const ExportTarget &target : exportTargets())
            if (holdsWidths(target.name, dense))
                others.push_back(target.name);
        return Error("r3 gives every layer a width of its own, which the target " + format + " does not hold.",
                     "Leave r3 out (--restore)" + (others.empty() ? "." : ", or write " + listed(others, 20, " or ") + " (--format)."));
    }
    return restorationProblem(settings, dense);
}

Problem restorationProblem(const PruningPlan &plan, const RestorationSettings &settings, const ModelSpec &dense)
{
    if (isOfBlocks(plan.method))
        return Error(std::string("This plan was found by ") + titleOf(plan.method) + ": only plans of 2SSP and by hand are restored.",
                     "Restore a plan of 2SSP, or leave this one as it is.");
    if (plan.method == PlanMethod::Restored)
        return Error("This plan is restored already, and its weights are used as they are.",
                     "Restore the plan of 2SSP that it was made from, or use this one as it is.");
    if (!plan.edits.isEmpty())
        return Error("This plan changes weights to values of its own, which a restoration would replace.",
                     "Leave it as it is, or restore a plan that changes no weights.");
    if (plan.method == PlanMethod::Manual)
        for (const RestorationStep step : {RestorationStep::Order, RestorationStep::Widths, RestorationStep::Elimination})
            if (settings.has(step))
                return Error("This plan was written by hand, and " + std::string(nameOf(step)) + " would choose again what goes.",
                             "Restore it by r1 and r4 (--restore r1,r4).");
    return restorationProblem(settings, dense);
}

} // namespace secateur
