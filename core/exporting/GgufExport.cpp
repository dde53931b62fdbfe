// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/GgufExport.h"

#include "checkpoint/GgufNames.h"
#include "checkpoint/GgufWriter.h"
#include "checkpoint/TensorRole.h"
#include "decoder/Rope.h"
#include "decoder/Tensors.h"
#include "exporting/TokenCheck.h"
#include "foundation/Error.h"
#include "foundation/JsonFile.h"
#include "foundation/Wording.h"
#include "tokenizer/GgufTokenizer.h"
#include "tokenizer/TokenizerFiles.h"

#include <ATen/ops/tensor.h>
#include <cmath>
#include <map>

namespace secateur {
namespace {

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
        return {{std::string(kGgufLongRopeDivisors), asFloats(rope.longFactors)},
                {std::string(kGgufShortRopeDivisors), asFloats(rope.shortFactors)}};
    if (rope.scaling == RopeSpec::Scaling::Llama3)
        return {{std::string(kGgufRopeDivisors), asFloats(llama3Divisors(rope, headDim))}};
    return {};
}

const AttentionSpec &anyAttention(const ModelSpec &spec)
{
    if (const AttentionSpec *attention = firstAttention(spec))
        return *attention;
    throw Error("The model has no attention at all, which GGUF cannot hold.", "Remove fewer attentions.");
}

void addRope(GgufMetadata &metadata, const std::string &a, const ModelSpec &dense, std::int64_t headDim)
{
    const RopeSpec &rope = dense.rope;
    metadata.emplace_back(a + "rope.dimension_count", std::uint32_t(rotaryDim(rope, headDim)));
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
        metadata.emplace_back(a + "rope.scaling.yarn_beta_fast", float(rope.betaFast));
        metadata.emplace_back(a + "rope.scaling.yarn_beta_slow", float(rope.betaSlow));
        // llama.cpp multiplies it with what it computes itself
        metadata.emplace_back(a + "rope.scaling.attn_factor",
                              float(ropeAttentionFactor(rope) / (rope.factor <= 1 ? 1.0 : 0.1 * std::log(rope.factor) + 1.0)));
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

/// Options that Gemma has and other families have not.
void addGemma(GgufMetadata &metadata, const std::string &a, const ModelSpec &dense)
{
    const AttentionSpec &attention = anyAttention(dense);
    for (const LayerSpec &layer : dense.layers)
        if (layer.attention && layer.attention->window) {
            metadata.emplace_back(a + "attention.sliding_window", std::uint32_t(*layer.attention->window));
            break;
        }
    if (attention.scoreSoftcap)
        metadata.emplace_back(a + "attn_logit_softcapping", float(*attention.scoreSoftcap));
    if (dense.logitSoftcap)
        metadata.emplace_back(a + "final_logit_softcapping", float(*dense.logitSoftcap));
}

GgufMetadata metadataOf(const Checkpoint &source, const ModelSpec &dense, const ModelSpec &written, const GgufArchitecture &architecture,
                        DType dtype)
{
    const AttentionSpec &attention = anyAttention(dense);
    const std::string name(architecture.name), a = name + ".";
    const bool isDeci = name == "deci";
    std::vector<std::int32_t> widths, heads, kvHeads;
    for (const LayerSpec &layer : written.layers) {
        widths.push_back(std::int32_t(layer.neurons()));
        heads.push_back(layer.attention ? std::int32_t(layer.attention->heads) : 0);
        kvHeads.push_back(layer.attention ? std::int32_t(layer.attention->kvHeads) : 0);
    }
    GgufMetadata metadata{{"general.architecture", name},
                          {"general.type", std::string("model")},
                          {"general.name", ggufName(source)},
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
    if (architecture.isGemma)
        addGemma(metadata, a, dense);
    return metadata;
}

void appendTokenizer(GgufMetadata &metadata, const Checkpoint &source, std::int64_t vocabularySize)
{
    if (hasTokenizer(source)) {
        const TokenizerSource tokenizer = openTokenizer(source).source;
        appendGgufTokenizer(metadata, tokenizer.json, source.config(), tokenizer.name, vocabularySize);
    } else {
        metadata.emplace_back("tokenizer.ggml.model", std::string("none"));
    }
    if (std::string chat = chatTemplateOf(source); !chat.empty())
        metadata.emplace_back("tokenizer.chat_template", std::move(chat));
}

} // namespace

ExportResult writeGguf(const WrittenTensors &tensors, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &written,
                       const GgufArchitecture &architecture, const std::filesystem::path &file, JobContext &context)
{
    const DType dtype = tensors.entries().front().dtype; // of the embedding
    GgufMetadata metadata = metadataOf(source, dense, written, architecture, dtype);
    appendTokenizer(metadata, source, dense.vocabularySize);

    std::vector<GgufWriter::Declaration> declarations;
    const std::map<std::string, std::vector<float>> ropes = ropeTensors(dense.rope, anyAttention(dense).headDim);
    for (const auto &[name, values] : ropes)
        declarations.push_back({.name = name, .dtype = DType::Float32, .shape = {std::int64_t(values.size())}});
    for (const WrittenTensors::Entry &entry : tensors.entries())
        declarations.push_back(
            {.name = ggufTensorName(entry.role), .dtype = entry.shape.size() == 1 ? DType::Float32 : entry.dtype, .shape = entry.shape});

    ExportResult result;
    context.begin("export", std::int64_t(tensors.entries().size()), "tensors");
    GgufWriter writer(file, metadata, declarations);
    for (const auto &[name, values] : ropes)
        writer.write(name, std::as_bytes(std::span(values)));
    for (std::size_t i = 0; i < tensors.entries().size(); ++i) {
        const WrittenTensors::Entry &entry = tensors.entries()[i];
        const GgufWriter::Declaration &declared = declarations[ropes.size() + i];
        at::Tensor tensor = tensors.read(entry).to(scalarType(declared.dtype));
        if (architecture.isInterleaved && (entry.role.part == TensorPart::Query || entry.role.part == TensorPart::Key))
            tensor = interleaved(tensor, tensor.size(0) / anyAttention(dense).headDim);
        if (architecture.isGemma && isNorm(entry.role.part))
            tensor = tensor.add(1);
        writer.write(declared.name, bytesOf(tensor.contiguous()));
        result.parameters += tensor.numel();
        result.bytes += std::int64_t(tensor.nbytes());
        context.step();
    }
    writer.finish();
    return result;
}

} // namespace secateur
