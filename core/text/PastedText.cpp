// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/PastedText.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "text/TextReport.h"

#include <algorithm>
#include <system_error>

namespace secateur {
namespace {

constexpr std::string_view kPrefix = "pasted-", kSuffix = ".txt";
constexpr std::size_t kHash = 8; ///< digits of the hash in the name

/// Whether a character can be a part of a word: ASCII letters and digits, and whatever is not ASCII but dashes, quotes and spaces (U+2000 to
/// U+207F).
bool isOfWord(std::string_view character)
{
    const auto first = static_cast<unsigned char>(character.front());
    if (first >= 0x80)
        return !character.starts_with("\xE2\x80") && !character.starts_with("\xE2\x81");
    return (first >= '0' && first <= '9') || ((first | 0x20) >= 'a' && (first | 0x20) <= 'z');
}

/// The first words of a line as a part of a file's name, joined by '-'.
std::string nameOf(std::string_view line)
{
    constexpr std::size_t kMost = 40; // bytes
    std::string name;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = nextCodePoint(line, at);
        const std::string_view character = line.substr(at, end - at);
        const bool isLetter = isOfWord(character);
        if (isLetter && name.size() + character.size() > kMost)
            break;
        if (isLetter)
            name += character;
        else if (!name.empty() && name.back() != '-')
            name += '-';
        at = end;
    }
    name.erase(name.find_last_not_of('-') + 1);
    return name.empty() ? "text" : name;
}

} // namespace

std::filesystem::path keepPastedText(std::string_view text, const std::filesystem::path &folder)
{
    const std::string line = shownLine(text);
    if (line.empty())
        throw Error("The text that was pasted is blank.", "Copy a text first.");
    const std::string name = std::string(kPrefix) + nameOf(line) + "-" + Sha256::ofText(text).substr(0, kHash) + std::string(kSuffix);
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throw Error("The folder " + inQuotes(folder.string()) + " for pasted texts cannot be made: " + error.message() + ".",
                    "Save the text as a file and choose that.");
    const std::filesystem::path file = folder / name;
    if (std::filesystem::file_size(file, error) != text.size() || error)
        writeFileAtomically(file, text);
    return file;
}

std::optional<std::string> pastedWords(const std::filesystem::path &file)
{
    const std::string name = file.filename().string();
    const std::size_t rest = 1 + kHash + kSuffix.size(); // behind the words
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) || name.size() <= kPrefix.size() + rest || name[name.size() - rest] != '-')
        return {};
    std::string words = name.substr(kPrefix.size(), name.size() - kPrefix.size() - rest);
    std::replace(words.begin(), words.end(), '-', ' ');
    return words;
}

std::string subjectOf(const std::filesystem::path &textFile)
{
    return pastedWords(textFile) ? "The pasted text" : inQuotes(textFile.string());
}

} // namespace secateur
