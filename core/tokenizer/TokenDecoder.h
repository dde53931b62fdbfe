// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/RegularExpression.h"
#include "tokenizer/Vocabulary.h"

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace secateur {

/// Turns tokens back into text: a list of steps over the tokens, whose results are joined. Immutable.
class TokenDecoder {
public:
    /// From the `decoder` of a tokenizer.json: ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, or a Sequence of these. Without one
    /// the tokens of a vocabulary of bytes (`isOfBytes`) are read as ByteLevel does, others are joined by spaces, as the library does.
    /// Throws Error that names any other.
    static TokenDecoder fromJson(const nlohmann::json &decoder, const Vocabulary &vocabulary, bool isOfBytes);

    /// Ids that do not exist are left out; bytes that are no UTF-8 become U+FFFD.
    std::string run(std::span<const TokenId> ids) const;

private:
    struct Bytes {};        ///< ByteLevel
    struct ByteFallback {}; ///< "<0x41>" to its byte
    struct Fuse {};
    struct Replace {
        std::string from, to;
    };
    /// Up to so many of a character off the beginning and the end of each token.
    struct Strip {
        std::string what;
        std::size_t atStart = 0, atEnd = 0;
    };
    struct Metaspace {
        std::string mark;
        bool dropsFirst = false; ///< those of the first token are no spaces
    };
    using Step = std::variant<Bytes, ByteFallback, Fuse, Replace, Strip, Metaspace>;

    void append(const nlohmann::json &step);
    static void apply(const Step &step, std::vector<std::string> &tokens);

    std::vector<Step> m_steps;
    std::string m_separator;
    std::vector<std::string> m_tokens; ///< of each id
};

} // namespace secateur
