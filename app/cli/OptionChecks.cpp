// SPDX-License-Identifier: GPL-3.0-or-later
// What is checked of a command line beyond what CLI11 can say by itself.
#include "cli/OptionChecks.h"

#include "cli/MethodOptions.h"
#include "cli/PlaygroundOptions.h"
#include "cli/RestorationOptions.h"
#include "cli/TaskOptions.h"
#include "engine/EngineChecks.h"
#include "engine/Forecast.h"
#include "exporting/Export.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <regex>
#include <utility>
#include <vector>

namespace secateur::cli {
namespace {

/// Options that cannot hold together. Empty when all can.
std::string contradiction(const Options &o)
{
    const std::string &screen = o.engine.screening, &dtype = o.engine.dtype;
    const bool isScreening = screen != "auto" && screen != "none";
    if (o.areAllLossesWanted && isScreening)
        return "--all-losses and --screen " + screen + " exclude each other: a search that screens does not compute all losses";
    if (o.areAllLossesWanted && o.versus.starts_with("screen=") && o.versus != "screen=none" && o.versus != "screen=auto")
        return "--all-losses and --versus " + o.versus + " exclude each other: a search that screens does not compute all losses";
    if (o.lossType == "reference" && isScreening)
        return "--loss-dtype reference and --screen " + screen + " exclude each other: the reference loss cannot be screened";
    if (isScreening && (dtype == "bfloat16" || dtype == "float16"))
        return "--screen " + screen + " and --dtype " + dtype + " exclude each other: the type for screening must be the narrower one";
    const std::vector<std::int64_t> none, forcedLayers = o.forcedLayers.value_or(none), protectedLayers = o.protectedLayers.value_or(none);
    for (const auto &[option, layers] : {std::pair("--force", &forcedLayers), std::pair("--protect", &protectedLayers)})
        for (const std::int64_t layer : *layers)
            if (std::ranges::count(*layers, layer) > 1)
                return "layer " + std::to_string(layer) + " is named twice in " + option;
    for (const std::int64_t layer : forcedLayers)
        if (std::ranges::find(protectedLayers, layer) != protectedLayers.end())
            return "layer " + std::to_string(layer) + " is in --force and in --protect; name it in one of them only";
    if (o.remove && std::int64_t(forcedLayers.size()) > *o.remove)
        return "--force names " + counted(std::int64_t(forcedLayers.size()), "layer") + ", and --remove removes " +
               std::to_string(*o.remove);
    return {};
}

/// An option that may decide nothing beside the others.
struct Idle {
    const char *name;
    bool isIdle;
    const char *reason;
};

/// What is to be said of those that were given and decide nothing.
std::vector<std::string> idleAmong(const Options &o, std::initializer_list<Idle> options)
{
    std::vector<std::string> sentences;
    for (const Idle &option : options)
        if (option.isIdle && o.given.contains(option.name))
            sentences.push_back(std::string(option.name) + " has no effect here: " + option.reason);
    return sentences;
}

/// An option that would decide nothing beside the others. Empty when all decide something, and for those of idleBalance().
std::string idleOption(const Options &o)
{
    const bool isForNothing = o.command == "prune" && o.output.empty();
    const bool isGreedy = o.command == "generate" && o.generation.temperature == 0;
    static constexpr const char *kNoExport = "without --output nothing is exported";
    static constexpr const char *kGreedy = "without --temperature the most likely token is always taken";
    const std::vector<std::string> idle =
        idleAmong(o, {
                         {"--format", isForNothing, kNoExport},
                         {"--export-dtype", isForNothing, kNoExport},
                         {"--overwrite", o.output.empty() && o.savePlan.empty() && o.saveItems.empty() && o.command != "compare",
                          "without an output there is nothing to replace"},
                         {"--device-memory", o.engine.device == "cpu", "--device cpu uses no GPU"},
                         {"--restart", o.plan.empty(), "a search from --scores is a new one"},
                         {"--column", o.isRandom, "--random makes its own tokens"},
                         {"--seed", isGreedy, kGreedy},
                         {"--top-k", isGreedy, kGreedy},
                         {"--top-p", isGreedy, kGreedy},
                     });
    return idle.empty() ? std::string() : idle.front();
}

} // namespace

CLI::Validator whole(std::uint64_t least, std::uint64_t most)
{
    return {[=](std::string &text) -> std::string {
                std::uint64_t number = 0;
                const char *end = text.data() + text.size();
                const auto [rest, problem] = std::from_chars(text.data(), end, number);
                if (problem == std::errc() && rest == end && number >= least && number <= most)
                    return {};
                return inQuotes(text) + " is not a whole number from " + grouped(least) + " to " + grouped(most);
            },
            "", "whole number"};
}

CLI::Validator wholeOr(const std::string &word, std::uint64_t least)
{
    return {[=](std::string &text) -> std::string {
                const std::string mistake = text == word ? std::string() : whole(least)(text);
                return mistake.empty() ? mistake : mistake + ", nor \"" + word + "\"";
            },
            "", "whole number or word"};
}

CLI::Validator finite(std::function<const char *(double)> wantedOf)
{
    return {[wantedOf = std::move(wantedOf)](std::string &text) -> std::string {
                double number = 0;
                const char *end = text.data() + text.size();
                const auto [rest, problem] = std::from_chars(text.data(), end, number);
                if (problem != std::errc() || rest != end || !std::isfinite(number))
                    return inQuotes(text) + " is not a number";
                const char *wanted = wantedOf(number);
                return wanted ? text + " is out of range; give " + wanted : std::string();
            },
            "", "number"};
}

CLI::Validator amount()
{
    return {[](std::string &text) -> std::string {
                try {
                    bytesFromText(text);
                    return {};
                } catch (const Error &problem) {
                    return std::string(problem.what()) + " " + problem.hint();
                }
            },
            "", "amount"};
}

CLI::Validator deviceName()
{
    return {[](std::string &text) -> std::string {
                return isDeviceName(text) ? std::string() : "there is no device " + inQuotes(text) + "; devices: auto, cpu, cuda, cuda:N";
            },
            "", "device"};
}

CLI::Validator exportFormat()
{
    return {[](std::string &text) -> std::string {
                std::vector<std::string> names;
                for (const ExportTarget &target : exportTargets())
                    names.push_back(target.name);
                const bool isKnown = std::find(names.begin(), names.end(), text) != names.end();
                return isKnown ? std::string() : "there is no export format " + inQuotes(text) + "; formats: " + listed(names);
            },
            "", "format"};
}

CLI::Validator setting()
{
    return {[](std::string &text) -> std::string {
                static const std::regex kKnown(
                    "dtype=(auto|fastest|float32|bfloat16|float16)|screen=(auto|none|bfloat16|float16)|waiting=(auto|spin|sleep)");
                return std::regex_match(text, kKnown) ? std::string()
                                                      : inQuotes(text) + " is not a setting that can be compared; give dtype=bfloat16, "
                                                                         "screen=none or waiting=sleep, or another value of these options";
            },
            "", "setting"};
}

std::string mistakeIn(const Options &o)
{
    if ((o.command == "inspect" || o.command == "plan") && o.model.empty() && o.config.empty())
        return "a MODEL or --config is needed";
    if (o.command == "plan" && !o.scores.empty() && o.model.empty())
        return "--scores needs a MODEL";
    if (o.command == "plan" && !o.plan.empty() && o.model.empty())
        return "--plan needs a MODEL";
    const bool isBalanced = o.sparsity || o.keep || o.given.contains("--alpha") || o.given.contains("--width-multiple");
    if (o.command == "plan" && !o.plan.empty() && (!o.scores.empty() || isBalanced || o.remove))
        return "--plan has its own neurons and removals: --scores, --sparsity, --alpha, --width-multiple, --keep and --remove make another";
    if (o.command == "plan" && !o.savePlan.empty() && o.scores.empty() && o.plan.empty())
        return "--save-plan needs --scores: without them no neurons are chosen";
    const bool isNewPlan =
        o.command == "bench" || o.command == "prune" || ((o.command == "search" || o.command == "plan") && o.plan.empty());
    if (const std::string mistake = mistakeInSearch(o); !mistake.empty())
        return mistake;
    if (o.command == "bench" && o.model.empty() == o.config.empty())
        return "either a MODEL or --config is needed";
    if (o.command == "bench" && o.isRandom == o.config.empty())
        return "--config and --random belong together: a shape has no weights of its own";
    if (o.command == "bench" && o.texts.empty() == o.config.empty())
        return o.texts.empty() ? "a MODEL needs --text" : "--random makes its own tokens";
    if (isNewPlan && !o.sparsity && !(o.keep && o.remove))
        return "--sparsity is needed (or --keep and --remove together)";
    const bool isOfTwoSsp = o.method.empty() || o.method == nameOf(PlanMethod::TwoSsp);
    if (o.command == "search" && !o.plan.empty() && isBalanced && isOfTwoSsp)
        return "a plan keeps its width: --sparsity, --alpha, --width-multiple and --keep need --scores";
    if (o.command == "prune" && o.texts.empty() && o.scores.empty())
        return "--text or --scores is needed";
    if (const std::string mistake = mistakeInComparison(o); !mistake.empty())
        return mistake;
    if (const std::string mistake = mistakeInTasks(o); !mistake.empty())
        return mistake;
    if (const std::string mistake = mistakeInRestoration(o); !mistake.empty())
        return mistake;
    if (const std::string mistake = mistakeInPlayground(o); !mistake.empty())
        return mistake;
    if (const std::string conflict = contradiction(o); !conflict.empty())
        return conflict;
    if (const std::string idle = idleOption(o); !idle.empty())
        return idle;
    if (o.command == "prune" && !o.scores.empty() && (o.windows || o.areAllWindowsWanted || !o.norm.empty()))
        return "--windows and --norm are settings of the calibration, which --scores replaces";
    return {};
}

std::vector<std::string> idleBalance(const Options &o)
{
    return idleAmong(o, {
                            {"--sparsity", o.keep && o.remove, "--keep and --remove give both numbers that follow from it"},
                            {"--alpha", o.remove.has_value(), "--remove gives the number that follows from it"},
                            {"--width-multiple", o.keep.has_value(), "--keep gives the number that it would round"},
                        });
}

} // namespace secateur::cli
