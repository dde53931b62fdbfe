// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/AtomicPath.h"

#include "foundation/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <string>
#include <unistd.h>
#include <vector>

namespace secateur {
namespace {

std::mutex pendingMutex;
std::vector<std::filesystem::path> pending; // temporaries of all AtomicPaths alive

std::string reason(int number)
{
    return std::strerror(number); // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

void flush(const std::filesystem::path &path)
{
    const int descriptor = ::open(path.c_str(), O_RDONLY);
    if (descriptor < 0 || ::fsync(descriptor) != 0) {
        const std::string why = reason(errno);
        if (descriptor >= 0)
            ::close(descriptor);
        throw Error("'" + path.string() + "' could not be written to the disk: " + why + ".", "Nothing was left behind.");
    }
    ::close(descriptor);
}

/// Lets two paths change their names: in one step where the file system can, in three where it cannot (NFS).
std::error_code exchange(const std::filesystem::path &one, const std::filesystem::path &other)
{
    if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    std::error_code error(errno, std::generic_category());
    if (error != std::errc::invalid_argument && error != std::errc::function_not_supported)
        return error;
    const std::filesystem::path aside = one.string() + "-old";
    std::filesystem::rename(other, aside, error);
    if (error)
        return error;
    std::filesystem::rename(one, other, error);
    std::error_code ignored;
    std::filesystem::rename(aside, error ? other : one, ignored);
    return error;
}

} // namespace

AtomicPath::AtomicPath(std::filesystem::path target)
{
    if (target.empty())
        throw Error("The name of the output is empty.", "Give a name.");
    std::error_code error;
    if (std::filesystem::is_symlink(target, error)) // what it points to is meant
        target = std::filesystem::weakly_canonical(target, error);
    m_target = std::filesystem::absolute(target).lexically_normal();
    if (!m_target.has_filename())
        m_target = m_target.parent_path();
    const std::filesystem::path parent = m_target.parent_path();
    if (!std::filesystem::is_directory(parent, error))
        throw Error("The folder '" + parent.string() + "' does not exist.", "Make it first, or choose another place.");
    if (::access(parent.c_str(), W_OK | X_OK) != 0)
        throw Error("The folder '" + parent.string() + "' cannot be written to: " + reason(errno) + ".", "Choose another place.");
    m_temporary = parent / ("." + m_target.filename().string() + ".partial-" + std::to_string(::getpid()));
    if (m_temporary.filename().string().size() > 255)
        throw Error("The name '" + m_target.filename().string() + "' is too long.", "Give a shorter one.");
    const std::scoped_lock lock(pendingMutex);
    std::filesystem::remove_all(m_temporary, error);
    pending.push_back(m_temporary);
}

AtomicPath::~AtomicPath()
{
    const std::scoped_lock lock(pendingMutex);
    std::error_code ignored;
    std::filesystem::remove_all(m_temporary, ignored);
    std::erase(pending, m_temporary);
}

void AtomicPath::commit()
{
    moveTo(m_target);
}

std::filesystem::path AtomicPath::commitWithSuffix(const std::string &suffix)
{
    const std::filesystem::path name = m_target.string() + suffix;
    moveTo(name);
    return name;
}

void AtomicPath::moveTo(const std::filesystem::path &name)
{
    const bool isFolder = std::filesystem::is_directory(m_temporary);
    std::error_code error;
    if (std::filesystem::is_directory(name, error) && !isFolder)
        throw Error("'" + name.string() + "' is a folder; a file is to be written.", "Give the name of a file.");
    flush(m_temporary);
    if (isFolder && std::filesystem::exists(name, error))
        error = exchange(m_temporary, name); // the old one takes the temporary name, and then goes
    else
        std::filesystem::rename(m_temporary, name, error);
    if (error)
        throw Error("'" + name.string() + "' could not be given its name: " + error.message() + ".", "Nothing was left behind.");
    std::filesystem::remove_all(m_temporary, error);
}

void AtomicPath::removeAllPending() noexcept
{
    const std::scoped_lock lock(pendingMutex); // whoever holds it is removing something too
    std::error_code ignored;
    for (const std::filesystem::path &path : pending)
        for (int attempt = 0; attempt < 10 && std::filesystem::exists(path, ignored); ++attempt) // its owner may still be adding files
            std::filesystem::remove_all(path, ignored);
}

void writeFileAtomically(const std::filesystem::path &file, std::string_view content)
{
    AtomicPath target(file);
    {
        errno = 0;
        std::ofstream stream(target.temporary(), std::ios::binary);
        stream.write(content.data(), std::streamsize(content.size()));
        stream.close();
        if (!stream)
            throw Error("'" + file.string() + "' could not be written: " + reason(errno) + ".", "Nothing was left behind.");
    }
    target.commit();
}

} // namespace secateur
