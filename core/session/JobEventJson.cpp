// SPDX-License-Identifier: GPL-3.0-or-later
// Events of jobs as JSON and back.
#include "comparison/ComparisonJson.h"
#include "engine/GenerationJson.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanFile.h"
#include "pruning/PlanJson.h"
#include "pruning/RestorationJson.h"
#include "session/JobEvent.h"
#include "session/SessionJson.h"
#include "tasks/TaskJson.h"

#include <functional>
#include <map>

namespace secateur {
namespace {

using Json = nlohmann::json;

template <class Number>
Json orNull(const std::optional<Number> &number)
{
    return number ? Json(*number) : Json();
}

std::optional<double> secondsAt(const Json &json, const char *field)
{
    const auto found = json.find(field);
    return found == json.end() || found->is_null() ? std::nullopt : std::optional(found->get<double>());
}

/// The key of a search; the impact on the dense model has none.
Json ofSearch(const char *event, const std::string &key)
{
    Json json = {{"event", event}};
    if (!key.empty())
        json["key"] = key;
    return json;
}

std::string keyOf(const Json &json)
{
    return json.value("key", std::string());
}

// ---- to JSON -----------------------------------------------------------------------------------------------------------------

Json jsonOf(const Progress &p)
{
    Json json = {{"event", "progress"}, {"phase", p.phase},     {"done", p.done},      {"total", p.total},
                 {"unit", p.unit},      {"seconds", p.seconds}, {"eta", orNull(p.eta)}};
    if (p.step >= 0)
        json.update({{"step", p.step}, {"steps", p.steps}});
    if (p.layer >= 0)
        json["layer"] = p.layer;
    if (p.parts > 0)
        json.update({{"part", p.part}, {"parts", p.parts}, {"whole", orNull(p.whole)}, {"wholeEta", orNull(p.wholeEta)}});
    return json;
}

Json jsonOf(const Opened &event)
{
    return {{"event", "opened"}, {"model", toJson(event.model)}};
}

Json jsonOf(const TextRead &event)
{
    Json files = Json::array();
    for (const TextFileReport &file : event.report.files)
        files.push_back({{"file", file.file.string()},
                         {"kind", file.kind},
                         {"hasColumns", file.hasColumns},
                         {"firstLine", file.firstLine()},
                         {"firstLines", file.firstLines},
                         {"documents", file.documents},
                         {"nulls", file.nulls}});
    return {{"event", "textRead"},           {"text", toJson(event.text)},          {"files", files},
            {"tokens", event.report.tokens}, {"tokenHash", event.report.tokenHash}, {"windows", event.report.windows},
            {"length", event.report.length}};
}

Json jsonOf(const Scored &event)
{
    const NeuronScores &scores = *event.scores;
    return {{"event", "scores"}, {"norm", nameOf(scores.norm)}, {"provenance", toJson(scores.provenance)}, {"layers", scores.layers}};
}

Json jsonOf(const PlanOpened &event)
{
    const ShelfEntry &entry = event.entry;
    return {
        {"event", "planOpened"}, {"file", entry.plan->file.string()}, {"plan", toJson(entry.plan->plan)}, {"search", toJson(entry.search)}};
}

Json jsonOf(const SearchKnown &event)
{
    Json json = ofSearch("search", event.key);
    json["record"] = toJson(event.record);
    return json;
}

Json jsonOf(const LossKnown &event)
{
    const auto &[step, layer, loss, isScreened] = event.candidate;
    Json json = ofSearch(step < 0 ? "initial" : isScreened ? "screened" : "candidate", event.key);
    json["loss"] = loss;
    if (step >= 0)
        json.update({{"step", step}, {"layer", layer}});
    return json;
}

Json jsonOf(const AttentionRemoved &event)
{
    Json json = ofSearch("removal", event.key);
    json.update({{"step", event.step}, {"layer", event.layer}, {"forced", event.isForced}});
    return json;
}

Json jsonOf(const BlocksKnown &event)
{
    return {{"event", "blocks"}, {"record", toJson(event.record)}};
}

Json jsonOf(const RestorationKnown &event)
{
    Json json = toJson(event.progress);
    json["event"] = "restoration";
    return json;
}

Json jsonOf(const TasksBegun &event)
{
    return {{"event", "tasksBegun"}, {"planHash", event.planHash}, {"asked", event.asked}, {"computed", toJson(event.computed)}};
}

Json jsonOf(const TaskScored &event)
{
    return {{"event", "item"}, {"score", toJson(event.score)}, {"done", event.done}, {"items", event.items}};
}

Json jsonOf(const RowCompared &event)
{
    return {{"event", "row"}, {"row", toJson(event.row)}};
}

Json jsonOf(const MeasurementMade &event)
{
    return {{"event", "evaluation"}, {"record", toJson(event.record)}};
}

Json jsonOf(const TokenWritten &event)
{
    Json json = toJson(event.token);
    json["event"] = "token";
    return json;
}

Json jsonOf(const TextsGenerated &event)
{
    Json texts = Json::array();
    for (const Generation &text : event.texts)
        texts.push_back(toJson(text));
    return {{"event", "texts"}, {"texts", texts}};
}

Json jsonOf(const TextScored &event)
{
    Json json = toJson(event.scored);
    json["event"] = "scoredText";
    return json;
}

Json jsonOf(const Exported &event)
{
    return {{"event", "export"}, {"record", toJson(event.record)}};
}

Json jsonOf(const Noted &event)
{
    return {{"event", "note"}, {"text", event.text}};
}

Json jsonOf(const JobFailed &event)
{
    return {{"event", "error"}, {"message", event.sentence}, {"hint", event.hint}};
}

Json jsonOf(const JobCancelled &)
{
    return {{"event", "cancelled"}};
}

// ---- from JSON ---------------------------------------------------------------------------------------------------------------

JobEvent progressOf(const Json &json)
{
    Progress p;
    p.phase = json.at("phase");
    p.done = wholeAt(json, "done");
    p.total = wholeAt(json, "total");
    p.unit = json.at("unit");
    p.seconds = json.at("seconds");
    p.eta = secondsAt(json, "eta");
    if (json.contains("step")) {
        p.step = wholeAt(json, "step");
        p.steps = wholeAt(json, "steps");
    }
    if (json.contains("layer"))
        p.layer = wholeAt(json, "layer");
    if (json.contains("parts")) {
        p.part = wholeAt(json, "part");
        p.parts = wholeAt(json, "parts");
        p.whole = secondsAt(json, "whole");
        p.wholeEta = secondsAt(json, "wholeEta");
    }
    return p;
}

JobEvent textReadOf(const Json &json)
{
    TextRead event{.text = textFromJson(json.at("text")), .report = {}};
    for (const Json &file : json.at("files"))
        event.report.files.push_back({.file = file.at("file").get<std::string>(),
                                      .kind = file.at("kind"),
                                      .hasColumns = file.at("hasColumns"),
                                      .firstLines = file.at("firstLines"),
                                      .documents = wholeAt(file, "documents"),
                                      .nulls = wholeAt(file, "nulls")});
    event.report.tokens = wholeAt(json, "tokens");
    event.report.tokenHash = json.at("tokenHash");
    event.report.windows = wholeAt(json, "windows");
    event.report.length = wholeAt(json, "length");
    return event;
}

JobEvent scoredOf(const Json &json)
{
    auto scores = std::make_shared<NeuronScores>();
    scores->layers = json.at("layers").get<std::vector<std::vector<float>>>();
    scores->norm = scoreNormOf(json.at("norm"));
    scores->provenance = provenanceFromJson(json.at("provenance"));
    return Scored{.scores = std::move(scores)};
}

JobEvent planOpenedOf(const Json &json)
{
    const std::string file = json.at("file");
    PlanOpened event{shelfEntry(planFromJson(json.at("plan"), file.empty() ? "a plan" : file), file)};
    event.entry.search = searchRecordFromJson(json.at("search"));
    return event;
}

JobEvent lossOf(const Json &json)
{
    const std::string event = json.at("event");
    CandidateLoss candidate{.loss = lossFromJson(json.at("loss")), .isScreened = event == "screened"};
    if (event != "initial") {
        candidate.step = wholeAt(json, "step");
        candidate.layer = wholeAt(json, "layer");
        if (candidate.step < 0)
            throw Flaw("a loss has step " + std::to_string(candidate.step));
    }
    return LossKnown{.key = keyOf(json), .candidate = candidate};
}

JobEvent textsOf(const Json &json)
{
    TextsGenerated event;
    for (const Json &text : json.at("texts"))
        event.texts.push_back(generationFromJson(text));
    return event;
}

JobEvent removalOf(const Json &json)
{
    return AttentionRemoved{
        .key = keyOf(json), .step = wholeAt(json, "step"), .layer = wholeAt(json, "layer"), .isForced = json.at("forced")};
}

} // namespace

Json toJson(const JobEvent &event)
{
    return std::visit([](const auto &told) { return jsonOf(told); }, event);
}

JobEvent jobEventFromJson(const Json &json)
{
    static const std::map<std::string, std::function<JobEvent(const Json &)>> readers = {
        {"progress", progressOf},
        {"opened", [](const Json &j) { return Opened{modelFromJson(j.at("model"), "the model's configuration")}; }},
        {"textRead", textReadOf},
        {"scores", scoredOf},
        {"planOpened", planOpenedOf},
        {"search", [](const Json &j) { return SearchKnown{.key = keyOf(j), .record = searchRecordFromJson(j.at("record"))}; }},
        {"initial", lossOf},
        {"candidate", lossOf},
        {"screened", lossOf},
        {"removal", removalOf},
        {"blocks", [](const Json &j) { return BlocksKnown{blockRecordFromJson(j.at("record"))}; }},
        {"restoration", [](const Json &j) { return RestorationKnown{restorationProgressFromJson(j)}; }},
        {"tasksBegun",
         [](const Json &j) {
             return TasksBegun{.planHash = j.at("planHash"), .asked = j.at("asked"), .computed = conditionsFromJson(j.at("computed"))};
         }},
        {"item",
         [](const Json &j) {
             return TaskScored{.score = itemScoreFromJson(j.at("score")), .done = wholeAt(j, "done"), .items = wholeAt(j, "items")};
         }},
        {"row", [](const Json &j) { return RowCompared{comparisonRowFromJson(j.at("row"))}; }},
        {"evaluation", [](const Json &j) { return MeasurementMade{measurementFromJson(j.at("record"))}; }},
        {"token", [](const Json &j) { return TokenWritten{writtenTokenFromJson(j)}; }},
        {"texts", textsOf},
        {"scoredText", [](const Json &j) { return TextScored{scoredTextFromJson(j)}; }},
        {"export", [](const Json &j) { return Exported{exportFromJson(j.at("record"))}; }},
        {"note", [](const Json &j) { return Noted{j.at("text")}; }},
        {"error", [](const Json &j) { return JobFailed{.sentence = j.at("message"), .hint = j.at("hint")}; }},
        {"cancelled", [](const Json &) { return JobCancelled(); }}};
    const std::string name = json.at("event");
    const auto reader = readers.find(name);
    if (reader == readers.end())
        throw Flaw("there is no event " + inQuotes(name));
    return reader->second(json);
}

} // namespace secateur
