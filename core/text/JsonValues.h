// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace secateur {

inline constexpr std::string_view kJsonBlank = " \t\r\n";
inline constexpr int kDeepestInTexts = 512; ///< levels; trees of answers are deep

/// The first place from `at` on that is not blank; the size when there is none.
std::size_t skipBlank(std::string_view text, std::size_t at);

/// Finds where a JSON value ends, of which ever more becomes known. It need not be valid: only strings and brackets are looked at.
class ValueEnd {
public:
    /// `text` begins with the value and goes on as before, further. True once the end is known.
    bool find(std::string_view text);
    /// How many bytes the value has, or has so far.
    std::size_t length() const { return m_at - (m_isBehind ? 1 : 0); }

private:
    void look(char c);

    std::size_t m_at = 0;
    int m_depth = 0;
    bool m_isInString = false, m_isEscaped = false;
    bool m_isFound = false, m_isBehind = false; ///< the end is known; by a character that belongs to it no more
};

/// The value of a JSON text by the library alone, which is fast; discarded when it is malformed for the library, or may be too deep: even
/// copying a value recurses. What is discarded goes to parseJson, which takes more, or says what is wrong.
nlohmann::json quickJson(std::string_view text);

} // namespace secateur
