// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Families.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/ConfigReader.h"

#include <algorithm>
#include <array>

namespace secateur {

namespace {

using Scaling = RopeSpec::Scaling;

enum class Bias { None, AsConfigured, Always };

/// What sets a family apart from the others: defaults of its config.json (those of transformers), and what its weights look like.
struct Family {
    std::string_view type;                   ///< `model_type`
    bool isOpenable;                         ///< its weights can be read; otherwise only its shape is known
    std::int64_t vocabularySize;             ///< default
    std::int64_t contextLength;              ///< default
    std::int64_t kvHeads;                    ///< default; 0 = as many as heads
    double normEpsilon;                      ///< default
    Bias qkvBias;                            ///< AsConfigured: `attention_bias`
    Bias outputBias;                         ///< AsConfigured: `attention_bias`
    Bias ffnBias;                            ///< AsConfigured: `mlp_bias`
    std::int64_t originalContext;            ///< default of `original_max_position_embeddings`; 0 = the context length
    std::initializer_list<Scaling> scalings; ///< supported besides None
    std::string_view longRopeAliases;        ///< older names of `longrope`, separated by blanks
};

constexpr std::initializer_list<Scaling> kAllScalings{Scaling::Linear, Scaling::Dynamic, Scaling::Yarn, Scaling::Llama3, Scaling::LongRope};
constexpr std::initializer_list<Scaling> kNoScaling{};
constexpr std::initializer_list<Scaling> kOnlyLongRope{Scaling::LongRope};

constexpr std::array kFamilies{
    Family{"llama", true, 32000, 2048, 0, 1e-6, Bias::AsConfigured, Bias::AsConfigured, Bias::AsConfigured, 0, kAllScalings, ""},
    Family{"mistral", false, 32000, 131072, 8, 1e-6, Bias::None, Bias::None, Bias::None, 0, kNoScaling, ""},
    Family{"qwen2", false, 151936, 32768, 32, 1e-6, Bias::Always, Bias::None, Bias::None, 0, kAllScalings, ""},
    Family{"phi3", false, 32064, 4096, 0, 1e-5, Bias::None, Bias::None, Bias::None, 4096, kOnlyLongRope, "su yarn"},
};

constexpr std::array<std::pair<std::string_view, Scaling>, 6> kScalingNames{{
    {"default", Scaling::None},
    {"linear", Scaling::Linear},
    {"dynamic", Scaling::Dynamic},
    {"yarn", Scaling::Yarn},
    {"llama3", Scaling::Llama3},
    {"longrope", Scaling::LongRope},
}};

std::string supportedList()
{
    return listed(supportedFamilies());
}

const Family &familyOf(const nlohmann::json &config, const std::string &source)
{
    const auto type = config.find("model_type");
    if (type == config.end() || !type->is_string())
        throw Error(inQuotes(source) + " has no 'model_type'.",
                    "Choose the config.json of a Hugging Face model; supported: " + supportedList() + ".");
    const auto &name = type->get_ref<const std::string &>();
    for (const Family &family : kFamilies)
        if (family.type == name)
            return family;
    throw Error("Models of type " + inQuotes(name) + " are not supported; supported: " + supportedList() + ".",
                "The type is 'model_type' in " + inQuotes(source) + ".");
}

bool hasBias(Bias bias, bool configured)
{
    return bias == Bias::Always || (bias == Bias::AsConfigured && configured);
}

/// The scaling that a rope object names, or None with a problem noted.
Scaling scalingOf(ConfigReader &rope, const Family &family, bool isNewForm)
{
    if (!rope.has("type") && !rope.has("rope_type")) {
        if (!isNewForm)
            rope.reject("rope_type", "the name of a scaling, such as linear or llama3");
        return Scaling::None;
    }
    const std::string field = rope.has("rope_type") ? "rope_type" : "type";
    std::string name = rope.text(field, "default");
    if (rope.has("type") && rope.text("type", name) != name) {
        rope.reject("type", "the same as 'rope_type', which is " + inQuotes(name));
        return Scaling::None;
    }
    if (!family.longRopeAliases.empty() && (" " + std::string(family.longRopeAliases) + " ").find(" " + name + " ") != std::string::npos)
        name = "longrope";
    std::vector<std::string> supported;
    for (const auto &[known, scaling] : kScalingNames) {
        const bool isSupported =
            scaling == Scaling::None || std::find(family.scalings.begin(), family.scalings.end(), scaling) != family.scalings.end();
        if (isSupported && known == name)
            return scaling;
        if (isSupported)
            supported.emplace_back(known);
    }
    rope.reject(field, "one of " + listed(supported) + " for models of type " + inQuotes(family.type));
    return Scaling::None;
}

/// The context lengths that a rope object is read against.
struct Contexts {
    std::int64_t full = 0;
    std::optional<std::int64_t> original; ///< `original_max_position_embeddings` at the top level, or the family's default
};

/// The original context, which may stand inside the rope object, outside, or in both places when they agree. Releases of transformers
/// differ in which of two values they take, so two values are refused.
std::int64_t originalContext(ConfigReader &rope, const Contexts &contexts, std::optional<std::int64_t> absent)
{
    const std::string field = "original_max_position_embeddings";
    const std::int64_t original = rope.count(field, contexts.original ? contexts.original : absent);
    if (contexts.original && original != *contexts.original)
        rope.reject(field, "the same as at the top level of the file or by default, which is " + std::to_string(*contexts.original));
    return original;
}

void readYarn(ConfigReader &rope, RopeSpec &spec, const Contexts &contexts)
{
    spec.factor = rope.positive("factor", {});
    spec.betaFast = rope.positive("beta_fast", spec.betaFast);
    spec.betaSlow = rope.positive("beta_slow", spec.betaSlow);
    if (spec.betaFast < spec.betaSlow)
        rope.reject("beta_fast", "at least 'beta_slow'");
    spec.truncate = rope.flag("truncate", true);
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.mscale = rope.optionalPositive("mscale");
    spec.mscaleAllDim = rope.optionalPositive("mscale_all_dim");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
}

void readLlama3(ConfigReader &rope, RopeSpec &spec, const Contexts &contexts)
{
    spec.factor = rope.positive("factor", {});
    spec.lowFrequencyFactor = rope.positive("low_freq_factor", {});
    spec.highFrequencyFactor = rope.positive("high_freq_factor", {});
    if (!rope.hasProblems() && spec.highFrequencyFactor <= spec.lowFrequencyFactor)
        rope.reject("high_freq_factor", "above 'low_freq_factor'");
    spec.originalContext = originalContext(rope, contexts, {});
}

void readLongRope(ConfigReader &rope, RopeSpec &spec, const Contexts &contexts, std::int64_t headDim)
{
    spec.shortFactors = rope.positives("short_factor", std::size_t(headDim / 2));
    spec.longFactors = rope.positives("long_factor", std::size_t(headDim / 2));
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
    if (rope.has("factor"))
        spec.factor = rope.positive("factor", {});
    else if (contexts.original || rope.has("original_max_position_embeddings"))
        spec.factor = double(contexts.full) / double(spec.originalContext);
    else
        rope.reject("factor", "a number above 0, or 'original_max_position_embeddings' must be given");
}

RopeSpec readRope(ConfigReader &fields, const nlohmann::json &config, const std::string &source, const Family &family, std::int64_t headDim,
                  const Contexts &contexts)
{
    RopeSpec spec;
    spec.theta = fields.positive("rope_theta", spec.theta);
    const bool isNewForm = fields.has("rope_parameters");
    const std::string name = isNewForm ? "rope_parameters" : "rope_scaling";
    if (!fields.has(name) || fields.hasProblems())
        return spec;
    if (!config.at(name).is_object()) {
        fields.reject(name, "null or an object with 'rope_type'");
        return spec;
    }
    ConfigReader rope(config.at(name), source, name + ".");
    rope.allowOnly({"type", "rope_type", "rope_theta", "factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
                    "beta_slow", "mscale", "mscale_all_dim", "truncate", "short_factor", "long_factor", "low_freq_factor",
                    "high_freq_factor", "partial_rotary_factor", "finetuned"});
    if (rope.positive("partial_rotary_factor", 1.0) != 1.0)
        rope.reject("partial_rotary_factor", "1");
    spec.theta = rope.positive("rope_theta", spec.theta);
    spec.scaling = scalingOf(rope, family, isNewForm);
    switch (spec.scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
    case Scaling::Dynamic:
        spec.factor = rope.positive("factor", {});
        break;
    case Scaling::Yarn:
        readYarn(rope, spec, contexts);
        break;
    case Scaling::Llama3:
        readLlama3(rope, spec, contexts);
        break;
    case Scaling::LongRope:
        readLongRope(rope, spec, contexts, headDim);
        break;
    }
    fields.noteAll(rope);
    return spec;
}

/// Options that change what a model computes and that the decoder does not have.
void rejectUnsupported(ConfigReader &fields, const nlohmann::json &config)
{
    const std::string activation = fields.text("hidden_act", "silu");
    if (activation != "silu" && activation != "swish")
        fields.reject("hidden_act", "silu, the only supported activation");
    if (fields.positive("partial_rotary_factor", 1.0) != 1.0)
        fields.reject("partial_rotary_factor", "1, rotating a part of each head is not supported");
    if (!fields.has("quantization_config"))
        return;
    const nlohmann::json &quantization = config.at("quantization_config");
    const bool isNamed = quantization.is_object() && quantization.contains("quant_method") && quantization.at("quant_method").is_string();
    fields.note(
        "the weights are quantised ('quantization_config'" +
        (isNamed ? " with 'quant_method' " + inQuotes(quantization.at("quant_method").get_ref<const std::string &>()) : std::string()) +
        "), which is not supported; open the model that they were made from");
}

/// Attention of every layer, with the relations between its numbers checked.
AttentionSpec readAttention(ConfigReader &fields, const Family &family, std::int64_t hiddenSize)
{
    AttentionSpec attention;
    attention.heads = fields.count("num_attention_heads", {});
    const bool takesDefault = !fields.names("num_key_value_heads") && family.kvHeads > 0;
    attention.kvHeads = fields.count("num_key_value_heads", takesDefault ? family.kvHeads : attention.heads);
    attention.headDim = fields.count("head_dim", std::max<std::int64_t>(hiddenSize / attention.heads, 1), 1 << 20);
    const bool biased = fields.flag("attention_bias", false);
    attention.qkvBias = hasBias(family.qkvBias, biased);
    attention.outputBias = hasBias(family.outputBias, biased);
    if (fields.hasProblems())
        return attention;
    if (attention.heads % attention.kvHeads != 0)
        fields.note("'num_attention_heads' is " + std::to_string(attention.heads) +
                    "; it must be a multiple of 'num_key_value_heads', which is " + std::to_string(attention.kvHeads) +
                    (takesDefault ? " by default" : ""));
    if (!fields.has("head_dim") && hiddenSize % attention.heads != 0)
        fields.note("'hidden_size' is " + std::to_string(hiddenSize) +
                    "; without 'head_dim' it must be a multiple of 'num_attention_heads', which is " + std::to_string(attention.heads));
    else if (attention.headDim % 2 != 0)
        fields.note("the size of a head ('head_dim') is " + std::to_string(attention.headDim) + "; it must be even");
    return attention;
}

DType readDType(ConfigReader &fields)
{
    const std::string field = fields.has("dtype") ? "dtype" : "torch_dtype"; // the newer name first
    const std::string name = fields.text(field, "float32");
    for (const DType dtype : {DType::Float32, DType::Float16, DType::BFloat16})
        if (configName(dtype) == name)
            return dtype;
    fields.reject(field, "float32, float16 or bfloat16");
    return DType::Float32;
}

/// Counts of parameters and bytes are computed in 64 bits; this keeps them far from the edge.
void checkSize(ConfigReader &fields, const ModelSpec &spec, const AttentionSpec &attention, std::int64_t neurons, std::int64_t layerCount)
{
    constexpr double kMostParameters = 1e15;
    const double rows = 3.0 * double(neurons) + 2.0 * double(attention.heads + attention.kvHeads) * double(attention.headDim) + 8.0;
    const double parameters = double(spec.hiddenSize) * (double(layerCount) * rows + 2.0 * double(spec.vocabularySize));
    if (parameters > kMostParameters)
        fields.note("'hidden_size' " + std::to_string(spec.hiddenSize) + ", 'intermediate_size' " + std::to_string(neurons) +
                    ", 'vocab_size' " + std::to_string(spec.vocabularySize) + " and " + std::to_string(layerCount) +
                    " layers make more than 10^15 parameters");
}

} // namespace

std::vector<std::string> supportedFamilies()
{
    std::vector<std::string> types;
    for (const Family &family : kFamilies)
        if (family.isOpenable)
            types.emplace_back(family.type);
    return types;
}

ModelSpec specFromConfig(const nlohmann::json &config, const std::string &source)
{
    const Family &family = familyOf(config, source);
    ConfigReader fields(config, source);
    ModelSpec spec;
    spec.family = family.type;
    spec.hiddenSize = fields.count("hidden_size", {});
    const std::int64_t neurons = fields.count("intermediate_size", {});
    const std::int64_t layerCount = fields.count("num_hidden_layers", {}, 10'000);
    spec.vocabularySize = fields.count("vocab_size", family.vocabularySize);
    spec.contextLength = fields.count("max_position_embeddings", family.contextLength);
    spec.normEpsilon = fields.positive("rms_norm_eps", family.normEpsilon);
    spec.tiedEmbeddings = fields.flag("tie_word_embeddings", false);
    spec.dtype = readDType(fields);
    const AttentionSpec attention = readAttention(fields, family, spec.hiddenSize);
    const bool ffnBias = hasBias(family.ffnBias, fields.flag("mlp_bias", false));

    Contexts contexts{.full = spec.contextLength, .original = {}};
    if (fields.has("original_max_position_embeddings"))
        contexts.original = fields.count("original_max_position_embeddings", {});
    else if (family.originalContext > 0)
        contexts.original = family.originalContext;
    spec.rope = readRope(fields, config, source, family, attention.headDim, contexts);
    rejectUnsupported(fields, config);
    checkSize(fields, spec, attention, neurons, layerCount);
    fields.throwIfAny();
    spec.layers.assign(std::size_t(layerCount), LayerSpec{.attention = attention, .ffn = {.neurons = neurons, .bias = ffnBias}});
    return spec;
}

void requireWeightsSupport(const ModelSpec &spec)
{
    const auto supported = supportedFamilies();
    if (std::find(supported.begin(), supported.end(), spec.family) == supported.end())
        throw Error("The weights of models of type " + inQuotes(spec.family) +
                        " cannot be opened yet, only their shape is known; supported: " + supportedList() + ".",
                    "Plan from the config.json, or choose a model of a supported type.");
}

std::vector<std::string> ignoredTensors(const ModelSpec &spec)
{
    std::vector<std::string> names{"model.rotary_emb.inv_freq"};
    for (std::size_t i = 0; i < spec.layers.size(); ++i)
        names.push_back("model.layers." + std::to_string(i) + ".self_attn.rotary_emb.inv_freq");
    if (spec.tiedEmbeddings)
        names.emplace_back("lm_head.weight");
    return names;
}

} // namespace secateur
