// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/RestorationOptions.h"

#include "cli/OptionChecks.h"
#include "cli/OptionDefiner.h"
#include "foundation/Error.h"
#include "jobs/RestorationChoice.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace secateur::cli {
namespace {

constexpr const char *kAuto = "auto", *kOff = "off";

/// Takes "auto", "off", and lists of steps.
CLI::Validator restoration()
{
    return {[](std::string &text) -> std::string {
                if (text == kAuto || text == kOff)
                    return {};
                try {
                    stepsOf(text);
                    return {};
                } catch (const Error &problem) {
                    return std::string(problem.what()) + " " + problem.hint();
                }
            },
            "", "steps"};
}

CLI::Validator ridge()
{
    return finite([](double ridge) { return ridge > 0 ? nullptr : "a share above 0, such as 0.001"; });
}

void addSettings(CLI::App &c, Options &o)
{
    RestoreOptions &r = o.restore;
    c.add_flag("--restore-gate", r.isGated, "Of a list of steps: keep a step only where no text gets worse by it, as auto does");
    c.add_option("--restore-windows", r.gateWindows, "Held-out windows of each text on which the steps are measured (4)")->check(whole(1));
    c.add_option("--restore-search-windows", r.searchWindows, "Windows on which r2 searches; they follow those of the calibration (2)")
        ->check(whole(1));
    c.add_option("--restore-text", r.texts,
                 std::string("Another text on which no step may make the model worse, held out as well") + kOrName)
        ->type_name("FILE");
    c.add_option("--sequential-windows", r.sequentialWindows, "Windows of r4, from the calibration's first on (as many as that has)")
        ->check(whole(1));
    c.add_option("--restore-ridge", r.ridge, "Ridge of r1, as a share of the mean diagonal (0.001)")->check(ridge());
    c.add_option("--path-ridge", r.pathRidge, "Ridge of the elimination of r3 and r5, as a share of the mean diagonal (0.001)")
        ->check(ridge());
    c.add_option("--sequential-ridge", r.sequentialRidge, "Ridge of r4, centred on the weights of r1 (0.1)")->check(ridge());
    c.add_option("--width-share", r.widthShare, "How far r3 goes from one width to those that lose the least (0.5 or 1, by held-out loss)")
        ->check(finite([](double share) { return share > 0 && share <= 1 ? nullptr : "a share above 0, at most 1"; }));
}

/// An option and the steps of which one makes it count.
struct OfSteps {
    const char *name;
    std::vector<RestorationStep> steps;
};

std::string idleStep(const Options &o)
{
    using enum RestorationStep;
    static const std::vector<OfSteps> kOptions = {{"--restore-search-windows", {Order}},
                                                  {"--sequential-windows", {Sequential}},
                                                  {"--sequential-ridge", {Sequential}},
                                                  {"--path-ridge", {Widths, Elimination}},
                                                  {"--width-share", {Widths}}};
    const std::vector<RestorationStep> asked = stepsOf(o.restore.steps);
    for (const OfSteps &option : kOptions)
        if (o.given.contains(option.name) && std::ranges::find_first_of(asked, option.steps) == asked.end())
            return std::string(option.name) + " has no effect here: --restore names no " + nameOf(option.steps.front());
    return {};
}

} // namespace

void addRestorationOptions(CLI::App &c, Options &o)
{
    c.add_option("--restore", o.restore.steps,
                 "Make up for what pruning loses, without training and at the same size; the result is not plain 2SSP. off (the default), "
                 "auto (r1, r2, r4, and r3 where the export holds widths; each only where no text gets worse), or steps, such as r1,r2:\n"
                 "r1: refit the down products by least squares; all others need it\n"
                 "r2: search the attentions after the refit, and their number by held-out loss\n"
                 "r3: a width of its own for every layer\n"
                 "r4: refit layer by layer on what the pruned layers before give; needs many windows\n"
                 "r5: choose neurons by elimination instead of by their norms")
        ->type_name("STEPS")
        ->check(restoration());
    addSettings(c, o);
    c.add_option("--grams", o.grams, "Gram matrices of the calibration (`calibrate --save-grams`), which are summed again without them")
        ->type_name("FILE");
}

void addVariantOptions(CLI::App &c, Options &o)
{
    c.add_option("--restore", o.restore.steps,
                 "A row more for each plan of 2ssp: restored, at the same size. off (the default), auto, or steps, as of `prune`")
        ->type_name("STEPS")
        ->check(restoration());
    c.add_flag("--variants", o.areVariantsWanted,
               "Restore step by step: a row for r1, for r1,r2 and so on, to all of --restore (r1,r2,r3,r4 when not given)");
    addSettings(c, o);
}

std::string mistakeInRestoration(const Options &o)
{
    const RestoreOptions &r = o.restore;
    if (!r.isAsked() && !o.areVariantsWanted)
        for (const char *name :
             {"--restore-gate", "--restore-windows", "--restore-search-windows", "--restore-text", "--sequential-windows",
              "--restore-ridge", "--path-ridge", "--sequential-ridge", "--width-share", "--grams"})
            if (o.given.contains(name))
                return std::string(name) + " has no effect here: nothing is restored (--restore auto)";
    if (o.areVariantsWanted && r.steps == kOff)
        return "--variants and --restore off exclude each other: the variants are restored";
    if (o.areVariantsWanted && r.isGated)
        return "--restore-gate and --variants exclude each other: the variants show every step, whatever it does";
    if (!r.isAsked())
        return {};
    if (r.isGated && r.steps == kAuto)
        return "--restore-gate has no effect here: auto is gated already";
    if ((o.command == "evaluate" || o.command == "export") && o.plan.empty())
        return "--restore needs --plan: a plan is restored";
    if (o.areAllWindowsWanted && o.command != "evaluate")
        return "--restore holds out windows of the text that follow those of the calibration, and --windows all leaves none: name a number";
    return r.steps == kAuto ? std::string() : idleStep(o);
}

RestorationSettings restorationSettings(const Options &o, const TextSettings &calibration, PlanMethod method, const ModelSpec &dense,
                                        const std::string &format)
{
    const RestoreOptions &r = o.restore;
    const bool isAuto = r.steps == kAuto;
    RestorationSettings settings;
    settings.steps = isAuto ? usualSteps(method, dense, format) : stepsOf(r.steps);
    settings.isGated = isAuto || r.isGated;
    settings.ridge = r.ridge.value_or(settings.ridge);
    settings.pathRidge = r.pathRidge.value_or(settings.pathRidge);
    settings.sequentialRidge = r.sequentialRidge.value_or(settings.sequentialRidge);
    settings.widthShare = r.widthShare;
    settings.searchWindows = r.searchWindows.value_or(settings.searchWindows);
    settings.gateWindows = r.gateWindows.value_or(settings.gateWindows);
    settings.sequentialWindows = r.sequentialWindows;
    if (!r.texts.empty())
        settings.second = secondText(o, calibration, settings.gateWindows);
    return settings;
}

} // namespace secateur::cli
