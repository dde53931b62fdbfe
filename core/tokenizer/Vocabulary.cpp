// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Vocabulary.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

/// The largest id that is believed of a vocabulary of so many tokens: tables are made by id, and a damaged file could ask for all memory.
std::int64_t largestId(std::size_t tokens)
{
    constexpr std::int64_t kMost = (1 << 24) - 1, kAlways = 65'535, kForEachToken = 16;
    return std::min(kMost, kAlways + kForEachToken * std::int64_t(tokens));
}

} // namespace

Vocabulary Vocabulary::fromJson(const nlohmann::json &vocab)
{
    Vocabulary vocabulary;
    vocabulary.m_ids.reserve(vocab.size());
    const std::int64_t largest = largestId(vocab.size());
    for (const auto &[token, value] : vocab.items()) {
        const auto id = integerOf(value, "the id of the token " + inQuotes(token));
        if (id < 0 || id > largest)
            throw Error("the token " + inQuotes(token) + " has the id " + std::to_string(id) + ", which is out of range",
                        "The file may be damaged; fetch it again.");
        vocabulary.add(token, TokenId(id));
    }
    return vocabulary;
}

std::optional<TokenId> Vocabulary::idOf(std::string_view token) const
{
    const auto found = m_ids.find(token);
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
}

const std::string &Vocabulary::tokenOf(TokenId id) const
{
    static const std::string kNone;
    return id >= 0 && std::size_t(id) < m_tokens.size() ? m_tokens[std::size_t(id)] : kNone;
}

void Vocabulary::add(const std::string &token, TokenId id)
{
    m_ids.insert_or_assign(token, id);
    if (m_tokens.size() <= std::size_t(id))
        m_tokens.resize(std::size_t(id) + 1);
    m_tokens[std::size_t(id)] = token;
}

} // namespace secateur
