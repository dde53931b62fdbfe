// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DelimitedRows.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/PastedText.h"

#include <utility>

namespace secateur {
namespace {

constexpr int kEnd = -1;

bool isLineEnd(int c)
{
    return c == '\n' || c == '\r';
}

} // namespace

DelimitedRows::DelimitedRows(TextBuffer text, const std::filesystem::path &file, char delimiter, std::size_t largest)
    : m_name(subjectOf(file)),
      m_delimiter(delimiter),
      m_largest(largest),
      m_text(std::move(text))
{
}

/// The next byte; kEnd at the end of the file.
int DelimitedRows::peek()
{
    if (m_text.rest().empty() && !m_text.more())
        return kEnd;
    return static_cast<unsigned char>(m_text.rest().front());
}

/// Goes on by a byte, or by CR LF.
void DelimitedRows::take()
{
    const int c = peek();
    m_text.drop(1);
    ++m_length;
    if (c == '\r' && peek() == '\n')
        m_text.drop(1);
    m_line += isLineEnd(c) ? 1 : 0;
}

void DelimitedRows::checkLength() const
{
    if (m_length > m_largest)
        throw Error(m_name + ", line " + std::to_string(m_rowLine) + ": the row is longer than " + sizeText(std::int64_t(m_largest)) +
                        ", the most that there is memory for in one row.",
                    "A quote may be missing; look at that line.");
}

/// Reads what stands between quotes, behind the first; false where the file ends in it.
bool DelimitedRows::readQuoted(std::string &field)
{
    for (int c = peek(); c != kEnd; c = peek()) {
        checkLength();
        const bool isReturn = c == '\r';
        m_text.drop(1);
        ++m_length;
        if (c == '"' && peek() != '"')
            return true;
        if (c == '"')
            m_text.drop(1);
        m_line += c == '\n' || (isReturn && peek() != '\n') ? 1 : 0;
        field += char(c);
    }
    return false;
}

/// Reads a field and what ends it; false where that is the end of the row.
bool DelimitedRows::readField(std::string &field)
{
    if (peek() == '"') {
        m_text.drop(1);
        ++m_length;
        if (!readQuoted(field))
            throw Error(m_name + " ends inside of quotes, in the row of line " + std::to_string(m_rowLine) + ".",
                        "The file may be cut off, or a quote be missing on that line.");
    }
    for (int c = peek(); c != kEnd; c = peek()) {
        checkLength();
        take();
        if (c == m_delimiter || isLineEnd(c))
            return c == m_delimiter;
        field += char(c);
    }
    return false;
}

std::optional<std::vector<std::string>> DelimitedRows::next()
{
    while (isLineEnd(peek()))
        take();
    if (peek() == kEnd)
        return {};
    m_rowLine = m_line;
    m_length = 0;
    std::vector<std::string> row(1);
    while (readField(row.back()))
        row.emplace_back();
    return row;
}

} // namespace secateur
