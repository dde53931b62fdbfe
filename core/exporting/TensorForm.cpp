// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/TensorForm.h"

#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

using Name = WrittenTensors::Name;

Name partsOf(const std::string &name)
{
    const std::string prefix = "model.layers.";
    Name parts;
    const std::size_t dot = name.rfind('.');
    parts.kind = name.substr(dot + 1);
    std::size_t first = 0;
    if (name.starts_with(prefix)) {
        parts.layer = std::stoll(name.substr(prefix.size()));
        first = name.find('.', prefix.size()) + 1;
    }
    parts.part = name.substr(first, dot - first);
    return parts;
}

/// The tensor of the source that holds it, where its layer has the number `layer`.
std::string sourceOf(const Name &parts, const std::string &name, std::int64_t layer, const ModelSpec &dense)
{
    if (parts.layer < 0)
        return name;
    const auto called = [&](const std::string &part) { return "model.layers." + std::to_string(layer) + "." + part + "." + parts.kind; };
    if (dense.hasFusedProducts) {
        if (parts.part == "self_attn.q_proj" || parts.part == "self_attn.k_proj" || parts.part == "self_attn.v_proj")
            return called("self_attn.qkv_proj");
        if (parts.part == "mlp.gate_proj" || parts.part == "mlp.up_proj")
            return called("mlp.gate_up_proj");
    }
    return called(parts.part);
}

at::Tensor chosen(const at::Tensor &tensor, std::int64_t dim, const std::vector<std::int64_t> &kept)
{
    return tensor.index_select(dim, at::tensor(at::ArrayRef<std::int64_t>(kept), at::kLong));
}

/// Zeros behind what is there, up to `size`.
at::Tensor padded(const at::Tensor &tensor, std::int64_t dim, std::int64_t size)
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
    for (ExpectedTensor &tensor : expectedTensors(m_written)) {
        const Name parts = partsOf(tensor.name);
        std::string from = sourceOf(parts, tensor.name, parts.layer < 0 ? -1 : m_layers[std::size_t(parts.layer)], dense);
        if (!source.contains(from))
            from.clear(); // what only the target has: a zero bias, a part of zeros
        const DType stored = from.empty() ? source.dtype() : source.tensor(from).dtype;
        m_entries.push_back(
            {.name = std::move(tensor.name), .source = std::move(from), .dtype = dtype.value_or(stored), .shape = std::move(tensor.shape)});
    }
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
bool WrittenTensors::isZero(const Name &parts) const
{
    const auto layer = std::size_t(m_layers[std::size_t(parts.layer)]);
    const LayerSpec &dense = m_dense.layers[layer], &written = m_written.layers[std::size_t(parts.layer)];
    const LayerCut &cut = m_surgery.layers[layer];
    if (parts.part.starts_with("self_attn.")) {
        const bool isStub = !dense.attention || written.attention->heads != dense.attention->heads;
        return isStub || (!cut.hasAttention && parts.part == "self_attn.o_proj");
    }
    return cut.keptNeurons.empty() && parts.part.starts_with("mlp.") && (m_form.stubsFfns || parts.part == "mlp.down_proj");
}

at::Tensor WrittenTensors::made(const Entry &entry) const
{
    const Name parts = partsOf(entry.name);
    if (entry.source.empty() || (parts.layer >= 0 && isZero(parts)))
        return at::zeros(entry.shape, scalarType(entry.dtype));
    const at::Tensor whole = readTensor(m_source, entry.source);
    if (parts.layer < 0)
        return whole;

    const auto layer = std::size_t(m_layers[std::size_t(parts.layer)]);
    const LayerSpec &dense = m_dense.layers[layer];
    const std::int64_t width = m_written.layers[std::size_t(parts.layer)].neurons();
    std::vector<std::int64_t> kept = m_surgery.layers[layer].keptNeurons;
    if (kept.empty()) { // an FFN whose down product is zero: any
        kept.resize(std::size_t(std::min(width, dense.neurons())));
        std::iota(kept.begin(), kept.end(), 0);
    }
    if (parts.part == "mlp.down_proj" && parts.kind == "weight")
        return padded(chosen(whole, 1, kept), 1, width);
    const bool isFromBoth = entry.source.find("gate_up_proj") != std::string::npos;
    const auto half = [&](bool isUp) { // of gate and up
        const at::Tensor rows = isFromBoth ? whole.narrow(0, isUp ? dense.neurons() : 0, dense.neurons()) : whole;
        return padded(chosen(rows, 0, kept), 0, width);
    };
    if (parts.part == "mlp.gate_up_proj")
        return at::cat({half(false), half(true)}, 0);
    if (parts.part == "mlp.gate_proj" || parts.part == "mlp.up_proj")
        return half(parts.part == "mlp.up_proj");
    if (dense.attention && entry.source.find("qkv_proj") != std::string::npos && parts.part != "self_attn.qkv_proj") { // one of the three
        const std::int64_t queries = dense.attention->heads * dense.attention->headDim,
                           keys = dense.attention->kvHeads * dense.attention->headDim;
        if (parts.part == "self_attn.q_proj")
            return whole.narrow(0, 0, queries);
        return whole.narrow(0, parts.part == "self_attn.k_proj" ? queries : queries + keys, keys);
    }
    return whole;
}

} // namespace secateur
