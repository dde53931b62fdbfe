// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/Families.h"
#include "model/ModelSpec.h"

#include <nlohmann/json.hpp>

namespace fuzz {

/// The configuration of the model that tiny_model.py makes: the seeds of plans, scores and sessions are of it.
inline nlohmann::json smallConfig()
{
    return {{"architectures", {"LlamaForCausalLM"}},
            {"model_type", "llama"},
            {"hidden_act", "silu"},
            {"hidden_size", 16},
            {"intermediate_size", 12},
            {"num_hidden_layers", 3},
            {"num_attention_heads", 2},
            {"num_key_value_heads", 1},
            {"max_position_embeddings", 64},
            {"rms_norm_eps", 1e-5},
            {"rope_theta", 10000.0},
            {"vocab_size", 264},
            {"torch_dtype", "float32"}};
}

inline secateur::ModelSpec smallModel()
{
    return secateur::specFromConfig(smallConfig(), "config.json");
}

} // namespace fuzz
