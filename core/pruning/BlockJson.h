// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/BlockRecord.h"

#include <nlohmann/json.hpp>

namespace secateur {

/// The choice of blocks as JSON, for plan files, sessions and events; PLANS.md shows it. Numbers keep every bit; NaN is null. Reading throws nlohmann's
/// exceptions, and Flaw for a word that this version does not know: who reads a file says which one it was.
nlohmann::json toJson(const BlockSettings &settings);
BlockSettings blockSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const BlockStep &step);
BlockStep blockStepFromJson(const nlohmann::json &json);
nlohmann::json toJson(const EvolutionStep &step);
EvolutionStep evolutionStepFromJson(const nlohmann::json &json);
/// What a method does not measure is left out.
nlohmann::json toJson(const BlockRecord &record);
BlockRecord blockRecordFromJson(const nlohmann::json &json);

/// "authors", "original".
const char *nameOf(BlockVariant variant);
/// Throws Flaw for any other word.
BlockVariant blockVariantOf(const std::string &name);

} // namespace secateur
