// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/PrunedTensors.h"

#include "model/ModelTensors.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <cstdint>
#include <vector>

namespace secateur {
namespace {

/// What is kept of a tensor of an FFN's products: rows of gate and up, columns of down.
at::Tensor narrowed(const at::Tensor &tensor, const TensorRole &role, const std::vector<std::int64_t> &kept)
{
    const bool isDown = role.part == TensorPart::Down;
    if (isDown && role.kind == TensorKind::Bias)
        return tensor;
    return tensor.index_select(isDown ? 1 : 0, at::tensor(at::ArrayRef<std::int64_t>(kept), at::kLong).to(tensor.device()));
}

at::Tensor valuesOf(const WeightEdits &edits, const WeightEdit &edit)
{
    at::Tensor values = copyOf(edits.valuesOf(edit).view);
    edits.values->checkUnchanged();
    edits.values->releasePages(); // our copy is what counts from here on
    return values;
}

} // namespace

at::Tensor prunedTensor(const TensorRole &role, const ModelSpec &dense, const Surgery &surgery, const TensorSource &source)
{
    const auto editOf = [&](TensorPart part) { return surgery.edits.find({.layer = role.layer, .part = part, .kind = role.kind}); };
    if (const WeightEdit *edit = editOf(role.part))
        return valuesOf(surgery.edits, *edit);
    TensorRole stored = role;
    if (dense.hasFusedProducts)
        stored.part = fusedOf(role.part);
    const at::Tensor whole = source(stored);
    if (role.layer < 0 || isNorm(role.part))
        return whole;

    const LayerSpec &layer = dense.layers[std::size_t(role.layer)];
    const std::vector<std::int64_t> &kept = surgery.layers[std::size_t(role.layer)].keptNeurons;
    const bool isCut = isOfFfn(role.part) && std::int64_t(kept.size()) != layer.neurons();
    const auto piece = [&](TensorPart part) {
        if (const WeightEdit *edit = editOf(part))
            return valuesOf(surgery.edits, *edit);
        const RowRange rows = rowsInFused(part, layer);
        const at::Tensor own = part == stored.part ? whole : whole.narrow(0, rows.first, rows.count);
        return isCut ? narrowed(own, {.layer = role.layer, .part = part, .kind = role.kind}, kept) : own;
    };
    const auto pieces = piecesOf(role.part);
    if (pieces.empty())
        return piece(role.part);
    if (!isCut && std::ranges::none_of(pieces, editOf))
        return whole;
    std::vector<at::Tensor> all;
    for (const TensorPart part : pieces)
        all.push_back(piece(part));
    return at::cat(all, 0);
}

} // namespace secateur
