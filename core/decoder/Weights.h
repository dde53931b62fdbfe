// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "decoder/Tensors.h"
#include "foundation/JobContext.h"
#include "model/ModelSpec.h"

#include <ATen/core/Tensor.h>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace secateur {

/// A product with its bias: x W^T + b. `bias` is undefined when there is none.
struct LinearWeights {
    at::Tensor weight; ///< [out, in]
    at::Tensor bias;   ///< [out]
};

struct AttentionWeights {
    at::Tensor norm; ///< [d], of the input norm
    LinearWeights query, key, value, output;
    at::Tensor queryNorm, keyNorm; ///< [headDim], of each head; undefined when the family has none
    at::Tensor outputNorm;         ///< [d], before the sum; undefined when the family has none
};

struct FfnWeights {
    at::Tensor norm;        ///< [d], of the input
    LinearWeights gate, up; ///< [I, d]
    LinearWeights down;     ///< [d, I]
    at::Tensor outputNorm;  ///< [d], before the sum; undefined when the family has none
    /// Of FFNs that are masked instead of cut (masked()). Which neurons go: bool, [I]; undefined: none, or `kept` counts.
    at::Tensor removed;
    /// Which stay, [K], where some of the products have weights of their own, as wide as what is kept; the others are as wide as before.
    at::Tensor kept;
};

/// A part is absent when it was removed.
struct LayerWeights {
    std::optional<AttentionWeights> attention;
    std::optional<FfnWeights> ffn;
};

class LayerStream;
enum class LayersKept;

/// All weights of a model on one device in one type. Tensors are shared when copied, never written.
struct Weights {
    at::Tensor embedding;                     ///< [V, d]
    std::vector<LayerWeights> layers;         ///< empty when they are streamed
    at::Tensor finalNorm;                     ///< [d]
    at::Tensor head;                          ///< [V, d]; the embedding itself when tied
    std::shared_ptr<LayerStream> stream = {}; ///< where the layers come from when they are not resident
    /// What these weights make of a layer of the stream, where others use the same one (masked()); may be none.
    std::function<LayerWeights(std::int64_t layer, const LayerWeights &)> view = {};

    /// Bytes of all resident tensors, the tied head not counted again.
    std::int64_t bytes() const;
};

/// Calls `call` with every tensor of a layer that there is; masks are none.
template <typename AnyLayer, typename Call>
requires std::same_as<std::remove_const_t<AnyLayer>, LayerWeights>
void forEachTensor(AnyLayer &layer, const Call &call)
{
    const auto visit = [&](auto &...tensors) { ((tensors.defined() ? call(tensors) : void()), ...); };
    const auto visitLinear = [&](auto &...linears) { (visit(linears.weight, linears.bias), ...); };
    if (auto &a = layer.attention) {
        visit(a->norm, a->queryNorm, a->keyNorm, a->outputNorm);
        visitLinear(a->query, a->key, a->value, a->output);
    }
    if (auto &f = layer.ffn) {
        visit(f->norm, f->outputNorm);
        visitLinear(f->gate, f->up, f->down);
    }
}

/// Calls `call` with every resident tensor that there is; the head of tied embeddings is not one of its own.
template <typename AnyWeights, typename Call>
requires std::same_as<std::remove_const_t<AnyWeights>, Weights>
void forEachTensor(AnyWeights &weights, const Call &call)
{
    const bool isTied = weights.head.is_same(weights.embedding);
    call(weights.embedding);
    for (auto &layer : weights.layers)
        forEachTensor(layer, call);
    call(weights.finalNorm);
    if (!isTied)
        call(weights.head);
}

/// The tensor of a layer with that role, which may be undefined. The layer has its part; fused products are never together here.
at::Tensor &tensorOf(LayerWeights &layer, const TensorRole &role);
const at::Tensor &tensorOf(const LayerWeights &layer, const TensorRole &role);

/// The tensor of that role which is not of a layer.
const at::Tensor &tensorOf(const Weights &weights, const TensorRole &role);

/// One layer of `spec`, from tensors as that has them (layerTensors).
LayerWeights layerFrom(const ModelSpec &spec, std::int64_t layer, const TensorSource &source);
/// What is not of a layer.
Weights outerFrom(const ModelSpec &spec, const TensorSource &source);
/// The weights of `spec` from tensors as that has them (modelTensors), asked for in the order of the layers.
Weights weightsFrom(const ModelSpec &spec, const TensorSource &source);
/// The same with the layers made when they are needed: `source` is called again and again, from another thread too.
Weights streamedFrom(const ModelSpec &spec, TensorSource source, LayersKept kept);

/// Reads the tensors that `spec` asks for into `device` as `dtype`. Throws Error that names a tensor that holds NaN or infinity.
Weights loadWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context);
/// The same, but only what is not of a layer is read now. The layers come from the mapped files each time they are needed; the checkpoint must
/// outlive them.
Weights streamWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context);
/// The same for a model that fits: a pass over its layers begins before the last is read, and each is read once.
Weights loadMeanwhile(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context);
/// `weights` with all layers resident and none to come.
Weights settled(Weights weights);

} // namespace secateur
