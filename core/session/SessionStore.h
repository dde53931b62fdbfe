// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/JobEvent.h"
#include "session/Session.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace secateur {

/// A session file (.secateur): a .safetensors file whose tensors are the neuron scores ("0.scores.3": calibration 0, layer 3) and whose
/// metadata holds the rest as JSON ("session"), so Python can read it too. Written atomically: the old file stays whole until the new
/// one is. Plans that were found and change weights are brought beside it before (PlanFolder.h), so that both can move.
/// Throws Error, also for a session of a newer format (Session::newerFormat), of which something would be lost.
void saveSession(const Session &session, const std::filesystem::path &file);
/// Throws Error that says what is wrong with the file. The model need not be there. Of a file of a newer format, what this version knows, with
/// Session::newerFormat set; NewerFormat where something that is needed is missing or has another shape.
Session loadSession(const std::filesystem::path &file);

/// What happens in a session, written down as it happens: a folder with a whole session ("base") and an append-only file of what changed
/// since ("journal", one JSON object a line: what people chose, and the events of jobs). A process that is killed loses at most the line it was writing.
///
/// Every function may be called from any thread. Lines reach the kernel before the call returns. The folder is locked while the journal
/// is open, so another instance of the program does not take it for a leftover. A write that fails (disk full) throws Error once; later
/// lines are tried again.
class SessionJournal {
public:
    /// Makes a new folder in `root` and locks it. Throws Error.
    explicit SessionJournal(const std::filesystem::path &root);
    /// Unlocks; the folder stays.
    ~SessionJournal();
    SessionJournal(const SessionJournal &) = delete;
    SessionJournal &operator=(const SessionJournal &) = delete;

    const std::filesystem::path &folder() const;

    /// Starts a new base: lines appended from now on belong to it. Returns its number; writeBase() must follow (on another thread if need
    /// be). Until then recovery uses the base before and the lines of both. The session that is written must hold every choice of people
    /// made before startBase(); what jobs wrote shortly before may be missing in it, those lines are kept.
    std::int64_t startBase();
    /// Does nothing after discard() or close().
    void writeBase(std::int64_t number, const Session &session);

    /// Something could not be written, and is missing in what recovery would find. New bases help, as soon as writing works again: two after
    /// a line that was lost, as recovery reads the journal before a base as well.
    bool isBehind() const;

    void draftChanged(const PlanDraft &draft);
    void textsChanged(const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm);
    void tasksChanged(const TaskSettings &tasks);
    void pinsChanged(const std::vector<PinnedPlan> &pins);
    void viewChanged(const std::map<std::string, std::string> &view);
    /// What a job has found; events of other kinds are left out, and so are screened losses.
    void add(const JobEvent &event);

    /// Removes the folder: the session was saved or is not wanted. Lines that come later are left out.
    void discard();
    /// The session is left: unlocks the folder, which stays, while a job that is being stopped may still hold the journal. Lines that come
    /// later are left out.
    void close();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// Key of Session::view under which a window notes the file that the session was saved in or opened from.
inline constexpr const char *kFileOfView = "file";
/// Key under which the job is noted that was stopped when the window was closed: its title.
inline constexpr const char *kStoppedOfView = "stopped";

/// Key, followed by the hash of a plan (nothing for the original), under which the view has what people noted of it.
inline constexpr const char *kNoteOfView = "note ";

/// A session that was left behind by a process that is no longer there.
struct RecoverableSession {
    std::filesystem::path folder;
    std::filesystem::path modelFolder;
    std::filesystem::path sessionFile{}; ///< that it was saved in or opened from; empty when in none
    std::string stoppedJob{};            ///< title of the job that was stopped when the window was closed; empty: none
    std::chrono::system_clock::time_point lastChange;
    bool wasClosed = false; ///< the program ended in order (see markClosed): offer it quietly, not as a crash
    std::int64_t evaluations = 0, calibrations = 0;
    std::int64_t candidates = 0; ///< of all its searches: the losses that are known
    std::string
        problem{}; ///< why this version cannot restore it, as a newer one wrote it; empty when it can. Then nothing else is known of it
};

/// All in `root` that no living process holds, newest first. A folder that cannot be read is left out. Empty sessions are removed.
std::vector<RecoverableSession> recoverableSessions(const std::filesystem::path &root);
/// The session of such a folder: its base and every whole line after it. Throws Error, and NewerFormat for one of a newer format.
Session recoverSession(const std::filesystem::path &folder);
/// Throws Error, also when a living process holds the folder.
void removeRecoverable(const std::filesystem::path &folder);
/// Notes that the program ended in order. Throws Error.
void markClosed(const std::filesystem::path &folder);

} // namespace secateur
