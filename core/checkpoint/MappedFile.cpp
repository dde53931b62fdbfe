// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/MappedFile.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace secateur {

MappedFile::MappedFile(std::filesystem::path file) : m_path(std::move(file))
{
    const auto unreadable = [this](int reason) {
        return Error(inQuotes(m_path.string()) + " cannot be read: " + std::strerror(reason) + ".",
                     "Check that the file exists and that you may read it.");
    };
    const int descriptor = ::open(m_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        throw unreadable(errno);
    struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } const closer{descriptor};

    struct stat status {};
    if (::fstat(descriptor, &status) != 0)
        throw unreadable(errno);
    if (!S_ISREG(status.st_mode))
        throw Error(inQuotes(m_path.string()) + " is not a file.", "Choose a file of weights.");
    const auto size = std::size_t(status.st_size);
    if (size == 0)
        return;
    void *mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED)
        throw unreadable(errno);
    m_bytes = {static_cast<const std::byte *>(mapped), size};
}

MappedFile::~MappedFile()
{
    if (!m_bytes.empty())
        ::munmap(const_cast<std::byte *>(m_bytes.data()), m_bytes.size());
}

MappedFile::MappedFile(MappedFile &&other) noexcept : m_path(std::move(other.m_path)), m_bytes(std::exchange(other.m_bytes, {})) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

void MappedFile::releasePages() const
{
    // The mapping is private and never written, so the pages come back from the file when they are touched again.
    if (!m_bytes.empty())
        ::madvise(const_cast<std::byte *>(m_bytes.data()), m_bytes.size(), MADV_DONTNEED);
}

} // namespace secateur
