// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/CheckpointSpec.h"

#include "checkpoint/GgufKeys.h"
#include "checkpoint/TensorRole.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Families.h"
#include "model/ModelTensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {
namespace {

std::string embeddingName()
{
    return hfTensorName({.part = TensorPart::Embedding}, TensorNaming{});
}

std::string headName()
{
    return hfTensorName({.part = TensorPart::Head}, TensorNaming{});
}

template <std::size_t Size>
bool isOneOf(std::string_view word, const std::array<std::string_view, Size> &words)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Names as transformers' AutoModel saves them get the "model." that they lack in a language model.
void addPrefix(Checkpoint &checkpoint)
{
    std::size_t count = 0;
    for (const std::string &name : checkpoint.names()) {
        const std::string whole = completedHfName(name);
        if (whole.empty() || checkpoint.contains(whole))
            continue;
        checkpoint.rename(name, whole);
        ++count;
    }
    if (count > 0)
        checkpoint.note((count == 1 ? "the name of 1 tensor lacks" : "the names of " + grouped(count) + " tensors lack") +
                        " 'model.', as AutoModel saves them; exports add it");
}

/// Bytes, not values: what is written in two types or in two ways is two tensors.
bool isSame(const TensorView &a, const TensorView &b)
{
    return a.dtype == b.dtype && a.shape == b.shape && a.bytes.size() == b.bytes.size() &&
           (a.bytes.empty() || std::memcmp(a.bytes.data(), b.bytes.data(), a.bytes.size()) == 0);
}

/// Whether the output product is the embedding, after a look at what is stored.
void settleHead(Checkpoint &checkpoint, ModelSpec &spec)
{
    const std::string embedding = embeddingName(), head = headName();
    if (!spec.tiedEmbeddings || !checkpoint.contains(head))
        return;
    if (!checkpoint.contains(embedding)) {
        checkpoint.rename(head, embedding);
        return;
    }
    spec.tiedEmbeddings = isSame(checkpoint.tensor(embedding), checkpoint.tensor(head));
    checkpoint.checkUnchanged(embedding);
    checkpoint.checkUnchanged(head);
    checkpoint.releasePages();
    if (!spec.tiedEmbeddings)
        checkpoint.note(inQuotes(head) +
                        " differs from the embedding, although 'tie_word_embeddings' is true: it is kept, as transformers 5 "
                        "and vLLM keep it");
}

/// A checkpoint of an untied model that lacks nothing but its output product.
void refuseMissingHead(const Checkpoint &checkpoint, const std::vector<ExpectedTensor> &expected)
{
    const std::string head = headName();
    const auto isThere = [&](const ExpectedTensor &tensor) { return checkpoint.contains(tensor.name) == (tensor.name != head); };
    if (!std::all_of(expected.begin(), expected.end(), isThere) || expected.back().name != head)
        return;
    const bool isSaid = checkpoint.config().contains("tie_word_embeddings");
    throw Error("The checkpoint " + inQuotes(checkpoint.path().string()) + " holds no output product: " + inQuotes(head) +
                    " is missing, and 'tie_word_embeddings' is false" + (isSaid ? "." : " by default."),
                "transformers would fill it with random numbers. If the model shares the embedding, set tie_word_embeddings to true in "
                "config.json; if it was saved without its head (AutoModel, a classifier, an embedding model), take the language model.");
}

std::string_view lastPart(std::string_view name)
{
    return name.substr(name.rfind('.') + 1);
}

/// Whether it lies beside the weights of keys or values, and scales what they give.
bool isScaleOfKeys(std::string_view name)
{
    constexpr std::string_view kScale = ".output_scale";
    if (!name.ends_with(kScale))
        return false;
    const auto beside = roleOfHfTensor(std::string(name.substr(0, name.size() - kScale.size())) + ".weight", TensorNaming{});
    return beside && (beside->part == TensorPart::Key || beside->part == TensorPart::Value);
}

/// What a tensor beside the expected ones is, in words, if the logits do not depend on it; else empty.
std::string harmlessKind(std::string_view name, const ModelSpec &spec)
{
    constexpr std::array<std::string_view, 9> kBuffers{"inv_freq",     "cos_cached",          "sin_cached",
                                                       "position_ids", "masked_bias",         "causal_mask",
                                                       "attn_mask",    "num_batches_tracked", "original_inv_freq"};
    constexpr std::array<std::string_view, 8> kScales{"k_scale",    "v_scale",      "q_scale",      "kv_scale",
                                                      "prob_scale", "k_zero_point", "v_zero_point", "q_zero_point"};
    constexpr std::array<std::string_view, 4> kHeads{"v_head.", "value_head.", "score.", "classifier."};
    const std::string_view part = lastPart(name);
    if (isOneOf(part, kBuffers) || name.ends_with("attn.bias")) // the latter a causal mask
        return "buffers that are computed instead";
    if ((isInsideHfAttention(name) && isOneOf(part, kScales)) || isScaleOfKeys(name))
        return "scales of a quantised KV cache";
    if (std::any_of(kHeads.begin(), kHeads.end(), [&](std::string_view head) { return name.starts_with(head); }))
        return "a head beside that of the language model";
    if (const auto layer = layerOfHfTensor(name); layer && *layer >= spec.layerCount())
        return "layers beyond the " + std::to_string(spec.layerCount()) + " of the configuration";
    return {};
}

/// Tensors that may be there; a note for each kind of them.
std::vector<std::string> ignoredIn(Checkpoint &checkpoint, const ModelSpec &spec, const std::vector<ExpectedTensor> &expected)
{
    std::set<std::string_view> wanted;
    for (const ExpectedTensor &tensor : expected)
        wanted.insert(tensor.name);
    std::vector<std::string> ignored;
    std::map<std::string, std::vector<std::string>> kinds;
    const std::string head = headName();
    for (const std::string &name : checkpoint.names()) {
        if (wanted.contains(name))
            continue;
        if (name == head && spec.tiedEmbeddings && checkpoint.contains(name)) { // the embedding once more
            ignored.push_back(name);
            continue;
        }
        if (const std::string kind = harmlessKind(name, spec); !kind.empty()) {
            kinds[kind].push_back(inQuotes(name));
            ignored.push_back(name);
        }
    }
    for (const auto &[kind, names] : kinds)
        checkpoint.note(counted(std::int64_t(names.size()), "tensor") + (names.size() == 1 ? " is not used: " : " are not used: ") + kind +
                        " (" + listed(names, 3) + ")");
    return ignored;
}

const char *dtypeField(const nlohmann::json &config)
{
    return config.contains("dtype") && !config.at("dtype").is_null() ? "dtype" : "torch_dtype";
}

/// Whether the configuration names a type that weights can be written in.
bool namesDType(const nlohmann::json &config)
{
    const auto field = config.find(dtypeField(config));
    if (field == config.end() || !field->is_string())
        return false;
    return isOneOf(field->get_ref<const std::string &>(),
                   std::array{configName(DType::Float32), configName(DType::Float16), configName(DType::BFloat16)});
}

/// What the configuration says; of a GGUF file, problems are told by its own keys.
ModelSpec configuredSpec(const Checkpoint &checkpoint, std::vector<std::string> &notes)
{
    const nlohmann::json *gguf = checkpoint.ggufMetadata();
    const std::string prefix = gguf ? gguf->value("general.architecture", std::string()) + "." : std::string();
    try {
        ModelSpec spec = specFromConfig(checkpoint.config(), checkpoint.configFile().string(), &notes);
        for (std::string &note : notes)
            note = gguf ? withGgufKeys(std::move(note), prefix) : std::move(note);
        return spec;
    } catch (const Error &problem) {
        if (!gguf)
            throw;
        throw Error(withGgufKeys(problem.what(), prefix), problem.hint());
    }
}

} // namespace

ModelSpec specOf(Checkpoint &checkpoint)
{
    std::vector<std::string> notes;
    ModelSpec spec = configuredSpec(checkpoint, notes);
    for (std::string &note : notes)
        checkpoint.note(std::move(note));
    if (!namesDType(checkpoint.config()))
        spec.dtype = checkpoint.dtype();
    addPrefix(checkpoint);
    settleHead(checkpoint, spec);
    const std::vector<ExpectedTensor> expected = expectedTensors(spec);
    refuseMissingHead(checkpoint, expected);
    checkpoint.expect(expected, ignoredIn(checkpoint, spec, expected));
    return spec;
}

nlohmann::json settledConfig(nlohmann::json config, const ModelSpec &spec)
{
    if (specFromConfig(config, "config.json").tiedEmbeddings != spec.tiedEmbeddings)
        config["tie_word_embeddings"] = spec.tiedEmbeddings;
    const bool isOldForm = config.contains("rope_scaling") && !config.at("rope_scaling").is_null() && !config.at("rope_scaling").empty();
    const auto newer = config.find("rope_parameters");
    if (isOldForm && !spec.localRope) {
        config.erase("rope_parameters"); // no release heeds it then
    } else if (isOldForm && newer != config.end() && newer->is_object() && newer->contains("full_attention") &&
               newer->at("full_attention").is_object() && config.at("rope_scaling").is_object()) {
        newer->at("full_attention").update(config.at("rope_scaling")); // as transformers 5 takes both
        config.erase("rope_scaling");
    }
    const char *dtype = dtypeField(config);
    if (config.contains(dtype) && !namesDType(config))
        config[dtype] = configName(spec.dtype);
    if (spec.family == "mistral" &&
        config.contains("layer_types")) { // releases differ in whether they heed it: what it says, in the way that all do
        config.erase("layer_types");
        const auto hasWindow = [](const LayerSpec &layer) { return layer.attention && layer.attention->window; };
        if (std::none_of(spec.layers.begin(), spec.layers.end(), hasWindow))
            config["sliding_window"] = nullptr;
    }
    return config;
}

} // namespace secateur
