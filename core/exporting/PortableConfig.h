// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// Engines take a default for a field that they know under another name, in silence. So what releases of transformers renamed is written
/// in the older form (4.47 and before 5) and in the newer one, and what they may leave open is written out.

/// `rope_parameters` beside `rope_theta`, `rope_scaling` (and `rope_local_base_freq`), `layer_types` beside `sliding_window_pattern` or
/// `max_window_layers`, `num_key_value_heads`, `head_dim`: what `dense` computes, in a config.json that describes it in either form.
void writeBothForms(nlohmann::json &config, const ModelSpec &dense);
/// Makes a config.json of the model one of those layers only: their number, and what tells of layers by their number. Returns a sentence for people
/// where older releases of transformers know the layers by their new numbers and would be wrong; else empty.
std::string leaveOutLayers(nlohmann::json &config, const ModelSpec &dense, const std::vector<std::int64_t> &layers);
/// `dtype` beside `torch_dtype`.
void writeType(nlohmann::json &config, std::string_view type);

/// A tokenizer_config.json of release 5 in words that releases before it know, too. Returns whether anything changed.
bool writeOlderTokenizer(nlohmann::json &config);

/// As a file holds it, with NaN and Infinity as Python writes and reads them.
std::string jsonText(nlohmann::json document);

} // namespace secateur
