// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Decoder.h"

#include "decoder/CausalAttention.h"
#include "decoder/LayerStream.h"
#include "decoder/Products.h"
#include "decoder/PrunedTensors.h"
#include "decoder/RowKernels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <limits>

namespace secateur {
namespace {

at::Tensor product(const at::Tensor &x, const LinearWeights &linear)
{
    return secateur::product(x, linear.weight, linear.bias);
}

/// [windows, T, heads * headDim] to [windows, heads, T, headDim].
at::Tensor byHead(const at::Tensor &x, std::int64_t heads)
{
    return x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

std::int64_t headDimOf(const ModelSpec &spec)
{
    const AttentionSpec *attention = firstAttention(spec);
    return attention ? attention->headDim : 2; // none is left: nothing will be rotated
}

double scaleOf(const AttentionSpec &spec)
{
    return spec.scale.value_or(1 / std::sqrt(double(spec.headDim)));
}

/// The mean of the values, weighted by the scores of a query with the keys that it sees: `isSeen`, [queries, keys]. Other shapes [windows, heads, T,
/// headDim].
at::Tensor mixedWithSeen(const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                         const at::Tensor &isSeen)
{
    const std::int64_t group = spec.heads / spec.kvHeads;
    if (!spec.scoreSoftcap)
        return at::scaled_dot_product_attention(query, key, value, isSeen, 0.0, false, spec.scale, group > 1);
    const at::Tensor scores = query.matmul(key.repeat_interleave(group, 1).transpose(2, 3)) * scaleOf(spec);
    const at::Tensor capped = (scores / *spec.scoreSoftcap).tanh_().mul_(*spec.scoreSoftcap);
    const at::Tensor masked = capped.masked_fill(isSeen.bitwise_not(), -std::numeric_limits<double>::infinity());
    return at::softmax(masked, -1, at::kFloat).to(value.scalar_type()).matmul(value.repeat_interleave(group, 1));
}

/// Of queries that are the last positions of the keys, and see those before them and their own, of the last `window` where there is one.
at::Tensor mixed(const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value)
{
    const std::int64_t queries = query.size(2), keys = key.size(2);
    const bool isWindowed = spec.window && keys > *spec.window;
    if (!isWindowed && !spec.scoreSoftcap && canMixCausally(query, key, value))
        return mixCausally(query, key, value, scaleOf(spec));
    if (!isWindowed && !spec.scoreSoftcap) // causal without a mask; one token that follows others sees all of them
        return at::scaled_dot_product_attention(query, key, value, {}, 0.0, queries > 1, spec.scale, spec.heads != spec.kvHeads);

    const at::Tensor position = at::arange(keys - queries, keys, query.options().dtype(at::kLong)).unsqueeze(1);
    const at::Tensor other = at::arange(keys, position.options()).unsqueeze(0);
    at::Tensor isSeen = other <= position;
    if (isWindowed)
        isSeen = isSeen.bitwise_and(other > position - *spec.window);
    return mixedWithSeen(spec, query, key, value, isSeen);
}

/// Of rows with themselves.
at::Tensor mixed(const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const TokenRows &rows)
{
    const bool isWindowed = spec.window && longestOf(rows.runs) > *spec.window;
    if (!isWindowed && !spec.scoreSoftcap && canMixRows(query, key, value, rows.runs))
        return mixRows(query, key, value, rows.runs, scaleOf(spec));
    const at::Tensor row = at::arange(query.size(2), rows.ends.options()).unsqueeze(1), other = row.transpose(0, 1);
    at::Tensor isSeen = (other <= row).bitwise_and(row < rows.ends.unsqueeze(0));
    if (isWindowed)
        isSeen = isSeen.bitwise_and(rows.positions.unsqueeze(0) > rows.positions.unsqueeze(1) - *spec.window);
    return mixedWithSeen(spec, query, key, value, isSeen);
}

} // namespace

Decoder::Decoder(ModelSpec spec, Weights weights, std::int64_t positions)
    : m_spec(std::move(spec)),
      m_weights(std::move(weights)),
      m_rope(m_spec.rope, headDimOf(m_spec), m_spec.contextLength, positions, device(), dtype())
{
    if (m_spec.localRope)
        m_localRope.emplace(*m_spec.localRope, headDimOf(m_spec), m_spec.contextLength, positions, device(), dtype());
}

std::shared_ptr<const LayerWeights> Decoder::layerWeights(std::int64_t index) const
{
    if (m_weights.stream) {
        const std::shared_ptr<const LayerWeights> layer = m_weights.stream->layer(index);
        return m_weights.view ? std::make_shared<const LayerWeights>(m_weights.view(index, *layer)) : layer;
    }
    return {std::shared_ptr<const void>(), &m_weights.layers[std::size_t(index)]}; // ours: nobody else has to hold it
}

at::Tensor Decoder::embed(const at::Tensor &tokens) const
{
    const at::Tensor states = at::embedding(m_weights.embedding, tokens);
    if (m_spec.embeddingScale == 1)
        return states;
    return states * at::scalar_tensor(m_spec.embeddingScale, states.options()); // the factor is rounded to the type, as the states are
}

template <typename Rotate, typename Mix>
at::Tensor Decoder::mixedHeads(std::int64_t index, const at::Tensor &x, const Rotate &rotate, const Mix &mix) const
{
    const std::shared_ptr<const LayerWeights> layer = layerWeights(index);
    const auto &weights = layer->attention;
    const AttentionSpec &spec = *m_spec.layers[std::size_t(index)].attention;
    const at::Tensor normed = norm(x, weights->norm);
    at::Tensor query = byHead(product(normed, weights->query), spec.heads);
    at::Tensor key = byHead(product(normed, weights->key), spec.kvHeads);
    const at::Tensor value = byHead(product(normed, weights->value), spec.kvHeads);
    if (spec.queryKeyNorm) {
        query = norm(query, weights->queryNorm);
        key = norm(key, weights->keyNorm);
    }
    if (spec.isRotated) {
        const Rope &rope = spec.usesLocalRope ? *m_localRope : m_rope;
        query = rotate(rope, query);
        key = rotate(rope, key);
    }
    return mix(spec, query, key, value).transpose(1, 2).reshape({x.size(0), x.size(1), -1});
}

template <typename Rotate, typename Mix>
at::Tensor Decoder::attend(std::int64_t index, const at::Tensor &x, const Rotate &rotate, const Mix &mix) const
{
    if (!m_spec.layers[std::size_t(index)].attention)
        return x;
    return attentionOutput(index, mixedHeads(index, x, rotate, mix)).add_(x);
}

at::Tensor Decoder::addAttention(std::int64_t index, const at::Tensor &x, KvCache *cache, std::int64_t offset) const
{
    return attend(
        index, x, [&](const Rope &rope, const at::Tensor &heads) { return rope.rotate(heads, offset); },
        [&](const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
            if (!cache)
                return mixed(spec, query, key, value);
            const std::int64_t tokens = x.size(1);
            cache->keys.narrow(2, offset, tokens).copy_(key);
            cache->values.narrow(2, offset, tokens).copy_(value);
            return mixed(spec, query, cache->keys.narrow(2, 0, offset + tokens), cache->values.narrow(2, 0, offset + tokens));
        });
}

at::Tensor Decoder::addAttention(std::int64_t index, const at::Tensor &x, const TokenRows &rows) const
{
    return attend(
        index, x, [&](const Rope &rope, const at::Tensor &heads) { return rope.rotate(heads, rows.positions); },
        [&](const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
            return mixed(spec, query, key, value, rows);
        });
}

at::Tensor Decoder::attentionMixed(std::int64_t index, const at::Tensor &x) const
{
    return mixedHeads(
        index, x, [](const Rope &rope, const at::Tensor &heads) { return rope.rotate(heads); },
        [](const AttentionSpec &spec, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
            return mixed(spec, query, key, value);
        });
}

at::Tensor Decoder::attentionOutput(std::int64_t index, const at::Tensor &mixed) const
{
    const std::shared_ptr<const LayerWeights> layer = layerWeights(index);
    const AttentionWeights &weights = *layer->attention;
    const at::Tensor output = product(mixed, weights.output);
    return weights.outputNorm.defined() ? norm(output, weights.outputNorm) : output;
}

at::Tensor Decoder::addFfn(std::int64_t index, const at::Tensor &x, at::Tensor to) const
{
    if (!m_spec.layers[std::size_t(index)].ffn)
        return to.defined() ? to.copy_(x) : x;
    at::Tensor added = ffnDown(index, ffnActivation(index, x));
    return to.defined() ? at::add_out(to, added, x) : added.add_(x);
}

at::Tensor Decoder::ffnActivation(std::int64_t index, const at::Tensor &x) const
{
    const std::shared_ptr<const LayerWeights> layer = layerWeights(index);
    const FfnWeights &weights = *layer->ffn;
    const at::Tensor normed = norm(x, weights.norm);
    const auto ofNeurons = [&](const LinearWeights &linear) { // those that stay, where some have weights of their own
        const at::Tensor all = product(normed, linear);
        return weights.kept.defined() && all.size(2) != weights.kept.size(0) ? all.index_select(2, weights.kept) : all;
    };
    at::Tensor activation = ofNeurons(weights.gate);
    if (m_spec.activation == Activation::Silu && canTakeElements(activation)) {
        swiglu(activation, ofNeurons(weights.up));
    } else {
        if (m_spec.activation == Activation::GeluTanh)
            at::gelu_(activation, "tanh");
        else
            at::silu_(activation);
        activation.mul_(ofNeurons(weights.up));
    }
    if (weights.removed.defined())
        return activation.masked_fill_(weights.removed, 0);
    const std::int64_t inputs = weights.down.weight.size(1);
    if (weights.kept.defined() && activation.size(2) != inputs)
        return at::zeros({x.size(0), x.size(1), inputs}, activation.options()).index_copy_(2, weights.kept, activation);
    return activation;
}

at::Tensor Decoder::ffnDown(std::int64_t index, const at::Tensor &activation) const
{
    const std::shared_ptr<const LayerWeights> layer = layerWeights(index);
    const FfnWeights &weights = *layer->ffn;
    const at::Tensor output = product(activation, weights.down);
    return weights.outputNorm.defined() ? norm(output, weights.outputNorm) : output;
}

at::Tensor Decoder::finalNorm(const at::Tensor &x) const
{
    return norm(x, m_weights.finalNorm);
}

at::Tensor Decoder::logits(const at::Tensor &normed) const
{
    return capped(product(normed, m_weights.head));
}

at::Tensor Decoder::capped(const at::Tensor &logits) const
{
    if (!m_spec.logitSoftcap)
        return logits;
    return (logits / *m_spec.logitSoftcap).tanh_().mul_(*m_spec.logitSoftcap);
}

/// RMSNorm (arXiv 1910.07467): statistics in fp32 (fp64 of a decoder in fp64); the weight applied in the type of x, as the Llama family does, or, as
/// Gemma does, one more than the weight in fp32. The kernels round once, at the end.
at::Tensor Decoder::norm(const at::Tensor &x, const at::Tensor &weight) const
{
    if (canTakeRows(x))
        return normedRows(x, weight, m_spec.normEpsilon, m_spec.addsOneToNorms ? 1 : 0);
    const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
    const at::Tensor scale = wide.square().mean(-1, true).add_(m_spec.normEpsilon).rsqrt_();
    if (m_spec.addsOneToNorms)
        return (wide * scale).mul_(weight.to(wide.scalar_type()) + 1).to(x.scalar_type());
    return (wide * scale).to(x.scalar_type()).mul_(weight);
}

Decoder withTensors(const Decoder &decoder, const std::function<at::Tensor(const at::Tensor &)> &change)
{
    Weights weights = decoder.weights();
    const bool isTied = weights.head.is_same(weights.embedding);
    const auto changeEach = [change](at::Tensor &tensor) { tensor = change(tensor); };
    forEachTensor(weights, changeEach);
    if (isTied)
        weights.head = weights.embedding;
    if (weights.stream)
        weights.stream = weights.stream->changed([changeEach](std::int64_t, LayerWeights layer) {
            forEachTensor(layer, changeEach);
            return layer;
        });
    return Decoder(decoder.spec(), std::move(weights), decoder.positions());
}

Decoder inType(const Decoder &decoder, c10::ScalarType type)
{
    return withTensors(decoder, [type](const at::Tensor &tensor) { return tensor.to(type); });
}

namespace {

/// A specification whose fused products lie apart, as weights in memory do.
ModelSpec inPieces(ModelSpec spec)
{
    spec.hasFusedProducts = false;
    return spec;
}

/// Cuts and changes the weights of a decoder, as it has them: in its type, on its device.
class Cutting {
public:
    Cutting(const Decoder &decoder, const Surgery &surgery)
        : m_surgery(surgery),
          m_before(inPieces(decoder.spec())),
          m_after(inPieces(surgery.specOf(decoder.spec()))),
          m_device(decoder.device()),
          m_dtype(decoder.dtype())
    {
    }

    LayerWeights layer(std::int64_t index, const LayerWeights &layer) const
    {
        const TensorSource whole = [&](const TensorRole &role) { return tensorOf(layer, role); };
        return layerFrom(m_after, index, [&](const TensorRole &role) { return tensor(role, whole); });
    }

    Weights outer(const Weights &weights) const
    {
        const TensorSource whole = [&](const TensorRole &role) { return tensorOf(weights, role); };
        return outerFrom(m_after, [&](const TensorRole &role) { return tensor(role, whole); });
    }

private:
    at::Tensor tensor(const TensorRole &role, const TensorSource &whole) const
    {
        const at::Tensor tensor = prunedTensor(role, m_before, m_surgery, whole);
        return tensor.defined() ? tensor.to(m_device, m_dtype) : tensor; // the same, but for values that the surgery brings
    }

    Surgery m_surgery; ///< with its lists of neurons
    ModelSpec m_before, m_after;
    at::Device m_device;
    c10::ScalarType m_dtype;
};

/// The decoder of one layer.
Decoder alone(const Decoder &decoder, const LayerSpec &spec, LayerWeights layer)
{
    ModelSpec one = decoder.spec();
    one.layers = {spec};
    Weights weights = decoder.weights();
    weights.stream = nullptr;
    weights.layers = {std::move(layer)};
    return Decoder(std::move(one), std::move(weights), decoder.positions());
}

} // namespace

Decoder pruned(const Decoder &decoder, const Surgery &surgery)
{
    const auto cutting = std::make_shared<const Cutting>(decoder, surgery);
    const auto change = [cutting](std::int64_t i, const LayerWeights &layer) { return cutting->layer(i, layer); };
    const Weights &old = decoder.weights();
    Weights weights = cutting->outer(old);
    if (old.stream)
        weights.stream = old.stream->changed(change);
    for (std::size_t i = 0; i < old.layers.size(); ++i)
        weights.layers.push_back(change(std::int64_t(i), old.layers[i]));
    return Decoder(surgery.specOf(decoder.spec()), std::move(weights), decoder.positions());
}

LayerPair layerPair(const Decoder &decoder, const Surgery &surgery, std::int64_t index)
{
    const auto place = std::size_t(index);
    const LayerWeights whole = decoder.weights().stream ? *decoder.weights().stream->layer(index) : decoder.weights().layers[place];
    return {.whole = alone(decoder, decoder.spec().layers[place], whole),
            .cut = alone(decoder, surgery.specOf(decoder.spec()).layers[place], Cutting(decoder, surgery).layer(index, whole))};
}

} // namespace secateur
