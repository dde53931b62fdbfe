// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of a session when a job tells of something.
#include "session/JobEvent.h"

#include "foundation/Failures.h"
#include "session/Measurements.h"
#include "session/SessionCheck.h"
#include "session/SessionJson.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

namespace secateur {
namespace {

[[noreturn]] void refuse(const std::string &why)
{
    throw Flaw(why);
}

/// The record that losses and removals of that key belong to. Of a session that may be const.
template <class SessionType>
auto &begunRecord(SessionType &session, const std::string &key)
{
    auto *record = recordOf(session, key);
    if (!record || !session.model)
        refuse("its search was not begun");
    return *record;
}

/// Throws Flaw unless a step `index` is there or is the next one, and `layer` can be in it. `layers`: of the model.
void checkPlace(const std::string &key, const SearchRecord &record, std::int64_t layers, std::int64_t index, std::int64_t layer)
{
    const auto count = std::int64_t(record.steps.size());
    const bool isNext = index == count && index < (key.empty() ? 1 : layers) && (count == 0 || record.steps.back().removed >= 0);
    if (layer < 0 || layer >= layers)
        refuse("its layer does not exist");
    if (!isNext && (index < 0 || index >= count))
        refuse("its step is not the next one");
    for (std::int64_t i = 0; i < std::min(index, count); ++i)
        if (record.steps[std::size_t(i)].removed == layer)
            refuse("its layer was removed before");
}

/// Whether both are the same choice, more or less of it.
bool isSameChoice(const BlockRecord &one, const BlockRecord &other)
{
    return one.settings == other.settings && one.provenance.tokenHash == other.provenance.tokenHash;
}

/// Whether both are the same restoration, more or less of it.
bool isSameRestoration(const RestorationRecord &one, const RestorationRecord &other)
{
    return one.plainHash == other.plainHash && one.settings == other.settings;
}

void take(Session &session, const Opened &event)
{
    constexpr std::int64_t kUsualWindows = 32, kUsualLength = 2048; // the authors' calibration
    const std::int64_t length = std::min(kUsualLength, event.model.spec.contextLength);
    session = {};
    session.model = event.model;
    session.calibrationText = {.files = {}, .windows = kUsualWindows, .length = length, .seed = 0};
    session.evaluationText = {.files = {}, .windows = {}, .length = length, .seed = 0};
}

void take(Session &session, const TextRead &event)
{
    noteContent(session.readTexts, event.text, event.report.tokenHash);
}

void take(Session &session, const Scored &event)
{
    const bool isKnown = std::any_of(session.calibrations.begin(), session.calibrations.end(),
                                     [&](const auto &known) { return isSameCalibration(*known, *event.scores); });
    if (!isKnown)
        session.calibrations.push_back(event.scores);
}

void take(Session &session, const PlanOpened &event)
{
    ShelfEntry entry = event.entry;
    if (const WeightEdits &edits = entry.plan->plan.edits; !edits.isEmpty() && !edits.values) { // from JSON: its file has them
        ShelfPlan shelf = *entry.plan;
        findValues(shelf.plan, shelf.file, session.model->spec);
        entry.plan = std::make_shared<const ShelfPlan>(std::move(shelf));
    }
    shelve(session, entry);
    if (const std::optional<BlockRecord> &record = entry.plan->plan.blocks)
        std::erase_if(session.choices, [&](const BlockRecord &begun) { return isSameChoice(begun, *record); });
    if (const std::optional<RestorationRecord> &record = entry.plan->plan.restoration)
        std::erase_if(session.restorations, [&](const RestorationProgress &begun) { return isSameRestoration(begun.record, *record); });
}

void take(Session &session, const BlocksKnown &event)
{
    std::erase_if(session.choices, [&](const BlockRecord &before) { return isSameChoice(before, event.record); });
    session.choices.push_back(event.record);
}

void take(Session &session, const RestorationKnown &event)
{
    std::erase_if(session.restorations,
                  [&](const RestorationProgress &before) { return isSameRestoration(before.record, event.progress.record); });
    session.restorations.push_back(event.progress);
}

void take(Session &session, const TasksBegun &event)
{
    if (!begunTasksOf(session, event.asked, event.planHash, event.computed))
        session.begunTasks = BegunTasks{.planHash = event.planHash, .asked = event.asked, .computed = event.computed};
}

void take(Session &session, const TaskScored &event)
{
    if (session.begunTasks)
        session.begunTasks->scores.insert_or_assign({event.score.task, event.score.index}, event.score);
}

void take(Session &session, const SearchKnown &event)
{
    if (event.key.empty())
        session.denseImpact = event.record;
    else
        session.searches[event.key] = event.record;
}

/// The step of the record as the event makes it. Throws Flaw where it cannot.
SearchStep changedStep(const SearchRecord &record, const LossKnown &event, std::int64_t layers)
{
    const auto &[index, layer, loss, isScreened] = event.candidate;
    checkPlace(event.key, record, layers, index, layer);
    SearchStep step = index == std::int64_t(record.steps.size()) ? SearchStep::begun(layers) : record.steps[std::size_t(index)];
    if (isScreened)
        step.screened.resize(step.losses.size(), std::numeric_limits<double>::quiet_NaN());
    (isScreened ? step.screened : step.losses)[std::size_t(layer)] = loss;
    return step;
}

SearchStep changedStep(const SearchRecord &record, const AttentionRemoved &event, std::int64_t layers)
{
    checkPlace(event.key, record, layers, event.step, event.layer);
    if (event.step == std::int64_t(record.steps.size()))
        refuse("no loss of its step is known");
    SearchStep step = record.steps[std::size_t(event.step)];
    if (step.removed < 0) {
        step.removed = event.layer;
        step.isForced = event.isForced;
    }
    return step;
}

bool isOfBeginning(const LossKnown &event)
{
    return event.candidate.step == -1;
}
std::int64_t stepOf(const LossKnown &event)
{
    return event.candidate.step;
}
std::int64_t stepOf(const AttentionRemoved &event)
{
    return event.step;
}

/// What belongs to a search that was begun.
template <class Event>
void take(Session &session, const Event &event)
{
    SearchRecord &record = begunRecord(session, event.key);
    if constexpr (std::is_same_v<Event, LossKnown>)
        if (isOfBeginning(event)) {
            record.initialLoss = event.candidate.loss;
            return;
        }
    SearchStep step = changedStep(record, event, session.model->spec.layerCount());
    const auto index = std::size_t(stepOf(event));
    if (index == record.steps.size())
        record.steps.push_back(std::move(step));
    else
        record.steps[index] = std::move(step);
}

/// Throws Flaw when the event makes a search that there cannot be. What was known of it was checked before.
template <class Event>
void checkInSearch(const Event &event, const Session &session)
{
    const SearchRecord &record = begunRecord(session, event.key);
    if constexpr (std::is_same_v<Event, LossKnown>)
        if (isOfBeginning(event))
            return checkInitialLoss(event.candidate.loss, event.key);
    checkStep(changedStep(record, event, session.model->spec.layerCount()), stepOf(event), event.key, record, session);
}

void take(Session &session, const MeasurementMade &event)
{
    addMeasurement(session.measurements, event.record);
    if (const auto &begun = session.begunTasks;
        begun && event.record.tasks && event.record.tasks->hash == begun->asked && event.record.planHash == begun->planHash)
        session.begunTasks.reset();
}

void take(Session &session, const Exported &event)
{
    const auto textOf = [](const ExportRecord &record) { // in which numbers that are none equal each other
        return toJson(record).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    std::erase_if(session.exports, [&, written = textOf(event.record)](const ExportRecord &old) { return textOf(old) == written; });
    session.exports.push_back(event.record);
}

template <class Event>
constexpr bool kIsFinding = std::is_same_v<Event, PlanOpened> || std::is_same_v<Event, SearchKnown> || std::is_same_v<Event, LossKnown> ||
                            std::is_same_v<Event, AttentionRemoved> || std::is_same_v<Event, BlocksKnown> ||
                            std::is_same_v<Event, RestorationKnown> || std::is_same_v<Event, TasksBegun> ||
                            std::is_same_v<Event, TaskScored> || std::is_same_v<Event, MeasurementMade> || std::is_same_v<Event, Exported>;
template <class Event>
constexpr bool kIsResult =
    kIsFinding<Event> || std::is_same_v<Event, Opened> || std::is_same_v<Event, TextRead> || std::is_same_v<Event, Scored>;

} // namespace

bool isFinding(const JobEvent &event)
{
    return std::visit([](const auto &told) { return kIsFinding<std::decay_t<decltype(told)>>; }, event);
}

void checkEvent(const JobEvent &event, const Session &session)
{
    if (const auto *search = std::get_if<SearchKnown>(&event))
        checkSearch(search->key, search->record, session);
    else if (const auto *loss = std::get_if<LossKnown>(&event))
        checkInSearch(*loss, session);
    else if (const auto *removal = std::get_if<AttentionRemoved>(&event))
        checkInSearch(*removal, session);
    else if (const auto *measured = std::get_if<MeasurementMade>(&event))
        checkMeasurement(measured->record, session);
    else if (const auto *scored = std::get_if<Scored>(&event))
        checkScores(*scored->scores, session, session.calibrations.size());
    else if (const auto *item = std::get_if<TaskScored>(&event))
        checkItemScore(item->score);
    else if (const auto *blocks = std::get_if<BlocksKnown>(&event))
        checkChoice(blocks->record, session);
    else if (const auto *restoration = std::get_if<RestorationKnown>(&event))
        checkRestoration(restoration->progress, session);
    else if (const auto *opened = std::get_if<PlanOpened>(&event))
        checkShelfEntry(opened->entry, session);
}

void applyEvent(Session &session, const JobEvent &event)
{
    std::visit(
        [&](const auto &told) {
            if constexpr (kIsResult<std::decay_t<decltype(told)>>)
                take(session, told);
        },
        event);
}

} // namespace secateur
