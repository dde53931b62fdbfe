// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/RegularExpression.h"
#include "tokenizer/TextArena.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace secateur {

/// What is done to the text before it is cut: a list of steps, each on what the one before made. Immutable.
class Normalizer {
public:
    /// From the `normalizer` of a tokenizer.json: null, NFC, Prepend, Replace, or a Sequence of these. Throws Error that names any other.
    static Normalizer fromJson(const nlohmann::json &normalizer);

    /// The normalised text, which is `text` itself when nothing is to be done. `text` must be UTF-8.
    /// Throws Error when it is longer than ICU can take (2 GiB).
    std::string_view run(std::string_view text, TextArena &arena) const;

private:
    /// Unicode's canonical composition.
    struct Compose {};
    /// Something in front of a text that is not empty.
    struct Prepend {
        std::string what;
    };
    /// Every match of a pattern becomes something else.
    struct Replace {
        RegularExpression pattern;
        std::string literal; ///< what the pattern matches when it is no expression: found much faster
        std::string content;
    };
    using Step = std::variant<Compose, Prepend, Replace>;

    void append(const nlohmann::json &step);
    static std::string_view apply(const Step &step, std::string_view text, TextArena &arena);

    std::vector<Step> m_steps;
};

/// `text` with every `from` (not empty) replaced by `to`.
std::string replacedAll(std::string_view text, std::string_view from, std::string_view to);

} // namespace secateur
