// SPDX-License-Identifier: GPL-3.0-or-later
// Options of methods of blocks, and of the command that compares: defined once, so that a name means the same everywhere.
#pragma once

#include "cli/Options.h"
#include "pruning/BlockRecord.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

/// --variant and what an evolution takes.
void addBlockOptions(CLI::App &command, Options &options);
/// --method of a search, and the same.
void addMethodOption(CLI::App &command, Options &options);
/// What `compare` has of its own.
void addComparisonOptions(CLI::App &command, Options &options);

/// What the command line says of a choice of blocks, over the settings of one before.
BlockSettings blockSettings(const Options &options, BlockSettings before = {});

/// An option that the method has not, as mistakeIn() has it; empty: there is none.
std::string mistakeOfMethod(const Options &options, PlanMethod method);
/// What is wrong with the options of `search`.
std::string mistakeInSearch(const Options &options);
/// What is wrong with the options of `compare`, as mistakeIn() has it; empty: nothing.
std::string mistakeInComparison(const Options &options);

} // namespace secateur::cli
