// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/MethodOptions.h"

#include "cli/OptionChecks.h"
#include "cli/TaskOptions.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace secateur::cli {
namespace {

constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::uint64_t>::max();

/// Names of the methods that can be compared.
std::vector<std::string> methodNames()
{
    std::vector<std::string> names;
    for (const PlanMethodRow &row : kPlanMethods)
        if (row.method != PlanMethod::Manual && row.method != PlanMethod::Restored)
            names.emplace_back(row.name);
    return names;
}

bool has(const Options &o, PlanMethod method)
{
    return std::ranges::find(o.methods, nameOf(method)) != o.methods.end();
}

} // namespace

void addBlockOptions(CLI::App &c, Options &o)
{
    c.add_option("--variant", o.variant,
                 "Where the code that the 2SSP authors compare with and a method's own paper differ: authors (the default) or original")
        ->type_name("NAME")
        ->check(CLI::IsMember({"authors", "original"}));
    c.add_option("--generations", o.generations, "Generations of EvoPress; as many as the authors' code takes by default")->check(whole(1));
    c.add_option("--coarse-tokens", o.coarseTokens, "Tokens on which EvoPress compares offspring (2,048)")->check(whole(1));
    c.add_option("--fine-tokens", o.fineTokens, "Tokens on which EvoPress compares the best of them with their parent (32,768)")
        ->check(whole(1));
    c.add_option("--evolution-seed", o.evolutionSeed, "Seed of EvoPress (0)")->check(whole(0, kLargestSeed));
}

void addMethodOption(CLI::App &c, Options &o)
{
    c.add_option("--method", o.method,
                 "How the plan is found:\n"
                 "2ssp: neurons by their scores, then attentions one by one (the default)\n"
                 "shortgpt: the layers go that change their input least; one pass over the text\n"
                 "window: the consecutive layers go between the most similar states; one pass\n"
                 "blockpruner: attentions and FFNs go in turn, each time the one whose removal leaves the lowest loss; many passes\n"
                 "evopress: an evolution chooses attentions and FFNs; some 20 times as many")
        ->type_name("NAME")
        ->check(CLI::IsMember(methodNames()));
    addBlockOptions(c, o);
}

BlockSettings blockSettings(const Options &o, BlockSettings settings)
{
    if (!o.variant.empty())
        settings.variant = blockVariantOf(o.variant);
    if (o.generations)
        settings.generations = o.generations;
    settings.seed = o.evolutionSeed.value_or(settings.seed);
    settings.coarseTokens = o.coarseTokens.value_or(settings.coarseTokens);
    settings.fineTokens = o.fineTokens.value_or(settings.fineTokens);
    settings.sparsity = o.sparsity.value_or(settings.sparsity);
    return settings;
}

std::string mistakeOfMethod(const Options &o, PlanMethod method)
{
    struct Belonging {
        std::vector<const char *> options;
        std::vector<PlanMethod> methods;
    };
    static const std::vector<Belonging> kBelongings = {
        {{"--scores", "--remove", "--keep", "--alpha", "--width-multiple", "--norm", "--protect", "--force", "--search-windows",
          "--loss-dtype", "--screen", "--restore", "--grams"},
         {PlanMethod::TwoSsp}},
        {{"--all-losses"}, {PlanMethod::TwoSsp, PlanMethod::BlockPruner}},
        {{"--variant"}, {PlanMethod::ShortGpt, PlanMethod::Window, PlanMethod::BlockPruner}},
        {{"--generations", "--coarse-tokens", "--fine-tokens", "--evolution-seed"}, {PlanMethod::EvoPress}}};
    for (const Belonging &belonging : kBelongings)
        for (const char *option : belonging.options)
            if (o.given.contains(option) && std::ranges::find(belonging.methods, method) == belonging.methods.end()) {
                std::vector<std::string> names;
                for (const PlanMethod owner : belonging.methods)
                    names.emplace_back(nameOf(owner));
                return std::string(option) + " has no effect here: it is of " + listed(names) + ", and the method is " + nameOf(method);
            }
    return {};
}

std::string mistakeInSearch(const Options &o)
{
    if (o.command != "search")
        return {};
    const bool isNew = o.plan.empty(), isOfScores = !o.scores.empty();
    if (isNew && !isOfScores && o.texts.empty())
        return "--text or --scores (a new search) or --plan (to resume one) is needed";
    if (!isNew && isOfScores)
        return "--scores make a new plan, and --plan resumes one: only one of them can be";
    if (isNew && !o.sparsity && !o.method.empty() && o.method != nameOf(PlanMethod::TwoSsp))
        return "--sparsity is needed";
    if (isOfScores && (o.windows || o.areAllWindowsWanted || !o.norm.empty()))
        return "--windows and --norm are settings of the calibration, which --scores replaces";
    if (isNew || !o.method.empty()) // else the plan tells
        return mistakeOfMethod(o, o.method.empty() ? PlanMethod::TwoSsp : planMethodOf(o.method));
    return {};
}

void addComparisonOptions(CLI::App &c, Options &o)
{
    c.add_option("--methods", o.methods, "Methods to compare: " + listed(methodNames()))
        ->type_name("NAME")
        ->delimiter(',')
        ->required()
        ->check(CLI::IsMember(methodNames()));
    c.add_option("--sparsity", o.sparsities,
                 "Shares to remove, such as 0.25,0.375,0.5: of the layers' parameters by 2ssp, of the attentions and FFNs by the others")
        ->type_name("SHARE")
        ->delimiter(',')
        ->required()
        ->check(finite([](double s) { return s > 0 && s < 1 ? nullptr : "a share between 0 and 1, such as 0.375"; }));
    c.add_flag("--equal-size", o.isEqualSize, "Let 2ssp remove as many parameters as the other methods do, which remove whole blocks");
    addBlockOptions(c, o);
    addTaskOptions(c, o);
    addThroughputOptions(c, o);
    c.add_option(
         "--session", o.session,
         "A session (.secateur) that keeps all that is found, after every step: the same command goes on with it, and the window opens it")
        ->type_name("FILE");
    c.add_option("--csv", o.csv, "Write the table as CSV, with all digits")->type_name("FILE");
    c.add_option("--markdown", o.markdown, "Write the table as Markdown")->type_name("FILE");
    c.add_option("--latex", o.latex, "Write the table as LaTeX (booktabs)")->type_name("FILE");
}

std::string mistakeInComparison(const Options &o)
{
    if (o.command != "compare")
        return {};
    for (const std::string &method : o.methods)
        if (std::ranges::count(o.methods, method) > 1)
            return method + " is named twice in --methods";
    for (const double sparsity : o.sparsities)
        if (std::ranges::count(o.sparsities, sparsity) > 1)
            return "a share is named twice in --sparsity";
    if (o.evaluationTexts.empty() && o.tasks.paths.empty() && !o.throughput)
        return "nothing would be measured: --evaluate, --tasks or --throughput is needed";
    if (!o.session.empty() && o.session.extension() != ".secateur")
        return "the name of a --session ends in .secateur";
    const bool hasVariants = has(o, PlanMethod::ShortGpt) || has(o, PlanMethod::Window) || has(o, PlanMethod::BlockPruner);
    const auto idle = [&](const char *name, bool isIdle, const char *reason) {
        return isIdle && o.given.contains(name) ? std::string(name) + " has no effect here: " + reason : std::string();
    };
    std::vector<std::string> idleOptions = {
        idle("--equal-size", !has(o, PlanMethod::TwoSsp), "2ssp is not among the methods"),
        idle("--restore", !has(o, PlanMethod::TwoSsp), "2ssp is not among the methods"),
        idle("--variants", !has(o, PlanMethod::TwoSsp), "2ssp is not among the methods"),
        idle("--variant", !hasVariants, "shortgpt, window and blockpruner are not among the methods"),
        idle("--overwrite", o.csv.empty() && o.markdown.empty() && o.latex.empty(), "without an output there is nothing to replace")};
    for (const char *name : {"--generations", "--coarse-tokens", "--fine-tokens", "--evolution-seed"})
        idleOptions.push_back(idle(name, !has(o, PlanMethod::EvoPress), "evopress is not among the methods"));
    for (const std::string &sentence : idleOptions)
        if (!sentence.empty())
            return sentence;
    return {};
}

} // namespace secateur::cli
