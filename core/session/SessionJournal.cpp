// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"
#include "session/JournalFolder.h"
#include "session/SessionJson.h"
#include "session/SessionStore.h"
#include "session/StoredSession.h"
#include "tasks/TaskJson.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

namespace secateur {
namespace {

/// A name that no other session has: time, process, and a number within the process.
std::string freshName()
{
    static std::atomic<int> count = 0;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + "-" + std::to_string(::getpid()) + "-" +
           std::to_string(++count);
}

/// Removes what processes left that were killed while they made a folder: hidden, of a freshName(), and locked by nobody. One that lives may
/// lose its folder so before it has locked it, and makes another.
void sweep(const std::filesystem::path &root)
{
    std::error_code error;
    std::vector<std::filesystem::path> left;
    for (std::filesystem::directory_iterator entry(root, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with('.') && std::count(name.begin(), name.end(), '-') == 2 &&
            name.find_first_not_of("0123456789-", 1) == std::string::npos)
            left.push_back(entry->path());
    }
    for (const std::filesystem::path &folder : left) {
        const int lock = ::open((folder / journal::kLock).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (lock < 0)
            ::rmdir(folder.c_str());
        else if (::flock(lock, LOCK_EX | LOCK_NB) == 0)
            std::filesystem::remove_all(folder, error);
        if (lock >= 0)
            ::close(lock);
    }
}

Error failure(const std::string &what, const std::filesystem::path &path, int code)
{
    return Error(what + " " + inQuotes(path.string()) + ": " + reasonOf(code) + ".",
                 "Free some space or check the folder's permissions; save the session under a name meanwhile.");
}

} // namespace

struct SessionJournal::State {
    std::mutex mutex; ///< of the file and the flags
    std::mutex bases; ///< held while a base is written; taken before `mutex`
    std::filesystem::path folder;
    int lock = -1;
    int file = -1; ///< of the journal that lines go to
    std::int64_t number = 0;
    std::int64_t newestBase = 0, wantedBase = 0; ///< the newest that was written, and the first in which nothing is missing
    bool hasFailed = false, isOver = false;

    ~State()
    {
        closeFile();
        unlock();
    }

    void unlock()
    {
        if (lock >= 0)
            ::close(std::exchange(lock, -1));
    }

    void closeFile()
    {
        if (file >= 0)
            ::close(std::exchange(file, -1));
    }

    /// Whether a line is on the disk when it was appended. That takes milliseconds, so it is for what a job has found, not for the interface.
    enum class Kept { Soon, Now };

    /// One line in one system call, so that a kill leaves whole lines and at most one torn.
    void append(const nlohmann::json &entry, Kept kept = Kept::Soon)
    {
        const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
        const std::lock_guard guard(mutex);
        if (file < 0 || isOver)
            return;
        const off_t end = ::lseek(file, 0, SEEK_END);
        const ssize_t written = ::write(file, line.data(), line.size());
        const bool isWhole = written == ssize_t(line.size());
        if (isWhole && (kept == Kept::Soon || ::fdatasync(file) == 0)) {
            hasFailed = false;
            return;
        }
        const int code = written < 0 || isWhole ? errno : ENOSPC;
        // The next line must not be glued to a torn one.
        if (written > 0 && !isWhole && ::ftruncate(file, end) != 0 && ::write(file, "\n", 1) != 1)
            closeFile();
        wantedBase = number + 2; // the next base is read together with this journal, and its hole
        if (!std::exchange(hasFailed, true))
            throw failure("The journal of the session could not be written in", folder, code);
    }
};

SessionJournal::SessionJournal(const std::filesystem::path &root) : m_state(std::make_unique<State>())
{
    constexpr int kMostAttempts = 3;
    sweep(root);
    for (int attempt = 1;; ++attempt) {
        // Locked before it gets the name under which others look for it.
        const std::string name = freshName();
        const std::filesystem::path folder = root / name, hidden = root / ("." + name);
        std::error_code error;
        std::filesystem::create_directories(hidden, error);
        if (error)
            throw failure("The folder of the session's journal could not be made:", folder, error.value());
        m_state->lock = ::open((hidden / journal::kLock).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (m_state->lock < 0 || ::flock(m_state->lock, LOCK_EX | LOCK_NB) != 0)
            error.assign(errno, std::generic_category());
        else
            std::filesystem::rename(hidden, folder, error);
        if (!error) {
            m_state->folder = folder;
            return;
        }
        std::error_code ignored;
        std::filesystem::remove_all(hidden, ignored);
        if (m_state->lock >= 0)
            ::close(std::exchange(m_state->lock, -1));
        const bool wasSwept = error == std::errc::no_such_file_or_directory || error == std::errc::operation_would_block;
        if (!wasSwept || attempt == kMostAttempts)
            throw failure("The session's journal could not be locked:", folder, error.value());
    }
}

SessionJournal::~SessionJournal() = default;

const std::filesystem::path &SessionJournal::folder() const
{
    return m_state->folder;
}

std::int64_t SessionJournal::startBase()
{
    const std::lock_guard guard(m_state->mutex);
    if (m_state->isOver)
        return m_state->number;
    const std::filesystem::path file = journal::journalFile(m_state->folder, m_state->number + 1);
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        const int code = errno;
        m_state->wantedBase = std::max(m_state->wantedBase, m_state->number + 1);
        throw failure("The journal of the session could not be begun:", file, code);
    }
    m_state->closeFile();
    m_state->file = descriptor;
    return ++m_state->number;
}

void SessionJournal::writeBase(std::int64_t number, const Session &session)
{
    const std::lock_guard writing(m_state->bases);
    {
        const std::lock_guard guard(m_state->mutex);
        if (m_state->isOver)
            return;
    }
    try {
        saveBase(session, journal::baseFile(m_state->folder, number));
    } catch (const std::exception &) {
        const std::lock_guard guard(m_state->mutex);
        m_state->wantedBase = std::max(m_state->wantedBase, number + 1);
        throw;
    }
    {
        const std::lock_guard guard(m_state->mutex);
        m_state->newestBase = number;
    }
    // The journal before this base stays: jobs may have written lines that had not reached the session yet when it was copied.
    std::error_code error;
    for (std::int64_t old = number - 1; old > 0; --old) {
        const bool hadBase = std::filesystem::remove(journal::baseFile(m_state->folder, old), error);
        const bool hadJournal = old < number - 1 && std::filesystem::remove(journal::journalFile(m_state->folder, old), error);
        if (!hadBase && !hadJournal && old < number - 1)
            break;
    }
}

bool SessionJournal::isBehind() const
{
    const std::lock_guard guard(m_state->mutex);
    return m_state->newestBase < m_state->wantedBase;
}

void SessionJournal::draftChanged(const PlanDraft &draft)
{
    m_state->append({{"what", "draft"}, {"draft", toJson(draft)}});
}

void SessionJournal::textsChanged(const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm)
{
    m_state->append({{"what", "texts"}, {"calibration", toJson(calibration)}, {"evaluation", toJson(evaluation)}, {"norm", nameOf(norm)}});
}

void SessionJournal::tasksChanged(const TaskSettings &tasks)
{
    m_state->append({{"what", "tasks"}, {"tasks", toJson(tasks)}});
}

void SessionJournal::pinsChanged(const std::vector<PinnedPlan> &pins)
{
    m_state->append({{"what", "pins"}, {"pins", toJson(pins)}});
}

void SessionJournal::viewChanged(const std::map<std::string, std::string> &view)
{
    m_state->append({{"what", "view"}, {"view", view}});
}

void SessionJournal::add(const JobEvent &event)
{
    if (!isFinding(event))
        return;
    const auto *loss = std::get_if<LossKnown>(&event);
    if (loss && loss->candidate.isScreened) // those of a step under way are soon computed again
        return;
    const bool isOneOfMany = loss || std::holds_alternative<SearchKnown>(event) || std::holds_alternative<RestorationKnown>(event) ||
                             std::holds_alternative<TaskScored>(event);
    m_state->append(toJson(event), isOneOfMany ? State::Kept::Soon : State::Kept::Now);
}

void SessionJournal::discard()
{
    const std::lock_guard writing(m_state->bases);
    const std::lock_guard guard(m_state->mutex);
    m_state->isOver = true;
    m_state->closeFile();
    std::error_code error;
    std::filesystem::remove_all(m_state->folder, error);
    if (error)
        throw failure("The journal of the session could not be removed:", m_state->folder, error.value());
}

void SessionJournal::close()
{
    const std::lock_guard writing(m_state->bases);
    const std::lock_guard guard(m_state->mutex);
    m_state->isOver = true;
    m_state->closeFile();
    m_state->unlock(); // last: what others find is whole
}

} // namespace secateur
