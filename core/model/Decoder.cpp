// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/Decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>

namespace secateur {
namespace {

at::Tensor product(const at::Tensor &x, const LinearWeights &linear)
{
    return linear.bias.defined() ? at::linear(x, linear.weight, linear.bias) : at::linear(x, linear.weight);
}

/// [windows, T, heads * headDim] to [windows, heads, T, headDim].
at::Tensor byHead(const at::Tensor &x, std::int64_t heads)
{
    return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

std::int64_t headDimOf(const ModelSpec &spec)
{
    for (const LayerSpec &layer : spec.layers)
        if (layer.attention)
            return layer.attention->headDim;
    return 2; // no attention is left: nothing will be rotated
}

} // namespace

Decoder::Decoder(ModelSpec spec, Weights weights, std::int64_t positions)
    : m_spec(std::move(spec)),
      m_weights(std::move(weights)),
      m_rope(m_spec.rope, headDimOf(m_spec), m_spec.contextLength, positions, device(), dtype())
{
}

at::Tensor Decoder::embed(const at::Tensor &tokens) const
{
    return at::embedding(m_weights.embedding, tokens);
}

at::Tensor Decoder::addAttention(std::int64_t index, const at::Tensor &x, KvCache *cache, std::int64_t offset) const
{
    const auto &weights = m_weights.layers[std::size_t(index)].attention;
    if (!weights)
        return x;
    const AttentionSpec &spec = *m_spec.layers[std::size_t(index)].attention;
    const at::Tensor normed = norm(x, weights->norm);
    const at::Tensor query = m_rope.rotate(byHead(product(normed, weights->query), spec.heads), offset);
    at::Tensor key = m_rope.rotate(byHead(product(normed, weights->key), spec.kvHeads), offset);
    at::Tensor value = byHead(product(normed, weights->value), spec.kvHeads);
    if (cache) {
        const std::int64_t tokens = x.size(1);
        cache->keys.narrow(2, offset, tokens).copy_(key);
        cache->values.narrow(2, offset, tokens).copy_(value);
        key = cache->keys.narrow(2, 0, offset + tokens);
        value = cache->values.narrow(2, 0, offset + tokens);
    }
    // Causal without a mask; one token that follows others sees all of them.
    const bool isCausal = query.size(2) > 1;
    const at::Tensor mixed = at::scaled_dot_product_attention(query, key, value, {}, 0.0, isCausal, {}, spec.heads != spec.kvHeads);
    return x + product(mixed.transpose(1, 2).reshape({x.size(0), x.size(1), -1}), weights->output);
}

at::Tensor Decoder::addFfn(std::int64_t index, const at::Tensor &x) const
{
    return x + ffnDown(index, ffnActivation(index, x));
}

at::Tensor Decoder::ffnActivation(std::int64_t index, const at::Tensor &x) const
{
    const LayerWeights &weights = m_weights.layers[std::size_t(index)];
    const at::Tensor normed = norm(x, weights.ffnNorm);
    at::Tensor activation = product(normed, weights.ffn.gate);
    return at::silu_(activation).mul_(product(normed, weights.ffn.up));
}

at::Tensor Decoder::ffnDown(std::int64_t index, const at::Tensor &activation) const
{
    return product(activation, m_weights.layers[std::size_t(index)].ffn.down);
}

at::Tensor Decoder::finalNorm(const at::Tensor &x) const
{
    return norm(x, m_weights.finalNorm);
}

at::Tensor Decoder::logits(const at::Tensor &normed) const
{
    return at::linear(normed, m_weights.head);
}

/// RMSNorm (arXiv 1910.07467): statistics in fp32, weight applied in the type of x, as the Llama family does.
at::Tensor Decoder::norm(const at::Tensor &x, const at::Tensor &weight) const
{
    const at::Tensor wide = x.to(at::kFloat);
    const at::Tensor scale = wide.square().mean(-1, true).add_(m_spec.normEpsilon).rsqrt_();
    return (wide * scale).to(x.scalar_type()).mul_(weight);
}

Decoder pruned(const Decoder &dense, const std::vector<std::vector<std::int64_t>> &keptNeurons,
               const std::vector<std::int64_t> &removedAttentions)
{
    ModelSpec spec = dense.spec();
    Weights weights = dense.weights();
    for (std::size_t i = 0; i < spec.layers.size(); ++i) {
        if (std::int64_t(keptNeurons[i].size()) == spec.layers[i].ffn.neurons)
            continue;
        weights.layers[i].ffn = narrowed(weights.layers[i].ffn, keptNeurons[i]);
        spec.layers[i].ffn.neurons = std::int64_t(keptNeurons[i].size());
    }
    for (const std::int64_t layer : removedAttentions) {
        spec.layers[std::size_t(layer)].attention.reset();
        weights.layers[std::size_t(layer)].attention.reset();
    }
    return Decoder(std::move(spec), std::move(weights), dense.positions());
}

} // namespace secateur
