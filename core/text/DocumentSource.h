// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/FileDocuments.h"
#include "text/TextLimits.h"
#include "text/TextReport.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// Reads the documents of files one after another, in order, and no more of a file than the documents asked for need. What a file is, its
/// content says:
/// - Parquet: a document per row of a column of strings (see ParquetTexts);
/// - JSON lines: one JSON object per line, a document being its field of the column's name; a JSON array of objects or of texts (see
///   shapeOf());
/// - any other text: the file is one document.
///
/// The last two may be packed (see Packing) and in another form of Unicode (see TextFile). Empty documents count: as rows of WikiText they
/// are blank lines. Rows and fields that are null hold no document; the reports count them.
class DocumentReader {
public:
    /// Throws Error when one of the files cannot be read. The limits also hold a stop, which is heard between blocks of a file: next() throws Cancelled
    /// then.
    /// `most`: documents of each file; none = all.
    explicit DocumentReader(std::vector<std::filesystem::path> files, std::string column = "text", const TextLimits &limits = {},
                            std::optional<std::int64_t> most = {});
    ~DocumentReader();

    /// The next document; none at the end. Throws Error that names the file and, where there is one, the line: a damaged file, one that is
    /// no text, a column that is not there (and which are), a document that is too long (see TextLimits), a file without documents.
    std::optional<std::string> next();
    /// The same in pieces, so that a text that is one long document is not held as a whole.
    std::optional<DocumentPiece> nextPiece();

    /// The files that were begun, and what is known of them by now.
    const std::vector<TextFileReport> &reports() const { return m_reports; }

private:
    std::vector<std::filesystem::path> m_files;
    std::string m_column;
    TextLimits m_limits;
    std::optional<std::int64_t> m_most;
    std::int64_t m_ended = 0; ///< documents of the file under way
    std::vector<TextFileReport> m_reports;
    std::unique_ptr<FileDocuments> m_documents;
};

/// All documents of the files. Throws what DocumentReader throws.
std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files, const std::string &column = "text",
                                       const TextLimits &limits = {});

/// Shuffles the documents in place with a generator of our own, so that a seed means the same on every machine. Seed 0 leaves them as
/// they are.
void shuffleDocuments(std::vector<std::string> &documents, std::uint64_t seed);

} // namespace secateur
