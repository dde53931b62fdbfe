// SPDX-License-Identifier: GPL-3.0-or-later
// Options of tasks and of throughput: defined once, so that a name means the same everywhere.
#pragma once

#include "cli/Options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

/// --tasks and what is asked of them.
void addTaskOptions(CLI::App &command, Options &options);
/// --save-items and --resume.
void addItemOptions(CLI::App &command, Options &options);
/// --throughput and its lengths and sizes.
void addThroughputOptions(CLI::App &command, Options &options);

/// What is wrong with them, as mistakeIn() has it; empty: nothing.
std::string mistakeInTasks(const Options &options);

} // namespace secateur::cli
