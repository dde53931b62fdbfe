// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/Gzip.h"

#include "foundation/Error.h"

#include <algorithm>
#include <limits>
#include <vector>
#include <zlib.h>

namespace secateur {
namespace {

constexpr int kGzipWindow = 15 + 16; // the largest window; 16 asks for the gzip form

/// One inflate stream, freed however the work ends.
struct Inflater {
    z_stream stream{};
    Inflater() { inflateInit2(&stream, kGzipWindow); }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;
};

[[noreturn]] void refuse(const std::string &source, const std::string &cause)
{
    throw Error("'" + source + "' is not a sound gzip file: " + cause + ".", "The file may be damaged or cut off; fetch it again.");
}

/// Writes the content of the first member of `bytes` behind `content`; returns the bytes that follow the member.
std::string_view inflateMember(std::string_view bytes, std::string &content, std::vector<char> &buffer, const std::string &source)
{
    Inflater inflater;
    z_stream &stream = inflater.stream;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        if (stream.avail_in == 0) { // zlib counts in 32 bits, so large files go in by parts
            const std::size_t part = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
            stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(bytes.data()));
            stream.avail_in = uInt(part);
            bytes.remove_prefix(part);
        }
        stream.next_out = reinterpret_cast<Bytef *>(buffer.data());
        stream.avail_out = uInt(buffer.size());
        result = inflate(&stream, Z_NO_FLUSH);
        content.append(buffer.data(), buffer.size() - stream.avail_out);
        if (result == Z_BUF_ERROR)
            refuse(source, "it ends too early");
        if (result != Z_OK && result != Z_STREAM_END)
            refuse(source, stream.msg != nullptr ? stream.msg : "unknown error");
    }
    return {bytes.data() - stream.avail_in, bytes.size() + stream.avail_in};
}

} // namespace

bool isGzip(std::string_view bytes)
{
    return bytes.starts_with("\x1F\x8B");
}

std::string gunzip(std::string_view bytes, const std::string &source)
{
    std::string content;
    std::vector<char> buffer(std::size_t(1) << 18);
    do
        bytes = inflateMember(bytes, content, buffer, source);
    while (isGzip(bytes));
    if (bytes.find_first_not_of('\0') != std::string_view::npos) // some tools fill the last block with zeros
        refuse(source, "other data follow it");
    return content;
}

} // namespace secateur
