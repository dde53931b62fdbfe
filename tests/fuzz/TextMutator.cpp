// SPDX-License-Identifier: GPL-3.0-or-later
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/Error.h"
#include "text/UnpackedFile.h"

#include <algorithm>
#include <bzlib.h>
#include <lzma.h>
#include <optional>
#include <span>
#include <zlib.h>
#include <zstd.h>

namespace fuzz {
namespace {

constexpr std::size_t kLargest = 1 << 20; // that is packed

/// Space for whatever packing that much may take.
std::string spaceFor(const std::string &content)
{
    return std::string(content.size() + content.size() / 16 + 1024, '\0');
}

std::string byGzip(const std::string &content)
{
    std::string packed = spaceFor(content);
    z_stream stream{};
    constexpr int kGzip = 15 + 16, kMemory = 8;
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
    stream.avail_in = uInt(content.size());
    stream.next_out = reinterpret_cast<Bytef *>(packed.data());
    stream.avail_out = uInt(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

std::string byZstd(const std::string &content)
{
    std::string packed = spaceFor(content);
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 1));
    return packed;
}

std::string byXz(const std::string &content)
{
    std::string packed = spaceFor(content);
    std::size_t size = 0;
    constexpr std::uint32_t kFast = 0;
    (void)lzma_easy_buffer_encode(kFast, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const std::uint8_t *>(content.data()), content.size(),
                                  reinterpret_cast<std::uint8_t *>(packed.data()), &size, packed.size());
    packed.resize(size);
    return packed;
}

std::string byBzip2(const std::string &content)
{
    std::string packed = spaceFor(content);
    auto size = unsigned(packed.size());
    BZ2_bzBuffToBuffCompress(packed.data(), &size, const_cast<char *>(content.data()), unsigned(content.size()), 1, 0, 0);
    packed.resize(size);
    return packed;
}

std::string packedAs(secateur::Packing packing, const std::string &content)
{
    switch (packing) {
    case secateur::Packing::Gzip:
        return byGzip(content);
    case secateur::Packing::Zstd:
        return byZstd(content);
    case secateur::Packing::Xz:
        return byXz(content);
    case secateur::Packing::Bzip2:
        return byBzip2(content);
    default:
        return content;
    }
}

/// What is in a packed file; none when it is damaged or too large.
std::optional<std::string> unpacked(const std::string &content, secateur::Packing &packing)
{
    try {
        const InputFile input({reinterpret_cast<const std::uint8_t *>(content.data()), content.size()});
        secateur::UnpackedFile file(input.path(), {.bytes = kLargest});
        packing = file.packing();
        std::string result;
        while (file.append(result))
            if (result.size() > kLargest)
                return {};
        return result;
    } catch (const secateur::Error &) {
        return {};
    }
}

} // namespace

std::string changedText(const std::string &content, Random &random)
{
    auto packing = secateur::Packing::None;
    const std::optional<std::string> text = unpacked(content, packing);
    if (!text)
        return changedBytes(content, random);
    const std::string changed = text->starts_with('{')   ? changedJsonLines(*text, random)
                                : text->starts_with('[') ? changedJson(*text, random)
                                                         : changedBytes(*text, random);
    if (random.oneIn(16)) // under another packing
        packing = secateur::Packing(random.below(5));
    std::string packed = packedAs(packing, changed);
    if (random.oneIn(8)) // as several members
        packed += packedAs(packing, *text);
    return packed;
}

} // namespace fuzz
