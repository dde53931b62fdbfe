// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/BinaryKinds.h"

#include <algorithm>
#include <cctype>

namespace secateur {
namespace {

using namespace std::string_view_literals;

struct Sign {
    std::size_t at;
    std::string_view bytes;
    const char *name;
    const char *remedy;
};

constexpr const char *kUnpack = "Unpack it, and choose the text in it.";
constexpr const char *kConvert = "Save it as plain text (UTF-8), and choose that.";
constexpr const char *kRows = "Write its texts as JSON lines or Parquet, and choose that.";
constexpr const char *kOther = "Choose a text.";

/// No text in UTF-8 begins so, or nobody means one that does.
constexpr Sign kSigns[] = {
    {0, "7z\xBC\xAF\x27\x1C"sv, "a 7z archive", kUnpack},
    {0, "Rar!\x1A\x07"sv, "a rar archive", kUnpack},
    {0, "!<arch>\n"sv, "an archive (ar, .deb)", kUnpack},
    {0, "\x04\x22\x4D\x18"sv, "a file packed by LZ4", kUnpack},
    {0, "\xFF\x06\x00\x00sNaPpY"sv, "a file packed by Snappy", kUnpack},
    {0, "\x1F\x9D"sv, "a file packed by compress (.Z)", kUnpack},
    {0, "LZIP\x01"sv, "a file packed by lzip", kUnpack},
    {0, "\x5D\x00\x00"sv, "a file packed by LZMA (.lzma)", kUnpack},
    {0, "\x89LZO\x00"sv, "a file packed by lzop", kUnpack},
    {0, "\x37\xA4\x30\xEC"sv, "a dictionary of zstd", kOther},
    {0, "ARROW1\x00\x00"sv, "an Arrow (Feather) file", kRows},
    {0, "\xFF\xFF\xFF\xFF"sv, "a stream of Arrow (as the datasets library caches)", kRows},
    {0, "Obj\x01"sv, "an Avro file", kRows},
    {0, "SQLite format 3\x00"sv, "an SQLite database", kRows},
    {0, "\x89HDF\r\n\x1A\n"sv, "an HDF5 file", kRows},
    {0, "\x93NUMPY"sv, "a NumPy array", kOther},
    {0, "\x80\x02"sv, "a Python pickle (or a checkpoint of PyTorch)", kOther},
    {0, "\x80\x03"sv, "a Python pickle", kOther},
    {0, "\x80\x04\x95"sv, "a Python pickle", kOther},
    {0, "\x80\x05\x95"sv, "a Python pickle", kOther},
    {0, "%PDF-"sv, "a PDF document", kConvert},
    {0, "{\\rtf"sv, "an RTF document", kConvert},
    {0, "%!PS-Adobe"sv, "a PostScript document", kConvert},
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an Office document (.doc, .xls, .ppt)", kConvert},
    {0, "ITSF\x03\x00"sv, "a Windows help file (.chm)", kConvert},
    {0, "\x89PNG\r\n\x1A\n"sv, "a PNG image", kOther},
    {0, "\xFF\xD8\xFF"sv, "a JPEG image", kOther},
    {0, "II*\x00"sv, "a TIFF image", kOther},
    {0, "MM\x00*"sv, "a TIFF image", kOther},
    {0, "\x1A\x45\xDF\xA3"sv, "a film (Matroska, WebM)", kOther},
    {0,
     "\x7F"
     "ELF"sv,
     "a program (ELF)", kOther},
    {0, "\xCF\xFA\xED\xFE"sv, "a program (Mach-O)", kOther},
    {0, "\xCA\xFE\xBA\xBE"sv, "a program (Java, Mach-O)", kOther},
    {0,
     "\x00"
     "asm"sv,
     "a program (WebAssembly)", kOther},
};

/// A text could begin so; it counts when the file is none.
constexpr Sign kWeakSigns[] = {
    {257, "ustar"sv, "a tar archive", kUnpack},
    {8, "DUCK"sv, "a DuckDB database", kRows},
    {60, "BOOKMOBI"sv, "a Kindle book", kConvert},
    {4, "ftyp"sv, "a film or an image (MP4, HEIC, AVIF)", kOther},
    {0, "FEA1"sv, "a Feather file", kRows},
    {0, "GIF89a"sv, "a GIF image", kOther},
    {0, "GIF87a"sv, "a GIF image", kOther},
    {0, "ORC\x0A"sv, "an ORC file", kRows},
    {0, "AT&TFORM"sv, "a DjVu document", kConvert},
    {0, "GGUF"sv, "a GGUF model", "Choose a text; a model is opened as MODEL."},
    {0, "ggjt"sv, "a GGML model", kOther},
    {0, "MZ"sv, "a program (Windows)", kOther},
    {0, "BM"sv, "a BMP image", kOther},
    {0, "RIFF"sv, "a sound, a film or an image (RIFF)", kOther},
    {0, "OggS"sv, "a sound (Ogg)", kOther},
    {0, "fLaC"sv, "a sound (FLAC)", kOther},
    {0, "ID3"sv, "a sound (MP3)", kOther},
    {0, "\xFF\xFB"sv, "a sound (MP3)", kOther},
    {0, "\x80"sv, "a Python pickle", kOther},
    {0, "PK"sv, "a zip archive", kUnpack},
};

template <std::size_t Count>
std::optional<BinaryKind> found(std::string_view beginning, const Sign (&signs)[Count])
{
    for (const Sign &sign : signs)
        if (beginning.size() >= sign.at && beginning.substr(sign.at).starts_with(sign.bytes))
            return BinaryKind{sign.name, sign.remedy};
    return {};
}

/// What a zip archive is, by the names of its first files.
BinaryKind kindOfZip(std::string_view beginning)
{
    const auto has = [&](std::string_view name) { return beginning.find(name) != std::string_view::npos; };
    if (has("[Content_Types].xml") || has("word/") || has("xl/") || has("ppt/"))
        return {"an Office document (.docx, .xlsx, .pptx)", kConvert};
    if (has("mimetypeapplication/epub+zip"))
        return {"an EPUB book", kConvert};
    if (has("mimetypeapplication/vnd.oasis.opendocument"))
        return {"an OpenDocument file (.odt, .ods)", kConvert};
    if (has("/data.pkl"))
        return {"a checkpoint of PyTorch", kOther};
    if (has(".npy"))
        return {"NumPy arrays (.npz)", kOther};
    return {"a zip archive", kUnpack};
}

/// The length of its header in 8 bytes, then the header, a JSON object.
bool isSafetensors(std::string_view beginning)
{
    constexpr std::size_t kLength = 8, kLargestBytes = 4; // headers are far below 4 GiB
    return beginning.size() > kLength && beginning[kLength] == '{' &&
           beginning.substr(kLargestBytes, kLength - kLargestBytes) == "\0\0\0\0"sv;
}

} // namespace

std::optional<BinaryKind> binaryKindOf(std::string_view beginning)
{
    if (beginning.starts_with("PK\x03\x04"sv) || beginning.starts_with("PK\x05\x06"sv) || beginning.starts_with("PK\x07\x08"sv))
        return kindOfZip(beginning);
    if (isSafetensors(beginning))
        return BinaryKind{"a safetensors file", "Choose a text; a model is opened as MODEL."};
    return found(beginning, kSigns);
}

std::optional<BinaryKind> markupKindOf(std::string_view beginning)
{
    constexpr const char *kAgain =
        "A server may have sent this instead of the file: fetch it again. If you want its text, save that as plain "
        "text or JSON lines.";
    constexpr std::string_view kBlanks = " \t\r\n\xEF\xBB\xBF", kComment = "<!--", kCommentEnd = "-->";
    const auto skipTo = [&](std::size_t at) { beginning.remove_prefix(std::min(at, beginning.size())); };
    skipTo(beginning.find_first_not_of(kBlanks));
    while (beginning.starts_with(kComment)) {
        const std::size_t end = beginning.find(kCommentEnd, kComment.size());
        skipTo(end == std::string_view::npos ? end : end + kCommentEnd.size());
        skipTo(beginning.find_first_not_of(kBlanks));
    }
    std::string word(beginning.substr(0, std::string_view("<!doctype html").size()));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    const auto isTag = [&](std::string_view name) { // and not the beginning of a longer one
        return word.starts_with(name) && (word.size() == name.size() || word[name.size()] == '>' || kBlanks.find(word[name.size()]) < 4);
    };
    if (word.starts_with("<!doctype html") || isTag("<html") || isTag("<head") || isTag("<body"))
        return BinaryKind{"a web page (HTML)", kAgain};
    if (isTag("<?xml"))
        return BinaryKind{"an XML document", kAgain};
    return {};
}

std::string isInPlaceOf(const std::string &form, std::string_view beginning)
{
    if (beginning.empty())
        return "is empty";
    std::optional<BinaryKind> kind = markupKindOf(beginning);
    if (!kind)
        kind = binaryKindBySigns(beginning);
    return kind ? "is " + kind->name + ", not " + form : std::string();
}

std::optional<BinaryKind> binaryKindBySigns(std::string_view beginning)
{
    if (auto kind = binaryKindOf(beginning))
        return kind;
    return found(beginning, kWeakSigns);
}

} // namespace secateur
