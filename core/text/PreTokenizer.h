// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/Split.h"
#include "text/TextArena.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace secateur {

/// The pre-tokenizer `ByteLevel`. That bytes are then written as letters is left to the model, which works on bytes; so this step must be
/// the last.
struct ByteLevelSplit {
    bool addsPrefixSpace = false; ///< a piece that does not begin with a space gets one
    std::optional<Split> pattern; ///< GPT-2's, when it is used

    void run(std::string_view piece, TextArena &arena, const PieceSink &sink) const;
};

/// Cuts text into the words that the model encodes one by one: a list of steps, each of which cuts the pieces of the one before. Immutable.
class PreTokenizer {
public:
    /// From the `pre_tokenizer` of a tokenizer.json: ByteLevel, possibly after Split and Digits. Throws Error that names any other.
    static PreTokenizer fromJson(const nlohmann::json &preTokenizer);

    /// Gives the words of `text` (UTF-8) in order; none is empty. They are views of `text` or of `arena`.
    void run(std::string_view text, TextArena &arena, const PieceSink &sink) const;

private:
    using Step = std::variant<Split, ByteLevelSplit>;

    void append(const nlohmann::json &step);
    void runFrom(std::size_t step, std::string_view piece, TextArena &arena, const PieceSink &sink) const;

    std::vector<Step> m_steps;
};

} // namespace secateur
