// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/Normalizer.h"

#include "foundation/Error.h"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

namespace secateur {
namespace {

const icu::Normalizer2 &composer()
{
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2 *const nfc = icu::Normalizer2::getNFCInstance(status);
    if (nfc == nullptr || U_FAILURE(status))
        throw Error(std::string("ICU has no data for NFC (") + u_errorName(status) + ")", "Check the installation of ICU.");
    return *nfc;
}

} // namespace

Normalizer Normalizer::fromJson(const nlohmann::json &normalizer)
{
    Normalizer result;
    if (normalizer.is_null())
        return result;
    const auto type = normalizer.at("type").get<std::string>();
    if (type == "NFC") {
        result.m_composes = true;
    } else if (type == "Sequence") {
        for (const auto &part : normalizer.at("normalizers"))
            result.m_composes |= fromJson(part).m_composes;
    } else {
        throw Error("the normalizer '" + type + "' is not supported", "Use a model with a byte-level BPE tokenizer.");
    }
    return result;
}

std::string_view Normalizer::run(std::string_view text, TextArena &arena) const
{
    if (!m_composes)
        return text;
    if (text.size() > std::size_t(std::numeric_limits<std::int32_t>::max()))
        throw Error("A text of 2 GiB or more cannot be normalised at once.", "Give less text.");
    const icu::StringPiece piece(text.data(), std::int32_t(text.size()));
    UErrorCode status = U_ZERO_ERROR;
    if (composer().isNormalizedUTF8(piece, status) && U_SUCCESS(status))
        return text;
    std::string composed;
    composed.reserve(text.size());
    icu::StringByteSink<std::string> sink(&composed);
    composer().normalizeUTF8(0, piece, sink, nullptr, status);
    if (U_FAILURE(status))
        throw Error(std::string("ICU could not normalise the text (") + u_errorName(status) + ")", "Check the installation of ICU.");
    return arena.keep(std::move(composed));
}

} // namespace secateur
