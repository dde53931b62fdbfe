// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Utf8.h"

#include <cstdint>
#include <cstring>

namespace secateur {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

struct Sequence {
    std::size_t length = 1; ///< bytes of the character, or of the maximal subpart when it is ill-formed
    bool isWellFormed = false;
};

unsigned byteAt(std::string_view text, std::size_t position)
{
    return static_cast<unsigned char>(text[position]);
}

/// How many bytes a character with this first byte has; 0 when no character begins with it.
std::size_t lengthFromFirst(unsigned first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/// Reads one character by table 3-7 of the standard: only the second byte has bounds of its own.
Sequence sequenceAt(std::string_view text, std::size_t position)
{
    const unsigned first = byteAt(text, position);
    const std::size_t wanted = lengthFromFirst(first);
    if (wanted < 2)
        return {1, wanted == 1};
    unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < wanted; ++i) {
        if (position + i >= text.size())
            return {i, false};
        const unsigned byte = byteAt(text, position + i);
        if (byte < low || byte > high)
            return {i, false};
        low = 0x80;
        high = 0xBF;
    }
    return {wanted, true};
}

bool eightAreAscii(std::string_view text, std::size_t position)
{
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data() + position, sizeof bytes);
    return (bytes & 0x8080808080808080u) == 0;
}

} // namespace

std::size_t firstIllFormed(std::string_view text)
{
    std::size_t position = 0;
    while (position < text.size()) {
        if (position + 8 <= text.size() && eightAreAscii(text, position)) {
            position += 8;
            continue;
        }
        const Sequence sequence = sequenceAt(text, position);
        if (!sequence.isWellFormed)
            return position;
        position += sequence.length;
    }
    return text.size();
}

bool isCutOff(std::string_view text, std::size_t position)
{
    if (position >= text.size())
        return false;
    const Sequence sequence = sequenceAt(text, position);
    return !sequence.isWellFormed && position + sequence.length == text.size() && sequence.length < lengthFromFirst(byteAt(text, position));
}

void appendUtf8(std::string &text, char32_t point)
{
    const auto continuation = [&](int shift) { text += char(0x80 | (point >> shift & 0x3F)); };
    if (point < 0x80) {
        text += char(point);
    } else if (point < 0x800) {
        text += char(0xC0 | point >> 6);
        continuation(0);
    } else if (point < 0x10000) {
        text += char(0xE0 | point >> 12);
        continuation(6);
        continuation(0);
    } else {
        text += char(0xF0 | point >> 18);
        continuation(12);
        continuation(6);
        continuation(0);
    }
}

std::string replaceIllFormed(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t good = firstIllFormed(text);
        result += text.substr(0, good);
        text.remove_prefix(good);
        if (text.empty())
            break;
        result += kReplacement;
        text.remove_prefix(sequenceAt(text, 0).length);
    }
    return result;
}

char32_t codePointAt(std::string_view text, std::size_t position)
{
    const unsigned first = byteAt(text, position);
    const std::size_t length = lengthFromFirst(first);
    if (length < 2)
        return first;
    char32_t value = first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i)
        value = (value << 6) | (byteAt(text, position + i) & 0x3F);
    return value;
}

bool isOneCodePoint(std::string_view text)
{
    return !text.empty() && nextCodePoint(text, 0) == text.size();
}

std::size_t nextCodePoint(std::string_view text, std::size_t position)
{
    return position + lengthFromFirst(byteAt(text, position));
}

std::size_t previousCodePoint(std::string_view text, std::size_t position)
{
    do
        --position;
    while (position > 0 && (byteAt(text, position) & 0xC0) == 0x80);
    return position;
}

} // namespace secateur
