// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufFile.h"

#include "foundation/BinaryKinds.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <tuple>
#include <unordered_set>

namespace secateur {

namespace {

constexpr std::uint32_t kMostDimensions = 4; // GGML_MAX_DIMS
constexpr int kDeepestArray = 8;
constexpr const char *kDamaged = "The file is damaged or was written by faulty software; download or write it again.";

/// Bytes of a scalar of that type; 0 for texts, arrays and unknown types.
std::size_t scalarBytes(GgufValueType type)
{
    switch (type) {
    case GgufValueType::UInt8:
    case GgufValueType::Int8:
    case GgufValueType::Bool:
        return 1;
    case GgufValueType::UInt16:
    case GgufValueType::Int16:
        return 2;
    case GgufValueType::UInt32:
    case GgufValueType::Int32:
    case GgufValueType::Float32:
        return 4;
    case GgufValueType::UInt64:
    case GgufValueType::Int64:
    case GgufValueType::Float64:
        return 8;
    default:
        return 0;
    }
}

template <typename T>
T valueAt(std::span<const std::byte> bytes, std::uint64_t index)
{
    T value;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value;
}

std::optional<std::int64_t> integerAt(GgufValueType type, std::span<const std::byte> bytes, std::uint64_t i)
{
    switch (type) {
    case GgufValueType::UInt8:
        return valueAt<std::uint8_t>(bytes, i);
    case GgufValueType::Int8:
        return valueAt<std::int8_t>(bytes, i);
    case GgufValueType::UInt16:
        return valueAt<std::uint16_t>(bytes, i);
    case GgufValueType::Int16:
        return valueAt<std::int16_t>(bytes, i);
    case GgufValueType::UInt32:
        return valueAt<std::uint32_t>(bytes, i);
    case GgufValueType::Int32:
        return valueAt<std::int32_t>(bytes, i);
    case GgufValueType::Int64:
        return valueAt<std::int64_t>(bytes, i);
    case GgufValueType::UInt64:
        if (const auto value = valueAt<std::uint64_t>(bytes, i); value <= std::uint64_t(std::numeric_limits<std::int64_t>::max()))
            return std::int64_t(value);
        return {};
    default:
        return {};
    }
}

std::optional<double> numberAt(GgufValueType type, std::span<const std::byte> bytes, std::uint64_t i)
{
    if (type == GgufValueType::Float32)
        return double(valueAt<float>(bytes, i));
    if (type == GgufValueType::Float64)
        return valueAt<double>(bytes, i);
    if (const auto value = integerAt(type, bytes, i))
        return double(*value);
    return {};
}

/// All elements by `at`; nothing when one of them is of another kind.
template <typename T, typename At>
std::optional<std::vector<T>> all(const GgufValue &value, At at)
{
    if (!value.isArray)
        return {};
    std::vector<T> elements;
    for (std::uint64_t i = 0; i < value.count; ++i) {
        const std::optional<T> element = at(value.type, value.bytes, i);
        if (!element)
            return {};
        elements.push_back(*element);
    }
    return elements;
}

/// Walks over the bytes of a file and complains about the place.
class Parser {
public:
    Parser(std::span<const std::byte> bytes, const std::filesystem::path &file) : m_bytes(bytes), m_file(file) {}

    GgufContent content()
    {
        GgufContent content;
        readBeginning(content);
        const auto tensors = take<std::uint64_t>("the number of tensors"), values = take<std::uint64_t>("the number of metadata values");
        readMetadata(content, values);
        readTensors(content, tensors);
        return content;
    }

private:
    [[noreturn]] void fail(const std::string &cause, const char *hint = kDamaged) const
    {
        throw Error(inQuotes(m_file.string()) + " is not a valid GGUF file: " + cause + ".", hint);
    }

    [[noreturn]] void failTruncated(const std::string &what) const
    {
        throw Error(inQuotes(m_file.string()) + " is truncated: it ends in " + what + " (byte " + grouped(m_position) + " of " +
                        grouped(m_bytes.size()) + ").",
                    "Download the file again; the copy is not complete.");
    }

    std::size_t left() const { return m_bytes.size() - m_position; }

    std::span<const std::byte> takeBytes(std::uint64_t count, const std::string &what)
    {
        if (count > left())
            failTruncated(what);
        const auto taken = m_bytes.subspan(m_position, std::size_t(count));
        m_position += std::size_t(count);
        return taken;
    }

    template <typename T>
    T take(const std::string &what)
    {
        return valueAt<T>(takeBytes(sizeof(T), what), 0);
    }

    std::string_view takeText(const std::string &what)
    {
        const auto length = take<std::uint64_t>(what);
        const auto bytes = takeBytes(length, what);
        return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    }

    [[noreturn]] void refuseOther(std::string_view text) const
    {
        const std::string other = isInPlaceOf("a GGUF file", text);
        throw Error(inQuotes(m_file.string()) + " " + (other.empty() ? "is not a GGUF file: it does not begin with 'GGUF'" : other) + ".",
                    "Download the file again, or choose another one.");
    }

    void readBeginning(GgufContent &content)
    {
        const std::string_view text(reinterpret_cast<const char *>(m_bytes.data()), m_bytes.size());
        refuseLfsPointer(text, inQuotes(m_file.string()));
        const auto magic = takeBytes(4, "its magic number");
        if (std::memcmp(magic.data(), "GGUF", 4) != 0)
            refuseOther(text);
        content.version = take<std::uint32_t>("its version");
        if (content.version != 0 && (content.version & 0xffff) == 0)
            fail("it is big-endian", "Convert it with the gguf package of Python (gguf-convert-endian), or download a little-endian file.");
        if (content.version != 2 && content.version != 3)
            fail("its version is " + std::to_string(content.version) + ", supported are 2 and 3",
                 "Convert the model again with a current llama.cpp.");
    }

    /// Moves over the elements of an array or over one value, and gives their bytes.
    std::span<const std::byte> takeElements(GgufValueType type, std::uint64_t count, const std::string &what, int depth)
    {
        const std::size_t start = m_position;
        if (const std::size_t size = scalarBytes(type); size > 0) {
            if (count > left() / size)
                failTruncated(what);
            takeBytes(count * size, what);
        } else if (type == GgufValueType::String) {
            if (count > left() / sizeof(std::uint64_t))
                failTruncated(what);
            for (std::uint64_t i = 0; i < count; ++i)
                takeText(what);
        } else if (type == GgufValueType::Array) {
            if (depth >= kDeepestArray)
                fail(what + " is nested too deeply");
            if (count > left() / 12)
                failTruncated(what);
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto inner = GgufValueType(take<std::uint32_t>(what));
                const auto innerCount = take<std::uint64_t>(what);
                takeElements(inner, innerCount, what, depth + 1);
            }
        } else {
            fail(what + " has the unknown type " + std::to_string(std::uint32_t(type)));
        }
        return m_bytes.subspan(start, m_position - start);
    }

    void readMetadata(GgufContent &content, std::uint64_t count)
    {
        constexpr std::uint64_t kSmallest = 8 + 4 + 1; // an empty key, a type, a byte
        if (count > left() / kSmallest)
            fail("it promises " + grouped(count) + " metadata values, for which it is too small");
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::string_view key = takeText("the key of metadata value " + std::to_string(i));
            const std::string what = "the metadata value " + inQuotes(key);
            GgufValue value{.type = GgufValueType(take<std::uint32_t>(what)), .isArray = false, .count = 1, .bytes = {}};
            if (value.type == GgufValueType::Array) {
                value.isArray = true;
                value.type = GgufValueType(take<std::uint32_t>(what));
                value.count = take<std::uint64_t>(what);
            }
            value.bytes = takeElements(value.type, value.count, what, 0);
            if (!content.metadata.emplace(key, value).second)
                fail(what + " is there twice");
        }
        if (const auto alignment = content.metadata.find("general.alignment"); alignment != content.metadata.end()) {
            const auto value = alignment->second.integer();
            if (!value || *value < 1 || *value > (std::int64_t(1) << 30) || !std::has_single_bit(std::uint64_t(*value)))
                fail("'general.alignment' is not a power of two");
            content.alignment = std::uint64_t(*value);
        }
    }

    /// A tensor's description before its bytes are known.
    struct Declared {
        GgufTensor tensor;
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };

    Declared takeTensor(std::uint64_t index)
    {
        Declared declared;
        GgufTensor &tensor = declared.tensor;
        tensor.name = takeText("the name of tensor " + std::to_string(index));
        const std::string what = "tensor " + inQuotes(tensor.name);
        const auto dimensions = take<std::uint32_t>(what);
        if (dimensions > kMostDimensions)
            fail(what + " has " + std::to_string(dimensions) + " dimensions, at most 4 are possible");
        std::uint64_t elements = 1;
        for (std::uint32_t i = 0; i < dimensions; ++i) {
            const auto size = take<std::uint64_t>(what);
            if (size == 0)
                fail(what + " has no elements");
            if (size > std::uint64_t(std::numeric_limits<std::int64_t>::max()) || __builtin_mul_overflow(elements, size, &elements))
                fail("the shape of " + what + " is too large");
            tensor.shape.insert(tensor.shape.begin(), std::int64_t(size));
        }
        const auto number = take<std::uint32_t>(what);
        const auto type = ggufTypeFromNumber(number);
        if (!type)
            refuseType(tensor.name, number);
        tensor.type = *type;
        const GgufLayout &layout = layoutOf(*type);
        const std::uint64_t row = tensor.shape.empty() ? 1 : std::uint64_t(tensor.shape.back());
        if (row % layout.blockElements != 0)
            fail(what + " of type " + std::string(layout.name) + " has rows of " + grouped(row) + " elements, which is not a multiple of " +
                 std::to_string(layout.blockElements));
        if (__builtin_mul_overflow(elements / layout.blockElements, std::uint64_t(layout.blockBytes), &declared.size) ||
            elements > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
            fail("the shape of " + what + " is too large");
        declared.offset = take<std::uint64_t>(what);
        return declared;
    }

    [[noreturn]] void refuseType(std::string_view tensor, std::uint32_t number) const
    {
        const std::string_view name = nameOfUnreadableGgufType(number);
        if (name.empty())
            fail("tensor " + inQuotes(tensor) + " has the unknown type " + std::to_string(number));
        throw Error("Tensor " + inQuotes(tensor) + " in " + inQuotes(m_file.string()) + " has the type " + std::string(name) +
                        ", which cannot be read.",
                    "Use a file in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K of the same model.");
    }

    void readTensors(GgufContent &content, std::uint64_t count)
    {
        constexpr std::uint64_t kSmallest = 8 + 4 + 4 + 8; // an empty name, no dimension, type, offset
        if (count > left() / kSmallest)
            fail("it promises " + grouped(count) + " tensors, for which it is too small");
        std::vector<Declared> declared;
        std::unordered_set<std::string_view> names;
        for (std::uint64_t i = 0; i < count; ++i) {
            declared.push_back(takeTensor(i));
            if (!names.insert(declared.back().tensor.name).second)
                fail("tensor " + inQuotes(declared.back().tensor.name) + " is there twice");
        }
        const std::uint64_t start = (std::uint64_t(m_position) + content.alignment - 1) / content.alignment * content.alignment;
        std::sort(declared.begin(), declared.end(), [](const Declared &a, const Declared &b) {
            return std::tie(a.offset, a.size, a.tensor.name) < std::tie(b.offset, b.size, b.tensor.name);
        });
        place(content, declared, start);
    }

    /// Gives the tensors, sorted by their offsets, their bytes.
    void place(GgufContent &content, std::vector<Declared> &declared, std::uint64_t start) const
    {
        const std::uint64_t space = m_bytes.size() > start ? m_bytes.size() - start : 0;
        std::uint64_t end = 0;
        for (Declared &one : declared) {
            GgufTensor &tensor = one.tensor;
            const std::string what = "tensor " + inQuotes(tensor.name);
            if (one.offset % content.alignment != 0)
                fail(what + " begins at " + grouped(one.offset) + ", which is not a multiple of the alignment " +
                     std::to_string(content.alignment));
            if (one.offset < end)
                fail("tensors " + inQuotes(content.tensors.back().name) + " and " + inQuotes(tensor.name) + " overlap");
            if (one.offset > space || one.size > space - one.offset)
                throw Error(inQuotes(m_file.string()) + " is truncated: " + what + " needs " + grouped(one.size) + " bytes from " +
                                grouped(one.offset) + " on, there are " + grouped(space) + " bytes of tensors.",
                            "Download the file again; the copy is not complete.");
            end = one.offset + one.size;
            tensor.bytes = m_bytes.subspan(std::size_t(start + one.offset), std::size_t(one.size));
            content.tensors.push_back(std::move(tensor));
        }
    }

    std::span<const std::byte> m_bytes;
    const std::filesystem::path &m_file;
    std::size_t m_position = 0;
};

} // namespace

std::optional<std::int64_t> GgufValue::integer() const
{
    return isArray ? std::nullopt : integerAt(type, bytes, 0);
}

std::optional<double> GgufValue::number() const
{
    return isArray ? std::nullopt : numberAt(type, bytes, 0);
}

std::optional<bool> GgufValue::flag() const
{
    return isArray || type != GgufValueType::Bool ? std::nullopt : std::optional(bytes[0] != std::byte(0));
}

std::optional<std::string_view> GgufValue::text() const
{
    if (isArray || type != GgufValueType::String)
        return {};
    return std::string_view(reinterpret_cast<const char *>(bytes.data()) + 8, bytes.size() - 8);
}

std::optional<std::vector<std::int64_t>> GgufValue::integers() const
{
    return all<std::int64_t>(*this, integerAt);
}

std::optional<std::vector<double>> GgufValue::numbers() const
{
    return all<double>(*this, numberAt);
}

std::optional<std::vector<std::string_view>> GgufValue::texts() const
{
    if (!isArray || type != GgufValueType::String)
        return {};
    std::vector<std::string_view> all;
    for (auto rest = bytes; !rest.empty();) {
        const auto length = std::size_t(valueAt<std::uint64_t>(rest, 0));
        all.emplace_back(reinterpret_cast<const char *>(rest.data()) + 8, length);
        rest = rest.subspan(8 + length);
    }
    return all;
}

GgufFile::GgufFile(const std::filesystem::path &file) : m_file(file)
{
    try {
        m_content = parseGguf(m_file.bytes(), file);
    } catch (const Error &) {
        m_file.checkUnchanged(); // then that is the reason
        throw;
    }
}

GgufContent parseGguf(std::span<const std::byte> bytes, const std::filesystem::path &file)
{
    return Parser(bytes, file).content();
}

} // namespace secateur
