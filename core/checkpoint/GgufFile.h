// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufTypes.h"
#include "checkpoint/MappedFile.h"
#include "checkpoint/TensorInfo.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Types of metadata values, with the numbers of the format.
enum class GgufValueType : std::uint32_t {
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
};

/// A value of the metadata where it lies in the file: a scalar, a text, or an array of one type. Lives as long as the file's bytes.
/// Its extent was checked when the file was parsed; what it means is read on demand.
struct GgufValue {
    GgufValueType type = GgufValueType::UInt8; ///< of the value, or of the elements of an array
    bool isArray = false;
    std::uint64_t count = 1;
    std::span<const std::byte> bytes; ///< of all elements

    /// Each getter gives nothing when the value is of another kind: an array is no scalar, a number no text, 2.5 and 2^63 no integer.
    std::optional<std::int64_t> integer() const;
    std::optional<double> number() const;
    std::optional<bool> flag() const;
    std::optional<std::string_view> text() const;
    std::optional<std::vector<std::int64_t>> integers() const;
    std::optional<std::vector<double>> numbers() const;
    std::optional<std::vector<std::string_view>> texts() const;
};

/// A tensor where it lies in the file.
struct GgufTensor {
    std::string_view name;
    GgufType type = GgufType::F32;
    Shape shape; ///< row-major like everywhere here: the reverse of the file's order; the last size is a row
    std::span<const std::byte> bytes;
};

/// What a GGUF file holds. Everything refers to the bytes that were parsed.
struct GgufContent {
    std::uint32_t version = 3;
    std::uint64_t alignment = 32;
    std::map<std::string_view, GgufValue> metadata;
    std::vector<GgufTensor> tensors; ///< in the order of their bytes
};

/// Parses a GGUF file of version 2 or 3, little-endian (format: github.com/ggml-org/ggml, docs/gguf.md).
///
/// Every count, length, offset and size is held against the bytes that are there before anything is allocated, so the memory taken is
/// bounded by the size of the file. Throws Error that names `file`, the place and the cause: wrong magic or version, big-endian, cut
/// off, keys or tensors twice, an unknown or unreadable type, a bad alignment, tensors that overlap or lie outside.
GgufContent parseGguf(std::span<const std::byte> bytes, const std::filesystem::path &file);

/// One .gguf file, mapped read-only.
class GgufFile {
public:
    explicit GgufFile(const std::filesystem::path &file);

    const std::filesystem::path &path() const { return m_file.path(); }
    const GgufContent &content() const { return m_content; }
    std::span<const std::byte> bytes() const { return m_file.bytes(); }
    void checkUnchanged() const { m_file.checkUnchanged(); }
    void releasePages() const { m_file.releasePages(); }

private:
    MappedFile m_file;
    GgufContent m_content;
};

} // namespace secateur
