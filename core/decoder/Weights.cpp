// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Weights.h"

#include "decoder/FiniteCheck.h"
#include "decoder/LayerStream.h"
#include "decoder/PinnedRing.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/ModelTensors.h"

#include <string>

namespace secateur {
namespace {

LinearWeights &linearOf(LayerWeights &layer, TensorPart part)
{
    switch (part) {
    case TensorPart::Query:
        return layer.attention->query;
    case TensorPart::Key:
        return layer.attention->key;
    case TensorPart::Value:
        return layer.attention->value;
    case TensorPart::AttentionOutput:
        return layer.attention->output;
    case TensorPart::Gate:
        return layer.ffn->gate;
    case TensorPart::Up:
        return layer.ffn->up;
    default:
        return layer.ffn->down;
    }
}

} // namespace

at::Tensor &tensorOf(LayerWeights &layer, const TensorRole &role)
{
    switch (role.part) {
    case TensorPart::AttentionNorm:
        return layer.attention->norm;
    case TensorPart::QueryNorm:
        return layer.attention->queryNorm;
    case TensorPart::KeyNorm:
        return layer.attention->keyNorm;
    case TensorPart::AttentionOutputNorm:
        return layer.attention->outputNorm;
    case TensorPart::FfnNorm:
        return layer.ffn->norm;
    case TensorPart::FfnOutputNorm:
        return layer.ffn->outputNorm;
    default:
        LinearWeights &linear = linearOf(layer, role.part);
        return role.kind == TensorKind::Bias ? linear.bias : linear.weight;
    }
}

const at::Tensor &tensorOf(const LayerWeights &layer, const TensorRole &role)
{
    return tensorOf(const_cast<LayerWeights &>(layer), role); // which only finds it
}

const at::Tensor &tensorOf(const Weights &weights, const TensorRole &role)
{
    if (role.part == TensorPart::Head)
        return weights.head;
    return role.part == TensorPart::Embedding ? weights.embedding : weights.finalNorm;
}

std::int64_t Weights::bytes() const
{
    std::int64_t sum = 0;
    forEachTensor(*this, [&](const at::Tensor &tensor) { sum += std::int64_t(tensor.nbytes()); });
    return sum;
}

namespace {

/// Reads tensors of a checkpoint, which must outlive it, and lets go of the pages of a layer behind it.
TensorSource loader(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype)
{
    return [&checkpoint, naming = namingOf(spec), ring = std::make_shared<PinnedRing>(device), dtype](const TensorRole &role) {
        const std::string name = hfTensorName(role, naming);
        at::Tensor loaded = readTensor(checkpoint, name, *ring, dtype);
        if (!isFinite(loaded))
            throw Error("The tensor " + inQuotes(name) + " holds NaN or infinite values.", remedyOfNonFinite(dtype));
        if (role.part == TensorPart::Down && role.kind == TensorKind::Weight) // once a layer
            checkpoint.releasePages();                                        // our copy is what counts from here on
        return loaded;
    };
}

} // namespace

LayerWeights layerFrom(const ModelSpec &spec, std::int64_t layer, const TensorSource &source)
{
    const LayerSpec &parts = spec.layers[std::size_t(layer)];
    LayerWeights weights;
    if (parts.attention)
        weights.attention.emplace();
    if (parts.ffn)
        weights.ffn.emplace();
    for (const ModelTensor &tensor : layerTensors(spec, layer)) {
        const at::Tensor read = source(tensor.role);
        TensorRole role = tensor.role;
        const auto pieces = piecesOf(role.part);
        if (pieces.empty())
            tensorOf(weights, role) = read;
        for (const TensorPart piece : pieces) {
            const RowRange rows = rowsInFused(piece, parts);
            role.part = piece;
            tensorOf(weights, role) = read.narrow(0, rows.first, rows.count);
        }
    }
    return weights;
}

Weights outerFrom(const ModelSpec &spec, const TensorSource &source)
{
    Weights weights;
    weights.embedding = source({.part = TensorPart::Embedding});
    weights.finalNorm = source({.part = TensorPart::FinalNorm});
    weights.head = spec.tiedEmbeddings ? weights.embedding : source({.part = TensorPart::Head});
    return weights;
}

Weights loadWeights(const Checkpoint &checkpoint, const ModelSpec &spec, at::Device device, c10::ScalarType dtype, JobContext &context)
{
    context.begin("load", std::int64_t(modelTensors(spec).size()), "tensors");
    const TensorSource load = loader(checkpoint, spec, device, dtype);
    const Weights weights = weightsFrom(spec, [&](const TensorRole &role) {
        at::Tensor loaded = load(role);
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
        [&checkpoint, load = loader(checkpoint, spec, device, dtype)](const TensorRole &role) {
            at::Tensor loaded = load(role);
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
    Weights weights = streamedFrom(spec, loader(checkpoint, spec, device, dtype), LayersKept::All);
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

} // namespace secateur
