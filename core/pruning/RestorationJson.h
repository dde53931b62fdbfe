// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"
#include "pruning/RestorationRecord.h"

#include <nlohmann/json.hpp>

namespace secateur {

/// How a plan was restored as JSON, for plan files, sessions and events; PLANS.md shows it. Numbers keep every bit; what is not known is null. Reading
/// throws nlohmann's exceptions, and Flaw for a step that this version does not know: who reads a file says which one it was.
nlohmann::json toJson(const RestorationSettings &settings);
RestorationSettings restorationSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const GateText &text);
GateText gateTextFromJson(const nlohmann::json &json);
nlohmann::json toJson(const RestorationVariant &variant);
RestorationVariant restorationVariantFromJson(const nlohmann::json &json);
nlohmann::json toJson(const RemovalsTried &tried);
RemovalsTried removalsTriedFromJson(const nlohmann::json &json);
nlohmann::json toJson(const RestoredLayer &layer);
RestoredLayer restoredLayerFromJson(const nlohmann::json &json);
nlohmann::json toJson(const RestorationRecord &record);
RestorationRecord restorationRecordFromJson(const nlohmann::json &json);
nlohmann::json toJson(const RestorationProgress &progress);
RestorationProgress restorationProgressFromJson(const nlohmann::json &json);

/// Names of steps, in their order: ["r1", "r2"].
nlohmann::json namesOf(const std::vector<RestorationStep> &steps);

} // namespace secateur
