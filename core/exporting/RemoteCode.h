// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/Families.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace secateur {

/// The Python code that transformers runs (with trust_remote_code) for checkpoints whose layers differ: it subclasses the family's own
/// classes, replaces the MLPs and leaves attentions out, as `secateur_layers` in config.json says.
///
/// Names of the files, and their texts for a family of transformers. `modelType` is what config.json calls the model.
inline constexpr std::string_view kConfigurationFile = "configuration_secateur.py", kModelingFile = "modeling_secateur.py";
std::string configurationCode(const TransformersNames &names, const std::string &modelType);
std::string modelingCode(const TransformersNames &names);

/// `auto_map` of config.json.
nlohmann::json autoMap();

} // namespace secateur
