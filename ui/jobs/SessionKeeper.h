// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/SessionStore.h"

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QThreadPool>
#include <QTimer>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secateur::ui {

class MessageLog;
class SessionJobs;
class SessionModel;
class SessionPlace;

/// Keeps the session on the disk: a journal that is always written, files that are saved on demand, and what an earlier run left behind.
///
/// Nothing here makes the interface wait: a line of the journal is one short write, everything else is done on a thread of its own.
class SessionKeeper : public QObject {
    Q_OBJECT
public:
    /// `root`: the folder of the journals. It is made when needed.
    SessionKeeper(SessionModel &model, SessionJobs &jobs, MessageLog &messages, std::filesystem::path root, QObject *parent = nullptr);
    /// Waits for what is being written; leaves an unsaved session to be offered at the next start.
    ~SessionKeeper() override;

    QString file() const { return m_file; }                 ///< of the session in hand; empty = not saved under a name yet
    bool isSaved() const { return m_isSaved; }              ///< nothing has changed since it was saved
    QDateTime lastWritten() const { return m_lastWritten; } ///< of the journal or the file; null = never
    bool isBehind() const;                                  ///< the journal lacks something, and is tried again until it does not

    /// Why the session cannot be saved under file(): another window had it open when that was last tried. Empty when it can.
    QString saveProblem() const { return m_saveProblem; }

    /// Under file(); nameNeeded() where there is none, or another window still has it open.
    void save();
    enum class IfChanged { Ask, Overwrite };
    /// Refuses a file that another window has open and a session that is open read-only, and asks before it writes over file() where that was changed
    /// on the disk meanwhile.
    void save(const QString &file, IfChanged ifChanged = IfChanged::Ask);
    /// One of a newer format is for looking at (SessionModel::readOnlyReason): it is not locked, and has no journal.
    void open(const QString &file);
    /// A session that is there to begin with, such as a recording: a copy without a file of its own, so that saving asks for a name. `prepare` may change
    /// what was read; it is called on the thread for files.
    void openCopy(const QString &file, std::function<void(Session &)> prepare);
    /// Goes on with a session that was left behind, under the file that it was saved in or opened from if there was one.
    void restore(const std::filesystem::path &folder);
    void discard(const std::filesystem::path &folder);
    /// Looks for what earlier runs left behind; leftoversFound() follows. Plans in the program's folder that no session speaks of go (removeUnusedPlans).
    void lookForLeftovers();
    /// The journal takes the view of the session (see SessionModel::setView) as it is now, with how its file was when it was last read or written here.
    void keepView();

signals:
    void loading(); ///< another session was asked for, and that in hand will be left if it can be read
    void opened();  ///< the session model holds another session now
    void saved(const QString &file);
    void nameNeeded();   ///< see save()
    void stateChanged(); ///< file(), isSaved(), lastWritten() or isBehind()
    void leftoversFound(const std::vector<secateur::RecoverableSession> &sessions);

private:
    /// How the next session begins that the model is given.
    struct Beginning {
        QString file;                      ///< that it was read from
        bool isSaved = true;               ///< as it is, under that name
        std::function<void()> whenWritten; ///< the journal holds all of it
        std::shared_ptr<SessionPlace> place{};
    };

    void begin();
    bool leave();
    void tellOfLeft(const std::vector<RecoverableSession> &sessions);
    void tellOfOwner(const SessionPlace &place);
    void rebase(std::function<void()> done = {});
    void changed();
    void noteWritten();
    void noteFailure(const QString &sentence, const QString &hint);
    void load(std::function<Session()> read, std::shared_ptr<Beginning> beginning);
    template <class Function>
    void write(Function function);
    void post(bool isError, const QString &topic, const QString &sentence, const QString &hint);
    void inBackground(std::function<void()> work, std::function<void(const std::optional<std::pair<QString, QString>> &)> done);

    SessionModel &m_model;
    SessionJobs &m_jobs;
    MessageLog &m_messages;
    std::filesystem::path m_root;
    std::shared_ptr<SessionJournal> m_journal;
    std::shared_ptr<SessionPlace> m_place; ///< of the session in hand
    std::string m_stamp;                   ///< of its file, for kStampOfView
    QString m_file, m_saveProblem;
    QString m_modelName, m_leftName; ///< of the session in hand, and of the one before
    std::filesystem::path m_left;    ///< journal of the session before, which was not saved: still to be told
    Beginning m_next;
    bool m_isSaved = true;
    bool m_wasBehind = false; ///< when that was last looked at
    QTimer m_again;           ///< begins the journal again while it is behind
    int m_changes = 0;        ///< of the session in hand
    QDateTime m_lastWritten;
    QThreadPool m_pool; ///< one thread: files are written in the order they were asked for
};

} // namespace secateur::ui
