// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TableFile.h"

#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "text/DelimitedRows.h"
#include "text/JsonRows.h"
#include "text/ParquetTable.h"
#include "text/ParquetTexts.h"
#include "text/PastedText.h"

#include <algorithm>
#include <array>
#include <utility>

namespace secateur {

class TableFile::Rows {
public:
    virtual ~Rows() = default;
    virtual std::optional<TableRow> next() = 0;
    virtual void choose(const std::vector<std::string> &) {}
};

namespace {

class ParquetFileRows : public TableFile::Rows {
public:
    explicit ParquetFileRows(ParquetTable table) : m_table(std::move(table)) {}
    void choose(const std::vector<std::string> &columns) override { m_table.choose(columns); }
    std::optional<TableRow> next() override
    {
        auto row = m_table.next();
        return row ? std::optional(TableRow{std::move(*row), ++m_row}) : std::nullopt;
    }

private:
    ParquetTable m_table;
    std::int64_t m_row = 0;
};

class JsonFileRows : public TableFile::Rows {
public:
    explicit JsonFileRows(std::unique_ptr<JsonRows> rows) : m_rows(std::move(rows)) {}
    std::optional<TableRow> next() override
    {
        auto row = m_rows->next();
        if (!row)
            return {};
        const std::string problem = row->is_object() ? "" : std::string("It is ") + kindOf(*row) + ", not an object.";
        return TableRow{std::move(*row), std::int64_t(m_rows->line()), problem};
    }

private:
    std::unique_ptr<JsonRows> m_rows;
};

class DelimitedFileRows : public TableFile::Rows {
public:
    DelimitedFileRows(DelimitedRows rows, std::vector<std::string> columns) : m_rows(std::move(rows)), m_columns(std::move(columns)) {}
    std::optional<TableRow> next() override
    {
        auto row = m_rows.next();
        if (!row)
            return {};
        TableRow result{nlohmann::json::object(), std::int64_t(m_rows.line())};
        if (m_columns.empty()) {
            result.fields = std::move(*row);
        } else if (row->size() != m_columns.size()) {
            result.problem =
                "It has " + counted(std::int64_t(row->size()), "field") + "; the header has " + std::to_string(m_columns.size()) + ".";
        } else {
            for (std::size_t i = 0; i < m_columns.size(); ++i)
                result.fields[m_columns[i]] = std::move((*row)[i]);
        }
        return result;
    }

private:
    DelimitedRows m_rows;
    std::vector<std::string> m_columns;
};

/// A row that was read ahead, and those behind it.
class ReadAhead : public TableFile::Rows {
public:
    ReadAhead(TableRow first, std::unique_ptr<TableFile::Rows> rows) : m_first(std::move(first)), m_rows(std::move(rows)) {}
    std::optional<TableRow> next() override { return m_first ? std::exchange(m_first, std::nullopt) : m_rows->next(); }

private:
    std::optional<TableRow> m_first;
    std::unique_ptr<TableFile::Rows> m_rows;
};

bool isParquet(const std::filesystem::path &file)
{
    std::array<char, 4> beginning{};
    InputFile(file).read(beginning);
    const std::string_view magic(beginning.data(), beginning.size());
    if (magic == kEncryptedParquetMagic)
        throw Error(inQuotes(file.string()) + " is an encrypted Parquet file, which cannot be read.", "Decrypt it first.");
    return magic == kParquetMagic;
}

/// What parts the fields of a table: in a file whose name does not say it, what its first line has more of.
char delimiterOf(const TextBuffer &text, const std::filesystem::path &file)
{
    if (isNamedTable(file))
        return file.string().find(".tsv") != std::string::npos ? '\t' : ',';
    const std::string_view line = text.rest().substr(0, text.rest().find('\n'));
    return std::ranges::count(line, '\t') > std::ranges::count(line, ',') ? '\t' : ',';
}

[[noreturn]] void refuseEmpty(const std::filesystem::path &file)
{
    throw Error(subjectOf(file) + " has no rows.", "The file may be cut off; fetch it again.");
}

} // namespace

TableFile::TableFile(const std::filesystem::path &file, std::span<const std::string_view> headings, const TextLimits &limits)
{
    if (isParquet(file)) {
        m_kind = "Parquet";
        ParquetTable table(file, limits);
        m_columns = table.columns();
        m_rows = std::make_unique<ParquetFileRows>(std::move(table));
        return;
    }
    TextBuffer text{TextFile(file, limits)};
    const auto largest = std::size_t(limits.largestDocument());
    const TextShape shape = shapeOf(text, file, largest);
    if (shape != TextShape::Plain) {
        m_kind = shape == TextShape::JsonLines ? "JSON lines" : "JSON array";
        static const std::string kHint = "Give JSON lines or a JSON array, each item an object.";
        openJson((shape == TextShape::JsonLines ? jsonLineRows : jsonArrayRows)(std::move(text), file, kHint, largest), file);
        return;
    }
    if (const auto markup = markupKindOf(text.rest()))
        throw Error(subjectOf(file) + " is " + markup->name + ", not a table.", markup->remedy);
    const char delimiter = delimiterOf(text, file);
    m_kind = delimiter == '\t' ? "TSV" : "CSV";
    openDelimited(DelimitedRows(std::move(text), file, delimiter, largest), file, headings);
}

void TableFile::openJson(std::unique_ptr<JsonRows> values, const std::filesystem::path &file)
{
    auto rows = std::make_unique<JsonFileRows>(std::move(values));
    auto first = rows->next();
    if (!first)
        refuseEmpty(file);
    if (first->fields.is_object())
        for (const auto &field : first->fields.items())
            m_columns.push_back(field.key());
    m_rows = std::make_unique<ReadAhead>(std::move(*first), std::move(rows));
}

void TableFile::openDelimited(DelimitedRows rows, const std::filesystem::path &file, std::span<const std::string_view> headings)
{
    auto first = rows.next();
    if (!first)
        refuseEmpty(file);
    const std::int64_t line = std::int64_t(rows.line());
    const auto isHeading = [&](const std::string &name) { return std::ranges::find(headings, name) != headings.end(); };
    m_hasColumns = std::ranges::count_if(*first, isHeading) > 1;
    if (m_hasColumns) {
        m_columns = *first;
        m_rows = std::make_unique<DelimitedFileRows>(std::move(rows), m_columns);
        return;
    }
    for (std::size_t i = 1; i <= first->size(); ++i)
        m_columns.push_back(std::to_string(i));
    m_rows = std::make_unique<ReadAhead>(TableRow{std::move(*first), line},
                                         std::make_unique<DelimitedFileRows>(std::move(rows), std::vector<std::string>()));
}

TableFile::~TableFile() = default;
TableFile::TableFile(TableFile &&) noexcept = default;
TableFile &TableFile::operator=(TableFile &&) noexcept = default;

void TableFile::choose(const std::vector<std::string> &columns)
{
    m_rows->choose(columns);
}

std::optional<TableRow> TableFile::next()
{
    return m_rows->next();
}

} // namespace secateur
