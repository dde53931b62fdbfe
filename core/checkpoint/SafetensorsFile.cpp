// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/SafetensorsFile.h"

#include "checkpoint/SafetensorsHeader.h"
#include "foundation/BinaryKinds.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>

namespace secateur {

namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000; // the reference implementation's cap
constexpr const char *kDamaged = "The file is damaged or was written by faulty software; download or write it again.";
constexpr const char *kDownloadAgain = "Download the file again; the copy is not complete.";

Error invalid(const std::filesystem::path &file, const std::string &cause, const std::string &hint = kDamaged)
{
    return Error(inQuotes(file.string()) + " is not a valid safetensors file: " + cause + ".", hint);
}

Error truncated(const std::filesystem::path &file, const std::string &cause)
{
    return Error(inQuotes(file.string()) + " is truncated: " + cause, kDownloadAgain);
}

std::string inBytes(std::uint64_t number)
{
    return counted(std::int64_t(number), "byte");
}

/// The types of the format, with their bits: what this program computes with, and what may only lie beside it.
struct StoredType {
    std::string_view name;
    std::uint64_t bits;
};
constexpr std::array<StoredType, 22> kTypes{
    {{"F32", 32},    {"F16", 16}, {"BF16", 16},   {"F64", 64},    {"BOOL", 8},        {"U8", 8},         {"I8", 8},      {"I16", 16},
     {"U16", 16},    {"I32", 32}, {"U32", 32},    {"I64", 64},    {"U64", 64},        {"C64", 64},       {"F8_E4M3", 8}, {"F8_E5M2", 8},
     {"F8_E8M0", 8}, {"F4", 4},   {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}}};
constexpr std::string_view kWide = "F64";

const StoredType &typeOf(const SafetensorsHeader::Entry &entry, const std::filesystem::path &file)
{
    for (const StoredType &type : kTypes)
        if (type.name == entry.dtype)
            return type;
    throw invalid(file, "tensor " + inQuotes(entry.name) + " has the unknown type " + inQuotes(entry.dtype));
}

/// The type in which a tensor is computed and written again; none when it cannot be computed.
std::optional<DType> dtypeOf(std::string_view stored)
{
    for (const DType dtype : {DType::Float32, DType::Float16, DType::BFloat16})
        if (safetensorsName(dtype) == stored)
            return dtype;
    return stored == kWide ? std::optional(DType::Float32) : std::nullopt;
}

/// Bytes that a tensor of that shape takes; nothing when the number does not fit.
std::optional<std::uint64_t> byteCount(const Shape &shape, std::uint64_t bits)
{
    std::uint64_t all = bits;
    bool fits = true;
    for (const std::int64_t size : shape) // in the order of elementCount, which then cannot overflow either
        fits = fits && !__builtin_mul_overflow(all, std::uint64_t(size), &all);
    return fits ? std::optional(all / 8) : std::nullopt;
}

void checkSpan(const SafetensorsHeader::Entry &entry, const StoredType &type, const std::filesystem::path &file)
{
    const std::string tensor = "tensor " + inQuotes(entry.name);
    const std::string offsets = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + "]";
    if (entry.end < entry.begin)
        throw invalid(file, tensor + " ends before it begins (data_offsets " + offsets + ")");
    const auto bytes = byteCount(entry.shape, type.bits);
    if (!bytes)
        throw invalid(file, "the shape " + toString(entry.shape) + " of " + tensor + " is too large");
    if (*bytes != entry.end - entry.begin)
        throw invalid(file, tensor + " of shape " + toString(entry.shape) + " and type " + entry.dtype + " takes " + grouped(*bytes) +
                                " bytes, but its data_offsets " + offsets + " span " + grouped(entry.end - entry.begin));
}

/// Checks that the tensors, sorted by their offsets, fill the buffer without overlap and hole.
void checkLayout(const std::vector<SafetensorsHeader::Entry> &entries, std::uint64_t start, std::uint64_t fileSize,
                 const std::filesystem::path &file)
{
    const std::uint64_t bufferSize = fileSize - start;
    std::uint64_t next = 0;
    const SafetensorsHeader::Entry *previous = nullptr;
    const SafetensorsHeader::Entry *firstCut = nullptr;
    for (const auto &entry : entries) {
        if (entry.begin < next)
            throw invalid(file, "tensors " + inQuotes(previous->name) + " and " + inQuotes(entry.name) + " overlap");
        if (entry.begin > next)
            throw invalid(file, "there is a hole of " + inBytes(entry.begin - next) + " before tensor " + inQuotes(entry.name));
        if (!firstCut && entry.end > bufferSize)
            firstCut = &entry;
        next = entry.end;
        previous = &entry;
    }
    if (firstCut)
        throw truncated(file, "its header promises " + grouped(start + next) + " bytes, it has " + grouped(fileSize) +
                                  ". The first tensor that is cut off is " + inQuotes(firstCut->name) + ".");
    if (next < bufferSize)
        throw invalid(file, "after the last tensor there are " + inBytes(bufferSize - next) + " more");
}

} // namespace

std::string_view SafetensorsFile::headerText() const
{
    const std::string_view content(reinterpret_cast<const char *>(bytes().data()), bytes().size());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes().data(), kLengthBytes);
    refuseLfsPointer(content, inQuotes(path().string()));
    if (length > kLongestHeader || !content.substr(kLengthBytes).starts_with('{')) {
        const std::string form = "a safetensors file";
        const std::string other = content.starts_with('{') ? "is JSON, not " + form : isInPlaceOf(form, content);
        if (!other.empty())
            throw Error(inQuotes(path().string()) + " " + other + ".", "Choose another file, or download it again.");
    }
    if (length > kLongestHeader)
        throw invalid(path(),
                      "its header would be " + grouped(length) + " bytes long, at most " + grouped(kLongestHeader) + " are allowed");
    if (length > bytes().size() - kLengthBytes)
        throw truncated(path(), "its header alone needs " + grouped(kLengthBytes + length) + " bytes, the file has " +
                                    grouped(bytes().size()) + ".");
    const std::string_view text = content.substr(kLengthBytes, std::size_t(length));
    if (!text.starts_with('{'))
        throw invalid(path(), "its header is not a JSON object");
    return text;
}

void SafetensorsFile::readTensors()
{
    const std::string_view text = headerText();
    SafetensorsHeader header = parseSafetensorsHeader(text, path());
    auto &entries = header.entries;
    std::sort(entries.begin(), entries.end(),
              [](const auto &a, const auto &b) { return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name); });
    for (const auto &entry : entries)
        checkSpan(entry, typeOf(entry, path()), path());
    const std::size_t start = kLengthBytes + text.size();
    checkLayout(entries, start, bytes().size(), path());

    m_tensors.reserve(entries.size());
    for (auto &entry : entries) {
        const auto span = bytes().subspan(start + std::size_t(entry.begin), std::size_t(entry.end - entry.begin));
        if (const auto dtype = dtypeOf(entry.dtype)) {
            m_tensors.push_back({.name = std::move(entry.name), .dtype = *dtype, .shape = std::move(entry.shape), .bytes = span});
            m_isWide.push_back(entry.dtype == kWide);
        } else {
            m_foreign.push_back({.name = std::move(entry.name), .type = std::move(entry.dtype), .shape = std::move(entry.shape)});
        }
    }
    m_metadata = std::move(header.metadata);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path &file) : m_file(file)
{
    if (bytes().empty())
        throw Error(inQuotes(path().string()) + " is empty.", kDownloadAgain);
    if (bytes().size() < kLengthBytes)
        throw truncated(path(), "it has " + inBytes(bytes().size()) + ", a safetensors file has at least 8.");
    try {
        readTensors();
    } catch (const Error &) {
        checkUnchanged(); // then that is the reason
        throw;
    }
}

TensorData SafetensorsFile::read(std::size_t index) const
{
    const TensorView &stored = m_tensors[index];
    if (!m_isWide[index])
        return stored;
    std::vector<std::byte> narrow(stored.bytes.size() / 2);
    for (std::size_t i = 0; i < narrow.size() / sizeof(float); ++i) {
        double wide = 0;
        std::memcpy(&wide, stored.bytes.data() + i * sizeof(double), sizeof(double)); // which may be unaligned
        const auto value = float(wide);
        std::memcpy(narrow.data() + i * sizeof(float), &value, sizeof(float));
    }
    return {stored, std::move(narrow)};
}

std::string SafetensorsFile::storage() const
{
    return std::string(configName(usualType(m_tensors)));
}

bool beginsAsSafetensors(const std::filesystem::path &path)
{
    InputFile file(path);
    std::array<char, kLengthBytes + 1> beginning{};
    if (file.read(beginning) < beginning.size())
        return false;
    std::uint64_t length = 0; // of a header, or the first letters of a text: more than any file has
    std::memcpy(&length, beginning.data(), kLengthBytes);
    return beginning.back() == '{' && length <= file.size() - kLengthBytes;
}

DType usualType(std::span<const TensorView> tensors)
{
    std::map<DType, std::int64_t> elements;
    for (const TensorView &tensor : tensors)
        elements[tensor.dtype] += elementCount(tensor.shape);
    const auto most = std::max_element(elements.begin(), elements.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
    return most == elements.end() ? DType::Float32 : most->first;
}

} // namespace secateur
