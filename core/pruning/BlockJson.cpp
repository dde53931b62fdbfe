// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/BlockJson.h"

#include "foundation/Failures.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "pruning/PlanJson.h"

#include <algorithm>
#include <iterator>

namespace secateur {
namespace {

using nlohmann::json;

constexpr const char *kAttention = "attention", *kFfn = "ffn";

std::vector<double> numbersOf(const json &list)
{
    std::vector<double> numbers;
    std::ranges::transform(list, std::back_inserter(numbers), lossFromJson);
    return numbers;
}

template <typename Value, typename Read>
std::vector<Value> listAt(const json &object, const char *field, const Read &read)
{
    std::vector<Value> values;
    if (const auto found = object.find(field); found != object.end())
        std::ranges::transform(*found, std::back_inserter(values), read);
    return values;
}

template <typename Value>
json listOf(const std::vector<Value> &values)
{
    json list = json::array();
    for (const Value &value : values)
        list.push_back(toJson(value));
    return list;
}

} // namespace

const char *nameOf(BlockVariant variant)
{
    return variant == BlockVariant::Authors ? "authors" : "original";
}

BlockVariant blockVariantOf(const std::string &name)
{
    for (const BlockVariant variant : {BlockVariant::Authors, BlockVariant::Original})
        if (name == nameOf(variant))
            return variant;
    throw Flaw("its variant is " + inQuotes(name) + ", and only 'authors' and 'original' are known");
}

json toJson(const BlockSettings &settings)
{
    return {{"method", nameOf(settings.method)},
            {"variant", nameOf(settings.variant)},
            {"sparsity", settings.sparsity},
            {"seed", settings.seed},
            {"generations", settings.generations ? json(*settings.generations) : json()},
            {"coarseTokens", settings.coarseTokens},
            {"fineTokens", settings.fineTokens}};
}

BlockSettings blockSettingsFromJson(const json &stored)
{
    BlockSettings settings{.method = planMethodOf(stored.at("method")),
                           .variant = blockVariantOf(stored.at("variant")),
                           .sparsity = stored.at("sparsity"),
                           .seed = wholeAt(stored, "seed"),
                           .generations = {},
                           .coarseTokens = wholeAt(stored, "coarseTokens"),
                           .fineTokens = wholeAt(stored, "fineTokens")};
    if (!isOfBlocks(settings.method))
        throw Flaw("its method " + inQuotes(nameOf(settings.method)) + " removes no whole blocks");
    if (!stored.at("generations").is_null())
        settings.generations = std::int64_t(wholeAt(stored, "generations"));
    return settings;
}

json toJson(const BlockStep &step)
{
    return {{"part", step.part == Part::Attention ? kAttention : kFfn}, {"removed", step.removed}, {"losses", step.losses}};
}

BlockStep blockStepFromJson(const json &stored)
{
    const std::string part = stored.at("part");
    if (part != kAttention && part != kFfn)
        throw Flaw("a step removes the part " + inQuotes(part) + ", and only 'attention' and 'ffn' are known");
    return {.part = part == kAttention ? Part::Attention : Part::Ffn,
            .losses = numbersOf(stored.at("losses")),
            .removed = wholeAt(stored, "removed")};
}

json toJson(const EvolutionStep &step)
{
    return {{"attentions", step.attentions}, {"ffns", step.ffns}, {"divergence", step.divergence}};
}

EvolutionStep evolutionStepFromJson(const json &stored)
{
    return {.attentions = wholesOf(stored.at("attentions")),
            .ffns = wholesOf(stored.at("ffns")),
            .divergence = lossFromJson(stored.at("divergence"))};
}

json toJson(const BlockRecord &record)
{
    json stored = {{"settings", toJson(record.settings)},
                   {"blocks", record.blocks},
                   {"provenance", toJson(record.provenance)},
                   {"windowsForwarded", record.windowsForwarded},
                   {"seconds", record.seconds}};
    if (!record.influence.empty())
        stored["influence"] = record.influence;
    if (!record.similarities.empty())
        stored["similarities"] = record.similarities;
    if (!record.steps.empty())
        stored["steps"] = listOf(record.steps);
    if (!record.evolution.empty())
        stored["evolution"] = listOf(record.evolution);
    return stored;
}

BlockRecord blockRecordFromJson(const json &stored)
{
    return {.settings = blockSettingsFromJson(stored.at("settings")),
            .blocks = wholeAt(stored, "blocks"),
            .provenance = provenanceFromJson(stored.at("provenance")),
            .influence = stored.contains("influence") ? numbersOf(stored.at("influence")) : std::vector<double>(),
            .similarities = listAt<std::vector<double>>(stored, "similarities", numbersOf),
            .steps = listAt<BlockStep>(stored, "steps", blockStepFromJson),
            .evolution = listAt<EvolutionStep>(stored, "evolution", evolutionStepFromJson),
            .windowsForwarded = wholeAt(stored, "windowsForwarded"),
            .seconds = stored.at("seconds")};
}

} // namespace secateur
