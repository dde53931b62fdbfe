// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Normalizer.h"

#include "foundation/Error.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uniset.h>

namespace secateur {
namespace {

const icu::Normalizer2 &fullComposer()
{
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2 *const nfc = icu::Normalizer2::getNFCInstance(status);
    if (nfc == nullptr || U_FAILURE(status))
        throw Error(std::string("ICU has no data for NFC (") + u_errorName(status) + ")", "Check the installation of ICU.");
    return *nfc;
}

/// NFC as the `tokenizers` library knows it: by the tables of Unicode 9. Later characters are left where they stand.
const icu::Normalizer2 &composerOfUnicode9()
{
    struct Filtered {
        icu::UnicodeSet characters;
        icu::FilteredNormalizer2 composer;

        explicit Filtered(UErrorCode &status) : characters(u"[:age=9.0:]", status), composer(fullComposer(), characters)
        {
            characters.freeze();
        }
    };
    UErrorCode status = U_ZERO_ERROR;
    static const Filtered kFiltered(status);
    if (U_FAILURE(status))
        throw Error(std::string("ICU does not know the age of characters (") + u_errorName(status) + ")", "Check the installation of ICU.");
    return kFiltered.composer;
}

std::string_view composed(std::string_view text, TextArena &arena)
{
    if (text.size() > std::size_t(std::numeric_limits<std::int32_t>::max()))
        throw Error("A text of 2 GiB or more cannot be normalised at once.", "Give less text.");
    const icu::StringPiece piece(text.data(), std::int32_t(text.size()));
    UErrorCode status = U_ZERO_ERROR;
    if (fullComposer().isNormalizedUTF8(piece, status) && U_SUCCESS(status))
        return text; // then by Unicode 9 as well
    std::string result;
    result.reserve(text.size());
    icu::StringByteSink<std::string> sink(&result);
    composerOfUnicode9().normalizeUTF8(0, piece, sink, nullptr, status);
    if (U_FAILURE(status))
        throw Error(std::string("ICU could not normalise the text (") + u_errorName(status) + ")", "Check the installation of ICU.");
    return arena.keep(std::move(result));
}

/// What lies between the matches, and the content in the place of each.
std::string replacedMatches(std::string_view text, const RegularExpression &pattern, std::string_view content)
{
    std::string result;
    std::size_t done = 0, from = 0;
    while (from <= text.size()) {
        const auto match = pattern.find(text, from);
        if (!match)
            break;
        result.append(text.substr(done, match->begin - done)).append(content);
        done = match->end;
        from = match->end > match->begin ? match->end : match->end < text.size() ? nextCodePoint(text, match->end) : text.size() + 1;
    }
    return result.append(text.substr(done));
}

} // namespace

std::string replacedAll(std::string_view text, std::string_view from, std::string_view to)
{
    std::string result;
    result.reserve(text.size() + text.size() / 4);
    std::size_t done = 0;
    for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, done)) {
        result.append(text.substr(done, at - done)).append(to);
        done = at + from.size();
    }
    return result.append(text.substr(done));
}

Normalizer Normalizer::fromJson(const nlohmann::json &normalizer)
{
    Normalizer result;
    if (!normalizer.is_null())
        result.append(normalizer);
    return result;
}

void Normalizer::append(const nlohmann::json &step)
{
    const auto type = step.at("type").get<std::string>();
    if (type == "NFC") {
        m_steps.emplace_back(Compose{});
    } else if (type == "Prepend") {
        m_steps.emplace_back(Prepend{step.at("prepend").get<std::string>()});
    } else if (type == "Replace") {
        const auto &pattern = step.at("pattern");
        const bool isRegex = pattern.contains("Regex");
        const auto text = pattern.at(isRegex ? "Regex" : "String").get<std::string>();
        m_steps.emplace_back(Replace{.pattern = isRegex ? RegularExpression(text) : RegularExpression::literal(text),
                                     .literal = isRegex ? std::string() : text,
                                     .content = step.at("content").get<std::string>()});
    } else if (type == "Sequence") {
        for (const auto &part : step.at("normalizers"))
            append(part);
    } else {
        throw Error("the normalizer " + inQuotes(type) + " is not supported", "Use a model with another tokenizer.");
    }
}

std::string_view Normalizer::apply(const Step &step, std::string_view text, TextArena &arena)
{
    if (std::holds_alternative<Compose>(step))
        return composed(text, arena);
    if (const auto *prepend = std::get_if<Prepend>(&step))
        return text.empty() ? text : arena.keep(prepend->what + std::string(text));
    const auto &replace = std::get<Replace>(step);
    if (replace.literal.empty())
        return arena.keep(replacedMatches(text, replace.pattern, replace.content));
    if (text.find(replace.literal) == std::string_view::npos)
        return text;
    return arena.keep(replacedAll(text, replace.literal, replace.content));
}

std::string_view Normalizer::run(std::string_view text, TextArena &arena) const
{
    for (const Step &step : m_steps)
        text = apply(step, text, arena);
    return text;
}

} // namespace secateur
