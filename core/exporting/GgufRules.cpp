// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/GgufRules.h"

#include "foundation/Wording.h"

#include <cmath>
#include <cstdint>

namespace secateur {
namespace {

using Scaling = RopeSpec::Scaling;

bool isNear(double a, double b)
{
    return std::abs(a - b) <= 1e-6 * std::abs(b);
}

std::string windowOf(const AttentionSpec &attention)
{
    return "a sliding window of " + counted(*attention.window, "token");
}

/// Layers whose attentions differ in what the architecture has built in; empty when they are as it expects.
std::string beyondSmolLm3(const ModelSpec &dense)
{
    constexpr std::size_t kUnrotated = 4; // every fourth
    for (std::size_t i = 0; i < dense.layers.size(); ++i)
        if (const auto &attention = dense.layers[i].attention; attention && attention->isRotated == ((i + 1) % kUnrotated == 0))
            return "another choice of layers without a position embedding";
    return {};
}

double scaleInGemma(const GgufArchitecture &architecture, const ModelSpec &dense, const AttentionSpec &attention)
{
    const std::int64_t layersOf27B = architecture.name == "gemma2" ? 46 : 62;
    const std::int64_t divisor = dense.layerCount() == layersOf27B ? dense.hiddenSize / attention.heads : attention.headDim;
    return 1 / std::sqrt(double(divisor));
}

std::string beyondGemma(const GgufArchitecture &architecture, const ModelSpec &dense)
{
    const bool isSecond = architecture.name == "gemma2";
    const std::size_t pattern = isSecond ? 2 : 6; // every second or sixth sees everything
    if (!dense.tiedEmbeddings)
        return "an output product apart from its embedding";
    if (isSecond != dense.logitSoftcap.has_value())
        return isSecond ? "logits without softcap" : "logits with a softcap";
    std::optional<std::int64_t> window;
    for (std::size_t i = 0; i < dense.layers.size(); ++i) {
        const auto &attention = dense.layers[i].attention;
        if (!attention)
            continue;
        if (!isNear(attention->scale.value_or(1 / std::sqrt(double(attention->headDim))), scaleInGemma(architecture, dense, *attention)))
            return "scores that are scaled in another way (query_pre_attn_scalar)";
        if (isSecond != attention->scoreSoftcap.has_value())
            return isSecond ? "scores without softcap" : "scores with a softcap";
        const bool isSliding = (i + 1) % pattern != 0;
        if (attention->window && !isSliding)
            return windowOf(*attention) + " in layer " + std::to_string(i);
        if (!attention->window && isSliding)
            return "no sliding window in layer " + std::to_string(i);
        if (attention->window && window.value_or(*attention->window) != *attention->window)
            return "sliding windows of several lengths";
        if (attention->window)
            window = attention->window;
        if (!isSecond && attention->usesLocalRope != isSliding)
            return "another choice of layers with a local position embedding";
    }
    if (dense.localRope && (!isNear(dense.localRope->theta, 10000) || dense.localRope->scaling != Scaling::None))
        return "another local position embedding (rope_local_base_freq)";
    if (dense.rope.scaling != Scaling::None && (isSecond || dense.rope.scaling != Scaling::Linear))
        return "a scaled position embedding";
    return {};
}

bool hasBias(const ModelSpec &dense)
{
    for (const LayerSpec &layer : dense.layers)
        if ((layer.ffn && layer.ffn->bias) || (layer.attention && (layer.attention->qkvBias || layer.attention->outputBias)))
            return true;
    return false;
}

} // namespace

const GgufArchitecture *ggufArchitectureOf(const ModelSpec &dense)
{
    for (const GgufArchitecture &architecture : ggufArchitectures())
        if (architecture.family == dense.family)
            return &architecture;
    return nullptr;
}

std::string beyondGguf(const GgufArchitecture &architecture, const ModelSpec &dense)
{
    if (dense.rope.scaling == Scaling::Dynamic)
        return "a dynamic rotary scaling";
    if (dense.rope.scaling == Scaling::Yarn && !dense.rope.truncate)
        return "a yarn scaling that is not rounded to whole dimensions";
    if (architecture.name != "llama" && architecture.name != "qwen2" && hasBias(dense))
        return "biases";
    if (architecture.isGemma)
        return beyondGemma(architecture, dense);
    for (const LayerSpec &layer : dense.layers)
        if (layer.attention && layer.attention->window && *layer.attention->window < dense.contextLength)
            return windowOf(*layer.attention);
    return architecture.name == "smollm3" ? beyondSmolLm3(dense) : std::string();
}

} // namespace secateur
