// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace secateur {

/// A file or folder that gets its final name only when it is whole: the one way in which outputs are written.
///
/// Work goes to a hidden sibling of the target, `.NAME.partial-secateur-XXXXXXXX`; `commit` moves it there. Without a commit (an error, a
/// cancel) the sibling is removed. Its name is drawn by chance, and its owner holds a lock on it (flock) for as long as it lives: so
/// processes that share a folder (two containers with one pid, too) keep out of each other's way, and whatever a killed process left is
/// recognised and removed by the next that writes to the folder. (Where the file system's locks are not seen by other machines, as with NFS
/// mounted with local_lock, two machines should not write to one folder at once.)
class AtomicPath {
public:
    /// Makes the sibling: an empty file or an empty folder. Links are followed, also one that leads to nothing yet. Throws Error when the
    /// name is empty, when the parent folder does not exist or cannot be written to, and when something of another kind has the name: a
    /// file never replaces a folder nor a folder a file, and devices, pipes and sockets are not replaced at all.
    static AtomicPath forFile(const std::filesystem::path &target) { return {target, Kind::File}; }
    static AtomicPath forFolder(const std::filesystem::path &target) { return {target, Kind::Folder}; }
    ~AtomicPath();
    AtomicPath(const AtomicPath &) = delete;
    AtomicPath &operator=(const AtomicPath &) = delete;

    /// What to write: the file, or the folder to put files in.
    const std::filesystem::path &temporary() const { return m_temporary; }
    /// Where it will be: the target with links followed.
    const std::filesystem::path &target() const { return m_target; }
    /// Gives it the name of the target in one step, in place of what has the name. Everything is on the disk before (files, folders) and
    /// after (the parent), so that a power loss leaves the old or the new one, whole. Throws Error; the old one is there then.
    void commit();
    /// The same under the target's name with a suffix, for what failed a check; what has that name already is kept, and a number follows the suffix
    /// ("NAME.unverified-2"). A name that would be too long with it is cut before it. Returns the path.
    std::filesystem::path commitWithSuffix(const std::string &suffix);

    /// What messages call a path: where it will be, if it is or lies in the temporary of an AtomicPath; else the path itself.
    static std::filesystem::path finalName(const std::filesystem::path &path);

    /// Ends the process at once from any thread: removes what all AtomicPaths hold, prints `lastWords` to standard output and exits. A
    /// commit under way in another thread is waited for; none begins any more.
    [[noreturn]] static void endProcess(int exitCode, std::string_view lastWords) noexcept;

private:
    enum class Kind { File, Folder };
    AtomicPath(const std::filesystem::path &target, Kind kind);
    bool makeTemporary();
    void moveTo(const std::filesystem::path &name);

    Kind m_kind;
    std::filesystem::path m_target, m_temporary;
    int m_lock = -1; ///< descriptor of the temporary, which holds the lock; -1: the file system has no locks
};

/// Writes a small file atomically. Throws Error that names the file and the system's reason.
void writeFileAtomically(const std::filesystem::path &file, std::string_view content);

} // namespace secateur
