// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/PortableConfig.h"

#include "model/FamilyTable.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace secateur {
namespace {

using nlohmann::json;
using Scaling = RopeSpec::Scaling;

constexpr const char *kSliding = "sliding_attention", *kFull = "full_attention";

const char *nameOf(Scaling scaling)
{
    switch (scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
        return "linear";
    case Scaling::Dynamic:
        return "dynamic";
    case Scaling::Yarn:
        return "yarn";
    case Scaling::Llama3:
        return "llama3";
    case Scaling::LongRope:
        return "longrope";
    }
    return "default";
}

/// The share of a head that is rotated, so that engines, which round down, get the number of dimensions back.
double rotatedPart(std::int64_t rotaryDim, std::int64_t headDim)
{
    const double part = double(rotaryDim) / double(headDim);
    return std::int64_t(double(headDim) * part) < rotaryDim ? std::nextafter(part, 2.0) : part;
}

/// Whether the factor is what follows from the two contexts.
bool isImplied(const RopeSpec &rope, std::int64_t contextLength)
{
    const double implied = double(contextLength) / double(rope.originalContext);
    return std::abs(rope.factor - implied) <= 1e-9 * implied;
}

/// An entry of `rope_parameters`.
json newerRope(const RopeSpec &rope, const ModelSpec &dense, std::int64_t headDim)
{
    json object = {{"rope_type", nameOf(rope.scaling)}, {"rope_theta", rope.theta}};
    const auto add = [&](const char *field, const std::optional<double> &value) {
        if (value)
            object[field] = *value;
    };
    const RopeSpec usual;
    switch (rope.scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
    case Scaling::Dynamic:
        object["factor"] = rope.factor;
        break;
    case Scaling::Yarn:
        object["factor"] = rope.factor;
        add("attention_factor", rope.attentionFactor);
        add("mscale", rope.mscale);
        add("mscale_all_dim", rope.mscaleAllDim);
        if (rope.betaFast != usual.betaFast || rope.betaSlow != usual.betaSlow)
            object.update({{"beta_fast", rope.betaFast}, {"beta_slow", rope.betaSlow}});
        if (!rope.truncate)
            object["truncate"] = false;
        break;
    case Scaling::Llama3:
        object.update(
            {{"factor", rope.factor}, {"low_freq_factor", rope.lowFrequencyFactor}, {"high_freq_factor", rope.highFrequencyFactor}});
        break;
    case Scaling::LongRope:
        object.update({{"short_factor", rope.shortFactors}, {"long_factor", rope.longFactors}});
        add("attention_factor", rope.attentionFactor);
        if (!isImplied(rope, dense.contextLength))
            object["factor"] = rope.factor;
        break;
    }
    if (rope.originalContext > 0) // releases differ in what they take where it is absent
        object["original_max_position_embeddings"] = rope.originalContext;
    if (rope.rotaryDim)
        object["partial_rotary_factor"] = rotatedPart(*rope.rotaryDim, headDim);
    return object;
}

/// `rope_scaling`; null without a scaling.
json olderRope(json object, const ModelSpec &dense)
{
    if (dense.rope.scaling == Scaling::None)
        return {};
    object.erase("rope_theta");
    object.erase("partial_rotary_factor");
    if (const Family *family = familyNamed(dense.family); !family || family->longRopeAliases.empty())
        return object;
    // Phi-3's of before 5 must have these three fields; the others stand elsewhere or follow from them. With more of them those releases
    // refuse it, where they would compute something else.
    object["type"] = object["rope_type"];
    if (dense.rope.attentionFactor || !isImplied(dense.rope, dense.contextLength))
        return object;
    return {{"type", object["type"]}, {"short_factor", object["short_factor"]}, {"long_factor", object["long_factor"]}};
}

void writeRope(json &config, const ModelSpec &dense, std::int64_t headDim)
{
    const json whole = newerRope(dense.rope, dense, headDim);
    config["rope_theta"] = dense.rope.theta;
    config["rope_scaling"] = olderRope(whole, dense);
    config["rope_parameters"] = whole;
    if (dense.rope.rotaryDim)
        config["partial_rotary_factor"] = whole["partial_rotary_factor"];
    if (dense.rope.scaling == Scaling::LongRope)
        config["original_max_position_embeddings"] = dense.rope.originalContext;
    if (!dense.localRope)
        return;
    config["rope_parameters"] = {{"full_attention", whole}, {"sliding_attention", newerRope(*dense.localRope, dense, headDim)}};
    config["rope_local_base_freq"] = dense.localRope->theta;
}

/// Which layers see a window only; none where that cannot be told of every layer.
std::optional<std::vector<bool>> slidingLayers(const ModelSpec &dense)
{
    std::vector<bool> sliding;
    for (const LayerSpec &layer : dense.layers) {
        if (!layer.attention)
            return {};
        sliding.push_back(layer.attention->window.has_value() || layer.attention->usesLocalRope);
    }
    return sliding;
}

void writeLayerKinds(json &config, const ModelSpec &dense)
{
    const Family *family = familyNamed(dense.family);
    const bool isByPattern = family && family->windows == Windows::Pattern, isFromLayer = family && family->windows == Windows::FromLayer;
    const std::optional<std::vector<bool>> sliding = isByPattern || isFromLayer ? slidingLayers(dense) : std::nullopt;
    if (!sliding)
        return;
    const auto first = std::find(sliding->begin(), sliding->end(), true);
    if (first == sliding->end()) {
        if (isFromLayer && config.contains("use_sliding_window"))
            config["use_sliding_window"] = false;
        return; // a model whose windows are switched off does not tell which layers they were of
    }
    config["layer_types"] = json::array();
    for (const bool slides : *sliding)
        config["layer_types"].push_back(slides ? kSliding : kFull);
    if (isFromLayer) {
        if (std::find(first, sliding->end(), false) == sliding->end())
            config["max_window_layers"] = first - sliding->begin();
        return;
    }
    for (std::size_t pattern = 1; pattern <= sliding->size() + 1; ++pattern) {
        bool fits = true;
        for (std::size_t i = 0; i < sliding->size(); ++i)
            fits = fits && (*sliding)[i] == ((i + 1) % pattern != 0);
        if (fits) {
            config["sliding_window_pattern"] = pattern;
            return;
        }
    }
    config.erase("sliding_window_pattern"); // it is none
}

/// Numbers that JSON has no word for become strings that no document holds, which `jsonText` replaces.
constexpr const char *kInfinite[] = {"\x01NaN", "\x01Infinity", "\x01-Infinity"};

void markInfinite(json &value)
{
    if (value.is_structured()) {
        for (json &part : value)
            markInfinite(part);
    } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
        const auto number = value.get<double>();
        value = kInfinite[std::isnan(number) ? 0 : number > 0 ? 1 : 2];
    }
}

} // namespace

void writeBothForms(json &config, const ModelSpec &dense)
{
    writeLayerKinds(config, dense);
    for (const LayerSpec &layer : dense.layers)
        if (layer.attention) { // all are of one size in what the targets hold
            writeRope(config, dense, layer.attention->headDim);
            config["num_key_value_heads"] = layer.attention->kvHeads;
            config["head_dim"] = layer.attention->headDim;
            break;
        }
}

std::string leaveOutLayers(json &config, const ModelSpec &dense, const std::vector<std::int64_t> &layers)
{
    if (layers.size() == dense.layers.size())
        return {};
    config["num_hidden_layers"] = layers.size();
    const Family *family = familyNamed(dense.family);
    const std::optional<std::vector<bool>> sliding = family && family->windows == Windows::Pattern ? slidingLayers(dense) : std::nullopt;
    // What followed from the numbers until now.
    if (family && family->unrotatedInterval > 0 && !config.contains("no_rope_layers"))
        for (const LayerSpec &layer : dense.layers)
            config["no_rope_layers"].push_back(!layer.attention || layer.attention->isRotated ? 1 : 0);
    if (sliding && !config.contains("layer_types"))
        for (const bool slides : *sliding)
            config["layer_types"].push_back(slides ? kSliding : kFull);
    for (const char *field : {"layer_types", "no_rope_layers"}) {
        const auto list = config.find(field);
        if (list == config.end() || !list->is_array() || list->size() < dense.layers.size())
            continue;
        json fewer = json::array();
        for (const std::int64_t layer : layers)
            fewer.push_back((*list)[std::size_t(layer)]);
        *list = std::move(fewer);
    }
    if (const auto first = config.find("max_window_layers"); first != config.end() && first->is_number_integer()) {
        const auto before = first->get<std::int64_t>();
        const auto kept = std::ranges::count_if(layers, [&](std::int64_t layer) { return layer < before; });
        *first = before - (std::min(before, dense.layerCount()) - std::int64_t(kept));
    }
    for (std::size_t i = 0; sliding && i < layers.size(); ++i)
        if ((*sliding)[std::size_t(layers[i])] != (*sliding)[i])
            return "Layers were left out, so the sliding windows are no longer where their numbers say: engines that do not read "
                   "'layer_types' "
                   "(transformers before 4.50) compute something else.";
    return {};
}

void writeType(json &config, std::string_view type)
{
    config["dtype"] = config["torch_dtype"] = type;
}

bool writeOlderTokenizer(json &config)
{
    bool isChanged = false;
    if (const auto name = config.find("tokenizer_class"); name != config.end() && *name == "TokenizersBackend") {
        *name = "PreTrainedTokenizerFast";
        isChanged = true;
    }
    if (const auto extra = config.find("extra_special_tokens"); extra != config.end() && extra->is_array()) {
        if (!config.contains("additional_special_tokens"))
            config["additional_special_tokens"] = *extra;
        config.erase("extra_special_tokens");
        isChanged = true;
    }
    return isChanged;
}

std::string jsonText(json document)
{
    markInfinite(document);
    std::string text = document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
    for (const char *mark : kInfinite) {
        const std::string quoted = json(mark).dump();
        for (std::size_t at = text.find(quoted); at != std::string::npos; at = text.find(quoted, at))
            text.replace(at, quoted.size(), mark + 1);
    }
    return text;
}

} // namespace secateur
