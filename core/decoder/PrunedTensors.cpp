// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/PrunedTensors.h"

#include "model/ModelTensors.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
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

} // namespace

at::Tensor prunedTensor(const TensorRole &role, const ModelSpec &dense, const Surgery &surgery, const TensorSource &source)
{
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
        const RowRange rows = rowsInFused(part, layer);
        const at::Tensor own = fusedOf(part) == stored.part && part != stored.part ? whole.narrow(0, rows.first, rows.count) : whole;
        return isCut ? narrowed(own, {.layer = role.layer, .part = part, .kind = role.kind}, kept) : own;
    };
    if (piecesOf(role.part).empty())
        return piece(role.part);
    if (!isCut)
        return whole;
    std::vector<at::Tensor> pieces;
    for (const TensorPart part : piecesOf(role.part))
        pieces.push_back(piece(part));
    return at::cat(pieces, 0);
}

} // namespace secateur
