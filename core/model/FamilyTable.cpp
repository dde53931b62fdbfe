// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/FamilyTable.h"

#include <algorithm>
#include <array>

namespace secateur {
namespace {

using Scaling = RopeSpec::Scaling;

constexpr std::initializer_list<Scaling> kAllScalings{Scaling::Linear, Scaling::Dynamic, Scaling::Yarn, Scaling::Llama3, Scaling::LongRope};
constexpr std::initializer_list<Scaling> kOnlyLongRope{Scaling::LongRope};

constexpr std::array kFamilies{
    Family{.type = "llama",
           .configClass = "Llama",
           .modelClass = "Llama",
           .vocabularySize = 32000,
           .contextLength = 2048,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .ffnBias = Bias::AsConfigured,
           .scalings = kAllScalings},
    Family{.type = "mistral",
           .configClass = "Mistral",
           .modelClass = "Mistral",
           .vocabularySize = 32000,
           .contextLength = 131072,
           .kvHeads = 8,
           .scalings = kAllScalings,
           .windows = Windows::All,
           .window = 4096,
           .heedsLayerTypes = true},
    Family{.type = "qwen2",
           .configClass = "Qwen2",
           .modelClass = "Qwen2",
           .vocabularySize = 151936,
           .contextLength = 32768,
           .kvHeads = 32,
           .qkvBias = Bias::Always,
           .scalings = kAllScalings,
           .windows = Windows::FromLayer,
           .window = 4096,
           .firstWindowLayer = 28},
    Family{.type = "qwen3",
           .configClass = "Qwen3",
           .modelClass = "Qwen3",
           .vocabularySize = 151936,
           .contextLength = 32768,
           .kvHeads = 32,
           .headDim = 128,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .scalings = kAllScalings,
           .windows = Windows::FromLayer,
           .window = 4096,
           .firstWindowLayer = 28,
           .queryKeyNorm = true},
    Family{.type = "phi3",
           .configClass = "Phi3",
           .modelClass = "Phi3",
           .vocabularySize = 32064,
           .contextLength = 4096,
           .normEpsilon = 1e-5,
           .originalContext = 4096,
           .scalings = kOnlyLongRope,
           .longRopeAliases = "su yarn",
           .rotatesParts = true,
           .windows = Windows::All,
           .hasFusedProducts = true},
    Family{.type = "smollm3",
           .configClass = "SmolLM3",
           .modelClass = "SmolLM3",
           .vocabularySize = 128256,
           .contextLength = 32768,
           .kvHeads = 4,
           .tiedEmbeddings = true,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .ffnBias = Bias::AsConfigured,
           .theta = 2e6,
           .scalings = kAllScalings,
           .windows = Windows::Unrotated,
           .unrotatedInterval = 4},
    Family{.type = "gemma2",
           .configClass = "Gemma2",
           .modelClass = "Gemma2",
           .vocabularySize = 256000,
           .contextLength = 8192,
           .kvHeads = 4,
           .headDim = 256,
           .tiedEmbeddings = true,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .scalings = kAllScalings,
           .windows = Windows::Pattern,
           .window = 4096,
           .windowPattern = 2,
           .isGemma = true,
           .scoreSoftcap = 50,
           .logitSoftcap = 30},
    Family{.type = "gemma3_text",
           .configClass = "Gemma3Text",
           .modelClass = "Gemma3",
           .vocabularySize = 262208,
           .contextLength = 131072,
           .kvHeads = 4,
           .headDim = 256,
           .tiedEmbeddings = true,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .theta = 1e6,
           .localTheta = 1e4,
           .scalings = kAllScalings,
           .windows = Windows::Pattern,
           .window = 4096,
           .windowPattern = 6,
           .readsPattern = true,
           .queryKeyNorm = true,
           .isGemma = true},
    // Llama's layers with a width of their own each, and without attention in some (`block_configs`).
    Family{.type = "nemotron-nas",
           .configClass = "Llama",
           .modelClass = "Llama",
           .vocabularySize = 128256,
           .contextLength = 131072,
           .qkvBias = Bias::AsConfigured,
           .outputBias = Bias::AsConfigured,
           .ffnBias = Bias::AsConfigured,
           .scalings = kAllScalings,
           .hasBlockConfigs = true},
};

} // namespace

std::span<const Family> familyTable()
{
    return kFamilies;
}

const Family *familyNamed(std::string_view type)
{
    const auto *const found = std::ranges::find(kFamilies, type, &Family::type);
    return found == kFamilies.end() ? nullptr : &*found;
}

} // namespace secateur
