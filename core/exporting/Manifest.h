// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/ModelName.h"
#include "exporting/Export.h"
#include "pruning/PruningPlan.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

inline constexpr const char *kManifestFile = "pruning_manifest.json";

/// pruning_manifest.json: what was done, from what, with which numbers; enough to do it again. Holds no times, so that two equal runs
/// write equal files.
///
/// `files`: the weight files, whose SHA-256 is recorded.
nlohmann::json makeManifest(const PruningPlan &plan, const ExportSettings &settings, const ExportResult &result, const ModelName &base,
                            const nlohmann::json &evaluations, const std::vector<std::filesystem::path> &files);

/// README.md of the exported folder: a model card with the numbers of the manifest. `base_model` stands in its front matter when
/// the base is a repository of the hub: a name that is none would lead people to somebody else's model.
std::string makeModelCard(const PruningPlan &plan, const ExportSettings &settings, const ExportResult &result, const ModelName &base,
                          const nlohmann::json &evaluations);

} // namespace secateur
