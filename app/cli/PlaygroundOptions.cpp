// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/PlaygroundOptions.h"

#include "cli/OptionChecks.h"
#include "cli/OptionDefiner.h"

namespace secateur::cli {
namespace {

void addPlans(CLI::App &command, Options &options, const char *what)
{
    command.add_option("--plan", options.plans, std::string(what) + "; may be given several times" + kOrSession)->type_name("FILE");
}

} // namespace

void addGenerationOptions(CLI::App &command, Options &options)
{
    GenerationSettings &settings = options.generation;
    command.add_option("--prompt", settings.prompt, "The prompt to continue; BOS is added if the tokenizer adds it")->required();
    command.add_flag("--chat", settings.isChat,
                     "The prompt is what a user says: the model's chat template is put around it, and the model answers");
    command
        .add_option_function<std::string>(
            "--system", [&settings](const std::string &text) { settings.conversation = {{.role = "system", .content = text}}; },
            "With --chat: a system message before the prompt")
        ->type_name("TEXT");
    command.add_option("--tokens", settings.tokens, "Most tokens to generate")->capture_default_str()->check(whole(1));
    command.add_option("--temperature", settings.temperature, "Temperature of sampling; 0 = always the most likely token")
        ->capture_default_str()
        ->check(finite([](double temperature) { return temperature >= 0 ? nullptr : "0 or more"; }));
    command.add_option("--top-k", settings.topK, "Sample from the k most likely tokens; 0 = all")->capture_default_str()->check(whole(0));
    command.add_option("--top-p", settings.topP, "Sample from the most likely tokens that together reach this probability")
        ->capture_default_str()
        ->check(finite([](double p) { return p > 0 && p <= 1 ? nullptr : "a probability above 0, at most 1"; }));
    command.add_option("--seed", settings.seed, "Seed of sampling")->capture_default_str()->check(whole(0, kLargestSeed));
    addPlans(command, options, "Generate with the model as pruned by this plan; by several beside each other, from one set of weights");
    command.add_flag("--original", options.isOriginalToo, "The original, too, before the plans");
}

void addScoringOptions(CLI::App &command, Options &options)
{
    command.add_option("--prompt", options.generation.prompt, "The text to score; BOS is added if the tokenizer adds it")
        ->type_name("TEXT");
    command.add_option("--text-file", options.textFile, "The text to score, from a file of plain text (UTF-8)")->type_name("FILE");
    command.add_option("--worst", options.worst, "How many tokens to list")->capture_default_str()->check(whole(0));
    addPlans(command, options, "Score with the model as pruned by this plan, beside the original");
}

std::string mistakeInPlayground(const Options &o)
{
    if (o.command == "generate" && o.given.contains("--system") && !o.generation.isChat)
        return "--system needs --chat: a plain prompt has no system message";
    if (o.command == "generate" && o.isOriginalToo && o.plans.empty())
        return "--original has no effect here: without --plan it is the original that generates";
    if (o.command == "score" && o.given.contains("--prompt") == o.given.contains("--text-file"))
        return "either --prompt or --text-file is needed";
    return {};
}

} // namespace secateur::cli
