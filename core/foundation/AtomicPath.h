// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace secateur {

/// A file or folder that gets its final name only when it is whole.
///
/// Work goes to a hidden sibling of the target; `commit` moves it there. Without a commit (an error, a cancel) the sibling is removed. If
/// the process must end at once, `removeAllPending` clears what any of them still holds.
class AtomicPath {
public:
    /// Throws Error when the name is empty or too long, or when the parent folder does not exist or cannot be written to.
    explicit AtomicPath(std::filesystem::path target);
    ~AtomicPath();
    AtomicPath(const AtomicPath &) = delete;
    AtomicPath &operator=(const AtomicPath &) = delete;

    /// Where to write: a file or a folder that does not exist yet.
    const std::filesystem::path &temporary() const { return m_temporary; }
    /// Flushes to the disk and gives it the name of the target. A file replaces a file, a folder replaces a folder; a file never replaces a
    /// folder. Throws Error.
    void commit();
    /// The same under the target's name with a suffix, for what failed a check. Returns that path; an existing one is replaced.
    std::filesystem::path commitWithSuffix(const std::string &suffix);

    static void removeAllPending() noexcept;

private:
    void moveTo(const std::filesystem::path &name);

    std::filesystem::path m_target, m_temporary;
};

/// Writes a small file atomically. Throws Error that names the file and the system's reason.
void writeFileAtomically(const std::filesystem::path &file, std::string_view content);

} // namespace secateur
