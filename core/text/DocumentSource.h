// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// The documents of one file, one after another (see DocumentSource.cpp).
class FileDocuments;

/// Reads the documents of files one after another, in order, and no more of a file than the documents asked for need:
/// - Parquet: a document per row of a column of strings (see ParquetTexts);
/// - .jsonl and .json: one JSON object per line, a document being its field of the column's name;
/// - .txt or any other name: the file is one document.
///
/// The last two may be packed by gzip, which is recognised by their first bytes, as Parquet is. Empty documents count: as rows of WikiText
/// they are blank lines. Rows and fields that are null hold no document.
class DocumentReader {
public:
    /// Throws Error when one of the files cannot be read.
    explicit DocumentReader(std::vector<std::filesystem::path> files, std::string column = "text");
    ~DocumentReader();

    /// The next document; none at the end. Throws Error that names the file and, where there is one, the line: a damaged file, a column
    /// that is not there (and which are), a file without documents.
    std::optional<std::string> next();

private:
    std::vector<std::filesystem::path> m_files;
    std::string m_column;
    std::size_t m_opened = 0; ///< files that were begun
    bool m_isEmpty = true;    ///< the file in hand has given no document
    std::unique_ptr<FileDocuments> m_documents;
};

/// All documents of the files. Throws what DocumentReader throws.
std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files, const std::string &column = "text");

/// Shuffles the documents in place with a generator of our own, so that a seed means the same on every machine. Seed 0 leaves them as
/// they are.
void shuffleDocuments(std::vector<std::string> &documents, std::uint64_t seed);

} // namespace secateur
