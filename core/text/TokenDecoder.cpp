// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenDecoder.h"

#include "foundation/Error.h"
#include "text/ByteAlphabet.h"
#include "text/Utf8.h"

#include <nlohmann/json.hpp>

namespace secateur {
namespace {

void checkSupported(const nlohmann::json &decoder)
{
    if (decoder.is_null())
        return;
    const auto type = decoder.at("type").get<std::string>();
    if (type == "Sequence") {
        for (const auto &part : decoder.at("decoders"))
            checkSupported(part);
    } else if (type != "ByteLevel" && type != "Fuse") {
        throw Error("the decoder '" + type + "' is not supported", "Use a model with a byte-level BPE tokenizer.");
    }
}

} // namespace

TokenDecoder TokenDecoder::fromJson(const nlohmann::json &decoder, const Vocabulary &vocabulary)
{
    checkSupported(decoder);
    TokenDecoder result;
    result.m_bytes.reserve(vocabulary.size());
    for (std::size_t id = 0; id < vocabulary.size(); ++id) {
        const std::string &token = vocabulary.tokenOf(TokenId(id));
        result.m_bytes.push_back(bytesOfLetters(token).value_or(token)); // an added token need not be in the byte alphabet
    }
    return result;
}

std::string TokenDecoder::run(std::span<const TokenId> ids) const
{
    std::string text;
    for (const TokenId id : ids) {
        if (id >= 0 && std::size_t(id) < m_bytes.size())
            text += m_bytes[std::size_t(id)];
    }
    return firstIllFormed(text) == text.size() ? text : replaceIllFormed(text);
}

} // namespace secateur
