// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "foundation/JobContext.h"
#include "model/ModelSpec.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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
    LinearWeights gate, up; ///< [I, d]
    LinearWeights down;     ///< [d, I]
};

struct LayerWeights {
    std::optional<AttentionWeights> attention; ///< absent when removed
    at::Tensor ffnNorm;                        ///< [d]
    FfnWeights ffn;
    at::Tensor ffnOutputNorm; ///< [d], before the sum; undefined when the family has none
};

/// All weights of a model on one device in one type. Tensors are shared when copied, never written.
struct Weights {
    at::Tensor embedding; ///< [V, d]
    std::vector<LayerWeights> layers;
    at::Tensor finalNorm; ///< [d]
    at::Tensor head;      ///< [V, d]; the embedding itself when tied

    /// Bytes of all tensors, the tied head not counted again.
    std::int64_t bytes() const;
};

/// Calls `call` with every tensor that there is; the head of tied embeddings is not one of its own.
template <typename AnyWeights, typename Call>
void forEachTensor(AnyWeights &weights, const Call &call)
{
    const auto visit = [&](auto &...tensors) { ((tensors.defined() ? call(tensors) : void()), ...); };
    const auto visitLinear = [&](auto &...linears) { (visit(linears.weight, linears.bias), ...); };
    const bool isTied = weights.head.is_same(weights.embedding);
    visit(weights.embedding);
    for (auto &layer : weights.layers) {
        if (auto &a = layer.attention) {
            visit(a->norm, a->queryNorm, a->keyNorm, a->outputNorm);
            visitLinear(a->query, a->key, a->value, a->output);
        }
        visit(layer.ffnNorm, layer.ffnOutputNorm);
        visitLinear(layer.ffn.gate, layer.ffn.up, layer.ffn.down);
    }
    visit(weights.finalNorm);
    if (!isTied)
        visit(weights.head);
}

/// Gives the tensor of a name, in the device and type in which it is to be used.
using TensorSource = std::function<at::Tensor(const std::string &name)>;

/// The weights of `spec` from tensors with Hugging Face's names (expectedTensors), asked for in the order of the layers.
Weights weightsFrom(const ModelSpec &spec, const TensorSource &source);

/// Reads the tensors that `spec` asks for into `device` as `dtype`. Throws Error that names a tensor that holds NaN or infinity.
Weights loadWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context);

/// The FFN with only the neurons named (ascending): rows of gate and up, columns of down.
FfnWeights narrowed(const FfnWeights &ffn, std::span<const std::int64_t> keptNeurons);

} // namespace secateur
