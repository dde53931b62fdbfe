// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF (github.com/ggml-org/ggml, docs/gguf.md) taken apart and put together again, with lengths and counts that fit.
#include "Mutators.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace fuzz {
namespace {

constexpr std::uint32_t kString = 8, kArray = 9;
constexpr std::array<std::size_t, 13> kWidths = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}; // by type

struct Value {
    std::string key;
    std::uint32_t type = 0;
    bool isArray = false;
    std::vector<std::string> parts; ///< one of a scalar; texts without their lengths
};

struct Tensor {
    std::string name;
    std::vector<std::uint64_t> sizes;
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
};

struct File {
    std::uint32_t version = 3;
    std::vector<Value> values;
    std::vector<Tensor> tensors;
    std::string data; ///< from the end of the descriptions
};

/// Throws out_of_range at the end of the bytes.
class Reader {
public:
    explicit Reader(const std::string &content) : m_content(content) {}

    std::string bytes(std::uint64_t count)
    {
        if (count > m_content.size() - m_at)
            throw std::out_of_range("bytes");
        const std::string result = m_content.substr(m_at, count);
        m_at += count;
        return result;
    }
    template <typename Number>
    Number number()
    {
        Number value{};
        std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        return value;
    }
    std::string text() { return bytes(number<std::uint64_t>()); }
    std::string rest() { return m_content.substr(m_at); }

private:
    const std::string &m_content;
    std::size_t m_at = 0;
};

Value valueFrom(Reader &reader)
{
    Value value{.key = reader.text(), .type = reader.number<std::uint32_t>(), .isArray = false, .parts = {}};
    std::uint64_t count = 1;
    value.isArray = value.type == kArray;
    if (value.isArray) {
        value.type = reader.number<std::uint32_t>();
        count = reader.number<std::uint64_t>();
    }
    if (value.type == kArray || value.type >= kWidths.size())
        throw std::out_of_range("type");
    for (; count > 0; --count)
        value.parts.push_back(value.type == kString ? reader.text() : reader.bytes(kWidths[value.type]));
    return value;
}

File fileFrom(const std::string &content)
{
    Reader reader(content);
    File file;
    if (reader.bytes(4) != "GGUF")
        throw std::out_of_range("magic");
    file.version = reader.number<std::uint32_t>();
    auto tensors = reader.number<std::uint64_t>(), values = reader.number<std::uint64_t>();
    if (file.version != 2 && file.version != 3)
        throw std::out_of_range("version");
    for (; values > 0; --values)
        file.values.push_back(valueFrom(reader));
    for (; tensors > 0; --tensors) {
        Tensor tensor;
        tensor.name = reader.text();
        for (auto left = reader.number<std::uint32_t>(); left > 0; --left)
            tensor.sizes.push_back(reader.number<std::uint64_t>());
        tensor.type = reader.number<std::uint32_t>();
        tensor.offset = reader.number<std::uint64_t>();
        file.tensors.push_back(std::move(tensor));
    }
    file.data = reader.rest();
    return file;
}

class Writer {
public:
    template <typename Number>
    void number(Number value)
    {
        m_content.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    void bytes(const std::string &value) { m_content += value; }
    void text(const std::string &value)
    {
        number(std::uint64_t(value.size()));
        bytes(value);
    }
    const std::string &content() const { return m_content; }

private:
    std::string m_content;
};

std::string written(const File &file)
{
    Writer writer;
    writer.bytes("GGUF");
    writer.number(file.version);
    writer.number(std::uint64_t(file.tensors.size()));
    writer.number(std::uint64_t(file.values.size()));
    for (const Value &value : file.values) {
        writer.text(value.key);
        if (value.isArray) {
            writer.number(kArray);
            writer.number(value.type);
            writer.number(std::uint64_t(value.parts.size()));
        } else {
            writer.number(value.type);
        }
        for (const std::string &part : value.parts) {
            if (value.type == kString)
                writer.text(part);
            else
                writer.bytes(part);
        }
    }
    for (const Tensor &tensor : file.tensors) {
        writer.text(tensor.name);
        writer.number(std::uint32_t(tensor.sizes.size()));
        for (const std::uint64_t size : tensor.sizes)
            writer.number(size);
        writer.number(tensor.type);
        writer.number(tensor.offset);
    }
    constexpr std::size_t kAlignment = 32;
    // The data begins at the next aligned place, before and after.
    const std::string beginning = writer.content() + std::string((kAlignment - writer.content().size() % kAlignment) % kAlignment, '\0');
    return beginning + file.data;
}

std::uint64_t anyNumber(Random &random)
{
    constexpr std::array<std::uint64_t, 14> kNumbers = {
        0, 1, 2, 3, 16, 31, 33, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, ~std::uint64_t(0)};
    return kNumbers[random.below(kNumbers.size())];
}

/// Bytes of a number: a special integer, or infinity, NaN, a large value.
std::string anyPart(std::size_t width, Random &random)
{
    std::uint64_t bits = anyNumber(random);
    if (random.oneIn(3)) {
        constexpr std::array<std::uint64_t, 5> kFloats = {0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF, 0xBF800000};
        constexpr std::array<std::uint64_t, 5> kDoubles = {0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0x7FEFFFFFFFFFFFFF,
                                                           0xBFF0000000000000};
        bits = (width == 8 ? kDoubles : kFloats)[random.below(5)];
    }
    return std::string(reinterpret_cast<const char *>(&bits), width);
}

void changeParts(Value &value, Random &random)
{
    if (value.parts.empty() || (value.isArray && random.oneIn(8))) {
        value.parts.resize(random.below(2 * value.parts.size() + 2), std::string(kWidths[value.type], '\0'));
        return;
    }
    std::string &part = value.parts[random.below(value.parts.size())];
    if (random.oneIn(4)) {
        part = value.parts[random.below(value.parts.size())];
    } else if (value.type == kString) {
        part = changedBytes(part, random);
    } else {
        part = anyPart(kWidths[value.type], random);
    }
}

void changeValues(std::vector<Value> &values, Random &random)
{
    if (values.empty())
        return;
    const std::size_t at = random.below(values.size());
    switch (random.below(10)) {
    case 0:
        values.erase(values.begin() + std::ptrdiff_t(at));
        return;
    case 1: {
        Value twice = values[at];
        values.push_back(std::move(twice));
        return;
    }
    case 2:
        values[at].key = random.oneIn(2) ? changedBytes(values[at].key, random) : values[random.below(values.size())].key;
        return;
    case 3: // of another type
        values[at].type = std::uint32_t(random.below(kWidths.size()));
        if (values[at].type == kArray)
            values[at].type = kString;
        for (std::string &part : values[at].parts)
            part.resize(values[at].type == kString ? part.size() : kWidths[values[at].type]);
        return;
    case 4:
        if (values[at].parts.size() == 1)
            values[at].isArray = !values[at].isArray;
        return;
    case 5: // the value of another one
        values[at].type = values.front().type;
        values[at].isArray = values.front().isArray;
        values[at].parts = values.front().parts;
        return;
    default:
        changeParts(values[at], random);
    }
}

void changeTensors(std::vector<Tensor> &tensors, Random &random)
{
    if (tensors.empty())
        return;
    Tensor &tensor = tensors[random.below(tensors.size())];
    switch (random.below(8)) {
    case 0:
        tensors.erase(tensors.begin() + (&tensor - tensors.data()));
        break;
    case 1: {
        Tensor twice = tensor;
        tensors.push_back(std::move(twice));
        break;
    }
    case 2:
        tensor.name = random.oneIn(2) ? changedBytes(tensor.name, random) : tensors[random.below(tensors.size())].name;
        break;
    case 3:
        tensor.type = std::uint32_t(random.below(45));
        break;
    case 4:
        tensor.offset = random.oneIn(2) ? anyNumber(random) : tensors[random.below(tensors.size())].offset;
        break;
    case 5:
        tensor.sizes.resize(random.below(6), 1);
        break;
    default:
        if (!tensor.sizes.empty())
            tensor.sizes[random.below(tensor.sizes.size())] = anyNumber(random);
    }
}

} // namespace

std::string changedGguf(const std::string &content, Random &random)
{
    File file;
    try {
        file = fileFrom(content);
    } catch (const std::out_of_range &) {
        return changedBytes(content, random);
    }
    // What fills the place up to the data goes, and comes back by its new length.
    constexpr std::size_t kAlignment = 32;
    const std::size_t begin = content.size() - file.data.size();
    file.data.erase(0, std::min(file.data.size(), (kAlignment - begin % kAlignment) % kAlignment));
    for (std::size_t left = 1 + random.below(3); left > 0; --left) {
        if (!random.oneIn(3))
            changeValues(file.values, random);
        else if (!random.oneIn(4))
            changeTensors(file.tensors, random);
        else
            file.data = changedBytes(file.data, random);
    }
    return written(file);
}

} // namespace fuzz
