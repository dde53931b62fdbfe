// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufModel.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

namespace secateur {
namespace {

using nlohmann::json;

struct Architecture {
    std::string_view name;      ///< `general.architecture`
    std::string_view modelType; ///< of config.json
    bool isInterleaved;         ///< rows of q and k
};

constexpr std::array kArchitectures{Architecture{"llama", "llama", true}, Architecture{"deci", "llama", true},
                                    Architecture{"qwen2", "qwen2", false}, Architecture{"qwen3", "qwen3", false},
                                    Architecture{"phi3", "phi3", false}};

/// Names of tensors: llama.cpp's and Hugging Face's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kModelNames{
    {{"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kLayerNames{{{"attn_norm", "input_layernorm"},
                                                                                     {"attn_q", "self_attn.q_proj"},
                                                                                     {"attn_k", "self_attn.k_proj"},
                                                                                     {"attn_v", "self_attn.v_proj"},
                                                                                     {"attn_qkv", "self_attn.qkv_proj"},
                                                                                     {"attn_output", "self_attn.o_proj"},
                                                                                     {"attn_q_norm", "self_attn.q_norm"},
                                                                                     {"attn_k_norm", "self_attn.k_norm"},
                                                                                     {"ffn_norm", "post_attention_layernorm"},
                                                                                     {"ffn_gate", "mlp.gate_proj"},
                                                                                     {"ffn_up", "mlp.up_proj"},
                                                                                     {"ffn_down", "mlp.down_proj"},
                                                                                     {"ffn_gate_up", "mlp.gate_up_proj"}}};

/// For messages: a text of the file need not be UTF-8.
std::string shown(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60);
}

const Architecture &architectureOf(const json &metadata, const std::string &file)
{
    const auto name = metadata.find("general.architecture");
    std::vector<std::string> supported;
    for (const Architecture &architecture : kArchitectures) {
        if (name != metadata.end() && *name == architecture.name)
            return architecture;
        supported.emplace_back(architecture.name);
    }
    throw Error("GGUF files of the architecture " + (name == metadata.end() ? "(none)" : shown(*name)) +
                    " cannot be opened; supported: " + listed(supported) + ".",
                "The file is " + inQuotes(file) + ". Open the checkpoint in Hugging Face form instead.");
}

/// "blk.3.attn_q.weight": layer 3, part "attn_q", kind "weight"; layer -1 where there is none.
struct Name {
    std::int64_t layer = -1;
    std::string part, kind;
};

Name partsOf(const std::string &name)
{
    Name parts;
    const std::size_t dot = name.rfind('.');
    parts.kind = dot == std::string::npos ? "" : name.substr(dot + 1);
    std::string rest = name.substr(0, dot);
    if (rest.starts_with("blk.")) {
        const std::size_t next = rest.find('.', 4);
        const std::string number = rest.substr(4, next == std::string::npos ? 0 : next - 4);
        if (!number.empty() && number.size() < 6 &&
            std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            parts.layer = std::stoll(number);
            rest = rest.substr(next + 1);
        }
    }
    parts.part = rest;
    return parts;
}

template <typename Table>
std::string translated(const Table &table, const std::string &part)
{
    for (const auto &[ours, theirs] : table)
        if (ours == part)
            return std::string(theirs);
    return {};
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
        throw Error(inQuotes(file.string()) + " is one of several parts of a model, which cannot be opened apart.",
                    "Join them with llama-gguf-split --merge.");
    m_architecture = architectureOf(m_metadata, name()).name;
    findStorage();
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

std::int64_t GgufModel::count(const std::string &key, std::int64_t absent) const
{
    const auto value = m_metadata.find(key);
    if (value == m_metadata.end())
        return absent;
    if (!value->is_number_integer() || value->get<std::int64_t>() < 0 || value->get<std::int64_t>() > (std::int64_t(1) << 40))
        throw Error(inQuotes(name()) + ": the value of " + inQuotes(key) + " is " + shown(*value) + ", which is no count.",
                    "The file is damaged or was written by faulty software.");
    return value->get<std::int64_t>();
}

double GgufModel::number(const std::string &key, double absent) const
{
    const auto value = m_metadata.find(key);
    return value != m_metadata.end() && value->is_number() ? value->get<double>() : absent;
}

std::vector<std::int64_t> GgufModel::perLayer(const std::string &key) const
{
    const std::int64_t layers = count(m_architecture + ".block_count");
    const auto value = m_metadata.find(key);
    if (layers < 1 || layers > 10'000 || value == m_metadata.end())
        throw Error(inQuotes(name()) + " has no " + inQuotes(layers < 1 || layers > 10'000 ? m_architecture + ".block_count" : key) +
                        " that could be used.",
                    "The file is damaged or was written by faulty software.");
    if (!value->is_array())
        return std::vector<std::int64_t>(std::size_t(layers), count(key));
    std::vector<std::int64_t> numbers;
    for (const json &number : *value)
        if (number.is_number_integer() && number.get<std::int64_t>() >= 0 && number.get<std::int64_t>() < (std::int64_t(1) << 31))
            numbers.push_back(number.get<std::int64_t>());
    if (std::int64_t(numbers.size()) != layers)
        throw Error(inQuotes(name()) + ": " + inQuotes(key) + " does not hold a count for each of its " + std::to_string(layers) +
                        " layers.",
                    "The file is damaged or was written by faulty software.");
    return numbers;
}

std::vector<double> GgufModel::factors(const std::string &tensor) const
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
    const std::string a = m_architecture + ".";
    const GgufTensor *embedding = find("token_embd.weight");
    if (!embedding || embedding->shape.size() != 2)
        throw Error(inQuotes(name()) + " holds no embedding ('token_embd.weight').", "Choose the .gguf file of a whole model.");
    const std::vector<std::int64_t> heads = perLayer(a + "attention.head_count");
    const std::int64_t most = *std::max_element(heads.begin(), heads.end());
    if (most < 1)
        throw Error(inQuotes(name()) + " has no attention in any layer.", "Such a model is not supported.");
    m_config = {{"model_type", architectureOf(m_metadata, name()).modelType},
                {"hidden_size", count(a + "embedding_length")},
                {"num_hidden_layers", std::int64_t(heads.size())},
                {"num_attention_heads", most},
                {"head_dim", count(a + "attention.key_length", std::max<std::int64_t>(1, count(a + "embedding_length") / most))},
                {"max_position_embeddings", count(a + "context_length")},
                {"vocab_size", embedding->shape.front()},
                {"rms_norm_eps", number(a + "attention.layer_norm_rms_epsilon", 1e-6)},
                {"rope_theta", number(a + "rope.freq_base", 10000.0)},
                {"hidden_act", "silu"},
                {"tie_word_embeddings", find("output.weight") == nullptr},
                {"torch_dtype", std::string(configName(m_dtype))}};
    const bool isLlama = m_config["model_type"] == "llama";
    const auto hasBias = [&](const char *part) { // in any layer
        for (std::size_t i = 0; i < heads.size(); ++i)
            if (find("blk." + std::to_string(i) + "." + part + ".bias"))
                return true;
        return false;
    };
    if (isLlama && hasBias("attn_q") && !hasBias("attn_output"))
        m_config["model_type"] = "qwen2"; // whose layers are Llama's, with such biases
    else if (isLlama)
        m_config["attention_bias"] = hasBias("attn_q");
    if (isLlama)
        m_config["mlp_bias"] = hasBias("ffn_down");
    if (const std::int64_t window = count(a + "attention.sliding_window"); window > 0)
        m_config["sliding_window"] = window;
    for (const char *name : {"bos", "eos"})
        if (const std::int64_t id = count(std::string("tokenizer.ggml.") + name + "_token_id", -1); id >= 0)
            m_config[std::string(name) + "_token_id"] = id;
}

/// Scalings by name; factors for each pair of dimensions, however they came about, are what longrope has.
void GgufModel::readRope()
{
    const std::string a = m_architecture + ".rope.";
    const double original = double(count(a + "scaling.original_context_length", m_config["max_position_embeddings"].get<std::int64_t>()));
    if (const std::vector<double> frequencies = factors("rope_freqs.weight"); !frequencies.empty()) {
        m_config["rope_scaling"] = {{"rope_type", "longrope"},
                                    {"short_factor", frequencies},
                                    {"long_factor", frequencies},
                                    {"attention_factor", 1.0},
                                    {"factor", 1.0},
                                    {"original_max_position_embeddings", std::int64_t(original)}};
        return;
    }
    const std::vector<double> shorter = factors("rope_factors_short.weight"), longer = factors("rope_factors_long.weight");
    if (!shorter.empty() && !longer.empty()) {
        m_config["rope_scaling"] = {{"rope_type", "longrope"},
                                    {"short_factor", shorter},
                                    {"long_factor", longer},
                                    {"attention_factor", number(a + "scaling.attn_factor", 1.0)},
                                    {"factor", m_config["max_position_embeddings"].get<double>() / original},
                                    {"original_max_position_embeddings", std::int64_t(original)}};
        m_config["original_max_position_embeddings"] = std::int64_t(original);
        return;
    }
    const auto type = m_metadata.find(a + "scaling.type");
    if (type == m_metadata.end() || *type == "none")
        return;
    if (*type != "linear" && *type != "yarn")
        throw Error(inQuotes(name()) + " scales its rotary embedding by " + shown(*type) + ", which is not supported.",
                    "Open the checkpoint in Hugging Face form instead.");
    m_config["rope_scaling"] = {{"rope_type", *type}, {"factor", number(a + "scaling.factor", 1.0)}};
    if (*type == "yarn")
        m_config["rope_scaling"]["original_max_position_embeddings"] = std::int64_t(original);
}

/// Widths and absent attentions. A first layer whose only head adds nothing stands for an absent one: the format must have one there.
void GgufModel::readLayers()
{
    const std::string a = m_architecture + ".";
    const std::vector<std::int64_t> widths = perLayer(a + "feed_forward_length"), heads = perLayer(a + "attention.head_count"),
                                    kvHeads = perLayer(a + "attention.head_count_kv");
    const std::int64_t most = m_config["num_attention_heads"].get<std::int64_t>();
    std::int64_t keys = 0;
    bool isUniform = true;
    json layers = json::array();
    for (std::size_t i = 0; i < heads.size(); ++i) {
        bool isThere = heads[i] > 0;
        if (i == 0 && heads[i] == 1 && most > 1) {
            const GgufTensor *output = find("blk.0.attn_output.weight");
            isThere = !output || std::any_of(output->bytes.begin(), output->bytes.end(), [](std::byte b) { return b != std::byte(0); });
        }
        if (isThere && (heads[i] != most || (keys > 0 && kvHeads[i] != keys)))
            throw Error(inQuotes(name()) + ": layer " + std::to_string(i) + " has another number of heads than the others.",
                        "Such a model is not supported.");
        keys = isThere ? kvHeads[i] : keys;
        m_hasAttention.push_back(isThere);
        layers.push_back({{"intermediate_size", widths[i]}, {"attention", isThere}});
        isUniform = isUniform && isThere && widths[i] == widths.front();
    }
    m_config["num_key_value_heads"] = std::max<std::int64_t>(1, keys);
    m_config["intermediate_size"] = *std::max_element(widths.begin(), widths.end());
    if (!isUniform)
        m_config["secateur_layers"] = std::move(layers);
}

void GgufModel::readTensors()
{
    const bool isInterleaved = architectureOf(m_metadata, name()).isInterleaved;
    for (const GgufTensor &tensor : m_file.content().tensors) {
        const std::string own(tensor.name);
        const Name parts = partsOf(own);
        if (parts.part == "rope_freqs" || parts.part == "rope_factors_long" || parts.part == "rope_factors_short")
            continue;
        if (parts.layer >= 0 && parts.layer < std::int64_t(m_hasAttention.size()) && !m_hasAttention[std::size_t(parts.layer)] &&
            parts.part.starts_with("attn_"))
            continue; // of the head that stands for none
        std::string name = translated(kModelNames, parts.part);
        if (parts.layer >= 0)
            name = translated(kLayerNames, parts.part == "ffn_up" && m_architecture == "phi3" ? "ffn_gate_up" : parts.part);
        if (name.empty())
            name = own; // which is then reported as not expected
        else if (parts.layer >= 0)
            name = "model.layers." + std::to_string(parts.layer) + "." + name + "." + parts.kind;
        else
            name += "." + parts.kind;
        std::int64_t heads = 0;
        if (isInterleaved && parts.part == "attn_q")
            heads = m_config["num_attention_heads"].get<std::int64_t>();
        else if (isInterleaved && parts.part == "attn_k")
            heads = m_config["num_key_value_heads"].get<std::int64_t>();
        if (heads > 0 && tensor.shape.front() % (2 * heads) != 0)
            throw Error("Tensor " + inQuotes(own) + " in " + inQuotes(this->name()) + " has " + std::to_string(tensor.shape.front()) +
                            " rows, which its " + std::to_string(heads) + " heads do not share evenly.",
                        "The file is damaged or was written by faulty software.");
        m_views.push_back({.name = std::move(name), .dtype = m_dtype, .shape = tensor.shape, .bytes = tensor.bytes});
        m_sources.push_back({&tensor, heads});
    }
}

TensorData GgufModel::read(std::size_t index) const
{
    const auto &[tensor, heads] = m_sources[index];
    TensorView view = m_views[index];
    view.dtype = plainType(tensor->type).value_or(DType::Float32);
    if (plainType(tensor->type) && heads == 0)
        return view;
    if (plainType(tensor->type))
        return {std::move(view), untangled(tensor->bytes, tensor->shape.front(), heads)};
    const std::vector<float> values = valuesOf(*tensor);
    const auto bytes = std::as_bytes(std::span(values));
    if (heads > 0)
        return {std::move(view), untangled(bytes, tensor->shape.front(), heads)};
    return {std::move(view), std::vector<std::byte>(bytes.begin(), bytes.end())};
}

} // namespace secateur
