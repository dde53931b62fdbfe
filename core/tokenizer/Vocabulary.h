// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Tokenizer.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace secateur {

/// Lets maps keyed by std::string be asked with a std::string_view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using TokenMap = std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>>;

/// The tokens of a tokenizer and their ids, written as the file writes them (a byte-level tokenizer writes a space as "Ġ").
class Vocabulary {
public:
    /// From the model's `vocab`, an object of token -> id. Throws Error when an id is out of range.
    static Vocabulary fromJson(const nlohmann::json &vocab);

    std::optional<TokenId> idOf(std::string_view token) const;
    /// The token of an id; empty when there is none.
    const std::string &tokenOf(TokenId id) const;
    /// Gives `token` the id, unless it has that id already.
    void add(const std::string &token, TokenId id);

    /// Number of different tokens.
    std::size_t count() const { return m_ids.size(); }
    /// The largest id plus one.
    std::size_t size() const { return m_tokens.size(); }
    const TokenMap &ids() const { return m_ids; }

private:
    TokenMap m_ids;
    std::vector<std::string> m_tokens; ///< by id; an empty string where an id is not used
};

} // namespace secateur
