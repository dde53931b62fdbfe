// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

enum class Newlines { Escaped, Kept };
/// A text of others as one sees what it is: characters that are not seen, or that move or turn what follows (controls, bidirectional marks and
/// isolates), stand as "\n", "\t" or their bytes "\x1b". What this gives stays the same when it is given again.
std::string printable(std::string_view text, Newlines newlines = Newlines::Escaped);
/// A name from outside as a message shows it: printable, in quotes, cut when very long. Every path in a message goes through it.
std::string inQuotes(std::string_view name);
/// "1 token", "5,000 tokens", "-3 layers": `thing` in the singular, whose plural ends in s.
std::string counted(std::int64_t number, std::string_view thing);
/// A number with thousands separated: "5,285,696".
std::string grouped(std::uint64_t number);
/// An amount of memory or of a disk: "745.8 MB", "1.15 GB", in powers of 1,000.
std::string sizeText(std::int64_t bytes);
/// "a, b, c", cut after `limit` entries with "and N more".
std::string listed(const std::vector<std::string> &entries, std::size_t limit = 20, std::string_view separator = ", ");

} // namespace secateur
