// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextShape.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// The rows of a table whose fields are parted by commas or tabs (RFC 4180): a field may stand in quotes, in which commas and line breaks are kept and a quote is
/// doubled. Lines end in LF, CR LF or CR; blank ones are passed over. What else stands where is read as Python's csv reads it.
class DelimitedRows {
public:
    DelimitedRows(TextBuffer text, const std::filesystem::path &file, char delimiter, std::size_t largest);

    /// The next row; none at the end. Throws Error for a quote that is not closed, and a row that is longer than a document may be.
    std::optional<std::vector<std::string>> next();
    /// On which the row given last begins, from 1.
    std::uint64_t line() const { return m_rowLine; }

private:
    int peek();
    void take();
    bool readQuoted(std::string &field);
    bool readField(std::string &field);
    void checkLength() const;

    std::string m_name;
    char m_delimiter;
    std::size_t m_largest, m_length = 0; ///< bytes of the row in hand
    TextBuffer m_text;
    std::uint64_t m_line = 1, m_rowLine = 1;
};

} // namespace secateur
