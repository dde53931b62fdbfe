// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "decoder/Rope.h"
#include "decoder/TokenRows.h"
#include "decoder/Weights.h"
#include "model/ModelSpec.h"
#include "model/Surgery.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <optional>

namespace secateur {

/// Keys and values of one attention, for generation: [windows, kvHeads, positions, headDim], filled from the front.
struct KvCache {
    at::Tensor keys, values;
};

/// The decoder, layer by layer: norm, attention, add, norm, FFN, add (some families norm again before they add). The one place where a
/// model computes.
///
/// Layers may be streamed (LayerStream); then each costs its reading again whenever another one was computed since.
///
/// Hidden states have the shape [windows, T, d]. Whoever calls decides the order of layers and branches; nothing here knows about scoring
/// or search. A narrowed FFN, a masked one and an absent part are facts of the weights. Immutable; used under c10::InferenceMode.
class Decoder {
public:
    /// `positions`: the longest sequence that will be computed, in tokens. The spec must describe the weights, masked FFNs as if they were cut.
    Decoder(ModelSpec spec, Weights weights, std::int64_t positions);

    const ModelSpec &spec() const { return m_spec; }
    const Weights &weights() const { return m_weights; }
    std::int64_t layerCount() const { return m_spec.layerCount(); }
    std::int64_t positions() const { return m_rope.positions(); }
    at::Device device() const { return m_weights.embedding.device(); }
    c10::ScalarType dtype() const { return m_weights.embedding.scalar_type(); }

    /// Token ids [windows, T] (int64, on the device) to hidden states.
    at::Tensor embed(const at::Tensor &tokens) const;
    /// One whole layer.
    at::Tensor layer(std::int64_t index, const at::Tensor &x) const { return addFfn(index, addAttention(index, x)); }
    /// x + attention(norm(x)); x itself where the attention is absent. With a cache, x holds the tokens from position `offset` on.
    at::Tensor addAttention(std::int64_t index, const at::Tensor &x, KvCache *cache = nullptr, std::int64_t offset = 0) const;
    /// The same of sequences of any lengths that share beginnings, as rows: x has the shape [1, R, d].
    at::Tensor addAttention(std::int64_t index, const at::Tensor &x, const TokenRows &rows) const;
    /// What enters the attention's output product, [windows, T, heads * headDim]. Of layers that have an attention.
    at::Tensor attentionMixed(std::int64_t index, const at::Tensor &x) const;
    /// What these add to x, shape [windows, T, d].
    at::Tensor attentionOutput(std::int64_t index, const at::Tensor &mixed) const;
    /// x + down(activation(x)), written into `to` where that is defined: of the shape of x, and not x. x itself where the FFN is absent.
    at::Tensor addFfn(std::int64_t index, const at::Tensor &x, at::Tensor to = {}) const;
    /// The neurons' activation act(gate) * up of norm(x), shape [windows, T, I]: what enters the down product. Of layers that have an FFN. Zero where a
    /// neuron is masked.
    at::Tensor ffnActivation(std::int64_t index, const at::Tensor &x) const;
    /// What an activation adds to x, shape [windows, T, d].
    at::Tensor ffnDown(std::int64_t index, const at::Tensor &activation) const;
    /// The norm before the head.
    at::Tensor finalNorm(const at::Tensor &x) const;
    /// Logits of normed states: [..., d] to [..., V], in the type of the weights.
    at::Tensor logits(const at::Tensor &normed) const;
    /// Logits as the head's product gives them to logits as the model means them: capped in families that cap.
    at::Tensor capped(const at::Tensor &logits) const;

private:
    /// Held while a layer computes: streamed layers stay resident as long as somebody holds them.
    std::shared_ptr<const LayerWeights> layerWeights(std::int64_t index) const;
    at::Tensor norm(const at::Tensor &x, const at::Tensor &weight) const;
    /// mixed(rotated queries, rotated keys, values), all three [windows, heads, T, headDim], side by side: [windows, T, heads * headDim].
    template <typename Rotate, typename Mix>
    at::Tensor mixedHeads(std::int64_t index, const at::Tensor &x, const Rotate &rotate, const Mix &mix) const;
    /// x + output(mixedHeads(x)); x itself where the attention is absent.
    template <typename Rotate, typename Mix>
    at::Tensor attend(std::int64_t index, const at::Tensor &x, const Rotate &rotate, const Mix &mix) const;

    ModelSpec m_spec;
    Weights m_weights;
    Rope m_rope;
    std::optional<Rope> m_localRope;
};

/// The same model with every tensor of its weights changed, the head of tied embeddings with them; streamed layers are changed as they come.
Decoder withTensors(const Decoder &decoder, const std::function<at::Tensor(const at::Tensor &)> &change);
/// The same model in another type.
Decoder inType(const Decoder &decoder, c10::ScalarType type);

/// What the surgery leaves of a model, or of one that went through a part of it (Surgery::ofFfns). Weights that do not change are shared; streamed
/// layers are cut as they come.
Decoder pruned(const Decoder &decoder, const Surgery &surgery);

/// A layer of a model and what a surgery leaves of it, side by side: each is layer 0 of a decoder that has no other. What is not of a layer is that of the
/// whole model in both.
struct LayerPair {
    Decoder whole, cut;
};
/// A streamed layer is made once for both, and stays as long as they do.
LayerPair layerPair(const Decoder &decoder, const Surgery &surgery, std::int64_t index);
/// The same model as pruned() of the dense one makes, to rounding, beside it: all weights that the surgery does not change are shared, streamed layers too, and
/// neurons that go count as zeros. Costs the time of the dense model's FFNs, and the memory of what the surgery changes alone.
Decoder masked(const Decoder &dense, const Surgery &surgery);

} // namespace secateur
