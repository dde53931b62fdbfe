// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/SessionCheck.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"
#include "pruning/PlanChecks.h"
#include "session/Measurements.h"
#include "session/Shelf.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace secateur {
namespace {

[[noreturn]] void refuse(const std::string &what)
{
    throw Flaw(what);
}

const ModelSpec &denseOf(const Session &session)
{
    if (!session.model)
        refuse("there is no model that its numbers could belong to");
    return session.model->spec;
}

/// Layers that exist, each once.
void checkLayers(std::vector<std::int64_t> layers, const ModelSpec &spec, const std::string &name)
{
    std::sort(layers.begin(), layers.end());
    if (!layers.empty() && (layers.front() < 0 || layers.back() >= spec.layerCount()))
        refuse(name + " names layer " + std::to_string(layers.front() < 0 ? layers.front() : layers.back()) + ", which does not exist");
    if (std::adjacent_find(layers.begin(), layers.end()) != layers.end())
        refuse(name + " names a layer twice");
}

void checkCalibration(std::int64_t calibration, const Session &session, const std::string &name)
{
    const auto count = std::int64_t(session.calibrations.size());
    if (calibration < -1 || calibration >= count)
        refuse(name + " names calibration " + std::to_string(calibration) + ", and there are " + std::to_string(count));
}

std::string nameOfSearch(const std::string &key)
{
    return key.empty() ? "the impact on the dense model" : "the search " + inQuotes(key);
}

std::string nameOfPlan(const ShelfPlan &shelf)
{
    return shelf.file.empty() ? std::string("the plan by ") + titleOf(shelf.plan.method) : "the plan of " + inQuotes(shelf.file.string());
}

void checkSettings(const SearchSettings &settings, const ModelSpec &spec, const std::string &name)
{
    checkLayers(settings.forcedLayers, spec, name);
    checkLayers(settings.protectedLayers, spec, name);
    if (settings.windows < 1)
        refuse(name + " has " + counted(settings.windows, "window"));
}

/// Whether `key` is what searchKey() gives for those settings and a plan of the shelf that can be searched, or a calibration that is there and a K of the
/// model.
bool isKeyOf(const std::string &key, const SearchSettings &settings, const Session &session)
{
    if (const std::string ofPlan = "plan "; key.starts_with(ofPlan)) {
        const PlanDraft draft{.balance = {}, .search = settings, .plan = key.substr(ofPlan.size(), key.find(',') - ofPlan.size())};
        const auto found = session.plans.find(draft.plan);
        return found != session.plans.end() && isSearchable(found->second->plan) && key == searchKey(draft, 0);
    }
    const std::string before = "calibration ", between = ", K ";
    std::int64_t calibration = -1, neuronsKept = -1;
    if (!key.starts_with(before))
        return false;
    const char *end = key.data() + key.size();
    const char *place = std::from_chars(key.data() + before.size(), end, calibration).ptr;
    if (!std::string_view(place, end).starts_with(between))
        return false;
    std::from_chars(place + between.size(), end, neuronsKept);
    return calibration >= 0 && calibration < std::int64_t(session.calibrations.size()) && neuronsKept >= 1 &&
           neuronsKept <= denseOf(session).mostNeurons() &&
           key == searchKey({.calibration = calibration, .balance = {}, .search = settings}, neuronsKept);
}

void checkShelfPlan(const std::string &key, const ShelfPlan &shelf, const Session &session)
{
    const std::string name = nameOfPlan(shelf);
    try {
        // findValues() checked the values of weights; where their file is gone, whoever needs them is told.
        checkPlanWithoutValues(shelf.plan, denseOf(session), shelf.plan.calibration.modelHash);
    } catch (const Error &problem) {
        refuse(name + " does not fit: " + problem.what());
    }
    if (key != shelfKey(shelf.plan))
        refuse(name + " is kept as another one");
    if (isSearchable(shelf.plan) && shelf.plan.search.isBegun())
        refuse(name + " holds a search of its own");
}

} // namespace

void checkScores(const NeuronScores &scores, const Session &session, std::size_t index)
{
    const ModelSpec &spec = denseOf(session);
    bool fits = scores.layers.size() == spec.layers.size();
    for (std::size_t i = 0; fits && i < scores.layers.size(); ++i) {
        const std::vector<float> &layer = scores.layers[i];
        fits = std::int64_t(layer.size()) == spec.layers[i].neurons() &&
               std::all_of(layer.begin(), layer.end(), [](float score) { return std::isfinite(score) && score >= 0; });
    }
    if (!fits)
        refuse("the scores of calibration " + std::to_string(index) + " do not fit the model");
}

void checkDraft(const PlanDraft &draft, const Session &session, const std::string &name)
{
    checkCalibration(draft.calibration, session, name);
    if (!draft.plan.empty() && (draft.calibration >= 0 || !session.plans.contains(draft.plan)))
        refuse(name + (draft.calibration >= 0 ? " is made from scores and from a plan at once" : " varies a plan that is not there"));
    if (session.model)
        checkSettings(draft.search, session.model->spec, name);
}

void checkText(const TextSettings &text)
{
    constexpr std::int64_t kLongest = std::int64_t(1) << 40;
    if (text.length < 1 || text.length > kLongest || text.windows.value_or(1) < 1 || text.windows.value_or(1) > kLongest)
        refuse("a text is cut into " + counted(text.windows.value_or(1), "window") + " of " + counted(text.length, "token"));
    if (text.column.empty())
        refuse("a text is in a column without a name");
}

void checkTasks(const TaskSettings &tasks)
{
    if (tasks.limit.value_or(1) < 1 || tasks.longest.value_or(1) < 1)
        refuse("tasks are limited to " + counted(tasks.limit.value_or(1), "item") + " and to " +
               counted(tasks.longest.value_or(1), "token"));
}

void checkItemScore(const ItemScore &score)
{
    if (score.index < 0 || !std::ranges::all_of(score.logLikelihoods, [](double value) { return std::isfinite(value); }))
        refuse("the score of item " + std::to_string(score.index) + " of " + inQuotes(score.task) + " is none");
}

void checkInitialLoss(double loss, const std::string &key)
{
    if (std::isinf(loss) || loss < 0)
        refuse(nameOfSearch(key) + " begins at a loss that is none");
}

void checkStep(const SearchStep &step, std::int64_t index, const std::string &key, const SearchRecord &record, const Session &session)
{
    const bool isLast = index + 1 >= std::int64_t(record.steps.size());
    try {
        checkStep(step, index, isLast, record.settings, nameOfSearch(key), denseOf(session).layerCount());
    } catch (const Error &problem) {
        refuse(nameOfSearch(key) + " contradicts itself: " + problem.what());
    }
}

void checkSearch(const std::string &key, const SearchRecord &record, const Session &session)
{
    const std::string name = nameOfSearch(key);
    const ModelSpec &spec = denseOf(session);
    checkSettings(record.settings, spec, name);
    if (!key.empty() && !isKeyOf(key, record.settings, session))
        refuse(name + " does not belong to the session");
    if (key.empty() && record.steps.size() > 1)
        refuse(name + " has " + counted(std::int64_t(record.steps.size()), "step"));
    for (std::size_t i = 0; i < record.steps.size(); ++i) {
        const SearchStep &step = record.steps[i];
        const auto layers = std::size_t(spec.layerCount());
        const auto isOther = [&](const std::vector<double> &values) { return !values.empty() && values.size() != layers; };
        if (step.losses.size() != layers || isOther(step.bounds) || isOther(step.screened) || step.removed < -1 ||
            (step.removed == -1 && i + 1 < record.steps.size()))
            refuse("step " + std::to_string(i) + " of " + name + " does not fit the model");
    }
    checkLayers(record.removalOrder(), spec, name);
    checkInitialLoss(record.initialLoss, key);
    try {
        checkSteps(record, name, spec.layerCount());
    } catch (const Error &problem) {
        refuse(name + " contradicts itself: " + problem.what());
    }
}

void checkShelfEntry(const ShelfEntry &entry, const Session &session)
{
    checkShelfPlan(entry.draft.plan, *entry.plan, session);
    Session after;
    after.model = session.model;
    after.plans = session.plans;
    after.plans.try_emplace(entry.draft.plan, entry.plan);
    checkDraft(entry.draft, after, nameOfPlan(*entry.plan));
    if (isSearchable(entry.plan->plan) && entry.search.isBegun())
        checkSearch(searchKey(entry.draft, entry.plan->plan.balance.neuronsKept), entry.search, after);
}

namespace {

/// Whether the numbers of a measurement can be such numbers, where no other check looks at them.
bool isPossible(const Measurement &record)
{
    const auto isShare = [](double value) { return value >= 0 && value <= 1; };
    const auto isOf = [&](const TaskResult &r) {
        return isShare(r.acc) && isShare(r.accNorm.value_or(0)) && r.items >= 1 && r.skipped >= 0 && r.subjects >= 0;
    };
    const auto isRate = [](const Rate &rate) { return rate.least >= 0 && rate.least <= rate.median && rate.median <= rate.most; };
    const auto isSpeed = [&](const Throughput &t) {
        return t.promptLength >= 1 && t.batchSize >= 1 && t.newTokens >= 0 && t.repetitions >= 1 && isRate(t.prefill) && isRate(t.decode);
    };
    switch (record.what) {
    case Measured::Perplexity:
        return true;
    case Measured::Tasks:
        return record.tasks && std::ranges::all_of(record.tasks->tasks, isOf);
    case Measured::Throughput:
        return std::ranges::all_of(record.throughput, isSpeed);
    case Measured::Pruning:
        return record.windowsForwarded.value_or(0) >= 0 && record.seconds >= 0; // of a restored plan nobody counts them
    }
    return false;
}

} // namespace

void checkMeasurement(const Measurement &record, const Session &session)
{
    const ModelSpec &spec = denseOf(session);
    const std::string name = "an evaluation";
    if (!isPossible(record))
        refuse(std::string("what is measured as ") + nameOf(record.what) + " cannot be measured so");
    checkCalibration(record.calibration, session, name);
    checkLayers(record.removed, spec, name);
    checkText(record.text);
    if (record.draft)
        checkDraft(*record.draft, session, name);
    if (record.neuronsKept < 0 || record.neuronsKept > spec.mostNeurons())
        refuse(name + " keeps " + counted(record.neuronsKept, "neuron"));
}

void checkChoice(const BlockRecord &record, const Session &session)
{
    const ModelSpec &spec = denseOf(session);
    const std::string name = std::string("a choice of blocks by ") + titleOf(record.settings.method);
    const auto areLayers = [&](const std::vector<std::int64_t> &layers) {
        return std::ranges::all_of(layers, [&](std::int64_t layer) { return layer >= 0 && layer < spec.layerCount(); });
    };
    const PlanMethod method = record.settings.method;
    bool fits = method == PlanMethod::BlockPruner || method == PlanMethod::EvoPress; // others choose in one go
    for (const BlockStep &step : record.steps)
        fits = fits && step.removed >= -1 && step.removed < spec.layerCount();
    for (const EvolutionStep &step : record.evolution)
        fits = fits && areLayers(step.attentions) && areLayers(step.ffns);
    if (!fits)
        refuse(name + " does not fit the model");
    try {
        checkPlan(planOfBlocks(spec, record), spec, record.provenance.modelHash);
    } catch (const Error &problem) {
        refuse(name + " contradicts itself: " + problem.what());
    }
}

void checkRestoration(const RestorationProgress &progress, const Session &session)
{
    try {
        checkRestorationProgress(progress, denseOf(session));
    } catch (const Error &problem) {
        refuse(std::string("a restoration that was begun contradicts itself: ") + problem.what());
    }
}

void checkSession(const Session &session)
{
    for (const BlockRecord &record : session.choices)
        checkChoice(record, session);
    for (const RestorationProgress &progress : session.restorations)
        checkRestoration(progress, session);
    for (std::size_t i = 0; i < session.calibrations.size(); ++i)
        checkScores(*session.calibrations[i], session, i);
    for (const auto &[key, shelf] : session.plans)
        checkShelfPlan(key, *shelf, session);
    checkText(session.calibrationText);
    checkText(session.evaluationText);
    checkTasks(session.tasks);
    if (session.begunTasks)
        for (const auto &[name, score] : session.begunTasks->scores)
            checkItemScore(score);
    checkDraft(session.draft, session, "the plan");
    for (const PinnedPlan &pin : session.pinned)
        checkDraft(pin.draft, session, "the plan " + inQuotes(pin.name));
    for (const auto &[key, record] : session.searches) {
        if (key.empty())
            refuse("a search has no key");
        checkSearch(key, record, session);
    }
    if (session.denseImpact)
        checkSearch({}, *session.denseImpact, session);
    for (const Measurement &record : session.measurements)
        checkMeasurement(record, session);
}

} // namespace secateur
