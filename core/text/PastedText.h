// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// Writes a text (UTF-8) that was pasted into a file of that folder, which is made when needed, so that sessions, journals and commands can
/// name it: "pasted-Once-upon-a-time-1f0c99ab.txt", by its first words and its SHA-256. The same text is the same file. Throws Error for a
/// blank text, and when the file cannot be written.
std::filesystem::path keepPastedText(std::string_view text, const std::filesystem::path &folder);

/// The first words of a text that keepPastedText() has kept, by the name of its file; none for other files.
std::optional<std::string> pastedWords(const std::filesystem::path &file);

/// What the sentence of an error begins with: the path of a text file in quotes, or "The pasted text".
std::string subjectOf(const std::filesystem::path &textFile);

} // namespace secateur
