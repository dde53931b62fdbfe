// SPDX-License-Identifier: GPL-3.0-or-later
// A pruned model beside the dense one, from one set of weights.
#include "decoder/Decoder.h"
#include "decoder/PrunedTensors.h"
#include "model/ModelTensors.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// What a surgery makes of each layer of the dense model's weights.
class LayerMasks {
public:
    LayerMasks(const Decoder &dense, const Surgery &surgery)
        : m_surgery(surgery),
          m_before(dense.spec()),
          m_device(dense.device()),
          m_dtype(dense.dtype())
    {
        m_before.hasFusedProducts = false; // weights in memory lie apart
        m_after = surgery.specOf(m_before);
        for (std::int64_t i = 0; i < dense.layerCount(); ++i)
            m_masks.push_back(maskOf(i));
    }

    const ModelSpec &after() const { return m_after; }

    /// The same tensors, and beside them what is changed.
    LayerWeights of(std::int64_t index, const LayerWeights &dense)
    {
        const LayerSpec &parts = m_after.layers[std::size_t(index)];
        LayerWeights layer;
        if (parts.attention)
            layer.attention = dense.attention;
        if (parts.ffn) {
            layer.ffn = dense.ffn;
            layer.ffn->removed = m_masks[std::size_t(index)].removed;
            layer.ffn->kept = m_masks[std::size_t(index)].kept;
        }
        if (std::exchange(m_ownOf, index) != index) // each part of a streamed layer asks, in turn
            m_own = readOwn(index, dense);
        for (const auto &[role, tensor] : m_own)
            tensorOf(layer, role) = tensor;
        return layer;
    }

    /// A tensor outside the layers.
    at::Tensor outer(const TensorRole &role, const Weights &dense) const
    {
        return isChanged(role) ? changed(role, {}) : tensorOf(dense, role);
    }

private:
    struct Mask {
        at::Tensor removed, kept; ///< as in FfnWeights
    };

    bool isChanged(const TensorRole &role) const { return m_surgery.edits.find(role) != nullptr; }
    /// Whether a product of the FFN has weights of its own: then its bias has, too.
    bool isChanged(std::int64_t layer, TensorPart product) const
    {
        return isChanged({.layer = layer, .part = product, .kind = TensorKind::Weight}) ||
               isChanged({.layer = layer, .part = product, .kind = TensorKind::Bias});
    }
    at::Tensor changed(const TensorRole &role, const TensorSource &whole) const
    {
        return prunedTensor(role, m_before, m_surgery, whole).to(m_device, m_dtype);
    }

    Mask maskOf(std::int64_t index) const
    {
        const std::vector<std::int64_t> &kept = m_surgery.layers[std::size_t(index)].keptNeurons;
        const std::int64_t neurons = m_before.layers[std::size_t(index)].neurons();
        if (kept.empty() || std::int64_t(kept.size()) == neurons)
            return {};
        const at::Tensor indices = at::tensor(at::ArrayRef<std::int64_t>(kept), at::kLong);
        const bool isOwn = isChanged(index, TensorPart::Gate) || isChanged(index, TensorPart::Up) ||
                           isChanged({.layer = index, .part = TensorPart::Down, .kind = TensorKind::Weight});
        if (isOwn)
            return {.removed = {}, .kept = indices.to(m_device)};
        at::Tensor removed = at::ones({neurons}, at::kBool);
        removed.index_fill_(0, indices, 0);
        return {.removed = removed.to(m_device), .kept = {}};
    }

    std::vector<std::pair<TensorRole, at::Tensor>> readOwn(std::int64_t index, const LayerWeights &dense) const
    {
        std::vector<std::pair<TensorRole, at::Tensor>> own;
        const TensorSource whole = [&](const TensorRole &role) { return tensorOf(dense, role); };
        for (const ModelTensor &tensor : layerTensors(m_after, index)) {
            const TensorPart part = tensor.role.part;
            const bool isOfNeurons = part == TensorPart::Gate || part == TensorPart::Up;
            if (isOfNeurons ? isChanged(index, part) : isChanged(tensor.role))
                own.emplace_back(tensor.role, changed(tensor.role, whole));
        }
        return own;
    }

    const Surgery m_surgery;
    ModelSpec m_before, m_after;
    at::Device m_device;
    c10::ScalarType m_dtype;
    std::vector<Mask> m_masks;
    std::int64_t m_ownOf = -1; ///< the layer that m_own is of
    std::vector<std::pair<TensorRole, at::Tensor>> m_own;
};

} // namespace

Decoder masked(const Decoder &dense, const Surgery &surgery)
{
    const auto masks = std::make_shared<LayerMasks>(dense, surgery);
    const Weights &old = dense.weights();
    Weights weights = outerFrom(masks->after(), [&](const TensorRole &role) { return masks->outer(role, old); });
    for (std::size_t i = 0; i < old.layers.size(); ++i)
        weights.layers.push_back(masks->of(std::int64_t(i), old.layers[i]));
    weights.stream = old.stream;
    if (old.stream)
        weights.view = [masks](std::int64_t layer, const LayerWeights &whole) { return masks->of(layer, whole); };
    return Decoder(surgery.specOf(dense.spec()), std::move(weights), dense.positions());
}

} // namespace secateur
