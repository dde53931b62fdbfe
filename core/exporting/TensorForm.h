// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "checkpoint/TensorRole.h"
#include "model/ModelSpec.h"
#include "model/Surgery.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a target makes of a plan, in tensors. All of it is exact: what is added is zero. In every target a layer that lost both parts is left
/// out, and those behind it move up; the first layer is the first that stays.
struct TensorForm {
    bool keepsRemovedParts = false;   ///< attentions with a zero output product, FFNs with a zero down product
    bool keepsFirstAttention = false; ///< that of the first layer, with a zero output product when it was removed
    bool stubsFirstAttention = false; ///< one head of zeros in the first layer when its attention was removed
    bool stubsFfns = false;           ///< a few neurons of zeros where an FFN was removed
    bool splitsFused = false;         ///< q, k, v and gate, up apart where the family stores them together
    bool hasOutputBias = false;       ///< families with biases of q, k, v only get a zero bias of the output product
    std::int64_t widthMultiple = 1;   ///< FFNs get zero neurons up to the next multiple
};

/// The layers of a pruned model that are written: those that have a part left.
std::vector<std::int64_t> writtenLayers(const ModelSpec &pruned);
/// A model of those layers only.
ModelSpec withLayers(const ModelSpec &spec, const std::vector<std::int64_t> &layers);

/// The model that is written: its FFNs with their zero neurons, its attentions that stay. `pruned`: what a plan makes of the dense one.
ModelSpec writtenSpec(const TensorForm &form, const ModelSpec &dense, const ModelSpec &pruned);

/// The tensors of the written model, made one at a time from the source, named as Hugging Face names them.
class WrittenTensors {
public:
    struct Entry {
        TensorRole role; ///< in the written model
        std::string name;
        std::string source; ///< the tensor of the source that it is made from; empty: zeros
        DType dtype = DType::Float32;
        Shape shape;
    };

    /// `dtype`: of all tensors; none = as the source has them.
    WrittenTensors(const Checkpoint &source, const ModelSpec &dense, Surgery surgery, const TensorForm &form, std::optional<DType> dtype);

    /// In the order of the layers.
    const std::vector<Entry> &entries() const { return m_entries; }
    /// A contiguous tensor on the CPU of the entry's shape and type. Throws Error when a value does not fit into the type asked for.
    at::Tensor read(const Entry &entry) const;

private:
    /// The role of the dense model's tensor.
    TensorRole before(TensorRole written) const;
    DType typeOf(const TensorRole &role, DType stored) const;
    bool isZero(const TensorRole &written) const;
    at::Tensor made(const Entry &entry) const;
    at::Tensor padded(const at::Tensor &tensor, const TensorRole &role, std::int64_t neurons) const;

    const Checkpoint &m_source;
    const ModelSpec &m_dense;
    Surgery m_surgery;
    Surgery m_cut; ///< the same where removed FFNs that are written keep their first neurons
    TensorForm m_form;
    std::vector<std::int64_t> m_layers; ///< of the dense model, of which the written ones are made
    ModelSpec m_written;
    std::optional<DType> m_dtype;
    std::vector<Entry> m_entries;
};

} // namespace secateur
