// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TextFile.h"

#include "foundation/Error.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "text/ParquetTexts.h"
#include "text/PastedText.h"

#include <algorithm>
#include <array>
#include <utility>

namespace secateur {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBeginning = 4096;
constexpr std::uint64_t kLookedThrough = std::uint64_t(1) << 20; ///< for characters above ASCII
constexpr std::size_t kLongestMistake = 6;                       ///< bytes that tell what is no UTF-8: two surrogates

unsigned byteAt(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}

std::string hexOf(std::string_view bytes)
{
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        (text += i == 0 ? "0x" : " 0x").append({kDigits[byteAt(bytes, i) >> 4], kDigits[byteAt(bytes, i) & 0xF]});
    return text;
}

bool isControl(unsigned byte)
{
    return (byte < 0x20 && "\t\n\f\r\x1B"sv.find(char(byte)) == std::string_view::npos) || byte == 0x7F;
}

/// Whether bytes that are not UTF-8 look like no text in any encoding.
bool looksBinary(std::string_view bytes)
{
    constexpr std::size_t kShare = 20; // one of so many
    return std::size_t(std::count_if(bytes.begin(), bytes.end(), [](char c) { return isControl(static_cast<unsigned char>(c)); })) >
           bytes.size() / kShare;
}

/// What an encoding that is not UTF-8 may be: words for people, and a name for iconv.
struct Guess {
    const char *words;
    const char *name;
};

/// By how the bytes above ASCII stand: alone among letters in the west of Europe, in words of letters elsewhere, in pairs in East Asia.
Guess guessOf(std::string_view bytes)
{
    std::size_t all = 0, alone = 0, letters = 0, kana = 0;
    const auto isHigh = [&](std::size_t at) { return at < bytes.size() && byteAt(bytes, at) >= 0x80; };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (!isHigh(i))
            continue;
        ++all;
        alone += (i == 0 || !isHigh(i - 1)) && !isHigh(i + 1) ? 1 : 0;
        letters += byteAt(bytes, i) >= 0xC0 ? 1 : 0;
        kana += byteAt(bytes, i) == 0x82 || byteAt(bytes, i) == 0x83 ? 1 : 0;
    }
    if (kana * 6 >= all) // before what stands alone: the second byte of a pair may be ASCII
        return {"Shift-JIS", "SHIFT_JIS"};
    if (alone * 2 >= all)
        return {"Latin-1 or Windows-1252", "WINDOWS-1252"};
    if (letters * 10 >= all * 9)
        return {"Windows-1251, KOI8-R or another encoding of one byte a letter", "WINDOWS-1251"};
    return {"GB18030, Big5, EUC or another encoding of two bytes a character", "GB18030"};
}

} // namespace

TextFile::TextFile(const std::filesystem::path &file, const TextLimits &limits) : m_path(file), m_file(file, limits)
{
    while (m_bytes.size() < kBeginning && readMore())
        continue;
    m_beginning = m_bytes.substr(0, kBeginning);
    refuseBinary();
    chooseEncoding();
}

bool TextFile::readMore()
{
    m_isEnd = !m_file.append(m_bytes);
    return !m_isEnd;
}

void TextFile::refuse(const std::string &what, const std::string &hint) const
{
    throw Error(subjectOf(m_path) + " " + what + ".", hint);
}

void TextFile::refuseBinary() const
{
    const std::string by = nameOf(packing());
    refuseLfsPointer(m_bytes, inQuotes(m_path.string()));
    if (m_bytes.starts_with(kParquetMagic)) // not packed ones are read elsewhere
        refuse("is a Parquet file that was packed by " + by + ", which cannot be read", "Unpack it.");
    if (const Packing inner = packingOf(m_bytes); inner != Packing::None)
        refuse("was packed twice, by " + nameOf(inner) + " and by " + by, "Unpack it once.");
    if (const auto kind = binaryKindOf(m_beginning))
        refuseAs(*kind);
}

void TextFile::refuseAs(const BinaryKind &kind) const
{
    const std::string holder = packing() == Packing::None ? "is " : "holds, packed by " + nameOf(packing()) + ", ";
    refuse(holder + kind.name + ", not a text", kind.remedy);
}

/// By the byte order mark, which is dropped.
void TextFile::chooseEncoding()
{
    static constexpr struct {
        std::string_view mark;
        Encoding encoding;
    } kMarks[] = {{"\xEF\xBB\xBF"sv, Encoding::Utf8},
                  {"\xFF\xFE\0\0"sv, Encoding::Utf32Le}, // before UTF-16, whose mark it begins with
                  {"\0\0\xFE\xFF"sv, Encoding::Utf32Be},
                  {"\xFF\xFE"sv, Encoding::Utf16Le},
                  {"\xFE\xFF"sv, Encoding::Utf16Be}};
    for (const auto &[mark, encoding] : kMarks)
        if (m_bytes.starts_with(mark)) {
            m_encoding = encoding;
            return drop(mark.size());
        }
    refuseUnmarked();
}

/// Latin letters have NULs beside each in UTF-16 and UTF-32. So have small numbers of four bytes, which are no letters.
void TextFile::refuseUnmarked() const
{
    static constexpr struct {
        std::array<bool, 4> letters; ///< which bytes of four are no NUL
        const char *words, *name;
    } kForms[] = {{{true, false, true, false}, "UTF-16 LE", "UTF-16LE"},
                  {{false, true, false, true}, "UTF-16 BE", "UTF-16BE"},
                  {{true, false, false, false}, "UTF-32 LE", "UTF-32LE"},
                  {{false, false, false, true}, "UTF-32 BE", "UTF-32BE"}};
    std::array<std::string, 4> bytes; // at every place of four, without the NULs
    for (std::size_t i = 0; i < m_beginning.size(); ++i)
        if (m_beginning[i] != '\0')
            bytes[i % 4] += m_beginning[i];
    const std::size_t fours = m_beginning.size() / 4, few = fours / 100, many = std::max<std::size_t>(1, fours / 4);
    for (const auto &form : kForms) {
        const bool isOf4 = std::ranges::count(form.letters, true) == 1;
        bool fits = fours > 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const std::size_t nuls = fours - std::min(fours, bytes[i].size());
            fits = fits && (form.letters[i] ? nuls <= few : nuls >= many);
            fits = fits && !(isOf4 && form.letters[i] && looksBinary(bytes[i]));
        }
        if (fits)
            refuse("is not UTF-8; it looks like " + std::string(form.words) + " without a byte order mark",
                   conversion("iconv -f " + std::string(form.name)));
    }
}

std::string TextFile::encoding() const
{
    static constexpr std::array kNames = {"UTF-8", "UTF-16 LE", "UTF-16 BE", "UTF-32 LE", "UTF-32 BE"};
    return kNames[std::size_t(m_encoding)];
}

void TextFile::drop(std::size_t bytes)
{
    m_bytes.erase(0, bytes);
    m_offset += bytes;
}

bool TextFile::append(std::string &text)
{
    while (true) {
        if (const std::size_t used = decode(text); used > 0) {
            drop(used);
            return true;
        }
        if (m_isEnd)
            return false;
        readMore();
    }
}

/// Decodes what is whole; how many bytes that were.
std::size_t TextFile::decode(std::string &text)
{
    return m_encoding == Encoding::Utf8 ? decodeUtf8(text) : decodeUnits(text);
}

std::size_t TextFile::decodeUtf8(std::string &text)
{
    const std::size_t good = firstIllFormed(m_bytes);
    const std::string_view bytes = std::string_view(m_bytes).substr(0, good);
    if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos)
        refuseByte(nul);
    for (std::size_t escape = bytes.find('\x1B'); escape != std::string_view::npos; escape = bytes.find('\x1B', escape + 1))
        if (bytes.substr(escape + 1).starts_with('$')) // chooses a set of two bytes a character; no terminal's sequence begins so
            refuse("is not UTF-8: at " + placeOf(escape) + " it looks like ISO-2022-JP or a relative of it",
                   conversion("iconv -f ISO-2022-JP"));
    if (!m_hasCharacters && m_offset < kLookedThrough)
        m_hasCharacters = std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<signed char>(c) < 0; });
    const std::size_t rest = m_bytes.size() - good;
    if (rest > 0 && (m_isEnd || (rest >= kLongestMistake && !isCutOff(m_bytes, good))))
        refuseByte(good);
    text += bytes;
    return good;
}

/// The unit of an encoding of 2 or 4 bytes that begins at a byte.
char32_t TextFile::unitAt(std::size_t at) const
{
    const bool isOf4 = m_encoding == Encoding::Utf32Le || m_encoding == Encoding::Utf32Be;
    const bool isLittle = m_encoding == Encoding::Utf16Le || m_encoding == Encoding::Utf32Le;
    const std::size_t width = isOf4 ? 4 : 2;
    char32_t unit = 0;
    for (std::size_t i = 0; i < width; ++i)
        unit = unit << 8 | byteAt(m_bytes, isLittle ? at + width - 1 - i : at + i);
    return unit;
}

std::size_t TextFile::decodeUnits(std::string &text)
{
    constexpr char32_t kHigh = 0xD800, kLow = 0xDC00, kBehind = 0xE000, kBeyond = 0x10000, kLast = 0x10FFFF;
    const std::size_t width = m_encoding == Encoding::Utf32Le || m_encoding == Encoding::Utf32Be ? 4 : 2;
    const auto refuseUnit = [&](std::size_t at, const std::string &what) {
        refuse("is not valid " + encoding() + ": " + what + " (" + hexOf(std::string_view(m_bytes).substr(at, width)) + ") at " +
                   placeOf(at),
               "The file may be damaged or cut off; fetch it again, or save it in UTF-8.");
    };
    std::size_t at = 0;
    while (at + width <= m_bytes.size()) {
        char32_t point = unitAt(at);
        std::size_t used = width;
        if (point >= kHigh && point < kLow && width == 2) {
            if (at + 2 * width > m_bytes.size() && !m_isEnd)
                break; // the other half is not here yet
            const char32_t low = at + 2 * width > m_bytes.size() ? 0 : unitAt(at + width);
            if (low < kLow || low >= kBehind)
                refuseUnit(at, "half of a surrogate pair");
            point = kBeyond + ((point - kHigh) << 10) + (low - kLow);
            used = 2 * width;
        } else if (point >= kHigh && point < kBehind) {
            refuseUnit(at, "half of a surrogate pair");
        } else if (point == 0 || point > kLast) {
            refuseUnit(at, point == 0 ? "a NUL" : "what is no character");
        }
        appendUtf8(text, point);
        at += used;
    }
    if (m_isEnd && at < m_bytes.size() && at + width > m_bytes.size())
        refuseUnit(at, "the beginning of a character");
    return at;
}

std::string TextFile::placeOf(std::size_t at) const
{
    return "offset " + grouped(m_offset + at) + (packing() == Packing::None ? "" : " of what was unpacked");
}

/// How to have the file in UTF-8 by a command.
std::string TextFile::conversion(const std::string &command) const
{
    return std::string(packing() == Packing::None ? "Save it in UTF-8: " : "Unpack it and save it in UTF-8: ") + command + " -t UTF-8 " +
           inQuotes(m_path.string()) + " > NEW.txt";
}

std::string TextFile::leavingOut() const
{
    return std::string(packing() == Packing::None ? "To leave" : "Unpack it; to leave") + " such bytes out: iconv -c -f UTF-8 -t UTF-8 " +
           inQuotes(m_path.string()) + " > NEW.txt";
}

/// Names relatives of UTF-8 by the bytes at which they differ: CESU-8 and Java's modified UTF-8 write a character of four bytes as two
/// surrogates of three each, and the latter a NUL as two bytes.
void TextFile::refuseRelative(std::size_t at) const
{
    const auto isSurrogate = [&](std::size_t begin, unsigned least) { // of 16 values of the second byte
        return begin + 2 < m_bytes.size() && byteAt(m_bytes, begin) == 0xED && (byteAt(m_bytes, begin + 1) & 0xF0) == least &&
               (byteAt(m_bytes, begin + 2) & 0xC0) == 0x80;
    };
    const auto sequence = [&](std::size_t length) {
        return "is not valid UTF-8: at " + placeOf(at) + " " + hexOf(std::string_view(m_bytes).substr(at, length)) + " ";
    };
    if (isSurrogate(at, 0xA0) && isSurrogate(at + 3, 0xB0))
        refuse(sequence(6) + "is a character as CESU-8 writes it", conversion("uconv -f CESU-8"));
    if (isSurrogate(at, 0xA0) || isSurrogate(at, 0xB0))
        refuse(sequence(3) + "is half of a surrogate pair, and the other half is missing", leavingOut());
    if (std::string_view(m_bytes).substr(at).starts_with("\xC0\x80"sv))
        refuse(sequence(2) + "is a NUL as Java's modified UTF-8 writes it", leavingOut());
}

/// Says what the bytes are that are not UTF-8, or NUL.
void TextFile::refuseByte(std::size_t at) const
{
    const std::string_view bytes = std::string_view(m_bytes).substr(at, kBeginning);
    if (const auto kind = binaryKindBySigns(m_beginning); kind && looksBinary(m_beginning))
        refuseAs(*kind);
    refuseRelative(at);
    const std::string place = "byte " + hexOf(bytes.substr(0, 1)) + " at " + placeOf(at);
    if (bytes.front() == '\0' || looksBinary(bytes))
        refuse("is not text: " + place, "Choose a text; this is a binary file, or it is damaged there.");
    const std::string sentence = "is not valid UTF-8: " + place;
    if (m_isEnd && isCutOff(m_bytes, at))
        refuse(sentence + " begins a character that is cut off", "The file may be cut off; fetch it again.");
    if (m_hasCharacters)
        refuse(sentence + ", though UTF-8 is before it",
               "It may be damaged there, or be put together from texts of two encodings. " + leavingOut());
    const Guess guess = guessOf(bytes);
    refuse(sentence + "; it may be " + guess.words, conversion("iconv -f " + std::string(guess.name)));
}

} // namespace secateur
