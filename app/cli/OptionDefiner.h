// SPDX-License-Identifier: GPL-3.0-or-later
// The options that several commands have.
#pragma once

#include "cli/OptionChecks.h"
#include "cli/Options.h"
#include "exporting/Export.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <limits>

namespace secateur::cli {

inline constexpr std::uint64_t kLargestSeed = std::numeric_limits<std::uint64_t>::max();

inline constexpr const char *kAll = "all", *kNone = "none";
inline constexpr const char *kOrSession =
    "; a manifest works too, and a session of the window: FILE.secateur, or FILE.secateur:PIN for a pinned plan";
inline constexpr const char *kOrName =
    "; or a name: wikitext-2, c4 or fineweb-edu, found in the Hugging Face cache (see the command texts). A file of that name comes first";

/// Adds options to commands, each defined once, so that a name means the same everywhere.
class Definer {
public:
    explicit Definer(Options &options) : m(options) {}

    void model(CLI::App &c, bool isRequired = true)
    {
        auto *option = c.add_option("model", m.model,
                                    "Model folder in Hugging Face format (config.json, *.safetensors, tokenizer.json), or a .gguf file")
                           ->type_name("MODEL");
        if (isRequired)
            option->required();
        else
            c.add_option("--config", m.config, "A config.json instead of a model: its shape, without weights")
                ->type_name("FILE")
                ->excludes(option);
    }

    void engine(CLI::App &c)
    {
        c.add_option("--device", m.engine.device, "auto, cpu, cuda or cuda:N")
            ->capture_default_str()
            ->type_name("NAME")
            ->check(deviceName());
        c.add_option(
             "--dtype", m.engine.dtype,
             "Data type to compute in: float32, bfloat16 or float16; auto = float32 on the CPU, as stored on CUDA; fastest = the one that "
             "measures fastest on this CPU")
            ->capture_default_str()
            ->check(CLI::IsMember({"auto", "fastest", "float32", "bfloat16", "float16"}));
        c.add_option("--device-memory", m.deviceMemory,
                     "Limit on GPU memory, such as 24GiB; the layers of a model that does not fit are streamed")
            ->type_name("SIZE")
            ->check(amount());
        c.add_option("--host-memory", m.hostMemory, "Limit on the memory of this process, such as 8GiB")
            ->type_name("SIZE")
            ->check(amount());
        c.add_option(
             "--waiting", m.engine.waiting,
             "How CPU threads wait for each other: spin (faster on an idle machine), sleep (better on a busy one), or auto: by load")
            ->capture_default_str()
            ->check(CLI::IsMember({"auto", "spin", "sleep"}));
        c.add_option("--threads", m.engine.threads, "CPU threads; 0 = all cores")->capture_default_str()->check(whole(0, 1024));
    }

    void text(CLI::App &c, const char *what, bool isRequired)
    {
        c.add_option("--text", m.texts, std::string(what) + kOrName)->type_name("FILE")->required(isRequired);
        c.add_option("--length", m.length, "Tokens of a window (2048, or the model's context when that is shorter)")->check(whole(2));
        c.add_option("--seed", m.seed, "Order of the documents; 0 (the default) = as they are")->check(whole(0, kLargestSeed));
        c.add_option("--column", m.column, "Column of .parquet, or field of JSON lines, that holds the texts (text)")->type_name("NAME");
        c.add_option(
             "--documents", m.documents,
             "Documents to read of each file, the first ones (all; of a text given by its name as many as the paper takes: c4 1,000 to "
             "calibrate and 1,100 to evaluate, fineweb-edu 500 to evaluate)")
            ->check(whole(1));
    }

    void windows(CLI::App &c, const char *what) { c.add_option("--windows", m.windows, what)->check(whole(1)); }
    /// The same, where all of the text can be taken.
    void windowsOrAll(CLI::App &c, const std::string &what)
    {
        const auto set = [&options = m](const std::string &text) {
            options.areAllWindowsWanted = text == kAll;
            if (!options.areAllWindowsWanted)
                options.windows = std::stoll(text);
        };
        c.add_option_function<std::string>("--windows", set, what + "; all = as many as the text gives")
            ->type_name("N")
            ->check(wholeOr(kAll, 1));
    }

    void scoring(CLI::App &c)
    {
        c.add_option("--norm", m.norm, "Norm of a neuron's activation: l2 (the paper, the default) or l1 (its ablation)")
            ->check(CLI::IsMember({"l1", "l2"}));
    }

    void balance(CLI::App &c)
    {
        c.add_option("--sparsity", m.sparsity, "Share of the decoder layers' parameters to remove, such as 0.375")
            ->check(finite([](double s) { return s > 0 && s < 1 ? nullptr : "a share between 0 and 1, such as 0.375"; }));
        c.add_option("--remove", m.remove, "Number of attentions to remove (N), instead of the balance rule's")
            ->type_name("N")
            ->check(whole(0));
        c.add_option("--alpha", m.alpha, "Alpha of the balance rule")->capture_default_str()->check(finite([](double alpha) {
            return alpha > 0 ? nullptr : "a number above 0; the paper uses 1.5";
        }));
        c.add_option("--width-multiple", m.widthMultiple, "Round the number of kept neurons (K) to the nearest multiple")
            ->capture_default_str()
            ->check(whole(1));
        c.add_option("--keep", m.keep, "Neurons to keep in every layer (K), instead of what the sparsity gives")
            ->type_name("K")
            ->check(whole(1));
    }

    void layers(CLI::App &c, const char *name, std::optional<std::vector<std::int64_t>> &chosen, const char *what)
    {
        const auto set = [&chosen, name](const std::vector<std::string> &texts) {
            chosen.emplace();
            if (texts != std::vector<std::string>{kNone})
                std::ranges::transform(texts, std::back_inserter(*chosen), [name](const std::string &text) {
                    if (text == kNone)
                        throw CLI::ValidationError(name, "none stands alone, without layers");
                    return std::stoll(text);
                });
        };
        c.add_option_function<std::vector<std::string>>(name, set, what)->type_name("LAYER")->delimiter(',')->check(wholeOr(kNone, 0));
    }

    void search(CLI::App &c)
    {
        layers(c, "--protect", m.protectedLayers,
               "Layers whose attention is never removed; none = all can be, also where the plan to resume protects some");
        layers(c, "--force", m.forcedLayers,
               "Layers whose attention is removed first, in this order; none = the losses decide, also where the plan forces some");
        allLosses(c);
        screening(c);
        searchLoss(c);
    }

    void screening(CLI::App &c)
    {
        c.add_option(
             "--screen", m.engine.screening,
             "Compute the losses in this type first (bfloat16 or float16), and again in the type of --dtype, which decides, where a "
             "candidate may win its step; auto = bfloat16 where that is faster; none = all in the type of --dtype")
            ->capture_default_str()
            ->check(CLI::IsMember({"auto", "none", "bfloat16", "float16"}));
    }

    void allLosses(CLI::App &c)
    {
        c.add_flag("--all-losses", m.areAllLossesWanted,
                   "Compute the exact loss of every candidate, in the type of --dtype. Without it, candidates that cannot win their "
                   "step get a bound or a 16-bit loss, which is faster; the removals are the same");
    }

    void searchLoss(CLI::App &c)
    {
        c.add_option("--search-windows", m.searchWindows, "Windows of the text on which losses are measured (1)")->check(whole(1));
        c.add_option("--loss-dtype", m.lossType,
                     "Type of the loss: float32 (the default), or reference: the model's own type, as in the authors' code")
            ->check(CLI::IsMember({"float32", "reference"}));
    }

    void scores(CLI::App &c)
    {
        c.add_option("--scores", m.scores, "Neuron scores saved by `calibrate --output`, or those of a session (FILE.secateur)")
            ->type_name("FILE");
    }
    CLI::Option *plan(CLI::App &c, const char *what)
    {
        return c.add_option("--plan", m.plan, std::string(what) + kOrSession)->type_name("FILE");
    }
    void savePlan(CLI::App &c)
    {
        c.add_option("--save-plan", m.savePlan, "Where to save the plan; during a search, after every removal")->type_name("FILE");
    }

    void exporting(CLI::App &c, bool isOutputRequired)
    {
        std::string targets = "Export target:";
        for (const ExportTarget &target : exportTargets())
            targets += "\n" + target.name + ": loads in " + target.loads;
        c.add_option("--format", m.format, targets)->capture_default_str()->check(exportFormat());
        c.add_option("--export-dtype", m.exportDtype, "Data type of the written weights; as stored by default")
            ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
        c.add_option("--output", m.output, "Folder to create")->type_name("DIR")->required(isOutputRequired);
        overwrite(c);
    }

    void overwrite(CLI::App &c) { c.add_flag("--overwrite", m.isOverwriteAllowed, "Replace existing output"); }
    void json(CLI::App &c) { c.add_flag("--json", m.isJson, "Print one JSON object per line: progress, result or error"); }

private:
    Options &m;
};

} // namespace secateur::cli
