// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secateur {

// What Python's str does to texts (UTF-8), because the tasks were defined by programs in Python.

/// How many bytes are left of `text` without the white space at its end (str.rstrip). White space is what str.isspace() knows: U+0009 to 000D,
/// 001C to 0020, 0085, 00A0, 1680, 2000 to 200A, 2028, 2029, 202F, 205F and 3000.
std::size_t lengthWithoutSpaceBehind(std::string_view text);
/// Without the white space at both ends (str.strip).
std::string_view stripped(std::string_view text);
/// The first character in title case, all others in lower case (str.capitalize).
std::string capitalised(const std::string &text);
/// Every `part` replaced, from the left, once (str.replace).
std::string replaced(std::string_view text, std::string_view part, std::string_view by);
/// Code points (len).
std::int64_t codePoints(std::string_view text);

} // namespace secateur
