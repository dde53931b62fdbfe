// SPDX-License-Identifier: GPL-3.0-or-later
// What is left of sessions whose process is gone: the newest base, and the lines of the journals after it.
#include "foundation/Error.h"
#include "pruning/PlanJson.h"
#include "session/JournalFolder.h"
#include "session/SessionJson.h"
#include "session/SessionStore.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace secateur {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

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

std::set<std::int64_t> numbersOf(const std::filesystem::path &folder, const std::string &before, const std::string &after)
{
    std::set<std::int64_t> numbers;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error))
        if (const std::int64_t number = numberIn(entry.path().filename().string(), before, after); number >= 0)
            numbers.insert(number);
    return numbers;
}

/// The calibration that a search key begins with ("calibration 3, ..."); -1 for none.
std::int64_t calibrationIn(const std::string &key)
{
    const std::string before = "calibration ";
    std::int64_t number = -1;
    if (key.starts_with(before))
        std::from_chars(key.data() + before.size(), key.data() + key.size(), number);
    return number;
}

bool isCalibrated(const Session &session, std::int64_t calibration)
{
    return calibration >= 0 && calibration < std::int64_t(session.calibrations.size());
}

/// A draft whose scores were not written down any more falls back to none.
PlanDraft fitting(PlanDraft draft, const Session &session)
{
    if (!isCalibrated(session, draft.calibration))
        draft.calibration = std::int64_t(session.calibrations.size()) - 1;
    return draft;
}

/// Whether numbers of both can stand in one record.
bool isContinued(const Provenance &before, const Provenance &now)
{
    return before.tokenHash == now.tokenHash && before.device == now.device && before.dtype == now.dtype && before.threads == now.threads &&
           before.torchVersion == now.torchVersion;
}

/// Applies one line. Lines about scores that are not there are left out.
void apply(Session &session, const nlohmann::json &line)
{
    const std::string what = line.at("what");
    if (what == "draft") {
        session.draft = fitting(draftFromJson(line.at("draft")), session);
    } else if (what == "texts") {
        session.calibrationText = textFromJson(line.at("calibration"));
        session.evaluationText = textFromJson(line.at("evaluation"));
        session.norm = line.at("norm") == "l1" ? ScoreNorm::L1 : ScoreNorm::L2;
    } else if (what == "pins") {
        session.pinned = pinsFromJson(line.at("pins"));
        for (PinnedPlan &pin : session.pinned)
            pin.draft = fitting(pin.draft, session);
    } else if (what == "evaluation") {
        EvaluationRecord record = evaluationFromJson(line.at("record"));
        std::erase_if(session.evaluations, [&](const EvaluationRecord &old) { // measured again
            return old.planHash == record.planHash && old.isOrderBorrowed == record.isOrderBorrowed &&
                   toJson(old.text) == toJson(record.text);
        });
        if (record.planHash.empty() || isCalibrated(session, record.calibration))
            session.evaluations.push_back(std::move(record));
    } else if (what == "export") {
        session.exports.push_back(exportFromJson(line.at("record")));
    } else if (what == "search" || what == "candidate" || what == "removal") {
        const std::string key = line.at("key");
        if (!key.empty() && !isCalibrated(session, calibrationIn(key)))
            return;
        if (key.empty() && !session.denseImpact)
            session.denseImpact.emplace().initialLoss = kUnknown;
        const bool isNew = !key.empty() && !session.searches.contains(key);
        SearchRecord &record = key.empty() ? *session.denseImpact : session.searches[key];
        if (isNew)
            record.initialLoss = kUnknown;
        if (what == "search") {
            const Provenance now = provenanceFromJson(line.at("provenance"));
            if (!record.provenance.device.empty() && !isContinued(record.provenance, now)) { // it starts anew
                record = {};
                record.initialLoss = kUnknown;
            }
            record.settings = searchSettingsFromJson(line.at("settings"));
            record.provenance = now;
            if (const double loss = lossFromJson(line.at("initialLoss")); !std::isnan(loss))
                record.initialLoss = loss;
            return;
        }
        const std::int64_t step = line.at("step"), layer = line.at("layer"), layers = session.model->spec.layerCount();
        if (what == "candidate" && step < 0) {
            record.initialLoss = lossFromJson(line.at("loss"));
            return;
        }
        if (step < 0 || step > layers || layer < 0 || layer >= layers)
            throw std::out_of_range("a line of the journal names step " + std::to_string(step) + ", layer " + std::to_string(layer));
        while (std::int64_t(record.steps.size()) <= step)
            record.steps.push_back({.losses = std::vector<double>(std::size_t(layers), kUnknown), .removed = -1, .isForced = false});
        SearchStep &entry = record.steps[std::size_t(step)];
        if (what == "candidate") {
            entry.losses[std::size_t(layer)] = lossFromJson(line.at("loss"));
        } else {
            entry.removed = layer;
            entry.isForced = line.at("forced");
        }
    }
}

void applyJournal(Session &session, const std::filesystem::path &file)
{
    std::ifstream stream(file);
    for (std::string text; std::getline(stream, text);) {
        const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
        if (!line.is_object()) // torn by a kill or a full disk
            continue;
        try {
            apply(session, line);
        } catch (const std::exception &) { // one damaged line must not cost the others
        }
    }
}

bool isLocked(const std::filesystem::path &folder)
{
    const int descriptor = ::open((folder / journal::kLock).c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool isFree = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    ::close(descriptor);
    return !isFree;
}

std::chrono::system_clock::time_point lastChange(const std::filesystem::path &folder)
{
    std::int64_t newest = 0;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
        struct stat status {};
        if (entry.path().filename() != journal::kLock && ::stat(entry.path().c_str(), &status) == 0)
            newest = std::max<std::int64_t>(newest, status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000);
    }
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(newest));
}

bool isEmpty(const Session &s)
{
    return s.calibrations.empty() && s.evaluations.empty() && !s.denseImpact && s.pinned.empty() && s.draft == PlanDraft();
}

} // namespace

Session recoverSession(const std::filesystem::path &folder)
{
    std::optional<Session> session;
    std::string reason = "there is no base";
    const std::set<std::int64_t> bases = numbersOf(folder, "base.", ".secateur");
    std::int64_t base = -1;
    for (auto number = bases.rbegin(); number != bases.rend() && !session; ++number) {
        try {
            session = loadSession(journal::baseFile(folder, *number));
            base = *number;
        } catch (const Error &problem) {
            reason = problem.what();
        }
    }
    if (!session)
        throw Error("The session in '" + folder.string() + "' cannot be restored: " + reason, "Discard it, and begin a new one.");
    for (const std::int64_t number : numbersOf(folder, "journal.", ".jsonl"))
        if (number >= base)
            applyJournal(*session, journal::journalFile(folder, number));
    try {
        checkSession(*session);
    } catch (const std::exception &problem) {
        throw Error("The session in '" + folder.string() + "' is damaged: " + problem.what() + ".", "Discard it, and begin a new one.");
    }
    return std::move(*session);
}

std::vector<RecoverableSession> recoverableSessions(const std::filesystem::path &root)
{
    std::vector<RecoverableSession> found;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(root, error)) {
        const std::filesystem::path &folder = entry.path();
        if (!std::filesystem::exists(folder / journal::kLock) || isLocked(folder))
            continue;
        try {
            const Session session = recoverSession(folder);
            if (isEmpty(session) || !session.model) {
                std::filesystem::remove_all(folder, error);
                continue;
            }
            found.push_back({.folder = folder,
                             .modelFolder = session.model->folder,
                             .lastChange = lastChange(folder),
                             .wasClosed = std::filesystem::exists(folder / journal::kClosed),
                             .evaluations = std::int64_t(session.evaluations.size()),
                             .calibrations = std::int64_t(session.calibrations.size())});
        } catch (const Error &) { // cannot be read: not offered, and not removed either
        }
    }
    std::sort(found.begin(), found.end(), [](const auto &a, const auto &b) { return a.lastChange > b.lastChange; });
    return found;
}

void removeRecoverable(const std::filesystem::path &folder)
{
    if (!std::filesystem::exists(folder / journal::kLock))
        throw Error("'" + folder.string() + "' is not a session that was left behind.", {});
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error)
        throw Error("The session in '" + folder.string() + "' could not be removed: " + error.message() + ".",
                    "Check the permissions of the folder.");
}

void markClosed(const std::filesystem::path &folder)
{
    std::ofstream(folder / journal::kClosed).flush();
}

} // namespace secateur
