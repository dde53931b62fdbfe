// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Tokenizer.h"

#include <string>
#include <vector>

namespace secateur {

/// What each token adds to a text, as the tokens come: joined, the pieces are the text that the tokenizer makes of all of them.
///
/// A token that ends within a character adds nothing; the one that completes the character adds it. The time of a token does not grow with the text.
class TokenPieces {
public:
    /// The tokenizer must outlive it. Special tokens add nothing when they are skipped.
    TokenPieces(const Tokenizer &tokenizer, bool skipsSpecial) : m_tokenizer(tokenizer), m_skipsSpecial(skipsSpecial) {}

    std::string add(TokenId id);
    /// What was held back of a character that no token completed: U+FFFD for its bytes. Of the end of a text.
    std::string rest();

private:
    std::string textFrom(std::size_t first) const;
    std::string grownBy(const std::string &text) const;

    const Tokenizer &m_tokenizer;
    bool m_skipsSpecial;
    std::vector<TokenId> m_ids; ///< as far back as the text of the last depends on
    std::size_t m_told = 0;     ///< of them, those whose text was told
    std::string m_toldText;     ///< of these
};

/// The pieces of tokens that are all there: what is held back at the end is of the last one.
std::vector<std::string> textPiecesOf(const Tokenizer &tokenizer, const std::vector<TokenId> &ids);

} // namespace secateur
