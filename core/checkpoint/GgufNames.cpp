// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/GgufNames.h"

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

} // namespace

std::span<const GgufArchitecture> ggufArchitectures()
{
    return kArchitectures;
}

} // namespace secateur
