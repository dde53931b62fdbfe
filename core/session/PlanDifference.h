// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/Surgery.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What two plans of one model make of a layer.
struct LayerDifference {
    bool firstHasAttention = true, secondHasAttention = true;
    std::int64_t firstKept = 0, secondKept = 0; ///< neurons; 0: the layer has no FFN (any more)
    std::int64_t sharedKept = 0;                ///< neurons that both keep

    /// Neurons that one of them keeps and the other does not.
    std::int64_t apart() const { return firstKept + secondKept - 2 * sharedKept; }
    /// Jaccard index of the kept neurons: those that both keep over those that either keeps, 0 to 1. None where neither keeps any.
    std::optional<double> jaccard() const;
    bool isAlike() const { return firstHasAttention == secondHasAttention && apart() == 0; }
    bool operator==(const LayerDifference &) const = default;
};

/// How two plans of one model differ in what they leave of it.
struct PlanDifference {
    std::vector<LayerDifference> layers;

    std::int64_t attentionsApart() const; ///< layers whose attention goes in one of them alone
    std::int64_t neuronsApart() const;    ///< of all layers
    /// Jaccard index of the kept neurons of all layers; none where neither keeps any.
    std::optional<double> jaccard() const;
};

/// Throws Error when they are of models of other numbers of layers, or of models with other hashes.
PlanDifference planDifference(const Surgery &first, const Surgery &second);

/// The one that takes nothing away: the model itself.
Surgery untouched(const ModelSpec &dense, const std::string &modelHash);

} // namespace secateur
