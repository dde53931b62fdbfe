// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace secateur {

/// Keeps the texts that steps of tokenisation make, so that views of them stay good until the end.
class TextArena {
public:
    std::string_view keep(std::string text) { return m_texts.emplace_back(std::move(text)); }

private:
    std::deque<std::string> m_texts;
};

} // namespace secateur
