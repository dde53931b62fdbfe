// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/FileDocuments.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// What a text file turned out to be, for people to see before a job computes with it.
struct TextFileReport {
    std::filesystem::path file;
    std::string kind;                         ///< "gzip, JSON lines, UTF-8"
    bool hasColumns = true;                   ///< or fields: a plain text has none
    std::vector<std::string> firstLines = {}; ///< the first few that are not blank, as shownLine() gives them
    std::int64_t documents = 0;               ///< read to their end so far
    std::int64_t nulls = 0;                   ///< rows or fields without a text that were passed over so far

    void add(const DocumentPiece &piece);
    std::string firstLine() const { return firstLines.empty() ? std::string() : firstLines.front(); }
};

/// What was read for a job.
struct TextReport {
    std::vector<TextFileReport> files; ///< as many as were needed
    std::int64_t tokens = 0;           ///< that were read
    std::int64_t windows = 0, length = 0;
    std::string tokenHash = {}; ///< of the windows; see TokenWindows
};

/// The first line of a text (UTF-8) that is not blank, in at most 60 characters, what cannot be seen replaced by '?'; cut ones end in
/// "…". Empty for a blank text.
std::string shownLine(std::string_view text);

/// Lines that tell of a text: `c4.json.gz (gzip, JSON lines, UTF-8): "Beginners BBQ class…", 34 windows of 2,048 tokens (70,234 tokens read)`. Of
/// several files one each, and one with the numbers. Documents that are null are told of as well: ", 3 documents without text (null) left out".
std::vector<std::string> linesOf(const TextReport &report);

} // namespace secateur
