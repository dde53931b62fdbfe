// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/JournalReplay.h"

#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "pruning/PlanJson.h"
#include "session/JobEvent.h"
#include "session/SessionCheck.h"
#include "session/SessionJson.h"
#include "tasks/TaskJson.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace secateur::journal {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Calls `take` with each line, the last one also without an end. What no line of a journal can be is passed over.
void forEachLine(const std::filesystem::path &file, const std::function<void(const std::string &)> &take)
{
    constexpr std::size_t kChunk = std::size_t(1) << 20, kLongestLine = std::size_t(64) << 20;
    InputFile input(file);
    std::vector<char> chunk(kChunk);
    std::string line;
    bool isTooLong = false;
    const auto end = [&] {
        if (!isTooLong)
            take(line);
        line.clear();
        isTooLong = false;
    };
    while (const std::size_t count = input.read(chunk)) {
        for (const char *begin = chunk.data(), *stop = begin + count; begin < stop;) {
            const char *next = std::find(begin, stop, '\n');
            isTooLong = isTooLong || line.size() + std::size_t(next - begin) > kLongestLine;
            if (!isTooLong)
                line.append(begin, next);
            if (next < stop)
                end();
            begin = next + 1;
        }
    }
    if (!line.empty())
        end();
}

/// A draft whose scores were not written down any more falls back to the newest that are there.
PlanDraft fitting(PlanDraft draft, const Session &session)
{
    draft.calibration = std::min(draft.calibration, std::int64_t(session.calibrations.size()) - 1);
    checkDraft(draft, session, "a plan");
    return draft;
}

/// Whether numbers of both can stand in one record.
bool isContinued(const Provenance &before, const Provenance &now)
{
    return before.modelHash == now.modelHash && before.tokenHash == now.tokenHash && differenceOf(before.computed, now.computed).isNone();
}

/// The events of journals of before, whose field "what" names the kind. A line told that a search began without what was known of it, and so went on
/// with that where the numbers can stand in one record.
JobEvent eventOfBefore(const Session &session, nlohmann::json line)
{
    const std::string what = line.at("what");
    if (what == "search") {
        SearchKnown begun{.key = line.at("key"), .record = {}};
        SearchRecord &next = begun.record;
        next.initialLoss = kUnknown;
        next.settings = searchSettingsFromJson(line.at("settings"));
        next.provenance = provenanceFromJson(line.at("provenance"));
        if (const SearchRecord *known = recordOf(session, begun.key)) {
            // A search that is only begun has no provenance yet: it gets one with the first numbers.
            const bool isFirst = !known->provenance.computed.isKnown() && next.provenance.computed.isKnown();
            if (known->settings == next.settings && (isFirst || isContinued(known->provenance, next.provenance)) &&
                next.provenance.computed.isKnown()) {
                next.initialLoss = known->initialLoss;
                next.steps = known->steps;
            }
        }
        if (const double loss = lossFromJson(line.at("initialLoss")); std::isfinite(loss))
            next.initialLoss = loss;
        return begun;
    }
    line["event"] = what == "candidate" && line.at("step") == -1 ? "initial" : what;
    return jobEventFromJson(line);
}

/// Takes a line that tells what people chose; false for others.
bool takeChoice(Session &session, const nlohmann::json &line, Lines lines)
{
    const std::string what = line.value("what", std::string());
    if (what != "draft" && what != "texts" && what != "tasks" && what != "pins" && what != "view")
        return false;
    if (lines == Lines::Findings)
        return true;
    if (what == "draft") {
        session.draft = fitting(draftFromJson(line.at("draft")), session);
    } else if (what == "texts") {
        const TextSettings calibration = textFromJson(line.at("calibration")), evaluation = textFromJson(line.at("evaluation"));
        checkText(calibration);
        checkText(evaluation);
        session.calibrationText = calibration;
        session.evaluationText = evaluation;
        session.norm = scoreNormOf(line.at("norm"));
    } else if (what == "tasks") {
        const TaskSettings tasks = taskSettingsFromJson(line.at("tasks"));
        checkTasks(tasks);
        session.tasks = tasks;
    } else if (what == "pins") {
        std::vector<PinnedPlan> pins = pinsFromJson(line.at("pins"));
        for (PinnedPlan &pin : pins)
            pin.draft = fitting(pin.draft, session);
        session.pinned = std::move(pins);
    } else {
        session.view = viewFromJson(line.at("view"));
    }
    return true;
}

void take(Session &session, const nlohmann::json &line, Lines lines)
{
    if (takeChoice(session, line, lines))
        return;
    const JobEvent event = line.contains("event") ? jobEventFromJson(line) : eventOfBefore(session, line);
    if (!isFinding(event))
        throw Flaw("a journal holds no such event");
    checkEvent(event, session);
    applyEvent(session, event);
}

} // namespace

void replay(Session &session, const std::filesystem::path &file, Lines lines)
{
    forEachLine(file, [&](const std::string &text) {
        try {
            const nlohmann::json line = parseJsonObject(text, "a line", {});
            if (!isFinite(line))
                throw Flaw("a line holds a number that is not finite");
            take(session, line, lines);
        } catch (const std::exception &) { // see the header
        }
    });
}

} // namespace secateur::journal
