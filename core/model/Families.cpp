// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Families.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/ConfigReader.h"
#include "model/FamilyTable.h"
#include "model/RopeConfig.h"

#include <algorithm>
#include <cmath>

namespace secateur {

namespace {

constexpr const char *kOpenOriginal = "Open the model that they were made from.";

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
    const bool isCompact = name.starts_with(kCompactPrefix) && config.contains("secateur_layers");
    if (const Family *family = familyNamed(isCompact ? name.substr(kCompactPrefix.size()) : name))
        return *family;
    throw Error("Models of type " + inQuotes(name) + " are not supported; supported: " + supportedList() + ".",
                "Open a model of one of these types; that of this one stands under 'model_type' in " + inQuotes(source) +
                    ". Nothing was changed.");
}

bool hasBias(Bias bias, bool configured)
{
    return bias == Bias::Always || (bias == Bias::AsConfigured && configured);
}

/// A number that null switches off and that has a default when the file does not name it; 0 = off.
double optionWithDefault(ConfigReader &fields, const std::string &field, double absent)
{
    if (fields.has(field))
        return fields.positive(field, {});
    return fields.names(field) ? 0 : absent;
}

/// The rotary embeddings: that of all layers, and that of the sliding ones where the family has two.
void readRopes(ConfigReader &fields, const nlohmann::json &config, const std::string &source, const Family &family, std::int64_t headDim,
               ModelSpec &spec)
{
    RopeContexts contexts{.full = spec.contextLength, .original = {}};
    if (fields.has("original_max_position_embeddings"))
        contexts.original = fields.count("original_max_position_embeddings", {});
    else if (family.originalContext > 0)
        contexts.original = family.originalContext;

    const RopeRules rules{
        .family = family.type, .scalings = family.scalings, .longRopeAliases = family.longRopeAliases, .rotatesParts = family.rotatesParts};
    // Where both forms are there, transformers takes the older one, in releases of either.
    const bool isOldForm = fields.has("rope_scaling") && !config.at("rope_scaling").empty();
    const bool isNewForm = !isOldForm && fields.has("rope_parameters");
    RopeObject whole{.json = nullptr,
                     .name = isNewForm ? "rope_parameters" : "rope_scaling",
                     .isNewForm = isNewForm,
                     .theta = fields.positive("rope_theta", family.theta),
                     .rotatedPart = fields.positive("partial_rotary_factor", 1.0)};
    if (config.contains(whole.name))
        whole.json = &config.at(whole.name);
    if (family.localTheta == 0) {
        spec.rope = readRope(fields, whole, source, rules, headDim, contexts);
        if (!isOldForm || !fields.has("rope_parameters"))
            return;
        RopeObject newer = whole;
        newer.json = &config.at("rope_parameters");
        newer.isNewForm = true;
        ConfigReader unheard(config, source);
        if (readRope(unheard, newer, source, rules, headDim, contexts) != spec.rope || unheard.hasProblems())
            fields.remark("'rope_parameters' is not used: 'rope_scaling' says otherwise and goes first");
        return;
    }
    RopeObject local{.json = nullptr,
                     .name = "rope_parameters.sliding_attention",
                     .isNewForm = true,
                     .theta = fields.positive("rope_local_base_freq", family.localTheta)};
    nlohmann::json merged;
    if (fields.has("rope_parameters") && config.at("rope_parameters").is_object()) { // one object for each kind of layer
        const nlohmann::json &both = config.at("rope_parameters");
        const nlohmann::json *full = both.contains("full_attention") ? &both.at("full_attention") : nullptr;
        local.json = both.contains("sliding_attention") ? &both.at("sliding_attention") : nullptr;
        if (isOldForm && full && full->is_object() && whole.json->is_object()) { // the older one changes the newer
            merged = *full;
            merged.update(*whole.json);
            full = &merged;
        }
        if (!isOldForm || full == &merged) {
            whole.json = full;
            whole.name = "rope_parameters.full_attention";
            whole.isNewForm = true;
        }
    }
    spec.rope = readRope(fields, whole, source, rules, headDim, contexts);
    spec.localRope = readRope(fields, local, source, rules, headDim, contexts);
}

/// Options that change what a model computes and that the decoder does not have.
void rejectUnsupported(ConfigReader &fields, const nlohmann::json &config, const Family &family)
{
    const std::string field = family.isGemma ? "hidden_activation" : "hidden_act";
    const std::string activation = fields.text(field, family.isGemma ? "gelu_pytorch_tanh" : "silu");
    if (family.isGemma && activation != "gelu_pytorch_tanh")
        fields.reject(field, "gelu_pytorch_tanh, the only supported activation of this family");
    if (!family.isGemma && activation != "silu" && activation != "swish")
        fields.reject(field, "silu, the only supported activation");
    if (family.isGemma && fields.flag("use_bidirectional_attention", false))
        fields.reject("use_bidirectional_attention", "false: only causal models can be pruned");
    if (!fields.flag("is_causal", true)) // of an embedding model: transformers 5 lets every token see all others
        fields.reject("is_causal", "true: only causal models can be pruned");
    if (!fields.has("quantization_config") && fields.has("quantization"))
        fields.note("the weights are quantised by MLX ('quantization'), which is not supported", kOpenOriginal);
    if (!fields.has("quantization_config"))
        return;
    const nlohmann::json &quantization = config.at("quantization_config");
    const bool isNamed = quantization.is_object() && quantization.contains("quant_method") && quantization.at("quant_method").is_string();
    fields.note(
        "the weights are quantised ('quantization_config'" +
            (isNamed ? " with 'quant_method' " + inQuotes(quantization.at("quant_method").get_ref<const std::string &>()) : std::string()) +
            "), which is not supported",
        kOpenOriginal);
}

/// Attention of every layer, with the relations between its numbers checked.
AttentionSpec readAttention(ConfigReader &fields, const Family &family, std::int64_t hiddenSize)
{
    AttentionSpec attention;
    attention.heads = fields.count("num_attention_heads", {});
    const bool takesDefault = !fields.names("num_key_value_heads") && family.kvHeads > 0;
    attention.kvHeads = fields.count("num_key_value_heads", takesDefault ? family.kvHeads : attention.heads);
    const std::int64_t usualHeadDim = family.headDim > 0 ? family.headDim : std::max<std::int64_t>(hiddenSize / attention.heads, 1);
    attention.headDim = fields.count("head_dim", usualHeadDim, 1 << 20);
    const bool biased = fields.flag("attention_bias", false);
    attention.qkvBias = hasBias(family.qkvBias, biased);
    attention.outputBias = hasBias(family.outputBias, biased);
    attention.queryKeyNorm = family.queryKeyNorm;
    if (family.isGemma) {
        attention.scale = 1 / std::sqrt(fields.positive("query_pre_attn_scalar", 256));
        if (const double softcap = optionWithDefault(fields, "attn_logit_softcapping", family.scoreSoftcap); softcap > 0)
            attention.scoreSoftcap = softcap;
    }
    if (fields.hasProblems())
        return attention;
    if (attention.heads % attention.kvHeads != 0)
        fields.note("'num_attention_heads' is " + std::to_string(attention.heads) +
                    "; it must be a multiple of 'num_key_value_heads', which is " + std::to_string(attention.kvHeads) +
                    (takesDefault ? " by default" : ""));
    if (!fields.has("head_dim") && family.headDim == 0 && hiddenSize % attention.heads != 0)
        fields.note("'hidden_size' is " + std::to_string(hiddenSize) +
                    "; without 'head_dim' it must be a multiple of 'num_attention_heads', which is " + std::to_string(attention.heads));
    else if (attention.headDim % 2 != 0)
        fields.note("the size of a head ('head_dim') is " + std::to_string(attention.headDim) + "; it must be even");
    return attention;
}

/// What differs between the attentions of the layers: sliding windows, and layers that are not rotated.
void readLayerKinds(ConfigReader &fields, const nlohmann::json &config, const Family &family, std::vector<LayerSpec> &layers)
{
    const std::int64_t interval = family.unrotatedInterval > 0 ? fields.count("no_rope_layer_interval", family.unrotatedInterval) : 0;
    std::vector<bool> isRotated(layers.size(), true);
    for (std::size_t i = 0; interval > 0 && i < layers.size(); ++i)
        isRotated[i] = (std::int64_t(i) + 1) % interval != 0;
    if (family.unrotatedInterval > 0 && fields.has("no_rope_layers")) {
        const nlohmann::json &list = config.at("no_rope_layers");
        const auto isSwitch = [](const nlohmann::json &value) { return value == 0 || value == 1; };
        if (!list.is_array() || list.size() < layers.size() || !std::all_of(list.begin(), list.end(), isSwitch))
            return fields.reject("no_rope_layers", "a list of a 1 (rotated) or 0 for each of the layers");
        for (std::size_t i = 0; i < layers.size(); ++i)
            isRotated[i] = list[i] == 1;
    }

    std::int64_t window = 0;
    if (family.windows != Windows::None)
        window = std::int64_t(fields.has("sliding_window")     ? fields.count("sliding_window", {})
                              : fields.names("sliding_window") ? 0
                                                               : family.window);
    const bool isSwitched = family.windows == Windows::FromLayer || family.windows == Windows::Unrotated;
    // transformers' SmolLM3 masks by `layer_types` alone where they are given.
    const bool isByTypes = family.windows == Windows::Unrotated && fields.has("layer_types");
    if (isSwitched && !fields.flag("use_sliding_window", false) && !isByTypes)
        window = 0;
    const bool isFromLayer = family.windows == Windows::FromLayer && config.value("max_window_layers", nlohmann::json()) != 0;
    const std::int64_t first = isFromLayer ? fields.count("max_window_layers", family.firstWindowLayer) : 0;
    const std::int64_t pattern = family.readsPattern ? fields.count("sliding_window_pattern", family.windowPattern) : family.windowPattern;
    const auto slides = [&](std::size_t i) {
        switch (family.windows) {
        case Windows::None:
            return false;
        case Windows::All:
            return true;
        case Windows::FromLayer:
            return std::int64_t(i) >= first;
        case Windows::Unrotated:
            return !isRotated[i];
        case Windows::Pattern:
            break;
        }
        return (std::int64_t(i) + 1) % pattern != 0;
    };
    std::vector<bool> isSliding(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i)
        isSliding[i] = slides(i);
    if (fields.has("layer_types")) {
        const nlohmann::json &types = config.at("layer_types");
        const auto isKnown = [](const nlohmann::json &type) { return type == "full_attention" || type == "sliding_attention"; };
        const bool isList = types.is_array() && types.size() == layers.size() && std::all_of(types.begin(), types.end(), isKnown);
        const bool hasChoice = family.windows != Windows::None && family.windows != Windows::All;
        const auto sliding = isList ? std::size_t(std::count(types.begin(), types.end(), "sliding_attention")) : 0;
        const bool isAllSliding = family.heedsLayerTypes && sliding == layers.size();
        if (!isList || (!hasChoice && sliding > 0 && !isAllSliding))
            return fields.reject("layer_types", hasChoice ? "a list of full_attention or sliding_attention for each of the layers"
                                                : family.heedsLayerTypes ? "absent or the same for each of the layers"
                                                                         : "absent or full_attention for each of the layers");
        if (family.heedsLayerTypes && sliding == 0) // transformers 5 takes it for a model of type ministral
            window = 0;
        for (std::size_t i = 0; hasChoice && i < layers.size(); ++i)
            isSliding[i] = types[i] == "sliding_attention";
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        AttentionSpec &attention = *layers[i].attention;
        attention.isRotated = isRotated[i];
        attention.usesLocalRope = family.localTheta > 0 && isSliding[i];
        if (window > 0 && isSliding[i])
            attention.window = window;
    }
}

/// `secateur_layers`, which checkpoints of ours have whose layers differ: the width of each FFN, unless it is absent, and whether its attention
/// is there.
void readPrunedLayers(ConfigReader &fields, const nlohmann::json &config, std::vector<LayerSpec> &layers)
{
    if (!fields.has("secateur_layers"))
        return;
    const nlohmann::json &list = config.at("secateur_layers");
    if (!list.is_array() || list.size() != layers.size())
        return fields.reject("secateur_layers", "a list with an object for each of the layers");
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!list[i].is_object())
            return fields.reject("secateur_layers", "a list with an object for each of the layers");
        ConfigReader layer(list[i], "", "secateur_layers[" + std::to_string(i) + "].");
        layer.allowOnly({"intermediate_size", "ffn", "attention"});
        if (!layer.flag("ffn", true))
            layers[i].ffn.reset();
        else
            layers[i].ffn->neurons = layer.count("intermediate_size", {});
        if (!layer.flag("attention", true))
            layers[i].attention.reset();
        fields.noteAll(layer);
    }
}

/// `block_configs` of DeciLM: for each layer whether its parts are there (`no_op`) and the multiplier of its width, from which the
/// engines compute I = 256 ceil(int(2 m d / 3) / 256). Layers that are something else are refused.
void readBlockConfigs(ConfigReader &fields, const nlohmann::json &config, ModelSpec &spec)
{
    const auto list = config.find("block_configs");
    if (list == config.end() || !list->is_array() || list->size() != spec.layers.size())
        return fields.note("'block_configs' must be a list with an object for each of the layers");
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        const std::string place = "block_configs[" + std::to_string(i) + "].";
        const nlohmann::json &block = (*list)[i];
        const auto partOf = [&](const char *name) {
            return block.is_object() && block.contains(name) && block.at(name).is_object() ? block.at(name) : nlohmann::json::object();
        };
        const nlohmann::json attentionPart = partOf("attention"), ffnPart = partOf("ffn");
        ConfigReader attention(attentionPart, "", place + "attention."), ffn(ffnPart, "", place + "ffn.");
        for (ConfigReader *part : {&attention, &ffn})
            if (part->flag("replace_with_linear", false))
                part->reject("replace_with_linear", "false; linear layers are not supported");
        if (attention.has("window_length"))
            attention.reject("window_length", "null");
        LayerSpec &layer = spec.layers[i];
        if (ffn.flag("no_op", false))
            layer.ffn.reset();
        else if (const double width = std::trunc(2 * ffn.positive("ffn_mult", {}) * double(spec.hiddenSize) / 3); width > 1e9)
            ffn.reject("ffn_mult", "smaller");
        else
            layer.ffn->neurons = std::max<std::int64_t>(1, std::int64_t(std::ceil(width / 256))) * 256;
        if (attention.flag("no_op", false))
            layer.attention.reset();
        else if (const std::int64_t group = attention.count("n_heads_in_group", {}); !attention.hasProblems())
            layer.attention->kvHeads = std::max<std::int64_t>(1, layer.attention->heads / group);
        fields.noteAll(attention);
        fields.noteAll(ffn);
    }
}

DType readDType(ConfigReader &fields)
{
    const std::string field = fields.has("dtype") ? "dtype" : "torch_dtype"; // the newer name first
    std::string name = fields.text(field, "float32");
    if (name.starts_with("torch."))
        name.erase(0, std::string_view("torch.").size());
    if (name == "auto" || name == "float" || name == "float64" || name == "double") // as stored; specOf looks
        return DType::Float32;
    if (name == "half")
        return DType::Float16;
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
    for (const Family &family : familyTable())
        types.emplace_back(family.type);
    return types;
}

ModelSpec specFromConfig(const nlohmann::json &config, const std::string &source, std::vector<std::string> *notes)
{
    const Family &family = familyOf(config, source);
    ConfigReader fields(config, source);
    ModelSpec spec;
    spec.family = family.type;
    spec.hiddenSize = fields.count("hidden_size", {});
    const std::int64_t neurons = fields.count("intermediate_size", family.hasBlockConfigs ? std::optional<std::int64_t>(1) : std::nullopt);
    const std::int64_t layerCount = fields.count("num_hidden_layers", {}, 10'000);
    spec.vocabularySize = fields.count("vocab_size", family.vocabularySize);
    spec.contextLength = fields.count("max_position_embeddings", family.contextLength);
    spec.normEpsilon = fields.positive("rms_norm_eps", family.normEpsilon);
    spec.tiedEmbeddings = fields.flag("tie_word_embeddings", family.tiedEmbeddings);
    spec.dtype = readDType(fields);
    spec.hasFusedProducts = family.hasFusedProducts;
    if (family.isGemma) {
        spec.activation = Activation::GeluTanh;
        spec.hasOutputNorms = true;
        spec.addsOneToNorms = true;
        spec.embeddingScale = std::sqrt(double(spec.hiddenSize));
        if (const double softcap = optionWithDefault(fields, "final_logit_softcapping", family.logitSoftcap); softcap > 0)
            spec.logitSoftcap = softcap;
    }
    const AttentionSpec attention = readAttention(fields, family, spec.hiddenSize);
    const bool ffnBias = hasBias(family.ffnBias, fields.flag("mlp_bias", false));
    readRopes(fields, config, source, family, attention.headDim, spec);
    rejectUnsupported(fields, config, family);
    checkSize(fields, spec, attention, neurons, layerCount);
    fields.throwIfAny();
    spec.layers.assign(std::size_t(layerCount), LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = neurons, .bias = ffnBias}});
    readLayerKinds(fields, config, family, spec.layers);
    if (family.hasBlockConfigs)
        readBlockConfigs(fields, config, spec);
    else
        readPrunedLayers(fields, config, spec.layers);
    fields.throwIfAny();
    if (notes)
        notes->insert(notes->end(), fields.remarks().begin(), fields.remarks().end());
    return spec;
}

TransformersNames transformersNames(std::string_view family)
{
    const Family *found = familyNamed(family);
    return found ? TransformersNames{std::string(found->configClass), std::string(found->modelClass)} : TransformersNames{};
}

} // namespace secateur
