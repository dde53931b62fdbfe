// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/ModelSpec.h"

#include <algorithm>

namespace secateur {

namespace {

std::int64_t qkvRows(const AttentionSpec &attention)
{
    return (attention.heads + 2 * attention.kvHeads) * attention.headDim;
}

/// Weights of the linear products of one layer, without biases and norms.
std::int64_t productWeights(const LayerSpec &layer, std::int64_t hiddenSize)
{
    std::int64_t weights = 3 * layer.neurons() * hiddenSize;
    if (layer.attention)
        weights += (qkvRows(*layer.attention) + layer.attention->heads * layer.attention->headDim) * hiddenSize;
    return weights;
}

void addLinear(std::vector<ExpectedTensor> &tensors, const std::string &name, std::int64_t rows, std::int64_t columns, bool bias)
{
    tensors.push_back({.name = name + ".weight", .shape = {rows, columns}});
    if (bias)
        tensors.push_back({.name = name + ".bias", .shape = {rows}});
}

} // namespace

std::int64_t ModelSpec::mostNeurons() const
{
    std::int64_t most = 0;
    for (const LayerSpec &layer : layers)
        most = std::max(most, layer.neurons());
    return most;
}

std::vector<std::int64_t> layersWithout(const ModelSpec &spec, Part part)
{
    std::vector<std::int64_t> without;
    for (std::int64_t i = 0; i < spec.layerCount(); ++i)
        if (!spec.layers[std::size_t(i)].has(part))
            without.push_back(i);
    return without;
}

const AttentionSpec *firstAttention(const ModelSpec &spec)
{
    for (const LayerSpec &layer : spec.layers)
        if (layer.attention)
            return &*layer.attention;
    return nullptr;
}

std::int64_t attentionParameters(const AttentionSpec &attention, std::int64_t hiddenSize)
{
    const std::int64_t queryWidth = attention.heads * attention.headDim;
    return (qkvRows(attention) + queryWidth) * hiddenSize + (attention.qkvBias ? qkvRows(attention) : 0) +
           (attention.outputBias ? hiddenSize : 0) + (attention.queryKeyNorm ? 2 * attention.headDim : 0);
}

std::int64_t ffnParameters(const FfnSpec &ffn, std::int64_t hiddenSize)
{
    return 3 * ffn.neurons * hiddenSize + (ffn.bias ? 2 * ffn.neurons + hiddenSize : 0);
}

std::int64_t normsPerSublayer(const ModelSpec &spec)
{
    return spec.hasOutputNorms ? 2 : 1;
}

std::int64_t layerParameters(const ModelSpec &spec)
{
    const std::int64_t norms = normsPerSublayer(spec) * spec.hiddenSize;
    std::int64_t parameters = 0;
    for (const LayerSpec &layer : spec.layers) {
        if (layer.attention)
            parameters += norms + attentionParameters(*layer.attention, spec.hiddenSize);
        if (layer.ffn)
            parameters += norms + ffnParameters(*layer.ffn, spec.hiddenSize);
    }
    return parameters;
}

std::int64_t modelParameters(const ModelSpec &spec)
{
    const std::int64_t embedding = spec.vocabularySize * spec.hiddenSize;
    return layerParameters(spec) + spec.hiddenSize + (spec.tiedEmbeddings ? 1 : 2) * embedding;
}

std::int64_t kvBytesPerToken(const ModelSpec &spec, DType dtype)
{
    std::int64_t elements = 0;
    for (const LayerSpec &layer : spec.layers)
        if (layer.attention)
            elements += 2 * layer.attention->kvHeads * layer.attention->headDim;
    return elements * std::int64_t(bytesPerElement(dtype));
}

std::int64_t flopPerToken(const ModelSpec &spec)
{
    std::int64_t weights = spec.vocabularySize * spec.hiddenSize; // lm_head; looking up an embedding multiplies nothing
    for (const LayerSpec &layer : spec.layers)
        weights += productWeights(layer, spec.hiddenSize);
    return 2 * weights;
}

std::int64_t firstUnlikeLayer(const ModelSpec &spec)
{
    for (std::int64_t i = 0; i < spec.layerCount(); ++i) {
        const LayerSpec &layer = spec.layers[std::size_t(i)], &first = spec.layers.front();
        if (!layer.attention || !layer.ffn || layer.ffn != first.ffn ||
            attentionParameters(*layer.attention, spec.hiddenSize) != attentionParameters(*first.attention, spec.hiddenSize))
            return i;
    }
    return -1;
}

std::vector<ExpectedTensor> expectedTensors(const ModelSpec &spec)
{
    const std::int64_t d = spec.hiddenSize;
    std::vector<ExpectedTensor> tensors;
    const auto addNorm = [&](const std::string &name, std::int64_t size) {
        tensors.push_back({.name = name + ".weight", .shape = {size}});
    };
    tensors.push_back({.name = "model.embed_tokens.weight", .shape = {spec.vocabularySize, d}});
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        if (const auto &attention = spec.layers[i].attention) {
            const std::int64_t queryWidth = attention->heads * attention->headDim;
            const std::int64_t kvWidth = attention->kvHeads * attention->headDim;
            addNorm(layer + "input_layernorm", d);
            if (spec.hasFusedProducts) {
                addLinear(tensors, layer + "self_attn.qkv_proj", queryWidth + 2 * kvWidth, d, attention->qkvBias);
            } else {
                addLinear(tensors, layer + "self_attn.q_proj", queryWidth, d, attention->qkvBias);
                addLinear(tensors, layer + "self_attn.k_proj", kvWidth, d, attention->qkvBias);
                addLinear(tensors, layer + "self_attn.v_proj", kvWidth, d, attention->qkvBias);
            }
            addLinear(tensors, layer + "self_attn.o_proj", d, queryWidth, attention->outputBias);
            if (attention->queryKeyNorm) {
                addNorm(layer + "self_attn.q_norm", attention->headDim);
                addNorm(layer + "self_attn.k_norm", attention->headDim);
            }
            if (spec.hasOutputNorms)
                addNorm(layer + "post_attention_layernorm", d);
        }
        if (const auto &ffn = spec.layers[i].ffn) {
            addNorm(layer + (spec.hasOutputNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"), d);
            if (spec.hasFusedProducts) {
                addLinear(tensors, layer + "mlp.gate_up_proj", 2 * ffn->neurons, d, ffn->bias);
            } else {
                addLinear(tensors, layer + "mlp.gate_proj", ffn->neurons, d, ffn->bias);
                addLinear(tensors, layer + "mlp.up_proj", ffn->neurons, d, ffn->bias);
            }
            addLinear(tensors, layer + "mlp.down_proj", d, ffn->neurons, ffn->bias);
            if (spec.hasOutputNorms)
                addNorm(layer + "post_feedforward_layernorm", d);
        }
    }
    addNorm("model.norm", d);
    if (!spec.tiedEmbeddings)
        tensors.push_back({.name = "lm_head.weight", .shape = {spec.vocabularySize, d}});
    return tensors;
}

} // namespace secateur
