// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/JsonValues.h"

#include <algorithm>

namespace secateur {

std::size_t skipBlank(std::string_view text, std::size_t at)
{
    return std::min(text.find_first_not_of(kJsonBlank, at), text.size());
}

void ValueEnd::look(char c)
{
    if (m_isInString) {
        m_isInString = c != '"' || m_isEscaped;
        m_isEscaped = c == '\\' && !m_isEscaped;
        m_isFound = !m_isInString && m_depth == 0;
        return;
    }
    switch (c) {
    case '"':
        m_isInString = true;
        return;
    case '{':
    case '[':
        ++m_depth;
        return;
    case '}':
    case ']':
        m_isBehind = m_depth == 0; // of a number, say
        m_isFound = m_depth <= 1;
        --m_depth;
        return;
    default:
        m_isBehind = m_isFound = m_depth == 0 && (c == ',' || kJsonBlank.find(c) != std::string_view::npos);
    }
}

bool ValueEnd::find(std::string_view text)
{
    for (; m_at < text.size() && !m_isFound; ++m_at)
        look(text[m_at]);
    return m_isFound;
}

nlohmann::json quickJson(std::string_view text)
{
    constexpr std::ptrdiff_t kManyValues = std::ptrdiff_t(1) << 18; // too many to be held unasked
    const std::ptrdiff_t brackets = std::ranges::count(text, '[') + std::ranges::count(text, '{');
    const bool isHarmless = brackets <= kDeepestInTexts && text.find('\0') == std::string_view::npos &&
                            (std::ptrdiff_t(text.size()) < kManyValues || std::ranges::count(text, ',') < kManyValues);
    return isHarmless ? nlohmann::json::parse(text, nullptr, false) : nlohmann::json(nlohmann::json::value_t::discarded);
}

} // namespace secateur
