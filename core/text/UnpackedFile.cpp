// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/UnpackedFile.h"

#include "foundation/Error.h"

#include <string_view>
#include <utility>
#include <vector>
#include <zlib.h>

namespace secateur {
namespace {

constexpr std::string_view kGzip = "\x1F\x8B";
constexpr int kGzipWindow = 15 + 16; // the largest window; 16 asks for the gzip form
constexpr std::size_t kBlock = std::size_t(1) << 18;

} // namespace

/// One inflate stream and the block that it writes to.
struct UnpackedFile::Inflater {
    z_stream stream{};
    std::vector<char> block = std::vector<char>(kBlock);
    Inflater() { inflateInit2(&stream, kGzipWindow); }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;
};

UnpackedFile::UnpackedFile(const std::filesystem::path &file) : m_name(file.string()), m_stream(file, std::ios::binary)
{
    if (!m_stream || std::filesystem::is_directory(file))
        throw Error("The text file '" + m_name + "' cannot be read.", "Check that the file exists and that you may read it.");
    readMore();
    if (m_packed.starts_with(kGzip))
        m_inflater = std::make_unique<Inflater>();
}

UnpackedFile::~UnpackedFile() = default;

/// Reads the next block behind the bytes that are not used yet; false at the end of the file.
bool UnpackedFile::readMore()
{
    m_packed.erase(0, std::exchange(m_used, 0));
    const std::size_t before = m_packed.size();
    m_packed.resize(before + kBlock);
    m_stream.read(m_packed.data() + before, std::streamsize(kBlock));
    m_packed.resize(before + std::size_t(m_stream.gcount()));
    if (m_stream.bad())
        throw Error("The text file '" + m_name + "' could not be read to its end.", "Check the disk that it lies on.");
    return m_packed.size() > before;
}

bool UnpackedFile::append(std::string &content)
{
    if (m_inflater)
        return inflateMore(content);
    if (m_used == m_packed.size() && !readMore())
        return false;
    content.append(m_packed, m_used);
    m_used = m_packed.size();
    return true;
}

/// Unpacks until there is something to give.
bool UnpackedFile::inflateMore(std::string &content)
{
    const std::size_t before = content.size();
    z_stream &stream = m_inflater->stream;
    while (!m_isEnded && content.size() == before) {
        if (m_used == m_packed.size() && !readMore())
            refuse("it ends too early");
        stream.next_in = reinterpret_cast<Bytef *>(m_packed.data() + m_used);
        stream.avail_in = uInt(m_packed.size() - m_used);
        stream.next_out = reinterpret_cast<Bytef *>(m_inflater->block.data());
        stream.avail_out = uInt(kBlock);
        const int result = inflate(&stream, Z_NO_FLUSH);
        m_used = m_packed.size() - stream.avail_in;
        content.append(m_inflater->block.data(), kBlock - stream.avail_out);
        if (result == Z_STREAM_END)
            endMember();
        else if (result != Z_OK && result != Z_BUF_ERROR) // the latter: more bytes are needed
            refuse(stream.msg != nullptr ? stream.msg : "unknown error");
    }
    return content.size() > before;
}

/// Goes on with the next member, or makes sure that nothing else follows.
void UnpackedFile::endMember()
{
    if (m_packed.size() - m_used < kGzip.size())
        readMore();
    if (std::string_view(m_packed).substr(m_used).starts_with(kGzip)) {
        inflateReset(&m_inflater->stream);
        return;
    }
    do {
        if (m_packed.find_first_not_of('\0', m_used) != std::string::npos) // some tools fill the last block with zeros
            refuse("other data follow it");
        m_used = m_packed.size();
    } while (readMore());
    m_isEnded = true;
}

void UnpackedFile::refuse(const std::string &cause) const
{
    throw Error("'" + m_name + "' is not a sound gzip file: " + cause + ".", "The file may be damaged or cut off; fetch it again.");
}

} // namespace secateur
