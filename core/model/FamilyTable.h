// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ModelSpec.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace secateur {

/// Whether products have a bias.
enum class Bias { None, AsConfigured, Always };

/// Which layers see a sliding window (`sliding_window`) when config.json does not list it in `layer_types`.
enum class Windows {
    None,      ///< the family has no such option
    All,       ///< every layer, unless it is null
    FromLayer, ///< with `use_sliding_window`, the layers from `max_window_layers` on
    Unrotated, ///< with `use_sliding_window`, the layers without a position embedding
    Pattern    ///< all but every `sliding_window_pattern`-th
};

/// What sets a family apart from the others: defaults of its config.json (those of transformers), and what its weights look like.
struct Family {
    std::string_view type;                             ///< `model_type`
    std::string_view configClass, modelClass;          ///< of transformers, without "Config" and "ForCausalLM"
    std::int64_t vocabularySize;                       ///< default
    std::int64_t contextLength;                        ///< default
    std::int64_t kvHeads = 0;                          ///< default; 0 = as many as heads
    std::int64_t headDim = 0;                          ///< default; 0 = hidden size / heads
    double normEpsilon = 1e-6;                         ///< default
    bool tiedEmbeddings = false;                       ///< default
    Bias qkvBias = Bias::None;                         ///< AsConfigured: `attention_bias`
    Bias outputBias = Bias::None;                      ///< AsConfigured: `attention_bias`
    Bias ffnBias = Bias::None;                         ///< AsConfigured: `mlp_bias`
    double theta = 10000.0;                            ///< default of `rope_theta`
    double localTheta = 0;                             ///< default of `rope_local_base_freq`; 0 = one embedding for all layers
    std::int64_t originalContext = 0;                  ///< default of `original_max_position_embeddings`; 0 = the context length
    std::initializer_list<RopeSpec::Scaling> scalings; ///< supported besides None
    std::string_view longRopeAliases = "";             ///< older names of `longrope`, separated by blanks
    bool rotatesParts = false;                         ///< `partial_rotary_factor` is heeded
    Windows windows = Windows::None;
    std::int64_t window = 0;            ///< default of `sliding_window`; 0 = none
    bool heedsLayerTypes = false;       ///< of Windows::All: `layer_types` that are all full switch the window off
    std::int64_t windowPattern = 0;     ///< every so many-th layer sees everything
    bool readsPattern = false;          ///< `sliding_window_pattern` may say otherwise
    std::int64_t firstWindowLayer = 0;  ///< default of `max_window_layers`
    std::int64_t unrotatedInterval = 0; ///< default of `no_rope_layer_interval`; 0 = all layers are rotated
    bool hasBlockConfigs = false;       ///< widths and absent parts stand in `block_configs`
    bool queryKeyNorm = false;
    bool hasFusedProducts = false;
    bool isGemma = false;    ///< gelu, norms of 1 + weight and after each sublayer, a scaled embedding, `query_pre_attn_scalar`
    double scoreSoftcap = 0; ///< default of `attn_logit_softcapping`; 0 = none
    double logitSoftcap = 0; ///< default of `final_logit_softcapping`; 0 = none
};

/// All families that can be opened.
std::span<const Family> familyTable();
/// The one whose `model_type` that is; null when there is none.
const Family *familyNamed(std::string_view type);

} // namespace secateur
