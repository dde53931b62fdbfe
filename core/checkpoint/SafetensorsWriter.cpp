// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/SafetensorsWriter.h"

#include <cassert>
#include <nlohmann/json.hpp>

namespace secateur {

namespace {

std::string jsonText(const std::string &text)
{
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::uint64_t byteCount(const SafetensorsWriter::Declaration &tensor)
{
    return std::uint64_t(elementCount(tensor.shape)) * bytesPerElement(tensor.dtype);
}

std::string tensorEntry(const SafetensorsWriter::Declaration &tensor, std::uint64_t begin)
{
    std::string shape;
    for (const std::int64_t size : tensor.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(size);
    return jsonText(tensor.name) + R"(:{"dtype":")" + std::string(safetensorsName(tensor.dtype)) + R"(","shape":[)" + shape +
           R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(begin + byteCount(tensor)) + "]}";
}

/// The header's JSON, padded with blanks to a multiple of 8 bytes as the library does, so that the buffer is aligned.
std::string headerText(const std::vector<SafetensorsWriter::Declaration> &tensors, const std::map<std::string, std::string> &metadata)
{
    std::string entries;
    const auto append = [&entries](const std::string &entry) { entries += (entries.empty() ? "" : ",") + entry; };
    if (!metadata.empty()) {
        std::string pairs;
        for (const auto &[key, value] : metadata)
            pairs += (pairs.empty() ? "" : ",") + jsonText(key) + ":" + jsonText(value);
        append(R"("__metadata__":{)" + pairs + "}");
    }
    std::uint64_t begin = 0;
    for (const auto &tensor : tensors) {
        append(tensorEntry(tensor, begin));
        begin += byteCount(tensor);
    }
    std::string text = "{" + entries + "}";
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
}

} // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path &file, std::vector<Declaration> tensors,
                                     const std::map<std::string, std::string> &metadata)
    : m_file(file),
      m_tensors(std::move(tensors))
{
    const std::string text = headerText(m_tensors, metadata);
    const std::uint64_t length = text.size();
    m_file.append(std::as_bytes(std::span(&length, 1)));
    m_file.append(std::as_bytes(std::span(text)));
}

void SafetensorsWriter::write([[maybe_unused]] std::string_view name, std::span<const std::byte> bytes)
{
    assert(m_file.isOpen() && m_next < m_tensors.size());
    assert(name == m_tensors[m_next].name && bytes.size() == byteCount(m_tensors[m_next]));
    m_file.append(bytes);
    ++m_next;
}

void SafetensorsWriter::finish()
{
    assert(m_file.isOpen() && m_next == m_tensors.size());
    m_file.finish();
}

} // namespace secateur
