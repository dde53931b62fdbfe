// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenWindows.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "text/DocumentSource.h"

#include <array>
#include <limits>
#include <utility>

namespace secateur {
namespace {

/// A number as texts write it: 65,536.
std::string grouped(std::int64_t number)
{
    std::string digits = std::to_string(number);
    for (std::size_t place = digits.size(); place > 3; place -= 3)
        digits.insert(place - 3, 1, ',');
    return digits;
}

/// Appends a document, behind a blank line where one is before it.
void join(std::string &text, bool &isFirst, const std::string &document)
{
    if (!std::exchange(isFirst, false))
        text += "\n\n";
    text += document;
}

std::string joinDocuments(const std::vector<std::string> &documents)
{
    std::size_t size = 0;
    for (const auto &document : documents)
        size += document.size() + 2;
    std::string text;
    text.reserve(size);
    bool isFirst = true;
    for (const auto &document : documents)
        join(text, isFirst, document);
    return text;
}

/// The ids of a text's first `wanted` tokens or more, from as few documents as that takes; of the whole text when it has fewer.
std::vector<TokenId> idsOfBeginning(const Tokenizer &tokenizer, const TextSettings &settings, std::size_t wanted)
{
    constexpr std::size_t kBytesOfToken = 5, kAtLeast = std::size_t(1) << 18; // English has 4 to 5
    DocumentReader reader(settings.files, settings.column);
    std::optional<std::string> next = reader.next();
    std::string text;
    bool isFirst = true;
    for (std::size_t size = wanted * kBytesOfToken + kAtLeast;; size = text.size() * 2) {
        for (; next && text.size() < size; next = reader.next())
            join(text, isFirst, *next);
        if (!next) // all of it was read
            return tokenizer.encode(text);
        auto [ids, settled] = tokenizer.encodeBeginning(text);
        if (settled >= wanted)
            return std::move(ids);
    }
}

std::vector<TokenId> idsOfAll(const Tokenizer &tokenizer, const TextSettings &settings)
{
    std::vector<std::string> documents = readDocuments(settings.files, settings.column);
    shuffleDocuments(documents, settings.seed);
    return tokenizer.encode(joinDocuments(documents));
}

std::vector<TokenId> idsOf(const Tokenizer &tokenizer, const TextSettings &settings)
{
    constexpr std::int64_t kMost = std::int64_t(1) << 40; // tokens that anybody could want
    const bool isBeginningEnough = settings.seed == 0 && settings.windows && *settings.windows <= kMost / settings.length;
    return isBeginningEnough ? idsOfBeginning(tokenizer, settings, std::size_t(*settings.windows * settings.length))
                             : idsOfAll(tokenizer, settings);
}

std::string hashOf(std::span<const TokenId> ids)
{
    Sha256 sum;
    for (const TokenId id : ids) {
        const auto value = std::uint32_t(id);
        const std::array<std::byte, 4> bytes{std::byte(value), std::byte(value >> 8), std::byte(value >> 16), std::byte(value >> 24)};
        sum.add(bytes);
    }
    return sum.hex();
}

void checkSettings(const TextSettings &settings)
{
    if (settings.files.empty())
        throw Error("No text is given.", "Choose one text file or more.");
    if (settings.column.empty())
        throw Error("The column of the texts has no name.", "Name one; it is usually called text.");
    if (settings.length < 2)
        throw Error("A window of " + std::to_string(settings.length) + " tokens is too short; it needs at least 2.",
                    "Choose a longer window.");
    if (settings.windows && *settings.windows < 1)
        throw Error("The number of windows is " + std::to_string(*settings.windows) + "; it must be at least 1.",
                    "Choose a larger number of windows.");
}

/// How many windows to keep of a text of `tokens` tokens.
std::int64_t windowsToKeep(std::int64_t tokens, const TextSettings &settings)
{
    const std::int64_t possible = tokens / settings.length;
    const std::int64_t wanted = settings.windows.value_or(std::max<std::int64_t>(possible, 1));
    if (wanted <= possible)
        return wanted;
    const bool isCountable = wanted <= std::numeric_limits<std::int64_t>::max() / settings.length;
    const std::string needed = isCountable ? grouped(wanted * settings.length) : "far more";
    const std::string windows = wanted == 1 ? "one window of " + std::to_string(settings.length) + " needs "
                                            : grouped(wanted) + " windows of " + std::to_string(settings.length) + " need ";
    const std::string name = settings.files.size() == 1 ? " " + inQuotes(settings.files.front().filename().string()) : "";
    throw Error("The text" + name + " gives " + grouped(tokens) + " tokens; " + windows + needed + ".",
                "Add text, or choose fewer or shorter windows.");
}

} // namespace

TokenWindows readWindows(const Tokenizer &tokenizer, const TextSettings &settings)
{
    checkSettings(settings);
    std::vector<TokenId> ids = idsOf(tokenizer, settings);

    TokenWindows windows;
    windows.length = settings.length;
    windows.tokensRead = std::int64_t(ids.size());
    ids.resize(std::size_t(windowsToKeep(windows.tokensRead, settings) * settings.length));
    ids.shrink_to_fit();
    windows.tokens = std::move(ids);
    windows.hash = hashOf(windows.tokens);
    return windows;
}

} // namespace secateur
