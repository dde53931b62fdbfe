// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Normalizer.h"
#include "tokenizer/Vocabulary.h"

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace secateur {

/// A token that is found in the text as it stands, before the model sees it.
struct AddedToken {
    std::string content;
    TokenId id = 0;
    bool isSpecial = false;    ///< left out by decoding when asked
    bool isNormalized = false; ///< looked for in the normalised text, by its own normalised form
    bool isWord = false;       ///< counts only where no word character touches it
    bool stripsLeft = false;   ///< takes the white space before it along
    bool stripsRight = false;  ///< takes the white space behind it along
};

/// Finds the tokens of one set in a text: the leftmost match, the longest of those (as Aho-Corasick's leftmost-longest does).
class TokenMatcher {
public:
    /// `forms` are what is looked for; those that are empty are passed over.
    TokenMatcher(std::vector<AddedToken> tokens, std::vector<std::string> forms);

    /// Calls `onText` for every stretch between tokens (never empty) and `onToken` for every token, in order.
    void split(std::string_view text, const std::function<void(std::string_view)> &onText,
               const std::function<void(TokenId)> &onToken) const;

private:
    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
        const AddedToken *token = nullptr;
    };
    std::optional<Match> find(std::string_view text, std::size_t from) const;
    std::optional<Match> longestAt(std::string_view text, std::size_t position) const;

    struct Entry {
        std::string form;
        AddedToken token;
    };
    std::vector<Entry> m_entries; ///< sorted by form
    std::vector<bool> m_begins;   ///< 256: whether a form begins with the byte
};

/// The `added_tokens` of a tokenizer.json.
class AddedTokens {
public:
    /// Gives every token its id as the `tokenizers` library does: the id that the vocabulary has for it, else the next free one behind
    /// the vocabulary (in well-made files this is the id that the file says), and adds it to `vocabulary`.
    static AddedTokens fromJson(const nlohmann::json &list, const Normalizer &normalizer, Vocabulary &vocabulary);

    /// Tokens to be found before normalisation.
    const TokenMatcher &raw() const { return m_raw; }
    /// Tokens to be found after normalisation.
    const TokenMatcher &normalized() const { return m_normalized; }
    bool isSpecial(TokenId id) const { return m_special.contains(id); }

private:
    AddedTokens(TokenMatcher raw, TokenMatcher normalized, std::unordered_set<TokenId> special)
        : m_raw(std::move(raw)),
          m_normalized(std::move(normalized)),
          m_special(std::move(special))
    {
    }

    TokenMatcher m_raw;
    TokenMatcher m_normalized;
    std::unordered_set<TokenId> m_special;
};

} // namespace secateur
