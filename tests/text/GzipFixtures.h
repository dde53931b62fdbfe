// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <zlib.h>

namespace secateur::test {

/// `content` as one member of a gzip file.
inline std::string gzip(const std::string &content)
{
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    std::string result(deflateBound(&stream, uLong(content.size())), '\0');
    stream.next_in = reinterpret_cast<z_const Bytef *>(const_cast<char *>(content.data()));
    stream.avail_in = uInt(content.size());
    stream.next_out = reinterpret_cast<Bytef *>(result.data());
    stream.avail_out = uInt(result.size());
    deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

} // namespace secateur::test
