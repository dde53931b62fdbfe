// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

/// Reads a file that holds a JSON object of at most `largest` bytes and 64 levels (copying and printing a document recurse, so depth is
/// stack). Throws Error that names the file and what is wrong, with line and column where there is a place; `hint` is its remedy.
nlohmann::json readJsonFile(const std::filesystem::path &file, std::uintmax_t largest, const std::string &hint);

} // namespace secateur
