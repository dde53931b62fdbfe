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

} // namespace secateur
