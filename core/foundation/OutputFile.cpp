// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/OutputFile.h"

#include "foundation/AtomicPath.h"
#include "foundation/Wording.h"

#include <cerrno>
#include <unistd.h>

namespace secateur {

OutputFile::OutputFile(const std::filesystem::path &file, Begin begin)
    : m_path(file),
      m_file(std::fopen(file.c_str(), begin == Begin::Empty ? "wbe" : "abe"))
{
    if (!m_file)
        throw failure();
}

WritingFailure OutputFile::failure() const
{
    const int reason = errno;
    return {inQuotes(AtomicPath::finalName(m_path).string()) + " cannot be written", reason};
}

void OutputFile::append(std::span<const std::byte> bytes)
{
    if (std::fwrite(bytes.data(), 1, bytes.size(), m_file.get()) != bytes.size())
        throw failure();
}

void OutputFile::handOver()
{
    if (std::fflush(m_file.get()) != 0)
        throw failure();
}

void OutputFile::finish()
{
    if (std::fflush(m_file.get()) != 0 || ::fsync(::fileno(m_file.get())) != 0 || std::fclose(m_file.release()) != 0)
        throw failure();
}

} // namespace secateur
