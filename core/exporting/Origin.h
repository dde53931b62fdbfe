// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/Checkpoint.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// How a checkpoint that this program exported came about, as its manifest tells. The whole plan is in the manifest, too, and can be used again
/// on the dense model (loadPlan reads it there).
struct PruningOrigin {
    std::string baseModel; ///< the dense model's name (ModelName::full)
    std::string format;    ///< the target
    std::string planHash;
    std::vector<std::int64_t> removedAttentions; ///< layers, in the order of the search
    std::vector<std::int64_t> widths; ///< neurons kept of each layer, before a target filled them up with zeros; 0: without an FFN
    std::string problem;              ///< why the manifest cannot be read; everything else is empty then
    bool operator==(const PruningOrigin &) const = default;
};

/// Of a checkpoint; none when there is no manifest beside its weights that names them.
std::optional<PruningOrigin> originOf(const Checkpoint &checkpoint);

nlohmann::json toJson(const PruningOrigin &origin);
PruningOrigin originFromJson(const nlohmann::json &json);

} // namespace secateur
