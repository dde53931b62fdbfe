// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/AddedTokens.h"

#include "foundation/Utf8.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <unicode/uchar.h>

namespace secateur {
namespace {

/// What `\w` is in Rust's regular expressions (UTS 18, annex C).
bool isWordCharacter(char32_t c)
{
    const auto point = UChar32(c);
    return u_isUAlphabetic(point) || (U_GET_GC_MASK(point) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 ||
           u_hasBinaryProperty(point, UCHAR_JOIN_CONTROL);
}

bool isSpace(char32_t c)
{
    return u_isUWhiteSpace(UChar32(c));
}

bool standsAlone(std::string_view text, std::size_t begin, std::size_t end)
{
    const bool touchesLeft = begin > 0 && isWordCharacter(codePointAt(text, previousCodePoint(text, begin)));
    const bool touchesRight = end < text.size() && isWordCharacter(codePointAt(text, end));
    return !touchesLeft && !touchesRight;
}

/// Where the white space that ends at `position` begins.
std::size_t spaceBefore(std::string_view text, std::size_t position)
{
    while (position > 0) {
        const std::size_t previous = previousCodePoint(text, position);
        if (!isSpace(codePointAt(text, previous)))
            break;
        position = previous;
    }
    return position;
}

/// Where the white space that begins at `position` ends.
std::size_t spaceAfter(std::string_view text, std::size_t position)
{
    while (position < text.size() && isSpace(codePointAt(text, position)))
        position = nextCodePoint(text, position);
    return position;
}

AddedToken readToken(const nlohmann::json &entry)
{
    AddedToken token;
    token.content = entry.at("content").get<std::string>();
    token.isSpecial = entry.value("special", false);
    token.isNormalized = entry.value("normalized", !token.isSpecial);
    token.isWord = entry.value("single_word", false);
    token.stripsLeft = entry.value("lstrip", false);
    token.stripsRight = entry.value("rstrip", false);
    return token;
}

} // namespace

TokenMatcher::TokenMatcher(std::vector<AddedToken> tokens, std::vector<std::string> forms) : m_begins(256)
{
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (forms[i].empty())
            continue;
        m_begins[static_cast<unsigned char>(forms[i].front())] = true;
        m_entries.push_back({std::move(forms[i]), std::move(tokens[i])});
    }
    std::ranges::stable_sort(m_entries, {}, &Entry::form);
}

void TokenMatcher::split(std::string_view text, const std::function<void(std::string_view)> &onText,
                         const std::function<void(TokenId)> &onToken) const
{
    std::size_t done = 0;
    std::size_t from = 0;
    while (const auto match = find(text, from)) {
        from = match->end;
        if (match->token->isWord && !standsAlone(text, match->begin, match->end))
            continue;
        const std::size_t begin = match->token->stripsLeft ? std::max(done, spaceBefore(text, match->begin)) : match->begin;
        if (match->token->stripsLeft && begin >= match->end)
            continue; // the token before took all of it
        if (done < begin)
            onText(text.substr(done, begin - done));
        onToken(match->token->id);
        done = match->token->stripsRight ? spaceAfter(text, match->end) : match->end;
    }
    if (done < text.size())
        onText(text.substr(done));
}

std::optional<TokenMatcher::Match> TokenMatcher::find(std::string_view text, std::size_t from) const
{
    if (m_entries.empty())
        return std::nullopt;
    for (std::size_t position = from; position < text.size(); ++position) {
        if (!m_begins[static_cast<unsigned char>(text[position])])
            continue;
        if (const auto match = longestAt(text, position))
            return match;
    }
    return std::nullopt;
}

/// Narrows the sorted entries down to those that go on like the text, byte by byte.
std::optional<TokenMatcher::Match> TokenMatcher::longestAt(std::string_view text, std::size_t position) const
{
    std::optional<Match> best;
    std::span<const Entry> candidates(m_entries);
    for (std::size_t length = 0; !candidates.empty(); ++length) {
        if (candidates.front().form.size() == length) // the shortest of equal beginnings comes first
            best = Match{position, position + length, &candidates.front().token};
        if (position + length == text.size())
            break;
        const auto byteOf = [length](const Entry &entry) {
            return entry.form.size() > length ? int(static_cast<unsigned char>(entry.form[length])) : -1;
        };
        const auto range = std::ranges::equal_range(candidates, int(static_cast<unsigned char>(text[position + length])), {}, byteOf);
        candidates = std::span(range.begin(), range.end());
    }
    return best;
}

AddedTokens AddedTokens::fromJson(const nlohmann::json &list, const Normalizer &normalizer, Vocabulary &vocabulary)
{
    const auto modelCount = TokenId(vocabulary.count());
    TokenId largest = -1; // of the ids of added tokens
    std::vector<AddedToken> tokens[2];
    std::vector<std::string> forms[2];
    std::unordered_set<TokenId> special;
    TextArena arena;
    for (const auto &entry : list) {
        AddedToken token = readToken(entry);
        if (token.content.empty())
            continue;
        token.id = vocabulary.idOf(token.content).value_or(std::max(largest + 1, modelCount));
        largest = std::max(largest, token.id);
        vocabulary.add(token.content, token.id);
        if (token.isSpecial)
            special.insert(token.id);
        forms[token.isNormalized].emplace_back(token.isNormalized ? normalizer.run(token.content, arena) : token.content);
        tokens[token.isNormalized].push_back(std::move(token));
    }
    return {TokenMatcher(std::move(tokens[0]), std::move(forms[0])), TokenMatcher(std::move(tokens[1]), std::move(forms[1])),
            std::move(special)};
}

} // namespace secateur
