// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Weights.h"

#include "foundation/Error.h"
#include "model/Tensors.h"

#include <ATen/ops/tensor.h>
#include <string>

namespace secateur {
namespace {

/// Reads tensors by name; the one place that maps names to weights for families with separate products.
class Reader {
public:
    Reader(const Checkpoint &checkpoint, at::Device device, c10::ScalarType dtype, JobContext &context)
        : m_checkpoint(checkpoint),
          m_device(device),
          m_dtype(dtype),
          m_context(context)
    {
    }

    at::Tensor tensor(const std::string &name)
    {
        const TensorView &view = m_checkpoint.tensor(name);
        at::Tensor loaded = copyOf(view).to(m_device, m_dtype);
        if (!isFinite(loaded))
            throw Error("The tensor '" + name + "' holds NaN or infinite values.",
                        "The checkpoint is damaged, or its values do not fit into the type chosen; try --dtype float32.");
        m_context.step();
        return loaded;
    }

    LinearWeights linear(const std::string &name, bool hasBias)
    {
        return {tensor(name + ".weight"), hasBias ? tensor(name + ".bias") : at::Tensor()};
    }

    LayerWeights layer(const std::string &prefix, const LayerSpec &spec)
    {
        LayerWeights weights;
        if (spec.attention) {
            const bool bias = spec.attention->qkvBias;
            weights.attention = AttentionWeights{.norm = tensor(prefix + "input_layernorm.weight"),
                                                 .query = linear(prefix + "self_attn.q_proj", bias),
                                                 .key = linear(prefix + "self_attn.k_proj", bias),
                                                 .value = linear(prefix + "self_attn.v_proj", bias),
                                                 .output = linear(prefix + "self_attn.o_proj", spec.attention->outputBias)};
        }
        weights.ffnNorm = tensor(prefix + "post_attention_layernorm.weight");
        weights.ffn = FfnWeights{.gate = linear(prefix + "mlp.gate_proj", spec.ffn.bias),
                                 .up = linear(prefix + "mlp.up_proj", spec.ffn.bias),
                                 .down = linear(prefix + "mlp.down_proj", spec.ffn.bias)};
        return weights;
    }

private:
    const Checkpoint &m_checkpoint;
    at::Device m_device;
    c10::ScalarType m_dtype;
    JobContext &m_context;
};

std::int64_t bytesOfLinear(const LinearWeights &linear)
{
    return std::int64_t(linear.weight.nbytes()) + (linear.bias.defined() ? std::int64_t(linear.bias.nbytes()) : 0);
}

} // namespace

std::int64_t Weights::bytes() const
{
    auto sum = std::int64_t(embedding.nbytes() + finalNorm.nbytes());
    if (!head.is_same(embedding))
        sum += std::int64_t(head.nbytes());
    for (const LayerWeights &layer : layers) {
        if (const auto &a = layer.attention)
            sum += std::int64_t(a->norm.nbytes()) + bytesOfLinear(a->query) + bytesOfLinear(a->key) + bytesOfLinear(a->value) +
                   bytesOfLinear(a->output);
        sum += std::int64_t(layer.ffnNorm.nbytes()) + bytesOfLinear(layer.ffn.gate) + bytesOfLinear(layer.ffn.up) +
               bytesOfLinear(layer.ffn.down);
    }
    return sum;
}

Weights loadWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context)
{
    context.begin("load", std::int64_t(expectedTensors(spec).size()), "tensors");
    Reader read(checkpoint, device, dtype, context);
    Weights weights;
    weights.embedding = read.tensor("model.embed_tokens.weight");
    for (std::int64_t i = 0; i < spec.layerCount(); ++i) {
        weights.layers.push_back(read.layer("model.layers." + std::to_string(i) + ".", spec.layers[std::size_t(i)]));
        checkpoint.releasePages(); // our copy is what counts from here on
    }
    weights.finalNorm = read.tensor("model.norm.weight");
    weights.head = spec.tiedEmbeddings ? weights.embedding : read.tensor("lm_head.weight");
    checkpoint.releasePages();
    return weights;
}

FfnWeights narrowed(const FfnWeights &ffn, std::span<const std::int64_t> keptNeurons)
{
    const at::Tensor kept = at::tensor(at::IntArrayRef(keptNeurons.data(), keptNeurons.size()), at::kLong).to(ffn.gate.weight.device());
    const auto rows = [&](const LinearWeights &linear) {
        return LinearWeights{linear.weight.index_select(0, kept), linear.bias.defined() ? linear.bias.index_select(0, kept) : at::Tensor()};
    };
    return {.gate = rows(ffn.gate), .up = rows(ffn.up), .down = {ffn.down.weight.index_select(1, kept), ffn.down.bias}};
}

} // namespace secateur
