// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// A name from a file as a message shows it: in quotes, control characters replaced by '?', cut when very long.
std::string inQuotes(std::string_view name);
/// A number with thousands separated: "5,285,696".
std::string grouped(std::uint64_t number);
/// An amount of memory or of a disk: "745.8 MB", "1.15 GB", in powers of 1,000.
std::string sizeText(std::int64_t bytes);
/// "a, b, c", cut after `limit` entries with "and N more".
std::string listed(const std::vector<std::string> &entries, std::size_t limit = 20, std::string_view separator = ", ");

} // namespace secateur
