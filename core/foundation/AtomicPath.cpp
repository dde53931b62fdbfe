// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/AtomicPath.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/OutputFile.h"
#include "foundation/Wording.h"
#include "foundation/WritingFailure.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <random>
#include <span>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace secateur {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPartial = ".partial-secateur-";   ///< in the names of temporaries
constexpr std::string_view kPrevious = ".previous-secateur-"; ///< in the name of an old output that waits for the new one (see exchange)
constexpr std::size_t kDigits = 8;                            ///< drawn by chance, behind these
constexpr std::size_t kLongestName = 255;                     ///< bytes, on all usual file systems

/// What an AtomicPath that is alive holds, and what it will become.
struct Pending {
    fs::path temporary, target;
};
std::timed_mutex pendingMutex;
std::vector<Pending> pending;

/// A descriptor that is closed.
class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    ~Descriptor()
    {
        if (m_number >= 0)
            ::close(m_number);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;

    bool isOpen() const { return m_number >= 0; }
    int number() const { return m_number; }
    int release() { return std::exchange(m_number, -1); }

private:
    int m_number;
};

WritingFailure failure(const fs::path &path, const std::string &what, int reason)
{
    return {inQuotes(AtomicPath::finalName(path).string()) + " " + what, reason};
}

int openForLock(const fs::path &path)
{
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/// Whether the name still leads to what is open: another process may have removed it. `whenNotTold`: the answer where the system gives none.
bool isSameFile(const fs::path &path, int descriptor, bool whenNotTold)
{
    struct stat byName {
    }, open{};
    if (::lstat(path.c_str(), &byName) != 0)
        return errno != ENOENT && whenNotTold;
    if (::fstat(descriptor, &open) != 0)
        return whenNotTold;
    return byName.st_dev == open.st_dev && byName.st_ino == open.st_ino;
}

/// What was written of a file or folder is on the disk afterwards. File systems that cannot sync folders say so by EINVAL.
void sync(const fs::path &path, bool isFolder)
{
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.isOpen() && isFolder && errno == EACCES)
        return; // a folder that may be written to and not listed
    if (!file.isOpen() || (::fsync(file.number()) != 0 && !(isFolder && (errno == EINVAL || errno == ENOTSUP || errno == EROFS))))
        throw failure(path, "could not be written to the disk", errno);
}

void syncTree(const fs::path &folder)
{
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->is_directory(error))
            syncTree(entry->path());
        else if (entry->is_regular_file(error))
            sync(entry->path(), false);
    }
    if (error)
        throw failure(folder, "could not be written to the disk", error.value());
    sync(folder, true);
}

std::string randomDigits()
{
    std::random_device random; // the kernel's: two processes do not draw the same
    std::string digits;
    for (std::size_t i = 0; i < kDigits; ++i)
        digits += "0123456789abcdef"[random() & 15];
    return digits;
}

/// A file's name, cut where it is longer than `room` bytes.
std::string cutName(const fs::path &path, std::size_t room)
{
    const std::string name = path.filename().string();
    std::size_t end = std::min(room, name.size());
    while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) // not inside a character
        --end;
    return name.substr(0, end);
}

/// A hidden name beside `path` that nobody has.
fs::path hiddenName(const fs::path &path, std::string_view kind)
{
    return path.parent_path() / ("." + cutName(path, kLongestName - 1 - kind.size() - kDigits) + std::string(kind) + randomDigits());
}

/// Where `name` is a temporary of ours: the place of the mark in it.
std::size_t markIn(const std::string &name, std::string_view mark)
{
    const std::size_t at = name.rfind(mark);
    const bool isOurs = name.starts_with('.') && at != std::string::npos && name.size() == at + mark.size() + kDigits &&
                        name.find_first_not_of("0123456789abcdef", at + mark.size()) == std::string::npos;
    return isOurs ? at : std::string::npos;
}

/// Whether it is what version 0.1 of the program left: `.NAME.partial-PID` of a process that is gone.
bool isOldLeftover(const std::string &name, const fs::path &target)
{
    const std::string prefix = "." + target.filename().string() + ".partial-";
    pid_t process = 0;
    if (!name.starts_with(prefix))
        return false;
    const auto [end, problem] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), process);
    return problem == std::errc() && end == name.data() + name.size() && process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
}

/// Removes what killed processes left in the folder of the target. What a living one holds is locked.
void sweep(const fs::path &target)
{
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator entry(target.parent_path(), error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (markIn(name, kPartial) != std::string::npos || markIn(name, kPrevious) != std::string::npos || isOldLeftover(name, target))
            found.push_back(entry->path());
    }
    for (const fs::path &path : found) {
        const Descriptor held(openForLock(path));
        if (!held.isOpen() || ::flock(held.number(), LOCK_EX | LOCK_NB) != 0 || !isSameFile(path, held.number(), false))
            continue;
        const std::string name = path.filename().string();
        if (const std::size_t mark = markIn(name, kPrevious); mark != std::string::npos) {
            // An output whose replacement never came: it gets its name back.
            const fs::path owner = path.parent_path() / name.substr(1, mark - 1);
            if (!fs::exists(fs::symlink_status(owner, error))) {
                fs::rename(path, owner, error);
                continue;
            }
        }
        fs::remove_all(path, error); // what cannot be removed (another user's) stays
    }
}

/// Gives `fresh` the name `target`; what had the name gets the name of `fresh`. In one step where the file system can, in three where it
/// cannot (NFS): a process that dies between these leaves the old one under a name from which sweep() brings it back.
std::error_code exchange(const fs::path &fresh, const fs::path &target)
{
    if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    std::error_code error(errno, std::generic_category());
    if (error != std::errc::invalid_argument && error != std::errc::function_not_supported)
        return error;
    const fs::path aside = hiddenName(target, kPrevious);
    const Descriptor held(openForLock(target));
    if (held.isOpen())
        ::flock(held.number(), LOCK_EX | LOCK_NB);
    fs::rename(target, aside, error);
    if (error)
        return error;
    fs::rename(fresh, target, error);
    std::error_code ignored;
    fs::rename(aside, error ? target : fresh, ignored);
    return error;
}

/// The target with links followed, also a last one that leads to nothing; absolute and without a slash at the end.
fs::path resolved(fs::path target)
{
    constexpr int kMostLinks = 40;
    const std::string name = target.string();
    std::error_code error;
    target = fs::absolute(target, error);
    if (error)
        throw Error("The folder in which the program was started is gone, so " + inQuotes(name) + " has no place.",
                    "Give an absolute path.");
    for (int links = 0;; ++links) {
        if (!target.has_filename())
            target = target.parent_path();
        // "link/.." is where the link leads to, and up: not what stands before "link".
        const fs::path last = target.filename();
        target =
            last == "." || last == ".." ? fs::weakly_canonical(target, error) : fs::weakly_canonical(target.parent_path(), error) / last;
        if (error)
            throw failure(name, "cannot be written", error.value());
        if (!fs::is_symlink(fs::symlink_status(target, error)))
            return target;
        const fs::path next = fs::read_symlink(target, error);
        if (error || links == kMostLinks)
            throw failure(name, "cannot be written", ELOOP);
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
}

/// Throws when something has the name that cannot be replaced by a file or a folder.
void checkKind(const fs::path &target, bool isFolderWanted)
{
    struct stat there {};
    if (::stat(target.c_str(), &there) != 0 || (isFolderWanted ? S_ISDIR(there.st_mode) : S_ISREG(there.st_mode)))
        return;
    throw Error(inQuotes(target.string()) + " is " + kindOfFile(there.st_mode) + "; a " + (isFolderWanted ? "folder" : "file") +
                    " is to be written.",
                "Choose another name.");
}

} // namespace

AtomicPath::AtomicPath(const fs::path &target, Kind kind) : m_kind(kind)
{
    if (target.empty())
        throw Error("The name of the output is empty.", "Give a name.");
    if (kind == Kind::File && !target.has_filename())
        throw Error("The output " + inQuotes(target.string()) + " names a folder, but a file is to be written.",
                    "Leave out the '/' at its end.");
    checkKind(target, kind == Kind::Folder); // a link to a pipe (/dev/stdout) has no name to be followed to
    m_target = resolved(target);
    checkKind(m_target, kind == Kind::Folder); // "file/" is not a folder either
    const fs::path parent = m_target.parent_path();
    std::error_code error;
    if (!fs::is_directory(parent, error))
        throw Error("The folder " + inQuotes(parent.string()) + " does not exist.", "Create it first, or choose another place.");
    if (m_target.filename().string().size() > kLongestName)
        throw Error("The name " + inQuotes(m_target.filename().string()) + " is too long.", "Give a shorter one.");
    if (::access(parent.c_str(), W_OK | X_OK) != 0)
        throw Error("The folder " + inQuotes(parent.string()) + " cannot be written to: " + reasonOf(errno) + ".", "Choose another place.");
    sweep(m_target);
    while (!makeTemporary()) // another process has just taken it for a leftover
        continue;
}

/// Draws a name and makes the file or folder, locked and noted. False when it was gone again before it could be locked.
bool AtomicPath::makeTemporary()
{
    const std::scoped_lock lock(pendingMutex);
    m_temporary = hiddenName(m_target, kPartial);
    constexpr mode_t kFolderMode = 0777, kFileMode = 0666; // less what the user's mask takes
    const bool isFolder = m_kind == Kind::Folder;
    Descriptor made(isFolder ? (::mkdir(m_temporary.c_str(), kFolderMode) == 0 ? openForLock(m_temporary) : -1)
                             : ::open(m_temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    if (!made.isOpen() && errno == EEXIST)
        return false;
    if (!made.isOpen()) {
        const int reason = errno;
        if (isFolder)
            ::rmdir(m_temporary.c_str()); // when it was made and could not be opened
        std::error_code error;
        if ((reason == ENOENT || reason == EACCES || reason == EPERM) &&
            fs::is_directory(m_target.parent_path(), error)) // which may be written to: /proc, /sys
            throw Error("The file system of the folder " + inQuotes(m_target.parent_path().string()) + " takes no new files.",
                        "Choose a folder on a disk.");
        throw WritingFailure("Nothing can be written in the folder " + inQuotes(m_target.parent_path().string()), reason);
    }
    if (::flock(made.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return false;
    } else if (!isSameFile(m_temporary, made.number(), true)) {
        return false;
    } else {
        m_lock = made.release();
    }
    pending.push_back({m_temporary, m_target});
    return true;
}

AtomicPath::~AtomicPath()
{
    const std::scoped_lock lock(pendingMutex);
    std::error_code ignored;
    fs::remove_all(m_temporary, ignored);
    std::erase_if(pending, [&](const Pending &one) { return one.temporary == m_temporary; });
    if (m_lock >= 0)
        ::close(m_lock);
}

void AtomicPath::commit()
{
    moveTo(m_target);
}

fs::path AtomicPath::commitWithSuffix(const std::string &suffix)
{
    const auto nameWith = [&](const std::string &end) {
        return m_target.parent_path() / (cutName(m_target, kLongestName - end.size()) + end);
    };
    fs::path name = nameWith(suffix);
    std::error_code error;
    for (int number = 2; fs::exists(fs::symlink_status(name, error)); ++number)
        name = nameWith(suffix + "-" + std::to_string(number));
    moveTo(name);
    return name;
}

void AtomicPath::moveTo(const fs::path &name)
{
    const bool isFolder = m_kind == Kind::Folder;
    if (isFolder)
        syncTree(m_temporary);
    else
        sync(m_temporary, false);
    checkKind(name, isFolder); // something may have taken the name while the work was done
    std::error_code error;
    {
        const std::scoped_lock lock(pendingMutex); // endProcess() comes before this or after it
        if (isFolder && fs::exists(name, error))
            error = exchange(m_temporary, name); // the old one takes the temporary name, and then goes
        else
            fs::rename(m_temporary, name, error);
    }
    if (error)
        throw failure(name, "could not be given its name", error.value());
    sync(name.parent_path(), true);
    std::error_code ignored;
    fs::remove_all(m_temporary, ignored);
}

fs::path AtomicPath::finalName(const fs::path &path)
{
    const std::scoped_lock lock(pendingMutex);
    fs::path name = path;
    for (auto one = pending.rbegin(); one != pending.rend(); ++one) // a file made in the temporary of a folder comes later
        if (std::mismatch(one->temporary.begin(), one->temporary.end(), name.begin(), name.end()).first == one->temporary.end())
            name = one->temporary == name ? one->target : one->target / name.lexically_relative(one->temporary);
    return name;
}

void AtomicPath::endProcess(int exitCode, std::string_view lastWords) noexcept
{
    constexpr int kAttempts = 10;                 // the owner may still be adding files
    constexpr std::chrono::seconds kPatience(10); // with a disk that does not answer; what is left then is swept by the next run
    if (pendingMutex.try_lock_for(kPatience)) {   // for ever
        std::error_code ignored;
        for (const Pending &one : pending)
            for (int attempt = 0; attempt < kAttempts && fs::exists(fs::symlink_status(one.temporary, ignored)); ++attempt)
                fs::remove_all(one.temporary, ignored);
    }
    constexpr int kWait = 1000; // milliseconds, for a reader that does not read
    pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&output, 1, kWait) == 1) {
        [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, lastWords.data(), lastWords.size());
    }
    ::_exit(exitCode);
}

void writeFileAtomically(const fs::path &file, std::string_view content)
{
    AtomicPath target = AtomicPath::forFile(file);
    OutputFile output(target.temporary());
    output.append(std::as_bytes(std::span(content)));
    output.finish();
    target.commit();
}

} // namespace secateur
