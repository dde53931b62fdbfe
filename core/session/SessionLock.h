// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace secateur {

/// A program that has a session file open.
struct SessionOwner {
    std::int64_t process = 0; ///< 0: not known
    std::string host;         ///< empty: this machine
};

/// Keeps a session file to one window: a hidden file beside it, `.NAME.lock`, that is locked (flock) while the session is open.
///
/// The kernel unlocks it when the process ends, however that happens, so what a killed process leaves locks nobody out. Where the folder cannot
/// be written to, nobody can save there either, and there is no lock; nor is there one, and no file, where the file system has no locks.
class SessionLock {
public:
    /// Locks the file, which need not be there yet; if another has it open, owner() says who.
    explicit SessionLock(const std::filesystem::path &file);
    ~SessionLock();
    SessionLock(const SessionLock &) = delete;
    SessionLock &operator=(const SessionLock &) = delete;

    bool isHeld() const { return m_descriptor >= 0; }
    const std::optional<SessionOwner> &owner() const { return m_owner; }
    /// Whether it is of this file, by whatever path.
    bool isOf(const std::filesystem::path &file) const;

private:
    std::filesystem::path m_file, m_lock;
    std::optional<SessionOwner> m_owner;
    int m_descriptor = -1;
};

/// By what one sees that a file was written by somebody else meanwhile, also in a later run: numbers of devices change when a machine starts again.
struct FileStamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0, seconds = 0, nanoseconds = 0; ///< of the last change
    bool operator==(const FileStamp &) const = default;
};

/// None when there is no such file.
std::optional<FileStamp> stampOf(const std::filesystem::path &file);
/// A stamp as a text and back; none of a text that is not one.
std::string textOf(const FileStamp &stamp);
std::optional<FileStamp> stampFromText(const std::string &text);

} // namespace secateur
