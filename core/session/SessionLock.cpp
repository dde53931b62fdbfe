// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/SessionLock.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sstream>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secateur {
namespace {

constexpr int kMostAttempts = 5;

std::filesystem::path resolved(const std::filesystem::path &file)
{
    std::error_code error;
    const std::filesystem::path known = std::filesystem::weakly_canonical(std::filesystem::absolute(file, error), error);
    return known.empty() ? file : known;
}

std::string hostName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// Whether the descriptor is still the file of that name: its owner removes it when it is done.
bool isCurrent(int descriptor, const std::filesystem::path &file)
{
    struct stat opened {
    }, named{};
    return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/// "1234 host\n", as its owner wrote it; nothing known where it has not yet.
SessionOwner ownerIn(int descriptor)
{
    std::array<char, 300> bytes{};
    const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
    const std::string_view text(bytes.data(), count > 0 ? std::size_t(count) : 0);
    SessionOwner owner;
    const char *end = std::from_chars(text.data(), text.data() + text.size(), owner.process).ptr;
    const std::string_view rest = text.substr(std::size_t(end - text.data()));
    if (rest.size() > 2 && rest.front() == ' ' && rest.back() == '\n')
        owner.host = rest.substr(1, rest.size() - 2);
    if (owner.host == hostName())
        owner.host.clear();
    return owner;
}

} // namespace

SessionLock::SessionLock(const std::filesystem::path &file)
    : m_file(resolved(file)),
      m_lock(m_file.parent_path() / ("." + m_file.filename().string() + ".lock"))
{
    for (int attempt = 0; attempt < kMostAttempts && !isHeld() && !m_owner; ++attempt) {
        int descriptor = ::open(m_lock.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        const bool isNew = descriptor >= 0;
        if (!isNew && errno == EEXIST)
            descriptor = ::open(m_lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        const bool canWrite = descriptor >= 0;
        if (!canWrite) // of another user, or in a folder that is only read
            descriptor = ::open(m_lock.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (descriptor < 0)
            return;
        const bool isFree = ::flock(descriptor, (canWrite ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
        if (!isFree && errno == EWOULDBLOCK) {
            m_owner = ownerIn(descriptor);
        } else if (isFree && canWrite && isCurrent(descriptor, m_lock)) {
            const std::string text = std::to_string(::getpid()) + " " + hostName() + "\n";
            // Without its words it locks all the same: the owner is not named then.
            if (::ftruncate(descriptor, 0) == 0 && ::pwrite(descriptor, text.data(), text.size(), 0) < 0)
                errno = 0;
            m_descriptor = descriptor;
            return;
        } else if (!isFree && isNew) { // no locks here: it would lie there for nothing
            ::unlink(m_lock.c_str());
        }
        ::close(descriptor);
        if (!isFree || !canWrite)
            return; // held by another, or there are no locks here
    }
}

SessionLock::~SessionLock()
{
    if (!isHeld())
        return;
    ::unlink(m_lock.c_str()); // before it is unlocked: whoever waits for it sees that it is gone, and makes a new one
    ::close(m_descriptor);
}

bool SessionLock::isOf(const std::filesystem::path &file) const
{
    return resolved(file) == m_file;
}

std::optional<FileStamp> stampOf(const std::filesystem::path &file)
{
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return {};
    return FileStamp{.inode = std::uint64_t(status.st_ino),
                     .size = std::int64_t(status.st_size),
                     .seconds = std::int64_t(status.st_mtim.tv_sec),
                     .nanoseconds = std::int64_t(status.st_mtim.tv_nsec)};
}

std::string textOf(const FileStamp &stamp)
{
    return std::to_string(stamp.inode) + " " + std::to_string(stamp.size) + " " + std::to_string(stamp.seconds) + " " +
           std::to_string(stamp.nanoseconds);
}

std::optional<FileStamp> stampFromText(const std::string &text)
{
    std::istringstream stream(text);
    FileStamp stamp;
    if (!(stream >> stamp.inode >> stamp.size >> stamp.seconds >> stamp.nanoseconds))
        return {};
    return stamp;
}

} // namespace secateur
