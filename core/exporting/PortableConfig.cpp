// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/PortableConfig.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace secateur {
namespace {

using nlohmann::json;
using Scaling = RopeSpec::Scaling;

json objectIn(const json &object, const char *field)
{
    const auto found = object.find(field);
    return found != object.end() && found->is_object() ? *found : json::object();
}

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

/// An entry of `rope_parameters`: `given`, which the source has in either form, with its type and base.
json newerRope(const json &given, const RopeSpec &rope)
{
    json object = rope.scaling == Scaling::None ? json::object() : given;
    if (given.contains("partial_rotary_factor"))
        object["partial_rotary_factor"] = given.at("partial_rotary_factor");
    object.erase("type");
    object["rope_type"] = nameOf(rope.scaling);
    object["rope_theta"] = rope.theta;
    if (rope.originalContext > 0) // releases differ in what they take where it is absent
        object["original_max_position_embeddings"] = rope.originalContext;
    return object;
}

/// `rope_scaling`; null without a scaling.
json olderRope(json object, const ModelSpec &dense)
{
    if (dense.rope.scaling == Scaling::None)
        return {};
    object.erase("rope_theta");
    object.erase("partial_rotary_factor");
    if (dense.family != "phi3")
        return object;
    // Phi-3's of before 5 must have these three fields; the others stand elsewhere or follow from them.
    const double implied = double(dense.contextLength) / double(dense.rope.originalContext);
    const bool isImplied = !dense.rope.attentionFactor && std::abs(dense.rope.factor - implied) <= 1e-9 * implied;
    object["type"] = object["rope_type"];
    return isImplied ? json{{"type", object["type"]}, {"short_factor", object["short_factor"]}, {"long_factor", object["long_factor"]}}
                     : object; // those releases refuse it, and would compute something else otherwise
}

void writeRope(json &config, const ModelSpec &dense)
{
    const bool isNew = config.contains("rope_parameters") && config["rope_parameters"].is_object();
    json whole = objectIn(config, isNew ? "rope_parameters" : "rope_scaling"), local = json::object();
    if (isNew && dense.localRope) {
        local = objectIn(whole, "sliding_attention");
        whole = objectIn(whole, "full_attention");
    }
    whole = newerRope(whole, dense.rope);
    config["rope_theta"] = dense.rope.theta;
    config["rope_scaling"] = olderRope(whole, dense);
    if (whole.contains("partial_rotary_factor"))
        config["partial_rotary_factor"] = whole["partial_rotary_factor"];
    if (dense.rope.scaling == Scaling::LongRope)
        config["original_max_position_embeddings"] = dense.rope.originalContext;
    config["rope_parameters"] = whole;
    if (!dense.localRope)
        return;
    config["rope_parameters"] = {{"full_attention", whole}, {"sliding_attention", newerRope(local, *dense.localRope)}};
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
    const bool isGemma = dense.family == "gemma2" || dense.family == "gemma3_text";
    const bool isQwen = dense.family == "qwen2" || dense.family == "qwen3";
    const std::optional<std::vector<bool>> sliding = isGemma || isQwen ? slidingLayers(dense) : std::nullopt;
    if (!sliding)
        return;
    const auto first = std::find(sliding->begin(), sliding->end(), true);
    if (first == sliding->end()) {
        if (isQwen && config.contains("use_sliding_window"))
            config["use_sliding_window"] = false;
        return; // a Gemma whose windows are switched off does not tell which layers they were of
    }
    config["layer_types"] = json::array();
    for (const bool slides : *sliding)
        config["layer_types"].push_back(slides ? "sliding_attention" : "full_attention");
    if (isQwen) {
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
    writeRope(config, dense);
    writeLayerKinds(config, dense);
    for (const LayerSpec &layer : dense.layers)
        if (layer.attention) {
            config["num_key_value_heads"] = layer.attention->kvHeads;
            config["head_dim"] = layer.attention->headDim;
            break;
        }
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
