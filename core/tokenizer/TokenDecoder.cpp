// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/TokenDecoder.h"

#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "tokenizer/ByteAlphabet.h"
#include "tokenizer/Normalizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

/// Runs of "<0x41>" become the text of their bytes; when they are no UTF-8, one U+FFFD a byte.
void joinBytes(std::vector<std::string> &tokens)
{
    std::vector<std::string> joined;
    std::string bytes;
    const auto flush = [&] {
        if (bytes.empty())
            return;
        if (firstIllFormed(bytes) == bytes.size())
            joined.push_back(bytes);
        else
            joined.insert(joined.end(), bytes.size(), "\ufffd");
        bytes.clear();
    };
    for (std::string &token : tokens) {
        if (const auto byte = byteOfToken(token)) {
            bytes += char(*byte);
            continue;
        }
        flush();
        joined.push_back(std::move(token));
    }
    flush();
    tokens = std::move(joined);
}

void strip(std::string &token, std::string_view what, std::size_t atStart, std::size_t atEnd)
{
    std::string_view left = token;
    for (std::size_t i = 0; i < atStart && left.starts_with(what); ++i)
        left.remove_prefix(what.size());
    for (std::size_t i = 0; i < atEnd && left.ends_with(what); ++i)
        left.remove_suffix(what.size());
    token = std::string(left);
}

std::string joined(const std::vector<std::string> &tokens, std::string_view separator)
{
    std::string text;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i > 0)
            text += separator;
        text += tokens[i];
    }
    return text;
}

} // namespace

TokenDecoder TokenDecoder::fromJson(const nlohmann::json &decoder, const Vocabulary &vocabulary, bool isOfBytes)
{
    TokenDecoder result;
    if (!decoder.is_null())
        result.append(decoder);
    else if (isOfBytes)
        result.m_steps.emplace_back(Bytes{});
    else
        result.m_separator = " ";
    for (std::size_t id = 0; id < vocabulary.size(); ++id)
        result.m_tokens.push_back(vocabulary.tokenOf(TokenId(id)));
    return result;
}

void TokenDecoder::append(const nlohmann::json &step)
{
    const auto type = step.at("type").get<std::string>();
    const auto character = [&](const char *field, std::string text) {
        if (!isOneCodePoint(text))
            throw Error("the " + std::string(field) + " " + inQuotes(text) + " of the decoder '" + type +
                            "', which must be one character, is not supported",
                        "Use a model with another tokenizer.");
        return text;
    };
    if (type == "Sequence") {
        for (const auto &part : step.at("decoders"))
            append(part);
    } else if (type == "ByteLevel") {
        m_steps.emplace_back(Bytes{});
    } else if (type == "ByteFallback") {
        m_steps.emplace_back(ByteFallback{});
    } else if (type == "Fuse") {
        m_steps.emplace_back(Fuse{});
    } else if (type == "Replace" && step.at("pattern").contains("String")) {
        m_steps.emplace_back(Replace{step.at("pattern").at("String").get<std::string>(), step.at("content").get<std::string>()});
    } else if (type == "Strip") {
        const auto length = [&](const char *field) {
            return std::size_t(std::max<std::int64_t>(0, integerOf(step.at(field), std::string("'") + field + "' of the decoder 'Strip'")));
        };
        m_steps.emplace_back(Strip{character("content", step.at("content").get<std::string>()), length("start"), length("stop")});
    } else if (type == "Metaspace") {
        const bool isPrepended =
            step.value("prepend_scheme", std::string(step.value("add_prefix_space", true) ? "always" : "never")) != "never";
        m_steps.emplace_back(Metaspace{character("replacement", step.value("replacement", std::string("\u2581"))), isPrepended});
    } else {
        throw Error("the decoder " + inQuotes(type) + " is not supported", "Use a model with another tokenizer.");
    }
}

void TokenDecoder::apply(const Step &step, std::vector<std::string> &tokens)
{
    if (std::holds_alternative<Bytes>(step)) {
        for (std::string &token : tokens) // an added token need not be in the byte alphabet
            token = bytesOfLetters(token).value_or(token);
        tokens = {joined(tokens, {})};
    } else if (std::holds_alternative<ByteFallback>(step)) {
        joinBytes(tokens);
    } else if (std::holds_alternative<Fuse>(step)) {
        tokens = {joined(tokens, {})};
    } else if (const auto *replace = std::get_if<Replace>(&step)) {
        for (std::string &token : tokens)
            token = replace->from.empty() ? token : replacedAll(token, replace->from, replace->to);
    } else if (const auto *stripping = std::get_if<Strip>(&step)) {
        for (std::string &token : tokens)
            if (!stripping->what.empty())
                strip(token, stripping->what, stripping->atStart, stripping->atEnd);
    } else if (const auto *metaspace = std::get_if<Metaspace>(&step)) {
        for (std::size_t i = 0; i < tokens.size(); ++i)
            tokens[i] = replacedAll(tokens[i], metaspace->mark, i == 0 && metaspace->dropsFirst ? "" : " ");
    }
}

std::string TokenDecoder::run(std::span<const TokenId> ids) const
{
    std::vector<std::string> tokens;
    for (const TokenId id : ids)
        if (id >= 0 && std::size_t(id) < m_tokens.size())
            tokens.push_back(m_tokens[std::size_t(id)]);
    for (const Step &step : m_steps)
        apply(step, tokens);
    const std::string text = joined(tokens, m_separator);
    return firstIllFormed(text) == text.size() ? text : replaceIllFormed(text);
}

} // namespace secateur
