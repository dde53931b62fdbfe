// SPDX-License-Identifier: GPL-3.0-or-later
// Requests as JSON and back.
#include "jobs/JobRequest.h"

#include "comparison/ComparisonJson.h"
#include "engine/GenerationJson.h"
#include "evaluation/EvaluationJson.h"
#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "jobs/JobTypes.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanJson.h"
#include "pruning/RestorationJson.h"
#include "session/SessionJson.h"
#include "tasks/TaskJson.h"

#include <algorithm>

namespace secateur {
namespace {

using Json = nlohmann::json;

Json draftOrNull(const std::optional<PlanDraft> &draft)
{
    return draft ? toJson(*draft) : Json();
}

std::optional<PlanDraft> draftAt(const Json &json)
{
    const Json &draft = json.at("draft");
    return draft.is_null() ? std::nullopt : std::optional(draftFromJson(draft));
}

/// The text of a search, where there is one.
Json withSearchText(Json json, const std::optional<TextSettings> &text)
{
    if (text)
        json["searchText"] = toJson(*text);
    return json;
}

std::optional<TextSettings> searchTextAt(const Json &json)
{
    const auto text = json.find("searchText");
    return text == json.end() ? std::nullopt : std::optional(textFromJson(*text));
}

/// How a plan is restored, where it is.
std::optional<RestorationSettings> restorationAt(const Json &json)
{
    const auto restoration = json.find("restoration");
    return restoration == json.end() || restoration->is_null() ? std::nullopt : std::optional(restorationSettingsFromJson(*restoration));
}

Json jsonOf(const ExportSettings &settings)
{
    return {{"format", settings.format},
            {"output", settings.output.string()},
            {"overwrite", settings.isOverwriteAllowed},
            {"dtype", settings.dtype ? Json(configName(*settings.dtype)) : Json()},
            {"command", settings.command}};
}

ExportSettings exportSettingsOf(const Json &json)
{
    ExportSettings settings{.format = json.at("format"),
                            .output = json.at("output").get<std::string>(),
                            .isOverwriteAllowed = json.at("overwrite"),
                            .dtype = {},
                            .command = json.at("command")};
    if (const Json &dtype = json.at("dtype"); !dtype.is_null())
        settings.dtype = dtypeFromConfigName(dtype.get<std::string>());
    return settings;
}

Json jsonOf(const request::Open &asked)
{
    Json json = {{"model", asked.model.string()}};
    if (!asked.plan.empty())
        json["plan"] = asked.plan.string();
    if (!asked.scores.empty())
        json["scores"] = asked.scores.string();
    return json;
}

Json jsonOf(const request::Calibrate &asked)
{
    return {{"text", toJson(asked.text)}, {"norm", nameOf(asked.norm)}, {"keepsGrams", asked.keepsGrams}};
}

Json jsonOf(const request::Impact &asked)
{
    return {{"text", toJson(asked.text)}, {"search", toJson(asked.search)}};
}

Json jsonOf(const request::Search &asked)
{
    return withSearchText({{"draft", toJson(asked.draft)}}, asked.searchText);
}

Json jsonOf(const request::Evaluate &asked)
{
    return withSearchText({{"draft", draftOrNull(asked.draft)}, {"text", toJson(asked.text)}}, asked.searchText);
}

Json jsonOf(const request::Curve &asked)
{
    Json drafts = Json::array();
    for (const PlanDraft &draft : asked.drafts)
        drafts.push_back(toJson(draft));
    return withSearchText(
        {{"drafts", drafts}, {"text", toJson(asked.text)}, {"lentOrder", asked.lentOrder ? Json(*asked.lentOrder) : Json()}},
        asked.searchText);
}

Json jsonOf(const request::Export &asked)
{
    return {{"draft", toJson(asked.draft)}, {"export", jsonOf(asked.settings)}};
}

Json jsonOf(const request::Prune &asked)
{
    return {{"draft", toJson(asked.draft)},
            {"calibrationText", toJson(asked.calibrationText)},
            {"evaluationText", toJson(asked.evaluationText)},
            {"norm", nameOf(asked.norm)},
            {"export", jsonOf(asked.settings)},
            {"restoration", asked.restoration ? toJson(*asked.restoration) : Json()}};
}

/// Of several models: null is the original.
Json draftsOf(const std::vector<std::optional<PlanDraft>> &drafts)
{
    Json list = Json::array();
    for (const std::optional<PlanDraft> &draft : drafts)
        list.push_back(draftOrNull(draft));
    return list;
}

std::vector<std::optional<PlanDraft>> draftsAt(const Json &json)
{
    std::vector<std::optional<PlanDraft>> drafts;
    for (const Json &draft : json.at("drafts"))
        drafts.push_back(draft.is_null() ? std::nullopt : std::optional(draftFromJson(draft)));
    return drafts;
}

Json jsonOf(const request::Generate &asked)
{
    Json json = toJson(asked.settings);
    json["drafts"] = draftsOf(asked.drafts);
    return withSearchText(std::move(json), asked.searchText);
}

Json jsonOf(const request::ScoreText &asked)
{
    return withSearchText({{"drafts", draftsOf(asked.drafts)}, {"text", asked.text}}, asked.searchText);
}

Json jsonOf(const request::FindBlocks &asked)
{
    return {{"settings", toJson(asked.settings)}, {"text", toJson(asked.text)}};
}

Json jsonOf(const request::MeasureTasks &asked)
{
    return withSearchText({{"draft", draftOrNull(asked.draft)}, {"tasks", toJson(asked.tasks)}}, asked.searchText);
}

Json jsonOf(const request::MeasureThroughput &asked)
{
    return withSearchText({{"draft", draftOrNull(asked.draft)}, {"settings", toJson(asked.settings)}}, asked.searchText);
}

Json jsonOf(const request::Compare &asked)
{
    return {{"settings", toJson(asked.settings)}};
}

Json jsonOf(const request::Restore &asked)
{
    return withSearchText({{"draft", toJson(asked.draft)}, {"settings", toJson(asked.settings)}}, asked.searchText);
}

JobRequest requestOf(JobKind kind, const Json &json)
{
    const auto text = [&](const char *field) { return textFromJson(json.at(field)); };
    const auto draft = [&] { return draftFromJson(json.at("draft")); };
    switch (kind) {
    case JobKind::Open:
        return request::Open{.model = json.at("model").get<std::string>(),
                             .plan = json.value("plan", std::string()),
                             .scores = json.value("scores", std::string())};
    case JobKind::Calibrate:
        return request::Calibrate{
            .text = text("text"), .norm = scoreNormOf(json.at("norm")), .keepsGrams = json.value("keepsGrams", false)};
    case JobKind::Impact:
        return request::Impact{.text = text("text"), .search = searchSettingsFromJson(json.at("search"))};
    case JobKind::Search:
        return request::Search{.draft = draft(), .searchText = searchTextAt(json)};
    case JobKind::Evaluate:
        return request::Evaluate{.draft = draftAt(json), .text = text("text"), .searchText = searchTextAt(json)};
    case JobKind::Curve: {
        request::Curve curve{.drafts = {}, .text = text("text"), .lentOrder = {}, .searchText = searchTextAt(json)};
        for (const Json &one : json.at("drafts"))
            curve.drafts.push_back(draftFromJson(one));
        if (const Json &order = json.at("lentOrder"); !order.is_null())
            curve.lentOrder = wholesOf(order);
        return curve;
    }
    case JobKind::Export:
        return request::Export{.draft = draft(), .settings = exportSettingsOf(json.at("export"))};
    case JobKind::Prune:
        return request::Prune{.draft = draft(),
                              .calibrationText = text("calibrationText"),
                              .evaluationText = text("evaluationText"),
                              .norm = scoreNormOf(json.at("norm")),
                              .settings = exportSettingsOf(json.at("export")),
                              .restoration = restorationAt(json)};
    case JobKind::Generate:
        return request::Generate{.drafts = draftsAt(json), .settings = generationSettingsFromJson(json), .searchText = searchTextAt(json)};
    case JobKind::FindBlocks:
        return request::FindBlocks{.settings = blockSettingsFromJson(json.at("settings")), .text = text("text")};
    case JobKind::MeasureTasks:
        return request::MeasureTasks{
            .draft = draftAt(json), .tasks = taskSettingsFromJson(json.at("tasks")), .searchText = searchTextAt(json)};
    case JobKind::MeasureThroughput:
        return request::MeasureThroughput{
            .draft = draftAt(json), .settings = throughputSettingsFromJson(json.at("settings")), .searchText = searchTextAt(json)};
    case JobKind::Compare:
        return request::Compare{comparisonSettingsFromJson(json.at("settings"))};
    case JobKind::Restore:
        return request::Restore{
            .draft = draft(), .settings = restorationSettingsFromJson(json.at("settings")), .searchText = searchTextAt(json)};
    case JobKind::ScoreText:
        return request::ScoreText{.drafts = draftsAt(json), .text = json.at("text"), .searchText = searchTextAt(json)};
    }
    throw Flaw("there is no such job");
}

} // namespace

Json toJson(const JobRequest &request)
{
    Json json = std::visit([](const auto &asked) { return jsonOf(asked); }, request);
    json["job"] = typeOf(kindOf(request)).name;
    return json;
}

JobRequest jobRequestFromJson(const Json &json)
{
    const std::string name = json.at("job");
    const auto type = std::find_if(jobTypes().begin(), jobTypes().end(), [&](const JobType &known) { return name == known.name; });
    if (type == jobTypes().end())
        throw Flaw("there is no job " + inQuotes(name));
    return requestOf(type->kind, json);
}

} // namespace secateur
