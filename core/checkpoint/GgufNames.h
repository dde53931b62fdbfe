// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace secateur {

/// What llama.cpp calls a family, and how its files hold it (github.com/ggml-org/llama.cpp: src/llama-arch.cpp and the converter).
struct GgufArchitecture {
    std::string_view name;   ///< `general.architecture`, and the prefix of the model's own metadata
    std::string_view family; ///< `model_type` of config.json
    bool isInterleaved;      ///< rows of q and k lie in the order in which neighbours rotate together, not halves
    bool isGemma = false;    ///< norms hold 1 + weight, and stand behind attention and FFN as well
    bool hasFusedProducts = false;
};

/// All that are read and written. Of those for the same family the family's own comes first.
std::span<const GgufArchitecture> ggufArchitectures();

/// Hugging Face's name of a tensor: "model.layers.3.self_attn.q_proj.weight" for "blk.3.attn_q.weight". Empty when there is none.
std::string hfTensorName(const GgufArchitecture &architecture, std::string_view gguf);
/// The inverse.
std::string ggufTensorName(const GgufArchitecture &architecture, std::string_view hf);

} // namespace secateur
