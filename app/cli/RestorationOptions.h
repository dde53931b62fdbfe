// SPDX-License-Identifier: GPL-3.0-or-later
// Options of restoring a plan: defined once, so that a name means the same everywhere.
#pragma once

#include "cli/Options.h"
#include "pruning/RestorationRecord.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

/// --restore, how it is done, and --grams.
void addRestorationOptions(CLI::App &command, Options &options);
/// --restore and how it is done, for the rows of a comparison, and --variants.
void addVariantOptions(CLI::App &command, Options &options);

/// What is wrong with them, as mistakeIn() has it; empty: nothing.
std::string mistakeInRestoration(const Options &options);

/// What they ask for, of a plan found by that method. `calibration`: the text of the plan; `format`: the export target that gets it, empty without.
RestorationSettings restorationSettings(const Options &options, const TextSettings &calibration, PlanMethod method, const ModelSpec &dense,
                                        const std::string &format);

} // namespace secateur::cli
