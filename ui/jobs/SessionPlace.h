// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"
#include "session/SessionLock.h"
#include "session/SessionStore.h"

#include <QCoreApplication>
#include <QString>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace secateur::ui {

/// Key of Session::view under which the stamp of its file (kFileOfView) is noted, as it was when it was last read or written here.
inline constexpr const char *kStampOfView = "fileStamp";

/// The file of a session: its lock, and by what one sees that somebody else wrote it. For the thread for files: its disk may be slow.
class SessionPlace {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::SessionPlace)
public:
    /// Somebody else wrote the file since it was last read or written here.
    class Changed : public Error {
        using Error::Error;
    };

    /// What is in the file is about to be read.
    void noteStamp(const std::filesystem::path &file);
    /// As noteStamp() did in an earlier run, by what the session noted then. Without that nobody knows whose the file is: save() asks.
    void noteStamp(const Session &left);
    /// Takes the lock of the file, or that which the session before has.
    void lock(const std::filesystem::path &file, const SessionPlace &before);
    /// Whether another window still has the file open.
    bool isStillTaken(const std::filesystem::path &file);
    /// Throws Error where another window has the file open, where it cannot be written, and Changed unless `isForced`.
    void save(const Session &session, const std::filesystem::path &file, bool isForced);

    /// "This session is open in another window (process 1234)."; empty where it is not.
    QString ownerText() const;
    /// For kStampOfView; empty without a file.
    std::string stampText() const { return m_stamp ? textOf(*m_stamp) : std::string(); }

    /// After how many changes of the session it was last saved there; read by any thread.
    std::atomic<int> changes = -1;

private:
    std::shared_ptr<SessionLock> m_lock; ///< also one that is not held, as another window has the file
    std::optional<FileStamp> m_stamp;
};

} // namespace secateur::ui
