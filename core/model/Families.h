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
/// its value for an unsupported `model_type` or option, or for a value out of range. What is in the file and has no meaning for this model is put
/// into `notes`, in words.
ModelSpec specFromConfig(const nlohmann::json &config, const std::string &source, std::vector<std::string> *notes = nullptr);

/// In front of the family's name in the `model_type` of checkpoints of ours whose layers differ (target hf-compact): engines that do not
/// know them refuse them by that name.
inline constexpr std::string_view kCompactPrefix = "secateur_";

/// How transformers calls the family in the names of its classes: `LlamaConfig`, `LlamaForCausalLM`.
struct TransformersNames {
    std::string config, model;
};
TransformersNames transformersNames(std::string_view family);

} // namespace secateur
