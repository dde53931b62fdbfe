// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/TensorRole.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace secateur {
namespace {

using Part = TensorPart;

/// Which models call a part so.
enum class Of { All, WithOutputNorms, WithoutOutputNorms, Fused, Unfused };

struct Spelling {
    Part part;
    std::string_view own, hf, gguf;
    Of of = Of::All;
};

constexpr std::array kSpellings{
    Spelling{Part::Embedding, "embedding", "model.embed_tokens", "token_embd"},
    Spelling{Part::FinalNorm, "norm", "model.norm", "output_norm"},
    Spelling{Part::Head, "head", "lm_head", "output"},
    Spelling{Part::AttentionNorm, "attention.norm", "input_layernorm", "attn_norm"},
    Spelling{Part::Query, "attention.query", "self_attn.q_proj", "attn_q"},
    Spelling{Part::Key, "attention.key", "self_attn.k_proj", "attn_k"},
    Spelling{Part::Value, "attention.value", "self_attn.v_proj", "attn_v"},
    Spelling{Part::QueryKeyValue, "attention.queryKeyValue", "self_attn.qkv_proj", "attn_qkv"},
    Spelling{Part::AttentionOutput, "attention.output", "self_attn.o_proj", "attn_output"},
    Spelling{Part::QueryNorm, "attention.queryNorm", "self_attn.q_norm", "attn_q_norm"},
    Spelling{Part::KeyNorm, "attention.keyNorm", "self_attn.k_norm", "attn_k_norm"},
    Spelling{Part::AttentionOutputNorm, "attention.outputNorm", "post_attention_layernorm", "post_attention_norm", Of::WithOutputNorms},
    Spelling{Part::FfnNorm, "ffn.norm", "post_attention_layernorm", "ffn_norm", Of::WithoutOutputNorms},
    Spelling{Part::FfnNorm, "ffn.norm", "pre_feedforward_layernorm", "ffn_norm", Of::WithOutputNorms},
    Spelling{Part::Gate, "ffn.gate", "mlp.gate_proj", "ffn_gate"},
    Spelling{Part::Up, "ffn.up", "mlp.up_proj", "ffn_up", Of::Unfused},
    Spelling{Part::GateUp, "ffn.gateUp", "mlp.gate_up_proj", "ffn_up", Of::Fused},
    Spelling{Part::Down, "ffn.down", "mlp.down_proj", "ffn_down"},
    Spelling{Part::FfnOutputNorm, "ffn.outputNorm", "post_feedforward_layernorm", "post_ffw_norm", Of::WithOutputNorms},
};

constexpr std::string_view kHfModel = "model.", kHfAttention = ".self_attn.";
constexpr std::string_view kWeight = ".weight", kBias = ".bias";

/// A way to spell names.
struct Language {
    std::string_view layers;
    std::string_view Spelling::*word;
};
constexpr Language kOwn{"layers.", &Spelling::own}, kHf{"model.layers.", &Spelling::hf}, kGguf{"blk.", &Spelling::gguf};

bool isOf(const TensorNaming &naming, Of of)
{
    switch (of) {
    case Of::WithOutputNorms:
        return naming.hasOutputNorms;
    case Of::WithoutOutputNorms:
        return !naming.hasOutputNorms;
    case Of::Fused:
        return naming.hasFusedProducts;
    case Of::Unfused:
        return !naming.hasFusedProducts;
    case Of::All:
        break;
    }
    return true;
}

bool isOfLayer(Part part)
{
    return isOfAttention(part) || isOfFfn(part);
}

std::string nameOf(const TensorRole &role, const Language &language, const Spelling &spelling)
{
    assert((role.layer >= 0) == isOfLayer(role.part));
    std::string name;
    if (role.layer >= 0)
        name.append(language.layers).append(std::to_string(role.layer)).append(".");
    return name.append(spelling.*language.word).append(role.kind == TensorKind::Bias ? kBias : kWeight);
}

/// The spelling of a part; of several the one of such a model.
const Spelling &spellingOf(Part part, const TensorNaming &naming)
{
    const Spelling *any = nullptr;
    for (const Spelling &spelling : kSpellings)
        if (spelling.part == part && (!any || isOf(naming, spelling.of)))
            any = &spelling;
    return *any;
}

/// Takes "3." off what follows the layers' beginning; none where there is no number, or one that is written in another way.
std::optional<std::int64_t> takeLayer(std::string_view &rest)
{
    constexpr std::size_t kMostDigits = 9;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot > kMostDigits || (dot > 1 && rest.front() == '0'))
        return {};
    std::int64_t number = 0;
    for (const char digit : rest.substr(0, dot)) {
        if (digit < '0' || digit > '9')
            return {};
        number = 10 * number + (digit - '0');
    }
    rest.remove_prefix(dot + 1);
    return number;
}

std::optional<TensorRole> roleOf(std::string_view name, const Language &language, const std::optional<TensorNaming> &naming)
{
    TensorRole role;
    if (name.ends_with(kBias))
        role.kind = TensorKind::Bias;
    else if (!name.ends_with(kWeight))
        return {};
    std::string_view word = name.substr(0, name.size() - (role.kind == TensorKind::Bias ? kBias : kWeight).size());
    if (word.starts_with(language.layers)) {
        word.remove_prefix(language.layers.size());
        const std::optional<std::int64_t> layer = takeLayer(word);
        if (!layer)
            return {};
        role.layer = *layer;
    }
    for (const Spelling &spelling : kSpellings)
        if (spelling.*language.word == word && isOfLayer(spelling.part) == (role.layer >= 0) && (!naming || isOf(*naming, spelling.of))) {
            role.part = spelling.part;
            return role;
        }
    return {};
}

} // namespace

bool isOfAttention(TensorPart part)
{
    return part >= Part::AttentionNorm && part <= Part::AttentionOutputNorm;
}

bool isOfFfn(TensorPart part)
{
    return part >= Part::FfnNorm && part <= Part::FfnOutputNorm;
}

bool isNorm(TensorPart part)
{
    constexpr std::array kNorms{Part::FinalNorm,           Part::AttentionNorm, Part::QueryNorm,    Part::KeyNorm,
                                Part::AttentionOutputNorm, Part::FfnNorm,       Part::FfnOutputNorm};
    return std::ranges::find(kNorms, part) != kNorms.end();
}

std::span<const TensorPart> piecesOf(TensorPart fused)
{
    static constexpr std::array kOfAttention{Part::Query, Part::Key, Part::Value};
    static constexpr std::array kOfFfn{Part::Gate, Part::Up};
    if (fused == Part::QueryKeyValue)
        return kOfAttention;
    return fused == Part::GateUp ? std::span<const TensorPart>(kOfFfn) : std::span<const TensorPart>();
}

TensorPart fusedOf(TensorPart piece)
{
    for (const Part fused : {Part::QueryKeyValue, Part::GateUp})
        if (std::ranges::find(piecesOf(fused), piece) != piecesOf(fused).end())
            return fused;
    return piece;
}

std::string hfTensorName(const TensorRole &role, const TensorNaming &naming)
{
    return nameOf(role, kHf, spellingOf(role.part, naming));
}

std::optional<TensorRole> roleOfHfTensor(std::string_view name, const TensorNaming &naming)
{
    return roleOf(name, kHf, naming);
}

std::string ggufTensorName(const TensorRole &role)
{
    return nameOf(role, kGguf, spellingOf(role.part, {}));
}

std::optional<TensorRole> roleOfGgufTensor(std::string_view name, const TensorNaming &naming)
{
    return roleOf(name, kGguf, naming);
}

std::string ownTensorName(const TensorRole &role)
{
    return nameOf(role, kOwn, spellingOf(role.part, {}));
}

std::optional<TensorRole> roleOfOwnTensor(std::string_view name)
{
    return roleOf(name, kOwn, {});
}

std::optional<std::int64_t> layerOfHfTensor(std::string_view name)
{
    if (!name.starts_with(kHf.layers))
        return {};
    name.remove_prefix(kHf.layers.size());
    return takeLayer(name);
}

bool isInsideHfAttention(std::string_view name)
{
    return name.find(kHfAttention) != std::string_view::npos;
}

std::string completedHfName(std::string_view name)
{
    const auto begins = [&](std::string_view whole) { return name.starts_with(std::string(whole.substr(kHfModel.size())) + "."); };
    const bool isOfBody = begins(spellingOf(Part::Embedding, {}).hf) || begins(spellingOf(Part::FinalNorm, {}).hf) ||
                          name.starts_with(kHf.layers.substr(kHfModel.size()));
    return isOfBody ? std::string(kHfModel).append(name) : std::string();
}

} // namespace secateur
