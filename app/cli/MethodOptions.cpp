// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/MethodOptions.h"

#include "cli/OptionChecks.h"
#include "foundation/Wording.h"
#include "tasks/TaskTable.h"

#include <algorithm>
#include <limits>
#include <map>
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
        if (row.method != PlanMethod::Manual)
            names.emplace_back(row.name);
    return names;
}

bool has(const Options &o, PlanMethod method)
{
    return std::ranges::find(o.methods, method) != o.methods.end();
}

} // namespace

void addBlockOptions(CLI::App &c, Options &o)
{
    const std::map<std::string, BlockVariant> variants = {{"authors", BlockVariant::Authors}, {"original", BlockVariant::Original}};
    c.add_option_function<std::string>(
         "--variant", [&o, variants](const std::string &name) { o.blocks.variant = variants.at(name); },
         "Where the code that the 2SSP authors compare with and a method's own paper differ: authors (the default) or original")
        ->type_name("NAME")
        ->check(CLI::IsMember({"authors", "original"}));
    c.add_option("--generations", o.blocks.generations, "Generations of EvoPress; as many as the authors' code takes by default")
        ->check(whole(1));
    c.add_option("--coarse-tokens", o.blocks.coarseTokens, "Tokens on which EvoPress compares offspring")
        ->capture_default_str()
        ->check(whole(1));
    c.add_option("--fine-tokens", o.blocks.fineTokens, "Tokens on which EvoPress compares the best of them with their parent")
        ->capture_default_str()
        ->check(whole(1));
    c.add_option("--evolution-seed", o.blocks.seed, "Seed of EvoPress")->capture_default_str()->check(whole(0, kLargestSeed));
}

void addTaskOptions(CLI::App &c, Options &o)
{
    c.add_option(
         "--tasks", o.tasks.paths,
         "Files of tasks, folders of them, or names (arc_easy, arc_challenge, hellaswag, piqa, winogrande, mmlu) of data sets in the "
         "Hugging Face cache: zero-shot accuracies")
        ->type_name("PATH");
    c.add_option("--only", o.tasks.only, "Only these of them, such as arc_easy,mmlu_anatomy; mmlu = all its subjects")
        ->type_name("NAME")
        ->delimiter(',')
        ->check(CLI::Validator([](std::string &name) { return isTaskName(name) ? std::string() : "there is no task " + inQuotes(name); },
                               "", "task"));
    c.add_option("--limit", o.tasks.limit, "Items of each task and subject: the first so many, or with --sample a sample")->check(whole(1));
    c.add_option("--sample", o.tasks.seed, "Seed of the sample; 0 (the default) = the first items")->check(whole(0, kLargestSeed));
    c.add_option_function<std::string>(
         "--bos", [&o](const std::string &name) { o.tasks.bos = *bosUseOf(std::string_view(name)); },
         "Token that begins a text: never (as in the paper, the default), tokenizer (where the tokenizer puts one) or always")
        ->type_name("WHEN")
        ->check(CLI::IsMember({"never", "tokenizer", "always"}));
    c.add_option("--max-length", o.tasks.longest, "Most tokens of an input; the model's context by default")->check(whole(1));
    c.add_flag_function(
        "--throughput", [&o](std::int64_t) { o.throughput.emplace(); },
        "Measure tokens per second too: prompts of 512 tokens, 64 new ones");
}

void addComparisonOptions(CLI::App &c, Options &o)
{
    const auto setMethods = [&o](const std::vector<std::string> &names) {
        for (const std::string &name : names)
            o.methods.push_back(std::ranges::find(kPlanMethods, name, &PlanMethodRow::name)->method);
    };
    c.add_option_function<std::vector<std::string>>("--methods", setMethods, "Methods to compare: " + listed(methodNames()))
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
    for (const PlanMethod method : o.methods)
        if (std::ranges::count(o.methods, method) > 1)
            return std::string(nameOf(method)) + " is named twice in --methods";
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
        idle("--variant", !hasVariants, "shortgpt, window and blockpruner are not among the methods"),
        idle("--sample", !o.tasks.limit, "without --limit all items are asked"),
        idle("--overwrite", o.csv.empty() && o.markdown.empty() && o.latex.empty(), "without an output there is nothing to replace")};
    for (const char *name : {"--generations", "--coarse-tokens", "--fine-tokens", "--evolution-seed"})
        idleOptions.push_back(idle(name, !has(o, PlanMethod::EvoPress), "evopress is not among the methods"));
    for (const char *name : {"--only", "--limit", "--sample", "--bos", "--max-length"})
        idleOptions.push_back(idle(name, o.tasks.paths.empty(), "there are no --tasks"));
    for (const std::string &sentence : idleOptions)
        if (!sentence.empty())
            return sentence;
    return {};
}

} // namespace secateur::cli
