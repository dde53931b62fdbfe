// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/Options.h"

#include "cli/ExitCodes.h"
#include "cli/MethodOptions.h"
#include "cli/OptionDefiner.h"
#include "cli/PlaygroundOptions.h"
#include "cli/RestorationOptions.h"
#include "cli/TaskOptions.h"
#include "foundation/Wording.h"
#include "session/JobEvent.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

namespace secateur::cli {
namespace {

void defineCommands(CLI::App &app, Options &options)
{
    Definer define(options);
    const auto command = [&](const char *name, const char *what, const char *example) -> CLI::App & {
        CLI::App &c = *app.add_subcommand(name, what);
        c.footer(std::string("Example:\n  ") + example);
        define.json(c);
        return c;
    };

    CLI::App &inspect = command("inspect", "Show what a model is made of", "secateur-cli inspect models/SmolLM2-135M");
    define.model(inspect, false);

    command("models", "List the models in the Hugging Face cache", "secateur-cli models");
    command("texts", "List the data sets that --text and --evaluate know by name, and where they are", "secateur-cli texts");

    CLI::App &calibrate = command("calibrate", "Stage 1: score every FFN neuron",
                                  "secateur-cli calibrate MODEL --text c4.json.gz --output scores.safetensors");
    define.model(calibrate);
    define.text(calibrate, "Calibration text: plain, JSON lines (both also .gz, .zst, .xz, .bz2) or .parquet; begun without a BOS token",
                true);
    define.windowsOrAll(calibrate, "Windows of the text (32)");
    define.scoring(calibrate);
    define.engine(calibrate);
    calibrate.add_option("--output", options.output, "Where to save the scores")->type_name("FILE")->required();
    calibrate
        .add_option(
            "--save-grams", options.saveGrams,
            "Also save what restoring needs, Gram matrices of the activations: two of each layer, in all 8 bytes x neurons x neurons "
            "(1 GB a layer with 11,008 of them)")
        ->type_name("FILE");
    define.overwrite(calibrate);

    CLI::App &plan = command("plan", "Split a sparsity into width and depth; with scores, choose the neurons",
                             "secateur-cli plan --config config.json --sparsity 0.375");
    define.model(plan, false);
    define.balance(plan);
    define.scores(plan);
    define.plan(plan, "Show this plan instead, and check it; one that was written by hand is saved whole with --save-plan");
    define.savePlan(plan);
    define.overwrite(plan);

    CLI::App &impact =
        command("impact", "Measure how much each attention of the model matters", "secateur-cli impact MODEL --text c4.json.gz");
    define.model(impact);
    define.text(impact, "Text to measure on: plain, JSON lines (both also .gz, .zst, .xz, .bz2) or .parquet", true);
    define.searchLoss(impact);
    define.engine(impact);

    CLI::App &search = command("search", "Find a plan: by 2SSP, whose stage 2 removes attentions one by one, or by another method",
                               "secateur-cli search MODEL --scores scores.safetensors --sparsity 0.375 --save-plan plan.json\n"
                               "  secateur-cli search MODEL --plan plan.json --remove 8 --save-plan longer.json\n"
                               "  secateur-cli search MODEL --plan plan.json --restore auto --save-plan restored.safetensors\n"
                               "  secateur-cli search MODEL --method blockpruner --text c4.json.gz --sparsity 0.25 --save-plan plan.json");
    define.model(search);
    addMethodOption(search, options);
    define.scores(search);
    define.plan(search, "A plan whose search to resume: finishes a cancelled one, or extends it (--remove; by another method --method "
                        "with --sparsity or --generations)");
    search.add_flag("--restart", options.isRestarted, "Search that plan from the start, as other settings of the search need it");
    define.text(search, "Text to find the plan by; the calibration's when not given", false);
    define.windowsOrAll(search,
                        "Windows of the text (32 of 2ssp, 256 of shortgpt and window, 1 of blockpruner, samples of 131,072 tokens of "
                        "evopress)");
    define.scoring(search);
    define.balance(search);
    define.search(search);
    addRestorationOptions(search, options);
    define.savePlan(search);
    define.overwrite(search);
    define.engine(search);

    CLI::App &prune = command("prune", "Do everything in one go: calibrate, plan, search, evaluate, export, verify",
                              "secateur-cli prune MODEL --text c4.json.gz --sparsity 0.375 --evaluate wiki.txt --output MODEL-pruned");
    define.model(prune);
    define.text(prune, "Calibration text: plain, JSON lines (both also .gz, .zst, .xz, .bz2) or .parquet", false);
    define.windowsOrAll(prune, "Windows of the calibration text (32)");
    define.scoring(prune);
    define.balance(prune);
    define.search(prune);
    addRestorationOptions(prune, options);
    define.scores(prune);
    define.savePlan(prune);
    prune.add_option("--evaluate", options.evaluationTexts, std::string("Held-out text: perplexity before and after") + kOrName)
        ->type_name("FILE");
    define.exporting(prune, false);
    define.engine(prune);

    CLI::App &compare = command("compare", "Measure several methods at several sizes, and make the table",
                                "secateur-cli compare MODEL --text c4.json.gz --methods 2ssp,shortgpt,blockpruner --sparsity 0.25,0.5 "
                                "--evaluate wikitext-2 --session table.secateur");
    define.model(compare);
    define.text(compare, "Text that the methods choose by: plain, JSON lines (both also .gz, .zst, .xz, .bz2) or .parquet", true);
    define.windows(compare, "Windows of that text for every method; by default as many as the authors take of each (32, 256 or 1)");
    compare.add_option("--evaluate", options.evaluationTexts, std::string("Held-out texts for perplexities") + kOrName)->type_name("FILE");
    addComparisonOptions(compare, options);
    addVariantOptions(compare, options);
    define.overwrite(compare);
    define.engine(compare);

    CLI::App &evaluate = command("evaluate", "Perplexity on a text, accuracy in tasks, tokens per second",
                                 "secateur-cli evaluate MODEL --text wiki.txt --plan plan.json\n"
                                 "  secateur-cli evaluate MODEL --tasks arc_easy piqa --limit 500 --save-items items.jsonl");
    define.model(evaluate);
    define.text(evaluate, "Evaluation text; read without a token that begins it", false);
    define.windowsOrAll(evaluate, "Windows of the text (all)");
    addTaskOptions(evaluate, options);
    addItemOptions(evaluate, options);
    addThroughputOptions(evaluate, options);
    define.plan(evaluate, "Evaluate the model as pruned by this plan");
    addRestorationOptions(evaluate, options);
    define.overwrite(evaluate);
    define.engine(evaluate);

    CLI::App &generate = command("generate", "Continue a prompt or answer in a chat, also by several plans beside each other",
                                 "secateur-cli generate MODEL --prompt \"Once upon a time\" --tokens 64\n"
                                 "  secateur-cli generate MODEL --plan plan.json --original --prompt \"Once upon a time\"");
    define.model(generate);
    addGenerationOptions(generate, options);
    define.engine(generate);

    CLI::App &score = command("score", "The loss of every token of a text, and where plans make it worse",
                              "secateur-cli score MODEL --plan plan.json --text-file story.txt");
    define.model(score);
    addScoringOptions(score, options);
    define.engine(score);

    CLI::App &write = command("export", "Write the model as pruned by a plan, and verify it",
                              "secateur-cli export MODEL --plan plan.json --output MODEL-pruned");
    define.model(write);
    define.plan(write, "The plan")->required();
    addRestorationOptions(write, options);
    define.exporting(write, true);
    define.engine(write);

    CLI::App &report = command("report", "Write a report: one HTML file with plan, figures, numbers and commands",
                               "secateur-cli report session.secateur --output report.html\n"
                               "  secateur-cli report plan.json --model MODEL --output report.html\n"
                               "  secateur-cli report MODEL-pruned --output report.html");
    report
        .add_option("subject", options.plan,
                    "A session of the window (FILE.secateur, or FILE.secateur:PIN for a pinned plan), a plan, or the folder of an export")
        ->type_name("SUBJECT")
        ->required();
    report
        .add_option("--model", options.model,
                    "The original model, of a plan; of an export that which its manifest names, where that is on this computer")
        ->type_name("MODEL");
    report.add_option("--output", options.output, "The report")->type_name("FILE.html")->required();
    define.overwrite(report);

    CLI::App &bench = command("bench", "Measure the time and memory that pruning takes on this machine",
                              "secateur-cli bench MODEL --text c4.json.gz --sparsity 0.5\n"
                              "  secateur-cli bench --config config.json --random --windows 4 --sparsity 0.5");
    define.model(bench, false);
    bench.add_flag("--random", options.isRandom, "With --config: random weights of that shape, and random tokens");
    define.text(bench, "Calibration text", false);
    define.windows(bench, "Windows of the text (32)");
    define.balance(bench);
    define.allLosses(bench);
    define.screening(bench);
    bench.add_option("--versus", options.versus, "Also measure with this setting, alternating: dtype=TYPE, screen=TYPE or waiting=HOW")
        ->type_name("SETTING")
        ->check(setting());
    bench.add_option("--rounds", options.rounds, "How often to measure each; the fastest of each phase counts")
        ->capture_default_str()
        ->check(whole(1, 100));
    bench.add_flag("--skip-export", options.isExportSkipped, "Write no checkpoint");
    define.engine(bench);

    CLI::App &logits = command("logits", "Logits of given token ids, for comparisons",
                               "secateur-cli logits MODEL --tokens ids.json --output logits.safetensors");
    logits.group(""); // for tests and comparisons: not in the overview
    define.model(logits);
    logits.add_option("--tokens", options.tokens, "A JSON array of token ids")->type_name("FILE")->required();
    logits.add_option("--output", options.output, "A .safetensors file with `logits`, F32 [T, V]")->type_name("FILE")->required();
    define.plan(logits, "Use the model as pruned by this plan");
    define.engine(logits);
}

} // namespace

bool isJsonWanted(int argc, const char *const *argv)
{
    return std::any_of(argv, argv + argc, [](const char *argument) { return argument == std::string_view("--json"); });
}

std::optional<Options> parse(int argc, const char *const *argv, int &exitCode)
{
    const bool isJson = isJsonWanted(argc, argv);
    const auto complain = [&](const std::string &mistake) -> std::optional<Options> {
        const char *hint = "Run with --help for more information.";
        std::cerr << printable(mistake, Newlines::Kept) << "\n" << hint << "\n";
        if (isJson)
            std::cout << toJson(JobEvent(JobFailed{.sentence = mistake, .hint = hint}))
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                      << std::endl;
        exitCode = kUsage;
        return {};
    };
    for (int i = 1; i < argc; ++i)
        if (argv[i][0] == '\0') // an unset variable in a script
            return complain("Argument " + std::to_string(i) + (i > 1 ? " (after " + inQuotes(argv[i - 1]) + ")" : std::string()) +
                            " is empty.");
    Options options;
    CLI::App app(
        "Structured pruning of large language models by 2SSP (arXiv 2501.17771): width by neuron scores, depth by an attention search.",
        "secateur-cli");
    app.set_version_flag("--version", std::string("secateur-cli ") + SECATEUR_VERSION);
    app.require_subcommand(1);
    app.footer("Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled (Ctrl+C or a termination signal).\n"
               "calibrate, search, prune and evaluate --tasks can be shared by several processes (torchrun or Slurm). They meet at "
               "MASTER_ADDR:MASTER_PORT\n"
               "without authentication: use that on a trusted network only.\n"
               "Each command has --help with an example.");
    defineCommands(app, options);
    if (argc < 2) {
        std::cerr << app.help();
        exitCode = kUsage;
        return {};
    }
    if (argv[1][0] != '-' && app.get_subcommands([&](const CLI::App *c) { return c->get_name() == argv[1]; })
                                 .empty()) // CLI11 would only say that a command is missing
        return complain("There is no command " + inQuotes(argv[1]) + ".");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &problem) {
        if (problem.get_exit_code() != 0)
            return complain(problem.what());
        app.exit(problem, std::cout, std::cerr); // prints help or version
        exitCode = kDone;
        return {};
    }
    const CLI::App &command = *app.get_subcommands().front();
    options.command = command.get_name();
    for (const CLI::Option *option : command.get_options())
        if (option->count() > 0)
            options.given.insert(option->get_name());
    if (const std::string what = mistakeIn(options); !what.empty())
        return complain(options.command + ": " + what);
    return options;
}

} // namespace secateur::cli
