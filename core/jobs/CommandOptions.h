// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "engine/Generation.h"
#include "evaluation/Throughput.h"
#include "jobs/RestoreOptions.h"
#include "tasks/Task.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a command line of secateur-cli names of a job, whoever wrote it: the program reads one into this, and every line that is copied or recorded is
/// written from it. Values that are none, empty or as usual are not named.
struct CommandOptions {
    std::string command; ///< "inspect", "calibrate", "plan", "search", "prune", "evaluate", "generate", "export", "impact", ...
    std::filesystem::path model;
    EngineSettings engine;

    std::vector<std::filesystem::path> texts; ///< files, or names of known texts
    std::optional<std::int64_t> windows, length;
    bool areAllWindowsWanted = false;      ///< --windows all
    std::optional<std::uint64_t> seed;     ///< 0 when not given
    std::optional<std::string> column;     ///< "text" when not given
    std::optional<std::int64_t> documents; ///< of each file; of a known text as many as the paper takes when not given
    std::string norm;                      ///< l2 when empty

    std::optional<double> sparsity;
    double alpha = 1.5;
    std::optional<std::int64_t> remove;
    std::int64_t widthMultiple = 1;
    std::optional<std::int64_t> keep;
    std::optional<std::int64_t> searchWindows;                              ///< 1 when not given
    std::string lossType;                                                   ///< float32 when empty
    std::string deviceMemory, hostMemory;                                   ///< limits, as they were written; empty = what is free
    bool areAllLossesWanted = false;                                        ///< also of candidates that cannot be the best of their step
    std::optional<std::vector<std::int64_t>> forcedLayers, protectedLayers; ///< none in it: "none", also where a plan has some
    bool isRestarted = false;                                               ///< of the search of a plan

    std::string method;                      ///< 2ssp when empty
    std::string variant;                     ///< of a method of blocks; authors when empty
    std::optional<std::int64_t> generations; ///< of EvoPress, as are the next three
    std::optional<std::int64_t> coarseTokens, fineTokens;
    std::optional<std::uint64_t> evolutionSeed;

    TaskSettings tasks;                           ///< paths may be names of known tasks
    std::optional<ThroughputSettings> throughput; ///< none: it is not measured

    std::vector<std::string> methods; ///< of `compare`, as are those below
    std::vector<double> sparsities;
    bool isEqualSize = false;
    std::filesystem::path session, csv, markdown, latex;

    std::filesystem::path scores, plan, savePlan;
    std::filesystem::path grams;     ///< a file of Gram matrices that is used
    std::filesystem::path saveGrams; ///< of `calibrate`: one that is written
    RestoreOptions restore;
    bool areVariantsWanted = false; ///< of `compare`: the steps of the restoration one after another
    std::vector<std::filesystem::path> plans; ///< of `generate` and `score`, beside each other; `plan` is empty there
    bool isOriginalToo = false;               ///< of `generate`: the model as it is, beside plans. `score` always has it
    std::vector<std::filesystem::path> evaluationTexts;
    GenerationSettings generation;  ///< of a chat at most a system message stands before the prompt. `score` scores the prompt
    std::filesystem::path textFile; ///< of `score`: that text instead

    std::string format;      ///< export target
    std::string exportDtype; ///< empty = as stored
    std::filesystem::path output;
    bool isOverwriteAllowed = false;
};

/// The command line as words, the program's name first; unquoted.
std::vector<std::string> wordsOf(const CommandOptions &options);

/// As a POSIX shell reads it back as one word; "&&" stays what it is to a shell.
std::string shellWord(const std::string &word);
/// Words as a line for a shell.
std::string shellLine(const std::vector<std::string> &words);

} // namespace secateur
