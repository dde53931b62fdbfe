// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorRole.h"

#include <span>
#include <string_view>

namespace secateur {

/// What llama.cpp calls a family, and how its files hold it (github.com/ggml-org/llama.cpp: src/llama-arch.cpp and the converter).
struct GgufArchitecture {
    std::string_view name;   ///< `general.architecture`, and the prefix of the model's own metadata
    std::string_view family; ///< `model_type` of config.json
    bool isInterleaved;      ///< rows of q and k lie in the order in which neighbours rotate together, not halves
    bool isGemma = false;    ///< norms hold 1 + weight, and stand behind attention and FFN as well
    bool hasFusedProducts = false;

    TensorNaming naming() const { return {.hasOutputNorms = isGemma, .hasFusedProducts = hasFusedProducts}; }
};

/// Tensors beside the weights: by what the rotary embedding's frequencies are divided, for each pair of dimensions.
inline constexpr std::string_view kGgufRopeDivisors = "rope_freqs.weight", kGgufLongRopeDivisors = "rope_factors_long.weight",
                                  kGgufShortRopeDivisors = "rope_factors_short.weight";

/// All that are read and written. Of those for the same family the family's own comes first.
std::span<const GgufArchitecture> ggufArchitectures();

} // namespace secateur
