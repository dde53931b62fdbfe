// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// `model_type` of the families that can be opened.
std::vector<std::string> supportedFamilies();

/// The specification that a config.json describes. Missing optional fields take the family's documented defaults; both `rope_parameters`
/// (new) and `rope_theta` + `rope_scaling` (old) are read. `source` is what messages call the file. Throws Error that names the field and
/// its value for an unsupported `model_type` or option, or for a value out of range.
ModelSpec specFromConfig(const nlohmann::json &config, const std::string &source);

/// In front of the family's name in the `model_type` of checkpoints of ours whose layers differ (target hf-compact): engines that do not
/// know them refuse them by that name.
inline constexpr std::string_view kCompactPrefix = "secateur_";

/// How transformers calls the family in the names of its classes: `LlamaConfig`, `LlamaForCausalLM`.
struct TransformersNames {
    std::string config, model;
};
TransformersNames transformersNames(std::string_view family);

/// Buffers that old checkpoints of a family carry and that are computed instead ("model.layers.0.self_attn.rotary_emb.inv_freq", ...);
/// also `lm_head.weight` when the embeddings are tied.
std::vector<std::string> ignoredTensors(const ModelSpec &spec);

} // namespace secateur
