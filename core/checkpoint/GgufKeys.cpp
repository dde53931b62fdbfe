// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufKeys.h"

#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

namespace secateur {
namespace {

using nlohmann::json;

/// When a key is no obstacle.
enum class Fine {
    Always,      ///< read elsewhere, or without effect on what a decoder computes
    InGemma,     ///< read there; elsewhere only when it is off
    WhenOff,     ///< 0, false or empty
    WhenNeutral, ///< 0 or 1: a factor
    WhenTrue
};

struct Key {
    std::string_view name; ///< behind the prefix
    Fine fine;
};

/// github.com/ggml-org/llama.cpp, src/llama-arch.cpp. Options of other architectures are here as far as they can be switched off.
constexpr std::array kKeys{
    Key{"context_length", Fine::Always},
    Key{"embedding_length", Fine::Always},
    Key{"block_count", Fine::Always},
    Key{"feed_forward_length", Fine::Always},
    Key{"vocab_size", Fine::Always},
    Key{"attention.head_count", Fine::Always},
    Key{"attention.head_count_kv", Fine::Always},
    Key{"attention.key_length", Fine::Always},
    Key{"attention.value_length", Fine::Always},
    Key{"attention.layer_norm_rms_epsilon", Fine::Always},
    Key{"attention.layer_norm_epsilon", Fine::Always}, // of norms that these architectures have not
    Key{"attention.sliding_window", Fine::Always},
    Key{"attention.sliding_window_pattern", Fine::InGemma},
    Key{"attn_logit_softcapping", Fine::InGemma},
    Key{"final_logit_softcapping", Fine::InGemma},
    Key{"rope.dimension_count", Fine::Always},
    Key{"rope.freq_base", Fine::Always},
    Key{"rope.freq_base_swa", Fine::InGemma},
    Key{"rope.scale_linear", Fine::Always},
    Key{"rope.scaling.type", Fine::Always},
    Key{"rope.scaling.factor", Fine::Always},
    Key{"rope.scaling.attn_factor", Fine::Always},
    Key{"rope.scaling.original_context_length", Fine::Always},
    Key{"rope.scaling.finetuned", Fine::Always}, // is only printed
    Key{"rope.scaling.yarn_beta_fast", Fine::Always},
    Key{"rope.scaling.yarn_beta_slow", Fine::Always},
    Key{"rope.scaling.yarn_ext_factor", Fine::Always},
    Key{"rope.scaling.yarn_attn_factor", Fine::WhenNeutral},
    Key{"rope.scaling.yarn_log_multiplier", Fine::WhenOff},
    Key{"rope.scaling.alpha", Fine::WhenNeutral},
    Key{"rope.dimension_sections", Fine::WhenOff},
    Key{"tensor_data_layout", Fine::Always}, // a note of early converters
    Key{"decoder_start_token_id", Fine::Always},
    Key{"attention.causal", Fine::WhenTrue},
    Key{"attention.scale", Fine::WhenOff},
    Key{"attention.output_scale", Fine::WhenNeutral},
    Key{"attention.value_scale", Fine::WhenNeutral},
    Key{"attention.clamp_kqv", Fine::WhenOff},
    Key{"attention.max_alibi_bias", Fine::WhenOff},
    Key{"attention.temperature_length", Fine::WhenOff},
    Key{"attention.temperature_scale", Fine::WhenOff},
    Key{"attention.shared_kv_layers", Fine::WhenOff},
    Key{"attention.q_lora_rank", Fine::WhenOff},
    Key{"attention.kv_lora_rank", Fine::WhenOff},
    Key{"logit_scale", Fine::WhenNeutral},
    Key{"embedding_scale", Fine::WhenNeutral},
    Key{"residual_scale", Fine::WhenNeutral},
    Key{"pooling_type", Fine::WhenOff},
    Key{"use_parallel_residual", Fine::WhenOff},
    Key{"swin_norm", Fine::WhenOff},
    Key{"expert_count", Fine::WhenOff},
    Key{"expert_used_count", Fine::WhenOff},
    Key{"expert_shared_count", Fine::WhenOff},
    Key{"expert_group_count", Fine::WhenOff},
    Key{"expert_group_used_count", Fine::WhenOff},
    Key{"expert_feed_forward_length", Fine::WhenOff},
    Key{"expert_shared_feed_forward_length", Fine::WhenOff},
    Key{"expert_weights_scale", Fine::WhenNeutral},
    Key{"expert_weights_norm", Fine::WhenOff},
    Key{"leading_dense_block_count", Fine::WhenOff},
    Key{"interleave_moe_layer_step", Fine::WhenOff},
    Key{"moe_every_n_layers", Fine::WhenOff},
    Key{"nextn_predict_layers", Fine::WhenOff},
    Key{"n_deepstack_layers", Fine::WhenOff},
};

/// Fields of config.json and the keys that they come from (GgufModel), behind the prefix.
constexpr std::array kFields{
    std::pair{"hidden_size", "embedding_length"},
    std::pair{"num_hidden_layers", "block_count"},
    std::pair{"intermediate_size", "feed_forward_length"},
    std::pair{"num_attention_heads", "attention.head_count"},
    std::pair{"num_key_value_heads", "attention.head_count_kv"},
    std::pair{"head_dim", "attention.key_length"},
    std::pair{"max_position_embeddings", "context_length"},
    std::pair{"vocab_size", "vocab_size"},
    std::pair{"rms_norm_eps", "attention.layer_norm_rms_epsilon"},
    std::pair{"sliding_window", "attention.sliding_window"},
    std::pair{"sliding_window_pattern", "attention.sliding_window_pattern"},
    std::pair{"attn_logit_softcapping", "attn_logit_softcapping"},
    std::pair{"final_logit_softcapping", "final_logit_softcapping"},
    std::pair{"partial_rotary_factor", "rope.dimension_count"},
    std::pair{"rope_theta", "rope.freq_base"},
    std::pair{"rope_local_base_freq", "rope.freq_base_swa"},
    std::pair{"original_max_position_embeddings", "rope.scaling.original_context_length"},
    std::pair{"rope_scaling.original_max_position_embeddings", "rope.scaling.original_context_length"},
    std::pair{"rope_scaling", "rope.scaling.type"},
    std::pair{"rope_scaling.rope_type", "rope.scaling.type"},
    std::pair{"rope_scaling.factor", "rope.scaling.factor"},
    std::pair{"rope_scaling.attention_factor", "rope.scaling.attn_factor"},
    std::pair{"rope_scaling.beta_fast", "rope.scaling.yarn_beta_fast"},
    std::pair{"rope_scaling.beta_slow", "rope.scaling.yarn_beta_slow"},
};

bool isOff(const json &value)
{
    if (value.is_array())
        return std::all_of(value.begin(), value.end(), isOff);
    return value.is_null() || value == false || (value.is_number() && value.get<double>() == 0) || value == "";
}

bool isFine(Fine fine, const json &value, bool isGemma)
{
    switch (fine) {
    case Fine::Always:
        return true;
    case Fine::InGemma:
        return isGemma || isOff(value);
    case Fine::WhenOff:
        return isOff(value);
    case Fine::WhenNeutral:
        return isOff(value) || (value.is_number() && value.get<double>() == 1);
    case Fine::WhenTrue:
        return value == true || (value.is_number() && value.get<double>() != 0);
    }
    return false;
}

} // namespace

std::string ggufKeyBeyond(const json &metadata, std::string_view prefix, bool isGemma)
{
    for (const auto &[name, value] : metadata.items()) {
        if (!name.starts_with(prefix))
            continue;
        const auto *const known = std::ranges::find(kKeys, std::string_view(name).substr(prefix.size()), &Key::name);
        if (known == kKeys.end() || !isFine(known->fine, value, isGemma))
            return inQuotes(name) + " = " + inQuotes(value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 40));
    }
    return {};
}

std::string withGgufKeys(std::string sentence, std::string_view prefix)
{
    static const std::regex kOfLayer(R"('secateur_layers\[(\d+)\]\.intermediate_size')");
    sentence = std::regex_replace(sentence, kOfLayer, "'" + std::string(prefix) + "feed_forward_length' of layer $1");
    for (const auto &[field, key] : kFields) {
        const std::string from = inQuotes(field), to = inQuotes(std::string(prefix) + key);
        for (std::size_t at = sentence.find(from); at != std::string::npos; at = sentence.find(from, at + to.size()))
            sentence.replace(at, from.size(), to);
    }
    return sentence;
}

} // namespace secateur
