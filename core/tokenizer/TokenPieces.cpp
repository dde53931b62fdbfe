// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/TokenPieces.h"

#include <span>

namespace secateur {

std::string TokenPieces::textFrom(std::size_t first) const
{
    return m_tokenizer.decode(std::span(m_ids).subspan(first), m_skipsSpecial);
}

/// What `text` has more than what was told. A decoder may change what stands before only by completing a character.
std::string TokenPieces::grownBy(const std::string &text) const
{
    return text.size() > m_toldText.size() ? text.substr(m_toldText.size()) : std::string();
}

std::string TokenPieces::add(TokenId id)
{
    m_ids.push_back(id);
    const std::string text = textFrom(0);
    if (text.ends_with("\uFFFD")) // within a character, as far as can be told
        return {};
    std::string piece = grownBy(text);
    // The next text is taken from the tokens told last on, which need not be those of a text's beginning: a decoder takes a space off that. Tokens without
    // text are not enough to stand before another.
    if (std::string own = textFrom(m_told); m_told > 0 && !own.empty()) {
        m_ids.erase(m_ids.begin(), m_ids.begin() + std::ptrdiff_t(m_told));
        m_toldText = std::move(own);
    } else {
        m_toldText = text;
    }
    m_told = m_ids.size();
    return piece;
}

std::string TokenPieces::rest()
{
    const std::string text = textFrom(0);
    std::string piece = grownBy(text);
    m_told = m_ids.size();
    m_toldText = text;
    return piece;
}

std::vector<std::string> textPiecesOf(const Tokenizer &tokenizer, const std::vector<TokenId> &ids)
{
    TokenPieces growing(tokenizer, false);
    std::vector<std::string> pieces;
    for (const TokenId id : ids)
        pieces.push_back(growing.add(id));
    if (!pieces.empty())
        pieces.back() += growing.rest();
    return pieces;
}

} // namespace secateur
