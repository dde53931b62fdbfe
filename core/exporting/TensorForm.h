// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a target makes of a plan, in tensors. All of it is exact: what is added is zero.
struct TensorForm {
    bool keepsRemovedAttentions = false; ///< with a zero output product
    bool keepsFirstAttention = false;    ///< that of layer 0, with a zero output product when it was removed
    bool stubsFirstAttention = false;    ///< one head of zeros in layer 0 when its attention was removed
    bool splitsFused = false;            ///< q, k, v and gate, up apart where the family stores them together
    bool hasOutputBias = false;          ///< families with biases of q, k, v only get a zero bias of the output product
    std::int64_t widthMultiple = 1;      ///< FFNs get zero neurons up to the next multiple
};

/// The model that is written for a plan of those widths and removals: its FFNs with their zero neurons, its attentions that stay.
ModelSpec writtenSpec(const TensorForm &form, const ModelSpec &dense, const std::vector<std::int64_t> &widths,
                      const std::vector<std::int64_t> &removedAttentions);

/// The tensors of the written model, made one at a time from the source, named as Hugging Face names them.
class WrittenTensors {
public:
    struct Entry {
        std::string name;
        std::string source; ///< the tensor of the source that it is made from; empty: zeros
        DType dtype = DType::Float32;
        Shape shape;
    };

    /// `dtype`: of all tensors; none = as the source has them.
    WrittenTensors(const Checkpoint &source, const ModelSpec &dense, const PruningPlan &plan, const TensorForm &form,
                   std::optional<DType> dtype);

    /// In the order of the layers.
    const std::vector<Entry> &entries() const { return m_entries; }
    /// A contiguous tensor on the CPU of the entry's shape and type. Throws Error when a value does not fit into the type asked for.
    at::Tensor read(const Entry &entry) const;

private:
    at::Tensor made(const Entry &entry) const;

    const Checkpoint &m_source;
    const ModelSpec &m_dense;
    const PruningPlan &m_plan;
    ModelSpec m_written;
    std::optional<DType> m_dtype;
    std::vector<Entry> m_entries;
};

} // namespace secateur
