// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/SessionJson.h"

#include "evaluation/EvaluationJson.h"
#include "foundation/DocumentFormat.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "model/Families.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanFile.h"
#include "pruning/PlanJson.h"
#include "pruning/RestorationJson.h"
#include "session/Measurements.h"
#include "session/PlanFilesBeside.h"
#include "session/Shelf.h"
#include "tasks/TaskJson.h"

namespace secateur {
namespace {

/// A plan that a session keeps. What is wrong with it is the session's damage, whatever has become of the plan's own file.
PruningPlan shelvedPlan(const nlohmann::json &json, const std::string &file, const std::string &source)
{
    try {
        return planFromJson(json, source);
    } catch (const NewerFormat &) {
        throw;
    } catch (const Error &) {
        throw Flaw("what it keeps of " + (file.empty() ? "a plan" : "the plan " + inQuotes(file)) + " was changed or damaged");
    }
}

} // namespace

nlohmann::json toJson(const ModelSummary &m)
{
    nlohmann::json json = {{"folder", m.folder.string()},
                           {"config", m.config},
                           {"dtype", configName(m.storedDtype)},
                           {"quantisedAs", m.quantisedAs},
                           {"notes", m.notes},
                           {"bytes", m.tensorBytes},
                           {"files", m.files},
                           {"origin", m.origin ? toJson(*m.origin) : nlohmann::json()},
                           {"tokenizer", m.tokenizerSize ? nlohmann::json(*m.tokenizerSize) : nlohmann::json()},
                           {"tokenizerProblem", m.tokenizerProblem},
                           {"tokenizerHint", m.tokenizerHint}};
    if (m.hasChatTemplate)
        json["chatTemplate"] = true;
    return json;
}

ModelSummary modelFromJson(const nlohmann::json &json, const std::string &source)
{
    ModelSummary model;
    model.folder = json.at("folder").get<std::string>();
    model.config = json.at("config");
    model.spec = specFromConfig(model.config, source);
    model.storedDtype = dtypeFromConfigName(json.at("dtype").get<std::string>());
    model.quantisedAs = json.value("quantisedAs", std::string());
    model.notes = json.value("notes", std::vector<std::string>()); // older sessions have none
    model.tensorBytes = wholeAt(json, "bytes");
    model.files = wholeAt(json, "files");
    if (json.contains("origin") && !json.at("origin").is_null()) // older sessions have none
        model.origin = originFromJson(json.at("origin"));
    if (!json.at("tokenizer").is_null())
        model.tokenizerSize = std::int64_t(wholeAt(json, "tokenizer"));
    model.tokenizerProblem = json.at("tokenizerProblem");
    model.tokenizerHint = json.value("tokenizerHint", std::string()); // older sessions have none
    model.hasChatTemplate = json.value("chatTemplate", false);
    return model;
}

nlohmann::json toJson(const PlanDraft &draft)
{
    nlohmann::json json = {{"calibration", draft.calibration}, {"balance", toJson(draft.balance)}, {"search", toJson(draft.search)}};
    if (!draft.plan.empty())
        json["plan"] = draft.plan;
    return json;
}

PlanDraft draftFromJson(const nlohmann::json &json)
{
    return {.calibration = wholeAt(json, "calibration"),
            .balance = balanceSettingsFromJson(json.at("balance")),
            .search = searchSettingsFromJson(json.at("search")),
            .plan = json.value("plan", std::string())}; // older sessions have none
}

nlohmann::json toJson(const Measurement &r)
{
    nlohmann::json json = {{"what", nameOf(r.what)},        {"calibration", r.calibration}, {"K", r.neuronsKept},  {"removed", r.removed},
                           {"borrowed", r.isOrderBorrowed}, {"planHash", r.planHash},       {"seconds", r.seconds}};
    if (r.what == Measured::Perplexity)
        json.update({{"text", toJson(r.text)}, {"result", toJson(r.result)}});
    if (r.tasks)
        json["tasks"] = toJson(*r.tasks);
    for (const Throughput &throughput : r.throughput)
        json["throughput"].push_back(toJson(throughput));
    if (r.windowsForwarded)
        json["windowsForwarded"] = *r.windowsForwarded;
    if (r.computed.isKnown())
        json["computed"] = toJson(r.computed);
    if (r.draft)
        json["draft"] = toJson(*r.draft);
    return json;
}

Measurement measurementFromJson(const nlohmann::json &json)
{
    Measurement r;
    if (json.contains("what")) // in older sessions all are perplexities
        r.what = measuredOf(json.at("what"));
    if (json.contains("computed"))
        r.computed = conditionsFromJson(json.at("computed"));
    r.calibration = wholeAt(json, "calibration");
    r.neuronsKept = wholeAt(json, "K");
    r.removed = wholesOf(json.at("removed"));
    r.isOrderBorrowed = json.at("borrowed");
    r.planHash = json.at("planHash");
    switch (r.what) {
    case Measured::Perplexity:
        r.text = textFromJson(json.at("text"));
        r.result = evaluationFromJson(json.at("result"));
        break;
    case Measured::Tasks:
        r.tasks = taskResultsFromJson(json.at("tasks"));
        break;
    case Measured::Throughput:
        for (const nlohmann::json &throughput : json.at("throughput"))
            r.throughput.push_back(throughputFromJson(throughput));
        break;
    case Measured::Pruning:
        if (json.contains("windowsForwarded")) // of a restored plan nobody counts them
            r.windowsForwarded = std::int64_t(wholeAt(json, "windowsForwarded"));
        break;
    }
    r.seconds = json.at("seconds");
    if (json.contains("draft"))
        r.draft = draftFromJson(json.at("draft"));
    return r;
}

nlohmann::json toJson(const ExportRecord &r)
{
    const Verification &v = r.verification;
    return {{"planHash", r.planHash},
            {"format", r.format},
            {"folder", r.folder.string()},
            {"parameters", r.parameters},
            {"bytes", r.bytes},
            {"verification",
             {{"tokens", v.tokens},
              {"largestDifference", v.largestDifference},
              {"tolerance", v.tolerance},
              {"sameArgmax", v.sameArgmax},
              {"passed", v.isPassed},
              {"ids", v.ids},
              {"idsDiffering", v.idsDiffering},
              {"idsNote", v.idsNote}}},
            {"notes", r.notes}};
}

ExportRecord exportFromJson(const nlohmann::json &json)
{
    const nlohmann::json &v = json.at("verification");
    return {.planHash = json.at("planHash"),
            .format = json.at("format"),
            .folder = json.at("folder").get<std::string>(),
            .parameters = wholeAt(json, "parameters"),
            .bytes = wholeAt(json, "bytes"),
            .verification = {.tokens = wholeAt(v, "tokens"),
                             .largestDifference = lossFromJson(v.at("largestDifference")), // NaN where a checkpoint computes NaN
                             .tolerance = v.at("tolerance"),
                             .sameArgmax = v.at("sameArgmax"),
                             .isPassed = v.at("passed"),
                             .ids = v.contains("ids") ? std::int64_t(wholeAt(v, "ids")) : 0, // older sessions have none
                             .idsDiffering = v.contains("idsDiffering") ? std::int64_t(wholeAt(v, "idsDiffering")) : 0,
                             .idsNote = v.value("idsNote", std::string())},
            .notes = json.value("notes", std::vector<std::string>())}; // earlier sessions have none
}

nlohmann::json toJson(const std::vector<PinnedPlan> &pins)
{
    nlohmann::json list = nlohmann::json::array();
    for (const PinnedPlan &pin : pins)
        list.push_back({{"name", pin.name}, {"draft", toJson(pin.draft)}});
    return list;
}

std::vector<PinnedPlan> pinsFromJson(const nlohmann::json &json)
{
    std::vector<PinnedPlan> pins;
    for (const nlohmann::json &pin : json)
        pins.push_back({.name = pin.at("name"), .draft = draftFromJson(pin.at("draft"))});
    return pins;
}

namespace {

nlohmann::json toJson(const BegunTasks &begun)
{
    nlohmann::json scores = nlohmann::json::array();
    for (const auto &[name, score] : begun.scores)
        scores.push_back(toJson(score));
    return {{"planHash", begun.planHash}, {"asked", begun.asked}, {"computed", toJson(begun.computed)}, {"scores", scores}};
}

BegunTasks begunTasksFromJson(const nlohmann::json &json)
{
    BegunTasks begun{
        .planHash = json.at("planHash"), .asked = json.at("asked"), .computed = conditionsFromJson(json.at("computed")), .scores = {}};
    for (const nlohmann::json &entry : json.at("scores")) {
        ItemScore score = itemScoreFromJson(entry);
        begun.scores[{score.task, score.index}] = std::move(score);
    }
    return begun;
}

} // namespace

std::map<std::string, std::string> viewFromJson(const nlohmann::json &json)
{
    std::map<std::string, std::string> view;
    if (json.is_object())
        for (const auto &[name, value] : json.items())
            if (value.is_string())
                view[name] = value.get<std::string>();
    return view;
}

nlohmann::json toJson(const Session &s)
{
    nlohmann::json searches = nlohmann::json::object(), evaluations = nlohmann::json::array(), exports = nlohmann::json::array(),
                   calibrations = nlohmann::json::array(), plans = nlohmann::json::object(), choices = nlohmann::json::array();
    for (const auto &[key, record] : s.searches)
        searches[key] = toJson(record);
    for (const Measurement &record : s.measurements)
        evaluations.push_back(toJson(record));
    for (const ExportRecord &record : s.exports)
        exports.push_back(toJson(record));
    for (const auto &scores : s.calibrations)
        calibrations.push_back({{"norm", nameOf(scores->norm)}, {"provenance", toJson(scores->provenance)}});
    for (const auto &[key, shelf] : s.plans)
        plans[key] = {{"file", shelf->file.string()}, {"plan", toJson(shelf->plan)}};
    for (const BlockRecord &record : s.choices)
        choices.push_back(toJson(record));
    nlohmann::json restorations = nlohmann::json::array();
    for (const RestorationProgress &progress : s.restorations)
        restorations.push_back(toJson(progress));
    return {{"kind", "secateur-session"},
            {"format", kSessionFormat},
            {"model", s.model ? toJson(*s.model) : nlohmann::json()},
            {"calibrationText", toJson(s.calibrationText)},
            {"evaluationText", toJson(s.evaluationText)},
            {"tasks", toJson(s.tasks)},
            {"norm", nameOf(s.norm)},
            {"calibrations", calibrations},
            {"plans", plans},
            {"choices", choices},
            {"restorations", restorations},
            {"begunTasks", s.begunTasks ? toJson(*s.begunTasks) : nlohmann::json()},
            {"draft", toJson(s.draft)},
            {"searches", searches},
            {"denseImpact", s.denseImpact ? toJson(*s.denseImpact) : nlohmann::json()},
            {"evaluations", evaluations},
            {"exports", exports},
            {"pinned", toJson(s.pinned)},
            {"view", s.view}};
}

std::int64_t sessionFormatOf(const nlohmann::json &json)
{
    if (json.at("kind") != "secateur-session")
        throw Flaw("it is not a session");
    const auto format = std::int64_t(wholeAt(json, "format"));
    if (format < 1)
        throw Flaw("it has format " + std::to_string(format) + ", which no version of the program wrote");
    return format;
}

Session sessionFromJson(const nlohmann::json &json, const std::filesystem::path &sessionFile)
{
    const std::string source = sessionFile.string();
    Session s;
    if (!json.at("model").is_null())
        s.model = modelFromJson(json.at("model"), source);
    s.calibrationText = textFromJson(json.at("calibrationText"));
    s.evaluationText = textFromJson(json.at("evaluationText"));
    if (json.contains("tasks")) // older sessions have none
        s.tasks = taskSettingsFromJson(json.at("tasks"));
    s.norm = scoreNormOf(json.at("norm"));
    s.draft = draftFromJson(json.at("draft"));
    if (json.contains("plans")) // older sessions have none
        for (const auto &[key, shelf] : json.at("plans").items()) {
            const std::filesystem::path file = planFileOf(shelf.at("file"), sessionFile);
            PruningPlan plan = shelvedPlan(shelf.at("plan"), file.string(), source);
            if (s.model)
                findValues(plan, file, s.model->spec);
            s.plans[key] = std::make_shared<const ShelfPlan>(ShelfPlan{.plan = std::move(plan), .file = file});
        }
    for (const nlohmann::json &record : json.value("choices", nlohmann::json::array())) // older sessions have none
        s.choices.push_back(blockRecordFromJson(record));
    for (const nlohmann::json &progress : json.value("restorations", nlohmann::json::array())) // older sessions have none
        s.restorations.push_back(restorationProgressFromJson(progress));
    if (const auto begun = json.find("begunTasks"); begun != json.end() && !begun->is_null()) // older sessions have none
        s.begunTasks = begunTasksFromJson(*begun);
    for (const auto &[key, record] : json.at("searches").items())
        s.searches[key] = searchRecordFromJson(record);
    if (!json.at("denseImpact").is_null())
        s.denseImpact = searchRecordFromJson(json.at("denseImpact"));
    for (const nlohmann::json &record : json.at("evaluations"))
        s.measurements.push_back(measurementFromJson(record));
    for (const nlohmann::json &record : json.at("exports"))
        s.exports.push_back(exportFromJson(record));
    s.pinned = pinsFromJson(json.at("pinned"));
    s.view = viewFromJson(json.value("view", nlohmann::json())); // older sessions have none
    return s;
}

} // namespace secateur
