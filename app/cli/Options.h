// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "engine/Generation.h"
#include "pruning/PruningPlan.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace secateur::cli {

/// What the user wrote, after parsing. One struct for all commands, because an option means the same everywhere; a command reads what
/// concerns it.
struct Options {
    std::string command; ///< "inspect", "calibrate", "plan", "search", "prune", "evaluate", "generate", "export", "impact",
                         ///< "models", "texts", "bench", "logits"
    bool isJson = false;
    std::set<std::string> given; ///< names of the options on the command line: "--sparsity"

    std::filesystem::path model;
    std::filesystem::path config; ///< a config.json alone: shape without weights
    EngineSettings engine;

    std::vector<std::filesystem::path> texts; ///< files, or names of known texts
    std::optional<std::int64_t> windows, length;
    bool areAllWindowsWanted = false;  ///< --windows all
    std::optional<std::uint64_t> seed; ///< 0 when not given
    std::optional<std::string> column; ///< "text" when not given
    std::string norm;                  ///< l2 when empty

    std::optional<double> sparsity;
    double alpha = 1.5;
    std::optional<std::int64_t> remove;
    std::int64_t widthMultiple = 1;
    std::optional<std::int64_t> keep;
    std::optional<std::int64_t> searchWindows; ///< 1 when not given
    std::string lossType;                      ///< float32 when empty
    std::string deviceMemory, hostMemory;      ///< limits, as they were written; empty = what is free
    bool areAllLossesWanted = false;           ///< also of candidates that cannot be the best of their step
    std::vector<std::int64_t> forcedLayers;
    std::optional<std::vector<std::int64_t>> protectedLayers; ///< none in it: --protect none, also where a plan has some

    std::filesystem::path scores, plan, savePlan;
    std::vector<std::filesystem::path> evaluationTexts;

    std::string format = "hf-dropin";
    std::string exportDtype; ///< empty = as stored
    std::filesystem::path output;
    bool isOverwriteAllowed = false;

    bool isRandom = false, isExportSkipped = false; ///< of `bench`
    std::string versus;                             ///< of `bench`: "dtype=bfloat16", "screen=none", "waiting=sleep"; or empty
    std::int64_t rounds = 1;                        ///< of `bench`
    GenerationSettings generation;
    std::filesystem::path tokens; ///< of `logits`: a JSON array of ids
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
TextSettings evaluationText(const Options &options, std::int64_t context);                                 ///< of `evaluate` and `impact`
TextSettings heldOutText(const Options &options, const std::filesystem::path &file, std::int64_t context); ///< of --evaluate

/// The command line that decides the same plan and the same weights, for the manifest: without where to write and how to print.
std::vector<std::string> repeatableCommand(const Options &options);

} // namespace secateur::cli
