// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/InputFile.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace secateur {
namespace {

Unreadable unreadable(const std::filesystem::path &file, int reason)
{
    return Unreadable(inQuotes(AtomicPath::finalName(file).string()) + " cannot be read: " + reasonOf(reason) + ".",
                      "Check that the file exists and that you may read it.");
}

} // namespace

bool doesExist(const std::filesystem::path &path)
{
    std::error_code failure;
    const std::filesystem::file_status status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::none)
        throw unreadable(path, failure.value());
    return std::filesystem::exists(status);
}

InputFile::InputFile(std::filesystem::path file) : InputFile(AT_FDCWD, file.string(), file) {}

InputFile::InputFile(int folder, const std::string &name, std::filesystem::path path) : m_path(std::move(path))
{
    m_descriptor = ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe is not waited for
    struct stat status {};
    if (m_descriptor < 0 || ::fstat(m_descriptor, &status) != 0) {
        const int reason = errno;
        const bool isSocket = reason == ENXIO && ::fstatat(folder, name.c_str(), &status, 0) == 0 && S_ISSOCK(status.st_mode);
        if (m_descriptor >= 0)
            ::close(m_descriptor);
        if (!isSocket)
            throw unreadable(m_path, reason);
    } else if (!S_ISREG(status.st_mode)) {
        ::close(m_descriptor);
    } else {
        m_size = std::uint64_t(status.st_size);
        return;
    }
    throw Error(inQuotes(m_path.string()) + " is " + kindOfFile(status.st_mode) + ", not a file.", "Choose a file.");
}

InputFile::~InputFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

InputFile::InputFile(InputFile &&other) noexcept
    : m_path(std::move(other.m_path)),
      m_size(other.m_size),
      m_descriptor(std::exchange(other.m_descriptor, -1))
{
}

InputFile &InputFile::operator=(InputFile &&other) noexcept
{
    std::swap(m_path, other.m_path);
    std::swap(m_size, other.m_size);
    std::swap(m_descriptor, other.m_descriptor);
    return *this;
}

std::size_t InputFile::read(std::span<char> buffer)
{
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t count = ::read(m_descriptor, buffer.data() + done, buffer.size() - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw unreadable(m_path, errno);
        if (count == 0)
            break;
        done += std::size_t(count);
    }
    return done;
}

std::string InputFile::readRest(std::uint64_t largest, const std::string &hint)
{
    const auto check = [&](std::uint64_t bytes) {
        if (bytes > largest)
            throw Error(inQuotes(m_path.string()) + " is " + counted(std::int64_t(bytes), "byte") + " long, at most " + grouped(largest) +
                            " are allowed.",
                        hint);
    };
    check(m_size);
    std::string content;
    // Some files say that they are empty and are not (those of /proc), and a file may grow.
    for (std::size_t step = std::size_t(m_size) + 1;; step = std::size_t(1) << 20) {
        const std::size_t before = content.size();
        content.resize(before + step);
        content.resize(before + read({content.data() + before, step}));
        check(content.size());
        if (content.size() < before + step)
            return content;
    }
}

void refuseLfsPointer(std::string_view beginning, const std::string &name)
{
    if (beginning.starts_with("version https://git-lfs"))
        throw Error(name + " is a Git LFS pointer, not the file itself.",
                    "Fetch the file with 'git lfs pull', or download it from the hub.");
}

std::string readWholeFile(const std::filesystem::path &file, std::uint64_t largest, const std::string &hint)
{
    return InputFile(file).readRest(largest, hint);
}

} // namespace secateur
