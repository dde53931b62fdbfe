// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/ParquetFile.h"

#include "foundation/Wording.h"

#include <algorithm>
#include <arrow/io/file.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

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

/// The leaves of a field, which are what Parquet numbers.
void addLeaves(const parquet::arrow::SchemaField &field, std::vector<int> &leaves)
{
    if (field.is_leaf())
        leaves.push_back(field.column_index);
    for (const parquet::arrow::SchemaField &child : field.children)
        addLeaves(child, leaves);
}

} // namespace

bool isOfStrings(const arrow::DataType &type)
{
    return isString(type) ||
           (type.id() == arrow::Type::DICTIONARY && isString(*static_cast<const arrow::DictionaryType &>(type).value_type()));
}

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

bool isNull(const arrow::Array &array, std::int64_t index)
{
    if (array.IsNull(index) || array.type_id() != arrow::Type::DICTIONARY)
        return array.IsNull(index);
    const auto &words = static_cast<const arrow::DictionaryArray &>(array);
    return words.dictionary()->IsNull(words.GetValueIndex(index));
}

ParquetFile::ParquetFile(const std::filesystem::path &file, const TextLimits &limits) : m_name(file.string()), m_stop(limits.stop)
{
    guarded([&] { open(file, limits.bytes / 2); });
}

void ParquetFile::open(const std::filesystem::path &file, std::int64_t most)
{
    auto source = valueOf(arrow::io::ReadableFile::Open(file.string()));
    m_memory = std::min(most, memoryLimit(valueOf(source->GetSize())));
    m_pool = std::make_unique<arrow::CappedMemoryPool>(arrow::default_memory_pool(), m_memory);
    parquet::ReaderProperties reading(m_pool.get());
    reading.enable_buffered_stream(); // else a whole column of a row group is read at once
    reading.set_buffer_size(kReadBuffer);
    reading.set_page_checksum_verification(true); // where pages have one
    parquet::ArrowReaderProperties decoding(/*use_threads=*/false);
    decoding.set_pre_buffer(false);
    decoding.set_batch_size(kRowsAtOnce);
    m_reader =
        valueOf(parquet::arrow::FileReader::Make(m_pool.get(), parquet::ParquetFileReader::Open(std::move(source), reading), decoding));
    check(m_reader->GetSchema(&m_schema));
}

void ParquetFile::choose(const std::vector<int> &fields)
{
    for (const int field : fields)
        addLeaves(m_reader->manifest().schema_fields.at(std::size_t(field)), m_leaves);
}

/// Begins the next row group; false at the end of the file.
bool ParquetFile::nextGroup()
{
    if (m_group == m_reader->num_row_groups())
        return false;
    m_rowsLeft = m_reader->parquet_reader()->metadata()->RowGroup(m_group)->num_rows();
    m_batches = valueOf(m_reader->GetRecordBatchReader({m_group++}, m_leaves));
    return true;
}

std::shared_ptr<arrow::RecordBatch> ParquetFile::next()
{
    std::shared_ptr<arrow::RecordBatch> batch;
    guarded([&] {
        while (!batch && (m_batches || nextGroup())) {
            if (m_stop.stop_requested())
                throw Cancelled();
            check(m_batches->ReadNext(&batch));
            if (batch) {
                check(batch->ValidateFull());
                m_rowsLeft -= batch->num_rows();
                continue;
            }
            m_batches.reset();
            if (m_rowsLeft != 0)
                refuse("row group " + std::to_string(m_group - 1) + " does not have as many rows as it says");
        }
    });
    return batch;
}

void ParquetFile::refuse(const std::string &cause) const
{
    throw Error(inQuotes(m_name) + " cannot be read as Parquet: " + cause + ".", "The file may be damaged or cut off; fetch it again.");
}

void ParquetFile::check(const arrow::Status &status) const
{
    if (status.IsOutOfMemory())
        throw Error(inQuotes(m_name) + " needs more memory to be read than the " + sizeText(m_memory) + " that there are for it.",
                    "Write it again with smaller pages and row groups, or give more memory (--host-memory).");
    if (!status.ok())
        refuse(status.IsNotImplemented() ? "it uses a form of Parquet that is not supported" : "its data are damaged");
}

} // namespace secateur
