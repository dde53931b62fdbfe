// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/ParquetTexts.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/ParquetFile.h"

#include <cstdint>
#include <vector>

namespace secateur {
namespace {

std::vector<std::string> columnsOf(const arrow::Schema &schema)
{
    std::vector<std::string> names;
    for (const std::string &name : schema.field_names())
        names.push_back(inQuotes(name));
    return names;
}

/// The field that holds the texts.
int fieldOf(const ParquetFile &file, const std::string &wanted)
{
    const arrow::Schema &schema = file.schema();
    const std::vector<int> found = schema.GetAllFieldIndices(wanted);
    const std::string name = inQuotes(file.name()), column = "column " + inQuotes(wanted);
    static const std::string kHint = "Name a column of texts (--column).";
    if (found.empty() && schema.num_fields() == 0)
        throw Error(name + " has no columns.", "Choose another file.");
    if (found.empty())
        throw Error(name + " has no " + column + "; it has " + listed(columnsOf(schema)) + ".", kHint);
    if (found.size() > 1)
        throw Error(name + " has " + std::to_string(found.size()) + " columns of the name " + inQuotes(wanted) + ".",
                    "Write the file again with names that differ.");
    const arrow::DataType &type = *schema.field(found.front())->type();
    if (type.num_fields() > 0)
        throw Error("The " + column + " of " + name + " is nested (" + type.name() + ").", kHint);
    if (!isOfStrings(type))
        throw Error("The " + column + " of " + name + " holds no texts (" + type.ToString() + ").", kHint);
    return found.front();
}

} // namespace

struct ParquetTexts::State {
    ParquetFile file;
    std::shared_ptr<arrow::Array> rows;
    std::int64_t row = 0;

    /// Reads on until there are rows in hand; false at the end of the file.
    bool readRows()
    {
        while (!rows || row == rows->length()) {
            const std::shared_ptr<arrow::RecordBatch> batch = file.next();
            if (!batch)
                return false;
            rows = batch->column(0);
            row = 0;
        }
        return true;
    }
};

ParquetTexts::ParquetTexts(const std::filesystem::path &file, const std::string &column, const TextLimits &limits)
    : m_state(std::make_unique<State>(ParquetFile(file, limits)))
{
    m_state->file.guarded([&] { m_state->file.choose({fieldOf(m_state->file, column)}); });
}

ParquetTexts::~ParquetTexts() = default;

std::optional<std::string> ParquetTexts::next()
{
    while (m_state->readRows()) {
        const std::int64_t row = m_state->row++;
        if (!isNull(*m_state->rows, row))
            return std::string(textAt(*m_state->rows, row));
        ++m_nulls;
    }
    return {};
}

} // namespace secateur
