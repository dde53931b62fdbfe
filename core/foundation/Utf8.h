// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace secateur {

/// Where the first ill-formed sequence of `text` begins; its size when the whole of it is UTF-8 (Unicode standard, table 3-7).
std::size_t firstIllFormed(std::string_view text);

/// Whether what begins at `position` is a character of which the end is missing: more bytes may make it well-formed.
bool isCutOff(std::string_view text, std::size_t position);

/// Appends a code point, which is no surrogate.
void appendUtf8(std::string &text, char32_t point);

/// `text` with one U+FFFD for every maximal subpart of an ill-formed sequence: the practice that the Unicode standard recommends (section
/// 3.9), and what Python's bytes.decode("utf-8", "replace") does.
std::string replaceIllFormed(std::string_view text);

/// Whether well-formed text is one code point.
bool isOneCodePoint(std::string_view text);
/// The code point that begins at `position` of well-formed text.
char32_t codePointAt(std::string_view text, std::size_t position);
/// Where the code point that begins at `position` of well-formed text ends.
std::size_t nextCodePoint(std::string_view text, std::size_t position);
/// Where the code point that ends at `position` of well-formed text begins; `position` must not be 0.
std::size_t previousCodePoint(std::string_view text, std::size_t position);

} // namespace secateur
