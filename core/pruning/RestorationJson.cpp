// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/RestorationJson.h"

#include "foundation/JsonFile.h"
#include "pruning/PlanJson.h"
#include "text/TextJson.h"

#include <algorithm>
#include <iterator>

namespace secateur {
namespace {

using nlohmann::json;

template <typename Value, typename Read>
std::vector<Value> listOf(const json &stored, const Read &read)
{
    std::vector<Value> values;
    std::ranges::transform(stored, std::back_inserter(values), read);
    return values;
}

template <typename Value>
json jsonOf(const std::vector<Value> &values)
{
    json list = json::array();
    for (const Value &value : values)
        list.push_back(toJson(value));
    return list;
}

template <typename Number>
json orNull(const std::optional<Number> &number)
{
    return number ? json(*number) : json();
}

std::vector<RestorationStep> stepsOf(const json &names)
{
    return listOf<RestorationStep>(names, [](const json &name) { return restorationStepOf(name); });
}

std::optional<double> shareOf(const json &stored)
{
    return stored.is_null() ? std::nullopt : std::optional(stored.get<double>());
}

} // namespace

json namesOf(const std::vector<RestorationStep> &steps)
{
    json names = json::array();
    for (const RestorationStep step : steps)
        names.push_back(nameOf(step));
    return names;
}

json toJson(const RestorationSettings &settings)
{
    return {{"steps", namesOf(settings.steps)},
            {"gated", settings.isGated},
            {"ridge", settings.ridge},
            {"pathRidge", settings.pathRidge},
            {"sequentialRidge", settings.sequentialRidge},
            {"widthShare", orNull(settings.widthShare)},
            {"searchWindows", settings.searchWindows},
            {"gateWindows", settings.gateWindows},
            {"sequentialWindows", orNull(settings.sequentialWindows)},
            {"second", settings.second ? toJson(*settings.second) : json()}};
}

RestorationSettings restorationSettingsFromJson(const json &stored)
{
    RestorationSettings settings{.steps = stepsOf(stored.at("steps")),
                                 .isGated = stored.at("gated"),
                                 .ridge = stored.at("ridge"),
                                 .pathRidge = stored.at("pathRidge"),
                                 .sequentialRidge = stored.at("sequentialRidge"),
                                 .widthShare = shareOf(stored.at("widthShare")),
                                 .searchWindows = wholeAt(stored, "searchWindows"),
                                 .gateWindows = wholeAt(stored, "gateWindows")};
    if (!stored.at("sequentialWindows").is_null())
        settings.sequentialWindows = std::int64_t(wholeAt(stored, "sequentialWindows"));
    if (!stored.at("second").is_null())
        settings.second = textFromJson(stored.at("second"));
    return settings;
}

json toJson(const GateText &text)
{
    return {{"text", toJson(text.text)}, {"tokenHash", text.tokenHash}, {"windows", text.windows}};
}

GateText gateTextFromJson(const json &stored)
{
    return {.text = textFromJson(stored.at("text")), .tokenHash = stored.at("tokenHash"), .windows = wholeAt(stored, "windows")};
}

json toJson(const RestorationVariant &variant)
{
    return {{"steps", namesOf(variant.steps)}, {"N", variant.attentionsRemoved}, {"widths", variant.widths},
            {"losses", variant.losses},        {"seconds", variant.seconds},     {"kept", variant.isKept}};
}

RestorationVariant restorationVariantFromJson(const json &stored)
{
    return {.steps = stepsOf(stored.at("steps")),
            .attentionsRemoved = wholeAt(stored, "N"),
            .widths = wholesOf(stored.at("widths")),
            .losses = listOf<double>(stored.at("losses"), lossFromJson),
            .seconds = stored.at("seconds"),
            .isKept = stored.at("kept")};
}

json toJson(const RemovalsTried &tried)
{
    return {{"N", tried.attentionsRemoved}, {"K", tried.neuronsKept}, {"loss", tried.loss}, {"seconds", tried.seconds}};
}

RemovalsTried removalsTriedFromJson(const json &stored)
{
    return {.attentionsRemoved = wholeAt(stored, "N"),
            .neuronsKept = wholeAt(stored, "K"),
            .loss = lossFromJson(stored.at("loss")),
            .seconds = stored.at("seconds")};
}

json toJson(const RestoredLayer &layer)
{
    return {{"ridge", layer.ridge},
            {"raised", layer.raised},
            {"growth", layer.growth},
            {"errorBefore", layer.errorBefore},
            {"errorAfter", layer.errorAfter}};
}

RestoredLayer restoredLayerFromJson(const json &stored)
{
    return {.ridge = stored.at("ridge"),
            .raised = wholeAt(stored, "raised"),
            .growth = lossFromJson(stored.at("growth")),
            .errorBefore = lossFromJson(stored.at("errorBefore")),
            .errorAfter = lossFromJson(stored.at("errorAfter"))};
}

json toJson(const RestorationRecord &record)
{
    return {{"settings", toJson(record.settings)},
            {"plainHash", record.plainHash},
            {"texts", jsonOf(record.texts)},
            {"variants", jsonOf(record.variants)},
            {"removals", jsonOf(record.removals)},
            {"layers", jsonOf(record.layers)},
            {"tokens", record.tokens},
            {"sequentialTokens", record.sequentialTokens},
            {"widthShare", orNull(record.widthShare)},
            {"notes", record.notes}};
}

RestorationRecord restorationRecordFromJson(const json &stored)
{
    return {.settings = restorationSettingsFromJson(stored.at("settings")),
            .plainHash = stored.at("plainHash"),
            .texts = listOf<GateText>(stored.at("texts"), gateTextFromJson),
            .variants = listOf<RestorationVariant>(stored.at("variants"), restorationVariantFromJson),
            .removals = listOf<RemovalsTried>(stored.at("removals"), removalsTriedFromJson),
            .layers = listOf<RestoredLayer>(stored.at("layers"), restoredLayerFromJson),
            .tokens = wholeAt(stored, "tokens"),
            .sequentialTokens = wholeAt(stored, "sequentialTokens"),
            .widthShare = shareOf(stored.at("widthShare")),
            .notes = stored.at("notes")};
}

json toJson(const RestorationProgress &progress)
{
    return {{"record", toJson(progress.record)}, {"search", toJson(progress.search)}};
}

RestorationProgress restorationProgressFromJson(const json &stored)
{
    return {.record = restorationRecordFromJson(stored.at("record")), .search = searchRecordFromJson(stored.at("search"))};
}

} // namespace secateur
