// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/MappedFile.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace secateur {
namespace {

/// A mapping as the signal handler sees it; free where `begin` is 0.
struct Guarded {
    std::atomic<std::uintptr_t> begin = 0, end = 0;
    std::atomic<bool> isCutOff = false;
};
std::array<Guarded, 4096> guarded; // shards of all models that are open; a handler can take no locks
struct sigaction actionBefore {};

/// SIGBUS: a page of a mapped file is not there any more. Zeros take the place of the rest of the mapping.
void onBusError(int, siginfo_t *info, void *)
{
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    for (Guarded &mapping : guarded) {
        if (address < mapping.begin || address >= mapping.end)
            continue;
        static const auto pageBytes = std::uintptr_t(::sysconf(_SC_PAGESIZE));
        const std::uintptr_t page = address / pageBytes * pageBytes;
        mapping.isCutOff = true;
        if (::mmap(reinterpret_cast<void *>(page), mapping.end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
            MAP_FAILED)
            return;
    }
    ::sigaction(SIGBUS, &actionBefore, nullptr); // not ours: happens again, as it would have without us
}

/// Notes a mapping for the handler; returns its place plus 1.
std::size_t guard(const void *begin, std::size_t bytes)
{
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    static bool isInstalled = false;
    if (!std::exchange(isInstalled, true)) {
        struct sigaction action {};
        action.sa_sigaction = onBusError;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigemptyset(&action.sa_mask);
        ::sigaction(SIGBUS, &action, &actionBefore);
    }
    for (std::size_t i = 0; i < guarded.size(); ++i) {
        if (guarded[i].begin != 0)
            continue;
        guarded[i].isCutOff = false;
        guarded[i].end = reinterpret_cast<std::uintptr_t>(begin) + bytes;
        guarded[i].begin = reinterpret_cast<std::uintptr_t>(begin);
        return i + 1;
    }
    return 0; // so many that none is guarded any more
}

std::int64_t changeTime(const struct stat &status)
{
    constexpr std::int64_t kNanoseconds = 1'000'000'000;
    return std::int64_t(status.st_mtim.tv_sec) * kNanoseconds + status.st_mtim.tv_nsec;
}

} // namespace

MappedFile::MappedFile(const std::filesystem::path &file) : m_file(file)
{
    struct stat status {};
    const auto size = std::size_t(m_file.size());
    if (::fstat(m_file.descriptor(), &status) == 0)
        m_changed = changeTime(status);
    if (size == 0)
        return;
    void *mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, m_file.descriptor(), 0);
    if (mapped == MAP_FAILED)
        throw Error(inQuotes(path().string()) + " cannot be read: " + reasonOf(errno) + ".",
                    "Check the limits of this process (ulimit -v).");
    m_bytes = {static_cast<const std::byte *>(mapped), size};
    m_guarded = guard(mapped, size);
}

MappedFile::~MappedFile()
{
    if (m_bytes.empty())
        return;
    if (m_guarded > 0) // before the addresses can be somebody else's
        guarded[m_guarded - 1].begin = 0;
    ::munmap(const_cast<std::byte *>(m_bytes.data()), m_bytes.size());
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : m_file(std::move(other.m_file)),
      m_bytes(std::exchange(other.m_bytes, {})),
      m_changed(other.m_changed),
      m_guarded(std::exchange(other.m_guarded, 0))
{
}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept
{
    std::swap(m_file, other.m_file);
    std::swap(m_bytes, other.m_bytes);
    std::swap(m_changed, other.m_changed);
    std::swap(m_guarded, other.m_guarded);
    return *this;
}

void MappedFile::checkUnchanged() const
{
    struct stat status {};
    if (::fstat(m_file.descriptor(), &status) != 0)
        throw Unreadable(inQuotes(AtomicPath::finalName(path()).string()) + " cannot be read: " + reasonOf(errno) + ".", "Start again.");
    const bool isCutOff = m_guarded > 0 && guarded[m_guarded - 1].isCutOff;
    if (!isCutOff && std::uint64_t(status.st_size) == m_file.size() && changeTime(status) == m_changed)
        return;
    throw Error(inQuotes(AtomicPath::finalName(path()).string()) + " changed while it was read.",
                "Leave the file alone while it is open here, and open it again.");
}

void MappedFile::releasePages() const
{
    // The mapping is private and never written, so the pages come back from the file when they are touched again.
    if (!m_bytes.empty())
        ::madvise(const_cast<std::byte *>(m_bytes.data()), m_bytes.size(), MADV_DONTNEED);
}

} // namespace secateur
