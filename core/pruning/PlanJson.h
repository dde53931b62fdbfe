// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/PruningPlan.h"

#include <nlohmann/json.hpp>

namespace secateur {

/// The parts of a plan as JSON, for plan files and sessions. Numbers keep every bit; NaN is null. Reading throws nlohmann's exceptions: who
/// reads a file says which one it was.
nlohmann::json toJson(const BalanceSettings &settings);
BalanceSettings balanceSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const SparsityBalance &balance);
SparsityBalance balanceFromJson(const nlohmann::json &json);
/// Parameters before and after, of the layers and of the model, as a plan has them: {"dense": …, "pruned": …}.
nlohmann::json layerParametersOf(const SparsityBalance &balance);
nlohmann::json modelParametersOf(const SparsityBalance &balance);
/// Both from the object that has them as "layerParameters" and "modelParameters".
void readParameters(const nlohmann::json &json, SparsityBalance &balance);
nlohmann::json toJson(const SearchSettings &settings);
SearchSettings searchSettingsFromJson(const nlohmann::json &json);
nlohmann::json toJson(const SearchRecord &record);
SearchRecord searchRecordFromJson(const nlohmann::json &json);
double lossFromJson(const nlohmann::json &json);

} // namespace secateur
