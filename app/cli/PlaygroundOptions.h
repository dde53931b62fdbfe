// SPDX-License-Identifier: GPL-3.0-or-later
// Options of `generate` and `score`.
#pragma once

#include "cli/Options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

void addGenerationOptions(CLI::App &command, Options &options);
void addScoringOptions(CLI::App &command, Options &options);

/// What is wrong with them, as mistakeIn() has it; empty: nothing.
std::string mistakeInPlayground(const Options &options);

} // namespace secateur::cli
