// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/Options.h"

#include <CLI/CLI.hpp>
#include <string>

namespace secateur::cli {

/// Takes amounts of memory: "24GiB".
CLI::Validator amount();
/// Takes names of export targets.
CLI::Validator exportFormat();
/// Takes what --versus compares with: an option without its dashes, and one of its values.
CLI::Validator setting();

/// What is wrong with options that are right one by one: one that is missing, or several that cannot hold together. Empty when all is well.
std::string mistakeIn(const Options &options);

} // namespace secateur::cli
