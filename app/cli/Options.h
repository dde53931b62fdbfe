// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/CommandOptions.h"
#include "model/ModelSpec.h"
#include "pruning/PlanMethod.h"
#include "text/TokenWindows.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace secateur::cli {

/// What the user wrote, after parsing. One struct for all commands, because an option means the same everywhere; a command reads what
/// concerns it.
struct Options : CommandOptions {
    Options() { format = "hf-dropin"; }

    bool isJson = false;
    std::set<std::string> given;  ///< names of the options on the command line: "--sparsity"
    std::filesystem::path config; ///< a config.json alone: shape without weights

    bool isRandom = false, isExportSkipped = false; ///< of `bench`
    std::string versus;                             ///< of `bench`: "dtype=bfloat16", "screen=none", "waiting=sleep"; or empty
    std::int64_t rounds = 1;                        ///< of `bench`
    std::filesystem::path tokens;                   ///< of `logits`: a JSON array of ids
    std::filesystem::path saveItems;                ///< of `evaluate --tasks`
    std::int64_t worst = 20;                        ///< of `score`: tokens to list
    bool isResumed = false;                         ///< of the items in that file
    std::map<std::filesystem::path, std::int64_t> documentsOfKnown; ///< of files that were given by a known text\'s name
};

/// Whether the command line asks for JSON, which holds for what is wrong with it as well.
bool isJsonWanted(int argc, const char *const *argv);

/// Reads the command line. When nothing is left to do (help, version, a mistake) it prints what is to be said and gives the exit code in
/// `exitCode`.
std::optional<Options> parse(int argc, const char *const *argv, int &exitCode);

/// Puts files in the place of known texts that are given by name ("wikitext-2"). Throws Error when one is not on this computer.
void findTexts(Options &options);

/// What the text options ask for; `context`: that of the model, tokens.
TextSettings calibrationText(const Options &options, std::int64_t context);
/// That a method of whole blocks chooses by: at most so many windows; none: as many as usual. EvoPress' samples have a length by the model's family.
TextSettings blocksText(const Options &options, PlanMethod method, const ModelSpec &spec);
TextSettings evaluationText(const Options &options, std::int64_t context);                                 ///< of `evaluate` and `impact`
TextSettings heldOutText(const Options &options, const std::filesystem::path &file, std::int64_t context); ///< of --evaluate
/// Of --restore-text, cut as the calibration is.
TextSettings secondText(const Options &options, const TextSettings &calibration, std::int64_t windows);

} // namespace secateur::cli
