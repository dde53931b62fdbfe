// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/TensorForm.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "model/Tensors.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <algorithm>

namespace secateur {
namespace {

/// A tensor's name, taken apart: "model.layers.3.mlp.up_proj.weight" is layer 3, part "mlp.up_proj", kind "weight".
struct Name {
    std::int64_t layer = -1; ///< -1: of no layer
    std::string part, kind;
};

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

/// The tensor of the source that holds it.
std::string sourceOf(const Name &parts, const std::string &name, const ModelSpec &dense)
{
    const auto inLayer = [&](const std::string &part) {
        return "model.layers." + std::to_string(parts.layer) + "." + part + "." + parts.kind;
    };
    if (parts.layer < 0 || !dense.hasFusedProducts)
        return name;
    if (parts.part == "self_attn.q_proj" || parts.part == "self_attn.k_proj" || parts.part == "self_attn.v_proj")
        return inLayer("self_attn.qkv_proj");
    if (parts.part == "mlp.gate_proj" || parts.part == "mlp.up_proj")
        return inLayer("mlp.gate_up_proj");
    return name;
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

ModelSpec writtenSpec(const TensorForm &form, const ModelSpec &dense, const std::vector<std::int64_t> &widths,
                      const std::vector<std::int64_t> &removedAttentions)
{
    ModelSpec written = dense;
    written.hasFusedProducts = dense.hasFusedProducts && !form.splitsFused;
    for (std::size_t i = 0; i < written.layers.size(); ++i)
        written.layers[i].ffn.neurons = (widths[i] + form.widthMultiple - 1) / form.widthMultiple * form.widthMultiple;
    for (const std::int64_t layer : removedAttentions)
        if (!form.keepsRemovedAttentions && !(form.keepsFirstAttention && layer == 0))
            written.layers[std::size_t(layer)].attention.reset();
    if (LayerSpec &first = written.layers.front(); form.stubsFirstAttention && !first.attention) {
        const std::int64_t headDim = dense.layers.front().attention->headDim;
        first.attention = AttentionSpec{.heads = 1, .kvHeads = 1, .headDim = headDim};
    }
    for (LayerSpec &layer : written.layers)
        if (form.hasOutputBias && layer.attention)
            layer.attention->outputBias = layer.attention->qkvBias;
    return written;
}

WrittenTensors::WrittenTensors(const Checkpoint &source, const ModelSpec &dense, const PruningPlan &plan, const TensorForm &form,
                               std::optional<DType> dtype)
    : m_source(source),
      m_dense(dense),
      m_plan(plan),
      m_written(writtenSpec(form, dense, plan.widths(), plan.removedAttentions)),
      m_dtype(dtype)
{
    for (ExpectedTensor &tensor : expectedTensors(m_written)) {
        std::string from = sourceOf(partsOf(tensor.name), tensor.name, dense);
        if (!source.contains(from))
            from.clear(); // the zero bias of an output product
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

at::Tensor WrittenTensors::made(const Entry &entry) const
{
    const Name parts = partsOf(entry.name);
    const auto isRemoved = [&] {
        return std::find(m_plan.removedAttentions.begin(), m_plan.removedAttentions.end(), parts.layer) != m_plan.removedAttentions.end();
    };
    const auto isOfStub = [&] {
        const auto &written = m_written.layers[std::size_t(parts.layer)].attention,
                   &dense = m_dense.layers[std::size_t(parts.layer)].attention;
        return parts.part.starts_with("self_attn.") && written && written->heads != dense->heads;
    };
    if (entry.source.empty() || (parts.layer >= 0 && isOfStub()) || (parts.part == "self_attn.o_proj" && isRemoved()))
        return at::zeros(entry.shape, scalarType(entry.dtype));
    const at::Tensor whole = readTensor(m_source, entry.source);
    if (parts.layer < 0)
        return whole;

    const LayerSpec &dense = m_dense.layers[std::size_t(parts.layer)];
    const auto &kept = m_plan.keptNeurons[std::size_t(parts.layer)];
    const std::int64_t width = m_written.layers[std::size_t(parts.layer)].ffn.neurons;
    if (parts.part == "mlp.down_proj" && parts.kind == "weight")
        return padded(chosen(whole, 1, kept), 1, width);
    const bool isFromBoth = entry.source.find("gate_up_proj") != std::string::npos;
    const auto half = [&](bool isUp) { // of gate and up
        const at::Tensor rows = isFromBoth ? whole.narrow(0, isUp ? dense.ffn.neurons : 0, dense.ffn.neurons) : whole;
        return padded(chosen(rows, 0, kept), 0, width);
    };
    if (parts.part == "mlp.gate_up_proj")
        return at::cat({half(false), half(true)}, 0);
    if (parts.part == "mlp.gate_proj" || parts.part == "mlp.up_proj")
        return half(parts.part == "mlp.up_proj");
    if (dense.attention && entry.source != entry.name) { // q, k or v out of the tensor that holds all three
        const std::int64_t queries = dense.attention->heads * dense.attention->headDim,
                           keys = dense.attention->kvHeads * dense.attention->headDim;
        if (parts.part == "self_attn.q_proj")
            return whole.narrow(0, 0, queries);
        return whole.narrow(0, parts.part == "self_attn.k_proj" ? queries : queries + keys, keys);
    }
    return whole;
}

} // namespace secateur
