// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextLimits.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

class DelimitedRows;
class JsonRows;

/// A row of a table.
struct TableRow {
    nlohmann::json fields; ///< an object by the columns' names; where there are none, a list of texts
    std::int64_t line = 0; ///< of the file, from 1, on which it begins; of Parquet the row
    std::string problem{}; ///< why it is no row, a sentence; else empty
};

/// A file of rows, one after another: Parquet, JSON lines, a JSON array of objects, or a table with commas or tabs (CSV, TSV). What the file is, its content
/// says; only commas and tabs are told apart by the name as well. All but Parquet may be packed (see Packing) and in another form of Unicode (see TextFile).
class TableFile {
public:
    /// Opens it and finds its columns; of JSON those are the fields of its first object. A table in commas or tabs has a header where its first line names
    /// at least two of `headings`. Throws Error when the file cannot be read, is damaged or empty.
    TableFile(const std::filesystem::path &file, std::span<const std::string_view> headings, const TextLimits &limits = {});
    ~TableFile();
    TableFile(TableFile &&) noexcept;
    TableFile &operator=(TableFile &&) noexcept;

    /// "Parquet", "JSON lines", "JSON array", "CSV" or "TSV".
    const std::string &kind() const { return m_kind; }
    bool hasColumns() const { return m_hasColumns; }
    /// Their names; where there are none, "1", "2", ... as many as the first row has fields.
    const std::vector<std::string> &columns() const { return m_columns; }
    /// Which columns rows need, where others can be left out (Parquet). To be called once, before next().
    void choose(const std::vector<std::string> &columns);
    /// The next row; none at the end. Throws Error when the file is damaged; Cancelled.
    std::optional<TableRow> next();

    class Rows; ///< of one kind of file

private:
    void openJson(std::unique_ptr<JsonRows> values, const std::filesystem::path &file);
    void openDelimited(DelimitedRows rows, const std::filesystem::path &file, std::span<const std::string_view> headings);

    std::string m_kind;
    std::vector<std::string> m_columns;
    bool m_hasColumns = true;
    std::unique_ptr<Rows> m_rows;
};

} // namespace secateur
