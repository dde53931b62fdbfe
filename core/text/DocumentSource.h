// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// The documents of the files given, in order: a .txt (or any other name) is one document; .jsonl and .json hold one JSON object per
/// line, a document being its field `text`; .gz around any of them. Compressed files are recognised by their first bytes, not by the
/// name. Throws Error that names the file and, where there is one, the line.
std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files);

/// Shuffles the documents in place with a generator of our own, so that a seed means the same on every machine. Seed 0 leaves them as
/// they are.
void shuffleDocuments(std::vector<std::string> &documents, std::uint64_t seed);

} // namespace secateur
