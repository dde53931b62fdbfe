// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/BinaryKinds.h"
#include "text/UnpackedFile.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace secateur {

/// The characters of a text file, unpacked and decoded, as well-formed UTF-8 without NUL.
///
/// What the file is, its bytes say and not its name: UTF-8 (a byte order mark in front is left out), or UTF-16 or UTF-32 with a byte order
/// mark. Everything else is refused by what it is: files that are no text (see BinaryKinds), files packed twice, UTF-16 and UTF-32 without a
/// mark, and other encodings, with the place of the first byte that is not UTF-8. Nothing is replaced.
class TextFile {
public:
    /// Reads the beginning. Throws Error when the file cannot be read or is no text.
    explicit TextFile(const std::filesystem::path &file, const TextLimits &limits = {});

    /// Appends the next characters to `text`, whole ones, some 256 KiB of the file; false when there are none left. Throws Error that names
    /// the file and the place: bytes that are no text, or what UnpackedFile throws.
    bool append(std::string &text);

    Packing packing() const { return m_file.packing(); }
    /// "UTF-8", "UTF-16 LE", ...
    std::string encoding() const;

private:
    enum class Encoding { Utf8, Utf16Le, Utf16Be, Utf32Le, Utf32Be };

    bool readMore();
    void refuseBinary() const;
    [[noreturn]] void refuseAs(const BinaryKind &kind) const;
    void chooseEncoding();
    void drop(std::size_t bytes);
    std::size_t decode(std::string &text);
    std::size_t decodeUtf8(std::string &text);
    std::size_t decodeUnits(std::string &text);
    char32_t unitAt(std::size_t at) const;
    [[noreturn]] void refuse(const std::string &what, const std::string &hint) const;
    void refuseUnmarked() const;
    void refuseRelative(std::size_t at) const;
    [[noreturn]] void refuseByte(std::size_t at) const;
    std::string placeOf(std::size_t at) const;
    std::string conversion(const std::string &command) const;
    std::string leavingOut() const;

    std::filesystem::path m_path;
    UnpackedFile m_file;
    Encoding m_encoding = Encoding::Utf8;
    std::string m_bytes;          ///< unpacked and not decoded yet
    std::string m_beginning;      ///< the first bytes, for saying what a file is that turns out to be no text
    std::uint64_t m_offset = 0;   ///< of m_bytes in the unpacked file
    bool m_isEnd = false;         ///< nothing is behind m_bytes
    bool m_hasCharacters = false; ///< characters of two bytes or more were decoded: it is UTF-8
};

} // namespace secateur
