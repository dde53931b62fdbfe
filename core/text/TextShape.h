// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextFile.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace secateur {

/// The characters of a text file that were read and not used yet.
class TextBuffer {
public:
    explicit TextBuffer(TextFile file) : m_file(std::move(file)) {}

    /// Good until the next call of more().
    std::string_view rest() const { return std::string_view(m_text).substr(m_used); }
    void drop(std::size_t bytes) { m_used += bytes; }
    /// Reads on; false at the end of the file.
    bool more();
    const TextFile &file() const { return m_file; }

private:
    TextFile m_file;
    std::string m_text;
    std::size_t m_used = 0;
};

/// How the documents of a text file are written down.
enum class TextShape { Plain, JsonLines, JsonArray };

/// Tells the shape by the content; a name (.json, .jsonl, .ndjson, ...) only says that the file cannot be plain text.
///
/// - JSON lines: the file begins as an object does ({"name": ...), its first line is one, and the next one begins with '{' as well. So a
///   text with one line of JSON in front is plain, and so are source code and templates. Where the first line is no object, but a near
///   one is, these are JSON lines with a mistake, which their reader tells.
/// - A JSON array: '[' and an object, or another value with one more, or with the end of the file, behind it. So "[Illustration]" and
///   "[1] A footnote" are plain.
///
/// `largest`: the most characters to look at. Throws Error for one JSON object over several lines, which holds no documents.
TextShape shapeOf(TextBuffer &text, const std::filesystem::path &file, std::size_t largest);

/// Whether the name says that the file holds a table (.csv, .tsv, packed or not), which looks like plain text.
bool isNamedTable(const std::filesystem::path &file);

} // namespace secateur
