// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

namespace secateur {

/// A short text that comes with the program, to try what pruning does to a kind of text: 80 to 200 tokens, written for it (CC0).
struct TrialText {
    const char *name;  ///< one word or two, of what it tries: "prose"
    const char *title; ///< for people, in English: "Prose"
    const char *file;  ///< in `resources/texts`
};

inline constexpr std::array<TrialText, 6> kTrialTexts = {{
    {"prose", "Prose", "prose.txt"},
    {"dialogue", "Dialogue", "dialogue.txt"},
    {"numbers", "Numbers", "numbers.txt"},
    {"code", "Code", "code.txt"},
    {"language", "Another language", "language.txt"},
    {"long range", "Long range", "long-range.txt"}, // it ends with what its beginning tells
}};

} // namespace secateur
