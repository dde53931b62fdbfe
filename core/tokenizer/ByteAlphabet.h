// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// The alphabet in which byte-level tokenizers write bytes (GPT-2's): printable Latin-1 stands for itself, the other bytes are U+0100 and
/// following, so that a space is "Ġ" and a line feed "Ċ".

/// The letter of a byte, in UTF-8.
std::string letterOfByte(unsigned char byte);
/// The bytes that a word of the alphabet stands for; nothing when a character does not belong to the alphabet. `word` must be UTF-8.
std::optional<std::string> bytesOfLetters(std::string_view word);

/// How SentencePiece writes a byte as a token: "<0x0A>".
std::string byteToken(unsigned char byte);
/// The byte that such a token stands for; nothing when the token is another.
std::optional<unsigned char> byteOfToken(std::string_view token);

} // namespace secateur
