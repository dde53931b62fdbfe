// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Targets.h"

#include "exporting/GgufRules.h"
#include "exporting/PortableConfig.h"
#include "exporting/RemoteCode.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Families.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

namespace secateur {
namespace {

using nlohmann::json;

constexpr std::int64_t kDeciMultiple = 256;

// hf-dropin ---------------------------------------------------------------------------------------------------------------------------

constexpr TensorForm kDropin{.keepsRemovedParts = true};

std::string unevenProblem(std::string_view target, const ModelSpec &pruned)
{
    std::vector<std::int64_t> widths;
    for (const LayerSpec &layer : pruned.layers)
        if (layer.ffn) // one that is removed is written as wide as the others
            widths.push_back(layer.ffn->neurons);
    if (widths.empty())
        return {};
    const auto [least, most] = std::ranges::minmax(widths);
    if (least == most)
        return {};
    return "The target " + std::string(target) + " needs the same width in every layer; this plan's widths go from " + std::to_string(least) +
           " to " + std::to_string(most) + ".";
}

/// Why layers that are written cannot be so with both parts: the model that is read lacks one.
std::string absentProblem(std::string_view target, const ModelSpec &dense, const ModelSpec &pruned)
{
    for (const Part part : {Part::Attention, Part::Ffn}) {
        std::vector<std::string> absent;
        for (const std::int64_t layer : writtenLayers(pruned))
            if (!dense.layers[std::size_t(layer)].has(part))
                absent.push_back(std::to_string(layer));
        if (!absent.empty())
            return "The target " + std::string(target) + (part == Part::Attention ? " needs an attention" : " needs an FFN") +
                   " in every layer; the model that is read has none in " + (absent.size() == 1 ? "layer " : "layers ") + listed(absent, 5) + ".";
    }
    return {};
}

/// The family whose own classes compute the model, where every layer is of one kind: a layer of DeciLM is one of Llama.
std::string plainFamily(const ModelSpec &dense)
{
    return dense.family == "nemotron-nas" ? "llama" : dense.family;
}

/// Why there is no such family for it: attentions of several sizes; empty when there is.
std::string mixedHeadsProblem(std::string_view target, const ModelSpec &dense)
{
    std::optional<std::int64_t> kvHeads;
    for (const LayerSpec &layer : dense.layers) {
        if (layer.attention && kvHeads.value_or(layer.attention->kvHeads) != layer.attention->kvHeads)
            return "The target " + std::string(target) + " needs the same number of KV heads in every layer; this model's differ.";
        if (layer.attention)
            kvHeads = layer.attention->kvHeads;
    }
    return {};
}

std::string dropinProblem(const ModelSpec &dense, const ModelSpec &pruned)
{
    std::string problem = absentProblem("hf-dropin", dense, pruned);
    if (problem.empty())
        problem = mixedHeadsProblem("hf-dropin", dense);
    return problem.empty() ? unevenProblem("hf-dropin", pruned) : problem;
}

/// The source's configuration, in the words of its family's own classes.
json plainConfig(const json &source, const ModelSpec &dense)
{
    json config = source;
    config.erase("secateur_layers");
    config.erase("block_configs");
    config["model_type"] = plainFamily(dense);
    config["architectures"] = {transformersNames(plainFamily(dense)).model + "ForCausalLM"};
    writeBothForms(config, dense);
    return config;
}

json dropinConfig(const json &source, const ModelSpec &dense, const ModelSpec &written)
{
    json config = plainConfig(source, dense);
    config["intermediate_size"] = written.mostNeurons();
    return config;
}

void addNothing(const std::filesystem::path & /*folder*/, const ModelSpec & /*dense*/) {}

// hf-compact --------------------------------------------------------------------------------------------------------------------------

json layersOf(const ModelSpec &written)
{
    json layers = json::array();
    for (const LayerSpec &layer : written.layers)
        layers.push_back(layer.ffn ? json{{"intermediate_size", layer.ffn->neurons}, {"attention", layer.attention.has_value()}}
                                   : json{{"ffn", false}, {"attention", layer.attention.has_value()}});
    return layers;
}

/// The width that most layers have; that of the dense model where no FFN is left.
std::int64_t usualWidth(const ModelSpec &written, const ModelSpec &dense)
{
    std::map<std::int64_t, int> counts;
    for (const LayerSpec &layer : written.layers)
        if (layer.ffn)
            ++counts[layer.ffn->neurons];
    if (counts.empty())
        return std::max<std::int64_t>(1, dense.mostNeurons());
    return std::max_element(counts.begin(), counts.end(), [](const auto &a, const auto &b) { return a.second < b.second; })->first;
}

json compactConfig(const json &source, const ModelSpec &dense, const ModelSpec &written)
{
    json config = plainConfig(source, dense);
    config["model_type"] = std::string(kCompactPrefix) + plainFamily(dense);
    config["architectures"] = {"SecateurForCausalLM"};
    config["auto_map"] = autoMap();
    config["intermediate_size"] = usualWidth(written, dense);
    config["secateur_layers"] = layersOf(written);
    return config;
}

std::string compactProblem(const ModelSpec &dense, const ModelSpec & /*pruned*/)
{
    return mixedHeadsProblem("hf-compact", dense);
}

void addCompactFiles(const std::filesystem::path &folder, const ModelSpec &dense)
{
    const TransformersNames names = transformersNames(plainFamily(dense));
    writeFileAtomically(folder / kConfigurationFile, configurationCode(names, std::string(kCompactPrefix) + plainFamily(dense)));
    writeFileAtomically(folder / kModelingFile, modelingCode(names));
}

// hf-deci -----------------------------------------------------------------------------------------------------------------------------

/// What a model has that Llama's layers have not, in words; empty when nothing.
std::string beyondLlama(const ModelSpec &dense)
{
    if (dense.activation != Activation::Silu)
        return "another activation than silu";
    if (dense.hasOutputNorms)
        return "norms behind its attentions and FFNs";
    if (dense.rope.rotaryDim)
        return "a position embedding of a part of each head (partial_rotary_factor)";
    for (const LayerSpec &layer : dense.layers) {
        if (layer.ffn && layer.ffn->bias)
            return "biases in its FFNs";
        if (!layer.attention)
            continue;
        if (layer.attention->queryKeyNorm)
            return "norms per head of q and k";
        if (!layer.attention->isRotated)
            return "layers without a position embedding";
        if (layer.attention->window && *layer.attention->window < dense.contextLength)
            return "a sliding window of " + counted(*layer.attention->window, "token");
    }
    return {};
}

std::string deciProblem(const ModelSpec &dense, const ModelSpec & /*pruned*/)
{
    if (firstAttention(dense) == nullptr)
        return "The target hf-deci needs an attention in the first layer; the model that is read has none at all.";
    std::string beyond = beyondLlama(dense);
    if (beyond.empty() && dense.rope.scaling == RopeSpec::Scaling::LongRope)
        beyond = "long rotary factors";
    return beyond.empty() ? beyond : "The target hf-deci holds Llama-style layers only; this model has " + beyond + ".";
}

/// The multiplier from which the engines compute the width: I = ceil256(int(2 m d / 3)).
double deciMultiplier(std::int64_t width, std::int64_t hiddenSize)
{
    return std::round(1.5 * double(width - kDeciMultiple / 2) / double(hiddenSize) * 1e6) / 1e6;
}

json deciBlock(const LayerSpec &layer, std::int64_t hiddenSize)
{
    const bool isThere = layer.attention.has_value();
    json attention = {{"no_op", !isThere},
                      {"replace_with_linear", false},
                      {"sparsify", nullptr},
                      {"n_heads_in_group", nullptr},
                      {"window_length", nullptr},
                      {"num_sink_tokens", nullptr},
                      {"use_prefill_window_in_sink_attention", false},
                      {"unshifted_sink", false}};
    if (isThere)
        attention["n_heads_in_group"] = layer.attention->heads / layer.attention->kvHeads;
    json ffn = {{"no_op", !layer.ffn}, {"replace_with_linear", false}, {"sparsify", nullptr}, {"ffn_mult", nullptr}};
    if (layer.ffn)
        ffn["ffn_mult"] = deciMultiplier(layer.ffn->neurons, hiddenSize);
    return {{"attention", attention}, {"ffn", ffn}};
}

json deciConfig(const json &source, const ModelSpec &dense, const ModelSpec &written)
{
    json config = source;
    writeBothForms(config, dense);
    for (const char *field :
         {"sliding_window", "use_sliding_window", "max_window_layers", "layer_types", "original_max_position_embeddings"})
        config.erase(field);
    config["model_type"] = "nemotron-nas";
    config["architectures"] = {"DeciLMForCausalLM"};
    config["auto_map"] = autoMap();
    config["intermediate_size"] = usualWidth(written, dense);
    config["secateur_layers"] = layersOf(written);
    config["hidden_act"] = "silu";
    config["block_configs"] = json::array();
    for (const LayerSpec &layer : written.layers)
        config["block_configs"].push_back(deciBlock(layer, written.hiddenSize));
    config["attention_bias"] = config["qkv_bias"] = written.layers.front().attention->qkvBias; // the first layer has one always
    return config;
}

void addDeciFiles(const std::filesystem::path &folder, const ModelSpec & /*dense*/)
{
    writeFileAtomically(folder / kConfigurationFile, configurationCode(transformersNames("nemotron-nas"), "nemotron-nas"));
    writeFileAtomically(folder / kModelingFile, modelingCode(transformersNames("nemotron-nas")));
}

// gguf-* ------------------------------------------------------------------------------------------------------------------------------

std::string ggufDeciProblem(const ModelSpec &dense, const ModelSpec & /*pruned*/)
{
    const std::string beyond = dense.rope.scaling == RopeSpec::Scaling::Dynamic ? "a dynamic rotary scaling" : beyondLlama(dense);
    return beyond.empty() ? beyond : "The target gguf-deci holds Llama-style layers only; this model has " + beyond + ".";
}

std::string ggufDropinProblem(const ModelSpec &dense, const ModelSpec &pruned)
{
    const GgufArchitecture *architecture = ggufArchitectureOf(dense);
    if (architecture == nullptr)
        return "The target gguf-dropin cannot be written for models of type " + dense.family + ".";
    if (std::string absent = absentProblem("gguf-dropin", dense, pruned); !absent.empty())
        return absent;
    const auto refusal = [&](const std::string &beyond, const char *whose) {
        return "llama.cpp computes " + std::string(architecture->name) + " without what " + whose + ": " + beyond +
               ". So it cannot be written for the target gguf-dropin.";
    };
    if (const std::string beyond = beyondGguf(*architecture, dense); !beyond.empty())
        return refusal(beyond, "this model has");
    // Where it knows layers by their number, others may be in their places.
    if (const std::string beyond = beyondGguf(*architecture, writtenSpec(kDropin, dense, pruned)); !beyond.empty())
        return refusal(beyond, "this model has once the plan's layers are left out");
    return unevenProblem("gguf-dropin", pruned);
}

const GgufArchitecture *deciArchitecture(const ModelSpec & /*dense*/)
{
    const auto all = ggufArchitectures();
    return &*std::ranges::find(all, std::string_view("deci"), &GgufArchitecture::name);
}

constexpr std::array kRules{
    TargetRules{.name = "hf-dropin",
                .form = kDropin,
                .problem = dropinProblem,
                .config = dropinConfig,
                .addFiles = addNothing},
    TargetRules{.name = "hf-compact", .form = {}, .problem = compactProblem, .config = compactConfig, .addFiles = addCompactFiles},
    TargetRules{.name = "hf-deci",
                .form = {.keepsFirstAttention = true, .splitsFused = true, .hasOutputBias = true, .widthMultiple = kDeciMultiple},
                .problem = deciProblem,
                .config = deciConfig,
                .addFiles = addDeciFiles},
    TargetRules{.name = "gguf-deci",
                .form = {.stubsFirstAttention = true, .stubsFfns = true, .splitsFused = true},
                .problem = ggufDeciProblem,
                .isGguf = true,
                .architecture = deciArchitecture},
    TargetRules{.name = "gguf-dropin",
                .form = kDropin,
                .problem = ggufDropinProblem,
                .isGguf = true,
                .architecture = ggufArchitectureOf},
};

} // namespace

const std::vector<ExportTarget> &exportTargets()
{
    static const std::vector<ExportTarget> targets = {
        {"hf-dropin", "removed attentions and FFNs zeroed, layers without both left out; one width for all layers",
         "any program that runs the original model", "size and time of narrower FFNs and of whole layers; nothing for other attentions"},
        {"hf-compact", "exactly what the plan keeps", "transformers with trust_remote_code, and this program",
         "size, time and KV cache of all that was removed"},
        {"hf-deci", "widths in multiples of 256, filled up with zeros; layer 0 must keep an attention",
         "vLLM, SGLang, TensorRT-LLM and mlx-lm, as DeciLMForCausalLM; transformers with trust_remote_code",
         "size, time and KV cache of all that was removed"},
        {"gguf-deci", "exactly what the plan keeps; layer 0 keeps one zeroed head, a removed FFN a few zeroed neurons",
         "llama.cpp and programs built on it: llama-cpp-python, Ollama, LM Studio, koboldcpp", "size, time and KV cache of all that was removed"},
        {"gguf-dropin", "removed attentions and FFNs zeroed, layers without both left out; one width for all layers",
         "any llama.cpp that runs the original model", "size and time of narrower FFNs and of whole layers; nothing for other attentions"},
    };
    return targets;
}

const TargetRules &targetRules(std::string_view name)
{
    std::vector<std::string> names;
    for (const TargetRules &rules : kRules) {
        if (rules.name == name)
            return rules;
        names.emplace_back(rules.name);
    }
    throw Error("There is no export format " + inQuotes(name) + ".", "Formats: " + listed(names) + ".");
}

std::string exportProblem(const std::string &format, const ModelSpec &dense, const ModelSpec &pruned)
{
    return targetRules(format).problem(dense, pruned);
}

ModelSpec exportedSpec(const std::string &format, const ModelSpec &dense, const ModelSpec &pruned)
{
    return writtenSpec(targetRules(format).form, dense, pruned);
}

const std::vector<ExportEngine> &exportEngines()
{
    static const std::vector<ExportEngine> engines = {
        {"transformers", {"hf-dropin"}},
        {"vLLM, SGLang, TensorRT-LLM", {"hf-dropin", "hf-deci"}},
        {"llama.cpp, LM Studio, Ollama", {"gguf-dropin", "gguf-deci"}},
        {"MLX", {"hf-dropin", "hf-deci"}},
    };
    return engines;
}

std::string recommendedTarget(const ExportEngine &engine, const ModelSpec &dense, const ModelSpec &pruned)
{
    std::string best;
    std::int64_t fewest = 0;
    for (const std::string &target : engine.targets) {
        if (!exportProblem(target, dense, pruned).empty())
            continue;
        const std::int64_t parameters = modelParameters(exportedSpec(target, dense, pruned));
        if (best.empty() || parameters < fewest) {
            best = target;
            fewest = parameters;
        }
    }
    return best;
}

} // namespace secateur
