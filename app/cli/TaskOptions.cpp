// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/TaskOptions.h"

#include "cli/OptionChecks.h"
#include "foundation/Wording.h"
#include "tasks/TaskTable.h"

#include <limits>

namespace secateur::cli {
namespace {

constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::uint64_t>::max();

CLI::Validator taskName()
{
    return {[](std::string &name) {
                return isTaskName(name)
                           ? std::string()
                           : "there is no task " + inQuotes(name) +
                                 "; tasks: arc_easy, arc_challenge, hellaswag, piqa, winogrande, mmlu, and subjects such as mmlu_anatomy";
            },
            "", "task"};
}

} // namespace

void addTaskOptions(CLI::App &c, Options &o)
{
    c.add_option(
         "--tasks", o.tasks.paths,
         "Downstream tasks, zero-shot: files, folders of them, or names of data sets in the Hugging Face cache (arc_easy, arc_challenge, "
         "hellaswag, piqa, winogrande, mmlu)")
        ->type_name("PATH");
    c.add_option("--only", o.tasks.only, "Only these tasks, such as arc_easy,mmlu_anatomy; mmlu = all of its subjects")
        ->type_name("NAME")
        ->delimiter(',')
        ->check(taskName());
    c.add_option("--limit", o.tasks.limit, "Items of each task and subject: the first so many, or with --sample a sample")->check(whole(1));
    c.add_option("--sample", o.tasks.seed, "Seed of the sample that --limit takes; 0 (the default) = the first items")
        ->check(whole(0, kLargestSeed));
    c.add_option_function<std::string>(
         "--bos", [&o](const std::string &name) { o.tasks.bos = *bosUseOf(name); },
         "Whether a text begins with the token for that: never (as in the paper, the default; always for Gemma), tokenizer (where the "
         "tokenizer "
         "puts one) or always")
        ->type_name("WHEN")
        ->check(CLI::IsMember({"never", "tokenizer", "always"}));
    c.add_option("--max-length", o.tasks.longest,
                 "Most tokens of an input, of longer ones the left is cut off; the model's context by default")
        ->check(whole(1));
}

void addItemOptions(CLI::App &c, Options &o)
{
    c.add_option("--save-items", o.saveItems,
                 "Write a line (JSON) for each item: its log-likelihoods, the choice, the right choice. Until all are scored, the file is "
                 "FILE.part")
        ->type_name("FILE");
    c.add_flag("--resume", o.isResumed, "Go on with the items in FILE.part of --save-items, or take those of a whole FILE");
}

void addThroughputOptions(CLI::App &c, Options &o)
{
    const auto settings = [&o]() -> ThroughputSettings & {
        if (!o.throughput)
            o.throughput.emplace();
        return *o.throughput;
    };
    const auto addList = [&](const char *name, std::vector<std::int64_t> ThroughputSettings::*field, const char *what) {
        c.add_option_function<std::vector<std::int64_t>>(
             name, [settings, field](const std::vector<std::int64_t> &numbers) { settings().*field = numbers; }, what)
            ->type_name("N")
            ->delimiter(',')
            ->check(whole(1))
            ->needs("--throughput");
    };
    const auto addNumber = [&](const char *name, std::int64_t ThroughputSettings::*field, const char *what) {
        c.add_option_function<std::int64_t>(
             name, [settings, field](std::int64_t number) { settings().*field = number; }, what)
            ->type_name("N")
            ->check(whole(1))
            ->needs("--throughput");
    };
    c.add_flag_function(
        "--throughput", [settings](std::int64_t) { settings(); }, "Measure tokens per second, of prompts and of new tokens");
    addList("--prompt-lengths", &ThroughputSettings::promptLengths, "Tokens of a prompt (512, or what the context leaves)");
    addList("--batch-sizes", &ThroughputSettings::batchSizes, "Sequences at once (1)");
    addNumber("--new-tokens", &ThroughputSettings::newTokens, "New tokens of each sequence (64)");
    addNumber("--repetitions", &ThroughputSettings::repetitions, "How often to measure, after one that does not count (5)");
}

std::string mistakeInTasks(const Options &o)
{
    if (o.command == "evaluate" && o.texts.empty() && o.tasks.paths.empty() && !o.throughput)
        return "--text, --tasks or --throughput is needed";
    if (o.command == "evaluate" && o.texts.empty())
        for (const char *name : {"--windows", "--length", "--seed", "--column", "--documents"})
            if (o.given.contains(name))
                return std::string(name) + " has no effect here: there is no --text";
    if (o.tasks.paths.empty())
        for (const char *name : {"--only", "--limit", "--sample", "--bos", "--max-length", "--save-items"})
            if (o.given.contains(name))
                return std::string(name) + " has no effect here: there are no --tasks";
    if (!o.tasks.limit && o.given.contains("--sample"))
        return "--sample has no effect here: without --limit all items are asked";
    if (o.isResumed && o.saveItems.empty())
        return "--resume has no effect here: without --save-items no items are kept";
    if (o.isResumed && o.isOverwriteAllowed)
        return "--resume and --overwrite exclude each other: one keeps the items, the other replaces them";
    return {};
}

} // namespace secateur::cli
