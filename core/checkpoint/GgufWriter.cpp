// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufWriter.h"

#include <cassert>
#include <cstring>

namespace secateur {

namespace {

constexpr std::uint64_t kAlignment = 32;

/// The beginning of the file, built in memory.
class HeaderText {
public:
    template <typename T>
    void number(T value)
    {
        m_text.append(reinterpret_cast<const char *>(&value), sizeof value);
    }

    void text(std::string_view value)
    {
        number(std::uint64_t(value.size()));
        m_text += value;
    }

    void type(GgufValueType type) { number(std::uint32_t(type)); }

    void add(std::uint32_t value) { scalar(GgufValueType::UInt32, value); }
    void add(std::int32_t value) { scalar(GgufValueType::Int32, value); }
    void add(std::uint64_t value) { scalar(GgufValueType::UInt64, value); }
    void add(float value) { scalar(GgufValueType::Float32, value); }
    void add(bool value) { scalar(GgufValueType::Bool, std::uint8_t(value)); }

    void add(const std::string &value)
    {
        type(GgufValueType::String);
        text(value);
    }

    void add(const std::vector<std::int32_t> &values) { array(GgufValueType::Int32, values); }
    void add(const std::vector<float> &values) { array(GgufValueType::Float32, values); }

    void add(const std::vector<std::string> &values)
    {
        beginArray(GgufValueType::String, values.size());
        for (const std::string &value : values)
            text(value);
    }

    void add(const GgufValue &value)
    {
        if (value.isArray)
            beginArray(value.type, value.count);
        else
            type(value.type);
        m_text.append(reinterpret_cast<const char *>(value.bytes.data()), value.bytes.size());
    }

    void pad() { m_text.resize((m_text.size() + kAlignment - 1) / kAlignment * kAlignment, '\0'); }

    const std::string &text() const { return m_text; }

private:
    template <typename T>
    void scalar(GgufValueType valueType, T value)
    {
        type(valueType);
        number(value);
    }

    void beginArray(GgufValueType elements, std::uint64_t count)
    {
        type(GgufValueType::Array);
        type(elements);
        number(count);
    }

    template <typename T>
    void array(GgufValueType elements, const std::vector<T> &values)
    {
        beginArray(elements, values.size());
        for (const T value : values)
            number(value);
    }

    std::string m_text = "GGUF";
};

std::uint64_t byteCount(const GgufWriter::Declaration &tensor)
{
    return std::uint64_t(elementCount(tensor.shape)) * bytesPerElement(tensor.dtype);
}

std::uint64_t padded(std::uint64_t bytes)
{
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

std::string headerText(const GgufWriter::Metadata &metadata, const std::vector<GgufWriter::Declaration> &tensors)
{
    constexpr std::uint32_t kVersion = 3;
    HeaderText header;
    header.number(kVersion);
    header.number(std::uint64_t(tensors.size()));
    header.number(std::uint64_t(metadata.size()));
    for (const auto &[key, value] : metadata) {
        assert(key != "general.alignment");
        header.text(key);
        std::visit([&](const auto &held) { header.add(held); }, value);
    }
    std::uint64_t offset = 0;
    for (const auto &tensor : tensors) {
        header.text(tensor.name);
        header.number(std::uint32_t(tensor.shape.size()));
        for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size)
            header.number(std::uint64_t(*size));
        header.number(std::uint32_t(ggufTypeOf(tensor.dtype)));
        header.number(offset);
        offset += padded(byteCount(tensor));
    }
    header.pad();
    return header.text();
}

} // namespace

GgufWriter::GgufWriter(const std::filesystem::path &file, const Metadata &metadata, std::vector<Declaration> tensors)
    : m_file(file),
      m_tensors(std::move(tensors))
{
    const std::string header = headerText(metadata, m_tensors);
    m_file.append(std::as_bytes(std::span(header)));
}

void GgufWriter::write([[maybe_unused]] std::string_view name, std::span<const std::byte> bytes)
{
    assert(m_file.isOpen() && m_next < m_tensors.size());
    assert(name == m_tensors[m_next].name && bytes.size() == byteCount(m_tensors[m_next]));
    m_file.append(bytes);
    const std::string zeros(std::size_t(padded(bytes.size()) - bytes.size()), '\0');
    m_file.append(std::as_bytes(std::span(zeros)));
    ++m_next;
}

void GgufWriter::finish()
{
    assert(m_file.isOpen() && m_next == m_tensors.size());
    m_file.finish();
}

} // namespace secateur
