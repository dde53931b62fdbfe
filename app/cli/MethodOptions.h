// SPDX-License-Identifier: GPL-3.0-or-later
// Options of methods of blocks, of tasks, and of the command that compares: defined once, so that a name means the same everywhere.
#pragma once

#include "cli/Options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

/// --variant and what an evolution takes.
void addBlockOptions(CLI::App &command, Options &options);
/// --tasks and what is asked of them, and --throughput.
void addTaskOptions(CLI::App &command, Options &options);
/// What `compare` has of its own.
void addComparisonOptions(CLI::App &command, Options &options);

/// What is wrong with the options of `compare`, as mistakeIn() has it; empty: nothing.
std::string mistakeInComparison(const Options &options);

} // namespace secateur::cli
