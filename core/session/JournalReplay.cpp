// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/JournalReplay.h"

#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "pruning/PlanJson.h"
#include "session/Measurements.h"
#include "session/SessionCheck.h"
#include "session/SessionJson.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace secateur::journal {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void leaveOut(const std::string &why)
{
    throw Flaw(why);
}

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

/// The record of a line's key, or none.
SearchRecord *recordOf(Session &session, const std::string &key)
{
    if (key.empty())
        return session.denseImpact ? &*session.denseImpact : nullptr;
    const auto known = session.searches.find(key);
    return known == session.searches.end() ? nullptr : &known->second;
}

void beginSearch(Session &session, const nlohmann::json &line)
{
    const std::string key = line.at("key");
    SearchRecord next;
    next.initialLoss = kUnknown;
    next.settings = searchSettingsFromJson(line.at("settings"));
    next.provenance = provenanceFromJson(line.at("provenance"));
    if (const SearchRecord *known = recordOf(session, key)) {
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
    checkSearch(key, next, session);
    if (key.empty())
        session.denseImpact = std::move(next);
    else
        session.searches[key] = std::move(next);
}

/// The step that a line is about; begun when it is the next one.
SearchStep &stepOf(SearchRecord &record, std::int64_t index, std::int64_t layers, bool isDense)
{
    const auto count = std::int64_t(record.steps.size());
    const bool canBegin = index == count && index < (isDense ? 1 : layers) && (count == 0 || record.steps.back().removed >= 0);
    if (canBegin)
        record.steps.push_back(SearchStep::begun(layers));
    else if (index < 0 || index >= count)
        leaveOut("its step is not the next one");
    return record.steps[std::size_t(index)];
}

void hearOfSearch(Session &session, const nlohmann::json &line, bool isRemoval)
{
    const std::string key = line.at("key");
    SearchRecord *record = recordOf(session, key);
    if (!record || !session.model)
        leaveOut("its search was not begun");
    const std::int64_t layers = session.model->spec.layerCount(), index = wholeAt(line, "step"), layer = wholeAt(line, "layer");
    const double loss = isRemoval ? 0 : lossFromJson(line.at("loss"));
    if (!std::isfinite(loss))
        leaveOut("it has no loss");
    if (!isRemoval && index == -1) {
        record->initialLoss = loss;
        return;
    }
    if (layer < 0 || layer >= layers)
        leaveOut("its layer does not exist");
    for (std::int64_t i = 0; i < std::min(index, std::int64_t(record->steps.size())); ++i)
        if (record->steps[std::size_t(i)].removed == layer)
            leaveOut("its layer was removed before");
    if (isRemoval && index >= std::int64_t(record->steps.size()))
        leaveOut("no loss of its step is known");
    SearchStep &step = stepOf(*record, index, layers, key.empty());
    if (!isRemoval) {
        step.losses[std::size_t(layer)] = loss;
    } else if (step.removed == -1) {
        step.removed = layer;
        step.isForced = line.at("forced");
    }
}

void apply(Session &session, const nlohmann::json &line, Lines lines)
{
    const std::string what = line.at("what");
    if (what == "search") {
        beginSearch(session, line);
    } else if (what == "candidate" || what == "removal") {
        hearOfSearch(session, line, what == "removal");
    } else if (what == "evaluation") {
        Measurement record = measurementFromJson(line.at("record"));
        checkMeasurement(record, session);
        addMeasurement(session.measurements, std::move(record)); // measured again, or in the base already
    } else if (what == "export") {
        const nlohmann::json &written = line.at("record");
        const bool isKnown =
            std::any_of(session.exports.begin(), session.exports.end(), [&](const ExportRecord &old) { return toJson(old) == written; });
        if (!isKnown)
            session.exports.push_back(exportFromJson(written));
    } else if (lines == Lines::Findings) {
        return;
    } else if (what == "draft") {
        session.draft = fitting(draftFromJson(line.at("draft")), session);
    } else if (what == "texts") {
        const TextSettings calibration = textFromJson(line.at("calibration")), evaluation = textFromJson(line.at("evaluation"));
        checkText(calibration);
        checkText(evaluation);
        session.calibrationText = calibration;
        session.evaluationText = evaluation;
        session.norm = scoreNormOf(line.at("norm"));
    } else if (what == "pins") {
        std::vector<PinnedPlan> pins = pinsFromJson(line.at("pins"));
        for (PinnedPlan &pin : pins)
            pin.draft = fitting(pin.draft, session);
        session.pinned = std::move(pins);
    } else if (what == "view") {
        session.view = viewFromJson(line.at("view"));
    }
}

} // namespace

void replay(Session &session, const std::filesystem::path &file, Lines lines)
{
    forEachLine(file, [&](const std::string &text) {
        try {
            const nlohmann::json line = parseJsonObject(text, "a line", {});
            if (!isFinite(line))
                throw Flaw("a line holds a number that is not finite");
            apply(session, line, lines);
        } catch (const std::exception &) { // see the header
        }
    });
}

} // namespace secateur::journal
