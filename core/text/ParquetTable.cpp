// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/ParquetTable.h"

#include "foundation/Wording.h"
#include "text/ParquetFile.h"

#include <algorithm>
#include <arrow/array/array_dict.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

namespace secateur {
namespace {

bool isReadable(const arrow::DataType &type)
{
    if (isOfStrings(type) || arrow::is_integer(type.id()))
        return true;
    switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::BOOL:
        return true;
    case arrow::Type::DICTIONARY:
        return isReadable(*static_cast<const arrow::DictionaryType &>(type).value_type());
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
        return std::all_of(type.fields().begin(), type.fields().end(), [](const auto &field) { return isReadable(*field->type()); });
    default:
        return false;
    }
}

template <typename Array>
nlohmann::json numberAt(const arrow::Array &array, std::int64_t index)
{
    return static_cast<const Array &>(array).Value(index);
}

nlohmann::json valueAt(const arrow::Array &array, std::int64_t index);

template <typename Array>
nlohmann::json listAt(const arrow::Array &array, std::int64_t index)
{
    const auto &lists = static_cast<const Array &>(array);
    nlohmann::json values = nlohmann::json::array();
    const std::int64_t begin = lists.value_offset(index), end = begin + lists.value_length(index);
    for (std::int64_t i = begin; i < end; ++i)
        values.push_back(valueAt(*lists.values(), i));
    return values;
}

nlohmann::json structAt(const arrow::Array &array, std::int64_t index)
{
    const auto &structs = static_cast<const arrow::StructArray &>(array);
    nlohmann::json fields = nlohmann::json::object();
    for (int i = 0; i < structs.num_fields(); ++i)
        fields[structs.struct_type()->field(i)->name()] = valueAt(*structs.field(i), index);
    return fields;
}

/// What is at `index` of an array whose type isReadable().
nlohmann::json valueAt(const arrow::Array &array, std::int64_t index)
{
    if (isNull(array, index))
        return nullptr;
    if (isOfStrings(*array.type()))
        return textAt(array, index);
    switch (array.type_id()) {
    case arrow::Type::BOOL:
        return numberAt<arrow::BooleanArray>(array, index);
    case arrow::Type::INT8:
        return numberAt<arrow::Int8Array>(array, index);
    case arrow::Type::INT16:
        return numberAt<arrow::Int16Array>(array, index);
    case arrow::Type::INT32:
        return numberAt<arrow::Int32Array>(array, index);
    case arrow::Type::INT64:
        return numberAt<arrow::Int64Array>(array, index);
    case arrow::Type::UINT8:
        return numberAt<arrow::UInt8Array>(array, index);
    case arrow::Type::UINT16:
        return numberAt<arrow::UInt16Array>(array, index);
    case arrow::Type::UINT32:
        return numberAt<arrow::UInt32Array>(array, index);
    case arrow::Type::UINT64:
        return numberAt<arrow::UInt64Array>(array, index);
    case arrow::Type::LIST:
        return listAt<arrow::ListArray>(array, index);
    case arrow::Type::LARGE_LIST:
        return listAt<arrow::LargeListArray>(array, index);
    case arrow::Type::FIXED_SIZE_LIST:
        return listAt<arrow::FixedSizeListArray>(array, index);
    case arrow::Type::STRUCT:
        return structAt(array, index);
    default: { // DICTIONARY
        const auto &words = static_cast<const arrow::DictionaryArray &>(array);
        return valueAt(*words.dictionary(), words.GetValueIndex(index));
    }
    }
}

} // namespace

struct ParquetTable::State {
    ParquetFile file;
    std::shared_ptr<arrow::RecordBatch> rows;
    std::int64_t row = 0;
};

ParquetTable::ParquetTable(const std::filesystem::path &file, const TextLimits &limits)
    : m_state(std::make_unique<State>(ParquetFile(file, limits)))
{
}

ParquetTable::~ParquetTable() = default;
ParquetTable::ParquetTable(ParquetTable &&) noexcept = default;
ParquetTable &ParquetTable::operator=(ParquetTable &&) noexcept = default;

std::vector<std::string> ParquetTable::columns() const
{
    return m_state->file.schema().field_names();
}

void ParquetTable::choose(const std::vector<std::string> &columns)
{
    ParquetFile &file = m_state->file;
    std::vector<int> fields;
    for (const std::string &column : columns) {
        const std::vector<int> found = file.schema().GetAllFieldIndices(column);
        if (found.size() > 1)
            throw Error(inQuotes(file.name()) + " has " + std::to_string(found.size()) + " columns of the name " + inQuotes(column) + ".",
                        "Write the file again with names that differ.");
        if (found.empty())
            continue;
        const arrow::DataType &type = *file.schema().field(found.front())->type();
        if (!isReadable(type))
            throw Error("The column " + inQuotes(column) + " of " + inQuotes(file.name()) + " holds " + inQuotes(type.ToString()) +
                            ", which is not read.",
                        "Write the file again with texts, whole numbers and lists of these.");
        fields.push_back(found.front());
    }
    file.guarded([&] { file.choose(fields); });
}

std::optional<nlohmann::json> ParquetTable::next()
{
    while (!m_state->rows || m_state->row == m_state->rows->num_rows()) {
        m_state->rows = m_state->file.next();
        m_state->row = 0;
        if (!m_state->rows)
            return {};
    }
    const std::int64_t row = m_state->row++;
    nlohmann::json fields = nlohmann::json::object();
    for (int i = 0; i < m_state->rows->num_columns(); ++i)
        fields[m_state->rows->column_name(i)] = valueAt(*m_state->rows->column(i), row);
    return fields;
}

} // namespace secateur
