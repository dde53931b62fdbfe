// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"
#include "model/WeightEdits.h"

#include <cstdint>
#include <string>
#include <vector>

namespace secateur {

/// What becomes of one layer of a model.
struct LayerCut {
    bool hasAttention = true;              ///< false: it is removed
    std::vector<std::int64_t> keptNeurons; ///< ascending; empty: the layer has no FFN (any more)
    bool operator==(const LayerCut &) const = default;
};

/// What becomes of a model. It decides the pruned weights and nothing else does, however it was found: equal surgeries make equal models.
struct Surgery {
    std::string modelHash; ///< SHA-256 of the model that it is for
    std::vector<LayerCut> layers;
    WeightEdits edits{}; ///< of what is left
    bool operator==(const Surgery &) const = default;

    /// SHA-256 of all of it.
    std::string hash() const;
    /// Kept neurons of each layer, as counts.
    std::vector<std::int64_t> widths() const;
    /// Layers whose attention goes, ascending.
    std::vector<std::int64_t> removedAttentions() const;
    /// What it does to FFNs alone: where a search of attentions starts from.
    Surgery ofFfns() const;
    /// What is left of a model that it fits.
    ModelSpec specOf(const ModelSpec &dense) const;
};

/// The specification after keeping `widths[i]` neurons in layer i, 0 for no FFN, and removing the attentions named.
ModelSpec prunedSpec(const ModelSpec &dense, const std::vector<std::int64_t> &widths, const std::vector<std::int64_t> &removedAttentions);

} // namespace secateur
