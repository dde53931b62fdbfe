// SPDX-License-Identifier: GPL-3.0-or-later
#include "comparison/ComparisonJson.h"

#include "evaluation/EvaluationJson.h"
#include "foundation/JsonFile.h"
#include "pruning/BlockJson.h"
#include "pruning/RestorationJson.h"
#include "tasks/TaskJson.h"
#include "text/TextJson.h"

namespace secateur {
namespace {

using Json = nlohmann::json;

template <class Value>
Json orNull(const std::optional<Value> &value)
{
    if constexpr (requires { toJson(*value); })
        return value ? toJson(*value) : Json();
    else
        return value ? Json(*value) : Json();
}

/// What stands there, read by `read`; none where that is null.
template <class Read>
auto optionalAt(const Json &json, const char *field, Read read) -> std::optional<decltype(read(json))>
{
    const Json &value = json.at(field);
    if (value.is_null())
        return {};
    return read(value);
}

template <class Value>
Json listOf(const std::vector<Value> &values)
{
    Json list = Json::array();
    for (const Value &value : values)
        list.push_back(toJson(value));
    return list;
}

} // namespace

Json toJson(const ComparisonSettings &s)
{
    Json methods = Json::array();
    for (const PlanMethod method : s.methods)
        methods.push_back(nameOf(method));
    return {{"methods", methods},
            {"sparsities", s.sparsities},
            {"equalSize", s.isEqualSize},
            {"text", toJson(s.text)},
            {"evaluations", listOf(s.evaluations)},
            {"tasks", toJson(s.tasks)},
            {"throughput", orNull(s.throughput)},
            {"blocks", toJson(s.blocks)},
            {"restorations", listOf(s.restorations)}};
}

ComparisonSettings comparisonSettingsFromJson(const Json &json)
{
    ComparisonSettings s;
    for (const Json &method : json.at("methods"))
        s.methods.push_back(planMethodOf(method));
    s.sparsities = json.at("sparsities").get<std::vector<double>>();
    s.isEqualSize = json.at("equalSize");
    s.text = textFromJson(json.at("text"));
    for (const Json &text : json.at("evaluations"))
        s.evaluations.push_back(textFromJson(text));
    s.tasks = taskSettingsFromJson(json.at("tasks"));
    s.throughput = optionalAt(json, "throughput", throughputSettingsFromJson);
    s.blocks = blockSettingsFromJson(json.at("blocks"));
    if (const auto restorations = json.find("restorations"); restorations != json.end()) // earlier versions had none
        for (const Json &restoration : *restorations)
            s.restorations.push_back(restorationSettingsFromJson(restoration));
    return s;
}

Json toJson(const ComparisonRow &r)
{
    Json evaluations = Json::array();
    for (const std::optional<Evaluation> &evaluation : r.evaluations)
        evaluations.push_back(orNull(evaluation));
    return {{"method", r.method ? Json(nameOf(*r.method)) : Json()},
            {"sparsity", r.sparsity},
            {"restored", namesOf(r.restored)},
            {"gated", r.isGated},
            {"problem", r.problem},
            {"planHash", r.planHash},
            {"attentionsRemoved", r.attentionsRemoved},
            {"ffnsRemoved", r.ffnsRemoved},
            {"neuronsKept", r.neuronsKept},
            {"layerParameters", r.layerParameters},
            {"modelParameters", r.modelParameters},
            {"layerSparsity", r.sparsityLayers},
            {"modelSparsity", r.sparsityModel},
            {"cacheBytes", r.cacheBytes},
            {"flop", r.flop},
            {"pruningSeconds", orNull(r.pruningSeconds)},
            {"windowsForwarded", orNull(r.windowsForwarded)},
            {"evaluations", evaluations},
            {"tasks", orNull(r.tasks)},
            {"throughput", listOf(r.throughput)}};
}

ComparisonRow comparisonRowFromJson(const Json &json)
{
    ComparisonRow r;
    r.method = optionalAt(json, "method", [](const Json &name) { return planMethodOf(name); });
    r.sparsity = json.at("sparsity");
    if (const auto restored = json.find("restored"); restored != json.end()) { // earlier versions had none
        for (const Json &step : *restored)
            r.restored.push_back(restorationStepOf(step));
        r.isGated = json.at("gated");
    }
    r.problem = json.at("problem");
    r.planHash = json.at("planHash");
    r.attentionsRemoved = wholeAt(json, "attentionsRemoved");
    r.ffnsRemoved = wholeAt(json, "ffnsRemoved");
    r.neuronsKept = wholeAt(json, "neuronsKept");
    r.layerParameters = wholeAt(json, "layerParameters");
    r.modelParameters = wholeAt(json, "modelParameters");
    r.sparsityLayers = json.at("layerSparsity");
    r.sparsityModel = json.at("modelSparsity");
    r.cacheBytes = wholeAt(json, "cacheBytes");
    r.flop = json.at("flop");
    r.pruningSeconds = optionalAt(json, "pruningSeconds", [](const Json &seconds) { return seconds.get<double>(); });
    r.windowsForwarded =
        optionalAt(json, "windowsForwarded", [&](const Json &) { return std::int64_t(wholeAt(json, "windowsForwarded")); });
    for (const Json &evaluation : json.at("evaluations"))
        r.evaluations.push_back(evaluation.is_null() ? std::nullopt : std::optional(evaluationFromJson(evaluation)));
    r.tasks = optionalAt(json, "tasks", taskResultsFromJson);
    for (const Json &throughput : json.at("throughput"))
        r.throughput.push_back(throughputFromJson(throughput));
    return r;
}

} // namespace secateur
