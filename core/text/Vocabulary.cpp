// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/Vocabulary.h"

#include "foundation/Error.h"

#include <nlohmann/json.hpp>

namespace secateur {
namespace {

constexpr std::int64_t kLargestId = (1 << 24) - 1; // far above any real vocabulary; keeps a damaged file from asking for the whole memory

} // namespace

Vocabulary Vocabulary::fromJson(const nlohmann::json &vocab)
{
    Vocabulary vocabulary;
    vocabulary.m_ids.reserve(vocab.size());
    for (const auto &[token, value] : vocab.items()) {
        const auto id = value.get<std::int64_t>();
        if (id < 0 || id > kLargestId)
            throw Error("the token '" + token + "' has the id " + std::to_string(id) + ", which is out of range",
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
