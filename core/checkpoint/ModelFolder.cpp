// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/ModelFolder.h"

#include "checkpoint/HubCache.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace secateur {

namespace fs = std::filesystem;

namespace {

/// A descriptor that says what a name leads to without opening it: no device is touched, no pipe is waited for.
class Pointer {
public:
    Pointer(int folder, const char *name, int flags = 0) : m_descriptor(::openat(folder, name, O_PATH | O_CLOEXEC | flags))
    {
        m_reason = m_descriptor < 0 || ::fstat(m_descriptor, &m_status) != 0 ? errno : 0;
    }
    ~Pointer()
    {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
    }
    Pointer(const Pointer &) = delete;
    Pointer &operator=(const Pointer &) = delete;

    int reason() const { return m_reason; } ///< errno; 0 when it leads to something
    mode_t mode() const { return m_status.st_mode; }
    std::string alias() const { return "/proc/self/fd/" + std::to_string(m_descriptor); }

private:
    int m_descriptor;
    struct stat m_status {};
    int m_reason = 0;
};

/// What a link of /proc leads to. Throws Unreadable when the system does not tell: then nothing is known of where a file lies.
fs::path endOf(const std::string &alias)
{
    std::error_code failure;
    const fs::path end = fs::read_symlink(alias, failure);
    if (failure)
        throw Unreadable("The system does not tell where a file of the model lies (" + inQuotes(alias) + "): " + reasonOf(failure.value()) +
                             ".",
                         "Check that /proc is mounted.");
    return end;
}

bool isInside(const fs::path &file, const fs::path &folder)
{
    return !folder.empty() && std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

/// Whether it lies in the blobs of any model of the hub's cache.
bool isBlob(const fs::path &file)
{
    std::error_code failure;
    const fs::path cache = fs::canonical(hubCacheFolder(), failure);
    if (failure || !isInside(file, cache))
        return false;
    const fs::path inCache = file.lexically_relative(cache);
    auto part = inCache.begin();
    return part != inCache.end() && part->string().starts_with("models--") && ++part != inCache.end() && *part == "blobs";
}

/// Where a broken link leads: a chain of links is followed by hand as far as it can be read.
fs::path endOfBroken(fs::path link)
{
    constexpr int kLongestChain = 40; // as Linux
    std::error_code failure;
    for (int i = 0; i < kLongestChain; ++i) {
        const fs::path target = fs::read_symlink(link, failure);
        if (failure)
            break;
        const fs::path next = link.parent_path() / target;
        const fs::path folder = fs::weakly_canonical(next.parent_path(), failure);
        if (failure)
            return next.lexically_normal();
        link = folder / next.filename();
    }
    return link;
}

constexpr const char *kMissing = "Download it again, or remove it.";

} // namespace

ModelFolder::ModelFolder(fs::path folder) : m_path(std::move(folder))
{
    m_descriptor = ::open(m_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (m_descriptor < 0)
        throw Error("The folder " + inQuotes(m_path.string()) + " cannot be opened: " + reasonOf(errno) + ".", "Check the path.");
}

ModelFolder::~ModelFolder()
{
    ::close(m_descriptor);
}

fs::path ModelFolder::place() const
{
    return endOf("/proc/self/fd/" + std::to_string(m_descriptor));
}

bool ModelFolder::isInPlace() const
{
    struct stat opened {
    }, there{};
    return ::fstat(m_descriptor, &opened) == 0 && ::stat(m_path.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

std::vector<std::string> ModelFolder::names(const std::string &folder) const
{
    const auto unlisted = [&](int reason) {
        return Error("The folder " + inQuotes((folder == "." ? m_path : m_path / folder).string()) +
                         " cannot be listed: " + reasonOf(reason) + ".",
                     "Check that you may read the folder.");
    };
    const int descriptor = ::openat(m_descriptor, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        throw unlisted(errno);
    const auto close = [](DIR *stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(close)> stream(::fdopendir(descriptor), close);
    if (!stream) {
        const int reason = errno;
        ::close(descriptor);
        throw unlisted(reason);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent *entry = ::readdir(stream.get())) { // NOLINT(concurrency-mt-unsafe): the stream is ours alone
        if (const std::string name = entry->d_name; name != "." && name != "..")
            names.push_back(name);
        errno = 0;
    }
    if (errno != 0)
        throw unlisted(errno);
    std::sort(names.begin(), names.end());
    return names;
}

bool ModelFolder::holds(const std::string &name) const
{
    if (::faccessat(m_descriptor, name.c_str(), F_OK, 0) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != ENAMETOOLONG)
        throw Unreadable(inQuotes((m_path / name).string()) + " cannot be read: " + reasonOf(errno) + ".",
                         "Check that you may read the folder.");
    return false;
}

std::string ModelFolder::read(const std::string &name, std::uint64_t largest, const std::string &hint) const
{
    return InputFile(m_descriptor, name, m_path / name).readRest(largest, hint);
}

nlohmann::json ModelFolder::readJson(const std::string &name, std::uint64_t largest, const std::string &hint) const
{
    return parseJsonObject(read(name, largest, hint), inQuotes((m_path / name).string()), hint);
}

bool ModelFolder::isOwn(const fs::path &file) const
{
    const fs::path folder = place();
    if (isInside(file, folder))
        return true;
    fs::path repository; // of the hub's cache: models--OWNER--NAME/snapshots/REVISION
    for (auto part = folder.begin(); part != folder.end(); ++part) {
        if (part->string().starts_with("models--") && std::next(part) != folder.end() && *std::next(part) == "snapshots")
            return isInside(file, repository / *part / "blobs");
        repository /= *part;
    }
    return isBlob(file);
}

bool ModelFolder::leadsOut(const std::string &name) const
{
    const Pointer file(m_descriptor, name.c_str());
    return !isOwn(file.reason() == 0 ? endOf(file.alias()) : endOfBroken(place() / name));
}

ModelFolder::OwnFile ModelFolder::readOwn(const std::string &name, std::uint64_t largest) const
{
    const std::string shown = inQuotes((m_path / name).string());
    const Pointer file(m_descriptor, name.c_str());
    if (!isOwn(file.reason() == 0 ? endOf(file.alias()) : endOfBroken(place() / name)))
        return {.content = {}, .refusal = "it is a link that leads out of the model's folder"};
    if (file.reason() == ENOENT)
        throw Error(shown + " is a link to a file that does not exist.", kMissing);
    if (file.reason() != 0)
        throw Error(shown + " cannot be read: " + reasonOf(file.reason()) + ".", kMissing);
    if (!S_ISREG(file.mode()))
        return {.content = {}, .refusal = std::string("it is ") + kindOfFile(file.mode()) + ", not a file"};
    InputFile opened(AT_FDCWD, file.alias(), m_path / name);
    if (opened.size() > largest)
        return {.content = {},
                .refusal = "it is " + sizeText(std::int64_t(opened.size())) + " long, more than " + sizeText(std::int64_t(largest))};
    return {.content = opened.readRest(largest, kMissing), .refusal = {}};
}

} // namespace secateur
