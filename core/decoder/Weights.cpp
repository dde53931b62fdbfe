// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Weights.h"

#include "decoder/FiniteCheck.h"
#include "decoder/LayerStream.h"
#include "decoder/PinnedRing.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <ATen/ops/tensor.h>
#include <string>

namespace secateur {
namespace {

/// Takes tensors by name; the one place that maps names to weights.
class Reader {
public:
    explicit Reader(const TensorSource &source) : m_source(source) {}

    at::Tensor tensor(const std::string &name) { return m_source(name); }

    LinearWeights linear(const std::string &name, bool hasBias)
    {
        return {tensor(name + ".weight"), hasBias ? tensor(name + ".bias") : at::Tensor()};
    }

    LayerWeights layer(const std::string &prefix, const ModelSpec &model, const LayerSpec &spec)
    {
        LayerWeights weights;
        if (spec.attention)
            weights.attention = attention(prefix, model, *spec.attention);
        if (spec.ffn)
            weights.ffn = ffn(prefix, model, *spec.ffn);
        return weights;
    }

private:
    AttentionWeights attention(const std::string &prefix, const ModelSpec &model, const AttentionSpec &spec)
    {
        const std::string self = prefix + "self_attn.";
        AttentionWeights weights;
        weights.norm = tensor(prefix + "input_layernorm.weight");
        if (model.hasFusedProducts) {
            const std::int64_t queries = spec.heads * spec.headDim, keys = spec.kvHeads * spec.headDim;
            const LinearWeights all = linear(self + "qkv_proj", spec.qkvBias);
            weights.query = rows(all, 0, queries);
            weights.key = rows(all, queries, keys);
            weights.value = rows(all, queries + keys, keys);
        } else {
            weights.query = linear(self + "q_proj", spec.qkvBias);
            weights.key = linear(self + "k_proj", spec.qkvBias);
            weights.value = linear(self + "v_proj", spec.qkvBias);
        }
        weights.output = linear(self + "o_proj", spec.outputBias);
        if (spec.queryKeyNorm) {
            weights.queryNorm = tensor(self + "q_norm.weight");
            weights.keyNorm = tensor(self + "k_norm.weight");
        }
        if (model.hasOutputNorms)
            weights.outputNorm = tensor(prefix + "post_attention_layernorm.weight");
        return weights;
    }

    FfnWeights ffn(const std::string &prefix, const ModelSpec &model, const FfnSpec &spec)
    {
        const std::string mlp = prefix + "mlp.";
        FfnWeights weights;
        weights.norm = tensor(prefix + (model.hasOutputNorms ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight"));
        if (model.hasFusedProducts) {
            const LinearWeights both = linear(mlp + "gate_up_proj", spec.bias);
            weights.gate = rows(both, 0, spec.neurons);
            weights.up = rows(both, spec.neurons, spec.neurons);
        } else {
            weights.gate = linear(mlp + "gate_proj", spec.bias);
            weights.up = linear(mlp + "up_proj", spec.bias);
        }
        weights.down = linear(mlp + "down_proj", spec.bias);
        if (model.hasOutputNorms)
            weights.outputNorm = tensor(prefix + "post_feedforward_layernorm.weight");
        return weights;
    }

    static LinearWeights rows(const LinearWeights &linear, std::int64_t first, std::int64_t count)
    {
        return {linear.weight.narrow(0, first, count), linear.bias.defined() ? linear.bias.narrow(0, first, count) : at::Tensor()};
    }

    const TensorSource &m_source;
};

} // namespace

std::int64_t Weights::bytes() const
{
    std::int64_t sum = 0;
    forEachTensor(*this, [&](const at::Tensor &tensor) { sum += std::int64_t(tensor.nbytes()); });
    return sum;
}

namespace {

/// Reads tensors of a checkpoint, which must outlive it, and lets go of the pages of a layer behind it.
TensorSource loader(const Checkpoint &checkpoint, at::Device device, c10::ScalarType dtype)
{
    return [&checkpoint, ring = std::make_shared<PinnedRing>(device), dtype](const std::string &name) {
        at::Tensor loaded = readTensor(checkpoint, name, *ring, dtype);
        if (!isFinite(loaded))
            throw Error("The tensor " + inQuotes(name) + " holds NaN or infinite values.", remedyOfNonFinite(dtype));
        if (name.ends_with("mlp.down_proj.weight")) // once a layer
            checkpoint.releasePages();              // our copy is what counts from here on
        return loaded;
    };
}

LayerWeights layerFrom(const ModelSpec &spec, std::int64_t index, const TensorSource &source)
{
    return Reader(source).layer("model.layers." + std::to_string(index) + ".", spec, spec.layers[std::size_t(index)]);
}

/// What is not of a layer.
Weights outerFrom(const ModelSpec &spec, const TensorSource &source)
{
    Reader read(source);
    Weights weights;
    weights.embedding = read.tensor("model.embed_tokens.weight");
    weights.finalNorm = read.tensor("model.norm.weight");
    weights.head = spec.tiedEmbeddings ? weights.embedding : read.tensor("lm_head.weight");
    return weights;
}

} // namespace

Weights loadWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context)
{
    context.begin("load", std::int64_t(expectedTensors(spec).size()), "tensors");
    const TensorSource load = loader(checkpoint, device, dtype);
    const Weights weights = weightsFrom(spec, [&](const std::string &name) {
        at::Tensor loaded = load(name);
        context.step();
        return loaded;
    });
    checkpoint.releasePages();
    return weights;
}

Weights streamWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context)
{
    context.begin("load", 1, "shared parts");
    Weights weights = streamedFrom(
        spec,
        [&checkpoint, load = loader(checkpoint, device, dtype)](const std::string &name) {
            at::Tensor loaded = load(name);
            checkpoint.releasePages(); // after every tensor: memory is what there is too little of
            return loaded;
        },
        LayersKept::Two);
    context.step();
    return weights;
}

Weights loadMeanwhile(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context)
{
    context.begin("load", 1, "shared parts");
    Weights weights = streamedFrom(spec, loader(checkpoint, device, dtype), LayersKept::All);
    context.step();
    return weights;
}

Weights settled(Weights weights)
{
    if (!weights.stream)
        return weights;
    for (std::int64_t i = 0; i < weights.stream->layerCount(); ++i)
        weights.layers.push_back(*weights.stream->layer(i));
    weights.stream.reset();
    return weights;
}

Weights streamedFrom(const ModelSpec &spec, TensorSource source, LayersKept kept)
{
    Weights weights = outerFrom(spec, source);
    weights.stream =
        std::make_shared<LayerStream>([spec, source = std::move(source)](std::int64_t layer) { return layerFrom(spec, layer, source); },
                                      spec.layerCount(), weights.embedding.device(), kept);
    return weights;
}

Weights weightsFrom(const ModelSpec &spec, const TensorSource &source)
{
    Weights weights = outerFrom(spec, source);
    for (std::int64_t i = 0; i < spec.layerCount(); ++i)
        weights.layers.push_back(layerFrom(spec, i, source));
    return weights;
}

FfnWeights narrowed(const FfnWeights &ffn, std::span<const std::int64_t> keptNeurons)
{
    const at::Tensor kept = at::tensor(at::IntArrayRef(keptNeurons.data(), keptNeurons.size()), at::kLong).to(ffn.gate.weight.device());
    const auto rows = [&](const LinearWeights &linear) {
        return LinearWeights{linear.weight.index_select(0, kept), linear.bias.defined() ? linear.bias.index_select(0, kept) : at::Tensor()};
    };
    return {.norm = ffn.norm,
            .gate = rows(ffn.gate),
            .up = rows(ffn.up),
            .down = {ffn.down.weight.index_select(1, kept), ffn.down.bias},
            .outputNorm = ffn.outputNorm};
}

} // namespace secateur
