// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenWindows.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "text/DocumentSource.h"

#include <array>
#include <limits>

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

std::string joinDocuments(const std::vector<std::string> &documents)
{
    std::size_t size = 0;
    for (const auto &document : documents)
        size += document.size() + 2;
    std::string text;
    text.reserve(size);
    for (const auto &document : documents) {
        if (&document != &documents.front())
            text += "\n\n";
        text += document;
    }
    return text;
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
    std::vector<std::string> documents = readDocuments(settings.files);
    shuffleDocuments(documents, settings.seed);
    std::vector<TokenId> ids = tokenizer.encode(joinDocuments(documents));

    TokenWindows windows;
    windows.length = settings.length;
    windows.tokensInText = std::int64_t(ids.size());
    ids.resize(std::size_t(windowsToKeep(windows.tokensInText, settings) * settings.length));
    ids.shrink_to_fit();
    windows.tokens = std::move(ids);
    windows.hash = hashOf(windows.tokens);
    return windows;
}

} // namespace secateur
