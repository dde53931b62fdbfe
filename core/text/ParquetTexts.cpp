// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/ParquetTexts.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <cstdint>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <vector>

namespace secateur {
namespace {

constexpr std::int64_t kRowsAtOnce = 256;
constexpr std::int64_t kReadBuffer = std::int64_t(1) << 20;

/// The most memory that reading may take. Sizes in a damaged file can say anything; deflate, the strongest of the usual packers, makes at
/// most 1032 bytes of one.
std::int64_t memoryLimit(std::int64_t fileBytes)
{
    constexpr std::int64_t kAlways = std::int64_t(64) << 20, kMost = std::int64_t(4) << 30, kStrongestPacking = 1032;
    return fileBytes < kMost / kStrongestPacking ? std::min(kMost, kAlways + kStrongestPacking * fileBytes) : kMost;
}

bool isString(const arrow::DataType &type)
{
    return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING || type.id() == arrow::Type::STRING_VIEW;
}

bool isOfStrings(const arrow::DataType &type)
{
    return isString(type) ||
           (type.id() == arrow::Type::DICTIONARY && isString(*static_cast<const arrow::DictionaryType &>(type).value_type()));
}

/// The text at `index`, which is not null; `array` is of a type that isOfStrings() accepts.
std::string_view textAt(const arrow::Array &array, std::int64_t index)
{
    switch (array.type_id()) {
    case arrow::Type::STRING:
        return static_cast<const arrow::StringArray &>(array).GetView(index);
    case arrow::Type::LARGE_STRING:
        return static_cast<const arrow::LargeStringArray &>(array).GetView(index);
    case arrow::Type::STRING_VIEW:
        return static_cast<const arrow::StringViewArray &>(array).GetView(index);
    default: {
        const auto &words = static_cast<const arrow::DictionaryArray &>(array);
        return textAt(*words.dictionary(), words.GetValueIndex(index));
    }
    }
}

/// Whether the row is null, or its word in the dictionary is.
bool isNull(const arrow::Array &array, std::int64_t index)
{
    if (array.IsNull(index) || array.type_id() != arrow::Type::DICTIONARY)
        return array.IsNull(index);
    const auto &words = static_cast<const arrow::DictionaryArray &>(array);
    return words.dictionary()->IsNull(words.GetValueIndex(index));
}

std::vector<std::string> columnsOf(const arrow::Schema &schema)
{
    std::vector<std::string> names;
    for (const std::string &name : schema.field_names())
        names.push_back(inQuotes(name));
    return names;
}

} // namespace

struct ParquetTexts::State {
    std::string name;        ///< of the file, for messages
    std::int64_t memory = 0; ///< that reading may take
    std::unique_ptr<arrow::CappedMemoryPool> pool;
    std::unique_ptr<parquet::arrow::FileReader> reader;
    int leaf = 0, group = 0;                           ///< the leaf that is read; the row group that comes next
    std::int64_t rowsLeft = 0;                         ///< of the row group in hand, by the file's own count
    std::unique_ptr<arrow::RecordBatchReader> batches; ///< after `reader`, which it uses
    std::shared_ptr<arrow::Array> rows;
    std::int64_t row = 0;
    std::stop_token stop;

    void open(const std::filesystem::path &file, std::int64_t most);
    void choose(const std::string &wanted);
    bool readRows();
    void readBatch();

    [[noreturn]] void refuse(const std::string &cause) const
    {
        throw Error(inQuotes(name) + " cannot be read as Parquet: " + cause + ".", "The file may be damaged or cut off; fetch it again.");
    }
    void check(const arrow::Status &status) const
    {
        if (status.IsOutOfMemory())
            throw Error(inQuotes(name) + " needs more memory to be read than the " + sizeText(memory) + " that there are for it.",
                        "Write it again with smaller pages and row groups, or give more memory (--host-memory).");
        if (!status.ok())
            refuse(status.IsNotImplemented() ? "it uses a form of Parquet that is not supported" : "its data are damaged");
    }
    template <typename Value>
    Value valueOf(arrow::Result<Value> result) const
    {
        check(result.status());
        return std::move(result).ValueUnsafe();
    }
    /// Runs what may throw exceptions of Parquet's.
    template <typename Function>
    void guarded(Function &&function) const
    {
        try {
            function();
        } catch (const Error &) {
            throw;
        } catch (const Cancelled &) {
            throw;
        } catch (const parquet::ParquetStatusException &problem) {
            check(problem.status());
        } catch (const std::exception &problem) {
            refuse("its data are damaged");
        }
    }
};

void ParquetTexts::State::open(const std::filesystem::path &file, std::int64_t most)
{
    auto source = valueOf(arrow::io::ReadableFile::Open(file.string()));
    memory = std::min(most, memoryLimit(valueOf(source->GetSize())));
    pool = std::make_unique<arrow::CappedMemoryPool>(arrow::default_memory_pool(), memory);
    parquet::ReaderProperties reading(pool.get());
    reading.enable_buffered_stream(); // else a whole column of a row group is read at once
    reading.set_buffer_size(kReadBuffer);
    reading.set_page_checksum_verification(true); // where pages have one
    parquet::ArrowReaderProperties decoding(/*use_threads=*/false);
    decoding.set_pre_buffer(false);
    decoding.set_batch_size(kRowsAtOnce);
    reader = valueOf(parquet::arrow::FileReader::Make(pool.get(), parquet::ParquetFileReader::Open(std::move(source), reading), decoding));
}

/// Finds the leaf of the column.
void ParquetTexts::State::choose(const std::string &wanted)
{
    std::shared_ptr<arrow::Schema> schema;
    check(reader->GetSchema(&schema));
    const std::vector<int> found = schema->GetAllFieldIndices(wanted);
    const std::string column = "column " + inQuotes(wanted);
    static const std::string kHint = "Name a column of texts (--column).";
    if (found.empty() && schema->num_fields() == 0)
        throw Error(inQuotes(name) + " has no columns.", "Choose another file.");
    if (found.empty())
        throw Error(inQuotes(name) + " has no " + column + "; it has " + listed(columnsOf(*schema)) + ".", kHint);
    if (found.size() > 1)
        throw Error(inQuotes(name) + " has " + std::to_string(found.size()) + " columns of the name " + inQuotes(wanted) + ".",
                    "Write the file again with names that differ.");
    const arrow::DataType &type = *schema->field(found.front())->type();
    if (type.num_fields() > 0)
        throw Error("The " + column + " of " + inQuotes(name) + " is nested (" + type.name() + ").", kHint);
    if (!isOfStrings(type))
        throw Error("The " + column + " of " + inQuotes(name) + " holds no texts (" + type.ToString() + ").", kHint);
    leaf = reader->manifest().schema_fields.at(std::size_t(found.front())).column_index;
}

/// Reads on until there are rows in hand; false at the end of the file.
bool ParquetTexts::State::readRows()
{
    while (!rows || row == rows->length()) {
        if (batches) {
            readBatch();
            continue;
        }
        if (group == reader->num_row_groups())
            return false;
        rowsLeft = reader->parquet_reader()->metadata()->RowGroup(group)->num_rows();
        batches = valueOf(reader->GetRecordBatchReader({group++}, {leaf}));
    }
    return true;
}

void ParquetTexts::State::readBatch()
{
    if (stop.stop_requested())
        throw Cancelled();
    std::shared_ptr<arrow::RecordBatch> batch;
    check(batches->ReadNext(&batch));
    rows = batch ? batch->column(0) : nullptr;
    row = 0;
    if (batch) {
        check(rows->ValidateFull()); // offsets, indices into the dictionary, UTF-8
        rowsLeft -= rows->length();
        return;
    }
    batches.reset();
    if (rowsLeft != 0)
        refuse("row group " + std::to_string(group - 1) + " does not have as many rows as it says");
}

ParquetTexts::ParquetTexts(const std::filesystem::path &file, const std::string &column, const TextLimits &limits)
    : m_state(std::make_unique<State>())
{
    m_state->name = file.string();
    m_state->stop = limits.stop;
    m_state->guarded([&] {
        m_state->open(file, limits.bytes / 2);
        m_state->choose(column);
    });
}

ParquetTexts::~ParquetTexts() = default;

std::optional<std::string> ParquetTexts::next()
{
    std::optional<std::string> text;
    m_state->guarded([&] {
        while (!text && m_state->readRows()) {
            if (isNull(*m_state->rows, m_state->row))
                ++m_nulls;
            else
                text = std::string(textAt(*m_state->rows, m_state->row));
            ++m_state->row;
        }
    });
    return text;
}

} // namespace secateur
