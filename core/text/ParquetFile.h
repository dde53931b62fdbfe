// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"
#include "text/TextLimits.h"

#include <arrow/array.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secateur {

/// A Parquet file by Arrow: its schema, and the rows of some of its columns, a few at a time. Only the files that read Parquet include this, for nothing else
/// sees Arrow's headers.
class ParquetFile {
public:
    /// Throws Error when the file is damaged.
    ParquetFile(const std::filesystem::path &file, const TextLimits &limits);

    const std::string &name() const { return m_name; } ///< for messages
    const arrow::Schema &schema() const { return *m_schema; }
    /// Which fields of the schema are read, with all that is in them. To be called once, before next().
    void choose(const std::vector<int> &fields);
    /// The next rows of the chosen fields, checked (offsets, indices into dictionaries, UTF-8); null at the end. Throws Error when the file is damaged, or its
    /// rows need more than half of the limit; Cancelled.
    std::shared_ptr<arrow::RecordBatch> next();

    /// Runs what may throw exceptions of Parquet's, and throws Error in their place.
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

private:
    void open(const std::filesystem::path &file, std::int64_t most);
    bool nextGroup();
    [[noreturn]] void refuse(const std::string &cause) const;
    void check(const arrow::Status &status) const;
    template <typename Value>
    Value valueOf(arrow::Result<Value> result) const
    {
        check(result.status());
        return std::move(result).ValueUnsafe();
    }

    std::string m_name;
    std::int64_t m_memory = 0; ///< that reading may take
    std::unique_ptr<arrow::CappedMemoryPool> m_pool;
    std::unique_ptr<parquet::arrow::FileReader> m_reader;
    std::shared_ptr<arrow::Schema> m_schema;
    std::vector<int> m_leaves;                           ///< that are read
    int m_group = 0;                                     ///< the row group that comes next
    std::int64_t m_rowsLeft = 0;                         ///< of the row group in hand, by the file's own count
    std::unique_ptr<arrow::RecordBatchReader> m_batches; ///< after `m_reader`, which it uses
    std::stop_token m_stop;
};

/// Whether a type is one of strings, or a dictionary of these.
bool isOfStrings(const arrow::DataType &type);
/// The text at `index`, which is not null; `array` is of a type that isOfStrings() accepts.
std::string_view textAt(const arrow::Array &array, std::int64_t index);
/// Whether the row is null, or its word in the dictionary is.
bool isNull(const arrow::Array &array, std::int64_t index);

} // namespace secateur
