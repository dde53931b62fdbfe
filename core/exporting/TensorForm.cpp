// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/TensorForm.h"

#include "decoder/PrunedTensors.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/ModelTensors.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

/// Zeros behind what is there, up to `size`.
at::Tensor withZeros(const at::Tensor &tensor, std::int64_t dim, std::int64_t size)
{
    if (tensor.size(dim) == size)
        return tensor;
    std::vector<std::int64_t> shape = tensor.sizes().vec();
    shape[std::size_t(dim)] = size - tensor.size(dim);
    return at::cat({tensor, at::zeros(shape, tensor.options())}, dim);
}

} // namespace

std::vector<std::int64_t> writtenLayers(const ModelSpec &pruned)
{
    std::vector<std::int64_t> layers;
    for (std::int64_t i = 0; i < pruned.layerCount(); ++i)
        if (const LayerSpec &layer = pruned.layers[std::size_t(i)]; layer.attention || layer.ffn)
            layers.push_back(i);
    return layers;
}

ModelSpec withLayers(const ModelSpec &spec, const std::vector<std::int64_t> &layers)
{
    ModelSpec fewer = spec;
    fewer.layers.clear();
    for (const std::int64_t layer : layers)
        fewer.layers.push_back(spec.layers[std::size_t(layer)]);
    return fewer;
}

namespace {

/// Neurons of a stub, which quantised types of llama.cpp can hold where they can hold the other FFNs: their rows are of 256 numbers, or 32.
std::int64_t stubWidth(const ModelSpec &pruned)
{
    constexpr std::int64_t kBlock = 256, kSmallBlock = 32;
    const bool isOfBlocks = pruned.mostNeurons() > 0 &&
                            std::ranges::all_of(pruned.layers, [](const LayerSpec &layer) { return layer.neurons() % kBlock == 0; });
    return isOfBlocks ? kBlock : kSmallBlock;
}

} // namespace

ModelSpec writtenSpec(const TensorForm &form, const ModelSpec &dense, const ModelSpec &pruned)
{
    const std::vector<std::int64_t> layers = writtenLayers(pruned);
    ModelSpec written = withLayers(pruned, layers);
    written.hasFusedProducts = dense.hasFusedProducts && !form.splitsFused;
    const std::int64_t common = pruned.mostNeurons() > 0 ? pruned.mostNeurons() : dense.mostNeurons();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const LayerSpec &before = dense.layers[std::size_t(layers[i])];
        LayerSpec &layer = written.layers[i];
        if (!layer.attention && (form.keepsRemovedParts || (form.keepsFirstAttention && i == 0)))
            layer.attention = before.attention;
        if (const AttentionSpec *any = firstAttention(dense); any && !layer.attention && i == 0) {
            if (form.keepsFirstAttention) // the dense model has none there, so it is one of zeros
                layer.attention = *any;
            if (form.stubsFirstAttention)
                layer.attention = AttentionSpec{.heads = 1, .kvHeads = 1, .headDim = any->headDim};
        }
        if (form.hasOutputBias && layer.attention)
            layer.attention->outputBias = layer.attention->qkvBias;
        if (!layer.ffn && form.stubsFfns)
            layer.ffn = FfnSpec{.neurons = stubWidth(pruned)};
        if (!layer.ffn && form.keepsRemovedParts && before.ffn)
            layer.ffn = FfnSpec{.neurons = common, .bias = before.ffn->bias};
        if (layer.ffn)
            layer.ffn->neurons = (layer.ffn->neurons + form.widthMultiple - 1) / form.widthMultiple * form.widthMultiple;
    }
    return written;
}

WrittenTensors::WrittenTensors(const Checkpoint &source, const ModelSpec &dense, Surgery surgery, const TensorForm &form,
                               std::optional<DType> dtype)
    : m_source(source),
      m_dense(dense),
      m_surgery(std::move(surgery)),
      m_form(form),
      m_layers(writtenLayers(m_surgery.specOf(dense))),
      m_written(writtenSpec(form, dense, m_surgery.specOf(dense))),
      m_dtype(dtype)
{
    m_cut = m_surgery;
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        const auto layer = std::size_t(m_layers[i]);
        std::vector<std::int64_t> &kept = m_cut.layers[layer].keptNeurons;
        if (!kept.empty())
            continue;
        kept.resize(std::size_t(std::min(m_written.layers[i].neurons(), dense.layers[layer].neurons())));
        std::iota(kept.begin(), kept.end(), 0);
    }
    for (ModelTensor &tensor : modelTensors(m_written)) {
        TensorRole stored = before(tensor.role);
        if (dense.hasFusedProducts)
            stored.part = fusedOf(stored.part);
        std::string from = hfTensorName(stored, dense);
        if (!source.contains(from))
            from.clear(); // what only the target has: a zero bias, a part of zeros
        const DType type = typeOf(before(tensor.role), from.empty() ? source.dtype() : source.tensor(from).dtype);
        m_entries.push_back({.role = tensor.role,
                             .name = hfTensorName(tensor.role, m_written),
                             .source = std::move(from),
                             .dtype = dtype.value_or(type),
                             .shape = std::move(tensor.shape)});
    }
}

/// The type of a tensor that the source has in this one: values that the plan brings keep their own.
DType WrittenTensors::typeOf(const TensorRole &role, DType stored) const
{
    if (const WeightEdit *edit = m_surgery.edits.find(role))
        return edit->dtype;
    for (const TensorPart piece : piecesOf(role.part))
        if (const WeightEdit *edit = m_surgery.edits.find({.layer = role.layer, .part = piece, .kind = role.kind});
            edit && edit->dtype != stored)
            return DType::Float32; // holds both
    return stored;
}

TensorRole WrittenTensors::before(TensorRole written) const
{
    if (written.layer >= 0)
        written.layer = m_layers[std::size_t(written.layer)];
    return written;
}

at::Tensor WrittenTensors::read(const Entry &entry) const
{
    const at::Tensor tensor = made(entry).to(scalarType(entry.dtype)).contiguous();
    m_source.releasePages(); // what was read was copied
    if (m_dtype && !isFinite(tensor))
        throw Error("The tensor " + inQuotes(entry.name) + " does not fit into " + std::string(configName(*m_dtype)) + ".",
                    "Choose another type (--export-dtype); bfloat16 has the range of float32.");
    return tensor;
}

/// Whether nothing of the source is in it: what makes a removed part add nothing, and parts that only the target has.
bool WrittenTensors::isZero(const TensorRole &written) const
{
    if (written.layer < 0)
        return false;
    const auto layer = std::size_t(before(written).layer);
    const LayerCut &cut = m_surgery.layers[layer];
    if (isOfAttention(written.part)) {
        const LayerSpec &dense = m_dense.layers[layer], &pruned = m_written.layers[std::size_t(written.layer)];
        const bool isStub = !dense.attention || pruned.attention->heads != dense.attention->heads;
        const bool isOfLayer = written.part == TensorPart::AttentionNorm || written.part == TensorPart::AttentionOutputNorm;
        return (isStub && !isOfLayer) || (!cut.hasAttention && written.part == TensorPart::AttentionOutput);
    }
    return cut.keptNeurons.empty() && (written.part == TensorPart::Down || (m_form.stubsFfns && !isNorm(written.part)));
}

/// A tensor of an FFN's products with as many neurons as are written.
at::Tensor WrittenTensors::padded(const at::Tensor &tensor, const TensorRole &role, std::int64_t neurons) const
{
    if (role.part == TensorPart::Down)
        return role.kind == TensorKind::Bias ? tensor : withZeros(tensor, 1, neurons);
    if (role.part != TensorPart::GateUp)
        return withZeros(tensor, 0, neurons);
    const std::vector<at::Tensor> halves = tensor.chunk(2, 0);
    return at::cat({withZeros(halves[0], 0, neurons), withZeros(halves[1], 0, neurons)}, 0);
}

at::Tensor WrittenTensors::made(const Entry &entry) const
{
    if (entry.source.empty() || isZero(entry.role))
        return at::zeros(entry.shape, scalarType(entry.dtype));
    const TensorRole role = before(entry.role);
    const at::Tensor left = prunedTensor(role, m_dense, m_cut,
                                         [this](const TensorRole &stored) { return readTensor(m_source, hfTensorName(stored, m_dense)); });
    if (left.sizes() == at::IntArrayRef(entry.shape))
        return left;
    return padded(left, role, m_written.layers[std::size_t(entry.role.layer)].neurons());
}

} // namespace secateur
