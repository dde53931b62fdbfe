// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/GgufNames.h"
#include "exporting/Export.h"
#include "exporting/TensorForm.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// All that sets one target apart from the others.
struct TargetRules {
    std::string_view name;
    TensorForm form;
    /// Why the target cannot hold what a plan makes of a model; empty when it can.
    std::string (*problem)(const ModelSpec &dense, const ModelSpec &pruned);
    bool isGguf = false;
    const GgufArchitecture *(*architecture)(const ModelSpec &dense) = nullptr; ///< of a GGUF file; none when the family has none
    /// config.json of the written model, and files that go beside it; of targets in Hugging Face form. `source` and `dense` tell of the layers
    /// that are written.
    nlohmann::json (*config)(const nlohmann::json &source, const ModelSpec &dense, const ModelSpec &written) = nullptr;
    void (*addFiles)(const std::filesystem::path &folder, const ModelSpec &dense) = nullptr;
};

/// Throws Error that lists the targets when there is none of that name.
const TargetRules &targetRules(std::string_view name);

} // namespace secateur
