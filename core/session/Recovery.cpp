// SPDX-License-Identifier: GPL-3.0-or-later
// What is left of sessions whose process is gone: the newest base, and the lines of the journals after it.
#include "foundation/DocumentFormat.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"
#include "session/JournalFolder.h"
#include "session/JournalReplay.h"
#include "session/OlderHashes.h"
#include "session/SessionCheck.h"
#include "session/SessionStore.h"
#include "session/StoredSession.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace secateur {
namespace {

/// The number in "base.12.secateur" or "journal.12.jsonl"; -1 for other names.
std::int64_t numberIn(const std::string &name, const std::string &before, const std::string &after)
{
    if (!name.starts_with(before) || !name.ends_with(after) || name.size() <= before.size() + after.size())
        return -1;
    std::int64_t number = -1;
    const char *end = name.data() + name.size() - after.size();
    const auto [stop, error] = std::from_chars(name.data() + before.size(), end, number);
    return error == std::errc() && stop == end ? number : -1;
}

/// What lies in a folder; nothing where it cannot be read.
std::vector<std::filesystem::path> entriesOf(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> entries;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        entries.push_back(entry->path());
    return entries;
}

std::set<std::int64_t> numbersOf(const std::filesystem::path &folder, const std::string &before, const std::string &after)
{
    std::set<std::int64_t> numbers;
    for (const std::filesystem::path &entry : entriesOf(folder))
        if (const std::int64_t number = numberIn(entry.filename().string(), before, after); number >= 0)
            numbers.insert(number);
    return numbers;
}

bool isThere(const std::filesystem::path &path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

/// Whether a living process holds the folder.
bool isLocked(const std::filesystem::path &folder)
{
    const int descriptor = ::open((folder / journal::kLock).c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool isFree = ::flock(descriptor, LOCK_SH | LOCK_NB) == 0; // shared: two programs may look at once
    ::close(descriptor);
    return !isFree;
}

/// Whether nothing was done in the session that could be missed.
bool isEmpty(const Session &s)
{
    return !s.model || (s.calibrations.empty() && s.plans.empty() && s.measurements.empty() && s.exports.empty() && !s.denseImpact &&
                        s.pinned.empty() && s.draft == PlanDraft());
}

std::int64_t candidatesOf(const Session &s)
{
    std::int64_t count = s.denseImpact ? s.denseImpact->evaluations() : 0;
    for (const auto &[key, record] : s.searches)
        count += record.evaluations();
    return count;
}

void removeFolder(const std::filesystem::path &folder)
{
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error)
        throw Error("The session in " + inQuotes(folder.string()) + " could not be removed: " + reasonOf(error.value()) + ".",
                    "Check the permissions of the folder.");
}

/// When something was last written in such a folder; the beginning of time where nothing was.
std::chrono::system_clock::time_point lastChange(const std::filesystem::path &folder)
{
    std::int64_t newest = 0;
    for (const std::filesystem::path &entry : entriesOf(folder)) {
        struct stat status {};
        if (entry.filename() != journal::kLock && ::stat(entry.c_str(), &status) == 0)
            newest = std::max<std::int64_t>(newest, status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000);
    }
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(newest));
}

/// What the folder holds: its newest base, and every whole line after it.
StoredSession recovered(const std::filesystem::path &folder)
{
    std::optional<StoredSession> found;
    std::string reason = "there is no base.";
    const std::set<std::int64_t> bases = numbersOf(folder, "base.", ".secateur");
    std::int64_t base = -1;
    for (auto number = bases.rbegin(); number != bases.rend() && !found; ++number) {
        try {
            const std::filesystem::path file = journal::baseFile(folder, *number);
            StoredSession read = readSession(file);
            if (read.session.newerFormat) // nobody knows what its lines mean
                throw NewerFormat("The session " + inQuotes(file.string()), *read.session.newerFormat);
            found = std::move(read);
            base = *number;
        } catch (const NewerFormat &) { // an older base would bring back less than there is
            throw;
        } catch (const Error &problem) {
            reason = problem.what();
        }
    }
    if (!found)
        throw Error("The session in " + inQuotes(folder.string()) + " cannot be restored: " + reason, "Discard it, and begin a new one.");
    for (const std::int64_t number : numbersOf(folder, "journal.", ".jsonl"))
        if (number >= base - 1) // what jobs wrote shortly before a base may not be in it
            journal::replay(found->session, journal::journalFile(folder, number),
                            number < base ? journal::Lines::Findings : journal::Lines::All);
    try {
        checkSession(found->session);
    } catch (const std::exception &problem) {
        throw Error("The session in " + inQuotes(folder.string()) + " is damaged: " + flawOf(problem) + ".",
                    "Discard it, and begin a new one.");
    }
    return std::move(*found);
}

/// The session of a folder, if there is one that is worth offering. Removes one that is empty.
std::optional<RecoverableSession> offered(const std::filesystem::path &folder)
{
    if (numbersOf(folder, "base.", ".secateur").empty()) { // ended before its first base was written
        removeFolder(folder);
        return {};
    }
    const auto wasClosed = [&] { return isThere(folder / journal::kClosed); };
    Session session;
    try {
        session = recovered(folder).session;
    } catch (const NewerFormat &newer) { // said, so that nobody takes it for lost
        return RecoverableSession{.folder = folder,
                                  .modelFolder = {},
                                  .lastChange = lastChange(folder),
                                  .wasClosed = wasClosed(),
                                  .problem = std::string(newer.what()) + " " + newer.hint()};
    }
    if (isEmpty(session)) {
        removeFolder(folder);
        return {};
    }
    const auto noted = [&view = session.view](const char *key) {
        const auto found = view.find(key);
        return found == view.end() ? std::string() : found->second;
    };
    return RecoverableSession{.folder = folder,
                              .modelFolder = session.model->folder,
                              .sessionFile = noted(kFileOfView),
                              .stoppedJob = noted(kStoppedOfView),
                              .lastChange = lastChange(folder),
                              .wasClosed = wasClosed(),
                              .evaluations = std::int64_t(session.measurements.size()),
                              .calibrations = std::int64_t(session.calibrations.size()),
                              .candidates = candidatesOf(session)};
}

} // namespace

Session recoverSession(const std::filesystem::path &folder)
{
    StoredSession found = recovered(folder);
    if (found.hasOlderHashes)
        renewPlanHashes(found.session);
    return std::move(found.session);
}

std::vector<RecoverableSession> recoverableSessions(const std::filesystem::path &root)
{
    std::vector<RecoverableSession> found;
    for (const std::filesystem::path &folder : entriesOf(root)) {
        // A hidden folder is being made (see SessionJournal).
        if (folder.filename().string().starts_with('.') || !isThere(folder / journal::kLock) || isLocked(folder))
            continue;
        try {
            if (auto session = offered(folder))
                found.push_back(std::move(*session));
        } catch (const std::exception &) { // cannot be read: not offered, and not removed either
        }
    }
    std::sort(found.begin(), found.end(), [](const auto &a, const auto &b) { return a.lastChange > b.lastChange; });
    return found;
}

void removeRecoverable(const std::filesystem::path &folder)
{
    if (!isThere(folder / journal::kLock))
        throw Error(inQuotes(folder.string()) + " is not a session that was left behind.", "It may have been removed already.");
    if (isLocked(folder))
        throw Error("The session in " + inQuotes(folder.string()) + " is in use.", "Close it in the other window first.");
    removeFolder(folder);
}

void markClosed(const std::filesystem::path &folder)
{
    const std::filesystem::path file = folder / journal::kClosed;
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw Error(inQuotes(file.string()) + " could not be written: " + reasonOf(errno) + ".",
                    "The session will be offered as one that was interrupted.");
    ::close(descriptor);
}

} // namespace secateur
