// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PlanJson.h"

#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace secateur {

nlohmann::json toJson(const BalanceSettings &s)
{
    nlohmann::json json = {
        {"sparsity", s.sparsity}, {"alpha", s.alpha}, {"widthMultiple", s.widthMultiple}, {"remove", nullptr}, {"keep", nullptr}};
    if (s.attentionsToRemove)
        json["remove"] = *s.attentionsToRemove;
    if (s.neuronsKept)
        json["keep"] = *s.neuronsKept;
    return json;
}

BalanceSettings balanceSettingsFromJson(const nlohmann::json &json)
{
    BalanceSettings settings{.sparsity = json.at("sparsity"),
                             .alpha = json.at("alpha"),
                             .attentionsToRemove = {},
                             .widthMultiple = wholeAt(json, "widthMultiple")};
    if (!json.at("remove").is_null())
        settings.attentionsToRemove = std::int64_t(wholeAt(json, "remove"));
    if (const auto keep = json.find("keep"); keep != json.end() && !keep->is_null()) // older plans have none
        settings.neuronsKept = std::int64_t(wholeAt(json, "keep"));
    return settings;
}

nlohmann::json layerParametersOf(const SparsityBalance &b)
{
    return {{"dense", b.denseLayerParameters}, {"pruned", b.layerParameters}};
}

nlohmann::json modelParametersOf(const SparsityBalance &b)
{
    return {{"dense", b.denseModelParameters}, {"pruned", b.modelParameters}};
}

void readParameters(const nlohmann::json &stored, SparsityBalance &b)
{
    b.denseLayerParameters = wholeAt(stored.at("layerParameters"), "dense");
    b.layerParameters = wholeAt(stored.at("layerParameters"), "pruned");
    b.denseModelParameters = wholeAt(stored.at("modelParameters"), "dense");
    b.modelParameters = wholeAt(stored.at("modelParameters"), "pruned");
}

nlohmann::json toJson(const SparsityBalance &b)
{
    return {{"N", b.attentionsToRemove},
            {"K", b.neuronsKept},
            {"leastN", b.leastAttentions},
            {"mostN", b.mostAttentions},
            {"ruleN", b.attentionsByRule},
            {"layerParameters", layerParametersOf(b)},
            {"modelParameters", modelParametersOf(b)},
            {"sparsityLayers", b.sparsityLayers()},
            {"sparsityModel", b.sparsityModel()}};
}

SparsityBalance balanceFromJson(const nlohmann::json &stored)
{
    SparsityBalance b{.attentionsToRemove = wholeAt(stored, "N"),
                      .neuronsKept = wholeAt(stored, "K"),
                      .leastAttentions = wholeAt(stored, "leastN"),
                      .mostAttentions = wholeAt(stored, "mostN"),
                      .attentionsByRule = wholeAt(stored, stored.contains("ruleN") ? "ruleN" : "N")}; // older plans do not tell
    readParameters(stored, b);
    return b;
}

nlohmann::json toJson(const SearchSettings &s)
{
    return {{"windows", s.windows},
            {"lossType", s.referenceLoss ? "reference" : "float32"},
            {"force", s.forcedLayers},
            {"protect", s.protectedLayers}};
}

SearchSettings searchSettingsFromJson(const nlohmann::json &json)
{
    return {.windows = wholeAt(json, "windows"),
            .referenceLoss = json.at("lossType") == "reference",
            .forcedLayers = wholesOf(json.at("force")),
            .protectedLayers = wholesOf(json.at("protect"))};
}

nlohmann::json toJson(const SearchRecord &record)
{
    nlohmann::json steps = nlohmann::json::array();
    for (const SearchStep &step : record.steps) {
        steps.push_back({{"removed", step.removed}, {"forced", step.isForced}, {"losses", step.losses}}); // NaN is written as null
        const auto addIfAny = [&](const char *name, const std::vector<double> &values) {
            if (std::any_of(values.begin(), values.end(), [](double value) { return !std::isnan(value); }))
                steps.back()[name] = values;
        };
        addIfAny("bounds", step.bounds);
        addIfAny("screened", step.screened);
    }
    nlohmann::json json = toJson(record.settings);
    json.update({{"initialLoss", record.initialLoss}, {"steps", steps}, {"provenance", toJson(record.provenance)}});
    if (!record.screenedIn.empty())
        json["screenedIn"] = record.screenedIn;
    return json;
}

double lossFromJson(const nlohmann::json &json)
{
    return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

SearchRecord searchRecordFromJson(const nlohmann::json &json)
{
    SearchRecord record;
    record.settings = searchSettingsFromJson(json);
    record.initialLoss = lossFromJson(json.at("initialLoss"));
    record.provenance = provenanceFromJson(json.at("provenance"));
    if (const auto type = json.find("screenedIn"); type != json.end()) // older plans have none
        if (record.screenedIn = *type; record.screenedIn != "bfloat16" && record.screenedIn != "float16")
            throw Flaw("its search was screened in " + inQuotes(record.screenedIn));
    for (const nlohmann::json &entry : json.at("steps")) {
        const nlohmann::json &losses = entry.at("losses");
        SearchStep step = SearchStep::begun(std::int64_t(losses.size()));
        step.removed = wholeAt(entry, "removed");
        step.isForced = entry.at("forced");
        std::transform(losses.begin(), losses.end(), step.losses.begin(), lossFromJson);
        const auto read = [&](const char *name, std::vector<double> &values) { // older plans have none
            if (const auto found = entry.find(name); found != entry.end()) {
                values.resize(found->size());
                std::transform(found->begin(), found->end(), values.begin(), lossFromJson);
            }
        };
        read("bounds", step.bounds);
        read("screened", step.screened);
        record.steps.push_back(std::move(step));
    }
    return record;
}

} // namespace secateur
