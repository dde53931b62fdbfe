// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/GgufExport.h"

#include "checkpoint/GgufWriter.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "model/Rope.h"
#include "model/Tensors.h"
#include "text/GgufTokenizer.h"

#include <ATen/ops/tensor.h>
#include <algorithm>
#include <array>
#include <map>

namespace secateur {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kModelNames{
    {{"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kLayerNames{{{"input_layernorm", "attn_norm"},
                                                                                     {"self_attn.q_proj", "attn_q"},
                                                                                     {"self_attn.k_proj", "attn_k"},
                                                                                     {"self_attn.v_proj", "attn_v"},
                                                                                     {"self_attn.qkv_proj", "attn_qkv"},
                                                                                     {"self_attn.o_proj", "attn_output"},
                                                                                     {"self_attn.q_norm", "attn_q_norm"},
                                                                                     {"self_attn.k_norm", "attn_k_norm"},
                                                                                     {"post_attention_layernorm", "ffn_norm"},
                                                                                     {"mlp.gate_proj", "ffn_gate"},
                                                                                     {"mlp.up_proj", "ffn_up"},
                                                                                     {"mlp.gate_up_proj", "ffn_up"},
                                                                                     {"mlp.down_proj", "ffn_down"}}};

template <typename Table>
std::string translated(const Table &table, std::string_view part)
{
    for (const auto &[theirs, ours] : table)
        if (theirs == part)
            return std::string(ours);
    throw Error("The tensor '" + std::string(part) + "' has no name in GGUF.", "Please report this.");
}

std::string ggufName(const std::string &name)
{
    const std::string prefix = "model.layers.";
    const std::size_t dot = name.rfind('.');
    const std::string kind = name.substr(dot);
    if (!name.starts_with(prefix))
        return translated(kModelNames, name.substr(0, dot)) + kind;
    const std::size_t next = name.find('.', prefix.size());
    return "blk." + name.substr(prefix.size(), next - prefix.size()) + "." +
           translated(kLayerNames, name.substr(next + 1, dot - next - 1)) + kind;
}

/// Rows t * headDim / 2 + j of every head to 2 j + t: llama.cpp rotates neighbours in these architectures.
at::Tensor interleaved(const at::Tensor &tensor, std::int64_t heads)
{
    std::vector<std::int64_t> split{heads, 2, tensor.size(0) / heads / 2, -1};
    return tensor.reshape(split).transpose(1, 2).reshape(tensor.sizes()).contiguous();
}

std::uint32_t fileType(DType dtype)
{
    return dtype == DType::Float32 ? 0 : dtype == DType::Float16 ? 1 : 32;
}

std::vector<float> asFloats(const std::vector<double> &values)
{
    return {values.begin(), values.end()};
}

/// The factors by which the plain frequencies are divided, for each pair of dimensions: the tensors that llama.cpp reads.
std::map<std::string, std::vector<float>> ropeTensors(const RopeSpec &rope, std::int64_t headDim)
{
    if (rope.scaling == RopeSpec::Scaling::LongRope)
        return {{"rope_factors_long.weight", asFloats(rope.longFactors)}, {"rope_factors_short.weight", asFloats(rope.shortFactors)}};
    if (rope.scaling == RopeSpec::Scaling::Llama3)
        return {{"rope_freqs.weight", asFloats(llama3Divisors(rope, headDim))}};
    return {};
}

const AttentionSpec &anyAttention(const ModelSpec &spec)
{
    for (const LayerSpec &layer : spec.layers)
        if (layer.attention)
            return *layer.attention;
    throw Error("The model has no attention at all, which GGUF cannot hold.", "Remove fewer attentions.");
}

void addRope(GgufMetadata &metadata, const std::string &a, const ModelSpec &dense, std::int64_t headDim)
{
    const RopeSpec &rope = dense.rope;
    metadata.emplace_back(a + "rope.dimension_count", std::uint32_t(headDim));
    metadata.emplace_back(a + "rope.freq_base", float(rope.theta));
    switch (rope.scaling) {
    case RopeSpec::Scaling::Linear:
        metadata.emplace_back(a + "rope.scaling.type", std::string("linear"));
        metadata.emplace_back(a + "rope.scaling.factor", float(rope.factor));
        break;
    case RopeSpec::Scaling::Yarn:
        metadata.emplace_back(a + "rope.scaling.type", std::string("yarn"));
        metadata.emplace_back(a + "rope.scaling.factor", float(rope.factor));
        metadata.emplace_back(a + "rope.scaling.original_context_length", std::uint32_t(rope.originalContext));
        break;
    case RopeSpec::Scaling::LongRope:
        metadata.emplace_back(a + "rope.scaling.type", std::string("longrope"));
        metadata.emplace_back(a + "rope.scaling.original_context_length", std::uint32_t(rope.originalContext));
        metadata.emplace_back(a + "rope.scaling.attn_factor", float(ropeAttentionFactor(rope)));
        break;
    default: // llama3's lies in a tensor
        break;
    }
}

/// An array over the layers where they differ or the architecture asks for it, else one number.
void addPerLayer(GgufMetadata &metadata, const std::string &key, const std::vector<std::int32_t> &values, bool isArray)
{
    if (isArray)
        metadata.emplace_back(key, values);
    else
        metadata.emplace_back(key, std::uint32_t(values.front()));
}

GgufMetadata metadataOf(const Checkpoint &source, const ModelSpec &dense, const ModelSpec &written, const std::string &architecture,
                        DType dtype)
{
    const AttentionSpec &attention = anyAttention(dense);
    const std::string a = architecture + ".";
    const bool isDeci = architecture == "deci";
    std::vector<std::int32_t> widths, heads, kvHeads;
    for (const LayerSpec &layer : written.layers) {
        widths.push_back(std::int32_t(layer.ffn.neurons));
        heads.push_back(layer.attention ? std::int32_t(layer.attention->heads) : 0);
        kvHeads.push_back(layer.attention ? std::int32_t(layer.attention->kvHeads) : 0);
    }
    const std::filesystem::path path = std::filesystem::absolute(source.path()).lexically_normal();
    GgufMetadata metadata{{"general.architecture", architecture},
                          {"general.type", std::string("model")},
                          {"general.name", (path.has_filename() ? path : path.parent_path()).filename().string() + ", pruned"},
                          {"general.file_type", fileType(dtype)},
                          {a + "block_count", std::uint32_t(written.layerCount())},
                          {a + "context_length", std::uint32_t(dense.contextLength)},
                          {a + "embedding_length", std::uint32_t(dense.hiddenSize)}};
    addPerLayer(metadata, a + "feed_forward_length", widths, isDeci);
    addPerLayer(metadata, a + "attention.head_count", heads, isDeci);
    addPerLayer(metadata, a + "attention.head_count_kv", kvHeads, isDeci);
    metadata.emplace_back(a + "attention.layer_norm_rms_epsilon", float(dense.normEpsilon));
    metadata.emplace_back(a + "attention.key_length", std::uint32_t(attention.headDim));
    metadata.emplace_back(a + "attention.value_length", std::uint32_t(attention.headDim));
    metadata.emplace_back(a + "vocab_size", std::uint32_t(dense.vocabularySize));
    addRope(metadata, a, dense, attention.headDim);
    return metadata;
}

} // namespace

std::string ggufArchitecture(const ModelSpec &dense)
{
    static const std::map<std::string, std::string, std::less<>> kArchitectures{
        {"llama", "llama"}, {"mistral", "llama"}, {"qwen2", "qwen2"}, {"qwen3", "qwen3"}, {"phi3", "phi3"}};
    const auto found = kArchitectures.find(dense.family);
    return found == kArchitectures.end() ? std::string() : found->second;
}

ExportResult writeGguf(const WrittenTensors &tensors, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &written,
                       const std::string &architecture, const std::filesystem::path &file, JobContext &context)
{
    const bool isInterleaved = architecture == "llama" || architecture == "deci";
    const DType dtype = tensors.entries().front().dtype; // of the embedding
    GgufMetadata metadata = metadataOf(source, dense, written, architecture, dtype);
    appendGgufTokenizer(metadata, source, dense.vocabularySize);

    std::vector<GgufWriter::Declaration> declarations;
    const std::map<std::string, std::vector<float>> ropes = ropeTensors(dense.rope, anyAttention(dense).headDim);
    for (const auto &[name, values] : ropes)
        declarations.push_back({.name = name, .dtype = DType::Float32, .shape = {std::int64_t(values.size())}});
    for (const WrittenTensors::Entry &entry : tensors.entries())
        declarations.push_back(
            {.name = ggufName(entry.name), .dtype = entry.shape.size() == 1 ? DType::Float32 : entry.dtype, .shape = entry.shape});

    ExportResult result;
    context.begin("export", std::int64_t(tensors.entries().size()), "tensors");
    GgufWriter writer(file, metadata, declarations);
    for (const auto &[name, values] : ropes)
        writer.write(name, std::as_bytes(std::span(values)));
    for (std::size_t i = 0; i < tensors.entries().size(); ++i) {
        const WrittenTensors::Entry &entry = tensors.entries()[i];
        const GgufWriter::Declaration &declared = declarations[ropes.size() + i];
        at::Tensor tensor = tensors.read(entry).to(scalarType(declared.dtype));
        const bool isQuery = entry.name.find(".q_proj.") != std::string::npos, isKey = entry.name.find(".k_proj.") != std::string::npos;
        if (isInterleaved && (isQuery || isKey)) {
            const std::int64_t headDim = anyAttention(dense).headDim;
            tensor = interleaved(tensor, tensor.size(0) / headDim);
        }
        writer.write(declared.name, bytesOf(tensor.contiguous()));
        result.parameters += tensor.numel();
        result.bytes += std::int64_t(tensor.nbytes());
        context.step();
    }
    writer.finish();
    source.releasePages();
    return result;
}

} // namespace secateur
