// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/Options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace secateur::cli {

/// Windows, tokens, layers, neurons: more than anybody has, and no product of two overflows.
inline constexpr std::uint64_t kMost = 1'000'000'000;
/// Takes whole numbers that fit. CLI11 by itself takes the nearest that does for one that does not.
CLI::Validator whole(std::uint64_t least, std::uint64_t most = kMost);
/// The same, and a word that stands for them.
CLI::Validator wholeOr(const std::string &word, std::uint64_t least);
/// Takes finite numbers of which `wantedOf` gives nothing; else it gives what a number must be.
CLI::Validator finite(std::function<const char *(double)> wantedOf);
/// Takes amounts of memory: "24GiB".
CLI::Validator amount();
/// Takes names of devices, whether they are there or not.
CLI::Validator deviceName();
/// Takes names of export targets.
CLI::Validator exportFormat();
/// Takes what --versus compares with: an option without its dashes, and one of its values.
CLI::Validator setting();

/// What is wrong with options that are right one by one: one that is missing, or several that cannot hold together. Empty when all is well.
std::string mistakeIn(const Options &options);
/// What is to be said of options that are right and decide nothing: of the balance, where the numbers that follow from them are given. Earlier versions
/// took them, so command lines in manifests have them.
std::vector<std::string> idleBalance(const Options &options);

} // namespace secateur::cli
