// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Split.h"
#include "tokenizer/TextArena.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
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

/// The pre-tokenizer `Metaspace`: spaces become "\u2581" (or another mark), one is put in front, and each begins a word.
struct MetaspaceSplit {
    enum class Prepends { Always, First, Never };
    std::string mark;
    Prepends prepends = Prepends::Always; ///< First: only at the very beginning of the text
    std::optional<Split> split;           ///< at the marks, unless they do not cut

    void run(std::string_view piece, bool isAtStart, TextArena &arena, const PieceSink &sink) const;
};

/// Cuts text into the words that the model encodes one by one: a list of steps, each of which cuts the pieces of the one before. Immutable.
class PreTokenizer {
public:
    /// From the `pre_tokenizer` of a tokenizer.json: null, Split, Digits, Metaspace, ByteLevel (as the last), or a Sequence of these. Throws
    /// Error that names any other.
    static PreTokenizer fromJson(const nlohmann::json &preTokenizer);

    /// What the model makes words of: bytes behind ByteLevel, else characters.
    bool endsWithBytes() const;
    /// Gives the words of `text` (UTF-8) in order; none is empty. They are views of `text` or of `arena`. `isAtStart`: `text` is the
    /// beginning of the whole.
    void run(std::string_view text, bool isAtStart, TextArena &arena, const PieceSink &sink) const;

private:
    using Step = std::variant<Split, MetaspaceSplit, ByteLevelSplit>;

    void append(const nlohmann::json &step);
    void runFrom(std::size_t step, std::string_view piece, bool isAtStart, TextArena &arena, const PieceSink &sink) const;

    std::vector<Step> m_steps;
};

} // namespace secateur
