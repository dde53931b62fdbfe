// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/Unpacker.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bzlib.h>
#include <cstring>
#include <limits>
#include <lzma.h>
#include <new>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace secateur {
namespace {

using namespace std::string_view_literals;

/// As many bytes as a library's counter can hold.
template <typename Count>
Count counted(std::size_t bytes)
{
    return Count(std::min<std::size_t>(bytes, std::numeric_limits<Count>::max()));
}

class GzipUnpacker : public Unpacker {
public:
    GzipUnpacker()
    {
        constexpr int kWindow = 15 + 16; // the largest; 16 asks for the gzip form
        if (inflateInit2(&m_stream, kWindow) != Z_OK)
            throw std::bad_alloc();
    }
    ~GzipUnpacker() override { inflateEnd(&m_stream); }
    GzipUnpacker(const GzipUnpacker &) = delete;
    GzipUnpacker &operator=(const GzipUnpacker &) = delete;

    Step run(std::span<const char> packed, std::span<char> block) override
    {
        m_stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(packed.data()));
        const uInt in = m_stream.avail_in = counted<uInt>(packed.size());
        m_stream.next_out = reinterpret_cast<Bytef *>(block.data());
        const uInt out = m_stream.avail_out = counted<uInt>(block.size());
        const int result = inflate(&m_stream, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR)
            throw std::bad_alloc();
        Step step{.used = in - m_stream.avail_in, .made = out - m_stream.avail_out, .isEnd = result == Z_STREAM_END};
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) // the latter: more bytes are needed
            step.problem = m_stream.msg != nullptr && (std::strcmp(m_stream.msg, "incorrect data check") == 0 ||
                                                       std::strcmp(m_stream.msg, "incorrect length check") == 0)
                               ? Problem::WrongChecksum
                               : Problem::Damaged;
        return step;
    }
    void restart() override { inflateReset(&m_stream); }

private:
    z_stream m_stream{};
};

class ZstdUnpacker : public Unpacker {
public:
    explicit ZstdUnpacker(std::int64_t memory) : m_context(ZSTD_createDCtx())
    {
        if (m_context == nullptr)
            throw std::bad_alloc();
        // Windows of 8 MiB must be possible for every reader (RFC 8878, 3.1.1.1.2); --long=31 makes the largest.
        constexpr int kAlways = 23, kLargest = 31;
        const int window = int(std::bit_width(std::uint64_t(std::max<std::int64_t>(memory, 1)))) - 1;
        ZSTD_DCtx_setParameter(m_context, ZSTD_d_windowLogMax, std::clamp(window, kAlways, kLargest));
    }
    ~ZstdUnpacker() override { ZSTD_freeDCtx(m_context); }
    ZstdUnpacker(const ZstdUnpacker &) = delete;
    ZstdUnpacker &operator=(const ZstdUnpacker &) = delete;

    Step run(std::span<const char> packed, std::span<char> block) override
    {
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        ZSTD_outBuffer out{block.data(), block.size(), 0};
        const std::size_t result = ZSTD_decompressStream(m_context, &out, &in);
        Step step{.used = in.pos, .made = out.pos, .isEnd = result == 0};
        if (ZSTD_isError(result) != 0) {
            const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
            if (code == ZSTD_error_memory_allocation)
                throw std::bad_alloc();
            step.isEnd = false;
            step.problem = code == ZSTD_error_frameParameter_windowTooLarge ? Problem::TooMuchMemory
                           : code == ZSTD_error_checksum_wrong              ? Problem::WrongChecksum
                           : code == ZSTD_error_dictionary_wrong            ? Problem::LacksDictionary
                                                                            : Problem::Damaged;
        }
        return step;
    }
    void restart() override { ZSTD_DCtx_reset(m_context, ZSTD_reset_session_only); }

private:
    ZSTD_DCtx *m_context;
};

class XzUnpacker : public Unpacker {
public:
    explicit XzUnpacker(std::int64_t memory) : m_memory(std::uint64_t(std::max<std::int64_t>(memory, std::int64_t(16) << 20)))
    {
        restart();
    }
    ~XzUnpacker() override { lzma_end(&m_stream); }
    XzUnpacker(const XzUnpacker &) = delete;
    XzUnpacker &operator=(const XzUnpacker &) = delete;

    Step run(std::span<const char> packed, std::span<char> block) override
    {
        m_stream.next_in = reinterpret_cast<const std::uint8_t *>(packed.data());
        m_stream.avail_in = packed.size();
        m_stream.next_out = reinterpret_cast<std::uint8_t *>(block.data());
        m_stream.avail_out = block.size();
        const lzma_ret result = lzma_code(&m_stream, LZMA_RUN);
        if (result == LZMA_MEM_ERROR)
            throw std::bad_alloc();
        Step step{.used = packed.size() - m_stream.avail_in, .made = block.size() - m_stream.avail_out, .isEnd = result == LZMA_STREAM_END};
        if (result == LZMA_MEMLIMIT_ERROR)
            step.problem = Problem::TooMuchMemory;
        else if (result != LZMA_OK && result != LZMA_STREAM_END && result != LZMA_BUF_ERROR) // the latter: more bytes are needed
            step.problem = Problem::Damaged;
        return step;
    }
    void restart() override
    {
        if (lzma_stream_decoder(&m_stream, m_memory, 0) != LZMA_OK)
            throw std::bad_alloc();
    }

private:
    std::uint64_t m_memory;
    lzma_stream m_stream = LZMA_STREAM_INIT;
};

class Bzip2Unpacker : public Unpacker {
public:
    Bzip2Unpacker() { begin(); }
    ~Bzip2Unpacker() override { BZ2_bzDecompressEnd(&m_stream); }
    Bzip2Unpacker(const Bzip2Unpacker &) = delete;
    Bzip2Unpacker &operator=(const Bzip2Unpacker &) = delete;

    Step run(std::span<const char> packed, std::span<char> block) override
    {
        m_stream.next_in = const_cast<char *>(packed.data());
        const unsigned in = m_stream.avail_in = counted<unsigned>(packed.size());
        m_stream.next_out = block.data();
        const unsigned out = m_stream.avail_out = counted<unsigned>(block.size());
        const int result = BZ2_bzDecompress(&m_stream);
        if (result == BZ_MEM_ERROR)
            throw std::bad_alloc();
        Step step{.used = in - m_stream.avail_in, .made = out - m_stream.avail_out, .isEnd = result == BZ_STREAM_END};
        if (result != BZ_OK && result != BZ_STREAM_END)
            step.problem = Problem::Damaged;
        return step;
    }
    void restart() override
    {
        BZ2_bzDecompressEnd(&m_stream);
        begin();
    }

private:
    void begin()
    {
        m_stream = {};
        if (BZ2_bzDecompressInit(&m_stream, 0, 0) != BZ_OK)
            throw std::bad_alloc();
    }

    bz_stream m_stream{};
};

bool isZstd(std::string_view beginning)
{
    const bool isSkipped = beginning.size() >= 4 && (static_cast<unsigned char>(beginning[0]) & 0xF0) == 0x50 &&
                           beginning.substr(1).starts_with("\x2A\x4D\x18"sv);
    return isSkipped || beginning.starts_with("\x28\xB5\x2F\xFD"sv);
}

/// "BZh9" could begin a text; behind it stand pi, or the root of pi where nothing is packed.
bool isBzip2(std::string_view beginning)
{
    if (beginning.size() < 10 || !beginning.starts_with("BZh"sv) || beginning[3] < '1' || beginning[3] > '9')
        return false;
    const std::string_view magic = beginning.substr(4);
    return magic.starts_with("\x31\x41\x59\x26\x53\x59"sv) || magic.starts_with("\x17\x72\x45\x38\x50\x90"sv);
}

} // namespace

Packing packingOf(std::string_view beginning)
{
    if (beginning.starts_with("\x1F\x8B"sv))
        return Packing::Gzip;
    if (isZstd(beginning))
        return Packing::Zstd;
    if (beginning.starts_with("\xFD"
                              "7zXZ\0"sv))
        return Packing::Xz;
    return isBzip2(beginning) ? Packing::Bzip2 : Packing::None;
}

std::string nameOf(Packing packing)
{
    static constexpr std::array kNames = {"", "gzip", "zstd", "xz", "bzip2"};
    return kNames[std::size_t(packing)];
}

std::unique_ptr<Unpacker> unpackerOf(Packing packing, std::int64_t memory)
{
    switch (packing) {
    case Packing::Gzip:
        return std::make_unique<GzipUnpacker>();
    case Packing::Zstd:
        return std::make_unique<ZstdUnpacker>(memory);
    case Packing::Xz:
        return std::make_unique<XzUnpacker>(memory);
    case Packing::Bzip2:
        return std::make_unique<Bzip2Unpacker>();
    default:
        return nullptr;
    }
}

} // namespace secateur
