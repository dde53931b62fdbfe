// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace secateur {

/// A part of a document: documents of plain text come in many, others in one.
struct DocumentPiece {
    std::string text;
    bool isEnd = true; ///< the document ends with it
};

/// The documents of one file, one after another.
class FileDocuments {
public:
    virtual ~FileDocuments() = default;
    /// The next piece; none at the end. Throws Error.
    virtual std::optional<DocumentPiece> next() = 0;
    /// Documents that were null, and so passed over, up to the piece given last.
    std::int64_t nulls() const { return m_nulls; }

protected:
    std::int64_t m_nulls = 0;
};

} // namespace secateur
