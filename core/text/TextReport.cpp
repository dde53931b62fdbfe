// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TextReport.h"

#include "foundation/Utf8.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <utility>

namespace secateur {
namespace {

constexpr const char *kBlanks = " \t\r\n";

/// Controls, and what changes the direction or the place of what follows, or is not seen.
bool isInvisible(char32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || (point >= 0x200B && point <= 0x200F) ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF ||
           (point >= 0xFFF9 && point <= 0xFFFB) || (point & 0xFFFE) == 0xFFFE;
}

} // namespace

void TextFileReport::add(const DocumentPiece &piece)
{
    constexpr std::size_t kMostLines = 3;
    documents += piece.isEnd ? 1 : 0;
    std::string_view rest = piece.text;
    while (firstLines.size() < kMostLines && !rest.empty()) {
        rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
        if (std::string line = shownLine(rest); !line.empty())
            firstLines.push_back(std::move(line));
        rest.remove_prefix(std::min(rest.find_first_of("\r\n"), rest.size()));
    }
}

std::string shownLine(std::string_view text)
{
    constexpr std::size_t kMost = 60;
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    std::string shown;
    std::size_t at = 0;
    for (std::size_t count = 0; at < line.size() && count < kMost; ++count) {
        const char32_t point = codePointAt(line, at);
        const std::size_t end = nextCodePoint(line, at);
        if (point == '\t')
            shown += ' ';
        else if (isInvisible(point))
            shown += '?';
        else
            shown += line.substr(at, end - at);
        at = end;
    }
    return at < line.size() ? shown + "…" : shown;
}

std::vector<std::string> linesOf(const TextReport &report)
{
    const std::string numbers =
        counted(report.windows, "window") + " of " + counted(report.length, "token") + " (" + counted(report.tokens, "token") + " read)";
    std::vector<std::string> lines;
    for (const TextFileReport &file : report.files) {
        const std::string leftOut =
            file.nulls > 0 ? ", " + counted(file.nulls, "document") + " without text (null) left out" : std::string();
        lines.push_back(printable(file.file.filename().string()) + " (" + file.kind + "): \"" + file.firstLine() + "\"" + leftOut);
    }
    if (lines.size() == 1)
        lines.front() += ", " + numbers;
    else
        lines.push_back(grouped(lines.size()) + " files: " + numbers);
    return lines;
}

} // namespace secateur
