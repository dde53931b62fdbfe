// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufNames.h"

#include <algorithm>
#include <array>

namespace secateur {
namespace {

constexpr std::array kArchitectures{
    GgufArchitecture{.name = "llama", .family = "llama", .isInterleaved = true},
    GgufArchitecture{.name = "llama", .family = "mistral", .isInterleaved = true},
    GgufArchitecture{.name = "deci", .family = "llama", .isInterleaved = true},
    GgufArchitecture{.name = "qwen2", .family = "qwen2", .isInterleaved = false},
    GgufArchitecture{.name = "qwen3", .family = "qwen3", .isInterleaved = false},
    GgufArchitecture{.name = "phi3", .family = "phi3", .isInterleaved = false, .hasFusedProducts = true},
    GgufArchitecture{.name = "smollm3", .family = "smollm3", .isInterleaved = true},
    GgufArchitecture{.name = "gemma2", .family = "gemma2", .isInterleaved = false, .isGemma = true},
    GgufArchitecture{.name = "gemma3", .family = "gemma3_text", .isInterleaved = false, .isGemma = true},
};

/// Which architectures call a part so.
enum class Of { All, Gemma, AllButGemma, Fused, AllButFused };

struct Part {
    std::string_view gguf, hf;
    Of of = Of::All;
};

constexpr std::array kOutside{Part{"token_embd", "model.embed_tokens"}, Part{"output_norm", "model.norm"}, Part{"output", "lm_head"}};
constexpr std::array kInLayers{
    Part{"attn_norm", "input_layernorm"},
    Part{"attn_q", "self_attn.q_proj"},
    Part{"attn_k", "self_attn.k_proj"},
    Part{"attn_v", "self_attn.v_proj"},
    Part{"attn_qkv", "self_attn.qkv_proj"},
    Part{"attn_output", "self_attn.o_proj"},
    Part{"attn_q_norm", "self_attn.q_norm"},
    Part{"attn_k_norm", "self_attn.k_norm"},
    Part{"ffn_norm", "post_attention_layernorm", Of::AllButGemma},
    Part{"post_attention_norm", "post_attention_layernorm", Of::Gemma},
    Part{"ffn_norm", "pre_feedforward_layernorm", Of::Gemma},
    Part{"post_ffw_norm", "post_feedforward_layernorm", Of::Gemma},
    Part{"ffn_gate", "mlp.gate_proj"},
    Part{"ffn_up", "mlp.up_proj", Of::AllButFused},
    Part{"ffn_up", "mlp.gate_up_proj", Of::Fused},
    Part{"ffn_down", "mlp.down_proj"},
};

bool isOf(const GgufArchitecture &architecture, Of of)
{
    switch (of) {
    case Of::Gemma:
        return architecture.isGemma;
    case Of::AllButGemma:
        return !architecture.isGemma;
    case Of::Fused:
        return architecture.hasFusedProducts;
    case Of::AllButFused:
        return !architecture.hasFusedProducts;
    default:
        return true;
    }
}

/// "blk.3.attn_q.weight" with the prefix "blk.": layer "3", part "attn_q", kind ".weight"; no layer where there is none.
struct Pieces {
    std::string_view layer, part, kind;
};

Pieces piecesOf(std::string_view name, std::string_view prefix)
{
    constexpr std::size_t kMostDigits = 5;
    Pieces pieces{{}, name, {}};
    if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos) {
        pieces.part = name.substr(0, dot);
        pieces.kind = name.substr(dot);
    }
    if (!pieces.part.starts_with(prefix))
        return pieces;
    const std::string_view rest = pieces.part.substr(prefix.size());
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view number = rest.substr(0, dot);
    if (number.empty() || number.size() > kMostDigits || dot == rest.size() ||
        !std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; }))
        return pieces;
    pieces.layer = number;
    pieces.part = rest.substr(dot + 1);
    return pieces;
}

constexpr std::string_view kGgufLayers = "blk.", kHfLayers = "model.layers.";

/// The name with its part called by the other's word for it.
std::string translated(const GgufArchitecture &architecture, std::string_view name, std::string_view from, std::string_view to,
                       std::string_view Part::*word, std::string_view Part::*otherWord)
{
    const Pieces pieces = piecesOf(name, from);
    const std::span<const Part> parts = pieces.layer.empty() ? std::span<const Part>(kOutside) : std::span<const Part>(kInLayers);
    for (const Part &part : parts) {
        if (part.*word != pieces.part || !isOf(architecture, part.of))
            continue;
        std::string result;
        if (!pieces.layer.empty())
            result.append(to).append(pieces.layer).append(".");
        return result.append(part.*otherWord).append(pieces.kind);
    }
    return {};
}

} // namespace

std::span<const GgufArchitecture> ggufArchitectures()
{
    return kArchitectures;
}

std::string hfTensorName(const GgufArchitecture &architecture, std::string_view gguf)
{
    return translated(architecture, gguf, kGgufLayers, kHfLayers, &Part::gguf, &Part::hf);
}

std::string ggufTensorName(const GgufArchitecture &architecture, std::string_view hf)
{
    return translated(architecture, hf, kHfLayers, kGgufLayers, &Part::hf, &Part::gguf);
}

} // namespace secateur
