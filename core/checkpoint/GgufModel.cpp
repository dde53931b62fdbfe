// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufModel.h"

#include "checkpoint/GgufKeys.h"
#include "checkpoint/GgufNames.h"
#include "checkpoint/TensorRole.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace secateur {
namespace {

using nlohmann::json;

/// For messages: a text of the file need not be UTF-8.
std::string shown(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60);
}

const GgufArchitecture &architectureOf(const json &metadata, const std::string &file)
{
    const auto name = metadata.find("general.architecture");
    std::vector<std::string> supported;
    for (const GgufArchitecture &architecture : ggufArchitectures()) {
        if (name != metadata.end() && *name == architecture.name)
            return architecture;
        if (supported.empty() || supported.back() != architecture.name) // one architecture serves two families
            supported.emplace_back(architecture.name);
    }
    throw Error("GGUF files of the architecture " + (name == metadata.end() ? "(none)" : shown(*name)) +
                    " cannot be opened; supported: " + listed(supported) + ".",
                "The file is " + inQuotes(file) + ". Open the Hugging Face version of the model instead.");
}

/// Rows 2j + t of every head to t * headDim / 2 + j: from neighbours that rotate together to halves that do.
std::vector<std::byte> untangled(std::span<const std::byte> bytes, std::int64_t rows, std::int64_t heads)
{
    std::vector<std::byte> result(bytes.size());
    const std::size_t rowBytes = bytes.size() / std::size_t(rows);
    const std::int64_t half = rows / heads / 2;
    for (std::int64_t head = 0; head < heads; ++head)
        for (std::int64_t j = 0; j < half; ++j)
            for (std::int64_t t = 0; t < 2; ++t) {
                const std::int64_t from = head * 2 * half + 2 * j + t, to = head * 2 * half + t * half + j;
                std::memcpy(result.data() + std::size_t(to) * rowBytes, bytes.data() + std::size_t(from) * rowBytes, rowBytes);
            }
    return result;
}

/// The metadata as JSON; a number is one, whatever its type in the file.
json metadataOf(const GgufContent &content)
{
    const auto scalar = [](const auto &value) { return value ? json(*value) : json(); };
    json metadata = json::object();
    for (const auto &[key, value] : content.metadata) {
        json &held = metadata[std::string(key)];
        const bool isText = value.type == GgufValueType::String;
        const bool isFloat = value.type == GgufValueType::Float32 || value.type == GgufValueType::Float64;
        if (value.isArray && isText)
            held = scalar(value.texts());
        else if (value.isArray)
            held = isFloat ? scalar(value.numbers()) : scalar(value.integers());
        else if (isText)
            held = scalar(value.text());
        else if (value.type == GgufValueType::Bool)
            held = scalar(value.flag());
        else
            held = isFloat ? scalar(value.number()) : scalar(value.integer());
    }
    return metadata;
}

std::vector<float> valuesOf(const GgufTensor &tensor)
{
    std::vector<float> values(std::size_t(elementCount(tensor.shape)));
    dequantise(tensor.type, tensor.bytes, values);
    return values;
}

} // namespace

GgufModel::GgufModel(const std::filesystem::path &file) : m_file(file), m_metadata(metadataOf(m_file.content()))
{
    if (count("split.count", 1) > 1)
        throw Error(inQuotes(file.string()) + " is one of several parts of a model, which cannot be opened separately.",
                    "Join them first (llama-gguf-split --merge).");
    m_architecture = &architectureOf(m_metadata, name());
    if (const std::string beyond = ggufKeyBeyond(m_metadata, prefix(), m_architecture->isGemma); !beyond.empty())
        refuse("needs something that is not supported: " + beyond);
    findStorage();
    if (const std::string key = prefix() + "attention.layer_norm_rms_epsilon"; !m_metadata.contains(key))
        throw Error(inQuotes(name()) + " has no key " + inQuotes(key) + ", which llama.cpp needs as well.",
                    "The file is damaged or was written by faulty software.");
    readConfig();
    readRope();
    readLayers();
    readTensors();
}

const GgufTensor *GgufModel::find(std::string_view name) const
{
    const auto &tensors = m_file.content().tensors;
    const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const GgufTensor &tensor) { return tensor.name == name; });
    return found == tensors.end() ? nullptr : &*found;
}

bool GgufModel::isZero(const TensorRole &role) const
{
    const GgufTensor *tensor = find(ggufTensorName(role));
    return tensor && std::ranges::all_of(tensor->bytes, [](std::byte b) { return b == std::byte(0); });
}

std::int64_t GgufModel::count(const std::string &key, std::int64_t absent) const
{
    const auto value = m_metadata.find(key);
    if (value == m_metadata.end())
        return absent;
    if (!value->is_number_integer() || value->get<std::int64_t>() < 0 || value->get<std::int64_t>() > (std::int64_t(1) << 40))
        throw Error(inQuotes(name()) + ": the value of " + inQuotes(key) + " is " + shown(*value) + ", which is not a count.",
                    "The file is damaged or was written by faulty software.");
    return value->get<std::int64_t>();
}

double GgufModel::number(const std::string &key, double absent) const
{
    const auto value = m_metadata.find(key);
    if (value == m_metadata.end())
        return absent;
    if (!value->is_number() || !std::isfinite(value->get<double>()))
        throw Error(inQuotes(name()) + ": the value of " + inQuotes(key) + " is " + shown(*value) + ", which is not a finite number.",
                    "The file is damaged or was written by faulty software.");
    return value->get<double>();
}

void GgufModel::refuse(const std::string &what) const
{
    throw Error(inQuotes(name()) + " " + what + ".", "Open the Hugging Face version of the model instead.");
}

std::vector<std::int64_t> GgufModel::perLayer(const std::string &key) const
{
    const std::int64_t layers = count(prefix() + "block_count");
    const auto value = m_metadata.find(key);
    if (layers < 1 || layers > 10'000 || value == m_metadata.end())
        throw Error(inQuotes(name()) + " has no " + inQuotes(layers < 1 || layers > 10'000 ? prefix() + "block_count" : key) +
                        " that could be used.",
                    "The file is damaged or was written by faulty software.");
    if (!value->is_array())
        return std::vector<std::int64_t>(std::size_t(layers), count(key));
    std::vector<std::int64_t> numbers;
    for (const json &number : *value)
        if (number.is_number_integer() && number.get<std::int64_t>() >= 0 && number.get<std::int64_t>() < (std::int64_t(1) << 31))
            numbers.push_back(number.get<std::int64_t>());
    if (std::int64_t(numbers.size()) != layers)
        throw Error(inQuotes(name()) + ": " + inQuotes(key) + " does not hold a count for each of its " + counted(layers, "layer") + ".",
                    "The file is damaged or was written by faulty software.");
    return numbers;
}

std::vector<double> GgufModel::factors(std::string_view tensor) const
{
    const GgufTensor *found = find(tensor);
    if (!found)
        return {};
    const std::vector<float> values = valuesOf(*found);
    return {values.begin(), values.end()};
}

/// The type of most weights, and the one in which they are written again.
void GgufModel::findStorage()
{
    std::map<GgufType, std::int64_t> elements;
    for (const GgufTensor &tensor : m_file.content().tensors)
        elements[tensor.type] += elementCount(tensor.shape);
    if (elements.empty())
        throw Error(inQuotes(name()) + " holds no tensors.", "Choose the .gguf file of a whole model.");
    const GgufType most =
        std::max_element(elements.begin(), elements.end(), [](const auto &a, const auto &b) { return a.second < b.second; })->first;
    m_storage = plainType(most) ? configName(*plainType(most)) : layoutOf(most).name;
    m_dtype = plainType(most).value_or(DType::Float16);
    // Values of other types are rounded when they are written; norms in F32 are so in every file, and were of the type of the rest.
    m_isConverted = std::any_of(elements.begin(), elements.end(),
                                [&](const auto &e) { return plainType(e.first) != m_dtype && plainType(e.first) != DType::Float32; });
}

void GgufModel::readConfig()
{
    const std::string a = prefix();
    const std::string embeddingName = ggufTensorName({.part = TensorPart::Embedding});
    const GgufTensor *embedding = find(embeddingName);
    if (!embedding || embedding->shape.size() != 2)
        throw Error(inQuotes(name()) + " holds no embedding (" + inQuotes(embeddingName) + ").", "Choose the .gguf file of a whole model.");
    const std::vector<std::int64_t> heads = perLayer(a + "attention.head_count");
    const std::int64_t most = *std::max_element(heads.begin(), heads.end());
    if (most < 1)
        throw Error(inQuotes(name()) + " has no attention in any layer.", "Such a model is not supported.");
    m_config = {{"model_type", m_architecture->family},
                {"hidden_size", count(a + "embedding_length")},
                {"num_hidden_layers", std::int64_t(heads.size())},
                {"num_attention_heads", most},
                {"head_dim", count(a + "attention.key_length", std::max<std::int64_t>(1, count(a + "embedding_length") / most))},
                {"max_position_embeddings", count(a + "context_length")},
                {"vocab_size", embedding->shape.front()},
                {"rms_norm_eps", number(a + "attention.layer_norm_rms_epsilon", 1e-6)},
                {"rope_theta", number(a + "rope.freq_base", 10000.0)},
                {m_architecture->isGemma ? "hidden_activation" : "hidden_act", m_architecture->isGemma ? "gelu_pytorch_tanh" : "silu"},
                {"tie_word_embeddings", find(ggufTensorName({.part = TensorPart::Head})) == nullptr},
                {"torch_dtype", std::string(configName(m_dtype))}};
    checkSizes();
    const bool isLlama = m_config["model_type"] == "llama";
    const auto hasBias = [&](TensorPart part) { // in any layer
        for (std::int64_t i = 0; i < std::int64_t(heads.size()); ++i)
            if (find(ggufTensorName({.layer = i, .part = part, .kind = TensorKind::Bias})))
                return true;
        return false;
    };
    if (isLlama && hasBias(TensorPart::Query) && !hasBias(TensorPart::AttentionOutput))
        m_config["model_type"] = "qwen2"; // whose layers are Llama's, with such biases
    else if (isLlama)
        m_config["attention_bias"] = hasBias(TensorPart::Query);
    if (isLlama)
        m_config["mlp_bias"] = hasBias(TensorPart::Down);
    if (const std::int64_t window = count(a + "attention.sliding_window"); window > 0)
        m_config["sliding_window"] = window;
    if (m_architecture->isGemma)
        readGemma();
    for (const char *name : {"bos", "eos"})
        if (const std::int64_t id = count(std::string("tokenizer.ggml.") + name + "_token_id", -1); id >= 0)
            m_config[std::string(name) + "_token_id"] = id;
}

/// Sizes that must agree with each other. Where less than a whole head is rotated, llama.cpp refuses Llama's architecture as well.
void GgufModel::checkSizes()
{
    const std::string a = prefix();
    const auto headDim = m_config["head_dim"].get<std::int64_t>(), rows = m_config["vocab_size"].get<std::int64_t>();
    const auto mustBe = [&](const std::string &key, std::int64_t size, const std::string &of) {
        if (const std::int64_t value = count(a + key, size); value != size)
            refuse("has " + inQuotes(a + key) + " = " + std::to_string(value) + ", but " + of + " is " + std::to_string(size) +
                   ", and other sizes are not supported");
    };
    mustBe("attention.value_length", headDim, "the length of its keys");
    mustBe("vocab_size", rows, "the number of rows of its embedding");
    const std::int64_t rotated = count(a + "rope.dimension_count", headDim);
    if (rotated == headDim)
        return;
    if (m_architecture->name != "phi3" || rotated < 1 || rotated > headDim)
        refuse("rotates " + std::to_string(rotated) + " of the " + std::to_string(headDim) + " dimensions of a head (" +
               inQuotes(a + "rope.dimension_count") + "), which the architecture " + inQuotes(m_architecture->name) + " does not do");
    m_config["partial_rotary_factor"] = double(rotated) / double(headDim);
}

/// What llama.cpp knows of Gemma without being told, and the options that the file names.
void GgufModel::readGemma()
{
    constexpr int kLayersOf27B[] = {46, 62}; // of Gemma 2 and 3, whose scores are scaled in another way
    const std::string a = prefix();
    const auto layers = m_config["num_hidden_layers"].get<std::int64_t>(), heads = m_config["num_attention_heads"].get<std::int64_t>();
    const bool is27B = std::ranges::find(kLayersOf27B, layers) != std::end(kLayersOf27B);
    m_config["query_pre_attn_scalar"] = is27B ? json(m_config["hidden_size"].get<std::int64_t>() / heads) : m_config["head_dim"];
    for (const char *name : {"attn_logit_softcapping", "final_logit_softcapping"})
        if (const double softcap = number(a + name, 0); softcap > 0)
            m_config[name] = softcap;
    if (const std::int64_t pattern = count(a + "attention.sliding_window_pattern"); pattern > 0)
        m_config["sliding_window_pattern"] = pattern;
    if (m_architecture->family != "gemma3_text")
        return;
    m_config["rope_local_base_freq"] = number(a + "rope.freq_base_swa", 10000.0);
    if (!m_config.contains("sliding_window"))
        m_config["sliding_window"] = nullptr; // none, where config.json means 4096
}

/// Scalings by name; factors for each pair of dimensions, however they came about, are what longrope has. Like llama.cpp: without a name
/// the scaling is linear, a factor of 0 is none, and the oldest files call the factor `scale_linear`.
void GgufModel::readRope()
{
    const std::string a = prefix() + "rope.";
    const auto context = m_config["max_position_embeddings"].get<std::int64_t>();
    const std::int64_t original = std::max<std::int64_t>(1, count(a + "scaling.original_context_length", context));
    const json named = m_metadata.value(a + "scaling.type", json("linear"));
    double factor = number(a + (m_metadata.contains(a + "scaling.factor") ? "scaling.factor" : "scale_linear"), 0);
    if (factor == 0 || named == "none")
        factor = 1;
    const double attention = number(a + "scaling.attn_factor", 1.0);
    const std::vector<double> frequencies = factors(kGgufRopeDivisors), shorter = factors(kGgufShortRopeDivisors),
                              longer = factors(kGgufLongRopeDivisors);
    if (shorter.empty() != longer.empty())
        refuse("has one of " + inQuotes(kGgufShortRopeDivisors) + " and " + inQuotes(kGgufLongRopeDivisors) + " without the other");
    if (!frequencies.empty() || !shorter.empty()) {
        if (factor != 1)
            refuse("scales its rotary embedding twice: by a tensor and by the factor " + shown(factor));
        const bool isLong = frequencies.empty();
        if (!isLong && attention != 1)
            refuse("has the key " + inQuotes(a + "scaling.attn_factor") + " beside " + inQuotes(kGgufRopeDivisors) +
                   ", which is not supported");
        m_config["rope_scaling"] = {{"rope_type", "longrope"},
                                    {"short_factor", isLong ? shorter : frequencies},
                                    {"long_factor", isLong ? longer : frequencies},
                                    {"attention_factor", attention},
                                    {"factor", isLong ? double(context) / double(original) : 1.0},
                                    {"original_max_position_embeddings", original}};
        if (isLong)
            m_config["original_max_position_embeddings"] = original;
        return;
    }
    if (named != "none" && named != "linear" && named != "yarn")
        refuse("scales its rotary embedding by " + shown(named) + ", which is not supported");
    if (named != "yarn") {
        if (attention != 1)
            refuse("scales the values of its rotary embedding (" + inQuotes(a + "scaling.attn_factor") +
                   "), which is supported with yarn only");
        if (number(a + "scaling.yarn_ext_factor", 0) > 0)
            refuse("mixes scalings of its rotary embedding (" + inQuotes(a + "scaling.yarn_ext_factor") + "), which is not supported");
        if (factor != 1)
            m_config["rope_scaling"] = {{"rope_type", "linear"}, {"factor", factor}};
        return;
    }
    if (const double extrapolated = number(a + "scaling.yarn_ext_factor", 1); extrapolated >= 0 && extrapolated != 1)
        refuse("mixes scalings of its rotary embedding (" + inQuotes(a + "scaling.yarn_ext_factor") + "), which is not supported");
    json &scaling = m_config["rope_scaling"];
    scaling = {{"rope_type", "yarn"}, {"factor", factor}, {"original_max_position_embeddings", original}};
    for (const char *beta : {"beta_fast", "beta_slow"})
        if (m_metadata.contains(a + "scaling.yarn_" + beta))
            scaling[beta] = number(a + "scaling.yarn_" + beta, 0);
    if (attention != 1)
        scaling["attention_factor"] = attention * (factor <= 1 ? 1.0 : 0.1 * std::log(factor) + 1.0);
}

/// Whether a layer has an FFN. In deci, a few neurons that add nothing stand for an absent one: llama.cpp leaves a layer without neurons before it
/// adds the attention.
bool GgufModel::hasFfn(std::int64_t layer, std::int64_t width, bool hasAttention) const
{
    constexpr std::int64_t kMostOfStub = 256;
    if (m_architecture->name != "deci" || width > kMostOfStub)
        return true;
    if (width == 0 && hasAttention)
        refuse("has an attention and no FFN in layer " + std::to_string(layer) + ", which llama.cpp computes as if both were absent");
    return width > 0 && !isZero({.layer = layer, .part = TensorPart::Down});
}

/// Widths and absent parts. A first layer whose only head adds nothing stands for an absent one: the format must have one there.
void GgufModel::readLayers()
{
    const std::string a = prefix();
    const std::string kvKey = a + "attention.head_count_kv";
    const std::vector<std::int64_t> widths = perLayer(a + "feed_forward_length"), heads = perLayer(a + "attention.head_count"),
                                    kvHeads = m_metadata.contains(kvKey) ? perLayer(kvKey) : heads; // none said: as many
    const std::int64_t most = m_config["num_attention_heads"].get<std::int64_t>();
    std::int64_t keys = 0;
    bool isUniform = true;
    json layers = json::array();
    for (std::size_t i = 0; i < heads.size(); ++i) {
        bool isThere = heads[i] > 0;
        if (i == 0 && heads[i] == 1)
            isThere = !isZero({.layer = 0, .part = TensorPart::AttentionOutput});
        if (isThere && (heads[i] != most || (keys > 0 && kvHeads[i] != keys)))
            throw Error(inQuotes(name()) + ": layer " + std::to_string(i) + " has another number of heads than the others.",
                        "Such a model is not supported.");
        keys = isThere ? kvHeads[i] : keys;
        m_hasAttention.push_back(isThere);
        m_hasFfn.push_back(hasFfn(std::int64_t(i), widths[i], isThere));
        layers.push_back(m_hasFfn[i] ? json{{"intermediate_size", widths[i]}, {"attention", isThere}}
                                     : json{{"ffn", false}, {"attention", isThere}});
        isUniform = isUniform && isThere && m_hasFfn[i] && widths[i] == widths.front();
    }
    m_config["num_key_value_heads"] = std::max<std::int64_t>(1, keys);
    m_config["intermediate_size"] = *std::max_element(widths.begin(), widths.end());
    if (!isUniform)
        m_config["secateur_layers"] = std::move(layers);
}

/// Whether it belongs to what stands for a part that is absent.
bool GgufModel::isOfAbsentPart(const TensorRole &role) const
{
    const auto layer = std::size_t(role.layer);
    if (role.layer < 0 || layer >= m_hasAttention.size())
        return false;
    return (isOfAttention(role.part) && !m_hasAttention[layer]) || (isOfFfn(role.part) && !m_hasFfn[layer]);
}

void GgufModel::readTensors()
{
    for (const GgufTensor &tensor : m_file.content().tensors) {
        const std::string own(tensor.name);
        if (own == kGgufRopeDivisors || own == kGgufLongRopeDivisors || own == kGgufShortRopeDivisors)
            continue;
        const TensorNaming naming = m_architecture->naming();
        const std::optional<TensorRole> role = roleOfGgufTensor(own, naming);
        std::string name = role ? hfTensorName(*role, naming) : own; // which is then reported as not expected
        if (role && isOfAbsentPart(*role))
            continue;
        Source source{.tensor = &tensor, .isShifted = m_architecture->isGemma && role && isNorm(role->part)};
        if (m_architecture->isInterleaved && role && role->part == TensorPart::Query)
            source.heads = m_config["num_attention_heads"].get<std::int64_t>();
        else if (m_architecture->isInterleaved && role && role->part == TensorPart::Key)
            source.heads = m_config["num_key_value_heads"].get<std::int64_t>();
        if (source.heads > 0 && tensor.shape.front() % (2 * source.heads) != 0)
            throw Error("Tensor " + inQuotes(own) + " in " + inQuotes(this->name()) + " has " + counted(tensor.shape.front(), "row") +
                            ", which do not share out evenly among " + counted(source.heads, "head") + ".",
                        "The file is damaged or was written by faulty software.");
        m_views.push_back({.name = std::move(name), .dtype = m_dtype, .shape = tensor.shape, .bytes = tensor.bytes});
        m_sources.push_back(source);
    }
}

TensorData GgufModel::read(std::size_t index) const
{
    const Source &source = m_sources[index];
    const GgufTensor &tensor = *source.tensor;
    TensorView view = m_views[index];
    const bool isPlain = plainType(tensor.type) && !source.isShifted;
    view.dtype = isPlain ? *plainType(tensor.type) : DType::Float32;
    if (isPlain && source.heads == 0)
        return view;
    if (isPlain)
        return {std::move(view), untangled(tensor.bytes, tensor.shape.front(), source.heads)};
    std::vector<float> values = valuesOf(tensor);
    if (source.isShifted)
        for (float &value : values)
            value -= 1;
    const auto bytes = std::as_bytes(std::span(values));
    if (source.heads > 0)
        return {std::move(view), untangled(bytes, tensor.shape.front(), source.heads)};
    return {std::move(view), std::vector<std::byte>(bytes.begin(), bytes.end())};
}

} // namespace secateur
