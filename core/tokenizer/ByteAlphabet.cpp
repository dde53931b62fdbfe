// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/ByteAlphabet.h"

#include "foundation/Utf8.h"

#include <array>
#include <charconv>

namespace secateur {
namespace {

constexpr unsigned kFirstExtra = 0x100;

struct Alphabet {
    std::array<char32_t, 256> letters{};        ///< of a byte
    std::array<int, kFirstExtra + 256> bytes{}; ///< of a code point; -1 = not in the alphabet
};

constexpr bool standsForItself(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr Alphabet makeAlphabet()
{
    Alphabet alphabet;
    alphabet.bytes.fill(-1);
    unsigned extra = kFirstExtra;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const unsigned letter = standsForItself(byte) ? byte : extra++;
        alphabet.letters[byte] = letter;
        alphabet.bytes[letter] = int(byte);
    }
    return alphabet;
}

constexpr Alphabet kAlphabet = makeAlphabet();

} // namespace

std::string letterOfByte(unsigned char byte)
{
    const char32_t letter = kAlphabet.letters[byte];
    if (letter < 0x80)
        return std::string(1, char(letter));
    return {char(0xC0 | (letter >> 6)), char(0x80 | (letter & 0x3F))}; // every letter is below U+0800
}

std::optional<std::string> bytesOfLetters(std::string_view word)
{
    std::string bytes;
    bytes.reserve(word.size());
    for (std::size_t position = 0; position < word.size(); position = nextCodePoint(word, position)) {
        const char32_t letter = codePointAt(word, position);
        if (letter >= kAlphabet.bytes.size() || kAlphabet.bytes[letter] < 0)
            return std::nullopt;
        bytes += char(kAlphabet.bytes[letter]);
    }
    return bytes;
}

std::string byteToken(unsigned char byte)
{
    constexpr char kDigits[] = "0123456789ABCDEF";
    return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

std::optional<unsigned char> byteOfToken(std::string_view token)
{
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
        return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, value, 16);
    return error == std::errc() && end == token.data() + 5 ? std::optional(static_cast<unsigned char>(value)) : std::nullopt;
}

} // namespace secateur
